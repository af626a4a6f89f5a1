"""What is to be predicted: classes or a number, decided by a documented rule that says what it decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, require_finite
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, sentence
from samplewise.data.conversions import as_vector
from samplewise.data.dataset import Dataset
from samplewise.data.label_values import merged_spellings, numbers_of_values
from samplewise.data.magnitudes import require_label_sizes
from samplewise.data.number_formats import cells_of, read_every_number
from samplewise.data.spellings import class_key

Task = Literal["auto", "classification", "regression"]
MOST_CLASSES = 1000
FEW_VALUES = 10  # so many different whole numbers from 0 or 1 on are classes
CODED_ROWS = 10  # rows per value, in the mean, from which more of them may be codes of classes
CODED_EVEN = 0.5  # and the rows of the rarest, relative to that mean


@dataclass(frozen=True, slots=True, eq=False)
class Target(Result):
    """Labels as the engine reads them.

    Args:
        task: "classification" or "regression".
        classes: (c,) class values, sorted, the positive one last where it was named; None for regression.
        codes: (n,) intp positions in `classes`, -1 where the label is missing; for regression (n,) float64, NaN there.
        note: how the task was chosen, a sentence for the reader of the audit.
        single: classes with one row: they can be neither cross-fitted nor split, so they are to be set aside.
        question: what the values alone cannot tell, with the option that settles it; "" where the task is plain.
        spellings: sets of values that are one class and differ in case, blanks or stops, the commonest first.
    """

    task: Literal["classification", "regression"]
    classes: Array | None
    codes: Array
    note: str = ""
    single: tuple[Any, ...] = ()
    question: str = ""
    spellings: tuple[tuple[Any, ...], ...] = ()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def code_by_name(self) -> dict[str, int]:
        """The code of every class by its name as text; empty for regression."""
        return {} if self.classes is None else {str(name): code for code, name in enumerate(self.classes.tolist())}

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
        yield sentence(self.question)

    def _table(self) -> Table:
        if self.classes is None:
            return Table({})
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.classes))
        return Table({"class": self.classes, "rows": counts}, index="class")


def describe_target(y: Any, task: Task = "auto", ids: Any | None = None, positive: Any | None = None) -> Target:
    """The labels as classes with codes, or as numbers.

    The rule of `task="auto"`, whatever the number of rows: words, booleans and two different values are classes.
    Numbers with fractions are a regression. Three to ten different whole numbers are classes where they run from 0 or 1
    without gaps; more of them only where they run from 0 without gaps and every one has about as many rows, as codes of
    classes have. All other numbers are a regression. Numbers written as text (1,234.50, 12 %, $ 7) are numbers first.
    Spellings of a class that differ in case, blanks or a closing stop are one class.

    Args:
        y: (n,) labels; NaN and None mean "missing".
        ids: (n,) keys that name the rows in messages; default: positions.
        positive: the class to be put last (its column is "the" probability of a binary task).

    Returns:
        Target with n codes; `note` says what was decided and how to decide otherwise.

    Raises:
        InputError: fewer than two rows, all labels missing, infinite labels, numbers that double precision cannot tell
            apart, one class, no two classes with two rows,
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
    return replace(target, classes=values, codes=codes, single=tuple(values[counts == 1].tolist()))


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
    counts = np.bincount(inverse, minlength=len(values))
    numbers = None if task == "classification" else numbers_of_values(values, counts)
    if task == "auto":
        named = len(values) if numbers is not None else len(np.unique(merged_spellings(values, counts)[0]))
        chosen, note, question = _chosen_task(values, numbers, counts, named)
    else:
        chosen, note, question = task, f"{task}, as given", ""
    if chosen == "regression":
        keys = np.arange(len(labels)) if ids is None else np.asarray(ids)
        if numbers is None:
            read = _as_numbers(labels, absent, keys)
        else:
            read = np.full(len(labels), np.nan)
            read[~absent] = numbers[inverse]
            note += _words_note(values, numbers, counts)
        require_label_sizes(read, keys)
        return Target("regression", None, read, note, question=question)
    if values.dtype.kind == "f" and (values == np.rint(values)).all() and np.abs(values).max(initial=0.0) < 2**53:
        values = values.astype(np.int64)  # whole numbers became floats because labels are missing: "1" again, not "1.0"
    places, spellings = merged_spellings(values, counts)
    kept, merged = np.unique(places, return_inverse=True)
    codes = np.full(len(labels), -1, dtype=np.intp)
    codes[~absent] = merged[inverse]
    return Target("classification", values[kept], codes, note, (), question, spellings)


def with_read_labels(data: Dataset, target: Target) -> Dataset:
    """The rows with their labels as they were read: one spelling per class, and numbers where they stood as text.

    >>> rows = Dataset([[0.0], [1.0], [2.0]], ["a.b", "a.b ", "a.b"])
    >>> with_read_labels(rows, compared_labels(rows.y)).y
    array(['a.b', 'a.b', 'a.b'], dtype='<U4')
    """
    if target.classes is None:
        return data if np.asarray(data.y).dtype.kind in "iuf" else data.with_labels(target.codes)
    if not target.spellings:
        return data
    labels = np.asarray(data.y).copy()
    coded = target.codes >= 0
    labels[coded] = target.classes[target.codes[coded]]
    return data.with_labels(labels)


def class_places(names: Sequence[str], classes: Array) -> list[int]:
    """(c,) the place among the names of columns of every class; refuses absent classes and columns of others.

    >>> class_places(["yes", "no"], np.array(["no", "yes"]))
    [1, 0]
    """
    wanted = [str(value) for value in classes.tolist()]
    lacking, unknown = sorted(set(wanted) - set(names)), sorted(set(names) - set(wanted))
    if lacking or unknown:
        raise InputError(
            "predictions and labels are about different classes", where="columns of predictions",
            got="; ".join(
                f"{what}: {', '.join(values[:5])}" + (f" ({len(values)} in all)" if len(values) > 5 else "")
                for what, values in (("no column for", lacking), ("no row is labeled", unknown)) if values
            ),
            fix="drop columns of classes nobody was given and divide the rest by its row sums; add absent columns as 0",
        )  # fmt: skip
    return [list(names).index(name) for name in wanted]


def class_codes(labels: Array, classes: Array) -> Array:
    """(n,) position of every label among `classes`, -1 for one that is not there; another spelling is no other class.

    >>> class_codes(np.array(["b", "c"]), np.array(["a", "b"]))
    array([ 1, -1])
    """
    places = {value: code for code, value in enumerate(classes.tolist())}
    codes = np.array([places.get(label, -1) for label in labels.tolist()], dtype=np.intp)
    if (codes >= 0).all():
        return codes
    spelled: dict[str, int] = {}  # by how they are called: a file may hold '1' for 1, or another spelling
    for code, value in enumerate(classes.tolist()):
        spelled[class_key(value)] = -1 if class_key(value) in spelled else code
    for row in np.flatnonzero(codes < 0):
        codes[row] = spelled.get(class_key(labels[row]), -1)
    return codes


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


Choice = tuple[Literal["classification", "regression"], str, str]


def _chosen_task(values: Array, numbers: Floats | None, counts: Ints, named: int) -> Choice:
    """The task, the note on how it was chosen and the question that is left, by the rule of `describe_target`."""
    rows = int(counts.sum())
    if numbers is None:
        return "classification", f"classification: the label is not a number ({named:,} classes)", ""
    different = np.unique(numbers[~np.isnan(numbers)])
    count, whole = len(different), bool((different == np.rint(different)).all())
    if not whole and count > 2:
        return "regression", f"regression: the label is a number with fractions ({count:,} different values)", ""
    kind = "floats that look like classes" if values.dtype.kind == "f" else "whole numbers"
    kind = kind if values.dtype.kind in "iuf" else "numbers written as text"
    classes = f"classification: {kind}, {count:,} different values in {rows:,} rows; task='regression' overrides"
    if count <= 2:
        return "classification", classes, ""
    low, high = different[0], different[-1]
    run = f"the label holds {count:,} different whole numbers from {low:,.0f} to {high:,.0f}"
    gapless = low in (0, 1) and high - low + 1 == count
    even = low == 0 and counts.mean() >= CODED_ROWS and counts.min() >= CODED_EVEN * counts.mean()
    if gapless and (count <= FEW_VALUES or (even and count <= MOST_CLASSES)):
        plain = low == 0 and count <= FEW_VALUES  # numbered as programs number classes
        asked = f"{run} and is read as classes; if it counts or grades something, --task regression"
        return "classification", classes, "" if plain else asked
    note = f"regression: {count:,} different whole numbers in {rows:,} rows; task='classification' overrides"
    asked = f"{run} and is read as a number; if they are codes of classes, --task classification"
    return "regression", note, asked if count <= FEW_VALUES else ""


def _words_note(values: Array, numbers: Floats, counts: Ints) -> str:
    """What is added to the note where words stand among the numbers of a label."""
    words = np.isnan(numbers)
    if not words.any():
        return ""
    named = ", ".join(f"{str(value)!r} ({count:,})" for value, count in zip(values[words], counts[words], strict=True))
    return f"; read as missing: the words {named}"


def _as_numbers(labels: Array, absent: Array, keys: Array) -> Floats:
    numbers = np.full(len(labels), np.nan)
    try:
        numbers[~absent] = labels[~absent].astype(np.float64)
    except (ValueError, TypeError):
        values, inverse = _distinct(labels[~absent])
        read = read_every_number(cells_of(values))
        numbers[~absent] = np.nan if read is None else read.values[inverse]
        bad = np.isnan(numbers) & ~absent
        if bad.any():
            raise InputError(
                "regression needs numbers as labels", where=name_rows(keys[bad]), got=f"y of dtype {labels.dtype}",
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
