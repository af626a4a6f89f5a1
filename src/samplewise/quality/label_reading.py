"""What looks wrong with a label before any model: names of splits, ids, unknown classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Mask
from samplewise.data.dataset import missing
from samplewise.data.spellings import class_key
from samplewise.data.targets import class_codes
from samplewise.quality.id_and_date_columns import FEWEST_ROWS, is_counter

SPLITS = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing", "holdout", "hold out"})
MOSTLY_UNLABELED = 0.5  # share of rows without a label


@dataclass(frozen=True, slots=True, eq=False)
class ClassesOfTest:
    """How the classes of other rows agree with those that a model is trained on.

    Args:
        unknown: (m,) whether a row's class is none of them.
        classes: the classes that are none of them, by name.
        spellings: pairs (spelling among the other rows, class it is read as).
    """

    unknown: Mask
    classes: tuple[str, ...]
    spellings: tuple[tuple[str, str], ...]


def is_mostly_unlabeled(absent: int, rows: int) -> bool:
    """Whether so many of these rows have no label that it is a question about the label column.

    >>> is_mostly_unlabeled(309, 471), is_mostly_unlabeled(3, 471)
    (True, False)
    """
    return absent >= MOSTLY_UNLABELED * rows


def are_splits(classes: Array) -> bool:
    """Whether classes are names of splits: train, val, test, ...

    >>> are_splits(np.array(["Train", "test"])), are_splits(np.array(["train", "bus"]))
    (True, False)
    """
    return len(classes) > 1 and {class_key(value) for value in classes.tolist()} <= SPLITS


def is_id_like(labels: Array) -> bool:
    """Whether a label of numbers only counts rows: whole, all different, filling at least half of their range.

    >>> is_id_like(np.arange(100.0, 140.0))
    True
    """
    if labels.dtype.kind not in "iuf" or len(labels) < FEWEST_ROWS:
        return False
    return is_counter(labels.astype(np.float64))


def classes_of_test(labels: Array, classes: Array) -> ClassesOfTest:
    """How labels (m,) of other rows agree with `classes` (c,).

    >>> found = classes_of_test(np.array(["a ", "c"]), np.array(["a", "b"]))
    >>> found.classes, found.spellings
    (('c',), (('a ', 'a'),))
    """
    codes = class_codes(labels, classes)
    absent = missing(labels)
    unknown = (codes < 0) & ~absent
    pairs: set[tuple[Any, Any]] = {
        (label, classes[code]) for label, code in zip(labels.tolist(), codes.tolist(), strict=True)
        if code >= 0 and type(label) is type(classes[code].item() if hasattr(classes[code], "item") else classes[code])
        and label != classes[code]
    }  # fmt: skip
    names = tuple(sorted({str(label) for label in labels[unknown].tolist()}))
    return ClassesOfTest(unknown, names, tuple(sorted((str(label), str(known)) for label, known in pairs)))
