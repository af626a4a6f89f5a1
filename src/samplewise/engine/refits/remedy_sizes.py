"""What a remedy would do with all rows: it is tested on four fifths of them, and on a second share to see the slope.

An effect well beyond its error is measured on nine tenths as well, and followed on a straight line in one over the
rows. A smaller one could not be told from the slope's own error so near: it is measured on half of the rows, and
followed along a power of the rows where both effects are clear, else on the straight line.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule, outer_folds
from samplewise.engine.refits.preparation import folds_of_repeat
from samplewise.engine.refits.remedy_arms import Arms, RepeatEffects
from samplewise.engine.refits.remedy_judge import Judge, Tally
from samplewise.engine.statistics.repeated_means import RepeatedMean

CLEAR = 6.0  # standard errors from which nine tenths of the rows show the slope better than half of them
TENTHS, INNER = 10, 4
REPEATS = 2  # of the second share
FIRST = 100  # number of its first repeat: its folds are none of those of the test
SEEN = 2.0  # standard errors from which an effect is taken as there
Design = tuple[Floats, Ints]  # (R, n) differences and folds


def with_all_rows(
    arms: Arms, judge: Judge, rules: Mapping[str, RemedyRule], tallies: Mapping[str, Tally], n_folds: int
) -> dict[str, RepeatedMean]:
    """Effects with all rows of the remedies that were said to help or hurt, each rule re-run in every part."""
    share, found = 1.0 - 1.0 / n_folds, dict[str, RepeatedMean]()
    decided = {name: tally for name, tally in tallies.items() if tally.word in ("helps", "hurts")}
    means = {name: judge.mean(tally, "effect") for name, tally in decided.items()}
    clear = {name for name, mean in means.items() if abs(mean.value) > CLEAR * mean.error}
    tested = {name: (tally.values("effect"), tally.folds()) for name, tally in decided.items()}
    for name, design in _on_tenths(arms, {name: rules[name] for name in decided if name in clear}).items():
        found[name] = _straight(judge, (1.0 - 1.0 / TENTHS, design), (share, tested[name]))
    for name, design in _on_halves(arms, {name: rules[name] for name in decided if name not in clear}).items():
        found[name] = _from_half(judge, share, tested[name], design)
    return found


def _straight(judge: Judge, larger: tuple[float, Design], smaller: tuple[float, Design]) -> RepeatedMean:
    """The effect with all rows, on a straight line in one over the rows through two shares."""
    (near, upper), (far, lower) = larger, smaller
    ahead = (1.0 / near - 1.0) / (1.0 / far - 1.0 / near)
    return judge.combined([(1.0 + ahead, *upper), (-ahead, *lower)])


def _from_half(judge: Judge, share: float, tested: Design, halves: Design) -> RepeatedMean:
    """The effect with all rows from its share and half of the rows."""
    upper, lower = judge.combined([(1.0, *tested)]), judge.combined([(1.0, *halves)])
    both = all(abs(each.value) > SEEN * each.error for each in (upper, lower)) and upper.value * lower.value > 0
    if not both:
        return _straight(judge, (share, tested), (0.5, halves))
    power = math.log(1.0 / share) / math.log(share / 0.5)
    ratio = (upper.value / lower.value) ** power
    # U_n = U (U / U_half)^power: its derivatives by the two effects weigh the rows' differences
    return judge.combined([((1.0 + power) * ratio, *tested), (-power * ratio * upper.value / lower.value, *halves)])


def _on_tenths(arms: Arms, rules: Mapping[str, RemedyRule]) -> dict[str, Design]:
    """Differences on nine tenths of the rows, by rule; without those that cannot be carried out in some part."""
    made = []
    for repeat in range(FIRST, FIRST + REPEATS) if rules else ():
        folds = _folds(arms, TENTHS, repeat)
        made.append(arms.compared(rules, outer_folds(arms.runner, folds), repeat)[0])
        arms.runner.forget(folds)
    return _designs(rules, [[repeat] for repeat in made])


def _on_halves(arms: Arms, rules: Mapping[str, RemedyRule]) -> dict[str, Design]:
    """Differences on half of the rows, by rule; a half is cut into folds of its own for what the rule holds out."""
    made = []
    for repeat in range(FIRST, FIRST + REPEATS) if rules else ():
        halves, inner, parts = _folds(arms, 2, repeat), _folds(arms, INNER, repeat + REPEATS), []
        for half in (0, 1):
            folds = np.where(halves == half, inner, INNER)
            folded = FoldedRows(arms.runner, np.flatnonzero(halves == half), folds, left_out=INNER)
            parts.append(arms.compared(rules, [folded], repeat)[0])
            arms.runner.forget(folds)
        made.append(parts)
    return _designs(rules, made)


def _folds(arms: Arms, n_folds: int, repeat: int) -> Ints:
    runner = arms.runner
    strata = None if runner.target.classes is None else runner.target.codes
    return folds_of_repeat(runner.data, strata, runner.groups, n_folds, runner.seed, repeat)


def _designs(
    rules: Mapping[str, RemedyRule], made: Sequence[Sequence[Mapping[str, RepeatEffects]]]
) -> dict[str, Design]:
    """By rule the differences of all repeats; the parts of a repeat evaluate different rows."""
    kept = [name for name in rules if made and all(name in part for repeat in made for part in repeat)]
    joined = {name: [_joined([part[name] for part in repeat]) for repeat in made] for name in kept}
    return {
        name: (np.stack([each[0] for each in of]), np.stack([each[1] for each in of])) for name, of in joined.items()
    }


def _joined(parts: Sequence[RepeatEffects]) -> Design:
    """(n,) differences of the rows that any part evaluated, NaN for the others, and which models evaluated them."""
    effect, folds = parts[0].effect[0].copy(), parts[0].folds[0].copy()
    for number, part in enumerate(parts[1:], 1):
        own = ~np.isnan(part.effect[0])
        effect[own], folds[own] = part.effect[0][own], folds.max() + number
    return effect, folds
