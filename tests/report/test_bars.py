"""Bars stand where their numbers say, on one scale with zero in view."""

import math

import numpy as np
import pytest

from samplewise.core.findings import AuditRecord
from samplewise.core.texts import MINUS
from samplewise.core.values import Exhibit
from samplewise.report.bars import Scale, counts_picture, exhibit_picture, remedy_picture
from samplewise.report.limits import Limits
from samplewise.report.remedy_order import advice_of, helping


def test_a_scale_holds_all_numbers_and_zero() -> None:
    scale = Scale([2.0, 5.0])
    assert scale(0.0) == 0.0
    assert scale(5.0) < 100.0
    assert Scale([-3.0])(0.0) == pytest.approx(100 - 4 / 1.08, abs=1)
    assert math.isfinite(Scale([])(0.0))


@pytest.mark.parametrize(
    ("numbers", "labels"),
    [
        ([-0.4, 1.9], ["0.0", "0.5", "1.0", "1.5"]),
        ([0, 24720], ["0", "5,000", "10,000", "15,000", "20,000", "25,000"]),
        ([-0.04, 0.01], [f"{MINUS}0.04", f"{MINUS}0.03", f"{MINUS}0.02", f"{MINUS}0.01", "0.00", "0.01"]),
    ],
)
def test_ticks_are_round_numbers(numbers: list[float], labels: list[str]) -> None:
    shown = Scale(numbers).ticks()
    assert [label for _, label in shown] == labels
    assert all(0 <= at <= 100 for at, _ in shown)


def test_the_picture_has_remedy_and_random_one_on_the_same_scale(rich: AuditRecord) -> None:
    tested, untested = advice_of(rich)
    picture = remedy_picture(tested, Limits())
    assert picture is not None
    best = picture.rows[0]
    assert (best.word, best.number, best.cost) == ("helps", "+1.31 [+0.76, +1.86]", "cost 103")
    assert best.bar.low is not None
    assert best.bar.high is not None
    assert picture.zero == best.bar.start < best.bar.low < best.bar.start + best.bar.width < best.bar.high
    assert best.control is not None
    assert best.control.start < picture.zero
    assert [item.action for item in untested] == ["Have a person look at the worst 100"]


def test_tested_remedies_are_ordered_by_effect(rich: AuditRecord) -> None:
    tested, _ = advice_of(rich)
    effects = [item.remedy.effect.value for item in tested if item.remedy.effect]
    assert effects == sorted(effects, reverse=True)
    assert [item.remedy.verdict for item in helping(tested)] == ["helps"] * 3


def test_a_bar_to_the_left_of_zero_ends_there() -> None:
    bar = Scale([-2.0, 2.0]).bar(-1.0, -1.5, -0.5, "")
    assert bar.start + bar.width == pytest.approx(50.0)
    assert bar.start == pytest.approx(Scale([-2.0, 2.0])(-1.0))


def test_shares_are_drawn_in_per_cent() -> None:
    exhibit = Exhibit("bars", "b", {"name": np.array(["a"]), "value": np.array([0.125])}, "share")
    picture = exhibit_picture(exhibit, Limits())
    assert picture is not None
    assert picture.unit == "%"
    assert picture.rows[0].number == "12.5"


def test_counts_have_no_interval_and_are_cut() -> None:
    picture = counts_picture([("a", 30.0), ("b", 10.0), ("c", 5.0)], "rows", Limits(classes=2))
    assert [row.number for row in picture.rows] == ["30", "10"]
    assert picture.rows[0].bar.width == pytest.approx(3 * picture.rows[1].bar.width, rel=1e-3)
    assert picture.rows[0].bar.low is None


def test_a_bar_holds_its_numbers_for_those_who_save_them() -> None:
    assert Scale([1.0]).bar(0.1 + 0.2, math.nan, 1.0, "").numbers == (0.3, "", 1.0)


def test_a_waterfall_draws_each_part_from_where_the_one_before_ended():
    columns = {
        "name": np.array(["at home", "harder", "mended", "there"]), "value": np.array([10.0, 5.0, -3.0, 12.0]),
        "low": np.array([8.0, 4.0, -4.0, 9.0]), "high": np.array([12.0, 6.0, -2.0, 15.0]),
        "start": np.array([0.0, 10.0, 15.0, 0.0]),
    }  # fmt: skip
    picture = exhibit_picture(Exhibit("bars", "parts", columns, "points"), Limits())
    home, harder, mended, there = (row.bar for row in picture.rows)
    assert home.start == picture.zero
    assert harder.start == pytest.approx(home.start + home.width)
    assert mended.start + mended.width == pytest.approx(harder.start + harder.width)
    assert there.start + there.width == pytest.approx(mended.start)
    assert harder.low < harder.start + harder.width < harder.high
    assert harder.numbers == (5.0, 4.0, 6.0)
