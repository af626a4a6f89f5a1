"""Decisions about rows, applied: a new data set and a log of every change; nothing is changed in place."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "decisions": ["Applied", "apply"],
        "pruning": ["Pruned", "prune"],
    },
    from_packages={"samplewise.core": ["Decision"]},
)
