"""How often advice is right on data nobody tuned it on: whole audits, and what each remedy does to locked rows.

    python reproductions/advice_audits.py             # hours on one core; goes on where it was stopped
    python reproductions/advice_audits.py --report    # only what was measured so far

The list is fixed: every table of the shared folder `tables` with 600 rows and more (columns as its expert reads them),
but three with many classes, whose audits take minutes; scikit-learn's digits and breast cancer; Adult, German credit
and 6,000 rows of Fashion-MNIST (40 principal components). Each as it is, with wrong labels in the audited half (of
classes 10 % flipped to any other; of numbers 5 % moved by two to four standard deviations), and with -999 in 10 % of
the cells of the column of most values; the two sets of images also with the labels of the 10 % least clear rows
confused. Half the rows, at most 1,000, are audited with no option but the roles of columns; the others are locked:
groups stay whole, along time the later half. EVERY remedy that says what becomes of rows or cells is carried out alone,
whatever its word; the audit's learner is fitted to all audited rows before and after, and both are scored by the
audit's metric on the locked rows with the labels of the table.

Tables of numbers without gaps come first, for boosting, which learns from the others, takes minutes; among them runs
are made in the order of a checksum of their names, so that those made so far are a random part of the list.

What is claimed: at most 1 % of what is said to help has an interval on locked rows below zero, and at least 80 % of
what gains more than half a point there, by its interval, is said to help. Source: docs/tested-advice.md.
"""

import argparse
import json
import os
import time
import zlib
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import samplewise
from samplewise.auditing.audit_call import Audit
from samplewise.auditing.audited_rows import read_again
from samplewise.auditing.chosen_remedies import BY_RULE
from samplewise.auditing.prepare_audit import usable_rows
from samplewise.core.execution import SerialExecutor
from samplewise.core.findings import Finding, Remedy
from samplewise.data import Dataset
from samplewise.engine.models.learner import Fit
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits.evaluation_rows import stacked
from samplewise.engine.refits.preparation import Prepared, prepare
from samplewise.engine.statistics.intervals import CONFIDENCE, quantile
from samplewise.engine.statistics.means import mean_and_error
from samplewise.quality.cell_remedies import cleaned_cells
from samplewise.selection import apply

RESULTS = Path(__file__).parent / "results" / "advice_audits"
RUNS = Path(os.environ.get("SAMPLEWISE_RUNS", "build")) / "advice_audits"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")).resolve()
TABLES = DATA.parent / "tables"
FEWEST_ROWS, MOST_AUDITED, FEWEST_VALUES, SEED = 600, 1000, 20, 20261201
LEFT_OUT = ("id", "drop", "leak")
SLOW = ("eruptions", "planets", "ufo")  # boosting grows a tree per class and round
FLIPPED, MOVED, CODED = 0.10, 0.05, 0.10  # shares of labels and cells
VARIANTS, IMAGES = ("as it is", "wrong labels", "codes in cells"), ("digits", "fashion")
CODE, MARGIN = -999.0, 0.5
WIDE = quantile(0.5 + CONFIDENCE / 2.0)


# ---- the list -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A data set of the list, and what is done to it."""

    data: str
    variant: str

    @property
    def name(self) -> str:
        """As its file is called."""
        return f"{self.data}, {self.variant}"


def readings() -> dict[str, dict[str, Any]]:
    """The expert's reading of every table that is on the list."""
    every = json.loads((TABLES / "readings.json").read_text(encoding="utf-8"))
    large = [one for one in every if one["rows"] - one["label"]["missing"] >= FEWEST_ROWS]
    return {one["table"]: one for one in large if one["table"] not in SLOW}


def cases() -> list[Case]:
    """Everything that is to be run, in the order in which it is."""
    names = [*readings(), "digits", "breast cancer", "adult", "german", "fashion"]
    every = [Case(name, variant) for name in names for variant in VARIANTS]
    every += [Case(name, "confused labels") for name in IMAGES]
    boosted = {name: is_mixed(name) for name in names}
    return sorted(every, key=lambda case: (boosted[case.data], zlib.crc32(case.name.encode())))


@cache
def is_mixed(name: str) -> bool:
    """Whether a table has columns of words or gaps, besides the label and the columns of other roles."""
    frame, label, options = frame_of(name)
    features = frame.drop(columns=[label, *(options[role] for role in ("groups", "time") if role in options)])
    return any(kind.kind not in "iufb" for kind in features.dtypes) or bool(features.isna().to_numpy().any())


@cache
def frame_of(name: str) -> tuple[pd.DataFrame, str, dict[str, Any]]:
    """The rows, the label's column and what a user would tell `samplewise.audit` of them."""
    if name == "digits":
        X, y = load_digits(return_X_y=True, as_frame=True)
        return X.assign(label=y.astype(str)), "label", {}
    if name == "breast cancer":
        X, y = load_breast_cancer(return_X_y=True, as_frame=True)
        return X.assign(label=np.where(y, "benign", "malignant")), "label", {}
    if name == "fashion":
        with np.load(DATA / "fashion-mnist" / "train.npz") as stored:
            X, y = (stored[key] for key in sorted(stored.files, key=lambda key: stored[key].ndim, reverse=True)[:2])
        points = PCA(40, random_state=0).fit_transform(X[:6000].reshape(6000, -1) / 255.0)
        columns = {f"component {place}": values for place, values in enumerate(points.T)}
        return pd.DataFrame(columns).assign(label=[f"class {one}" for one in y[:6000]]), "label", {}
    if name == "adult":
        return pd.read_csv(DATA / "groups" / "adult.csv.gz").drop(columns="fnlwgt"), "income", {}
    if name == "german":
        return pd.read_csv(DATA / "groups" / "german.csv.gz"), "good_credit", {}
    entry = readings()[name]
    frame = pd.read_csv(TABLES / entry["file"], skipinitialspace=True)
    frame.columns = frame.columns.str.strip()
    label, task = entry["label"]["column"], entry["label"]["task"]
    roles = {one["name"].strip(): one["role"] for one in entry["readings"] if one["name"].strip() != label}
    kept = frame.drop(columns=[column for column in frame if roles.get(column) in LEFT_OUT])
    told = {"groups": "group", "time": "time"}
    options = {option: next((c for c in kept if roles.get(c) == role), None) for option, role in told.items()}
    named = {option: column for option, column in options.items() if column is not None}
    return kept[kept[label].notna()], label, named | ({} if task == "either" else {"task": task})


def halves(frame: pd.DataFrame, name: str, options: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The audited and the locked rows: groups whole, along time the later ones locked."""
    draw = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    rows = draw.permutation(len(frame))
    if "time" in options:
        when = pd.to_datetime(frame[options["time"]], errors="coerce", format="mixed")
        rows = np.argsort((when if when.notna().any() else frame[options["time"]]).to_numpy(), kind="stable")
    elif "groups" in options:
        codes = pd.factorize(frame[options["groups"]])[0]
        rows = np.argsort(draw.permutation(codes.max() + 2)[codes], kind="stable")
    first, last = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    if "groups" in options:
        last = last[~frame[options["groups"]].iloc[last].isin(frame[options["groups"]].iloc[first]).to_numpy()]
    if len(first) > MOST_AUDITED:  # along time the latest of the past
        first = first[-MOST_AUDITED:]
    return frame.iloc[np.sort(first)], frame.iloc[np.sort(last[: 3 * MOST_AUDITED])]


def planted(case: Case, audited: pd.DataFrame, locked: pd.DataFrame, label: str, numbers: bool, roles: set) -> bool:
    """Put the fault of a variant into the frames; whether that is possible."""
    draw = np.random.default_rng([SEED, zlib.crc32(case.name.encode())])
    if case.variant == "codes in cells":
        features = [c for c in audited if c != label and c not in roles and audited[c].dtype.kind in "iuf"]
        values = {column: audited[column].nunique() for column in features}
        column = max(values, key=lambda name: values[name], default=None)
        if column is None or values[column] < FEWEST_VALUES:
            return False
        for frame in (audited, locked):
            frame[column] = frame[column].astype(float).mask(draw.random(len(frame)) < CODED, CODE)
    elif case.variant == "wrong labels" and numbers:
        given = pd.to_numeric(audited[label].astype(str).str.replace(",", ""), errors="coerce").to_numpy(float)
        by = np.nanstd(given) * draw.uniform(2.0, 4.0, len(given)) * draw.choice([-1.0, 1.0], len(given))
        audited[label] = np.where(draw.random(len(given)) < MOVED, given + by, given)
    elif case.variant == "wrong labels":
        classes, codes = np.unique(audited[label].to_numpy(), return_inverse=True)
        others = (codes + draw.integers(1, len(classes), len(codes))) % len(classes)
        audited[label] = classes[np.where(draw.random(len(codes)) < FLIPPED, others, codes)]
    elif case.variant == "confused labels":
        X, y = audited.drop(columns=label).to_numpy(float), audited[label].to_numpy()
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(X, y)
        P = model.predict_proba(X)
        P[np.arange(len(y)), np.searchsorted(model.classes_, y)] = 0.0  # the likeliest of the other classes
        least = np.argsort(-P.max(axis=1), kind="stable")[: round(FLIPPED * len(y))]
        y[least] = model.classes_[P[least].argmax(axis=1)]
        audited[label] = y
    return True


# ---- one case -------------------------------------------------------------------------------------------------------


def measured(case: Case) -> dict[str, Any]:
    """One audit, and what each of its remedies does to the locked rows."""
    started = time.perf_counter()
    frame, label, options = frame_of(case.data)
    audited, locked = (part.copy() for part in halves(frame, case.data, options))
    numbers = _numbers(frame[label], options)
    line: dict[str, Any] = {"data": case.data, "variant": case.variant, "audited": len(audited), "remedies": []}
    if not planted(case, audited, locked, label, numbers, {options.get("groups"), options.get("time")}):
        return line | {"refused": "no column of numbers to put codes into"}
    try:
        audit = samplewise.audit(audited, label=label, executor=SerialExecutor(), **options)
    except samplewise.InputError as refused:
        return line | {"refused": str(refused)[:300]}
    line["audit seconds"] = round(time.perf_counter() - started, 1)
    scored = Locked.of(audit, locked, label)
    metric = audit.record.plan["metric"]
    line |= {"locked": len(scored.query), "learner": audit.record.plan["learner"], "metric": metric}
    for finding in audit.record.findings():
        for remedy in finding.remedies:
            if remedy.kind in BY_RULE and remedy.keys and (finding.axis == "row" or remedy.kind == "clean"):
                line["remedies"].append(described(finding, remedy, scored) | {"locked": scored.effect(finding, remedy)})
    return line | {"seconds": round(time.perf_counter() - started, 1)}


def _numbers(labels: pd.Series, options: dict[str, Any]) -> bool:
    return options.get("task", "regression" if labels.nunique() > FEWEST_VALUES else "classification") == "regression"


def described(finding: Finding, remedy: Remedy, scored: "Locked") -> dict[str, Any]:
    """What the audit says of a remedy, in points of its metric."""
    said = {"effect": remedy.effect, "one refit": remedy.one_refit}
    numbers = {
        name: None if one is None else [round(float(end) / scored.point, 3) for end in (one.value, one.low, one.high)]
        for name, one in said.items()
    }
    return {
        "code": finding.code, "severity": finding.severity, "rule": remedy.rule, "kind": remedy.kind,
        "word": remedy.verdict or "not tested", "rows": len(remedy.keys), "saves": remedy.saves_rows, **numbers,
        "reason": remedy.reason[:200],
    }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Locked:
    """The learner of an audit on all audited rows, and the locked rows that it is scored on."""

    audit: Audit
    prepared: Prepared
    held: Dataset
    query: np.ndarray
    before: np.ndarray  # contributions of the locked rows before any remedy

    @classmethod
    def of(cls, audit: Audit, frame: pd.DataFrame, label: str) -> "Locked":
        """Locked rows are read as the audited ones were; those of classes that no audited row has are left out."""
        task = audit.record.data["task"]
        assert audit.data is not None
        target, usable = usable_rows(audit.data, task)
        rows = audit.data.take(np.flatnonzero(usable))
        held = read_again(frame, audit.record.data).data
        fits = np.ones(len(held), dtype=bool)
        if target.classes is not None:
            fits = np.isin(np.asarray(held.y).astype(str), np.asarray(target.classes).astype(str))
        held = held.take(np.flatnonzero(fits))
        prepared = prepare(rows, task=task, test=held, executor=SerialExecutor())
        query = np.arange(len(rows), len(rows) + len(held))
        scored = cls(audit, prepared, held, query, np.zeros(0))
        return replace(scored, before=scored.contributions(rows))

    @property
    def point(self) -> float:
        """One point of the audit's metric, in its unit."""
        return METRICS[self.audit.record.plan["metric"]].point(self.prepared.target.codes)

    def contributions(self, rows: Dataset, cleaned: Dataset | None = None) -> np.ndarray:
        """What the learner, fitted to these of the audited rows, scores on the locked ones; both with other cells where
        the cells of the locked ones were `cleaned`.
        """  # fmt: skip
        mine, runner = self.prepared.data, self.prepared.runner
        if cleaned is not None:
            runner = runner.with_features(stacked(rows, cleaned).X)
        place = pd.Index(mine.ids).get_indexer(rows.ids)
        keep, codes = np.zeros(len(runner.target.codes), dtype=bool), runner.target.codes.copy()
        keep[place] = True
        codes[place] = self.prepared.target.codes_of(np.asarray(rows.y), rows.ids, "the rows")
        weights = None
        if rows.weights is not None:
            weights = np.ones(len(codes))
            weights[place] = rows.weights
        blocks = np.where(np.arange(len(codes)) < len(mine), 0, -1)
        trained_on = np.arange(len(codes)) < len(mine)
        made = runner.drawing_from(trained_on).outputs([Fit(keep, self.query, codes, weights)], blocks=blocks)[0]
        metric = METRICS[self.audit.record.plan["metric"]]
        return metric.contributions(made.astype(float), self.prepared.codes[self.query]) / self.point

    def effect(self, finding: Finding, remedy: Remedy) -> list[float] | str:
        """Points gained on the locked rows, with the ends of the interval over these rows; or why there is none."""
        outcome = self.audit.record.outcome(finding.code)
        assert outcome is not None
        alone = replace(outcome, result=replace(outcome.result, findings=(replace(finding, remedies=(remedy,)),)))
        only = replace(self.audit, record=replace(self.audit.record, outcomes=(alone,)))
        try:
            done = only.apply(do=f"{finding.code}:{remedy.kind}", even_hurting=True).data
        except samplewise.InputError as refused:
            return str(refused)[:200]
        rows, cleaned = done.take(np.flatnonzero(np.isin(done.ids, self.prepared.data.ids))), None
        if remedy.kind == "clean":
            wanted = cleaned_cells(self.prepared.data, self.held, zip(remedy.keys, remedy.values, strict=True))
            decided = [one for each in wanted.values() for one in each]
            cleaned = apply(self.held, decided, task=self.audit.record.data["task"]).data
        gained = self.contributions(rows, cleaned) - self.before
        mean, error = mean_and_error(gained, self.held.groups)
        return [round(value, 3) for value in (mean, mean - WIDE * error, mean + WIDE * error)]


# ---- all cases ------------------------------------------------------------------------------------------------------


def kept(case: Case) -> dict[str, Any]:
    """The result of a case, from its file where there is one."""
    file = RUNS / f"{case.name}.json"
    if not file.exists():
        found = measured(case)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".new").write_text(json.dumps(found))
        file.with_suffix(".new").rename(file)
    return json.loads(file.read_text())


def lines_of(found: list[dict[str, Any]]) -> pd.DataFrame:
    """One line per remedy that was carried out and scored."""
    return pd.DataFrame([
        {
            "data": one["data"], "variant": one["variant"], "code": each["code"], "kind": each["kind"],
            "word": each["word"], "saves": each["saves"],
            **dict(zip(("gain", "low", "high"), each["locked"], strict=True)),
            "stated": each["effect"][0] if each["effect"] else np.nan,
            "holds": bool(each["one refit"]) and abs(each["one refit"][0] - each["locked"][0])
            <= np.hypot(each["one refit"][2] - each["one refit"][0], each["locked"][2] - each["locked"][0]),
        }
        for one in found
        for each in one["remedies"]
        if not isinstance(each["locked"], str)
    ])  # fmt: skip


def page(found: list[dict[str, Any]]) -> str:
    """What is claimed and what was found."""
    every = lines_of(found)
    ran = [one for one in found if "refused" not in one]
    refused = [
        f"{one['data']}, {one['variant']}: {one['refused'].splitlines()[0]}" for one in found if "refused" in one
    ]
    seconds = [one["audit seconds"] for one in ran]
    text = [
        f"{len(ran)} audits of {len(cases())} on the list were made ({len(refused)} more cannot be), in a median of "
        f"{np.median(seconds):.0f} s; {len(every)} remedies were carried out.",
        "| said | remedies | gain on locked rows, points, median | mean, 95 % by table | interval below 0 | "
        "interval above 0 | interval above .5 | stated gain, median |\n|-|-|-|-|-|-|-|-|",
    ]  # fmt: skip
    text[-1] += "".join(f"\n{said(word, every[every['word'] == word])}" for word in sorted(set(every["word"])))
    large = every[every["low"] > MARGIN]
    gaining = large[~large["saves"]]
    helps = every[every["word"] == "helps"]
    tested, seen = every[every["word"] != "not tested"], int((gaining["word"] == "helps").sum())
    text += [
        f"* Of {len(helps)} said to help, {int((helps['high'] < 0).sum())} have an interval on locked rows below 0 "
        "(goal: at most 1 %).",
        f"* Of {len(gaining)} that gain more than half a point by their interval, {seen} are said to help (goal: at "
        f"least 80 %); {len(large) - len(gaining)} more have fewer rows as their aim, and are never said to help.",
        f"* Where one refit was said to land holds what it showed in {tested['holds'].mean():.1%} of {len(tested)} "
        "(allowing for the error of the locked rows).",
        "By kind of remedy:",
        "| kind | said to help | below 0 on locked rows | gain of these | gain above .5 | of these said to help |\n"
        "|-|-|-|-|-|-|",
    ]  # fmt: skip
    for kind, own in every.groupby("kind"):
        mine, large = own[own["word"] == "helps"], gaining[gaining["kind"] == kind]
        text[-1] += (
            f"\n| {kind} | {len(mine)} | {int((mine['high'] < 0).sum())} | {pooled(mine)} | {len(large)} | "
            f"{int((large['word'] == 'helps').sum())} |"
        )
    missed = gaining[gaining["word"] != "helps"]
    wrong = helps[helps["high"] < 0]
    text += ["Gains above half a point that were not said to help:", _listed(missed)]
    text += ["Said to help, and the interval on locked rows lies below 0:", _listed(wrong)]
    text += ["Not possible:", "\n".join(f"- {one}" for one in refused) or "None."]
    return "\n\n".join(text) + "\n"


def said(word: str, own: pd.DataFrame) -> str:
    """A line of the table for one word."""
    low, none, high = (f"{int(count)}" for count in (
        (own["high"] < 0).sum(), (own["low"] > 0).sum(), (own["low"] > MARGIN).sum()
    ))  # fmt: skip
    return f"| {word} | {len(own)} | {own['gain'].median():+.2f} | {pooled(own)} | {low} | {none} | {high} | " + (
        "|" if own["stated"].isna().all() else f"{own['stated'].median():+.2f} |"
    )


def pooled(own: pd.DataFrame) -> str:
    """Mean gain with its interval; the remedies of one data set count as one observation."""
    if own["data"].nunique() < 2:
        return "" if own.empty else f"{own['gain'].mean():+.2f}"
    mean, error = mean_and_error(own["gain"].to_numpy(float), own["data"].to_numpy(dtype=str))
    return f"{mean:+.2f} [{mean - WIDE * error:+.2f}, {mean + WIDE * error:+.2f}]"


def _listed(own: pd.DataFrame) -> str:
    return "\n".join(
        f"- {one.data}, {one.variant}: {one.code} {one.kind}, {one.word}, stated {one.stated:+.2f}, "
        f"locked {one.gain:+.2f} [{one.low:+.2f}, {one.high:+.2f}]"
        for one in own.itertuples()
    ) or "None."  # fmt: skip


def main() -> None:
    """Measure what is not measured yet, and write what all of it shows; without the tables print why not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--report", action="store_true", help="only what was measured so far")
    chosen = parser.parse_args()
    if not (TABLES / "readings.json").exists():
        print(f"skipped: no tables at {TABLES}; SAMPLEWISE_DATA names the folder beside which they lie")
        return
    for case in () if chosen.report else cases():
        if chosen.only in case.name:
            one = kept(case)
            words = [(each["code"], each["kind"], each["word"], each["locked"]) for each in one["remedies"]]
            print(case.name, one.get("refused", one.get("seconds")), words, flush=True)
    found = [json.loads(file.read_text()) for file in sorted(RUNS.glob("*.json"))]
    content = {"samplewise": version("samplewise"), "listed": len(cases()), "runs": found}
    RESULTS.with_suffix(".json").write_text(json.dumps(content, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
