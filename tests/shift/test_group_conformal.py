"""Sets with the promised coverage in every segment: exactly on paper, in draws, and honest where it cannot be had."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.shift import GroupConformal


def two_kinds(draw, count):
    """Probabilities of three classes; in the rows of kind `hard` the model knows much less than it says."""
    y, hard = draw.integers(0, 3, count), draw.random(count) < 0.3
    said = np.where(draw.random(count) < np.where(hard, 0.5, 0.95), y, (y + 1) % 3)
    outputs = np.full((count, 3), 0.1)
    outputs[np.arange(count), said] = 0.8
    noise = draw.dirichlet(np.ones(3), count)
    return 0.9 * outputs + 0.1 * noise, y, np.where(hard, "hard", "easy")


@pytest.mark.parametrize("count", [4, 5])
def test_coverage_is_exactly_the_rank_over_all_orders(count):
    values = np.arange(count + 1.0)
    held = []
    for order in permutations(range(count + 1)):
        known, new = values[list(order[:count])], values[order[count]]
        low, high = GroupConformal(0.3).fit(np.zeros(count), known).predict(np.zeros(1))[0]
        held.append(low <= new <= high)
    rank = int(np.ceil(0.7 * (count + 1) - 1e-9))
    assert np.mean(held) == pytest.approx(min(rank, count + 1) / (count + 1))


@pytest.mark.parametrize("score", ["probability", "cumulative"])
def test_every_segment_is_covered_where_one_threshold_fails_one(score):
    draw, shares, pooled = np.random.default_rng(0), [], []
    for _ in range(60):
        known, new = two_kinds(draw, 300), two_kinds(draw, 600)
        model = GroupConformal(0.1, score=score).fit(known[0], known[1], segments=known[2])
        shares.append(model.coverage(new[0], new[1], segments=new[2]).frame["held"])
        one = GroupConformal(0.1, score=score).fit(known[0], known[1])
        sets = one.predict(new[0])[np.arange(600), new[1]]
        pooled.append([sets[new[2] == kind].mean() for kind in ("easy", "hard")])
    by_segment = pd.concat(shares, axis=1).mean(axis=1)
    assert by_segment["segment = hard"] >= 0.895
    assert by_segment["segment = easy"] >= 0.895
    assert np.mean(pooled, axis=0)[1] < 0.85


def test_overlapping_segments_are_all_covered():
    draw, held = np.random.default_rng(1), []
    for _ in range(80):
        members = draw.random((800, 3)) < [0.5, 0.3, 0.2]
        y = draw.normal(size=800) * (1 + 2 * members[:, 1] + 3 * members[:, 2])
        model = GroupConformal(0.2).fit(np.zeros(400), y[:400], segments=members[:400])
        frame = model.coverage(np.zeros(400), y[400:], segments=members[400:]).frame
        held.append(frame["held"].to_numpy())
    assert (np.mean(held, axis=0) >= 0.79).all()


def test_numbers_have_intervals_as_wide_as_their_segment_needs():
    draw = np.random.default_rng(2)
    kind = np.where(np.arange(1000) % 2, "noisy", "quiet")
    y = draw.normal(size=1000) * np.where(kind == "noisy", 5.0, 1.0)
    model = GroupConformal(0.1).fit(np.zeros(1000), y, segments=kind)
    ends = model.predict(np.array([0.0, 10.0]), segments=["quiet", "noisy"])
    assert ends[0, 1] - ends[0, 0] == pytest.approx(2 * 1.645, rel=0.15)
    assert ends[1] == pytest.approx([10 - 5 * 1.645, 10 + 5 * 1.645], rel=0.25)
    report = model.report()
    assert (report["low"] < 0.9).all()
    assert (report["high"] > 0.9).all()


def test_a_segment_too_small_or_unseen_keeps_the_promise_or_takes_the_threshold_of_all_rows():
    draw = np.random.default_rng(3)
    outputs, y, kind = two_kinds(draw, 300)
    kind = np.where(np.arange(300) < 5, "rare", kind).astype(object)
    kind[7] = None
    model = GroupConformal(0.1).fit(outputs, y, segments=kind)
    assert model.few_ == ["segment = rare"]
    asked = np.array(["rare", "new", None], dtype=object)
    assert model.predict(outputs[:3], segments=asked).all()
    assert model.predict(outputs[:3]).all()
    loose = GroupConformal(0.1, small="all rows").fit(outputs, y, segments=kind)
    assert not loose.predict(outputs[:3], segments=asked).all()
    assert np.isnan(loose.report().loc["segment = rare", "promised"])
    assert model.report().loc["segment = rare", "promised"] == 1.0


def test_the_likeliest_class_is_always_in_and_a_segment_below_the_promise_is_named():
    draw = np.random.default_rng(4)
    outputs, y, kind = two_kinds(draw, 400)
    model = GroupConformal(0.9).fit(outputs, outputs.argmax(axis=1), segments=kind)
    assert (model.predict(outputs, segments=kind).sum(axis=1) >= 1).all()
    found = GroupConformal(0.05).fit(outputs, outputs.argmax(axis=1), segments=kind).coverage(outputs, y, segments=kind)
    assert "segment = hard" in found.below
    assert "beyond chance" in " ".join(str(found).split())


@pytest.mark.parametrize(
    ("options", "given", "message"),
    [
        ({"miscoverage": 10}, {}, "miscoverage"),
        ({"score": "margin"}, {}, "score"),
        ({"small": "none"}, {}, "small"),
        ({}, {"outputs": np.ones((4, 2))}, "probabilities"),
        ({}, {"outputs": [0.1, np.nan, 0.2, 0.3]}, "outputs"),
        ({}, {"y": [0, 1, 1]}, "same rows"),
        ({}, {"y": [0, 1, 1, 2]}, "no column"),
        ({}, {"segments": ["a", "b"]}, "one line per row"),
    ],
)
def test_bad_input_is_refused(options, given, message):
    call = {"outputs": np.full((4, 2), 0.5), "y": [0, 1, 0, 1]} | given
    with pytest.raises(InputError, match=message):
        GroupConformal(**options).fit(**call)


def test_outputs_of_another_model_are_refused():
    model = GroupConformal(0.5).fit(np.full((4, 2), 0.5), [0, 1, 0, 1])
    with pytest.raises(InputError, match="other outputs"):
        model.predict(np.full((4, 3), 1 / 3))
