"""What a progress callback receives."""

import sys
from types import SimpleNamespace

import pytest

from samplewise.auditing.progress import Event, Line, usual_progress


def test_an_event_is_a_value_with_nothing_done_yet():
    event = Event("fit", "one more", done=3, total=10)
    assert (event.stage, event.message, event.done, event.total) == ("fit", "one more", 3, 10)
    assert event == Event("fit", "one more", 3, 10)
    assert Event("done", "").outcome is None
    assert Event("done", "").seconds_left is None
    with pytest.raises(AttributeError):
        event.done = 4


def test_one_line_says_what_is_done_and_goes_at_the_end():
    said = []
    line = Line(said.append)
    line(Event("understood", ""))
    line(Event("begin", "SW201 labels the model disputes", seconds_left=200.0, share=0.25))
    line(Event("fit", "", seconds_left=200.0, share=0.25))
    line(Event("done", ""))
    assert said == ["samplewise: 25 % done, about 3 min left: SW201 labels the model disputes", ""]


def test_a_notebook_gets_the_line_under_its_cell(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))
    display = SimpleNamespace(display=lambda data, raw, display_id: handle)
    shell = SimpleNamespace(kernel=1)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, display=display))
    usual_progress()(Event("begin", "SW101 cells", seconds_left=1.0, share=0.0))
    assert shown == ["samplewise: 0 % done, about 1 s left: SW101 cells"]


def test_a_terminal_gets_it_on_standard_error_and_a_log_nothing(monkeypatch, capsys):
    event = Event("begin", "SW101 cells", seconds_left=1.0, share=0.0)
    usual_progress()(event)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    usual_progress()(event)
    assert capsys.readouterr().err.startswith("\rsamplewise: 0 % done")
