"""Measured curves cut off, thinned and perturbed, so that what is learned from them holds for short and noisy ones.

A part of a curve is what would have been measured so far: its points up to a cut-off, all of them or a few in wider
steps, as means of 25 draws or of one. Its later points are what was to be forecast.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.core.randomness import generator
from samplewise.curves.meta.curve_features import describe
from samplewise.curves.meta.learner_classes import class_of
from samplewise.curves.meta.trees import BITS
from samplewise.curves.points import CurvePoints

LEAST_SIZES = 3
CUTS_PER_OCTAVE = 2.0
SPACINGS = (0.0, 0.25, 0.5, 1.0)  # octaves between the points kept; 0 keeps all
SPACING_SHARES = (0.4, 0.2, 0.15, 0.25)
COUNTS = (3, 4, 5, 6, 8, 12)  # points kept where they are thinned
FEWER = ((10, 0.15), (5, 0.15), (3, 0.15), (1, 0.15))  # draws a part is read as the mean of, and how often
SHOWN = 0.5  # of the parts read as a single draw: their standard error is known, as from the rows evaluated on
TARGETS = 5  # later points per part: the last one, which the forecast learns most from, and others drawn
SHARED_NOISE = 0.8  # at most this share of the variance is common to a whole curve: its subsets are nested


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """k whole curves of other data sets, in an order that does not depend on how they were given."""

    sizes: Sequence[Floats]
    errors: Sequence[Floats]
    standard_errors: Sequence[Floats]
    groups: Array  # (k,) curves that share a value count together as one
    fields: Array  # (k,) curves that share a value are never split between fitting and evaluation
    learners: Ints  # (k,) codes of `names`; as many as there are for a name not among them
    classes: Ints  # (k,) codes of `class_names`, likewise
    names: tuple[str, ...]
    class_names: tuple[str, ...]
    repeats: int  # draws behind each error

    @classmethod
    def of(
        cls,
        curves: Sequence[CurvePoints],
        groups: Sequence[object],
        learner_names: Sequence[str] | None = None,
        repeats: int | None = None,
        fields: Sequence[object] | None = None,
    ) -> Self:
        """Sort by content, so that the order of the curves changes nothing."""
        given = [groups, *(part for part in (learner_names, fields) if part is not None)]
        if any(len(part) != len(curves) for part in given):
            raise InputError(
                "every curve needs one group and, where they are named, one learner and one field",
                got=f"{len(curves)} curves, {', '.join(str(len(part)) for part in given)} beside them",
                fix="pass lists of equal length",
            )
        labels = [str(group) for group in groups]
        wider = labels if fields is None else [str(field) for field in fields]
        whose = [""] * len(curves) if learner_names is None else [str(name) for name in learner_names]
        order = np.argsort([_digest(*key) for key in zip(curves, labels, whose, strict=True)], kind="stable")
        kept, whose = [curves[place] for place in order], [whose[place] for place in order]
        names, codes = _coded(whose)
        class_names, classes = _coded([class_of(name) or "" for name in whose])
        return cls(
            [curve.sizes.astype(np.float64) for curve in kept],
            [curve.error for curve in kept],
            [curve.standard_error for curve in kept],
            np.asarray(labels)[order],
            np.asarray(wider)[order],
            codes,
            classes,
            names,
            class_names,
            repeats or min((curve.repeats for curve in curves), default=1),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """r pairs of a part of a curve and one later point."""

    table: Floats  # (r, 25)
    ahead: Floats  # (r, 3)
    level: Floats  # (r,)
    error: Floats  # (r,) at the later point
    curve: Ints  # (r,) position in the history
    turn: Ints  # (r,) 0 for the last point of the curve, 1 and on for drawn ones

    def keep(self, rows: Array) -> "Samples":
        """Only some of the rows."""
        return Samples(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class CurvePart:
    """Parts of b curves seen at the same sizes."""

    sizes: Floats  # (s,)
    errors: Floats  # (b, s)
    standard_errors: Floats  # (b, s)
    curve: Ints  # (b,) positions in the history


def parts_of(history: History, seed: int) -> list[CurvePart]:
    """Every curve cut off at up to two sizes per octave, each cut thinned and perturbed in its own way."""
    draw = generator(seed, "parts")
    waiting: dict[bytes, list[tuple[int, Ints]]] = {}
    for place, sizes in enumerate(history.sizes):
        octaves = np.log2(sizes)
        cuts = _cuts(octaves)
        spacings = draw.choice(SPACINGS, p=SPACING_SHARES, size=len(cuts))
        counts = draw.choice(COUNTS, size=len(cuts))
        for cut, spacing, count in zip(cuts, spacings, counts, strict=True):
            kept = _thinned(octaves[: cut + 1], spacing, count)
            waiting.setdefault(sizes[kept].tobytes(), []).append((place, kept))
    return [_perturbed(history, group, draw) for group in waiting.values()]


def samples_of(history: History, parts: Sequence[CurvePart], seed: int, targets: int = TARGETS) -> Samples:
    """Each part with some of its later points: always the last one, the others drawn."""
    draw, rows = generator(seed, "targets"), []
    for part in parts:
        features = describe(part.sizes, part.errors, part.standard_errors)
        for turn in range(targets):
            size, error = _later(history, part, draw if turn else None)
            ahead = features.ahead(size[:, None])[:, 0]
            rows.append((features.table, ahead, features.level, error, part.curve, np.full(len(size), turn)))
    return Samples(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def _digest(curve: CurvePoints, group: str, learner: str) -> str:
    content = np.ascontiguousarray(curve.sizes, dtype=np.int64).tobytes() + curve.errors.tobytes()
    return blake2b(content + f"{group}\x1f{learner}".encode(), digest_size=16).hexdigest()


def _coded(words: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    """The words in order, the most frequent where they are more than trees can tell apart, and their codes (k,).

    "" and what is too rare get the code behind the last one.
    """
    often = sorted(Counter(word for word in words if word).most_common(), key=lambda pair: (-pair[1], pair[0]))
    names = sorted(name for name, _ in often[: BITS - 1])
    place = {name: code for code, name in enumerate(names)}
    return tuple(names), np.array([place.get(word, len(names)) for word in words], dtype=np.intp)


def _cuts(octaves: Floats) -> Ints:
    """Positions a curve may be cut off at: three points before, one after."""
    density = (len(octaves) - 1) / max(octaves[-1] - octaves[0], 1e-9)
    step = max(1, round(density / CUTS_PER_OCTAVE))
    return np.arange(LEAST_SIZES - 1, len(octaves) - 1, step)


def _thinned(octaves: Floats, spacing: float, count: int) -> Ints:
    """Positions kept: all, or the last few in steps of a quarter octave or more."""
    if spacing == 0.0:
        return np.arange(len(octaves))
    wanted = octaves[-1] - spacing * np.arange(count - 1, -1, -1)
    nearest = np.unique(np.abs(octaves[:, None] - wanted[wanted >= octaves[0] - 0.1]).argmin(axis=0))
    if len(nearest) >= LEAST_SIZES:
        return nearest
    return np.unique(np.linspace(0, len(octaves) - 1, LEAST_SIZES).round().astype(np.intp))


def _perturbed(history: History, group: list[tuple[int, Ints]], draw: np.random.Generator) -> CurvePart:
    """The same sizes of several curves, each as the mean of all draws or of fewer."""
    curve = np.array([place for place, _ in group], dtype=np.intp)
    errors = np.array([history.errors[place][kept] for place, kept in group])
    spread = np.array([history.standard_errors[place][kept] for place, kept in group])
    fewer = [(count, share) for count, share in FEWER if count < history.repeats]
    counts, shares = [history.repeats, *(count for count, _ in fewer)], [share for _, share in fewer]
    repeats = draw.choice(counts, p=[1.0 - sum(shares), *shares], size=(len(group), 1))
    first, kept = group[0]
    return CurvePart(history.sizes[first][kept], *shake(errors, spread, (history.repeats, repeats), draw), curve)


def shake(
    errors: Floats, spread: Floats, repeats: tuple[int, Ints], draw: np.random.Generator, known: float = SHOWN
) -> tuple[Floats, Floats]:
    """Means of many draws (b, s) read as means of fewer, and the standard errors those few would show.

    `repeats`: how many there were, and how many each curve (b, 1) is to have. A single draw shows none by itself: in a
    share `known` of the curves its own is known all the same.
    """
    many, few = repeats
    noise = np.nan_to_num(spread) * np.sqrt(np.maximum(many / few - 1.0, 0.0))
    share = draw.uniform(0.0, SHARED_NOISE, size=(len(errors), 1))
    common, own = draw.standard_normal((len(errors), 1)), draw.standard_normal(errors.shape)
    perturbed = np.clip(errors + noise * (np.sqrt(share) * common + np.sqrt(1.0 - share) * own), 0.0, 1.0)
    freedom = np.maximum(few - 1, 1)
    seen = spread * np.sqrt(many / few * draw.chisquare(freedom, size=errors.shape) / freedom)
    alone = np.where(draw.random((len(errors), 1)) < known, spread * np.sqrt(many), np.nan)
    shown = np.where(few >= many, spread, np.where(few > 1, seen, alone))
    return perturbed, np.where(shown > 0, shown, np.nan)


def _later(history: History, part: CurvePart, draw: np.random.Generator | None) -> tuple[Floats, Floats]:
    """A later size and its error for each curve: the last one, or drawn from all."""
    last = np.array([len(history.sizes[place]) - 1 for place in part.curve], dtype=np.intp)
    if draw is None:
        chosen = last
    else:
        seen = [np.searchsorted(history.sizes[place], part.sizes[-1]) for place in part.curve]
        chosen = draw.integers(np.array(seen) + 1, last + 1)
    size = np.array([history.sizes[place][at] for place, at in zip(part.curve, chosen, strict=True)])
    error = np.array([history.errors[place][at] for place, at in zip(part.curve, chosen, strict=True)])
    return size, error
