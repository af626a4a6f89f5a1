import numpy as np
import pytest

from samplewise.labels.noise import class_posterior, fit_noise, flipped_one_way, noise_shape, wrong_and_suggested


def overlapping(n, classes, apart, seed):
    """Outputs that are the exact logits of overlapping bells, and labels drawn from their probabilities."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, n)
    centers = apart * np.eye(classes)
    X = centers[truth] + draw.normal(size=(n, classes))
    return X @ centers.T - 0.5 * apart**2, truth


def flipped(truth, noise, seed):
    draw = np.random.default_rng(seed)
    return (draw.random(len(truth))[:, None] > np.cumsum(noise[truth], axis=1)).sum(axis=1)


@pytest.mark.parametrize("apart", [1.0, 2.0, 4.0])
def test_ambiguity_alone_is_not_called_noise(apart):
    for seed in range(5):
        outputs, truth = overlapping(1500, 3, apart, seed)
        fit = fit_noise(outputs, truth, np.arange(1500))
        assert not fit.beyond_chance
        np.testing.assert_allclose(fit.matrix(), np.eye(3), atol=1e-3)


def test_the_noise_matrix_is_recovered_and_the_error_shrinks_with_the_rows():
    noise = np.array([[0.8, 0.2, 0.0], [0.0, 0.9, 0.1], [0.05, 0.05, 0.9]])
    errors = []
    for n in (1000, 16_000):
        found = []
        for seed in range(4):
            outputs, truth = overlapping(n, 3, 3.0, seed)
            fit = fit_noise(outputs, flipped(truth, noise, seed), np.arange(n))
            assert fit.beyond_chance
            found.append(np.abs(fit.matrix() - noise).max())
        errors.append(np.mean(found))
    assert errors[0] < 0.12
    assert errors[1] < 0.04
    assert errors[1] < 0.6 * errors[0]


def test_the_sharpness_of_exact_logits_is_one():
    outputs, truth = overlapping(8000, 3, 2.0, 0)
    codes = flipped(truth, 0.85 * np.eye(3) + 0.05, 0)
    fit = fit_noise(outputs, codes, np.arange(8000))
    np.testing.assert_allclose(fit.factors * fit.blend[0], 1.0, rtol=0.25)


def test_the_interval_of_the_share_covers_the_planted_rate():
    covered = 0
    for seed in range(20):
        outputs, truth = overlapping(2000, 3, 3.0, seed)
        fit = fit_noise(outputs, flipped(truth, 0.85 * np.eye(3) + 0.05, seed), np.arange(2000))
        rates = [1.0 - fit.matrix(share).diagonal().mean() for share in (fit.low, fit.high)]
        covered += rates[0] <= 0.1 <= rates[1]
    assert covered >= 17


def test_flips_between_classes_far_apart_are_noise_and_not_a_doubt_about_every_row():
    draw = np.random.default_rng(0)
    truth = np.arange(600) % 3
    outputs = np.eye(3)[truth] + 0.05 * draw.normal(size=(600, 3))
    fit = fit_noise(outputs, flipped(truth, 0.97 * np.eye(3) + 0.01, 0), np.arange(600))
    assert fit.beyond_chance
    assert 1.0 - fit.matrix().diagonal().mean() == pytest.approx(0.02, abs=0.015)


def test_wrong_is_calibrated():
    outputs, truth = overlapping(30_000, 4, 2.5, 1)
    codes = flipped(truth, 0.8 * np.eye(4) + 0.05, 2)
    fit = fit_noise(outputs, codes, np.arange(30_000))
    wrong, suggested, chance = wrong_and_suggested(fit.probabilities(outputs), fit.matrix(), codes)
    for low, high in [(0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)]:
        inside = (wrong >= low) & (wrong < high)
        assert inside.sum() > 50
        assert np.mean(codes[inside] != truth[inside]) == pytest.approx(wrong[inside].mean(), abs=0.07)
    assert np.mean(suggested == truth) == pytest.approx(chance.mean(), abs=0.02)


def test_posterior_rows_sum_to_one_and_two_classes_go_by_hand():
    q, noise = np.array([[0.9, 0.1]]), np.array([[0.8, 0.2], [0.3, 0.7]])
    true = class_posterior(q, noise, np.array([1]))
    np.testing.assert_allclose(true, [[0.18 / 0.25, 0.07 / 0.25]])


def test_even_flips_are_recognized_as_even():
    outputs, truth = overlapping(4000, 5, 6.0, 3)
    shape = noise_shape(outputs, flipped(truth, 0.75 * np.eye(5) + 0.05, 3))
    np.testing.assert_allclose(shape[~np.eye(5, dtype=bool)], 0.05, atol=0.02)
    np.testing.assert_allclose(shape.sum(axis=1), 1.0)


def test_rows_in_another_order_give_the_same_bits():
    outputs, truth = overlapping(3000, 3, 2.0, 4)
    codes, order = flipped(truth, 0.85 * np.eye(3) + 0.05, 4), np.random.default_rng(0).permutation(3000)
    one, two = fit_noise(outputs, codes, np.arange(3000)), fit_noise(outputs[order], codes[order], order)
    assert (one.share, one.likelihood_ratio, one.blend) == (two.share, two.likelihood_ratio, two.blend)
    np.testing.assert_array_equal(one.factors, two.factors)
    np.testing.assert_array_equal(one.shape, two.shape)


def test_rows_without_outputs_stay_unknown():
    outputs, truth = overlapping(500, 3, 3.0, 5)
    fit = fit_noise(outputs, truth, np.arange(500))
    outputs[7] = np.nan
    wrong, suggested, chance = wrong_and_suggested(fit.probabilities(outputs), fit.matrix(), truth)
    assert np.flatnonzero(np.isnan(wrong)).tolist() == [7]
    assert suggested[7] == -1
    assert np.isnan(chance[7])


def test_a_class_nobody_predicts_and_ties_are_harmless():
    outputs = np.zeros((60, 4))
    outputs[:, 0] = 1.0
    shape = noise_shape(outputs, np.arange(60) % 4)
    np.testing.assert_allclose(shape.sum(axis=1), 1.0)
    assert (shape >= 0).all()


def test_two_fifths_flipped_one_way_are_noise():
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 10, 4000)
    given = np.where(draw.random(4000) < 0.4, (truth + 1) % 10, truth)
    outputs = 0.6 * np.eye(10)[truth] + 0.4 * np.eye(10)[(truth + 1) % 10] + draw.normal(scale=0.03, size=(4000, 10))
    fit = fit_noise(outputs, given, np.arange(4000))
    assert fit.beyond_chance
    np.testing.assert_allclose(np.diag(fit.matrix()), 0.6, atol=0.05)


def test_one_way_is_neither_a_twin_nor_a_class_swallowed_by_a_large_one():
    draw = np.random.default_rng(1)
    sure, truth = draw.random(4000) < 0.2, draw.integers(0, 10, 4000)
    struck = draw.random(4000) < 0.4
    assert flipped_one_way(truth, np.where(struck, (truth + 1) % 10, truth), sure, 10).all()
    assert not flipped_one_way(truth, np.where(struck, truth ^ 1, truth), sure, 10).any()
    assert not flipped_one_way(truth, np.where(struck & ~sure, (truth + 1) % 10, truth), sure, 10).any()
    assert not flipped_one_way(truth, truth, sure, 10).any()
    rare = draw.choice(10, 4000, p=[0.3, 0.14, *[0.07] * 8])
    assert not flipped_one_way(np.where(rare == 1, 0, rare), rare, sure, 10).any()
