"""What follows from finished refits, on outputs that are given and not fitted."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data.targets import describe_target
from samplewise.engine.refits import Refits
from samplewise.engine.refits.ghost_pairs import deal_pairs
from samplewise.generalization.gap.gap_analysis import GapAnalysis
from samplewise.generalization.gap.inversions import LN2

N = 40
Y = np.arange(N) % 2
IDS = np.arange(N) * 3


def paired(outputs, splits=40):
    """Refits on pairs whose answers are `outputs(inside (k, n))` -> (k, n) codes."""
    pairing = deal_pairs(IDS, Y, None, n_splits=splits, seed=0)
    inside = pairing.inside()
    said = np.eye(2)[outputs(inside)]
    return Refits(IDS, inside, said.astype(np.float32), "supersample", np.zeros(splits), "l", "d", pairing)


def reading(refits, groups=None):
    return GapAnalysis((refits,), describe_target(Y), groups, None, 0.95)


@pytest.fixture(scope="module")
def memorized():
    """Right on rows that were trained on, wrong on all others."""
    return reading(paired(lambda inside: np.where(inside, Y, 1 - Y)))


def test_memorized_rows_have_the_largest_gap_and_information(memorized):
    gap, training, ghost = memorized.errors()
    assert (gap.value, training.value, ghost.value) == (100.0, 0.0, 1.0)
    assert (gap.unit, training.unit) == ("points", "share of rows")
    information = memorized.information()
    np.testing.assert_allclose(information.values, LN2, atol=0.02)
    np.testing.assert_array_equal(information.keys, IDS)
    bounds = memorized.bounds(0)
    assert bounds["binary JS"].plug_in == pytest.approx(100.0, abs=1.0)
    assert memorized.warnings() == []


def test_answers_that_do_not_depend_on_the_rows_have_no_gap():
    found = reading(paired(lambda inside: np.broadcast_to(np.where(np.arange(N) < 30, Y, 1 - Y), inside.shape)))
    gap, training, ghost = found.errors()
    assert gap.value == pytest.approx(0.0, abs=1e-9)
    assert training.value == ghost.value == pytest.approx(0.25)
    assert found.information().values.max() < 0.05


def test_refits_on_halves_have_no_pairs():
    draw = np.random.default_rng(0)
    inside = np.array([draw.permutation(N) < N // 2 for _ in range(10)])
    inside = np.concatenate([inside, ~inside])[np.argsort(np.tile(np.arange(10), 2), kind="stable")]
    said = np.eye(2)[np.where(inside, Y, 1 - Y)].astype(np.float32)
    found = reading(Refits(IDS, inside, said, "halves", np.zeros(20), "l", "d"))
    assert found.errors()[0].value == 100.0
    assert "not paired" in found.warnings()[0]
    assert found.runs.losses.ndim == 3


def test_a_group_counts_as_one_row(memorized):
    groups = np.arange(N) // 2
    outputs = memorized.refits[0]
    found = reading(outputs, groups)
    assert "20 groups" in found.warnings()[0]


def test_losses_of_numbers_are_scaled_by_their_range():
    target = describe_target(np.linspace(0.25, 9.75, N))
    refits = paired(lambda inside: np.zeros(inside.shape, dtype=int))
    outputs = np.broadcast_to(target.codes[:, None] + 2.0, (*refits.inside.shape, 1)).astype(np.float32)
    numbers = Refits(IDS, refits.inside, outputs, "supersample", refits.seeds, "l", "d", refits.pairing)
    found = GapAnalysis((numbers,), target, None, (0.0, 4.0), 0.95)
    gap, training, ghost = found.errors()
    assert training.value == pytest.approx(2.0, abs=1e-5)  # back in the unit of the label
    assert gap.value == pytest.approx(0.0, abs=1e-5)
    assert ghost.unit == "in the label's unit"
    with pytest.raises(InputError, match="outside"):
        GapAnalysis((numbers,), target, None, (0.0, 1.0), 0.95)


def test_predictions_that_are_missing_are_refused_by_row():
    refits = paired(lambda inside: np.where(inside, Y, 1 - Y))
    refits.outputs[0, 2] = np.nan
    with pytest.raises(InputError, match=r"(?s)hold NaN.*rows id 6"):
        reading(refits)
