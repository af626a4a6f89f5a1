"""Planted codes and slipped decimal points, leaks and ids on real tables: found, missed, and named without cause.

    python benchmarks/cells.py            # about three minutes on one core

The tables and an expert's reading of them lie beside the shared data, in a folder named `tables` (SAMPLEWISE_DATA names
its sibling `data`); without it nothing is measured, and the reason is printed. -999 and tenfold cells are planted into
14 tables per seed, seven cells a table: each in a column of its own draw, or all in one column. Thresholds were set on
other seeds of the same tables; the figures are of seeds 31 to 34. False columns are those of the unplanted tables in
which cells are named although the expert's reading has nothing there.
"""

import json
import os
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from samplewise import quality
from samplewise.data import Dataset, read_dataset
from samplewise.data.targets import describe_target
from samplewise.quality.label_made_of import label_made_of
from samplewise.quality.suspicious import cell_groups

RESULTS = Path(__file__).parent / "results" / "cells"
TABLES = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")).resolve().parent / "tables"
SEEDS, PLANTED_TABLES, PLANTED_CELLS = (31, 32, 33, 34), 14, 7
FEWEST_ROWS, FEWEST_COLUMNS, MEASURED = 200, 4, 20
KINDS = {"-999": lambda value: -999.0, "tenfold": lambda value: 10.0 * value}
ODD = ("sentinels", "spellings", "stray_words", "units", "number_in_disguise")  # what the reading says of a column
NEARLY_CERTAIN = ("alone", "strong")


def tables() -> list[tuple[dict[str, Any], Dataset]]:
    """Every reading with its table."""
    readings = json.loads((TABLES / "readings.json").read_text(encoding="utf-8"))
    return [(one, read_dataset(TABLES / one["file"], label=one["label"]["column"]).data) for one in readings]


def measured(data: Dataset) -> list[str]:
    """Numeric features with at least 20 different values."""
    numeric = [column.name for column in data.columns if column.role == "feature" and column.kind == "numeric"]
    return [name for name in numeric if data.X[name].nunique() >= MEASURED]


def planted(
    everything: list[Any], kind: str, seed: int, *, one_column: bool
) -> Iterator[tuple[Dataset, Any, set[Any]]]:
    """(data, frame with planted cells, {(row, column)}) of the tables drawn by a seed."""
    draw = np.random.default_rng(seed)
    able = [data for _, data in everything if len(data) >= FEWEST_ROWS and len(measured(data)) >= FEWEST_COLUMNS]
    for place in np.sort(draw.choice(len(able), PLANTED_TABLES, replace=False)):
        data, cells = able[place], set[Any]()
        frame, names = data.X.copy(), measured(able[place])
        always = str(draw.choice(names))
        for row in draw.permutation(len(data)).tolist():
            name = always if one_column else str(draw.choice(names))
            value = float(data.X[name].iloc[row])
            if np.isfinite(value) and value != 0:
                frame[name] = frame[name].astype(np.float64)
                frame.iloc[row, frame.columns.get_loc(name)] = KINDS[kind](value)
                cells.add((row, name))
            if len(cells) == PLANTED_CELLS:
                break
        yield data, frame, cells


def named(frame: Any, data: Dataset) -> set[tuple[int, str]]:
    """The cells that are named, by row and column."""
    groups = cell_groups(frame, data.columns, np.arange(len(data)))
    return {(row, group.column) for group in groups for row in group.ids.tolist()}


def largest(data: Dataset, name: str) -> float:
    """What a column reaches without planted cells."""
    return float(np.nanmax(data.X[name].to_numpy(dtype=np.float64)))


def planted_figures(everything: list[Any]) -> dict[str, Any]:
    """Planted cells found, by kind and by how they are spread."""
    figures: dict[str, Any] = {}
    for kind in KINDS:
        for one_column in (False, True):
            found = total = within = 0
            for seed in SEEDS:
                for data, frame, cells in planted(everything, kind, seed, one_column=one_column):
                    missed = cells - named(frame, data)
                    found, total = found + len(cells) - len(missed), total + len(cells)
                    within += sum(float(frame[name].iloc[row]) <= largest(data, name) for row, name in missed)
            where = "in one column of a table" if one_column else "scattered over the columns"
            figures[f"{kind}, {where}"] = {
                "found": found, "planted": total, "of_95": round(95 * found / total, 1), "missed_within": within,
            }  # fmt: skip
    return figures


def false_columns(everything: list[Any]) -> dict[str, Any]:
    """Columns in which cells are named although the reading has nothing there, by kind."""
    listed, columns = [], 0
    for reading, data in everything:
        odd = {one["name"] for one in reading["readings"] if any(one.get(name) for name in ODD)}
        columns += sum(column.role == "feature" for column in data.columns)
        for group in cell_groups(data.X, data.columns, np.arange(len(data))):
            if group.column not in odd:
                listed.append([reading["table"], group.column, group.kind, len(group.ids)])
    return {"columns": columns, "false": len({tuple(one[:2]) for one in listed}), "listed": listed}


def leak_figures(everything: list[Any]) -> dict[str, Any]:
    """Leaks that the reading calls nearly certain, and columns named although the reading calls them no leak."""
    found, missed, false, by_meaning = [], [], [], []
    for reading, data in everything:
        labeled = data.take(np.flatnonzero(~data.unlabeled()))
        task = reading["label"]["task"]
        leaks = {one["name"]: one["leak"]["how"] for one in reading["readings"] if "leak" in one}
        try:
            skill = quality.column_skill(labeled, task="auto" if task == "either" else task)
        except ValueError:  # a label that cannot be read as the reading has it, or no column to learn from
            continue
        told = {*skill.gives_label_away.tolist(), *skill.questionable.tolist()}
        if not skill.guess:
            made = label_made_of(labeled.X, labeled.columns, describe_target(labeled.y, "regression"), sorted(told))
            told |= set(made.names) if made else set()
        for name in sorted(told | set(leaks)):
            entry = [reading["table"], name]
            if leaks.get(name) in NEARLY_CERTAIN:
                (found if name in told else missed).append(entry)
            elif name in told:
                (by_meaning if name in leaks else false).append(entry)
    return {"found": found, "missed": missed, "known_by_meaning": by_meaning, "false": false}


def id_figures(everything: list[Any]) -> dict[str, Any]:
    """Ids of the reading that are left out or reported, and columns called ids that the reading calls features."""
    found, missed, false = [], [], []
    for reading, data in everything:
        listed = set(quality.id_or_date_columns(data).id_like.tolist())
        for one in reading["readings"]:
            entry, name = [reading["table"], one["name"]], one["name"].strip()
            if one["kind"] == "id" and one["role"] in ("id", "drop"):
                (found if name in listed else missed).append(entry)
            elif name in listed and one["role"] == "feature" and "id" not in one["accept_kinds"]:
                false.append(entry)
    return {"found": found, "missed": missed, "false": false}


def page(figures: dict[str, Any], seconds: float) -> str:
    """The figures as tables."""
    lines = [f"{figures['tables']} real tables, in {seconds:.0f} s.", ""]
    lines += ["| planted | found | of 95 | missed, no larger than the column reaches |", "|-|-|-|-|"]
    lines += [
        f"| {kind} | {one['found']} of {one['planted']} | {one['of_95']} | {one['missed_within']} |"
        for kind, one in figures["planted"].items()
    ]
    cells = figures["false_columns"]
    lines += [
        "",
        f"Columns with named cells where the reading has nothing: {cells['false']} of {cells['columns']}.",
        "",
    ]
    lines += [f"- {table}, {column}: {kind}, {count}" for table, column, kind, count in cells["listed"]]
    for name in ("leaks", "ids"):
        one = figures[name]
        counts = ", ".join(f"{key.replace('_', ' ')} {len(value)}" for key, value in one.items())
        lines += ["", f"{name.capitalize()}: {counts}.", ""]
        lines += [f"- {key.replace('_', ' ')}: {table}, {column}" for key in one for table, column in one[key]]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the figures; without the tables print why not."""
    if not (TABLES / "readings.json").exists():
        print(f"skipped: no tables at {TABLES}; SAMPLEWISE_DATA names the folder beside which they lie")
        return
    start, everything = time.time(), tables()
    figures = {
        "samplewise": version("samplewise"),
        "tables": len(everything),
        "planted": planted_figures(everything),
        "false_columns": false_columns(everything),
        "leaks": leak_figures(everything),
        "ids": id_figures(everything),
    }
    RESULTS.with_suffix(".json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text = page(figures, time.time() - start)
    RESULTS.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
