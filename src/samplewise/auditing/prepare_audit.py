"""From what a user holds to what an audit needs: rows with usable labels, their roles, a test set, own predictions."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, require_finite
from samplewise.core.errors import InputError
from samplewise.data.columns import Column
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_reading, with_columns_of
from samplewise.data.readers import Reading, Roles, likely_labels
from samplewise.data.targets import Target, describe_target


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


def take_in(
    X: Any, y: Any, roles: Roles, *, test: Any = None, task: Any = "auto", positive: Any = None,
    predictions: Any = None, embeddings: Any = None,
) -> Intake:  # fmt: skip
    """Read, describe and check everything the user brought; see `audit` for what each part may be.

    Raises:
        InputError: no label, or anything that does not fit the rows.
    """
    reading = as_reading(X, y, roles)
    everything = reading.data
    if everything.y is None:
        _prompt_for_label(reading)
    target = describe_target(everything.y, task=task, ids=everything.ids, positive=positive)
    usable = target.usable
    data = everything if usable.all() else everything.take(np.flatnonzero(usable))
    target, aside = _described_again(target, usable)
    notes = [*reading.notes, *([target.note] if target.note else []), *aside]
    supplied = _embedded(embeddings, everything)
    held = None if test is None else _read_test(test, everything, roles)
    facts = _facts(reading, data, target, notes, usable, held)
    return Intake(
        everything, data, target, reading.columns, facts, held,
        _usable_rows(predictions, everything, usable),
        None if supplied is None else supplied[usable],
        _embedded(embeddings, held) if held is not None and callable(embeddings) else None,
    )  # fmt: skip


def _prompt_for_label(reading: Reading) -> None:
    likely = likely_labels(reading.frame) if reading.frame is not None else []
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


def _read_test(test: Any, data: Dataset, roles: Roles) -> Dataset:
    """The test rows, with the same columns as the data."""
    named = not isinstance(test, Dataset | tuple)
    held = as_reading(test, None, replace(roles, segments=None) if named else Roles(), name="the test set").data
    return with_columns_of(data, held, "the test rows")


def _embedded(embeddings: Any, data: Dataset) -> Floats | None:
    """(n, d) features from the user's own network: an array, or a function of X."""
    if embeddings is None:
        return None
    values = embeddings(data.X) if callable(embeddings) else embeddings
    values = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values, dtype=np.float64)
    if values.ndim != 2 or len(values) != len(data):
        raise InputError(
            "embeddings must have one row of numbers per row of X", got=f"shape {values.shape} for {len(data)} rows",
            fix=f"pass shape ({len(data)}, d)",
        )  # fmt: skip
    require_finite(values, data.ids, "embeddings", "return finite numbers for every row")
    return values


def _usable_rows(predictions: Any, data: Dataset, usable: Array) -> Any:
    """Predictions of the audited rows, in the form they came in."""
    if predictions is None:
        return None
    values: Any = predictions.detach().cpu().numpy() if hasattr(predictions, "detach") else predictions
    values = values if hasattr(values, "shape") else np.asarray(values, dtype=np.float64)
    if len(values) != len(data):
        raise InputError(
            "predictions need one row per row of X", got=f"shape {tuple(values.shape)} for {len(data)} rows",
            fix="pass out-of-sample predictions for every row",
        )  # fmt: skip
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
        "missing_labels": int((~usable).sum()),
        "set_aside": [str(item) for item in reading.data.ids[~usable][:100].tolist()],
        "test_rows": None if test is None else len(test),
    }
