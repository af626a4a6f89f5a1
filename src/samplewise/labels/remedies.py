"""Rules for disputed labels: what training rows would change about their own labels."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np

from samplewise.core.errors import require_kind
from samplewise.engine.refits.folded_rows import FoldedRows, RowEdit
from samplewise.labels.ambiguity import likely_errors, suggests
from samplewise.labels.posterior import LabelPosterior, label_posterior

LabelMethod = Callable[[FoldedRows], LabelPosterior]
_known: WeakKeyDictionary[FoldedRows, dict[LabelMethod, LabelPosterior]] = (
    WeakKeyDictionary()
)  # several rules read the posterior of the same rows


def relabel_disputed(folded: FoldedRows, method: LabelMethod = label_posterior) -> RowEdit:
    """Give every label that is likely wrong its suggested one, where that suggestion is likelier than not.

    Args:    folded: the rows the rule may see; regressions take the held-out prediction.
             method: finds the wrong labels.
    Returns: `RowEdit` of kind "relabel" with new codes.
    Cost:    one call of `method`; `label_posterior` makes 2 rounds.
    """
    require_kind(folded, FoldedRows)
    posterior = _posterior_of(folded, method)
    rows = np.flatnonzero(suggests(posterior))
    return RowEdit("relabel", rows, posterior.suggested[rows])


def drop_disputed(folded: FoldedRows, method: LabelMethod = label_posterior) -> RowEdit:
    """Leave out every row whose label is likely wrong; a class that would vanish keeps its rows.

    Args:    folded: the rows the rule may see.   method: finds the wrong labels.
    Returns: `RowEdit` of kind "drop".
    Cost:    one call of `method`; `label_posterior` makes 2 rounds.
    """
    require_kind(folded, FoldedRows)
    posterior = _posterior_of(folded, method)
    likely = likely_errors(posterior)
    if posterior.classes:
        left = np.bincount(posterior.codes[~likely], minlength=posterior.classes)
        likely = likely & (left[posterior.codes] > 1)
    return RowEdit("drop", np.flatnonzero(likely))


def reweight_disputed(folded: FoldedRows, method: LabelMethod = label_posterior) -> RowEdit:
    """Let every row whose label is likely wrong count only as far as it is likely right.

    Args:    folded: the rows the rule may see.   method: finds the wrong labels.
    Returns: `RowEdit` of kind "reweight" with weights 1 - P(wrong) times those the rows have.
    Cost:    one call of `method`; `label_posterior` makes 2 rounds.
    """
    require_kind(folded, FoldedRows)
    posterior = _posterior_of(folded, method)
    rows = np.flatnonzero(likely_errors(posterior))
    own = np.ones(len(folded)) if folded.data.weights is None else folded.data.weights
    return RowEdit("reweight", rows, (own * (1.0 - np.nan_to_num(posterior.wrong)))[rows])


def _posterior_of(folded: FoldedRows, method: LabelMethod) -> LabelPosterior:
    """The posterior of a method for these rows, kept as long as the rows are."""
    kept = _known.setdefault(folded, {})
    if method not in kept:
        kept[method] = method(folded)
    return kept[method]
