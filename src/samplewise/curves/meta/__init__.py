"""Forecasts learned from the learning curves of other data sets: trees grown once, shipped as plain arrays."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "models": ["MetaModel", "shipped_meta"],
        "meta_training": ["fit_meta"],
    },
)
