"""What the learning curves of other data sets teach about a new one: trees grown once, shipped as plain arrays."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "models": ["MetaModel", "shipped_meta"],
        "training": ["fit_meta"],
    },
)
