"""What was audited, how to do it again, and how to cite it: pairs of a name and a text."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from samplewise.core.findings import AuditRecord
from samplewise.core.texts import key_text, number_text, printable, shortened
from samplewise.core.units import seconds_text
from samplewise.report.wording import listed

Fact = tuple[str, str]
DATA_WORDS = {
    "source": "Source",
    "rows": "Rows",
    "test_rows": "Rows of the test set",
    "task": "Task",
    "label": "Label",
    "missing_labels": "Rows without a label",
    "zero_weights": "Rows of weight 0",
    "unreadable": "Pictures that cannot be read",
    "id_source": "Ids come from",
    "fingerprint": "Fingerprint",
}
PLAN_WORDS = {
    "learner": "Learner",
    "learner_rule": "Chosen because",
    "labels_are": "Labels are read as",
    "labels_are_rule": "Read so because",
    "answers": "Labels people answered",
    "metric": "Metric",
    "metric_rule": "Metric chosen because",
    "folds": "Folds",
    "repeats": "Repeats",
    "fits": "Fits",
    "seed": "Seed",
    "budget": "Budget",
}
ENVIRONMENT_WORDS = {"machine": "Machine", "system": "System", "cores": "Cores", "started": "Started"}
VERSION = re.compile(r"\d+(\.\d+)+\S*")
LONGEST, MOST_NOTES = 400, 12


def data_facts(record: AuditRecord) -> list[Fact]:
    """What is known of the data, in a fixed order."""
    facts = _named(record.data, DATA_WORDS)
    classes = record.data.get("classes") or []
    if classes:
        named = listed([shortened(key_text(name), 40) for name in classes], most=12)
        facts.append(("Classes", f"{len(classes)} ({named})"))
    facts += [("Question", shortened(question, LONGEST)) for question in record.data.get("questions") or []]
    return facts + [("Note", shortened(note, LONGEST)) for note in (record.data.get("notes") or [])[:MOST_NOTES]]


def class_counts(record: AuditRecord) -> list[tuple[str, float]]:
    """Every class with its number of rows, most frequent first; empty where the record does not say."""
    classes, counts = record.data.get("classes") or [], record.data.get("class_counts") or []
    pairs = [(key_text(name), float(count)) for name, count in zip(classes, counts, strict=False) if count is not None]
    return sorted(pairs, key=lambda pair: -pair[1])


def reproduction(record: AuditRecord) -> list[Fact]:
    """What it takes to come to the same record again."""
    facts = _named(record.plan, PLAN_WORDS) + _named(record.environment, ENVIRONMENT_WORDS)
    versions = [
        f"{name} {text}"
        for name, text in sorted(record.environment.items())
        if VERSION.fullmatch(str(text)) and isinstance(text, str)
    ]
    if versions:
        facts.append(("Versions", shortened(", ".join(map(str, versions)), LONGEST)))
    took = seconds_text(record.environment.get("seconds"))
    return facts + ([("Took", took)] if took else [])


def call(record: AuditRecord) -> str:
    """The command or call that made this record, or an empty text."""
    return printable(record.environment.get("command") or "")


def columns_of(record: AuditRecord) -> list[Mapping[str, Any]]:
    """The columns as the record lists them: name, kind, role, note."""
    columns = record.data.get("columns") or []
    return [column for column in columns if isinstance(column, Mapping)]


def citation(record: AuditRecord) -> str:
    """One line to put into a paper or a ticket."""
    version = record.environment.get("samplewise")
    parts = [f"samplewise{f' {version}' if version else ''}", "audit record"]
    if record.data.get("fingerprint"):
        parts.append(f"data {str(record.data['fingerprint'])[:12]}")
    if record.plan.get("seed") is not None:
        parts.append(f"seed {record.plan['seed']}")
    if record.environment.get("started"):
        parts.append(str(record.environment["started"])[:10])
    return shortened(", ".join(map(str, parts)), LONGEST) + "."


def _named(facts: Mapping[str, Any], words: Mapping[str, str]) -> list[Fact]:
    return list(_present(facts, words))


def _present(facts: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[Fact]:
    for key, word in words.items():
        value = facts.get(key)
        if value in (None, "", [], {}) or (key == "missing_labels" and not value):
            continue
        yield word, _text(key, value)


def _text(key: str, value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and key != "seed":
        return number_text(value)
    if isinstance(value, Mapping):
        return shortened(", ".join(f"{name} {item}" for name, item in sorted(value.items())), LONGEST)
    return shortened(value, LONGEST)
