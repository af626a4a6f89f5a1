import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.labels import find_label_issues
from samplewise.labels.remedies import drop_disputed, relabel_disputed

WRONG = list(range(5, 400, 25))
NAMED = {f"r{row}" for row in WRONG}


@pytest.fixture(scope="module")
def blobs():
    X, codes = make_blobs(400, centers=4.0 * np.eye(3), random_state=3)
    names = np.array(["ant", "bee", "cat"], dtype=object)
    given = names[codes]
    given[WRONG] = names[(codes[WRONG] + 1) % 3]
    ids = np.array([f"r{row}" for row in range(400)])
    return Dataset(X, given, ids=ids), names[codes]


def test_everything_is_by_id_and_in_the_users_labels(blobs):
    data, truth = blobs
    found = find_label_issues(data)
    assert set(found.flagged) == NAMED
    assert set(found.wrong.top(16).keys) == NAMED
    assert found.wrong.unit == "probability"
    assert found.suggested[WRONG].tolist() == truth[WRONG].tolist()
    assert found.expected_precision().value > 0.5
    assert found.noise_matrix.kind == "matrix"
    assert len(found.confusable_pairs) == 0
    assert found.reasons[0] == "the held-out model agrees with the given label"


def test_a_frame_and_its_index_come_through(blobs):
    data, _ = blobs
    frame = pd.DataFrame(data.X, index=data.ids, columns=["a", "b", "c"])
    found = find_label_issues((frame, data.y))
    assert set(found.flagged) == NAMED


def test_same_seed_same_bits(blobs):
    one, two = (find_label_issues(blobs[0], seed=4).wrong.values for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_regression_suggests_the_prediction():
    X = np.random.default_rng(0).normal(size=(300, 4))
    y = X.sum(axis=1) + 0.5 * np.random.default_rng(1).normal(size=300)
    y[7] += 40
    found = find_label_issues((X, y))
    assert found.flagged[0] == 7
    assert len(found.flagged) < 4
    assert found.noise_matrix is None
    assert found.confusable_pairs is None
    assert abs(found.suggested[7] - (y[7] - 40)) < 5


def test_missing_labels_and_unusable_predictions_are_refused(blobs):
    data, _ = blobs
    y = data.y.astype(object)
    y[3] = None
    with pytest.raises(InputError, match="leave these rows out"):
        find_label_issues(data.with_labels(y))
    with pytest.raises(InputError, match=r"pass shape \(400, 3\)"):
        find_label_issues(data, probabilities=np.full((400, 4), 0.25))


def test_rules_change_what_was_planted_and_nothing_else(blobs):
    data, truth = blobs
    folded = prepare(data, "kernel").whole
    relabel, drop = relabel_disputed(folded), drop_disputed(folded)
    assert relabel.kind == "relabel"
    assert relabel.rows.tolist() == drop.rows.tolist() == WRONG
    assert folded.target.classes[relabel.values].tolist() == truth[WRONG].tolist()


def test_drop_never_empties_a_class():
    X, codes = make_blobs([100, 100, 2], centers=[[0, 0], [6, 0], [0, 0]], cluster_std=0.5, random_state=0)
    folded = prepare((X, codes), "kernel").whole
    kept = np.delete(codes, drop_disputed(folded).rows)
    assert set(kept) == {0, 1, 2}


def test_acting_on_them_is_measured(blobs):
    data, _ = blobs
    measured = find_label_issues(data).measured(("drop", "relabel", "reweight"))
    assert list(measured) == ["drop", "relabel", "reweight"]
    for one in measured.values():
        assert one.effect.unit == "points of accuracy"
        assert one.effect.low <= one.effect.value <= one.effect.high
        assert one.verdict in ("helps", "hurts", "not decided")
        assert 0.02 < one.share < 0.08
    with pytest.raises(InputError, match="did you mean 'relabel'"):
        find_label_issues(data).measured(("relable",))


def test_embeddings_take_the_place_of_the_features(blobs):
    data, _ = blobs
    noise = Dataset(np.random.default_rng(0).normal(size=(400, 3)), data.y, ids=data.ids)
    assert set(find_label_issues(noise, embeddings=data.X).flagged) == NAMED
    assert set(find_label_issues(noise).flagged) != NAMED


def test_several_annotators_join_the_model(blobs):
    data, truth = blobs
    draw = np.random.default_rng(1)
    names = np.unique(truth)
    said = np.empty((400, 4), dtype=object)
    for who, skill in enumerate((0.9, 0.8, 0.6, 0.5)):
        wrong = draw.random(400) > skill
        said[:, who] = np.where(wrong, names[draw.integers(0, 3, 400)], truth)
    said[draw.random(said.shape) < 0.5] = None
    alone = find_label_issues((data.X, None), annotations=said)
    assert (alone.suggested == truth).mean() > 0.98  # .988 to .998 by the draw of folds
    assert alone.annotators.quality.values.argmax() == 0
    annotated = find_label_issues(data, annotations=said)
    assert set(annotated.wrong.top(16).keys) == NAMED
    with pytest.raises(InputError, match="put to the test"):
        annotated.measured()
    with pytest.raises(InputError, match="one row per row"):
        find_label_issues(data, annotations=said[:5])
    with pytest.raises(InputError, match="other classes"):
        find_label_issues(data, annotations=np.where(said == "ant", "wasp", said))


@pytest.fixture(scope="module")
def pictures():
    """Pictures of four patterns, the last two alike, some labels of them swapped."""
    draw = np.random.default_rng(0)
    kinds = np.arange(240) % 4
    patterns = draw.integers(0, 256, size=(4, 8, 8)).astype(float)
    patterns[3] = patterns[2] + 12.0 * draw.normal(size=(8, 8))
    X = np.clip(patterns[kinds] + 60.0 * draw.normal(size=(240, 8, 8)), 0, 255).astype(np.uint8)
    given = np.array(["ant", "bee", "cat", "dog"])[kinds]
    given[[4, 9, 14]] = ["bee", "cat", "ant"]
    return Dataset(X, given, ids=[f"r{row}" for row in range(240)])


def test_labels_of_pictures_are_facts_that_answers_settle(pictures):
    found = find_label_issues(pictures)
    assert found.labels_are.are == "facts"
    assert found.labels_are.why == "pictures show what they are labeled as"
    ids = found.to_review(8)
    assert set(ids) <= set(pictures.ids)
    assert found.suspects(2).keys.tolist() == found.wrong.top(2).keys.tolist()
    right, words = found.reviewed(ids, [0] * len(ids)), found.reviewed(ids, ["keep"] * len(ids))
    np.testing.assert_array_equal(right.wrong.values, words.wrong.values)
    assert right.wrong.values.mean() < found.wrong.values.mean()
    wrong = found.reviewed(ids[:4], [True] * 4).reviewed(ids[4:], [1.0] * (len(ids) - 4))
    assert wrong.wrong[ids.tolist()].values.tolist() == [1.0] * len(ids)
    assert set(ids) <= set(wrong.flagged)
    assert wrong.expected_precision(len(ids)).value == 1.0
    assert "as outcomes" in found.other_reading().reason


def test_reading_them_as_outcomes_is_as_before_and_says_what_facts_would_give(pictures):
    outcomes = find_label_issues(pictures, labels_are="outcomes")
    assert outcomes.labels_are.chosen_by == "you"
    reading = outcomes.other_reading()
    assert reading.quantity == "noise_rate_if_facts"
    facts = find_label_issues(pictures, labels_are="facts")
    assert reading.value == facts.noise_rate.value
    np.testing.assert_array_equal(facts.posterior.outcomes.wrong, outcomes.wrong.values)
    for call in (outcomes.to_review, outcomes.suspects, lambda: outcomes.reviewed(["r1"], [1])):
        with pytest.raises(InputError, match=r"(?s)about labels that are facts.*labels_are=\"facts\""):
            call()


def test_acting_on_facts_is_measured_with_the_answers(pictures):
    found = find_label_issues(pictures)
    ids = found.to_review(10)
    measured = found.reviewed(ids, ["drop"] * len(ids)).measured(("drop",))["drop"]
    assert measured.share > 0


def test_what_cannot_be_read_as_facts_is_refused(blobs):
    data, truth = blobs
    for given in ({"method": "neighbors"}, {"annotations": np.c_[truth, truth]}):
        with pytest.raises(InputError, match="cannot be combined with facts"):
            find_label_issues(data, labels_are="facts", **given)
    found = find_label_issues(data, method="neighbors")
    assert found.labels_are.are == "outcomes"
    with pytest.raises(InputError, match="one reading only"):
        found.other_reading()
    with pytest.raises(InputError, match="did you mean 'facts'"):
        find_label_issues(data, labels_are="fact")
