"""Hashed words and pairs against a regular expression, and rows cut into blocks and pieces."""

import itertools
import re

import numpy as np
import pytest

from samplewise.engine.neighbors import hashed_ngrams as module
from samplewise.engine.neighbors.hashed_ngrams import hashed_ngrams, summed_rows

TEXTS = [
    "Hello, world!! it's a_b 3.5", "x", "", "   ", "...", "straße Ünï “q” 12", "a a a a", "tab\tand\nline", "naïve Σς",
]  # fmt: skip


def words(text):
    return re.findall(r"\w+|[^\w\s]+", text.lower())


def rows_of(hashed):
    return np.split(hashed.buckets, np.cumsum(hashed.lengths)[:-1])


def test_words_are_those_of_the_regular_expression():
    hashed = hashed_ngrams(TEXTS, 1 << 30)
    names = {}
    for text, row in zip(TEXTS, rows_of(hashed), strict=True):
        found = words(text)
        assert len(row) == max(2 * len(found) - 1, 0), text
        grams = found[:1]
        for pair in itertools.pairwise(found):
            grams += [pair, pair[1]]
        for gram, bucket in zip(grams, row.tolist(), strict=True):
            assert names.setdefault(gram, bucket) == bucket  # the same word, the same bucket, wherever it stands
    assert len(set(names.values())) == len(names)


def test_characters_of_scripts_without_blanks_are_words():
    assert hashed_ngrams(["数据选择", "データ"], 100).lengths.tolist() == [7, 5]


def test_signatures_tell_texts_apart_by_their_words():
    same, other, turned, empty = hashed_ngrams(["a b c", "A  b c", "c b a", ""], 10).signatures[[0, 1, 2, 3]]
    assert same == other != turned
    assert empty == 0


@pytest.mark.parametrize("block", [7, 40])
def test_blocks_change_no_bucket(monkeypatch, block):
    whole = hashed_ngrams(TEXTS, 5000)
    monkeypatch.setattr(module, "BLOCK", block)
    cut = hashed_ngrams(TEXTS, 5000)
    short = [row for row, text in enumerate(TEXTS) if len(text) <= block]
    for row in short:
        assert rows_of(whole)[row].tolist() == rows_of(cut)[row].tolist()
        assert whole.signatures[row] == cut.signatures[row]


def test_a_text_longer_than_a_block_loses_only_pairs_at_the_cuts(monkeypatch):
    text = "one two three four five six"
    monkeypatch.setattr(module, "BLOCK", 14)
    assert hashed_ngrams([text], 100).lengths.tolist() == [11 - 1]


def test_buckets_are_below_the_size_and_evenly_filled():
    buckets = hashed_ngrams([" ".join(f"word{number}" for number in range(20_000))], 100).buckets
    counts = np.bincount(buckets, minlength=100)
    assert len(counts) == 100
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 150  # chi-square of 99 degrees


def test_sums_of_rows_with_empty_ones():
    assert summed_rows(np.array([1.0, 2.0, 4.0]), np.array([0, 2, 0, 1])).tolist() == [0.0, 3.0, 0.0, 4.0]
    assert summed_rows(np.zeros(0), np.array([0, 0])).tolist() == [0.0, 0.0]
