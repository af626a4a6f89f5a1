"""Where a model is worst: the errors of named segments of the rows, or a search for the worst ones."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "segments": ["WorstSegments"],
        "worst": ["segments_of_losses", "worst_segments"],
    },
)
