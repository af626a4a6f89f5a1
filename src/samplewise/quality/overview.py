"""What a data set looks like, as plain JSON of few bytes: every column, the pairs that go together, some rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.core.randomness import hashed_order
from samplewise.core.texts import key_text, shortened
from samplewise.data.columns import Column, describe_columns
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.targets import Target
from samplewise.data.text_columns import converted_columns
from samplewise.quality.cells import numbers_of
from samplewise.quality.column_summary import Json, category_summary, cell_text, number_summary, summary_of
from samplewise.quality.strongest_pairs import strongest_pairs

pd = lazy_loader.load("pandas")

MOST_COLUMNS = 2_000  # that are summarized, in their order
MOST_CELLS = 10_000_000  # of which fewer rows are summarized, drawn at random
FEWEST_DRAWN = 5_000
SAMPLE_ROWS = 10
SAMPLE_COLUMNS = 20
THUMBNAIL = 64
NAME = 120  # letters of a column's name


def overview_of(
    data: Dataset, target: Target, label: str, *, beside: Any | None = None, roles: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Json:  # fmt: skip
    """What a page shows of the data before anything is said about it.

    Args:
        data: n rows.   target: their labels as codes.   label: its name.
        beside: frame of n rows, columns that are neither features nor the label.
        roles: of these columns, by name, as a word: "id", "groups", "time", ...
        seed: draws the rows that are shown.

    Returns:
        `rows`; `drawn`, the rows that were summarized; `label` and `columns`, one summary each (`column_summary`);
        `more_columns`, the number of those left out; `pairs`, those that go together most; `sample`, ten rows; of
        pictures their size and ten of them in `pictures`. Whatever the order of the rows, it is the same.

    Cost: O(n d log n); 2 s for 100,000 rows of 20 columns, 5 s for 5,000 rows of 2,000 columns.

    >>> from samplewise.data.targets import describe_target
    >>> found = overview_of(Dataset([[1.0], [2.0], [3.0], [4.0]], list("abab")), describe_target(list("abab")), "kind")
    >>> found["label"]["values"], found["columns"][0]["numbers"]["mean"]
    ([['a', 2], ['b', 2]], 2.5)
    """
    order = hashed_order(seed, data.ids, "overview")
    overview: Json = {"rows": len(data), "label": _label_summary(target, label)}
    if isinstance(data.X, Images):
        return overview | {"drawn": len(data), "columns": [], "pictures": _pictures(data, target, order)}
    listed = [*_features(data), *_beside(beside, roles or {})]
    shown = listed[:MOST_COLUMNS]
    kept = max(MOST_CELLS // max(len(shown), 1), FEWEST_DRAWN)
    rows = np.sort(order[:kept])
    drawn = np.searchsorted(rows, order[:kept])
    columns: list[Json] = []
    compared = _Compared({}, {})
    for column, values in ((column, _taken(read(), rows)) for column, read in shown):
        columns.append(summary_of(values, column, drawn))
        compared.add(column, values)
    compared.add_label(target, rows, label)
    pairs = strongest_pairs(compared.numbers, compared.categories, drawn)
    return overview | {
        "drawn": len(rows),
        "columns": columns,
        "more_columns": len(listed) - len(shown),
        "pairs": asdict(pairs) | {"pairs": [asdict(pair) for pair in pairs.pairs]},
        "sample": _sample(data, target, label, shown, order[:SAMPLE_ROWS]),
    }


def without_cells(overview: Json, task: str) -> Json:
    """An overview without cells: counts, shares, means and names of columns and classes stay, also of a histogram.

    >>> without_cells({"label": None, "columns": [{"name": "a", "values": [["x", 2]]}]}, "regression")["columns"]
    [{'name': 'a', 'values': [['', 2]]}]
    """
    stripped = {name: part for name, part in overview.items() if name != "sample"}
    if "failed" in overview:
        return {"failed": str(overview["failed"]).partition(":")[0]}  # the message of an error may quote cells
    stripped["columns"] = [_stripped(column) for column in overview.get("columns") or []]
    if overview.get("label") and task == "regression":  # there a label is a cell like any other
        stripped["label"] = _stripped(overview["label"])
    if overview.get("pictures"):
        stripped["pictures"] = {name: part for name, part in overview["pictures"].items() if name != "shown"}
    return stripped


def _stripped(summary: Json) -> Json:
    kept = {name: part for name, part in summary.items() if name not in ("values", "examples", "dates", "numbers")}
    if "values" in summary:
        kept["values"] = [["", count] for _, count in summary["values"]]
    if "numbers" in summary:
        kept["numbers"] = {"mean": summary["numbers"]["mean"]}
    if "histogram" in summary and "lengths" not in summary:  # the lengths of texts are no cells
        kept["histogram"] = {
            name: part for name, part in summary["histogram"].items() if name not in ("low", "high", "step")
        }
    return kept


# ---- columns --------------------------------------------------------------------------------------------------------

Listed = tuple[Column, Callable[[], Any]]  # a column and how its values are had, one column at a time


@dataclass(frozen=True, slots=True)
class _Compared:
    """The columns whose pairs are compared: numbers with NaN for gaps, codes of categories with -1."""

    numbers: dict[str, Floats]
    categories: dict[str, Ints]

    def add(self, column: Column, values: Any) -> None:
        if column.kind == "numeric":
            held = numbers_of(values)
            self.numbers[column.name] = np.where(np.isfinite(held), held, np.nan)
        elif column.kind in ("category", "ordinal", "boolean"):
            self.categories[column.name] = np.asarray(pd.factorize(values)[0], dtype=np.intp)

    def add_label(self, target: Target, rows: Ints, label: str) -> None:
        name = f"{label} (label)" if label in self.numbers or label in self.categories else label
        if target.classes is None:
            self.numbers[name] = np.asarray(target.codes[rows], dtype=np.float64)
        else:
            self.categories[name] = np.asarray(target.codes[rows], dtype=np.intp)


def _features(data: Dataset) -> Iterator[Listed]:
    """Every column of the features; names are cut to what a page shows."""
    X = data.X.tocsc() if hasattr(data.X, "tocsc") else data.X
    for place, column in enumerate(data.columns):
        yield replace(column, name=shortened(column.name, NAME)), partial(_column, X, place)


def _beside(frame: Any | None, roles: Mapping[str, str]) -> Iterator[Listed]:
    """Every column that is neither a feature nor the label, with its role as a word."""
    if frame is None:
        return
    table, done = converted_columns(frame)
    for place, column in enumerate(describe_columns(table, conversions=done)):
        role: Any = roles.get(column.name, column.role)
        yield replace(column, name=shortened(column.name, NAME), role=role), partial(_column, table, place)


def _column(X: Any, place: int) -> Any:
    if hasattr(X, "iloc"):
        return X.iloc[:, place]
    return X[:, [place]].toarray().ravel() if hasattr(X, "tocsc") else X[:, place]


def _taken(values: Any, rows: Ints) -> Any:
    if len(rows) == len(values):
        return values
    return values.iloc[rows] if hasattr(values, "iloc") else values[rows]


# ---- the label, and some rows ---------------------------------------------------------------------------------------


def _label_summary(target: Target, label: str) -> Json:
    described: Json = {"name": shortened(label, NAME), "role": "label", "missing": 0}
    if target.classes is None:
        return described | {"kind": "numeric"} | number_summary(np.asarray(target.codes, dtype=np.float64))
    counts = np.bincount(target.codes, minlength=len(target.classes)).tolist()
    named = dict(zip(map(key_text, target.classes.tolist()), counts, strict=True))
    return described | {"kind": "category"} | category_summary(named)


def _labels(target: Target, rows: Ints) -> list[str]:
    if target.classes is None:
        return [cell_text(float(code)) for code in target.codes[rows]]
    return [shortened(key_text(target.classes[code]), NAME) for code in target.codes[rows]]


def _sample(data: Dataset, target: Target, label: str, listed: list[Listed], rows: Ints) -> Json:
    """Rows drawn by their ids, with the first columns and the label."""
    shown = listed[:SAMPLE_COLUMNS]
    cells = [list(map(cell_text, _present(_taken(read(), rows)))) for _, read in shown]
    return {
        "ids": [key_text(key) for key in data.ids[rows].tolist()],
        "columns": [*(column.name for column, _ in shown), shortened(label, NAME)],
        "rows": [list(row) for row in zip(*cells, _labels(target, rows), strict=True)],
    }


def _present(values: Any) -> list[Any]:
    """The values as a list, with an empty text for what is missing."""
    if not hasattr(values, "iloc"):
        return list(values.tolist())
    return ["" if gone else value for value, gone in zip(values.tolist(), values.isna().tolist(), strict=True)]


def _pictures(data: Dataset, target: Target, order: Ints) -> Json:
    """The size of the pictures, and ten of them."""
    rows = order[:SAMPLE_ROWS]
    labels = _labels(target, rows)
    shown = [
        [key_text(data.ids[row]), label, data.X.thumbnail(int(row), THUMBNAIL)]
        for row, label in zip(rows.tolist(), labels, strict=True)
    ]
    return {"height": data.X.height, "width": data.X.width, "channels": data.X.channels, "shown": shown}
