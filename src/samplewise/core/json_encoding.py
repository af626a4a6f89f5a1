"""Dataclasses as plain JSON content and back, driven by their type hints: a new field needs nothing here."""

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from functools import cache
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, unknown_name

Json = dict[str, Any]
PLAIN = (bool, int, str, type(None))


# --- to plain content ------------------------------------------------------------------------------------------------


def encode(value: Any) -> Any:
    """`value` as dicts, lists, strings, finite numbers, booleans and None; anything unknown becomes its text."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, np.ndarray):
        return encode_array(value)
    if is_dataclass(value):
        return {field.name: _encode_field(field.name, getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((encode(item) for item in value), key=repr)
    return _encode_scalar(value)


def encode_array(values: Array) -> Json:
    """An array as its dtype and its values, so that both come back."""
    kind = values.dtype.kind
    if kind in "biuU":
        return {"dtype": values.dtype.str, "values": values.tolist()}
    if kind == "f":
        listed = values.astype(object)
        listed[~np.isfinite(values)] = None
        return {"dtype": values.dtype.str, "values": listed.tolist()}
    if kind in "mM":
        listed = values.astype(str).astype(object) if kind == "M" else values.astype(np.int64).astype(object)
        listed[np.isnat(values)] = None
        return {"dtype": values.dtype.str, "values": listed.tolist()}
    return {"dtype": "|O", "values": [encode(item) for item in values.tolist()]}


def _encode_field(name: str, value: Any) -> Any:
    """The columns of an exhibit become a list, because their order has a meaning and sorted keys would lose it."""
    if name == "columns" and isinstance(value, Mapping):
        return [{"name": str(key), **encode_array(as_column(column))} for key, column in value.items()]
    return encode(value)


def _encode_scalar(value: Any) -> Any:
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        value = value.item()
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, bool | int | str):
        return value if type(value) in PLAIN else encode(getattr(value, "value", str(value)))  # an enum is its value
    if type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, np.datetime64) and np.isnat(value)):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def as_column(values: Any) -> Array:
    """Any sequence as an array (k,); one whose entries are of several types keeps them as objects."""
    if isinstance(values, np.ndarray):
        return values
    items = list(values)
    if items and isinstance(items[0], bool | int | float | str) and len({type(item) for item in items}) == 1:
        return np.asarray(items)
    return object_array(items)


def object_array(items: list[Any]) -> Array:
    """The items as an object array (k,), also where they are sequences of equal length."""
    column = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        column[place] = item
    return column


# --- and back --------------------------------------------------------------------------------------------------------


def decode(hint: Any, value: Any, where: str) -> Any:
    """What `encode` made plain, as the type `hint`; raises `InputError` naming the entry that does not fit."""
    hint = unnamed(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return None if value is None else decode(arguments[0], value, where)
    if origin is np.ndarray:
        return _decode_array(value, where)
    if origin is Literal:
        return _decode_choice(arguments, value, where)
    if origin is tuple:
        listed = _expect(list, value, where)
        return tuple(decode(arguments[0], item, f"{where}[{place}]") for place, item in enumerate(listed))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _decode_mapping(arguments[1], value, where)
    if is_dataclass(hint):
        return _decode_noun(cast(type, hint), _expect(dict, value, where), where)
    if hint is float:
        return math.nan if value is None else float(_expect((int, float), value, where))
    return freeze(value) if hint is Any else _expect(hint, value, where)


def unnamed(hint: Any) -> Any:
    """The definition of a named type; any other hint as it is."""
    return getattr(hint, "__value__", hint)


def freeze(value: Any) -> Any:
    """Lists as tuples, at every depth: an id or a label that is a tuple must be hashable."""
    return tuple(freeze(item) for item in value) if isinstance(value, list) else value


@cache
def _hints(noun: type) -> dict[str, Any]:
    return get_type_hints(noun)


def _decode_noun(noun: type, content: Json, where: str) -> Any:
    hints = _hints(noun)
    parts = {name: decode(hint, content[name], f"{where}.{name}") for name, hint in hints.items() if name in content}
    try:
        return noun(**parts)
    except TypeError:
        raise InputError(
            f"a stored {noun.__name__} is incomplete",
            where=where,
            got=f"fields {', '.join(sorted(content)) or 'none'}",
            fix=f"write the record again; missing: {', '.join(sorted(set(hints) - set(parts)))}",
        ) from None


def _decode_mapping(item_hint: Any, value: Any, where: str) -> Any:
    """Exhibit columns come as a list of named arrays, any other mapping as it is."""
    if get_origin(unnamed(item_hint)) is not np.ndarray:
        return _expect(dict, value, where)
    columns = [_expect(dict, item, where) for item in _expect(list, value, where)]
    return {str(item.get("name", "")): _decode_array(item, where) for item in columns}


def _decode_array(value: Any, where: str) -> Array:
    if isinstance(value, np.ndarray):
        return value  # read from an archive already
    content = _expect(dict, value, where)
    values = _expect(list, content.get("values"), f"{where}.values")
    dtype = np.dtype(_expect(str, content.get("dtype", "|O"), f"{where}.dtype"))
    if dtype.kind == "O":
        return object_array([freeze(item) for item in values])
    if dtype.kind in "mM":
        values = ["NaT" if item is None else item for item in values]
    return np.array(values, dtype=dtype)  # None reads as NaN


def _decode_choice(allowed: tuple[Any, ...], value: Any, where: str) -> Any:
    if value not in allowed:
        error = unknown_name("choice here", str(value), [item or "(empty)" for item in allowed])
        error.where = where
        raise error
    return value


def _expect(kind: Any, value: Any, where: str) -> Any:
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    wanted = (
        "a number"
        if isinstance(kind, tuple)
        else {dict: "an object", list: "a list", str: "text"}.get(kind, kind.__name__)
    )
    raise InputError(
        f"this is not an audit record: expected {wanted}",
        where=where,
        got=quoted_text(value),
        fix="write it with save_record",
    )


def quoted_text(value: Any) -> str:
    """A value for an error message: its type and at most 60 characters of it."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
