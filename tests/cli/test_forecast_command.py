"""`samplewise forecast`: from a curve, from the rows, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samplewise.cli.app import app
from samplewise.cli.forecast_command import is_curve


def notes(*words):
    return CliRunner().invoke(app, ["forecast", *map(str, words)])


@pytest.fixture
def curve(tmp_path, monkeypatch):
    """A falling curve in a file, with the directory to run in."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    sizes = np.tile([50, 100, 200, 400, 800], 5)
    errors = 0.03 + 1.6 * sizes**-0.55 + 0.008 * draw.normal(size=25)
    pd.DataFrame({"n": sizes, "error": errors, "repeat": np.repeat(np.arange(5), 5)}).to_csv("curve.csv", index=False)
    return tmp_path


def test_a_curve_gives_rows_price_and_a_page(curve):
    result = notes("curve.csv", "--target-error", 0.05, "--price-per-row", 0.2, "--out", "page.html")
    assert result.exit_code == 0, result.output
    assert "An error of 5 % needs about" in result.output
    assert "Planned batches" in result.output
    page = (curve / "page.html").read_text()
    assert "How much data:" in page
    for words in ("Chance to be at an error of 5 %", "What the chance costs", "you are here", "Collect"):
        assert words in page
    assert "Every check" not in page


def test_a_target_out_of_reach_is_called_that(curve):
    result = notes("curve.csv", "--target-error", 0.002, "--quiet")
    assert result.exit_code == 0, result.output
    assert "An error of 0.2 % is unlikely to be reached with this learner" in result.output
    assert "Planned batches" not in result.output


def test_a_target_that_is_met_has_a_page_too(curve):
    result = notes("curve.csv", "--target-error", 0.12)
    assert result.exit_code == 0, result.output
    assert "An error of 12 % is met at 200 rows" in result.output
    page = (curve / "forecast.html").read_text()
    assert "An error of 12 % is met at 200 rows" in page
    assert "you are here" in page


def test_without_a_target_it_says_what_the_next_rows_buy(curve):
    result = notes("curve.csv")
    assert result.exit_code == 0, result.output
    assert "Another 800 rows are forecast to lower the error by" in result.output
    assert (curve / "forecast.html").exists()


def test_rows_are_measured_first(curve):
    draw = np.random.default_rng(1)
    x = draw.normal(size=(240, 3))
    frame = pd.DataFrame(x, columns=list("abc")).assign(kind=np.where(x[:, 0] + draw.normal(size=240) > 0, "yes", "no"))
    frame.loc[3, "kind"] = None
    frame.to_csv("rows.csv", index=False)
    result = notes("rows.csv", "--label", "kind", "--learner", "linear", "--repeats", 3, "--quiet")
    assert result.exit_code == 0, result.output
    assert "239 rows" in result.output


def test_time_groups_and_columns_are_left_out_as_in_the_audit(curve):
    draw = np.random.default_rng(1)
    x = draw.normal(size=(240, 2))
    frame = pd.DataFrame(x, columns=["a", "b"]).assign(
        price=1000 * (x[:, 0] + 0.2 * draw.normal(size=240)), day=np.arange(240), site=np.arange(240) // 4
    )
    frame["leak"] = frame["price"]
    frame.to_csv("sales.csv", index=False)
    words = ("sales.csv", "--label", "price", "--learner", "linear", "--repeats", 2, "--quiet", "--time", "day")
    honest = notes(*words, "--drop-columns", "leak", "site", "--groups", "site", "--target-error", 5000)
    assert honest.exit_code == 0, honest.output
    assert "An error of 5,000 in the label's unit is met at" in honest.output
    far = notes(*words, "--drop-columns", "leak", "site", "--target-error", 1)
    assert "An error of 1 in the label's unit is unlikely to be reached" in far.output
    assert notes(*words, "--target-error", -1).exit_code == 2


def test_a_learner_known_by_name_makes_another_forecast(curve):
    plain, named = (notes("curve.csv", "--target-error", 0.04, *more) for more in ((), ("--learner", "forest")))
    assert named.exit_code == 0, named.output
    assert plain.output != named.output
    unknown = notes("curve.csv", "--learner", "my_net")
    assert unknown.exit_code == 0, unknown.output
    assert "No curves of my_net were learned from" in Path("forecast.html").read_text(encoding="utf-8")


def test_a_learner_that_is_not_known_is_warned_of_once(curve):
    result = notes("curve.csv", "--target-error", 0.04, "--learner", "nosuchnet")
    assert result.exit_code == 0, result.output
    page = (curve / "forecast.html").read_text("utf-8")
    assert page.count("No curves of nosuchnet were learned from") == 2  # in the contents, and as a finding


def test_an_odd_curve_is_read_with_a_warning(curve):
    pd.DataFrame({"n": [50, 100, 200, 400], "error": [0.2, 0.2, 0.2, 0.2], "standard_error": 4 * [0.01]}).to_csv(
        "flat.csv", index=False
    )
    result = notes("flat.csv")
    assert result.exit_code == 0, result.output
    assert "look at it" in (curve / "forecast.html").read_text()


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (("curve.csv", "--target-error", 5), "did you mean 0.05?"),
        (("curve.csv", "--target-error", 0.05, "--price-per-row", 0), "the price of one row"),
        (("nowhere.csv",), "check the path"),
        (("curve.csv", "--id", "key", "--repeats", 3), "the curve is there already"),
        (("curve.csv", "--max-size", "1GB"), "the curve is there already"),
        (("curve.csv", "--target-error", 0.05, "--rounds", 3), "--price-per-row PRICE"),
        (("curve.csv", "--price-per-row", 3), "--target-error SHARE"),
        (("curve.csv", "--out", "./curve.csv"), "name another file"),
        (("curve.csv", "--label", "error", "--max-size", "10B"), "allow more where there is room"),
    ],
)
def test_what_has_no_answer_is_refused(curve, words, fix):
    result = notes(*words)
    assert result.exit_code == 2
    assert fix in result.output


def test_only_a_table_of_n_and_error_is_a_curve(curve):
    assert is_curve(curve / "curve.csv")
    (curve / "other.csv").write_text("a,b\n1,2\n")
    assert not is_curve(curve / "other.csv")
    (curve / "curve.parquet").write_text("")
    assert not is_curve(curve / "curve.parquet")
