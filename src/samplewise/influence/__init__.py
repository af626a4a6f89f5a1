"""What single rows do to the predictions for others: who helps, who hurts."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "attributor": ["Attributor", "FittedAttributor"],
        "bagging": ["out_of_bag_value"],
        "benefit": ["leave_one_out", "row_effects"],
        "datamodels": ["Datamodel", "datamodel"],
        "detection": ["Detection", "mislabel_score"],
        "effects": ["RowEffects"],
        "evaluation": ["DatamodelingScore", "datamodeling_score_difference", "linear_datamodeling_score"],
        "game": ["Game", "open_game"],
        "gradient_scores": ["gradient_coherence", "gradient_norm"],
        "ground_truth": ["SubsetRefits", "refit_subsets"],
        "harm": ["harmful_rows"],
        "removal": ["Brittleness", "RemovalCurve", "brittleness", "removal_curve"],
        "sanity": ["same_class_share", "top_overlap", "weight_dependence"],
        "semivalues": ["banzhaf", "data_shapley"],
        "torch_unrolled": ["Smoothness", "training_smoothness", "unrolled_attribution"],
        "votes": ["knn_shapley"],
    },
)
