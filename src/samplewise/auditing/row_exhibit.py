"""Suspicious rows for a person to review: labels, picture, text or distinctive columns, nearest rows of each class."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import lazy_loader
import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import hashed_order
from samplewise.core.values import Exhibit
from samplewise.data.images import Images

pd = lazy_loader.load("pandas")

MOST_ROWS = 60
DISTINCTIVE = 6  # columns shown next to their typical values
CANDIDATES = 500  # columns compared: those whose means differ most between classes or row sets
TYPICAL_OF = 2000  # hash-drawn rows of a class its typical values are taken from
ALIKE = 100  # rows whose number is nearest stand for "the class" of a regression
LETTERS = 280
PICTURE_SIDE = 96
FARTHEST = 20.0  # surprise, in nats, at which a value counts no more
TO_DEVIATION = 1.35  # quartile range of a normal in standard deviations

Members = Callable[[float], Ints]


def rows_exhibit(evidence: Evidence, title: str, positions: Array, **columns: Any) -> Exhibit:
    """At most 60 rows with what a person needs to decide about them.

    Args:
        evidence: the data they are from.   title: of the exhibit.
        positions: (k,) rows in the order they are to be shown.
        columns: (k,) each, such as `probability` and `reason`; `suggested` holds class codes (or numbers) and decides
            which columns are distinctive and which neighbors are shown. Codes of -1 mean "no suggestion".

    Returns:
        Exhibit of kind "rows": id, given, suggested, the columns passed, then thumbnail, text or telling (the
        distinctive columns, as JSON of up to six [column, value, typical value of the given class]), nearest_given and
        nearest_suggested.

    Cost: O(60 n d) for the neighbors, O(n d) for the typical values.
    """
    shown = np.asarray(positions, dtype=np.intp)[:MOST_ROWS]
    passed = {name: np.asarray(values)[: len(shown)] for name, values in columns.items()}
    suggested = passed.pop("suggested", None)
    members = _members_of(evidence)
    held: dict[str, Array] = {"id": evidence.data.ids[shown], "given": _written(evidence, evidence.target.codes[shown])}
    if suggested is not None:
        held["suggested"] = _written(evidence, suggested)
    held |= passed
    X = evidence.data.X
    if isinstance(X, Images):
        held["thumbnail"] = _thumbnails(X, shown)
    elif (texts := _texts(evidence, shown)) is not None:
        held["text"] = texts
    if not isinstance(X, Images):
        held |= _distinctive_columns(evidence, shown, suggested, members)
    for name, codes in (("nearest_given", evidence.target.codes[shown]), ("nearest_suggested", suggested)):
        if codes is not None:
            held |= _nearest(evidence, shown, codes, members, name)
    return Exhibit("rows", title, held)


# ---- labels, pictures, text -----------------------------------------------------------------------------------------


def as_labels(evidence: Evidence, codes: Array) -> list[Any]:
    """Codes, or numbers, as the user's own labels; None for the code -1."""
    if evidence.target.classes is None:
        return list(np.asarray(codes, dtype=np.float64).tolist())
    own = [*evidence.target.classes.tolist(), None]  # the code -1 is the last
    return [own[code] for code in np.asarray(codes, dtype=np.intp).tolist()]


def _written(evidence: Evidence, codes: Array) -> Array:
    """The same as they are written; empty for -1."""
    labels = as_labels(evidence, codes)
    if evidence.target.classes is None:
        return np.array(labels, dtype=np.float64)
    return np.array(["" if label is None else str(label) for label in labels], dtype=str)


def _thumbnails(images: Images, positions: Ints) -> Array:
    return np.array([images.thumbnail(int(row), PICTURE_SIDE) if row >= 0 else "" for row in positions])


def _texts(evidence: Evidence, shown: Ints) -> Array | None:
    """The first text column, cut to 280 characters."""
    names = [column.name for column in evidence.columns if column.kind == "text"]
    if not names or not hasattr(evidence.data.X, "iloc"):
        return None
    cells = evidence.data.X[names[0]].iloc[shown].fillna("").astype(str)
    return np.array([cell if len(cell) <= LETTERS else cell[: LETTERS - 1] + "…" for cell in cells])


# ---- rows of a class ------------------------------------------------------------------------------------------------


def _members_of(evidence: Evidence) -> Members:
    """The rows of a class; for regression, the rows whose number is nearest."""
    codes = evidence.target.codes

    @cache
    def members(code: float) -> Ints:
        if evidence.target.classes is not None:
            return np.flatnonzero(codes == code)
        count = min(ALIKE, len(codes))
        return np.sort(np.argpartition(np.abs(codes - code), count - 1)[:count])

    return members


def _nearest(evidence: Evidence, shown: Ints, codes: Array, members: Members, name: str) -> dict[str, Array]:
    """For every shown row the nearest other row of a class: its id, and its picture where there are pictures."""
    found = np.full(len(shown), -1)
    for code in np.unique(codes[~np.isnan(np.asarray(codes, dtype=np.float64))]):
        if evidence.target.classes is not None and code < 0:
            continue
        rows, others = np.flatnonzero(codes == code), members(code.item())
        distances = _squared_distances(evidence.space, shown[rows], others)
        distances[shown[rows][:, None] == others] = np.inf
        nearest = distances.argmin(axis=1)
        has_other = np.isfinite(distances[np.arange(len(rows)), nearest])
        found[rows[has_other]] = others[nearest[has_other]]
    keys = np.array([str(evidence.data.ids[row]) if row >= 0 else "" for row in found])
    if not isinstance(evidence.data.X, Images):
        return {name: keys}
    return {name: keys, f"{name}_thumbnail": _thumbnails(evidence.data.X, found)}


def _squared_distances(space: Floats, rows: Ints, others: Ints) -> Floats:
    """(r, o), block by block of the others to save memory."""
    points = space[rows]
    distances = np.empty((len(rows), len(others)))
    for start in range(0, len(others), 8192):
        block = space[others[start : start + 8192]]
        squares = np.square(points).sum(axis=1)[:, None] + np.square(block).sum(axis=1)
        distances[:, start : start + 8192] = squares - 2.0 * points @ block.T
    return distances


# ---- distinctive columns --------------------------------------------------------------------------------------------


def _distinctive_columns(
    evidence: Evidence, shown: Ints, suggested: Array | None, members: Members
) -> dict[str, Array]:
    """JSON of the columns that fit the given label least and the suggested one best."""
    table = _Table(evidence)
    if not table.names:
        return {}

    @cache
    def distributions(code: float) -> list[_Distribution]:
        rows = members(code)
        if len(rows) > TYPICAL_OF:
            rows = np.sort(rows[hashed_order(0, evidence.data.ids[rows], "typical")[:TYPICAL_OF]])
        return table.distributions(rows)

    codes = evidence.target.codes[shown]
    entries = []
    for position, row in enumerate(shown):
        given, cells = distributions(codes[position].item()), table.cells(int(row))
        against = np.array([column.surprise(cell) for column, cell in zip(given, cells, strict=True)])
        if suggested is not None and (evidence.target.classes is None or suggested[position] >= 0):
            other = distributions(np.asarray(suggested)[position].item())
            against -= [column.surprise(cell) for column, cell in zip(other, cells, strict=True)]
        chosen = [j for j in np.argsort(-against, kind="stable")[:DISTINCTIVE] if against[j] > 0]
        entries.append(json.dumps([[table.names[j], _plain(cells[j]), _plain(given[j].typical)] for j in chosen]))
    return {"telling": np.array(entries)}


class _Distribution:
    """What a column's values are like among some rows."""

    def __init__(self, values: Any, is_number: bool) -> None:
        self.is_number = is_number
        self.typical: Any = ""
        if is_number:
            known = values[~np.isnan(values)]
            low, self.typical, high = np.quantile(known, [0.25, 0.5, 0.75]) if len(known) else (np.nan,) * 3
            self.width = max((high - low) / TO_DEVIATION, float(np.std(known)) / 4 if len(known) else 0.0, 1e-12)
        else:
            self.counts = pd.Series(values).value_counts()
            self.typical = self.counts.index[0]
            self.total = len(values)

    def surprise(self, cell: Any) -> float:
        """How much less usual this value is than the typical one, in nats."""
        if self.is_number:
            distance = (cell - self.typical) / self.width
            return 0.0 if np.isnan(distance) else float(min(FARTHEST, 0.5 * distance**2))
        return float(np.log((float(self.counts.iloc[0]) + 0.5) / (float(self.counts.get(cell, 0)) + 0.5)))


class _Table:
    """The columns of any tabular X that may be distinctive, cell by cell."""

    def __init__(self, evidence: Evidence) -> None:
        self.X = evidence.data.X
        wanted = [
            position for position, column in enumerate(evidence.columns) if column.kind not in ("text", "nested", "id")
        ]
        wanted = [position for position in wanted if evidence.columns[position].kind != "constant"]
        if len(wanted) > CANDIDATES:
            spread = _between(evidence, wanted)
            wanted = sorted(wanted[j] for j in np.argsort(-spread, kind="stable")[:CANDIDATES])
        self.positions = wanted
        self.names = [evidence.columns[position].name for position in wanted]
        kinds = [evidence.columns[position].kind for position in wanted]
        self.numeric = [kind in ("numeric", "boolean") or not hasattr(self.X, "iloc") for kind in kinds]

    def distributions(self, rows: Ints) -> list[_Distribution]:
        """Every column among these rows."""
        if not hasattr(self.X, "iloc"):
            return [_Distribution(values, True) for values in _dense(self.X[rows][:, self.positions]).T]
        frame = self.X.iloc[rows]
        return [
            _Distribution(_column(frame, name, number), number)
            for name, number in zip(self.names, self.numeric, strict=True)
        ]

    def cells(self, row: int) -> list[Any]:
        """One row's values."""
        if not hasattr(self.X, "iloc"):
            return list(_dense(self.X[[row]][:, self.positions])[0].tolist())
        frame = self.X.iloc[[row]]
        return [_column(frame, name, number)[0] for name, number in zip(self.names, self.numeric, strict=True)]


def _column(frame: Any, name: str, number: bool) -> Any:
    if number:
        return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return frame[name].astype(object).where(frame[name].notna(), "(missing)").astype(str).to_numpy()


def _between(evidence: Evidence, positions: list[int]) -> Floats:
    """How far the column means of hash-drawn rows with low and high codes lie apart, in standard deviations."""
    drawn = hashed_order(0, evidence.data.ids, "columns")[:TYPICAL_OF]
    if hasattr(evidence.data.X, "iloc"):
        frame = evidence.data.X.iloc[drawn]
        values = np.column_stack([pd.factorize(frame.iloc[:, position])[0] for position in positions]).astype(
            np.float64
        )
    else:
        values = _dense(evidence.data.X[drawn][:, positions])
    codes = np.asarray(evidence.target.codes[drawn], dtype=np.float64)
    high = codes > np.median(codes) if evidence.target.classes is None else codes == codes.max()
    if high.all() or not high.any():
        return np.asarray(np.nanstd(values, axis=0))
    apart = np.abs(np.nanmean(values[high], axis=0) - np.nanmean(values[~high], axis=0))
    return np.nan_to_num(apart / np.maximum(np.nanstd(values, axis=0), 1e-12))


def _dense(values: Any) -> Floats:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def _plain(value: Any) -> Any:
    """A cell as JSON holds it: four significant digits, whole numbers without a point, nothing for NaN."""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return "(missing)"
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 1e15 else float(f"{number:.4g}")
    return str(value)
