"""Every rule of the gate, on answers of models that are made up so that only one of them applies."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Estimate
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.labels import find_label_issues, list_rules
from samplewise.labels.list_rules import agreed_posterior, judge, with_list
from samplewise.labels.posterior import LabelPosterior
from samplewise.labels.second_model import KINDS, SecondOpinions

N = 400


def rate_of(share):
    return Estimate("noise_rate", share, 0.8 * share, 1.2 * share, "share of labels", 0.95, "patrini2017")


def posterior_of(given, truth, disputed, rate=0.1, classes=2):
    """What a learner would say that knows the truth and disputes these rows."""
    if not classes:
        wrong = np.where(disputed, 0.99, 0.01)
        blank = np.full(len(given), np.nan)
        return LabelPosterior(
            given, wrong, truth, blank, truth[:, None], np.empty((0, 0)), rate_of(rate), 99.0, True, 2
        )
    held_out = np.full((len(given), classes), 0.1 / classes) + 0.9 * np.eye(classes)[truth]
    wrong = np.where(disputed, 0.95, 0.02)
    suggested = np.where(disputed, truth, given)
    noise = np.full((classes, classes), rate / (classes - 1)) + (1 - rate - rate / (classes - 1)) * np.eye(classes)
    return LabelPosterior(
        given, wrong, suggested, np.full(len(given), 0.95), held_out, noise, rate_of(rate), 99.0, True, 2
    )


def certain(called, sure=0.97, classes=2):
    """Log-probabilities of a model that calls these classes."""
    chances = np.full((len(called), classes), (1 - sure) / (classes - 1))
    chances[np.arange(len(called)), called] = sure
    return np.log(chances)


@pytest.fixture
def judged(monkeypatch):
    """`judged(given, posterior, outputs by kind)`: the judgment, no model fitted."""

    def judged(given, posterior, outputs, frame=None, pulled=None):
        X = np.random.default_rng(1).normal(size=(len(given), 2)) if frame is None else frame
        ids = [f"r{row:03d}" for row in range(len(given))]
        folded = prepare(Dataset(X, given, ids=ids), task="classification" if posterior.classes else "regression").whole
        opinions = outputs if outputs is None else SecondOpinions(
            dict(zip(KINDS, outputs, strict=True)), pulled or {}, posterior.codes
        )  # fmt: skip
        monkeypatch.setattr(list_rules, "second_opinions", lambda rows: opinions)
        return judge(folded, posterior)

    return judged


def flipped(share=0.1, seed=0, rows=None):
    truth = np.arange(N) % 2
    struck = np.zeros(N, dtype=bool)
    struck[np.random.default_rng(seed).choice(N, round(share * N), replace=False) if rows is None else rows] = True
    return truth, struck, np.where(struck, 1 - truth, truth)


def test_flips_that_three_kinds_dispute_are_called_wrong(judged):
    truth, struck, given = flipped()
    found = judged(given, posterior_of(given, truth, struck), [certain(truth)] * 3)
    assert (found.rule, found.severity) == ("wrong labels", "error")
    np.testing.assert_array_equal(found.listed, struck)
    assert found.claim.value == pytest.approx(0.1, abs=0.02)
    assert "40 labels that at least two of three kinds of model dispute" in found.sentence
    assert found.calls_wrong


def test_a_small_claim_is_a_warning(judged):
    truth, struck, given = flipped(0.02)
    found = judged(given, posterior_of(given, truth, struck, rate=0.02), [certain(truth)] * 3)
    assert (found.rule, found.severity) == ("wrong labels", "warning")


def test_two_votes_of_three_are_needed(judged):
    truth, struck, given = flipped()
    half = np.where(struck & (np.arange(N) < 300), given, truth)  # the others follow the label in three quarters
    found = judged(given, posterior_of(given, truth, struck), [certain(truth), certain(half), certain(half)])
    assert (found.rule, found.severity) == ("one model's view", "note")
    np.testing.assert_array_equal(found.listed, struck & (np.arange(N) >= 300))
    assert "the others share its view in" in found.sentence
    assert not found.calls_wrong


def test_kinds_that_find_very_different_shares_are_one_models_view(judged):
    truth, struck, given = flipped()
    blind = certain(given, 0.97)  # boosting finds no wrong label at all
    found = judged(given, posterior_of(given, truth, struck), [certain(truth), blind, certain(truth)])
    assert found.rule == "one model's view"
    assert "boosting 0 %" in found.sentence


def test_nothing_learned_means_nothing_told(judged):
    truth, struck, given = flipped()
    random = [certain(np.random.default_rng(seed).integers(0, 2, N), 0.6) for seed in range(3)]
    found = judged(given, posterior_of(given, truth, struck), random)
    assert (found.rule, found.severity, found.listed.any(), found.claim) == ("nothing learned", "note", False, None)
    assert "cannot be told" in found.sentence


def test_a_learner_that_does_not_follow_the_labels_tells_nothing_though_others_learn(judged):
    truth, struck, given = flipped()
    lost = posterior_of(given, np.random.default_rng(3).integers(0, 2, N), struck)
    found = judged(given, lost, [certain(truth)] * 3)
    assert found.rule == "nothing learned"
    assert "with this learner" in found.sentence


def test_labels_that_the_columns_decide_in_part_are_outcomes(judged):
    truth, struck, given = flipped(0.3)  # accuracy .7 where guessing has .5: skill .4
    found = judged(given, posterior_of(given, truth, struck, rate=0.3), [certain(truth, 0.9)] * 3)
    assert (found.rule, found.severity) == ("open outcome", "note")
    assert "no wrong entry" in found.sentence
    assert "wrong label" not in found.sentence


def test_open_rows_make_an_outcome_even_where_the_skill_is_fair(judged):
    classes = 4
    truth = np.arange(N) % classes
    struck = np.random.default_rng(0).random(N) < 0.3
    given = np.where(struck, (truth + 1) % classes, truth)  # skill about .6, and no row is sure
    opinions = [certain(truth, 0.7, classes)] * 3
    found = judged(given, posterior_of(given, truth, struck, 0.05, classes), opinions)
    assert found.skill.value > 0.5
    assert (found.rule, found.open_share) == ("open outcome", 1.0)
    # Where flips at that rate are found, no model can be surer: the rows are not open.
    found = judged(given, posterior_of(given, truth, struck, 0.3, classes), opinions)
    assert (found.rule, found.open_share) == ("wrong labels", 0.0)


def test_disputed_rows_that_lie_together_name_the_column(judged):
    truth, struck, given = flipped(rows=np.arange(40, 80))
    frame = pd.DataFrame({"site": np.repeat(list("abcdefghij"), 40), "dose": np.random.default_rng(0).normal(size=N)})
    found = judged(given, posterior_of(given, truth, struck), [certain(truth)] * 3, frame)
    assert (found.rule, found.severity) == ("together", "note")
    assert "lie together at site = b." in found.sentence
    assert found.together.share == 1.0


def test_classes_of_few_rows_are_too_small_to_judge(judged):
    given = np.r_[np.arange(385) % 2, np.full(15, 2)]
    truth = np.where(given == 2, np.arange(N) % 2, given)
    struck = given == 2
    others = np.where(
        np.arange(385) % 9 == 0, 1 - given[:385], given[:385]
    )  # wrong labels the learner does not dispute
    called = np.r_[others, truth[385:]]
    found = judged(given, posterior_of(given, truth, struck, 0.05, 3), [certain(called, 0.97, 3)] * 3)
    assert (found.rule, found.severity) == ("tiny classes", "note")
    assert "fewer than 20 rows" in found.sentence


def test_two_rows_are_no_list(judged):
    truth, struck, given = flipped()
    two = struck & (np.cumsum(struck) <= 2)
    found = judged(given, posterior_of(given, truth, two, 0.05), [certain(truth)] * 3)
    assert (found.rule, found.severity, int(found.listed.sum())) == ("few rows", "note", 2)


def numbers(change, share=0.06, seed=0):
    draw = np.random.default_rng(seed)
    truth = draw.uniform(50.0, 100.0, N)
    predicted = truth + draw.normal(size=N)
    struck = np.zeros(N, dtype=bool)
    struck[draw.choice(N, round(share * N), replace=False)] = True
    given = truth.copy()
    given[struck] = change(truth[struck], draw)
    return predicted, struck, given


def judged_numbers(judged, change, **more):
    predicted, struck, given = numbers(change, **more)
    posterior = posterior_of(given, predicted, struck, 0.06, 0)
    return struck, judged(given, posterior, [predicted[:, None]] * 3)


def test_slips_of_the_decimal_point_are_called_wrong(judged):
    struck, found = judged_numbers(judged, lambda y, draw: y * draw.choice([10.0, 0.1], len(y)))
    assert (found.rule, found.severity) == ("wrong labels", "error")
    np.testing.assert_array_equal(found.listed, struck)


def test_turned_signs_are_called_wrong(judged):
    _, found = judged_numbers(judged, lambda y, draw: -y)
    assert found.rule == "wrong labels"


def test_only_numbers_with_a_trace_are_called_wrong_and_claimed(judged):
    def change(y, draw):
        return np.where(np.arange(len(y)) % 3 == 0, y + draw.choice([-30.0, 30.0], len(y)), 10.0 * y)

    struck, found = judged_numbers(judged, change)
    assert found.rule == "wrong labels"
    assert found.listed.sum() == 16  # of 24
    assert struck[found.listed].all()
    assert found.claim.value == pytest.approx(0.06 * 16 / 24, abs=0.005)


def test_numbers_that_no_slip_explains_stand_beside_those_called_wrong(judged):
    def change(y, draw):
        return np.where(np.arange(len(y)) % 3 == 0, y + draw.choice([-30.0, 30.0], len(y)), 10.0 * y)

    struck, found = judged_numbers(judged, change)
    assert found.unexplained.sum() == 8
    np.testing.assert_array_equal(found.listed | found.unexplained, struck)
    _, all_explained = judged_numbers(judged, lambda y, draw: -y)
    assert not all_explained.unexplained.any()


def test_far_numbers_without_a_trace_are_to_be_looked_at(judged):
    _, found = judged_numbers(judged, lambda y, draw: y + draw.choice([-30.0, 30.0], len(y)))
    assert (found.rule, found.severity, found.claim) == ("no trace", "warning", None)
    assert "look before" in found.sentence


def test_far_numbers_on_one_side_are_an_event(judged):
    _, found = judged_numbers(judged, lambda y, draw: y - 30.0)
    assert (found.rule, found.severity) == ("one side", "note")
    assert "too low" in found.sentence
    _, above = judged_numbers(judged, lambda y, draw: y + 31.0)
    assert "too high" in above.sentence


def long_tailed(change):
    """A hundred-odd numbers of a long tail, as areas of states; `change` makes the predictions of the largest seven."""
    truth = np.exp(np.random.default_rng(0).normal(size=N))
    struck = np.zeros(N, dtype=bool)
    struck[np.argsort(truth)[-7:]] = True
    predicted = truth * np.exp(np.random.default_rng(1).normal(0.0, 0.02, N))
    predicted[struck] = change(truth[struck])
    return truth, predicted, struck


def test_rare_values_that_models_reach_in_part_are_no_wrong_numbers(judged):
    truth, predicted, struck = long_tailed(lambda most: 0.45 * most)
    found = judged(truth, posterior_of(truth, predicted, struck, 0.02, 0), [predicted[:, None]] * 3)
    assert (found.rule, found.severity) == ("rare values", "note")
    truth, predicted, struck = long_tailed(lambda most: np.full(len(most), 1.0))  # expected among all others
    found = judged(truth, posterior_of(truth, predicted, struck, 0.02, 0), [predicted[:, None]] * 3)
    assert (found.rule, found.severity) == ("no trace", "warning")


def test_numbers_nobody_can_predict_tell_nothing(judged):
    _, struck, given = numbers(lambda y, draw: y + 30.0)
    lost = np.full((N, 1), np.median(given)) + np.random.default_rng(5).normal(size=(N, 1))
    found = judged(given, posterior_of(given, lost[:, 0], struck, 0.06, 0), [lost] * 3)
    assert (found.rule, found.listed.any()) == ("nothing learned", False)


def test_slips_that_the_labels_alone_show_are_listed_though_nothing_was_learned(judged):
    _, struck, given = numbers(lambda y, draw: np.where(np.arange(len(y)) % 2, 10.0 * y, -y))
    lost = np.full((N, 1), np.median(given)) + np.random.default_rng(5).normal(size=(N, 1))
    disputed = struck | (np.arange(N) < 9)  # some that are disputed are no slips
    found = judged(given, posterior_of(given, lost[:, 0], disputed, 0.06, 0), [lost] * 3)
    assert (found.rule, found.severity, found.calls_wrong) == ("slips", "warning", False)
    np.testing.assert_array_equal(found.listed, struck)
    assert "24 numbers are ten or a hundred times off" in found.sentence
    assert "whether labels are wrong cannot be told" in found.sentence


def test_turned_signs_of_a_wide_column_stand_beside_whatever_rule_decides(judged):
    given = np.random.default_rng(0).lognormal(3.0, 1.0, N)
    struck = np.arange(N) % 25 == 0
    given[struck] *= -1.0
    lost = np.full((N, 1), np.median(given)) + np.random.default_rng(5).normal(size=(N, 1))
    none = np.zeros(N, dtype=bool)
    for disputed, rule in ((struck, "nothing learned"), (none, "nothing disputed")):
        found = judged(given, posterior_of(given, lost[:, 0], disputed, 0.06, 0), [lost] * 3)
        assert (found.rule, found.listed.any()) == (rule, False)
        np.testing.assert_array_equal(found.slipped, struck)


def test_no_row_stands_in_two_lists(judged):
    struck, found = judged_numbers(judged, lambda y, draw: -y)
    assert not (found.slipped & (found.listed | found.unexplained)).any()
    assert (found.slipped | found.listed | found.unexplained)[struck].all()
    _, plain = judged_numbers(judged, lambda y, draw: y + draw.choice([-30.0, 30.0], len(y)))
    assert not plain.slipped.any()


def test_moved_decimal_points_beside_a_list_must_be_disputed_and_several(judged):
    given = np.exp(np.random.default_rng(2).uniform(0.0, np.log(2.1), N))
    struck = np.arange(N) % 40 == 0
    given[struck] *= 100.0
    lost = np.full((N, 1), np.median(given)) + np.random.default_rng(5).normal(size=(N, 1))
    for disputed, shown in ((struck, 10), (struck & (np.arange(N) < 50), 0), (~struck, 0)):
        found = judged(given, posterior_of(given, lost[:, 0], disputed, 0.06, 0), [lost] * 3)
        assert (found.slipped | found.listed)[struck].sum() == shown


def test_numbers_that_are_predicted_in_part_are_outcomes(judged):
    _, struck, given = numbers(lambda y, draw: y + 30.0)
    vague = given + np.random.default_rng(5).normal(0.0, 13.0, N)
    found = judged(given, posterior_of(given, vague, struck, 0.06, 0), [vague[:, None]] * 3)
    assert found.skill.low > 0.1
    assert found.rule == "open outcome"


def test_models_taught_pulled_in_labels_count_too(judged):
    predicted, struck, given = numbers(lambda y, draw: y * 10.0)
    ruined = predicted + np.random.default_rng(5).normal(0.0, 400.0, N)
    pulled = dict.fromkeys(KINDS, predicted[:, None])
    found = judged(given, posterior_of(given, ruined, struck, 0.06, 0), [ruined[:, None]] * 3, pulled=pulled)
    assert found.rule == "wrong labels"
    np.testing.assert_array_equal(found.listed, struck)


def test_nothing_disputed_says_nothing(judged):
    truth, _, _ = flipped()
    found = judged(truth, posterior_of(truth, truth, np.zeros(N, dtype=bool)), [certain(truth)] * 3)
    assert (found.rule, found.severity) == ("nothing disputed", "")
    assert "No label is disputed." in str(found)


def test_without_a_second_opinion_it_is_at_most_a_warning_and_says_so(judged):
    truth, struck, given = flipped()
    found = judged(given, posterior_of(given, truth, struck), None)
    assert (found.rule, found.severity) == ("no second opinion", "warning")
    assert "No second opinion was possible" in found.sentence
    one = judged(given, posterior_of(given, truth, struck, rate=0.01), None)
    assert one.severity == "note"
    random = posterior_of(given, np.random.default_rng(3).integers(0, 2, N), struck)
    nothing = judged(given, random, None)
    assert (nothing.rule, nothing.severity, nothing.listed.any()) == ("nothing learned", "note", False)
    outcome = posterior_of(given, np.where(np.arange(N) % 4, truth, 1 - truth), struck)  # skill about .4
    assert judged(given, outcome, None).severity == "note"


def test_a_posterior_with_a_list_disputes_only_the_list():
    truth, struck, given = flipped()
    listed = struck & (np.arange(N) < 100)
    assert with_list(posterior_of(given, truth, struck), listed).flagged.tolist() == listed.tolist()


@pytest.fixture(scope="module")
def planted():
    """Two clouds, a tenth of the labels flipped."""
    truth, struck, given = flipped()
    X = np.random.default_rng(2).normal(size=(N, 3)) + 3.5 * truth[:, None]
    return Dataset(X, given, ids=[f"r{row:03d}" for row in range(N)]), struck


def test_the_door_says_what_the_rules_say_and_refuses_other_methods(planted):
    data, struck = planted
    issues = find_label_issues(data)
    found = issues.judged()
    assert (found.rule, found.severity) == ("wrong labels", "error")
    assert np.mean(struck[found.listed]) > 0.9
    assert any("judged()" in note for note in issues.notes)
    assert set(found.to_frame().index) <= set(issues.flagged)
    with pytest.raises(InputError, match="another method"):
        find_label_issues(data, method="neighbors").judged()


def test_the_rule_that_is_tested_acts_on_the_list_alone(planted):
    data, _ = planted
    folded = prepare(data).whole
    agreed = agreed_posterior(folded)
    assert agreed.flagged.any()
    np.testing.assert_array_equal(agreed.flagged, find_label_issues(data).judged().listed)


def test_the_order_of_rows_changes_nothing(planted):
    data, _ = planted
    order = np.random.default_rng(0).permutation(N)
    one, two = find_label_issues(data).judged(), find_label_issues(data.take(order)).judged()
    assert (one.rule, one.sentence) == (two.rule, two.sentence)
    np.testing.assert_array_equal(one.listed[order], two.listed)
