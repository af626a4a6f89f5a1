"""The list of checks, and the ways to choose among them."""

import re

import pytest

from samplewise.auditing.catalog import CHECKS, catalog, choose_checks
from samplewise.core.errors import InputError


def test_every_check_is_listed_once_under_its_code():
    checks = catalog()
    assert len(checks) == len(CHECKS) > 15
    for code, check in checks.items():
        assert code == check.CODE
        assert re.fullmatch(r"SW\d{3}", code)
        assert check.__name__.rsplit(".", 1)[1].startswith(code.lower() + "_")


def test_checks_are_chosen_by_name_and_by_the_beginning_of_their_codes():
    assert choose_checks("default") == tuple(catalog())
    fast = choose_checks("fast")
    assert set(fast) == {code for code, check in catalog().items() if not check.SLOW}
    assert 0 < len(fast) < len(catalog())
    assert set(choose_checks(" sw2 ,SW101")) == {"SW101", "SW201", "SW202", "SW203"}
    assert choose_checks(["SW201", "SW101"]) == ("SW101", "SW201")  # in the order they run


def test_an_unknown_code_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"(?s)no check named 'SW109X'.*fix:.*SW10"):
        choose_checks("SW109x")
