"""The plain arguments of a public function are held to its signature before anything is computed.

`checked` reads the rule of every argument from its annotation: a whole number, a number, a truth value, a name among
those allowed, a text, a sequence or mapping of them, the result of an earlier step. Words that mean the same in every
function (`seed`, `executor`, `run_dir`, see docs/words.md) have one rule each. So a function cannot forget to check an
argument, and every one of them answers in the same words. What depends on the function itself (the fewest folds, the
ends of a share) is said in its body, with `errors.require_count` and `errors.require_share`.
"""

import inspect
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin

import numpy as np

from samplewise.core.errors import InputError, require_kind, unknown_name

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Made = TypeVar("Made")
LARGEST_WHOLE = 2**63 - 1  # of what counts something; a seed may be larger
Rule = Callable[[Any, str, Any], None]  # value, name of the argument, its default -> refuses by InputError


def checked(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """The function, which refuses arguments that are not what its signature says before it starts.

    Args:    function: its annotations are read at the first call; `Any`, arrays and names in quotes are not checked.
    Returns: the same function under the same name. Cost: some microseconds a call.
    Raises:  InputError, when it is called, for the first argument that is not what the signature says.

    >>> @checked
    ... def doubled(number: int = 1, *, order: Literal["up", "down"] = "up") -> int: return 2 * number
    >>> doubled(3)
    6
    >>> doubled(1.5)
    Traceback (most recent call last):
    samplewise.core.errors.InputError: number must be a whole number
      where:  number
      got:    number=1.5
      fix:    use number=1
    """
    signature = inspect.signature(function)
    rules: dict[str, tuple[Rule, Any]] = {}

    @wraps(function)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        if not rules:
            rules.update(rules_of(signature))
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            return function(*args, **kwargs)  # the message names the function as it is called
        for name, value in given.items():
            if name in rules:
                rule, default = rules[name]
                rule(value, name, default)
        return function(*args, **kwargs)

    return call


def checked_fields(kind: type[Made]) -> type[Made]:
    """The class, whose constructor refuses arguments that are not what its fields say; see `checked`."""
    kind.__init__ = checked(kind.__init__)  # type: ignore[method-assign]  # the same, checked
    return kind


def rules_of(signature: inspect.Signature) -> dict[str, tuple[Rule, Any]]:
    """The rule and the default of every argument that has a rule, by its name."""
    found = {}
    for one in signature.parameters.values():
        rule = WORDS.get(one.name) or _rule_of(one.annotation)
        if rule is not None and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            found[one.name] = (rule, None if one.default is one.empty else one.default)
    return found


def _rule_of(annotation: Any) -> Rule | None:
    """The rule of a kind of argument; None where the annotation says nothing that could be checked here."""
    kind, inner = get_origin(annotation), get_args(annotation)
    if kind in (Union, UnionType):
        return _rule_of_union(inner)
    if kind is Literal:
        return _one_of(inner)
    if kind in (Sequence, Iterable, tuple) and inner and inner[0] in PLAIN:
        return _several(PLAIN[inner[0]], len(inner) if kind is tuple and Ellipsis not in inner else None)
    if kind is Mapping:
        return _mapping(*map(_rule_of, inner))
    if kind is Callable:
        return _callable
    if isinstance(annotation, type) and hasattr(annotation, "MADE_BY"):
        return lambda value, name, default: require_kind(value, annotation, name)
    return PLAIN.get(annotation) if isinstance(annotation, type) else None


def _rule_of_union(kinds: tuple[Any, ...]) -> Rule | None:
    """None passes where it is among the kinds; of two kinds, a name and a sequence are told apart by what was given."""
    optional = NoneType in kinds
    several = [kind for kind in kinds if kind is not NoneType]
    rules = [known for kind in several if (known := _rule_of(kind)) is not None]
    named = len(several) == 2 and get_origin(several[0]) is Literal
    if len(rules) < len(several) or not (len(rules) == 1 or named):
        return None

    def rule(value: Any, name: str, default: Any) -> None:
        if value is None and optional:
            return
        chosen = rules[0] if len(rules) == 1 or isinstance(value, str) else rules[-1]
        chosen(value, name, default)

    return rule


def _refusal(what: str, name: str, value: Any, fix: str) -> InputError:
    shown = f"{name}={value!r}"
    return InputError(
        f"{name} must be {what}", where=name, got=shown if len(shown) <= 80 else f"{shown[:79]}…", fix=fix
    )


def _instead(name: str, default: Any, example: Any) -> str:
    return f"use {name}={example}" if default is None else f"use {name}={default!r}"


def is_whole(value: Any) -> bool:
    """Whether this is a whole number: Python's or numpy's, but no truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _whole(value: Any, name: str, default: Any) -> None:
    if is_whole(value) and abs(value) > LARGEST_WHOLE:
        raise _refusal("a number that fits into 64 bits", name, value, _instead(name, default, 1))
    if not is_whole(value):
        raise _refusal("a whole number", name, value, _instead(name, default, 1))


def _number(value: Any, name: str, default: Any) -> None:
    known = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not known or not (math.isfinite(value) or value == default):
        fix = f"pass a number as {name}=" if default is None else f"use {name}={default!r}"
        raise _refusal("a finite number", name, value, fix)


def _truth(value: Any, name: str, default: Any) -> None:
    if not isinstance(value, bool | np.bool_):
        raise _refusal("True or False", name, value, _instead(name, default, True))


def _text(value: Any, name: str, default: Any) -> None:
    if not isinstance(value, str):
        raise _refusal("a text", name, value, _instead(name, default, '"..."'))


def _callable(value: Any, name: str, default: Any) -> None:
    if not callable(value):
        raise _refusal("a function", name, value, f"pass a function, and not its result or its name, as {name}=")


def _one_of(allowed: tuple[Any, ...]) -> Rule:
    def rule(value: Any, name: str, default: Any) -> None:
        if not isinstance(value, str) or value not in allowed:
            error = unknown_name(name, value, allowed)
            error.what, error.where = f"{name} cannot be {value!r}", name
            raise error

    return rule


def _several(each: Rule, size: int | None) -> Rule:
    """A list, tuple, array or series; what can be read once only is left to the function."""

    def rule(value: Any, name: str, default: Any) -> None:
        one_axis = isinstance(value, Iterable) and getattr(value, "ndim", 1) == 1
        if not one_axis or isinstance(value, str | bytes | Mapping):
            raise _refusal("a list", name, value, _instead(name, default or None, "[...]"))
        if not hasattr(value, "__len__"):
            return
        if size is not None and len(value) != size:
            raise _refusal(f"a list of {size}", name, value, _instead(name, default, "[...]"))
        for position, item in enumerate(value):
            each(item, f"{name}[{position}]", None)

    return rule


def _mapping(key: Rule | None, each: Rule | None) -> Rule:
    def rule(value: Any, name: str, default: Any) -> None:
        if not isinstance(value, Mapping):
            raise _refusal("a mapping", name, value, f'pass a dict, such as {name}={{"...": ...}}')
        for word, item in value.items():
            if key is not None:
                key(word, f"a key of {name}", None)
            if each is not None:
                each(item, f"{name}[{word!r}]", None)

    return rule


def require_seed(seed: Any, name: str = "seed", default: Any = 0) -> None:
    """Refuse what is no whole number of at least 0; a seed may have any size."""
    if not is_whole(seed) or seed < 0:
        raise _refusal("a whole number", name, seed, f"use {name}={default or 0}, or any other of at least 0")


def require_executor(executor: Any, name: str = "executor", default: Any = None) -> None:
    """Refuse what carries out nothing: a class, or an object without a method `map`."""
    if executor is not None and (isinstance(executor, type) or not callable(getattr(executor, "map", None))):
        raise InputError(
            "executor must carry out fits: it needs a method `map`", where=name, got=f"{name}={executor!r}"[:80],
            fix="leave it out (None), or pass SerialExecutor() of samplewise.core.execution",
        )  # fmt: skip


def require_folder(run_dir: Any, name: str = "run_dir", default: Any = None) -> None:
    """Refuse what is no path, no name at all, or a file."""
    if run_dir is None:
        return
    if not isinstance(run_dir, str | os.PathLike) or not os.fspath(run_dir) or "\0" in os.fsdecode(run_dir):
        raise InputError(
            "the folder of fits must be a path", where=name, got=f"{run_dir!r}"[:80], fix='pass a path such as "run"'
        )
    if Path(os.fsdecode(run_dir)).is_file():
        raise InputError(
            "fits are kept in a folder, and this is a file", where=name, got=str(run_dir),
            fix="name a folder; it is made where there is none",
        )  # fmt: skip


def require_path(path: Any, name: str = "path", default: Any = None) -> None:
    """Refuse what names no file."""
    if not isinstance(path, str | os.PathLike) or not os.fspath(path) or "\0" in os.fsdecode(path):
        raise _refusal("a path", name, path, f'pass a text or a Path, such as {name}="run/curve.csv"')


def require_ids(ids: Any, name: str = "ids", default: Any = None) -> None:
    """Refuse what is no list of ids; whether rows have these names is for the rows to say."""
    if ids is not None and (not isinstance(ids, Iterable) or isinstance(ids, str | bytes)):
        raise _refusal("a list of ids", name, ids, f"pass a list, also of one: {name}=[...]")


def require_column_names(value: Any, name: str, default: Any = None) -> None:
    """Refuse what is no name of a column and no list of names."""
    if isinstance(value, str):
        require_column_name(value, name)
    else:
        _several(_text, None)(value, name, default)


def require_column_name(value: Any, name: str, default: Any = None) -> None:
    """Refuse what is no name of a column; the labels themselves go into `y`."""
    if value is not None and (not isinstance(value, str) or not value):
        raise _refusal("the name of a column", name, value, f'pass {name}="..."; values of the rows are no name')


PLAIN: dict[type, Rule] = {int: _whole, float: _number, bool: _truth, str: _text}
WORDS: dict[str, Rule] = {
    "seed": require_seed,
    "executor": require_executor,
    "run_dir": require_folder,
    "path": require_path,
    "ids": require_ids,
    "label": require_column_name,
    "id": require_column_name,
    "image": require_column_name,
    "text": require_column_name,
    "drop_columns": require_column_names,
}
