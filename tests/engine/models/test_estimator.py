"""scikit-learn estimators as learners: their own answers, seeded, one column per class of the data."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models.estimator import ABSENT, EstimatorLearner, answer, seed_names, train
from samplewise.engine.models.learner import Fit


class Nearest:
    """A classifier that answers with the class of the nearest row, and with nothing else."""

    def fit(self, X, codes):
        self.X, self.codes, self.classes_ = X, codes, np.unique(codes)
        return self

    def predict(self, X):
        return self.codes[np.abs(X[:, None] - self.X).sum(axis=2).argmin(axis=1)]


DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(120, 3))
CODES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 1)
Y = np.array(["a", "b", "c"])[CODES]


def test_outputs_are_log_probabilities_of_the_model_itself():
    fitted = EstimatorLearner(LogisticRegression(), "logistic").fit(Dataset(X, Y), seed=0)
    own = LogisticRegression().fit(X, Y)
    np.testing.assert_allclose(fitted.outputs(X), own.predict_log_proba(X), atol=1e-3)
    np.testing.assert_allclose(fitted.probabilities(X), own.predict_proba(X), atol=1e-3)
    np.testing.assert_array_equal(fitted.embed(X), X)
    assert fitted.classes.tolist() == ["a", "b", "c"]


def test_a_fitter_predicts_as_a_fit_on_the_kept_rows():
    data, learner = Dataset(X, Y), EstimatorLearner(RandomForestClassifier(20), "forest")
    keep = np.arange(120) < 80
    fitter = learner.fitter(data, describe_target(Y), blocks=np.zeros(120, dtype=int))
    outputs = fitter.outputs(Fit(keep, np.arange(80, 120)), seed=3)
    alone = learner.fit(data.take(np.flatnonzero(keep)), seed=3, target=None)
    np.testing.assert_allclose(outputs, alone.outputs(X[80:]))
    replaced = fitter.outputs(Fit(keep, np.arange(80, 120), codes=(CODES + 1) % 3), seed=3)
    assert not np.allclose(outputs, replaced)


def test_weights_reach_a_model_that_takes_them():
    weights = np.where(CODES == 0, 100.0, 1.0)
    heavy = train(LogisticRegression(), X, CODES, weights, 0)
    np.testing.assert_allclose(heavy.coef_, LogisticRegression().fit(X, CODES, sample_weight=weights).coef_)


def test_every_seed_inside_is_set_and_the_order_of_rows_changes_nothing():
    pipeline = make_pipeline(StandardScaler(), RandomForestClassifier(5))
    assert seed_names(pipeline) == ("randomforestclassifier__random_state",)
    assert train(pipeline, X, CODES, None, 1)[-1].random_state == train(pipeline, X, CODES, None, 1)[-1].random_state
    assert train(pipeline, X, CODES, None, 1)[-1].random_state != train(pipeline, X, CODES, None, 2)[-1].random_state
    learner, order = EstimatorLearner(RandomForestClassifier(5), "forest"), DRAW.permutation(120)
    one = learner.fit(Dataset(X, Y), seed=0)
    two = learner.fit(Dataset(X[order], Y[order], ids=order), seed=0)
    np.testing.assert_array_equal(one.outputs(X), two.outputs(X))


def test_a_class_the_fit_never_saw_is_out_of_the_question():
    model = LogisticRegression().fit(X[CODES != 1], CODES[CODES != 1])
    outputs = answer(model, X, np.array(["a", "b", "c"]))
    assert (outputs[:, 1] == ABSENT).all()
    np.testing.assert_allclose(np.exp(outputs[:, [0, 2]]).sum(axis=1), 1.0)


def test_decision_values_and_plain_predictions_are_outputs_too():
    two = (CODES > 0).astype(int)
    margins = LinearSVC().fit(X, two)
    outputs = answer(margins, X, np.array(["a", "b"]))
    np.testing.assert_allclose(outputs[:, 1] - outputs[:, 0], margins.decision_function(X))
    only_names = answer(Nearest().fit(X, CODES), X, np.array(["a", "b", "c"]))
    np.testing.assert_array_equal(only_names, np.eye(3)[CODES])  # every row is its own nearest
    numbers = answer(LinearRegression().fit(X, X[:, 0]), X, None)
    np.testing.assert_allclose(numbers, X[:, :1], atol=1e-12)


def test_a_model_that_fails_or_answers_nonsense_is_named():
    class Broken(LogisticRegression):
        def predict_proba(self, X):
            return np.full((len(X), 2), np.nan)

    with pytest.raises(InputError, match=r"(?s)Broken returned NaN.*3 of 3 predicted rows"):
        answer(Broken().fit(X, CODES > 0), X[:3], np.array([0, 1]))
    with pytest.raises(InputError, match=r"(?s)LogisticRegression failed.*a fit on 120 rows.*ValueError"):
        train(LogisticRegression(), X, np.zeros(120, dtype=int), None, 0)
    with pytest.raises(InputError, match="takes no objective"):
        EstimatorLearner(LogisticRegression(), "logistic").fit(Dataset(X, Y), seed=0, objective=object())
    with pytest.raises(InputError, match="no class probabilities"):
        EstimatorLearner(LinearRegression(), "line").fit(Dataset(X, X[:, 0]), seed=0).probabilities(X)


def test_a_fingerprint_names_model_parameters_and_encoding():
    names = {
        EstimatorLearner(model, "m", encoding).fingerprint()
        for model in (LogisticRegression(), LogisticRegression(C=2.0), LinearSVC())
        for encoding in ("raw", "space")
    }
    assert len(names) == 6


def test_a_model_that_saw_one_class_predicts_that_class():
    X, codes = np.arange(12.0)[:, None], np.ones(12, dtype=int)
    model = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=2).fit(X, codes)  # answers for two classes
    assert model.predict_proba(X).shape[1] != len(model.classes_)
    assert answer(model, X, np.array([0, 1, 2])).argmax(axis=1).tolist() == [1] * 12
