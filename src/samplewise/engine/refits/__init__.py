"""Many fits on subsets of one data set, made once and used by every room; and the measurement of a remedy."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "remedy_effects": ["Measured", "measure_remedies"],
        "designs": ["Refits", "fit_design", "refit_supersamples", "supersamples"],
        "auto_executor": ["AutoExecutor"],
        "folded_rows": ["RowEdit", "FoldedRows", "RemedyRule"],
        "preparation": ["Prepared", "fits_in", "joined_groups", "prepare", "with_embeddings"],
        "processes": ["ProcessExecutor"],
        "runner": ["FitRunner"],
        "store": ["FitStore"],
        "surrogates": ["Surrogate", "surrogate"],
        "threads": ["ThreadExecutor"],
    },
)
