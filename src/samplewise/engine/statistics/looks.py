"""When enough has been measured: a few looks at a growing number of repeats, and one word at the end.

Given the data, repeats are exchangeable, so the mean after so many of them is a canonical group-sequential process. An
early look decides only beyond three standard errors; the last one has nearly the whole error rate to itself. The sum
stays at one in twenty.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scipy import special

from samplewise.engine.statistics.intervals import quantile
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.repeated_means import RepeatedMean

Decision = Literal["helps", "no loss", "hurts", "no difference", "not decided", ""]  # "" = measure on
EARLY_LEVEL = float(special.ndtr(-3.0))  # one-sided, at every look but the last
HELPS_LEVEL, HURTS_LEVEL = 0.05, 0.025  # one-sided, at the last look
HOPELESS = 0.05  # chance of an answer at the last look below which measuring on is no use
MARGIN = 0.5  # points of the metric: a smaller difference is not worth acting on
SEEN_IN = 0.8  # share of repetitions in which the detectable effect would be seen


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured of one remedy up to a look.

    Args:
        effect: of the remedy.
        beyond: how much better it is than a random one.
        saves: its aim is fewer rows, so it is judged by what is lost.
        unseen: how large the effect may be where nothing was seen to change.
    """

    effect: RepeatedMean
    beyond: RepeatedMean
    saves: bool = False
    unseen: float = math.inf

    @property
    def p_helps(self) -> float:
        """p-value of "the effect is not above 0, or not above that of a random remedy": both must be refuted."""
        return max(self.effect.p_value_above(), self.beyond.p_value_above())

    @property
    def p_hurts(self) -> float:
        """p-value of "the effect is not below 0"."""
        return self.effect.p_value_below()

    @property
    def detectable(self) -> float:
        """Effect that would be seen in 80 % of repetitions, with as many repeats."""
        return self.effect.half_width(1.0 - HELPS_LEVEL) + quantile(SEEN_IN) * self.effect.error

    def half_width(self, level: float) -> float:
        """So far the truth may lie from what was measured, on each side at this one-sided level."""
        return self.effect.half_width(1.0 - level) if self.effect.error > 0 else self.unseen


def decide(seen: Sequence[Seen], decided: Sequence[Decision], *, last: int, margin: float = MARGIN) -> list[Decision]:
    """The word on every remedy of a report after one look; those that have one keep it.

    Args:
        seen: what was measured of each so far.
        decided: the word each already has, or "".
        last: repeats at the last look. Nothing is left open there.
        margin: a difference within plus or minus this is not worth acting on.

    Returns:
        Words; "" for those to be measured on. "helps" takes an effect above 0 AND above that of a random remedy of the
        same kind and size, "hurts" one below 0, both corrected over all remedies of the report (Holm); "no difference"
        an interval within the margin. A remedy whose aim is fewer rows never helps: "no loss" takes an interval above
        minus the margin. "not decided" before the last look means that no answer is likely to come there.

    Cost: O(k log k).   Source: docs/tested-advice.md; holm1979.
    """
    helps, hurts = holm([each.p_helps for each in seen]), holm([each.p_hurts for each in seen])
    return [
        word or _word(each, float(up), float(down), last, margin)
        for each, word, up, down in zip(seen, decided, helps.tolist(), hurts.tolist(), strict=True)
    ]


def _word(seen: Seen, helps: float, hurts: float, last: int, margin: float) -> Decision:
    effect, early = seen.effect, seen.effect.count < last
    if hurts < (EARLY_LEVEL if early else HURTS_LEVEL):
        return "hurts"
    if seen.saves:
        half = seen.half_width(EARLY_LEVEL if early else HURTS_LEVEL)
        return "no loss" if effect.value - half > -margin else "" if early else "not decided"
    if helps < (EARLY_LEVEL if early else HELPS_LEVEL):
        return "helps"
    if abs(effect.value) + seen.half_width(EARLY_LEVEL if early else HELPS_LEVEL) < margin:
        return "no difference"
    return "" if early and not _hopeless(effect, last, margin) else "not decided"


def _hopeless(effect: RepeatedMean, last: int, margin: float) -> bool:
    """Whether each answer has less than one chance in twenty at the last look, if the effect is what it seems."""
    if not effect.error > 0:
        return False
    final = effect.error_after(last)
    moves = math.sqrt(effect.repeats * effect.count * (1.0 / effect.count - 1.0 / last))
    up, down = quantile(1.0 - HELPS_LEVEL) * final, quantile(1.0 - HURTS_LEVEL) * final
    room = margin - up
    inside = _between(-room, room, effect.value, moves) if room > 0 else 0.0
    answers = (1.0 - _below(up, effect.value, moves), _below(-down, effect.value, moves), inside)
    return max(answers) < HOPELESS


def _below(limit: float, mean: float, deviation: float) -> float:
    """Chance of a normal number below a limit; without spread whether the mean is."""
    return float(special.ndtr((limit - mean) / deviation)) if deviation > 0 else float(mean < limit)


def _between(low: float, high: float, mean: float, deviation: float) -> float:
    return _below(high, mean, deviation) - _below(low, mean, deviation)


def rows_needed(effect: RepeatedMean, rows: int) -> float:
    """How many rows would show this effect in 80 % of repetitions, to two digits; infinite for an effect of 0."""
    if effect.value == 0.0:
        return math.inf
    wanted = quantile(1.0 - HELPS_LEVEL) + quantile(SEEN_IN)
    return float(f"{rows * effect.rows * (wanted / effect.value) ** 2:.1e}")


def repeats_settle(effect: RepeatedMean) -> bool:
    """Whether more repeats alone could show the effect: the spread over rows leaves room for it."""
    return abs(effect.value) >= quantile(1.0 - HELPS_LEVEL) * math.sqrt(effect.rows)
