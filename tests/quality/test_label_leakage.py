"""Skill of single columns: 1 for the label under another name, nothing for noise and for random labels, by name."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models.metrics import METRICS
from samplewise.quality import column_skill, label_leakage
from samplewise.quality.label_leakage import separation_of_columns


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(0)


def test_skill_is_one_for_the_label_and_nothing_for_noise(draw):
    y = draw.integers(0, 3, 900)
    found = column_skill(np.column_stack([y, draw.normal(size=900), (y + draw.random(900)) / 3]), y)
    assert found.skill[0] == 1.0
    assert abs(found.skill[1]) < 0.15
    assert found.skill[2] > 0.95
    assert found.values.tolist() == [3, -1, -1]
    assert found.one_to_one.tolist() == [True, False, False]
    assert (found.rows, found.hits[0]) == (900, 900)


def test_skill_is_the_share_of_the_baseline_s_errors_that_a_column_removes(draw):
    y = (np.arange(1000) % 4 == 0).astype(int)
    code = np.where(draw.random(1000) < 0.1, 1 - y, y)
    found = column_skill(np.column_stack([code, draw.normal(size=1000)]), y)
    wrong = np.mean(code != y)
    assert found.skill[0] == pytest.approx(1 - wrong / 0.25, abs=1e-9)


def test_a_numeric_label_is_measured_by_its_ranks(draw):
    x = draw.normal(size=800)
    found = column_skill(np.column_stack([np.exp(x), draw.normal(size=800)]), x**3, task="regression")
    assert found.skill[0] > 0.995
    assert found.skill[1] < 0.05
    assert found.guess == 0.0


def test_heaps_are_distinguished_from_thresholds(draw):
    y = draw.integers(0, 2, 400)
    X = np.column_stack([y + 0.05 * draw.normal(size=400), draw.random(400) + y, draw.normal(size=400)])
    found = column_skill(X, y)
    assert (found.skill[:2] > 0.95).all()
    assert found.heaps.tolist() == [True, False, False]


def test_missing_values_and_categories_of_every_type_are_read(draw):
    y = np.where(np.arange(300) % 2 == 0, "u", "v")
    frame = pd.DataFrame(
        {
            "whole": pd.array(np.where(y == "u", None, 3), dtype="Int64"),
            "flag": pd.array(np.where(y == "u", True, None), dtype="boolean"),
            "town": pd.Categorical(np.where(y == "u", "here", "there")),
            "word": pd.array(draw.choice(["a", "b", None], 300), dtype="string"),
            "size": draw.normal(size=300),
        }
    )
    found = column_skill(frame, y)
    skill = dict(zip(found.names.tolist(), found.skill.tolist(), strict=True))
    gaps = dict(zip(found.names.tolist(), found.gaps.tolist(), strict=True))
    assert skill["town"] == 1.0
    assert all(gaps.get(name, 1.0) == 1.0 for name in ("whole", "flag"))
    assert max(skill["word"], skill["size"], gaps["word"]) < 0.3


def leak(draw, rows=200):
    """Six honest columns, and the label under another name as x6."""
    y = np.arange(rows) % 2
    return np.column_stack([draw.normal(size=(rows, 6)), 7.0 * y]), y


def test_what_gives_the_label_away_is_named_with_its_interval(draw):
    X, y = leak(draw)
    found = column_skill(X, y)
    assert found.gives_label_away.tolist() == ["x6"]
    assert found.questionable.tolist() == []
    assert found.scores.axis == "column"
    assert found.scores.top(1).keys.tolist() == ["x6"]
    assert found.to_frame().index[0] == "x6"
    assert str(found).startswith("x6 gives the label away. The best single column is x6, with skill 1.00 of 1.")
    wide, narrow = found.estimate("x6", confidence=0.99), found.estimate("x6", confidence=0.8)
    assert wide.value == narrow.value == 1.0
    assert wide.low < narrow.low
    with pytest.raises(InputError, match="did you mean 'x6'"):
        found.estimate("x66")


def test_a_code_that_is_right_nine_times_in_ten_is_a_question(draw):
    X, y = leak(draw, 600)
    X[:60, 6] = 7.0 - X[:60, 6]
    assert column_skill(X, y).questionable.tolist() == ["x6"]


def test_numbers_have_a_skill_without_an_interval(draw):
    X = draw.normal(size=(300, 6))
    found = column_skill(X, np.exp(X[:, 2]), task="regression")
    assert found.gives_label_away.tolist() == ["x2"]
    assert found.estimate("x2").reason
    assert np.isnan(found.estimate("x2").low)


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_with_random_labels_say_nothing(seed):
    draw = np.random.default_rng(seed)
    X, y = np.tile(draw.normal(size=(150, 4)), (2, 1)), np.tile(draw.integers(0, 2, 150), 2)
    found = column_skill(X, y)
    assert found.skill.max() < 0.3
    assert not len(found.gives_label_away) + len(found.questionable)


def test_row_order_changes_nothing(draw):
    data = Dataset(*leak(draw))
    turned = data.take(np.random.default_rng(2).permutation(200))
    np.testing.assert_array_equal(column_skill(data).skill, column_skill(turned).skill)


def test_what_has_no_columns_labels_or_rows_is_refused(draw):
    X, y = leak(draw)
    pictures = draw.integers(0, 255, (40, 8, 8), dtype=np.uint8)
    for call, words in [
        (lambda: column_skill(X), "no labels"),
        (lambda: column_skill(X[:19], y[:19]), "any column may fit so few rows"),
        (lambda: column_skill(pictures, np.arange(40) % 2), "images have no columns"),
        (lambda: column_skill(np.ones((40, 2)), np.arange(40) % 2), "no column is left"),
    ]:
        with pytest.raises(InputError, match=words):
            call()


def separation(X, y, metric):
    data = Dataset(X, y)
    target = describe_target(y, "classification", data.ids)
    return separation_of_columns(data.X, data.columns, target, METRICS[metric], data.ids, None, 0)[1]


def test_a_rare_class_that_a_column_ranks_right_is_seen_by_the_metric_that_compares_classes(draw):
    y = (np.arange(2000) % 20 == 0).astype(int)
    shift, noise = draw.normal(size=2000) + 1.5 * y, draw.normal(size=2000)
    X = np.column_stack([y, shift, noise])
    assert column_skill(X, y).skill[1] < 0.05  # never likelier than the large class: no error of it is removed
    exact, ranked, nothing = separation(X, y, "auc")
    assert exact == 1.0
    truth = 2 * roc_auc_score(y, shift) - 1
    assert ranked == pytest.approx(truth, abs=0.1)
    assert abs(nothing) < 0.15


def test_of_several_classes_it_is_balanced_accuracy_above_chance(draw):
    y = np.repeat([0, 1, 2], [1800, 100, 100])
    code = np.where(y == 2, 1, y)  # tells the first class from the others, and not these two apart
    whole, half, nothing = separation(np.column_stack([y, code, draw.integers(0, 3, 2000)]), y, "balanced_accuracy")
    assert whole == 1.0
    assert half == pytest.approx(0.5, abs=0.1)
    assert abs(nothing) < 0.15


def test_of_wide_tables_fewer_rows_are_looked_at_and_trees_grow_on_the_best_columns(draw, monkeypatch):
    y = np.arange(3_000) % 2
    X = draw.normal(size=(3_000, 8)) + 2.5 * y[:, None]
    X[:, 3] = np.where(y == 1, draw.uniform(1, 2, 3_000), draw.choice([0.0, 3.0], 3_000) + draw.uniform(0, 0.9, 3_000))
    whole = column_skill(X, y)
    assert whole.rows == 3_000
    assert (whole.cuts > 0).all()
    monkeypatch.setattr(label_leakage, "MOST_ENTRIES", 8 * 2_400)
    monkeypatch.setattr(label_leakage, "MOST_CUT", 1)
    part = column_skill(X, y)
    assert part.rows == 2_400
    assert np.flatnonzero(part.cuts).tolist() == [3]
    assert part.cuts[3] == 1.0
    monkeypatch.setattr(label_leakage, "MOST_ENTRIES", 8)
    assert column_skill(X, y).rows == 2_000
