"""Labels, groups and cells that are no single value, or no text, are refused by row."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.cell_types import decoded, is_one_value, is_unicode, require_text, require_values
from samplewise.data.conversions import as_features, as_vector
from samplewise.data.dataset import Dataset

IDS = np.array([7, 8])
HALF = chr(0xD800)


def objects(*cells):
    values = np.empty(len(cells), dtype=object)
    values[:] = cells
    return values


@pytest.mark.parametrize("kind", [str, bytes, int, float, bool, Decimal, Fraction, dt.date, pd.Timestamp, pd.Interval])
def test_what_one_value_is(kind):
    assert is_one_value(kind)


@pytest.mark.parametrize("cell", [[1], (1,), {1}, {"a": 1}, np.arange(2), object(), pd.DataFrame()])
def test_what_holds_several_values_is_refused_with_its_row(cell):
    assert not is_one_value(type(cell))
    with pytest.raises(InputError, match="no single value") as refusal:
        require_values(objects("a", cell), IDS, "groups")
    assert refusal.value.where == "rows id 8"


def test_complex_numbers_and_records_are_refused():
    for values, words in ((np.array([1j, 2j]), "complex"), (np.zeros(2, dtype=[("a", float)]), "records")):
        with pytest.raises(InputError, match=words):
            require_values(values, IDS, "y")


def test_text_with_half_a_character_is_refused_with_its_row():
    assert not is_unicode(HALF)
    with pytest.raises(InputError, match="not Unicode") as refusal:
        require_text(["漢", "a" + HALF], IDS, "y")
    assert refusal.value.where == "rows id 8"
    require_text([None, 3.0, "漢"], [1, 2, 3], "y")


def test_bytes_are_read_as_utf_8():
    assert decoded(objects(b"\xc3\xa9", "x", None), "y").tolist() == ["é", "x", None]
    assert as_vector([b"a", b"b", b"a"], "y").tolist() == ["a", "b", "a"]
    assert as_features(pd.DataFrame({"a": [b"x", b"y"]}))["a"].tolist() == ["x", "y"]
    with pytest.raises(InputError, match="not UTF-8") as refusal:
        decoded(objects(b"a", b"\xff"), "y")
    assert refusal.value.where == "cell 1, from 0"


def test_exact_numbers_of_python_are_numbers_of_any_size():
    cells = [Decimal("1.5"), Fraction(1, 4), Decimal("sNaN"), 10**400]
    assert as_vector(cells, "weights").tolist()[:2] == [1.5, 0.25]
    assert np.isnan(as_vector(cells, "weights")[2])
    assert np.isinf(as_vector(cells, "weights")[3])


def test_dates_are_no_labels():
    for y in (pd.date_range("2020", periods=2).to_numpy(), [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]):
        with pytest.raises(InputError, match="dates or durations"):
            Dataset([[1.0], [2.0]], y)
