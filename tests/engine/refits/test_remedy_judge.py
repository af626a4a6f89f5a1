"""From per-row differences to what may be said of a remedy."""

from dataclasses import replace

import numpy as np

from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import prepare
from samplewise.engine.refits.remedy_arms import RepeatEffects
from samplewise.engine.refits.remedy_judge import Judge, Tally, units_of


def test_a_gain_on_few_rows_of_a_regression_is_not_called_help():
    effect = np.random.default_rng(0).normal(0, 0.1, (2, 400))
    effect[:, :4] += 60.0
    folds = np.tile(np.arange(400) % 5, (2, 1))
    repeats = [
        RepeatEffects(effect[[r]], effect[[r]], np.empty((0, 1, 400)), folds[[r]], np.ones(5), 15) for r in (0, 1)
    ]
    judge, tally = Judge(METRICS["mae"], None, None), Tally(False, repeats)
    assert judge.seen(tally).p_helps < 0.05
    assert judge.doubt(tally, judge.seen(tally)) == "it rests on 4 rows with very large differences"
    everywhere = [replace(one, effect=one.effect + 1.0, beyond=one.beyond + 1.0) for one in repeats]
    assert judge.doubt(Tally(False, everywhere), judge.seen(Tally(False, everywhere))) == ""


def tally_of(effect, *, saves=False):
    """Two repeats of 500 rows in which every row was judged, with these differences (2, 500)."""
    folds = np.tile(np.arange(500) % 5, (2, 1))
    nothing = np.empty((0, 1, 500))
    found = [RepeatEffects(effect[[r]], effect[[r]], nothing, folds[[r]], np.ones(5), 15) for r in (0, 1)]
    return Tally(saves, found)


def test_what_is_not_decided_says_what_would_decide_it():
    judge, draw = Judge(METRICS["accuracy"], None, None), np.random.default_rng(0)
    rows = np.tile(draw.normal(0.2, 20.0, 500), (2, 1))
    wide = tally_of(rows)
    assert "it takes about" in judge.open_question(wide, judge.seen(wide))
    lucky = tally_of(1.0 + draw.normal(0, 40.0, (2, 500)))
    assert "more repeats would show a smaller one" in judge.open_question(lucky, judge.seen(lucky))
    saving = tally_of(rows - 1.0, saves=True)
    assert "is not ruled out" in judge.open_question(saving, judge.seen(saving))
    still = tally_of(np.zeros((2, 500)))
    assert judge.open_question(still, judge.seen(still)) == "no evaluated row was predicted otherwise"


def test_a_margin_is_in_points_of_the_metric():
    assert Judge(METRICS["mae"], None, None, point=0.2).margin == 0.1
    assert Judge(METRICS["accuracy"], None, None).margin == 0.5


def test_rows_along_time_are_observed_in_blocks():
    draw = np.random.default_rng(0)
    rows = (draw.normal(size=(343, 2)), np.arange(343) % 2)
    assert units_of(prepare(rows).runner, ordered=False) is None
    timed = prepare(rows).runner
    timed.data = replace(timed.data, time=draw.permutation(343))
    units = units_of(timed, ordered=True)
    assert len(np.unique(units)) == 49
    by_time = units[np.argsort(timed.data.time)]
    assert (np.diff(by_time) >= 0).all()
