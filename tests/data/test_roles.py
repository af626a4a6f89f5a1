"""Roles of columns, as they are said and as they are recorded."""

import numpy as np

from samplewise.data.roles import Roles, named_columns


def test_what_is_said_by_name_is_recorded():
    roles = Roles("kind", groups=np.arange(3), segments=("sex", "age"), columns={"zip": "category"})
    assert roles.recorded() == {"label": "kind", "segments": ["sex", "age"], "columns": {"zip": "category"}}


def test_roles_that_only_a_column_can_have_are_named():
    assert Roles("kind", time="day", drop_columns=("note",)).of_columns() == ("label", "drop_columns")


def test_every_name_comes_with_its_role():
    roles = Roles("kind", time="day", segments=("sex", "age"), drop_columns=("note",))
    assert named_columns(roles) == [
        ("label", "kind"), ("time", "day"), ("segments", "sex"), ("segments", "age"), ("drop", "note"),
    ]  # fmt: skip
