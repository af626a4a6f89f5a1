from dataclasses import replace

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.randomness import hashed_order
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.labels.ambiguity import likely_errors, suggests
from samplewise.labels.facts import Answer, fact_labels, facts_of, other_reading
from samplewise.labels.remedies import drop_disputed

COUNT, CLASSES = 400, 5


@pytest.fixture(scope="module")
def confused():
    """(P, y): a good model's probabilities, contradicted on an eighth of the rows; nothing proves a flip."""
    draw = np.random.default_rng(1)
    truth = draw.integers(0, CLASSES, COUNT)
    logits = 2.5 * np.eye(CLASSES)[truth] + draw.normal(size=(COUNT, CLASSES))
    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return P, np.array([draw.choice(CLASSES, p=row) for row in P])


def rows_of(P, y, ids=None):
    return prepare(Dataset(P, y, ids=ids), "linear").whole


@pytest.fixture(scope="module")
def found(confused):
    P, y = confused
    return fact_labels(rows_of(P, y), probabilities=P, n_rounds=1)


def all_said(found, wrong, n=20):
    return found.reviewed({row: Answer(wrong) for row in found.to_review(n).tolist()})


def test_contradicted_labels_get_chances_in_between_in_place_of_silence(found):
    assert not found.outcomes.beyond_chance
    assert not found.outcomes.flagged.any()
    against = found.found.against
    assert 0.1 < found.wrong[against].mean() < 0.6
    assert found.wrong[~against].max() < 0.2
    assert (found.suggested[against] == found.found.other[against]).all()
    assert (found.suggested[~against] == found.codes[~against]).all()
    assert not (found.flagged & ~against).any()
    assert (found.wrong[found.flagged] > 0.5).all()


def test_the_suspects_are_as_many_as_are_expected_to_be_wrong(found):
    rows = found.suspects()
    assert len(rows) == round(found.wrong[found.found.against].sum())
    assert (np.diff(found.wrong[rows]) <= 1e-9).all()
    assert found.wrong[rows].min() >= np.sort(found.wrong[found.found.against])[-len(rows)] - 1e-9
    assert len(found.suspects(3)) == 3


def test_without_answers_nothing_can_be_told_and_a_sentence_says_so(found):
    share = found.suspects_share
    assert share.high - share.low > 0.4
    assert found.cannot_tell
    sentence = found.doubt("to_review()")
    assert sentence.startswith("Predictions alone cannot tell errors of the labels from errors of the model: between ")
    assert sentence.endswith("Answer 20 rows: to_review().")
    assert found.noise_rate.low < found.noise_rate.value < found.noise_rate.high
    assert found.noise_rate.value == pytest.approx(found.wrong.mean())
    assert found.noise_rate.reason == "errors that the model repeats cannot be seen"


def test_an_estimate_of_any_list_is_its_mean(found):
    rows = np.r_[found.suspects(), [0, 1]]
    estimate = found.expected_precision(rows)
    assert estimate.value == pytest.approx(found.wrong[rows].mean())
    assert estimate.confidence == 0.95


def test_rows_to_review_are_spread_over_the_contradicted(found):
    rows = found.to_review()
    ranks = found.wrong[found.found.against].argsort().argsort()
    place = ranks[np.searchsorted(np.flatnonzero(found.found.against), rows)]
    assert len(set(rows.tolist())) == 20
    assert found.found.against[rows].all()
    assert np.diff(np.sort(place)).max() <= 2 * len(ranks) / 20
    assert set(found.to_review(10_000)) == set(np.flatnonzero(found.found.against))
    with pytest.raises(InputError, match="n=0"):
        found.to_review(0)


def test_twenty_answers_settle_it_either_way(found):
    right, wrong = all_said(found, 0.0), all_said(found, 1.0)
    others = found.found.against & ~np.isin(np.arange(COUNT), found.to_review())
    assert (right.wrong[others] < found.wrong[others]).all()
    assert (wrong.wrong[others] > found.wrong[others]).all()
    assert right.wrong[others].mean() < 0.1
    assert wrong.wrong[others].mean() > 0.75
    assert not wrong.cannot_tell
    assert wrong.doubt("x") == ""
    one = all_said(found, 1.0, 1)
    assert one.doubt("x").startswith("Predictions and 1 answer cannot yet tell errors of the labels")
    assert set(wrong.wrong[found.to_review()]) == {1.0}
    assert set(right.wrong[found.to_review()]) == {0.0}
    assert not set(right.suspects()) & set(found.to_review())
    assert set(found.to_review()) <= set(wrong.suspects())
    assert not set(wrong.to_review()) & set(found.to_review())
    assert set(wrong.reasons[found.to_review()]) == {"a person answered that the label is wrong"}


def test_the_order_of_answers_does_not_matter(found):
    rows = found.to_review(10).tolist()
    said = {row: Answer(share) for row, share in zip(rows, [0, 1, 1, 0, 0.4, 0, 0, 1, 0, 1], strict=True)}
    once = found.reviewed(said)
    turned = found.reviewed(dict(reversed(said.items())))
    parts = found.reviewed(dict(list(said.items())[5:])).reviewed(dict(list(said.items())[:5]))
    np.testing.assert_array_equal(once.wrong, turned.wrong)
    np.testing.assert_array_equal(once.wrong, parts.wrong)
    with pytest.raises(InputError, match="two different answers"):
        once.reviewed({rows[0]: Answer(1.0)})


def test_a_named_class_is_suggested(found):
    row = int(found.suspects()[0])
    third = next(code for code in range(CLASSES) if code not in (found.codes[row], found.found.other[row]))
    named = found.reviewed({row: Answer(1.0, third)})
    assert named.suggested[row] == third
    assert named.suggested_probability[row] == 1.0
    assert suggests(named)[row]
    unnamed = found.reviewed({row: Answer(1.0)})
    assert unnamed.suggested[row] == found.found.other[row]
    assert unnamed.suggested_probability[row] == pytest.approx(0.5)
    agreed = int(np.flatnonzero(~found.found.against)[0])
    assert found.reviewed({agreed: Answer(1.0)}).flagged[agreed]


def test_the_order_of_rows_does_not_matter(confused, found):
    P, y = confused
    order = np.random.default_rng(0).permutation(COUNT)
    moved = fact_labels(rows_of(P[order], y[order], ids=order), probabilities=P[order], n_rounds=1)
    np.testing.assert_allclose(moved.wrong, found.wrong[order], atol=1e-6)
    assert order[moved.to_review()].tolist() == found.to_review().tolist()
    assert order[moved.suspects()].tolist() == found.suspects().tolist()


def test_sharper_probabilities_give_the_same_chances(confused, found):
    P, y = confused
    for power in (0.5, 1.5):
        raised = P**power / (P**power).sum(axis=1, keepdims=True)
        again = facts_of(rows_of(P, y), found.outcomes, raised)
        np.testing.assert_allclose(again.wrong, found.wrong, atol=1e-4)


def test_proven_flips_are_wrong_and_need_no_answers(spoilt):
    folded, truth = spoilt("sym", 0.1)
    facts = fact_labels(folded)
    bad = folded.codes != truth
    assert facts.outcomes.beyond_chance
    assert facts.wrong[bad].mean() > 0.85
    assert (facts.wrong >= 0.89 * np.nan_to_num(facts.outcomes.wrong)).all()
    assert bad[facts.suspects()].mean() > 0.85
    assert not facts.cannot_tell
    np.testing.assert_array_equal(likely_errors(facts), facts.flagged)
    assert (facts.suggested[bad] == truth[bad]).mean() > 0.8
    by_id = {key: Answer(0.0) for key in folded.data.ids[facts.suspects()][:15].tolist()}
    answered = fact_labels(folded, answers=by_id | {"of other rows": Answer(1.0)})
    assert len(answered.answers) == 15
    assert not set(drop_disputed(folded, lambda rows: answered).rows) & set(facts.suspects()[:15])


def test_an_interval_of_proven_flips_is_no_point_and_answers_move_them(spoilt):
    folded, _ = spoilt("sym", 0.1)
    facts = fact_labels(folded)
    share, rows = facts.suspects_share, facts.suspects()
    assert 0.6 < share.low < share.value - 0.1
    assert share.value < share.high - 0.05
    assert facts.noise_rate.high - facts.noise_rate.low > 0.03
    other, asked = rows[12:], rows[:12]
    denied = facts.reviewed({int(row): Answer(0.0) for row in asked})
    borne_out = facts.reviewed({int(row): Answer(1.0) for row in asked})
    assert (denied.wrong[other] < 0.6 * facts.wrong[other]).all()
    assert (borne_out.wrong[other] > facts.wrong[other]).all()
    assert denied.expected_precision(other).high < 0.75
    assert 0.8 < borne_out.expected_precision(other).low < 0.97


def test_flips_that_people_call_right_are_not_changed(spoilt):
    folded, _ = spoilt("sym", 0.1)
    facts = fact_labels(folded)
    assert facts.proven is facts.outcomes
    rows = facts.suspects()
    said = {int(rows[0]): Answer(0.0), int(rows[1]): Answer(1.0, (facts.codes[rows[1]] + 1) % 10)}
    proven = facts.reviewed(said).proven
    assert not likely_errors(proven)[rows[0]]
    assert suggests(proven)[rows[1]]
    assert proven.suggested[rows[1]] == said[int(rows[1])].code
    assert likely_errors(proven)[rows[2:]].mean() > 0.9
    denied = facts.reviewed({int(row): Answer(0.0) for row in rows[:9]}).proven
    assert not likely_errors(denied)[rows[9:]].any()


def test_a_label_is_changed_where_nearly_all_curves_call_it_wrong(found):
    likeliest = found.suspects(3).tolist()
    opened = replace(found, wrong=np.where(np.isin(np.arange(COUNT), likeliest), 0.51, found.wrong))
    assert set(np.flatnonzero(opened.flagged)) == set(likeliest)
    assert not likely_errors(opened).any()
    wrong = all_said(found, 1.0)
    sure = likely_errors(wrong)
    assert sure[wrong.to_review()].any()
    assert set(found.to_review()) <= set(np.flatnonzero(sure))
    assert not (sure & ~wrong.flagged).any()


def test_nothing_contradicted_nothing_flagged():
    y = np.arange(60) % 3
    P = np.eye(3)[y] + 0.1 * np.random.default_rng(0).random((60, 3))
    P /= P.sum(axis=1, keepdims=True)
    facts = fact_labels(rows_of(P, y), probabilities=P, n_rounds=1)
    assert not facts.flagged.any()
    assert len(facts.suspects()) == len(facts.to_review()) == 0
    assert not facts.cannot_tell
    assert np.isnan(facts.suspects_share.value)


def test_two_classes_run():
    draw = np.random.default_rng(2)
    p = draw.random(200)
    y = (draw.random(200) < p).astype(int)
    P = np.c_[1 - p, p]
    facts = fact_labels(rows_of(P, y), probabilities=P, n_rounds=1)
    assert set(facts.found.lift) == {0.0}
    assert 0.02 < facts.noise_rate.value < 0.5


def test_answers_without_probabilities_prove_no_flip(confused, found):
    P, y = confused
    sure = replace(found.outcomes, beyond_chance=True, wrong=np.full(COUNT, 0.9))  # without ambiguity all look flipped
    bare = facts_of(rows_of(P, y), sure, np.eye(CLASSES)[P.argmax(axis=1)])
    assert facts_of(rows_of(P, y), sure, P).beyond_chance
    assert not bare.beyond_chance
    assert bare.cannot_tell
    assert set(bare.found.strength) == {3.0, -4.0}
    assert bare.wrong[bare.found.against].mean() == pytest.approx(0.37, abs=0.05)


def test_rows_no_model_predicts_stay_unknown(digits):
    X, truth = (values[:400] for values in digits)
    facts = fact_labels(prepare(Dataset(X, truth, time=np.arange(400)), "kernel").whole)
    unknown = np.isnan(facts.outcomes.wrong)
    assert unknown.any()
    assert np.isnan(facts.wrong[unknown]).all()
    assert np.isfinite(facts.wrong[~unknown]).all()
    assert not facts.flagged[unknown].any()
    assert np.isfinite(facts.noise_rate.value)


def test_numbers_are_refused():
    X = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(InputError, match="only classes can be read as facts"):
        fact_labels(prepare((X, X[:, 0] + 0.1 * X[:, 1])).whole)


def test_the_other_reading_is_counted(found):
    outcomes = other_reading(found, "facts")
    assert outcomes.quantity == "noise_rate_if_outcomes"
    assert outcomes.reason.startswith("read as outcomes, 0 labels would be called likelier wrong than right; ambiguity")
    facts = other_reading(found, "outcomes")
    assert facts.value == found.noise_rate.value
    assert f"{int(found.found.against.sum())} labels would be contradicted, and between " in facts.reason


@pytest.mark.parametrize(("name", "flags", "mean"), [("mnist", 9, 0.225), ("cifar10", 60, 0.37)])
def test_reviewed_picture_sets(name, flags, mean, shared_data):
    """Means over the reviewed rows, with all four sets in the prior; people called .150 and .196 wrong."""
    with np.load(shared_data / "label-errors" / f"{name}.npz", allow_pickle=False) as held:
        P, y = held["pred_probs"].astype(np.float64), held["given_labels"].astype(int)
        rows, wrong = held["reviewed_index"].astype(int), held["votes"][:, 0] < 3
    facts = fact_labels(rows_of(P, y), probabilities=P, n_rounds=1)
    assert int(facts.flagged.sum()) == flags
    assert facts.wrong[rows].mean() == pytest.approx(mean, abs=0.02)
    assert facts.cannot_tell
    drawn = rows[hashed_order(0, rows, "drawn")[:20]]
    answered = facts.reviewed({int(row): Answer(float(wrong[rows == row][0])) for row in drawn})
    left = ~np.isin(rows, drawn)
    assert answered.wrong[rows[left]].mean() == pytest.approx(wrong[left].mean(), abs=0.12)
