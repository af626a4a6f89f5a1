"""Importance weights against brute force, exact sampling without replacement, and what is refused."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samplewise import selection
from samplewise.core.errors import InputError
from samplewise.core.randomness import generator
from samplewise.selection.importance_resampling import _shared_out

FIVE = ["the cat", "the dog", "if x", "return x if y", "a cat and a dog"]
TARGET = ["the cat and the dog", "a dog"]


def fitted(raw=FIVE, target=TARGET, **settings):
    return selection.ImportanceResampler(**settings).fit(raw, target)


def mixed(n_prose=60, n_other=240, n_target=80):
    """Rows of words of two kinds, shuffled; which are like the target; and the target."""
    draw = generator(0, "mixed rows")
    prose = [f"noun{number}" for number in range(40)] + ["and", "the", "of"] * 10
    other = [f"name{number}" for number in range(40)] + ["def", "return", "the"] * 10
    rows = [" ".join(draw.choice(prose, 30)) for _ in range(n_prose + n_target)]
    pool = rows[:n_prose] + [" ".join(draw.choice(other, 30)) for _ in range(n_other)]
    order = draw.permutation(len(pool))
    return [pool[place] for place in order], order < n_prose, rows[n_prose:]


def test_five_documents_by_hand():
    """Eight buckets, everything counted in a loop."""
    from samplewise.engine.neighbors.hashed_ngrams import hashed_ngrams

    def counts(texts):
        hashed = hashed_ngrams(texts, 8)
        rows = np.split(hashed.buckets, np.cumsum(hashed.lengths)[:-1])
        return np.array([[(row == bucket).sum() for bucket in range(8)] for row in rows], dtype=float)

    raw, target = counts(FIVE), counts(TARGET).sum(axis=0)
    p, q = target / target.sum(), raw.sum(axis=0) / raw.sum()
    expected = raw @ (np.log(p + 1e-8) - np.log(q + 1e-8))
    found = fitted(n_features=8, smoothing=0.0, length="sum").log_weights
    assert found.values == pytest.approx(expected)
    assert found.keys.tolist() == [0, 1, 2, 3, 4]


def test_the_same_texts_twice_weigh_nothing():
    assert fitted(target=FIVE, length="sum").log_weights.values == pytest.approx(np.zeros(5), abs=1e-6)


def test_order_of_rows_changes_nothing():
    frame = pd.DataFrame({"text": FIVE, "key": list("abcde")})
    there = selection.ImportanceResampler().fit(frame, TARGET, text="text", id="key")
    back = selection.ImportanceResampler().fit(frame[::-1], TARGET[::-1], text="text", id="key")
    assert there.log_weights.values == pytest.approx(back.log_weights.values[::-1])
    assert set(there.sample(2, seed=3)) == set(back.sample(2, seed=3))


def test_rows_are_drawn_exactly_in_proportion_to_their_weights():
    """Gumbel top-2 of four rows against drawing one after another: a chi-square of the six pairs."""
    counts = np.array([[3.0, 1], [2, 2], [1, 3], [1, 1]])
    resampler = selection.ImportanceResampler(features="counts", temperature=1.0, length="sum", smoothing=0.0)
    found = resampler.fit(counts, np.array([[3.0, 2]]))
    weights = np.exp(found.log_weights.values)
    share = weights / weights.sum()
    expected = {
        frozenset(pair): sum(share[a] * share[b] / (1 - share[a]) for a, b in (pair, pair[::-1]))
        for pair in itertools.combinations(range(4), 2)
    }
    draws = [frozenset(found.sample(2, seed=seed).tolist()) for seed in range(4000)]
    seen = [draws.count(pair) for pair in expected]
    assert stats.chisquare(seen, [4000 * chance for chance in expected.values()]).pvalue > 0.001
    assert len(set(np.round(share, 3))) > 2  # the weights differ, so that the test could fail


def test_same_seed_same_rows_and_all_rows_when_all_are_asked_for():
    found = fitted(temperature=1.0)
    assert found.sample(3, seed=1).tolist() == found.sample(3, seed=1).tolist()
    assert found.sample(5).tolist() == [0, 1, 2, 3, 4]
    assert len({tuple(found.sample(3, seed=seed)) for seed in range(20)}) > 1


def test_rows_like_the_target_are_found_and_the_noise_is_not_inert():
    raw, is_prose, target = mixed()
    found = fitted(raw, target)
    ids = found.sample(30)
    assert is_prose[ids].mean() >= 0.95
    gain = found.divergence_reduction(ids)
    assert 0 < gain.low < gain.value < gain.high
    assert "kept out" in gain.source
    random = found.divergence_reduction(np.arange(len(raw))[::10])
    assert abs(random.value) < 0.25 * gain.value


def test_the_chosen_temperature_lets_the_noise_decide_without_other_rows():
    raw, is_prose, target = mixed(n_prose=300, n_other=1200, n_target=400)
    found = fitted(raw, target)
    tempering = found.tempering(60)
    chosen = tempering.temperatures == tempering.temperature
    assert tempering.top_share[-1] > 0.9 > tempering.top_share[chosen][0]
    assert tempering.probability[chosen][0] > tempering.probability[-1] - 0.02 > tempering.probability[0]
    assert "inert" in str(tempering)
    assert is_prose[found.sample(60)].mean() >= 0.95
    assert len(set(found.sample(60, seed=0)) & set(found.sample(60, seed=1))) < 57


def test_probabilities_are_those_of_rows_that_were_kept_out():
    raw, is_prose, target = mixed(n_prose=300, n_other=1200, n_target=400)
    probability = fitted(raw, target).target_probability.values
    assert np.median(probability[is_prose]) > 0.5  # 1 of 1.2: a fifth of the raw rows are of the same kind
    assert probability[~is_prose].max() < 0.05


def test_summed_weights_at_temperature_one_are_the_top_of_the_ranking():
    raw, _, target = mixed()
    found = fitted(raw, target, length="sum", temperature=1.0)
    assert len(set(found.sample(30)) & set(found.log_weights.top(30).keys)) >= 27


def test_several_targets_share_the_sample_whatever_their_order():
    raw, is_prose, target = mixed()
    other = [raw[place] for place in np.flatnonzero(~is_prose)[:60]]
    one = fitted(raw, {"prose": target, "code": other})
    two = fitted(raw, {"code": other, "prose": target})
    ids = one.sample(40, shares={"prose": 1, "code": 3})
    assert is_prose[ids].sum() == pytest.approx(10, abs=1)
    assert ids.tolist() == two.sample(40, shares={"code": 3, "prose": 1}).tolist()
    assert len(one.sample(41)) == 41
    only = one.sample(40, shares={"prose": 1})
    assert one.divergence_reduction(only, target="prose").low > 0 > one.divergence_reduction(only, target="code").high
    both = [one.divergence_reduction(ids, target=name).value for name in ("prose", "code")]
    assert one.divergence_reduction(ids).value == pytest.approx(np.mean(both))
    assert one.log_weights_of("prose").values[is_prose].min() > 0
    with pytest.raises(InputError, match="several targets"):
        _ = one.log_weights
    with pytest.raises(InputError, match="'cod'"):
        one.sample(4, shares={"cod": 1})
    with pytest.raises(InputError, match="no target gets"):
        one.sample(4, shares={"prose": 0})


def test_a_row_that_two_targets_want_goes_where_it_ranks_higher():
    keys = [np.array([3.0, 2.0, 1.0, 0.0]), np.array([4.0, -1.0, 3.0, 2.0])]
    assert _shared_out(keys, [2, 1]).tolist() == [0, 1, 2]
    assert len(_shared_out(keys, [2, 2])) == 4


def test_empty_and_short_rows_are_never_drawn_and_said():
    found = fitted(["the cat", "", "   ", "the dog and a cat"], min_length=4)
    assert np.isnan(found.log_weights.values).tolist() == [True, True, True, False]
    assert "3 raw rows have fewer than 4 features" in str(found)
    with pytest.raises(InputError, match="fewer rows"):
        found.sample(2)


def test_target_rows_in_the_pool_are_said():
    assert "2 raw rows are also rows of target" in str(fitted([*FIVE, *TARGET]))
    assert "also rows" not in str(fitted())


def test_tables_are_resampled_by_their_cells():
    draw = generator(2, "table")
    raw = pd.DataFrame({"age": draw.uniform(0, 100, 2000), "town": draw.choice(["a", "b"], 2000)})
    target = pd.DataFrame({"age": draw.uniform(60, 100, 200), "town": ["b"] * 200})
    found = selection.ImportanceResampler(features="binned_columns").fit(raw, target)
    chosen = raw.loc[found.sample(100)]
    assert (chosen.age > 59).mean() > 0.95
    assert (chosen.town == "b").mean() > 0.95


def test_files_are_streamed_and_a_second_run_reads_what_was_counted(tmp_path, monkeypatch):
    (tmp_path / "raw.txt").write_text("\n".join(FIVE))
    resampler = selection.ImportanceResampler()
    first = resampler.fit(tmp_path / "raw.txt", TARGET, run_dir=tmp_path / "run")
    assert first.log_weights.values == pytest.approx(fitted().log_weights.values)
    from samplewise.selection import row_features

    real = row_features.hashed_ngrams

    def only_target(texts, n_features):
        assert texts == TARGET, "raw texts are hashed again"
        return real(texts, n_features)

    monkeypatch.setattr(row_features, "hashed_ngrams", only_target)
    again = resampler.fit(tmp_path / "raw.txt", TARGET, run_dir=tmp_path / "run")
    assert again.log_weights.values.tolist() == first.log_weights.values.tolist()


def test_what_cannot_be_told_is_refused():
    with pytest.raises(InputError, match="kept out"):
        _ = fitted().target_probability
    with pytest.raises(InputError, match="no features"):
        fitted(target=["", " "])
    with pytest.raises(InputError, match="no target"):
        fitted(target={})
    with pytest.raises(InputError, match="n_rows"):
        fitted().sample(6)
    with pytest.raises(InputError, match="no rows to compare"):
        fitted().divergence_reduction([])
    with pytest.raises(InputError, match="temperature"):
        selection.ImportanceResampler(temperature=0.0)
    with pytest.raises(InputError, match="length"):
        selection.ImportanceResampler(length="median")


def test_equal_weights_are_a_random_sample():
    found = fitted(["a b"] * 20, ["a b"])
    assert len(found.sample(5)) == 5
    assert found.divergence_reduction(found.sample(5)).value == pytest.approx(0.0, abs=1e-6)
