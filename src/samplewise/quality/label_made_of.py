"""Two or three columns that together are the label: their sum or difference, their product or ratio."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.data.columns import Column
from samplewise.data.targets import Target
from samplewise.quality.cells import numbers_of

FEWEST_ROWS = 50
MOST_COLUMNS = 60  # numeric columns of which every pair is tried
MOST_GAPS = 0.05  # share of the rows without a value, beyond which a column is left out
PROMISING = 0.98  # of the label's variance that a pair (or three) must explain before its rows are looked at
EXACT = 1e-5  # of the label's spread: how far a row on the plane may lie from it
ALL_BUT = 0.98  # share of the rows on the plane: a few may hold errors
ROUNDS = 10  # fits of the plane, each without the rows that are far from it
SAME = 1e-9  # share of a column's variance that the others leave open, below which it adds nothing


@dataclass(frozen=True, slots=True)
class MadeOf:
    """Columns of which the label is made.

    Args:
        names: of the columns, two or three.
        formula: how, as an expression.
        share: of the rows in which the formula gives the label.
    """

    names: tuple[str, ...]
    formula: str
    share: float


def label_made_of(X: Any, columns: tuple[Column, ...], target: Target, without: Sequence[str] = ()) -> MadeOf | None:
    """The two or three columns whose weighted sum, or product of powers, is a numeric label in 98 % of the rows.

    Every pair of at most 60 numeric columns is tried by least squares, as they are and in logarithms, and the best pair
    with every third. A few wrong rows are left out of the fit.

    Args:
        X: features.   columns: as they were understood.   target: labels as codes.
        without: names of columns that are the label alone, which would be part of every pair.

    Returns: None for classes, for fewer than 50 rows, and where no columns make the label.
    Cost:    O(n d^2 + d^3).
    Not for: sums of more than three columns.   Source: no publication; the rule is stated above.
    """
    if target.classes is not None or X.shape[0] < FEWEST_ROWS or hasattr(X, "tocsr"):
        return None
    held = _numeric(X, columns, set(without))
    if len(held) < 2:
        return None
    names, matrix = list(held), np.column_stack(list(held.values()))
    complete = np.isfinite(matrix).all(axis=1) & np.isfinite(target.codes)
    label = target.codes[complete].astype(np.float64)
    matrix = matrix[complete]
    if len(label) < FEWEST_ROWS or label.min() == label.max():
        return None
    found = _plane(matrix, label, names, "sum")
    if found is None and label.min() > 0:
        positive = matrix.min(axis=0) > 0
        chosen = [name for name, fits in zip(names, positive.tolist(), strict=True) if fits]
        found = _plane(np.log(matrix[:, positive]), np.log(label), chosen, "product") if len(chosen) > 1 else None
    return found


def _numeric(X: Any, columns: tuple[Column, ...], without: set[str]) -> dict[str, Floats]:
    """The numeric features that vary and have hardly a gap, at most 60."""
    held: dict[str, Floats] = {}
    for place, column in enumerate(columns):
        values = X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]
        if column.role != "feature" or column.name in without or values.dtype.kind not in "iuf":
            continue
        numbers = numbers_of(values)
        if np.isnan(numbers).mean() <= MOST_GAPS and np.nanmin(numbers) < np.nanmax(numbers):
            held[column.name] = numbers
        if len(held) == MOST_COLUMNS:
            break
    return held


def _plane(matrix: Floats, label: Floats, names: list[str], how: str) -> MadeOf | None:
    """The best pair of columns (n, d), or that and a third, if they are the label."""
    spreads = matrix.std(axis=0)
    kept = spreads > 0
    scaled = (matrix[:, kept] - matrix[:, kept].mean(axis=0)) / spreads[kept]
    names = [name for name, varies in zip(names, kept.tolist(), strict=True) if varies]
    if len(names) < 2:
        return None
    aim = (label - label.mean()) / label.std()
    gram, moments = scaled.T @ scaled / len(aim), scaled.T @ aim / len(aim)
    pair = _best_pair(gram, moments)
    for chosen in [pair] if len(names) == 2 else [pair, _with_third(gram, moments, pair)]:
        weights, on_plane = _fitted(matrix[:, kept][:, chosen], label)
        if on_plane is not None and on_plane.mean() >= ALL_BUT:
            terms = [names[place] for place in chosen]
            return MadeOf(tuple(terms), _formula(terms, weights, how), float(on_plane.mean()))
    return None


def _best_pair(gram: Floats, moments: Floats) -> Ints:
    """Positions of the two columns that explain most of the label's variance."""
    across = 1.0 - np.square(gram)
    first, second = moments[:, None], moments[None, :]
    explained = (np.square(first) + np.square(second) - 2.0 * first * second * gram) / np.where(
        across > SAME, across, np.inf
    )
    np.fill_diagonal(explained, -np.inf)
    return np.array(np.unravel_index(int(np.argmax(explained)), explained.shape), dtype=np.intp)


def _with_third(gram: Floats, moments: Floats, pair: Ints) -> Ints:
    """The pair and the column that adds most to it."""
    own = np.linalg.pinv(gram[np.ix_(pair, pair)])
    left = moments - gram[:, pair] @ own @ moments[pair]
    open_ = 1.0 - np.einsum("ij,jk,ik->i", gram[:, pair], own, gram[:, pair])
    gain = np.square(left) / np.where(open_ > SAME, open_, np.inf)
    gain[pair] = -1.0
    return np.append(pair, int(np.argmax(gain)))


def _fitted(columns: Floats, label: Floats) -> tuple[Array, Mask | None]:
    """Weights of the columns and the intercept, and the rows (n,) on the plane; None where it explains too little."""
    design = np.column_stack([columns, np.ones(len(label))])
    close = EXACT * float(label.std())
    kept = np.ones(len(label), dtype=bool)
    weights = np.zeros(design.shape[1])
    for step in range(ROUNDS):
        weights = np.linalg.lstsq(design[kept], label[kept], rcond=None)[0]
        apart = np.abs(label - design @ weights)
        if step == 1 and np.square(apart[kept]).mean() > (1.0 - PROMISING) * label.var():
            return weights, None
        kept = apart <= max(3.0 * float(np.median(apart)), close)
    used = np.abs(weights[:-1]) * columns.std(axis=0)
    return weights, (apart <= close) if (used > close).all() else None


def _formula(names: list[str], weights: Array, how: str) -> str:
    """The label as an expression of the columns: `casual + registered`, `price / rooms`."""
    shown = [(name, float(weight)) for name, weight in zip(names, weights.tolist(), strict=False)]
    if how == "product":
        over = [_power(name, -power) for name, power in shown if power < 0]
        return " / ".join([" * ".join(_power(name, power) for name, power in shown if power > 0) or "1", *over])
    text = ""
    for name, weight in shown:
        size = "" if abs(abs(weight) - 1.0) < EXACT else f"{_short(abs(weight))} "
        sign = "-" if weight < 0 else "+"
        text += f" {sign} {size}{name}" if text else f"{'-' if weight < 0 else ''}{size}{name}"
    return text


def _power(name: str, power: float) -> str:
    return name if abs(power - 1.0) < EXACT else f"{name}^{_short(power)}"


def _short(value: float) -> str:
    return f"{value:.4g}"
