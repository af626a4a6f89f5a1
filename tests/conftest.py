"""What several parts of the tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the checkout, or the one SAMPLEWISE_DATA names; the test skips without it."""
    folder = Path(os.environ.get("SAMPLEWISE_DATA", ROOT.parent / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set SAMPLEWISE_DATA to the folder that holds it")
    return folder
