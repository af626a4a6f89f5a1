"""Losses of rules that know more and more: fitted on the source, on both places, on the target; the same folds for all.

Every row is scored by rules that were fitted without its fold, so what is compared on a row saw none of it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.core.randomness import hashed_order
from samplewise.core.texts import keys_text
from samplewise.engine.models.learner import Fit
from samplewise.engine.models.row_losses import row_losses
from samplewise.engine.refits import Prepared
from samplewise.shift.bins import cells_of
from samplewise.shift.two_places import Pair

FEWER = 0.8  # rows of the target per row of the source below which the cost of few rows is measured


@dataclass(frozen=True, slots=True, eq=False)
class NestedLosses:
    """Losses (N,) of the rows of both sides, NaN where a rule was not asked.

    Args:
        own: of the rule fitted on the source, on every row.
        alone: of a rule fitted on the target, on the target.
        balanced: of one rule fitted on both, on the target; every domain has the same weight.
        pooled: the same, every row with its own weight.
        few: of a rule fitted on as many rows of the source as the target has, on the source; None where the target has
            nearly as many.
    """

    own: Floats
    alone: Floats
    balanced: Floats
    pooled: Floats
    few: Floats | None


def nested_losses(
    prepared: Prepared, pair: Pair, folds: Ints, balance: Floats | None, outputs: Floats | None
) -> NestedLosses:
    """Fits of every fold and their losses.

    Args:
        prepared: rows of both sides, and the learner.   pair: which are whose.   folds: (N,).
        balance: (N,) weights of the rule fitted on the target; None: their own.
        outputs: (N, c) of the model to be explained; None: the learner's, fitted on the source.

    Cost: four or five fits a fold.
    """
    there = pair.there
    sizes = int((~there).sum()), int(there.sum())
    plans: dict[str, list[Fit]] = {name: [] for name in ("own", "alone", "balanced", "pooled", "few")}
    weights = _balanced_weights(prepared, pair)
    same = np.allclose(weights / weights.mean(), 1.0) and prepared.data.weights is None
    for fold in np.unique(folds):
        others, here = folds != fold, folds == fold
        asked = np.flatnonzero(here & there)
        if outputs is None:
            plans["own"].append(Fit(others & ~there, np.flatnonzero(here)))
        plans["alone"].append(Fit(others & there, asked, weights=balance))
        plans["pooled"].append(Fit(others, asked))
        if not same:
            plans["balanced"].append(Fit(others, asked, weights=weights))
        if sizes[1] < FEWER * sizes[0]:
            drawn = _some_of(prepared, others & ~there, int((others & there).sum()), int(fold))
            plans["few"].append(Fit(drawn, np.flatnonzero(here & ~there)))
    fits = [fit for plan in plans.values() for fit in plan]
    answers = iter(zip(fits, prepared.runner.outputs(fits, blocks=folds), strict=True))
    losses = {}
    for name, plan in plans.items():
        losses[name] = np.full(len(folds), np.nan)
        for _ in plan:
            fit, answer = next(answers)
            losses[name][fit.query] = row_losses(answer, prepared.target, fit.query)
    own = losses["own"] if outputs is None else row_losses(outputs, prepared.target)
    balanced = losses["balanced"] if plans["balanced"] else losses["pooled"]
    return NestedLosses(own, losses["alone"], balanced, losses["pooled"], losses["few"] if plans["few"] else None)


def balance_weights(prepared: Prepared, pair: Pair, column: str) -> Floats:
    """(N,) weights under which labels of the target say nothing of a column of its segments, and it nothing of them.

    Every combination of class and value weighs what it would if both were independent.
    """
    names = [] if pair.target.segments is None else [str(name) for name in pair.target.segments.columns]
    if column not in names:
        raise InputError(
            "no column of the target's segments has this name", where="balance", got=f"balance={column!r}",
            fix=f"segments: {keys_text(names)}" if names else "Dataset(X, y, segments=frame[[...]])",
        )  # fmt: skip
    if prepared.target.classes is None:
        raise InputError(
            "an attribute is balanced against classes, and these labels are numbers", where="balance",
            got=f"balance={column!r}", fix="leave balance out",
        )  # fmt: skip
    values = cells_of(column, pair.target.segments[column]).codes  # type: ignore[index]  # there are segments
    labels = prepared.target.codes[pair.there]
    own = _own_weights(prepared)
    joint = np.zeros((labels.max() + 1, values.max() + 1))
    np.add.at(joint, (labels, values), own[pair.there])
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True) / joint.sum()
    weights = own.copy()
    weights[pair.there] *= (independent / np.maximum(joint, 1e-300))[labels, values]
    return weights


def outputs_of(pair: Pair, given: Any, classes: Array | None) -> Floats:
    """(N, c) outputs of the user's own model on both sides: probabilities, logits or numbers."""
    if classes is None and isinstance(given, tuple | list) and len(given) == 2:
        given = tuple(np.asarray(part).reshape(len(part), -1) if np.ndim(part) == 1 else part for part in given)
    found = np.vstack(pair.arrays_of(given, "outputs"))
    wanted = 1 if classes is None else len(classes)
    if found.shape[1] != wanted:
        raise InputError(
            "outputs must have one column for every class of both sides" if wanted > 1 else "outputs must be numbers",
            where="outputs", got=f"{found.shape[1]} columns",
            fix="pass columns in the order of the classes: " + keys_text(classes.tolist(), 10)
            if classes is not None else "pass one predicted number a row",
        )  # fmt: skip
    return found


def require_classes(prepared: Prepared, pair: Pair) -> list[str]:
    """Refuse a side with rows of one class; notes on classes that one side lacks."""
    classes, codes = prepared.target.classes, prepared.target.codes
    if classes is None:
        return []
    present = [set(np.unique(codes[pair.there == side]).tolist()) for side in (False, True)]
    for held, name in zip(present, ("source", "target"), strict=True):
        if len(held) < 2:
            raise InputError(
                f"the {name} has rows of one class only, so no rule can be fitted there", where=name,
                got=f"class {classes[next(iter(held))]}", fix="pass rows of two classes or more of either side",
            )  # fmt: skip
    notes = []
    for code in sorted(present[0] ^ present[1]):
        side = "target" if code in present[0] else "source"
        what = "" if side == "target" else ": a rule fitted there is always wrong about it"
        notes.append(f"the {side} has no row of class {classes[code]}{what}")
    rare = np.bincount(codes[pair.there], minlength=len(classes))
    few = [str(classes[code]) for code in sorted(present[1]) if rare[code] < 10]
    if few:
        notes.append(
            f"fewer than ten target rows of class {keys_text(few)}: what a rule fitted there can do is a guess"
        )
    return notes


def _own_weights(prepared: Prepared) -> Floats:
    given = prepared.data.weights
    return np.ones(len(prepared.data)) if given is None else np.asarray(given, dtype=np.float64)


def _balanced_weights(prepared: Prepared, pair: Pair) -> Floats:
    """(N,) weights whose sum over every domain of the source is that over the target."""
    weights = _own_weights(prepared)
    domains = np.r_[pair.domains.codes, np.full(len(pair.target), len(pair.domains.names))]
    sums = np.bincount(domains, weights=weights)
    return np.asarray(weights * (sums[-1] / sums)[domains])


def _some_of(prepared: Prepared, rows: Array, count: int, fold: int) -> Array:
    """(N,) so many of these rows, drawn by their ids."""
    order = hashed_order(prepared.seed, prepared.data.ids, f"as few rows, fold {fold}")
    drawn = np.zeros(len(rows), dtype=bool)
    drawn[order[rows[order]][:count]] = True
    return drawn
