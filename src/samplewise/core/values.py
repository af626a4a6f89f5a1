"""Numbers with their unit and uncertainty: one about the whole data, one per row, one per row and query."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, get_args, overload

import lazy_loader
import numpy as np
import numpy.typing as npt

from samplewise.core.arguments import checked, checked_fields
from samplewise.core.arrays import Array, Ints, in_order, positions_of
from samplewise.core.errors import InputError, name_rows, require_count, unknown_name
from samplewise.core.rates import shown
from samplewise.core.results import Result, Table
from samplewise.core.texts import number_text, quantity_text, sentence

WRITTEN_OUT = 1e9  # below, numbers have no power of ten

pd = lazy_loader.load("pandas")
Axis = Literal["row", "column", "segment"]


def _three_digits(number: float) -> str:
    """Three digits; a number of thousands is written out, since few readers of a table read 8.12e+04."""
    short = f"{number:.3g}"
    return f"{float(short):,.0f}" if "e+" in short and abs(number) < WRITTEN_OUT else short


@dataclass(frozen=True, slots=True)
class Estimate(Result):
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
        if math.isnan(self.low) and self.reason:
            lacks = "" if math.isnan(self.value) else "no interval: "
            return f"{self.without_reason()} ({lacks}{self.reason})"
        return self.without_reason()

    def without_reason(self) -> str:
        """Value, interval and unit only; "not known" where there is no value."""
        if math.isnan(self.value):
            return "not known"
        readable = self.shown()
        sign, unit = ("%", readable.unit[2:]) if readable.unit.split(" ", 1)[0] == "%" else ("", readable.unit)
        value = f"{_three_digits(readable.value)} {sign}".strip()
        if math.isnan(readable.low):
            return f"{value} {unit}".strip()
        return f"{value} [{_three_digits(readable.low)}, {_three_digits(readable.high)}] {unit}".strip()

    def __repr__(self) -> str:
        """The quantity and the number."""
        return f"{quantity_text(self.quantity)}: {self}"

    def _sentences(self) -> Iterable[str]:
        yield f"{self!r}."

    def _table(self) -> Table:
        return numbers_table(self)


def with_unit(value: float, unit: str, low: float = math.nan, high: float = math.nan) -> str:
    """A number and perhaps its interval as a sentence carries it.

    >>> with_unit(0.1667, "error rate", 0.102, 0.249)
    '16.7 % [10.2, 24.9]'
    """
    return Estimate("", float(value), float(low), float(high), unit).without_reason()


def numbers_table(*estimates: "Estimate", **numbers: tuple[float, str]) -> Table:
    """One row per number: estimates, and other numbers given with their unit."""
    parts = [*estimates, *(Estimate(name, value, unit=unit) for name, (value, unit) in numbers.items())]
    columns: dict[str, list[Any]] = {
        "quantity": [part.quantity for part in parts],
        "value": [float(part.value) for part in parts],
        "low": [float(part.low) for part in parts],
        "high": [float(part.high) for part in parts],
        "unit": [part.unit for part in parts],
    }
    texts = {
        "quantity": [quantity_text(part.quantity) for part in parts],
        "value": [number_text(part.shown().value) for part in parts],
        "low": [number_text(part.shown().low) for part in parts],
        "high": [number_text(part.shown().high) for part in parts],
        "unit": [part.shown().unit for part in parts],
    }
    empty = {"unit"} if not any(columns["unit"]) else set()
    if not np.isfinite([*columns["low"], *columns["high"]]).any():
        empty |= {"low", "high"}
    return Table(columns, index="quantity", texts=texts, hidden=empty)


def scores_columns(*scores: "Scores") -> tuple[dict[str, Any], dict[str, str]]:
    """Scores of the same keys as columns of one table, and their units; the key comes first."""
    key = "id" if scores[0].axis == "row" else scores[0].axis
    columns = {key: scores[0].keys} | {one.quantity: one.values for one in scores}
    return columns, {one.quantity: one.unit for one in scores}


@checked_fields
@dataclass(frozen=True, slots=True, eq=False)
class Scores(Result):
    """One number per row, column or segment, in a unit, with the direction stated.

    An array of its values to numpy (`np.asarray(scores)`, `len`, iteration), and by id with brackets: `scores[id]` is a
    number, `scores[[id, id]]` the scores of these.

    >>> scores = Scores("surprise", np.array([0.1, 0.9]), np.array(["a", "b"]), "nats", "less expected")
    >>> scores["b"], max(scores), scores[["b", "a"]].values.tolist()
    (0.9, 0.9, [0.9, 0.1])
    """

    MADE_BY: ClassVar[str] = "a method that scores rows, such as labels.find_label_issues(data).wrong"

    quantity: str
    values: Array  # (k,)
    keys: Array  # (k,) ids as the user knows them
    unit: str
    larger_means: str
    axis: Axis = "row"
    spread: Array | None = None  # (k,) standard error

    def __post_init__(self) -> None:
        """Refuse scores whose fields do not fit together."""
        if np.ndim(self.values) != 1 or len(self.values) != len(self.keys):
            raise InputError(
                f"scores {self.quantity!r} need one key per value", where="keys",
                got=f"{len(self.values)} values, {len(self.keys)} keys" if np.ndim(self.values) == 1
                else f"values of shape {np.shape(self.values)}",
                fix="pass the ids the values belong to",
            )  # fmt: skip
        if self.spread is not None and np.shape(self.spread) != np.shape(self.values):
            raise InputError(
                f"scores {self.quantity!r} need one spread per value", where="spread",
                got=f"{len(self.values)} values, spread of shape {np.shape(self.spread)}",
                fix="pass one standard error per value, or leave spread out",
            )  # fmt: skip
        if self.axis not in get_args(Axis):
            raise unknown_name("axis", self.axis, get_args(Axis))

    def __len__(self) -> int:
        """How many rows, columns or segments are scored."""
        return len(self.values)

    def __iter__(self) -> Iterator[float]:
        """The values, in the order of the keys."""
        return iter(self.values.tolist())

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        """The values as a numpy array."""
        if copy is False and dtype is not None and np.dtype(dtype) != self.values.dtype:
            raise ValueError(f"values of {self.values.dtype} as {np.dtype(dtype)} need a copy")
        return np.array(self.values, dtype=dtype) if copy else np.asarray(self.values, dtype=dtype)

    @overload
    def __getitem__(self, ids: str | float | tuple[Any, ...]) -> float: ...

    @overload
    def __getitem__(self, ids: list[Any] | Array) -> "Scores": ...

    def __getitem__(self, ids: Any) -> "float | Scores":
        """The score of one id, or the scores of several; never by position.

        Raises: InputError for an id without a score, a mask or a slice.
        """
        if isinstance(ids, slice) or getattr(getattr(ids, "dtype", None), "kind", "") == "b":
            raise InputError(
                "scores are read by id", got="a slice or a mask",
                fix="scores.values[...] reads by position; scores[scores.keys[mask]] by id",
            )  # fmt: skip
        if isinstance(ids, list) or np.ndim(ids):
            self._require_keys(list(ids))
            return self.aligned_to(ids)
        self._require_keys([ids])
        return float(self.values[positions_of([ids], self.keys)[0]])

    def _require_keys(self, ids: list[Any]) -> None:
        """Refuse ids without a score, with the nearest one where it is a text."""
        keys = self.keys.tolist()
        known = set(keys)
        missing = [one for one in ids if one not in known]
        if len(missing) == 1 and isinstance(missing[0], str) and isinstance(keys[0], str):
            raise unknown_name("id" if self.axis == "row" else self.axis, missing[0], map(str, keys))
        if missing:
            alike = next((key for key in keys if str(key) == str(missing[0])), None)
            near = f"did you mean {alike!r}? " if alike is not None else ""
            raise InputError(
                "some ids have no score", where=name_rows(missing), got=f"ids of type {type(missing[0]).__name__}",
                fix=f"{near}scores.keys lists the ids, such as {', '.join(map(repr, keys[:3]))}",
            )  # fmt: skip

    @checked
    def top(self, n: int, *, largest: bool = True) -> "Scores":
        """The `n` highest scores (lowest with `largest=False`), best first; NaN comes last, ties by position.

        Scores that differ by rounding alone are ties.
        """
        ranked = -self.values if largest else self.values
        return self._at(in_order(ranked)[: require_count(n, "n", least=0)])

    @checked
    def aligned_to(self, ids: Array) -> "Scores":
        """The same scores in the order of `ids`; raises `InputError` for an id without a score."""
        return self._at(positions_of(ids, self.keys))

    def to_frame(self) -> Any:
        """A pandas frame indexed by key, one column per field."""
        return self._table().to_frame()

    def _sentences(self) -> Iterable[str]:
        known = self.values[np.isfinite(self.values)]
        yield f"{self.quantity.replace('_', ' ').capitalize()} of {len(self):,} {self.axis}{'s' * (len(self) != 1)}."
        if len(known):
            yield f"Median [least, largest]: {with_unit(np.median(known), self.unit, known.min(), known.max())}."
        yield f"Larger means: {self.larger_means}."

    def _table(self) -> Table:
        columns, units = scores_columns(self)
        if self.spread is not None:
            columns["spread"], units["spread"] = self.spread, self.unit
        return Table(columns, units, next(iter(columns)), self._ranked())

    def _ranked(self) -> Ints:
        """Positions, the largest first; the smallest first where `top(n, largest=False)` ranked them so."""
        rising = in_order(self.values)
        return rising if np.array_equal(rising, np.arange(len(self))) else in_order(-self.values)

    def _at(self, positions: Array) -> "Scores":
        spread = None if self.spread is None else self.spread[positions]
        values, keys = self.values[positions], self.keys[positions]
        return Scores(self.quantity, values, keys, self.unit, self.larger_means, self.axis, spread)


@dataclass(frozen=True, slots=True, eq=False)
class Attribution(Result):
    """Which rows moved which queries: f(with the row) - f(without it), so positive means the row raises f."""

    MADE_BY: ClassVar[str] = "influence.Attributor(module).fit(data).attribute(queries)"

    values: Array  # (m, n) or (m, n, c)
    query_ids: Array  # (m,)
    ids: Array  # (n,)
    unit: str
    spread: Array | None = None  # standard errors, of the shape of `values`

    def __post_init__(self) -> None:
        """Refuse fields whose shapes do not fit together."""
        if self.values.shape[:2] != (len(self.query_ids), len(self.ids)):
            raise InputError(
                "an attribution needs one row per query and one column per training row",
                got=f"values {self.values.shape}, {len(self.query_ids)} queries, {len(self.ids)} rows",
                fix="pass values of shape (m, n) or (m, n, c)",
            )

    @checked
    def top(self, n: int, *, query: Any = None, largest: bool = True) -> Scores:
        """The `n` rows that raise a query most, or lower it most with `largest=False` (values summed over outputs).

        Args:    n: of rows.   query: its id; may be left out where there is one query.   largest: which end.
        Raises:  InputError for several queries and none named, or an unknown one.
        """
        at = self._position(query)
        row = self.values[at]
        effect = row if row.ndim == 1 else row.sum(axis=-1)
        spread = self.spread[at] if self.spread is not None and row.ndim == 1 else None
        return Scores("effect", effect, self.ids, self.unit, "raises the query's target", spread=spread).top(
            n, largest=largest
        )

    def _position(self, query: Any) -> int:
        """Position of a query; that of the only one, where none is named."""
        names = self.query_ids.tolist()
        if query is None and len(names) != 1:
            listed = ", ".join(map(repr, names[:5])) + (f", ... ({len(names)} in all)" if len(names) > 5 else "")
            raise InputError(
                "there are several queries, and none was named", where="query", got="query=None",
                fix=f"top(n, query={names[0]!r}); the queries are {listed}" if names else "attribute some queries",
            )  # fmt: skip
        return 0 if query is None else int(positions_of([query], self.query_ids)[0])

    def to_frame(self) -> Any:
        """The effects as a pandas frame: one line per row of the data, one column per query."""
        effects = self.values if self.values.ndim == 2 else self.values.sum(axis=-1)
        index = pd.Index(self.ids, name="id", tupleize_cols=False)
        return pd.DataFrame(effects.T, index=index, columns=pd.Index(self.query_ids, name="query"))

    def _sentences(self) -> Iterable[str]:
        queries = f"{len(self.query_ids):,} quer{'y' if len(self.query_ids) == 1 else 'ies'}"
        yield f"What {len(self.ids):,} rows do to {queries}, in {self.unit or 'units of the target'}."
        yield "Positive: the row raises the query's target. Below are the rows with the largest effects of either sign."
        named = "top(n)" if len(self.query_ids) == 1 else "top(n, query=id)"
        yield f"{named} ranks the rows that raise a query, with largest=False those that lower it."

    def _table(self) -> Table:
        effects = self.values if self.values.ndim == 2 else self.values.sum(axis=-1)
        mean = effects.mean(axis=0)
        if len(effects) == 1:
            return Table({"id": self.ids, "effect": mean}, {"effect": self.unit}, "id", in_order(-np.abs(mean)))
        columns = {"id": self.ids, "mean_effect": mean, "least": effects.min(axis=0), "largest": effects.max(axis=0)}
        return Table(columns, {"mean_effect": self.unit}, "id", in_order(-np.abs(mean)))

    def aggregate(self) -> Scores:
        """Mean effect of every row over the queries."""
        mean = self.values.mean(axis=0)
        effect = mean if mean.ndim == 1 else mean.sum(axis=-1)
        return Scores("mean_effect", effect, self.ids, self.unit, "raises the queries' targets")


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit(Result):
    """What a page draws and a person may want as a table: named columns of equal length."""

    kind: Literal["curve", "matrix", "reliability", "table", "rows", "bars"]
    title: str
    columns: Mapping[str, Array] = field(default_factory=dict)
    unit: str = ""
    note: str = ""  # what a reader must know to read it right
    finding: int | None = None  # its place among the findings of the same outcome, where it shows the rows of one

    def __post_init__(self) -> None:
        """Refuse columns of different length."""
        lengths = {name: len(values) for name, values in self.columns.items()}
        if len(set(lengths.values())) > 1:
            what = f"columns of exhibit {self.title!r} differ in length"
            raise InputError(what, got=str(lengths), fix="pad or split it")

    def to_frame(self) -> Any:
        """The columns as a pandas frame."""
        return pd.DataFrame(dict(self.columns))

    def _sentences(self) -> Iterable[str]:
        yield f"{self.title}{f' ({self.unit})' if self.unit else ''}."
        yield sentence(self.note)

    def _table(self) -> Table:
        return Table(self.columns)
