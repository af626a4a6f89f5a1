"""How far the numbers can be trusted: conditioning, the fit of the filter, the step size, and the linearization."""

from dataclasses import dataclass
from math import nan


@dataclass(frozen=True, slots=True)
class Linearity:
    """How well the linearized training follows the real one, on the rows that judge."""

    r_squared: float  # of the real outputs by the linearized ones; 1 is perfect
    correlation: float
    kernel_drift: float  # 1 - cosine between the kernels at the start and after training; 0 is none


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """What was done, and what a reader of the numbers should know.

    Args:
        route: how rows were left out: "poles" (sum of resolvents), "steps" (descent for all rows at once), "row by row"
            (an eigendecomposition each), "closed form" (converged), "one Newton step" (cross-entropy).
        exact: False for the Newton step.
        condition: largest over smallest eigenvalue, the ridge added to both; infinite for a singular kernel.
        largest_eigenvalue: of the kernel.
        step_share: rate as a share of the largest stable one; NaN where there are no steps.
        fit_error: worst error of the filter's poles relative to the filter, on points they were not fitted to.
        kernel_error: relative error of a sketched kernel, on a sample of rows; 0 for the exact one.
        start_fit: share of the variance of the targets that the outputs before training explain already.
        linearity: comparison with real training, None where `trained` was not given.
        warnings: sentences; the numbers are still right for the linearized model.
    """

    route: str
    exact: bool = True
    condition: float = nan
    largest_eigenvalue: float = nan
    step_share: float = nan
    fit_error: float = 0.0
    kernel_error: float = 0.0
    start_fit: float = nan
    linearity: Linearity | None = None
    warnings: tuple[str, ...] = ()
