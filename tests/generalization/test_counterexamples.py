"""Scores per row are exactly zero while the gap is a half; pairs see it; the controls are seen by single rows."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.generalization import counterexamples, formal_counterexample, simulated_counterexample

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
SQUARED = [  # values, rows, I(W; Z1, Z2), I(W; S), bound from pairs
    (4, 2, 0.8240, 0.8240, 1.142),
    (6, 2, 0.7636, 0.7636, 1.118),
    (6, 3, 0.7636, 1.6610, 1.157),
    (8, 3, 0.7414, 1.5550, 1.145),
    (8, 4, 0.7414, 2.4971, 1.163),
]
POSTERIOR = [(4, 2, 1.5171, 1.5171), (6, 2, 1.4567, 1.4567), (6, 3, 0.7636, 2.3541)]


@pytest.mark.parametrize(("values", "rows", "pair", "sample", "bound"), SQUARED)
def test_the_fair_bit(values, rows, pair, sample, bound):
    found = formal_counterexample("squared", values, rows)
    assert (found.expected_gap, found.squared_gap, found.posterior_gap) == (0, QUARTER, 0)
    assert found.independent
    assert found.row_information == found.row_bound == 0.0
    assert found.pair_information == pytest.approx(pair, abs=5e-5)
    assert found.sample_information == pytest.approx(sample, abs=5e-5)
    assert found.pair_bound == pytest.approx(bound, abs=5e-4)
    assert found.pair_bound >= found.squared_gap  # what pairs say of the squared gap holds


@pytest.mark.parametrize(("values", "rows", "pair", "sample"), POSTERIOR)
def test_the_parity(values, rows, pair, sample):
    found = formal_counterexample("posterior", values, rows)
    assert (found.expected_gap, found.squared_gap, found.posterior_gap) == (0, QUARTER, HALF)
    assert found.independent
    assert found.row_bound == 0.0
    assert found.pair_information == pytest.approx(pair, abs=5e-5)
    assert found.sample_information == pytest.approx(sample, abs=5e-5)


def test_a_biased_bit_shows_in_single_rows_and_then_their_bound_holds():
    found = formal_counterexample("squared", 6, 2, bias=0.7)
    assert found.expected_gap == Fraction(-1, 5)
    assert not found.independent
    assert found.row_information == pytest.approx(0.0823, abs=5e-5)
    assert found.row_information == pytest.approx(np.log(2) + 0.7 * np.log(0.7) + 0.3 * np.log(0.3))
    assert found.row_bound == pytest.approx(0.2028, abs=5e-5)
    assert found.row_bound >= abs(found.expected_gap)


def test_one_row_holds_the_parity():
    found = formal_counterexample("posterior", 4, 1)
    assert not found.independent
    assert found.row_information == pytest.approx(np.log(2))
    assert np.isnan(found.pair_information)


@pytest.mark.parametrize("kind", ["squared", "posterior"])
def test_information_by_entropies_is_the_same(kind):
    joint, samples, _ = counterexamples._joint(kind, 6, 2, HALF)

    def entropy(weights):
        share = weights[weights > 0] / weights.sum()
        return -(share * np.log(share)).sum()

    expected = entropy(joint.sum(axis=0)) + entropy(joint.sum(axis=1)) - entropy(joint)
    assert formal_counterexample(kind, 6, 2).sample_information == pytest.approx(expected)
    assert (joint.sum(axis=1) == joint.sum(axis=1)[0]).all()  # every sample is as likely as any other
    assert len(samples) == (6 * (1 + (kind == "posterior"))) ** 2


def test_renaming_the_values_changes_nothing():
    joint, samples, _ = counterexamples._joint("squared", 4, 2, Fraction(1, 3))
    first = [tuple(row) for row in samples.tolist()]
    for renamed in permutations(range(4)):
        order = [first.index(tuple(renamed[value] for value in row)) for row in first]
        assert sorted(map(tuple, joint[order].T.tolist())) == sorted(map(tuple, joint.T.tolist()))


def test_many_values_show_two_spikes_and_nothing_per_row():
    drawn = simulated_counterexample(values=400, rows=20, n_runs=2000, seed=3)
    assert sorted(set(drawn.gaps.tolist())) == [-0.5, 0.5]
    assert abs(drawn.gaps.mean()) < 3 * 0.5 / np.sqrt(2000)
    assert drawn.row_information.values.max() < 0.005
    assert drawn.pair_information.min() > 0.4
    assert drawn.gaps.tobytes() == simulated_counterexample(400, 20, 2000, seed=3).gaps.tobytes()


def test_a_simulated_half_holds_all_training_values_or_none_and_every_second_ghost():
    draw = np.random.default_rng(0)
    losses = np.stack([counterexamples._one_run(40, 8, draw) for _ in range(600)])
    assert np.ptp(losses[:, :, 0], axis=1).max() == 0
    for side in (0, 1):
        ghosts = losses[losses[:, 0, 0] == side, :, 1]
        assert abs(ghosts.mean() - 0.5) < 3 * 0.5 / np.sqrt(ghosts.size)  # the true error of a half is a half


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda: formal_counterexample("cubed"), "", "squared"),
        (lambda: formal_counterexample(values=5), "values or rows", "the smallest"),
        (lambda: formal_counterexample(values=4, rows=3), "values or rows", "the smallest"),
        (lambda: formal_counterexample(values=10, rows=5), "values or rows", "simulated_counterexample"),
        (lambda: formal_counterexample(bias=70), "bias", "did you mean 0.7?"),
        (lambda: formal_counterexample("posterior", bias=0.5), "bias", "the control"),
        (lambda: simulated_counterexample(n_runs=1), "runs", "take a second"),
        (lambda: simulated_counterexample(values=7, rows=2), "values or rows", "the smallest"),
    ],
)
def test_refusals(call, where, fix):
    with pytest.raises(InputError) as refused:
        call()
    assert where in str(refused.value)
    assert fix in str(refused.value)
