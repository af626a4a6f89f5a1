"""Learners whose gap no score per row can detect, as objects to compute with.

A learner draws W, a half of the values 1..N, either holding all training values or none of them. The loss of a value
is 1 where W holds it, so the training error is 1 or 0 while the true error of every W is 1/2: the gap is half, surely.
And yet W is independent of every single row. Axes: t samples (all lists of n rows), w halves.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import Literal, get_args

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.core.errors import InputError, require_share, unknown_name
from samplewise.core.randomness import generator
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Scores, numbers_table, scores_columns

CounterexampleKind = Literal["squared", "posterior"]
MOST_CELLS = 3_000_000  # samples times halves that are enumerated
MOST_DRAWN = 200_000_000


@dataclass(frozen=True, slots=True)
class Counterexample(Result):
    """What is exactly true of one construction; fractions are exact, information is in nats.

    Source: harutyunyan2022.

    >>> found = formal_counterexample("squared", values=6, rows=3)
    >>> found.squared_gap, found.row_bound, round(found.pair_bound, 3)
    (Fraction(1, 4), 0.0, 1.157)
    """

    expected_gap: Fraction  # E[true - training error]
    squared_gap: Fraction  # E[gap squared]
    posterior_gap: Fraction  # E|E[gap given the training rows]|
    independent: bool  # whether W is exactly independent of every single row
    row_information: float  # largest I(W; Z_i)
    pair_information: float  # I(W; Z_1, Z_2); NaN for one row
    sample_information: float  # I(W; S)
    row_bound: float  # on |expected gap|: mean of sqrt(I(W; Z_i) / 2)
    pair_bound: float  # on the squared gap: 1/n + mean over pairs of sqrt(2 I(W; Z_i, Z_j)), i != j

    def _sentences(self) -> Iterable[str]:
        yield f"The gap is {self.expected_gap} in the mean and {self.squared_gap} squared, exactly."
        yield f"Single rows carry {self.row_information:.3g} nats about the model, pairs {self.pair_information:.3g}:"
        yield "a bound from single rows need not detect a gap that pairs show."

    def _table(self) -> Table:
        numbers = ("expected_gap", "squared_gap", "posterior_gap", "row_bound", "pair_bound")
        nats = ("row_information", "pair_information", "sample_information")
        notes = {name: (float(getattr(self, name)), "") for name in numbers}
        return numbers_table(**notes, **{name: (float(getattr(self, name)), "nats") for name in nats})


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedCounterexample(Result):
    """The same learner run many times on more values than can be enumerated.

    Source: harutyunyan2022.

    >>> drawn = simulated_counterexample(values=200, rows=10, n_runs=100)
    >>> sorted(set(drawn.gaps.tolist()))
    [-0.5, 0.5]
    """

    gaps: Floats  # (k,) true minus training error of every run
    row_information: Scores  # (n,) nats, corrected for the number of runs: the score per row
    pair_information: Floats  # (n - 1,) nats, of every row with the next

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self.gaps), 'run')}: the gap is {self.gaps.mean():.2g} in the mean,"
        yield f"{np.square(self.gaps).mean():.2g} squared."
        yield f"Single rows carry {self.row_information.values.mean():.2g} nats on average,"
        yield f"pairs {self.pair_information.mean():.2g}."

    def _table(self) -> Table:
        columns, units = scores_columns(self.row_information)
        return Table(columns, units, next(iter(columns)))


@checked
def formal_counterexample(
    kind: CounterexampleKind = "squared", values: int = 4, rows: int = 2, bias: Fraction | float | None = None
) -> Counterexample:
    """A learner on which single rows carry no information (0 nats) while test and training error differ by a half.

    W is a half of `values` values: with B = 1 it holds all training values, with B = 0 none. "squared": B is a fair
    bit; the expected gap is 0, its square 1/4. "posterior": every row also carries a fair bit and B is the parity of
    these, so even the mean gap given the training rows is a half. Everything is enumerated, in integers.

    Args:
        kind: "squared" or "posterior".
        values: N, even, at least 2 rows.
        rows: n, of the training set; one row alone holds the parity, so "posterior" with one row is no counterexample.
        bias: P(B = 1), default 1/2; another one is a control: single rows are informative. Only for "squared".

    Returns:
        Counterexample: exact gaps, information in nats, and the bounds per row and per pair.

    Raises:
        InputError: an unknown kind, odd or too few values, a bias outside [0, 1] or with "posterior", or more than
            3 million cases.

    Cost: O((values or 2 values)^rows C(values, values / 2)), seconds at most.
    Not for: bounding a gap; it shows what a bound from single rows cannot detect.   Source: harutyunyan2022.

    >>> found = formal_counterexample("squared", values=4, rows=2)
    >>> found.expected_gap, found.squared_gap, found.independent, round(found.pair_information, 3)
    (Fraction(0, 1), Fraction(1, 4), True, 0.824)
    """
    share = _share(kind, bias)
    _require_sizes(kind, values, rows)
    joint, samples, inside = _joint(kind, values, rows, share)
    total = int(joint.sum())
    gaps = rows - 2 * inside  # in units of 1 / (2 rows): true error 1/2 less the share of rows inside
    given = (joint * gaps).sum(axis=1)
    single = [_reported_by(joint, samples[:, [row]]) for row in range(rows)]
    nats = [0.0 if _independent(table) else _information(table) for table in single]
    pairs = [_information(_reported_by(joint, samples[:, list(two)])) for two in combinations(range(rows), 2)]
    return Counterexample(
        expected_gap=Fraction(int(given.sum()), 2 * rows * total),
        squared_gap=Fraction(int((joint * gaps**2).sum()), (2 * rows) ** 2 * total),
        posterior_gap=Fraction(int(np.abs(given).sum()), 2 * rows * total),
        independent=all(_independent(table) for table in single),
        row_information=max(nats),
        pair_information=pairs[0] if pairs else math.nan,
        sample_information=_information(joint),
        row_bound=float(np.mean(np.sqrt(np.array(nats) / 2.0))),
        pair_bound=1.0 / rows + 2.0 * float(np.sqrt(2.0 * np.array(pairs)).sum()) / rows**2,
    )


@checked
def simulated_counterexample(
    values: int = 2000, rows: int = 50, n_runs: int = 2000, *, seed: int = 0
) -> SimulatedCounterexample:
    """The "squared" learner on many values: gaps of +-1/2, and the scores per row and per pair (nats).

    Every training row has a ghost sample, drawn from the same distribution; the membership U_i, a fair bit, says which
    of the two was trained on. The score of a row is
    I(L_i; U_i), L_i the losses of the two, as from refits; that of a pair I(L_i, L_j; U_i, U_j). Both are plug-in
    less the Miller-Madow correction, not below 0.

    Args:
        values: N, even, at least 2 rows.
        rows: n.
        n_runs: training sets that are drawn; a score is off by about 1 / runs.
        seed: of the draws.

    Returns:
        SimulatedCounterexample: gaps (k,), a score per row (n,), a score per neighboring pair (n - 1,).

    Raises:
        InputError: odd or too few values, no runs, or more than 200 million draws.

    Cost: O(runs values).   Not for: exact statements (`formal_counterexample`).   Source: harutyunyan2022.

    >>> print(f"{simulated_counterexample(values=200, rows=10, n_runs=1000).row_information.values.max():.1f}")
    0.0
    """
    _require_sizes("squared", values, rows, enumerated=False)
    if n_runs < 2 or n_runs * values > MOST_DRAWN:
        raise InputError(
            "a simulation needs at least two runs, and at most 200 million draws",
            where="n_runs",
            got=f"n_runs={n_runs}, values={values}",
            fix="2,000 runs on 2,000 values take a second",
        )
    draw = generator(seed, "counterexample")
    losses = np.empty((n_runs, rows, 2), dtype=np.intp)  # of the trained row, then of its ghost
    for run in range(n_runs):
        losses[run] = _one_run(values, rows, draw)
    memberships = draw.integers(0, 2, (n_runs, rows))
    shown = np.where(memberships, losses[..., 1] + 2 * losses[..., 0], losses[..., 0] + 2 * losses[..., 1])
    pairs = [
        _corrected(4 * shown[:, i] + shown[:, i + 1], 2 * memberships[:, i] + memberships[:, i + 1])
        for i in range(rows - 1)
    ]
    scores = np.array([_corrected(shown[:, row], memberships[:, row]) for row in range(rows)])
    return SimulatedCounterexample(
        0.5 - losses[..., 0].mean(axis=1),
        Scores("row_information", scores, np.arange(rows), "nats", "predictions show that the row was trained on"),
        np.array(pairs),
    )


# ---- the constructions ----------------------------------------------------------------------------------------------


def _joint(kind: CounterexampleKind, values: int, rows: int, share: Fraction) -> tuple[Ints, Ints, Ints]:
    """Weights (t, w) of every sample with every half, as integers; the samples (t, n); rows inside each half (t, w)."""
    signs = 2 if kind == "posterior" else 1
    samples = np.array(list(product(range(signs * values), repeat=rows)), dtype=np.intp)
    halves = np.zeros((math.comb(values, values // 2), values), dtype=np.intp)
    for row, chosen in enumerate(combinations(range(values), values // 2)):
        halves[row, chosen] = 1
    positions = samples % values
    inside = halves[:, positions].sum(axis=2).T
    distinct = 1 + (np.diff(np.sort(positions, axis=1), axis=1) > 0).sum(axis=1)
    # How many halves hold, or avoid, so many different values; their common multiple makes all weights integers.
    free = [math.comb(values - held, values // 2) for held in range(1, rows + 1)]
    common = math.lcm(*free)
    weight = np.array([0] + [common // ways for ways in free])[distinct][:, None]
    if kind == "posterior":
        odd = ((samples // values).sum(axis=1) % 2 == 1)[:, None]
        return weight * np.where(odd, inside == rows, inside == 0), samples, inside
    up, down = share.numerator, share.denominator - share.numerator
    return weight * (up * (inside == rows) + down * (inside == 0)), samples, inside


def _one_run(values: int, rows: int, draw: np.random.Generator) -> Ints:
    """(n, 2) losses of the trained rows and of their ghosts, for one training set."""
    trained, ghosts = draw.integers(0, values, (2, rows))
    keys = draw.random(values)
    held = bool(draw.random() < 0.5)
    keys[trained] = -1.0 if held else 2.0  # first in line for the half, or last
    half: Mask = np.zeros(values, dtype=bool)
    half[np.argpartition(keys, values // 2)[: values // 2]] = True
    return np.stack([half[trained], half[ghosts]], axis=1).astype(np.intp)


# ---- information ----------------------------------------------------------------------------------------------------


def _reported_by(joint: Ints, parts: Ints) -> Ints:
    """Weights (z, w) of what some rows of the sample (t, r) are, with every half."""
    _, kind = np.unique(parts, axis=0, return_inverse=True)
    table = np.zeros((int(kind.max()) + 1, joint.shape[1]), dtype=joint.dtype)
    np.add.at(table, kind.reshape(-1), joint)
    return table


def _independent(table: Ints) -> bool:
    """Whether a table of integer weights is exactly the product of its margins."""
    exact = table.astype(object)
    return bool((exact * exact.sum() == exact.sum(axis=1)[:, None] * exact.sum(axis=0)).all())


def _information(table: Ints) -> float:
    """Mutual information in nats of a table of weights."""
    share = table / table.sum()
    expected = share.sum(axis=1, keepdims=True) * share.sum(axis=0)
    return float((share[share > 0] * np.log(share[share > 0] / expected[share > 0])).sum())


def _corrected(shown: Ints, memberships: Ints) -> float:
    """Plug-in information (nats) of codes (k,) about memberships (k,), less its expected excess, not below 0."""
    table = np.zeros((int(shown.max()) + 1, int(memberships.max()) + 1), dtype=np.intp)
    np.add.at(table, (shown, memberships), 1)
    cells, lines, columns = ((counts > 0).sum() for counts in (table, table.sum(axis=1), table.sum(axis=0)))
    return max(0.0, _information(table) - float(cells - lines - columns + 1) / (2 * len(shown)))


def _share(kind: CounterexampleKind, bias: Fraction | float | None) -> Fraction:
    if kind not in get_args(CounterexampleKind):
        raise unknown_name("kind of counterexample", kind, get_args(CounterexampleKind))
    if bias is None:
        return Fraction(1, 2)
    require_share(bias, "bias", low_open=False, high_open=False)
    if kind == "posterior":
        raise InputError(
            "a bias is a probability, and only kind 'squared' has one",
            where="bias",
            got=f"kind={kind!r}, bias={bias}",
            fix='formal_counterexample("squared", 6, 2, bias=0.7) is the control',
        )
    return Fraction(bias).limit_denominator(1000)


def _require_sizes(kind: CounterexampleKind, values: int, rows: int, *, enumerated: bool = True) -> None:
    if values % 2 or rows < 1 or values < 2 * rows:
        raise InputError(
            "the construction takes an even number of values, at least two for every row",
            where="values or rows",
            got=f"values={values}, rows={rows}",
            fix="formal_counterexample(values=4, rows=2) is the smallest",
        )
    cases = (values * (1 + (kind == "posterior"))) ** rows * math.comb(values, values // 2)
    if enumerated and cases > MOST_CELLS:
        raise InputError(
            "too many cases to enumerate",
            where="values or rows",
            got=f"{cases:,} samples times halves",
            fix="take fewer values or rows, or simulated_counterexample(values, rows)",
        )
