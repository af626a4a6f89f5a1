"""Tables of counts to nats: closed forms, corrections on variables that are independent, and the shape of ranks."""

import numpy as np
import pytest

from samplewise.generalization.gap.information import (
    MergedMeasure,
    complementary,
    estimate_information,
    jensen_shannon,
    mutual_information,
    ranked,
    squared_hellinger,
)

LN2 = np.log(2.0)


def estimated(memberships, outcomes):
    return estimate_information(memberships, outcomes, {"all": MergedMeasure()})["all"]


def test_closed_forms_of_two_by_two_tables():
    tables = np.array([[[5.0, 0.0], [0.0, 5.0]], [[3.0, 3.0], [3.0, 3.0]], [[4.0, 1.0], [1.0, 4.0]]])
    chance = 0.8
    mixed = LN2 + chance * np.log(chance) + (1 - chance) * np.log(1 - chance)
    np.testing.assert_allclose(mutual_information(tables), [LN2, 0.0, mixed], atol=1e-12)
    np.testing.assert_allclose(mutual_information(7.0 * tables), mutual_information(tables))
    np.testing.assert_allclose(squared_hellinger(tables)[:2], [2 - np.sqrt(2), 0.0], atol=1e-12)
    middle = np.array([3 / 8, 1 / 8])  # between 1/2 and 1/4, between 0 and 1/4
    js = 0.5 * 2 * (0.5 * np.log(0.5 / middle[0])) + 0.5 * 2 * (
        0.25 * np.log(0.25 / middle[0]) + 0.25 * np.log(0.25 / middle[1])
    )
    assert jensen_shannon(tables)[0] == pytest.approx(js)


def test_masses_agree_with_counts():
    draw = np.random.default_rng(0)
    memberships, outcomes = draw.integers(0, 2, (40, 7)), draw.integers(0, 3, (40, 7))
    counted = estimated(memberships, outcomes)
    massed = estimated(memberships, np.eye(3)[outcomes])
    for name in ("plug_in", "miller_madow", "jackknife"):
        np.testing.assert_allclose(getattr(massed, name), getattr(counted, name), atol=1e-12)


@pytest.mark.parametrize("fits", [20, 60])
def test_corrections_of_independent_variables_are_near_nothing(fits):
    draw = np.random.default_rng(1)
    memberships = draw.permuted(np.tile(np.arange(fits)[:, None] % 2, 3000), axis=0)
    outcomes = draw.integers(0, 3, (fits, 3000))
    found = estimated(memberships, outcomes)
    assert found.plug_in.mean() == pytest.approx(2 / (2 * fits), rel=0.2)  # (r - 1)(c - 1) / 2k
    assert abs(found.miller_madow.mean()) < 0.25 * found.plug_in.mean()
    assert abs(found.jackknife.mean()) < 0.35 * found.plug_in.mean()


def test_ranks_number_outcomes_within_each_column():
    symbols = np.array([[90, 5], [7, 5], [90, 2]])
    np.testing.assert_array_equal(ranked(symbols), [[1, 1], [0, 1], [1, 0]])


def test_complements_are_recognized():
    memberships = np.array([[0, 1], [1, 0], [1, 1], [0, 0]])
    assert complementary(memberships)
    assert not complementary(memberships[[0, 2, 1, 3]])
    assert not complementary(memberships[:3])


def test_blocks_of_draws_change_nothing(monkeypatch):
    draw = np.random.default_rng(0)
    memberships, outcomes = draw.integers(0, 2, (30, 9)), draw.integers(0, 3, (30, 9))
    whole = estimated(memberships, outcomes)
    monkeypatch.setattr("samplewise.generalization.gap.information.MOST_CELLS", 200)
    np.testing.assert_allclose(estimated(memberships, outcomes).jackknife, whole.jackknife)
    np.testing.assert_allclose(estimated(memberships, outcomes).plug_in, whole.plug_in)


def test_corrections_are_nearer_to_a_known_dependence():
    """Memberships that shift the outcome from 0.3 to 0.6: thirty fits, and what infinitely many would give."""
    draw = np.random.default_rng(2)
    memberships = draw.permuted(np.tile(np.arange(30)[:, None] % 2, 4000), axis=0)
    outcomes = (draw.random((30, 4000)) < np.where(memberships == 1, 0.6, 0.3)).astype(int)
    truth = mutual_information(np.array([[[0.4, 0.6], [0.7, 0.3]]]))[0]
    found = estimated(memberships, outcomes)
    bias = found.plug_in.mean() - truth
    assert bias > 0.01
    assert abs(found.miller_madow.mean() - truth) < 0.2 * bias
    assert abs(found.jackknife.mean() - truth) < 0.2 * bias
