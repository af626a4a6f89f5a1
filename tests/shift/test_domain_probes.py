"""Domains are told where they differ, at chance where not, and within classes where the classes turn the sign."""

import numpy as np

from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.shift.domain_probes import domain_probes, linear_chances
from samplewise.shift.two_places import Pair


def probed(source, target):
    pair = Pair.of(source, target, None)
    rows = prepare(pair.joined(), "linear")
    folds = rows.folds()
    return domain_probes(rows, pair, folds), linear_chances(rows, pair, folds), pair


def test_a_target_apart_from_like_sources():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 2
    source = Dataset(rng.normal(size=(300, 2)), y, segments=np.arange(300) // 2 % 2)
    found, chances, pair = probed(source, Dataset(rng.normal(size=(300, 2)) + np.array([4.0, 0.0]), y))
    (first, chance, _), (second, _, _), (third, _, _) = found
    assert chance == 0.5
    assert first.low - 0.05 < 0.5 < first.high + 0.05
    assert second.value > 0.9
    assert third.value > 0.9
    assert chances[pair.there].mean() > 0.9 > 0.1 > chances[~pair.there].mean()


def test_a_sign_turned_by_the_class_is_told_within_classes_only():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    draw = lambda sign: np.c_[sign * (2.0 * y - 1.0) + 0.5 * rng.normal(size=400), rng.normal(size=400)]  # noqa: E731
    (first, second, third), _, _ = probed(Dataset(draw(1.0), y), Dataset(draw(-1.0), y))
    assert np.isnan(first[0].value)
    assert abs(second[0].value - 0.5) < 0.08
    assert third[0].value > 0.9
