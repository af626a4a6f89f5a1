"""Rows of a finding for a person to review: labels, picture, text or telling cells, nearest rows of each class."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.own_cells import OWN, OwnCells, cell_text
from samplewise.auditing.row_cells import plain
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.json_encoding import object_array
from samplewise.core.texts import shortened
from samplewise.core.values import Exhibit
from samplewise.data.images import Images

MOST_LISTED = 5000  # rows with id, labels, scores and their own columns
MOST_SHOWN = 60  # the first of them, with all a person needs to decide
OWN_COLUMNS = 12  # columns of the data beside every listed row
LETTERS = 2000  # of a text that is shown
CELL = 80  # characters of a cell among the own columns
PICTURE_SIDE = 96
BLOCK = 1024  # rows compared at once
NEAREST = ("nearest_given", "nearest_suggested")
TWIN = "nearest_twin"
MIDNIGHT = " 00:00:00"


def rows_exhibit(
    evidence: Evidence,
    title: str,
    positions: Array,
    *,
    finding: int | None = None,
    twins: Array | None = None,
    **columns: Any,
) -> Exhibit:
    """The rows of a finding, at most 5,000, the first 60 with what a person needs to decide about them.

    Args:
        evidence: the data they are from.   title: of the exhibit.
        positions: (k,) rows in the order they are to be shown.
        finding: place among the findings of the same outcome of the one whose rows these are.
        twins: (k,) the row that each is a duplicate of, -1 for none: shown in place of the nearest row of its class.
        columns: (k,) each, such as `probability` and `reason`; `suggested` holds class codes (or numbers) and decides
            which cells are telling and which neighbors are shown. Codes of -1, and NaN, mean "no suggestion".

    Returns:
        Exhibit of kind "rows": id, given, suggested and the columns passed of all listed rows; of the first 60, and
        empty beyond: thumbnail, text, telling (JSON of [column, value, typical value of the given class], the most
        unusual cell first), nearest_given and nearest_suggested with their thumbnails or with their cells in the same
        columns (JSON of [column, value]), or nearest_twin with its label; time and group; then `column: NAME` for up
        to twelve columns of the data.

    Cost: O(60 n d) for the neighbors, O(n d) for the typical values.
    """
    listed = np.asarray(positions, dtype=np.intp)[:MOST_LISTED]
    shown = listed[:MOST_SHOWN]
    passed = {name: np.asarray(values)[: len(listed)] for name, values in columns.items()}
    suggested = passed.pop("suggested", None)
    held: dict[str, Array] = {
        "id": evidence.data.ids[listed], "given": _written(evidence, evidence.target.codes[listed]),
    }  # fmt: skip
    if suggested is not None:
        held["suggested"] = _written(evidence, suggested)
        suggested = suggested[: len(shown)]
    telling = evidence.row_cells.telling(shown, suggested)
    if twins is not None:
        twins = np.asarray(twins, dtype=np.intp)[: len(shown)]
        pairs = zip(shown.tolist(), twins.tolist(), telling, strict=True)
        telling = [evidence.row_cells.apart(row, twin, places) for row, twin, places in pairs]
    details = _details(evidence, shown, suggested, telling, twins)
    held |= passed | {name: _padded(values, len(listed)) for name, values in details.items() if any(values)}
    own = OwnCells(evidence.data, evidence.other_columns)
    return Exhibit("rows", title, held | own_columns(own, listed, telling), finding=finding)


def _details(
    evidence: Evidence, shown: Ints, suggested: Array | None, telling: list[list[int]], twins: Ints | None
) -> dict[str, list[str]]:
    """Of every shown row, by column."""
    data, cells = evidence.data, evidence.row_cells
    pictures = isinstance(data.X, Images)
    found = {
        "thumbnail": _thumbnails(data.X, shown) if pictures else [],
        "text": _texts(evidence, shown),
        "telling": [
            json.dumps(cells.with_typical(*pair)) for pair in zip(shown.tolist(), telling, strict=True) if any(telling)
        ],
    }
    given = evidence.target.codes[shown]
    near = {
        name: _nearest(evidence, shown, codes)
        for name, codes in zip(NEAREST, (given if twins is None else None, suggested), strict=True)
        if codes is not None
    }
    if twins is not None:
        labels = _written(evidence, evidence.target.codes[twins]).tolist()
        found[f"{TWIN}_label"] = ["" if row < 0 else label for row, label in zip(twins, labels, strict=True)]
        near = {TWIN: twins} | near
    for name, nearest in near.items():
        found[name] = [str(data.ids[row]) if row >= 0 else "" for row in nearest]
        if pictures:
            found[f"{name}_thumbnail"] = _thumbnails(data.X, nearest)
        elif any(telling):
            pairs = zip(nearest.tolist(), telling, strict=True)
            found[f"{name}_cells"] = [json.dumps(cells.of(*pair)) if pair[0] >= 0 else "" for pair in pairs]
    for name, values in (("time", data.time), ("group", data.groups)):
        if values is not None:
            found[name] = _days([cell_text(value) for value in values[shown].tolist()])
    return found


def _days(texts: list[str]) -> list[str]:
    """Times as texts; days alone where every one is a midnight."""
    return [text.removesuffix(MIDNIGHT) for text in texts] if all(text.endswith(MIDNIGHT) for text in texts) else texts


def _padded(values: list[str], count: int) -> Array:
    """The entries of the shown rows, and nothing for those beyond."""
    return object_array([*values, *[""] * (count - len(values))])


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


def _thumbnails(images: Images, positions: Ints) -> list[str]:
    return [images.thumbnail(int(row), PICTURE_SIDE) if row >= 0 else "" for row in positions]


def _texts(evidence: Evidence, shown: Ints) -> list[str]:
    """The first text column, in full up to 2,000 characters."""
    names = [column.name for column in evidence.columns if column.kind == "text"]
    if not names or not hasattr(evidence.data.X, "iloc"):
        return []
    cells = evidence.data.X[names[0]].iloc[shown].fillna("").astype(str)
    return [cell if len(cell) <= LETTERS else cell[: LETTERS - 1] + "…" for cell in cells]


# ---- rows of a class ------------------------------------------------------------------------------------------------


def _nearest(evidence: Evidence, shown: Ints, codes: Array) -> Ints:
    """For every shown row the nearest other row of a class; -1 where there is none."""
    found = np.full(len(shown), -1)
    for code in np.unique(codes[~np.isnan(np.asarray(codes, dtype=np.float64))]):
        if evidence.target.classes is not None and code < 0:
            continue
        rows, others = np.flatnonzero(codes == code), evidence.row_cells.members(code.item())
        distances = _distances(evidence.space, shown[rows], others)
        distances[shown[rows][:, None] == others] = np.inf
        nearest = distances.argmin(axis=1)
        has_other = np.isfinite(distances[np.arange(len(rows)), nearest])
        found[rows[has_other]] = others[nearest[has_other]]
    return found


def _distances(space: Floats, rows: Ints, others: Ints) -> Floats:
    """(r, o) squared distances, less a constant of each row; block by block of the others to save memory and time."""
    points, distances = -2.0 * space[rows], np.empty((len(rows), len(others)))
    for start in range(0, len(others), BLOCK):
        block = space[others[start : start + BLOCK]]
        distances[:, start : start + BLOCK] = points @ block.T + np.einsum("ij,ij->i", block, block)
    return distances


# ---- the rows' own columns ------------------------------------------------------------------------------------------


def own_columns(own: OwnCells, listed: Ints, telling: Sequence[Sequence[int]] = ()) -> dict[str, Array]:
    """Up to twelve columns of the data, of more those that tell most about the shown rows, in their own order."""
    counts = Counter(place for places in telling for place in places)
    kept = [place for place, kind in enumerate(own.kinds) if kind != "constant"]
    chosen = sorted(sorted(kept, key=lambda place: -counts[place])[:OWN_COLUMNS])
    return {f"{OWN}{own.names[place]}": _short(own.values(place, listed)) for place in chosen}


def _short(values: Array) -> Array:
    """A column as an exhibit holds it: six digits of numbers, 80 characters of anything else."""
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind == "f":
        return np.array([value if np.isnan(value) else plain(value) for value in values], dtype=np.float64)
    texts = list(map(cell_text, values.tolist()))
    short = {text: shortened(text, CELL) for text in set(texts)}
    return object_array([short[text] for text in texts])
