"""Many fits on subsets of one data set, made once and read by every room; and the one piece that measures a remedy."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "advice": ["Measured", "measure_remedies"],
        "designs": ["Refits", "refit", "refit_supersamples", "supersamples"],
        "auto_executor": ["AutoExecutor"],
        "parts": ["Change", "Part", "Rule"],
        "preparation": ["Prepared", "fits_in", "joined_groups", "prepare"],
        "processes": ["ProcessExecutor"],
        "runner": ["FitRunner"],
        "store": ["FitStore"],
        "surrogates": ["Surrogate", "surrogate"],
        "threads": ["ThreadExecutor"],
    },
)
