"""The change of a loss split by rows that both places have: other rows, or other labels for like rows (DISDE).

Rows both places have are weighted by p q / (p + q): every source row by its chance of being of the target, every target
row by its chance of being of the source, were both places equally large.
"""

import numpy as np

from samplewise.core.arrays import Floats, Mask
from samplewise.core.values import Estimate
from samplewise.engine.models.row_losses import ErrorScale
from samplewise.engine.statistics.repeated_means import RepeatedMean
from samplewise.shift.two_places import Scored

LEAST_SHARED = 0.1  # share of rows both places have, below which nothing is compared on them
HARDLY_ANY = "cannot be told: hardly any row of one place is like a row of the other"
QUESTIONS = (
    ("other_rows_here", "rows of the source that the target has fewer of"),
    ("other_labels", "like rows, other labels"),
    ("other_rows_there", "rows of the target that the source has fewer of"),
)


def shared_parts(
    losses: Floats, chances: Floats, there: Mask, sides: tuple[Scored, Scored], scale: ErrorScale
) -> tuple[tuple[Estimate, ...], float]:
    """The three parts of the loss there minus the loss here, and the share of rows that both places have (0..1).

    Args:
        losses: (N,) of the source's rule.   chances: (N,) of being a target row.   there: (N,) which are.
        sides: how means over rows of the source, and of the target, are taken.   scale: into points.

    Source: cai2023.
    """
    share = min(float(2.0 * chances[~there].mean()), float(2.0 * (1.0 - chances[there]).mean()), 1.0)
    if not share >= LEAST_SHARED:
        unknown = tuple(Estimate(name, np.nan, unit=_unit(scale), reason=HARDLY_ANY) for name, _ in QUESTIONS)
        return unknown, share
    like_here, like_away = sides[0].mean(losses, chances), sides[1].mean(losses, 1.0 - chances)
    parts = (
        sides[0].change(losses, chances, None), like_away.minus(like_here), sides[1].change(losses, None, 1.0 - chances)
    )  # fmt: skip
    found = zip(QUESTIONS, parts, strict=True)
    return tuple(estimate(name, part, scale, source="cai2023") for (name, _), part in found), share


def estimate(name: str, mean: RepeatedMean, scale: ErrorScale, *, source: str = "galstyan2022") -> Estimate:
    """A difference of losses with its interval, in points or in the label's unit."""
    half = mean.half_width(0.975)
    return scale.difference(Estimate(name, mean.value, mean.value - half, mean.value + half, "", 0.95, source))


def _unit(scale: ErrorScale) -> str:
    return scale.difference(Estimate("", 0.0)).unit
