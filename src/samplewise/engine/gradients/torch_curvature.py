"""The generalized Gauss-Newton matrix of a module, given by its products with vectors, and linear systems with it.

G = (1/n) sum_i J_i' L_i J_i, with J the derivatives of the outputs by the parameters and L the curvature of the loss at
the outputs. It is never formed: a product with it is one pass forward and one back over the rows.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, jvp, vjp, vmap

from samplewise.core.arrays import Array
from samplewise.engine.gradients.torch_batches import row_batches_of

ROWS_AT_ONCE = 512
MOST_ITERATIONS = 200
CLOSE = 1e-4  # residual, relative to the right-hand side


class GaussNewtonMatrix:
    """G + added on the parameters of a module, over some rows.

    Args:
        module: trained, in evaluation mode.   data: n rows as `row_gradients` takes them.   forward: as there.
        loss: "cross_entropy" or "squared_error".   names: the parameters that enter.   count: n.
        added: to the diagonal.

    Source: martens2010.
    """

    def __init__(
        self, module: torch.nn.Module, data: Any, forward: Callable[[Any, Any], Any] | None, loss: str,
        names: set[str], count: int, added: float,
    ) -> None:  # fmt: skip
        self.module, self.forward, self.loss, self.count, self.added = module, forward, loss, count, added
        state = {name: value.detach() for name, value in module.named_parameters()}
        buffers = {name: value.detach() for name, value in module.named_buffers()}
        self.held = {name: value for name, value in state.items() if name in names}
        self.fixed = {name: value for name, value in state.items() if name not in names} | buffers
        self.batches = tuple(batch.inputs for batch in row_batches_of(data).batches(module, lambda: ROWS_AT_ONCE))

    def solve(self, right: dict[str, Array]) -> dict[str, Array]:
        """(k, *shape) solutions of (G + ridge) x = right, all k systems side by side."""
        like = {name: torch.as_tensor(part).to(self.held[name]) for name, part in right.items()}
        residual = {name: like.get(name, torch.zeros_like(self.held[name])[None]) for name in self.held}
        count = max(len(part) for part in residual.values())
        residual = {name: part.expand(count, *part.shape[1:]).clone() for name, part in residual.items()}
        solution = {name: torch.zeros_like(part) for name, part in residual.items()}
        step, squares = {name: part.clone() for name, part in residual.items()}, _dots(residual, residual)
        aim = CLOSE**2 * squares
        for _ in range(MOST_ITERATIONS):
            if bool((squares <= aim).all()):
                break
            moved = self.product(step)
            # A solved system is not updated, so that no query's solution depends on which others are solved with it.
            length = torch.where(squares > aim, squares / _dots(step, moved), 0.0)
            _add(solution, step, length)
            _add(residual, moved, -length)
            new = _dots(residual, residual)
            ratio = torch.where(squares > aim, new / squares, 0.0)
            step = {name: residual[name] + _column(ratio, part) * part for name, part in step.items()}
            squares = new
        return {name: part.double().cpu().numpy() for name, part in solution.items()}

    def product(self, vectors: dict[str, Tensor]) -> dict[str, Tensor]:
        """(G + ridge) times k vectors (k, *shape)."""
        total = {name: self.added * part for name, part in vectors.items()}
        for part in self._products(vectors):
            for name, value in part.items():
                total[name] += value / self.count
        return total

    def _products(self, vectors: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        for inputs in self.batches:

            def outputs(parameters: dict[str, Tensor], inputs: Any = inputs) -> Tensor:
                return self._outputs(parameters, inputs)

            values, back = vjp(outputs, self.held)[:2]
            share = values.softmax(1) if self.loss == "cross_entropy" and values.shape[1] > 1 else None

            def along(vector: dict[str, Tensor], outputs: Any = outputs, values: Any = values, back: Any = back,
                      share: Any = share) -> dict[str, Tensor]:  # fmt: skip
                pushed = jvp(outputs, (self.held,), (vector,))[1]
                return back(self._curved(values, share, pushed))[0]

            yield vmap(along)(vectors)

    def _curved(self, values: Tensor, share: Tensor | None, pushed: Tensor) -> Tensor:
        """The loss's curvature at the outputs, times a change of the outputs."""
        if self.loss == "squared_error":
            return pushed
        if share is None:
            return values.sigmoid() * (1 - values.sigmoid()) * pushed
        return share * (pushed - (share * pushed).sum(1, keepdim=True))

    def _outputs(self, parameters: dict[str, Tensor], inputs: Any) -> Tensor:
        state = parameters | self.fixed
        if self.forward is None:
            arguments = inputs if isinstance(inputs, tuple) else (inputs,)
            found = functional_call(self.module, state, arguments)
        else:
            found = functional_call(_Called(self.module, self.forward), _prefixed(state), (inputs,))
        return found[:, None] if found.ndim == 1 else found


class _Called(torch.nn.Module):
    """A module behind the user's own way to call it."""

    def __init__(self, module: torch.nn.Module, forward: Any) -> None:
        super().__init__()
        self.inner, self.way = module, forward

    def forward(self, inputs: Any) -> Any:
        """What the user's callable makes of the module and the inputs."""
        return self.way(self.inner, inputs)


def _prefixed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"inner.{name}": value for name, value in state.items()}


def _dots(one: dict[str, Tensor], two: dict[str, Tensor]) -> Tensor:
    """(k,) inner products of k vectors in parts."""
    return torch.stack([(one[name] * two[name]).flatten(1).sum(1) for name in one]).sum(0)


def _add(into: dict[str, Tensor], step: dict[str, Tensor], length: Tensor) -> None:
    for name, part in step.items():
        into[name] += _column(length, part) * part


def _column(values: Tensor, part: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (part.ndim - 1))
