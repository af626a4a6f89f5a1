"""How much a page shows, from generous to certain, and what it says of the rest."""

from dataclasses import astuple
from itertools import pairwise

import pytest

from samplewise.report.limits import LADDER, Limits, cut_note


def test_every_rung_shows_no_more_than_the_one_before():
    assert LADDER[0] == Limits()
    for wider, narrower in pairwise(LADDER):
        pairs = list(zip(astuple(wider), astuple(narrower), strict=True))
        assert all(one >= other for one, other in pairs)
        assert any(one > other for one, other in pairs)
    with pytest.raises(AttributeError):
        Limits().rows = 5


def test_what_was_cut_is_said_with_its_count():
    note = cut_note((100, 12_345, "row"), (5, 5, "column"), (2, 3, "class", "classes"))
    assert note == "100 of 12,345 rows, 2 of 3 classes shown; the rest is in audit.json and in findings/."
    assert cut_note((5, 5, "row")) == ""
    assert cut_note() == ""
