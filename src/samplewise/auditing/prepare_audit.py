"""From what a user holds to what an audit needs: rows with usable labels, their roles, a test set, own predictions."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from samplewise.auditing.answers import label_answers
from samplewise.auditing.audited_rows import AuditedRows, are_numbered
from samplewise.auditing.options import AuditOptions
from samplewise.core.arrays import Array, Floats, Mask, fingerprint, require_finite
from samplewise.core.errors import InputError, name_rows
from samplewise.core.texts import count_of
from samplewise.data.columns import Column
from samplewise.data.conversions import as_numbers
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.inputs import as_reading, read_like
from samplewise.data.magnitudes import require_sizes
from samplewise.data.matched_rows import matched_rows, order_notes
from samplewise.data.readers import Reading, likely_labels, unreadable_notes
from samplewise.data.roles import Roles
from samplewise.data.shifted_rows import ShiftedRow, shifted_rows
from samplewise.data.targets import Target, Task, describe_target, with_read_labels
from samplewise.labels.facts import Answer
from samplewise.labels.facts_or_outcomes import OUTCOMES, LabelMeaning, label_meaning


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """The data as it was understood.

    Args:
        everything: all rows given, also those set aside; what `apply` works on.
        data: the rows that are audited: labeled, in a class of at least two.
        target: their labels as codes.
        columns: kind and role of every column.
        facts: what the record says about the data.
        test: rows of the same kind that nothing was trained on.
        predictions: (n, c) out-of-sample probabilities of the audited rows, as the user gave them.
        embeddings: (n, d) features of the user's own network for the audited rows.
        test_embeddings: the same for the test rows, where a function made them.
        other_columns: columns of the audited rows that are neither features nor the label; None where there are none.
        test_other_columns: the same of the test rows.
        meaning: whether labels are facts or outcomes.
        answers: what people said of labels, by id.
        rows: all rows given, by id and content.
        shifted: rows, also those set aside, whose cells seem to stand one column aside, by id.
        given_beside: as `other_columns`, of all rows given.
    """

    everything: Dataset
    data: Dataset
    target: Target
    columns: tuple[Column, ...]
    facts: dict[str, Any]
    test: Dataset | None = None
    predictions: Any = None
    embeddings: Floats | None = None
    test_embeddings: Floats | None = None
    other_columns: Any | None = None
    test_other_columns: Any | None = None
    meaning: LabelMeaning = OUTCOMES
    answers: Mapping[Any, Answer] = field(default_factory=lambda: MappingProxyType({}))
    rows: AuditedRows | None = None
    shifted: Mapping[Any, ShiftedRow] = field(default_factory=lambda: MappingProxyType({}))
    given_beside: Any | None = None


def take_in(data: Any, y: Any, options: AuditOptions) -> Intake:
    """Read, describe and check everything the user gave; see `audit` for what each part may be.

    Raises:
        InputError: no label, or anything that does not fit the rows.
    """
    roles = Roles(**{role.name: getattr(options, role.name) for role in fields(Roles)})
    dropped = options.drop_columns
    roles = replace(roles, drop_columns=(dropped,) if isinstance(dropped, str) else tuple(dropped))
    reading = as_reading(data, y, roles)
    everything = reading.data
    if everything.y is None:
        _prompt_for_label(reading)
    _require_classes(reading)
    readable = ~unreadable_pictures(everything)
    weightless = _without_weight(everything)
    counted = np.flatnonzero(readable & ~weightless)
    target, usable = usable_rows(everything, options.task, options.positive)
    rows = _relative(everything if usable.all() else everything.take(np.flatnonzero(usable)))
    target, aside = _described_again(target, target.usable)
    rows = with_read_labels(rows, target)
    if weightless.any():
        aside.append(f"{int(weightless.sum())} rows of weight 0 are set aside")
    notes = [*reading.notes, *([target.note] if target.note else []), *_spelling_notes(reading, target), *aside]
    shifted = _shifted(reading, data)
    index = data.index if hasattr(data, "iloc") else None
    embedded = _embedded(options.embeddings, everything, index)
    notes += _shifted_note(shifted)
    notes += [
        *order_notes({"probabilities": options.probabilities, "embeddings": options.embeddings}, everything, index)
    ]
    test = reading.test if options.test is None else options.test
    played = reading.roles if isinstance(data, Reading) else roles  # those of a table that was read before
    held, beside_test, test_notes = (None, None, []) if test is None else _read_test(test, everything, played)
    notes += test_notes
    facts = _facts(reading, rows, target, notes, usable, held)
    facts |= {"missing_labels": len(counted) - len(rows)}
    facts |= {"zero_weights": int((weightless & readable).sum())} if weightless.any() else {}
    facts |= {} if readable.all() else {"unreadable": int((~readable).sum())}
    facts |= reading.recorded() | {"numbered": are_numbered(reading)}
    given = AuditedRows.of(everything, facts)
    facts["content"] = given.content()
    meaning = label_meaning(
        options.labels_are, everything, classes=target.classes is not None, embedded=embedded is not None
    )
    return Intake(
        everything, rows, target, reading.columns, facts, held,
        _usable_rows(options.probabilities, everything, usable, index),
        None if embedded is None else embedded[usable],
        _embedded(options.embeddings, held) if held is not None and callable(options.embeddings) else None,
        None if reading.other_columns is None else reading.other_columns[usable].reset_index(drop=True), beside_test,
        meaning=meaning, answers=label_answers(options.reviewed, rows, target, meaning), rows=given,
        shifted=shifted, given_beside=reading.other_columns,
    )  # fmt: skip


def require_files(data: Any, options: AuditOptions) -> None:
    """Refuse test rows that are the data themselves, and a largest size of files where none is read."""
    tested, read = _path_of(options.test), _path_of(data)
    if options.test is not None and (options.test is data or (tested is not None and tested == read)):
        raise InputError(
            "the test rows are the data themselves, and a model has seen them", where="test",
            got=str(options.test)[:80], fix="name rows that nothing was trained on, or leave test= out",
        )  # fmt: skip
    if options.max_size is not None and not any(isinstance(part, str | os.PathLike) for part in (data, options.test)):
        raise InputError(
            "max_size is about files, and none is read", where="max_size", got=f"max_size={options.max_size!r}",
            fix="leave max_size= out",
        )  # fmt: skip


def _path_of(data: Any) -> Path | None:
    """The file or folder that rows come from, whatever it is called; None for rows in memory."""
    file = data.file if isinstance(data, Reading) else data
    return Path(file).expanduser().resolve() if isinstance(file, str | os.PathLike) else None


def _shifted(reading: Reading, given: Any) -> dict[Any, ShiftedRow]:
    """Rows whose cells seem to stand one column aside, by id, in a table as it was read or given."""
    held = given[0] if isinstance(given, tuple) else given
    table = reading.frame if reading.frame is not None else held if hasattr(held, "iloc") else None
    if table is None or not hasattr(table, "columns") or isinstance(reading.data.X, Images):
        return {}
    return {reading.data.ids[row.position : row.position + 1].tolist()[0]: row for row in shifted_rows(table)}


def _shifted_note(shifted: Mapping[Any, ShiftedRow]) -> list[str]:
    """What is said of them where they are read: cells that do not fit are gaps or codes of their own from here on."""
    if not shifted:
        return []
    return [
        f"the cells of {count_of(len(shifted), 'row')} seem to stand one column to the left or right: "
        f"{name_rows(shifted)}; they are read where they stand (SW108 shows them)"
    ]


def usable_rows(data: Dataset, task: Task, positive: Any = None) -> tuple[Target, Mask]:
    """The labels of rows that count, and which of all rows (n,) are audited: labeled, in a class of at least two."""
    counted = np.flatnonzero(~unreadable_pictures(data) & ~_without_weight(data))
    target = describe_target(np.asarray(data.y)[counted], task=task, ids=data.ids[counted], positive=positive)
    usable = np.zeros(len(data), dtype=bool)
    usable[counted[target.usable]] = True
    return target, usable


def _without_weight(data: Dataset) -> Mask:
    """(n,) rows that are to count for nothing."""
    return np.zeros(len(data), dtype=bool) if data.weights is None else data.weights == 0


def labels_read(taken: Intake) -> dict[str, Any]:
    """What the record's plan says of how labels are read, by whose choice, and of the answers of people."""
    meaning, answers = taken.meaning, taken.answers
    said = sorted((str(key), answer.wrong, answer.code) for key, answer in answers.items())
    return {
        "labels_are": meaning.are,
        "labels_are_rule": "you said so" if meaning.chosen_by == "you" else meaning.why,
        "answers": len(answers),
        "answers_fingerprint": fingerprint(said) if said else None,
    }


def _relative(rows: Dataset) -> Dataset:
    """The rows with weights of mean 1, so that penalties mean what they mean without; equal ones are none at all."""
    if rows.weights is None or not len(rows):
        return rows
    equal = rows.weights.min() == rows.weights.max()
    return rows.with_weights(None if equal else rows.weights / rows.weights.mean())


def unreadable_pictures(data: Dataset) -> Mask:
    """(n,) rows whose picture cannot be read; none in other data."""
    return data.X.unreadable if isinstance(data.X, Images) else np.zeros(len(data), dtype=bool)


def _require_classes(reading: Reading) -> None:
    """Refuse a folder of one class by its name: there is nothing to tell apart."""
    if reading.file is None or not reading.file.is_dir() or len(classes := np.unique(np.asarray(reading.data.y))) > 1:
        return
    raise InputError(
        "every picture is in one sub-folder, and a class is to be told from another", where=str(reading.file),
        got=f"{len(reading.data)} pictures of {str(classes[0])!r}",
        fix="put every class in a sub-folder of its own; without labels: quality.find_duplicates(PATH)",
    )  # fmt: skip


def _prompt_for_label(reading: Reading) -> None:
    likely = likely_labels(reading.frame) if reading.frame is not None else []
    if reading.file is not None and reading.file.is_dir():
        raise InputError(
            "the pictures have no labels", where=str(reading.file), got="one folder without sub-folders",
            fix="put every class in a sub-folder of its own, or name a table of the labels: "
            "samplewise audit LABELS.csv --label COL --image COL",
        )  # fmt: skip
    raise InputError(
        "the audit needs a label for every row",
        got="no y and no label column",
        fix=f"name the label column; likely: {', '.join(likely)}"
        if likely
        else "pass y, or label= with the column's name",
    )


def _described_again(target: Target, usable: Array) -> tuple[Target, list[str]]:
    """The target of the usable rows, and what was set aside, in words."""
    if usable.all():
        return target, []
    aside = [f"{int((~usable).sum())} rows without a usable label are set aside"]
    if target.classes is None:
        return replace(target, codes=target.codes[usable]), aside
    if target.single:
        aside.append(f"classes with one row cannot be cross-fitted: {', '.join(map(str, target.single[:5]))}")
    codes = target.codes[usable]
    present = np.unique(codes)
    return replace(target, classes=target.classes[present], codes=np.searchsorted(present, codes)), aside


def _spelling_notes(reading: Reading, target: Target) -> list[str]:
    """A note on every class that is spelled in several ways."""
    return [
        f"{reading.label or 'y'}: read as one class: spellings {', '.join(map(repr, spellings[:5]))}"
        for spellings in target.spellings
    ]


def _read_test(test: Any, data: Dataset, roles: Roles) -> tuple[Dataset, Any | None, list[str]]:
    """The test rows with the columns of the data, their other columns, and notes on what was read otherwise."""
    named = not isinstance(test, Dataset | tuple)
    columns = {name: kind for name, kind in (roles.columns or {}).items() if name in _names_of(data)}
    beside = Roles(columns=columns, decimal=None if isinstance(test, Dataset) else roles.decimal)
    played = replace(roles, segments=None, weights=None) if named else beside
    reading = _without_columns(as_reading(test, None, played, name="the test set"), roles)
    held, others = reading.data, reading.other_columns
    lost = unreadable_pictures(held)
    notes = [f"test rows, left out: {note}" for note in unreadable_notes(held)]
    if lost.any():
        held = held.take(np.flatnonzero(~lost))
        others = None if others is None else others[~lost].reset_index(drop=True)
    held, read_otherwise = read_like(data, held, "the test rows")
    notes += read_otherwise
    converted = held.conversions if not isinstance(test, Dataset) else {}
    notes += [
        f"{name}, in the test rows: {one.note}"
        for name, one in converted.items()
        if one.note and name not in data.conversions
    ]
    return held, others, notes


def _without_columns(reading: Reading, roles: Roles) -> Reading:
    """Test rows without the columns of segments and weights, which are no features and need not be there."""
    names = [name for name in (roles.weights, *_listed(roles.segments)) if isinstance(name, str)]
    if not hasattr(reading.data.X, "columns") or not set(names) & set(reading.data.X.columns):
        return reading
    return replace(reading, data=replace(reading.data, X=reading.data.X.drop(columns=names, errors="ignore")))


def _listed(names: Any) -> tuple[Any, ...]:
    """One name or several; nothing where the values themselves were given."""
    return (names,) if isinstance(names, str) else tuple(names) if isinstance(names, list | tuple) else ()


def _names_of(data: Dataset) -> list[str]:
    """The names of the features, where they have names."""
    return [column.name for column in data.columns]


def _embedded(embeddings: Any, data: Dataset, index: Any = None) -> Floats | None:
    """(n, d) features from the user's own network: an array, or a function of X."""
    if embeddings is None:
        return None
    values = embeddings(data.X) if callable(embeddings) else embeddings
    values = matched_rows(values, data.ids, "embeddings", index)
    values = as_numbers(values, "embeddings", 2, fix=f"pass shape ({len(data)}, d), or a function that makes it from X")
    if len(values) != len(data):
        raise InputError(
            "embeddings must have one row of numbers per row of X", where="embeddings",
            got=f"shape {values.shape} for {len(data)} rows", fix=f"pass shape ({len(data)}, d)",
        )  # fmt: skip
    require_finite(values, data.ids, "embeddings", "return finite numbers for every row")
    require_sizes(values, data.ids, "embeddings")
    return values


def _usable_rows(predictions: Any, data: Dataset, usable: Array, index: Any = None) -> Any:
    """Predictions of the audited rows, in the form they came in."""
    if predictions is None:
        return None
    values: Any = predictions.detach().cpu().numpy() if hasattr(predictions, "detach") else predictions
    values = values if hasattr(values, "shape") else as_numbers(values, "probabilities", 1 + (np.ndim(values) != 1))
    if not np.ndim(values) or len(values) != len(data):
        raise InputError(
            "probabilities need one row per row of X", where="probabilities",
            got=f"shape {tuple(values.shape)} for {len(data)} rows",
            fix="pass out-of-sample predictions for every row",
        )  # fmt: skip
    values = matched_rows(values, data.ids, "probabilities", index)
    if usable.all():
        return values
    return values.loc[usable] if hasattr(values, "iloc") else values[usable]


def _facts(
    reading: Reading, data: Dataset, target: Target, notes: list[str], usable: Array, test: Dataset | None
) -> dict[str, Any]:
    """What the record says about the data."""
    classes = [] if target.classes is None else target.classes.tolist()
    return {
        "rows": len(data),
        "columns": [{"name": c.name, "kind": c.kind, "role": c.role, "note": c.note} for c in reading.columns],
        "shape": [int(size) for size in data.X.shape],
        "source": str(reading.file) if reading.file else "data in memory",
        "id_source": reading.id_source,
        "label": reading.label or "y",
        "task": target.task,
        "classes": [str(value) for value in classes],
        "class_counts": np.bincount(target.codes, minlength=len(classes)).tolist() if classes else [],
        "fingerprint": data.fingerprint(),
        "notes": list(notes),
        "questions": [*([target.question] if target.question else []), *reading.questions],
        "missing_labels": int((~usable).sum()),
        "set_aside": [str(item) for item in reading.data.ids[~usable][:100].tolist()],
        "test_rows": None if test is None else len(test),
    }
