"""Learners and what they need: encodings without labels, the closed-form head, scikit-learn adapters, calibration."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "calibration": ["probabilities", "temperature"],
        "choice": ["choose_learner"],
        "encoding": ["SpaceEncoder", "TreeCodes", "feature_space"],
        "estimator": ["EstimatorLearner"],
        "image_features": ["image_features"],
        "kernel_head": ["KernelHead"],
        "learner": ["Bench", "Fit", "Fitted", "Learner", "Objective"],
        "metrics": ["METRICS", "Metric"],
    },
)
