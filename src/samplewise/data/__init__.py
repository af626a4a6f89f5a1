"""Floor 1: what a data set is, how files and frames become one, and how its rows are split."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "columns": ["Column", "describe_columns"],
        "dataset": ["Dataset"],
        "images": ["Images"],
        "delimited": ["read_cells"],
        "inputs": ["as_dataset", "as_labeled", "as_reading", "require_labels"],
        "readers": ["Reading", "Roles", "likely_labels", "read_dataset"],
        "splits": ["fold_of_rows", "forward_folds", "nested_subsets", "random_halves"],
        "targets": ["Target", "class_codes", "describe_target", "known_codes"],
    },
)
