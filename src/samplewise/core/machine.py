"""What this machine has."""

import os


def memory() -> int:
    """Bytes of main memory; where the system does not tell, more than any.

    >>> memory() > 2**20
    True
    """
    known = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in known:
        return 2**62
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
