"""One repeat of a test: every fold is fitted as it is, after each remedy and after a random one of the same size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.randomness import derive_seed, generator, hashed_order, hashed_uniform
from samplewise.engine.models.learner import Fit
from samplewise.engine.models.metrics import Contributions, Metric
from samplewise.engine.refits.cell_edits import CellEdit
from samplewise.engine.refits.folded_rows import Edit, FoldedRows, Refit, RemedyRule, RowEdit
from samplewise.engine.refits.runner import FitRunner
from samplewise.engine.refits.threads import ThreadExecutor

LEFT_OUT = 0.05  # share of a part's rows that each further refit of it leaves out, the same rows in every arm
Arm = tuple[FitRunner, Fit]
Side = tuple[FitRunner, RowEdit | None]  # who makes the fits of an arm, and what is done to the rows before


@dataclass(frozen=True, slots=True, eq=False)
class RepeatEffects:
    """What one repeat says of a remedy.

    Args:
        effect: (models, n) score after the remedy minus before, NaN for rows that were not evaluated; one row of it
            unless every fold's models judge the same rows.
        beyond: (models, n) score after the remedy minus that after the random one.
        corrected: (3, models, n) the effect as it would be on true labels, at three noise rates; (0, ...) without.
        folds: (models, n) which models evaluated a row.
        shares: (parts,) share of the part's rows that changed.
        fits: how many were asked for.
        before: (models, n) of numbers: absolute error before the remedy.
        beside: (models, n) of numbers: the effect in the other metric.
    """

    effect: Floats
    beyond: Floats
    corrected: Floats
    folds: Ints
    shares: Floats
    fits: int
    before: Floats | None = None
    beside: Floats | None = None

    @property
    def control(self) -> Floats:
        """(models, n) score after the random remedy minus before."""
        return self.effect - self.beyond


@dataclass(slots=True, eq=False)
class Arms:
    """Makes the fits of a repeat, for all remedies together, and compares what they score.

    Args:
        runner: data, learner and seed; all arms use the same.
        metric: per-row contributions, in points.
        refits: fits of every arm in every part: the first on all its rows, the others on 95 % of them.
        corrected: the same contributions as they would be on true labels, at the noise rate and at both of its ends.
        beside: another metric of numbers that is measured as well.
    """

    runner: FitRunner
    metric: Metric
    refits: int = 1
    corrected: Sequence[Contributions] = ()
    beside: Metric | None = None

    def compared(
        self, rules: Mapping[str, RemedyRule], parts: Sequence[FoldedRows], repeat: int
    ) -> tuple[dict[str, RepeatEffects], dict[str, str]]:
        """Effects of every rule in one repeat, and why others cannot be carried out in some part.

        `parts` are the training rows of the repeat's folds.
        """
        seed, cleaned = self.runner.seed + repeat, Cleaned(self.runner)
        owns = [self.runner.drawing_from(_rows_of(part)) for part in parts]
        changes = {name: carried_out(rule, parts, self.runner) for name, rule in rules.items()}
        sides = {
            name: [_sides(edit, part, own, seed, cleaned) for edit, part, own in zip(edits, parts, owns, strict=True)]
            for name, edits in changes.items()
        }
        reasons = {name: _impossible(each, parts) for name, each in sides.items()}
        changes = {name: edits for name, edits in changes.items() if not reasons[name]}
        queries = [evaluated_rows(folded) for folded in parts]
        arms = list[Arm]()
        for number, (folded, query) in enumerate(zip(parts, queries, strict=True)):
            compared: list[Side] = [(owns[number], None), *(one for name in changes for one in sides[name][number])]
            for again in range(self.refits):
                subset, draw = _subset(folded, self.runner.seed, repeat, again), repeat * self.refits + again
                made = _fits(compared, folded, query, Refit(subset, draw))
                if subset is not None and any(nothing_to_learn(fit, self.runner) for _, fit in made):
                    made = _fits(compared, folded, query, Refit(None, draw))
                arms += made
        answers = outputs_of(arms, parts[0].all_folds) if changes else []
        per_part = self.refits * (1 + 2 * len(changes))
        found = {name: _Collector(len(parts[0].all_folds), parts) for name in changes}
        for number, query in enumerate(queries if changes else ()):
            codes = self.runner.target.codes[query]
            mine = answers[number * per_part : (number + 1) * per_part]
            if self.metric.can_score(codes):  # else held-out rows of one class only: this fold says nothing
                self._collect(found, number, query, mine, codes)
        fits = self.refits * 3 * len(parts)
        effects = {
            name: found[name].effects([_share(edit, part) for edit, part in zip(edits, parts, strict=True)], fits)
            for name, edits in changes.items()
        }
        return effects, {name: reason for name, reason in reasons.items() if reason}

    def _collect(
        self, found: Mapping[str, "_Collector"], number: int, query: Ints, answers: Sequence[Array], codes: Array
    ) -> None:
        """Add up what one part's models score on the rows they evaluate."""
        arms = 1 + 2 * len(found)
        scored = [("", self.metric.contributions), *((f" {rate}", each) for rate, each in enumerate(self.corrected))]
        for again in range(self.refits):
            outputs = [answer.astype(np.float64) for answer in answers[again * arms : (again + 1) * arms]]
            for rate, contributions in scored:
                before, *pairs = (contributions(each, codes) for each in outputs)
                for place, collector in enumerate(found.values()):
                    after, random = pairs[2 * place : 2 * place + 2]
                    collector.add(f"effect{rate}", number, query, (after - before) / self.refits)
                    if not rate:
                        collector.add("beyond", number, query, (after - random) / self.refits)
            for place, collector in enumerate(found.values() if self.beside else ()):
                self._beside(collector, number, query, outputs[0], outputs[1 + 2 * place], codes)

    def _beside(
        self, collector: "_Collector", number: int, query: Ints, before: Floats, after: Floats, codes: Array
    ) -> None:
        """Of numbers: the error before a remedy, and its effect in the other metric."""
        assert self.beside is not None
        gained = self.beside.contributions(after, codes) - self.beside.contributions(before, codes)
        collector.add("before", number, query, np.abs(before[:, 0] - codes) / self.refits)
        collector.add("beside", number, query, gained / self.refits)


class _Collector:
    """Sums of a remedy's per-row differences in one repeat, by what they are of."""

    def __init__(self, count: int, parts: Sequence[FoldedRows]) -> None:
        self.apart = bool((parts[0].all_folds < 0).any())  # every part's models judge the same rows
        self.shape = (len(parts) if self.apart else 1, count)
        self.values: dict[str, Floats] = {}
        self.folds = np.zeros(self.shape, dtype=np.intp)

    def add(self, kind: str, number: int, query: Ints, differences: Floats) -> None:
        """One refit's differences (q,) of a part."""
        values = self.values.setdefault(kind, np.full(self.shape, np.nan))
        model = number if self.apart else 0
        self.folds[model, query] = number
        values[model, query] = np.nan_to_num(values[model, query]) + differences

    def effects(self, shares: Sequence[float], fits: int) -> RepeatEffects:
        """What was added up; nothing where no fold could be scored."""
        nothing = np.full(self.shape, np.nan)
        effect, beyond = (self.values.get(kind, nothing) for kind in ("effect", "beyond"))
        rates = sorted(kind for kind in self.values if kind.startswith("effect "))
        corrected = np.stack([self.values[rate] for rate in rates]) if rates else np.empty((0, *self.shape))
        beside = (self.values.get(kind) for kind in ("before", "beside"))
        return RepeatEffects(effect, beyond, corrected, self.folds, np.asarray(shares), fits, *beside)


def _sides(
    change: Edit, folded: FoldedRows, own: FitRunner, seed: int, cleaned: "Cleaned"
) -> tuple[Side, Side]:  # fmt: skip
    """A change and a random one of its kind and size; `own` makes the fits of the part where no cell changes."""
    if isinstance(change, RowEdit):
        return (own, change), (own, random_twin(change, folded, seed))
    rows = _rows_of(folded)
    return (cleaned.by(change).drawing_from(rows), None), (cleaned.at_random(change, seed).drawing_from(rows), None)


def _fits(sides: Sequence[Side], folded: FoldedRows, query: Ints, refit: Refit) -> list[Arm]:
    """The fit of every side in one refit of a part."""
    return [(runner, folded.changed_fit(query, edit, refit)) for runner, edit in sides]


def _impossible(sides: Sequence[tuple[Side, Side]], parts: Sequence[FoldedRows]) -> str:
    """Why a rule cannot be carried out in some part: too little would be left to learn from; "" where it can."""
    nobody = np.zeros(0, dtype=np.intp)
    for ((_, change), (_, random)), folded in zip(sides, parts, strict=True):
        tried = {"a part of the rows holds": None, "it leaves": change, "the same change of random rows leaves": random}
        for who, edit in tried.items():
            if nothing_to_learn(folded.changed_fit(nobody, edit), folded.runner):
                left = "rows of one class only" if folded.class_count else "no rows"
                return f"{who} {left} to learn from"
    return ""


def nothing_to_learn(fit: Fit, runner: FitRunner) -> bool:
    """Whether a fit is on no row that counts, or on rows of a single class."""
    rows = fit.keep if fit.weights is None else fit.keep & (fit.weights > 0)
    codes = (runner.target.codes if fit.codes is None else fit.codes)[rows]
    return len(codes) == 0 or (runner.target.classes is not None and bool((codes == codes[0]).all()))


def _rows_of(folded: FoldedRows) -> Mask:
    """(N,) the rows of a part."""
    own = np.zeros(len(folded.all_folds), dtype=bool)
    own[folded.positions] = True
    return own


def evaluated_rows(folded: FoldedRows) -> Ints:
    """Positions of the rows a part's models are evaluated on: those of its fold, or the test rows where there are."""
    apart = folded.all_folds < 0
    return np.flatnonzero(apart if apart.any() else folded.all_folds == folded.left_out)


def _subset(folded: FoldedRows, seed: int, repeat: int, again: int) -> Mask | None:
    """(n,) rows of a part that a further refit may be trained on; None for the first, which takes all."""
    if again == 0:
        return None
    drawn = hashed_uniform(derive_seed(seed, repeat, folded.left_out, again), folded.data.ids, "refit")
    return np.asarray(drawn >= LEFT_OUT)


# ---- the random remedy ----------------------------------------------------------------------------------------------


def random_twin(change: RowEdit, folded: FoldedRows, seed: int) -> RowEdit:
    """A remedy of the same kind and size on hash-drawn ones of the same rows (relabeling to another random class)."""
    rows = np.sort(hashed_order(seed, folded.data.ids, "random remedy")[: len(change.rows)])
    if change.kind != "relabel":
        return RowEdit(change.kind, rows, change.values)
    draw = generator(seed, "random labels", folded.left_out)
    if folded.class_count:
        return RowEdit(
            "relabel", rows, (folded.codes[rows] + draw.integers(1, folded.class_count, len(rows))) % folded.class_count
        )
    return RowEdit("relabel", rows, draw.permutation(folded.codes)[: len(rows)])


# ---- carrying a rule out --------------------------------------------------------------------------------------------


def carried_out(rule: RemedyRule, parts: Sequence[FoldedRows], runner: FitRunner) -> list[Edit]:
    """The rule's change in every outer fold; in parallel where fits are closed forms: most of a rule is algebra then.

    The first fold goes ahead alone: what all folds share (pair fits, Gram blocks) is made there once.
    """
    first = rule(parts[0])
    if not runner.learner.closed_form:
        return [first, *(rule(folded) for folded in parts[1:])]

    def again(folded: FoldedRows, *, seed: int) -> Edit:
        return rule(folded)

    return [first, *ThreadExecutor().map(again, parts[1:], seeds=[runner.seed] * (len(parts) - 1))]


class Cleaned:
    """Who makes fits on the rows after a cleaning: one runner for all folds in which the same cells change."""

    def __init__(self, runner: FitRunner) -> None:
        self.runner, self._known = runner, dict[str, FitRunner]()

    def by(self, change: CellEdit) -> FitRunner:
        """For the cells that are to be cleaned."""
        return self._of(change, change.carried_out(self.runner.data.X)) if change.steps else self.runner

    def at_random(self, change: CellEdit, seed: int) -> FitRunner:
        """For as many random ones of the same column, in rows that are trained on and in those that are held out."""
        data = self.runner.data
        return self._of(change, change.at_random(data.X, data.ids, seed)) if change.steps else self.runner

    def _of(self, change: CellEdit, X: Any) -> FitRunner:
        name = change.name_of(X)
        if name not in self._known:
            self._known[name] = self.runner.with_features(X)
        return self._known[name]


def outputs_of(arms: Sequence[Arm], blocks: Ints) -> list[Array]:
    """The outputs of every arm, in order; all fits of one runner are made together."""
    answers: dict[int, Array] = {}
    for runner in dict.fromkeys(made_by for made_by, _ in arms):
        own = [at for at, (made_by, _) in enumerate(arms) if made_by is runner]
        answers |= zip(own, runner.outputs([arms[at][1] for at in own], blocks=blocks), strict=True)
    return [answers[at] for at in range(len(arms))]


def _share(change: Edit, folded: FoldedRows) -> float:
    """Share of the training rows that a change concerns."""
    if isinstance(change, RowEdit):
        return len(change.rows) / len(folded)
    return float(change.changed(folded.data.X).mean())
