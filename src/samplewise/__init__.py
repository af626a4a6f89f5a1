"""samplewise: what is each sample worth, which labels are wrong, how far can the score be trusted.

`audit` answers from one set of fits, with a unit and an uncertainty on every number; the rooms (`labels`, `curves`,
...) hold the methods one by one. Names resolve on first use, so `import samplewise` stays fast.
"""

from samplewise.core import extras

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submodules=[
        "curves", "generalization", "influence", "information", "labels", "models", "quality", "selection", "shift",
    ],
    submod_attrs={
        "auditing": ["audit", "load_audit"],
        "data": ["Dataset", "read_dataset"],
        "core.errors": ["InputError"],
        "core.values": ["Estimate", "Scores"],
    },
)  # fmt: skip
__all__ += ["__version__"]
