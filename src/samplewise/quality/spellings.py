"""One category written in several ways: spellings that differ in case, blanks or punctuation only."""

from collections.abc import Sequence

from samplewise.data.spellings import spelling_key

SHORT = 2  # characters of a code in which case may carry the meaning (m and M, Aa and aA)
CASED = 3  # pairs of such codes from which it does


def spelling_variants(distinct: Sequence[str], counts: Sequence[int]) -> list[tuple[str, tuple[str, ...]]]:
    """Groups of texts of a column that are spellings of one another.

    Args:    distinct: the different texts.   counts: rows that hold each.
    Returns: per group the most frequent spelling, which the others may be merged into, and the others, most rows first.
    Cost:    O(number of different texts).
    Source:  no publication; the rule is that of `spelling_key`.

    >>> spelling_variants(["male", "Male", "female", " Female"], [50, 2, 40, 3])
    [('female', (' Female',)), ('male', ('Male',))]
    """
    by_key: dict[str, list[int]] = {}
    for place, text in enumerate(distinct):
        by_key.setdefault(spelling_key(text), []).append(place)
    groups = []
    for key in sorted(by_key):
        if key and len(by_key[key]) > 1:
            order = sorted(by_key[key], key=lambda place: (-int(counts[place]), distinct[place]))
            groups.append((distinct[order[0]], tuple(distinct[place] for place in order[1:])))
    cased = [group for group in groups if _only_cased(*group)]
    return groups if len(cased) < CASED else [group for group in groups if group not in cased]


def _only_cased(kept: str, others: Sequence[str]) -> bool:
    """Whether these are short codes that differ in case alone."""
    return len(kept) <= SHORT and all(text.casefold() == kept.casefold() for text in others)
