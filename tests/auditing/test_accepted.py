"""Codes of checks are used or refused, never passed over."""

import pytest

from samplewise.auditing.accepted import accepted_findings, codes_named
from samplewise.core.errors import InputError

KNOWN = ("SW101", "SW102", "SW201", "SW202")


@pytest.mark.parametrize(
    ("word", "codes"), [("SW101", ["SW101"]), (" sw2 ", ["SW201", "SW202"]), ("SW", list(KNOWN))]
)  # fmt: skip
def test_a_code_or_the_beginning_of_a_family(word, codes):
    assert codes_named(word, KNOWN, "checks") == codes


@pytest.mark.parametrize("word", ["SW10", "SW999", "", " ", 101, None, "SW1011"])
def test_a_part_of_a_code_or_another_word_is_refused(word):
    with pytest.raises(InputError, match=r"(?s)no check named.*where: +checks.*known: SW101"):
        codes_named(word, KNOWN, "checks")


@pytest.mark.parametrize(
    ("accepted", "ids"),
    [
        (None, {}),
        ("SW101, SW2", {"SW101": None, "SW201": None, "SW202": None}),
        (["SW102"], {"SW102": None}),
        ({"SW101": [3, "a"], "SW102": None}, {"SW101": frozenset({"3", "a"}), "SW102": None}),
    ],
)
def test_accepted_findings_in_every_form(accepted, ids):
    assert accepted_findings(accepted, KNOWN) == ids


@pytest.mark.parametrize("accepted", [["SW10"], {"SW999": None}, "", 105, [105], {"SW101": "3"}, {"SW101": 3}, True])
def test_what_would_accept_nothing_is_refused(accepted):
    with pytest.raises(InputError) as refused:
        accepted_findings(accepted, KNOWN)
    assert "accepted" in refused.value.where
    assert refused.value.fix
