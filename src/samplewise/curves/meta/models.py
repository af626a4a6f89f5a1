"""Forecasts learned from other data sets: later errors, how far off these are, and whether a target is reached."""

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Numbers
from samplewise.core.errors import InputError
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.curves.laws import LAWS
from samplewise.curves.meta.bands import CONFIDENCES, HORIZONS, quantile_at, tails
from samplewise.curves.meta.curve_features import CurveFeatures, describe
from samplewise.curves.meta.trees import Trees
from samplewise.curves.points import CurvePoints

SHIPPED = Path(__file__).with_name("shipped.npz")
OCTAVES_AHEAD = np.arange(0.0, 6.01, 0.25)  # at which a curve is carried on; between them it is interpolated
SWITCHES = 2.0 ** np.arange(-3.0, 3.5, 0.5)  # of the piecewise law, times the largest size
NUMBERS = ("quantiles", "law_quantiles", "covered", "answer")
LEAST_RATIO = 1e-6  # of a law to the level, before a logarithm


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One set of models, with or without the learner as a column.

    All methods take the features of b curves and m sizes, and the code of the learner (b,), -1 for none.
    """

    error: Trees  # error over level
    spread: Trees  # log of the size of its error, over level
    reach: Trees  # log odds that the error is at most a target
    quantiles: Floats  # (h, q) of (error - forecast) / spread, by octaves ahead
    law_quantiles: Floats  # (laws, h, q) the same for each of LAWS in place of the trees
    covered: Floats  # (h, levels) share of held-out errors inside the band, by octaves ahead
    answer: float  # share of the chance to arrive at all at which the size is the best single answer

    def errors(self, curves: CurveFeatures, sizes: Numbers, learner: Ints) -> Floats:
        """(b, m) expected errors; may rise a little, for medians in the leaves are not bound: see `path`."""
        rows = error_rows(curves.table, curves.ahead(sizes), learner)
        ratio = np.maximum(self.error.sums(_flat(rows))[:, 0], 0.0).reshape(rows.shape[:2])
        return ratio * curves.level[:, None]

    def spreads(self, curves: CurveFeatures, sizes: Numbers, learner: Ints) -> Floats:
        """(b, m) how far off a forecast usually is."""
        rows = error_rows(curves.table, curves.ahead(sizes), learner)
        return np.exp(self.spread.sums(_flat(rows))[:, 0]).reshape(rows.shape[:2]) * curves.level[:, None]

    def band(
        self, curves: CurveFeatures, sizes: Numbers, learner: Ints, confidence: float
    ) -> tuple[Floats, Floats, Floats]:
        """Forecast, low and high end (b, m) of the band that holds `confidence` of the held-out errors."""
        errors, spreads = self.errors(curves, sizes, learner), self.spreads(curves, sizes, learner)
        octaves = np.log2(np.atleast_2d(np.asarray(sizes, dtype=np.float64)) / curves.largest)
        low, high = (quantile_at(self.quantiles, octaves, tail) for tail in tails(confidence))
        return errors, np.maximum(errors + low * spreads, 0.0), errors + high * spreads

    def path(self, curves: CurveFeatures, learner: Ints, confidence: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Sizes up to the horizon (m,), and forecast, low and high end for one curve; the forecast never rises."""
        sizes = curves.largest * 2.0**OCTAVES_AHEAD
        errors, low, high = (part[0] for part in self.band(curves, sizes, learner, confidence))
        fall = np.minimum.accumulate(errors) - errors
        return sizes, errors + fall, np.maximum(low + fall, 0.0), high + fall

    def band_of_law(
        self, law: str, values: Floats, curves: CurveFeatures, sizes: Numbers, learner: Ints, confidence: float
    ) -> tuple[Floats, Floats]:
        """Low and high end (m,) of the band round a law's errors (m,) for one curve."""
        table = self.law_quantiles[list(LAWS).index(law)]
        octaves = np.log2(np.asarray(sizes, dtype=np.float64) / curves.largest)
        low, high = (quantile_at(table, octaves, tail) for tail in tails(confidence))
        spread = self.spreads(curves, sizes, learner)[0]
        return np.maximum(values + low * spread, 0.0), values + high * spread

    def reaches(self, curves: CurveFeatures, sizes: Numbers, targets: Numbers, learner: Ints) -> Floats:
        """(b, m) chance that the error at each size is at most the target (b,) of the curve."""
        fall = np.log(np.maximum(np.asarray(targets, dtype=np.float64), LEAST_RATIO) / curves.level)
        rows = reach_rows(curves.table, curves.ahead(sizes), fall[:, None], learner)
        return 1.0 / (1.0 + np.exp(-self.reach.sums(_flat(rows))[:, 0].reshape(rows.shape[:2])))

    def measured_coverage(self, octaves: float, confidence: float) -> float:
        """Share of the errors of held-out data sets that such a band held."""
        at_levels = [np.interp(octaves, HORIZONS, column) for column in self.covered.T]
        return float(np.interp(confidence, CONFIDENCES, at_levels))


@dataclass(frozen=True, slots=True, eq=False)
class MetaModel(Result):
    """Forecasts of a new curve, learned from the curves of other data sets; see `fit_meta`.

    Args:
        plain: models that do not use the learner.
        named: models that do; None where the history named none.
        switch: forest that says how badly the piecewise power law fares with each of its switches.
        names: learners known.
        groups: groups of related data sets that were learned from.
    """

    plain: Branch
    named: Branch | None
    switch: Trees
    names: tuple[str, ...]
    groups: int

    def for_learner(self, learner_name: str | None) -> tuple[Branch, Ints]:
        """The models to use and the code of the learner (1,)."""
        if learner_name is None or self.named is None:
            return self.plain, np.array([-1])
        if learner_name not in self.names:
            near = get_close_matches(learner_name, self.names, n=3, cutoff=0.4)
            raise InputError(
                "no curves of this learner were learned from",
                got=f"learner_name={learner_name!r}",
                fix=f"use one of {near or list(self.names)}, or leave the name out",
            )
        return self.named, np.array([self.names.index(learner_name)])

    def switch_of(self, curves: CurveFeatures) -> Floats:
        """(b,) rows at which the piecewise power law should turn straight: the switch with the least expected loss."""
        losses = self.switch.sums(curves.table.astype(np.float32).astype(np.float64))
        return SWITCHES[np.argmin(losses, axis=1)] * curves.largest

    @checked
    def save(self, path: str | Path) -> None:
        """Write plain arrays, without pickle."""
        held = {"names": np.array(self.names, dtype=np.str_), "groups": np.array(self.groups)}
        held |= {f"switch.{name}": part for name, part in self.switch.arrays().items()}
        for label, branch in (("plain", self.plain), ("named", self.named)):
            if branch is not None:
                held |= {f"{label}.{name}": part for name, part in _arrays(branch).items()}
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
        named = _branch(held, "named.") if "named.answer" in held else None
        names = tuple(str(name) for name in held["names"])
        return cls(_branch(held, "plain."), named, Trees.from_arrays(held, "switch."), names, int(held["groups"]))

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


def features_of(curve: CurvePoints) -> CurveFeatures:
    """The features of one measured curve."""
    return describe(curve.sizes, curve.error[None, :], curve.standard_error[None, :])


def error_rows(table: Floats, ahead: Floats, learner: Ints) -> Floats:
    """(b, m, 29) learner, 25 features, and three numbers of each size evaluated at."""
    b, m = ahead.shape[:2]
    fixed = np.column_stack([learner, table])
    return np.concatenate([np.broadcast_to(fixed[:, None, :], (b, m, fixed.shape[1])), ahead], axis=2)


def reach_rows(table: Floats, ahead: Floats, fall: Floats, learner: Ints) -> Floats:
    """(b, m, 30) as `error_rows`, with log target over level, and over each law, in place of the laws."""
    laws = np.log(np.maximum(ahead[..., 1:], LEAST_RATIO))
    wide = np.broadcast_to(fall, ahead.shape[:2])[..., None]
    return error_rows(table, np.concatenate([ahead[..., :1], wide, wide - laws], axis=2), learner)


def _flat(rows: Floats) -> Floats:
    return rows.reshape(-1, rows.shape[-1])


def _arrays(branch: Branch) -> dict[str, Array]:
    held: dict[str, Array] = {}
    for name in ("error", "spread", "reach"):
        held |= {f"{name}.{part}": values for part, values in getattr(branch, name).arrays().items()}
    return held | {name: np.asarray(getattr(branch, name)) for name in NUMBERS}


def _branch(held: Mapping[str, Array], prefix: str) -> Branch:
    error, spread, reach = (Trees.from_arrays(held, f"{prefix}{name}.") for name in ("error", "spread", "reach"))
    quantiles, law_quantiles, covered, answer = (held[prefix + name] for name in NUMBERS)
    return Branch(error, spread, reach, quantiles, law_quantiles, covered, float(answer))
