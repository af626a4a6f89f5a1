"""`network_gradients`: row gradients of fitted scikit-learn networks and linear models; torch is not needed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from samplewise.core.arrays import Array, Floats, require_finite
from samplewise.core.errors import InputError, name_rows
from samplewise.data.conversions import as_features, as_vector, default_ids
from samplewise.data.dataset import Dataset
from samplewise.engine.gradients.differentiated_losses import (
    CLASS_LOSSES,
    OutputSum,
    checked_labels,
    require_loss,
    values_and_cotangents,
)
from samplewise.engine.gradients.factors import OuterGradients
from samplewise.engine.gradients.parameter_slices import MatrixPlace
from samplewise.engine.gradients.rows import RowGradients

# Derivatives in terms of the activation's own result.
SLOPES: dict[str, Callable[[Floats], Floats]] = {
    "identity": np.ones_like,
    "relu": lambda result: (result > 0).astype(result.dtype),
    "tanh": lambda result: 1.0 - result**2,
    "logistic": lambda result: result * (1.0 - result),
}
ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "identity": lambda total: total,
    "relu": lambda total: np.maximum(total, 0.0),
    "tanh": np.tanh,
    "logistic": expit,
}


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Weights of a fitted model as a network: linear layers with one activation between them."""

    weights: tuple[Floats, ...]  # (o, i) each
    biases: tuple[Floats | None, ...]  # (o,) each
    names: tuple[str, ...]
    activation: str
    classes: Array | None  # None: a regressor

    def run(self, X: Array) -> tuple[list[Floats], Floats]:
        """The inputs of every layer, and the outputs (n, c)."""
        seen = [X]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            seen.append(ACTIVATIONS[self.activation](_affine(seen[-1], weight, bias)))
        return seen, _affine(seen[-1], self.weights[-1], self.biases[-1])

    def layers(self, seen: list[Floats], cotangents: Floats) -> tuple[OuterGradients, ...]:
        """Factors of every layer, the cotangents passed back from the last."""
        found = []
        for depth in reversed(range(len(self.weights))):
            weight, bias, name = self.weights[depth], self.biases[depth], self.names[depth]
            constant = [] if bias is None else [np.ones((len(seen[depth]), 1))]
            place = MatrixPlace(
                f"{name}.weight", weight.shape, 0, len(weight), None if bias is None else f"{name}.bias"
            )
            inputs = np.concatenate([seen[depth], *constant], axis=1)
            found.append(OuterGradients(name, place, inputs[:, np.newaxis], cotangents[:, np.newaxis]))
            if depth:
                cotangents = (cotangents @ weight) * SLOPES[self.activation](seen[depth])
        return tuple(reversed(found))


def network_gradients(estimator: Any, data: Any, *, loss: str | OutputSum | None = None) -> RowGradients:
    """Gradients of one scalar per row with respect to the weights of a fitted scikit-learn model.

    The same factors as `row_gradients` gives for a torch module, in closed form and double precision. Weights are
    named "layer0.weight" (outputs, inputs) and "layer0.bias", the penalty of the fit does not enter.

    Args:
        estimator: fitted MLPClassifier, MLPRegressor, LogisticRegression, LinearRegression or Ridge, or a Pipeline
            that ends in one (what comes before transforms the rows).
        data: (X, y) or a `Dataset`, labels as the estimator was fitted on.
        loss: "cross_entropy" | "margin" for classifiers, "squared_error" | "output" for regressors; default: the first.
            Or an `OutputSum`, for either.

    Returns:
        RowGradients; two classes have one logit, that of the second.

    Raises:
        InputError: another estimator, one that is not fitted, labels it does not know, or a loss of the other kind.

    Cost: one forward and one backward pass through the network, O(n (i + o)) memory per layer.
    Not for: several labels per row; one-versus-rest logistic regression with more than two classes.
    Source: exact; no publication.

    >>> from sklearn.linear_model import Ridge
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> network_gradients(Ridge(alpha=1e-9).fit(X, [0.0, 1.0, 2.0]), (X, [0.0, 1.0, 3.0])).norms().round(3)
    array([0.   , 0.   , 2.236])
    """
    X, y, ids = _rows_of(data)
    network, numbers = _opened(estimator, X)
    if isinstance(loss, OutputSum):
        return _summed(network, _finite(numbers, ids), loss, y, ids)
    chosen = loss or ("squared_error" if network.classes is None else "cross_entropy")
    if callable(chosen):
        raise InputError(
            "a scikit-learn model takes losses by name", got="a callable", fix='use loss="cross_entropy" or "margin"'
        )
    require_loss(chosen)
    if (chosen in CLASS_LOSSES) == (network.classes is None):
        kind = "regressor" if network.classes is None else "classifier"
        raise InputError(
            f"the loss {chosen!r} is not for a {kind}", got=type(estimator).__name__,
            fix='use "cross_entropy" or "margin" for classifiers, "squared_error" or "output" for regressors',
        )  # fmt: skip
    seen, outputs = network.run(_finite(numbers, ids))
    codes = y if network.classes is None or y is None else _codes(y, network.classes, ids)
    labels = checked_labels(codes, outputs.shape, ids, chosen)
    values, cotangents = values_and_cotangents(outputs, labels, chosen)
    return RowGradients(ids, network.layers(seen, cotangents), outputs, labels, values)


def _finite(numbers: Floats, ids: Array) -> Floats:
    require_finite(numbers, ids, "X", "impute or drop these rows")
    return numbers


def _summed(network: Network, numbers: Floats, of: OutputSum, y: Array | None, ids: Array) -> RowGradients:
    """Gradients of a weighted sum of the outputs, which needs no label."""
    seen, outputs = network.run(numbers)
    weights = np.array(of.weights)
    layers = network.layers(seen, np.tile(weights, (len(outputs), 1)))
    return RowGradients(ids, layers, outputs, np.full(len(ids), np.nan) if y is None else y, outputs @ weights)


def _affine(rows: Array, weight: Floats, bias: Floats | None) -> Floats:
    product = rows @ weight.T
    return np.asarray(product if bias is None else product + bias)


def _rows_of(data: Any) -> tuple[Any, Array | None, Array]:
    if isinstance(data, Dataset):
        return data.X, data.y, data.ids
    if isinstance(data, tuple) and len(data) == 2:
        X = data[0] if hasattr(data[0], "iloc") else as_features(data[0])
        y = None if data[1] is None else as_vector(data[1], "y", allow_matrix=True)
        count = X.shape[0]
        if y is not None and len(y) != count:
            raise InputError(
                "y and X have different numbers of rows", got=f"X {count} rows, y {len(y)}",
                fix="pass one label per row of X",
            )  # fmt: skip
        return X, y, default_ids(data[0], count)
    raise InputError("rows cannot be read from this", got=type(data).__name__, fix="pass (X, y) or a Dataset")


def _opened(estimator: Any, X: Any) -> tuple[Network, Floats]:
    """The network at the end of an estimator, and the rows as its inputs."""
    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    for step in steps[:-1]:
        if step is not None and not isinstance(step, str):
            X = step.transform(X)
    dense = X.toarray() if hasattr(X, "toarray") else X
    return _network(steps[-1]), np.asarray(dense, dtype=np.float64)


def _network(estimator: Any) -> Network:
    kind = type(estimator).__name__
    fitted = hasattr(estimator, "coefs_") or hasattr(estimator, "coef_")
    if kind in ("MLPClassifier", "MLPRegressor") and fitted:
        return _layered(estimator)
    if kind in ("LogisticRegression", "LinearRegression", "Ridge") and fitted:
        return _linear(estimator)
    raise InputError(
        "row gradients of this estimator are not known" if not kind.startswith(("MLP", "L", "R")) or fitted
        else "the estimator is not fitted, or row gradients of its kind are not known",
        got=kind,
        fix="pass a fitted MLPClassifier, MLPRegressor, LogisticRegression, LinearRegression or Ridge",
    )  # fmt: skip


def _layered(estimator: Any) -> Network:
    classes = getattr(estimator, "classes_", None)
    if classes is not None and estimator.out_activation_ == "logistic" and estimator.n_outputs_ > 1:
        raise InputError(
            "a network with several labels per row has no one cross-entropy", got=f"{estimator.n_outputs_} labels",
            fix="fit one classifier per label",
        )  # fmt: skip
    if classes is None and estimator.out_activation_ != "identity":
        raise InputError(
            "a network with another output than a sum has another loss", got=f"output {estimator.out_activation_}",
            fix='fit MLPRegressor(loss="squared_error")',
        )  # fmt: skip
    weights = tuple(np.asarray(held.T, dtype=np.float64) for held in estimator.coefs_)
    biases = tuple(np.asarray(held, dtype=np.float64) for held in estimator.intercepts_)
    names = tuple(f"layer{depth}" for depth in range(len(weights)))
    return Network(weights, biases, names, estimator.activation, classes)


def _linear(estimator: Any) -> Network:
    weight = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    classes = getattr(estimator, "classes_", None)
    if classes is not None and len(classes) > 2 and estimator.solver == "liblinear":
        raise InputError(
            "one-versus-rest logistic regression has no one cross-entropy", got=f"{len(classes)} classes, liblinear",
            fix='fit LogisticRegression(solver="lbfgs")',
        )  # fmt: skip
    bias = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64), len(weight)).copy()
    return Network((weight,), (bias if estimator.fit_intercept else None,), ("layer0",), "identity", classes)


def _codes(labels: Array, classes: Array, ids: Array) -> Array:
    places = {value: code for code, value in enumerate(classes.tolist())}
    if labels.ndim != 1:
        raise InputError(
            "every row has one class", where="y", got=f"shape {labels.shape}", fix="pass one class per row, (n,)"
        )
    codes = np.array([places.get(label, -1) for label in labels.tolist()])
    if (codes < 0).any():
        strange = codes < 0
        raise InputError(
            "some labels are of no class the model was fitted on", where=name_rows(ids[strange]),
            got=f"label {labels[strange][0]!s}; classes {', '.join(map(str, classes[:5].tolist()))}",
            fix="use the labels the model was fitted on, or drop these rows",
        )  # fmt: skip
    return codes
