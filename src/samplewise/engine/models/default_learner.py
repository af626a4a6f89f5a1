"""Which learner: the user's own, one by name, or the default for this shape of data."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn import ensemble, linear_model
from sklearn.pipeline import Pipeline

from samplewise.core.errors import InputError, unknown_name
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.targets import Target
from samplewise.engine.models.estimator import EstimatorLearner
from samplewise.engine.models.kernel_head import KernelHead
from samplewise.engine.models.learner import Learner

NAMES = ("kernel", "linear", "boosting", "logistic", "forest")
SMALL = 200  # rows under which boosting's leaves would be most of a class
MANY_CLASSES = 20  # above this, boosting grows one tree per class and round, and the closed form is the cheaper choice


class ChosenLearner(NamedTuple):
    """A learner, and the rule that chose it, in words."""

    learner: Learner
    reason: str


def choose_learner(wanted: Any, data: Dataset, target: Target) -> ChosenLearner:
    """The learner to use and the rule that chose it, in words.

    A mixed table (categories, text or missing values) of at least 200 rows and at most 20 classes gets histogram
    gradient boosting; everything else (numbers, embeddings, images, sparse rows, text alone) the kernel ridge head.

    Args:
        wanted: None, one of "kernel", "linear", "boosting", "logistic", "forest", a scikit-learn estimator or
            pipeline, or anything that follows the `Learner` protocol.

    Raises:
        InputError: unknown name, a class instead of an instance, or an object that cannot be fitted.
    """
    if wanted is None:
        return _default(data, target)
    if isinstance(wanted, str):
        return ChosenLearner(_named(wanted, target), f"named by the user: {wanted}")
    if isinstance(wanted, type):
        raise InputError(
            "learner is a class, and an instance of it is needed", where="learner", got=f"the class {wanted.__name__}",
            fix=f"pass {wanted.__name__}()",
        )  # fmt: skip
    if isinstance(wanted, Learner):
        return ChosenLearner(wanted, "given by the user")
    if not (hasattr(wanted, "fit") and hasattr(wanted, "get_params")):
        raise InputError(
            "learner must be a name, a scikit-learn estimator or follow the Learner protocol",
            got=type(wanted).__name__, fix=f"names: {', '.join(NAMES)}",
        )  # fmt: skip
    encoding = "space" if _mixed(data) and not isinstance(wanted, Pipeline) else "raw"
    if isinstance(data.X, Images):
        encoding = "space"
    learner = EstimatorLearner(wanted, type(wanted).__name__, encoding)  # type: ignore[arg-type]  # two literals
    return ChosenLearner(learner, "given by the user")


def _default(data: Dataset, target: Target) -> ChosenLearner:
    classes = 0 if target.classes is None else len(target.classes)
    if _mixed(data) and len(data) >= SMALL and classes <= MANY_CLASSES:
        return ChosenLearner(_named("boosting", target), "mixed table: histogram gradient boosting")
    if _mixed(data):
        reason = f"under {SMALL} rows" if len(data) < SMALL else f"more than {MANY_CLASSES} classes"
        return ChosenLearner(_named("kernel", target), f"mixed table with {reason}: kernel ridge head in closed form")
    return ChosenLearner(
        _named("kernel", target), "dense or sparse numbers, images or text: kernel ridge head in closed form"
    )


def _mixed(data: Dataset) -> bool:
    """A frame with categorical and other columns, or any matrix with missing values."""
    X = data.X
    if isinstance(X, Images) or sparse.issparse(X):
        return False
    if not hasattr(X, "iloc"):
        return bool(np.isnan(X).any()) if X.dtype.kind == "f" else False
    features = [column for column in data.columns if column.role == "feature"]
    kinds = {column.kind for column in features}
    unordered = any(column.unordered for column in features)
    return unordered or ("text" in kinds and len(kinds) > 1) or bool(X.isna().to_numpy().any())


def _named(name: str, target: Target) -> Learner:
    classes = target.task == "classification"
    if name == "kernel":
        return KernelHead()
    if name == "linear":
        return KernelHead(landmarks=0)
    if name == "boosting":
        kind = ensemble.HistGradientBoostingClassifier if classes else ensemble.HistGradientBoostingRegressor
        return EstimatorLearner(kind(early_stopping=False), "histogram gradient boosting", "codes")
    if name == "logistic":
        model = linear_model.LogisticRegression(max_iter=500) if classes else linear_model.Ridge()
        return EstimatorLearner(model, "logistic regression" if classes else "ridge regression", "space")
    if name == "forest":
        kind = ensemble.RandomForestClassifier if classes else ensemble.RandomForestRegressor
        return EstimatorLearner(kind(n_estimators=200, min_samples_leaf=2), "random forest", "codes")
    raise unknown_name("learner", name, NAMES)
