"""Fewer rows by how hard they are: which to keep, with a window and class quotas, and when that goes wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Ints, in_order
from samplewise.core.errors import InputError, name_rows, require_kind, require_share
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, sentence
from samplewise.core.values import Scores

COLLAPSE = 0.4  # keeping the hardest fell behind random below this share on Fashion-MNIST
NOISY = "with 10 % wrong labels, keeping the hardest half scored .63 where random rows scored .84 (Fashion-MNIST)"


@dataclass(frozen=True, slots=True, eq=False)
class Pruned(Result):
    """Rows to keep, and warnings."""

    ids: Array  # (k,) in the order of the scores
    dropped: Array  # (n - k,)
    warnings: tuple[str, ...] = ()

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self.ids), 'row')} to keep, {len(self.dropped):,} to drop; below the dropped ones."
        yield from map(sentence, self.warnings[:2])

    def _table(self) -> Table:
        return Table({"id": self.dropped}, index="id")

    def to_frame(self) -> Any:
        """Every row, and whether it is kept."""
        kept = [True] * len(self.ids) + [False] * len(self.dropped)
        return Table({"id": [*self.ids.tolist(), *self.dropped.tolist()], "kept": kept}, index="id").to_frame()


@checked
def prune(
    scores: Scores, keep: float, *, skip_hardest: float = 0.0, labels: Any = None,
    order: Literal["hardest", "easiest", "random"] = "hardest", seed: int = 0,
) -> Pruned:  # fmt: skip
    """Keep a share of the rows by difficulty (ids): the hardest ones below a window, within every class.

    Rows are ranked by score; the `skip_hardest` share at the top (wrong labels, outliers) goes, then the next `keep`
    share stays. With `labels` each class keeps its own share, so that no class vanishes.

    Args:
        scores: difficulty of n rows, larger is harder: `influence.gradient_norm`, the early errors of
            `labels.training_dynamics`, `information.unique_information(...).functional`, any other.
        keep: share of the rows, between 0 and 1.
        skip_hardest: share of the rows at the top to leave out; keep + skip_hardest at most 1.
        labels: (n,) class of every row, in the order of the scores; None for one ranking over all.
        order: "hardest" first, "easiest" first (for little data), or "random" to compare with.
        seed: of random rows.

    Returns:
        `Pruned`; its warnings name the settings that were measured to fail.

    Raises:
        InputError: shares out of range, scores of columns or segments, scores that are not numbers, or labels of
            another length.

    Cost: one sort.
    Not for: cleaning data (hard is not wrong: see `labels.find_label_issues`); shares below a third, where random rows
        do better.
    Source: paul2021.

    >>> hard = Scores("error", np.array([0.9, 0.1, 0.5, 0.3]), np.array(["a", "b", "c", "d"]), "share", "harder")
    >>> prune(hard, 0.5, skip_hardest=0.25).ids.tolist()
    ['c', 'd']
    """
    require_kind(scores, Scores)
    _check(scores, keep, skip_hardest)
    if order not in ("hardest", "easiest", "random"):
        raise InputError("order is hardest, easiest or random", got=repr(order), fix='order="hardest"')
    groups = _groups(scores, labels)
    kept = np.concatenate([_kept(scores, rows, keep, skip_hardest, order, seed) for rows in groups])
    inside = np.zeros(len(scores), dtype=bool)
    inside[kept] = True
    return Pruned(scores.keys[inside], scores.keys[~inside], _warnings(keep, skip_hardest, order))


def _kept(scores: Scores, rows: Ints, keep: float, skip: float, order: str, seed: int) -> Ints:
    """Positions of one group that stay: a share of it, rounded, and at least one row."""
    count = max(1, round(keep * len(rows)))
    if order == "random":
        return rows[hashed_order(seed, scores.keys[rows], "pruning")[:count]]
    values = scores.values[rows] if order == "easiest" else -scores.values[rows]
    ranked = rows[in_order(values)]
    if order == "easiest":
        return ranked[:count]
    first = min(round(skip * len(rows)), len(rows) - count)
    return ranked[first : first + count]


def _groups(scores: Scores, labels: Any) -> list[Ints]:
    if labels is None:
        return [np.arange(len(scores))]
    codes = np.asarray(labels)
    if codes.shape != (len(scores),):
        raise InputError(
            "labels need one entry per score", got=f"shape {codes.shape} for {len(scores)} scores",
            fix="pass the labels in the order of the scores",
        )  # fmt: skip
    _, places = np.unique(codes.astype(str), return_inverse=True)
    return [np.flatnonzero(places == place) for place in range(int(places.max()) + 1)]


def _warnings(keep: float, skip: float, order: str) -> tuple[str, ...]:
    warnings = []
    if order == "hardest" and keep < COLLAPSE:
        warnings.append(
            f"keeping the hardest {percent_text(keep, '.0f')} did worse than as many random rows in every measurement "
            f'below {percent_text(COLLAPSE, ".0f")}: keep more, or use order="random"'
        )
    if order == "hardest" and not skip:
        warnings.append(f"the hardest rows hold the wrong labels: {NOISY}; skip_hardest=0.05 to 0.12 mends that")
    return tuple(warnings)


def _check(scores: Scores, keep: float, skip: float) -> None:
    if scores.axis != "row":
        raise InputError("pruning ranks rows", got=f"scores of {scores.axis}s", fix="pass scores of rows")
    require_share(keep, "keep", high_open=False)
    require_share(skip, "skip_hardest", low_open=False)
    if keep + skip > 1 + 1e-12:
        raise InputError(
            "keep and skip_hardest are shares of the rows that fit into one", got=f"keep={keep}, skip_hardest={skip}",
            fix="use keep=0.5, skip_hardest=0.05",
        )  # fmt: skip
    missing = np.isnan(np.asarray(scores.values, dtype=np.float64))
    if missing.any():
        raise InputError(
            "some rows have no score", where=name_rows(scores.keys[missing]), got=f"{int(missing.sum())} missing",
            fix="score them, or set them aside",
        )  # fmt: skip
