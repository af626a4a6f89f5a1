"""Protocols of what can be fitted, of one fit, and of what was fitted.

A *learner* is still to be fitted, a *fitted* model predicts. Audits need dozens of fits on subsets of ONE data set, so
a learner also makes a *fitter*, which prepares the data once (encodings that no label enters) and then makes fits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask, fingerprint
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One fit to make: the rows trained on, their labels, and the rows whose outputs are wanted."""

    keep: Mask  # (n,) rows trained on
    query: Ints  # (q,) positions of the rows whose outputs are wanted
    codes: Array | None = None  # (n,) labels that replace the data's own (class codes or numbers)
    weights: Floats | None = None  # (n,)
    draw: int = 0  # which of the learner's random draws: fits that are compared share it, repeats of them differ

    def key(self, seed: int) -> str:
        """A name for the fit: equal fits, equal names, so that none is made twice."""
        drawn = (self.draw,) if self.draw else ()
        return fingerprint(np.packbits(self.keep), self.query, self.codes, self.weights, seed, *drawn)


class Objective(Protocol):
    """A loss that plugs into the one training loop: robust losses, group reweighting, distillation.

    With a method `output_gradient` too it replaces the gradient of the loss: `ReplacesGradient`.
    """

    def prepare(self, data: Dataset, make_module: Any) -> None:
        """Build auxiliary networks (`make_module()` gives a fresh one) and per-row state; `data.y` as in `loss`."""
        ...

    def parameters(self) -> Iterable[Any]:
        """What else the optimizer should train."""
        ...

    def loss(self, outputs: Any, labels: Any, rows: Any, inputs: Any) -> Any:
        """Losses (b,) of outputs (b, c) for the rows at these positions of the fit's data.

        `labels` (b,) are codes; numbers come centered and scaled. `inputs` (b, ...) are the encoded rows.
        """
        ...


@runtime_checkable
class Fitted(Protocol):
    """A model that was fitted: it predicts any rows of the same kind."""

    @property
    def classes(self) -> Array | None:
        """(c,) class values; None for regression."""
        ...

    def outputs(self, X: Any) -> Floats:
        """(n, c) log-probabilities, decision values or predicted targets."""
        ...

    def probabilities(self, X: Any) -> Floats:
        """(n, c) class probabilities, calibrated where the learner gives none of its own."""
        ...

    def embed(self, X: Any) -> Floats:
        """(n, d) the features the last, linear part of the model sees."""
        ...


class Fitter(Protocol):
    """One data set prepared for many fits; `outputs` is a pure function, so any executor may run it."""

    def outputs(self, fit: Fit, *, seed: int) -> Floats:
        """(q, c) outputs of a model fitted on `fit.keep` for the rows `fit.query`."""
        ...


@runtime_checkable
class Learner(Protocol):
    """Something still to be fitted."""

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    @property
    def closed_form(self) -> bool:
        """Whether fits are linear algebra, carried out on threads; no processes are started then."""
        ...

    def fit(
        self, data: Dataset, *, seed: int, objective: Objective | None = None, target: Target | None = None
    ) -> Fitted:
        """Train on all rows of `data`; `target` says how its labels are to be read, where that is decided already."""
        ...

    def fitter(self, data: Dataset, target: Target, *, blocks: Ints, space: Floats | None = None) -> Fitter:
        """Prepare many fits; `blocks` (n,) says which rows tend to be left out together."""
        ...

    def fingerprint(self) -> str:
        """A name for the learner and its settings."""
        ...
