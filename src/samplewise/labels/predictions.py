"""User-supplied predictions: what they must be, and how in-sample ones are recognized."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, require_finite
from samplewise.core.errors import InputError, name_rows
from samplewise.core.randomness import hashed_order
from samplewise.data.conversions import as_classes, kind_text
from samplewise.data.matched_rows import matched_rows
from samplewise.data.targets import class_places
from samplewise.engine.refits import FoldedRows
from samplewise.engine.statistics.significance import binomial_p_value
from samplewise.labels.chunked_rows import row_slices
from samplewise.labels.neighbors import nearest_others

TOLERANCE = 1e-3  # how far from 1 a row may sum
IN_SAMPLE = 0.999  # accuracy on given labels above which predictions were made for rows the model had seen
ENOUGH = 200  # rows from which so high an accuracy is no luck
AGREEING = 0.9  # share of a row's nearest rows that have to agree, for its label to be an odd one
FEWEST_ODD = 10  # odd labels from which repeating them is no luck
BEYOND_CHANCE = 3.0  # times the odd labels of random neighbors, from which X is known to separate the classes
MOST_CHECKED = 5000  # hash-drawn rows on which predictions are checked
REPEATED = 0.5  # share of odd labels that only a model that saw the rows repeats
HARD = 0.01  # share of rows the nearest rows are wrong about, from which being always right takes having seen them
NEARLY_ALL, AS_GIVEN = 0.9, 1e-9  # share of numbers equal to the label, and what counts as equal
COLUMN_FIX = "columns in the sorted order of the classes, or a frame whose columns are named by them"


def check_predictions(probabilities: Any, codes: Ints, ids: Array) -> Array:
    """The out-of-sample class probabilities (n, c), rows summing to 1, or the reason they cannot be used.

    Args:
        probabilities: (n, c) probabilities in the order of the classes; for two classes also (n,), that of the second.
        codes: (n,) given classes.   ids: (n,) keys that name rows in messages.

    Returns:
        (n, c); float16, float32 and memory-mapped arrays as they are, without a copy, anything else as float64 with the
        rows normalized to a sum of 1.

    Raises:
        InputError: wrong shape, NaN, outside 0..1, rows that do not sum to 1 within 1e-3, or predictions so right about
            the given labels that they were made in-sample: those repeat wrong labels and hide them.

    Cost: O(n c).
    Not for: logits (take their softmax first).

    >>> check_predictions([0.2, 0.9], np.array([0, 1]), np.array(["a", "b"]))
    array([[0.8, 0.2],
           [0.1, 0.9]])
    """
    codes = as_codes(codes)
    values = as_probabilities(probabilities, codes, np.asarray(ids))
    refuse_perfect(values, codes)
    return values


def as_codes(y: Any) -> Ints:
    """Given classes (n,) as codes, whole numbers from 0; refused with the way to make them from names."""
    return as_classes(y, "y")


def as_probabilities(P: Any, codes: Ints, ids: Array, count: int = 0) -> Array:
    """As `check_predictions`, whether in-sample or not; with `count`, of so many classes."""
    classes = max(count, int(codes.max(initial=1)) + 1)
    values = _as_they_are(P)
    if classes == 2 and values.shape == (len(codes),):  # one number a row says all about two classes
        second = np.asarray(values, dtype=np.float64).reshape(-1)
        values = np.column_stack([1.0 - second, second])
    if values.shape != (len(codes), classes):
        raise InputError(
            "probabilities need one row per row of X and one column per class", where="probabilities",
            got=f"shape {values.shape}",
            fix=f"pass shape ({len(codes)}, {classes}), {COLUMN_FIX}"
            + ("; or (n,), of the second class" if classes == 2 else ""),
        )  # fmt: skip
    for rows in row_slices(values.shape):
        _require_probabilities(np.asarray(values[rows], dtype=np.float64), ids[rows])
    if not is_kept(values):
        values = np.maximum(values, 0.0)
        values /= values.sum(axis=1, keepdims=True)
    return values


def refuse_in_sample(P: Array, codes: Ints, near: Ints, ids: Array) -> None:
    """Nothing, or the reason why predictions that repeat odd labels must have seen them.

    A label is odd where at least nine tenths of the row's nearest rows agree on another class. A model that did not see
    the row names few of the odd labels, whatever share of them is wrong; predictions that name more than half of ten or
    more odd labels are refused, if there are clearly more of them than nearest rows drawn at random would make: where X
    says little about the labels, predictions from better features name them too. Otherwise those are refused that get
    over 99.9 % of 200 or more labels right where the nearest rows get less than 99 % right. Predictions of a model that
    saw the rows but is too rigid to repeat wrong labels pass, and hide little.

    Args:
        P: (n, c) probabilities.   codes: (n,) given classes.   near: (n, k) positions of the nearest rows, -1 for none.
        ids: (n,) keys.

    Raises:
        InputError: predictions that look in-sample.
    """
    votes = np.zeros((len(codes), P.shape[1]))
    rows, columns = np.nonzero(near >= 0)
    np.add.at(votes, (rows, codes[near[rows, columns]]), 1.0)
    contradicted = votes.argmax(axis=1) != codes
    odd = np.flatnonzero(contradicted & (votes.max(axis=1) >= AGREEING * np.maximum(votes.sum(axis=1), 1.0)))
    if len(odd) < max(FEWEST_ODD, BEYOND_CHANCE * _odd_by_chance(codes, votes)):
        if contradicted.mean() > HARD:
            refuse_perfect(P, codes)
        return
    repeated = odd[P[odd].argmax(axis=1) == codes[odd]]
    if len(repeated) > REPEATED * len(odd):
        raise InputError(
            "these predictions look in-sample: they repeat labels that the nearest rows contradict",
            where=name_rows(ids[repeated]),
            got=f"{len(repeated)} of {len(odd)} odd labels repeated",
            fix="pass predictions of models that did not see the row (cross_val_predict); if they are, and come from "
            "better features than X, pass those as embeddings=",
        )


def _odd_by_chance(codes: Ints, votes: Floats) -> float:
    """How many labels would be odd if the nearest rows were any rows, whatever X says."""
    counted = votes.sum(axis=1)
    needed = np.ceil(AGREEING * counted - 1e-9)
    shares = np.bincount(codes, minlength=votes.shape[1]) / len(codes)
    agree = binomial_p_value(needed[:, None], counted[:, None], shares)  # (n, c) that so many name c
    agree[np.arange(len(codes)), codes] = 0.0
    return float(agree.sum())


def refuse_perfect(P: Array, codes: Ints) -> None:
    """In-sample predictions by their accuracy alone, where there are no features."""
    agreeing = sum(int(np.sum(P[rows].argmax(axis=1) == codes[rows])) for rows in row_slices(P.shape))
    if agreeing > IN_SAMPLE * len(codes) and len(codes) >= ENOUGH:
        raise InputError(
            "these predictions look in-sample: a model that saw a row repeats its label, right or wrong",
            got=f"accuracy {agreeing / len(codes):.4f} on the given labels of {len(codes)} rows",
            fix="pass predictions of models that did not see the row (cross_val_predict), or leave predictions out",
        )


def checked_predictions(
    folded: FoldedRows, predictions: Any, near_rows: tuple[Ints, Ints] | None = None
) -> Array | None:
    """The user-supplied predictions for these rows, some of them compared with the labels of their nearest rows.

    `near_rows` are those rows and their nearest, where `drawn_neighbors` was called before.
    """
    if predictions is None:
        return None
    ids, classes = folded.data.ids, folded.target.classes
    if classes is None:
        return check_numbers(matched_rows(predictions, ids, "probabilities"), folded.codes, ids)
    P = as_probabilities(columns_by_class(predictions, classes, ids), folded.codes, ids)
    drawn, near = drawn_neighbors(folded) if near_rows is None else near_rows
    refuse_in_sample(np.asarray(P[drawn], dtype=np.float64), folded.codes[drawn], near, ids[drawn])
    return P


def drawn_neighbors(folded: FoldedRows) -> tuple[Ints, Ints]:
    """Some rows (r,), and the positions among them of the nearest others (r, k)."""
    ids, groups = folded.data.ids, folded.runner.groups
    drawn = np.sort(hashed_order(0, ids, "in-sample")[:MOST_CHECKED])
    return drawn, nearest_others(folded.space[drawn], None if groups is None else groups[drawn], ids[drawn])


def check_numbers(predicted: Any, labels: Floats, ids: Array) -> Floats:
    """The held-out predictions (n, 1) of a regression, or the reason they cannot be used.

    Args:
        predicted: (n,) or (n, 1) numbers.   labels: (n,) as given.   ids: (n,) keys.

    Raises:
        InputError: wrong shape, NaN, or nine tenths of the numbers equal to the labels.
    """
    values = np.asarray(predicted, dtype=np.float64)
    if values.size != len(labels):
        raise InputError(
            "these labels are read as numbers, so predictions need one number per row", got=f"shape {values.shape}",
            fix=f"pass shape ({len(labels)},); if the labels are classes, make them text: y.astype(str)",
        )  # fmt: skip
    values = values.reshape(-1, 1)
    require_finite(values, ids, "predictions", "predict every row out of sample, or drop these rows")
    equal = np.abs(values[:, 0] - labels) <= AS_GIVEN * max(float(np.std(labels)), 1e-300)
    if len(labels) >= FEWEST_ODD and equal.mean() > NEARLY_ALL:
        raise InputError(
            "these predictions look in-sample: they equal the labels", got=f"{int(equal.sum())} of {len(labels)} rows",
            fix="pass predictions of models that did not see the row (cross_val_predict), or leave predictions out",
        )  # fmt: skip
    return values


def columns_by_class(P: Any, classes: Array, ids: Array) -> Any:
    """A frame of predictions with its rows and columns in the order of the data; anything else as it is.

    Args:
        P: as supplied by the user.   classes: (c,) class values.   ids: (n,) keys of the rows.

    Raises:
        InputError: columns that are other classes, or an index that names other rows.
    """
    P = matched_rows(P, ids, "probabilities")
    if not hasattr(P, "columns"):
        return P
    names, wanted = [str(name) for name in P.columns], [str(value) for value in classes.tolist()]
    if names == [str(place) for place in range(len(names))] and not set(names) & set(wanted):  # numbered, not named
        return P.to_numpy()
    return P.to_numpy()[:, class_places(names, classes)]


def is_kept(values: Array) -> bool:
    """Whether an array is worked on as it is: one that lies on disk, or takes half the memory of a copy."""
    return isinstance(values, np.memmap) or values.dtype in (np.float16, np.float32)


def _as_they_are(P: Any) -> Array:
    """Whatever holds predictions as an array, copied only where it must be."""
    try:
        values = P.detach().cpu().numpy() if hasattr(P, "detach") else np.asanyarray(P)
        values = values if isinstance(values, np.memmap) else np.asarray(values)
        if values.dtype.kind not in "biufO":  # numpy reads complex numbers and texts as numbers where it can
            raise TypeError
        return values if is_kept(values) else values.astype(np.float64)
    except (TypeError, ValueError):  # ragged, as a pair (X, y) is, or no numbers
        raise InputError(
            "probabilities must be numbers, one row per row of X and one column per class", where="probabilities",
            got=kind_text(P), fix=f"pass shape (n, c), {COLUMN_FIX}",
        ) from None  # fmt: skip


def _require_probabilities(block: Floats, ids: Array) -> None:
    require_finite(block, ids, "probabilities", "predict every row out of sample, or drop these rows")
    sums = block.sum(axis=1)
    bad = (np.abs(sums - 1.0) > TOLERANCE) | (block < -TOLERANCE).any(axis=1)
    if bad.any():
        raise InputError(
            "these are no probabilities: they are not negative, each row summing to 1",
            where=name_rows(np.asarray(ids)[bad]),
            got=f"row sums from {sums.min():.4g} to {sums.max():.4g}",
            fix="take the softmax of logits; keep all classes in the sum",
        )
