"""Hidden characters are shown as codes, and words survive a shell."""

import os
import random
import shutil
import subprocess

import pytest

from samplewise.core.escapes import (
    address_text,
    kept,
    one_line,
    restored,
    shell_command,
    shell_option,
    shell_path,
    shell_word,
    visible,
)

PIECES = [*"\\ua1 \t\r\n\x00\x1b\udcff\u202e\ud83d", "\\u001b", "u001b", "udcff", "\\u00e9", "C:\\users"]
WORDS = [
    "plain", "my run; touch X", "a'b", 'a"b', "$(touch X)", "`touch X`", "a\nb", "~", "*", "!x", "", "a\\b", "\x1b[2J",
    "#a", "\u202etxt", "caf\udce9", "-x", "\x1b5'\\", "\x7f&&", "Größe 名前",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", r"\u001b]0;owned\u0007"), ("\u202etxt", r"\u202etxt"), ("a\u200bb", r"a\u200bb"),
        ("caf\udce9", r"caf\udce9"), ("\x9b2J", r"\u009b2J"), ("a\u2028b", r"a\u2028b"), ("a\x00", r"a\u0000"),
    ],
)  # fmt: skip
def test_hidden_characters_are_shown_as_codes(text: str, shown: str) -> None:
    assert visible(text) == one_line(text) == shown
    assert visible(shown) == shown


def test_a_line_stays_one_line() -> None:
    assert one_line("a\nb\r\tc") == r"a\nb\r\tc"
    assert visible("a\n\tb") == "a\n\tb"


def test_other_scripts_and_joined_emoji_stay() -> None:
    for text in ("Größe 名前 עברית", "\U0001f469\u200d\U0001f52c", "क्\u200dष"):
        assert visible(text) == kept(text) == text


def test_what_is_kept_is_restored() -> None:
    draw = random.Random(0)
    for _ in range(5000):
        text = "".join(draw.choices(PIECES, k=draw.randint(0, 8)))
        assert restored(kept(text)) == text
        kept(text).encode("utf-8")
    assert kept("C:\\users\\u00e9") == "C:\\users\\u00e9"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("word", WORDS, ids=ascii)
def test_a_shell_reads_the_word_back(word: str) -> None:
    command = f"printf '%s' {shell_word(word)}"
    assert command == visible(command)
    assert "\n" not in command
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout == os.fsencode(word)


def test_paths_and_values_are_no_options() -> None:
    assert shell_path("-rf") == "./-rf"
    assert shell_path("my run") == "'my run'"
    assert shell_option("--label", ["a b"]) == "--label 'a b'"
    assert shell_option("--drop-columns", ["-x", "y"]) == "--drop-columns=-x --drop-columns=y"
    assert shell_command(["samplewise", "audit", "a;b"]) == "samplewise audit 'a;b'"


def test_a_text_in_an_address_is_that_of_a_browser() -> None:
    assert address_text("it's (1)*~!") == "it's%20(1)*~!"
    assert address_text("#a&b=c/\u00fc\U0001f600") == "%23a%26b%3Dc%2F%C3%BC%F0%9F%98%80"
    assert address_text("half \ud83d") == r"half%20%5Cud83d"
