"""Decide about rows with a person: a local page in the browser, and answers that are not lost.

`samplewise review RUN` opens it. `Session` holds an audit, the queue of rows that ask for a decision, and the answers.
"""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "desk": ["Desk"],
        "exchange.files": ["label_studio_interface", "read_review", "write_review"],
        "queue": ["Queue", "Task"],
        "server": ["serve"],
        "session": ["Session"],
    },
    from_packages={
        "samplewise.auditing.decided": ["Decided", "decided_in"],
        "samplewise.auditing.decision_log": ["DecisionLog", "Entry"],
    },
)
