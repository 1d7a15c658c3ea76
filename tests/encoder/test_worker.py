"""A worker works on what is most urgent."""

import threading
import weakref

import pytest

from atom_core.encoder.worker import PriorityWorker
from atom_core.errors import Cancelled, ModelError
from atom_core.testing import wait_until


@pytest.fixture
def worker():
    opened = PriorityWorker("encoder")
    yield opened
    opened.close()


def pieces(name, told, gate=None):
    """Work of three pieces, which are told; the first says that it has begun and waits for the gate."""
    for piece in range(3):
        if piece:
            yield
        elif gate is not None:
            told.append("begun")
            assert gate.wait(60)
        told.append(f"{name}{piece}")
    return name


def begun(told):
    """Wait until work has begun; then it is no longer told."""
    wait_until(lambda: told == ["begun"])
    told.clear()


def test_work_is_done_in_the_order_of_arrival(worker):
    """Nothing comes between the pieces of what is equally urgent, and each gets its own result."""
    told, gate = [], threading.Event()
    futures = [worker.submit(pieces("a", told, gate))]
    begun(told)
    futures += [worker.submit(pieces(name, told)) for name in "bc"]
    gate.set()
    assert [future.result(60) for future in futures] == ["a", "b", "c"]
    assert told == [f"{name}{piece}" for name in "abc" for piece in range(3)]


def test_urgent_work_goes_ahead_of_what_has_been_begun(worker):
    """It waits for one piece, not for the work that is in hand; what becomes urgent as it waits does, too."""
    told, gate, hurry = [], threading.Event(), []
    bulk = worker.submit(pieces("a", told, gate))
    begun(told)
    waiting = worker.submit(pieces("b", told), urgent=lambda: bool(hurry))
    urgent = worker.submit(pieces("c", told), urgent=lambda: True)
    hurry.append(True)
    gate.set()
    assert [future.result(60) for future in (urgent, waiting, bulk)] == ["c", "b", "a"]
    assert told == ["a0", "b0", "b1", "b2", "c0", "c1", "c2", "a1", "a2"]


def test_a_fault_is_told_to_who_waits_and_the_worker_goes_on(worker):
    """Whatever is raised reaches the caller; the next work is done."""

    def faulty(error):
        yield
        raise error

    for error in (ValueError("no"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            worker.submit(faulty(error)).result(60)
    assert worker.submit(pieces("a", [])).result(60) == "a"


def test_a_worker_that_rests_holds_nothing_on(worker):
    """What was made goes when its caller lets it go, not when the next work comes."""

    class Made:
        pass

    def work():
        yield
        return Made()

    made = weakref.ref(worker.submit(work()).result(60))
    wait_until(lambda: made() is None)


def test_a_closed_worker_leaves_nobody_waiting():
    """The piece in work is finished; what is not done is cancelled, and new work refused."""
    worker, told, gate = PriorityWorker("encoder"), [], threading.Event()
    futures = [worker.submit(pieces("a", told, gate)), worker.submit(pieces("b", told))]
    begun(told)
    threading.Timer(0.05, gate.set).start()
    worker.close()
    for future in futures:
        with pytest.raises(Cancelled, match="before the encoder was done"):
            future.result(60)
    assert told == ["a0"]
    with pytest.raises(ModelError, match="the encoder is closed"):
        worker.submit(pieces("c", told))
