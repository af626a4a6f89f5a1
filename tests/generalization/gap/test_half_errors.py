"""The error of a mean over halves: against samples of units that act by their own loss and as training units."""

import numpy as np
import pytest

from samplewise.generalization.gap.half_errors import errors_of_halves


def fits_of(draw, units, fits, trains, noise):
    """Losses (k, u) of one sample of units, and their training mask: the training half adds to the losses of ghosts."""
    memberships = draw.permuted(np.tile(np.arange(units) % 2, (fits // 2, 1)), axis=1)
    trained = np.stack([memberships, 1 - memberships], axis=1).reshape(fits, units) == 1
    own, lesson = draw.normal(size=units), trains * draw.normal(size=units)
    of_half = (lesson * trained).sum(axis=1) / trained.sum(axis=1)
    return (own + of_half[:, None]) * ~trained + noise * draw.normal(size=trained.shape), trained


@pytest.mark.parametrize("trains", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_intervals_cover_the_means_of_other_samples(trains, noise):
    draw = np.random.default_rng(0)
    found = [errors_of_halves(*fit, ~fit[1])[0] for fit in (fits_of(draw, 30, 30, trains, noise) for _ in range(400))]
    covered = np.mean([low <= 0.0 <= high for low, high in (one.interval(0.95) for one in found)])
    above = np.mean([one.upper(0.95) >= 0.0 for one in found])
    assert min(covered, above) >= 0.93  # 0.95 less two standard errors of 400 samples
    spread = np.std([one.value for one in found])
    assert spread == pytest.approx(np.sqrt((1 + trains**2) / 30), rel=0.2)
    assert np.mean([one.error for one in found]) < 1.6 * spread


def test_losses_of_units_alone_would_promise_too_much():
    draw = np.random.default_rng(1)
    losses, trained = fits_of(draw, 400, 60, 2.0, 0.0)
    gap, training, ghost = errors_of_halves(losses, trained, ~trained)
    own = losses.sum(axis=0) / (~trained).sum(axis=0)
    assert gap.error > 1.6 * own.std() / 20
    assert gap.value == pytest.approx(ghost.value - training.value)
    assert gap.freedom == 30


def test_units_that_sat_out_are_left_out():
    draw = np.random.default_rng(2)
    losses, trained = fits_of(draw, 20, 10, 1.0, 1.0)
    whole = errors_of_halves(losses, trained, ~trained)
    more = [
        np.column_stack([part, np.full(10, fill)])
        for part, fill in ((losses, 9.0), (trained, False), (~trained, False))
    ]
    assert errors_of_halves(*more) == whole
