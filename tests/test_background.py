"""Work in a thread of its own."""

import signal
import threading
from concurrent.futures import Future

import pytest

from atom_core import background as aside_module
from atom_core.background import aside, waited_for


def test_results_and_errors_arrive() -> None:
    """What the work gives or raises, also where that is a `TimeoutError` of its own."""
    assert waited_for(aside(lambda: 3)) == 3

    def late() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        waited_for(aside(late))


def test_a_signal_just_before_a_wait_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that Python has noted, but that could not interrupt a wait which had not begun."""
    monkeypatch.setattr(aside_module, "_LOOK_S", 0.01)
    future: Future[int] = Future()
    real, waits = Future.result, []

    def result(self: Future[int], timeout: float | None = None) -> int:
        waits.append(timeout)
        if len(waits) == 3:
            signal.raise_signal(signal.SIGINT)
        return real(self, timeout)

    monkeypatch.setattr(Future, "result", result)
    late = threading.Timer(10, future.set_result, [1])
    late.start()
    with pytest.raises(KeyboardInterrupt):
        waited_for(future)
    late.cancel()
    assert waits == [0.01] * 3
