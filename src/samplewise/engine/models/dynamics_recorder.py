"""Training dynamics of every row in running sums: O(n) memory however long the training.

Arrays in, arrays out: any training loop, in torch or not, can update the recorder.
"""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, unknown_name

Counted = Literal["epoch_end", "in_batch"]


class DynamicsRecorder:
    """Running sums of the outputs of a classifier for n rows while it is trained: margin, confidence, forgetting, ...

    With p the softmax of the outputs z, y the given label and T evaluations of the row:
    margin = mean over evaluations of z_y - max_{k != y} z_k;  confidence = mean p_y;  variability = standard deviation
    of p_y (population);  correctness = share of evaluations at which the row is right;  forgetting = evaluations at
    which it is wrong and was right at the one before (T for a row that never was right);  first_learned = epoch at
    which it is first right (infinite if never);  error@e = ||p - onehot(y)||_2 at epoch e;  mean_loss = mean -log p_y.

    Args:
        count: n.
        error_epochs: epochs (from 1) at which `error@e` is kept.
        counted: "epoch_end" evaluates all rows after every epoch, in evaluation mode; "in_batch" takes what
            training itself computes, before the step, with dropout on, at no extra cost.

    Raises:
        InputError: fewer than two outputs per row, or an unknown `counted`.

    Cost: O(n) memory, O(b c) per evaluation of b rows.
    Not for: regression.
    Source: toneva2019 (forgetting), swayamdipta2020 (confidence, variability), pleiss2020 (margin), paul2021 (error).

    >>> recorder = DynamicsRecorder(1)
    >>> for epoch, right in enumerate([True, False, True, False], start=1):
    ...     recorder.update([0], [[1.0, 0.0] if right else [0.0, 1.0]], [0], epoch)
    >>> recorder.columns()["forgetting"]
    array([2.])
    """

    def __init__(self, count: int, *, error_epochs: Iterable[int] = (), counted: Counted = "epoch_end") -> None:
        """All sums start at zero."""
        if counted not in ("epoch_end", "in_batch"):
            raise unknown_name("way of counting", counted, ("epoch_end", "in_batch"))
        self.count, self.counted = count, counted
        self.error_epochs = tuple(sorted(set(error_epochs)))
        zero = np.zeros(count)
        self._counts = zero.copy()
        self._margin, self._loss, self._right, self._forgotten = (zero.copy() for _ in range(4))
        self._confidence, self._squares = zero.copy(), zero.copy()  # mean and sum of squares about it
        self._was_right = np.zeros(count, dtype=bool)
        self._first = np.full(count, np.inf)
        self._errors = np.full((len(self.error_epochs), count), np.nan)

    def update(self, rows: Any, outputs: Any, labels: Any, epoch: int) -> None:
        """Add one evaluation of some rows.

        Args:    rows: (b,) positions, none twice.   outputs: (b, c) logits.   labels: (b,) codes.
                 epoch: number of the epoch, from 1.
        """
        positions, codes = np.asarray(rows, dtype=np.intp), np.asarray(labels, dtype=np.intp)
        logits = np.asarray(outputs, dtype=np.float64)
        if logits.ndim != 2 or logits.shape[1] < 2:
            raise InputError(
                "training dynamics are about classes", got=f"outputs of shape {logits.shape}",
                fix="pass logits (b, c) with at least two columns; for regression use the held-out errors",
            )  # fmt: skip
        log_p = logits - logits.max(axis=1, keepdims=True)
        log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
        self._add(positions, logits, log_p, codes)
        self._follow(positions, logits, codes, epoch)
        if epoch in self.error_epochs:
            distance = np.exp(log_p)
            distance[np.arange(len(codes)), codes] -= 1.0
            self._errors[self.error_epochs.index(epoch), positions] = np.sqrt(np.square(distance).sum(axis=1))

    def _add(self, rows: Ints, logits: Floats, log_p: Floats, codes: Ints) -> None:
        """The sums that are means in the end; confidence by Welford's update, which does not cancel."""
        own = np.arange(len(codes)), codes
        others = logits.copy()
        others[own] = -np.inf
        self._counts[rows] += 1
        self._margin[rows] += logits[own] - others.max(axis=1)
        self._loss[rows] -= log_p[own]
        confidence = np.exp(log_p[own])
        before = confidence - self._confidence[rows]
        self._confidence[rows] += before / self._counts[rows]
        self._squares[rows] += before * (confidence - self._confidence[rows])

    def _follow(self, rows: Ints, logits: Floats, codes: Ints, epoch: int) -> None:
        """Right or wrong now, against the time before; a tie with another class is wrong."""
        own = logits[np.arange(len(codes)), codes]
        right = (logits >= own[:, None]).sum(axis=1) == 1
        self._right[rows] += right
        self._forgotten[rows] += self._was_right[rows] & ~right
        self._first[rows] = np.where(right & np.isinf(self._first[rows]), epoch, self._first[rows])
        self._was_right[rows] = right

    def columns(self) -> dict[str, Floats]:
        """Every quantity (n,) by name; NaN for a row that was never evaluated."""
        seen = np.where(self._counts > 0, self._counts, np.nan)
        never = self._right == 0
        return {
            "margin": self._margin / seen,
            "confidence": self._confidence * seen / seen,
            "variability": np.sqrt(np.maximum(self._squares, 0.0) / seen),
            "correctness": self._right / seen,
            "forgetting": np.where(never, seen, self._forgotten),
            "first_learned": np.where(np.isnan(seen), np.nan, self._first),
            "mean_loss": self._loss / seen,
        } | {f"error@{epoch}": self._errors[index] for index, epoch in enumerate(self.error_epochs)}

    def state(self) -> dict[str, Array]:
        """All sums by name, so that an interrupted training continues them."""
        return {name[1:]: held.copy() for name, held in vars(self).items() if isinstance(held, np.ndarray)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take the sums of `state()` up again."""
        for name, held in state.items():
            setattr(self, f"_{name}", np.array(held))
