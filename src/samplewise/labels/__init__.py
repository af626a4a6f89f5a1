"""Which labels are wrong, what they should be, and which classes cannot be distinguished."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "annotators": ["Annotators", "dawid_skene"],
        "budget": ["Budget", "budget"],
        "confident_joint": ["ConfidentLearning", "confident_learning"],
        "training_dynamics": ["TrainingDynamics", "training_dynamics"],
        "issues": ["LabelIssues", "find_label_issues"],
        "multilabel": ["MultilabelIssues", "find_multilabel_issues"],
        "neighbors": ["neighbor_disagreement"],
        "memorized": ["channel_information", "label_noise_entropy", "least_training_errors"],
        "torch_classifier": ["NoiseRobustClassifier"],
        "torch_objectives": [
            "CoTeaching",
            "EarlyLearningRegularization",
            "LabelNoiseInformation",
            "bootstrapping",
            "generalized_cross_entropy",
            "mean_absolute_error",
        ],
    },
)
