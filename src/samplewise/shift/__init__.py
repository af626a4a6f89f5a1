"""What the model leans on: and where it breaks: for which group of rows, how badly."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cells": ["Cells", "cells_of"],
        "search": ["find_worst_segments"],
        "segments": ["SegmentErrors", "segment_errors"],
        "worst": ["WorstSegments", "named_segments", "segments_of_losses", "worst_segments"],
    },
)
