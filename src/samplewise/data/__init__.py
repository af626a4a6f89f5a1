"""Floor 1: what a data set is, how files and frames become one, and how its rows are split."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "columns": ["Column", "describe_columns"],
        "dataset": ["Dataset"],
        "images": ["Images"],
        "readers": ["read_dataset"],
        "splits": ["fold_of_rows", "nested_subsets", "random_halves"],
        "targets": ["Target", "describe_target"],
    },
)
