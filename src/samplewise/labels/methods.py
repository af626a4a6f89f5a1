"""The methods that evaluate labels, by name: each takes rows and says what the other rows make of their labels."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.values import Estimate
from samplewise.engine.refits import FoldedRows
from samplewise.labels.chunked_rows import BlockedRows
from samplewise.labels.confident_joint import ConfidentLearning, count_joint
from samplewise.labels.neighbors import nearest_others, neighbor_means, neighbor_shares
from samplewise.labels.posterior import LabelPosterior, label_posterior
from samplewise.labels.predictions import is_kept
from samplewise.labels.remedies import LabelMethod
from samplewise.labels.training_dynamics_method import watch

READ = {  # what each method reads besides the rows
    "auto": ("learner", "probabilities", "refits", "run_dir"),
    "posterior": ("learner", "probabilities", "refits", "run_dir"),
    "confident_learning": ("learner", "probabilities", "refits", "run_dir"),
    "neighbors": (),
    "dynamics": ("learner",),
}
PROBABILITY = "probability"
PREDICTOR = "the held-out model"  # as the reasons of a posterior name it


@dataclass(frozen=True, eq=False, kw_only=True)
class MethodLabels(LabelPosterior):
    """The result of a method that uses something else than cross-fitted models, or disputes labels by another rule.

    Args:
        chosen: (n,) the labels it disputes.
        predictor: what the reasons name in place of the held-out model.
        unit: of `wrong`; "probability" only where it is one.
    """

    chosen: Mask
    predictor: str = PREDICTOR
    unit: str = PROBABILITY

    @cached_property
    def flagged(self) -> Mask:
        """(n,) labels the method disputes."""
        return self.chosen

    @cached_property
    def reasons(self) -> Array:
        """(n,) the sentences of any posterior, with the predictor of this method."""
        content = super().reasons.tolist()
        return np.array([sentence.replace(PREDICTOR, self.predictor) for sentence in content], dtype=object)


def require_read(method: str, supplied: Sequence[str], learner: object, annotated: bool) -> None:
    """Refuse an unknown method, and arguments that the method would not read."""
    if method not in READ:
        raise unknown_name("method", str(method), READ)
    unread = [name for name in supplied if name not in READ[method]]
    if annotated and method not in ("auto", "posterior"):
        unread.append("annotations")
    if unread:
        raise InputError(
            f'method="{method}" does not read all that was passed', got=", ".join(unread),
            fix=f'leave {" and ".join(unread)} out, or use method="auto"',
        )  # fmt: skip
    if method == "dynamics" and learner is not None and not hasattr(learner, "make_module"):
        raise InputError(
            "training dynamics are recorded while a network is trained, and this learner has no such loop",
            got=type(learner).__name__, fix="pass a TorchLearner(make_module), or None for a small network",
        )  # fmt: skip
    if {"probabilities", "refits"} <= set(supplied):
        raise InputError(
            "predictions and refits are two sources of the same outputs", got="both", fix="pass one of them"
        )


def without_single(posterior: LabelPosterior, predictions: object) -> LabelPosterior:
    """The posterior, unknown for rows that are the only one of their class unless the user supplied predictions."""
    if predictions is not None or not posterior.classes:
        return posterior
    alone = np.bincount(posterior.codes, minlength=posterior.classes)[posterior.codes] == 1
    if not alone.any():
        return posterior
    blank: dict[str, Any] = {
        "wrong": np.where(alone, np.nan, posterior.wrong),
        "suggested": np.where(alone, -1, posterior.suggested),
    }
    if isinstance(posterior, MethodLabels):
        blank["chosen"] = posterior.chosen & ~alone
    return replace(posterior, **blank)


def method_named(method: str, *, probabilities: Floats | None = None, n_rounds: int = 2) -> LabelMethod:
    """The method of this name, with the arguments it uses."""
    if method in ("auto", "posterior"):
        return partial(label_posterior, probabilities=probabilities, n_rounds=n_rounds)
    if method == "confident_learning":
        return partial(by_confident_learning, probabilities=probabilities)
    if method == "neighbors":
        return by_neighbors
    if method == "dynamics":
        return by_dynamics
    raise unknown_name("method", str(method), READ)


def by_confident_learning(folded: FoldedRows, *, probabilities: Floats | None = None) -> MethodLabels:
    """Confident learning on held-out probabilities, those supplied or those of the rows' learner.

    Args:    folded: n rows of classes.   probabilities: (n, c) out of sample.
    Returns: `MethodLabels`; `wrong` is 1 - P(given), which ranks and is no probability of an error.
    Raises:  InputError for labels that are numbers.
    Cost:    5 fits without predictions.
    """
    _require_classes(folded, "confident_learning")
    held_out = folded.probabilities(folded.held_out_outputs()) if probabilities is None else probabilities
    known = np.flatnonzero(np.isfinite(held_out[:, 0]))
    whole = len(known) == len(folded)
    found = count_joint(held_out if whole else held_out[known], folded.codes if whole else folded.codes[known])
    wrong, best, chance = np.full(len(folded), np.nan), np.full(len(folded), -1), np.full(len(folded), np.nan)
    wrong[known] = 1.0 - found.self_confidence
    best[known], chance[known] = found.likeliest
    chosen = np.zeros(len(folded), dtype=bool)
    chosen[known] = found.flagged()
    rate = Estimate(
        "noise_rate", found.noise_rate, unit="share of labels", source="northcutt2021",
        reason="counted from confident disagreements, which have no likelihood",
    )  # fmt: skip
    shares = BlockedRows(held_out, _as_floats) if is_kept(held_out) else held_out
    return MethodLabels(
        folded.codes, wrong, best, chance, shares, _rows_of_flips(found), rate, float("nan"), bool(chosen.any()), 1,
        chosen=chosen, unit="1 - probability of the given label",
    )  # fmt: skip


def by_neighbors(folded: FoldedRows, *, near: Ints | None = None) -> MethodLabels:
    """The posterior with the nearest rows in place of models: nothing is fitted.

    Args:    folded: n rows.   near: (n, k) positions of the nearest rows, where they are known.
    Returns: `MethodLabels`; `wrong` is a probability, of the shares of ten neighbors.
    Cost:    one neighbor graph.
    """
    if near is None:
        groups = folded.runner.groups
        near = nearest_others(folded.space, None if groups is None else groups[folded.positions], folded.data.ids)
    if folded.class_count:
        shares = neighbor_shares(near, folded.codes, folded.class_count)
    else:
        shares = neighbor_means(near, folded.codes)[:, None]
    found = label_posterior(folded, probabilities=shares, n_rounds=1)
    content = {field.name: getattr(found, field.name) for field in fields(LabelPosterior)}
    return MethodLabels(**content, chosen=found.flagged, predictor="the vote of the nearest rows")


def by_dynamics(folded: FoldedRows) -> MethodLabels:
    """One training run on all rows, recorded.

    Args:    folded: n rows of classes; a learner that is no `TorchLearner` is replaced by a small network.
    Returns: `MethodLabels`; `wrong` is the weight of the lower of two bells fitted to the mean margins: it ranks.
    Raises:  InputError for labels that are numbers.
    Cost:    one training.
    """
    _require_classes(folded, "dynamics")
    watched = watch(folded)
    settled = np.where(watched.chosen, watched.suggested, folded.codes)
    flips = np.eye(folded.class_count) * 1e-9  # a class no row seems to belong to keeps its label
    np.add.at(flips, (settled, folded.codes), 1.0)
    rate = Estimate(
        "noise_rate", watched.share, unit="share of labels", source="pleiss2020",
        reason="the lower of two bells fitted to the margins of one training run: a rough estimate",
    )  # fmt: skip
    return MethodLabels(
        folded.codes, watched.wrong, watched.suggested, watched.chance, watched.probabilities,
        flips / flips.sum(axis=1, keepdims=True), rate, float("nan"), bool(watched.chosen.any()), 1,
        chosen=watched.chosen, predictor="the network, over its training,", unit="weight of the lower bell",
    )  # fmt: skip


def _as_floats(block: Floats) -> Array:
    """Rows as they are, in single precision."""
    return block.astype(np.float32)


def _rows_of_flips(found: ConfidentLearning) -> Floats:
    """(c, c) P(given | true) with true classes as rows; a class no row belongs to keeps its label."""
    flips = found.noise_matrix.T.copy()
    flips[np.arange(len(flips)), np.arange(len(flips))] += 1.0 - flips.sum(axis=1)
    return flips


def _require_classes(folded: FoldedRows, method: str) -> None:
    if not folded.class_count:
        raise InputError(
            f'method="{method}" is about classes, and these labels are numbers', got=folded.target.note,
            fix='use method="auto" or "neighbors", which read numbers too',
        )  # fmt: skip
