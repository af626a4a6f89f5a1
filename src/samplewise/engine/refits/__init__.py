"""Many fits on subsets of one data set, made once and read by every room; and the one piece that measures a remedy."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "advice": ["Measured", "measure_remedies"],
        "designs": ["Refits", "refit", "refit_supersamples", "supersamples"],
        "opening": ["fits_in", "open_as_audit", "open_part"],
        "parts": ["Change", "Part", "Rule"],
        "processes": ["ProcessExecutor"],
        "runner": ["FitRunner"],
        "store": ["FitStore"],
        "surrogates": ["Surrogate", "surrogate"],
        "threads": ["ThreadExecutor"],
    },
)
