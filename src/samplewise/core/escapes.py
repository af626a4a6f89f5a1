"""Text from outside where a terminal, a page or a shell would act on it: hidden characters are shown, words quoted.

Names of files, columns, classes and rows come from whoever made the data. Three readers of our output would act on
what such a name holds: a terminal (escape sequences, marks that reverse the reading direction, further lines), a shell
that a suggested command is pasted into, and a spreadsheet (`core.csv_text`).
"""

import os
import re
import shlex
from collections.abc import Iterable
from typing import Any

# Control characters, marks of the reading direction, what has no width and no meaning (the joiners of scripts and
# emoji stay), line ends of other systems, halves of surrogate pairs (bytes of file names that are no UTF-8), and what
# is no character at all.
HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
)
_HIDDEN = re.compile(f"[{HIDDEN}]")
_BREAKS = re.compile("[\t\n\r]")
_NAMED = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_KEPT_CODE = re.compile(rf"(\\*)(?:([{HIDDEN}])|u([0-9a-f]{{4}}))")
_BYTE_CODE = re.compile(r"\\u(dc[89a-f][0-9a-f])")
_OPTION = "-"
_IN_ADDRESSES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()")


def visible(value: Any) -> str:
    r"""The text of a value with every hidden character as its code, `\u001b`; tabs and line feeds stay.

    >>> print(visible("a\x1b[2Jb"))
    a\u001b[2Jb
    """
    return _HIDDEN.sub(_code, str(value))


def one_line(value: Any) -> str:
    r"""The same on one line: a line feed, carriage return or tab is shown as `\n`, `\r`, `\t`.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return visible(_BREAKS.sub(lambda found: _NAMED[found[0]], str(value)))


def kept(text: str) -> str:
    r"""Hidden characters as codes so that `restored` gives the text back, whatever it is.

    Backslashes before what is such a code already are doubled, all others stay: a path of Windows is not changed.
    Tabs, line feeds and carriage returns stay.
    """
    return _KEPT_CODE.sub(_keep, text)


def restored(text: str) -> str:
    """The text that `kept` was given."""
    return _KEPT_CODE.sub(_restore, text)


def unicode_name(name: str) -> str:
    r"""A file name as text that every file can hold: its bytes that are no UTF-8 are codes, `caf\udce9.png`."""
    return name.encode("utf-8", "backslashreplace").decode()


def file_name(text: str) -> str:
    """The file name that `unicode_name` was given."""
    return _BYTE_CODE.sub(lambda found: chr(int(found[1], 16)), text)


def _code(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _is_code(digits: str) -> bool:
    character = chr(int(digits, 16))
    return character != "\r" and _HIDDEN.match(character) is not None


def _keep(found: re.Match[str]) -> str:
    slashes, character, digits = found.groups()
    if character is not None:
        return found[0] if character == "\r" else f"{slashes * 2}\\u{ord(character):04x}"
    return f"{slashes * 2}u{digits}" if _is_code(digits) else found[0]


def _restore(found: re.Match[str]) -> str:
    slashes, _, digits = found.groups()
    if digits is None or not _is_code(digits):
        return found[0]
    half = slashes[: len(slashes) // 2]
    return half + (chr(int(digits, 16)) if len(slashes) % 2 else f"u{digits}")


# ---- addresses within a page ----------------------------------------------------------------------------------------


def address_text(text: str) -> str:
    """A text as part of an address, as a browser's encodeURIComponent has it; halves of surrogate pairs as codes.

    >>> address_text("a b/ü")
    'a%20b%2F%C3%BC'
    """
    codes = unicode_name(text).encode()
    return "".join(chr(byte) if byte in _IN_ADDRESSES else f"%{byte:02X}" for byte in codes)


# ---- words of a shell -----------------------------------------------------------------------------------------------


def shell_word(word: str) -> str:
    r"""A word as a POSIX shell takes it, and as a terminal can show it: bash, zsh and ksh read `$'\x1b'`.

    >>> print(shell_word("my run; rm x"), shell_word("a\x1bb"))
    'my run; rm x' $'a\x1bb'
    """
    if not (_HIDDEN.search(word) or _BREAKS.search(word)):
        return shlex.quote(word)
    return "$'" + re.sub(rf"[{HIDDEN}\t\n\\']", _quoted_bytes, word) + "'"


def _quoted_bytes(found: re.Match[str]) -> str:
    if found[0] in "\\'":
        return f"\\{found[0]}"
    escaped = "\udc80" <= found[0] <= "\udcff"  # a byte of a file name that is no UTF-8
    return "".join(
        f"\\x{byte:02x}" for byte in found[0].encode("utf-8", "surrogateescape" if escaped else "surrogatepass")
    )


def shell_path(path: str | os.PathLike[str]) -> str:
    """A path as a word that no command takes for an option.

    >>> shell_path("-rf")
    './-rf'
    """
    text = os.fspath(path)
    return shell_word(f"./{text}" if text.startswith(_OPTION) else text)


def shell_option(option: str, values: Iterable[str]) -> str:
    """An option with its values; each is tied to the option where one of them looks like an option itself.

    >>> print(shell_option("--drop-columns", ["a b", "c"]))
    --drop-columns 'a b' c
    >>> print(shell_option("--drop-columns", ["-x"]))
    --drop-columns=-x
    """
    words = list(values)
    if any(word.startswith(_OPTION) for word in words):
        return " ".join(f"{option}={shell_word(word)}" for word in words)
    return " ".join([option, *map(shell_word, words)])


def shell_command(words: Iterable[str]) -> str:
    """Words as one command that can be pasted into a shell."""
    return " ".join(map(shell_word, words))
