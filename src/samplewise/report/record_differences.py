"""What two audits differ in before anything was found: the data, the options, the versions of what ran."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from samplewise.core.findings import AuditRecord
from samplewise.core.texts import count_of, keys_text, shortened

OPTIONS = ("learner", "metric", "seed", "folds", "budget", "advice", "labels_are", "n_test_evaluations", "answers")
NO_VERSIONS = (  # of the environment, what says nothing about what ran
    "command", "seconds", "started", "advice_seconds", "fits_made", "fits_reused", "run_folder",
)  # fmt: skip
LONGEST = 80


@dataclass(frozen=True, slots=True)
class RecordDifferences:
    """Sentences on what differs, by its kind; nothing where both are the same."""

    data: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Which of the three differ."""
        kinds = {"data": self.data, "options": self.options, "versions": self.versions}
        other = [kind for kind, found in kinds.items() if found]
        same = [kind for kind, found in kinds.items() if not found]
        parts = [f"other {' and '.join(other)}" if other else "", f"the same {' and '.join(same)}" if same else ""]
        text = "; ".join(filter(None, parts))
        return f"{text[0].upper()}{text[1:]}."


def record_differences(
    before: AuditRecord, after: AuditRecord, ids: tuple[Collection[str], Collection[str]] | None = None
) -> RecordDifferences:
    """What two records differ in.

    Args:    before, after: two records.
             ids: of the rows of both as text, where rows have names that stay theirs; else no row can be followed.
    Returns: `RecordDifferences`.   Cost: O(rows).
    """
    return RecordDifferences(
        tuple(_data(before, after, ids)), tuple(_options(before, after)),
        tuple(_differing(_versions(before), _versions(after))),
    )  # fmt: skip


def _data(
    before: AuditRecord, after: AuditRecord, ids: tuple[Collection[str], Collection[str]] | None
) -> Iterator[str]:
    old, new = before.data, after.data
    rows = [record.data.get("rows") for record in (before, after)]
    if rows[0] != rows[1]:
        yield f"{rows[0]:,} rows before, {rows[1]:,} now" if all(isinstance(n, int) for n in rows) else f"rows: {rows}"
    changed = old.get("fingerprint") != new.get("fingerprint")
    if changed and ids is not None:
        yield from _rows(set(ids[0]), set(ids[1]))
    columns = [_columns(record.data) for record in (before, after)]
    gone, come = ([name for name in one if name not in other] for one, other in (columns, columns[::-1]))
    if gone:
        yield f"columns gone: {keys_text(gone)}"
    if come:
        yield f"columns new: {keys_text(come)}"
    both = [name for name in columns[0] if columns[1].get(name, columns[0][name]) != columns[0][name]]
    yield from (f"column {name!r} read as {columns[0][name]} before, as {columns[1][name]} now" for name in both[:5])
    if old.get("classes") != new.get("classes") and (old.get("classes") or new.get("classes")):
        yield f"classes: {keys_text(old.get('classes') or [])} before, {keys_text(new.get('classes') or [])} now"
    if old.get("test") != new.get("test"):
        yield "other test rows"
    if changed and rows[0] == rows[1] and columns[0] == columns[1]:
        yield "the content of cells or labels changed"


def _rows(old: set[str], new: set[str]) -> Iterator[str]:
    """Rows by their ids; which others changed cannot be told: the hashes of every record have their own key."""
    parts = [(old - new, "gone"), (new - old, "new")]
    yield from (f"{count_of(len(keys), 'row')} {word}: {keys_text(sorted(keys))}" for keys, word in parts if keys)


def _columns(facts: Mapping[str, Any]) -> dict[str, str]:
    return {str(column["name"]): f"{column['kind']} ({column['role']})" for column in facts.get("columns") or []}


def _options(before: AuditRecord, after: AuditRecord) -> Iterator[str]:
    kept = [{name: record.plan.get(name) for name in OPTIONS} for record in (before, after)]
    for settings, record in zip(kept, (before, after), strict=True):
        settings |= {"label": record.data.get("label"), "task": record.data.get("task")}
        settings |= {name: value for name, value in dict(record.data.get("roles") or {}).items() if name != "label"}
    yield from _differing(*kept)
    checks = [[str(code) for code in record.plan.get("checks") or []] for record in (before, after)]
    for one, other, word in ((*checks, "not asked now"), (*checks[::-1], "not asked before")):
        missing = [code for code in one if code not in other]
        if missing and one and other:
            yield f"checks {word}: {', '.join(missing)}"


def _versions(record: AuditRecord) -> dict[str, Any]:
    return {name: value for name, value in record.environment.items() if name not in NO_VERSIONS}


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in [*old, *(name for name in new if name not in old)]:
        values = [_said(settings.get(name)) for settings in (old, new)]
        if values[0] != values[1]:
            yield f"{name.replace('_', ' ')}: {values[0]} before, {values[1]} now"


def _said(value: Any) -> str:
    plain = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return "none" if value in (None, "", [], ()) else shortened(plain, LONGEST)
