"""What a progress callback receives."""

import pytest

from samplewise.auditing.progress import Event


def test_an_event_is_a_value_with_nothing_done_yet():
    event = Event("fit", "one more", done=3, total=10)
    assert (event.stage, event.message, event.done, event.total) == ("fit", "one more", 3, 10)
    assert event == Event("fit", "one more", 3, 10)
    assert Event("done", "").outcome is None
    assert Event("done", "").seconds_left is None
    with pytest.raises(AttributeError):
        event.done = 4
