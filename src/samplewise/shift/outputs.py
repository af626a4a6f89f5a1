"""What a model says of rows, read and checked: probabilities of classes or numbers, and what it loses on them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.data.conversions import as_classes, as_numbers

FEWEST_SOURCE = 30
ROUNDED = 1e-3  # by how much probabilities of a row may miss a sum of 1
NEARLY_LARGEST = 0.995  # quantile of the absolute errors on known rows at which errors of numbers are cut


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What a model says of n rows.

    Args:
        values: (n, c) probabilities, or (n, 1) predicted numbers.
        losses: (n,) 1 for a wrong class and 0 for a right one, or the absolute error, cut at `largest`; None where
            the labels are not known.
        labels: (n,) column of the right class, or the right number; None where it is not known.
        largest: the largest loss there is: 1 for classes.
    """

    values: Floats
    losses: Floats | None
    labels: Array | None
    largest: float

    @property
    def classes(self) -> bool:
        """Whether the model predicts classes."""
        return self.values.shape[1] > 1

    def take(self, positions: Ints) -> "Outputs":
        """Those of some rows."""
        losses, labels = (None if part is None else part[positions] for part in (self.losses, self.labels))
        return Outputs(self.values[positions], losses, labels, self.largest)

    def unlabeled(self) -> "Outputs":
        """The same without what labels tell."""
        return Outputs(self.values, None, None, self.largest)

    def confidence(self) -> Floats:
        """(n,) probability of the predicted class; of numbers, the prediction itself."""
        return np.asarray(self.values.max(axis=1))


def probabilities_of(values: Any, name: str) -> Floats:
    """(n, c) from 0 to 1 with row sums of 1."""
    found = as_numbers(values, name, axes=2, finite=True)
    if not len(found) or found.shape[1] < 2 or found.min() < 0.0 or np.abs(found.sum(axis=1) - 1.0).max() > ROUNDED:
        raise InputError(
            f"{name} must be probabilities of at least two classes", where=name, got=f"shape {found.shape}",
            fix="pass predict_proba of the model; one-hot rows where it predicts classes only",
        )  # fmt: skip
    return found


def require_alike(known: Floats, codes: Ints, there: Floats, fewest: int = FEWEST_SOURCE) -> None:
    """Refuse labeled rows that are too few, and outputs of both places that are not about the same classes."""
    if len(codes) != len(known) or len(known) < fewest:
        raise InputError(
            f"source needs at least {fewest} rows, each with its class", where="source",
            got=f"{len(known)} rows of probabilities, {len(codes)} codes", fix="pass more rows the model did not see",
        )  # fmt: skip
    if known.shape[1] != there.shape[1] or codes.max() >= known.shape[1]:
        raise InputError(
            "source and outputs must be about the same classes", where="outputs",
            got=f"{known.shape[1]} and {there.shape[1]} columns, codes up to {codes.max()}",
            fix="pass outputs of the same model, and codes that are columns of its probabilities",
        )  # fmt: skip


def outputs_of(known: Any, labels: Any, there: Any, names: tuple[str, str], fewest: int) -> tuple[Outputs, Outputs]:
    """Outputs of labeled rows and of rows of another place, (m, c) or (m,); `names` are the arguments they came in.

    Raises: InputError for outputs of different kinds, missing or infinite entries, and too few labeled rows.
    """
    if np.ndim(there) == 1 and np.ndim(known) == 1:
        return _numbers(known, labels, there, names, fewest)
    values, others = probabilities_of(known, names[0]), probabilities_of(there, names[1])
    codes = as_classes(labels, names[0])
    require_alike(values, codes, others, fewest)
    wrong = (values.argmax(axis=1) != codes).astype(np.float64)
    return Outputs(values, wrong, codes, 1.0), Outputs(others, None, None, 1.0)


def _numbers(known: Any, labels: Any, there: Any, names: tuple[str, str], fewest: int) -> tuple[Outputs, Outputs]:
    """Predicted numbers: the loss is the absolute error, cut where one labeled row in 200 lies beyond."""
    values, others = (as_numbers(part, name, finite=True) for part, name in zip((known, there), names, strict=True))
    truth = as_numbers(labels, names[0], finite=True)
    if len(values) != len(truth) or len(values) < fewest:
        raise InputError(
            f"source needs at least {fewest} rows, each with its label", where=names[0],
            got=f"{len(values)} predictions, {len(truth)} labels", fix="pass more rows the model did not see",
        )  # fmt: skip
    errors = np.abs(values - truth)
    largest = float(np.quantile(errors, NEARLY_LARGEST))
    largest = largest if largest > 0 else 1.0
    cut = np.minimum(errors, largest)
    return Outputs(values[:, None], cut, truth, largest), Outputs(others[:, None], None, None, largest)
