"""How large each row's gradient is at a trained model, and whether it agrees with those of the others."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.values import Scores
from samplewise.data.inputs import as_given
from samplewise.engine.gradients import RowGradients
from samplewise.engine.gradients.gradient_sources import loss_for, sources_of
from samplewise.engine.statistics.means import standard_error
from samplewise.influence.attribution.attributor import labels_of

UNTRAINED = 0.9  # share of the baseline's loss at and above which a model has learned next to nothing


@checked
def gradient_norm(
    data: Any, y: Any = None, *, module: Any, label: str | None = None, loss: Any = "auto",
    layers: Sequence[str] | None = None, forward: Callable[[Any, Any], Any] | None = None,
) -> Scores:  # fmt: skip
    """Length of the gradient of every row's loss (GraNd): how far the row, taken alone, would move the parameters.

    score_i = mean over models of |grad loss_i|. Rows the model has learned score near 0; rows it cannot fit, hard or
    wrong, score high.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes, or a torch data set or loader.
        module: a trained model, or several (their mean is far steadier: ten are recommended), as for `Attributor`.
        loss, layers, forward: as for `Attributor`.

    Returns:
        Scores "gradient_norm" (n,), larger means the row moves the parameters further; `spread` is the standard
        error over models.

    Raises:
        InputError: rows whose gradients do not exist or are not finite.

    Cost: one backward pass over the rows per model.
    Not for: models at their start. There the norm follows the length of the input and ranks nothing else
        (Spearman .99 on Fashion-MNIST); a warning says so when the model is no better than the baseline.
    Source: paul2021, kirsch2023.

    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = np.linspace(-2, 2, 20)[:, None], np.arange(20) > 9
    >>> y[3] = True
    >>> gradient_norm((X, y), module=LogisticRegression().fit(X, y)).top(1).keys
    array([3])
    """
    norms, rows, given = [], None, as_given(data, y, label=label)
    for source in sources_of(module, loss_for(loss, labels_of(given)), layers, forward):
        rows = source.gradients(given, source.loss)
        _warn_if_untrained(rows, source.loss)
        norms.append(np.asarray(rows.norms(), dtype=np.float64))
    values, spread = _mean_and_error(norms)
    ids = np.empty(0) if rows is None else rows.ids
    unit, larger = "loss per unit of parameters", "the row moves the parameters further"
    return Scores("gradient_norm", values, ids, unit, larger, spread=spread)


@checked
def gradient_coherence(
    data: Any, y: Any = None, *, module: Any, label: str | None = None, loss: Any = "auto",
    layers: Sequence[str] | None = None, forward: Callable[[Any, Any], Any] | None = None,
) -> Scores:  # fmt: skip
    """Whether a row moves the parameters the way the other rows do: cosine of its gradient and their mean gradient.

    score_i = cos(g_i, sum over j != i of g_j). Near 1: training on this row lowers the loss of the others.
    Below 0: it raises it, as with wrong labels.

    Args:
        data, y, label, module, loss, layers, forward: as `gradient_norm`.

    Returns:
        Scores "gradient_coherence" (n,) in [-1, 1], larger means the row agrees with the others; 0 for a row without a
        gradient; `spread` is the standard error over models.

    Raises:
        InputError: as `gradient_norm`.

    Cost: one backward pass over the rows and one sum of their gradients per model.
    Not for: distinguishing a rare right row from a wrong one: both disagree with the rest.
    Source: chatterjee2020.

    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = np.linspace(-2, 2, 20)[:, None], np.arange(20) > 9
    >>> y[3] = True
    >>> gradient_coherence((X, y), module=LogisticRegression().fit(X, y)).top(1, largest=False).keys
    array([3])
    """
    cosines, rows, given = [], None, as_given(data, y, label=label)
    for source in sources_of(module, loss_for(loss, labels_of(given)), layers, forward):
        rows = source.gradients(given, source.loss)
        cosines.append(_agreement_with_others(rows))
    values, spread = _mean_and_error(cosines)
    ids = np.empty(0) if rows is None else rows.ids
    return Scores("gradient_coherence", values, ids, "cosine", "its gradient agrees with the others", spread=spread)


def _agreement_with_others(rows: RowGradients) -> Floats:
    """(n,) cosines, from products with the sum of all gradients: the row's own gradient is subtracted."""
    total = rows.combine(np.ones((len(rows.ids), 1)))
    squares = np.square(np.asarray(rows.norms(), dtype=np.float64))
    with_all = np.asarray(rows.project(total), dtype=np.float64)[:, 0]
    whole = float(sum(np.square(np.asarray(part, dtype=np.float64)).sum() for part in total.values()))
    others = np.sqrt(np.maximum(whole - 2 * with_all + squares, 0.0))
    length = np.sqrt(squares) * others
    return np.divide(with_all - squares, length, out=np.zeros(len(length)), where=length > 0).clip(-1, 1)


def _mean_and_error(values: list[Floats]) -> tuple[Floats, Floats | None]:
    stacked = np.stack(values)
    return stacked.mean(axis=0), None if len(stacked) < 2 else standard_error(stacked)


def _warn_if_untrained(rows: RowGradients, loss: Any) -> None:
    classes = rows.outputs.shape[1]
    baseline = np.log(max(classes, 2))
    if isinstance(loss, str) and loss == "cross_entropy" and float(np.mean(rows.values)) >= UNTRAINED * baseline:
        warnings.warn(
            f"the model's loss ({float(np.mean(rows.values)):.2f}) is the baseline's ({baseline:.2f}): before "
            "training, gradient norms follow the length of the inputs and nothing else; train it for some epochs first",
            stacklevel=3,
        )
