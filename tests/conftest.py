"""What several parts of the tests share."""

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Under nohup, or as a background job of a script, signals are ignored, and so they are by every program that a test
# starts to see what it does about them.
for name, action in (("SIGINT", signal.default_int_handler), ("SIGTERM", signal.SIG_DFL), ("SIGHUP", signal.SIG_DFL)):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, action)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the checkout, or the one SAMPLEWISE_DATA names; the test skips without it."""
    folder = Path(os.environ.get("SAMPLEWISE_DATA", ROOT.parent / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set SAMPLEWISE_DATA to the folder that holds it")
    return folder
