"""Groups nobody named on which a model errs more than its confidence says: found on one half, measured on the other."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints, Mask, one_hot
from samplewise.core.errors import InputError, require_share, unknown_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import with_unit
from samplewise.data.conversions import as_numbers, as_vector
from samplewise.data.splits import fold_of_rows
from samplewise.engine.statistics.excess import excess_of_part, expected_hits
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.significance import p_value_above
from samplewise.shift.segments import LEAST_ROWS, SIGNIFICANT, SegmentErrors, compare_cells
from samplewise.shift.slice_search import WAYS

MOST = 5  # slices measured
LEAST = 10 * LEAST_ROWS  # rows, to search half and measure on half
SURE = 1e-3  # probabilities of an error are kept this far from 0 and 1


@dataclass(frozen=True, slots=True, eq=False)
class Slices(Result):
    """Slices of the rows, worst first, each measured on rows that had no part in finding it."""

    errors: SegmentErrors  # of the measuring half, share of rows (0..1)
    excess: Floats  # (k,) points by which a slice errs more than rows of the same confidence
    p_value: Floats  # (k,) no worse than the other rows, or than the confidence says; Holm's correction over the k
    members: Mask  # (n, k) of all rows
    method: str

    @property
    def found(self) -> Ints:
        """Positions of the slices that are surely worse."""
        return np.flatnonzero(self.p_value < SIGNIFICANT)

    def _sentences(self) -> Iterable[str]:
        yield (
            f"{count_of(len(self.errors), 'slice')} found on one half of the rows ({self.method}) and measured on the "
            f"other; {count_of(len(self.found), 'slice')} surely worse than the other rows and than the model's "
            "confidence says."
        )
        for at in self.found[:1]:
            table = self.errors
            apart = with_unit(table.difference[at], "points", table.difference_low[at], table.difference_high[at])
            yield f"{table.names[at]}: {apart} worse, {self.excess[at]:.1f} points beyond what its confidence says."
        if not len(self.found):
            yield "Where the model fails beyond its own doubts cannot be told from these embeddings."

    def _table(self) -> Table:
        table = self.errors._table()
        columns = {name: values for name, values in table.columns.items() if name != "p_value"}
        columns |= {"excess": self.excess, "p_value": self.p_value}
        return replace(table, columns=columns)


@checked
def find_slices(
    embeddings: Any,
    y: Any,
    *,
    probabilities: Any,  # (n, c)
    method: Literal["mixture", "tree", "spotlight"] = "mixture",
    seed: int = 0,
    confidence: float = 0.95,
) -> Slices:
    """Groups of rows, alike in embedding, on which a model errs more than elsewhere and than its confidence says.

    Half of the rows find up to five slices; only the other half measures them. A slice is called worse where it is so
    beside all other rows (Fisher's exact test) and beside rows of the same confidence (score test of a logistic model):
    rows near the boundary err more in any model, and its probabilities say so.

    Args:
        embeddings: (n, d) numbers, of the model or any other.
        y: (n,) classes.
        probabilities: (n, c) of a model that did not see the row, columns in the order of the classes. Of a model that
            gives labels only: 1 in the column of the label, 0 elsewhere; confidence then explains nothing.
        method: "mixture" (rows alike in embedding, label and prediction), "tree" (rules on single columns, to be read)
            or "spotlight" (balls of 5 % of the rows with most errors).
        seed: of the halves and of the search.
        confidence: of the intervals.

    Returns:
        `Slices`: errors on the measuring half (0..1), their excess in points, and which of all rows are in each.

    Raises:
        InputError: fewer than 200 rows, other numbers of rows or classes, or values that are not finite.

    Cost: some seconds for 10,000 rows; O(n d^2) of principal components.
    Not for: groups you can name (`worst_segments` tests those with all rows); rows that repeat one another: pass one of
        each.
    Source: eyuboglu2022, deon2022, rao1948, holm1979.

    >>> draw = np.random.default_rng(0); Z = draw.normal(size=(2000, 4)); y = draw.integers(0, 2, 2000)
    >>> wrong = draw.random(2000) < np.where(Z[:, 1] > 1.2, 0.6, 0.05)
    >>> said = np.where(wrong, 1 - y, y)
    >>> slices = find_slices(Z, y, probabilities=np.eye(2)[said] * 0.8 + 0.1, method="tree")
    >>> len(slices.found) > 0 and "x1 >" in slices.errors.names[0]
    True
    """
    require_share(confidence, "confidence")
    if method not in WAYS:
        raise unknown_name("method", method, WAYS)
    Z, codes, shares = _checked(embeddings, y, probabilities)
    wrong = (shares.argmax(axis=1) != codes).astype(np.float64)
    doubt = np.clip(1.0 - shares.max(axis=1), SURE, 1.0 - SURE)
    odds = np.log(doubt / (1.0 - doubt))
    covariates = np.column_stack([odds, odds**2])
    half = fold_of_rows(np.arange(len(codes)), codes, n_folds=2, seed=seed)
    search, measure = half == 0, half == 1
    excess = wrong[search] - expected_hits(wrong[search], covariates[search])[0]
    given = one_hot(codes, shares.shape[1])[search]
    rules = WAYS[method](Z[search], given, shares[search], excess, seed)
    inside = {name: rule(Z) for name, rule in rules.items()}
    names = _worst(inside, excess, search, measure)
    table = compare_cells(
        np.where(measure, wrong, np.nan), names, [inside[name] for name in names], None, confidence
    )  # fmt: skip
    members = (
        np.column_stack([inside[name] for name in table.names]) if names else np.zeros((len(codes), 0), dtype=bool)
    )
    beyond = [excess_of_part(wrong[measure], member[measure], covariates[measure]) for member in members.T]
    own = holm(np.array([p_value_above(*one) for one in beyond]))
    return Slices(
        table, 100.0 * np.array([value for value, _ in beyond]), np.maximum(own, table.p_value), members, method
    )


def _worst(inside: dict[str, Mask], excess: Floats, search: Mask, measure: Mask) -> list[str]:
    """Up to five slices of enough rows in both halves, by their excess errors in standard errors."""
    scores = {}
    for name, member in inside.items():
        count, others = int(member[search].sum()), int((member & measure).sum())
        if count >= LEAST_ROWS and LEAST_ROWS // 2 <= others <= measure.sum() - LEAST_ROWS:
            scores[name] = float(excess[member[search]].mean() * np.sqrt(count))
    kept = sorted(scores, key=lambda name: -scores[name])[:MOST]
    if not kept:
        raise InputError(
            "no slice has enough rows", got=f"{int(search.sum())} rows searched",
            fix=f'pass more rows, or another method: a slice needs {LEAST_ROWS} rows in each half',
        )  # fmt: skip
    return kept


def _checked(embeddings: Any, y: Any, probabilities: Any) -> tuple[Floats, Ints, Floats]:
    Z, shares = (
        as_numbers(embeddings, "embeddings", 2, finite=True),
        as_numbers(probabilities, "probabilities", 2, finite=True),
    )
    labels = as_vector(y, "y")
    if not len(Z) == len(labels) == len(shares):
        raise InputError(
            "embeddings (n, d), labels (n,) and probabilities (n, c) must be of the same rows",
            got=f"{Z.shape}, {labels.shape} and {shares.shape}", fix="pass one row of each for every sample",
        )  # fmt: skip
    if len(Z) < LEAST:
        raise InputError(
            "there are too few rows to find slices on one half and measure on the other", got=f"{len(Z)} rows",
            fix=f"pass at least {LEAST}, or name groups: worst_segments",
        )  # fmt: skip
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) != shares.shape[1] or len(classes) < 2:
        raise InputError(
            "probabilities need one column per class", where="probabilities",
            got=f"{shares.shape[1]} columns, {len(classes)} classes", fix="columns in the sorted order of the classes",
        )  # fmt: skip
    if (shares < 0).any() or (np.abs(shares.sum(axis=1) - 1.0) > 1e-3).any():
        raise InputError(
            "probabilities must be at least 0 and sum to 1", where="probabilities",
            got=f"sums from {shares.sum(axis=1).min():.3g} to {shares.sum(axis=1).max():.3g}",
            fix="pass predict_proba, not logits",
        )  # fmt: skip
    return Z, codes, shares
