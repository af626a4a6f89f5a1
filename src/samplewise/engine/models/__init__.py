"""Learners and what they need: encodings without labels, the closed-form head, scikit-learn and torch models."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "temperature": ["probabilities", "temperature"],
        "default_learner": ["ChosenLearner", "choose_learner"],
        "dynamics_recorder": ["DynamicsRecorder"],
        "feature_encoding": ["SpaceEncoder", "TreeCodes", "exact_duplicates", "feature_space"],
        "estimator": ["EstimatorLearner"],
        "image_features": ["image_features"],
        "kernel_head": ["KernelHead"],
        "learner": ["Fitter", "Fit", "Fitted", "Learner", "Objective"],
        "metrics": ["METRICS", "Metric"],
        "torch_answers": ["embeddings_of", "predictions_of"],
        "torch_descent": ["FullBatchDescent", "answers_of"],
        "torch_fitted": ["FittedTorch"],
        "torch_learner": ["TorchLearner"],
        "torch_loss_functions": ["ReplacesGradient"],
        "torch_networks": ["dense_network"],
        "torch_state": ["load_weights", "save_weights"],
        "torch_subspace": ["SubspaceModule", "in_subspace"],
        "torch_training": ["EpochEnd"],
    },
)
