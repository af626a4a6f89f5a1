"""Floor 1: what a data set is, how files and frames become one, and how its rows are split."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "columns": ["Column", "describe_columns"],
        "dataset": ["Dataset"],
        "images": ["Images"],
        "delimited": ["read_cells"],
        "readers": ["Reading", "likely_labels", "read_dataset"],
        "splits": ["fold_of_rows", "forward_folds", "nested_subsets", "random_halves"],
        "targets": ["Target", "describe_target"],
    },
)
