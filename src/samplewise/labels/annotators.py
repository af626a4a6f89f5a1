"""Several labels per row: what the true one is, and how each annotator errs, by expectation-maximization."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, name_rows
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Scores, scores_columns, with_unit
from samplewise.data.dataset import row_ids

MOST_ROUNDS, SETTLED = 200, 1e-8  # mean gain of the log likelihood per label
PRIOR = 0.5  # pseudo-counts on every entry of an annotator's confusion; ten times that on its diagonal
TRUST = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Annotators(Result):
    """The labels of several annotators, combined by a model of their errors.

    Args:
        classes: (c,).
        posterior: (n, c) P(true class | all labels of the row); the class shares where a row has none.
        confusion: (a, c, c) P(annotator says | true).
        quality: one score per annotator, probability of a right label.
        shares: (c,) of the true classes.
        log_likelihood: (rounds,) never falls.
    """

    classes: Array
    posterior: Floats
    confusion: Floats
    quality: Scores
    shares: Floats
    log_likelihood: Floats

    @property
    def label(self) -> Array:
        """(n,) likeliest class of every row."""
        return self.classes[self.posterior.argmax(axis=1)]

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self.quality), 'annotator')} of {count_of(len(self.posterior), 'row')}."
        yield f"Chance of a right label, median [least, largest]: {self._span()}."
        yield "Below the least reliable ones."

    def _span(self) -> str:
        known = self.quality.values
        return with_unit(np.median(known), self.quality.unit, known.min(), known.max())

    def _table(self) -> Table:
        columns, units = scores_columns(self.quality)
        return Table(columns, units, next(iter(columns)), np.argsort(self.quality.values, kind="stable"))


@checked
def dawid_skene(annotations: Any, *, probabilities: Any = None, ids: Any = None, names: Any = None) -> Annotators:
    """The true class of every row (a probability each) from several annotators' labels, each with errors of its own.

    P(k | row) ~ q_i[k] prod_a confusion_a[k, said_a], alternating with the confusions that follow from it (the
    likeliest ones under a weak prior that annotators are mostly right, which keeps those with few labels sensible).

    Args:
        annotations: (n, a) labels, missing as None or NaN; every column is one annotator.
        probabilities: (n, c) out-of-sample P(class | row) of a model, in the sorted order of the classes; None for the
            class shares.
        ids: (n,) names of the rows.   names: (a,) of the annotators; default 0, 1, ...

    Returns:
        `Annotators`; a larger posterior means more support.

    Raises:
        InputError: no label at all, one class, or a ragged table.

    Cost: O(n a c) a round, 10 to 50 rounds.   Not for: annotators who copy from each other.   Source: dawid1979.

    >>> votes = np.array([["x", "x", "y"], ["y", "y", None], ["x", "x", "x"], ["y", "y", "x"]], dtype=object)
    >>> dawid_skene(votes).label.tolist()
    ['x', 'y', 'x', 'y']
    """
    classes, labeled = _coded(annotations)
    n, annotators, count = *labeled.shape, len(classes)
    known = _prior(probabilities, n, count, row_ids(ids, n))
    rows, who = np.nonzero(labeled >= 0)
    what = labeled[rows, who]
    votes = np.zeros((n, count))
    np.add.at(votes, (rows, what), 1.0)
    posterior = (votes + 1.0 / count) / (votes.sum(axis=1, keepdims=True) + 1.0)
    likelihoods: list[float] = []
    for _ in range(MOST_ROUNDS):
        shares = (posterior.sum(axis=0) + 1.0) / (n + count)
        confusion = np.full((annotators, count, count), PRIOR) + PRIOR * TRUST * np.eye(count)
        # (annotator, label) pairs sum the posteriors of the rows they label
        gathered = np.zeros((annotators, count, count))
        np.add.at(gathered, (who, what), posterior[rows])
        confusion += gathered.transpose(0, 2, 1)
        confusion /= confusion.sum(axis=2, keepdims=True)
        logs = np.tile(np.log(shares), (n, 1)) if known is None else known.copy()
        np.add.at(logs, rows, np.log(confusion[who, :, what]))
        top = logs.max(axis=1, keepdims=True)
        total = top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True))
        posterior = np.exp(logs - total)
        likelihoods.append(float(total.sum()) + _log_prior(confusion, shares if known is None else None))
        if len(likelihoods) > 1 and likelihoods[-1] - likelihoods[-2] <= SETTLED * len(rows):
            break
    right = np.einsum("acc,c->a", confusion, shares)
    order = np.arange(annotators) if names is None else np.asarray(names)
    quality = Scores("annotator_quality", right, order, "probability", "more often right", "column")
    return Annotators(classes, posterior, confusion, quality, shares, np.array(likelihoods))


def _log_prior(confusion: Floats, shares: Floats | None) -> float:
    """Log density of the Dirichlet priors whose modes the rounds find, up to a constant."""
    weights = PRIOR + PRIOR * TRUST * np.eye(confusion.shape[1])
    return float(np.sum(weights * np.log(confusion)) + (0.0 if shares is None else np.sum(np.log(shares))))


def _coded(annotations: Any) -> tuple[Array, Ints]:
    """Classes, and (n, a) codes with -1 for missing."""
    try:
        table = np.asarray(annotations.to_numpy() if hasattr(annotations, "to_numpy") else annotations)
    except ValueError:  # ragged, as a pair (X, y) is
        raise InputError(
            "annotations are a table, one column per annotator", where="annotations",
            got=f"{type(annotations).__name__} of rows of different length", fix="pass (n, a) labels",
        ) from None  # fmt: skip
    if table.ndim != 2 or 0 in table.shape:
        raise InputError(
            "annotations are a table, one column per annotator", where="annotations", got=f"shape {table.shape}",
            fix="pass (n, a) labels",
        )  # fmt: skip
    if table.dtype.kind not in "biufUSO" or np.isinf(table if table.dtype.kind == "f" else 0.0).any():
        raise InputError(
            "annotations are labels, one column per annotator", where="annotations",
            got=f"complex, infinite or dated entries, dtype {table.dtype}", fix="pass classes; None or NaN is missing",
        )  # fmt: skip
    flat = table.ravel()
    absent = np.array([item is None or item != item for item in flat.tolist()])
    if absent.all():
        raise InputError("no row has any label", got=f"{len(table)} rows", fix="pass at least two rows with labels")
    present = flat[~absent]
    values = present if present.dtype.kind != "O" else np.array(present.tolist())
    if values.dtype.kind == "f" and (values == np.rint(values)).all():
        values = values.astype(np.int64)
    classes, codes = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            "all annotators say the same", got=f"one class: {classes[0]}", fix="there is nothing to settle"
        )
    labeled = np.full(flat.shape, -1, dtype=np.intp)
    labeled[~absent] = codes
    return classes, labeled.reshape(table.shape)


def _prior(probabilities: Any, rows: int, classes: int, ids: Array) -> Floats | None:
    """(n, c) logarithms of a model's probabilities."""
    if probabilities is None:
        return None
    values = np.asarray(probabilities, dtype=np.float64)
    if values.shape != (rows, classes):
        raise InputError(
            "probabilities and annotations differ in shape", got=f"{values.shape} for {rows} rows of {classes} classes",
            fix="one column per class, in the sorted order of the classes",
        )  # fmt: skip
    wrong = ~np.isfinite(values).all(axis=1) | (np.abs(values.sum(axis=1) - 1.0) > 1e-3)
    if wrong.any():
        raise InputError("probabilities do not sum to 1", where=name_rows(ids[wrong]), fix="normalize each row")
    return np.log(np.clip(values, 1e-6, 1.0))
