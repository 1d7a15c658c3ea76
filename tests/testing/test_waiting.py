"""What tests wait for has an end."""

import threading

import pytest

from atom_core.testing import wait_until


def test_it_returns_once_the_condition_holds():
    """The condition may come true in another thread."""
    done = threading.Event()
    threading.Timer(0.05, done.set).start()
    wait_until(done.is_set)
    assert done.is_set()


def test_it_fails_where_the_condition_never_holds():
    """A lost wake-up fails the test; it does not stop the run."""
    with pytest.raises(AssertionError, match=r"waited 0\.02 s in vain"):
        wait_until(lambda: False, 0.02)
