"""Every change of a sealed file is noticed, whatever its kind."""

import json

import pytest

from samplewise.core.sealed_files import canonical, checksum, opened, seal, seal_json, unseal, unseal_json

BODY = bytes(range(256))


def test_what_was_sealed_comes_back_under_its_name_only():
    assert unseal("a", seal("a", BODY)) == BODY
    assert unseal("b", seal("a", BODY)) is None
    assert unseal("a", BODY) is None
    assert checksum("ab", b"c") != checksum("a", b"bc")


def test_every_flipped_bit_and_every_lost_end_is_noticed():
    whole = seal("a", BODY)
    for place in range(len(whole)):
        assert unseal("a", whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]) is None
        assert unseal("a", whole[:place]) is None
    assert unseal("a", whole + b" ") is None


def test_json_stays_json_and_may_be_laid_out_anew():
    whole = seal_json("a", {"x": [0.1, "ü", None], "y": {}})
    assert unseal_json("a", whole) == {"x": [0.1, "ü", None], "y": {}}
    assert unseal_json("b", whole) is None
    assert unseal_json("a", json.dumps(json.loads(whole), indent=2).encode()) == {"x": [0.1, "ü", None], "y": {}}
    assert whole.endswith(b"\n")
    assert canonical({"b": 1, "a": 2}) == b'{"a":2,"b":1}'


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"{garbage", b"\xff\xfe", b"[" * 100_000, b'{"checksum": 3, "x": 1}',
     b'{"checksum": "0", "x": NaN}'],
)  # fmt: skip
def test_what_was_never_sealed_is_nothing(content):
    assert unseal_json("a", content) is None


def test_an_object_with_another_entry_does_not_fit():
    held = json.loads(seal_json("a", {"x": 1}))
    assert opened("a", held) == {"x": 1}
    assert opened("a", held | {"x": 2}) is None
    assert opened("a", held | {"y": 2}) is None
