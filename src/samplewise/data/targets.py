"""What is to be predicted: classes or a number, decided by a documented rule that says what it decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from samplewise.core.arrays import Array, is_number, require_finite
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, sentence
from samplewise.data.conversions import as_vector

Task = Literal["auto", "classification", "regression"]
MOST_CLASSES = 1000
FEW_VALUES = 20  # so many different numbers are classes however few rows there are


@dataclass(frozen=True, slots=True, eq=False)
class Target(Result):
    """Labels as the engine reads them.

    Args:
        task: "classification" or "regression".
        classes: (c,) class values, sorted, the positive one last where it was named; None for regression.
        codes: (n,) intp positions in `classes`, -1 where the label is missing; for regression (n,) float64, NaN there.
        note: how the task was chosen, a sentence for the reader of the audit.
        single: classes with one row: they can be neither cross-fitted nor split, so they are to be set aside.
    """

    task: Literal["classification", "regression"]
    classes: Array | None
    codes: Array
    note: str = ""
    single: tuple[Any, ...] = ()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def usable(self) -> Array:
        """Rows that have a label and are not the only one of their class: (n,) bool."""
        if self.classes is None:
            return ~np.isnan(self.codes)
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.classes))
        return (self.codes >= 0) & (counts[self.codes] > 1)

    def codes_of(self, y: Array, ids: Array, name: str) -> Array:
        """Labels of other rows (m,), called `name`, as codes of these classes, or as numbers."""
        if self.classes is None:
            return _as_numbers(y, _absent(y), ids)
        return known_codes(y, self.classes, ids, name)

    def _sentences(self) -> Iterable[str]:
        kinds = "numbers" if self.classes is None else count_of(len(self.classes), "class", "classes")
        yield f"{count_of(len(self), 'label')}, {kinds}, read for {self.task}."
        yield sentence(self.note)

    def _table(self) -> Table:
        if self.classes is None:
            return Table({})
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.classes))
        return Table({"class": self.classes, "rows": counts}, index="class")


def describe_target(y: Any, task: Task = "auto", ids: Any | None = None, positive: Any | None = None) -> Target:
    """The labels as classes with codes, or as numbers.

    The rule of `task="auto"`: strings, booleans and categories are classes. Whole numbers are classes when there are at
    most 20 different ones, or at most n / 10 and at most 1,000; so are floats that are all whole. All else is
    regression. Two different values are always classes.

    Args:
        y: (n,) labels; NaN and None mean "missing".
        ids: (n,) keys that name the rows in messages; default: positions.
        positive: the class to be put last (its column is "the" probability of a binary task).

    Returns:
        Target with n codes; `note` says what was decided and how to decide otherwise.

    Raises:
        InputError: fewer than two rows, all labels missing, infinite labels, one class, no two classes with two rows,
            more than 1,000 classes, text where numbers are needed, or an unknown `positive`.

    Cost: O(n log n).

    >>> describe_target(["no", "yes", "no", "yes"]).codes
    array([0, 1, 0, 1])
    """
    labels = as_vector(y, "y")
    keys = np.arange(len(labels)) if ids is None else np.asarray(ids)
    absent = _absent(labels)
    _require_rows(labels, absent)
    if labels[~absent].dtype.kind == "f" and np.isinf(labels[~absent]).any():
        require_finite(np.where(absent, 0.0, labels), keys, "y", "drop these rows, or leave their label missing (NaN)")
    target = compared_labels(labels, task, keys)
    if target.classes is None:
        _require_different(target.codes[~absent])
        return target
    _require_classes(target.classes, target.codes[~absent], len(labels))
    values, codes = target.classes, target.codes
    if positive is not None:
        values, codes = _positive_last(values, codes, positive)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    return Target("classification", values, codes, target.note, tuple(values[counts == 1].tolist()))


def compared_labels(y: Any, task: Task = "auto", ids: Any | None = None) -> Target:
    """The labels by the rule of `describe_target`, for methods that compare them and fit nothing.

    One class, one row or no label at all is no fault here; numbers that cannot be read still are.

    >>> compared_labels(["a", "a", None]).codes
    array([ 0,  0, -1])
    """
    labels = as_vector(y, "y")
    absent = _absent(labels)
    present = labels[~absent]
    if task not in ("auto", "classification", "regression"):
        raise unknown_name("task", task, ("auto", "classification", "regression"))
    values, inverse = _distinct(present)
    chosen, note = (task, f"{task}, as given") if task != "auto" else _chosen_task(present, values)
    if chosen == "regression":
        keys = np.arange(len(labels)) if ids is None else np.asarray(ids)
        return Target("regression", None, _as_numbers(labels, absent, keys), note)
    if values.dtype.kind == "f" and (values == np.rint(values)).all() and np.abs(values).max(initial=0.0) < 2**53:
        values = values.astype(np.int64)  # whole numbers became floats because labels are missing: "1" again, not "1.0"
    codes = np.full(len(labels), -1, dtype=np.intp)
    codes[~absent] = inverse
    return Target("classification", values, codes, note)


def class_codes(labels: Array, classes: Array) -> Array:
    """(n,) position of every label among `classes`, -1 for one that is not there.

    >>> class_codes(np.array(["b", "c"]), np.array(["a", "b"]))
    array([ 1, -1])
    """
    places = {value: code for code, value in enumerate(classes.tolist())}
    return np.array([places.get(label, -1) for label in labels.tolist()], dtype=np.intp)


def known_codes(labels: Array, classes: Array, ids: Array, name: str) -> Array:
    """(n,) position of every label among `classes`; rows of other classes are refused by id, and called `name`."""
    codes = class_codes(labels, classes)
    unknown = codes < 0
    if unknown.any():
        strange = sorted({str(label) for label in labels[unknown].tolist()})
        raise InputError(
            f"some labels of {name} are of no class the model was trained on", where=name_rows(ids[unknown]),
            got=", ".join(strange[:5]), fix=f"drop these rows from {name}, or train on rows of these classes",
        )  # fmt: skip
    return codes


def _absent(labels: Array) -> Array:
    flags = np.asarray(labels != labels, dtype=bool)
    if labels.dtype.kind == "O":
        flags = flags | np.fromiter((item is None for item in labels), bool, len(labels))
    return flags


def _require_rows(labels: Array, absent: Array) -> None:
    if len(labels) < 2:
        raise InputError(
            "there are too few rows to learn from", got=f"{len(labels)} row{'s' * (len(labels) != 1)}",
            fix="pass at least two rows of each of two classes",
        )  # fmt: skip
    if absent.all():
        raise InputError(
            "every label is missing",
            got=f"{len(labels)} rows, none with a label",
            fix="name another column with label=",
        )


def _distinct(present: Array) -> tuple[Array, Array]:
    """Different values in sorted order and each row's position among them; mixed types sort as text."""
    if present.dtype.kind != "O":
        values, inverse = np.unique(present, return_inverse=True)
        return values, inverse.astype(np.intp)
    ordered = sorted(set(present.tolist()), key=lambda value: (str(value), type(value).__name__))
    lookup = {value: code for code, value in enumerate(ordered)}
    values = np.empty(len(ordered), dtype=object)
    values[:] = ordered
    return values, np.fromiter((lookup[value] for value in present.tolist()), np.intp, len(present))


def _chosen_task(present: Array, values: Array) -> tuple[str, str]:
    count, rows = len(values), len(present)
    if present.dtype.kind not in "iuf":
        return "classification", f"classification: the label is not a number ({count:,} classes)"
    if present.dtype.kind == "f" and not (values == np.rint(values)).all() and count > 2:
        return "regression", f"regression: the label is a number with fractions ({count:,} different values)"
    floats = "floats that look like classes" if present.dtype.kind == "f" else "whole numbers"
    if count <= FEW_VALUES or count <= min(rows / 10, MOST_CLASSES):
        note = f"classification: {floats}, {count:,} different values in {rows:,} rows; task='regression' overrides"
        return "classification", note
    note = f"regression: {count:,} different whole numbers in {rows:,} rows; task='classification' overrides"
    return "regression", note


def _as_numbers(labels: Array, absent: Array, keys: Array) -> Array:
    numbers = np.full(len(labels), np.nan)
    try:
        numbers[~absent] = labels[~absent].astype(np.float64)
    except (ValueError, TypeError):
        bad = [key for key, label in zip(keys[~absent], labels[~absent], strict=True) if not is_number(label)]
        raise InputError(
            "regression needs numbers as labels", where=name_rows(bad), got=f"y of dtype {labels.dtype}",
            fix="convert them to numbers, or use task='classification'",
        ) from None  # fmt: skip
    return numbers


def _require_different(numbers: Array) -> None:
    if len(np.unique(numbers)) < 2:
        raise InputError(
            "every label is the same number", got=f"{len(numbers)} rows", fix="name another column with label="
        )


def _require_classes(values: Array, inverse: Array, rows: int) -> None:
    if len(values) < 2:
        raise InputError(
            "every row has the same label", got=f"{rows} rows, one class: {values[0]!s}",
            fix="name another column with label=, or add rows of another class",
        )  # fmt: skip
    if len(values) > MOST_CLASSES:
        raise InputError(
            f"there are more than {MOST_CLASSES:,} classes", got=f"{len(values):,} different labels in {rows:,} rows",
            fix="use task='regression' if the label is a number, else merge rare classes or name another label column",
        )  # fmt: skip
    counts = np.bincount(inverse, minlength=len(values))
    if (counts > 1).sum() < 2:
        shown = ", ".join(str(value) for value in values[counts == 1][:5])
        raise InputError(
            "fewer than two classes have two rows or more", where=f"classes with one row: {shown}",
            got=f"{rows} rows, {len(values)} classes", fix="add rows to these classes, or merge them",
        )  # fmt: skip


def _positive_last(values: Array, codes: Array, positive: Any) -> tuple[Array, Array]:
    """Classes and codes with the positive class last; `positive` may be given as text (from a command line)."""
    names: Sequence[str] = [str(value) for value in values.tolist()]
    if str(positive) not in names:
        raise unknown_name("class", str(positive), names)
    last = names.index(str(positive))
    order = np.array([position for position in range(len(values)) if position != last] + [last])
    moved = np.argsort(order)
    return values[order], np.where(codes >= 0, moved[codes], -1)
