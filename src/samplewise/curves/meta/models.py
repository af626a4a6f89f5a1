"""Forecasts learned from other data sets: the distribution of every later error of a curve."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints, Numbers
from samplewise.core.errors import InputError
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.curves.laws import LAWS
from samplewise.curves.meta.curve_features import CurveFeatures, describe
from samplewise.curves.meta.learner_classes import class_of
from samplewise.curves.meta.predictive import (
    CONFIDENCES,
    DISTANCES,
    NOISE,
    PROBABILITIES,
    Predicted,
    between_distances,
    noise_of,
    tails,
    value_at,
)
from samplewise.curves.meta.trees import Trees
from samplewise.curves.points import CurvePoints

SHIPPED = Path(__file__).with_name("shipped.npz")
STEP = 0.25  # octaves between the sizes at which a curve is carried on; between them it is interpolated
SWITCHES = 2.0 ** np.arange(-3.0, 3.5, 0.5)  # of the piecewise law, times the largest size
NUMBERS = ("quantiles", "law_quantiles", "covered")
TREES = ("error", "spread", "switch")
SMALL = 128  # rows below which the class of an unknown learner helps; above it misled on learners left out
LEAST_SPREAD = 1e-4  # over the level


@dataclass(frozen=True, slots=True, eq=False)
class MetaModel(Result):
    """Forecasts of a new curve, learned from the curves of other data sets; see `fit_meta`.

    Args:
        error: trees for error over level at a later size.
        spread: trees for the log of how far off that is, over the level.
        switch: forest that says how badly the piecewise power law fares with each of its switches.
        quantiles: (3, h, q) of (error - forecast) / spread, by noise of the curve and octaves ahead.
        law_quantiles: (laws, h, q) the same around each law, whatever the noise.
        covered: (3, h, levels) share of the errors inside bands that were set without their field.
        names: learners known.
        classes: classes of learners known.
        groups: groups of related data sets that were learned from.
    """

    error: Trees
    spread: Trees
    switch: Trees
    quantiles: Floats
    law_quantiles: Floats
    covered: Floats
    names: tuple[str, ...]
    classes: tuple[str, ...]
    groups: int

    def for_learner(self, learner_name: str | None, size: float) -> tuple[Ints, str]:
        """The codes (1, 2) of a learner and its class, the last ones for unknown, and a warning or "".

        The class of a learner without curves of its own helps where the largest size measured is small.
        """
        name, kind = len(self.names), len(self.classes)
        if learner_name is None or learner_name in self.names:
            name = name if learner_name is None else self.names.index(learner_name)
            known = None if learner_name is None else class_of(learner_name)
            return self._codes(name, known), ""
        known = class_of(learner_name)
        said = f"No curves of {learner_name} were learned from: this forecast reads"
        if known in self.classes and size < SMALL:
            return self._codes(name, known), f"{said} the shape of the curve and what is known of its class, {known}."
        return np.array([[name, kind]]), f"{said} the shape of the curve alone."

    def _codes(self, name: int, known: str | None) -> Ints:
        return np.array([[name, self.classes.index(known) if known in self.classes else len(self.classes)]])

    def switch_of(self, curves: CurveFeatures) -> Floats:
        """(b,) rows at which the piecewise power law should turn straight: the switch with the least expected loss."""
        losses = self.switch.sums(curves.table.astype(np.float32).astype(np.float64))
        return SWITCHES[np.argmin(losses, axis=1)] * curves.largest

    @checked
    def save(self, path: str | Path) -> None:
        """Write plain arrays, without pickle."""
        held = {"names": np.array(self.names, dtype=np.str_), "classes": np.array(self.classes, dtype=np.str_)}
        held |= {"groups": np.array(self.groups)} | {name: getattr(self, name) for name in NUMBERS}
        for label in TREES:
            held |= {f"{label}.{name}": part for name, part in getattr(self, label).arrays().items()}
        try:
            np.savez_compressed(Path(path), **held)  # type: ignore[arg-type]  # numpy takes names as keywords
        except OSError as fault:
            raise InputError(
                "the file at this path cannot be written", where=str(path), got=fault.strerror or str(fault),
                fix="name a file in a folder that is there and may be written to",
            ) from None  # fmt: skip

    @classmethod
    @checked
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; raises `InputError` for anything else."""
        try:
            with np.load(Path(path), allow_pickle=False) as stored:
                held = {name: stored[name] for name in stored.files}
        except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as fault:
            raise InputError(
                "the file at this path holds no models of curves", where=str(path), got=str(fault)[:120],
                fix="name what MetaModel.save wrote, an .npz file",
            ) from None  # fmt: skip
        shape = (len(NOISE), len(DISTANCES), len(PROBABILITIES))
        if not {*NUMBERS, "names", "classes"} <= held.keys() or held["quantiles"].shape != shape:
            raise InputError(
                "the file at this path holds no models of curves that this version reads", where=str(path),
                got=f"arrays {sorted(held)[:5]}", fix="fit them again with curves.fit_meta, and save them",
            )  # fmt: skip
        names, classes = (tuple(str(name) for name in held[part]) for part in ("names", "classes"))
        error, spread, switch = (Trees.from_arrays(held, f"{name}.") for name in TREES)
        quantiles, law_quantiles, covered = (held[name] for name in NUMBERS)
        return cls(
            error, spread, switch, quantiles, law_quantiles, covered, names, classes, int(held["groups"])
        )  # fmt: skip

    def _sentences(self) -> Iterable[str]:
        yield f"Models of learning curves, from {count_of(self.groups, 'group')} of data sets."
        yield f"They know {count_of(len(self.names), 'learner')} by name."

    def _table(self) -> Table:
        return Table({"learner": self.names}, index="learner")


@cache
def shipped_meta() -> MetaModel:
    """The models that come with the package, learned from 4,774 curves of 27 classifiers on 185 data sets.

    Error rates of classifiers on tables (LCDB 1.1, CC BY 4.0); nothing is downloaded.

    Returns:
        `MetaModel`; `names` lists the learners it knows.

    Cost: some milliseconds, once.   Not for: regression, or errors that are not error rates.   Source: yan2025.

    >>> "RandomForestClassifier" in shipped_meta().names
    True
    """
    return MetaModel.load(SHIPPED)


def predict(meta: MetaModel, curves: CurveFeatures, sizes: Numbers, learner: Ints) -> Predicted:
    """The distributions of the errors of b curves at m sizes.

    Args:    curves: features.   sizes: (m,) or (b, m), from the largest size on.
             learner: (b, 2) codes of the learner and its class, or (1, 2).
    """
    rows = tree_rows(curves.table, curves.ahead(sizes), learner)
    flat, shape = rows.reshape(-1, rows.shape[-1]), rows.shape[:2]
    ratio = np.maximum(meta.error.sums(flat)[:, 0], 0.0).reshape(shape)
    spread = np.maximum(np.exp(meta.spread.sums(flat)[:, 0]).reshape(shape), LEAST_SPREAD)
    octaves = np.log2(np.atleast_2d(np.asarray(sizes, dtype=np.float64)) / curves.largest)
    return _predicted(meta, curves, ratio, spread, octaves)


def path(meta: MetaModel, curves: CurveFeatures, sizes: Floats, learner: Ints) -> Predicted:
    """The distributions for one curve at rising sizes (m,), with a forecast that never rises.

    The trees are evaluated in steps of a quarter of a doubling, whatever the sizes, so that what is said of a size
    does not depend on the other sizes named.
    """
    octaves = np.log2(np.asarray(sizes, dtype=np.float64) / curves.largest)
    grid = STEP * np.arange(int(np.ceil(np.max(octaves, initial=0.0) / STEP - 1e-9)) + 1)
    there = predict(meta, curves, curves.largest * 2.0**grid, learner)
    error = np.minimum.accumulate(there.error[0] / curves.level[0])
    spread, far = there.spread[0] / curves.level[0], grid >= DISTANCES[-1]
    spread[far] = np.maximum.accumulate(spread[far])  # nothing was checked there: never surer than nearer by
    ratio, width = (np.interp(octaves, grid, part)[None] for part in (error, spread))
    return _predicted(meta, curves, ratio, width, octaves[None])


def _predicted(meta: MetaModel, curves: CurveFeatures, ratio: Floats, spread: Floats, octaves: Floats) -> Predicted:
    noise, level = noise_of(curves.table), curves.level[:, None]
    standard = np.stack([between_distances(table, octaves) for table in meta.quantiles])  # (3, 1 or b, m, q)
    own = standard[noise, np.arange(len(noise)) if standard.shape[1] > 1 else 0]
    return Predicted(ratio * level, spread * level, own)


def band_of_law(
    meta: MetaModel, law: str, values: Floats, there: Predicted, octaves: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Low and high end (m,) of the band round a law's errors (m,) for one curve, `there` as from `path`."""
    table = between_distances(meta.law_quantiles[list(LAWS).index(law)], octaves)
    low, high = (value_at(table, tail) for tail in tails(confidence))
    return np.maximum(values + low * there.spread[0], 0.0), values + high * there.spread[0]


def measured_coverage(meta: MetaModel, curves: CurveFeatures, octaves: Floats, confidence: float) -> Floats:
    """(m,) share of the errors of held-out data sets that such bands of one curve held."""
    at_distances = between_distances(meta.covered[noise_of(curves.table)[0]], octaves)
    return np.array([np.interp(confidence, CONFIDENCES, row) for row in at_distances])


def features_of(curve: CurvePoints) -> CurveFeatures:
    """The features of one measured curve."""
    return describe(curve.sizes, curve.error[None, :], curve.standard_error[None, :])


def tree_rows(table: Floats, ahead: Floats, learner: Ints) -> Floats:
    """(b, m, 30) codes of the learner and its class, 25 features, and three numbers of each size evaluated at."""
    b, m = ahead.shape[:2]
    fixed = np.column_stack([np.broadcast_to(learner, (b, 2)), table])
    return np.concatenate([np.broadcast_to(fixed[:, None, :], (b, m, fixed.shape[1])), ahead], axis=2)
