"""Carries out fits on one data set: each distinct one once, through the learner's fitter and an executor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from samplewise.core.arrays import Array, Floats, Ints, Mask, fingerprint
from samplewise.core.execution import Executor
from samplewise.core.randomness import derive_seed
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target
from samplewise.engine.models.feature_encoding import exact_duplicates, feature_space
from samplewise.engine.models.learner import Fit, Fitter, Learner
from samplewise.engine.refits.auto_executor import AutoExecutor
from samplewise.engine.refits.store import FitStore
from samplewise.engine.refits.threads import ThreadExecutor


@dataclass(eq=False)
class FitRunner:
    """One data set, one learner, one seed: `outputs(fits)` gives the outputs of every fit, from the store where it can.

    Args:
        data: the n rows.
        target: their labels as codes.
        learner: what is fitted.
        space: (n, d) label-free points, shared by everything that needs distances.
        seed: both arms of a comparison use the same.
        executor: carries out fits that are not in closed form; closed forms run on threads of this process.
        store: where outputs are kept.
        on_fit: called after every fit made, for progress.
        groups: (n,) rows that must stay together in every subset, and count as one observation; default `data.groups`.
    """

    data: Dataset
    target: Target
    learner: Learner
    space: Floats
    seed: int = 0
    executor: Executor = field(default_factory=AutoExecutor)
    store: FitStore = field(default_factory=FitStore)
    on_fit: Callable[[], None] = lambda: None
    groups: Array | None = None
    _fitters: dict[str, Fitter] = field(default_factory=dict, repr=False)
    _others: dict[str, "FitRunner"] = field(default_factory=dict, init=False, repr=False)  # a copy has its own
    _name: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Without groups of its own, the data's."""
        if self.groups is None:
            self.groups = self.data.groups

    @cached_property
    def duplicates(self) -> Ints:
        """(n,) number of the set of exact duplicates a row belongs to (see `exact_duplicates`); no label enters."""
        return exact_duplicates(self.data.X, self.space)

    def outputs(self, fits: Sequence[Fit], *, blocks: Ints) -> list[Array]:
        """Outputs (q, c) float32 of every fit, in order; `blocks` (n,) are the folds the fits leave out."""
        keys = [f"{self._identity()}{fit.key(self.seed)}" for fit in fits]
        missing = {key: fit for key, fit in zip(keys, fits, strict=True) if self.store.get(key) is None}
        if missing:
            fitter = self._fitter(blocks)
            executor = ThreadExecutor() if self.learner.closed_form else self.executor
            seeds = [derive_seed(self.seed, "fit", *([fit.draw] if fit.draw else [])) for fit in missing.values()]
            for key, outputs in zip(missing, executor.map(fitter.outputs, missing.values(), seeds=seeds), strict=True):
                self.store.put(key, outputs)
                self.on_fit()
        return [self._stored(key) for key in keys]

    def with_learner(self, learner: Learner) -> "FitRunner":
        """The same rows, seed and store for another learner; its fits are extra and not counted as progress."""
        name = learner.fingerprint()
        if name not in self._others:
            shared = (self.space, self.seed, self.executor, self.store)
            self._others[name] = FitRunner(self.data, self.target, learner, *shared, groups=self.groups)
        return self._others[name]

    def with_features(self, X: Any) -> "FitRunner":
        """The same rows with other cells (n, d), read as the same columns; its fits are extra, as those above."""
        data = self.data.with_features(X)
        shared = (self.seed, self.executor, self.store)
        return FitRunner(data, self.target, self.learner, feature_space(data), *shared, groups=self.groups)

    def drawing_from(self, rows: Mask) -> "FitRunner":
        """The same rows and store for a learner that takes what it needs besides labels from these rows (n,)."""
        narrow = getattr(self.learner, "drawing_from", None)
        learner = self.learner if narrow is None else narrow(rows)
        if learner is self.learner:
            return self
        shared = (self.space, self.seed, self.executor, self.store, self.on_fit, self.groups)
        return FitRunner(self.data, self.target, learner, *shared)

    def forget(self, blocks: Ints) -> None:
        """Give back the memory of what fits that leave out these folds (n,) share; their outputs stay in the store."""
        self._fitters.pop(fingerprint(blocks), None)
        for other in self._others.values():
            other.forget(blocks)

    def _stored(self, key: str) -> Array:
        outputs = self.store.get(key)
        if outputs is None:
            raise KeyError(key)
        return outputs

    def _fitter(self, blocks: Ints) -> Fitter:
        """Fits that are down-dates want Gram blocks per fold; any other learner needs one fitter in all."""
        name = fingerprint(blocks) if self.learner.closed_form else ""
        if name not in self._fitters:
            self._fitters[name] = self.learner.fitter(self.data, self.target, blocks=blocks, space=self.space)
        return self._fitters[name]

    def _identity(self) -> str:
        """A prefix for keys: the same fit of another learner or on other labels is another fit."""
        if not self._name:
            self._name = fingerprint(self.learner.fingerprint(), self.data.fingerprint(), self.target.codes)[:16]
        return self._name
