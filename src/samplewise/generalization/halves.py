"""What models say of rows they were taught against rows they were not: read from refits on complementary halves."""

import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.core.values import Estimate, Scores
from samplewise.data.targets import Target
from samplewise.engine.refits import Refits
from samplewise.generalization.errors import clustered


def memorization(refits: Refits, target: Target) -> Scores:
    """How much better a row is predicted by models that were taught it, as a share of models (-1..1).

    P[right | the row was taught] - P[right | it was not]; for regression the fall of the absolute error in standard
    deviations of the label.

    Args:    refits: models on subsets, design "halves".   target: labels of the same n rows.
    Returns: Scores (n,), larger means the model knows the row by heart and not from the others; `spread` is the
             standard error over models (classes: with one success and one failure added, so it is never 0).
    Raises:  InputError where a row is inside, or outside, of fewer than two models.
    Cost:    one pass over the outputs.   Not for: few models (10 on each side leave an error of about .13).
    Source:  feldman2020.
    """
    inside, outside = _losses(refits, target)
    taught, others = refits.inside.sum(axis=0), (~refits.inside).sum(axis=0)
    value = outside[0] / others - inside[0] / taught
    if target.classes is not None:
        spread = np.sqrt(_smoothed(inside[0], taught) + _smoothed(outside[0], others))
    else:
        spread = np.sqrt(_variance(inside, taught) + _variance(outside, others))
    unit = "share of models" if target.classes is not None else "standard deviations of the label"
    return Scores("memorization", value, refits.ids, unit, "right only when taught", spread=spread)


def generalization_gap(
    refits: Refits, target: Target, groups: Array | None = None, coverage: float = 0.95
) -> tuple[Estimate, Estimate, Estimate]:
    """Error on taught rows, error on other rows, and the gap between them, in points, for models of half the rows.

    Every row is averaged over the models it taught and those it did not; the interval is over rows (or groups).

    Args:    refits: design "halves".   target: labels of the same n rows.   groups: (n,) or None.
             coverage: of the intervals.
    Returns: (taught, other, gap) Estimates; a larger gap means more was learned by heart. Points are % of rows, or
             hundredths of the label's standard deviation.
    Raises:  InputError as `memorization`.
    Cost:    one pass over the outputs.   Not for: judging the model on all rows (its gap is smaller).
    Source:  feldman2020.
    """
    inside, outside = _losses(refits, target)
    taught = 100.0 * inside[0] / refits.inside.sum(axis=0)
    others = 100.0 * outside[0] / (~refits.inside).sum(axis=0)
    unit = "points" if target.classes is not None else "hundredths of the label's standard deviation"

    def estimate(quantity: str, rows: Floats) -> Estimate:
        error, _ = clustered(rows, groups)
        half, mean = float(stats.norm.ppf(0.5 + coverage / 2.0)) * error, float(rows.mean())
        return Estimate(quantity, mean, mean - half, mean + half, unit, coverage, "feldman2020", REASON)

    return estimate("taught_error", taught), estimate("other_error", others), estimate("gap", others - taught)


REASON = "of models taught half of the rows; the model on all rows has a smaller gap"


def _losses(refits: Refits, target: Target) -> tuple[Floats, Floats]:
    """Sums (2, n) of losses and their squares over the models that were taught a row, and over the others."""
    fewest = min(int(refits.inside.sum(axis=0).min()), int((~refits.inside).sum(axis=0).min()))
    if refits.design != "halves" or fewest < 2:
        raise InputError(
            "taught rows can only be set against others where both happen to every row at least twice",
            got=f"design {refits.design!r}, {len(refits)} models",
            fix="refit(runner, 'halves', folds, count=10)",
        )
    scale = 1.0 if target.classes is not None else float(np.std(target.codes)) or 1.0
    sums = np.zeros((2, 2, len(refits.ids)))
    for outputs, inside in zip(refits.outputs, refits.inside, strict=True):
        if target.classes is not None:
            loss = (outputs.argmax(axis=1) != target.codes).astype(np.float64)
        else:
            loss = np.abs(outputs[:, 0].astype(np.float64) - target.codes) / scale
        for side, here in enumerate((inside, ~inside)):
            sums[side, 0, here] += loss[here]
            sums[side, 1, here] += np.square(loss[here])
    return sums[0], sums[1]


def _smoothed(wrong: Floats, count: Array) -> Floats:
    """Variance of a share, with one wrong and one right model added."""
    share = (wrong + 1.0) / (count + 2.0)
    return np.asarray(share * (1.0 - share) / (count + 2.0))


def _variance(sums: Floats, count: Array) -> Floats:
    """Variance of a mean from the sum and the sum of squares."""
    mean = sums[0] / count
    return np.asarray(np.maximum(sums[1] / count - np.square(mean), 0.0) / (count - 1))
