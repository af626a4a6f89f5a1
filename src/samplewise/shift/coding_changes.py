"""Whether labels mean the same at all times and places: P(label | features) compared between the sources of rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, one_hot
from samplewise.core.errors import InputError, NotApplicable
from samplewise.core.randomness import generator, hashed_order
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import keys_text, number_text, shortened
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate
from samplewise.data.splits import fold_of_rows
from samplewise.data.targets import Target, Task
from samplewise.engine.models.feature_encoding import feature_space
from samplewise.engine.refits import Prepared, prepare
from samplewise.engine.statistics.autocorrelation import autocorrelation_time, best_step
from samplewise.engine.statistics.intervals import CONFIDENCE, half_width
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.sign_flips import SignFlips, sign_flip_test
from samplewise.shift.coding_residuals import residual_pairs
from samplewise.shift.coding_sources import Kind, sources_of
from samplewise.shift.times import LENGTHS, cut_indicators, moment_text, ranks

MOST_ROWS = 5000  # hash-drawn; a shift of a few points is seen in so many
FEWEST_ROWS = 150
SIDE = 30  # rows a source, and the rest, must have at least
CELL = 20  # the same among rows of one predicted class
MOST_LEVELS, MOST_CLASSES = 20, 12
PIECES = 60  # stretches of time that are held out whole, so that a row's neighbors do not give its label away
FOLDS = 5
FEWEST_CLUSTERS, MOST_CLUSTERS = 20, 800
OVERLAP = 0.25  # share of the source's variance that the features must leave open
SIGNIFICANT = 0.01  # stricter than usual: what models misfit is not in the p-value
ALLOWED, MATERIAL = 0.03, 0.05  # of a class: differences that count as none; that are worth a report
ALLOWED_SPREADS, MATERIAL_SPREADS = 0.1, 0.2  # the same of a numeric label, in spreads of its core
FENCE = 3.0  # interquartile ranges beyond the quartiles to which a numeric label is pulled in
TO_SPREAD = 1.349  # interquartile range of a normal, in standard deviations
SOURCE = "shah2020, robinson1988, holm1979"


@dataclass(frozen=True, slots=True, eq=False)
class CodingChange(Result):
    """How labels differ between the sources of rows, at the same features.

    Args:
        source: the column or role, such as "time".
        kind: "time", compared before and after; or "place", each value with all others.
        p_value: that no class differs by more than 3 points (numbers: .1 spreads), corrected over classes and cuts of
            this source, and by Holm over the sources.
        where: the time of the first row after the change, or the value that differs.
        expected: the class that models predict where the change is largest; "" for all rows.
        given: the label whose share changes, and `share` and `other_share`, its shares there and elsewhere.
        instead: the label that takes its place, and its shares `instead_share` and `instead_other_share`.
        effect: how much more often `given` is given there, at the same features, in points; of a numeric label how
            much larger it is, in its own unit.
        material: whether the change is significant and large enough for a report.
        inside: (n,) rows on the far side of the change that models predict `expected` for.
        reason: why nothing can be told of this source, or "".
    """

    source: str
    kind: Kind
    p_value: float
    where: Any
    expected: str
    given: str
    share: float
    other_share: float
    instead: str
    instead_share: float
    instead_other_share: float
    effect: Estimate
    material: bool
    inside: Mask
    reason: str = ""

    @property
    def place(self) -> str:
        """Where labels differ, as a condition."""
        return f"{self.source} >= {moment_text(self.where)}" if self.kind == "time" else f"{self.source} = {self.where}"

    def _sentences(self) -> Iterable[str]:
        if self.reason:
            yield f"By {self.source} nothing can be told: {self.reason}."
        elif not self.material:
            yield f"By {self.source} no change of the labels is seen (p = {self.p_value:.2g})."
        else:
            yield f"Labels differ at {self.place}: {self.in_words()} (p = {self.p_value:.2g})."

    @property
    def other_place(self) -> str:
        """What it is compared with."""
        return "before" if self.kind == "time" else "elsewhere"

    def in_words(self) -> str:
        """What differs, with shares or means on both sides."""
        among = f"among rows that models expect to be {shortened(self.expected, 40)!r}, " if self.expected else ""
        if not self.given:
            return (
                f"{among}the label is {number_text(self.share)} in the mean there and {number_text(self.other_share)} "
                f"{self.other_place}; at the same features it differs by {self.effect.without_reason()}"
            )
        words = f"{among}{shortened(self.given, 40)!r} is given in {self._two(self.share, self.other_share)}"
        if self.instead:
            words += (
                f", and {shortened(self.instead, 40)!r} in {self._two(self.instead_share, self.instead_other_share)}"
            )
        return f"{words}; at the same features the first differs by {self.effect.without_reason()}"

    def _two(self, share: float, other: float) -> str:
        return f"{percent_text(share, '.0f')} of them there and {percent_text(other, '.0f')} {self.other_place}"

    def _table(self) -> Table:
        shown = (self.place, self.expected, self.given, self.share, self.other_share)
        where, expected, given, share, other = shown if self.material else ("", "", "", np.nan, np.nan)
        columns = {
            "source": [self.source], "where": [where], "expected": [expected], "given": [given], "share": [share],
            "elsewhere": [other], "p_value": [self.p_value],
        }  # fmt: skip
        return Table({name: np.asarray(values) for name, values in columns.items()}, index="source")


@dataclass(frozen=True, slots=True, eq=False)
class LabelCoding(Result):
    """One answer for every source of the rows; `found` are those where the coding of labels changes."""

    ids: Array  # (n,)
    changes: tuple[CodingChange, ...]  # the surest first

    @property
    def found(self) -> tuple[CodingChange, ...]:
        """Sources over which the label changes by enough to matter, and beyond chance."""
        return tuple(change for change in self.changes if change.material)

    @property
    def affected(self) -> Mask:
        """(n,) rows that lie on the far side of any change found."""
        return np.any([change.inside for change in self.found], axis=0) if self.found else np.zeros(len(self.ids), bool)

    def _sentences(self) -> Iterable[str]:
        for change in self.changes:
            yield from change._sentences()

    def _table(self) -> Table:
        tables = [change._table().columns for change in self.changes]
        names = tables[0] if tables else ("source",)
        return Table({name: np.concatenate([table[name] for table in tables]) for name in names}, index="source")


@checked
def label_coding(
    data: Any, y: Any = None, *, label: str | None = None, time: Any = None, segments: Any = None, task: Task = "auto",
    seed: int = 0,
) -> LabelCoding:  # fmt: skip
    """Whether the same features get other labels at some time, site or annotator: P(label | features) by source, p.

    Held-out models that see neither time nor place predict both the label and the source from the features. Where
    labels follow the features, what is left of one has nothing to do with what is left of the other; the sums of their
    products, within every predicted class, are compared with sums under random signs of whole clusters (groups, and
    stretches of time as long as labels hang together). Features that drift are no finding.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes. Sources are the `time` of a
            `Dataset`, its `segments`, and its `groups` where there are 20 or fewer; the order of the rows is none.
        time: (n,) when rows were labeled, where the data do not say.
        segments: sites, annotators: a frame or (n,) values that are compared, where the data do not say.
        task: "auto", "classification" or "regression".
        seed: of folds, signs, and of the rows drawn where there are more than 5,000.

    Returns:
        `LabelCoding`: per source the time or place where labels change most, the shares of the labels on both sides
        (0..1), the effect at the same features in points, and p; a smaller p is surer.

    Raises:
        InputError: no labels, or rows without time, segments or few groups.

    Cost: 20 closed-form fits per source on at most 5,000 rows, 300 landmarks.
    Not for: telling a changed definition from a cause that no column shows; changes that even out over the rows of a
        predicted class. Order in the file: any file sorted by class would be accused.
    Source: shah2020, robinson1988, wu1986, holm1979.

    >>> rng = np.random.default_rng(0); X = rng.normal(size=(600, 2)); day = np.arange(600)
    >>> y = np.where(X[:, 0] < 0, "sun", np.where(day < 400, "rain", "fog"))
    >>> label_coding(X, y, time=day).found[0].place
    'time >= 405'
    """
    rows = prepare(data, y=y, label=label, task=task, seed=seed)
    sources = sources_of(rows.data, time, segments)
    if not sources:
        raise InputError(
            "there is nothing to compare the labels over", where="time, segments, groups",
            got="rows without any of them, or with many small groups",
            fix="pass time= (when a row was labeled), or segments= (site, annotator)",
        )  # fmt: skip
    return coding_in(rows, sources, sources["time"][1] if "time" in sources else None)


def coding_in(rows: Prepared, sources: Mapping[str, tuple[Kind, Array]], time: Array | None = None) -> LabelCoding:
    """`label_coding` over named sources: kind and values (n,) of each. `time` (n,) orders rows that have no time."""
    time = rows.data.time if time is None else time
    known = _Rows.drawn(rows, tuple(sources), time)
    changes = [known.change(name, kind, values) for name, (kind, values) in sources.items()]
    tested = [at for at, change in enumerate(changes) if not change.reason]
    for at, p_value in zip(tested, holm([changes[at].p_value for at in tested]).tolist(), strict=True):
        large = changes[at].material and p_value < SIGNIFICANT
        changes[at] = replace(changes[at], p_value=p_value, material=large)
    return LabelCoding(rows.data.ids, tuple(sorted(changes, key=lambda change: (bool(change.reason), change.p_value))))


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The rows that are compared, r of n, in an order that does not depend on that of the file."""

    n: int
    positions: Ints  # (r,)
    ids: Array
    space: Floats
    labels: Floats  # (r, k) indicators, or numbers in spreads
    names: tuple[str, ...]  # of the classes; () for numbers
    spread: float  # of a numeric label, in its own unit; 1 for classes
    numbers: Floats  # (r,) numeric labels as given; empty for classes
    groups: Array | None
    time: Array | None
    seed: int

    @classmethod
    def drawn(cls, rows: Prepared, left_out: Sequence[str], time: Array | None) -> "_Rows":
        """At most 5,000 rows, in order of time, or hashed."""
        data = rows.data
        drawn = hashed_order(rows.seed, data.ids, "label coding")[:MOST_ROWS]
        if time is not None:
            drawn = drawn[np.argsort(time[drawn], kind="stable")]
        if len(drawn) < FEWEST_ROWS:
            raise NotApplicable(f"a comparison of labels needs at least {FEWEST_ROWS} rows, there are {len(drawn)}")
        labels, names, spread = _labels(rows.target, drawn)
        numbers = np.empty(0) if names else np.asarray(rows.target.codes, dtype=np.float64)[drawn]
        groups = None if rows.groups is None else np.asarray(rows.groups)[drawn]
        space = _space_without(rows, left_out)[drawn]
        return cls(
            len(data), drawn, data.ids[drawn], space, labels, names, spread, numbers, groups,
            None if time is None else np.asarray(time)[drawn], rows.seed,
        )  # fmt: skip

    def change(self, name: str, kind: Kind, values: Array) -> CodingChange:
        """Where labels differ most by one source, and how surely."""
        values = values[self.positions]
        indicators, wheres = cut_indicators(values, SIDE) if kind == "time" else _levels(values)
        if not wheres:
            return self._none(name, kind, f"no value has {SIDE} rows, with {SIDE} rows of others")
        scores = ranks(values)[:, None] if kind == "time" else indicators
        left, sources, predicted = residual_pairs(
            self.space, self.labels, indicators, scores, self._folds(name, kind), self.ids
        )
        cells = _Cells.of(left, sources, indicators, self._strata(predicted))
        if not len(cells.weight):
            return self._none(name, kind, "the features tell the source, so no rows can be compared")
        clusters = self._clusters(name, left)
        if min(len(np.unique(cluster)) for cluster in clusters) < FEWEST_CLUSTERS:
            return self._none(name, kind, "rows near each other in time or of one group are too much alike")
        tests = [cells.test(cluster, self._allowed, self.seed) for cluster in clusters]
        p_values = np.max([test.p_value for test in tests], axis=0)
        statistic = np.min([test.statistic for test in tests], axis=0)
        # the clearest cell; one of a predicted class says more than one of all rows
        order = (-np.round(statistic, 6), cells.stratum == 0, p_values >= SIGNIFICANT)  # of equal ones the first
        best = int(np.lexsort(order)[0])
        errors = [cells.effect_error(best, cluster) for cluster in clusters]
        return self._described(name, kind, values, wheres, cells, best, float(p_values.min()), max(errors))

    @property
    def _allowed(self) -> float:
        return ALLOWED if self.names else ALLOWED_SPREADS

    def _folds(self, name: str, kind: Kind) -> Ints:
        """Groups whole; stretches of time whole where time is the source; sites in every fold."""
        if kind == "time" and self.groups is None:
            dealt = generator(self.seed, "pieces").permutation(PIECES)
            return np.asarray(dealt[np.arange(len(self.ids)) * PIECES // len(self.ids)] % FOLDS, dtype=np.intp)
        groups = None if name == "group" else self.groups
        return fold_of_rows(self.ids, groups=groups, n_folds=FOLDS, seed=self.seed).astype(np.intp)

    def _clusters(self, name: str, left: Floats) -> list[Ints]:
        """Every way in which rows may hang together: by group, and over time as long as residuals do."""
        rows, found = np.arange(len(self.ids)), []
        if self.time is not None:
            length = max(autocorrelation_time(column) for column in left.T)
            found.append(rows // max(int(np.ceil(LENGTHS * length)), 1) if length > 1.0 else rows)
        if self.groups is not None and name != "group":
            found.append(np.unique(self.groups, return_inverse=True)[1].astype(np.intp))
        return found or [rows]

    def _strata(self, predicted: Floats) -> tuple[Ints, tuple[str, ...]]:
        """The class that is predicted of every row; of numbers the third they are in."""
        if self.names:
            return predicted.argmax(axis=1), self.names
        return (2.999 * ranks(predicted[:, 0])).astype(np.intp), ("low", "medium", "high")

    def _described(
        self, name: str, kind: Kind, values: Array, wheres: Sequence[Any], cells: "_Cells", best: int, p_value: float,
        error: float,
    ) -> CodingChange:  # fmt: skip
        stratum, column = int(cells.stratum[best]), int(cells.column[best])
        among = cells.members[stratum]
        where = wheres[cells.source[best]]
        if kind == "time":
            where = _dated(values, cells.left[:, column], among, where)
        there = among & ((values >= where) if kind == "time" else (values == where))
        elsewhere = among & ~there
        effect, unit = float(cells.effect[best]), "points" if self.names else LABEL_UNIT
        size = 100.0 if self.names else self.spread
        half = half_width(error)
        most = 100.0 if self.names else np.inf
        value, low, high = (float(np.clip(size * end, -most, most)) for end in (effect, effect - half, effect + half))
        estimate = Estimate(
            "label_shift", value, low, high, unit, CONFIDENCE, SOURCE, "at the same features, by held-out models"
        )
        inside = np.zeros(self.n, dtype=bool)
        inside[self.positions[there]] = True
        share, other_share = self._shares(column, there, elsewhere)
        instead, instead_share, instead_other = self._instead(column, there, elsewhere, effect)
        material = abs(effect) >= (MATERIAL if self.names else MATERIAL_SPREADS)
        given = self.names[column] if self.names else ""
        return CodingChange(
            name, kind, p_value, _plain(where), cells.strata[stratum], given, share, other_share, instead,
            instead_share, instead_other, estimate, material, inside,
        )  # fmt: skip

    def _shares(self, column: int, there: Mask, elsewhere: Mask) -> tuple[float, float]:
        values = self.labels[:, column] if self.names else self.numbers
        return float(values[there].mean()), float(values[elsewhere].mean())

    def _instead(self, column: int, there: Mask, elsewhere: Mask, effect: float) -> tuple[str, float, float]:
        """The class whose share changes most in the other direction."""
        if len(self.names) < 3:
            return "", 0.0, 0.0
        moved = (self.labels[there].mean(axis=0) - self.labels[elsewhere].mean(axis=0)) * np.sign(effect)
        moved[column] = np.inf
        other = int(moved.argmin())
        return (self.names[other], *self._shares(other, there, elsewhere))

    def _none(self, name: str, kind: Kind, reason: str) -> CodingChange:
        nothing = Estimate("label_shift", np.nan, unit="points" if self.names else LABEL_UNIT, reason=reason)
        empty = np.zeros(self.n, dtype=bool)
        return CodingChange(name, kind, 1.0, "", "", "", 0.0, 0.0, "", 0.0, 0.0, nothing, False, empty, reason)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Every pair of a label and a source among all rows and among those of one predicted class: m cells."""

    left: Floats  # (r, k) residuals of labels
    sources: Floats  # (r, s) residuals of sources
    members: Sequence[Mask]  # rows of each stratum; the first are all rows
    strata: tuple[str, ...]  # their names; "" for all rows
    stratum: Ints  # (m,)
    column: Ints  # (m,) of the label
    source: Ints  # (m,) of the source
    weight: Floats  # (m,) sum of squared residuals of the source
    effect: Floats  # (m,) change of the label per source

    @classmethod
    def of(cls, left: Floats, sources: Floats, indicators: Floats, strata: tuple[Ints, tuple[str, ...]]) -> "_Cells":
        """Cells with 20 rows on either side, of a source that the features leave open."""
        codes, names = strata
        present = [code for code in range(len(names)) if (codes == code).sum() >= 2 * CELL]
        members = [np.ones(len(left), dtype=bool), *(codes == code for code in present)]
        kept = []
        for number, among in enumerate(members):
            inside, squares = indicators[among].sum(axis=0), np.square(sources[among]).sum(axis=0)
            enough = (np.minimum(inside, among.sum() - inside) >= CELL) & (
                squares >= OVERLAP * indicators[among].var(axis=0) * among.sum()
            )
            kept += [(number, k, s) for k in range(left.shape[1]) for s in np.flatnonzero(enough)]
        stratum, column, source = np.array(kept, dtype=np.intp).reshape(-1, 3).T
        given = (left, sources, members, ("", *(names[code] for code in present)), stratum, column, source)
        cells = cls(*given, np.empty(0), np.empty(0))
        weight, total = np.empty(len(stratum)), np.empty(len(stratum))
        for at in range(len(stratum)):
            weight[at], total[at] = np.square(cells._source(at)).sum(), cells._products(at).sum()
        return replace(cells, weight=weight, effect=total / np.maximum(weight, 1e-12))

    def _source(self, at: int) -> Floats:
        return np.asarray(self.sources[:, self.source[at]] * self.members[self.stratum[at]])

    def _products(self, at: int) -> Floats:
        return np.asarray(self.left[:, self.column[at]] * self._source(at))

    def test(self, cluster: Ints, allowed: float, seed: int) -> SignFlips:
        """Signs of whole clusters turned at random; beyond 800 clusters, of neighboring ones together."""
        count = int(cluster.max()) + 1
        merged = cluster * min(count, MOST_CLUSTERS) // count
        sums = np.stack([np.bincount(merged, weights=self._products(at)) for at in range(len(self.weight))], axis=1)
        return sign_flip_test(sums.astype(np.float64), allowed * self.weight, seed=seed)

    def effect_error(self, at: int, cluster: Ints) -> float:
        """Standard error of the effect of a cell, by cluster."""
        source = self._source(at)
        left = source * (self.left[:, self.column[at]] - self.effect[at] * source)
        return float(np.sqrt(np.square(np.bincount(cluster, weights=left)).sum()) / self.weight[at])


def _labels(target: Target, rows: Ints) -> tuple[Floats, tuple[str, ...], float]:
    """Indicators of the commonest classes with their names, or numbers pulled in to their core, in spreads of it."""
    if target.classes is not None:
        shares = one_hot(np.asarray(target.codes)[rows], len(target.classes))
        common = np.sort(np.argsort(-shares.sum(axis=0), kind="stable")[:MOST_CLASSES])
        return shares[:, common], tuple(str(name) for name in target.classes[common].tolist()), 1.0
    numbers = np.asarray(target.codes, dtype=np.float64)[rows]
    low, high = np.quantile(numbers, (0.25, 0.75))
    spread = float(high - low) / TO_SPREAD or float(numbers.std()) or 1.0
    fence = FENCE * (high - low if high > low else spread)
    return np.clip(numbers, low - fence, high + fence)[:, None] / spread, (), spread


def _space_without(rows: Prepared, left_out: Sequence[str]) -> Floats:
    """Points of the rows without the columns that are a source."""
    X = rows.data.X
    named = [name for name in left_out if hasattr(X, "columns") and name in X.columns]
    if not named:
        return rows.space[: len(rows.data)]
    if len(named) == X.shape[1]:
        raise NotApplicable(f"no feature is left without {keys_text(named)}")
    return feature_space(replace(rows.data, X=X.drop(columns=named), kinds={}, conversions={}))


def _levels(values: Array) -> tuple[Floats, list[Any]]:
    """Indicators (n, s) of the commonest values, with 30 rows of it and of others; of two values one says all."""
    names, counts = np.unique(values, return_counts=True)
    common = names[np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])]
    wheres = [name for name in common if SIDE <= (values == name).sum() <= len(values) - SIDE]
    wheres = wheres[-1:] if len(names) == 2 else wheres
    return np.array([values == where for where in wheres], dtype=np.float64).reshape(len(wheres), len(values)).T, wheres


def _dated(times: Array, left: Floats, among: Mask, near: Any) -> Any:
    """The time from which residuals of these rows differ most: the step that explains most of them."""
    order = np.flatnonzero(among)[np.argsort(times[among], kind="stable")]
    at = best_step(left[order], least=max(CELL // 2, len(order) // 20))
    start = times[order][at]
    inside = (times[among] >= start).sum()
    return start if CELL // 2 <= inside <= among.sum() - CELL // 2 else near


def _plain(value: Any) -> Any:
    return value if isinstance(value, np.datetime64) else value.item() if hasattr(value, "item") else value
