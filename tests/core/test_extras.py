"""What stands in for a package that is not installed; whole rooms without extras: tests/test_extras.py."""

import math

import pytest

from samplewise.core import extras
from samplewise.core.errors import InputError


@pytest.fixture
def without_faiss(monkeypatch):
    monkeypatch.setitem(extras.sys.modules, "faiss", None)  # an import of it fails now


def test_the_error_names_the_package_and_the_extra_that_brings_it():
    error = extras.missing_extra("faiss", "a large graph", where="count", instead="pass fewer rows")
    assert str(error).startswith("a large graph needs faiss\n")
    assert error.where == "count"
    assert error.fix == 'pip install "samplewise[large]", or pass fewer rows'


def test_a_package_that_cannot_be_imported_is_not_installed(without_faiss):
    assert not extras.is_installed("faiss")
    assert not extras.is_installed("no_such_package_at_all")
    assert extras.is_installed("math")
    with pytest.raises(InputError, match=r"(?s)a graph needs faiss.*samplewise\[large\]"):
        extras.require_extra("faiss", "a graph")


def test_a_module_is_loaded_on_first_use_or_refuses_every_use(without_faiss):
    assert extras.load("math", "arithmetic").floor(1.5) == math.floor(1.5)
    absent = extras.load("faiss", "a graph")
    with pytest.raises(InputError, match="a graph needs faiss"):
        absent.IndexFlatL2(3)
    assert not hasattr(absent, "__wrapped__")  # what Python itself tries must not raise


def test_names_of_a_package_resolve_on_first_use():
    resolve, listed, public = extras.attach("samplewise.core", submod_attrs={"values": ["Scores", "Estimate"]})
    assert resolve("Scores").__name__ == "Scores"
    assert sorted(public) == ["Estimate", "Scores"]
    assert listed() == public
    with pytest.raises(AttributeError):
        resolve("no_such_name")
