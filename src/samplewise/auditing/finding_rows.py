"""Rows for every finding about rows: what a check does not show of them itself is added when it has ended."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.own_cells import OwnCells
from samplewise.auditing.row_exhibit import MOST_LISTED, own_columns, rows_exhibit
from samplewise.auditing.row_facts import Facts, row_facts
from samplewise.core.arrays import Array, Ints
from samplewise.core.findings import CheckResult, Finding
from samplewise.core.json_encoding import as_column
from samplewise.core.values import Exhibit


def with_rows(evidence: Evidence, result: CheckResult) -> CheckResult:
    """The same result with an exhibit of the rows of every finding about rows; those of the check stay.

    Cost: as `rows_exhibit`, for every finding about rows.
    """
    shown = {exhibit.finding for exhibit in result.exhibits if exhibit.kind == "rows"}
    missing = [
        (place, finding)
        for place, finding in enumerate(result.findings)
        if finding.axis == "row" and finding.keys and place not in shown
    ]
    if not missing:
        return result
    positions = {key: position for position, key in enumerate(evidence.data.ids.tolist())}
    made = (_rows_of(evidence, result, place, finding, positions) for place, finding in missing)
    return replace(result, exhibits=(*result.exhibits, *made))


def of_open_keys(exhibit: Exhibit, findings: Sequence[Finding]) -> Exhibit:
    """The rows of an exhibit that its finding still is about, once others were accepted."""
    if exhibit.finding is None or findings[exhibit.finding].axis != "row":
        return exhibit
    named = set(map(str, findings[exhibit.finding].keys))
    kept = np.array([str(key) in named for key in exhibit.columns["id"].tolist()], dtype=bool)
    return replace(exhibit, columns={name: values[kept] for name, values in exhibit.columns.items()})


def _rows_of(
    evidence: Evidence, result: CheckResult, place: int, finding: Finding, positions: dict[Any, int]
) -> Exhibit:
    keys = finding.keys[:MOST_LISTED]
    facts = row_facts(result, place, keys)
    columns = {name: _column(values, keys) for name, values in facts.items() if name != "suggested"}
    if not all(key in positions for key in keys):  # set aside before the audit: no model and no distance knows them
        held = {"id": as_column(keys)} | columns | _cells_aside(evidence.given_rows, keys)
        return Exhibit("rows", finding.title, held, finding=place)
    if "suggested" in facts:
        columns["suggested"] = _codes(evidence, facts, keys)
    at = np.array([positions[key] for key in keys], dtype=np.intp)
    twins = _twins(at, [facts["set"].get(str(key)) for key in keys]) if "set" in facts else None
    return rows_exhibit(evidence, finding.title, at, finding=place, twins=twins, **columns)


def _twins(rows: Ints, sets: Sequence[Any]) -> Ints:
    """For every row the first other one of its set of duplicates, -1 where there is none."""
    members: dict[Any, list[int]] = {}
    for row, number in zip(rows.tolist(), sets, strict=True):
        members.setdefault(number, []).append(row)
    others = ([twin for twin in members[number][:2] if twin != row] for row, number in zip(rows, sets, strict=True))
    known = (twins if number is not None else [] for twins, number in zip(others, sets, strict=True))
    return np.array([twins[0] if twins else -1 for twins in known], dtype=np.intp)


def _cells_aside(given: OwnCells | None, keys: Sequence[Any]) -> dict[str, Array]:
    """The own columns of rows that may have been set aside."""
    at = {} if given is None else {key: position for position, key in enumerate(given.ids.tolist())}
    if given is None or not all(key in at for key in keys):
        return {}
    return own_columns(given, np.array([at[key] for key in keys], dtype=np.intp))


def _column(values: dict[str, Any], keys: Sequence[Any]) -> Array:
    """One entry a row; nothing where the check says nothing of it."""
    empty: Any = "" if any(isinstance(value, str) for value in values.values()) else float("nan")
    return as_column([values.get(str(key), empty) for key in keys])


def _codes(evidence: Evidence, facts: Facts, keys: Sequence[Any]) -> Array:
    """Suggested labels as codes, -1 for none; of a regression as numbers, NaN for none."""
    classes, named = evidence.target.classes, facts["suggested"]
    if classes is None:
        return np.array([named.get(str(key), np.nan) for key in keys], dtype=np.float64)
    codes = {value: code for code, value in enumerate(classes.tolist())}
    return np.array([codes.get(named.get(str(key)), -1) for key in keys], dtype=np.intp)
