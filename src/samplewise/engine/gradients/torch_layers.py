"""From what single calls add to the gradients of all parameters, layer by layer: shared ones are added up first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from samplewise.core.arrays import Floats
from samplewise.engine.gradients.dense import DenseGradients, LookupGradients
from samplewise.engine.gradients.factors import MatrixGradients, OuterGradients
from samplewise.engine.gradients.layer import LayerGradients
from samplewise.engine.gradients.parameter_slices import MatrixPlace
from samplewise.engine.gradients.torch_calls import Slopes, reader_of
from samplewise.engine.gradients.torch_terms import (
    Call,
    DenseTerm,
    LookupTerm,
    MatrixTerm,
    Term,
    Unreadable,
)


@dataclass(slots=True, eq=False)
class Layout:
    """How the gradients of one module are held; settled by its first batch, so that all batches can be joined.

    Args:
        names: id() of a parameter -> its name, in the module's order; only those whose gradients are requested.
        dtype: of the factors.   one_by_one: names that are differentiated row by row.
        entries: layers held entry by entry, because t positions of two factors would take more memory.
    """

    names: dict[int, str]
    dtype: torch.dtype
    one_by_one: dict[str, str] = field(default_factory=dict)  # name -> why
    entries: dict[str, bool] = field(default_factory=dict)

    def name(self, parameter: Any) -> str:
        """The parameter's name; empty where its gradient is not requested."""
        return "" if parameter is None else self.names.get(id(parameter), "")


def terms_of(calls: Iterable[tuple[Call, Slopes]], count: int, layout: Layout) -> list[Term]:
    """Terms of all calls with their cotangents; parameters of calls that cannot be read join `layout.one_by_one`."""
    found: list[Term] = []
    for call, slopes in calls:
        reader = reader_of(call.layer)
        if reader is None or all(slope is None for slope in slopes):
            continue
        try:
            found += reader(call, slopes, count)
        except Unreadable:
            for held in call.layer.parameters():
                if layout.name(held):
                    layout.one_by_one[layout.name(held)] = "its layer is called with rows merged or moved"
    wanted = [term for term in found if layout.name(term.weight) or layout.name(getattr(term, "bias", None))]
    _refuse_overlaps(wanted, layout)
    return wanted


def _refuse_overlaps(terms: list[Term], layout: Layout) -> None:
    """One parameter used in ways that no one matrix describes is differentiated row by row."""
    ranges: dict[str, set[tuple[int, int]]] = {}
    kinds: dict[str, set[type]] = {}
    for term in terms:
        name = layout.name(term.weight)
        kinds.setdefault(name, set()).add(type(term))
        if isinstance(term, MatrixTerm):
            ranges.setdefault(name, set()).add((term.start, term.stop))
    for name, used in kinds.items():
        parts = sorted(ranges.get(name, ()))
        overlap = any(before[1] > after[0] for before, after in pairwise(parts))
        looked_up_in_blocks = LookupTerm in used and len(parts) > 1
        if name and (overlap or looked_up_in_blocks or (DenseTerm in used and len(used) > 1)):
            layout.one_by_one[name] = "layers of different kinds share it"


def layers_of(terms: list[Term], dense: dict[str, Tensor], layout: Layout) -> tuple[LayerGradients, ...]:
    """One set of row gradients per matrix, lookup and group of small parameters, in the module's order."""
    terms = [term for term in terms if layout.name(term.weight) not in layout.one_by_one]
    small = dict(dense)
    for term in terms:
        if isinstance(term, DenseTerm) and layout.name(term.weight):
            _add(small, layout.name(term.weight), term.values, layout)
    joined_biases = _biases_of_one_matrix(terms, small, layout)
    matrices = _grouped(terms, small, joined_biases, layout)
    order = {name: position for position, name in enumerate(layout.names.values())}
    found = [(order[weight], start, _matrix_layer(group, layout)) for (weight, start), group in matrices.items()]
    found += [(order[held.names[0]], -1, held) for held in _small_layers(small, order, {x[2].name for x in found})]
    return tuple(layer for _, _, layer in sorted(found, key=lambda item: item[:2]))


@dataclass(slots=True, eq=False)
class _Group:
    """All terms of one matrix."""

    weight: Tensor
    name: str
    matrix: list[MatrixTerm] = field(default_factory=list)
    lookups: list[LookupTerm] = field(default_factory=list)
    bias: str | None = None


def _biases_of_one_matrix(terms: list[Term], small: dict[str, Tensor], layout: Layout) -> set[str]:
    """Biases that belong to all calls of one weight and to nothing else: one more column of its matrix."""
    users: dict[str, set[str]] = {}
    companions: dict[str, set[str]] = {}
    for term in terms:
        if isinstance(term, MatrixTerm):
            bias, weight = layout.name(term.bias), layout.name(term.weight)
            users.setdefault(bias, set()).add(weight)
            companions.setdefault(weight, set()).add(bias)
        elif isinstance(term, LookupTerm):
            companions.setdefault(layout.name(term.weight), set()).add("")
    return {
        bias
        for bias, weights in users.items()
        if bias and weights != {""} and len(weights) == 1 and bias not in small and bias not in layout.one_by_one
        and len(companions[next(iter(weights))]) == 1
    }  # fmt: skip


def _grouped(
    terms: list[Term], small: dict[str, Tensor], joined_biases: set[str], layout: Layout
) -> dict[tuple[str, int], _Group]:
    """Terms by matrix; sums for biases that are no column of one go to `small`."""
    groups: dict[tuple[str, int], _Group] = {}
    for term in terms:
        name = layout.name(term.weight)
        if isinstance(term, MatrixTerm):
            bias = layout.name(term.bias)
            if bias and bias not in joined_biases and bias not in layout.one_by_one and term.bias is not None:
                values = term.cotangents.new_zeros(len(term.cotangents), len(term.bias))
                values[:, term.start : term.stop] = term.cotangents.sum(dim=1)
                _add(small, bias, values, layout)
            if name:
                group = groups.setdefault((name, term.start), _Group(term.weight, name))
                group.matrix.append(term)
                group.bias = bias if bias in joined_biases else None
        elif isinstance(term, LookupTerm) and name:
            groups.setdefault((name, 0), _Group(term.weight, name)).lookups.append(term)
    return groups


def _add(small: dict[str, Tensor], name: str, values: Tensor, layout: Layout) -> None:
    values = values.detach().to(layout.dtype)
    small[name] = small[name] + values if name in small else values


def _matrix_layer(group: _Group, layout: Layout) -> LayerGradients:
    shape = tuple(group.weight.shape)
    label = group.name.removesuffix("weight").rstrip("._") or group.name
    if not group.matrix:
        place = MatrixPlace(group.name, shape, 0, shape[0])
        indices = torch.cat([term.indices for term in group.lookups], dim=1)
        cotangents = torch.cat([term.cotangents for term in group.lookups], dim=1).detach().to(layout.dtype)
        return LookupGradients(label, place, indices.cpu().numpy(), cotangents.cpu().numpy())
    start, stop = group.matrix[0].start, group.matrix[0].stop
    place = MatrixPlace(group.name, shape, start, stop, group.bias)
    inputs, cotangents = _factors(group, layout)
    if stop - start < shape[0]:
        label += f"[{start}:{stop}]"
    positions, (out, inner) = inputs.shape[1], (cotangents.shape[2], inputs.shape[2])
    if layout.entries.setdefault(label, positions > 1 and positions * (out + inner) > out * inner):
        values = _held(torch.einsum("nto,nti->noi", cotangents, inputs))
        return MatrixGradients(label, place, values, (_second_moment(inputs), _second_moment(cotangents)), len(inputs))
    return OuterGradients(label, place, _held(inputs), _held(cotangents))


def _factors(group: _Group, layout: Layout) -> tuple[Tensor, Tensor]:
    """All calls as further positions; a lookup is an outer product with a one-hot vector."""
    into = [term.inputs.to(layout.dtype) for term in group.matrix]
    out = [term.cotangents.to(layout.dtype) for term in group.matrix]
    for term in group.lookups:
        into.append(term.cotangents.to(layout.dtype))
        out.append(torch.nn.functional.one_hot(term.indices, len(group.weight)).to(layout.dtype))
    inputs, cotangents = ((parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)).detach() for parts in (into, out))
    if group.bias is not None:
        inputs = torch.nn.functional.pad(inputs, (0, 1), value=1.0)
    return inputs, cotangents


def _small_layers(small: dict[str, Tensor], order: dict[str, int], taken: set[str]) -> list[DenseGradients]:
    """Parameters held entry by entry, one layer per submodule that owns them."""
    by_owner: dict[str, list[str]] = {}
    for name in sorted(small, key=order.__getitem__):
        by_owner.setdefault(name.rpartition(".")[0], []).append(name)
    found = []
    for owner, names in by_owner.items():
        label = names[0] if len(names) == 1 else owner or "(module)"
        pieces = tuple((name, tuple(small[name].shape[1:])) for name in names)
        values = torch.cat([small[name].reshape(len(small[name]), -1) for name in names], dim=1)
        found.append(DenseGradients(f"{label} (others)" if label in taken else label, pieces, _held(values)))
    return found


def _second_moment(factor: Tensor) -> Floats:
    flat = factor.reshape(-1, factor.shape[2])
    return (flat.T @ flat).double().cpu().numpy()


def _held(values: Tensor) -> Any:
    """A tensor on an accelerator stays there; one in main memory becomes numpy."""
    values = values.detach().contiguous()
    return values.numpy() if values.device.type == "cpu" else values
