"""Floor 3: which labels are wrong, what they should be, and which classes cannot be told apart."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "ambiguity": ["ConfusablePairs", "confusable_pairs", "likely_errors", "suggests"],
        "confident_joint": ["ConfidentLearning", "confident_learning"],
        "dynamics": ["TrainingDynamics", "training_dynamics"],
        "issues": ["LabelIssues", "find_label_issues", "noise_exhibit"],
        "noise": ["NoiseFit", "fit_noise"],
        "opinions": ["second_opinion"],
        "posterior": ["LabelPosterior", "label_posterior", "skill"],
        "predictions": ["check_predictions"],
        "remedies": ["drop_disputed", "relabel_disputed"],
        "residuals": ["ResidualFit", "fit_residuals"],
    },
)
