"""Rows as tensors: tables as points, pictures as channels first, anything else as it is."""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from samplewise.core.arrays import Array, require_finite
from samplewise.core.errors import InputError, unknown_name
from samplewise.data.images import Images
from samplewise.engine.models.feature_encoding import SpaceEncoder

TensorEncoding = Literal["auto", "space", "raw", "tokens"]
ENCODINGS = ("auto", "space", "raw", "tokens")


class TensorEncoder:
    """Rows as an array (n, ...) a module can take; no label enters.

    "space": points of `SpaceEncoder` (scaled columns, indicators, reduced text; image features for
    pictures).  "raw": numbers as they are, float32; pictures (n, channels, height, width), 0..1.  "tokens": whole
    numbers as int64, for an embedding layer.  "auto": pictures raw, all else as points.
    """

    def __init__(self, encoding: TensorEncoding, X: Any) -> None:
        """Learn scales, categories and reductions from the features, where the encoding has any."""
        if encoding not in ENCODINGS:
            raise unknown_name("encoding", encoding, ENCODINGS)
        self.kind = resolved(encoding, X)
        self.space = SpaceEncoder(X) if self.kind == "space" else None
        if self.kind != "space" and not isinstance(X, Images | np.ndarray):
            raise InputError(
                f'encoding="{self.kind}" needs an array of numbers or images', got=type(X).__name__,
                fix='use encoding="auto", which turns tables and sparse rows into points',
            )  # fmt: skip

    def __call__(self, X: Any) -> Array:
        """(n, ...) floats, int64, or uint8 where 255 stands for 1."""
        if self.space is not None:
            return self.space(X)
        if isinstance(X, Images):
            return np.concatenate([np.moveaxis(block, 3, 1) for block in X.blocks()])
        values = np.asarray(X)
        require_finite(values, np.arange(len(values)), "X", 'impute, or use encoding="space", which does')
        if self.kind == "raw":
            return values.astype(np.float64 if values.dtype == np.float64 else np.float32)
        if (values != np.rint(values)).any() or (values < 0).any():
            raise InputError(
                "tokens must be whole numbers from 0", got=f"values from {values.min():g} to {values.max():g}",
                fix='use encoding="raw" for measurements',
            )  # fmt: skip
        return values.astype(np.int64)


def resolved(encoding: TensorEncoding, X: Any) -> str:
    """What "auto" means for these rows."""
    if encoding == "auto":
        return "raw" if isinstance(X, Images) else "space"
    return encoding


def as_inputs(values: Array | Tensor, module: torch.nn.Module) -> Tensor:
    """Encoded rows on the module's device: bytes as 0..1, floats in the module's own precision, tokens as they are."""
    weights = next((held for held in module.parameters() if held.is_floating_point()), None)
    dtype, device = (torch.float32, "cpu") if weights is None else (weights.dtype, weights.device)
    tensor = values if isinstance(values, Tensor) else torch.from_numpy(np.require(values, requirements=["W", "C"]))
    moved = tensor.to(device)
    if moved.dtype == torch.uint8:
        return moved.to(dtype) / 255
    return moved.to(dtype) if moved.is_floating_point() else moved


def plain_rows(X: Any) -> Array | Tensor:
    """Rows as a user holds them (tensor, array, `Images`), unscaled, for a module that is trained already."""
    if isinstance(X, Tensor):
        return X
    if isinstance(X, Images):
        return TensorEncoder("raw", X)(X)
    held = np.asarray(X.to_numpy() if hasattr(X, "to_numpy") else X)
    if held.dtype.kind not in "fiub":
        raise InputError(
            "a trained module takes numbers", got=f"{type(X).__name__} of {held.dtype}",
            fix="pass the tensor or array the module was trained on",
        )  # fmt: skip
    return held
