"""How a network learned each row: rows it learns late, forgets or never learns are hard, rare or mislabeled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, in_order
from samplewise.core.errors import InputError, require_count
from samplewise.core.execution import Executor
from samplewise.core.randomness import derive_seed
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Scores, scores_columns
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target, Task
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.engine.models.dynamics_recorder import Counted, DynamicsRecorder
from samplewise.engine.refits import prepare
from samplewise.engine.statistics.means import standard_error

MEANINGS = {
    "margin": ("difference of logits", "clearer for the given label"),
    "confidence": ("probability", "surer of the given label"),
    "variability": ("probability", "changes more over the epochs"),
    "correctness": ("share of evaluations", "more often right"),
    "forgetting": ("evaluations", "forgotten more often"),
    "first_learned": ("epochs", "learned later"),
    "mean_loss": ("nats", "harder"),
    "early_error": ("distance of probabilities, 0 to 1.41", "further from the given label"),
}


@dataclass(frozen=True, slots=True, eq=False)
class TrainingDynamics(Result):
    """How training went for each row: `Scores` (n,), means over the runs, their standard errors in `spread`.

    Args:
        margin: mean of own logit less the largest other one; low: the other rows point to another class.
        confidence: mean probability of the given label.   variability: its standard deviation over the epochs.
        correctness: share of evaluations at which the row is right.   forgetting: times it went from right to wrong.
        first_learned: epoch at which it is first right; infinite where in some run it never was.
        mean_loss: mean cross-entropy.   early_error: by epoch, the distance of its probabilities from its label.

    >>> TrainingDynamics.__dataclass_fields__["margin"].type.__name__
    'Scores'
    """

    margin: Scores
    confidence: Scores
    variability: Scores
    correctness: Scores
    forgetting: Scores
    first_learned: Scores
    mean_loss: Scores
    early_error: Mapping[int, Scores]

    def _sentences(self) -> Iterable[str]:
        yield f"How training went for each of {count_of(len(self.margin), 'row')}."
        yield "Below those with the lowest mean margin: the other rows point to another class than theirs."

    def _table(self) -> Table:
        columns, units = scores_columns(*(getattr(self, name) for name in MEANINGS if name != "early_error"))
        columns |= {f"early_error@{epoch}": scores.values for epoch, scores in self.early_error.items()}
        return Table(columns, units, next(iter(columns)), in_order(self.margin.values))


@checked
def training_dynamics(
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: TorchLearner | None = None,
    task: Task = "auto",
    n_runs: int = 3,
    error_epochs: Iterable[int] | None = None,
    counted: Counted = "epoch_end",
    seed: int = 0,
    executor: Executor | None = None,
) -> TrainingDynamics:
    """Margin, confidence, variability, forgetting and early error of every row, from a few trainings on all rows.

    With p the softmax of the outputs z and y the given label, per evaluation: margin z_y - max_{k != y} z_k, confidence
    p_y, early error ||p - onehot(y)||_2 at an epoch; each a mean over the evaluations, then over the runs.

    Args:
        data, y, label: n labeled rows in c >= 2 classes, in any form `samplewise.data.as_dataset` takes.
        learner: a `TorchLearner`; None for a network with one hidden layer.
        task: "auto", "classification" or "regression".
        n_runs: trainings from different first weights; one run confuses hard, rare and lucky rows.
        error_epochs: epochs, from 1, at which the early error is kept; default a fifth of all.
        counted: "epoch_end" evaluates all rows after every epoch, "in_batch" reads what training computes anyway.
        seed: fixes weights and orders.
        executor: carries out the runs; default: this process, or all cores where they take long.

    Returns:
        `TrainingDynamics` of n rows; low margin and confidence, high forgetting and early error mean "hard or wrong".

    Raises:
        InputError: a learner without a training loop, a regression, missing labels, or an epoch beyond the last.

    Cost: `n_runs` trainings, and with "epoch_end" one more forward pass per epoch; O(n) memory.
    Not for: separating wrong labels from rare rows (`find_label_issues` uses models that did not see the row);
        pruning more than about half of the rows, where keeping the hardest does worse than chance.
    Source: paul2021, toneva2019, swayamdipta2020, pleiss2020.

    >>> X = np.repeat([[0.0], [5.0]], 40, axis=0) + np.linspace(-1, 1, 80)[:, None]
    >>> y = np.repeat(["a", "b"], 40); y[3] = "b"
    >>> training_dynamics((X, y), n_runs=1).margin.top(1, largest=False).keys
    array([3])
    """
    learner = TorchLearner(dense_network) if learner is None else learner
    _require_loop(learner)
    n_runs = require_count(n_runs, "n_runs", usual=3)
    rows = prepare(data, learner, y=y, label=label, task=task, seed=seed, executor=executor)
    _require_classes(rows.target)
    epochs = (max(1, round(learner.epochs / 5)),) if error_epochs is None else tuple(sorted(set(error_epochs)))
    if any(not 1 <= epoch <= learner.epochs for epoch in epochs):
        raise InputError(
            "an epoch of error_epochs is beyond the last one", got=f"{list(epochs)} of {learner.epochs} epochs",
            fix=f"choose from 1 to {learner.epochs}",
        )  # fmt: skip
    run = partial(_one_run, learner, rows.data, rows.target, epochs, counted)
    seeds = [derive_seed(seed, "run", index) for index in range(n_runs)]
    found = list(rows.executor.map(run, range(n_runs), seeds=seeds))
    by_name = {name: _over_runs([columns[name] for columns in found], name, rows.data.ids) for name in found[0]}
    errors = {epoch: by_name.pop(f"error@{epoch}") for epoch in epochs}
    return TrainingDynamics(**by_name, early_error=errors)


def _one_run(
    learner: TorchLearner,
    data: Dataset,
    target: Target,
    epochs: tuple[int, ...],
    counted: Counted,
    _: int,
    *,
    seed: int,
) -> dict[str, Floats]:
    """The columns of one training."""
    recorder = DynamicsRecorder(len(data), error_epochs=epochs, counted=counted)
    learner.fit(data, seed=seed, target=target, recorder=recorder)
    return recorder.columns()


def _over_runs(runs: list[Floats], name: str, ids: Array) -> Scores:
    """Mean over runs and its standard error; a row never learned in one run has no finite first epoch."""
    values = np.stack(runs)
    quantity = "early_error" if name.startswith("error@") else name
    unit, larger_means = MEANINGS[quantity]
    spread = None
    if len(runs) > 1:
        with np.errstate(invalid="ignore"):  # infinity less infinity
            spread = standard_error(values)
    return Scores(quantity, values.mean(axis=0), ids, unit, larger_means, spread=spread)


def _require_loop(learner: Any) -> None:
    if not isinstance(learner, TorchLearner):
        raise InputError(
            "training dynamics are recorded while a network is trained, and this learner has no such loop",
            got=type(learner).__name__, fix="pass a TorchLearner(make_module), or None for a small network",
        )  # fmt: skip


def _require_classes(target: Target) -> None:
    if target.classes is None:
        raise InputError(
            "training dynamics are about classes", got=target.note,
            fix="for numbers use find_label_issues, which uses held-out residuals",
        )  # fmt: skip
