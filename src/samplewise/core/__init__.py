"""Floor 0: the types every other floor uses. Imports numpy and the standard library only."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "errors": ["InputError", "NotApplicable", "SamplewiseError"],
        "execution": ["Executor", "SerialExecutor"],
        "findings": ["AuditRecord", "CheckResult", "Decision", "Finding", "Outcome", "Remedy"],
        "values": ["Attribution", "Estimate", "Exhibit", "Scores"],
    },
)
