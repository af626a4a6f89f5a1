"""Single cells with a slipped decimal point: found where others let expect a tenth, never in tails."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data import Dataset
from samplewise.quality.cells import numbers_of
from samplewise.quality.tenfold import tenfold_cells


def people(rows=400, seed=0):
    draw = np.random.default_rng(seed)
    height = draw.normal(170.0, 10.0, rows)
    income = 10.0 ** draw.normal(4.4, 0.5, rows)
    return pd.DataFrame(
        {
            "height": height.round(1),
            "weight": (height - 100.0 + draw.normal(0.0, 8.0, rows)).round(1),
            "income": income.round(),
            "rent": (income * draw.uniform(0.25, 0.35, rows)).round(),
            "change": draw.normal(0.0, 2.0, rows).round(2),
            "town": draw.choice(["Ulm", "Kiel", "Graz"], rows),
        }
    )


def found(frame):
    data = Dataset(frame)
    values = {
        place: numbers_of(data.X.iloc[:, place])
        for place in range(data.X.shape[1])
        if data.X.iloc[:, place].dtype.kind in "iuf"
    }
    cells = tenfold_cells(data.X, data.columns, values)
    return {data.columns[place].name: sorted(held.rows.tolist()) for place, held in cells.items()}


@pytest.mark.parametrize("column", ["height", "weight"])
def test_a_slip_is_found_in_a_narrow_column(column):
    frame = people()
    frame.loc[[3, 40, 90], column] *= 10
    assert found(frame) == {column: [3, 40, 90]}


def test_a_slip_within_the_range_of_a_wide_column_is_found_by_what_the_others_say():
    frame = people()
    rows = np.argsort(frame["rent"].to_numpy())[[40, 150]]
    frame.loc[rows, "rent"] *= 10
    assert frame.loc[rows, "rent"].max() < frame["rent"].max()
    assert found(frame) == {"rent": sorted(rows.tolist())}
    assert found(frame[["rent", "town"]]) == {}


def test_a_slip_among_negative_and_positive_numbers_is_found():
    frame = people()
    frame.loc[7, "change"] = -36.5
    assert found(frame) == {"change": [7]}


def test_what_was_expected_is_told():
    frame = people()
    frame.loc[5, "weight"] = 712.0
    data = Dataset(frame)
    (cells,) = tenfold_cells(data.X, data.columns, {1: frame["weight"].to_numpy()}).values()
    assert cells.rows.tolist() == [5]
    assert 55 < cells.expected[0] < 90


def test_tails_repeated_values_and_whole_rows_are_left_alone():
    draw = np.random.default_rng(1)
    for seed in range(6):
        assert found(people(seed=seed)) == {}
    frame = people()
    frame.loc[[1, 2, 3], "weight"] = 710.0  # one value, three times
    assert found(frame) == {}
    far = pd.DataFrame(draw.normal(size=(300, 4)), columns=list("abcd"))
    far.loc[299] = 25.0
    assert sum(map(len, found(far).values())) <= 2


@pytest.mark.parametrize("rows", [200, 600])
def test_long_tails_are_hardly_ever_called_slips(rows):
    times = dict.fromkeys(["t", "lognormal", "skewed", "power"], 0)
    for seed in range(60):
        draw = np.random.default_rng(seed)
        columns = {
            "t": draw.standard_t(3, rows),
            "lognormal": draw.lognormal(0.0, 0.5, rows),
            "skewed": draw.gamma(3.0, size=rows),
            "power": 1.0 + draw.pareto(3.0, rows),
        }
        for name, values in columns.items():
            times[name] += bool(found(pd.DataFrame({name: values})))
    assert max(times.values()) <= 5, times  # chance about 5 % would give 3
    assert sum(times.values()) <= 10, times


def test_few_rows_and_few_values_are_not_looked_at():
    frame = people(40)
    frame.loc[3, "weight"] *= 10
    assert found(frame) == {}
    counts = people().assign(visits=np.arange(400) % 9 + 1)
    counts.loc[3, "visits"] = 50
    assert found(counts) == {}


def test_the_order_of_rows_and_many_predictors_change_little():
    frame = people()
    frame.loc[[3, 40], "height"] *= 10
    turned = frame.iloc[::-1].reset_index(drop=True)
    assert found(turned) == {"height": [359, 396]}
    wide = pd.concat([frame, pd.DataFrame(np.random.default_rng(2).normal(size=(400, 210))).add_prefix("z")], axis=1)
    assert found(wide)["height"] == [3, 40]


@pytest.mark.parametrize("seed", range(8))
def test_numbers_that_the_other_columns_say_nothing_of_are_compared_with_their_median(seed):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(120, 25)))
    frame.columns = [f"x{column}" for column in range(25)]
    frame["tag"] = draw.permutation(330)[:120] + 1.0  # a running number: 300 is as usual there as 30
    assert "tag" not in found(frame)
    frame.loc[3, "tag"] = 1600.0  # ten times the median
    assert found(frame)["tag"] == [3]


def test_a_slip_among_the_few_that_have_any_is_found():
    frame = people()
    draw = np.random.default_rng(3)
    cellar = np.where(draw.random(400) < 0.3, (frame["height"] - 130.0 + draw.normal(0.0, 4.0, 400)).round(), 0.0)
    frame["cellar"] = cellar
    assert "cellar" not in found(frame)
    row = int(np.flatnonzero(cellar)[4])
    frame.loc[row, "cellar"] *= 10
    assert found(frame) == {"cellar": [row]}


def test_a_slip_to_a_value_that_is_usual_elsewhere_is_found_where_it_is_exactly_tenfold():
    draw = np.random.default_rng(4)
    staff = 10.0 ** draw.uniform(0.7, 3.0, 500)
    frame = pd.DataFrame({"staff": staff.round(), "sales": (staff * 10.0 ** draw.normal(3.0, 0.03, 500)).round()})
    row = int(np.argsort(staff)[100])
    slipped = frame.assign(staff=frame["staff"].mask(frame.index == row, 10 * frame.loc[row, "staff"]))
    value = slipped.loc[row, "staff"]
    assert (slipped["staff"] > value).mean() > 0.1
    assert found(slipped)["staff"] == [row]
    several = slipped.assign(staff=slipped["staff"].where(abs(slipped["staff"] - value) > 3, value))
    assert (several["staff"] == value).sum() > 2
    assert found(several)["staff"] == [row]  # the others have that value rightly
    assert "staff" not in found(slipped.assign(staff=slipped["staff"].mask(slipped.index == row, 0.6 * value)))


def test_a_precise_value_that_two_rows_share_is_that_of_their_town():
    frame = people()
    frame.loc[[8, 9], "weight"] = 712.3456
    assert found(frame) == {}
    frame.loc[[8, 9], "weight"] = 712.0  # so few digits come twice by chance
    assert found(frame) == {"weight": [8, 9]}
