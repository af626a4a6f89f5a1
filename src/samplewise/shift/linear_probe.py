"""The linear probe: what a linear rule can read from given features, with a penalty chosen on held-out rows."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV

from samplewise.core.arrays import Array, Floats

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)  # inverse penalties tried
PENALTIES = tuple(10.0**power for power in range(-3, 5))  # of the probe of numbers
CHOSEN_ON = 2_000  # rows the penalty is chosen on, the last quarter of them held out
MOST_STEPS = 300
LEAST = 1e-6  # probability of a class the fit never saw


class LinearProbe(ClassifierMixin, BaseEstimator):
    """Logistic regression whose penalty is chosen by the log loss on a quarter of the first rows, in single precision.

    Rows come in random order, as `EstimatorLearner` hands them over. Features should be of a common scale.

    Attributes:
        classes_: (c,); one class alone is then the answer.   strength_: the inverse penalty chosen.

    Cost: some hundred passes over the rows.   Source: hastie2009 (section 4.4).
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit rows (n, d) and their classes (n,)."""
        rows = np.asarray(X, dtype=np.float32)
        weights = np.ones(len(rows)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self.classes_ = np.unique(y)
        self.strength_ = np.nan
        self.model_: LogisticRegression | None = None
        if len(self.classes_) > 1:
            self.strength_ = _strength(rows[:CHOSEN_ON], y[:CHOSEN_ON], weights[:CHOSEN_ON])
            self.model_ = _fitted(rows, y, weights, self.strength_)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """(m, c) probabilities in the order of `classes_`."""
        if self.model_ is None:
            return np.ones((len(X), 1))
        return np.asarray(self.model_.predict_proba(np.asarray(X, dtype=np.float32)), dtype=np.float64)

    def predict(self, X: Any) -> Array:
        """(m,) classes."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def number_probe() -> RidgeCV:
    """The linear probe of numbers: ridge regression, the penalty by leave-one-out."""
    return RidgeCV(alphas=PENALTIES)


def _fitted(rows: Any, y: Array, weights: Floats, strength: float) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many steps are a penalty of their own
        return LogisticRegression(C=strength, max_iter=MOST_STEPS).fit(rows, y, sample_weight=weights)


def _strength(rows: Any, y: Array, weights: Floats) -> float:
    """The inverse penalty with the least weighted log loss on every fourth row, of a fit to the others."""
    held = np.arange(len(rows)) % 4 == 3
    if len(np.unique(y[~held])) < 2 or not weights[held].sum() > 0:
        return 1.0
    chosen, least = STRENGTHS[0], np.inf
    for strength in STRENGTHS:  # from the strongest penalty on, while the loss falls: weak ones take longest to fit
        model = _fitted(rows[~held], y[~held], weights[~held], strength)
        known = np.isin(y[held], model.classes_)
        at = np.searchsorted(model.classes_, np.where(known, y[held], model.classes_[0]))
        chance = model.predict_proba(rows[held])[np.arange(held.sum()), at]
        loss = np.average(-np.log(np.maximum(np.where(known, chance, 0.0), LEAST)), weights=weights[held])
        if loss > least:
            break
        chosen, least = strength, loss
    return chosen
