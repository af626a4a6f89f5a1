"""What is refused before and after a module's first batch: rows that depend on each other, and entries not finite."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.core.machine import usable_memory
from samplewise.core.units import bytes_text
from samplewise.engine.gradients.layer import LayerGradients

TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-4, torch.float16: 3e-2, torch.bfloat16: 1e-1}


def require_ready(module: Any) -> None:
    """Refuse modules whose rows have no gradients of their own, or whose parameters lie on several devices."""
    if not isinstance(module, nn.Module):
        raise InputError(
            "gradients are taken of a torch module", got=type(module).__name__,
            fix="pass a torch.nn.Module; scikit-learn estimators go to network_gradients",
        )  # fmt: skip
    devices = {str(held.device) for held in [*module.parameters(), *module.buffers()]}
    if len(devices) > 1:
        raise InputError(
            "the module lies on several devices", got=", ".join(sorted(devices)), fix="module.to(one device)"
        )
    for name, part in module.named_modules():
        if part.training and isinstance(part, nn.modules.batchnorm._BatchNorm):
            raise InputError(
                "batch normalization in training mode mixes rows, so they have no gradients of their own",
                where=f"layer {name!r}",
                got=type(part).__name__,
                fix="call module.eval() before computing gradients",
            )
        if part.training and _drops(part):
            raise InputError(
                "active dropout makes gradients random",
                where=f"layer {name!r}",
                got=f"{type(part).__name__} in training mode",
                fix="call module.eval() before computing gradients",
            )
        if isinstance(part, nn.Embedding | nn.EmbeddingBag) and part.max_norm is not None:
            raise InputError(
                "an embedding with max_norm rewrites its weights when it is called",
                where=f"layer {name!r}",
                got=f"max_norm={part.max_norm}",
                fix="clip the weights once, then set max_norm=None",
            )


def _drops(part: nn.Module) -> bool:
    share = getattr(part, "p", 0.0) if isinstance(part, nn.modules.dropout._DropoutNd) else 0.0
    if isinstance(part, nn.RNNBase | nn.MultiheadAttention):
        share = part.dropout
    return bool(share)


def chosen_parameters(module: nn.Module, layers: Iterable[str] | None) -> tuple[dict[int, str], dict[str, int]]:
    """id() -> name of the requested parameters, in order, and name -> size of all others."""
    held = list(module.named_parameters())
    prefixes = None if layers is None else [layers] if isinstance(layers, str) else list(layers)
    if prefixes is not None:
        known = {name for name, _ in module.named_modules() if name} | {name for name, _ in _all_names(module)}
        for prefix in prefixes:
            if prefix not in known:
                raise unknown_name("layer", prefix, sorted(known))
    everywhere = {id(one): {name for name, other in _all_names(module) if other is one} for _, one in held}
    chosen, skipped = {}, {}
    for name, one in held:
        inside = prefixes is None or any(
            alias == prefix or alias.startswith(f"{prefix}.") for alias in everywhere[id(one)] for prefix in prefixes
        )
        if one.requires_grad and inside:
            chosen[id(one)] = name
        else:
            skipped[name] = one.numel()
    if not chosen:
        raise InputError(
            "no parameter requires gradients",
            got=f"{len(held)} parameters, {sum(one.requires_grad for _, one in held)} require gradients",
            fix="module.requires_grad_(True), or name other layers",
        )
    return chosen, skipped


def _all_names(module: nn.Module) -> list[tuple[str, Tensor]]:
    return list(module.named_parameters(remove_duplicate=False))


def checked_outputs(outputs: Any, count: int) -> Tensor:
    """The module's outputs, one row per row of data."""
    if not isinstance(outputs, Tensor):
        raise InputError(
            "the module does not return one tensor of outputs",
            got=type(outputs).__name__,
            fix="pass forward=lambda module, inputs: module(inputs)[0] (or whichever part holds the logits)",
        )
    if outputs.ndim == 0 or len(outputs) != count:
        raise InputError(
            "the module does not return one row of outputs per row of data",
            got=f"outputs of shape {tuple(outputs.shape)} for {count} rows",
            fix="pass forward=lambda module, inputs: ... that returns (b, c) logits",
        )
    if not outputs.requires_grad:
        raise InputError(
            "the outputs do not depend on the requested parameters",
            got="outputs without a gradient",
            fix="remove torch.no_grad() or .detach() from the module's forward",
        )
    return outputs if outputs.ndim > 1 else outputs[:, None]


def require_finite_rows(parts: Iterable[Any], ids: Array, dtype: torch.dtype, what: str) -> None:
    """Refuse numbers that are none, naming the rows; half precision is the usual reason."""
    finite = np.ones(len(ids), dtype=bool)
    for part in parts:
        if not all_finite(part):
            finite &= part.reshape(len(ids), -1).isfinite().all(dim=1).cpu().numpy()
    if not finite.all():
        half = dtype in (torch.float16, torch.bfloat16)
        raise InputError(
            f"the {what} of some rows are not finite" + (": half precision overflows" if half else ""),
            where=name_rows(ids[~finite]),
            got=f"{int((~finite).sum())} of {len(ids)} rows, module in {dtype}",
            fix="call module.float() first" if half else "inspect these rows, or train for fewer steps",
        )


def all_finite(part: Tensor) -> bool:
    """Whether no entry is missing or infinite: the sum shows it in one pass, unless it overflows itself."""
    return bool(part.sum().isfinite()) or bool(part.isfinite().all())


def require_memory_for_rows(needed: int, count: int, layers: Sequence[LayerGradients]) -> None:
    """Refuse factors that would not fit, naming the layer that takes most, before any more are made."""
    there = usable_memory() / 2  # joining batches takes the factors twice
    if needed > there:
        largest = max(layers, key=lambda layer: layer.nbytes)
        fits = int(count * there / needed)
        raise InputError(
            "the row gradients do not fit in memory",
            where=f"most in layer {largest.name!r}",
            got=f"{bytes_text(needed)} for {count:,} rows; {bytes_text(there)} may be used, enough for {fits:,}",
            fix="stream_sketches(...) keeps a batch at a time; or name fewer layers=, or take fewer rows",
        )


def require_own_rows(whole: Tensor, again: Tensor, ids: Array) -> None:
    """Refuse outputs that change with the company a row is in, or from call to call."""
    part = whole[: len(again)]
    tolerance = 10 * TOLERANCE.get(whole.dtype, 1e-4) * float(whole.abs().max())
    far = ((part - again).abs().flatten(1) > tolerance).any(dim=1).cpu().numpy()
    if far.any():
        raise InputError(
            "a row's outputs depend on the other rows of its batch, or change from call to call",
            where=name_rows(ids[: len(again)][far]),
            got=f"outputs that differ by up to {float((part - again).abs().max()):.2g}",
            fix="use a module whose first axis is the rows throughout (batch_first=True), without randomness",
        )


def disagreeing(made: dict[str, Tensor], wanted: dict[str, Tensor], dtype: torch.dtype) -> list[str]:
    """Parameters whose weighted sum of row gradients differs from autograd's."""
    sizes = {name: float(held.norm(dtype=torch.float64)) for name, held in wanted.items()}
    whole = math.hypot(*sizes.values())
    tolerance = TOLERANCE.get(dtype, 1e-4)
    return [
        name
        for name, held in wanted.items()
        if not float((made[name] - held).norm()) <= tolerance * (sizes[name] + 0.01 * whole)
    ]


def refuse_mixed_rows(names: list[str]) -> None:
    """Row gradients that do not add up to autograd's even row by row."""
    raise InputError(
        "the row gradients do not add up to the gradient of the batch",
        where=f"parameters {', '.join(names[:5])}",
        got="another sum from autograd",
        fix="use a loss and a module that treat every row by itself: no mean over rows, no batch statistics",
    )
