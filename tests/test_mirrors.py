"""Every module with a public body has a test file of its own; tools/emptied.py shows that each of them notices."""

import importlib.util
import textwrap
from pathlib import Path

import pytest

SPECIFICATION = importlib.util.spec_from_file_location("emptied_tool", Path(__file__).parents[1] / "tools/emptied.py")
emptied = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(emptied)


def test_modules_are_found():
    assert len(emptied.modules()) > 250
    assert "core/codec.py" in emptied.modules()
    assert "core/__init__.py" not in emptied.modules()


@pytest.mark.parametrize("module", emptied.modules())
def test_every_module_has_its_test(module):
    assert emptied.mirror(module).exists()


def test_a_check_is_mirrored_under_its_code():
    assert emptied.mirror("auditing/checks/sw201_disputed_labels.py").name == "test_sw201.py"
    assert emptied.mirror("labels/noise.py").parts[-2:] == ("labels", "test_noise.py")


def test_public_bodies_go_and_private_ones_stay():
    source = textwrap.dedent('''
        from typing import Protocol

        LIMIT = 3

        def public():
            """Says three."""
            return LIMIT

        def _private():
            return LIMIT

        class Thing:
            def __init__(self):
                self.held = 4

            def __len__(self):
                return 5

            @property
            def twice(self):
                return 2 * self.held

            def _hidden(self):
                return 6

        class Record:
            field: int = 7

        class Face(Protocol):
            def shown(self): ...
    ''')
    left = {}
    exec(emptied.emptied(source), left)
    assert left["public"]() is None
    assert left["_private"]() == 3
    thing = left["Thing"]()
    assert (thing.held, thing.twice, thing._hidden()) == (4, None, 6)
    with pytest.raises(TypeError):
        len(thing)
    assert not hasattr(left["Record"], "field")
    assert hasattr(left["Face"], "shown")
