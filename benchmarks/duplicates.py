"""What SW102 says of duplicates in real tables, and how many planted copies it finds, by severity.

    python benchmarks/duplicates.py         # some minutes on one core
    python benchmarks/duplicates.py --only real

Every table beside the shared data (SAMPLEWISE_DATA names its sibling `data`) is audited for SW102 alone, with the
columns, groups and times that an expert leaves out of the features; without the tables nothing is measured, and the
reason is printed. Then a fiftieth of the rows of 14 tables is copied and appended: whole rows, with another label, or
with one cell changed. A copy is found where a finding names it.
"""

import argparse
import json
import os
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import samplewise
from samplewise.auditing.checks import sw102_duplicates
from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.quality.duplicates import duplicate_sets

RESULTS = Path(__file__).parent / "results" / "duplicates"
TABLES = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")).resolve().parent / "tables"
SEED = 0
COPIED = 0.02  # share of the rows that is copied
N_TABLES, FEWEST_ROWS, FEWEST_FEATURES = 14, 200, 4
KINDS = ("same label", "other label", "one cell changed")
SEVERITIES = ("error", "warning", "note")
SPEED_ROWS, SPEED_COLUMNS = 100_000, 20


def entries() -> list[dict[str, Any]]:
    """What the expert says of every table."""
    listed: list[dict[str, Any]] = json.loads((TABLES / "readings.json").read_text(encoding="utf-8"))
    return [entry for entry in listed if not entry.get("planted")]


def audited(entry: dict[str, Any], frame: pd.DataFrame) -> Any:
    """SW102 alone; groups with gaps, and times that cannot be read, are left out like an id."""
    roles = {role: [one["name"] for one in entry["readings"] if one["role"] == role] for role in _ROLES}
    left_out = [name for role in ("id", "drop", "leak") for name in roles[role]]
    groups = [name for name in roles["group"][:1] if frame[name].notna().all()]
    left_out += [name for name in roles["group"] if name not in groups]
    times = roles["time"][:1]
    task = entry["label"]["task"]
    given = {
        "label": entry["label"]["column"],
        "task": "auto" if task == "either" else task,
        "groups": groups[0] if groups else None,
        "checks": "SW102",
        "seed": SEED,
    }
    if times:
        try:
            return samplewise.audit(frame, time=times[0], drop_columns=left_out, **given)
        except InputError:
            left_out = [*left_out, *times]
    return samplewise.audit(frame, drop_columns=left_out, **given)


_ROLES = ("id", "drop", "leak", "group", "time", "feature")


def described(found: Any) -> list[dict[str, Any]]:
    """Every finding, in a line."""
    (outcome,) = [one for one in found.record.outcomes if one.code == "SW102"]
    if outcome.status == "failed":
        return [{"severity": "failed", "title": outcome.reason, "rows": 0}]
    return [
        {"severity": one.severity, "title": one.title, "rows": len(one.keys), "says": one.explanation}
        for one in found.findings
    ]


def real_tables() -> dict[str, Any]:
    """Findings of every table as it is."""
    rows = {}
    for entry in entries():
        frame = pd.read_csv(TABLES / entry["file"], skipinitialspace=True)
        try:
            rows[entry["table"]] = described(audited(entry, frame))
        except InputError as fault:
            rows[entry["table"]] = [{"severity": "refused", "title": str(fault).splitlines()[0], "rows": 0}]
    counts = Counter(one["severity"] for found in rows.values() for one in found)
    loud = Counter(one["severity"] for found in rows.values() for one in found[:1])
    return {
        "tables": len(rows),
        "findings": dict(counts),
        "tables_by_worst": dict(loud),
        "rows_named": {
            severity: sum(one["rows"] for found in rows.values() for one in found if one["severity"] == severity)
            for severity in SEVERITIES
        },
        "by_table": {name: found for name, found in rows.items() if found},
    }


def planted(frame: pd.DataFrame, entry: dict[str, Any], kind: str, seed: int) -> tuple[pd.DataFrame, int]:
    """The table with copies of some rows below it, and how many there are."""
    draw = np.random.default_rng(seed)
    label = entry["label"]["column"]
    known = np.flatnonzero(frame[label].notna().to_numpy())
    rows = draw.choice(known, max(3, round(COPIED * len(frame))), replace=False)
    copies = frame.iloc[rows].reset_index(drop=True)
    if kind == "other label":
        labels = frame[label].dropna()
        for row in range(len(copies)):
            others = _others(labels, copies.loc[row, label])
            copies.loc[row, label] = others.iloc[draw.integers(len(others))]
    elif kind == "one cell changed":
        features = [one["name"] for one in entry["readings"] if one["role"] == "feature"]
        for row in range(len(copies)):
            name = features[draw.integers(len(features))]
            values = frame[name].dropna()
            others = values[values != copies.loc[row, name]]
            if len(others):
                copies.loc[row, name] = others.iloc[draw.integers(len(others))]
    return pd.concat([frame, copies], ignore_index=True), len(copies)


def _large(entry: dict[str, Any]) -> bool:
    features = [one for one in entry["readings"] if one["role"] == "feature"]
    return entry["rows"] >= FEWEST_ROWS and len(features) >= FEWEST_FEATURES


def _others(labels: pd.Series, given: Any) -> pd.Series:
    """Labels that contradict the given one: other classes, or numbers a standard deviation away."""
    if pd.api.types.is_numeric_dtype(labels) and labels.nunique() > 20:
        return labels[(labels - given).abs() > labels.std()]
    return labels[labels != given]


def planted_tables() -> dict[str, Any]:
    """How many copies are named, by kind and by the severity of the finding that names them."""
    large = sorted(filter(_large, entries()), key=lambda one: str(one["table"]))
    chosen = np.sort(np.random.default_rng(SEED).choice(len(large), N_TABLES, replace=False))
    found: dict[str, Any] = {kind: {} for kind in KINDS}
    for place in chosen:
        entry = large[place]
        frame = pd.read_csv(TABLES / entry["file"], skipinitialspace=True)
        for number, kind in enumerate(KINDS):
            table, count = planted(frame, entry, kind, SEED + 100 * number + int(place))
            new = set(range(len(frame), len(table)))
            findings = audited(entry, table).findings
            named, left = {"copies": count}, set(new)
            for severity in SEVERITIES:
                keys = {key for one in findings if one.severity == severity for key in one.keys}
                named[severity] = len(left & keys)
                named[f"{severity}_rows"] = len(keys)
                left -= keys
            found[kind][entry["table"]] = named
    return found


def speed() -> dict[str, float]:
    """Processor seconds of the comparison of cells; the graph of nearest rows comes on top, and other checks share it.

    Half numbers, half categories, a hundredth of the rows twice; of fine cells, and of so coarse ones that they meet.
    """
    draw = np.random.default_rng(SEED)
    seconds = {}
    for name, levels in (("fine", 10**6), ("coarse", 4)):
        frame = pd.DataFrame(
            {f"x{place}": draw.integers(levels, size=SPEED_ROWS) / 7 for place in range(SPEED_COLUMNS // 2)}
            | {f"c{place}": draw.choice(list("abcdef"), SPEED_ROWS) for place in range(SPEED_COLUMNS // 2)}
        )
        copies = frame.iloc[: SPEED_ROWS // 100]
        data = Dataset(pd.concat([frame.iloc[len(copies) :], copies], ignore_index=True))
        start = time.process_time()
        duplicate_sets(data, data.columns, np.zeros((SPEED_ROWS, 1)), None)
        seconds[name] = round(time.process_time() - start, 1)
    return seconds


def page(figures: dict[str, Any]) -> str:
    """The figures as tables."""
    lines = []
    if "real" in figures:
        real = figures["real"]
        lines += [f"SW102 alone on {real['tables']} real tables as they are:", ""]
        lines += ["| severity | findings | rows named |", "|-|-|-|"]
        lines += [f"| {one} | {real['findings'].get(one, 0)} | {real['rows_named'][one]} |" for one in SEVERITIES]
        lines += ["", "Every finding:", ""]
        lines += [
            f"- {name}: {one['severity']}: {one['title']}" for name, found in real["by_table"].items() for one in found
        ]
    if "planted" in figures:
        lines += ["", f"Copies of 2 % of the rows of {N_TABLES} tables, each counted once, where it is loudest:", ""]
        lines += ["| kind | copies | error | warning | note | not named | tables with an error or warning |"]
        lines += ["|-|-|-|-|-|-|-|"]
        for kind, tables in figures["planted"].items():
            total = {one: sum(named[one] for named in tables.values()) for one in ("copies", *SEVERITIES)}
            missed = total["copies"] - sum(total[one] for one in SEVERITIES)
            loud = sum(named["error"] + named["warning"] > 0 for named in tables.values())
            numbers = " | ".join(str(total[one]) for one in ("copies", *SEVERITIES))
            lines.append(f"| {kind} | {numbers} | {missed} | {loud} of {len(tables)} |")
    if "seconds" in figures:
        lines += [
            "",
            f"Cells of {SPEED_ROWS:,} rows of {SPEED_COLUMNS} columns compared, without the neighbor graph:",
            "",
        ]
        lines += [f"- {name} cells: {seconds} s of processor time" for name, seconds in figures["seconds"].items()]
    return "\n".join(lines).strip() + "\n"


def main() -> None:
    """Measure, print and write the figures; without the tables print why not."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--only", choices=("real", "planted", "speed"))
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    if not (TABLES / "readings.json").exists():
        print(f"skipped: no tables at {TABLES}; SAMPLEWISE_DATA names the folder beside which they lie")
        return
    sw102_duplicates.rules = lambda evidence: {}  # what is found is measured, not what acting on it gains
    parts = {"real": real_tables, "planted": planted_tables, "speed": speed}
    figures: dict[str, Any] = {"samplewise": version("samplewise"), "seed": SEED}
    for name, measure in parts.items():
        if given.only in (None, name):
            figures["seconds" if name == "speed" else name] = measure()
    text = page(figures)
    written = json.dumps(figures, indent=1, ensure_ascii=False)
    given.out.with_suffix(".json").write_text(written + "\n", encoding="utf-8")
    given.out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
