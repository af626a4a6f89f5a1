"""One virtual environment per peer, so that their pins never meet; made once, outside the repository."""

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"
PEERS = ("kronfluence", "pydvl", "traker", "dattri", "captum")


def python_of(peer: str, folder: Path) -> Path | None:
    """The peer's interpreter, its environment made if it is missing; None where it could not be installed."""
    home = folder / peer
    if not (home / "complete").exists():
        print(f"installing {peer} into {home}", flush=True)
        try:
            install(peer, home)
        except subprocess.CalledProcessError as failed:
            print(f"  not installed, left out: {failed}", flush=True)
            return None
        (home / "complete").touch()
    return home / "bin" / "python"


def install(peer: str, home: Path) -> None:
    """Every peer with the same torch."""
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    constrained = ["-c", REQUIREMENTS / "constraints.txt"]
    dependencies = REQUIREMENTS / f"{peer}-dependencies.txt"
    if dependencies.exists():
        subprocess.run([*pip, *constrained, "-r", dependencies], check=True)
    alone = ["--no-deps"] if dependencies.exists() else []
    subprocess.run([*pip, *alone, *constrained, "-r", REQUIREMENTS / f"{peer}.txt"], check=True)
