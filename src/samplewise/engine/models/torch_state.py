"""Weights and the state of an unfinished fit on disk: safetensors, or torch files that hold tensors only."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from samplewise.core.errors import InputError

TORCH_FILES = (".pt", ".pth", ".bin", ".ckpt")


def load_weights(module: nn.Module, path: str | Path) -> nn.Module:
    """Fill a module with the weights of a file that cannot run code.

    Args:
        module: of the shape the weights were saved from; changed in place and returned.
        path: a .safetensors file, or a torch file (.pt, .pth, .bin, .ckpt) that holds a dictionary of tensors.

    Returns:
        The same module.

    Raises:
        InputError: no such file, another kind of file, one that holds more than tensors (a pickle may run code when it
            is read, so it is refused), or weights of another module.

    Cost: one read.
    Not for: whole pickled modules; save `module.state_dict()` instead.
    Source: exact; no publication.

    >>> load_weights(nn.Linear(2, 1), "weights.pkl")
    Traceback (most recent call last):
        ...
    samplewise.core.errors.InputError: weights are read from safetensors or torch files only
      ...
    """
    path = Path(path)
    if path.suffix not in (".safetensors", *TORCH_FILES):
        raise InputError(
            "weights are read from safetensors or torch files only", where=str(path), got=path.suffix or "no suffix",
            fix="save_weights(module, 'weights.safetensors')",
        )  # fmt: skip
    if not path.is_file():
        raise InputError("there is no such file of weights", where=str(path), fix="check the path")
    held = _tensors_of(path)
    try:
        module.load_state_dict(held)
    except (RuntimeError, KeyError, TypeError) as fault:
        raise InputError(
            "these weights belong to another module", where=str(path), got=str(fault).splitlines()[-1].strip(),
            fix="make the module with the settings it was saved with",
        ) from None  # fmt: skip
    return module


def save_weights(module: nn.Module, path: str | Path) -> Path:
    """Write a module's weights and buffers as safetensors: no code in the file, complete or absent.

    Args:
        module: any.   path: ends with .safetensors.

    Returns:
        The path.

    Raises:
        InputError: another suffix.

    Cost: one write.
    Not for: optimizer state (`TorchLearner.fit(checkpoint=)` keeps that).
    Source: exact; no publication.

    >>> save_weights(nn.Linear(2, 1), "weights.pt")
    Traceback (most recent call last):
        ...
    samplewise.core.errors.InputError: training state is kept as safetensors
      ...
    """
    path = Path(path)
    require_suffix(path)
    return write_tensors(path, dict(module.state_dict()), {})


def require_suffix(path: Path) -> None:
    """Refuse to keep tensors under a name that promises another format."""
    if path.suffix != ".safetensors":
        raise InputError(
            "training state is kept as safetensors", where=str(path), got=path.suffix or "no suffix",
            fix=f"name it {path.with_suffix('.safetensors').name}",
        )  # fmt: skip


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> Path:
    """Tensors and texts in one file; shared ones are copied, and a process killed meanwhile leaves the old file."""
    own = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        save_file(own, part, metadata=dict(facts))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What `write_tensors` wrote."""
    try:
        with safe_open(path, framework="pt") as file:
            return load_file(path), dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as fault:
        raise InputError(
            "this is no safetensors file", where=str(path), got=str(fault).splitlines()[0],
            fix="name another file, or delete this one to start anew",
        ) from None  # fmt: skip


def packed(nested: Mapping[str, Any]) -> tuple[dict[str, Tensor], str]:
    """A nested dictionary of tensors, arrays and plain values as flat tensors, and the rest as JSON.

    Raises:
        InputError: a value of another kind, which only a pickle could keep.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, json.dumps(_packed(nested, "", tensors))


def _packed(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Mapping):
        pairs = [[key, _packed(held, f"{name}/{key}", tensors)] for key, held in value.items()]
        return {"pairs": pairs}  # JSON would turn the numbers that are keys into text
    if isinstance(value, list | tuple):
        return {"list": [_packed(held, f"{name}/{index}", tensors) for index, held in enumerate(value)]}
    if isinstance(value, Tensor | np.ndarray):
        tensors[name] = torch.as_tensor(value)
        return {"tensor": name, "array": isinstance(value, np.ndarray)}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise InputError(
        "this state cannot be kept without a pickle", where=name, got=type(value).__name__,
        fix="hold tensors, arrays and numbers in state_dict(), or fit without checkpoint=",
    )  # fmt: skip


def unpacked(tensors: Mapping[str, Tensor], text: str) -> dict[str, Any]:
    """What `packed` was given."""
    return cast(dict[str, Any], _unpacked(json.loads(text), tensors))


def _unpacked(held: Any, tensors: Mapping[str, Tensor]) -> Any:
    if "pairs" in held:
        return {key: _unpacked(value, tensors) for key, value in held["pairs"]}
    if "list" in held:
        return [_unpacked(value, tensors) for value in held["list"]]
    if "tensor" in held:
        tensor = tensors[held["tensor"]]
        return tensor.numpy() if held["array"] else tensor
    return held["value"]


def _tensors_of(path: Path) -> Mapping[str, Any]:
    if path.suffix == ".safetensors":
        return read_tensors(path)[0]
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as fault:  # torch raises what its unpickler raised; whatever it is, the file is not read
        raise InputError(
            "this file holds more than tensors, and reading it could run code", where=str(path),
            got=str(fault).splitlines()[0][:120],
            fix="where it comes from: save_weights(module, 'weights.safetensors')",
        ) from None  # fmt: skip
    if not isinstance(held, Mapping):
        raise InputError(
            "this file is no dictionary of tensors", where=str(path), got=type(held).__name__,
            fix="torch.save(module.state_dict(), path)",
        )  # fmt: skip
    return held.get("state_dict", held) if isinstance(held.get("state_dict"), Mapping) else held
