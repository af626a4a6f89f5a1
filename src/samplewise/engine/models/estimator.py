"""scikit-learn estimators and pipelines as learners."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from samplewise.core.arrays import Array, Floats, Ints, fingerprint
from samplewise.core.errors import InputError, SamplewiseError
from samplewise.core.randomness import derive_seed, key_hashes
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target, describe_target
from samplewise.engine.models.feature_encoding import SpaceEncoder, TreeCodes
from samplewise.engine.models.learner import Fit, Objective
from samplewise.engine.models.temperature import probabilities

Encoding = Literal["raw", "codes", "space"]
ABSENT = -30.0  # log-probability given to a class the fit never saw
SMALLEST = 1e-12  # probabilities below this are as good as zero, and their logarithm stays finite


@dataclass(frozen=True, eq=False)
class EstimatorLearner:
    """A scikit-learn estimator or pipeline; every fit clones it and sets its seeds.

    Args:
        estimator: anything with `fit` and one of `predict_proba`, `decision_function`, `predict`.
        name: how reports call it.
        encoding: what it is handed: "raw" the user's own X, "codes" a matrix for trees, "space" dense scaled columns.
    """

    estimator: Any
    name: str
    encoding: Encoding = "raw"
    closed_form = False

    @property
    def takes_weights(self) -> bool:
        """Whether fits can use row weights: the estimator's `fit` has a `sample_weight`."""
        return has_fit_parameter(self.estimator, "sample_weight")

    def fingerprint(self) -> str:
        """A name for the estimator and its parameters."""
        return fingerprint(type(self.estimator).__name__, repr(self.estimator), self.encoding)

    def fitter(self, data: Dataset, target: Target, *, blocks: Ints, space: Floats | None = None) -> "EstimatorFitter":
        """Encode the rows once; no label enters."""
        if self.encoding == "space" and space is not None:
            return EstimatorFitter(self._prepared(None), space, target, data)
        encoder = _encoder(self.encoding, data)
        return EstimatorFitter(self._prepared(encoder), encoder(data.X), target, data)

    def fit(
        self, data: Dataset, *, seed: int, objective: Objective | None = None, target: Target | None = None
    ) -> "FittedEstimator":
        """Train a clone on all rows of `data`, its labels read as `target` says."""
        if objective is not None:
            raise InputError(
                f"{self.name} trains on its own loss and takes no objective",
                got=type(objective).__name__, fix="use a TorchLearner for other losses",
            )  # fmt: skip
        target = describe_target(data.y, ids=data.ids) if target is None else target
        encoder = _encoder(self.encoding, data)
        order = np.argsort(key_hashes(data.ids), kind="stable")
        weights = None if data.weights is None else data.weights[order]
        model = train(self._prepared(encoder), _rows(encoder(data.X), order), target.codes[order], weights, seed)
        return FittedEstimator(target.classes, encoder, model)

    def _prepared(self, encoder: Any) -> Any:
        """The estimator, set to treat the coded columns as categories where it can."""
        if isinstance(encoder, TreeCodes) and "categorical_features" in self.estimator.get_params():
            return clone(self.estimator).set_params(categorical_features=encoder.categorical)
        return self.estimator


class EstimatorFitter:
    """One data set, encoded, for many fits of one estimator."""

    def __init__(self, estimator: Any, X: Any, target: Target, data: Dataset) -> None:
        """Keep what every fit needs; nothing is copied. Bootstrap draws follow the ids, not the order of the rows."""
        self.estimator, self.X, self.target, self.weights = estimator, X, target, data.weights
        self.order = np.argsort(key_hashes(data.ids), kind="stable")
        self.seeded = seed_names(estimator)

    def outputs(self, fit: Fit, *, seed: int) -> Floats:
        """(q, c) log-probabilities, decision values or predicted numbers for the rows `fit.query`."""
        codes = self.target.codes if fit.codes is None else fit.codes
        weights = self.weights if fit.weights is None else fit.weights
        rows = self.order[fit.keep[self.order]]
        trained = None if weights is None else weights[rows]
        model = train(self.estimator, _rows(self.X, rows), codes[rows], trained, seed, self.seeded)
        return answer(model, _rows(self.X, fit.query), self.target.classes)


@dataclass(frozen=True, eq=False)
class FittedEstimator:
    """A fitted scikit-learn model with the encoder in front of it."""

    classes: Array | None
    encoder: Any
    model: Any

    def embed(self, X: Any) -> Floats:
        """(n, d) the encoded columns the model sees; needs numeric columns where the encoding is raw."""
        return np.asarray(self.encoder(X), dtype=np.float64)

    def outputs(self, X: Any) -> Floats:
        """(n, c) log-probabilities, decision values or predicted numbers."""
        return answer(self.model, self.encoder(X), self.classes)

    def probabilities(self, X: Any) -> Floats:
        """(n, c) class probabilities; a softmax of decision values where the model has none of its own."""
        if self.classes is None:
            raise InputError("a regression model has no class probabilities", fix="use outputs(X)")
        return probabilities(self.outputs(X), 1.0)


def seed_names(estimator: Any) -> tuple[str, ...]:
    """Every `random_state` inside an estimator, by the name it is set under."""
    return tuple(name for name in estimator.get_params() if name.split("__")[-1] == "random_state")


def train(
    estimator: Any, X: Any, codes: Array, weights: Floats | None, seed: int, seeded: tuple[str, ...] | None = None
) -> Any:
    """A clone of `estimator` fitted with every `random_state` inside it, or those in `seeded`, set from `seed`."""
    model = clone(estimator)
    for name in seed_names(estimator) if seeded is None else seeded:
        drawn = derive_seed(seed, name) % 2**31
        if "__" in name:
            model.set_params(**{name: drawn})
        else:  # set_params would list all parameters first, which takes longer than some fits
            setattr(model, name, drawn)
    extra = {} if weights is None or not has_fit_parameter(model, "sample_weight") else {"sample_weight": weights}
    try:
        return model.fit(X, codes, **extra)
    except SamplewiseError:
        raise
    except Exception as error:
        raise InputError(
            f"the learner {type(estimator).__name__} failed while it was fitted",
            where=f"a fit on {len(codes)} rows",
            got=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
            fix="fit it by hand on a subset of the rows to see its own message, or leave learner out for the default",
        ) from error


def answer(model: Any, X: Any, classes: Array | None) -> Floats:
    """(n, c) outputs of a fitted model with one column per class of the whole data set; refuses NaN."""
    if classes is None:
        outputs = np.asarray(model.predict(X), dtype=np.float64).reshape(X.shape[0], -1)
    else:
        outputs = np.full((X.shape[0], len(classes)), ABSENT)
        seen = np.asarray(model.classes_, dtype=np.intp)
        # Some estimators answer for two classes where they saw one, which is then all there is to predict.
        outputs[:, seen] = 0.0 if len(seen) == 1 else _class_values(model, X)
    if not np.isfinite(outputs).all():
        raise InputError(
            f"the learner {type(model).__name__} returned NaN or infinite values",
            where=f"{int((~np.isfinite(outputs)).any(axis=1).sum())} of {len(outputs)} predicted rows",
            fix="scale or impute inside the learner (a scikit-learn Pipeline), or leave learner out for the default",
        )
    return outputs


def _class_values(model: Any, X: Any) -> Floats:
    if hasattr(model, "predict_proba"):
        return np.log(np.clip(model.predict_proba(X), SMALLEST, None))
    if hasattr(model, "decision_function"):
        values = np.asarray(model.decision_function(X))
        return np.column_stack([-values / 2, values / 2]) if values.ndim == 1 else values
    return (np.asarray(model.predict(X))[:, None] == model.classes_[None, :]).astype(np.float64)


def _encoder(encoding: Encoding, data: Dataset) -> Any:
    if encoding == "raw":
        return _unchanged
    return (TreeCodes if encoding == "codes" else SpaceEncoder)(data.X, columns=data.columns)


def _unchanged(X: Any) -> Any:
    return X


def _rows(X: Any, positions: Ints) -> Any:
    return X.iloc[positions] if hasattr(X, "iloc") else X[positions]
