"""Splits: balanced, nested, whole groups, the past before the future, and blind to the order of rows."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.randomness import key_hashes
from samplewise.data.splits import different_times, fold_of_rows, forward_folds, nested_subsets, random_halves

N = 600
IDS = np.arange(N) * 13 + 5
CODES = np.r_[np.zeros(400), np.ones(150), np.full(47, 2), np.full(3, 3)].astype(int)
GROUPS = (np.arange(N) * 7919 % 140) ** 2 // 140  # groups of very different sizes
TIME = (np.arange(N) * 31) % 97
ORDER = np.argsort(np.sin(np.arange(N)))


def folds(rows, **options):
    given = {name: values[rows] for name, values in options.items() if isinstance(values, np.ndarray)}
    return fold_of_rows(IDS[rows], **(options | given))


OPTIONS = {
    "plain": {},
    "classes": {"codes": CODES},
    "groups": {"codes": CODES, "groups": GROUPS},
    "time": {"time": TIME},
    "time and groups": {"time": TIME, "groups": GROUPS},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_row_order_changes_no_fold(name):
    everything = np.arange(N)
    np.testing.assert_array_equal(folds(everything, **OPTIONS[name])[ORDER], folds(ORDER, **OPTIONS[name]))


@pytest.mark.parametrize("name", ["plain", "classes", "groups"])
def test_the_seed_decides(name):
    draw = [fold_of_rows(IDS, **OPTIONS[name], seed=seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(draw[0], draw[1])
    assert (draw[0] != draw[2]).mean() > 0.5


@pytest.mark.parametrize("count", [2, 5, 10])
def test_folds_and_classes_are_balanced_to_one_row(count):
    fold = fold_of_rows(IDS, CODES, n_folds=count)
    assert fold.dtype == np.int8
    for rows in (np.full(N, True), *(code == CODES for code in range(4))):
        sizes = np.bincount(fold[rows], minlength=count)
        assert sizes.max() - sizes.min() <= 1


def test_hashes_stand_for_ids():
    first = fold_of_rows(key_hashes(IDS), CODES)
    np.testing.assert_array_equal(first[ORDER], fold_of_rows(key_hashes(IDS)[ORDER], CODES[ORDER]))


def test_folds_stay_balanced_without_one_row():
    fold = fold_of_rows(IDS[1:], CODES[1:])
    assert np.ptp(np.bincount(fold)) <= 1


def test_groups_stay_whole_and_classes_nearly_balanced():
    fold = fold_of_rows(IDS, CODES, GROUPS)
    assert all(len(set(fold[group == GROUPS])) == 1 for group in np.unique(GROUPS))
    sizes = np.bincount(fold, minlength=5)
    assert sizes.min() > 0.7 * N / 5
    share = np.array([np.mean(CODES[fold == number] == 0) for number in range(5)])
    assert np.ptp(share) < 0.15


def test_many_small_groups_are_dealt_whole_and_balanced():
    groups = np.arange(12_000) // 3
    codes = np.arange(12_000) % 2
    fold = fold_of_rows(np.arange(12_000), codes, groups)
    assert (fold.reshape(-1, 3) == fold.reshape(-1, 3)[:, :1]).all()
    assert np.ptp(np.bincount(fold)) < 30
    assert np.ptp(np.bincount(fold[codes == 0])) < 60


def test_giants_among_thousands_of_small_groups_are_spread():
    giants = np.repeat(np.arange(5), 1000)
    groups = np.r_[giants, 5 + np.arange(9000) // 3]
    fold = fold_of_rows(np.arange(len(groups)), groups=groups)
    assert len({fold[giant * 1000] for giant in range(5)}) == 5
    assert np.ptp(np.bincount(fold)) < 60


def test_groups_may_be_words_or_objects():
    words = np.array([f"g{group}" for group in GROUPS], dtype=object)
    fold = fold_of_rows(IDS, CODES, words)
    assert all(len(set(fold[words == word])) == 1 for word in np.unique(words))


def test_time_makes_contiguous_blocks():
    fold = fold_of_rows(IDS, time=TIME)
    for number in range(4):
        assert TIME[fold == number].max() < TIME[fold == number + 1].min()


def test_a_time_that_most_rows_share_leaves_a_block_to_every_other():
    time = np.repeat([0, 1, 2, 3, 4], [2, 1, 90, 3, 4])
    assert np.array_equal(fold_of_rows(np.arange(100), time=time), time)


def test_blocks_of_equal_times_are_about_equal():
    time = np.r_[np.zeros(60), np.repeat(np.arange(1, 41), 1)]
    fold = fold_of_rows(np.arange(100), time=time, n_folds=5)
    assert np.bincount(fold).tolist() == [60, 10, 10, 10, 10]
    assert all(len(set(fold[time == one])) == 1 for one in np.unique(time))


def test_groups_make_fewer_different_times():
    assert different_times([1, 1, 2, 3]) == 3
    assert different_times([1, 1, 2, 3], ["a", "b", "a", "a"]) == 2


def test_a_group_goes_with_its_latest_row():
    time, groups = np.arange(10), np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 0])
    fold = fold_of_rows(time, groups=groups, time=time, n_folds=2)
    assert fold[0] == fold[9] == 1
    assert fold[1] == 0


def test_forward_folds_never_train_on_the_future():
    train, test = forward_folds(IDS, TIME, n_folds=4)
    assert train.shape == test.shape == (4, N)
    for number in range(4):
        assert TIME[train[number]].max() < TIME[test[number]].min()
        assert test[number].sum() > 0.8 * N / 5
    assert (test.sum(axis=0) <= 1).all()
    assert (train[1:] >= train[:-1]).all()


def test_forward_folds_keep_tested_groups_out_of_training():
    groups = np.arange(N) % 50
    train, test = forward_folds(IDS, TIME, groups, n_folds=3)
    for number in range(3):
        assert not set(groups[train[number]]) & set(groups[test[number]])


@pytest.mark.parametrize("options", [{}, {"codes": CODES}, {"codes": CODES, "groups": GROUPS}])
def test_halves_are_complements_drawn_anew(options):
    halves = random_halves(IDS, **options, n_pairs=4, seed=3)
    assert halves.shape == (8, N)
    np.testing.assert_array_equal(halves[::2], ~halves[1::2])
    np.testing.assert_array_equal(halves.sum(axis=0), 4)
    agreement = (halves[0] == halves[2]).mean()
    assert 0.3 < agreement < 0.7
    shuffled = {name: values[ORDER] for name, values in options.items()}
    np.testing.assert_array_equal(random_halves(IDS[ORDER], **shuffled, n_pairs=4, seed=3), halves[:, ORDER])


def test_halves_hold_classes_in_equal_share():
    halves = random_halves(IDS, CODES, n_pairs=3)
    for code in range(4):
        inside = halves[:, code == CODES].sum(axis=1)
        assert np.abs(inside - (code == CODES).sum() / 2).max() <= 0.5


def test_halves_are_independent_of_each_other():
    """Two rows of one class share a half in about half of the draws: no pair of rows is tied together."""
    halves = random_halves(np.arange(60), n_pairs=200)[::2].astype(float)
    together = (halves.T @ halves + (1 - halves).T @ (1 - halves)) / len(halves)
    apart = together[np.triu_indices(60, 1)]
    assert abs(apart.mean() - 29 / 59) < 0.01
    assert apart.min() > 0.3
    assert apart.max() < 0.7


@pytest.mark.parametrize("options", [{}, {"codes": CODES}, {"codes": CODES, "groups": GROUPS}])
def test_subsets_are_nested_and_of_the_given_size(options):
    sizes = [40, 150, N]
    inside = nested_subsets(IDS, **options, sizes=sizes, n_repeats=3, seed=1)
    assert (inside[:, 1:] >= inside[:, :-1]).all()
    counts = inside.sum(axis=2)
    assert (counts <= sizes).all()
    assert (counts[:, -1] == N).all()
    if "groups" in options:
        assert all(len(set(inside[0, 1][group == GROUPS])) == 1 for group in np.unique(GROUPS))
    else:
        np.testing.assert_array_equal(counts, [sizes] * 3)
    assert (inside[0, 1] != inside[1, 1]).mean() > 0.1
    shuffled = {name: values[ORDER] for name, values in options.items()}
    again = nested_subsets(IDS[ORDER], **shuffled, sizes=sizes, n_repeats=3, seed=1)
    np.testing.assert_array_equal(again, inside[:, :, ORDER])


def test_small_subsets_hold_every_class_in_its_share():
    inside = nested_subsets(IDS, CODES, sizes=[60], n_repeats=5)[:, 0]
    counts = np.array([np.bincount(CODES[mask], minlength=4) for mask in inside])
    assert (counts >= 1).all()
    assert np.abs(counts[:, 0] - 40).max() <= 2


def test_the_first_group_is_in_however_large():
    inside = nested_subsets(np.arange(6), groups=[0, 0, 0, 1, 1, 1], sizes=[1, 6])
    assert inside.sum(axis=2).tolist() == [[3, 6]]


@pytest.mark.parametrize(
    ("draw", "what", "fix"),
    [
        (lambda: fold_of_rows(IDS, n_folds=1), "number of folds.*folds=1", "2 to 127"),
        (lambda: fold_of_rows(IDS, n_folds=128), "number of folds", "2 to 127"),
        (lambda: fold_of_rows([1, 2], n_folds=3), "fewer rows than folds.*2 rows, 3 folds", "at most 2"),
        (lambda: fold_of_rows(IDS, groups=np.arange(N) % 3), "fewer groups or different rows.*3 groups", "at most 3"),
        (lambda: fold_of_rows(IDS, time=np.arange(N) % 2), "too few different times.*2 different", "fewer folds"),
        (lambda: forward_folds(IDS, np.arange(N) % 3, n_folds=4), "too few different times", "finer time column"),
        (lambda: random_halves(IDS, n_pairs=0), "halves come in pairs.*pairs=0", "pairs=1"),
        (lambda: nested_subsets(IDS, sizes=[]), "sizes must grow", "for example"),
        (lambda: nested_subsets(IDS, sizes=[5, 5]), "sizes must grow", "for example"),
        (lambda: nested_subsets(IDS, sizes=[10, N + 1]), "between 1 and", "for example"),
    ],
)  # fmt: skip
def test_splits_that_cannot_be_drawn_are_refused(draw, what, fix):
    with pytest.raises(InputError, match=f"(?s){what}.*fix: .*{fix}"):
        draw()
