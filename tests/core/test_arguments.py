"""Arguments are held to the signature: one rule per kind, before the function starts."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pytest

from samplewise.core.arguments import (
    checked,
    checked_fields,
    require_column_name,
    require_executor,
    require_folder,
    require_ids,
    require_seed,
)
from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor

NAN, INF = float("nan"), float("inf")


@checked
def work(  # noqa: PLR0913  # one argument of every kind
    data: Any = None, *, count: int = 3, most: int | None = None, rate: float = 0.5, edge: float = INF,
    loud: bool = False, title: str = "", order: Literal["up", "down"] = "up", sizes: Sequence[int] = (),
    grid: Literal["log"] | Sequence[int] = "log", ends: tuple[float, float] = (0.0, 1.0), names: Iterable[str] = (),
    prices: Mapping[str, float] | None = None, watch: Callable[[int], None] | None = None, either: str | float = 1,
    seed: int = 0, label: str | None = None,
) -> str:  # fmt: skip
    """What was given."""
    return "done"


BAD = {
    "count": [1.0, "3", True, None, NAN, np.array([3]), np.bool_(True)],
    "most": [1.5, "3"],
    "rate": [NAN, INF, "0.5", True, None, 1j, np.array([0.5])],
    "edge": [NAN, -INF],
    "loud": ["no", 1, None],
    "title": [1, None, b"x"],
    "order": ["UP", "", None, 1, ["up"]],
    "sizes": [3, "3", [1.5], [True], {"a": 1}, np.ones((2, 2), int), None],
    "grid": ["lag", [1.5], 3],
    "ends": [(0.0,), (0.0, 1.0, 2.0), (0.0, NAN), 1.0],
    "names": ["leak", [3], 3],
    "prices": [[("a", 1)], {"a": "1"}, {"a": NAN}, {3: 1.0}],
    "watch": ["print", 3],
    "seed": [1.5, -1, "0", NAN, None, True],
    "label": [3, "", ["a"], b"a"],
}
GOOD = {
    "data": [None, 3], "count": [3, -1, np.int64(2)], "most": [None, 3], "rate": [1, 0.25, np.float32(0.5)],
    "edge": [INF, 2.0], "loud": [True, np.bool_(True)], "title": ["a", np.str_("a")], "order": ["down"],
    "sizes": [[1], (2, 3), np.array([1, 2])], "grid": ["log", [1, 2]], "ends": [(0, 1), np.array([0.0, 1.0])],
    "names": [["a"], iter("a")], "prices": [None, {"a": 1}], "watch": [None, print], "either": ["2min", 3, NAN],
    "seed": [0, 2**70, np.uint8(3)], "label": [None, "y"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_what_the_signature_does_not_allow_is_refused_with_the_argument_and_the_way_out(name, value):
    with pytest.raises(InputError) as refused:
        work(**{name: value})
    assert name in refused.value.where + refused.value.what
    assert refused.value.got
    assert refused.value.fix


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_what_it_allows_passes_unchanged(name, value):
    assert work(**{name: value}) == "done"


def test_a_name_that_is_nearly_right_is_suggested():
    with pytest.raises(InputError, match=r"(?s)where: +order.*did you mean 'down'"):
        work(order="donw")


def test_the_function_keeps_its_name_its_text_and_its_signature():
    assert work.__name__ == "work"
    assert work.__doc__ == "What was given."
    assert list(inspect.signature(work).parameters)[:2] == ["data", "count"]
    with pytest.raises(TypeError, match=r"work\(\) got an unexpected keyword argument 'cuont'"):
        work(cuont=3)


def test_a_folder_is_a_path_and_no_file(tmp_path):
    (tmp_path / "file").write_text("x")
    for given in (3, "", "a\0b", tmp_path / "file"):
        with pytest.raises(InputError, match="run_dir"):
            require_folder(given)
    require_folder(None)
    require_folder(tmp_path / "new")


def test_seed_executor_and_column_name_say_what_to_pass():
    with pytest.raises(InputError, match="SerialExecutor"):
        require_executor(SerialExecutor)
    require_executor(SerialExecutor())
    with pytest.raises(InputError, match="seed=0"):
        require_seed(1.5)
    with pytest.raises(InputError, match="name of a column"):
        require_column_name(["a"], "label")


def test_a_class_refuses_what_its_fields_do_not_take():
    @checked_fields
    @dataclass(frozen=True, slots=True)
    class Curve:
        rows: int
        unit: str = "points"
        path: Any = "curve.csv"

    assert (Curve(3).rows, replace(Curve(3), unit="rate").unit) == (3, "rate")
    for given in ({"rows": 1.5}, {"rows": 3, "unit": 3}, {"rows": 3, "path": 3}, {"rows": 3, "path": ""}):
        with pytest.raises(InputError) as refused:
            Curve(**given)
        assert refused.value.where in given
        assert refused.value.fix
    with pytest.raises(TypeError, match="rows"):
        Curve()


@pytest.mark.parametrize("ids", [5, "a text", b"bytes"])
def test_ids_are_a_list(ids):
    require_ids(None)
    require_ids([5])
    with pytest.raises(InputError, match="ids must be a list of ids"):
        require_ids(ids)
