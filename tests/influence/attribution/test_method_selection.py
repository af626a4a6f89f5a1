"""Exact where it is affordable, a sketch where it is not, and amounts of memory in words."""

import pytest

from samplewise.core.errors import InputError
from samplewise.influence.attribution.method_selection import (
    LONGEST_SKETCH,
    choose_method,
    gram_bytes,
    sketch_bytes,
)

GIGABYTE = 10**9


def test_the_exact_kernel_where_it_fits():
    choice = choose_method(5_000, 1, GIGABYTE)
    assert choice.method == "tangent_kernel"
    assert "5,000 rows" in choice.reason
    assert gram_bytes(5_000) <= GIGABYTE


@pytest.mark.parametrize(("rows", "memory"), [(5_000, GIGABYTE // 10), (50_000, 1000 * GIGABYTE)])
def test_a_sketch_for_classes_and_a_factored_curvature_for_numbers_where_it_does_not(rows, memory):
    assert choose_method(rows, 1, memory).method == "sketch"
    assert choose_method(rows, 1, memory, classes=False).method == "ekfac"


def test_a_sketch_is_as_long_as_the_memory_allows():
    assert choose_method(50_000, 1, 2 * GIGABYTE).size == LONGEST_SKETCH
    shorter = choose_method(50_000, 4, 2 * GIGABYTE)
    assert shorter.size == 2048
    assert sketch_bytes(50_000, 2048, 4) <= 2 * GIGABYTE < sketch_bytes(50_000, 4096, 4)
    with pytest.raises(InputError, match=r"(?s)too small for any method.*fix:.*at least memory="):
        choose_method(50_000, 4, GIGABYTE // 100)
