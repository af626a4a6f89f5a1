"""What single training rows do to the predictions for other rows: which help, which hurt."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "attribution.attributor": ["Attributor", "FittedAttributor"],
        "valuation.out_of_bag": ["out_of_bag_value"],
        "valuation.leave_one_out": ["leave_one_out"],
        "valuation.datamodels": ["Datamodel", "datamodel"],
        "evaluation.mislabel_detection": ["Detection", "mislabel_score"],
        "evaluation.datamodeling_score": [
            "DatamodelingScore",
            "datamodeling_score_difference",
            "linear_datamodeling_score",
        ],
        "valuation.utility": ["Game", "open_game"],
        "attribution.gradient_scores": ["gradient_coherence", "gradient_norm"],
        "evaluation.ground_truth": ["SubsetRefits", "refit_subsets"],
        "evaluation.removal": ["Brittleness", "RemovalCurve", "brittleness", "removal_curve"],
        "evaluation.sanity": ["same_class_share", "top_overlap", "weight_dependence"],
        "valuation.semivalues": ["banzhaf", "data_shapley"],
        "attribution.torch_unrolled": ["Smoothness", "training_smoothness", "unrolled_attribution"],
        "valuation.knn_shapley": ["knn_shapley"],
    },
)
