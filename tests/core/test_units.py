"""Amounts as people write and read them: what is written can be read again, and what is none is refused."""

import math

import pytest

from samplewise.core.errors import InputError
from samplewise.core.units import bytes_of, bytes_text, seconds_of, seconds_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("2min", 120), (" 2 Min ", 120), ("1h", 3600), ("90", 90), (".5m", 30), (5, 5), (None, None)],
)
def test_times_as_people_write_them(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4GB", 4e9),
        ("500 MB", 5e8),
        ("1.5k", 1500),
        ("12kb", 12_000),
        ("2GiB", 2**31),
        ("1tib", 2**40),
        (7, 7),
        ("7b", 7),
    ],
)
def test_memory_as_people_write_it(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("read", [seconds_of, bytes_of])
@pytest.mark.parametrize("given", ["soon", "5 fortnights", "-3", "1.2.3", ".", "", 0, -1.0, math.nan, math.inf, "0"])
def test_what_is_no_amount_is_refused(read, given):
    with pytest.raises(InputError) as caught:
        read(given)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.034, "0.03 s"), (0.42, "0.4 s"), (12.3, "12 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (None, ""),
        (math.nan, ""),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (999, "999 B"), (3.2e9, "3.2 GB"), (12_345_678, "12.3 MB")])
def test_memory_is_written_as_it_can_be_read(count, text):
    assert bytes_text(count) == text
    assert not count or bytes_of(text) == pytest.approx(count, rel=0.01)
