"""How hard targets are for a model before it is trained: their norm in its kernel, relative to random targets."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, require_share, unknown_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, sentence
from samplewise.core.values import Estimate, Scores, numbers_table
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset, as_given
from samplewise.engine.refits import joined_groups
from samplewise.engine.statistics.intervals import half_width
from samplewise.generalization.test_scores.error_rates import error_rate
from samplewise.generalization.trained_networks.row_kernels import Form, RowKernel, open_kernel
from samplewise.generalization.trained_networks.row_solutions import RowInverse, RowSolution
from samplewise.generalization.trained_networks.row_targets import RowTargets, from_labels, read_targets

SOURCE = "harutyunyan2023"
EXACT = "exact for these rows and this kernel"
NOTHING = "the targets are the same for all rows, so there is nothing to learn"
ENDLESS = "the kernel is singular on these targets and no ridge was given: no function of it fits them"
GRID = 1.05  # factor between the norms over which the margin bound holds at once


@dataclass(frozen=True, slots=True, eq=False)
class SupervisionComplexity(Result):
    """How hard one set of targets is for one kernel; see `supervision_complexity`.

    Attributes:
        adjusted: (1 / n) sqrt(|f|^2 trace(K)), f the kernel ridge solution; no unit, grows with the targets' scale.
        relative: the same over that of random targets of the same size; 1 means as hard as random labels.
        random: adjusted complexity of random targets, in closed form; low to high hold 95 % of draws.
        held_out_error: share of rows (0..1) that f gets wrong where they are left out, duplicates and groups together.
        contributions: Scores, y_i (K + ridge)^-1 Y trace(K) / n^2; they add up to the squared complexity as the ridge
            vanishes.
        held_out_margins: Scores, margin of the output without the row for the row's own class; the better score for
            wrong labels: it depends less on the ridge. None where targets are no classes.
        unreachable: share of the targets in directions below the ridge (0..1): what was given up.
        condition: of K + ridge.   ridge: as added to K.   silent: ids of rows that reach no weight.
        notes: on the kernel, as sentences.

    Source: harutyunyan2023; allen1974 for rows left out.
    """

    adjusted: Estimate
    relative: Estimate
    random: Estimate
    held_out_error: Estimate
    contributions: Scores
    held_out_margins: Scores | None
    unreachable: float
    condition: float
    ridge: float
    silent: Array
    notes: tuple[str, ...]
    _norm: float = field(repr=False)  # |f|
    _trace: float = field(repr=False)
    _margins: Floats | None = field(repr=False)  # (n,) of f at the rows it was fitted to
    _factor: float = field(repr=False)

    @checked
    def margin_bound(self, margin: float = 1.0, confidence: float = 0.95) -> Estimate:
        """Upper bound (0..1) on the error rate of the kernel ridge solution on new rows; vacuous where it is 1 or more.

        share of rows with margin <= gamma + 2 B sqrt(trace K) / (gamma n) + 3 sqrt(ln(2 / delta_B) / 2n), B the next
        power of 1.05 above |f|, delta_B = 2 (1 - confidence) / (3 (|j| + 1)(|j| + 2)) for B = 1.05^j; 4 c in place of 2
        for c > 2 classes.

        Args:
            margin: gamma > 0, chosen before the rows were seen.
            confidence: between 0 and 1; in that share of samples the bound is not below the error.

        Returns:
            Estimate "error_bound": low 0, high the bound; a larger one promises less. It speaks of f in this kernel,
            not of a trained network, and holds for a kernel that was fixed before these rows were seen.

        Raises:
            InputError: targets that are no classes, a margin or confidence that is none.

        Cost: O(n).   Not for: a certificate of a network; ranking is all it is good for at a few thousand rows.
        Source: harutyunyan2023; bartlett2002.
        """
        if self._margins is None:
            raise InputError(
                "a margin is that of a class, and these targets are numbers", got="targets without classes",
                fix="pass labels, probabilities of a teacher (n, c), or signs; residual=False",
            )  # fmt: skip
        require_share(confidence, "confidence")
        if not (margin > 0 and math.isfinite(margin)):
            raise InputError(
                "a margin bound needs a margin above 0", got=f"margin={margin}", fix="margin_bound(margin=1.0)"
            )
        n = len(self._margins)
        within = float(np.mean(self._margins <= margin))
        bound = within + self._capacity(margin, n) + self._deviation(confidence, n)
        reason = "the bound is above 100 % and promises nothing" if not bound < 1 else (
            "for the kernel ridge solution, in a kernel fixed before these rows were seen"
        )  # fmt: skip
        return Estimate("error_bound", bound, 0.0, bound, "share of rows", confidence, SOURCE, reason)

    def _capacity(self, margin: float, n: int) -> float:
        """What functions of this norm could fit by chance."""
        if self._norm == 0 or math.isinf(self._norm):
            return self._norm
        return self._factor * GRID ** self._step() * math.sqrt(self._trace) / (margin * n)

    def _deviation(self, confidence: float, n: int) -> float:
        """For the sample, at all norms of the grid together."""
        step = abs(self._step())
        share = 2.0 * (1.0 - confidence) / (3.0 * (step + 1) * (step + 2))
        return 3.0 * math.sqrt(math.log(2.0 / share) / (2 * n))

    def _step(self) -> int:
        """The first norm of the grid that is not below |f|."""
        return math.ceil(math.log(self._norm) / math.log(GRID)) if 0 < self._norm < math.inf else 0

    def _sentences(self) -> Iterable[str]:
        yield f"Complexity {self.relative.value:.3g} of that of random targets; 1 would be as hard as random labels."
        yield f"Wrong on rows left out: {self.held_out_error}."
        yield from map(sentence, self.notes[:2])

    def _table(self) -> Table:
        return numbers_table(
            self.adjusted, self.relative, self.random, self.held_out_error, unreachable=(self.unreachable, "share"),
            condition=(self.condition, ""),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class SupervisionComplexities(Mapping[str, SupervisionComplexity], Result):
    """How hard several sets of targets are for one kernel, by name; see `supervision_complexities`."""

    by_name: Mapping[str, SupervisionComplexity]

    def __getitem__(self, name: str) -> SupervisionComplexity:
        """Of the targets of one name; raises `InputError` for an unknown one."""
        if name not in self.by_name:
            raise unknown_name("set of targets", name, self.by_name)
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the order given."""
        return iter(self.by_name)

    def __len__(self) -> int:
        """How many sets of targets."""
        return len(self.by_name)

    def _sentences(self) -> Iterable[str]:
        hardest = max(self.by_name, key=lambda name: self.by_name[name].relative.value)
        yield f"{count_of(len(self), 'set')} of targets in one kernel; the hardest are {hardest!r}."
        yield "Relative complexity: 1 is as hard as random labels."

    def _table(self) -> Table:
        parts = list(self.by_name.values())
        columns = {
            "targets": list(self.by_name), "relative": [one.relative.value for one in parts],
            "adjusted": [one.adjusted.value for one in parts],
            "held_out_error": [one.held_out_error.value for one in parts],
        }  # fmt: skip
        return Table(columns, {"held_out_error": "share of rows"}, "targets")


@checked
def supervision_complexity(
    data: Any = None,
    y: Any = None,
    *,
    kernel: Any,
    label: str | None = None,
    targets: Any = None,
    ridge: float = 1e-3,
    form: Form = "shared",
    residual: bool = False,
    sketch: int | None = None,
    seed: int = 0,
) -> SupervisionComplexity:
    """How hard targets are for a model on these rows, without unit: 1 where random ones would be as hard (`relative`).

    A = (1 / n) sqrt(trace(K) |f|^2), |f|^2 = Y' (K + ridge)^-1 K (K + ridge)^-1 Y the squared norm of the kernel ridge
    solution. A network's kernel is that of its gradients at its weights, so this is about the network as it would learn
    from there if its features stayed. Smooth targets are easy, wrong labels hard; a teacher's are between.

    Args:
        data, y, label: n >= 2 rows, in any form `samplewise.data.as_dataset` takes, or a torch data set for a torch
            module; None where `kernel` is a matrix and `targets` are given.
        targets: None for the labels of the data; labels (n,); outputs of a teacher (n, c), probabilities or logits;
            signed scores (n,); for several sets `supervision_complexities`. Two classes become one signed column; of
            more, the mean over classes is taken off. The size of logits and scores counts: compare `relative`.
        kernel: a torch module in evaluation mode, or a fitted network of a learner or of scikit-learn; "rbf" (median
            bandwidth), "laplacian", "linear" or "cosine" of the encoded rows; a Gram matrix (n, n); features (n, d).
        ridge: share of the mean eigenvalue that is added, >= 0. Without any, targets that a singular kernel cannot
            fit are infinitely hard.
        form: of the kernel of more than two outputs: "shared" is the mean over outputs (n, n), "random" that of four
            random sums of them, "full" keeps products between outputs (n c, n c).
        residual: what is left to learn: targets less the network's outputs (softmax where targets are probabilities).
        sketch: numbers per row in place of the exact kernel, from about 8,000 rows on; its error is in `notes`.
        seed: of random sums, sketches and bandwidths.

    Returns:
        `SupervisionComplexity`. Larger is harder.

    Raises:
        InputError: fewer than two rows, NaN (rows named), shapes that differ, an unknown name, no labels, a network in
            training mode, more rows than fit without a sketch.

    Cost: one backward pass per output, then O(n^3) for the eigenvectors, whatever the number of targets.
    Not for: ranking targets of different scale by `adjusted` (a soft teacher wins by being small: use `relative` or
        `held_out_error`); networks whose features change much in training (measure again at a checkpoint).
    Source: harutyunyan2023; jacot2018 for the kernel.

    >>> signs = [1.0, 1.0, -1.0, -1.0]
    >>> supervision_complexity(targets=signs, kernel=np.eye(4), ridge=0.0).adjusted.value
    1.0
    """
    if isinstance(targets, Mapping):
        raise InputError(
            "several sets of targets have a function of their own", where="targets", got="a mapping",
            fix="supervision_complexities(data, targets={name: targets}, kernel=...), or pass one of them",
        )  # fmt: skip
    given = data if data is None else as_given(data, y, label=label)
    return _of_each(given, {"": targets}, (kernel, form, sketch, seed), ridge, residual=residual)[""]


@checked
def supervision_complexities(
    data: Any = None,
    y: Any = None,
    *,
    targets: Mapping[str, Any],
    kernel: Any,
    label: str | None = None,
    ridge: float = 1e-3,
    form: Form = "shared",
    residual: bool = False,
    sketch: int | None = None,
    seed: int = 0,
) -> SupervisionComplexities:
    """`supervision_complexity` of several sets of targets on the same rows, without unit, from one eigendecomposition.

    Args:
        data, y, label, kernel, ridge, form, residual, sketch, seed: as in `supervision_complexity`.
        targets: by name, each as there; None for the labels of the data.

    Returns:
        `SupervisionComplexities`: by name. Larger is harder.

    Raises:
        InputError: no targets, or what `supervision_complexity` refuses.

    Cost: that of `supervision_complexity` once.   Source: harutyunyan2023.

    >>> easy, hard = [1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]
    >>> kernel = np.eye(4) + np.outer(easy, easy)
    >>> found = supervision_complexities(targets={"easy": easy, "hard": hard}, kernel=kernel)
    >>> found["easy"].relative.value < found["hard"].relative.value
    True
    """
    if not isinstance(targets, Mapping) or not targets:
        got = "an empty mapping" if isinstance(targets, Mapping) else type(targets).__name__
        raise InputError("there are no targets by name", where="targets", got=got, fix="pass {name: targets}")
    given = data if data is None else as_given(data, y, label=label)
    found = _of_each(given, targets, (kernel, form, sketch, seed), ridge, residual=residual)
    return SupervisionComplexities(found)


def _of_each(
    given: Any, targets: Mapping[str, Any], model: tuple[Any, Form, int | None, int], ridge: float, *, residual: bool
) -> dict[str, SupervisionComplexity]:
    """Every set of targets in one kernel; `model` is the kernel, its form, sketch and seed."""
    if not (np.isfinite(ridge) and ridge >= 0):
        raise InputError("the ridge is a share of the mean eigenvalue", got=f"ridge={ridge!r}", fix="use ridge=1e-3")
    rows, groups = open_kernel(given, *model), _groups_of(given)
    added = ridge * rows.trace / (rows.spectrum.count * rows.spectrum.width)
    held, silent = RowInverse(rows.spectrum, added), rows.ids[rows.silent()]
    return {name: _measured(rows, held, _read(rows, one, residual), silent, groups) for name, one in targets.items()}


def _groups_of(given: Any) -> Array | None:
    """(n,) rows that are left out together, where the rows are in memory."""
    if isinstance(given, tuple) and isinstance(given[0], dict | tuple):
        return None  # inputs of a module with several of them
    in_memory = isinstance(given, Dataset | tuple) or hasattr(given, "shape")
    return joined_groups(as_dataset(given)) if in_memory else None


def _read(rows: RowKernel, targets: Any, residual: bool) -> RowTargets:
    """Targets as numbers, less the outputs of the network."""
    outputs, width = None if rows.outputs is None else rows.outputs.shape[1], rows.spectrum.width
    if targets is not None:
        found = read_targets(targets, rows.ids, outputs)
    elif rows.labels is not None:
        found = from_labels(rows.labels, rows.ids, outputs)
    else:
        raise InputError("there are no targets", got="no labels, no targets", fix="pass X and y, or targets=")
    if width > 1 and not found.values.any():
        found = replace(found, values=np.zeros((len(rows.ids), width)))
    if width > 1 and found.values.shape[1] != width:
        raise InputError(
            "the full kernel needs one target per output", got=f"{found.values.shape[1]} columns, {width} outputs",
            fix='pass (n, c) targets, or use form="shared"',
        )  # fmt: skip
    if not residual:
        return found
    if rows.outputs is None:
        raise InputError("only a network has outputs", got=f"kernel: {rows.name}", fix="leave residual=True out")
    return found.less(rows.outputs)


def _measured(
    rows: RowKernel, held: RowInverse, targets: RowTargets, silent: Array, groups: Array | None
) -> SupervisionComplexity:
    """Everything about one set of targets."""
    solution = RowSolution(held, targets.values)
    n, norm = len(rows.ids), math.sqrt(solution.squared_norm)
    scale = math.sqrt(rows.trace) / n
    reason = ENDLESS if math.isinf(norm) else EXACT if targets.values.any() else NOTHING
    random = _random(solution, scale)
    relative = scale * norm / random.value if 0 < random.value < math.inf else math.nan if random.value else 0.0
    residuals = None if held.singular else solution.held_out_residuals(groups)
    margins = _margins(targets, targets.values - residuals) if residuals is not None and targets.classes else None
    parts = scale**2 * (solution.duals * solution.given).reshape(n, -1).sum(axis=1)
    return SupervisionComplexity(
        adjusted=Estimate("adjusted_complexity", scale * norm, source=SOURCE, reason=reason),
        relative=Estimate("relative_complexity", relative, source=SOURCE, reason=reason),
        random=random,
        held_out_error=_held_out_error(targets, residuals, margins, groups),
        contributions=Scores(
            "supervision_contribution", parts, rows.ids, "parts of the squared complexity",
            "the target is at odds with similar rows",
        ),
        held_out_margins=None if margins is None else Scores(
            "held_out_margin", margins, rows.ids, "units of the targets", "similar rows agree with the target"
        ),
        unreachable=solution.unreachable, condition=held.condition, ridge=held.ridge, silent=silent,
        notes=(*rows.notes, *_reported_of(silent)),
        _norm=norm, _trace=rows.trace, _margins=_margins(targets, solution.fitted) if targets.classes else None,
        _factor=2.0 if targets.values.shape[1] == 1 else 4.0 * targets.values.shape[1],
    )  # fmt: skip


def _reported_of(silent: Array) -> list[str]:
    """A sentence on rows without a gradient."""
    return [f"{len(silent)} rows reach no weight: nothing is learned of them"] if len(silent) else []


def _random(solution: RowSolution, scale: float) -> Estimate:
    """Adjusted complexity of random targets."""
    moment = solution.targets.T @ solution.targets / len(solution.targets)
    mean, spread = solution.held.random_norm(moment)
    if math.isinf(mean):
        return Estimate("random_complexity", math.inf, source=SOURCE, reason="the kernel is singular, without a ridge")
    low, high = (scale * math.sqrt(max(0.0, mean + sign * half_width(spread))) for sign in (-1, 1))
    reason = "low to high hold about 95 % of draws"
    return Estimate(
        "random_complexity", scale * math.sqrt(mean), low, high, confidence=0.95, source=SOURCE, reason=reason
    )


def _held_out_error(
    targets: RowTargets, residuals: Floats | None, margins: Floats | None, groups: Array | None
) -> Estimate:
    """Of rows left out, duplicates and groups together: wrong classes, or squared residuals over squared targets."""
    if residuals is None:
        reason = "without a ridge a singular kernel has no defined output without a row"
        return Estimate("held_out_error", math.nan, unit="share of rows", source="allen1974", reason=reason)
    if margins is not None:
        reason = "the left-out rows share all others, so the interval is approximate"
        return replace(error_rate(margins <= 0, groups), quantity="held_out_error", source="allen1974", reason=reason)
    size = float(np.square(targets.values).sum())
    missed = float(np.square(residuals).sum()) / size if size else 0.0
    reason = "squared residuals over squared targets; 100 % is always predicting zero"
    return Estimate("held_out_error", missed, unit="share of the squared targets", source="allen1974", reason=reason)


def _margins(targets: RowTargets, outputs: Floats) -> Floats:
    """(n,) how far outputs are on the side of the target's class."""
    if outputs.shape[1] == 1:
        return np.sign(targets.values[:, 0]) * outputs[:, 0]
    rows, own = np.arange(len(outputs)), targets.values.argmax(axis=1)
    others = outputs.copy()
    others[rows, own] = -np.inf
    return outputs[rows, own] - others.max(axis=1)
