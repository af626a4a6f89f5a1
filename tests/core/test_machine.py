"""The size of main memory, and a bound that refuses nothing where the system does not say."""

import os

from samplewise.core import machine


def test_memory_is_that_of_the_system():
    assert machine.memory() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_a_system_that_does_not_say_has_more_than_any(monkeypatch):
    monkeypatch.setattr(machine.os, "sysconf_names", {})
    assert machine.memory() == 2**62
