"""Wording and pictures of what more rows would buy."""

import numpy as np
import pytest

from samplewise.auditing.more_data import Wanted, forecast_record
from samplewise.core.codec import from_dict, to_dict
from samplewise.curves import LearningCurve
from samplewise.report import verdict

SIZES = np.array([50, 100, 200, 400, 800])


def falling(seed=0):
    draws = 0.03 + 1.6 * SIZES**-0.55 + 0.008 * np.random.default_rng(seed).normal(size=(5, 5))
    return LearningCurve(SIZES, draws)


@pytest.fixture(scope="module")
def record():
    return forecast_record(falling(), Wanted(0.05, 0.2), {"source": "curve.csv"}, {"seed": 0})


def test_the_record_answers_one_question_first(record):
    first = record.outcomes[0].result.findings[0]
    assert verdict(record).sentence.startswith(first.title)
    assert first.title.startswith("An error of 5 % needs about")
    assert [item.quantity for item in record.outcomes[0].result.measured] == [
        "rows_needed", "chance_to_reach", "expected_cost", "gain_of_twice_the_rows",
    ]  # fmt: skip


def test_the_record_survives_its_file(record):
    assert verdict(from_dict(to_dict(record))).sentence == verdict(record).sentence


def test_chances_rise_and_prices_are_those_of_the_rows(record):
    drawn = {exhibit.title: exhibit.columns for exhibit in record.outcomes[0].result.exhibits}
    reach = drawn["Chance to be at an error of 5 %"]
    assert (np.diff(reach["value"]) >= 0).all()
    price = drawn["What the chance costs"]["price of the rows"]
    np.testing.assert_allclose(price, 0.2 * (reach["rows trained on"][1:] - 800), atol=0.2)
    more = forecast_record(falling(), Wanted(0.05, 0.2), {}, {}, rows=1000).outcomes[0].result
    fewer = record.outcomes[0].result
    assert more.findings[0].remedies[0].cost == pytest.approx(fewer.findings[0].remedies[0].cost - 40)
    assert more.exhibits[2].columns["price of the rows"][0] > 0
    batches = drawn["Planned batches"]
    np.testing.assert_allclose(batches["price so far"], 0.2 * (batches["rows after it"] - 800))


def test_more_rows_than_were_measured_are_the_place(record):
    later = forecast_record(falling(), Wanted(), {}, {}, rows=1000)
    columns = later.outcomes[0].result.exhibits[0].columns
    place = list(columns["status"]).index("here")
    assert columns["rows trained on"][place] == 1000
    assert (np.diff(columns["rows trained on"]) > 0).all()
    assert "another 1,000 rows" in verdict(later).sentence.lower()
