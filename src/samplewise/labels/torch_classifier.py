"""A scikit-learn classifier, a network inside, that learns well in spite of wrong labels."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from samplewise.core.arguments import require_seed
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, require_amount, require_count, unknown_name
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.labels.torch_objectives import (
    CoTeaching,
    EarlyLearningRegularization,
    LabelNoiseInformation,
    bootstrapping,
    generalized_cross_entropy,
    mean_absolute_error,
)

NOISE = {"light": 0.2, "medium": 0.5, "heavy": 0.8}  # share of wrong labels a setting is meant for
LIMIT_WEIGHT = {"light": 1.0, "medium": 3.0, "heavy": 10.0}
OBJECTIVES: dict[str, Callable[[str], Any]] = {
    "limit-laplace": lambda noise: LabelNoiseInformation("laplace", LIMIT_WEIGHT[noise]),
    "limit-gaussian": lambda noise: LabelNoiseInformation("gaussian", LIMIT_WEIGHT[noise]),
    "elr": lambda noise: EarlyLearningRegularization(),
    "co-teaching": lambda noise: CoTeaching(NOISE[noise]),
}
LOSSES: dict[str, Any] = {
    "generalized-cross-entropy": generalized_cross_entropy(),
    "mean-absolute-error": mean_absolute_error,
    "bootstrapping": bootstrapping(0.8),
    "cross-entropy": "cross_entropy",
}


def in_double(shape: tuple[int, ...], outputs: int) -> Any:
    """The plain network in double precision: a row's output does not depend on the rows predicted with it."""
    return dense_network(shape, outputs).double()


class NoiseRobustClassifier(ClassifierMixin, BaseEstimator):
    """A network trained so that it does not memorize wrong labels; usable wherever a scikit-learn classifier is.

    Args:
        network: callable (shape of a row, outputs) -> torch module, created anew for every fit; None for a plain
            network with one hidden layer of 128 units.
        method: "limit-laplace" (no label reaches the network; the default), "limit-gaussian", "elr" (stay with the
            early predictions), "co-teaching", "generalized-cross-entropy", "mean-absolute-error", "bootstrapping", or
            "cross-entropy" (plain training, to compare with).
        noise: how many labels may be wrong: "light" (to 20 %), "medium" (to 50 %) or "heavy" (to 80 %).
        epochs, batch, rate: of training with Adam on a falling rate.
        random_state: fixes weights and order; the same one gives the same bits.
        device: "cpu", "cuda", ...

    Attributes:
        classes_: (c,).   n_features_in_: d.   fitted_: the trained model, as the other packages take it.
        objective_: what replaced the loss; None for plain losses. Of "elr" it scores labels.

    Raises:
        InputError: an unknown method or setting.

    Cost: epochs passes; twice that for "limit-*" and "co-teaching".
    Not for: finding which labels are wrong (see `find_label_issues`); noise that turns most labels of a class into one
        and the same other class, which no method can distinguish from the truth.
    Source: harutyunyan2020, liu2020, han2018, zhang2018, ghosh2017, reed2015.

    >>> X = np.repeat([[0.0], [5.0]], 40, axis=0) + np.linspace(-1, 1, 80)[:, None]
    >>> y = np.repeat(["a", "b"], 40); y[:8] = "b"
    >>> NoiseRobustClassifier(epochs=60, rate=0.01).fit(X, y).predict([[0.0], [5.0]]).tolist()
    ['a', 'b']
    """

    def __init__(
        self, network: Any = None, method: str = "limit-laplace", noise: str = "medium", *, epochs: int = 60,
        batch: int = 64, rate: float = 1e-3, random_state: int = 0, device: str = "cpu",
    ) -> None:  # fmt: skip
        self.network, self.method, self.noise = network, method, noise
        self.epochs, self.batch, self.rate = epochs, batch, rate
        self.random_state, self.device = random_state, device

    def fit(self, X: Any, y: Any) -> Self:
        """Train on rows (n, d) and their labels (n,)."""
        require_count(self.epochs, "epochs", usual=60)
        require_count(self.batch, "batch", usual=64)
        require_amount(self.rate, "rate")
        require_seed(0 if self.random_state is None else self.random_state, "random_state")
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(
                "a classifier needs two classes",
                got=f"one class in {len(rows)} samples",
                fix="add rows of another class",
            )
        self.objective_ = self._objective()
        learner = TorchLearner(
            in_double if self.network is None else self.network, epochs=self.epochs, batch=self.batch,
            rate=self.rate, loss=LOSSES.get(self.method, "auto"), device=self.device,
        )  # fmt: skip
        data, target = Dataset(rows, codes), Target("classification", np.arange(len(self.classes_)), codes)
        self.fitted_ = learner.fit(data, seed=int(self.random_state or 0), objective=self.objective_, target=target)
        return self

    def predict(self, X: Any) -> Array:
        """(m,) classes."""
        chosen = self._outputs(X).argmax(axis=1)
        return np.asarray(self.classes_[chosen])

    def predict_proba(self, X: Any) -> Floats:
        """(m, c) probabilities, in the order of `classes_`; not calibrated."""
        logits = self._outputs(X)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def _outputs(self, X: Any) -> Floats:
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(self.fitted_.outputs(rows))

    def _objective(self) -> Any:
        """The objective that replaces the loss, created anew for every fit."""
        if not isinstance(self.method, str) or self.method not in {*OBJECTIVES, *LOSSES}:
            raise unknown_name("method", str(self.method), (*OBJECTIVES, *LOSSES))
        if not isinstance(self.noise, str) or self.noise not in NOISE:
            raise unknown_name("noise setting", str(self.noise), NOISE)
        return OBJECTIVES[self.method](self.noise) if self.method in OBJECTIVES else None
