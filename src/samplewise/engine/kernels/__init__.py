"""Closed forms of linear and kernel heads: arrays in, arrays out.

Axes on this floor: n rows, m queries, d features, c outputs.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "ridge": ["Head", "SubsetRidge"],
    },
)
