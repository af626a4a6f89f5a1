"""Predictions of a trained module: outputs, probabilities, and the inputs of its last layer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, require_finite
from samplewise.core.errors import InputError, unknown_name
from samplewise.engine.models.temperature import probabilities
from samplewise.engine.models.torch_inputs import as_inputs, plain_rows
from samplewise.engine.models.torch_loss_functions import two_columns

BLOCK = 1024  # rows a module predicts at a time


@checked
def embeddings_of(module: nn.Module, X: Any, *, layer: str | None = None) -> Floats:
    """The features (n, d) a trained module computes of rows: what `audit(X, y, embeddings=...)` takes.

    The default is what enters the last linear layer; with `layer`, what that layer gives. Axes between rows and
    features (positions of a sequence, pixels of a picture) are averaged over; three axes are (rows, positions,
    features), except after an `nn.Conv1d`. The module runs in evaluation mode and is left as it was.

    Args:
        module: trained; may live on any device.
        X: (n, ...) tensor, array or `Images` as the module takes them; bytes count as 0..1.
        layer: a name of `module.named_modules()`.

    Returns:
        (n, d) float64, unit of that layer.

    Raises:
        InputError: no such layer, no linear layer, a layer that was not used, or rows the module cannot take.

    Cost: one forward pass.
    Not for: `audit(test=...)` with an array; pass `functools.partial(embeddings_of, module)` there, so that the
        test rows are embedded too.
    Source: exact; no publication.

    >>> embeddings_of(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)), np.ones((4, 3))).shape
    (4, 5)
    """
    _require_module(module)
    seen: list[Tensor] = []
    channels_first = isinstance(dict(module.named_modules()).get(layer or ""), nn.Conv1d)
    handles = _watch(module, layer, seen)
    found = []
    try:
        for block in _blocks(plain_rows(X)):
            seen.clear()
            _answer(module, block)
            if not seen:
                raise InputError(
                    "this layer was not used for the output", got=layer or "no linear layer was called",
                    fix="name another one: layer=, of dict(module.named_modules())",
                )  # fmt: skip
            found.append(_flat(seen[-1], channels_first))
    finally:
        for handle in handles:
            handle.remove()
    values = np.concatenate(found)
    require_finite(values, np.arange(len(values)), "embeddings", "scale the inputs as they were in training")
    return values


@checked
def predictions_of(module: nn.Module, X: Any, *, task: str = "classification") -> Floats:
    """What a trained module predicts for rows it did not see: what `audit(X, y, probabilities=...)` takes.

    Class probabilities (n, c), softmax of the logits; a single logit gives two columns. Columns are the module's, and
    must be in the sorted order of the classes. For regression the predicted numbers (n,).

    Args:
        module: trained on other rows than these; left as it was.
        X: (n, ...) tensor, array or `Images` as the module takes them; bytes count as 0..1.
        task: "classification" or "regression".

    Returns:
        (n, c) probabilities, or (n,) numbers in the unit the module was trained on.

    Raises:
        InputError: an unknown task, or rows the module cannot take.

    Cost: one forward pass.
    Not for: rows the module was trained on: it repeats their labels, wrong ones too. `audit(X, y, learner=...)` with
        a `TorchLearner` makes out-of-sample predictions itself.
    Source: exact; no publication.

    >>> predictions_of(nn.Linear(3, 2), np.ones((4, 3))).sum(axis=1)
    array([1., 1., 1., 1.])
    """
    _require_module(module)
    if task not in ("classification", "regression"):
        raise unknown_name("task", task, ("classification", "regression"))
    outputs = outputs_of(module, plain_rows(X), classes=2 if task == "classification" else 0)
    require_finite(outputs, np.arange(len(outputs)), "predictions", "scale the inputs as they were in training")
    return outputs[:, 0] if task == "regression" else probabilities(outputs, 1.0)


def _require_module(module: Any) -> None:
    if not isinstance(module, nn.Module):
        raise InputError(
            "module must be a trained torch module", where="module", got=type(module).__name__,
            fix="pass the module itself; predictions of a scikit-learn model come from its predict_proba",
        )  # fmt: skip


def outputs_of(module: nn.Module, values: Array | Tensor, *, classes: int) -> Floats:
    """(n, c) outputs in evaluation mode; one logit of two classes as two columns."""
    answers = [two_columns(_answer(module, block), classes) for block in _blocks(values)]
    return np.concatenate([np.asarray(held.double().cpu()) for held in answers])


def require_outputs(outputs: Any, rows: int) -> Tensor:
    """Outputs (b, c) of a module, or the reason they cannot be used."""
    if not isinstance(outputs, Tensor):
        raise InputError(
            "a module must return one tensor of outputs", got=type(outputs).__name__,
            fix="wrap it in a module whose forward returns the logits (b, c) only",
        )  # fmt: skip
    if outputs.ndim == 1 and len(outputs) == rows:
        return outputs[:, None]
    if outputs.ndim != 2 or len(outputs) != rows:
        raise InputError(
            "a module must return one row of outputs per row of inputs",
            got=f"shape {tuple(outputs.shape)} for {rows} rows", fix="return logits of shape (b, c)",
        )  # fmt: skip
    return outputs


def called(module: Callable[[Tensor], Any], inputs: Tensor) -> Tensor:
    """Outputs (b, c); torch's error about inputs that do not fit becomes an `InputError`."""
    try:
        outputs = module(inputs)
    except (RuntimeError, TypeError, IndexError, ValueError) as fault:
        raise InputError(
            "the module cannot take these rows",
            got=f"{tuple(inputs.shape)} {inputs.dtype}: {str(fault).splitlines()[0] if str(fault) else ''}",
            fix="give rows of the shape and kind its first layer expects",
        ) from fault
    return require_outputs(outputs, len(inputs))


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; every submodule gets its own mode back."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training


def _answer(module: nn.Module, block: Array | Tensor) -> Tensor:
    with evaluating(module):
        return called(module, as_inputs(block, module))


def _blocks(values: Array | Tensor) -> Iterator[Array | Tensor]:
    if not len(values):
        raise InputError("there are no rows to predict", got="0 rows", fix="pass at least one row")
    for start in range(0, len(values), BLOCK):
        yield values[start : start + BLOCK]


def _watch(module: nn.Module, layer: str | None, seen: list[Tensor]) -> list[Any]:
    """Hooks that note what enters every linear layer (the last note is the last layer's), or what one layer gives."""
    if layer is None:
        linear = [part for part in module.modules() if isinstance(part, nn.Linear)]
        return [part.register_forward_pre_hook(lambda _, given: seen.append(given[0])) for part in linear]
    parts = dict(module.named_modules())
    if layer not in parts:
        raise unknown_name("layer", layer, (name for name in parts if name))

    def note(_: nn.Module, __: Any, given: Any) -> None:
        seen.append(given[0] if isinstance(given, tuple) else given)

    return [parts[layer].register_forward_hook(note)]


def _flat(features: Tensor, channels_first: bool) -> Floats:
    """(b, d) of (b, t, d) by a mean over positions, of (b, channels, h, w) by a mean over pixels."""
    held = features.double()
    if held.ndim > 3 or (held.ndim == 3 and channels_first):
        held = held.flatten(2).mean(dim=2)
    elif held.ndim == 3:
        held = held.mean(dim=1)
    return cast(Floats, held.reshape(len(held), -1).cpu().numpy())
