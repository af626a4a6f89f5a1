"""How far the numbers can be trusted: conditioning, the fit of the filter, the step size, and the linearization."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite, nan

from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import sentence
from samplewise.core.values import numbers_table


@dataclass(frozen=True, slots=True)
class Linearity(Result):
    """How well the linearized training follows the real one, on the evaluation rows."""

    r_squared: float  # of the real outputs by the linearized ones; 1 is perfect
    correlation: float
    kernel_drift: float  # 1 - cosine between the kernels at the start and after training; 0 is none

    def _sentences(self) -> Iterable[str]:
        yield f"The linearized training explains {percent_text(self.r_squared)} of the variance of the real outputs"
        yield f"(correlation {self.correlation:.2f}); its kernel moved by {self.kernel_drift:.2g} (0 is not at all)."

    def _table(self) -> Table:
        return numbers_table(
            r_squared=(self.r_squared, "share of variance"), correlation=(self.correlation, ""),
            kernel_drift=(self.kernel_drift, ""),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Diagnostics(Result):
    """How the scores were computed, and how far they can be trusted.

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

    def _sentences(self) -> Iterable[str]:
        yield f"Rows were left out by {self.route}, {'exactly' if self.exact else 'to one Newton step'}."
        yield from map(sentence, self.warnings[:2])

    def _table(self) -> Table:
        numbers = ("condition", "largest_eigenvalue", "step_share", "fit_error", "kernel_error", "start_fit")
        units = {"step_share": "share of the largest", "start_fit": "share of variance"}
        known = [name for name in numbers if isfinite(getattr(self, name))]
        return numbers_table(**{name: (getattr(self, name), units.get(name, "")) for name in known})
