"""Converged heads: ridge on label-free kernel features, ridge and logistic regression as scikit-learn fits them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.data.conversions import as_features
from samplewise.engine.models.feature_encoding import SpaceEncoder
from samplewise.engine.refits import FoldedRows, Surrogate, surrogate
from samplewise.engine.refits.row_order import in_id_order
from samplewise.engine.refits.surrogates import kernel_map
from samplewise.information import linearization_check
from samplewise.information.deletions import ConvergedHead, Deletions, LogisticOptimum
from samplewise.information.diagnostics import Diagnostics
from samplewise.information.training_regimes import Converged, Training
from samplewise.information.training_targets import Responses, Rows

TINY_RIDGE = 1e-10  # of the mean diagonal, for least squares without a penalty


@dataclass(frozen=True, eq=False)
class HeadModel:
    """A converged head, ridge or logistic."""

    found: ConvergedHead | LogisticOptimum
    ids: Array
    order: Ints
    unit: str
    own: Callable[[Floats, Responses], Floats]  # held-out outputs (n, c) -> surprise (n,)

    def deletions(self, training: Training | None) -> Deletions:
        """What the head loses with rows; it was trained to the end."""
        if training is not None and not isinstance(training, Converged):
            raise InputError(
                "this head is available at its optimum only", got=type(training).__name__,
                fix='use training=Converged(ridge=...), or module="linear" with the squared error for other stops',
            )  # fmt: skip
        return self.found

    def surprise(self, deletions: Deletions, held_out: Floats) -> Floats:
        """(n,) in the unit of the head."""
        return self.own(held_out, self.found.responses)

    def diagnostics(self, deletions: Any) -> Diagnostics:
        """How the rows were left out."""
        if isinstance(self.found, LogisticOptimum):
            warnings = ("one Newton step per row from the optimum on all rows: close, not exact, at high leverage",)
            return Diagnostics("one Newton step", exact=False, warnings=warnings)
        return Diagnostics("closed form")


def default_head(given: FoldedRows, validation: Any, training: Training | None) -> HeadModel:
    """The ridge head on label-free kernel features, used in place of any learner."""
    folded, order = in_id_order(given)
    head = surrogate(folded)
    ids = folded.runner.data.ids[folded.positions]
    if training is not None and isinstance(training, Converged):
        head = Surrogate(head.features, head.responses, max(training.ridge, 1e-12))

    def encode(queries: Any) -> tuple[Array, Array]:
        queried = Rows.of(queries)
        encoder = SpaceEncoder(folded.runner.data.X, columns=folded.runner.data.columns)
        own = encoder(folded.runner.data.X)[folded.positions]
        return np.asarray(kernel_map(own, ids)(encoder(as_features(queried.inputs)))), queried.ids

    responses = Responses(head.responses, folded.target.classes)
    evaluated_rows = None
    if validation is not None:
        queried = Rows.of(validation)
        features, _ = encode(queried)
        labels = Rows.of(folded.data).responses(None)
        fits = labels.classes is None or head.responses.shape[1] == len(labels.classes)
        evaluated_rows = (features, _in_columns(queried, folded, head.responses.shape[1]) if fits else None)
    found = ConvergedHead(head.features, responses, head.ridge, encode, evaluated_rows)
    unit = "share of a class" if folded.class_count else "standard deviations of the label"
    return HeadModel(found, ids, order, unit, _share_of_class if folded.class_count else _distance)


def _in_columns(queried: Rows, folded: FoldedRows, width: int) -> Floats | None:
    """Targets of validation rows in the columns of the default head: a class each, or standard deviations."""
    if queried.labels is None:
        return None
    if folded.class_count:
        return queried.like(Responses(np.zeros((0, width)), folded.target.classes))
    numbers = np.asarray(folded.codes, dtype=np.float64)
    return (np.asarray(queried.labels, dtype=np.float64)[:, None] - numbers.mean()) / (float(numbers.std()) or 1.0)


def _share_of_class(held_out: Floats, responses: Responses) -> Floats:
    """1 - output for the given class; with projected classes, along the row's own direction."""
    own = np.sum(held_out * responses.values, axis=1) / np.sum(np.square(responses.values), axis=1)
    return np.asarray(1.0 - own)


def _distance(held_out: Floats, responses: Responses) -> Floats:
    return np.sqrt(np.square(responses.values - held_out).sum(axis=1))


def _doubt(held_out: Floats, responses: Responses) -> Floats:
    """1 - probability of the given class, from log odds."""
    logits = np.hstack([np.zeros_like(held_out), held_out]) if held_out.shape[1] == 1 else held_out
    shares = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    codes = responses.values[:, 0] if responses.values.shape[1] == 1 else responses.values.argmax(axis=1)
    return np.asarray(1.0 - shares[np.arange(len(shares)), codes.astype(np.intp)])


def ridge_head(estimator: Any, rows: Rows, validation: Any) -> HeadModel:
    """A ridge regression with a free intercept, as scikit-learn fits it."""
    features = rows.matrix().astype(np.float64)
    if not getattr(estimator, "fit_intercept", True):
        raise InputError(
            "a ridge head here has an intercept", got="fit_intercept=False",
            fix="pass gram=X @ X.T with targets=y and training=Converged(ridge=alpha)",
        )  # fmt: skip
    spread = float(np.square(features - features.mean(axis=0)).sum()) / features.shape[1]
    ridge = max(float(np.asarray(getattr(estimator, "alpha", 0.0))), TINY_RIDGE * spread)
    responses = rows.responses(None)
    found = ConvergedHead(
        features, responses, ridge, _as_matrix, _evaluation_rows(validation, responses, features.shape[1])
    )
    return HeadModel(found, rows.ids, np.arange(len(rows.ids)), "units of the output", _distance)


def logistic_head(module: Any, rows: Rows, validation: Any, training: Training | None) -> HeadModel:
    """A cross-entropy head at its optimum, on X or on the inputs of the last layer of a module."""
    embed = linearization_check.last_layer(module) if hasattr(module, "named_parameters") else None
    if embed is None and module != "linear" and type(module).__name__ != "LogisticRegression":
        raise InputError(
            "cross-entropy is available for heads only", got=type(module).__name__,
            fix='pass module="linear", a LogisticRegression, or a torch module, whose last layer is taken',
        )  # fmt: skip
    ridge = training.ridge if isinstance(training, Converged) and training.ridge > 0 else None
    if ridge is None and hasattr(module, "C"):
        ridge = 1.0 / float(module.C)
    if ridge is None:
        raise InputError(
            "a cross-entropy head has an optimum only with a penalty", got=f"training={training!r}",
            fix="pass training=Converged(ridge=1.0)",
        )  # fmt: skip

    def encode(queries: Any) -> tuple[Array, Array]:
        queried = Rows.of(queries)
        return np.asarray(queried.matrix() if embed is None else embed(queried.inputs), dtype=np.float64), queried.ids

    features, responses = encode(rows)[0], rows.responses(None)
    if responses.classes is None:
        raise InputError("cross-entropy needs classes", got="numbers", fix='use loss="squared_error"')
    codes = responses.values[:, 0] if responses.values.shape[1] == 1 else responses.values.argmax(axis=1)
    responses = Responses(responses.values, responses.classes, border=0.0)
    evaluated_rows = None
    if validation is not None:
        evaluated_rows = (_nonempty(encode(validation)[0]), Rows.of(validation).like(responses))
    found = LogisticOptimum(features, codes.astype(np.intp), responses, ridge, encode, evaluated_rows)
    return HeadModel(found, rows.ids, np.arange(len(rows.ids)), "probability", _doubt)


def _as_matrix(queries: Any) -> tuple[Array, Array]:
    queried = Rows.of(queries)
    return queried.matrix(), queried.ids


def _evaluation_rows(validation: Any, responses: Responses, width: int) -> tuple[Array, Floats | None] | None:
    if validation is None:
        return None
    queried = Rows.of(validation)
    return _nonempty(queried.matrix()), queried.like(responses)


def _nonempty(features: Array) -> Array:
    if not len(features):
        raise InputError(
            "there are no rows to evaluate on", where="test", fix="leave it out to evaluate on the training rows"
        )
    return features
