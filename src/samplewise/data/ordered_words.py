"""Categories whose words have an order that everybody knows: sizes, degrees, frequencies, agreement, ranges, months.

An order that is read off words is a guess about what they mean: it is named, and nothing is computed with it.
"""

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

FEWEST = 3  # different words of a scale; the order of two says nothing
MOST = 60  # different values that are tried
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")

# From low to high; words of one place stand for the same. Days of the week have no first one.
SCALES: tuple[tuple[str, ...], ...] = (
    ("xxxs|3xs", "xxs|2xs|extra extra small", "xs|x small|extra small", "s|small", "m|med|medium", "l|large",
     "xl|x large|extra large", "xxl|2xl|extra extra large", "xxxl|3xl", "4xl", "5xl"),
    ("tiny|very small", "small", "medium|mid", "large|big", "very large|very big|huge"),
    ("none|no", "minimal|negligible", "very low", "low", "medium low", "moderate|medium|mid|average|normal",
     "medium high", "high", "very high", "extreme"),
    ("none|absent", "trace|minimal", "very mild", "mild|slight", "moderate", "severe", "very severe|critical|extreme"),
    ("never", "almost never|hardly ever|very rarely", "rarely|seldom", "occasionally", "sometimes",
     "often|frequently|usually", "very often|very frequently|almost always|nearly always", "always"),
    ("strongly disagree|completely disagree|totally disagree", "disagree", "somewhat disagree|slightly disagree",
     "neutral|undecided|neither agree nor disagree|neither", "somewhat agree|slightly agree", "agree",
     "strongly agree|completely agree|totally agree"),
    ("very dissatisfied", "dissatisfied|unsatisfied", "neutral|neither", "satisfied", "very satisfied"),
    ("very unlikely", "unlikely", "neutral|possible", "likely", "very likely", "certain"),
    ("terrible|awful|very poor|very bad", "poor|bad", "fair|ok|okay|acceptable", "average|typical", "good", "very good",
     "premium|great", "excellent|ideal|outstanding|perfect"),
    ("low income", "lower middle income", "middle income", "upper middle income", "high income"),
    ("lower class", "working class", "lower middle class", "middle class", "upper middle class", "upper class"),
    ("beginner|novice", "elementary", "intermediate", "advanced", "expert"),
    ("first", "second", "third", "fourth", "fifth", "sixth"),
    ("january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug",
     "september|sep|sept", "october|oct", "november|nov", "december|dec"),
    ("daily", "weekly", "fortnightly|biweekly", "monthly", "quarterly", "yearly|annually|annual"),
)  # fmt: skip
_PLACES = tuple(
    {word: place for place, words in enumerate(scale) for word in words.split("|")} for scale in SCALES
)  # fmt: skip
_NUMBERED = re.compile(r"(stage|grade|level|tier|quartile|quintile|decile)? ?(?:([ivx]+)|(\d{1,3})(st|nd|rd|th)?)")

_AMOUNT = r"[$€£]?\s*(\d[\d, ]*(?:\.\d+)?)\s*(?:[$€£%]|k|kg|g|cm|mm|m|km|years?|yrs?|y)?"
_TO = r"\s*(?:-|\u2013|\u2014|to|until)\s*"
_RANGE = re.compile(rf"{_AMOUNT}{_TO}{_AMOUNT}", re.IGNORECASE)
_BELOW = re.compile(rf"(?:<=?|≤|lt|under|below|less than|up to|at most|younger than)\s*{_AMOUNT}", re.IGNORECASE)
_ABOVE = re.compile(
    rf"(?:>=?|≥|gt|over|above|more than|at least|older than)\s*{_AMOUNT}"
    rf"|{_AMOUNT}\s*(?:\+|(?:and|or) (?:more|over|above|older|up|greater))",
    re.IGNORECASE,
)


def order_of(values: Iterable[str]) -> tuple[str, ...]:
    """The different values of a column from low to high, where their words have a known order; else none.

    Every value must be on one scale, at least three, no two of them for the same place. Ranges must not overlap.

    Cost: O(values); none are tried where there are more than 60.
    Not for: letters and numbers alone, which may be names as well; days of the week, which have no first one.

    >>> order_of(["medium", "low", "high"]), order_of([">10", "5-10", "<5"]), order_of(["red", "low", "high"])
    (('low', 'medium', 'high'), ('<5', '5-10', '>10'), ())
    """
    listed = list(values)
    if not FEWEST <= len(listed) <= MOST:
        return ()
    places = _on_a_scale(listed) or _numbered(listed) or _ranges(listed)
    return tuple(value for _, value in sorted(zip(places, listed, strict=True))) if places else ()


def _on_a_scale(values: Sequence[str]) -> list[float]:
    """The place of every value on the first scale that has all of them; empty where there is none."""
    words = [re.sub(r"[\W_]+", " ", value).strip().casefold() for value in values]
    for known in _PLACES:
        if all(word in known for word in words):
            places = [float(known[word]) for word in words]
            return places if len(set(places)) == len(places) else []
    return []


def _numbered(values: Sequence[str]) -> list[float]:
    """The numbers of values such as 1st, Stage II and level 3, all written alike; empty for anything else."""
    found = [_NUMBERED.fullmatch(" ".join(value.split()).casefold()) for value in values]
    parts = [match.groups() for match in found if match is not None]
    named = {(word, bool(roman), bool(end)) for word, roman, _, end in parts}
    if len(parts) < len(values) or len(named) > 1:
        return []
    word, roman, end = named.pop()
    if not (word or end or roman) or (roman and not {"i", "ii"} <= {part[1] for part in parts}):
        return []
    if roman and not all(part[1] in ROMAN for part in parts):
        return []
    places = [float(ROMAN.index(part[1]) + 1 if roman else int(part[2])) for part in parts]
    return places if len(set(places)) == len(places) else []


def _ranges(values: Sequence[str]) -> list[float]:
    """The lower ends of values that are ranges of numbers, one of them with both ends; empty where they overlap."""
    ends = [_ends(value.strip()) for value in values]
    found = sorted(end for end in ends if end is not None)
    whole = [end for end in found if all(map(math.isfinite, end))]
    if len(found) < len(values) or not whole or any(low >= high for low, high in found):
        return []
    apart = all(before[1] <= after[0] for before, after in pairwise(found))
    return [end[0] for end in ends if end is not None] if apart else []


def _ends(text: str) -> tuple[float, float] | None:
    """Both ends of a range, infinite where it has none; None for what is no range."""
    if match := _RANGE.fullmatch(text):
        return _number(match[1]), _number(match[2])
    if match := _BELOW.fullmatch(text):
        return -math.inf, _number(match[1])
    if match := _ABOVE.fullmatch(text):
        return _number(match[1] or match[2]), math.inf
    return None


def _number(digits: str) -> float:
    return float(re.sub(r"[, ]", "", digits))
