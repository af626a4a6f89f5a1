"""What a trained model predicts for queries without labels: the margin of that class is what is attributed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.engine import models  # its torch half is loaded where a module comes


def predicted_labels(
    given: Any, X: Any, forward: Callable[[Any, Any], Any] | None = None, *, numbers: bool = False
) -> Array:
    """(m,) predicted classes, as the model was fitted on them (the codes of a plain module), or predicted numbers.

    Args:
        given: a trained module, a fitted model or estimator, or a list of several, whose probabilities (or
            numbers) are averaged.
        X: (m, ...) rows.
        forward: how the user calls the module; it is refused, since its outputs need not be logits of one input.
        numbers: whether the model predicts numbers.

    Raises:
        InputError: rows of several inputs, a module that is called in the user's own way, or a lone row.
    """
    if np.ndim(X) == 1 and not isinstance(X, list):
        raise InputError(
            "queries are rows, also where there is one", where="queries", got=f"shape {tuple(X.shape)}",
            fix="pass X[:1], or x[None], of shape (1, d)",
        )  # fmt: skip
    if forward is not None or isinstance(X, dict | tuple):
        said = "numbers: attribute(X, outputs)" if numbers else "classes: attribute(X, outputs.argmax(1))"
        raise InputError(
            "what the model predicts for the queries is known for modules of one input only", where="queries",
            got="queries without labels", fix=f"pass the predicted {said}",
        )  # fmt: skip
    several = given if isinstance(given, list | tuple) else [given]
    if numbers:
        return np.mean([_numbers(one, X) for one in several], axis=0)
    answers = [_probabilities(one, X) for one in several]
    codes = np.mean([probabilities for probabilities, _ in answers], axis=0).argmax(axis=1)
    classes = answers[0][1]
    return codes if classes is None else np.asarray(classes)[codes]


def _probabilities(model: Any, X: Any) -> tuple[Floats, Array | None]:
    """(m, c) class probabilities, and the classes where they are not just codes."""
    if hasattr(model, "encoded"):
        return model.probabilities(X), model.classes
    if hasattr(model, "get_params"):
        return model.predict_proba(X), model.classes_
    return models.predictions_of(model, X), None


def _numbers(model: Any, X: Any) -> Floats:
    """(m,) predicted numbers."""
    if hasattr(model, "encoded"):
        return model.outputs(X)[:, 0]
    return model.predict(X) if hasattr(model, "get_params") else models.predictions_of(model, X, task="regression")
