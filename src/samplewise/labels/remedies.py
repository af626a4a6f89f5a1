"""Rules for disputed labels: what a training part would change about its own labels."""

import numpy as np

from samplewise.engine.refits.parts import Change, Part
from samplewise.labels.ambiguity import likely_errors, suggests
from samplewise.labels.posterior import label_posterior


def relabel_disputed(part: Part) -> Change:
    """Give every label that is likely wrong its suggested one, where that suggestion is likelier than not.

    Args:    part: the rows the rule may see; regressions take the held-out prediction.
    Returns: Change of kind "relabel" with new codes.
    Cost:    `label_posterior`, 2 rounds.
    """
    posterior = label_posterior(part)
    rows = np.flatnonzero(suggests(posterior))
    return Change("relabel", rows, posterior.suggested[rows])


def drop_disputed(part: Part) -> Change:
    """Leave out every row whose label is likely wrong; a class that would vanish keeps its rows.

    Args:    part: the rows the rule may see.
    Returns: Change of kind "drop".
    Cost:    `label_posterior`, 2 rounds.
    """
    posterior = label_posterior(part)
    likely = likely_errors(posterior)
    if posterior.classes:
        left = np.bincount(posterior.codes[~likely], minlength=posterior.classes)
        likely = likely & (left[posterior.codes] > 1)
    return Change("drop", np.flatnonzero(likely))
