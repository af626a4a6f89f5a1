"""Effects with all rows: followed from made-up effects of known size, and from real remedies."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import RowEdit, measure_remedies, prepare
from samplewise.engine.refits.folded_rows import outer_folds
from samplewise.engine.refits.preparation import folds_of_repeat
from samplewise.engine.refits.remedy_arms import RepeatEffects
from samplewise.engine.refits.remedy_effects import MeasurePlan
from samplewise.engine.refits.remedy_judge import Judge, Tally
from samplewise.engine.refits.remedy_sizes import with_all_rows

ACCURACY = METRICS["accuracy"]


class MadeUp:
    """Effects of a known curve, with rows, models and noise that differ, in place of fits."""

    def __init__(self, runner, curve, seed):
        self.runner, self.curve, self.draw = runner, curve, np.random.default_rng(seed)
        self.own = self.draw.normal(0, 6, len(runner.target.codes))

    def compared(self, rules, parts, repeat):
        n = len(self.own)
        effect, folds = np.full((1, n), np.nan), np.zeros((1, n), dtype=np.intp)
        for part in parts:
            query = np.flatnonzero(part.all_folds == part.left_out)
            curve = self.curve(len(part) / n) + self.draw.normal(0, 1)
            effect[0, query] = curve + self.own[query] + self.draw.normal(0, 2, len(query))
            folds[0, query] = part.left_out
        nothing = np.empty((0, 1, n))
        return {name: RepeatEffects(effect, effect, nothing, folds, np.ones(len(parts)), 1) for name in rules}, {}


def followed(opened, curve, seed):
    """What is said of all rows, from three repeats of five folds."""
    arms, tally = MadeUp(opened.runner, curve, seed), Tally(saves=False, word="helps")
    for repeat in range(3):
        folds = folds_of_repeat(opened.data, opened.codes, None, 5, seed, repeat)
        tally.found.append(arms.compared({"r": None}, outer_folds(opened.runner, folds), repeat)[0]["r"])
    return with_all_rows(arms, Judge(ACCURACY, None, None), {"r": None}, {"r": tally}, 5)["r"]


@pytest.fixture
def opened(two_moons):
    return prepare(two_moons(300)[0]).whole


@pytest.mark.parametrize(
    ("curve", "truth"),
    [
        (lambda share: 8.0 + 2.0 / share, 10.0),  # far beyond its error: nine tenths, on a straight line
        (lambda share: 2.0 * share**-0.7, 2.0),  # near it: half of the rows, along a power
        (lambda share: 0.2 + 0.8 / share, 1.0),  # hardly there on half of the rows: a straight line
    ],
)
def test_the_effect_with_all_rows_is_found_and_its_intervals_hold(opened, curve, truth):
    found = [followed(opened, curve, seed) for seed in range(120)]
    values = np.array([each.value for each in found])
    assert values.mean() == pytest.approx(truth, abs=3 * values.std() / np.sqrt(len(values)) + 0.05)
    held = np.mean([abs(each.value - truth) <= each.half_width(0.975) for each in found])
    assert held >= 0.9  # 400 draws: .94, .95, .96


def test_a_real_remedy_is_followed_to_all_rows_and_its_word_stays(two_moons):
    data, wrong = two_moons(300, seed=1, flipped=0.2)
    whole = prepare(data, DecisionTreeClassifier(random_state=0)).whole
    folds = [folds_of_repeat(data, whole.codes, whole.runner.groups, 5, 0, repeat) for repeat in range(2)]
    seen = []

    def rule(folded):
        seen.append(len(folded))
        rows = np.flatnonzero(wrong[folded.positions])
        return RowEdit("relabel", rows, 1 - folded.codes[rows])

    plan = MeasurePlan((2,), all_rows=True)
    measured = measure_remedies(whole.runner, {"r": rule}, folds, metric=ACCURACY, plan=plan)["r"]
    assert measured.verdict == "helps"
    assert measured.all_rows.low < measured.all_rows.value < measured.all_rows.high
    assert "With all rows" in " ".join(str(measured).split())
    assert {150, 270} & set(seen)
    without = measure_remedies(whole.runner, {"r": rule}, folds, metric=ACCURACY, plan=replace(plan, all_rows=False))[
        "r"
    ]
    assert without.effect == measured.effect
    assert np.isnan(without.all_rows.value)
