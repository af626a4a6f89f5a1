"""Codes of checks as people write them: whole, or the beginning that a family of checks shares."""

from collections.abc import Iterable, Mapping
from typing import Any

from samplewise.core.errors import InputError, unknown_name

FAMILY = len("SW2")  # a beginning names a family of checks; anything longer is a whole code, or a mistake


def codes_named(word: Any, known: Iterable[str], where: str) -> list[str]:
    """The checks that a word names: one by its code, or all of a family by its beginning; small letters count too.

    Args:    word: "SW201", or "SW2" for all whose code starts so.   known: all codes.   where: it was written.
    Raises:  InputError with the nearest code for a word that names no check, or a part of a code.

    >>> codes_named("sw2", ["SW101", "SW201", "SW202"], "checks")
    ['SW201', 'SW202']
    """
    codes = list(known)
    code = word.strip().upper() if isinstance(word, str) else ""
    found = [one for one in codes if one == code or (one.startswith(code) and 0 < len(code) <= FAMILY)]
    if not found:
        error = unknown_name("check", code or word, codes)
        error.where = where
        raise error
    return found


def accepted_findings(accepted: Any, known: Iterable[str]) -> dict[str, frozenset[str] | None]:
    """Accepted findings: code -> ids as text, or None for all of the code.

    Args:    accepted: None, codes ("SW104,SW3" or a list), or a mapping from codes to ids or None.   known: all codes.
    Raises:  InputError for anything else, and for a code that no check has: nothing would be accepted by it.

    >>> accepted_findings({"SW201": [17]}, ["SW104", "SW201"])
    {'SW201': frozenset({'17'})}
    """
    codes = list(known)
    if accepted is None:
        return {}
    if isinstance(accepted, Mapping):
        named = accepted.items()
    else:
        words = accepted.split(",") if isinstance(accepted, str) else accepted
        if not isinstance(words, Iterable):
            raise InputError(
                "accepted findings are named by their codes", where="accepted", got=f"accepted={accepted!r}"[:80],
                fix='pass codes such as ["SW104"], or a mapping from codes to ids such as {"SW201": [17]}',
            )  # fmt: skip
        named = dict.fromkeys(words).items()
    return {code: _ids(word, ids) for word, ids in named for code in codes_named(word, codes, "accepted")}


def _ids(code: Any, ids: Any) -> frozenset[str] | None:
    if ids is None:
        return None
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        raise InputError(
            "the accepted rows of a check are a list of ids", where=f"accepted[{code!r}]", got=repr(ids)[:80],
            fix=f"pass {{{code!r}: [{ids!r}]}}"[:120],
        )  # fmt: skip
    return frozenset(map(str, ids))
