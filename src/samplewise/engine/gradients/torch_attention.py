"""How calls of `nn.MultiheadAttention` are read: its projections are linear layers that no hook sees."""

import inspect
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)
from torch import Tensor, nn

from samplewise.engine.gradients.torch_terms import Call, DenseTerm, MatrixTerm, Term, Unreadable

ARGUMENTS = inspect.signature(nn.MultiheadAttention.forward)


def attention(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """Terms of the output projection and of the three input projections.

    What lies between them is run again through torch's own function with identity projections, and differentiated
    with respect to its three inputs. Learned extra keys (`bias_k`) are left to be differentiated row by row.
    """
    layer: Any = call.layer
    given = ARGUMENTS.bind(layer, *call.inputs, **call.named)
    given.apply_defaults()
    arguments = dict(given.arguments)
    sources = [_positions_first(layer, arguments[name], count) for name in ("query", "key", "value")]
    if layer.add_zero_attn:
        raise Unreadable
    slopes = cotangent if not layer.batch_first else cotangent.transpose(0, 1)
    biases = [None] * 3 if layer.in_proj_bias is None else layer.in_proj_bias.detach().chunk(3)
    projected = [
        F.linear(source, weight.detach(), bias).requires_grad_()
        for source, weight, bias in zip(sources, _weights(layer), biases, strict=True)
    ]
    with torch.enable_grad():
        mixed = _between(layer, projected, arguments)
    parts = torch.autograd.grad(mixed, projected, slopes @ layer.out_proj.weight.detach())
    out = layer.out_proj
    own = MatrixTerm(
        out.weight, 0, len(out.weight), _rows_first(mixed.detach()), _rows_first(slopes), out.bias
    )  # fmt: skip
    return [own, *_inward(layer, sources, [_rows_first(part) for part in parts], arguments)]


def _positions_first(layer: Any, source: Tensor, count: int) -> Tensor:
    """(t, n, d)."""
    if source.ndim != 3 or source.shape[0 if layer.batch_first else 1] != count:
        raise Unreadable
    source = source.detach()
    return source.transpose(0, 1) if layer.batch_first else source


def _rows_first(values: Tensor) -> Tensor:
    return values.transpose(0, 1)


def _weights(layer: Any) -> tuple[Tensor, ...]:
    if layer.in_proj_weight is None:
        return layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight
    return tuple(layer.in_proj_weight.chunk(3))


def _between(layer: Any, projected: list[Tensor], arguments: dict[str, Any]) -> Tensor:
    """(t, n, d) what the heads make of projected queries, keys and values."""
    same = torch.eye(layer.embed_dim, dtype=projected[0].dtype, device=projected[0].device)
    extra: list[Any] = [None if held is None else held.detach() for held in (layer.bias_k, layer.bias_v)]
    queries, keys, values = projected
    attend: Any = F.multi_head_attention_forward
    mixed: Tensor = attend(
        queries, keys, values, layer.embed_dim, layer.num_heads, None, None, *extra, False, 0.0, same, None,
        training=False, need_weights=False, use_separate_proj_weight=True,
        q_proj_weight=same, k_proj_weight=same, v_proj_weight=same,
        **{name: arguments[name] for name in ("key_padding_mask", "attn_mask", "is_causal")},
    )[0]  # fmt: skip
    return mixed


def _inward(layer: Any, sources: list[Tensor], slopes: list[Tensor], arguments: dict[str, Any]) -> list[Term]:
    """Terms of the input projections: one matrix where all three read the same rows, else three."""
    width = layer.embed_dim
    seen = [_rows_first(source) for source in sources]
    if layer.in_proj_weight is None:
        terms: list[Term] = [
            MatrixTerm(weight, 0, width, source, slope, None)
            for weight, source, slope in zip(_weights(layer), seen, slopes, strict=True)
        ]
        if layer.in_proj_bias is not None:
            terms.append(DenseTerm(layer.in_proj_bias, torch.cat([slope.sum(dim=1) for slope in slopes], dim=1)))
        return terms
    weight, bias = layer.in_proj_weight, layer.in_proj_bias
    if arguments["query"] is arguments["key"] is arguments["value"]:
        return [MatrixTerm(weight, 0, 3 * width, seen[0], torch.cat(slopes, dim=2), bias)]
    return [
        MatrixTerm(weight, part * width, (part + 1) * width, source, slope, bias)
        for part, (source, slope) in enumerate(zip(seen, slopes, strict=True))
    ]
