"""The planted defects of `reading.py` through other tools that look at a table; found, missed, false.

    python benchmarks/reading_peers.py [FOLDER [TOOL ...]]    # about ten minutes, more where environments are made

Every tool runs in an environment of its own in FOLDER (default: samplewise-peers in the temporary folder), which is
made with pip where it is not there. What cannot be installed or run is listed with the reason.

The rule is the same for all tools, and takes their side where it can. A tool is shown every table twice, as it is and
with the defect. A defect is found where the tool says something about the column (or, in tools that speak of rows,
about at least half of the changed rows) that it does not say of the table without the defect; or, where the defect
hides what a column is, where the tool takes the column for what it is; or, where it is one of the file, where the rows
and columns that the tool sees are right. Either is enough. False is whatever a tool newly says about other columns, or,
of an issue about rows, mostly about rows that were not changed. The tools other than samplewise take frames:
`pandas.read_csv` reads the file for them. Each is run as its own tutorial for tables does.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from reading import PEERS, TABLES, peers_table

LIMIT = 1800  # seconds a tool may take

COMMON = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd

def frame_of(job):
    frame = pd.read_csv(job["path"])
    for column in (job["recipe"] or {}).get("mixed", ()):
        values = frame[column].tolist()
        frame[column] = pd.Series([v if row % 2 else str(v) for row, v in enumerate(values)], dtype=object)
    return frame

def is_shifted(frame):
    return not isinstance(frame.index, pd.RangeIndex)  # a column was taken for names of rows

def main(look):
    for job in json.load(sys.stdin):
        try:
            said = look(job)
        except Exception as fault:
            said = {"refused": f"{type(fault).__name__}: {' '.join(str(fault).split())[:200]}"}
        print("@@" + json.dumps({"job": job["name"], **said}, default=str), flush=True)
"""

YDATA = """
from ydata_profiling import ProfileReport

def look(job):
    frame = frame_of(job)
    report = ProfileReport(frame, progress_bar=False, correlations=None, interactions=None, missing_diagrams=None)
    found = report.get_description()
    columns = {}
    for alert in found.alerts:
        columns.setdefault(str(alert.column_name), []).append(alert.alert_type.name)
    rows = {"DUPLICATES": frame.index[frame.duplicated(keep=False)].tolist()}
    rows = rows if any("DUPLICATES" in named for named in columns.values()) else {}
    kinds = {str(name): str(about["type"]) for name, about in found.variables.items()}
    named = {"Numeric": "number", "DateTime": "date", "Boolean": "category", "Categorical": "category", "Text": "text"}
    kinds = {name: named.get(kind, kind) for name, kind in kinds.items()}
    return {"columns": columns, "rows": rows, "kinds": kinds, "shape": list(frame.shape), "shifted": is_shifted(frame)}

main(look)
"""

DEEPCHECKS = """
from deepchecks.tabular import Dataset
from deepchecks.tabular.suites import data_integrity

def look(job):
    frame = frame_of(job)
    about = Dataset(frame, label=job["label"])
    columns, rows = {}, {}
    for result in data_integrity().run(about, with_display=False).results:
        if not hasattr(result, "conditions_results"):
            continue
        failed = [one for one in result.conditions_results if not one.is_pass()]
        name = type(result.check).__name__
        if not failed:
            continue
        text = " ".join(one.details for one in failed)
        for column in frame.columns:
            if f"'{column}'" in text:
                columns.setdefault(str(column), []).append(name)
        if name == "DataDuplicates":
            rows[name] = frame.index[frame.duplicated(keep=False)].tolist()
    kinds = {name: "number" for name in about.numerical_features} | {name: "category" for name in about.cat_features}
    label = frame[job["label"]]
    kinds[job["label"]] = "number" if pd.api.types.is_numeric_dtype(label) else "category"
    return {"columns": columns, "rows": rows, "kinds": kinds, "shape": list(frame.shape), "shifted": is_shifted(frame)}

main(look)
"""

DATALAB = """
import contextlib, os
from cleanlab import Datalab
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

def look(job):
    frame = frame_of(job)
    label = frame.pop(job["label"])
    known = label.notna().to_numpy()
    numbers = [name for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    words = [name for name in frame if name not in numbers and frame[name].nunique() <= 100]
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
    )
    frame[words] = frame[words].astype(str)
    features = np.nan_to_num(encode.fit_transform(frame[known]))
    classes = not pd.api.types.is_numeric_dtype(label) or job["task"] == "classification"
    y = label[known].astype(str).to_numpy() if classes else label[known].to_numpy(dtype=float)
    with contextlib.redirect_stdout(open(os.devnull, "w")):
        lab = Datalab({"y": y}, label_name="y", task="classification" if classes else "regression")
        given = {}
        if not classes:
            given["pred_probs"] = cross_val_predict(HistGradientBoostingRegressor(), features, y)
        elif np.unique(y, return_counts=True)[1].min() >= 5:
            model = HistGradientBoostingClassifier()
            given["pred_probs"] = cross_val_predict(model, features, y, method="predict_proba")
        given["features"] = features
        lab.find_issues(**given)
    issues, places = lab.get_issues(), np.flatnonzero(known)
    rows = {name[3:-6]: places[issues[name].to_numpy()].tolist() for name in issues if name.endswith("_issue")}
    return {"columns": {}, "rows": rows, "kinds": {}, "shape": [len(label), frame.shape[1] + 1],
            "shifted": is_shifted(frame)}

main(look)
"""

SAMPLEWISE = """
import re
import samplewise

def without_counts(title):
    # the tables with a defect have fewer rows: the same finding about 381 rows and about 2,850 is the same
    return re.sub(r" \\(\\d[\\d,]* \\w+\\)", "", title)

def look(job):
    source = frame_of(job) if job["recipe"] else job["path"]
    record = samplewise.audit(source, label=job["label"], checks="SW101,SW102,SW105,SW106,SW107,SW108,SW109").record
    names = [one["name"] for one in record.data["columns"]] + [job["label"]]
    columns, rows = {}, {}
    for note in record.data["notes"]:
        for name in names:
            if note.startswith(f"{name}: "):
                columns.setdefault(name, []).append("note " + note)
    for question in record.data["questions"]:
        for name in names:
            if f"`{name}`" in question:
                columns.setdefault(name, []).append("question")
    for finding in record.findings():
        if finding.axis == "column":
            for name in finding.keys:
                columns.setdefault(str(name), []).append(finding.code + without_counts(finding.title))
        elif finding.axis == "row":
            rows[finding.code] = [int(key) for key in finding.keys]
        elif finding.axis in ("class", "data"):
            columns.setdefault(job["label"], []).append(finding.code + without_counts(finding.title))
    named = {"numeric": "number", "boolean": "category"}
    kinds = {one["name"]: named.get(one["kind"], one["kind"]) for one in record.data["columns"]}
    kinds[job["label"]] = "number" if record.data["task"] == "regression" else "category"
    shape = [record.data["rows"] + record.data["missing_labels"], len(record.data["columns"]) + 1]
    return {"columns": columns, "rows": rows, "kinds": kinds, "shape": shape, "shifted": False}

main(look)
"""

TOOLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "samplewise": (SAMPLEWISE, ()),
    "ydata-profiling": (YDATA, ("ydata-profiling", "setuptools<80")),
    "cleanlab": (DATALAB, ("cleanlab", "datasets")),
    "deepchecks": (DEEPCHECKS, ("deepchecks", "setuptools<80", "scikit-learn<1.6", "pandas<2.3", "numpy<2",
                                "category_encoders<2.7")),  # newer ones do not import
}  # fmt: skip


def environment(tool: str, packages: tuple[str, ...], folder: Path) -> Path:
    """The Python of a tool's own environment, made where it is not there; samplewise runs in this one."""
    if not packages:
        return Path(sys.executable)
    python = folder / tool / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / tool)], check=True, capture_output=True)
        install = [str(python), "-m", "pip", "install", "-q", *packages]
        subprocess.run(install, check=True, capture_output=True, text=True)
    return python


def answers(tool: str, jobs: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """What a tool says of every table, by the name of the job; raises what keeps it from running."""
    code, packages = TOOLS[tool]
    python = environment(tool, packages, folder)
    done = subprocess.run([str(python), "-c", COMMON + code], input=json.dumps(jobs), capture_output=True, text=True,
                          timeout=LIMIT, check=False)  # fmt: skip
    said = [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]
    if not said:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer")
    return {one["job"]: one for one in said}


def judged(
    variant: dict[str, Any], plain: dict[str, Any], planted: dict[str, Any], changed: set[int]
) -> dict[str, Any]:
    """Whether one defect is found, and how much is newly said about anything else."""
    if "refused" in planted:
        return {"found": False, "false": 0, "why": planted["refused"]}
    expect = variant["expect"]
    reports = [item["column"] for item in expect.get("report") or []]
    kinds = {**(expect.get("kinds") or {})}
    sized = {key: planted["shape"][place] for place, key in enumerate(("rows", "columns")) if key in expect}
    if variant["task"] == "regression" and not (kinds or reports or sized):
        kinds[variant["label"]] = "number"  # numbers in disguise in the label
    concerned = {*(name for name in reports if name), *kinds, *(expect.get("roles") or {})}
    before = {} if "refused" in plain else plain["columns"]
    new = {name: set(said) - set(before.get(name, ())) for name, said in planted["columns"].items()}
    told = any(new.get(name) for name in concerned)
    fresh = {issue: set(rows) - set(({} if "refused" in plain else plain["rows"]).get(issue, ()))
             for issue, rows in planted["rows"].items()}  # fmt: skip
    flagged = set().union(*fresh.values()) if fresh else set()
    told = told or bool(changed and reports and 2 * len(flagged & changed) >= len(changed))
    right = bool(kinds) and all(planted["kinds"].get(name) in ([kind] if isinstance(kind, str) else kind)
                                for name, kind in kinds.items())  # fmt: skip
    if sized:
        right = (right or not kinds) and all(size == expect[key] for key, size in sized.items())
        right = right and not planted["shifted"]
    elsewhere = sum(len(said) for name, said in new.items() if name not in concerned and name != "None")
    elsewhere += sum(2 * len(rows & changed) < len(rows) for rows in fresh.values() if rows)
    return {"found": bool(told or right), "false": elsewhere, "why": ""}


def changed_rows(variant: dict[str, Any], entry: dict[str, Any]) -> set[int]:
    """Rows of the planted table that differ from the table it was made of, or were added to it."""
    if variant["how"] != "path":
        return set()
    try:
        one, two = (pd.read_csv(TABLES / file, dtype=str) for file in (entry["file"], variant["file"]))
    except (ValueError, pd.errors.ParserError):
        return set()
    shared = [name for name in one if name in two]
    if len(one) != len(two):
        known = set(map(tuple, one[shared].fillna("").to_numpy()))
        twice = two.duplicated(subset=shared, keep=False)
        return {row for row, cells in enumerate(two[shared].fillna("").to_numpy())
                if tuple(cells) not in known or twice.iloc[row]}  # fmt: skip
    differ = one[shared].fillna("").to_numpy() != two[shared].fillna("").to_numpy()
    return set(differ.any(axis=1).nonzero()[0].tolist())


def measured(folder: Path, tools: list[str]) -> dict[str, Any]:
    """These tools on every defect, beside what was measured of the others before."""
    variants = json.loads((TABLES / "planted.json").read_text(encoding="utf-8"))
    entries = {entry["table"]: entry for entry in json.loads((TABLES / "readings.json").read_text(encoding="utf-8"))}
    jobs = []
    for variant in variants:
        shared = {"label": variant["label"].strip(), "task": variant["task"]}
        plain = str(TABLES / entries[variant["table"]]["file"])
        jobs.append({"name": f"plain {variant['variant']}", "path": plain, "recipe": None, **shared})
        planted = str(TABLES / variant["file"])
        jobs.append({"name": variant["variant"], "path": planted, "recipe": variant["recipe"], **shared})
    changed = {variant["variant"]: changed_rows(variant, entries[variant["table"]]) for variant in variants}
    found: dict[str, Any] = json.loads(PEERS.read_text(encoding="utf-8")) if PEERS.exists() else {}
    for tool in tools:
        try:
            said = answers(tool, jobs, folder)
        except (RuntimeError, subprocess.SubprocessError, OSError) as fault:
            found[tool] = {"not_run": str(fault)[:300]}
            continue
        found[tool] = {
            variant["variant"]: judged(variant, said[f"plain {variant['variant']}"], said[variant["variant"]],
                                       changed[variant["variant"]])
            for variant in variants
        }  # fmt: skip
        print(tool, sum(one["found"] for one in found[tool].values()), "found", flush=True)
    return {tool: found[tool] for tool in TOOLS if tool in found}


def main() -> None:
    """Measure, print and write the figures; without the tables print why not."""
    if not (TABLES / "planted.json").exists():
        print(f"skipped: no tables at {TABLES}; SAMPLEWISE_DATA names the folder beside which they lie")
        return
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.gettempdir()) / "samplewise-peers"
    found = measured(folder, sys.argv[2:] or list(TOOLS))
    PEERS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(peers_table(found))


if __name__ == "__main__":
    main()
