"""The first lines of an audit: what was understood of the data, and what will be done with it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, shortened
from samplewise.report.wording import listed

MOST_NOTES = 6
LONGEST = 150


def understood_lines(facts: Mapping[str, Any], plan: Mapping[str, Any]) -> list[str]:
    """Rows, label, ids, columns and their roles, learner and its rule, fits, time: one line each."""
    pairs = [*_data(facts), *_plan(plan)]
    described = tuple(f"{column['name']}: " for column in facts.get("columns") or [] if column["role"] != "feature")
    notes = [shortened(note, LONGEST) for note in facts.get("notes") or [] if not note.startswith(described)]
    pairs += [("note", note) for note in notes[:MOST_NOTES]]
    if len(notes) > MOST_NOTES:
        pairs.append(("note", f"{len(notes) - MOST_NOTES} more in the report"))
    pairs += [("question", question) for question in facts.get("questions") or []]
    return [f"{name:<8} {text}" for name, text in pairs if text]


def _data(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    missing = facts.get("missing_labels") or 0
    aside = f", {missing:,} more without a usable label set aside" if missing else ""
    yield "data", f"{shortened(facts['source'], LONGEST)}: {count_of(facts['rows'], 'row')}{aside}"
    if facts.get("test_rows"):
        yield "test", count_of(facts["test_rows"], "row")
    yield "label", f"{shortened(facts['label'], 60)}: {_classes(facts)}"
    yield "ids", shortened(facts.get("id_source") or "", LONGEST)
    columns = facts.get("columns") or []
    used = [column for column in columns if column["role"] == "feature"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(column["kind"] for column in used).most_common())
    if columns:
        yield "columns", f"{len(used)} the model sees ({kinds})" if used else "none the model sees"
    elif facts.get("shape"):
        yield "input", " \u00d7 ".join(map(str, facts["shape"]))
    left_out = [
        f"{shortened(column['name'], 40)} ({column['kind']})" for column in columns if column["role"] != "feature"
    ]
    yield "left out", listed(left_out, most=6)


def _classes(facts: Mapping[str, Any]) -> str:
    names, counts = facts.get("classes") or [], facts.get("class_counts") or []
    if not names:
        return "a number (regression)"
    order = sorted(range(len(names)), key=lambda code: -counts[code])
    total = max(sum(counts), 1)
    shown = [f"{shortened(names[code], 30)} ({percent_text(counts[code] / total, '.0f')})" for code in order]
    return f"{count_of(len(names), 'class', 'classes')}: {listed(shown, most=6)}"


def _plan(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "learner", shortened(f"{plan['learner']} ({plan['learner_rule']})", LONGEST)
    if plan.get("labels_are") == "facts":
        yield "labels", shortened(f"read as facts ({plan['labels_are_rule']})", LONGEST)
    yield "plan", f"{count_of(len(plan['checks']), 'check')}, seed {plan['seed']}"
