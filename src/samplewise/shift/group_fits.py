"""Fits for groups: a linear model, any scikit-learn classifier or a network, trained in one of several ways."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from scipy import optimize
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import has_fit_parameter

from samplewise import shift
from samplewise.core.arrays import Array, Floats, Ints, Mask, one_hot
from samplewise.core.errors import InputError
from samplewise.core.randomness import derive_seed
from samplewise.data.dataset import Dataset
from samplewise.data.splits import fold_of_rows
from samplewise.data.targets import Target
from samplewise.engine import models
from samplewise.shift.group_members import GroupMembers, balanced_subset, balanced_weights

Setting = Mapping[str, Any]
METHODS = ("reweight", "subsample", "last_layer", "group_dro", "errors", "plain")
N_SUBSETS = 10  # balanced subsets whose last layers are averaged
SHARPNESS = (0.1, 0.01, 0.001, 0.0001)  # nats; how far the soft maximum of the groups' losses may be from the largest
LEAST_ERRORS = 2  # wrong rows of a class that make a group
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # inverse penalties of the linear model
MOST_STEPS = 1_000
RATE = 0.05  # of the weights of groups, for networks


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The n rows of a fit."""

    X: Array  # (n, d)
    codes: Ints  # (n,)
    classes: int
    seed: int

    def take(self, rows: Ints) -> "Rows":
        """Some of them."""
        return replace(self, X=self.X[rows], codes=self.codes[rows])


class Answers(Protocol):
    """A fitted model: codes of classes, and where it has them probabilities."""

    def codes(self, X: Array) -> Ints:
        """(m,) predicted codes."""
        ...

    def probabilities(self, X: Array) -> Floats:
        """(m, c)."""
        ...


class Backend(Protocol):
    """What can be fitted in every way."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Lists of values by name: those that are tried."""
        ...

    def fit(self, rows: Rows, weights: Floats | None, setting: Setting) -> Answers:
        """Plain training, with weights (n,) of mean 1."""
        ...

    def fit_worst(self, rows: Rows, groups: GroupMembers, setting: Setting) -> Answers:
        """Least loss of the worst group."""
        ...

    def fit_last(self, rows: Rows, last: Rows, groups: GroupMembers, setting: Setting) -> Answers:
        """The features of a plain fit of `rows`, under a last layer fitted to balanced subsets of `last`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LinearAnswers:
    """Logits z @ coef + intercept of features (optionally of a network) that are centered and scaled."""

    coef: Floats  # (d, c)
    intercept: Floats  # (c,)
    center: Floats  # (d,)
    scale: Floats  # (d,)
    body: Any = None  # what makes the features

    def probabilities(self, X: Array) -> Floats:
        """(m, c)."""
        features = X if self.body is None else self.body.embed(X)
        return np.asarray(softmax((features - self.center) / self.scale @ self.coef + self.intercept, axis=1))

    def codes(self, X: Array) -> Ints:
        """(m,)."""
        return np.asarray(self.probabilities(X).argmax(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class LinearBackend:
    """Logistic regression on columns of mean 0 and spread 1."""

    settings: Mapping[str, Any] = field(default_factory=lambda: {"C": STRENGTHS})

    def fit(self, rows: Rows, weights: Floats | None, setting: Setting) -> LinearAnswers:
        """See `Backend`."""
        center, scale = _scale(rows.X)
        return _logistic(rows, weights, setting, center, scale)

    def fit_worst(self, rows: Rows, groups: GroupMembers, setting: Setting) -> LinearAnswers:
        """See `Backend`; the exact minimax solution, to 0.0001 nats times the log of the number of groups."""
        center, scale = _scale(rows.X)
        ridge = 1.0 / (setting.get("C", 1.0) * len(rows.X))
        coef, intercept, _ = minimax_logistic(
            (rows.X - center) / scale, rows.codes, groups.members, rows.classes, ridge
        )
        return LinearAnswers(coef, intercept, center, scale)

    def fit_last(self, rows: Rows, last: Rows, groups: GroupMembers, setting: Setting) -> LinearAnswers:
        """See `Backend`: the features are the columns."""
        return _averaged_last_layer(last, groups, setting, *_scale(rows.X))


@dataclass(frozen=True, slots=True, eq=False)
class EstimatorAnswers:
    """A fitted scikit-learn classifier."""

    model: Any

    def codes(self, X: Array) -> Ints:
        """(m,)."""
        return np.asarray(self.model.predict(X), dtype=np.intp)

    def probabilities(self, X: Array) -> Floats:
        """(m, c)."""
        return np.asarray(self.model.predict_proba(X), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class EstimatorBackend:
    """Any scikit-learn classifier."""

    learner: Any
    settings: Mapping[str, Any]

    def fit(self, rows: Rows, weights: Floats | None, setting: Setting) -> EstimatorAnswers:
        """See `Backend`."""
        model = clone(self.learner).set_params(**setting)
        if "random_state" in model.get_params() and model.get_params()["random_state"] is None:
            model.set_params(random_state=rows.seed)
        if weights is None:
            return EstimatorAnswers(model.fit(rows.X, rows.codes))
        if not has_fit_parameter(model, "sample_weight"):
            raise InputError(
                "this classifier takes no weights", where="learner", got=type(model).__name__,
                fix='use method="subsample"',
            )  # fmt: skip
        return EstimatorAnswers(model.fit(rows.X, rows.codes, sample_weight=weights))

    def fit_worst(self, rows: Rows, groups: GroupMembers, setting: Setting) -> EstimatorAnswers:
        """Refused: such a classifier is not trained step by step."""
        raise _no_such("group_dro", self.learner)

    def fit_last(self, rows: Rows, last: Rows, groups: GroupMembers, setting: Setting) -> EstimatorAnswers:
        """Refused: such a classifier has no last layer."""
        raise _no_such("last_layer", self.learner)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkAnswers:
    """A trained network."""

    fitted: Any

    def probabilities(self, X: Array) -> Floats:
        """(m, c)."""
        return np.asarray(softmax(self.fitted.outputs(X), axis=1))

    def codes(self, X: Array) -> Ints:
        """(m,)."""
        return np.asarray(self.fitted.outputs(X).argmax(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class NetworkBackend:
    """A torch network, by the one training loop."""

    network: Any
    settings: Mapping[str, Any]
    batch: int
    rate: float
    device: str

    def fit(self, rows: Rows, weights: Floats | None, setting: Setting) -> NetworkAnswers:
        """See `Backend`."""
        return NetworkAnswers(self._trained(rows, weights, setting, None))

    def fit_worst(self, rows: Rows, groups: GroupMembers, setting: Setting) -> NetworkAnswers:
        """See `Backend`; every batch moves the weights of the groups in it."""
        objective = shift.GroupDRO(rate=RATE, segments=groups.members)  # needs torch, as nothing else here does
        return NetworkAnswers(self._trained(rows, None, setting, objective))

    def fit_last(self, rows: Rows, last: Rows, groups: GroupMembers, setting: Setting) -> LinearAnswers:
        """See `Backend`."""
        body = self._trained(rows, None, setting, None)
        center, scale = _scale(body.embed(rows.X))
        features = replace(last, X=body.embed(last.X))
        return replace(_averaged_last_layer(features, groups, {}, center, scale), body=body)

    def _trained(self, rows: Rows, weights: Floats | None, setting: Setting, objective: Any) -> Any:
        named = {"batch": self.batch, "rate": self.rate, "device": self.device} | dict(setting)
        target = Target("classification", np.arange(rows.classes), rows.codes)
        return models.TorchLearner(self.network, **named).fit(
            Dataset(rows.X, rows.codes, weights=weights), seed=rows.seed, objective=objective, target=target
        )


def train(
    backend: Backend, method: str, rows: Rows, groups: GroupMembers, last: tuple[Rows, GroupMembers] | None,
    setting: Setting,
) -> tuple[Answers, str]:  # fmt: skip
    """One way of training, and a note where it could not do what its name says.

    `last`: rows, and their groups, that the last layer is fitted to; None for the training rows.
    """
    if method == "plain":
        return backend.fit(rows, None, setting), ""
    if method == "subsample":
        kept = balanced_subset(groups.members, np.random.default_rng(derive_seed(rows.seed, "subset")))
        return backend.fit(rows.take(kept), None, setting), ""
    if method == "group_dro":
        return backend.fit_worst(rows, groups, setting), ""
    if method == "last_layer":
        own, own_groups = (rows, groups) if last is None else last
        return backend.fit_last(rows, own, own_groups, setting), ""
    if method == "errors":
        members, note = error_groups(backend, rows, setting)
        return backend.fit(rows, balanced_weights(members), setting), note
    return backend.fit(rows, balanced_weights(groups.members), setting), ""


def error_groups(backend: Backend, rows: Rows, setting: Setting, *, n_folds: int = 3) -> tuple[Mask, str]:
    """(n, G) groups without any segments: the rows of each class that a plain model errs on, and the others.

    The model never saw the row. Also the answer of inferring two environments whose best common scale of the outputs
    differs most (EIIL): its optimum puts the misclassified rows of two classes in one, the others in the other.

    Returns: the groups, and a note where a class has fewer than two wrong rows, which stay with the others.
    Cost:    `n_folds` fits.   Source: liu2021, creager2021.
    """
    of_class = np.asarray(one_hot(rows.codes, rows.classes), dtype=bool)
    n_folds = min(n_folds, int(of_class.sum(axis=0).min()))
    if n_folds < 2:
        return of_class, "A class has one row: no row can be judged without it, and the groups are the classes."
    fold = fold_of_rows(np.arange(len(rows.codes)), rows.codes, n_folds=n_folds, seed=rows.seed)
    wrong = np.zeros(len(fold), dtype=bool)
    for part in range(n_folds):
        held = fold == part
        model = backend.fit(rows.take(np.flatnonzero(~held)), None, setting)
        wrong[held] = model.codes(rows.X[held]) != rows.codes[held]
    enough = of_class[wrong].sum(axis=0) >= LEAST_ERRORS
    apart = wrong & enough[rows.codes]
    members = np.column_stack([of_class & ~apart[:, None], of_class & apart[:, None]])
    note = "" if enough.all() else "A class has fewer than two rows that a plain model errs on: it is one group."
    return members[:, members.any(axis=0)], note


def minimax_logistic(
    X: Floats, codes: Ints, members: Mask, classes: int, ridge: float
) -> tuple[Floats, Floats, Floats]:
    """The linear model whose largest mean loss of a group is least, and the weights of the groups there.

    Minimizes t log sum_g exp(L_g / t) + ridge / 2 |coef|^2 for ever smaller t, L_g the mean log loss of group g: at
    most t log G nats above the largest L_g.

    Args:    X: (n, d).   codes: (n,).   members: (n, G).   classes: c.   ridge: at least 0.
    Returns: coef (d, c), intercept (c,), and the weights (G,), of sum 1, of the groups of equal and largest loss.
    Cost:    some hundred passes, O(n d c) each.   Source: sagawa2020.
    """
    share = members / np.maximum(members.sum(axis=0), 1)
    width = X.shape[1]
    wanted = one_hot(codes, classes)
    groups: Floats = np.zeros(members.shape[1])

    def objective(flat: Floats, sharpness: float) -> tuple[float, Floats]:
        nonlocal groups
        weights = flat.reshape(width + 1, classes)
        logs = log_softmax(X @ weights[:-1] + weights[-1], axis=1)
        losses = share.T @ -logs[np.arange(len(codes)), codes]
        top = losses.max()
        raised = np.exp((losses - top) / sharpness)
        groups = raised / raised.sum()
        pulls = (np.exp(logs) - wanted) * (share @ groups)[:, None]
        gradient = np.vstack([X.T @ pulls + ridge * weights[:-1], pulls.sum(axis=0)])
        value = top + sharpness * np.log(raised.sum()) + 0.5 * ridge * float(np.sum(weights[:-1] ** 2))
        return float(value), gradient.ravel()

    flat = np.zeros((width + 1) * classes)
    for sharpness in SHARPNESS:
        flat = optimize.minimize(
            objective, flat, (sharpness,), jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS, "gtol": 1e-7}
        ).x
    objective(flat, SHARPNESS[-1])
    weights = flat.reshape(width + 1, classes)
    return weights[:-1], weights[-1], groups


def _averaged_last_layer(
    rows: Rows, groups: GroupMembers, setting: Setting, center: Floats, scale: Floats
) -> LinearAnswers:
    """Coefficients averaged over balanced subsets.   Source: kirichenko2023."""
    draw = np.random.default_rng(derive_seed(rows.seed, "last layer"))
    fits = [
        _logistic(rows.take(balanced_subset(groups.members, draw)), None, setting, center, scale)
        for _ in range(N_SUBSETS)
    ]
    coef, intercept = (np.mean([getattr(fit, name) for fit in fits], axis=0) for name in ("coef", "intercept"))
    return LinearAnswers(coef, intercept, center, scale)


def _logistic(rows: Rows, weights: Floats | None, setting: Setting, center: Floats, scale: Floats) -> LinearAnswers:
    """Logits of every class; of two classes half of the log odds each. A class without a row is never told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many steps are a penalty of their own
        model = LogisticRegression(**{"max_iter": MOST_STEPS, **setting})
        model.fit((rows.X - center) / scale, rows.codes, sample_weight=weights)
    coef, intercept = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        coef, intercept = np.vstack([-coef, coef]) / 2, np.r_[-intercept, intercept] / 2
    every, never = np.zeros((rows.classes, rows.X.shape[1])), np.full(rows.classes, -np.inf)
    every[model.classes_], never[model.classes_] = coef, intercept
    return LinearAnswers(every.T, never, center, scale)


def _scale(X: Floats) -> tuple[Floats, Floats]:
    spread = X.std(axis=0)
    return X.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _no_such(method: str, learner: Any) -> InputError:
    return InputError(
        f'method="{method}" needs a linear model or a network', where="learner", got=type(learner).__name__,
        fix='use method="reweight", or leave learner out',
    )  # fmt: skip
