"""The lists of rows a person fills in, and a text beside each that says once what is common to its rows.

`findings/SWxxx.csv` holds ALL rows of a check's findings, one line a row: id, given, suggested, what the check says of
the row, an empty `decision`, and the row's own columns. `findings/SWxxx.txt` says what was found, what to do, what may
be written under `decision`, and what to run then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from samplewise.auditing.own_cells import OWN, OwnCells, is_gap
from samplewise.auditing.redaction import NOTE
from samplewise.auditing.row_facts import PROBABILITY, row_facts
from samplewise.auditing.run_folder import COLUMNS, FOLDER, WORDS
from samplewise.core.csv_text import csv_text
from samplewise.core.findings import AuditRecord, Finding, Outcome, Remedy
from samplewise.core.texts import count_of, paragraph, sentence
from samplewise.data.dataset import Dataset
from samplewise.report.for_review import asks_a_person

OWN_COLUMNS = 50  # columns of the data behind the decision
OWN_ENTRIES = 2_000_000  # cells of them at the most: of very many rows, fewer columns
LONGEST = 32_000  # characters of a cell; no spreadsheet holds more in one
COLLIDING = "data."  # before the name of a column of the data that a column of ours, or another one, has
NOT_LISTED = frozenset({"keep"})  # said by the reason too, and a word that a decision may be
WIDTH = 100
INDENT = "   "
LABELS = "SW201"  # the check whose list holds answers about labels


def fresh_lists(record: AuditRecord, data: Dataset, given: OwnCells | None = None) -> dict[str, str]:
    """The text of `SWxxx.csv` and `SWxxx.txt` for every check that names rows, with an empty column `decision`.

    Args:
        record: what was found; one without values gives lists without the rows' own columns.
        data: the audited rows.
        given: cells of all rows given, also of those that were set aside; of the audited rows where None.

    Cost: O(cells written).
    """
    hidden = NOTE in (record.data.get("notes") or ())
    given = OwnCells(data) if given is None else given
    own = None if hidden else given
    labels = _given_labels(record, data, given, hidden)
    positions = {str(key): position for position, key in enumerate(given.ids.tolist())}
    texts = {}
    for outcome in record.outcomes:
        if any(finding.axis == "row" and finding.keys for finding in outcome.result.findings):
            lines, names = _lines(outcome, labels)
            own_names = [] if own is None else _add_own_columns(own, outcome, lines, positions)
            texts[f"{outcome.code}.csv"] = list_text([*names, *own_names], lines.values())
            texts[f"{outcome.code}.txt"] = _beside(record, outcome, len(lines), names, own_names)
    return texts


def list_text(names: Sequence[str], lines: Iterable[Mapping[str, str]]) -> str:
    """Lines as the text of a list with these columns."""
    return csv_text(names, ([line.get(name, "") for name in names] for line in lines))


def _given_labels(record: AuditRecord, data: Dataset, given: OwnCells, hidden: bool) -> Mapping[str, Any]:
    """Label by the text of the id; empty where a record without values hides the labels of a regression."""
    if data.y is None or data.y.ndim > 1 or (hidden and record.data.get("task") == "regression"):
        return {}
    aside = {} if given.labels is None else dict(zip(map(str, given.ids.tolist()), given.labels.tolist(), strict=True))
    return aside | dict(zip(map(str, data.ids.tolist()), data.y.tolist(), strict=True))


# ---- lines ----------------------------------------------------------------------------------------------------------


def _lines(outcome: Outcome, labels: Mapping[str, Any]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """A line a row by its id, in the order of the findings, and the names of the columns that hold something.

    A row of two findings stands once. Where a check has several findings, the reason names those of the row.
    """
    listed = list(_listed(outcome))
    found: dict[str, dict[str, Any]] = {}
    reasons: dict[str, list[str]] = {}
    for place, finding in listed:
        facts = row_facts(outcome.result, place, finding.keys)
        said = facts.pop("reason", {})
        for key in map(str, finding.keys):
            line = found.setdefault(key, {"id": key, "given": labels.get(key)})
            line |= {name: values[key] for name, values in facts.items() if key in values and name not in line}
            why = [said.get(key, ""), finding.title if len(listed) > 1 else ""]
            reasons.setdefault(key, []).extend(filter(None, map(str, why)))
    lines = {
        key: {name: _text(value) for name, value in line.items()}
        | {"reason": "; ".join(dict.fromkeys(reasons[key])), "decision": ""}
        for key, line in found.items()
    }
    held = dict.fromkeys(name for line in lines.values() for name, text in line.items() if text)
    said_of_rows = [name for name in held if name not in {*COLUMNS, *NOT_LISTED}]
    first = [name for name in ("id", "given", "suggested", PROBABILITY) if name in held]
    return lines, [*first, *said_of_rows, *(["reason"] if "reason" in held else []), "decision"]


def _listed(outcome: Outcome) -> Iterator[tuple[int, Finding]]:
    """The findings that name rows, with their places."""
    for place, finding in enumerate(outcome.result.findings):
        if finding.axis == "row" and finding.keys:
            yield place, finding


def _text(value: Any) -> str:
    if is_gap(value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) and not value.is_integer() else str(value)


# ---- the rows' own columns ------------------------------------------------------------------------------------------


def _add_own_columns(
    own: OwnCells, outcome: Outcome, lines: dict[str, dict[str, str]], positions: Mapping[str, int]
) -> list[str]:
    """Write the rows' own cells into their lines; returns the names of these columns."""
    known = [key for key in lines if key in positions]
    if not known:
        return []
    rows = np.array([positions[key] for key in known], dtype=np.intp)
    chosen = _chosen_columns(own, outcome, min(OWN_COLUMNS, OWN_ENTRIES // len(rows)))
    taken = {name for line in lines.values() for name in line} | set(COLUMNS)
    names = []
    for place in chosen:
        name = _own_name(own.names[place], taken)
        names.append(name)
        for key, text in zip(known, own.texts(place, rows), strict=True):
            lines[key][name] = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return names


def _chosen_columns(own: OwnCells, outcome: Outcome, most: int) -> list[int]:
    """All columns in their order; of too many those that are shown beside the rows, and the first others."""
    shown = {name.removeprefix(OWN) for one in outcome.result.exhibits if one.kind == "rows" for name in one.columns}
    ranked = sorted(range(len(own.names)), key=lambda place: own.names[place] not in shown)
    return sorted(ranked[:most])


def _own_name(name: str, taken: set[str]) -> str:
    """A name that no other column of the list has, whatever its case, on one line; it is taken then."""
    shown = " ".join(name.split()) or f"{COLLIDING}column"
    while shown.lower() in taken:
        shown = f"{COLLIDING}{shown}"
    taken.add(shown.lower())
    return shown


# ---- the text beside a list -----------------------------------------------------------------------------------------

SAID_OF = {  # columns of ours: what they hold
    "id": "the row",
    "given": "the label it has",
    "suggested": "the label a model would give it",
    PROBABILITY: "how likely its label is wrong, as the audit estimates it",
    "kind": "exact (equal in every cell) or near (almost equal)",
    "set": "rows with one number belong together",
    "reason": "why this row is listed",
}


def _beside(record: AuditRecord, outcome: Outcome, count: int, names: list[str], own: list[str]) -> str:
    """What was found, what to do, how to fill in the list, and what to run then."""
    file = f"{FOLDER}/{outcome.code}.csv"
    parts = [paragraph([f"{outcome.code} {outcome.title}: {count_of(count, 'row')} in {file}"], WIDTH)]
    parts += ["\n".join(_of_finding(finding)) for _, finding in _listed(outcome)]
    parts.append("\n".join(_of_columns(outcome, names, own)))
    words = {word: means for word, means in WORDS.items() if word != "relabel" or "suggested" in names}
    parts.append(
        "\n".join(
            ["What to write under decision", *_aligned(words), *_indented("Leave it empty where nothing is decided.")]
        )
    )
    parts.append("\n".join(_what_to_run(record, outcome, file)))
    return "\n\n".join(parts) + "\n"


def _of_finding(finding: Finding) -> Iterator[str]:
    yield from _indented(f"{finding.title} ({finding.severity}, {count_of(len(finding.keys), 'row')})", "")
    yield from _indented(sentence(finding.explanation))
    if finding.caveat:
        yield from _indented(sentence(finding.caveat))
    for remedy in finding.remedies:
        yield from _indented(f"- {' '.join(_of_remedy(remedy))}")


def _of_remedy(remedy: Remedy) -> Iterator[str]:
    yield sentence(remedy.action or f"{remedy.kind} {count_of(len(remedy.keys), 'row')}")
    if remedy.effect is not None:
        yield f"Tested: {remedy.effect} ({remedy.verdict})." if remedy.verdict else f"Tested: {remedy.effect}."
    elif remedy.reason and remedy.kind != "review":  # nobody expects a look at rows to be tested
        yield f"Not tested: {sentence(remedy.reason)}"


def _of_columns(outcome: Outcome, names: list[str], own: list[str]) -> Iterator[str]:
    scored = {PROBABILITY if one.unit == PROBABILITY else one.quantity: one for one in outcome.result.scores}
    larger = {name: f"{one.unit}; larger means: {one.larger_means}" for name, one in scored.items() if name in names}
    yield "The columns of the list"
    yield from _aligned({name: larger.get(name) or SAID_OF.get(name, "") for name in names if name != "decision"})
    yield from _aligned({"decision": "to be filled in"})
    if own:
        yield from _indented(
            f"Behind decision stand {count_of(len(own), 'column')} of the data; what is changed there is not read."
        )


def _what_to_run(record: AuditRecord, outcome: Outcome, file: str) -> Iterator[str]:
    yield "What to run then (RUN is the folder that holds findings/)"
    yield f"{INDENT}samplewise apply RUN --decisions RUN/{file} --out clean.csv"
    if any(map(asks_a_person, outcome.result.findings)):
        yield from _indented("Or decide row by row in a browser, without this list:")
        yield f"{INDENT}samplewise review RUN"
    if outcome.code == LABELS and record.plan.get("labels_are") == "facts":
        yield from _indented("Or audit again with the answers, which tells how many of the other labels are wrong:")
        yield f"{INDENT}samplewise audit ... --out RUN --reviewed RUN/{file}"


def _aligned(meanings: Mapping[str, str]) -> Iterator[str]:
    for name, means in meanings.items():
        yield from _indented(f"{name}: {means}" if means else name)


def _indented(text: str, by: str = INDENT) -> list[str]:
    return [f"{by}{line}" for line in paragraph([text], WIDTH - len(by)).split("\n")]
