"""scikit-learn's networks and linear models: the gradients their weights have by finite differences, without torch."""

import copy
import subprocess
import sys

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.gradients import network_gradients


def problem(classes=3, n=30, d=4):
    draw = np.random.default_rng(0)
    X = draw.normal(size=(n, d))
    codes = (X @ draw.normal(size=(d, classes)) + draw.normal(size=(n, classes))).argmax(axis=1)
    return X, np.array(["no", "perhaps", "yes"])[codes]


def small(kind, activation="tanh", **named):
    return kind(hidden_layer_sizes=(5, 3), activation=activation, max_iter=30, random_state=0, **named)


def weights_of(estimator):
    """(array, its name here, whether ours is the transpose) of everything that was fitted."""
    if hasattr(estimator, "coefs_"):
        for depth, (weight, bias) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
            yield weight, f"layer{depth}.weight", True
            yield bias, f"layer{depth}.bias", False
    else:
        yield estimator.coef_, "layer0.weight", False
        if estimator.fit_intercept:
            yield np.atleast_1d(estimator.intercept_), "layer0.bias", False


def log_losses(estimator, X, y):
    shares = estimator.predict_proba(X)
    return -np.log(shares[np.arange(len(X)), np.searchsorted(estimator.classes_, y)])


def margins(estimator, X, y):
    shares = estimator.predict_proba(X)
    own = shares[np.arange(len(X)), np.searchsorted(estimator.classes_, y)]
    return np.log(own / (1 - own))


def errors(estimator, X, y):
    return 0.5 * np.square(estimator.predict(X) - y).reshape(len(X), -1).sum(axis=1)


def outputs(estimator, X, y):
    return estimator.predict(X).ravel()


def differences(estimator, X, y, values):
    """Parameter name -> (n, size) central differences of the values as scikit-learn itself predicts them."""
    step, found = 1e-5, {}
    nudged = copy.deepcopy(estimator)
    for weight, name, turned in weights_of(nudged):
        slopes = np.empty((len(X), weight.size))
        for position, start in enumerate(weight.ravel().tolist()):
            weight.flat[position] = start + step
            above = values(nudged, X, y)
            weight.flat[position] = start - step
            slopes[:, position] = (above - values(nudged, X, y)) / (2 * step)
            weight.flat[position] = start
        found[name] = slopes.reshape(-1, *weight.shape).swapaxes(1, 2).reshape(len(X), -1) if turned else slopes
    return found


def check(estimator, X, y, loss, values, tolerance=1e-8):
    rows = network_gradients(estimator, (X, y), loss=loss)
    wanted = differences(estimator, X, y, values)
    made = rows.combine(np.eye(len(X)))
    for name, slopes in wanted.items():
        np.testing.assert_allclose(made[name].reshape(len(X), -1), slopes, atol=tolerance)
    dense = np.concatenate(list(wanted.values()), axis=1)
    np.testing.assert_allclose(rows.gram(), dense @ dense.T, atol=100 * tolerance)
    np.testing.assert_allclose(rows.values, values(estimator, X, y), atol=1e-9)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_classifying_networks(activation, classes):
    X, y = problem(classes)
    estimator = small(MLPClassifier, activation).fit(X, y)
    check(estimator, X, y, "cross_entropy", log_losses)
    check(estimator, X, y, "margin", margins)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_regressing_networks():
    X, _ = problem()
    one, two = X[:, 0] ** 2, X[:, :2] ** 2
    check(small(MLPRegressor).fit(X, one), X, one, "squared_error", errors)
    check(small(MLPRegressor).fit(X, one), X, one, "output", outputs)
    check(small(MLPRegressor, "relu").fit(X, two), X, two, "squared_error", errors)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_logistic_regression(classes, intercept):
    X, y = problem(classes)
    estimator = LogisticRegression(fit_intercept=intercept).fit(X, y)
    check(estimator, X, y, "cross_entropy", log_losses)
    check(estimator, X, y, "margin", margins)


@pytest.mark.parametrize("kind", [LinearRegression, Ridge])
def test_linear_regression(kind):
    X, _ = problem()
    y = X[:, :2] @ [[1.0, 2.0], [3.0, 4.0]] + 1.0
    check(kind().fit(X, y), X, y, "squared_error", errors)
    one = Ridge().fit(X, y[:, 0])
    rows = network_gradients(one, (X, None), loss="output")
    np.testing.assert_allclose(rows.norms(), np.sqrt(1 + np.square(X).sum(axis=1)))


def test_what_comes_before_in_a_pipeline_transforms_the_rows():
    X, y = problem()
    whole = make_pipeline(StandardScaler(), PCA(2), LogisticRegression()).fit(X, y)
    rows = network_gradients(whole, Dataset(X, y, ids=np.arange(30) + 5))
    inner = network_gradients(whole[-1], (whole[:-1].transform(X), y))
    np.testing.assert_allclose(rows.gram(), inner.gram())
    np.testing.assert_array_equal(rows.ids, np.arange(30) + 5)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_same_network_in_torch():
    torch = pytest.importorskip("torch")
    from samplewise.engine.gradients import row_gradients

    X, y = problem()
    estimator = small(MLPClassifier, "relu").fit(X, y)
    layers = []
    for weight, bias in zip(estimator.coefs_, estimator.intercepts_, strict=True):
        layer = torch.nn.Linear(*weight.shape, dtype=torch.float64)
        layer.weight.data, layer.bias.data = torch.from_numpy(weight.T.copy()), torch.from_numpy(bias.copy())
        layers += [layer, torch.nn.ReLU()]
    codes = np.searchsorted(estimator.classes_, y)
    rows = row_gradients(torch.nn.Sequential(*layers[:-1]), (X, codes))
    np.testing.assert_allclose(network_gradients(estimator, (X, y)).gram(), rows.gram(), atol=1e-12)


REFUSED = {
    "another kind": (PCA(2), None, None, r"not known[\s\S]*got:\s+PCA[\s\S]*MLPClassifier"),
    "not fitted": (LogisticRegression(), None, None, r"not fitted[\s\S]*pass a fitted"),
    "the loss of a regressor": (LogisticRegression(), "fit", "squared_error", r"for a classifier[\s\S]*\"cross_ent"),
    "the loss of a classifier": (Ridge(), "numbers", "margin", r"for a regressor[\s\S]*\"output\" for regressors"),
    "a callable": (Ridge(), "numbers", len, r"by name[\s\S]*use loss="),
    "a wrong name": (Ridge(), "numbers", "margins", r"did you mean 'margin'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    estimator, fit, loss, message = REFUSED[name]
    X, y = problem()
    labels = X[:, 0] if fit == "numbers" else y
    if fit:
        estimator = copy.deepcopy(estimator).fit(X, labels)
    with pytest.raises(InputError, match=message):
        network_gradients(estimator, (X, labels), loss=loss)


def test_labels_the_model_does_not_know():
    X, y = problem()
    estimator = LogisticRegression().fit(X, y)
    strange = np.where(np.arange(30) == 4, "maybe", y)
    with pytest.raises(
        InputError, match=r"no class the model[\s\S]*rows id 4\n[\s\S]*label maybe[\s\S]*drop these rows"
    ):
        network_gradients(estimator, (X, strange))
    with pytest.raises(InputError, match=r"different numbers of rows[\s\S]*X 30 rows, y 29"):
        network_gradients(estimator, (X, y[1:]))
    with pytest.raises(InputError, match=r"cannot be read[\s\S]*\(X, y\)"):
        network_gradients(estimator, X)
    with pytest.raises(InputError, match=r"missing or infinite[\s\S]*rows id 2\n[\s\S]*drop"):
        network_gradients(estimator, (np.where(np.arange(30)[:, None] == 2, np.nan, X), y))


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_networks_with_another_loss_are_refused():
    X, y = problem()
    counts = small(MLPRegressor, loss="poisson").fit(X, np.abs(X[:, 0]))
    with pytest.raises(InputError, match=r"another output[\s\S]*exp[\s\S]*loss=\"squared_error\""):
        network_gradients(counts, (X, np.abs(X[:, 0])))
    several = small(MLPClassifier).fit(X, np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(int))
    with pytest.raises(InputError, match=r"several labels[\s\S]*one classifier per label"):
        network_gradients(several, (X, y))
    with pytest.raises(InputError, match=r"one-versus-rest[\s\S]*3 classes[\s\S]*lbfgs"):
        network_gradients(one_versus_rest(X, y), (X, y))


def one_versus_rest(X, y):
    """As liblinear fitted it where scikit-learn still allowed that."""
    estimator = LogisticRegression().fit(X, y)
    estimator.solver = "liblinear"
    return estimator


def test_torch_is_not_needed():
    program = (
        "import sys, numpy as np\n"
        "from sklearn.linear_model import Ridge\n"
        "from samplewise.engine.gradients import network_gradients\n"
        "X = np.eye(3)\n"
        "network_gradients(Ridge().fit(X, X[0]), (X, X[0])).sketch(4, seed=0)\n"
        "assert 'torch' not in sys.modules"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
