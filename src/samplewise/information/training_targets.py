"""Rows as they come in, and the targets a model with squared error is trained on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, require_finite
from samplewise.core.errors import InputError
from samplewise.data.conversions import as_features, as_vector, default_ids
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import require_labels
from samplewise.data.targets import describe_target, known_codes


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Targets (n, c): indicators of the classes (one column 0 / 1 for a single output), or the numbers themselves."""

    values: Floats
    classes: Array | None  # None: numbers
    border: float = 0.5  # of a single output between two classes

    def correct(self, outputs: Floats, targets: Floats) -> Floats:
        """(m,) 1 where the outputs name the class of the targets, for classes; minus the squared error for numbers."""
        if self.classes is None:
            return np.asarray(-np.square(outputs - targets).sum(axis=1))
        if outputs.shape[1] == 1:
            return ((outputs[:, 0] > self.border) == (targets[:, 0] > 0.5)).astype(np.float64)
        return (outputs.argmax(axis=1) == targets.argmax(axis=1)).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Inputs, labels and ids of some rows, in any form a user may pass."""

    inputs: Any
    labels: Array | None
    ids: Array

    @classmethod
    def of(cls, data: Any) -> "Rows":
        """From a `Dataset`, a pair (X, y), X alone, or a torch data set with a length and items (x, y)."""
        if isinstance(data, Rows):
            return data
        if isinstance(data, Dataset):
            return cls(data.X, data.y, data.ids)
        if isinstance(data, tuple) and len(data) == 2:
            X, y = data
            labels = None if y is None else as_vector(y, "y", allow_matrix=True)
        elif hasattr(data, "__getitem__") and not hasattr(data, "shape") and not isinstance(data, list):
            X, labels = _items_of(data)
        else:
            X, labels = data, None
        count = len(X) if not hasattr(X, "shape") else X.shape[0]
        if labels is not None and len(labels) != count:
            raise InputError(
                "y and X have different numbers of rows", got=f"X {count} rows, y {len(labels)}",
                fix="pass one label per row of X",
            )  # fmt: skip
        return cls(X, labels, default_ids(X, count))

    def take(self, positions: Ints) -> "Rows":
        """Some of the rows; they keep their ids."""
        inputs = self.inputs.iloc[positions] if hasattr(self.inputs, "iloc") else self.inputs[positions]
        return Rows(inputs, None if self.labels is None else self.labels[positions], self.ids[positions])

    def unlabeled(self) -> tuple[Any, None]:
        """Inputs alone, for gradients of outputs, which need no label."""
        return self.inputs, None

    def matrix(self) -> Array:
        """(n, d) numbers, all finite; memory-mapped features stay where they are."""
        features = as_features(self.inputs)
        if hasattr(features, "toarray"):
            features = features.toarray()
        if hasattr(features, "iloc"):
            strange = [str(name) for name, kind in features.dtypes.items() if kind.kind not in "fiub"]
            if strange:
                raise InputError(
                    "plain features must be numbers", where=f"columns {', '.join(strange[:5])}",
                    got="text or categories", fix="encode them, or leave module out: rows are encoded then",
                )  # fmt: skip
            features = features.to_numpy()
        if not isinstance(features, np.ndarray):
            raise InputError(
                "plain features must be a matrix (n, d)", got=type(features).__name__,
                fix="flatten pictures, or pass the features a network computes of them",
            )  # fmt: skip
        if features.dtype.kind == "f":
            require_finite(features, self.ids, "X", "impute or drop these rows first")
        return features

    def responses(self, outputs: int | None) -> Responses:
        """Targets for a model with so many outputs; None: as the labels need (one for two classes)."""
        require_labels(self.labels, self.ids)
        labels = np.asarray(self.labels)
        if labels.ndim == 2 or (labels.dtype.kind == "f" and outputs is not None):
            return _as_numbers(labels, outputs, self.ids)
        if outputs is None:
            target = describe_target(labels, ids=self.ids)
            if target.classes is None:
                return _as_numbers(labels, None, self.ids)
            return _as_classes(target.classes, target.codes, 1 if len(target.classes) == 2 else len(target.classes))
        classes, codes = _codes_for(labels, outputs, self.ids)
        return _as_classes(classes, codes, outputs)

    def like(self, trained: Responses) -> Floats | None:
        """(m, c) the targets of other rows in the columns of the training rows; None without labels."""
        if self.labels is None:
            return None
        require_labels(self.labels, self.ids, "test")
        if trained.classes is None:
            return _as_numbers(self.labels, trained.values.shape[1], self.ids).values
        codes = known_codes(self.labels, trained.classes, self.ids, "test")
        return _as_classes(trained.classes, codes, trained.values.shape[1]).values

    def with_labels(self, labels: Any) -> "Rows":
        """The same rows with other labels."""
        return replace(self, labels=as_vector(labels, "targets", allow_matrix=True))


def _items_of(data: Any) -> tuple[Any, Array]:
    """Inputs and labels of a torch data set, in memory."""
    pairs = [data[place] for place in range(len(data))]
    first = pairs[0][0]
    stack = np.stack([np.asarray(x) for x, _ in pairs])
    labels = np.asarray([np.asarray(y) for _, y in pairs])
    return _as_tensor(first, stack), labels


def _as_tensor(like: Any, values: Array) -> Any:
    return like.new_tensor(values) if hasattr(like, "new_tensor") else values


def _as_numbers(labels: Array, outputs: int | None, ids: Array) -> Responses:
    if labels.dtype.kind not in "fiub":
        raise InputError("targets must be numbers", got=f"dtype {labels.dtype}", fix="pass class labels as one column")
    values = labels.reshape(len(labels), -1).astype(np.float64)
    require_finite(values, ids, "y", "drop these rows")
    if outputs is not None and values.shape[1] != outputs:
        raise InputError(
            "targets and outputs differ in shape", got=f"y of shape {labels.shape} for {outputs} outputs",
            fix=f"pass {outputs} numbers per row, or class labels",
        )  # fmt: skip
    return Responses(values, None)


def _as_classes(classes: Array, codes: Array, outputs: int) -> Responses:
    if outputs == 1:
        return Responses((codes == 1).astype(np.float64)[:, np.newaxis], classes)
    values = np.zeros((len(codes), outputs))
    values[np.arange(len(codes)), codes] = 1.0
    return Responses(values, classes)


def _codes_for(labels: Array, outputs: int, ids: Array) -> tuple[Array, Array]:
    """Classes in the order of a model's outputs, and a code per row; whole numbers in range are codes already."""
    wanted = max(outputs, 2)
    if labels.dtype.kind in "iub" and labels.min() >= 0 and labels.max() < wanted:
        return np.arange(wanted), labels.astype(np.intp)
    classes = np.unique(labels)
    if len(classes) != wanted:
        raise InputError(
            "the labels and the outputs of the model do not go together", where="y",
            got=f"{len(classes)} classes, {outputs} output{'s' * (outputs > 1)}",
            fix=f"use codes 0..{wanted - 1}, in the order of the model's outputs",
        )  # fmt: skip
    return classes, known_codes(labels, classes, ids, "data")
