"""What this machine has."""

import os

USABLE = 0.8  # of main memory; the rest is for other processes


def memory() -> int:
    """Bytes of main memory; where the system does not say, 2^62.

    >>> memory() > 2**20
    True
    """
    known = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in known:
        return 2**62
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def usable_memory() -> float:
    """Bytes of main memory that one piece of work may take."""
    return USABLE * memory()
