"""How well training of the linearized network follows training of the network itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError
from samplewise.core.randomness import hashed_order
from samplewise.engine import models  # its torch half is loaded where a module comes
from samplewise.engine.gradients import OutputSum, Tangents, sources_of
from samplewise.information.deletions import StoppedTraining
from samplewise.information.diagnostics import Linearity
from samplewise.information.linearized import Linearized, LinearizedNetwork
from samplewise.information.training_regimes import GradientDescent
from samplewise.information.training_targets import Rows

COMPARED = 200  # rows on which the kernels before and after are compared


@dataclass(frozen=True, eq=False)
class Real:
    """The real training that the linearized one is compared with."""

    network: LinearizedNetwork
    rows: Rows
    problem: Linearized
    trained: Any  # a module, or "train"
    seed: int

    def compared(self, deletions: StoppedTraining) -> Linearity:
        """Outputs at the evaluation rows after both, and the drift of the kernel."""
        module = self._module(deletions)
        evaluated_rows = self.problem.validation
        queried = self.rows if evaluated_rows is None or evaluated_rows.rows is None else evaluated_rows.rows
        linear = deletions.evaluated()[0]
        real = models.answers_of(module, queried.inputs, self.network.forward)
        spread = float(np.square(real - real.mean(axis=0)).sum())
        r_squared = 1.0 - float(np.square(real - linear).sum()) / max(spread, 1e-300)
        correlation = float(np.corrcoef(real.ravel(), linear.ravel())[0, 1])
        return Linearity(r_squared, correlation, self._drift(module))

    def _module(self, deletions: StoppedTraining) -> Any:
        if not isinstance(self.trained, str):
            return self.trained
        if not isinstance(deletions.training, GradientDescent):
            raise InputError(
                "real training takes steps", got=f"training={deletions.training!r}",
                fix='use GradientDescent, or pass the trained module in place of "train"',
            )  # fmt: skip
        if self.network.forward is not None:
            raise InputError("the training loop calls the module itself", got="forward=...", fix="pass trained=module")
        recipe, count = deletions.training, len(self.rows.ids)
        scale = 1.0 if recipe.loss_reduction == "mean" else float(count)  # the loop's losses are means
        descent = models.FullBatchDescent(
            int(np.asarray(recipe.steps).item()), recipe.rate * scale, recipe.momentum, recipe.ridge / count
        )
        rows = (self.rows.inputs, self.problem.targets, self.rows.ids)
        return descent.trained(self.network.module, *rows, layers=self.network.layers, seed=self.seed)

    def _drift(self, module: Any) -> float:
        """1 - cosine between the kernels at the start and after training, on some rows."""
        some = self.rows.take(np.sort(hashed_order(self.seed, self.rows.ids, "kernel drift")[:COMPARED]))
        before, after = (self._kernel(held, some) for held in (self.network.module, module))
        return 1.0 - float(np.sum(before * after) / (np.linalg.norm(before) * np.linalg.norm(after)))

    def _kernel(self, module: Any, rows: Rows) -> Floats:
        (source,) = sources_of(module, "squared_error", self.network.layers, self.network.forward, np.float64)
        each = tuple(OutputSum(tuple(one)) for one in np.eye(self.problem.start.shape[1]))
        return Tangents.of(source, rows.unlabeled(), each, unit=False).kernel()


def real_training(network: LinearizedNetwork, rows: Rows, problem: Linearized, trained: Any, seed: int) -> Real:
    """The comparison that `trained` requests."""
    if isinstance(trained, str) and trained != "train":
        raise InputError("trained is a module, or the word train", got=repr(trained), fix='trained="train"')
    if not hasattr(network.module, "named_parameters"):
        raise InputError(
            "real training is compared for torch modules", got=type(network.module).__name__, fix="leave trained out"
        )
    return Real(network, rows, problem, trained, seed)


def last_layer(module: Any) -> Any:
    """X -> inputs of the last linear layer of a torch module (n, d)."""

    def embed(X: Any) -> Floats:
        return np.asarray(models.embeddings_of(module, X))

    return embed
