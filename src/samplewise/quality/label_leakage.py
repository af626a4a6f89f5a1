"""How well one column alone predicts the label: learned from its values on one half of the rows, scored on the other.

Three more looks find what bins blur: whether a numeric label rises (or falls) with a column, whether it is a straight
line of it in nearly all rows, and whether two cuts on a column separate the classes.

Skill is 1 where the column gives the label away and 0 where it is no better than the baseline: the share of the errors
of always predicting the largest class that the column removes, or the share of the variance of a numeric label's ranks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from sklearn.tree import DecisionTreeClassifier

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError, require_share, unknown_name
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent
from samplewise.core.results import Result, Table
from samplewise.core.texts import keys_text
from samplewise.core.values import Estimate, Scores
from samplewise.data.columns import Column
from samplewise.data.images import Images
from samplewise.data.targets import Target, Task
from samplewise.engine.models.metrics import Metric
from samplewise.engine.refits import prepare
from samplewise.engine.statistics.intervals import share_interval
from samplewise.engine.statistics.significance import binomial_p_value
from samplewise.quality.column_codes import columns_as_codes
from samplewise.quality.label_order import follows

MOST_ROWS = 20_000  # hash-drawn; skill is known to a fraction of a percent from so many
MOST_BINS = 256
ROWS_PER_BIN = 8
FEWEST_BINS = 8  # where the smallest class decides how many bins there can be
REFINE_FROM = 0.9  # skill from which bins are too coarse
ALMOST = 0.97  # share of the rows for which values and classes must pair up to be called one-to-one
ALL = 0.97  # skill from which a column leaves next to nothing open
NEARLY_ALL = 0.995  # skill a column must have to be an error without being the label's double
MUCH = 0.8  # skill from which a column of few values that stands out is questioned
MOST = 0.9  # the same for a column of many values: honest measurements reach more than codes do
FAR_BELOW = 0.5  # of the best column's skill: where the next must lie for the best to stand out
FEWEST_OTHERS = 5  # other columns needed for that comparison to mean anything
RISES = 0.98  # rank correlation with a numeric label from which a column is questioned: honest ones stay below
IS_LABEL = 0.999  # rank correlation, or share of rows on a straight line, from which a column is the label
ON_LINE = 0.95  # share of the rows on one straight line from which a column is questioned
CUTS, CUT_FROM = 2, 0.5  # depth of the tree; skill of bins from which it is grown
MOST_CUT = 50  # columns, those of most skill, that get a tree: where more say so much, none stands out
MOST_ENTRIES = 20_000_000  # rows times columns; of wider tables fewer rows are drawn
FEWEST_DRAWN = 2_000
CHANCE = 0.001  # of a column doing so well by luck, over all columns
FEW_VALUES = 30  # different values up to which a column reads like a code
FEWEST_ROWS = 20
RANKED = "R², on the ranks of the label"
GUESSED = "share of errors of a majority guess"
NO_SPREAD = "half of the rows are trained on, the other half are scored; the spread over draws is not measured"


@dataclass(frozen=True, slots=True, eq=False)
class ColumnSkill(Result):
    """What every column says about the label on its own.

    Args:
        names: (d,) of the columns.
        skill: (d,) on rows the fit did not see; 1 gives the label away, 0 or less says nothing.
        gaps: (d,) the same for the mere fact that a value is missing.
        values: (d,) different values; -1 where there are more than bins.
        one_to_one: (d,) every value stands for one class and every class for one value, in 97 % of the rows.
        heaps: (d,) every class is a heap of numbers, the heaps farther apart than they are wide.
        hits: (d,) rows predicted right (classes), of `rows`.
        rises: (d,) |rank correlation| with a numeric label; 0 for classes.
        on_line: (d,) share of the rows in which a numeric label is one straight line of the column; 0 for classes.
        cuts: (d,) skill of two cuts (a tree of depth 2) on the other half of the rows; 0 for a numeric label.
        rows: that were scored.
        guess: accuracy of the baseline, the share of the largest class; 0 for a numeric label.
    """

    names: Array
    skill: Floats
    gaps: Floats
    values: Ints
    one_to_one: Mask
    heaps: Mask
    hits: Ints
    rises: Floats
    on_line: Floats
    cuts: Floats
    rows: int
    guess: float

    @property
    def best(self) -> Floats:
        """(d,) the larger of the skill of the values and that of the gaps."""
        return np.maximum(self.skill, self.gaps)

    @property
    def scores(self) -> Scores:
        """`best` by column."""
        return Scores(
            "label_given_away", self.best, self.names, "share of the baseline's errors that the column alone removes",
            "says more about the label on its own", axis="column",
        )  # fmt: skip

    @property
    def gives_label_away(self) -> Array:
        """Names of the columns that are the label under another name, or as good as it, the best first."""
        return self.names[self._positions(0)]

    @property
    def questionable(self) -> Array:
        """Names of the other columns that predict the label far better than the rest, the best first."""
        return self.names[self._positions(1)]

    @checked
    def estimate(self, name: str, confidence: float = 0.95) -> Estimate:
        """The skill of one column with its Clopper-Pearson interval; none for a numeric label, or where gaps say more.

        Raises: InputError for a column without a skill, or a confidence outside (0, 1).   Source: clopper1934.
        """
        confidence = require_share(confidence, "confidence")
        found = np.flatnonzero(self.names == name)
        if not len(found):
            raise unknown_name("column", str(name), self.names.tolist())
        return estimate_at(self, int(found[0]), confidence)

    def _sentences(self) -> Iterable[str]:
        given, open_to_question = self.gives_label_away.tolist(), self.questionable.tolist()
        best = int(np.argmax(self.best))
        if given:
            yield f"{keys_text(given)} give{'s' * (len(given) == 1)} the label away."
        if open_to_question:
            yield f"{keys_text(open_to_question)} may give the label away."
        if not given and not open_to_question:
            yield "No column gives the label away on its own."
        yield f"The best single column is {self.names[best]}, with skill {self.best[best]:.2f} of 1."

    def _table(self) -> Table:
        order = np.argsort(-self.best, kind="stable")
        certain, possible = giving_away(self)
        reading = np.where(certain, "gives the label away", np.where(possible, "may give it away", ""))
        columns = {"column": self.names, "skill": self.skill, "skill_of_gaps": self.gaps, "reading": reading}
        return Table({name: values[order] for name, values in columns.items()}, index="column")

    def _positions(self, which: int) -> Ints:
        positions = np.flatnonzero(giving_away(self)[which])
        return positions[np.argsort(-self.best[positions], kind="stable")]


@checked
def column_skill(
    data: Any, y: Any = None, *, label: str | None = None, task: Task = "auto", seed: int = 0
) -> ColumnSkill:
    """How well each column alone predicts the label, from 0 (no better than the baseline) to 1 (gives the label away).

    Classes: (hits - hits of always predicting the largest class) / (rows - those hits), where values (or bins of equal
    size) are matched with classes on one half of the rows and scored on the other, and the other way round. Numbers:
    the R² on the label's ranks that the means of the bins explain.

    Args:
        data, y, label: n labeled rows in any form `samplewise.data.as_dataset` takes; exact duplicates and rows of a
            group are in the same half.
        task: "auto", "classification" or "regression".
        seed: draws the rows where there are more than are looked at.

    Questionable are columns whose order a numeric label has (rank correlation of .98 and more) or of which it is a
    straight line in 95 % of the rows, from .999 on they are the label; and columns that separate the classes, in bins
    or by two cuts, while the others say far less.

    Returns:
        `ColumnSkill` by column name; larger skill says more about the label. Below 0 is worse than the baseline.

    Raises:
        InputError: missing labels, images, fewer than 20 rows, or no column that varies.

    Cost: O(n log n) per column, n at most 20,000, or 20 million values (but 2,000 rows at the least) of all columns;
        trees for the 50 columns of most skill.
    Not for: proof (a threshold on an honest measurement may define the classes); a code split over several columns.
    Source: kaufman2012 (what makes a column illegitimate).

    >>> X = np.random.default_rng(0).normal(size=(200, 6)); y = np.arange(200) % 2; X[:, 4] = 7 * y
    >>> column_skill(X, y).gives_label_away
    array(['x4'], dtype='<U2')
    """
    rows = prepare(data, y=y, label=label, task=task, seed=seed)
    if not has_columns(rows.data.X):
        raise InputError(
            "images have no columns that mean something on their own", where="X",
            got=f"{len(rows.data)} images", fix="pass a table: an array, a frame or sparse rows",
        )  # fmt: skip
    if len(rows.data) < FEWEST_ROWS:
        raise InputError(
            "any column may fit so few rows by luck", where="data", got=f"{len(rows.data)} rows",
            fix=f"pass at least {FEWEST_ROWS} rows",
        )  # fmt: skip
    found = skill_of_columns(rows.data.X, rows.data.columns, rows.target, rows.data.ids, rows.groups, seed)
    if not len(found.names):
        raise InputError(
            "no column is left to predict the label from", where="X",
            got=f"{len(rows.data.columns)} columns, each constant, missing, an id or a date",
            fix="pass at least one column whose values differ",
        )  # fmt: skip
    return found


def giving_away(found: ColumnSkill) -> tuple[Mask, Mask]:
    """Columns (d,) that give the label away, and columns that may, without the former."""
    best = np.maximum(found.best, found.cuts)
    others = best[best < MUCH]
    alone = (best >= MUCH) & (best * FAR_BELOW > others.max(initial=0.0)) & (len(others) >= FEWEST_OTHERS)
    alone &= (best >= MOST) | ((found.values > 0) & (found.values <= FEW_VALUES))
    earned = ~_luck(found)
    if not found.guess:  # honest measurements explain up to 92 % of the ranks of a number: only more than that counts
        follows = np.maximum(found.rises, found.on_line)
        proven = (follows >= IS_LABEL) | (found.gaps >= ALL)
        return proven, ~proven & ((found.rises >= RISES) | (found.on_line >= ON_LINE) | (found.gaps >= MUCH))
    double = found.one_to_one & (found.skill >= ALL)
    plain = found.heaps | (found.values > 0)
    proven = earned & (double | (found.gaps >= ALL) | (alone & plain & (found.skill >= NEARLY_ALL)))
    return proven, earned & ~proven & (alone | (found.gaps >= MUCH) | (found.one_to_one & (best >= MUCH)))


def _luck(found: ColumnSkill) -> Mask:
    """(d,) columns whose hits the baseline would reach by luck somewhere among so many columns."""
    if not found.guess:
        return np.zeros(len(found.names), dtype=bool)
    chance = binomial_p_value(found.hits, found.rows, found.guess) * len(found.names)
    return np.asarray((chance >= CHANCE) & (found.gaps < MUCH))


def estimate_at(found: ColumnSkill, place: int, confidence: float) -> Estimate:
    """The skill of the column at this position, with an interval where one is known."""
    quantity, unit = f"skill of {found.names[place]} alone", GUESSED
    if not found.guess:
        return Estimate(quantity, float(found.skill[place]), unit=RANKED, reason=NO_SPREAD)
    if found.gaps[place] > found.skill[place]:
        return Estimate(f"{quantity}, by its gaps", float(found.gaps[place]), unit=unit, reason=NO_SPREAD)
    ends = share_interval(found.hits[place], found.rows, confidence)
    low, high = ((float(end) - found.guess) / (1.0 - found.guess) for end in ends)
    return Estimate(quantity, float(found.skill[place]), low, high, unit, confidence, "clopper1934")


# ---- by position: what the audit and the function above share --------------------------------------------------------


def skill_of_columns(  # rows, columns and target apart, as the audit has them
    X: Any, columns: tuple[Column, ...], target: Target, ids: Array, groups: Array | None, seed: int,
    places: Ints | None = None,
) -> ColumnSkill:  # fmt: skip
    """Skill of the columns at these positions (default: all features). Cost: as of `column_skill`."""
    features = [place for place, column in enumerate(columns) if column.role == "feature"]
    chosen = np.asarray(features if places is None else places, dtype=np.intp)
    rows = _drawn(seed, ids, len(chosen))
    classes = 0 if target.classes is None else len(target.classes)
    label = target.codes[rows]
    if not classes:
        label = (stats.rankdata(label) - 0.5) / len(rows)
    bins = int(np.clip(len(rows) // ROWS_PER_BIN, 4, MOST_BINS))
    skill_of = _ColumnSkill(label, classes, _halves(groups, rows), bins)
    numeric = None if classes else target.codes[rows].astype(np.float64)
    coded = columns_as_codes(X, chosen, rows, bins)
    measured = [(*skill_of(*column), *follows(column[2], numeric)) for column in coded]
    measures = [np.array(values) for values in zip(*measured, strict=True)] or [np.empty(0)] * 8
    names = np.array([columns[place].name for place in chosen], dtype=str)
    guess = float(np.bincount(label).max() / len(rows)) if classes else 0.0
    skill, gaps, values, paired, heaps, hits, rises, on_line = measures
    cuts = np.zeros(len(chosen))
    best = np.argsort(-skill, kind="stable")[:MOST_CUT]
    best = best[skill[best] >= CUT_FROM] if classes else best[:0]  # a tree says little where bins say little
    for place, (_, _, numbers) in zip(best, columns_as_codes(X, chosen[best], rows, bins), strict=True):
        cuts[place] = skill_of.two_cuts(numbers)
    return ColumnSkill(
        names,
        skill,
        gaps,
        values,
        paired.astype(bool),
        heaps.astype(bool),
        hits,
        rises,
        on_line,
        cuts,
        len(rows),
        guess,
    )


def separation_of_columns(
    X: Any, columns: tuple[Column, ...], target: Target, metric: Metric, ids: Array, groups: Array | None, seed: int
) -> tuple[Array, Floats]:
    """Names (d,) of the features and the skill of each by a metric in which classes weigh the same: 1 to 0 = chance.

    Where one class holds nearly all rows no column removes errors of always predicting it, though it may rank every
    rare row right. The rates of the classes in its bins, learned on one half of the rows, are scored on the other.

    Cost: O(n log n) a column, as many rows as in `column_skill`.
    """
    places = np.asarray([place for place, column in enumerate(columns) if column.role == "feature"], dtype=np.intp)
    rows = _drawn(seed, ids, len(places))
    label, half = target.codes[rows], _halves(groups, rows)
    classes = 0 if target.classes is None else len(target.classes)
    smallest = int(np.bincount(label, minlength=classes).min())
    bins = int(np.clip(smallest // ROWS_PER_BIN, FEWEST_BINS, MOST_BINS))
    chance = 0.5 if metric.name == "auc" else 1.0 / classes
    skill = np.zeros(len(places))
    for at, (codes, _, _) in enumerate(columns_as_codes(X, places, rows, bins)):
        rates = _rates_by_half(codes, label, half, classes)
        score = float(metric.contributions(rates[1 - half, codes], label).mean()) / percent(1.0)
        skill[at] = (score - chance) / (1.0 - chance)
    return np.array([columns[place].name for place in places], dtype=str), skill


def _rates_by_half(codes: Ints, label: Ints, half: Ints, classes: int) -> Floats:
    """(2, b, c) how much more frequent each class is in a bin than in its half, next to the others: equal by chance."""
    values = int(codes.max()) + 1
    table = np.bincount((half * values + codes) * classes + label, minlength=2 * values * classes)
    counts = table.reshape(2, values, classes).astype(np.float64)
    of_class, of_bin = counts.sum(axis=1, keepdims=True), counts.sum(axis=2, keepdims=True)
    # One more row in every bin, spread over the classes as in the whole half: a bin of few rows says little.
    prior = of_class / np.maximum(of_class.sum(axis=2, keepdims=True), 1.0)
    lifted = (counts + prior) / (of_bin + 1.0) / np.maximum(prior, 1e-12)
    return np.asarray(lifted / np.maximum(lifted.sum(axis=2, keepdims=True), 1e-12))


def _drawn(seed: int, ids: Array, columns: int) -> Ints:
    """Positions of the rows that are looked at: 20,000, fewer of more than a thousand columns, 2,000 at the least."""
    most = int(np.clip(MOST_ENTRIES // max(1, columns), FEWEST_DRAWN, MOST_ROWS))
    return hashed_order(seed, ids, "column skill")[:most]


def _halves(groups: Array | None, rows: Ints) -> Ints:
    """(r,) in which half each row is: in turn, duplicates and groups together, so that no row is scored by itself."""
    if groups is None:
        return np.arange(len(rows)) % 2
    _, first, member = np.unique(groups[rows], return_index=True, return_inverse=True)
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
        if self.classes and values >= self.bins and skill >= REFINE_FROM and numbers is not None:
            hits = max(hits, self._nearest_hits(numbers))
            skill, heaps = self._above_baseline(hits), self._are_heaps(numbers)
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
        largest = table.sum(axis=1).argmax(axis=1)
        hits = 0
        for learned, scored in ((0, 1), (1, 0)):
            seen = table[learned].sum(axis=1) > 0
            choice = np.where(seen, table[learned].argmax(axis=1), largest[learned])
            hits += int(table[scored][np.arange(values), choice].sum())
        return self._above_baseline(hits), hits

    def _above_baseline(self, hits: int) -> float:
        """Share of the errors of always predicting the largest class that so many hits remove."""
        largest = int(np.bincount(self.label).max())
        return (hits - largest) / max(1, len(self.label) - largest)

    def two_cuts(self, numbers: Floats | None) -> float:
        """Skill of a tree of depth 2 on the numbers of a column; 0 where it holds none."""
        if numbers is None:
            return 0.0
        inputs = np.where(np.isnan(numbers), np.nanmin(numbers) - 1.0, numbers)[:, None]
        hits = 0
        for learned in (0, 1):
            seen = self.half == learned
            tree = DecisionTreeClassifier(max_depth=CUTS, random_state=0).fit(inputs[seen], self.label[seen])
            hits += int((tree.predict(inputs[~seen]) == self.label[~seen]).sum())
        return self._above_baseline(hits)

    def _nearest_hits(self, numbers: Floats) -> int:
        """Rows whose nearest number in the other half has their label: no bin mixes classes at its border."""
        numbers = np.where(np.isnan(numbers), np.inf, numbers)
        hits = 0
        for learned in (0, 1):
            order = np.argsort(np.where(self.half == learned, numbers, np.inf), kind="stable")
            order = order[: int((self.half == learned).sum())]
            scored = np.flatnonzero(self.half != learned)
            place = np.clip(np.searchsorted(numbers[order], numbers[scored]), 1, max(1, len(order) - 1))
            left, right = order[place - 1], order[np.minimum(place, len(order) - 1)]
            with np.errstate(invalid="ignore"):  # gaps are infinitely far from everything, also from each other
                is_left = numbers[scored] - numbers[left] <= numbers[right] - numbers[scored]
            hits += int((self.label[np.where(is_left, left, right)] == self.label[scored]).sum())
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
        if not 2 <= present <= values <= 2 * present:  # a few odd values (gaps, typing errors) may be added
            return False
        table = np.bincount(codes * self.classes + self.label, minlength=values * self.classes)
        table = table.reshape(values, self.classes)
        partner = table.argmax(axis=0)
        held = table.sum(axis=0) > 0
        paired = table[partner[held], np.flatnonzero(held)].sum()
        return len(np.unique(partner[held])) == present and bool(paired >= ALMOST * len(codes))
