"""Floor 1: what a data set is, how files and frames become one, and how its rows are split."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "dataset": ["Dataset"],
        "images": ["Images"],
        "inputs": ["as_dataset"],
        "readers": ["Reading", "read_dataset"],
    },
)
