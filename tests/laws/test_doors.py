"""The same rows give the same answer by every door, and what is no rows is refused in the library's own words."""

import inspect
from importlib import import_module, util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.data import Dataset

spec = util.spec_from_file_location("doors", Path(__file__).with_name("doors.py"))
doors = util.module_from_spec(spec)
spec.loader.exec_module(doors)

NAMES = ["a", "b", "c"]
ONE = pytest.mark.parametrize("name", sorted(doors.ONE_DATA_SET))
TWO = pytest.mark.parametrize("name", sorted(doors.TWO_DATA_SETS))


def rows(count=120):
    """Two clouds with a few wrong labels, in numbers that a file holds exactly."""
    draw = np.random.default_rng(0)
    y = np.arange(count) % 2
    X = np.round(draw.normal(size=(count, 3)) + 2.0 * y[:, None], 3)
    y = y.copy()
    y[::17] = 1 - y[::17]
    return Dataset(X, y)


@ONE
def test_every_door_gives_the_same_answer(name, tmp_path):
    method, data = doors.ONE_DATA_SET[name], rows()
    frame = pd.DataFrame(data.X, columns=NAMES)
    table = frame.assign(kind=data.y)
    table.to_csv(tmp_path / "rows.csv", index=False)
    answers = [
        method(data, (data.X, data.y)), method(data, data.X, data.y), method(data, data), method(data, frame, data.y),
        method(data, table, label="kind"), method(data, tmp_path / "rows.csv", label="kind"),
    ]  # fmt: skip
    for answer in answers[1:]:
        np.testing.assert_allclose(answer, answers[0], rtol=1e-6, atol=1e-9)
    assert np.isfinite(answers[0]).any()


@TWO
def test_two_data_sets_come_as_pairs_or_data_sets(name):
    method, data = doors.TWO_DATA_SETS[name], rows()
    one, two = data.take(np.arange(80)), data.take(np.arange(80, 120))
    pairs = method(data, (one.X, one.y), (two.X, two.y))
    sets = method(data, Dataset(one.X, one.y), Dataset(two.X, two.y))
    np.testing.assert_allclose(pairs, sets, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", sorted(doors.ROWS_BESIDE))
def test_rows_beside_something_else_come_in_every_form(name, tmp_path):
    method, data = doors.ROWS_BESIDE[name], rows(400)
    table = pd.DataFrame(data.X, columns=NAMES).assign(kind=data.y)
    table.to_csv(tmp_path / "rows.csv", index=False)
    expected = method(data, data)
    for given, named in [
        ((data.X, data.y), {}),
        (table, {"label": "kind"}),
        (tmp_path / "rows.csv", {"label": "kind"}),
    ]:
        np.testing.assert_array_equal(method(data, given, **named), expected)
    for given in (None, 5, doors.linear(data)):
        with pytest.raises(InputError, match="data must be rows"):
            method(data, given)


@ONE
def test_what_is_no_rows_is_refused(name):
    data = rows()
    for given in (None, 5, Scores("s", np.zeros(3), np.arange(3), "", ""), doors.linear(data)):
        if given is None and name in ("generalization.supervision_complexity", "information.unique_information"):
            continue  # rows may be left out where a kernel and targets are given
        with pytest.raises(InputError):
            doors.ONE_DATA_SET[name](data, given)


@ONE
def test_a_learner_in_the_place_of_labels_is_recognized(name):
    data = rows()
    for given in ("boosting", doors.linear(data)):
        with pytest.raises(InputError, match="learner="):
            doors.ONE_DATA_SET[name](data, data.X, given)


@pytest.mark.parametrize("name", sorted(doors.RESULTS_OF_AN_EARLIER_STEP))
def test_rows_in_the_place_of_a_result_are_refused_with_the_step_that_makes_it(name):
    room, function = name.split(".")
    method, data = getattr(import_module(f"samplewise.{room}"), function), rows()
    needed = [
        parameter.name
        for parameter in inspect.signature(method).parameters.values()
        if parameter.default is parameter.empty
    ]
    with pytest.raises(InputError, match=r"(?s)this needs a .*got: +(tuple|Dataset).*pass what comes from"):
        method(**{parameter: (data.X, data.y) for parameter in needed})
    with pytest.raises(InputError, match="pass what comes from"):
        method(**dict.fromkeys(needed, data))


def test_every_exported_function_stands_in_the_table():
    exported = {"audit"}
    for room in doors.ROOMS:
        module = import_module(f"samplewise.{room}")
        exported |= {f"{room}.{name}" for name in module.__all__ if inspect.isfunction(getattr(module, name))}
    known = [set(doors.ONE_DATA_SET), set(doors.TWO_DATA_SETS), doors.RESULTS_OF_AN_EARLIER_STEP,
             set(doors.ROWS_BESIDE), doors.NUMBERS, doors.SEVERAL]  # fmt: skip
    assert sum(map(len, known)) == len(set().union(*known))
    assert exported == set().union(*known)


@ONE
def test_data_come_first_and_everything_else_by_name(name):
    if name == "audit":
        from samplewise import audit as method
    else:
        room, function = name.split(".")
        method = getattr(import_module(f"samplewise.{room}"), function)
    parameters = list(inspect.signature(method).parameters.values())
    assert [parameter.name for parameter in parameters[:2]] in (["data", "y"], ["X", "y"])
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters[2:])
    assert "label" in {parameter.name for parameter in parameters}
