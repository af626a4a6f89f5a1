"""Roles of columns, as they are said and as they are recorded."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data.roles import Roles, named_columns, require_consistent, require_without


def test_what_is_said_by_name_is_recorded():
    roles = Roles("kind", groups=np.arange(3), segments=("sex", "age"), columns={"zip": "category"})
    assert roles.recorded() == {"label": "kind", "segments": ["sex", "age"], "columns": {"zip": "category"}}


def test_roles_that_only_a_column_can_have_are_named():
    assert Roles("kind", time="day", drop_columns=("note",)).of_columns() == ("label", "drop_columns")


def test_every_name_comes_with_its_role():
    roles = Roles("kind", time="day", segments=("sex", "age"), drop_columns=("note",))
    assert named_columns(roles) == [
        ("label", "kind"), ("time", "day"), ("segments", "sex"), ("segments", "age"), ("drop_columns", "note"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("roles", "where"),
    [
        *((Roles(label="a", **{role: "a"}), f"label and {role}") for role in ("id", "groups", "time", "image", "text")),
        (Roles(label="a", weights="a"), "label and weights"),
        (Roles(label="a", segments=("b", "a")), "label and segments"),
        (Roles(label="a", drop_columns=("a",)), "label and drop_columns"),
        (Roles(id="a", groups="a"), "id and groups"),
        (Roles(id="a", segments=("a",)), "id and segments"),
        (Roles(time="a", groups="a"), "groups and time"),
        (Roles(weights="a", time="a"), "weights and time"),
        (Roles(text="a", drop_columns=("a",)), "drop_columns and text"),
        (Roles(text="a", image="b"), "image and text"),
        (Roles(label="a", columns={"a": "number"}), "columns"),
        (Roles(drop_columns=("a",), columns={"a": "number"}), "columns"),
        (Roles(text="t", columns={"a": "number"}), "columns"),
    ],
)
def test_roles_that_contradict_each_other_are_refused(roles, where):
    with pytest.raises(InputError) as caught:
        require_consistent(roles)
    assert caught.value.where == where
    assert caught.value.got
    assert caught.value.fix


@pytest.mark.parametrize(
    "roles",
    [
        Roles(),
        Roles(label="y", id="file", image="file"),
        Roles(groups="site", segments=("site", "sex"), drop_columns=("site",)),
        Roles(time="day", id="day"),
        Roles(text="t", columns={"t": "text"}),
        Roles(label="y", groups=np.arange(3), columns={"a": "category"}),
    ],
)
def test_roles_that_go_together_pass(roles):
    require_consistent(roles)


def test_what_means_nothing_is_refused():
    require_without(Roles(label="y"), {"columns", "segments", "drop_columns"}, "a folder")
    with pytest.raises(InputError, match="decimal means nothing for a folder") as caught:
        require_without(Roles(decimal=","), {"decimal"}, "a folder")
    assert caught.value.fix == "leave decimal= out"
