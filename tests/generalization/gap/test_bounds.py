"""Bounds from runs: enumerated splits, known values, orders between bounds, and what is refused."""

from itertools import product

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.generalization import bounds_from_runs
from samplewise.generalization.gap.bounds import NAMES
from samplewise.generalization.gap.information import mutual_information

SPLITS = np.array(list(product((0, 1), repeat=6)))  # (64, 6)
LN2 = np.log(2.0)


def supersample(seed, rows=6):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 2, (rows, 2))
    return draw.normal(size=(rows, 2, 2)) + 1.5 * y[..., None], y


def nearest(memberships, X, y):
    """1-NN, trained on the row each membership names, evaluated at both rows of every pair."""
    pairs = np.arange(len(X))
    answers = [
        y[pairs, chosen][np.square(X[:, :, None] - X[pairs, chosen]).sum(axis=-1).argmin(axis=-1)]
        for chosen in memberships
    ]
    return np.array(answers)


def lookup(memberships, X, y, seed):
    """A learner of no sense: any table from the split to answers, right on some training rows."""
    draw = np.random.default_rng(seed)
    answers = draw.integers(0, 3, (len(memberships), len(X), 2))
    known = draw.random((len(memberships), len(X))) < draw.random()
    for fit, membership in enumerate(memberships):
        pairs = np.flatnonzero(known[fit])
        answers[fit, pairs, membership[pairs]] = y[pairs, membership[pairs]]
    return answers


def evaluated(memberships, answers, y, **options):
    return bounds_from_runs(memberships, answers, (answers != y).astype(float), **options)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("learner", ["nearest", "lookup"])
def test_every_bound_holds_on_every_supersample(learner, seed):
    X, y = supersample(seed)
    answers = nearest(SPLITS, X, y) if learner == "nearest" else lookup(SPLITS, X, y, seed)
    found = evaluated(SPLITS, answers, y, subset_sizes=(2, 3) if seed < 4 else ())
    assert {"f-CMI", "squared gap", "binary JS"} <= {bound.name for bound in found}
    wrong = (answers != y).astype(float)  # the gap of every split, for the squared form
    trained = np.take_along_axis(wrong, SPLITS[..., None], axis=2)[..., 0].mean(axis=1)
    ghosts = np.take_along_axis(wrong, 1 - SPLITS[..., None], axis=2)[..., 0].mean(axis=1)
    for bound in found:
        measured = abs(found.gap) if bound.of == "expected gap" else np.sqrt(np.square(ghosts - trained).mean())
        assert bound.plug_in >= measured - 1e-12, bound.name
    assert found.gap == pytest.approx((ghosts - trained).mean())
    assert found["ld-MI"].plug_in <= found["e-CMI"].plug_in <= found["f-CMI"].plug_in + 1e-12
    if seed < 4:
        assert found["f-CMI"].plug_in <= found["f-CMI, m = 2"].plug_in <= found["f-CMI, m = 3"].plug_in + 1e-12
    solved = found["conditional f-information, solved"].plug_in
    assert found["conditional f-information, KL"].plug_in <= solved + 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_losses_between_0_and_1_are_bounded_too(seed):
    draw = np.random.default_rng(seed)
    losses = draw.random((64, 6, 2)) ** draw.uniform(0.2, 5)
    trained = np.stack([1 - SPLITS, SPLITS], axis=-1)
    found = bounds_from_runs(SPLITS, None, losses * (1 - draw.random() * trained))
    assert all(bound.plug_in >= found.gap for bound in found)
    assert np.isnan(found["ld-MI"].corrected), "counts of chances have no Miller-Madow correction"
    assert "f-CMI" not in {bound.name for bound in found}


def test_a_learner_that_ignores_its_data_is_bounded_by_nothing():
    answers = np.broadcast_to(np.random.default_rng(0).integers(0, 3, (6, 2)), (64, 6, 2))
    found = evaluated(SPLITS, answers, np.zeros((6, 2), int))
    for bound in found:
        if bound.of == "expected gap":
            assert bound.plug_in == pytest.approx(0, abs=1e-8), bound.name
            assert bound.null == pytest.approx(0, abs=1e-8), bound.name


def test_a_memorizer_shows_its_membership_exactly_where_its_default_is_wrong():
    """Right on what it was trained on, 0 elsewhere: ln 2 for each pair with a label 1, and the gap exactly."""
    y = np.array([[1, 1], [1, 1], [0, 0], [1, 1], [0, 0], [0, 0]])
    trained = np.stack([1 - SPLITS, SPLITS], axis=-1)
    found = evaluated(SPLITS, y * trained, y)
    assert found.gap == pytest.approx(0.5)
    assert found["ld-MI"].plug_in == pytest.approx(0.5 * np.sqrt(2 * LN2))
    assert found["conditional f-information, KL"].plug_in == pytest.approx(0.5 * np.sqrt(4 * LN2))
    assert found["interpolation"].plug_in == pytest.approx(0.5)
    assert found["binary JS"].plug_in >= 0.5


def test_interpolation_is_an_identity_once_the_supersample_is_averaged_out():
    """R = I(difference; U) / ln 2 for a learner that fits its rows, over all of a discrete distribution."""
    values = list(product((0, 1, 2), (0, 1)))  # a point has an input and a fair label
    rows = {u: np.zeros(3) for u in (0, 1)}
    risk = 0.0
    for first, second, u in product(values, values, (0, 1)):
        (trained, label), ghost = (first, second)[u], (first, second)[1 - u]
        answer = label if trained == ghost[0] else 0  # one training row: its own input right, 0 elsewhere
        wrong = float(answer != ghost[1])
        difference = wrong if u == 0 else -wrong  # second minus first
        rows[u][int(difference)] += 1
        risk += wrong
    table = np.stack([rows[0], rows[1]])[None]
    assert mutual_information(table)[0] / LN2 == pytest.approx(risk / table.sum())


def test_order_of_pairs_fits_and_columns_changes_nothing():
    draw = np.random.default_rng(3)
    X, y = supersample(3)
    memberships = np.vstack([SPLITS[:20], 1 - SPLITS[:20]])[np.arange(40).reshape(2, 20).T.ravel()]
    answers = nearest(memberships, X, y)
    whole = evaluated(memberships, answers, y)
    pairs, fits = draw.permutation(6), 2 * draw.permutation(20)
    fits = np.column_stack([fits, fits + 1]).ravel()
    moved = evaluated(memberships[fits][:, pairs], answers[fits][:, pairs], y[pairs])
    swapped = evaluated(1 - memberships, answers[..., ::-1], y[:, ::-1])
    for bound in whole:
        for other in (moved[bound.name], swapped[bound.name]):
            assert other.plug_in == pytest.approx(bound.plug_in)
            assert other.jackknife == pytest.approx(bound.jackknife)
            assert other.corrected == pytest.approx(bound.corrected, nan_ok=True)


def test_corrections_take_away_what_noise_gives():
    draw = np.random.default_rng(0)
    memberships = draw.integers(0, 2, (15, 400))
    memberships = np.stack([memberships, 1 - memberships], axis=1).reshape(30, 400)
    answers = draw.integers(0, 2, (30, 400, 2))
    few = evaluated(memberships, answers, np.zeros((400, 2), int))
    many_coins = np.vstack([memberships] * 2)
    many = evaluated(many_coins, draw.integers(0, 2, (60, 400, 2)), np.zeros((400, 2), int))
    assert many["f-CMI"].plug_in < 0.85 * few["f-CMI"].plug_in, "the bias falls with the fits"
    assert few["f-CMI"].null == pytest.approx(few["f-CMI"].plug_in, rel=0.1)
    for name in ("f-CMI", "ld-MI"):
        assert few[name].corrected < 0.75 * few[name].plug_in
        assert few[name].jackknife < 0.75 * few[name].plug_in
    assert few["fast rate"].corrected - few.gap < 0.3 * (few["fast rate"].plug_in - few.gap)


def test_supersamples_are_averaged_outside_the_root():
    X, y = supersample(1)
    first = nearest(SPLITS, X, y)
    both = np.stack([first, np.zeros_like(first)])
    found = bounds_from_runs(np.stack([SPLITS, SPLITS]), both, np.stack([first != y, np.zeros_like(first)]))
    alone = evaluated(SPLITS, first, y)
    assert found["f-CMI"].plug_in == pytest.approx(alone["f-CMI"].plug_in / 2)
    assert found.gap == pytest.approx(alone.gap / 2)


def test_rescaled_losses_rescale_everything():
    draw = np.random.default_rng(0)
    losses = draw.random((64, 6, 2))
    plain, wide = (
        bounds_from_runs(SPLITS, None, losses),
        bounds_from_runs(SPLITS, None, 50 * losses, loss_range=(0, 50)),
    )
    assert wide.gap == pytest.approx(50 * plain.gap)
    for bound in plain:
        assert wide[bound.name].plug_in == pytest.approx(50 * bound.plug_in)


def test_the_table_says_what_is_bounded():
    X, y = supersample(0)
    found = evaluated(SPLITS[24:40], nearest(SPLITS[24:40], X, y), y)
    assert "promise nothing about a single model" in " ".join(str(found).split())
    assert found.to_frame().index.tolist() == [bound.name for bound in found]
    assert all(bound.confidence is None and bound.source for bound in found)
    assert set(NAMES) >= {bound.name for bound in found}
    assert "add splits" in found.warnings[0]
    assert [bound.plug_in for bound in found] == sorted(bound.plug_in for bound in found)
    with pytest.raises(InputError, match="no bound named"):
        found["nonsense"]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"losses": np.full((4, 3, 2), 1.5)}, "outside.*loss_range"),
        ({"losses": np.full((4, 3, 2), np.nan)}, "NaN.*0, 1, 2"),
        ({"losses": np.zeros((4, 3))}, "losses must be numbers.*3 axes"),
        ({"selectors": np.full((4, 3), 2)}, "not 0 or 1.*second was"),
        ({"selectors": np.ones((4, 3), int)}, "always trained on.*complement"),
        ({"codes": np.full((4, 3, 2), np.nan)}, "not class codes.*gave NaN"),
        ({"codes": np.full((4, 3, 2), 7), "n_classes": 3}, "not class codes.*n_classes - 1"),
        ({"codes": np.zeros((4, 3))}, "codes must be numbers.*3 axes"),
    ],
)
def test_bad_runs_are_refused(change, match):
    memberships = np.array([[0, 1, 0], [1, 0, 1], [0, 0, 1], [1, 1, 0]])
    good = {"selectors": memberships, "codes": np.zeros((4, 3, 2)), "losses": np.zeros((4, 3, 2))}
    with pytest.raises(InputError, match=f"(?s){match}"):
        bounds_from_runs(**(good | change))


def test_the_known_pattern_of_nearest_neighbors():
    """Six pairs, all 64 splits: gap <= binary JS <= ld, far apart, as means over twenty supersamples."""
    found = [evaluated(SPLITS, nearest(SPLITS, *supersample(seed)), supersample(seed)[1]) for seed in range(20)]
    gap, js, ld = (np.mean([pick(one) for one in found]) for pick in (
        lambda one: one.gap, lambda one: one["binary JS"].plug_in, lambda one: one["ld-MI"].plug_in,
    ))  # fmt: skip
    assert 0.1 < gap < js < ld
    assert js < 1.8 * gap
