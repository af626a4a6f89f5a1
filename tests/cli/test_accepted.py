import pytest

from samplewise.cli.accepted import read_accepted
from samplewise.core.errors import InputError

CODES = ("SW101", "SW102", "SW201")


def written(tmp_path, text):
    path = tmp_path / "accepted.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_codes_beginnings_and_rows(tmp_path):
    path = written(tmp_path, "code,id\n# seen by Ana\nsw201,17\nSW201, 18\n\nSW1\n")
    assert read_accepted(path, CODES) == {"SW101": None, "SW102": None, "SW201": frozenset({"17", "18"})}


def test_a_whole_code_outweighs_its_rows(tmp_path):
    assert read_accepted(written(tmp_path, "SW201,17\nSW201\n"), CODES) == {"SW201": None}


def test_an_unknown_code_is_named_with_its_line_and_the_nearest(tmp_path):
    path = written(tmp_path, "SW101\nSW210\n")
    with pytest.raises(InputError, match=r"(?s)no check named 'SW210'.*did you mean 'SW201'.*accepted.csv, line 2"):
        read_accepted(path, CODES)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"(?s)cannot be read.*nowhere.csv.*one code a line"):
        read_accepted(tmp_path / "nowhere.csv", CODES)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "accepted.csv"
    path.write_bytes(b"SW101\n\xff")
    with pytest.raises(InputError, match=r"(?s)not UTF-8.*accepted.csv.*byte 6.*save it as UTF-8"):
        read_accepted(path, CODES)
