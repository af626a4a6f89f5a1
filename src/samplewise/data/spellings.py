"""When two texts are one name: case, blanks, hyphens and closing stops say nothing, other signs do."""

import re
import unicodedata
from typing import Any

_BLANKS = re.compile(r"\s+")
_JOINED = re.compile(r"(?<=[^\W\d])[\s_-]+(?=[^\W\d])")  # between letters: co-op, co_op, co op
_QUOTED = re.compile(r"([\"'])(.+)\1")
_WHOLE = re.compile(r"(-?\d+)\.0+")


def spelling_key(text: str) -> str:
    """What all spellings of a category share: no case, one blank for blanks, hyphens and underscores, no closing stop.

    Signs that carry a meaning stay: A+ and A-, C and C++, 1.5 and 15.

    >>> spelling_key(" San  Diego. ") == spelling_key("san-diego"), spelling_key("A-") == spelling_key("A")
    (True, False)
    """
    return _plain(text).casefold()


def class_key(value: Any) -> str:
    """The same for the classes of a label, in which a lone letter keeps its case, and 1, 1.0 and "1" are one class.

    >>> class_key(" <=50K. ") == class_key("<=50k"), class_key("a") == class_key("A")
    (True, False)
    """
    text = _plain(str(value))
    return text.casefold() if len(text) > 1 else text or str(value)


def _plain(text: str) -> str:
    plain = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    if quoted := _QUOTED.fullmatch(plain):  # one mark alone means something: Ma-e and Ma-e'
        plain = quoted[2].strip()
    if not any(letter.isalpha() for letter in plain):
        whole = _WHOLE.fullmatch(plain)
        return whole[1] if whole else plain
    return _JOINED.sub(" ", plain).rstrip(" .,;:")
