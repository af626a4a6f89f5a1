"""Floor 0: the nouns every other floor speaks in. Knows numpy and the standard library only."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "errors": ["InputError", "NotApplicable", "SamplewiseError"],
        "execution": ["Executor", "SerialExecutor"],
        "findings": ["AuditRecord", "CheckResult", "Decision", "Finding", "Outcome", "Remedy"],
        "values": ["Attribution", "Estimate", "Exhibit", "Scores"],
    },
)
