"""A command that waits can be cancelled by the server that runs it."""

from __future__ import annotations

import threading
import time

import pytest

from atom_core.errors import Cancelled
from atom_core.serving import Cancel, pause, working_for


def test_a_pause_ends_when_the_command_is_cancelled() -> None:
    """Long before its time is over; without anybody who cancels it takes its time."""
    cancel = Cancel()
    with working_for(cancel):
        start = time.monotonic()
        pause(0.3)
        assert time.monotonic() - start >= 0.3
        threading.Timer(0.1, cancel.set).start()
        with pytest.raises(Cancelled):
            pause(600)
