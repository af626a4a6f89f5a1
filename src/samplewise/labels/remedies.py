"""Rules for disputed labels: what a training part would change about its own labels."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np

from samplewise.core.errors import require_kind
from samplewise.engine.refits.parts import Change, Part
from samplewise.labels.ambiguity import likely_errors, suggests
from samplewise.labels.posterior import LabelPosterior, label_posterior

Judge = Callable[[Part], LabelPosterior]
_known: WeakKeyDictionary[Part, dict[Judge, LabelPosterior]] = WeakKeyDictionary()  # rules ask the same of every part


def relabel_disputed(part: Part, judge: Judge = label_posterior) -> Change:
    """Give every label that is likely wrong its suggested one, where that suggestion is likelier than not.

    Args:    part: the rows the rule may see; regressions take the held-out prediction.   judge: says what is wrong.
    Returns: Change of kind "relabel" with new codes.
    Cost:    one call of `judge`; `label_posterior` makes 2 rounds.
    """
    require_kind(part, Part)
    posterior = _posterior_of(part, judge)
    rows = np.flatnonzero(suggests(posterior))
    return Change("relabel", rows, posterior.suggested[rows])


def drop_disputed(part: Part, judge: Judge = label_posterior) -> Change:
    """Leave out every row whose label is likely wrong; a class that would vanish keeps its rows.

    Args:    part: the rows the rule may see.   judge: says what is wrong.
    Returns: Change of kind "drop".
    Cost:    one call of `judge`; `label_posterior` makes 2 rounds.
    """
    require_kind(part, Part)
    posterior = _posterior_of(part, judge)
    likely = likely_errors(posterior)
    if posterior.classes:
        left = np.bincount(posterior.codes[~likely], minlength=posterior.classes)
        likely = likely & (left[posterior.codes] > 1)
    return Change("drop", np.flatnonzero(likely))


def reweight_disputed(part: Part, judge: Judge = label_posterior) -> Change:
    """Let every row whose label is likely wrong count only as far as it is likely right.

    Args:    part: the rows the rule may see.   judge: says what is wrong.
    Returns: Change of kind "reweight" with weights 1 - P(wrong) times those the rows have.
    Cost:    one call of `judge`; `label_posterior` makes 2 rounds.
    """
    require_kind(part, Part)
    posterior = _posterior_of(part, judge)
    rows = np.flatnonzero(likely_errors(posterior))
    own = np.ones(len(part)) if part.data.weights is None else part.data.weights
    return Change("reweight", rows, (own * (1.0 - np.nan_to_num(posterior.wrong)))[rows])


def _posterior_of(part: Part, judge: Judge) -> LabelPosterior:
    """What a judge makes of a part, kept as long as the part is."""
    kept = _known.setdefault(part, {})
    if judge not in kept:
        kept[judge] = judge(part)
    return kept[judge]
