"""What a fit is expected to cost: from a fixed table, so that what fits into a budget does not depend on the clock."""

from samplewise.engine.models.kernel_head import landmark_count
from samplewise.engine.models.learner import Learner


def seconds_per_fit(rows: int, columns: int, classes: int, learner: Learner) -> float:
    """Expected seconds of one fit on so many rows, from a table measured on two cores (benchmarks/audit.py)."""
    outputs = max(1, classes if classes > 2 else 1)  # two classes need one tree a round
    if learner.closed_form:
        width = landmark_count(rows)
        return 0.02 + 2e-10 * width**3 + 4e-11 * rows * width**2 * 0.2
    return 0.03 + 4e-7 * rows * max(columns, 1) * outputs
