"""Every argument of what is public (functions, methods, constructors) is used or refused.

It is never ignored, and no raw error of numpy or Python reaches the user.

One argument at a time of a call that works (`bad_calls.GOOD`) is replaced by each value that its kind must refuse. The
answer has to be an `InputError` that names the argument and the way out; what is accepted on purpose stands, with the
reason, in `bad_calls.ACCEPTED`. The number of calls is held in benchmarks/results/bad_calls.json.
"""

import inspect
import json
import re
import types
import typing
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module, util
from pathlib import Path

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor

spec = util.spec_from_file_location("bad_calls", Path(__file__).with_name("bad_calls.py"))
bad = util.module_from_spec(spec)
spec.loader.exec_module(bad)
NAN, INF = bad.NAN, bad.INF
FIGURES = Path(__file__).parents[2] / "benchmarks" / "results" / "bad_calls.json"


def kinds_of(annotation):
    """The kinds an argument may have, without None."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [kind for one in typing.get_args(annotation) for kind in kinds_of(one)]
    return [] if annotation is types.NoneType else [annotation]


def values_of(one, good):
    """What an argument must refuse, by its word and its annotation: what it is -> the value."""
    optional = types.NoneType in typing.get_args(one.annotation) or one.default is None
    named = named_values(one.name, good)
    if named is None:
        named = listed(plain_values(one, [] if optional else [None]))
    return {what: value for what, value in named.items() if value is not None or not optional or good is not None}


def listed(values):
    return {re.sub(r"\s+", " ", repr(value))[:60]: value for value in values}


def named_values(word, good):
    """Bad values of a word that means the same everywhere; None for any other word."""
    if word in ("data", "test", "queries", "features") and isinstance(good, np.ndarray | tuple):
        return bad.rows_instead(good)
    if word == "y" and isinstance(good, np.ndarray):
        return bad.labels_instead(good)
    if word in bad.ARRAYS and good is not None and not isinstance(good, str):
        return bad.array_instead(good)
    values = {
        "seed": [1.5, -1, "0", NAN, True, None, [0], np.array([1, 2])],
        "executor": ["serial", 5, SerialExecutor],
        "ids": [5, "text", {"a": 1}, [10**9], [NAN], [None]],
        "positions": [5, "text", [0.5], [10**6], [-1], [NAN]],
        "path": [3, b"a\0b", "no such folder/no such file.csv", ["a"]],
        "run_dir": [3, "", "a\0b", ["a"], __file__],
        "max_size": [0, -1, NAN, True, "much", "4 apples", ["4GB"], "4GB"],  # no file is read here
        **{name: [3, "", ["a"], b"a", True, "no such column"] for name in bad.COLUMN_NAMES},
        **bad.OBJECTS,
    }
    return listed(values[word]) if word in values else None


def plain_values(one, nothing):
    """Bad values of a kind of argument: a whole number, a number, a name among others, a list, a mapping."""
    kinds = kinds_of(one.annotation)
    if len(kinds) != 1:
        names = [typing.get_args(kind)[0] for kind in kinds if typing.get_origin(kind) is typing.Literal]
        return [bad.near_miss(names[0]), [1.5], 3, ["a"]] if names else []
    (kind,) = kinds
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    low = [] if one.name in bad.MAY_BE_BELOW_ZERO else [-0.1]
    high = [1.1, 95] if one.name in bad.SHARES else []
    zero = [] if one.name in bad.COUNTS_FROM_ZERO else [0]
    several = [3, "3", [NAN], [-1], ["a"], {"a": 1}] if inner[:1] in ((int,), (float,)) else []
    of_kind = {
        int: [*zero, -1, 1.5, NAN, "3", True, 2**70, [3], np.array([3, 4])],
        float: [NAN, INF, "half", True, 1j, [0.5], *low, *high],
        bool: [1, "no"],
        str: [3, ["a"]],
    }
    of_origin = {
        typing.Literal: [bad.near_miss(str(inner[0])), str(inner[0]).upper(), "", 1, [inner[0]]] if inner else [],
        Mapping: [["a"], "a", {3: 1.0}, {"no such key": "no such kind"}],
        tuple: [(), (0.0,), (NAN, 1.0), (1.0, 0.0), 1.0, "ab"],
        Callable: ["print", 5],
        Sequence: several,
        Iterable: several,
    }  # fmt: skip
    if hasattr(kind, "MADE_BY"):
        return [5, "a", bad.ROWS, *nothing]
    found = of_kind.get(kind, of_origin.get(origin, []))
    return [*found, *nothing] if found else []


def cases(name):
    """(argument, what is bad about it, the value) for every argument of a function."""
    for one in inspect.signature(bad.function_of(name)).parameters.values():
        if (name, one.name) in bad.NOT_TRIED:
            continue
        default = None if one.default is one.empty else one.default
        for what, value in values_of(one, bad.GOOD[name]().get(one.name, default)).items():
            yield one.name, what, value


def outcome(name, argument, value):
    """What a call with one bad value does: "refused" as it should be, or what else it does."""
    arguments = bad.GOOD[name]() | {argument: value}
    if argument == "label":
        arguments.pop("y", None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            bad.function_of(name)(**arguments)
    except InputError as error:
        said = bad.FORMER.get(argument, argument)
        named = argument in bad.ROWS_BY_ANOTHER_NAME or re.search(rf"\b({argument}|{said})\b", str(error))
        return "refused" if error.fix and named else f"refused without the argument or the way out: {error}"
    except Exception as error:  # whatever it is, it is no answer of this library
        return f"{type(error).__name__}: {error}"
    return "accepted"


EVERY = pytest.mark.parametrize("name", sorted(set(bad.GOOD) - bad.IN_A_TRAINING_LOOP))


@EVERY
def test_every_bad_value_is_refused_with_the_argument_and_the_way_out(name):
    wrong = []
    for argument, what, value in cases(name):
        allowed = bad.ACCEPTED.get((name, argument), ((), ""))[0]
        expected = "accepted" if what in allowed else "refused"
        if (found := outcome(name, argument, value)) != expected:
            wrong.append(f"{argument}: {what} -> {found}")
    assert not wrong, f"{name}\n" + "\n".join(wrong)


def exported():
    """Every public function, class, and method that takes arguments, by its name."""
    homes = ["", *bad.doors.ROOMS]
    found = {"auditing.Audit": import_module("samplewise.auditing").Audit}  # what `audit` returns
    for home in homes:
        module = import_module(f"samplewise.{home}" if home else "samplewise")
        found |= {f"{home}.{name}".removeprefix("."): getattr(module, name) for name in module.__all__}
    for name, kind in [(name, kind) for name, kind in found.items() if inspect.isclass(kind)]:
        found |= {f"{name}.{method}": own for method, own in methods_of(kind).items()}
    return {name: one for name, one in found.items() if inspect.isclass(one) or inspect.isroutine(one)}


def methods_of(kind):
    """Public methods that the library defines and that take arguments, by name."""
    found = {}
    for name, own in inspect.getmembers(kind, inspect.isroutine):
        written = getattr(inspect.unwrap(own), "__module__", None) or ""
        if not name.startswith("_") and written.startswith("samplewise"):
            taken = [one for one in inspect.signature(own).parameters if one != "self"]
            found |= {name: own} if taken else {}
    return found


def test_every_public_function_method_and_constructor_is_called_or_says_why_not():
    public = exported()
    assert set(public) == set(bad.GOOD) | set(bad.NOT_CALLED) | bad.RESULTS
    assert not set(bad.GOOD) & (set(bad.NOT_CALLED) | bad.RESULTS)
    assert {name for name, _ in bad.ACCEPTED} | {name for name, _ in bad.NOT_TRIED} <= set(bad.GOOD)
    classes = {name.rpartition(".")[0] for name in bad.GOOD if name.rpartition(".")[0] in public}
    assert classes - set(bad.MADE) <= set(bad.GOOD)  # class methods alone


def room_of(name):
    """`curves` of `curves.forecast` and of `curves.LearningCurve.forecast`; "samplewise" of what stands at the top."""
    first, dot, _ = name.partition(".")
    return first if dot and first.islower() else "samplewise"


def figures():
    """How many calls the law makes, by room."""
    names = sorted(set(bad.GOOD) - bad.IN_A_TRAINING_LOOP)
    counts = Counter(room_of(name) for name in names for _ in cases(name))
    accepted = sum(len(values) for values, _ in bad.ACCEPTED.values())
    return {
        "functions": len(names), "calls": counts.total(), "accepted_on_purpose": accepted,
        "silently_wrong": 0, "raw_errors": 0, "calls_by_room": dict(sorted(counts.items())),
    }  # fmt: skip


def test_the_law_makes_no_fewer_calls_than_the_committed_figures():
    committed, today = json.loads(FIGURES.read_text("utf-8")), figures()
    assert committed["calls"] >= 400
    assert today["functions"] >= committed["functions"]
    assert today["accepted_on_purpose"] <= committed["accepted_on_purpose"], "a new acceptance needs a new figure"
    for room, calls in committed["calls_by_room"].items():
        assert today["calls_by_room"][room] >= calls, room
