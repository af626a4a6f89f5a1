"""How well one column alone predicts the label: learned from its values on one half of the rows, scored on the other.

Skill is 1 where the column gives the label away and 0 where it is no better than guessing: the share of the errors of
always guessing the largest class that the column removes, or the share of the variance of a numeric label's ranks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import lazy_loader
import numpy as np
from scipy import stats

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.exact_match import numbers_of
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.randomness import hashed_order
from samplewise.data.images import Images

pd = lazy_loader.load("pandas")

MOST_ROWS = 20_000  # hash-drawn; skill is known to a fraction of a percent from so many
MOST_BINS = 256
ROWS_PER_BIN = 8
LOOK_CLOSER = 0.9  # skill from which bins are too coarse
ALMOST = 0.97  # share of the rows for which values and classes must pair up to be called one-to-one


@dataclass(frozen=True, slots=True, eq=False)
class ColumnSkill:
    """What every column says about the label on its own.

    Args:
        names: (d,) of the columns.
        skill: (d,) on rows the fit did not see; 1 gives the label away, 0 or less says nothing.
        gaps: (d,) the same for the mere fact that a value is missing.
        values: (d,) different values; -1 where there are more than bins.
        one_to_one: (d,) every value stands for one class and every class for one value, in 97 % of the rows.
        heaps: (d,) every class is a heap of numbers, the heaps farther apart than they are wide.
        hits: (d,) rows predicted right (classes), of `rows`.
        guess: share of the largest class; 0 for a numeric label.
    """

    names: Array
    skill: Floats
    gaps: Floats
    values: Ints
    one_to_one: Mask
    heaps: Mask
    hits: Ints
    rows: int
    guess: float


def column_skill(evidence: Evidence, places: Ints | None = None) -> ColumnSkill:
    """Skill of the columns at these places (default: all features). Cost: O(n log n) a column, n at most 20,000."""
    X = evidence.data.X
    features = [place for place, column in enumerate(evidence.columns) if column.role == "feature"]
    chosen = np.asarray(features if places is None else places, dtype=np.intp)
    rows = hashed_order(evidence.seed, evidence.data.ids, "column skill")[:MOST_ROWS]
    classes = 0 if evidence.target.classes is None else len(evidence.target.classes)
    label = evidence.target.codes[rows]
    if not classes:
        label = (stats.rankdata(label) - 0.5) / len(rows)
    bins = int(np.clip(len(rows) // ROWS_PER_BIN, 4, MOST_BINS))
    skill_of = _ColumnSkill(label, classes, _halves(evidence, rows), bins)
    columns = [skill_of(*column) for column in _binned(X, chosen, rows, bins)]
    parts = [np.array(folded) for folded in zip(*columns, strict=True)] or [np.empty(0)] * 6
    names = np.array([evidence.columns[place].name for place in chosen], dtype=str)
    guess = float(np.bincount(label).max() / len(rows)) if classes else 0.0
    skill, gaps, values, paired, heaps, hits = parts
    return ColumnSkill(names, skill, gaps, values, paired.astype(bool), heaps.astype(bool), hits, len(rows), guess)


def _halves(evidence: Evidence, rows: Ints) -> Ints:
    """(r,) in which half each row is: in turn, exact copies and groups together, so that no row answers for itself."""
    if evidence.split_groups is None:
        return np.arange(len(rows)) % 2
    _, first, member = np.unique(evidence.split_groups[rows], return_index=True, return_inverse=True)
    turn = np.empty(len(first), dtype=np.intp)
    turn[np.argsort(first)] = np.arange(len(first))
    return np.asarray(turn[member.reshape(-1)] % 2)


def has_columns(X: Any) -> bool:
    """Whether a single column of X means something: not so for the pixels of pictures."""
    return not isinstance(X, Images)


@dataclass(frozen=True, slots=True, eq=False)
class _ColumnSkill:
    """Labels (n,) of the rows, in which half each row is, and the bins of a column with many values."""

    label: Array
    classes: int
    half: Ints
    bins: int

    def __call__(self, codes: Ints, gaps: Mask | None, numbers: Floats | None) -> tuple[float | int | bool, ...]:
        """Skill, skill of the gaps, different values, one-to-one, heaps, hits of one column given as codes 0..b-1."""
        values, heaps = int(codes.max()) + 1, False
        skill, hits = self._skill(codes, values)
        if self.classes and values >= self.bins and skill >= LOOK_CLOSER and numbers is not None:
            hits = max(hits, self._nearest_hits(numbers))
            skill, heaps = self._above_guess(hits), self._are_heaps(numbers)
        missing = self._skill(gaps.astype(np.intp), 2)[0] if gaps is not None and gaps.any() else 0.0
        paired = self._is_one_to_one(codes, values)
        return skill, missing, values if values < self.bins else -1, paired, heaps, hits

    def _skill(self, codes: Ints, values: int) -> tuple[float, int]:
        if not self.classes:
            return self._explained(codes, values), 0
        table = np.bincount(
            (self.half * values + codes) * self.classes + self.label, minlength=2 * values * self.classes
        )
        table = table.reshape(2, values, self.classes)
        guess = table.sum(axis=1).argmax(axis=1)
        hits = 0
        for learned, scored in ((0, 1), (1, 0)):
            seen = table[learned].sum(axis=1) > 0
            choice = np.where(seen, table[learned].argmax(axis=1), guess[learned])
            hits += int(table[scored][np.arange(values), choice].sum())
        return self._above_guess(hits), hits

    def _above_guess(self, hits: int) -> float:
        """Share of the errors of always guessing the largest class that so many hits remove."""
        largest = int(np.bincount(self.label).max())
        return (hits - largest) / max(1, len(self.label) - largest)

    def _nearest_hits(self, numbers: Floats) -> int:
        """Rows whose nearest number in the other half has their label: no bin mixes classes at its border."""
        numbers = np.where(np.isnan(numbers), np.inf, numbers)
        hits = 0
        for learned in (0, 1):
            order = np.argsort(np.where(self.half == learned, numbers, np.inf), kind="stable")
            order = order[: int((self.half == learned).sum())]
            queried = np.flatnonzero(self.half != learned)
            place = np.clip(np.searchsorted(numbers[order], numbers[queried]), 1, max(1, len(order) - 1))
            left, right = order[place - 1], order[np.minimum(place, len(order) - 1)]
            with np.errstate(invalid="ignore"):  # gaps are infinitely far from everything, also from each other
                is_left = numbers[queried] - numbers[left] <= numbers[right] - numbers[queried]
            hits += int((self.label[np.where(is_left, left, right)] == self.label[queried]).sum())
        return hits

    def _explained(self, codes: Ints, values: int) -> float:
        """Share of the variance of the label's ranks that the means of the other half explain."""
        key = self.half * values + codes
        count = np.bincount(key, minlength=2 * values).reshape(2, values)
        total = np.bincount(key, weights=self.label, minlength=2 * values).reshape(2, values)
        overall = float(self.label.mean())
        mean = np.divide(total, count, out=np.full((2, values), overall), where=count > 0)
        error = np.square(self.label - mean[1 - self.half, codes]).sum()
        spread = np.square(self.label - overall).sum()
        return float(1.0 - error / spread) if spread > 0 else 0.0

    def _are_heaps(self, numbers: Floats) -> bool:
        """Whether every class fills an interval of its own, and the next is farther away than the classes are wide."""
        order = np.argsort(numbers, kind="stable")
        label, ordered = self.label[order], numbers[order]
        borders = np.flatnonzero(np.diff(label) != 0)
        if np.isnan(ordered).any() or len(borders) != len(np.unique(label)) - 1:
            return False
        width = max(float(np.std(heap)) for heap in np.split(ordered, borders + 1))
        return bool((ordered[borders + 1] - ordered[borders]).min() > width)

    def _is_one_to_one(self, codes: Ints, values: int) -> bool:
        """Whether values and classes are the same thing under two names, for at least 97 % of the rows."""
        present = len(np.unique(self.label)) if self.classes else 0
        if not 2 <= present <= values <= 2 * present:  # a few odd values (gaps, typing errors) may stand beside
            return False
        table = np.bincount(codes * self.classes + self.label, minlength=values * self.classes)
        table = table.reshape(values, self.classes)
        partner = table.argmax(axis=0)
        held = table.sum(axis=0) > 0
        paired = table[partner[held], np.flatnonzero(held)].sum()
        return len(np.unique(partner[held])) == present and bool(paired >= ALMOST * len(codes))


def _binned(X: Any, places: Ints, rows: Ints, bins: int) -> Iterator[tuple[Ints, Mask | None, Floats | None]]:
    """Every column as codes 0..b-1 (n,) of its values, or of quantiles where there are many; its gaps; its numbers."""
    if hasattr(X, "tocsr"):
        sample = X[rows].tocsc()
        for place in places:
            column = np.zeros(len(rows))
            folded = slice(sample.indptr[place], sample.indptr[place + 1])
            column[sample.indices[folded]] = sample.data[folded]
            yield _number_codes(column, bins), None, column
        return
    for place in places:
        column = X.iloc[rows, place] if hasattr(X, "iloc") else X[rows, place]
        if column.dtype.kind in "biuf":
            numbers = numbers_of(column)
            gaps = np.isnan(numbers)
            yield _number_codes(numbers, bins), gaps, numbers
        else:
            yield _value_codes(column, bins), np.asarray(column.isna()), None


def _number_codes(numbers: Floats, bins: int) -> Ints:
    """Bin of every number, of about equal size, with the gaps in the last; equal numbers share a bin."""
    gaps = np.isnan(numbers)
    ordered = np.sort(numbers[~gaps])
    if not len(ordered):
        return np.zeros(len(numbers), dtype=np.intp)
    steps = np.flatnonzero(np.diff(ordered)) + 1
    quantiles = ordered[np.arange(1, bins) * len(ordered) // bins]
    edges = ordered[steps] if len(steps) < bins else np.unique(quantiles)
    codes = np.searchsorted(edges, numbers, side="right")
    codes[gaps] = len(edges) + 1
    return _renumbered(codes)


def _value_codes(column: Any, bins: int) -> Ints:
    """Code of every value by its frequency, ties by name; values beyond `bins` share the last, gaps have their own."""
    texts = column.astype(object).where(column.notna(), None).map(lambda value: "" if value is None else f"={value}")
    counts = texts.value_counts()
    ranked = sorted(counts.index, key=lambda value: (-int(counts[value]), value))
    lookup = {value: min(place, bins - 1) for place, value in enumerate(ranked)}
    return np.asarray(texts.map(lookup), dtype=np.intp)


def _renumbered(codes: Ints) -> Ints:
    return np.unique(codes, return_inverse=True)[1].astype(np.intp)
