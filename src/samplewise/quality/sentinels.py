"""Values that stand for missing ones: 999 or -1 among numbers, zeros where none can be, dates like 1900-01-01, words.

A number is a sentinel only where two things meet: it is written as one (nines, -1, 0), and it lies apart from all other
values of its column. Neither alone is enough: a 99 among percentages is a percentage, and a far value is an outlier.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.core.texts import number_text

APART = 0.5  # of the range of the other values: how far a code of two digits or more lies from them
OFTEN = 2  # rows that hold it, so that it is no single outlier
LONE = 3.0  # usual steps of the others that a code in a single row lies away, besides half of their 5-95 % range
TAIL = 5  # rows that hold a 9 among codes, unless the gap below it is as wide as the range of the others
VALUES = 8  # different values without a sign, from which a lone -1 is no code of its own (-1, 0, 1)
MEASURED = 20  # different values from which a column is a measurement, and a zero far below it no code
ZERO_APART = 0.35  # of the range of the other values: how far zero lies below them
ZERO_SPACING = 5.0  # times the widest step between neighbors in their lower half: the same
ZERO_RARE = 0.05  # share of rows up to which such zeros are mistakes; where they are many, they are a quantity
YEARS = (1000, 2200)  # whole numbers between these are years
NEGATIVE = (-1.0, -7.0, -8.0, -9.0)  # codes of surveys where no value is below zero
MOST_CODES = 3  # kinds of sentinels looked for at each end of a column
NINES = frozenset(float("9" * whole + "." + "9" * places) for whole in range(1, 11) for places in range(4))
LONGEST = 20  # characters of a word that says that a value is missing

WORDS = frozenset(
    {
        "?", "??", "???", "-", "--", "---", ".", "..", "...", "*", "n/a", "n.a.", "n.a", "na", "nan", "#n/a", "#na",
        "null", "nil", "none", "unknown", "unk", "missing", "not available", "not known", "not recorded",
        "not specified", "not stated", "not given", "not provided", "unspecified", "undefined", "undetermined",
        "no data", "no answer", "no response", "don't know", "dont know", "do not know", "dk", "refused", "(blank)",
        "blank", "empty", "(empty)", "#value!", "#ref!", "#div/0!", "#name?", "k.a.", "k. a.", "keine angabe",
        "unbekannt", "inconnu", "desconocido", "sin datos",
    }
)  # fmt: skip
# What can be a category of its own too: reported only where another word of the list above is there as well.
AMBIGUOUS = frozenset({"none", "nil", "empty", "blank", "refused", "*", "undetermined"})
DEFAULT_DAYS = ("1900 01 01", "1899 12 30", "1899 12 31", "1904 01 01", "1970 01 01", "0001 01 01")
LAST_DAYS = ("9999 12 31", "9999 01 01", "2999 12 31", "2099 12 31", "9999 09 09")

_DAY = re.compile(r"(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}))(?:\D.*)?")
_MONTH, _DAY_OF_MONTH = re.compile(r"(?<![a-z])month(?![a-z])|Month$"), re.compile(r"(?<![a-z])day(?![a-z])|Day$")
_LAST = ((_MONTH, 12, "months are 1 to 12"), (_DAY_OF_MONTH, 31, "days of a month are 1 to 31"))


@dataclass(frozen=True, slots=True)
class Sentinel:
    """Values of one column that stand for a missing one.

    Args:
        values: as they stand in the column.
        reason: why, as part of a sentence.
    """

    values: tuple[Any, ...]
    reason: str


# ---- numbers ---------------------------------------------------------------------------------------------------------


def number_sentinels(values: Floats, name: str = "", known: Collection[float] = ()) -> list[Sentinel]:
    """Numbers that are written like codes for missing values and lie apart from all others.

    Args:
        values: (n,) with NaN for gaps.
        name: of the column; one named for a month or a day of the month has no 0.
        known: codes that other columns of the same table hold: a single row is enough for them.

    Returns:
        One `Sentinel` per kind, at most three at each end of the column.

    Cost: O(n); O(n log n) where the smallest or largest value could be one.

    >>> number_sentinels(np.r_[np.arange(40.0), 999, 999])[0].values
    (999.0,)
    """
    present = values[np.isfinite(values)]
    if not len(present):
        return []
    low, high = float(present.min()), float(present.max())
    if not (_is_high(high) or _is_high(-low) or low in NEGATIVE or low == 0.0):
        return []
    distinct, counts = np.unique(present, return_counts=True)
    found: list[Sentinel] = []
    for _ in range(MOST_CODES):
        item = _high(distinct, counts, known) or _low(distinct, counts, known)
        if item is None:
            break
        found.append(item)
        kept = ~np.isin(distinct, item.values)
        distinct, counts = distinct[kept], counts[kept]
    zero = _zero(distinct, counts, name)
    return [*found, zero] if zero else found


def _is_high(value: float) -> bool:
    """Whether a positive number is written in nines, or one or two below (98, 97)."""
    return value >= 8 and (_nines(value) or (value.is_integer() and any(_nines(value + step) for step in (1, 2))))


def written_as_codes(values: Floats) -> Mask:
    """(n,) values of two nines and more (99, 99.9, 999), wherever they lie."""
    return np.isin(values, [value for value in NINES if value >= 90])


def _nines(value: float) -> bool:
    return value in NINES


def _family(top: float) -> set[float]:
    """The codes that go with the largest: 97, 98 and 99, or 8 and 9."""
    if not top.is_integer():
        return {top}
    nines = 10.0 ** len(f"{top:.0f}") - 1.0
    return {nines, nines - 1.0} if nines == 9.0 else {nines, nines - 1.0, nines - 2.0}


def _high(distinct: Floats, counts: Ints, known: Collection[float]) -> Sentinel | None:
    """Codes at the upper end, from the gap below them."""
    top = float(distinct[-1])
    if not _is_high(top) or top == 8:
        return None
    first = len(distinct)
    while first and float(distinct[first - 1]) in _family(top):
        first -= 1
    rest, codes = distinct[:first], distinct[first:]
    if len(rest) < 2:
        return None
    if not _repeated(codes, counts[first:], known) and not (top > 100 and _lone(codes[0], rest, counts[:first])):
        return None
    gap, span = float(codes[0] - rest[-1]), float(rest[-1] - rest[0])
    if top < 10:
        alone = set(codes.tolist()) <= set(known) or gap >= span
        often = counts[first:].sum() >= max(TAIL, 2 * counts[first - 1])
        small = bool((rest == np.rint(rest)).all()) and rest[0] >= 0
        apart = small and gap >= 2 and (alone or bool(often))
    else:
        apart = gap >= max(APART * span, 2.0)
    return Sentinel(tuple(codes.tolist()), f"{_others(rest)}, with a gap up to it") if apart else None


def _low(distinct: Floats, counts: Ints, known: Collection[float]) -> Sentinel | None:
    """Codes below zero, where no other value is negative or all others lie far above."""
    below = distinct < 0
    codes, rest = distinct[below], distinct[~below]
    if not len(codes) or len(distinct) < 3:
        return None
    if len(rest) >= 2 and all(code in NEGATIVE or _is_high(-code) for code in codes.tolist()):
        enough = len(rest) >= VALUES or codes[0] < -1
        if enough and (codes[0] <= -90 or _repeated(codes, counts[below], known)):
            return Sentinel(tuple(codes.tolist()), f"no other value is below zero: {_others(rest)}")
        return None
    bottom, rest = float(distinct[0]), distinct[1:]
    if bottom > -90 or not _nines(-bottom):
        return None
    if not _repeated(distinct[:1], counts[:1], known) and not _lone(bottom, rest, counts[1:]):
        return None
    apart = float(rest[0] - bottom) >= APART * float(rest[-1] - rest[0])
    return Sentinel((bottom,), f"{_others(rest)}, with a gap down to it") if apart else None


def _zero(distinct: Floats, counts: Ints, name: str) -> Sentinel | None:
    """Zeros in a column in which zero cannot be: months, days, years, and measurements far above it."""
    if len(distinct) < 3 or distinct[0] != 0.0 or counts[0] < OFTEN:
        return None
    rest = distinct[1:]
    whole = bool((rest == np.rint(rest)).all())
    for pattern, last, reason in _LAST:
        if whole and pattern.search(name) and rest[-1] == last and len(rest) == last:
            return Sentinel((0.0,), reason)
    if whole and rest[0] >= YEARS[0] and rest[-1] <= YEARS[1]:
        return Sentinel((0.0,), f"the others are years from {rest[0]:.0f} to {rest[-1]:.0f}")
    if len(rest) < MEASURED or rest[0] < ZERO_APART * (rest[-1] - rest[0]) or counts[0] > ZERO_RARE * counts.sum():
        return None
    steps = np.diff(rest[: len(rest) // 2 + 1])
    if rest[0] < ZERO_SPACING * steps.max():
        return None
    return Sentinel((0.0,), f"{_others(rest)}, far above zero and close together")


def _repeated(codes: Floats, counts: Ints, known: Collection[float]) -> bool:
    return bool(counts.sum() >= OFTEN) or set(codes.tolist()) <= set(known)


def _lone(code: float, rest: Floats, counts: Ints) -> bool:
    """Whether a code in a single row lies so far from the others that it is no outlier of theirs."""
    if len(rest) < MEASURED:
        return False
    order = np.cumsum(counts) / counts.sum()
    low, high = (float(rest[np.searchsorted(order, share)]) for share in (0.05, 0.95))
    usual = float(np.quantile(np.diff(rest), 0.95))
    gap = max(float(rest[0] - code), float(code - rest[-1]))
    return gap >= max(APART * (high - low), LONE * usual)


def _others(rest: Floats) -> str:
    return f"the others reach from {number_text(float(rest[0]))} to {number_text(float(rest[-1]))}"


# ---- words and dates -------------------------------------------------------------------------------------------------


def word_sentinels(distinct: Sequence[str]) -> list[str]:
    """Those of the different texts of a column that say that a value is missing: "?", "N/A", "unknown", a blank.

    "none" and the like are listed only where another such word is there; two letters ("NA", "DK") not among codes of
    two letters, where they name Namibia and Denmark. A column of nothing but such words is left alone.

    >>> word_sentinels(["Ulm", "Kiel", "?", "none"]), word_sentinels(["none", "some", "many"])
    (['?', 'none'], [])
    """
    found = [text for text in distinct if len(text) <= LONGEST and _says_missing(text.strip())]
    others = len(distinct) - len(found)
    if not found or not others:
        return []
    if _two_letters(distinct) >= max(3, 0.5 * len(distinct)):
        found = [text for text in found if not (len(text.strip()) == 2 and text.strip().isalpha())]
    plain = [text for text in found if text.strip().casefold() not in AMBIGUOUS]
    return found if plain else []


def _says_missing(word: str) -> bool:
    """Whether a word says so; one of two letters only in one case: NA, but not the name Na."""
    return not word or (word.casefold() in WORDS and not (len(word) == 2 and word.istitle()))


def _two_letters(texts: Sequence[str]) -> int:
    return sum(len(text) == 2 and text.isalpha() for text in texts)


def date_sentinels(distinct: Sequence[str], counts: Ints) -> list[Sentinel]:
    """Those of the different dates, as texts, that a program writes for a missing one: 1900-01-01, 9999-12-31.

    They must repeat, and lie apart from all other dates: by more years than half of the range of the others.

    >>> date_sentinels(["01-01-1900", "17-08-1984", "02-03-1985"], np.array([4, 1, 1]))[0].values
    ('01-01-1900',)
    """
    days = [day_readings(text) for text in distinct]
    first = np.array([bool(set(day) & set(DEFAULT_DAYS)) for day in days], dtype=bool)
    last = np.array([bool(set(day) & set(LAST_DAYS)) for day in days], dtype=bool)
    years = np.array([int(day[0][:4]) if day else 0 for day in days])
    rest = years[(years > 0) & ~first & ~last]
    found = []
    for chosen, sign in ((first, 1), (last, -1)):
        for year in np.unique(years[chosen]).tolist():
            at = np.flatnonzero(chosen & (years == year))
            gap = sign * ((rest.min() if sign == 1 else rest.max()) - year) if len(rest) else 0
            if counts[at].sum() >= OFTEN and gap > max(1, APART * (rest.max() - rest.min())):
                reason = f"the other dates are of {rest.min()} to {rest.max()}"
                found.append(Sentinel(tuple(distinct[int(place)] for place in at), reason))
    return found


def day_readings(text: str) -> tuple[str, ...]:
    """A date as "year month day", both ways round where the day could be the month; nothing where it is no date.

    >>> day_readings("17-08-1984"), day_readings("soon")
    (('1984 17 08', '1984 08 17'), ())
    """
    parts = _DAY.fullmatch(text.strip())
    if parts is None:
        return ()
    year, one, other = parts.group(1, 2, 3) if parts.group(1) else parts.group(6, 4, 5)
    return (f"{year} {one:0>2} {other:0>2}", f"{year} {other:0>2} {one:0>2}")
