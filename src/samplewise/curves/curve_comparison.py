"""Which of two learners to invest in: where their curves cross, and how sure that is."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, fingerprint
from samplewise.core.errors import InputError, require_amount, require_kind, require_share
from samplewise.core.randomness import generator
from samplewise.core.rates import percent_text
from samplewise.core.results import MOST_ROWS, Result, Table
from samplewise.core.texts import number_text
from samplewise.core.values import Estimate
from samplewise.curves.laws import LEAST_SIZES, fit_law, variances
from samplewise.curves.points import CurvePoints

FURTHEST = 64  # times the shorter curve's largest size
GRID = 121  # sizes compared
DRAWS = 1000
LEAST = 1e-4  # error counted as none
WANDER = 0.03  # scale of the law's own error per doubling beyond the largest size, as a share of the error
WAY = (0.25, 1.0)  # share of the way from the last value to the law that a draw goes, in logs
FREEDOM = 3.0  # of the t distribution of that error: laws are mostly right, and sometimes far off
REASON = "draws of the measured noise and of the law's own error; calibrated on pairs of learners on other data sets"


@dataclass(frozen=True, slots=True, eq=False)
class CurveComparison(Result):
    """Two curves compared, and what resampling says about which is better where."""

    sizes: Floats  # (m,) rows
    difference: Floats  # (m,) error of the first minus that of the second (median); above 0 the second is better
    low: Floats  # (m,)
    high: Floats  # (m,)
    chance: Floats  # (m,) probability that the second has the lower error
    crossing: Estimate  # rows at which the better of the two changes, where it does
    crosses: float  # probability that it changes between the first and the last of `sizes`
    rows: int  # planned for
    better: str  # "first", "second" or "undecided", at `rows`
    unit: str

    @checked
    def at(self, rows: float) -> float:
        """Probability that the second has the lower error after training on so many rows."""
        require_amount(rows, "rows")
        return float(np.interp(np.log(rows), np.log(self.sizes), self.chance))

    def _sentences(self) -> Iterable[str]:
        verdict = "it is undecided which is better" if self.better == "undecided" else f"the {self.better} is better"
        yield f"With {self.rows:,} rows {verdict}: {percent_text(self.at(self.rows))} chance that the second is."
        yield f"The better of the two changes with {percent_text(self.crosses)} chance, at some"
        yield f"{number_text(np.round(self.crossing.value))} rows."

    def _table(self) -> Table:
        columns = {
            "rows": np.round(self.sizes).astype(np.intp), "difference": self.difference, "low": self.low,
            "high": self.high, "chance": self.chance,
        }  # fmt: skip
        units = dict.fromkeys(("difference", "low", "high"), self.unit) | {"chance": "probability"}
        return Table(columns, units, "rows", np.linspace(0, len(self.sizes) - 1, MOST_ROWS).round().astype(np.intp))


@checked
def compare_curves(
    curve: CurvePoints, other: CurvePoints, rows: int | None = None, *, confidence: float = 0.8, seed: int = 0
) -> CurveComparison:
    """Which of two learners has the lower error with more rows, in the unit of the curves, and where they cross.

    Each curve is drawn again from its standard errors; each draw goes a random share of the way from its last value to
    its power law, and strays from there by a t-distributed share per doubling. chance(n) = share of draws in which the
    second is lower at n. How far off such chances are is measured in benchmarks/results/curve_comparison.md; mostly the
    learner that is better now stays better.

    Args:
        curve: the first, at least three sizes.
        other: the second, measured with the same unit on rows of the same kind; the sizes may differ.
        rows: planned for; default four times the largest size of the shorter curve.
        confidence: of the intervals, and of the decision: below that chance it is "undecided".
        seed: of the draws.

    Returns:
        `CurveComparison`; larger difference: the second is better; larger crossing: the better one changes later.

    Raises:
        InputError: other units, too few sizes, rows out of reach, or a confidence out of range.

    Cost: 2,000 closed fits, some tens of milliseconds.   Not for: curves evaluated on different rows, whose errors
    differ for that reason alone.   Source: viering2023, mohr2023.

    >>> sizes = np.array([25, 50, 100, 200, 400])
    >>> simple = CurvePoints(sizes, 0.20 + 1.0 * sizes[None, :] ** -1.0, np.full(5, 0.002))
    >>> complex = CurvePoints(sizes, 0.02 + 2.0 * sizes[None, :] ** -0.4, np.full(5, 0.002))
    >>> found = compare_curves(simple, complex, rows=5000)
    >>> found.better, bool(400 < found.crossing.value < 800)
    ('second', True)
    """
    require_kind(curve, CurvePoints)
    require_kind(other, CurvePoints)
    rows, furthest = _check(curve, other, rows, confidence)
    start = float(min(curve.sizes[-1], other.sizes[-1]))
    sizes = np.unique(np.append(np.geomspace(start, furthest, GRID), rows))
    gap = _draws(curve, sizes, seed) - _draws(other, sizes, seed)  # (draws, m)
    tail = (1.0 - confidence) / 2.0
    low, middle, high = np.quantile(gap, [tail, 0.5, 1.0 - tail], axis=0)
    chance = (gap > 0).mean(axis=0) + 0.5 * (gap == 0).mean(axis=0)
    crossing, crosses = _crossing(gap, sizes, confidence)
    likely = chance[np.searchsorted(sizes, rows)]
    better = "second" if likely >= confidence else "first" if likely <= 1.0 - confidence else "undecided"
    return CurveComparison(sizes, middle, low, high, chance, crossing, crosses, rows, better, curve.unit)


def _draws(curve: CurvePoints, sizes: Floats, seed: int) -> Floats:
    """(draws, m) errors the curve may have at other sizes; its draws do not depend on the other curve."""
    draw = generator(seed, "compare", fingerprint(curve.sizes, curve.errors))
    spread = np.nan_to_num(curve.standard_error)
    spread = np.sqrt((spread**2 + np.mean(spread**2)) / 2.0)
    means = np.maximum(curve.error + spread * draw.standard_normal((DRAWS, len(curve.sizes))), 0.0)
    law = fit_law("power_law_3", curve.sizes, means, variances(curve))
    predicted, last = np.maximum(law.error(sizes), LEAST), np.maximum(means[:, -1:], LEAST)
    share = np.where(sizes > law.reference, draw.uniform(*WAY, (DRAWS, 1)), 1.0)
    doublings = np.maximum(np.log2(sizes / law.reference), 0.0)
    strays = np.clip(WANDER * draw.standard_t(FREEDOM, (DRAWS, 1)), -1.0, 1.0)
    return np.asarray(last * (predicted / last) ** share * np.exp(strays * doublings))


def _crossing(gap: Floats, sizes: Floats, confidence: float) -> tuple[Estimate, float]:
    """Where the sign first changes, over the draws in which it does, and how many these are."""
    changed = np.sign(gap) != np.sign(gap[:, :1])
    crossed = changed.any(axis=1)
    share = float(crossed.mean())
    tail = (1.0 - confidence) / 2.0
    if not crossed.any():
        return Estimate(
            "crossing", np.inf, unit="rows", confidence=confidence, source="viering2023", reason="they do not cross"
        ), share
    places = sizes[np.argmax(changed[crossed], axis=1)]
    low, middle, high = np.quantile(places, [tail, 0.5, 1.0 - tail])
    return Estimate("crossing", middle, low, high, "rows", confidence, "viering2023", REASON), share


def _check(curve: CurvePoints, other: CurvePoints, rows: int | None, confidence: float) -> tuple[int, float]:
    """The rows planned for and the furthest size compared."""
    if curve.unit != other.unit:
        raise InputError(
            "two curves in different units cannot be compared",
            got=f"{curve.unit!r} and {other.unit!r}",
            fix="measure both with the same loss",
        )
    fewest = min(len(curve.sizes), len(other.sizes))
    if fewest < LEAST_SIZES:
        raise InputError(
            "comparing curves needs at least three training sizes of each",
            got=f"{len(curve.sizes)} and {len(other.sizes)} sizes",
            fix="measure more sizes",
        )
    start = int(min(curve.sizes[-1], other.sizes[-1]))
    rows = 4 * start if rows is None else rows
    if not start <= rows <= FURTHEST * start:
        raise InputError(
            "curves cannot be compared that far away",
            got=f"rows={rows}, measured up to {start}",
            fix=f"use {start} to {FURTHEST * start} rows",
        )
    require_share(confidence, "confidence", least=0.5)
    return rows, float(FURTHEST * start)
