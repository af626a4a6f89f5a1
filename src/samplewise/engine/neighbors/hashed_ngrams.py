r"""Words and pairs of neighboring words of texts as numbers below a size, without a table of words.

All characters of a block are hashed at once: a word's hash is a polynomial of its characters, read from one sum per
word, so no Python runs per word. Texts are lower-cased and split into runs of word characters and runs of other signs,
as by `\w+|[^\w\s]+`; characters of scripts written without blanks (Chinese, Japanese) are words of their own.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from samplewise.core.arrays import Array, Ints
from samplewise.core.randomness import Hashes, mixed_hashes

BLOCK = 1 << 20  # characters hashed at once: about 100 bytes of working memory each
SMALL = 1 << 16  # buckets that two bytes can name
_BLANK, _WORD, _SIGN, _SINGLE = range(4)  # kinds of characters
_UNSPACED = ((0x3040, 0x3100), (0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, 0x32000))
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_PAIR = np.uint64(0xD6E8FEB86659FD93)


class HashedRows(NamedTuple):
    """Buckets of the n-grams of n rows, one after another."""

    buckets: Array  # (sum of lengths,) uint16 where there are at most 65,536 buckets, else uint32
    lengths: Ints  # (n,) n-grams of every row
    signatures: Hashes  # (n,) a hash of all n-grams of a row: equal for texts with the same words in the same order


def hashed_ngrams(texts: Sequence[str], n_features: int) -> HashedRows:
    """Buckets (below `n_features`) of all words and pairs of neighboring words of texts (n,).

    Args:    texts: any length; a row of k words has 2k - 1 n-grams, one without words none.   n_features: of buckets.
    Cost:    O(characters), about 100 bytes of memory for each of at most `BLOCK` characters at once.
    Source:  xie2023 (which takes sha256 of every n-gram).

    >>> hashed_ngrams(["the cat", "", "The  cat"], 8).lengths.tolist()
    [3, 0, 3]
    """
    kept: list[Array] = []
    lengths = np.zeros(len(texts), dtype=np.intp)
    signatures = np.zeros(len(texts), dtype=np.uint64)
    for rows, pieces in _blocks(texts):
        hashes, counts = _ngrams(pieces)
        scaled = (hashes >> np.uint64(32)) * np.uint64(n_features) >> np.uint64(32)
        kept.append(scaled.astype(np.uint16 if n_features <= SMALL else np.uint32))
        np.add.at(lengths, rows, counts)
        np.add.at(signatures, rows, summed_rows(hashes, counts))
    empty = np.zeros(0, dtype=np.uint16 if n_features <= SMALL else np.uint32)
    return HashedRows(np.concatenate(kept) if kept else empty, lengths, signatures)


def summed_rows(values: Array, lengths: Ints) -> Array:
    """Sums (n,) of values that lie row after row; 0 for a row of none."""
    sums = np.zeros(len(lengths), dtype=values.dtype)
    filled = lengths > 0
    if filled.any():
        starts = np.cumsum(lengths) - lengths
        sums[filled] = np.add.reduceat(values, starts[filled])
    return sums


def _blocks(texts: Sequence[str]) -> Iterator[tuple[list[int], list[str]]]:
    """Rows and their texts, about `BLOCK` characters at once; a longer text comes in pieces cut at a blank."""
    rows: list[int] = []
    pieces: list[str] = []
    size = 0
    for row, text in enumerate(texts):
        for piece in _pieces(text):
            if size + len(piece) > BLOCK and pieces:
                yield rows, pieces
                rows, pieces, size = [], [], 0
            rows.append(row)
            pieces.append(piece)
            size += len(piece)
    if pieces:
        yield rows, pieces


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > BLOCK:
        cut = text.rfind(" ", start, start + BLOCK)
        cut = cut if cut > start else start + BLOCK
        yield text[start:cut].lower()
        start = cut
    yield text[start:].lower()


def _ngrams(pieces: list[str]) -> tuple[Hashes, Ints]:
    """Hashes of the words and pairs of every piece, one piece after another, and how many each has."""
    codes = _codes(" ".join(pieces))
    kinds = _kinds(len(codes) and int(codes.max()))[codes]
    begins = np.ones(len(codes), dtype=bool)
    begins[1:] = (kinds[1:] != kinds[:-1]) | (kinds[1:] == _SINGLE)
    runs = np.flatnonzero(begins)
    if not len(runs):
        return np.zeros(0, dtype=np.uint64), np.zeros(len(pieces), dtype=np.intp)
    powers, inverses = _powers(1 << max(len(codes) - 1, 1).bit_length())
    sums = np.add.reduceat((codes.astype(np.uint64) + np.uint64(1)) * powers[: len(codes)], runs)
    starts = runs[kinds[runs] != _BLANK]
    words = mixed_hashes(sums[kinds[runs] != _BLANK] * inverses[starts])
    sizes = np.fromiter(map(len, pieces), dtype=np.intp, count=len(pieces)) + 1
    first = np.searchsorted(starts, np.cumsum(sizes) - sizes)  # of each piece, among the words
    counts = np.diff(first, append=len(words))
    both = np.empty((len(words), 2), dtype=np.uint64)
    both[:, 0] = words
    both[:-1, 1] = mixed_hashes(words[:-1] * _PAIR + words[1:])
    is_there = np.ones((len(words), 2), dtype=bool)
    is_there[(first + counts - 1)[counts > 0], 1] = False  # the last word of a piece has no neighbor
    return both[is_there], np.maximum(2 * counts - 1, 0)


def _codes(text: str) -> Array:
    """The characters as numbers: one byte each where that is enough."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _kinds(largest: int) -> npt.NDArray[np.uint8]:
    return _kinds_below(128 if largest < 128 else 0x110000)


@lru_cache(maxsize=2)
def _kinds_below(size: int) -> npt.NDArray[np.uint8]:
    """The kind of every character below a code."""
    characters = map(chr, range(size))
    kinds = [
        _WORD if one.isalnum() or one == "_" else _BLANK if one.isspace() or not one.isprintable() else _SIGN
        for one in characters
    ]
    table = np.array(kinds, dtype=np.uint8)
    for first, end in _UNSPACED:
        table[first:end] = np.where(table[first:end] == _WORD, _SINGLE, table[first:end])
    return table


@lru_cache(maxsize=4)
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """Powers 0, 1, ... of the base modulo 2^64, and of its inverse."""
    both = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        factors = np.full(size, base, dtype=np.uint64)
        factors[0] = 1
        both.append(np.cumprod(factors, dtype=np.uint64))
    return both[0], both[1]
