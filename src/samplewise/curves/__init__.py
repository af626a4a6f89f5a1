"""How much data is needed: measured learning curves, the power law through them, and what more rows would gain."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "curve_comparison": ["CurveComparison", "compare_curves"],
        "diagnosis": ["Diagnosis", "diagnose"],
        "forecasts": ["Forecast", "forecast"],
        "gains": ["next_doubling"],
        "meta": ["MetaModel", "fit_meta"],
        "learning_curve": ["LearningCurve", "measure_learning_curve"],
        "plans": ["CollectionPlan", "collection_plan"],
        "points": ["CurvePoints"],
        "requirement": ["Requirement", "samples_needed"],
        "source_mixtures": ["Mixture", "MixtureForecast", "forecast_mixtures"],
        "stopping": ["StopAdvice", "stop_rule"],
    },
)
