"""Versions, machine and command, as every record carries them."""

import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from samplewise import __version__
from samplewise.engine.refits.processes import available_cores


def environment() -> dict[str, Any]:
    """What a record was made with."""
    packages = {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "pandas")}
    return {
        "samplewise": __version__, "python": platform.python_version(), **packages, "machine": platform.machine(),
        "system": platform.system(), "cores": available_cores(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([os.path.basename(sys.argv[0]), *sys.argv[1:]]),
    }  # fmt: skip
