"""Names of functions: the same for the same behavior, another as soon as anything they use changes."""

import functools

import numpy as np

from samplewise.engine.models.function_fingerprint import identity_of

WIDTH = 8


class Sizes:
    depth = 2

    def __init__(self, width=3):
        self.width = width

    def total(self):
        return self.depth * self.width


def inner(x):
    return x + WIDTH


def outer(x):
    return inner(x) * 2


def closing_over(value):
    return lambda: value


def test_equal_behavior_has_one_name():
    assert identity_of(lambda x: x + 1) == identity_of(lambda x: x + 1)
    assert identity_of(closing_over([1, 2])) == identity_of(closing_over([1, 2]))
    assert identity_of(Sizes) == identity_of(Sizes)
    assert identity_of(Sizes(4).total) == identity_of(Sizes(4).total)


def test_constants_closures_defaults_and_arguments_count():
    names = [
        identity_of(lambda x: x + 1),
        identity_of(lambda x: x + 2),
        identity_of(lambda x, y=3: x + 1),
        identity_of(closing_over(1)),
        identity_of(closing_over(np.arange(3))),
        identity_of(closing_over(np.arange(4))),
        identity_of(functools.partial(inner, 1)),
        identity_of(functools.partial(inner, 2)),
        identity_of(Sizes(3).total),
        identity_of(Sizes(4).total),
        identity_of(np.linalg.svd),
        identity_of(np.linalg.qr),
    ]
    assert len(set(names)) == len(names)


def test_a_global_two_calls_down_counts(monkeypatch):
    before = identity_of(outer)
    monkeypatch.setitem(globals(), "WIDTH", 16)
    assert identity_of(outer) != before


def test_a_changed_method_counts(monkeypatch):
    before = identity_of(Sizes)
    monkeypatch.setattr(Sizes, "total", lambda self: self.depth + self.width)
    assert identity_of(Sizes) != before


def test_functions_that_call_each_other_end():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert identity_of(even) != identity_of(odd)
