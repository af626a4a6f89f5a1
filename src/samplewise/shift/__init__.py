"""What the model leans on: and where it breaks: for which group of rows, how badly."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "bins": ["Cells", "cells_of"],
        "worst_segment_search": ["find_worst_segments"],
        "segments": ["SegmentErrors", "segment_errors"],
        "worst": ["WorstSegments", "named_segments", "segments_of_losses", "worst_segments"],
    },
)
