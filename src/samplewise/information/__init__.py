"""How much a model depends on having been trained on exactly this row, and which rows are redundant."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "linearized": ["LinearizedNetwork"],
        "redundancy": ["information_curve", "redundant_rows", "removal_cost"],
        "selecting": ["Kept"],
        "training_regimes": ["Converged", "GradientDescent", "GradientFlow"],
        "unique": ["UniqueInformation", "unique_information"],
        "unusual": ["unusual_information"],
    },
)
