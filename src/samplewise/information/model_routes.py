"""From a model in any form to what it would lose with rows: one function per kind of model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.metrics.pairwise import pairwise_kernels

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.rates import percent_text
from samplewise.engine.refits import FoldedRows
from samplewise.information import linearization_check
from samplewise.information.deletions import Deletions, StoppedTraining
from samplewise.information.diagnostics import Diagnostics
from samplewise.information.heads import default_head, logistic_head, ridge_head
from samplewise.information.linearized import (
    Linearized,
    LinearizedNetwork,
    of_features,
    of_gram,
    of_kernel_function,
    of_network,
)
from samplewise.information.training_regimes import Converged, GradientDescent, Training
from samplewise.information.training_targets import Rows

SINGULAR = 1e12  # condition from which on a converged interpolation keeps no digits
FLOOR = 1e-12  # share of the largest eigenvalue that is added then
ALREADY_FITTED = 0.9  # share of the variance of the targets that the start explains
FOLLOWS = 0.9  # R^2 below which the linearized training is not the real one


class Model(Protocol):
    """A model and its training rows, before a stopping time is chosen."""

    @property
    def ids(self) -> Array:
        """(n,) of the rows here."""
        ...

    @property
    def order(self) -> Ints:
        """(n,) row i here is row order[i] as given."""
        ...

    @property
    def unit(self) -> str:
        """Of the surprise."""
        ...

    def deletions(self, training: Training | None) -> Deletions:
        """What it loses with rows after this training."""
        ...

    def surprise(self, deletions: Deletions, held_out: Floats) -> Floats:
        """(n,) how far labels are from outputs without the row (n, c)."""
        ...

    def diagnostics(self, deletions: Any) -> Diagnostics:
        """How far the numbers can be trusted."""
        ...


@dataclass(frozen=True, eq=False)
class LinearizedModel:
    """Training of a linearized model."""

    problem: Linearized
    default: Training | None  # training as the module's own settings give it
    real: linearization_check.Real | None = None

    @property
    def unit(self) -> str:
        """Of the surprise."""
        return "units of the output"

    @property
    def ids(self) -> Array:
        """(n,) of the rows."""
        return self.problem.ids

    @property
    def order(self) -> Ints:
        """As given."""
        return np.arange(len(self.problem.ids))

    def deletions(self, training: Training | None) -> StoppedTraining:
        """What training up to the stop loses with rows; a step too large is refused."""
        recipe = self.default if training is None else training
        if recipe is None:
            raise InputError(
                "how much a model depends on a row is set by how long it is trained", got="no training",
                fix="pass training=GradientDescent(steps=2000, rate=1e-3), or Converged(ridge=1.0)",
            )  # fmt: skip
        return StoppedTraining(self.problem, self._checked(recipe))

    def surprise(self, deletions: Deletions, held_out: Floats) -> Floats:
        """(n,) distance of the target from the output without the row."""
        return np.sqrt(np.square(self.problem.targets - held_out).sum(axis=1))

    def diagnostics(self, deletions: Any) -> Diagnostics:
        """Conditioning, step size, fit of the filter, what the start explains already, and the real training."""
        values, recipe = self.problem.spectrum.values, deletions.training
        phi = recipe.filter_for(self.problem.spectrum.count)
        least = float(values.min()) if self.problem.spectrum.complete else 0.0
        condition = (float(values.max()) + phi.ridge) / (least + phi.ridge) if least + phi.ridge > 0 else np.inf
        share = float("nan")
        if isinstance(recipe, GradientDescent):
            share = recipe.rate / recipe.rate_at_most(float(values.max()), len(self.ids))
        spread = np.square(self.problem.targets - self.problem.targets.mean(axis=0)).sum()
        start_fit = 1.0 - np.square(self.problem.targets - self.problem.start).sum() / max(spread, 1e-300)
        linearity = None if self.real is None else self.real.compared(deletions)
        return Diagnostics(
            route=str(deletions.deletion.route), condition=condition, largest_eigenvalue=float(values.max()),
            step_share=share, fit_error=deletions.deletion.fit_error, kernel_error=self.problem.kernel_error,
            start_fit=float(start_fit), linearity=linearity,
            warnings=(*self.problem.notes, *_doubts(recipe, self.problem, start_fit, linearity)),
        )  # fmt: skip

    def _checked(self, recipe: Training) -> Training:
        """The recipe, or the reason it does not converge; interpolation of a singular kernel gets a floor."""
        spectrum = self.problem.spectrum
        largest = float(spectrum.values.max())
        for left_out in (0, 1):
            phi = recipe.filter_for(spectrum.count, left_out)
            if largest >= phi.largest and isinstance(recipe, GradientDescent):
                most = recipe.rate_at_most(largest, spectrum.count)
                raise InputError(
                    "gradient descent diverges at this rate", where="training",
                    got=f"rate={recipe.rate:g}, largest eigenvalue of the kernel {largest:.4g}",
                    fix=f"use a rate below {most:.3g}, such as rate={most / 2:.2g}",
                )  # fmt: skip
        if isinstance(recipe, Converged) and recipe.ridge == 0 and _singular(spectrum):
            return Converged(FLOOR * largest, recipe.loss_reduction)
        return recipe


def _singular(spectrum: Any) -> bool:
    return not spectrum.complete or spectrum.values.min() * SINGULAR <= spectrum.values.max()


def _doubts(recipe: Training, problem: Linearized, start_fit: float, linearity: Any) -> list[str]:
    """Warnings, as sentences."""
    notes, floor = [], FLOOR * float(problem.spectrum.values.max())
    if isinstance(recipe, Converged) and recipe.ridge <= floor and _singular(problem.spectrum):
        notes.append(
            "the kernel is singular and nothing stops the training: a ridge of 1e-12 of the largest eigenvalue was "
            "added; a finite number of steps, or a ridge, would say more"
        )
    if start_fit > ALREADY_FITTED and problem.responses.values.std() > 0:
        notes.append(
            f"the outputs before training explain {percent_text(start_fit, '.0f')} of the targets already, so there is "
            "little left to learn: pass the module as it was before training on these rows, or initial_outputs=0.0"
        )
    if linearity is not None and linearity.r_squared < FOLLOWS:
        notes.append(
            f"the linearized training does not follow the real one (R2 {linearity.r_squared:.2f}): these numbers are "
            "about another model; a wider network, a pretrained one, or its last layer alone is linearized better"
        )
    return notes


def model_from(  # noqa: PLR0913  # what `unique_information` takes
    train: Any, *, module: Any, validation: Any, training: Training | None, loss: str, gram: Any, validation_gram: Any,
    targets: Any, initial_outputs: Any, trained: Any, seed: int,
) -> Model:  # fmt: skip
    """The model a user described."""
    if loss not in ("squared_error", "cross_entropy"):
        raise unknown_name("loss", str(loss), ("squared_error", "cross_entropy"))
    if trained is not None and not isinstance(module, LinearizedNetwork) and not _is_torch(module):
        raise InputError("trained= is compared with a linearized network", got=f"module={module!r}", fix="leave it out")
    if gram is not None:
        if module is not None:
            raise InputError("gram= takes the place of a module", got="both", fix="leave one of them out")
        return LinearizedModel(of_gram(gram, _named(train, targets), initial_outputs, validation_gram), None)
    if train is None:
        raise InputError("there are no rows", got="data=None", fix="pass X and y, a Dataset, or gram= with targets=")
    if module is None:
        return default_head(train, validation, training)
    data = train.data if isinstance(train, FoldedRows) else train
    rows = Rows.of(data) if targets is None else Rows.of(data).with_labels(targets)
    kind = type(module).__name__
    if loss == "cross_entropy" or kind == "LogisticRegression":
        return logistic_head(module, rows, validation, training)
    if isinstance(module, str):
        if module != "linear":
            raise unknown_name("module", module, ("linear",))
        return LinearizedModel(of_features(rows, validation, initial_outputs), None)
    if kind in ("Ridge", "LinearRegression") and training is None:
        return ridge_head(module, rows, validation)
    if kind in ("Ridge", "LinearRegression"):
        return LinearizedModel(of_features(rows, validation, initial_outputs), None)
    if kind == "KernelRidge":
        problem = of_kernel_function(_kernel_of(module), rows, validation, initial_outputs)
        return LinearizedModel(problem, Converged(float(module.alpha)))
    network = module if isinstance(module, LinearizedNetwork) else LinearizedNetwork(module, seed=seed)
    problem = of_network(network, rows, validation, initial_outputs)
    real = None if trained is None else linearization_check.real_training(network, rows, problem, trained, seed)
    return LinearizedModel(problem, None, real)


def _is_torch(module: Any) -> bool:
    return hasattr(module, "named_parameters")


def _named(train: Any, targets: Any) -> Rows:
    """The rows of a precomputed kernel: targets, with ids where rows are given."""
    if train is None:
        if targets is None:
            raise InputError("a kernel alone holds no labels", got="no targets", fix="pass targets=y (n,) or (n, c)")
        values = np.asarray(targets)
        return Rows(None, values, np.arange(len(values)))
    rows = Rows.of(train.data if isinstance(train, FoldedRows) else train)
    return rows if targets is None else rows.with_labels(targets)


def _kernel_of(estimator: Any) -> Callable[[Any, Any], Array]:
    """The kernel function of a fitted KernelRidge."""
    if estimator.kernel == "precomputed":
        raise InputError(
            "this model holds no kernel function", got='kernel="precomputed"', fix="pass gram= and targets="
        )
    options = estimator.kernel_params or {}
    if not callable(estimator.kernel):
        options = {"gamma": estimator.gamma, "degree": estimator.degree, "coef0": estimator.coef0}

    def kernel(one: Any, other: Any) -> Array:
        return np.asarray(pairwise_kernels(one, other, metric=estimator.kernel, filter_params=True, **options))

    return kernel
