"""Numbers with their unit and uncertainty: one about the whole data, one per row, one per row and query.

Rates are shares from 0 to 1 in every value and argument, and per cent wherever a person reads them; the functions here
are the only way from one to the other. Differences of rates are points, hundredths of a rate, in both.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import lazy_loader

from samplewise.core.arrays import Array, in_order, positions_of
from samplewise.core.errors import InputError

pd = lazy_loader.load("pandas")

SHARES = ("share", "proportion", "fraction", "probability", "rate")  # first words of units that are shown in per cent


def is_share(unit: str) -> bool:
    """Whether numbers of this unit are shares, shown in per cent: `share`, `share of labels`, `error rate`."""
    return unit == "error rate" or unit.split(" ", 1)[0] in SHARES


def in_per_cent(unit: str) -> str:
    """The unit of a share once it is shown in per cent: `share of labels` is `% of labels`, `error rate` is `%`."""
    return "%" if unit == "error rate" else " ".join(["%", *unit.split(" ")[1:]])


def percent(shares: Any) -> Any:
    """A share, or an array of them, in per cent: for axes and columns that say so."""
    return 100.0 * shares


def percent_text(share: float, form: str = ".3g") -> str:
    """A share as a sentence carries it.

    >>> percent_text(0.1667)
    '16.7 %'
    """
    return f"{percent(share):{form}} %"


def shown(numbers: Any, unit: str) -> tuple[Any, str]:
    """Numbers and their unit as a person reads them: shares in per cent, all others as they are."""
    return (percent(numbers), in_per_cent(unit)) if is_share(unit) else (numbers, unit)


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number about the whole data set, with its interval, or the reason why it has none."""

    quantity: str
    value: float
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    confidence: float = math.nan
    source: str = ""
    reason: str = ""  # why there is no interval, or what the interval leaves out

    def shown(self) -> "Estimate":
        """The same number as a person reads it: a share in per cent, anything else as it is."""
        (value, unit), (low, _), (high, _) = (shown(number, self.unit) for number in (self.value, self.low, self.high))
        return replace(self, value=value, low=low, high=high, unit=unit)

    def __str__(self) -> str:
        """The number as a sentence would carry it: value, interval, unit; `16.7 % [10.2, 24.9] of rows` for a share."""
        readable = self.shown()
        sign, unit = ("%", readable.unit[2:]) if readable.unit.split(" ", 1)[0] == "%" else ("", readable.unit)
        value = f"{readable.value:.3g} {sign}".strip()
        if math.isnan(readable.low):
            return f"{value} {unit}".strip() + (f" (no interval: {self.reason})" if self.reason else "")
        return f"{value} [{readable.low:.3g}, {readable.high:.3g}] {unit}".strip()


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """One number per row, column or segment, in a unit, with the direction stated."""

    MADE_BY: ClassVar[str] = "a method that scores rows, such as labels.find_label_issues(data).wrong"

    quantity: str
    values: Array  # (k,)
    keys: Array  # (k,) ids as the user knows them
    unit: str
    larger_means: str
    axis: Literal["row", "column", "segment"] = "row"
    spread: Array | None = None  # (k,) standard error

    def __post_init__(self) -> None:
        """Refuse scores whose parts do not fit together."""
        if len(self.values) != len(self.keys):
            raise InputError(
                f"scores {self.quantity!r} need one key per value",
                got=f"{len(self.values)} values, {len(self.keys)} keys",
                fix="pass the ids the values belong to",
            )

    def __len__(self) -> int:
        """How many rows, columns or segments are scored."""
        return len(self.values)

    def top(self, n: int, *, largest: bool = True) -> "Scores":
        """The `n` highest scores (lowest with `largest=False`), best first; NaN comes last, ties by position.

        Scores that differ by rounding alone are ties.
        """
        ranked = -self.values if largest else self.values
        return self._at(in_order(ranked)[:n])

    def aligned_to(self, ids: Array) -> "Scores":
        """The same scores in the order of `ids`; raises `InputError` for an id without a score."""
        return self._at(positions_of(ids, self.keys))

    def to_frame(self) -> Any:
        """A pandas frame indexed by key, one column per part."""
        columns = {self.quantity: self.values} | ({} if self.spread is None else {"spread": self.spread})
        return pd.DataFrame(columns, index=pd.Index(self.keys, name="id" if self.axis == "row" else self.axis))

    def _at(self, positions: Array) -> "Scores":
        spread = None if self.spread is None else self.spread[positions]
        values, keys = self.values[positions], self.keys[positions]
        return Scores(self.quantity, values, keys, self.unit, self.larger_means, self.axis, spread)


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Which rows moved which queries: f(with the row) - f(without it), so positive means the row raises f."""

    MADE_BY: ClassVar[str] = "influence.Attributor(module).fit(data).attribute(queries)"

    values: Array  # (m, n) or (m, n, c)
    query_ids: Array  # (m,)
    ids: Array  # (n,)
    unit: str

    def __post_init__(self) -> None:
        """Refuse parts whose shapes do not fit together."""
        if self.values.shape[:2] != (len(self.query_ids), len(self.ids)):
            raise InputError(
                "an attribution needs one row per query and one column per training row",
                got=f"values {self.values.shape}, {len(self.query_ids)} queries, {len(self.ids)} rows",
                fix="pass values of shape (m, n) or (m, n, c)",
            )

    def top(self, n: int, *, query: Any) -> Scores:
        """The `n` rows that raise this query most, best first (values summed over outputs)."""
        row = self.values[int(positions_of([query], self.query_ids)[0])]
        effect = row if row.ndim == 1 else row.sum(axis=-1)
        return Scores("effect", effect, self.ids, self.unit, "raises the query's target").top(n)

    def aggregate(self) -> Scores:
        """Mean effect of every row over the queries."""
        mean = self.values.mean(axis=0)
        effect = mean if mean.ndim == 1 else mean.sum(axis=-1)
        return Scores("mean_effect", effect, self.ids, self.unit, "raises the queries' targets")


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """What a page draws and a person may want as a table: named columns of equal length."""

    kind: Literal["curve", "matrix", "reliability", "table", "rows", "bars"]
    title: str
    columns: Mapping[str, Array] = field(default_factory=dict)
    unit: str = ""
    note: str = ""  # what a reader must know to read it right

    def __post_init__(self) -> None:
        """Refuse columns of different length."""
        lengths = {name: len(values) for name, values in self.columns.items()}
        if len(set(lengths.values())) > 1:
            what = f"columns of exhibit {self.title!r} differ in length"
            raise InputError(what, got=str(lengths), fix="pad or split it")

    def to_frame(self) -> Any:
        """The columns as a pandas frame."""
        return pd.DataFrame(dict(self.columns))
