"""What a trained model loses with rows, by one interface: stopped training, a converged ridge head, a logistic head."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.engine.closed_form import DeletionEffects, LogisticDeletion, deletion_effects, logistic_deletion
from samplewise.engine.closed_form.stopped_deletion import EvaluationRows, RowChanges, StoppedDeletion
from samplewise.information.linearized import Linearized, Queried
from samplewise.information.training_regimes import Training
from samplewise.information.training_targets import Responses


class Deletions(Protocol):
    """Everything in the units of the outputs; squares are not yet divided by the noise."""

    @property
    def responses(self) -> Responses:
        """Targets of the training rows (n, c)."""
        ...

    @property
    def fitted(self) -> Floats:
        """(n, c) outputs after training on all rows."""
        ...

    @property
    def changes(self) -> RowChanges:
        """What each row changes; `own` is (n, c)."""
        ...

    def change_at(self, queries: Any) -> tuple[Floats, Array]:
        """(m, n, c) output at each query with each row minus without it, and the query ids."""
        ...

    def outputs(self, queries: Any) -> tuple[Floats, Array]:
        """(m, c) outputs at other rows after training on all, and their ids."""
        ...

    def group_square(self, rows: Ints) -> float:
        """Mean over the evaluation rows of the squared change of their outputs when all these rows go."""
        ...

    def trained_by(self, rows: Ints) -> "Deletions":
        """The same training on some of the rows."""
        ...

    def evaluated(self) -> tuple[Floats, Floats | None]:
        """(m, c) outputs at the validation rows and their targets, None without labels or without validation."""
        ...


@dataclass(frozen=True, eq=False)
class StoppedTraining:
    """Training of a linearized model up to a stopping time."""

    problem: Linearized
    training: Training

    @property
    def responses(self) -> Responses:
        """Targets of the training rows."""
        return self.problem.responses

    @cached_property
    def deletion(self) -> StoppedDeletion:
        """With and without rows."""
        count = self.problem.spectrum.count
        return StoppedDeletion(
            self.problem.spectrum, self.problem.residuals, self.training.filter_for(count),
            lambda left_out: self.training.filter_for(count, left_out),
        )  # fmt: skip

    @cached_property
    def seen(self) -> Floats | None:
        """The validation rows as the spectrum takes them."""
        queried = self.problem.validation
        return None if queried is None else self.problem.spectrum.against(queried.kernel)

    @cached_property
    def evaluated_rows(self) -> EvaluationRows:
        """Where changes are measured."""
        return (
            EvaluationRows.training_rows(self.problem.spectrum) if self.seen is None else EvaluationRows.at(self.seen)
        )

    @cached_property
    def fitted(self) -> Floats:
        """(n, c) outputs after training."""
        return np.asarray(self.problem.start + self.deletion.fitted().reshape(self.problem.start.shape))

    @cached_property
    def changes(self) -> RowChanges:
        """What each row changes."""
        found = self.deletion.row_changes(self.evaluated_rows)
        return replace(found, own=found.own.reshape(self.problem.start.shape))

    def change_at(self, queries: Any) -> tuple[Floats, Array]:
        """(m, n, c) output with each row minus without it."""
        queried = self.problem.query(queries)
        change = self.deletion.query_change(self.problem.spectrum.against(queried.kernel))
        return change.reshape(*change.shape[:2], -1), queried.ids

    def outputs(self, queries: Any) -> tuple[Floats, Array]:
        """(m, c) outputs at other rows."""
        queried = self.problem.query(queries)
        return self.outputs_at(queried), queried.ids

    def group_square(self, rows: Ints) -> float:
        """Mean squared change when all these rows go."""
        return float(self.evaluated_rows.mean_square(self.deletion.group_change(rows)[np.newaxis])[0])

    def trained_by(self, rows: Ints) -> "StoppedTraining":
        """The same training on some of the rows."""
        return StoppedTraining(self.problem.take(rows), self.training)

    def evaluated(self) -> tuple[Floats, Floats | None]:
        """Outputs at the validation rows, or at the rows themselves."""
        queried = self.problem.validation
        if queried is None or self.seen is None:
            return self.fitted, None
        return self.outputs_at(queried, self.seen), queried.targets

    def outputs_at(self, queried: Queried, seen: Floats | None = None) -> Floats:
        """(m, c) outputs of the trained linearized model at queries."""
        seen = self.problem.spectrum.against(queried.kernel) if seen is None else seen
        return np.asarray(queried.start + self.deletion.outputs_at(seen).reshape(queried.start.shape))


@dataclass(frozen=True, eq=False)
class ConvergedHead:
    """A ridge head with a free intercept, trained to the end."""

    features: Array  # (n, d)
    responses: Responses
    ridge: float
    encode: Callable[[Any], tuple[Array, Array]]  # queries -> features (m, d) and ids
    validation: tuple[Array, Floats | None] | None  # features (m, d) and targets

    @cached_property
    def effects(self) -> DeletionEffects:
        """The closed form."""
        evaluated_rows = None if self.validation is None else self.validation[0]
        return deletion_effects(self.features, self.responses.values, self.ridge, evaluated_rows)

    @cached_property
    def fitted(self) -> Floats:
        """(n, c) outputs of the head."""
        return self.effects.outputs_at(self.features)

    @cached_property
    def changes(self) -> RowChanges:
        """What each row changes; at unit noise the information is half the square."""
        found = self.effects
        spread = found.functional_error()
        return RowChanges(
            2.0 * found.functional_information, spread, 2.0 * found.weight_information, self.fitted - found.held_out
        )

    def change_at(self, queries: Any) -> tuple[Floats, Array]:
        """(m, n, c) output with each row minus without it."""
        queried, ids = self.encode(queries)
        return self.effects.prediction_change(queried), ids

    def outputs(self, queries: Any) -> tuple[Floats, Array]:
        """(m, c) outputs at other rows."""
        queried, ids = self.encode(queries)
        return self.effects.outputs_at(queried), ids

    def group_square(self, rows: Ints) -> float:
        """Mean squared change when all these rows go."""
        return 2.0 * self.effects.group_information(rows)

    def trained_by(self, rows: Ints) -> "ConvergedHead":
        """The same head on some of the rows."""
        part = replace(self.responses, values=self.responses.values[rows])
        evaluated_rows = (self.features, self.responses.values) if self.validation is None else self.validation
        return replace(self, features=self.features[rows], responses=part, validation=evaluated_rows)

    def evaluated(self) -> tuple[Floats, Floats | None]:
        """Outputs at the validation rows."""
        if self.validation is None:
            return self.fitted, None
        queried, targets = self.validation
        return self.effects.outputs_at(queried), targets


@dataclass(frozen=True, eq=False)
class LogisticOptimum:
    """A cross-entropy head at its optimum: one Newton step for every row, which is close and not exact."""

    features: Array  # (n, d)
    codes: Ints  # (n,)
    responses: Responses
    ridge: float
    encode: Callable[[Any], tuple[Array, Array]]
    validation: tuple[Array, Floats | None] | None

    @cached_property
    def effects(self) -> LogisticDeletion:
        """One Newton step from the optimum."""
        return logistic_deletion(self.features, self.codes, self.ridge)

    @cached_property
    def fitted(self) -> Floats:
        """(n, c) log odds, or logits."""
        return self.effects.head.outputs(self.features)

    @cached_property
    def changes(self) -> RowChanges:
        """What each row changes, in log odds."""
        evaluated_rows = self.features if self.validation is None else self.validation[0]
        functional, spread, weights = self.effects.squared_changes(evaluated_rows)
        return RowChanges(functional, spread, weights, self.fitted - self.effects.held_out)

    def change_at(self, queries: Any) -> tuple[Floats, Array]:
        """(m, n, c) log odds with each row minus without it."""
        queried, ids = self.encode(queries)
        return self.effects.prediction_change(queried), ids

    def outputs(self, queries: Any) -> tuple[Floats, Array]:
        """(m, c) log odds, or logits, at other rows."""
        queried, ids = self.encode(queries)
        return self.effects.head.outputs(queried), ids

    def group_square(self, rows: Ints) -> float:
        """Mean squared change when all these rows go, to one Newton step of the rest."""
        evaluated_rows = self.features if self.validation is None else self.validation[0]
        return float(np.square(self.effects.group_change(rows, evaluated_rows)).sum(axis=1).mean())

    def trained_by(self, rows: Ints) -> "LogisticOptimum":
        """The same head on some of the rows."""
        part = replace(self.responses, values=self.responses.values[rows])
        evaluated_rows = (self.features, self.responses.values) if self.validation is None else self.validation
        return replace(
            self, features=self.features[rows], codes=self.codes[rows], responses=part, validation=evaluated_rows
        )

    def evaluated(self) -> tuple[Floats, Floats | None]:
        """Outputs at the validation rows."""
        if self.validation is None:
            return self.fitted, None
        queried, targets = self.validation
        return self.effects.head.outputs(queried), targets
