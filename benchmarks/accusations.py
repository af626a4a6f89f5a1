"""How often labels of real tables are called wrong though they are right, and how many planted ones are found.

    python benchmarks/accusations.py                 # about an hour on one core; goes on where it was stopped
    python benchmarks/accusations.py --part real     # or guessed, fresh, planted
    python benchmarks/accusations.py --share 0/2     # every second run, for two processes

The tables and the expert's reading of them stand beside the shared data, in a folder named `tables` (SAMPLEWISE_DATA
names its sibling `data`); without it nothing is measured. Their labels are taken as right: an error or warning of SW201
is a false accusation. Ids, dropped columns and leaks are left out, groups and time are as the expert reads
them, rows are 1,200 at the most, no advice is tested.

- real: the label and the task of the expert; guessed: the task as samplewise reads it.
- fresh: other columns of the same tables as the label, at most five a table, in the order of a checksum of their name.
- planted: wrong labels in the tables with 100 labels or more, 5 and 10 %. Of classes: flip (to any other), oneway
  (the largest to the second). Of numbers: decimal (times or over ten), sign, permuted (among themselves).
"""

import argparse
import json
import os
import time
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

import samplewise
from samplewise.auditing import evidence as evidence_module
from samplewise.auditing import run as run_module
from samplewise.core.execution import SerialExecutor

RESULTS = Path(__file__).parent / "results" / "accusations"
RUNS = Path(os.environ.get("SAMPLEWISE_RUNS", "build")) / "accusations"
TABLES = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")).resolve().parent / "tables"
PARTS = ("planted", "real", "guessed", "fresh")  # in this order
MOST_ROWS, LEAST_PLANTED, FRESH, SEED = 1200, 100, 5, 20261130
LEFT_OUT = ("id", "drop", "leak")
ACCUSING = ("error", "warning")
SHARES = (0.05, 0.10)
LEARNED = 0.4  # skill with the labels as they are, from which a table's planted runs count as learned
KINDS = {"classification": ("flip", "oneway"), "regression": ("decimal", "sign", "permuted")}
TARGETS = {"real": (0.0, 2 / 52), "guessed": (0.0, 2 / 52), "fresh": (0.01, 0.05)}


def runs(entries: list[dict[str, Any]], parts: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every run, part by part: its name, and what it takes."""
    for part, entry in ((part, entry) for part in PARTS if part in parts for entry in entries):
        label, task = entry["label"]["column"], entry["label"]["task"]
        told = "auto" if task == "either" else task
        usual = {"entry": entry, "label": label}
        if part == "real":
            yield f"real {entry['table']}", usual | {"task": told}
        if part == "guessed":
            yield f"guessed {entry['table']}", usual | {"task": "auto", "as_told": f"real {entry['table']}"}
        if part == "fresh":
            for reading in fresh_labels(entry):
                kind = "regression" if reading["kind"] == "number" else "classification"
                yield f"fresh {entry['table']} {reading['name']}", {
                    "entry": entry, "label": reading["name"], "task": kind,
                }  # fmt: skip
        if part == "planted" and entry["rows"] >= LEAST_PLANTED:
            for kind in KINDS.get(told, ()):
                for share in SHARES:
                    yield f"planted {entry['table']} {kind} {share}", usual | {
                        "task": told, "plant": kind, "share": share,
                    }  # fmt: skip


def fresh_labels(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Feature columns that are to be the label, by a stated rule: at most five, in the order of their checksums."""
    usable = [
        reading
        for reading in entry["readings"]
        if reading["role"] == "feature" and reading["kind"] in ("number", "category", "ordinal")
    ]
    return sorted(usable, key=lambda one: zlib.crc32(f"{entry['table']}/{one['name']}".encode()))[:FRESH]


def audited(given: dict[str, Any], name: str) -> dict[str, Any]:
    """One audit as a line of results."""
    entry, label = given["entry"], given["label"]
    frame = pd.read_csv(TABLES / entry["file"], skipinitialspace=True)
    frame.columns = frame.columns.str.strip()
    roles = {reading["name"].strip(): reading["role"] for reading in entry["readings"]}
    frame = frame.drop(columns=[column for column in frame if roles.get(column) in LEFT_OUT and column != label])
    frame = frame[frame[label].notna()]
    draw = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    rows = np.random.default_rng([SEED, zlib.crc32(entry["table"].encode())]).permutation(len(frame))[:MOST_ROWS]
    frame = frame.iloc[np.sort(rows)].reset_index(drop=True)
    struck = np.zeros(len(frame), dtype=bool)
    if given.get("plant"):
        frame[label], struck = planted(frame[label], given["plant"], given["share"], draw)
    if given.get("as_told") and (told := _told(frame, label, given["as_told"])):
        return told | {"name": name, "part": "guessed", "as": told["name"]}
    named = {role: [c for c in frame if roles.get(c) == role and c != label] for role in ("group", "time")}
    options = {"groups": named["group"][:1], "time": named["time"][:1]}
    found = audit(frame, label, given["task"], {key: value[0] for key, value in options.items() if value})
    line = {"name": name, "part": name.split(" ", 1)[0], "rows": len(frame)} | found
    if given.get("plant") and "wrong" in found:
        ids, beside, before = (
            np.isin(np.arange(len(frame)), found.get(name, ())) for name in ("listed", "beside", "flagged")
        )
        line |= {
            "plant": given["plant"], "share": given["share"], "struck": int(struck.sum()),
            "found": int((ids & struck).sum()), "false": int((ids & ~struck).sum()),
            "found_beside": int((beside & struck).sum()), "false_beside": int((beside & ~struck).sum()),
            "found_before": int((before & struck).sum()), "false_before": int((before & ~struck).sum()),
            "average_precision": float(average_precision_score(struck, found["wrong"])),
        }  # fmt: skip
    line |= {name: len(found.get(name, ())) for name in ("listed", "beside")}
    for name in ("wrong", "flagged"):
        line.pop(name, None)
    return line


def _told(frame: Any, label: str, name: str) -> dict[str, Any] | None:
    """The run with the expert's task, where samplewise reads the same task: the same audit would be made again."""
    same = next((line for line in _lines() if line["name"] == name and "status" in line), None)
    if same is None:
        return None
    read = samplewise.audit(frame, label=label, checks="SW101").record.data["task"]
    return same if read == same["task_read"] else None


def planted(labels: Any, kind: str, share: float, draw: np.random.Generator) -> tuple[Any, Any]:
    """The labels with a share of them made wrong, and which those are."""
    values = labels.to_numpy(copy=True)
    struck = np.zeros(len(values), dtype=bool)
    if kind in ("flip", "oneway"):
        classes, counts = np.unique(values.astype(str), return_counts=True)
        order = np.argsort(-counts)
        names = pd.Series(values).groupby(values.astype(str)).first()
        if kind == "oneway":
            largest = np.flatnonzero(values.astype(str) == classes[order[0]])
            struck[draw.choice(largest, min(len(largest), round(share * len(values))), replace=False)] = True
            values[struck] = names[classes[order[1]]]
        else:
            struck[draw.choice(len(values), round(share * len(values)), replace=False)] = True
            for row in np.flatnonzero(struck):
                others = classes[classes != str(values[row])]
                values[row] = names[others[draw.integers(len(others))]]
        return values, struck
    numbers = labels if labels.dtype.kind in "iuf" else pd.to_numeric(labels.str.replace(",", ""), errors="coerce")
    values = numbers.to_numpy(dtype=np.float64, copy=True)
    struck[draw.choice(len(values), round(share * len(values)), replace=False)] = True
    if kind == "decimal":
        changed = values[struck] * draw.choice([10.0, 0.1], struck.sum())
    else:
        changed = -values[struck] if kind == "sign" else draw.permutation(values[struck])
    values[struck], before = changed, values[struck]
    struck[struck] = np.isfinite(before) & (changed != before)
    return values, struck


def audit(frame: Any, label: str, task: str, options: dict[str, Any]) -> dict[str, Any]:
    """What the three checks say, the rule of the gate, and seconds."""
    kept: list[Any] = []
    flagged: list[Any] = []

    def judged(*given: Any) -> Any:
        kept.append(judge(*given))
        flagged.append(given[0].data.ids[given[1].flagged])
        return kept[-1]

    judge, evidence_module.judge = evidence_module.judge, judged
    started = time.perf_counter()
    try:
        record = samplewise.audit(
            frame, label=label, task=task, checks="SW201,SW501,SW503", seed=0, executor=SerialExecutor(), **options
        ).record
    except samplewise.InputError as refused:
        return {"refused": str(refused)[:200]}
    finally:
        evidence_module.judge = judge
    worst = next((one for one in record.findings() if one.code == "SW201"), None)
    said = {
        "task_read": record.data["task"], "severity": worst.severity if worst else "",
        "title": worst.title if worst else "", "seconds": round(time.perf_counter() - started, 1),
        "other_findings": [
            f"{one.code} {one.severity} {one.title}" for one in record.findings() if one.code != "SW201"
        ],
    }  # fmt: skip
    if kept:
        one = kept[0]
        said["flagged"] = flagged[0].tolist()
        said |= {
            "rule": one.rule, "sentence": one.sentence, "disputed": one.disputed, "skill": round(one.skill.value, 3),
            "claim": None if one.claim is None else [round(v, 4) for v in (one.claim.value, one.claim.low)],
            "listed": np.asarray(one.ids)[one.listed].tolist() if len(one.ids) else [],
            "beside": [key for rows in (one.unexplained, one.slipped) if rows.any()
                       for key in np.asarray(one.ids)[rows].tolist()],
        }  # fmt: skip
    outcome = record.outcome("SW201")
    said["status"] = outcome.status if outcome.status != "failed" else f"failed: {outcome.reason}"
    scores = record.scores()
    if "wrong_label" in scores:
        said["wrong"] = np.zeros(len(frame))  # rows whose label cannot be read are not scored
        said["wrong"][np.asarray(scores["wrong_label"].keys)] = np.nan_to_num(scores["wrong_label"].values)
    return said


def without_advice(evidence: Any, outcomes: Any, prices: Any) -> Any:
    """Outcomes as they are: testing remedies takes most of an audit and says nothing about accusations."""
    return outcomes


def summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures, and every run that fails."""
    out: dict[str, Any] = {"samplewise": version("samplewise")}
    for part in ("real", "guessed", "fresh"):
        some = [line for line in lines if line["part"] == part and line.get("status") in ("found", "clean")]
        if not some:
            continue
        counts = {word: sum(line["severity"] == word for line in some) for word in (*ACCUSING, "note")}
        out[part] = {
            "judged": len(some), "refused": sum(line["part"] == part for line in lines) - len(some),
            "errors": counts["error"], "warnings": counts["warning"], "notes": counts["note"],
            "rows_in_errors_and_warnings": sum(line["listed"] for line in some if line["severity"] in ACCUSING),
            "rows_in_any_list": sum(line["listed"] + line["beside"] for line in some),
            "seconds": round(sum(line["seconds"] for line in some)),
            "target_errors_and_warnings": TARGETS[part],
        }  # fmt: skip
    planted_runs = [line for line in lines if line["part"] == "planted" and "struck" in line]
    skills = {line["name"].split(" ")[1]: line.get("skill") for line in lines if line["part"] == "real"}
    for kind in ("all", "learned", *(one for kinds in KINDS.values() for one in kinds)):
        some = [line for line in planted_runs if kind in ("all", "learned", line["plant"])]
        if kind == "learned":
            some = [line for line in some if (skills.get(line["name"].split(" ")[1]) or 0.0) >= LEARNED]
        accusing = [line for line in some if line["severity"] in ACCUSING]
        if some:
            struck = sum(line["struck"] for line in some)
            out[f"planted {kind}"] = {
                "runs": len(some), "errors_and_warnings": len(accusing),
                "errors": sum(line["severity"] == "error" for line in some),
                "precision_of_errors_and_warnings": _share(accusing, "found", "found", "false"),
                "found_in_errors_and_warnings": sum(line["found"] for line in accusing) / max(struck, 1),
                "found_in_any_list": sum(line["found"] + line["found_beside"] for line in some) / max(struck, 1),
                "found_in_lists_before": _share(some, "found_before", "struck"),
                "precision_of_lists_before": _share(some, "found_before", "found_before", "false_before"),
                "average_precision": float(np.mean([line["average_precision"] for line in some])),
            }  # fmt: skip
    out["rules"] = {
        part: pd.Series([line.get("rule", "") for line in lines if line["part"] == part]).value_counts().to_dict()
        for part in PARTS
    }
    out["failing"] = [
        {key: line.get(key) for key in ("name", "severity", "rule", "listed", "rows", "skill", "claim", "title")}
        for line in lines
        if line["part"] != "planted" and line.get("severity") in ACCUSING
    ]
    out["refused"] = {line["name"]: line["refused"] for line in lines if "refused" in line}
    out["failed"] = {line["name"]: line["status"] for line in lines if line.get("status", "").startswith("failed")}
    return out


def _share(lines: list[dict[str, Any]], hit: str, *of: str) -> float:
    total = sum(line[name] for line in lines for name in of)
    return sum(line[hit] for line in lines) / max(total, 1)


def page(figures: dict[str, Any]) -> str:
    """The figures as tables, and the failing runs below them."""
    text = ["Labels of real tables, taken as right; an error or a warning is a false accusation.", ""]
    text += ["| part | judged | errors | warnings | notes | rows in these | rows in any list |", "|-|-|-|-|-|-|-|"]
    for part in ("real", "guessed", "fresh"):
        if part in figures:
            one = figures[part]
            names = ("judged", "errors", "warnings", "notes", "rows_in_errors_and_warnings", "rows_in_any_list")
            text.append(f"| {part} | " + " | ".join(f"{one[name]:,}" for name in names) + " |")
    text += ["", "Planted wrong labels (learned: in tables whose labels as they are reach a skill of .4):", ""]
    text += [
        "| kind | runs | errors, warnings | precision of these | found in these | found in any list | "
        "disputed before the rules | precision of that | average precision |"
    ]
    text += ["|-|-|-|-|-|-|-|-|-|"]
    for name, one in figures.items():
        if name.startswith("planted "):
            shares = (
                "precision_of_errors_and_warnings", "found_in_errors_and_warnings", "found_in_any_list",
                "found_in_lists_before", "precision_of_lists_before", "average_precision",
            )  # fmt: skip
            row = " | ".join(f"{one[share]:.2f}" for share in shares)
            text.append(f"| {name.removeprefix('planted ')} | {one['runs']} | {one['errors_and_warnings']} | {row} |")
    text += ["", "Rules that decided:", ""]
    for part, counts in figures["rules"].items():
        text.append(f"- {part}: " + ", ".join(f"{rule or 'no finding'} {number}" for rule, number in counts.items()))
    text += ["", "False accusations:", ""]
    text += [f"- {one['name']}: {one['severity']}, {one['title']} (skill {one['skill']}, claim {one['claim']})"
             for one in figures["failing"]]  # fmt: skip
    text += ["", "Not judged:", ""] + [f"- {name}: {why}" for name, why in figures["refused"].items()]
    text += [f"- {name}: {why}" for name, why in figures["failed"].items()]
    return "\n".join(text) + "\n"


def main() -> None:
    """Measure what is not measured yet, then write the figures; without the tables print why not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--share", default="0/1", help="i/k: every k-th run, from the i-th")
    parser.add_argument("--only", default="", help="runs whose name contains this")
    given = parser.parse_args()
    if not (TABLES / "readings.json").exists():
        print(f"skipped: no tables at {TABLES}; SAMPLEWISE_DATA names the folder beside which they lie")
        return
    entries = json.loads((TABLES / "readings.json").read_text(encoding="utf-8"))
    RUNS.mkdir(parents=True, exist_ok=True)
    run_module.test_advice = without_advice
    first, step = map(int, given.share.split("/"))
    for number, (name, what) in enumerate(runs(entries, tuple(given.part or PARTS))):
        if number % step == first and given.only in name and name not in _names():
            line = audited(what, name)
            with (RUNS / f"{first}-of-{step}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=str) + "\n")
            print(name, line.get("severity"), line.get("rule"), line.get("listed"), line.get("refused", ""), flush=True)
    figures = summary(_lines())
    RESULTS.with_suffix(".json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(page(figures), encoding="utf-8")
    print(page(figures))


def _lines() -> list[dict[str, Any]]:
    """What has been measured."""
    return [json.loads(line) for file in sorted(RUNS.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]


def _names() -> set[str]:
    return {line["name"] for line in _lines()}


if __name__ == "__main__":
    main()
