"""What the system asks of the program: to end (SIGTERM), a terminal that is gone (SIGHUP), a reader that is gone."""

import os
import signal
import sys
import threading
from typing import Any

CLOSED_PIPE = 141  # as a shell shows it: 128 + SIGPIPE


def end_as_by_ctrl_c() -> None:
    """SIGTERM and SIGHUP end the program as Ctrl-C does, with everything written; what is ignored stays ignored.

    `nohup` and a service manager have reasons to ignore a signal. Only the main thread may say so.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def leave_quietly() -> int:
    """Let nothing be written any more to a reader that is gone (`| head`); returns the exit code that says so."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return CLOSED_PIPE
