"""Whether part of the rows errs more than a known covariate explains: the score test of a logistic model."""

import numpy as np

from samplewise.core.arrays import Floats, Mask

STEPS = 30
HELD = 1e-6  # penalty that keeps coefficients finite where a covariate separates the hits


def expected_hits(hits: Floats, covariates: Floats) -> tuple[Floats, Floats]:
    """(n,) chance of a hit by a logistic model of covariates (n, d), and the (n, d + 1) design it was fitted on.

    Cost: thirty Newton steps at most, O(n d^2) each.
    """
    design = np.column_stack([np.ones(len(hits)), covariates])
    spread = np.r_[1.0, np.where(covariates.std(axis=0) > 0, covariates.std(axis=0), 1.0)]
    design = (design - np.r_[0.0, covariates.mean(axis=0)]) / spread
    weights = np.zeros(design.shape[1])
    penalty = HELD * len(hits) * np.eye(len(weights))
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30.0, 30.0)))
        information = design.T @ (design * (chance * (1.0 - chance))[:, None]) + penalty
        step = np.linalg.solve(information, design.T @ (hits - chance) - penalty @ weights)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30.0, 30.0))), design


def excess_of_part(hits: Floats, member: Mask, covariates: Floats) -> tuple[float, float]:
    """Mean excess of hits in part of the rows over those expected by the covariates, and its standard error.

    The score of adding the part to a logistic model, over the rows of the part: its variance takes off what the fitted
    coefficients would have followed.

    Args:    hits: (n,) 0 or 1.   member: (n,).   covariates: (n, d), on which both depend.
    Returns: excess (a share, 0 where the covariates explain all) and its standard error under no excess.
    Cost:    O(n d^2).   Source: rao1948.

    >>> hits, member = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0]), np.array([1, 1, 1, 0, 0, 0], dtype=bool)
    >>> excess, error = excess_of_part(hits, member, np.zeros((6, 1)))
    >>> round(excess, 3), round(error, 3)
    (0.333, 0.192)
    """
    chance, design = expected_hits(hits, covariates)
    spread = chance * (1.0 - chance)
    inside = design[member].T @ spread[member]
    information = design.T @ (design * spread[:, None]) + HELD * len(hits) * np.eye(design.shape[1])
    variance = float(spread[member].sum() - inside @ np.linalg.solve(information, inside))
    count = int(member.sum())
    return float((hits - chance)[member].sum()) / count, float(np.sqrt(max(variance, 0.0))) / count
