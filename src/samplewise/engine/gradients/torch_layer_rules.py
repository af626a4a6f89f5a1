"""How the calls of torch's layers are read: from input and cotangent to terms of the gradient."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)
from torch import Tensor, nn

from samplewise.engine.gradients.torch_terms import Call, DenseTerm, LookupTerm, MatrixTerm, Term, Unreadable, by_row


def linear(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """All leading axes but the rows are positions."""
    layer: Any = call.layer
    if call.seen.ndim < 2:
        raise Unreadable
    inputs = by_row(call.seen, count).reshape(count, -1, layer.in_features)
    cotangents = by_row(cotangent, count).reshape(count, -1, layer.out_features)
    return [MatrixTerm(layer.weight, 0, layer.out_features, inputs, cotangents, layer.bias)]


def convolution(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """Every output position sees one patch of the padded input, channel by channel."""
    layer: Any = call.layer
    axes = len(layer.kernel_size)
    if call.seen.ndim != axes + 2:
        raise Unreadable
    patches = _padded(layer, call.seen)
    for axis, (width, stride, gap) in enumerate(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True)):
        patches = patches.unfold(2 + axis, gap * (width - 1) + 1, stride)[..., ::gap]
    # (n, channels, *positions, *kernel) -> (n, positions, channels, kernel)
    order = (0, *range(2, 2 + axes), 1, *range(2 + axes, 2 + 2 * axes))
    positions = cotangent[0, 0].numel()
    patches = patches.permute(order).reshape(len(patches), positions, layer.groups, -1)
    slopes = cotangent.flatten(2).transpose(1, 2)
    if layer.groups > 1:
        return _grouped(layer, patches, slopes, count)
    inputs = by_row(patches, count).reshape(count, -1, patches.shape[3])
    cotangents = by_row(slopes, count).reshape(count, -1, layer.out_channels)
    return [MatrixTerm(layer.weight, 0, layer.out_channels, inputs, cotangents, layer.bias)]


def _grouped(layer: Any, patches: Tensor, slopes: Tensor, count: int) -> list[Term]:  # (n, t, g, i), (n, t, o)
    """Groups have few weights and many positions: entries are smaller than factors."""
    own = slopes.reshape(*slopes.shape[:2], layer.groups, -1)
    weights = torch.einsum("ntgo,ntgi->ngoi", own, patches).reshape(len(own), *layer.weight.shape)
    terms: list[Term] = [DenseTerm(layer.weight, by_row(weights, count).sum(dim=1))]
    if layer.bias is not None:
        terms.append(DenseTerm(layer.bias, by_row(slopes.sum(dim=1), count).sum(dim=1)))
    return terms


def _padded(layer: Any, inputs: Tensor) -> Tensor:
    """The input with the padding the layer adds itself."""
    if layer.padding == "valid":
        return inputs
    if layer.padding == "same":
        totals = [gap * (width - 1) for width, gap in zip(layer.kernel_size, layer.dilation, strict=True)]
        sides = [(total // 2, total - total // 2) for total in totals]
    else:
        sides = [(width, width) for width in layer.padding]
    flat = [width for side in reversed(sides) for width in side]
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    return F.pad(inputs, flat, mode=mode) if any(flat) else inputs


def embedding(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """Every index is a position; the gradient of the padding is zero by definition."""
    layer: Any = call.layer
    indices = by_row(call.seen, count).reshape(count, -1)
    cotangents = by_row(cotangent, count).reshape(count, -1, layer.embedding_dim)
    if layer.padding_idx is not None:
        cotangents = cotangents * (indices != layer.padding_idx)[:, :, None]
    return [LookupTerm(layer.weight, indices, cotangents)]


def _normalized(layer: Any, inputs: Tensor) -> Tensor:
    """What the layer multiplies with its weight."""
    if isinstance(layer, nn.LayerNorm):
        return F.layer_norm(inputs, layer.normalized_shape, eps=layer.eps)
    if isinstance(layer, nn.GroupNorm):
        return F.group_norm(inputs, layer.num_groups, eps=layer.eps)
    if isinstance(layer, nn.RMSNorm):
        return F.rms_norm(inputs, layer.normalized_shape, eps=layer.eps)
    own = not layer.track_running_stats
    if isinstance(layer, nn.modules.instancenorm._InstanceNorm):
        return F.instance_norm(inputs, layer.running_mean, layer.running_var, use_input_stats=own, eps=layer.eps)
    return F.batch_norm(inputs, layer.running_mean, layer.running_var, training=own, eps=layer.eps)


def norm_of_last_axes(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """Layer and root-mean-square norms: weights of the shape of the last axes."""
    layer: Any = call.layer
    seen = _normalized(layer, call.seen)
    shape = tuple(layer.normalized_shape)
    return _affine(layer, seen.reshape(-1, *shape), cotangent.reshape(-1, *shape), count)


def norm_of_channels(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """Batch, instance and group norms: one weight per channel, the second axis."""
    if call.seen.ndim < 2:
        raise Unreadable
    seen = _normalized(call.layer, call.seen)
    last = [part.movedim(1, -1).reshape(-1, part.shape[1]) for part in (seen, cotangent)]
    return _affine(call.layer, last[0], last[1], count)


def _affine(layer: Any, seen: Tensor, slopes: Tensor, count: int) -> list[Term]:  # (n u, *shape)
    terms: list[Term] = []
    if layer.weight is not None:
        terms.append(DenseTerm(layer.weight, by_row(seen * slopes, count).sum(dim=1)))
    if getattr(layer, "bias", None) is not None:
        terms.append(DenseTerm(layer.bias, by_row(slopes, count).sum(dim=1)))
    return terms
