"""Check labels or collect more: which takes more off the error for the money, from two measured curves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, require_share
from samplewise.core.results import MOST_ROWS, Result, Table
from samplewise.core.values import Exhibit
from samplewise.data.conversions import as_numbers, kind_text

STEPS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Budget(Result):
    """What the same money buys either way."""

    money: Floats  # (m,)
    checked: Floats  # (m,) error after checking labels for it; NaN beyond what was measured
    collected: Floats  # (m,) error after collecting rows for it
    better: Array  # (m,) "check", "collect" or "equal"; "unknown" where only one was measured
    changes_at: tuple[float, ...]  # sums at which the better of the two changes
    advice: str  # one sentence

    def exhibit(self) -> Exhibit:
        """Both curves, as a table."""
        columns: dict[str, Array] = {
            "money": self.money, "error after checking": self.checked, "error after collecting": self.collected,
            "better": self.better,
        }  # fmt: skip
        return Exhibit("table", "Check labels or collect more", columns, "error rate", self.advice)

    def _sentences(self) -> Iterable[str]:
        yield self.advice
        yield "Errors after spending the same money either way, in the unit in which they were given:"

    def _table(self) -> Table:
        columns = {
            "money": self.money, "error_if_checked": self.checked, "error_if_collected": self.collected,
            "better": self.better,
        }  # fmt: skip
        first = np.unique(np.linspace(0, len(self.money) - 1, MOST_ROWS).round().astype(np.intp))
        return Table(columns, index="money", first=first)


@checked
def budget(
    quality: tuple[Any, Any], quantity: tuple[Any, Any], prices: tuple[float, float], *, money: float | None = None,
    tolerance: float = 0.0,
) -> Budget:  # fmt: skip
    """Whether checking labels or collecting rows takes more off the error, for every sum of money up to a limit.

    Both curves are read between their measured points on straight lines in the logarithm of the rows, and made to fall
    (the nearest curve that does). Nothing is carried beyond what was measured: forecast the curves first
    (`curves.LearningCurve.forecast`) and pass the forecasts where you trust them.

    Args:
        quality: (labels checked (q,), error after it (q,)), from 0 labels on: as measured by checking nested subsets.
        quantity: (rows (s,), error with so many (s,)), the first being the rows there are now.
        prices: price of checking one label, and of one new labeled row.
        money: largest sum; default the most that either curve reaches.
        tolerance: differences of the error up to this count as equal: the noise of the curves; 0.01 is one point.

    Returns:
        `Budget`; smaller errors are better.

    Raises:
        InputError: curves of fewer than two points, sizes that do not increase, errors that are not finite, prices
            that are not above 0, or a tolerance that is no share.

    Cost: O(points).   Not for: doing both at once: their gains do not add up.   Source: viering2023.

    >>> checked = ([0, 500, 1000], [0.20, 0.17, 0.16])
    >>> rows = ([2000, 4000, 8000], [0.20, 0.18, 0.165])
    >>> budget(checked, rows, prices=(0.1, 0.5)).advice
    'Check labels first: it is better up to 100 in money, as far as both were measured.'
    """
    require_share(tolerance, "tolerance", low_open=False)
    if not all(np.isfinite(price) and price > 0 for price in prices):
        raise InputError(
            "prices must be above 0",
            where="prices",
            got=f"prices={prices}",
            fix="pass the price of a check and of a row",
        )
    checks, after_check = _points(quality, "quality")
    rows, after_rows = _points(quantity, "quantity")
    reach = (float(checks[-1]) * prices[0], float(rows[-1] - rows[0]) * prices[1])
    if money is not None and money < 0:
        raise InputError(
            "money is at least 0", where="money", got=f"money={money}", fix="pass the largest sum, or None"
        )
    most = max(reach) if money is None else float(money)
    sums = np.unique(np.r_[np.linspace(0.0, most, STEPS + 1), [end for end in reach if end <= most]])
    checked = _read(sums / prices[0], checks, after_check)
    collected = _read(rows[0] + sums / prices[1], rows, after_rows)
    apart = checked - collected
    better = np.where(apart < -tolerance, "check", np.where(apart > tolerance, "collect", "equal"))
    better = np.where(np.isfinite(apart), better, "unknown")
    known = np.flatnonzero(np.isfinite(apart) & (better != "equal"))
    flips = known[1:][better[known][1:] != better[known][:-1]]
    changes = tuple(float(sums[place]) for place in flips)
    return Budget(sums, checked, collected, better, changes, _advice(sums, better, changes))


def _advice(sums: Floats, better: Array, changes: Sequence[float]) -> str:
    names = {"check": "Check labels", "collect": "Collect rows"}
    named = [str(word) for word in better[1:] if word in names]
    if not named:
        return "Neither is measured to be better."
    first = names[named[0]]
    both = float(sums[np.flatnonzero(better != "unknown")[-1]])
    if not changes:
        return f"{first} first: it is better up to {both:,.3g} in money, as far as both were measured."
    other = names["collect" if named[0] == "check" else "check"]
    return f"{first} up to {changes[0]:,.3g} in money; {other.lower()} for what is left beyond it."


def _points(given: tuple[Any, Any], name: str) -> tuple[Floats, Floats]:
    """Sizes and errors, the errors falling: the mean of those that would rise."""
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise InputError(
            "a measured curve is (sizes, errors)", where=name, got=kind_text(given), fix=f"pass {name}=(sizes, errors)"
        )
    sizes, errors = (as_numbers(values, name, fix=f"pass {name}=(sizes, errors), both (k,)") for values in given)
    if sizes.ndim != 1 or sizes.shape != errors.shape or len(sizes) < 2 or (np.diff(sizes) <= 0).any() or sizes[0] < 0:
        raise InputError(
            "a measured curve needs at least two increasing sizes and an error for each", where=name,
            got=f"sizes {sizes.tolist()[:5]}, errors {errors.shape}", fix="pass (sizes, errors) of equal length",
        )  # fmt: skip
    if not np.isfinite(errors).all():
        raise InputError("errors must be finite", where=name, got="NaN or infinity", fix="leave these points out")
    if name == "quality" and sizes[0] > 0:
        raise InputError(
            "the curve of checked labels starts at none", where=name, got=f"first size {sizes[0]:g}",
            fix="add the error before any label is checked: size 0",
        )  # fmt: skip
    return sizes, _falling(errors)


def _falling(errors: Floats) -> Floats:
    """The nearest curve that never rises, by pooling neighbors."""
    pools: list[tuple[float, int]] = []
    for error in errors.tolist():
        pools.append((error, 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (late, many), (early, few) = pools.pop(), pools.pop()
            pools.append(((late * many + early * few) / (many + few), many + few))
    return np.concatenate([np.full(count, value) for value, count in pools])


def _read(wanted: Floats, sizes: Floats, errors: Floats) -> Floats:
    """Errors at other sizes; NaN beyond the last one."""
    found = np.interp(np.log1p(wanted), np.log1p(sizes), errors)
    return np.where(wanted <= sizes[-1] * (1 + 1e-12), found, np.nan)
