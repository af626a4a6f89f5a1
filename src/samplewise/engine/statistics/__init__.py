"""Intervals, tests, corrections for many tests and bootstraps: arrays in, arrays or numbers out.

Each formula is written here once; what is a method of its own (`generalization.clopper_pearson_bound`) calls it.
"""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "divergences": ["binary_kl", "distribution_of", "kl_inverse", "largest_within", "log_ratio"],
        "excess": ["excess_of_part", "expected_hits"],
        "intervals": [
            "difference_of_shares",
            "half_width",
            "highest_rate",
            "quantile",
            "share_interval",
            "wilson_interval",
        ],
        "means": ["clustered", "effective_counts", "mean_and_error", "standard_error", "summed_by_group"],
        "multiplicity": ["discoveries", "holm"],
        "resampling": [
            "bootstrap_mean",
            "gumbel_noise",
            "percentile_interval",
            "reflected_interval",
            "resampled_counts",
        ],
        "significance": ["binomial_p_value", "p_value_above", "simulated_p_value", "two_sided_p_value"],
    },
)
