"""One writer per folder: a lock that names its owner, and that the system gives back when the owner dies."""

import contextlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from samplewise.core.errors import InputError

LOCK = "run.lock"


class FolderLock:
    """The right to write into a folder, held by one process, and in it by one call, at a time.

    The lock is an advisory one of the system on the file `run.lock`: it ends with its owner, however that one ends. The
    file says who that is; where it still names somebody though nobody holds the lock, that one was killed. Between
    machines that share a file system such locks may not be seen, so a name of another machine is believed.

    Args:
        folder: exists already.

    Raises:
        InputError: somebody else writes there now, or the lock cannot be written; nothing in the folder is touched.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / LOCK
        self.note = ""  # that an owner who died was followed
        self._descriptor = self._taken()
        try:
            self.note = self._follow(_read(self._descriptor))
            _write(self._descriptor, json.dumps(_own()).encode("ascii"))
        except OSError as fault:
            self.release()
            raise _refused(self.file, fault) from None
        except InputError:
            _close(self._descriptor)
            raise

    def release(self) -> None:
        """Give the folder back; calling it twice does no harm."""
        if self._descriptor < 0:
            return
        with contextlib.suppress(OSError):
            self.file.unlink()  # while it is held: whoever waits for this file finds that its name is gone
        _close(self._descriptor)
        self._descriptor = -1

    def _taken(self) -> int:
        """The locked file, which still has its name."""
        while True:
            try:
                descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as fault:
                raise _refused(self.file, fault) from None
            if not try_lock(descriptor):
                owner = _owner(_read(descriptor))
                _close(descriptor)
                raise InputError(
                    "another audit is writing into this run folder", where=str(self.file.parent), got=_named(owner),
                    fix="wait until it has ended, or choose another folder: --out DIR",
                )  # fmt: skip
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), os.stat(self.file)):
                    return descriptor
            _close(descriptor)  # its owner removed it between the two steps

    def _follow(self, content: bytes) -> str:
        """The note about an owner who died; refuses one on another machine, of whom nothing can be known here."""
        if not content.strip():
            return ""
        owner = _owner(content)
        host = owner.get("host")
        if host is not None and host != platform.node():
            raise InputError(
                "another machine writes into this run folder, or did when it stopped", where=str(self.file),
                got=_named(owner), fix=f"if that one has ended, remove the file {self.file.name}; else --out DIR",
            )  # fmt: skip
        return f"an earlier audit ({_named(owner)}) was stopped while it wrote; this one goes on in its folder"


def _own() -> dict[str, Any]:
    return {"host": platform.node(), "pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}


def _owner(content: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        held = json.loads(content)
        return held if isinstance(held, dict) else {}
    return {}


def _named(owner: dict[str, Any]) -> str:
    known = [f"process {owner['pid']}"] if "pid" in owner else ["a process that is not named"]
    known += [f"on {owner['host']}"] if "host" in owner else []
    return " ".join([*known, *([f"since {owner['since']}"] if "since" in owner else [])])


def _refused(file: Path, fault: OSError) -> InputError:
    return InputError(
        "the run folder cannot be written to", where=str(file.parent), got=fault.strerror or str(fault),
        fix="make room or get the right to write there, or choose another folder: --out DIR",
    )  # fmt: skip


def _read(descriptor: int) -> bytes:
    with contextlib.suppress(OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, 4096)
    return b""


def _write(descriptor: int, content: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, content)
    os.ftruncate(descriptor, len(content))


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30  # a byte behind the content, which others may still read

    def try_lock(descriptor: int) -> bool:
        """Whether the file is locked now, by this call; closing it gives the lock back."""
        try:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Whether the file is locked now, by this call; closing it gives the lock back."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: what the file says must do
            return True
        return True
