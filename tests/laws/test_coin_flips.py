"""The law of `coin_flips.py` on two seeds, its committed figures on twenty, and what has no error of its own."""

import json
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from samplewise import influence


def loaded(name):
    spec = util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


law, doors = loaded("coin_flips"), loaded("doors")


@pytest.mark.parametrize("name", sorted(law.METHODS))
def test_copies_do_not_talk_a_method_into_less_than_half(name):
    draws = [law.measured(name, seed) for seed in range(2)]
    assert any(draw["holds"] for draw in draws)
    assert all(0.3 < draw["error"] < 0.7 for draw in draws)


def test_the_committed_figures_of_twenty_seeds_hold():
    figures = json.loads(law.FIGURES.read_text("utf-8"))
    assert set(figures) == set(law.METHODS)
    assert all(figure["of"] == law.SEEDS and figure["holds"] >= law.NEEDED for figure in figures.values())


def test_rows_that_say_nothing_are_worth_nothing():
    """Each copy would lower the error of the other if the two could stand on both sides of a split."""
    benefit = influence.leave_one_out(law.coin_flips(0))
    known = benefit.values[np.isfinite(benefit.values)]
    assert known.mean() < 2.0 * known.std() / np.sqrt(len(known))


def test_every_method_that_fits_stands_in_a_table():
    measured = {name.partition(",")[0] for name in law.METHODS}
    assert measured | set(law.WITHOUT_AN_ERROR) == set(doors.ONE_DATA_SET) | set(doors.TWO_DATA_SETS)
    assert not measured & set(law.WITHOUT_AN_ERROR)
