"""What the model leans on: and where it breaks: for which group of rows, how badly."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "segments": ["WorstSegments"],
        "worst": ["segments_of_losses", "worst_segments"],
    },
)
