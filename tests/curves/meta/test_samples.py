"""Parts of measured curves: what is seen, what is to be forecast, and the noise that is added."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import CurvePoints
from samplewise.curves.meta.samples import History, parts_of, samples_of, shake

SIZES = 16 * 2 ** np.arange(8)


def curve(start):
    errors = start * SIZES[None, :] ** -0.5 + np.zeros((25, 1))
    errors = errors * np.linspace(0.99, 1.01, 25)[:, None]
    return CurvePoints(SIZES, errors)


@pytest.fixture
def history():
    return History.of([curve(1.0), curve(0.8), curve(0.6)], ["a", "b", "b"], ["slow", "fast", "slow"])


def test_a_history_does_not_depend_on_the_order_it_is_given_in(history):
    turned = History.of([curve(0.6), curve(1.0), curve(0.8)], ["b", "a", "b"], ["slow", "slow", "fast"])
    np.testing.assert_array_equal(np.stack(turned.errors), np.stack(history.errors))
    np.testing.assert_array_equal(turned.groups, history.groups)
    np.testing.assert_array_equal(turned.learners, history.learners)
    assert (turned.learners < 2).all()
    assert history.names == ("fast", "slow")
    assert history.repeats == 25
    with pytest.raises(InputError, match=r"(?s)one group.*1 curves, 2 beside them"):
        History.of([curve(1.0)], ["a", "b"])


def test_learners_beyond_what_trees_tell_apart_count_as_unknown():
    often = [f"learner {number}" for number in range(31)]
    curves = [curve(1.0 - 0.01 * number) for number in range(64)]
    names = [*often, *often, "GaussianNB", "rare"]
    held = History.of(curves, ["a"] * 64, names, fields=["x"] * 64)
    assert set(held.names) == set(often)
    assert held.learners.max() == len(held.names) == 31
    assert held.class_names == ("Bayes",)
    assert sorted(set(held.classes)) == [0, 1]
    assert set(held.fields) == {"x"}


def test_every_part_begins_a_curve_and_leaves_a_later_point(history):
    parts = parts_of(history, seed=0)
    assert {place for part in parts for place in part.curve} == {0, 1, 2}
    for part in parts:
        assert len(part.sizes) >= 3
        assert part.sizes[-1] < SIZES[-1]
        assert set(part.sizes) <= set(SIZES)
        assert part.errors.shape == (len(part.curve), len(part.sizes))
    again = parts_of(history, seed=0)
    np.testing.assert_array_equal(again[0].errors, parts[0].errors)


def test_the_first_target_of_a_part_is_the_end_of_its_curve(history):
    samples = samples_of(history, parts_of(history, seed=0), seed=0, targets=2)
    last = samples.keep(samples.turn == 0)
    np.testing.assert_allclose(last.error, [history.errors[place][-1] for place in last.curve])
    drawn = samples.keep(samples.turn == 1)
    assert len(drawn.error) == len(last.error)
    assert set(samples.turn) == {0, 1}
    assert (drawn.ahead[:, 0] > 0).all()  # later than what was seen


def test_as_many_draws_as_there_were_are_left_alone():
    errors, spread = np.full((2, 3), 0.3), np.full((2, 3), 0.01)
    shaken, shown = shake(errors, spread, (25, np.array([[25], [25]])), np.random.default_rng(0))
    np.testing.assert_array_equal(shaken, errors)
    np.testing.assert_array_equal(shown, spread)


def test_fewer_draws_are_noisier_by_the_square_root():
    errors, spread = np.full((4000, 2), 0.5), np.full((4000, 2), 0.01)
    shaken, shown = shake(errors, spread, (25, np.full((4000, 1), 5)), np.random.default_rng(0))
    # variance of a mean of 5 of 25: that of the mean of 25 is in it already
    np.testing.assert_allclose(shaken.std(axis=0), 0.01 * np.sqrt(25 / 5 - 1), rtol=0.05)
    np.testing.assert_allclose(np.sqrt(np.mean(shown**2)), 0.01 * np.sqrt(5), rtol=0.05)
    _, alone = shake(errors, spread, (25, np.full((4000, 1), 1)), np.random.default_rng(0), 0.0)
    assert np.isnan(alone).all()  # one draw shows no spread
