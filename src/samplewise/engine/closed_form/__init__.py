"""Closed forms of linear and kernel heads: arrays in, arrays out.

Axes in this package: n rows, m queries, d features, c outputs.
"""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "deletion": ["DeletionEffects", "deletion_effects", "deletion_effects_from_gram"],
        "filters": ["ConvergedFilter", "DescentFilter", "Filter", "FlowFilter"],
        "kernel_features": ["KernelMap", "median_bandwidth", "nystrom_features"],
        "held_out": [
            "LeaveOneOut",
            "leave_folds_out",
            "leave_folds_out_from_gram",
            "leave_one_out",
            "leave_one_out_from_gram",
            "leave_pairs_out",
            "leave_pairs_out_from_gram",
        ],
        "logistic": ["LogisticDeletion", "LogisticHead", "logistic_deletion", "logistic_head"],
        "pole_fitting": ["PartialFractions", "partial_fractions"],
        "products": ["inner_products"],
        "ridge": ["Head", "SubsetRidge"],
        "spectrum": ["FeatureSpectrum", "GramSpectrum", "Spectrum"],
        "stopped_deletion": ["EvaluationRows", "RowChanges", "StoppedDeletion"],
    },
)
