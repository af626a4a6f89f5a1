"""How far a score can be trusted: error with its interval, calibration, the gap between taught and other rows."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "bounds": ["Bound", "Bounds", "bounds_from_runs"],
        "calibration": ["CalibrationError", "calibration_error"],
        "certificates": [
            "betting_bound",
            "clopper_pearson_bound",
            "pac_bayes_kl_bound",
            "sample_compression_bound",
        ],
        "conformal": ["ConformalThreshold", "conformal_threshold"],
        "counterexamples": [
            "Counterexample",
            "SimulatedCounterexample",
            "formal_counterexample",
            "simulated_counterexample",
        ],
        "errors": ["absolute_error", "clopper_pearson", "error_rate", "explained_variance"],
        "guessing": ["beats_guessing", "discrimination"],
        "intrinsic": ["IntrinsicDimension", "intrinsic_dimension"],
        "layers": ["LayerProfile", "layer_profile"],
        "holdout": ["ReusableHoldout", "reusable_holdout"],
        "looks": ["LooksClaim", "claim_after_looks", "rows_to_claim"],
        "gap": ["GeneralizationGap", "generalization_gap"],
        "halves": ["gap_of_refits"],
        "similarity": ["kernel_similarity"],
        "spectra": ["CurvatureSpectrum", "curvature_spectrum"],
        "supervision": ["SupervisionComplexity", "supervision_complexity"],
        "memorised": ["Memorization", "memorization", "memorization_of_refits"],
    },
)
