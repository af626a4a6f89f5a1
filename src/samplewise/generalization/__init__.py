"""How far a score can be trusted: error with its interval, calibration, the gap between training and other rows."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "gap.bounds": ["Bounds", "bounds_from_runs"],
        "test_scores.calibration_errors": ["CalibrationError", "calibration_error"],
        "test_scores.certificates": [
            "betting_bound",
            "clopper_pearson_bound",
            "pac_bayes_kl_bound",
            "sample_compression_bound",
        ],
        "test_scores.conformal": ["ConformalThreshold", "conformal_threshold"],
        "counterexamples": [
            "Counterexample",
            "SimulatedCounterexample",
            "formal_counterexample",
            "simulated_counterexample",
        ],
        "test_scores.error_rates": ["absolute_error", "clopper_pearson", "error_rate", "explained_variance"],
        "test_scores.baseline_tests": ["BaselineTest", "beats_baseline", "discrimination"],
        "trained_networks.intrinsic_dimension": ["IntrinsicDimension", "intrinsic_dimension"],
        "trained_networks.layer_profile": ["LayerProfile", "layer_profile"],
        "test_scores.reusable_holdout": ["ReusableHoldout", "reusable_holdout"],
        "test_scores.adaptive_test_reuse": ["EvaluationsClaim", "claim_after_evaluations", "rows_to_claim"],
        "gap.generalization_gap": ["GeneralizationGap", "generalization_gap"],
        "trained_networks.kernel_similarity": ["kernel_similarity"],
        "trained_networks.curvature_spectrum": ["CurvatureSpectrum", "curvature_spectrum"],
        "trained_networks.supervision_complexity": [
            "SupervisionComplexities",
            "SupervisionComplexity",
            "supervision_complexities",
            "supervision_complexity",
        ],
        "gap.memorization": ["Memorization", "memorization"],
    },
)
