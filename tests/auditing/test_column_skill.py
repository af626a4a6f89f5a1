import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.column_skill import column_skill


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(0)


def test_skill_is_one_for_the_label_and_nothing_for_noise(evidence_of, draw):
    y = draw.integers(0, 3, 900)
    found = column_skill(evidence_of(np.column_stack([y, draw.normal(size=900), (y + draw.random(900)) / 3]), y))
    assert found.skill[0] == 1.0
    assert abs(found.skill[1]) < 0.15
    assert found.skill[2] > 0.95
    assert found.values.tolist() == [3, -1, -1]
    assert found.one_to_one.tolist() == [True, False, False]
    assert (found.rows, found.hits[0]) == (900, 900)


def test_skill_is_the_share_of_a_guess_s_errors_that_a_column_removes(evidence_of, draw):
    y = (np.arange(1000) % 4 == 0).astype(int)
    code = np.where(draw.random(1000) < 0.1, 1 - y, y)
    found = column_skill(evidence_of(np.column_stack([code, draw.normal(size=1000)]), y))
    wrong = np.mean(code != y)
    assert found.skill[0] == pytest.approx(1 - wrong / 0.25, abs=1e-9)


def test_a_numeric_label_is_judged_by_its_ranks(evidence_of, draw):
    x = draw.normal(size=800)
    found = column_skill(evidence_of(np.column_stack([np.exp(x), draw.normal(size=800)]), x**3, task="regression"))
    assert found.skill[0] > 0.995
    assert found.skill[1] < 0.05
    assert found.guess == 0.0


def test_heaps_are_told_from_thresholds(evidence_of, draw):
    y = draw.integers(0, 2, 400)
    X = np.column_stack([y + 0.05 * draw.normal(size=400), draw.random(400) + y, draw.normal(size=400)])
    found = column_skill(evidence_of(X, y))
    assert (found.skill[:2] > 0.95).all()
    assert found.heaps.tolist() == [True, False, False]


def test_missing_values_and_categories_of_every_type_are_read(evidence_of, draw):
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
    found = column_skill(evidence_of(frame, y))
    skill = dict(zip(found.names.tolist(), found.skill.tolist(), strict=True))
    gaps = dict(zip(found.names.tolist(), found.gaps.tolist(), strict=True))
    assert skill["town"] == 1.0
    assert all(gaps.get(name, 1.0) == 1.0 for name in ("whole", "flag"))
    assert max(skill["word"], skill["size"], gaps["word"]) < 0.3
