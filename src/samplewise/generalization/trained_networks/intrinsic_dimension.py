"""How many directions a network needs to learn a task, measured by training in random subspaces of its weights."""

import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints
from samplewise.core.errors import InputError, require_count, require_share
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate, Exhibit, numbers_table
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_labeled, as_second
from samplewise.engine import models  # its torch half is loaded where a learner comes
from samplewise.generalization.trained_networks.row_kernels import open_kernel
from samplewise.generalization.trained_networks.row_solutions import NULL
from samplewise.generalization.trained_networks.row_targets import from_labels

RATIO = 1.25  # between neighbors of the grid
ENTRIES = 2_000  # rows times outputs whose tangent kernel the shortcut takes
RIDGE = 1e-3  # share of the mean eigenvalue, in the shortcut
ENERGY = 0.9  # share of the labels' squared length that eigenvectors must hold
BITS = 16  # of a coordinate


@dataclass(frozen=True, slots=True, eq=False)
class IntrinsicDimension(Result):
    """Directions a network needs; see `intrinsic_dimension`.

    Attributes:
        dimension: median over seeds of the smallest d that reaches the target; low and high are the range.
        by_seed: (k,) the smallest d for each seed.   size: weights, p.
        full_score: (k,) score of whole training, accuracy or R squared.   target: share of it that counts as reached.
        tried: (t, 3) seed, d and score of every training.
        effective: sum of s / (s + ridge) over the eigenvalues of the tangent kernel at the start.
        label_directions: leading eigenvectors of it that hold 90 % of the labels' squared length.
        error_bound: a share of rows (0..1), from the length of the description of the shortest network found.

    Source: li2018.
    """

    dimension: Estimate
    by_seed: Ints
    size: int
    full_score: Floats
    target: float
    tried: Floats
    effective: Estimate
    label_directions: Estimate
    error_bound: Estimate

    def exhibit(self) -> Exhibit:
        """Every training, as a table."""
        columns = {"seed": self.tried[:, 0].astype(int), "dimension": self.tried[:, 1].astype(int)}
        note = f"whole training scores {self.full_score.mean():.3f} with {self.size:,} weights"
        return Exhibit("table", "training in random subspaces", columns | {"score": self.tried[:, 2]}, "score", note)

    def _sentences(self) -> Iterable[str]:
        yield f"{self.dimension.without_reason()} of {self.size:,} suffice to reach {percent_text(self.target)}"
        yield "of the score of whole training."
        if self.error_bound.high < 1.0:
            yield f"The error on new rows is at most {percent_text(self.error_bound.high)}."

    def _table(self) -> Table:
        return numbers_table(self.dimension, self.effective, self.label_directions, self.error_bound)


@checked
def intrinsic_dimension(
    data: Any,
    y: Any = None,
    *,
    learner: Any,
    label: str | None = None,
    test: Any = None,
    target: float = 0.9,
    grid: Literal["geometric"] | Sequence[int] = "geometric",
    n_seeds: int = 3,
    seed: int = 0,
    confidence: float = 0.95,
) -> IntrinsicDimension:
    """How many random directions of its weights a network needs to learn a task, as a number of directions.

    Weights are start + P z, P (p, d) random with orthonormal columns, and only z is trained: the smallest d whose score
    reaches `target` times that of whole training, found by bisection. Also, without training: the effective
    dimension of the tangent kernel, and how many of its directions hold the labels.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes.
        learner: a `TorchLearner`, whose settings are used throughout; or a torch module, trained from its weights with
            the default settings on inputs as they are.
        test: labeled rows the score is taken on, a `Dataset` or (X, y); None for the training rows.
        target: share of the whole training's score, above 0 and at most 1.
        grid: dimensions to choose from, "geometric" for steps of a quarter up to p.
        n_seeds: searches, each with weights, directions and batches of its own.
        seed: of the first search; the others take seed + 1, seed + 2, ...
        confidence: of the error bound.

    Returns:
        `IntrinsicDimension`; a larger number means a harder task for this network, trained this way. Other optimizers,
        epochs and seeds move it by a factor of two: read the range.

    Raises:
        InputError: no learner, rows without labels, a target or grid out of range, directions beyond memory.

    Cost: k (2 + log2 |grid|) trainings for k seeds, each O(p d) more a step; memory p d.
    Not for: comparing networks of different optimizers; a score that does not rise with d (the search supposes it).
    Source: li2018; blumer1987 for the bound.

    >>> from samplewise.engine.models import TorchLearner, dense_network
    >>> X = np.repeat([[0.0, 1.0], [5.0, 1.0]], 40, axis=0) + np.linspace(-1, 1, 80)[:, None]
    >>> learner = TorchLearner(partial(dense_network, widths=(4,)), epochs=10, rate=0.02)
    >>> intrinsic_dimension((X, np.repeat([0, 1], 40)), learner=learner, n_seeds=1).size
    22
    """
    rows = as_labeled(data, y, label=label)
    evaluated = rows if test is None else as_second(test, "test")
    seeds = range(seed, seed + require_count(n_seeds, "n_seeds", usual=3))
    _require(rows, evaluated, target)
    require_share(confidence, "confidence")
    trained = _learner(learner)
    _, start = trained.unstarted(rows, seed=seeds[0])
    size = sum(held.numel() for held in start.module.parameters() if held.requires_grad)
    choices = _grid(grid, size)
    effective, directions = _shortcut(start, rows, seeds[0])
    search = _Search(trained, rows, evaluated, size, start.classes is None, {})
    full = np.array([_score(trained.fit(rows, seed=seed), evaluated) for seed in seeds])
    found = np.array([search.smallest(choices, seed, target * score) for seed, score in zip(seeds, full, strict=True)])
    short = sum(search.scores[seed, int(d)] < target * score for seed, d, score in zip(seeds, found, full, strict=True))
    reason = f"low to high is the range over {len(found)} seeds, not an interval"
    dimension = Estimate(
        "intrinsic_dimension", float(np.median(found)), float(found.min()), float(found.max()), "directions",
        source="li2018", reason=f"{reason}; {short} did not reach the target: it needs more" if short else reason,
    )  # fmt: skip
    bound = search.error_bound(seeds[int(found.argmin())], int(found.min()), len(seeds), confidence)
    tried = np.array([(seed, tested, score) for (seed, tested), score in search.scores.items()])
    return IntrinsicDimension(dimension, found, size, full, target, tried, effective, directions, bound)


@dataclass(eq=False)
class _Search:
    """Trainings in subspaces; their scores are kept, the networks are not: their directions fill the memory."""

    learner: Any
    rows: Dataset
    evaluated: Dataset
    size: int
    numbers: bool  # whether labels are no classes
    scores: dict[tuple[int, int], float]  # by seed and dimension

    def smallest(self, choices: Ints, seed: int, wanted: float) -> int:
        """By bisection; the last choice is taken where no other reaches the score."""
        low, high = 0, len(choices) - 1
        while low < high:
            middle = (low + high) // 2
            if self._score(seed, int(choices[middle])) >= wanted:
                high = middle
            else:
                low = middle + 1
        self._score(seed, int(choices[high]))
        return int(choices[high])

    def fitted(self, seed: int, dimension: int) -> Any:
        """The learner after training in a subspace."""
        return models.in_subspace(self.learner, dimension, seed, self.size).fit(self.rows, seed=seed)

    def _score(self, seed: int, dimension: int) -> float:
        if (seed, dimension) not in self.scores:
            self.scores[seed, dimension] = _score(self.fitted(seed, dimension), self.evaluated)
        return self.scores[seed, dimension]

    def error_bound(self, seed: int, dimension: int, seeds: int, confidence: float) -> Estimate:
        """Training error of the quantized network, and what so many bits could fit by chance."""
        if self.numbers:
            reason = "numbers have no error rate"
            return Estimate("error_bound", math.nan, unit="share of rows", source="blumer1987", reason=reason)
        fitted = self.fitted(seed, dimension)
        fitted.module.quantize()
        error = 1.0 - _score(fitted, self.rows)
        # The dimension and which of the seeds it was are part of the description.
        bits = BITS * dimension + 2 * math.ceil(math.log2(dimension + 1)) + math.ceil(math.log2(seeds))
        slack = math.sqrt((bits * math.log(2.0) - math.log(1.0 - confidence)) / (2 * len(self.rows)))
        high = error + slack
        reason = f"{bits:,} bits describe the network once its learner, encoder and seeds were fixed, before these rows"
        return Estimate(
            "error_bound", high, 0.0, high, "share of rows", confidence, "blumer1987",
            reason if high < 1 else f"{reason}; above 100 % it promises nothing",
        )  # fmt: skip


def _shortcut(start: Any, rows: Dataset, seed: int) -> tuple[Estimate, Estimate]:
    """Effective dimension and label directions of the tangent kernel at the start, on some of the rows."""
    start.module.eval()
    outputs = max(1, 0 if start.classes is None else len(start.classes))
    chosen = np.sort(hashed_order(seed, rows.ids, "shortcut")[: max(2, ENTRIES // outputs)])
    kernel = open_kernel(rows.take(chosen), start, "full", None, seed)
    values = kernel.spectrum.values
    ridge = RIDGE * float(values.mean())
    effective = float((values / (values + ridge)).sum())
    labels = np.asarray(kernel.labels)
    targets = from_labels(labels, kernel.ids, outputs).values if start.classes is not None else labels - labels.mean()
    vectors = kernel.spectrum.vectors(slice(None)).reshape(-1, len(values))
    within = values > NULL * values.max()  # what lies below is rounding, and would fit any labels
    energy = (within * np.square(vectors.T @ targets.reshape(len(vectors), -1)).sum(axis=1))[::-1]
    held = np.cumsum(energy) / max(float(np.square(targets).sum()), 1e-300)
    needed = float(np.searchsorted(held, ENERGY) + 1) if held[-1] >= ENERGY else math.nan
    reason = (
        f"at most {len(vectors):,}: tangent kernel of {len(chosen):,} rows at the start, ridge {RIDGE:g} of its mean"
    )
    outside = "" if held[-1] >= ENERGY else f"; all of them hold only {percent_text(held[-1], '.0f')} of the labels"
    return (
        Estimate("effective_dimension", effective, unit="directions", source="jacot2018", reason=reason),
        Estimate("label_directions", needed, unit="directions", source="jacot2018", reason=reason + outside),
    )


def _score(fitted: Any, data: Dataset) -> float:
    """Accuracy, or R squared (not below 0), 0..1."""
    outputs = fitted.outputs(data.X)
    if fitted.classes is not None:
        return float(np.mean(fitted.classes[outputs.argmax(axis=1)] == data.y))
    numbers = np.asarray(data.y, dtype=np.float64)
    return max(0.0, 1.0 - float(np.square(numbers - outputs[:, 0]).sum() / np.square(numbers - numbers.mean()).sum()))


def _learner(given: Any) -> Any:
    """A learner as it is; a module is trained from its own weights."""
    if hasattr(given, "unstarted"):
        return given
    if hasattr(given, "named_parameters"):
        return models.TorchLearner(partial(copy.deepcopy, given), encoding="raw")
    raise InputError(
        "weights in a subspace are those of a network", where="learner", got=type(given).__name__,
        fix="pass a TorchLearner, or a torch module",
    )  # fmt: skip


def _grid(grid: Any, size: int) -> Ints:
    """Dimensions to choose from, in order."""
    if isinstance(grid, str) and grid == "geometric":
        steps = math.ceil(math.log(size) / math.log(RATIO)) + 1
        return np.unique(np.round(np.geomspace(1, size, max(2, steps))).astype(int)) if size > 1 else np.array([1])
    choices = np.unique(np.asarray(grid))
    if not choices.size or choices.dtype.kind not in "iu" or choices[0] < 1 or choices[-1] > size:
        raise InputError(
            "the grid holds whole dimensions", got=f"{grid!r} for {size} weights",
            fix=f'use "geometric", or numbers from 1 to {size}',
        )  # fmt: skip
    return choices


def _require(rows: Dataset, evaluated: Dataset, target: float) -> None:
    for part in (rows, evaluated):
        if part.y is None:
            raise InputError("a score needs labels", got="rows without labels", fix="pass (X, y)")
    require_share(target, "target", high_open=False)
