"""Models of your own: learners for every method, and fits that several methods read."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={"refitting": ["refit"]},
    from_packages={
        "samplewise.engine.models": ["Learner", "Objective", "TorchLearner", "embeddings_of", "predictions_of"],
        "samplewise.engine.refits": ["Refits"],
    },
)
