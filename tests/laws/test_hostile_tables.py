"""Tables that break programs are answered without a fault, or refused in words that say what, where, got and fix.

`hostile_tables.TABLES` lists them. No error of Python, numpy, pandas or scikit-learn reaches the user, no warning, and
no check that fails.
"""

import warnings
from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import samplewise
from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor

spec = util.spec_from_file_location("hostile_tables", Path(__file__).with_name("hostile_tables.py"))
hostile_tables = util.module_from_spec(spec)
spec.loader.exec_module(hostile_tables)
ANSWERED, TABLES = hostile_tables.ANSWERED, hostile_tables.TABLES

LEAST = 100  # tables in the list


def outcome(args, named):
    """What an audit with the fast checks says: the codes of checks that failed, or the refusal."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            record = samplewise.audit(*args, checks="fast", executor=SerialExecutor(), **named).record
        except InputError as refusal:
            return refusal
    return [f"{one.code}: {one.reason}" for one in record.outcomes if one.status == "failed"]


@pytest.mark.parametrize("name", list(TABLES))
def test_a_hostile_table_is_answered_or_refused(name):
    make, words = TABLES[name]
    said = outcome(*make())
    if words == ANSWERED:
        assert said == []
    else:
        assert isinstance(said, InputError), said
        assert words in str(said)
        assert said.got
        assert said.fix


def test_there_are_a_hundred_hostile_tables():
    assert len(TABLES) >= LEAST


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3), st.dates(),
    st.decimals(), st.fractions(), st.lists(st.integers(), max_size=2), st.complex_numbers(),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=3), min_size=1, max_size=3),
    st.lists(CELLS, min_size=2, max_size=3),
)
def test_any_small_frame_is_answered_or_refused(columns, labels):
    count = 12
    frame = pd.DataFrame(
        {f"c{place}": pd.Series([cells[row % len(cells)] for row in range(count)], dtype=object)
         for place, cells in enumerate(columns)}
    )  # fmt: skip
    y = np.empty(count, dtype=object)
    y[:] = [labels[row % len(labels)] for row in range(count)]
    said = outcome((frame, y), {})
    assert said == [] or (said.what and said.fix)
