"""Where a model is worst, and what changes over time and place: errors of segments, coding of labels, drift."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "coding_changes": ["CodingChange", "LabelCoding", "label_coding"],
        "explain": ["ShiftExplanation", "explain_shift"],
        "drift": ["FeatureDrift", "feature_drift"],
        "error_change": ["ErrorChange", "error_change"],
        "group_classifier": ["GroupRobustClassifier"],
        "torch_group_objectives": ["DomainAlignment", "GroupDRO"],
        "feature_split": ["FeatureSplit"],
        "group_conformal": ["GroupConformal", "SegmentCoverage"],
        "label_free": ["LabelFreeError", "label_free_error"],
        "label_plan": ["ErrorCertificate", "LabelPlan", "certify_error", "plan_labels"],
        "monitoring": ["Batch", "Monitored", "monitor"],
        "relied_on": ["Reliance", "reliance"],
        "segments": ["WorstSegments"],
        "slices": ["Slices", "find_slices"],
        "shortcuts": ["ShortcutScan", "shortcut_scan"],
        "split_report": ["SplitReport"],
        "train_test": ["TrainTestDrift", "train_test_drift"],
        "worst": ["segments_of_losses", "worst_segments"],
    },
)
