"""Cleanings are learned from the rows a rule sees, and measured on rows it does not see."""

import numpy as np
import pandas as pd
import pytest

from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import measure_remedies, prepare
from samplewise.engine.refits.folded_rows import outer_folds
from samplewise.quality.cell_remedies import cleaning_rules

ERROR = METRICS["mae"]
WEIGHT = (("weight",), "set to missing")


def people(rows=240, seed=0):
    """Numbers the label is a line of, with a little noise."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"weight": draw.normal(70, 9, rows).round(1), "height": draw.normal(170, 6, rows).round(1)})
    frame["town"] = draw.choice(["Ulm", "Kiel"], rows)
    y = (frame["weight"] - 70) / 9 + (frame["height"] - 170) / 6 + 2.0 * (frame["town"] == "Ulm")
    return frame, (y + draw.normal(0, 0.3, rows)).to_numpy()


def measured(frame, y, *wanted, repeats=1, **options):
    prepared = prepare((frame, y), "linear", **options)
    folds = [prepared.folds(repeat) for repeat in range(repeats)]
    rules = {" ".join([*key[0], key[1]]): rule for key, rule in cleaning_rules(wanted).items()}
    return measure_remedies(prepared.runner, rules, folds, metric=ERROR)


def test_cleaning_a_code_in_a_linear_relation_helps_and_its_random_twin_does_not():
    frame, y = people()
    frame.loc[::12, "weight"] = -999.0
    found = measured(frame, y, WEIGHT)["weight set to missing"]
    assert found.verdict == "helps"
    assert found.effect.low > 5.0 * found.point
    assert found.control.value < 0.2 * found.effect.value
    assert found.share == pytest.approx(1 / 12, abs=0.01)


def test_a_code_in_a_column_that_says_nothing_makes_no_difference():
    words = []
    for seed in range(4):
        frame, y = people(seed=seed)
        frame["noise"] = np.random.default_rng(100 + seed).normal(50, 5, len(frame))
        frame.loc[::20, "noise"] = -999.0
        words.append(measured(frame, y, (("noise",), "set to missing"))["noise set to missing"].verdict)
    assert words.count("helps") == 0


def test_rows_in_another_unit_are_divided():
    frame, y = people()
    frame.loc[::9, "height"] /= 2.54
    found = measured(frame, y, (("height",), "divide"))["height divide"]
    assert found.verdict == "helps"
    assert found.effect.low > found.control.high


def test_spellings_are_merged():
    frame, y = people()
    rows = frame.index[::3]
    frame.loc[rows, "town"] = frame.loc[rows, "town"].str.upper()
    folded = prepare((frame, y), "linear").whole
    (rule,) = cleaning_rules([(("town",), "merge")]).values()
    edit = rule(folded)
    assert {step.values: step.into for step in edit.steps} == {("ULM",): "Ulm", ("KIEL",): "Kiel"}
    assert sorted(edit.carried_out(frame)["town"].unique()) == ["Kiel", "Ulm"]


def test_what_only_held_out_rows_hold_is_not_learned():
    frame, y = people()
    prepared = prepare((frame, y), "linear")
    folds = prepared.folds()
    frame.loc[folds == 2, "weight"] = np.where(np.arange((folds == 2).sum()) < 6, -999.0, frame["weight"][folds == 2])
    changed = prepare((frame, y), "linear")
    (rule,) = cleaning_rules([WEIGHT]).values()
    parts = outer_folds(changed.runner, folds)
    learned = {part.left_out: rule(part).steps for part in parts}
    assert learned[2] == ()
    assert all(learned[fold][0].values == (-999.0,) for fold in (0, 1, 3, 4))
    assert rule(parts[2]).carried_out(frame).equals(frame)


def test_labels_are_not_looked_at():
    frame, y = people()
    frame.loc[::12, "weight"] = -999.0
    (rule,) = cleaning_rules([WEIGHT]).values()
    other = np.random.default_rng(5).normal(size=len(y))
    assert rule(prepare((frame, y)).whole) == rule(prepare((frame, other)).whole)


def test_what_the_name_forbids_becomes_missing_also_where_it_was_not_seen():
    frame, y = people()
    frame = frame.rename(columns={"weight": "age"})
    frame.loc[[3, 4], "age"] = [-3.0, -11.0]
    (rule,) = cleaning_rules([(("age",), "set to missing")]).values()
    edit = rule(prepare((frame, y), "linear").whole)
    unseen = pd.DataFrame({"age": [30.0, -2.0, 0.0]})
    assert edit.carried_out(unseen)["age"].isna().tolist() == [False, True, False]


def test_codes_are_not_divided():
    frame, y = people()
    frame.loc[::9, "height"] *= 10
    frame.loc[[1, 2, 4], "height"] = 99999.0
    (rule,) = cleaning_rules([(("height",), "divide")]).values()
    after = rule(prepare((frame, y), "linear").whole).carried_out(frame)["height"]
    assert (after == 99999.0).sum() == 3
    assert after.drop([1, 2, 4]).max() < 250


def test_the_same_seed_gives_the_same_numbers_in_any_order_of_rows():
    frame, y = people(160)
    frame.loc[::8, "weight"] = -999.0
    order = np.random.default_rng(1).permutation(len(frame))
    first, again = (
        measured(one, labels, WEIGHT, repeats=2)["weight set to missing"]
        for one, labels in ((frame, y), (frame.iloc[order], y[order]))
    )
    assert first.effect.value == pytest.approx(again.effect.value, abs=1e-4)
    assert first.control.value == pytest.approx(again.control.value, abs=1e-4)
