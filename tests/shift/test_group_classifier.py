"""`GroupRobustClassifier` as scikit-learn sees it, its methods on a shortcut, its rule and its controls."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.utils.estimator_checks import check_estimator

from samplewise.core.errors import InputError
from samplewise.engine.models import dense_network
from samplewise.shift import GroupRobustClassifier


def shortcut(count=1600, seed=0):
    """A weak signal, and a place with a strong one that agrees with the label in 90 % of the rows."""
    draw = np.random.default_rng(seed)
    y = np.arange(count) % 2
    place = np.where(draw.random(count) < 0.9, y, 1 - y)
    return np.c_[y + draw.normal(size=count), 4 * place + draw.normal(size=count)], y, place


X, Y, PLACE = shortcut()
TRAIN, TEST = slice(0, 800), slice(800, None)


def fitted(method="reweight", segments=PLACE, **settings):
    return GroupRobustClassifier(method=method, **settings).fit(X[TRAIN], Y[TRAIN], segments=segments[TRAIN])


def worst(model):
    return model.group_accuracy(X[TEST], Y[TEST], segments=PLACE[TEST]).worst.value


@pytest.mark.parametrize("method", ["reweight", "subsample", "group_dro"])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_finds_nothing_to_object_to(method):
    results = check_estimator(GroupRobustClassifier(method=method, settings={"C": [1.0]}), on_fail=None)
    assert [item["check_name"] for item in results if item["status"] not in ("passed", "skipped")] == []


def test_every_method_serves_the_worst_group_better_than_plain_training():
    plain = worst(fitted("plain"))
    assert plain < 0.3
    for method in ("reweight", "subsample", "last_layer", "group_dro", "errors"):
        assert worst(fitted(method)) > plain + 0.2, method


def test_ids_and_overlapping_bools_train_alike():
    bools = np.column_stack([PLACE == 0, PLACE == 1])
    np.testing.assert_array_equal(fitted().predict(X), fitted(segments=bools).predict(X))
    overlapping = np.column_stack([bools, np.ones(len(Y), dtype=bool)])
    assert worst(fitted(segments=overlapping)) > 0.4


def test_missing_segments_are_said_and_used():
    place = PLACE.astype(object)
    place[::5] = None
    model = fitted(segments=place)
    assert "160 rows without a segment" in model.notes_[0]
    assert worst(model) > 0.4


def test_segments_that_say_the_label():
    model = fitted(segments=Y)
    assert "cannot be told" in model.notes_[0]
    assert "same segment" in fitted(segments=np.zeros(len(Y))).notes_[0]


def test_a_group_never_seen_is_marked():
    place = np.where(np.arange(len(Y)) >= 1500, 7, PLACE)
    found = fitted().group_accuracy(X[TEST], Y[TEST], segments=place[TEST])
    assert found.unseen.sum() == 2


def test_the_rule_chooses_and_is_the_same_for_plain_training():
    held = np.arange(800) % 3 == 0
    model = GroupRobustClassifier(settings={"C": [1e-6, 1.0]}, selection="average")
    model.fit(X[TRAIN], Y[TRAIN], segments=PLACE[TRAIN], held_out=held)
    assert model.setting_ == max(model.selected_, key=lambda one: one[1])[0]
    beside = model.compare(X[TEST], Y[TEST], segments=PLACE[TEST])
    assert beside.arms == ("reweight", "plain", "plain, all rows", "plain, held-out rows only")
    assert "same rule: average" in str(beside)
    assert beside.gain_low[1] > 0
    np.testing.assert_array_equal(model.held_out_, held)


def test_held_out_rows_are_not_trained_on():
    """Labels of the held-out rows turned round: the same model, of the one setting there is."""
    held = np.arange(800) % 3 == 0
    y = np.where(held, 1 - Y[TRAIN], Y[TRAIN])
    place = PLACE[TRAIN]
    one, other = (
        GroupRobustClassifier(settings={"C": [1.0]}).fit(X[TRAIN], labels, segments=place, held_out=held)
        for labels in (Y[TRAIN], y)
    )
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def test_a_last_layer_is_fitted_to_the_held_out_rows():
    held = np.arange(800) % 3 == 0
    model = GroupRobustClassifier(method="last_layer").fit(X[TRAIN], Y[TRAIN], segments=PLACE[TRAIN], held_out=held)
    assert worst(model) > 0.4
    assert model.selected_


def test_any_scikit_learn_classifier():
    trees = GroupRobustClassifier(HistGradientBoostingClassifier(max_iter=20), settings={"max_depth": [1, 3]})
    trees.fit(X[TRAIN], Y[TRAIN], segments=PLACE[TRAIN])
    assert trees.setting_["max_depth"] in (1, 3)
    assert worst(trees) > 0.4


def test_a_model_that_gives_labels_only():
    model = GroupRobustClassifier(RidgeClassifier()).fit(X[TRAIN], Y[TRAIN], segments=PLACE[TRAIN])
    assert not hasattr(model, "predict_proba")
    assert worst(model) > 0.4


def test_names_of_classes_and_frames_of_segments():
    names = np.array(["no", "yes"])[Y]
    frame = pd.DataFrame({"place": PLACE})
    model = GroupRobustClassifier().fit(X, names, segments=frame)
    assert model.groups_[0] == "no, place = 0"
    assert set(model.predict(X)) == {"no", "yes"}


@pytest.mark.parametrize("method", ["reweight", "group_dro", "last_layer", "errors"])
def test_a_network(method):
    network = GroupRobustClassifier(method=method, network=dense_network, epochs=8, rate=0.01)
    network.fit(X[TRAIN], Y[TRAIN], segments=PLACE[TRAIN], held_out=np.arange(800) % 3 == 0)
    assert worst(network) > 0.25
    np.testing.assert_allclose(network.predict_proba(X[:5]).sum(axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"method": "reweigh"}, "did you mean 'reweight'"),
        ({"selection": "worst"}, "selection"),
        ({"settings": {"C": 1.0}}, "lists of values"),
        ({"learner": 3}, "scikit-learn classifier"),
        ({"learner": RidgeClassifier(), "network": dense_network}, "cannot both"),
        ({"network": 3}, "makes a module"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_settings_that_cannot_be_used(settings, said):
    with pytest.raises(InputError, match=said):
        GroupRobustClassifier(**settings).fit(X, Y)


def test_rows_that_cannot_be_used():
    with pytest.raises(InputError, match="held_out"):
        GroupRobustClassifier().fit(X, Y, held_out=np.ones(len(Y), dtype=bool))
    with pytest.raises(InputError, match="one class"):
        GroupRobustClassifier().fit(X, Y, held_out=Y == 1)
    with pytest.raises(InputError, match="no class the model knows"):
        fitted().group_accuracy(X, np.full(len(Y), 5))
    with pytest.raises(InputError, match="one label"):
        fitted().group_accuracy(X, Y[:3])
