"""From finished refits to the gap, its bounds and the information of rows; a group counts as one row throughout."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError, name_rows, require_loss_range
from samplewise.core.randomness import key_hashes
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, Scores
from samplewise.data.targets import Target
from samplewise.engine.refits import Refits
from samplewise.engine.statistics.intervals import highest_rate
from samplewise.generalization.gap.bounds import Bound, Bounds, bounds_of_runs, row_outcomes
from samplewise.generalization.gap.half_errors import MeanWithError, errors_of_halves
from samplewise.generalization.gap.information import MergedMeasure, estimate_information, ranked
from samplewise.generalization.gap.inversions import LN2
from samplewise.generalization.gap.supersample_runs import SupersampleRuns, require_losses
from samplewise.generalization.test_scores.certificates import betting_bound

POINTS = 100.0  # a difference of 1 between error rates is 100 points
REASON = "of models trained on half of the rows; the model on all rows has a smaller gap"


class GapAnalysis:
    """Losses of every row under every refit, and what follows from them.

    Args:
        refits: of one design, "supersample" (one per pairing) or "halves".
        target: labels of the same n rows.
        groups: (n,) rows that were kept together, or None.
        loss_range: of absolute errors, where labels are numbers.
        confidence: of intervals.
    """

    def __init__(
        self, refits: tuple[Refits, ...], target: Target, groups: Array | None,
        loss_range: tuple[float, float] | None, confidence: float,
    ) -> None:  # fmt: skip
        """Nothing is computed but the losses."""
        self.refits, self.target, self.confidence = refits, target, confidence
        self.ids = refits[0].ids
        self.unit = (
            np.arange(len(self.ids)) if groups is None else np.unique(groups.astype(str), return_inverse=True)[1]
        )
        low, high = require_loss_range(loss_range or (0.0, 1.0))
        self.span, self.points = high - low, POINTS if target.classes is not None else 1.0
        self.losses = [(self._losses_of(one) - low) / (high - low) for one in refits]
        for lost in self.losses:
            require_losses(lost, self.ids)

    def bounds(self, seed: int) -> Bounds:
        """Every information bound, and the bounds that held-out rows give with a confidence."""
        found = bounds_of_runs(self.runs, self.span, seed=seed, points=self.points)
        rows = sorted([*found.rows, self._t_bound(), self._held_out()], key=lambda row: (row.of, row.plug_in))
        return replace(found, rows=tuple(rows))

    def errors(self) -> tuple[Estimate, Estimate, Estimate]:
        """The gap, the error on training rows and that on ghosts (left out), with t intervals over rows or groups."""
        gap, training, ghost = self.means
        difference, rate = ("points", "share of rows") if self.points != 1.0 else (LABEL_UNIT,) * 2
        return (
            self._estimate("gap", gap, self.points * self.span, difference),
            self._estimate("training_error", training, self.span, rate),
            self._estimate("ghost_error", ghost, self.span, rate),
        )

    def information(self) -> Scores:
        """Nats the prediction of every row shares with its membership, over all fits; NaN for a row never paired."""
        memberships = np.concatenate([one.inside for one in self.refits]).astype(np.intp)
        found = estimate_information(memberships, self._predicted(), {"row": MergedMeasure()})["row"]
        corrected = found.jackknife if np.isnan(found.miller_madow).any() else found.miller_madow
        values = np.where(memberships.any(axis=0), np.clip(corrected, 0.0, LN2), np.nan)  # the entropy of a fair bit
        larger = "its prediction shows more surely that it was trained on"
        return Scores("information", values, self.ids, "nats", larger)

    def warnings(self) -> list[str]:
        """Warnings about the rows."""
        found = []
        if self.unit.max() + 1 < len(self.ids):
            found.append(
                f"{len(self.ids)} rows are {self.unit.max() + 1} groups or sets of exact duplicates: each stays on one"
                " side and counts as one row"
            )
        if self.refits[0].design == "halves":
            found.append("the rows of these refits are not paired: only bounds from single rows are given")
        if any((one.pairing is not None and (one.pairing.pair < 0).any()) for one in self.refits):
            found.append("the number of rows or groups is odd: in each pairing one was left out")
        return found

    @cached_property
    def runs(self) -> SupersampleRuns:
        """Memberships, losses and predictions of pairs, or of single rows where the refits have no pairs."""
        if self.refits[0].pairing is None:
            memberships = self.refits[0].inside.astype(np.intp)[None]
            symbols = None if self.target.classes is None else ranked(self._predicted())[None]
            return SupersampleRuns(memberships, self.losses[0][None], symbols)
        parts = [self._of_pairs(one, lost) for one, lost in zip(self.refits, self.losses, strict=True)]
        memberships, losses, symbols = (np.stack(part) for part in zip(*parts, strict=True))
        return SupersampleRuns(memberships, losses, None if self.target.classes is None else symbols)

    def _of_pairs(self, refits: Refits, losses: Floats) -> tuple[Ints, Floats, Ints]:
        """Memberships (k, p), mean losses (k, p, 2) and predictions (k, p), numbered, of one pairing."""
        pairing = refits.pairing
        if pairing is None:
            raise InputError(
                "these refits have no pairs",
                where="refits",
                fix="pass samplewise.models.refit(data, design='supersample')",
            )
        paired = np.flatnonzero(pairing.pair >= 0)
        place = 2 * pairing.pair[paired] + pairing.second[paired]
        order = paired[np.argsort(place, kind="stable")]
        starts = np.searchsorted(np.sort(place), np.arange(2 * pairing.selectors.shape[1]))
        sizes = np.diff(starts, append=len(order))
        means = np.add.reduceat(losses[:, order], starts, axis=1) / sizes
        # A sum of random 64-bit words per row and prediction identifies the predictions of a whole group at once.
        words = key_hashes(self.ids)
        words = _scrambled(words[order] + refits.outputs[:, order].argmax(axis=2).astype(np.uint64))
        symbols = np.add.reduceat(np.add.reduceat(words, starts, axis=1), np.arange(0, len(starts), 2), axis=1)
        return pairing.selectors, means.reshape(len(losses), -1, 2), ranked(symbols)

    def _predicted(self) -> Array:
        """(k, n) class codes predicted for every row by every refit, or chances of a loss (k, n, 2)."""
        if self.target.classes is None:
            return row_outcomes(np.concatenate(self.losses))
        return np.concatenate([one.outputs.argmax(axis=2) for one in self.refits])

    def _losses_of(self, refits: Refits) -> Floats:
        """(k, n) 1 for a wrong class, or the absolute error."""
        if np.isnan(refits.outputs).any():
            bad = np.isnan(refits.outputs).any(axis=(0, 2))
            raise InputError(
                "predictions hold NaN", where=name_rows(refits.ids[bad]), got=f"{int(bad.sum())} of {len(bad)} rows",
                fix="scale or impute inside the learner, or drop the fits that failed",
            )  # fmt: skip
        if self.target.classes is not None:
            return (refits.outputs.argmax(axis=2) != self.target.codes).astype(np.float64)
        return np.abs(refits.outputs[:, :, 0].astype(np.float64) - self.target.codes)

    @cached_property
    def means(self) -> tuple[MeanWithError, MeanWithError, MeanWithError]:
        """Gap, training error and error on ghosts, 0..1, with the errors of having drawn these rows or groups."""
        inside = np.concatenate([self._of_units(one.inside) for one in self.refits])
        ghosts = np.concatenate([self._of_units(_ghosts(one)) for one in self.refits])
        losses = np.concatenate([self._of_units(lost) for lost in self.losses])
        return errors_of_halves(losses, inside == 1.0, ghosts == 1.0)

    def _of_units(self, values: Array) -> Floats:
        """(k, u) means over the rows of every unit of values (k, n)."""
        order = np.argsort(self.unit, kind="stable")
        starts = np.searchsorted(self.unit[order], np.arange(int(self.unit.max()) + 1))
        sums = np.add.reduceat(values[:, order].astype(np.float64), starts, axis=1)
        return np.asarray(sums / np.diff(starts, append=len(order)))

    def _unit_names(self) -> Array:
        """(u,) a number for every unit that its rows' ids fix, whatever order they come in."""
        names = np.full(int(self.unit.max()) + 1, np.iinfo(np.uint64).max, dtype=np.uint64)
        np.minimum.at(names, self.unit, key_hashes(self.ids))
        return names

    def _estimate(self, quantity: str, found: MeanWithError, scale: float, unit: str) -> Estimate:
        low, high = (scale * end for end in found.interval(self.confidence))
        return Estimate(quantity, scale * found.value, low, high, unit, self.confidence, "student1908", REASON)

    def _t_bound(self) -> Bound:
        """The upper end of a one-sided t interval of the gap over rows or groups."""
        upper = self.points * self.span * self.means[0].upper(self.confidence)
        return Bound("t interval", upper, confidence=self.confidence, source="student1908")

    def _held_out(self) -> Bound:
        """What the ghosts of the first fit promise for that model: the only entry about a model."""
        first, lost = self.refits[0], self._of_units(self.losses[0][:1])[0]
        inside, outside = (self._of_units(mask[:1])[0] == 1.0 for mask in (first.inside, _ghosts(first)))
        trained, ghosts = lost[inside], lost[outside]
        if np.isin(ghosts, (0.0, 1.0)).all():
            upper, source = highest_rate(float(ghosts.sum()), len(ghosts), 1.0 - self.confidence), "clopper1934"
        else:
            promised = betting_bound(ghosts, self.confidence, ids=self._unit_names()[outside])
            upper, source = promised.high, "waudby-smith2024"
        value = self.points * self.span * (upper - float(trained.mean()))
        return Bound("held-out rows", value, of="this model's gap", confidence=self.confidence, source=source)


def _ghosts(refits: Refits) -> Mask:
    """(k, n) ghosts: rows that were not trained on; a row left out of the pairing is no ghost."""
    return ~refits.inside if refits.pairing is None else ~refits.inside & (refits.pairing.pair >= 0)


def _scrambled(words: Array) -> Array:
    """Every input bit moves every output bit, so that sums of them collide with chance 2^-64."""
    with np.errstate(over="ignore"):
        mixed = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
