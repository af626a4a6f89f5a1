"""How calls of recurrent layers and cells are read: every step is two linear layers that no hook sees.

The recurrence is run again step by step, with a zero added to every sum of gates; the derivatives with respect to these
zeros are the cotangents of the linear maps.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from samplewise.engine.gradients.torch_terms import Call, MatrixTerm, Term, Unreadable

RecurrentState = tuple[Tensor, ...]  # (n, h), and for long short-term memory the cell's (n, h)


def _plain(seen: Tensor, kept: Tensor, state: RecurrentState, activation: Callable[[Tensor], Tensor]) -> RecurrentState:
    return (activation(seen + kept),)


def _long_short_term(seen: Tensor, kept: Tensor, state: RecurrentState, _: Any) -> RecurrentState:
    enter, forget, new, leave = (seen + kept).chunk(4, dim=1)
    cell = forget.sigmoid() * state[1] + enter.sigmoid() * new.tanh()
    return leave.sigmoid() * cell.tanh(), cell


def _gated(seen: Tensor, kept: Tensor, state: RecurrentState, _: Any) -> RecurrentState:
    (reset, update, new), (old_reset, old_update, old_new) = seen.chunk(3, dim=1), kept.chunk(3, dim=1)
    share = (update + old_update).sigmoid()
    return ((1 - share) * (new + (reset + old_reset).sigmoid() * old_new).tanh() + share * state[0],)


STEPS = {nn.RNN: _plain, nn.RNNCell: _plain, nn.LSTM: _long_short_term, nn.LSTMCell: _long_short_term,
         nn.GRU: _gated, nn.GRUCell: _gated}  # fmt: skip


class _Linear:
    """The two linear maps of one direction of one layer, and what went through them."""

    def __init__(self, layer: Any, suffix: str, steps: int, count: int) -> None:
        self.weights = getattr(layer, f"weight_ih{suffix}"), getattr(layer, f"weight_hh{suffix}")
        self.biases = getattr(layer, f"bias_ih{suffix}", None), getattr(layer, f"bias_hh{suffix}", None)
        self.nudges = [
            weight.new_zeros(steps, count, len(weight)).requires_grad_() for weight in map(torch.detach, self.weights)
        ]
        self.seen: list[list[Tensor]] = [[], []]

    def __call__(self, side: int, values: Tensor, step: int) -> Tensor:
        """(n, gates) of one step."""
        self.seen[side].append(values.detach())
        bias = self.biases[side]
        moved = nn.functional.linear(values, self.weights[side].detach(), None if bias is None else bias.detach())
        return moved + self.nudges[side][step]

    def terms(self, slopes: list[Tensor | None]) -> Iterator[Term]:
        """One per map; steps are positions, in the order in which they were taken."""
        for side in (0, 1):
            slope = slopes[side]
            if slope is not None:
                weight, inputs = self.weights[side], torch.stack(self.seen[side], dim=1)
                yield MatrixTerm(weight, 0, len(weight), inputs, slope.transpose(0, 1), self.biases[side])


def recurrent_layer(call: Call, slopes: tuple[Tensor | None, ...], count: int) -> list[Term]:
    """Terms of all layers and directions of `nn.RNN`, `nn.LSTM` and `nn.GRU`."""
    layer: Any = call.layer
    rows = call.argument(0, "input")
    if not isinstance(rows, Tensor) or rows.ndim != 3 or layer.proj_size:
        raise Unreadable
    inputs = rows.detach().transpose(0, 1) if layer.batch_first else rows.detach()
    if inputs.shape[1] != count:
        raise Unreadable
    directions = 2 if layer.bidirectional else 1
    begin = _states(call, inputs.new_zeros(layer.num_layers * directions, count, layer.hidden_size), type(layer))
    maps: list[_Linear] = []
    last: list[RecurrentState] = []
    with torch.enable_grad():
        for depth in range(layer.num_layers):
            sides = []
            for direction in range(directions):
                linear = _Linear(layer, f"_l{depth}{'_reverse' * direction}", len(inputs), count)
                begun = tuple(part[len(maps)] for part in begin)
                outputs, state = _run(layer, linear, inputs, begun, backwards=bool(direction))
                maps.append(linear)
                last.append(state)
                sides.append(outputs)
            inputs = torch.cat(sides, dim=2)
    outputs = inputs.transpose(0, 1) if layer.batch_first else inputs
    final = [torch.stack(parts) for parts in zip(*last, strict=True)]
    return _terms([outputs, *final], slopes, maps)


def recurrent_cell(call: Call, slopes: tuple[Tensor | None, ...], count: int) -> list[Term]:
    """Terms of one call of `nn.RNNCell`, `nn.LSTMCell` or `nn.GRUCell`."""
    layer: Any = call.layer
    rows = call.argument(0, "input")
    if not isinstance(rows, Tensor) or rows.ndim != 2 or len(rows) != count:
        raise Unreadable
    begin = _states(call, rows.detach().new_zeros(count, layer.hidden_size), type(layer))
    linear = _Linear(layer, "", 1, count)
    with torch.enable_grad():
        _, state = _run(layer, linear, rows.detach()[None], begin, backwards=False)
    return _terms(list(state), slopes, [linear])


def _states(call: Call, zeros: Tensor, kind: type) -> RecurrentState:
    """The states the recurrence begins with."""
    given = call.argument(1, "hx")
    if given is None:
        return (zeros, zeros) if kind in (nn.LSTM, nn.LSTMCell) else (zeros,)
    parts = given if isinstance(given, tuple | list) else (given,)
    if any(part.shape != zeros.shape for part in parts):
        raise Unreadable
    return tuple(part.detach() for part in parts)


def _run(
    layer: Any, linear: _Linear, inputs: Tensor, state: RecurrentState, *, backwards: bool
) -> tuple[Tensor, RecurrentState]:
    """(t, n, h) outputs in the order of the inputs, and the last state."""
    step_of = STEPS[type(layer)]
    activation = torch.relu if getattr(layer, "nonlinearity", "tanh") == "relu" else torch.tanh
    outputs = []
    for step, rows in enumerate(inputs.flip(0) if backwards else inputs):
        state = step_of(linear(0, rows, step), linear(1, state[0], step), state, activation)
        outputs.append(state[0])
    stacked = torch.stack(outputs)
    return (stacked.flip(0) if backwards else stacked), state


def _terms(outputs: list[Tensor], slopes: tuple[Tensor | None, ...], maps: list[_Linear]) -> list[Term]:
    """One backward pass from what the call returned to the gates of every step."""
    reached = [(output, slope) for output, slope in zip(outputs, slopes, strict=True) if slope is not None]
    nudges = [nudge for linear in maps for nudge in linear.nudges]
    found = torch.autograd.grad([one for one, _ in reached], nudges, [one for _, one in reached], allow_unused=True)
    return [term for place, linear in enumerate(maps) for term in linear.terms(list(found[2 * place : 2 * place + 2]))]
