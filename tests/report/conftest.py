"""Records as audits make them: a mixed table with many findings, images, a clean one, a crashed one, a huge one."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate, Exhibit, Scores

NASTY = "<script>alert('x')</script>"
UNICODE = "Größe 名前 \u202eevil\u202c"
CODES = ("SW101", "SW102", "SW103", "SW104", "SW105", "SW106", "SW107", "SW201", "SW202", "SW301", "SW302", "SW303")
CODES += ("SW401", "SW501", "SW502", "SW503", "SW601")
CLASSES = ("<=50K", ">50K")


def thumbnail(seed: int, size: int = 96) -> str:
    from PIL import Image, ImageDraw

    draw_from = np.random.default_rng(seed)
    image = Image.new("RGB", (size, size), tuple(int(v) for v in draw_from.integers(30, 90, 3)))
    pen = ImageDraw.Draw(image)
    for _ in range(5):
        x, y, radius = (int(v) for v in draw_from.integers(10, size - 10, 3))
        color = tuple(int(v) for v in draw_from.integers(90, 255, 3))
        pen.ellipse((x - radius / 3, y - radius / 3, x + radius / 3, y + radius / 3), fill=color)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def estimate(quantity: str, value: float, half: float, unit: str = "points", reason: str = "") -> Estimate:
    return Estimate(quantity, value, value - half, value + half, unit, 0.95, "tested-advice", reason)


def remedy(kind: Any, keys: tuple[Any, ...], effect: tuple[float, float], verdict: Any, **more: Any) -> Remedy:
    control = estimate("effect of a random remedy", more.pop("control", -0.12), 0.21)
    return Remedy(kind, keys, effect=estimate("effect", *effect), control=control, verdict=verdict, **more)


def worst_rows(count: int, images: bool = False, text: bool = False) -> Exhibit:
    rows = np.arange(count)
    columns: dict[str, Any] = {
        "id": rows * 37 + 12,
        "given": np.array([CLASSES[i % 2] for i in rows]),
        "suggested": np.array([CLASSES[1 - i % 2] for i in rows]),
        "probability": 0.985 * 0.985**rows,
        "reason": np.array(["likely error" if i % 3 else "ambiguous pair" for i in rows]),
        "nearest_given": np.array([f"{i * 11 + 4}" for i in rows]),
        "nearest_suggested": np.array([f"{i * 17 + 9}" for i in rows]),
    }
    if images:
        pictures = [thumbnail(i) for i in range(min(count, 36))]
        for place, name in enumerate(("thumbnail", "nearest_given_thumbnail", "nearest_suggested_thumbnail")):
            columns[name] = np.array([pictures[(i * 3 + place) % len(pictures)] for i in rows])
    elif text:
        columns["text"] = np.array([f"{NASTY} the plot of film {i} is thin, but the lead saves it. " * 6 for i in rows])
    else:
        distinctive = [
            ["capital-gain", "99,999", "0"],
            ["education", "Doctorate", "HS-grad"],
            ["hours-per-week", "60", "40"],
            ["marital-status", "Married-civ-spouse", "Never-married"],
            ["age", "51", "37"],
            ["occupation", NASTY, "Craft-repair"],
        ]
        columns["telling"] = np.array([json.dumps(distinctive)] * count)
        for name, age in (("nearest_given_cells", 38), ("nearest_suggested_cells", 52)):
            columns[name] = np.array([json.dumps([["age", age], ["occupation", NASTY]])] * count)
        columns["time"] = np.array([f"1994-03-{i % 28 + 1:02}" for i in rows])
        columns["group"] = np.array([f"household {i // 3}" for i in rows])
        columns["column: age"] = 20.0 + rows % 60
        columns["column: occupation"] = np.array([NASTY if i % 7 == 0 else "Craft-repair" for i in rows])
    return Exhibit(
        "rows", "Labels the model disputes most", columns, "probability", "Out-of-fold predictions, calibrated.", 0
    )


def curve() -> Exhibit:
    rows = np.array([500, 1000, 2000, 4000, 8000, 16000, 26000, 52000])
    value = 0.127 + 1.9 / np.sqrt(rows)
    half = np.array([0.016, 0.012, 0.009, 0.006, 0.005, 0.004, 0.003, 0.008])
    status = np.array(["measured"] * 6 + ["here", "forecast"])
    columns = {"training rows": rows, "value": value, "low": value - half, "high": value + half, "status": status}
    return Exhibit("curve", "Held-out error by number of training rows", columns, "error", "Bands cover 90 %.")


def matrix(classes: int) -> Exhibit:
    names = np.array([f"class {UNICODE if i == 1 else i}" for i in range(classes)])
    values = np.random.default_rng(0).dirichlet(np.full(classes, 0.15), classes) * 0.2 + np.eye(classes) * 0.8
    rows, columns = np.repeat(names, classes), np.tile(names, classes)
    note = "Each row sums to 1: how often a true class carries each label."
    return Exhibit(
        "matrix", "Noise matrix", {"row": rows, "column": columns, "value": values.ravel()}, "probability", note
    )


def reliability() -> Exhibit:
    confidence = np.linspace(0.55, 0.97, 10)
    accuracy = confidence - 0.08 * (confidence - 0.5)
    half = np.linspace(0.03, 0.005, 10)
    columns = {
        "confidence": confidence,
        "accuracy": accuracy,
        "low": accuracy - half,
        "high": accuracy + half,
        "count": np.geomspace(200, 14000, 10).astype(int),
    }
    return Exhibit(
        "reliability", "Reliability diagram", columns, "probability", "On the diagonal: says 80 %, right in 80 %."
    )


def segments() -> Exhibit:
    names = np.array(["native-country = Mexico", f"workclass = {NASTY}", "sex = Female", "race = Black", "age > 65"])
    value = np.array([0.192, 0.171, 0.098, 0.112, 0.203])
    half = np.array([0.05, 0.061, 0.012, 0.02, 0.04])
    columns = {"name": names, "value": value, "low": value - half, "high": value + half}
    return Exhibit("bars", "Error by segment", columns, "error", "Benjamini-Hochberg adjusted.")


def adult_data() -> dict[str, Any]:
    names = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", NASTY, UNICODE]
    columns = [{"name": n, "kind": "number", "role": "feature", "note": ""} for n in names]
    columns.append({"name": "row_id", "kind": "number", "role": "id", "note": "left out: unique in every row"})
    columns.append({"name": "income", "kind": "category", "role": "label", "note": ""})
    return {
        "rows": 32561,
        "columns": columns,
        "source": "adult.csv",
        "id_source": "column row_id",
        "label": "income",
        "task": "classification",
        "classes": list(CLASSES),
        "class_counts": [24720, 7841],
        "fingerprint": "9f2c51d0ab774ee1b2c3d4e5f6a7b8c9",
        "notes": ["24 exact copies stay together in every split"],
        "missing_labels": 3,
        "test_rows": None,
    }


def plan(codes: tuple[str, ...] = CODES) -> dict[str, Any]:
    return {
        "learner": "HistGradientBoostingClassifier",
        "learner_rule": "mixed table with 8 categorical columns",
        "fits": 65,
        "folds": 5,
        "repeats": 1,
        "seed": 0,
        "metric": "accuracy",
        "budget": None,
        "checks": list(codes),
        "estimated_seconds": 84.0,
        "refits": {"folds": 10, "nested": 30, "pairs": 25},
    }


def environment() -> dict[str, Any]:
    return {
        "command": "samplewise audit adult.csv --label income --out run/",
        "samplewise": "0.1.0",
        "python": "3.11.9",
        "numpy": "2.1.0",
        "scikit-learn": "1.5.2",
        "machine": "x86_64, Linux",
        "cores": 2,
        "started": "2026-03-02T09:30:00",
        "seconds": 81.4,
    }


def label_outcome(exhibit: Exhibit, rows: int = 32561) -> Outcome:
    suspects = tuple((np.arange(412) * 37 + 12).tolist())
    remedies = (
        remedy(
            "relabel", suspects, (1.31, 0.55), "helps", action="Relabel the 412 likely errors as suggested", cost=103.0
        ),
        remedy("drop", suspects, (0.84, 0.6), "helps", action="Drop the 412 likely errors", control=-0.05),
        Remedy(
            "review",
            suspects[:100],
            action="Have a person look at the worst 100",
            reason="a person's answer is not known",
        ),
    )
    finding = Finding(
        "SW201",
        "labels the model disputes",
        "error",
        suspects,
        "Models that never saw these rows give them another class with calibrated probability above one half, twice.",
        remedies,
        (
            estimate("share of wrong labels", 0.031, 0.006, "share"),
            Estimate("precision among flagged", 0.72, unit="share", reason="planted flips, one seed"),
        ),
        caveat="Rare but correct rows look like this too; systematic errors do not show.",
    )
    keys = np.arange(rows)
    scores = Scores("wrong_label", np.linspace(1, 0, rows), keys, "probability", "more likely mislabeled")
    measured = (estimate("share of wrong labels", 0.031, 0.006, "share"),)
    return Outcome(
        "SW201", finding.title, "found", "", 21.7, CheckResult((finding,), (scores,), (exhibit, matrix(2)), measured)
    )


def filler(code: str, number: int) -> Outcome:
    severity: Any = ("warning", "note", "note")[number % 3]
    remedies: tuple[Remedy, ...] = ()
    if number % 3 == 0:
        effect = ((number * 7) % 11 / 10 - 0.65, 0.28)
        verdict: Any = "helps" if effect[0] > 0.28 else "hurts" if effect[0] < -0.28 else "not decided"
        remedies = (
            remedy(
                "drop", tuple(range(number + 2)), effect, verdict, action=f"Drop what {code} flags, all but one of each"
            ),
        )
    finding = Finding(
        code,
        f"finding {number} of {code}" + (f" in {NASTY}" if number % 5 == 0 else f" in {UNICODE}"),
        severity,
        tuple(f"row/{NASTY}/{i}" for i in range(number + 2)),
        "It stands out from its neighbors by more than chance explains.",
        remedies,
        (estimate("rows concerned", 120.0 + number, 11.0, "rows"),),
        caveat="Small groups look like this by chance.",
    )
    return Outcome(code, f"check {code}", "found", "", 0.3 * number, CheckResult((finding,)))


def rich_record() -> AuditRecord:
    """About thirty findings, hostile names, every kind of exhibit and every status."""
    outcomes = {code: filler(code, place) for place, code in enumerate(CODES)}
    more = [filler("SW101", place).result.findings[0] for place in range(17, 30)]
    outcomes["SW101"] = replace(outcomes["SW101"], result=CheckResult((*outcomes["SW101"].result.findings, *more)))
    outcomes["SW201"] = label_outcome(worst_rows(412))
    outcomes["SW103"] = Outcome("SW103", "train/test overlap", "not_applicable", "no test set was given (test=)")
    outcomes["SW107"] = Outcome("SW107", "id or date among the features", "clean", "", 0.2)
    outcomes["SW303"] = Outcome("SW303", "rows that hurt", "skipped", "left out by --budget 60s: needs 40 s more", 0.0)
    outcomes["SW502"] = Outcome(
        "SW502", "gap and memorisation", "failed", f"LinAlgError: {NASTY}\nSVD did not converge", 3.1
    )
    doubling = estimate("gain from doubling the rows", 0.42, 0.31)
    outcomes["SW401"] = replace(outcomes["SW401"], result=CheckResult((), (), (curve(),), (doubling,)), status="clean")
    error = estimate("held-out error", 0.1287, 0.0036, "share")
    outcomes["SW501"] = replace(outcomes["SW501"], result=CheckResult((), (), (), (error,)), status="clean")
    outcomes["SW503"] = replace(outcomes["SW503"], result=CheckResult((), (), (reliability(),)), status="clean")
    outcomes["SW601"] = replace(outcomes["SW601"], result=replace(outcomes["SW601"].result, exhibits=(segments(),)))
    return AuditRecord(RECORD_SCHEMA, adult_data(), plan(), environment(), tuple(outcomes.values()))


def image_record() -> AuditRecord:
    """Images: thumbnails of the worst rows and their neighbors, ten classes."""
    data = adult_data() | {
        "source": "fashion/",
        "columns": [],
        "rows": 10000,
        "id_source": "relative path",
        "notes": [],
    }
    data |= {"classes": [f"class {i}" for i in range(10)], "class_counts": [1000 + 13 * i for i in range(10)]}
    outcome = label_outcome(worst_rows(60, images=True))
    outcome = replace(outcome, result=replace(outcome.result, exhibits=(outcome.result.exhibits[0], matrix(10))))
    return AuditRecord(
        RECORD_SCHEMA, data, plan(("SW201", "SW401")), environment(), (outcome, rich_record().outcomes[12])
    )


def clean_record() -> AuditRecord:
    """Nothing found, everything carried out."""
    outcomes = tuple(Outcome(code, f"check {code}", "clean", "", 0.5) for code in CODES)
    return AuditRecord(RECORD_SCHEMA, adult_data(), plan(), environment(), outcomes)


def huge_record() -> AuditRecord:
    """A million rows: findings, scores, curves, tables and texts far beyond what a page can hold."""
    ids = tuple(range(1_000_000))
    long = Finding("SW301", "x" * 5_000, "warning", ids, "because " * 5_000, (), (), caveat="y " * 9_000)
    many = tuple(replace(long, code=f"SW{n}", title=f"t{n}" * 200, keys=ids[: 10 + n]) for n in range(250))
    wide = {f"column {n} {'w' * 500}": np.array([f"{n}/{i} {'v' * 150}" for i in range(150)]) for n in range(20)}
    exhibits = [Exhibit("table", f"Table {n}", wide, "", "n" * 2_000) for n in range(32)]
    exhibits += [worst_rows(500, images=True), matrix(120), curve()]
    points = np.arange(5_000.0)
    columns = {"x": points, "value": points, "low": points, "high": points, "status": np.full(5_000, "measured")}
    exhibits.append(Exhibit("curve", "Long", columns))
    scores = Scores("unique_information", np.linspace(0, 1, 1_000_000), np.arange(1_000_000), "nat", "rarer")
    result = CheckResult((long, *many), (scores,), tuple(exhibits))
    data = adult_data() | {
        "rows": 1_000_000,
        "columns": [{"name": f"c{i}", "kind": "number", "role": "feature"} for i in range(10_000)],
    }
    data |= {"classes": [f"class {i} {'z' * 300}" for i in range(1000)], "class_counts": [1000] * 1000}
    outcomes = [Outcome(f"SX{n}", "title " * 400, "clean", "", 0.1) for n in range(600)]
    return AuditRecord(
        1, data, plan(), environment(), (Outcome("SW301", "redundant", "found", "", 9.0, result), *outcomes)
    )


BUILDERS: dict[str, Callable[[], AuditRecord]] = {
    "rich": rich_record,
    "images": image_record,
    "clean": clean_record,
    "empty": lambda: AuditRecord(RECORD_SCHEMA, {}, {}, {}, ()),
    "interrupted": lambda: replace(rich_record(), outcomes=rich_record().outcomes[:3]),
}


@pytest.fixture(scope="session")
def records() -> dict[str, AuditRecord]:
    return {name: build() for name, build in BUILDERS.items()}


@pytest.fixture(scope="session")
def rich(records: dict[str, AuditRecord]) -> AuditRecord:
    return records["rich"]


@pytest.fixture(scope="session")
def huge() -> AuditRecord:
    return huge_record()


@pytest.fixture(scope="session")
def text_rows() -> Exhibit:
    return worst_rows(5, text=True)


@pytest.fixture(scope="session", params=sorted(BUILDERS))
def any_record(request: pytest.FixtureRequest, records: dict[str, AuditRecord]) -> AuditRecord:
    return records[request.param]
