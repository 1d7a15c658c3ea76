"""Plugins that are loaded in several threads, in a program that has its own output, timers and imports."""

import io
import signal
import sys
import threading
import time
from contextlib import redirect_stdout

from atom_core.plugins.discovery import Fault, isolated, within
from atom_core.plugins.stray_output import watched


def test_threads_that_load_leave_the_programs_output(capsys):
    """What other threads print arrives; what a plugin prints is its own fault; the stream is the same afterwards."""
    before, errors, stop = sys.stdout, [], threading.Event()

    def load(number):
        for turn in range(50):
            try:
                with isolated():
                    time.sleep(0)
                    if number == turn % 5 == 0:
                        print("a plugin's words")
            except Fault as fault:
                errors.append((number, fault.reason))

    threads = [threading.Thread(target=load, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        print("own words")
    stop.set()
    for thread in threads:
        thread.join()
    assert sys.stdout is before
    assert {number for number, _ in errors} == {0}
    assert all("a plugin's words" in reason for _, reason in errors)
    assert set(capsys.readouterr().out.splitlines()) == {"own words"}


def test_a_stream_that_the_program_changes_meanwhile_is_kept():
    """A program may send its output elsewhere while another thread loads plugins, and back."""
    before, other = sys.stdout, io.StringIO()
    with watched() as seen:
        with redirect_stdout(other):
            print("elsewhere")
        print("seen")
    assert (other.getvalue(), seen.printed.getvalue()) == ("elsewhere\n", "seen\n")
    assert sys.stdout is before


def test_heavy_imports_of_other_threads_are_no_fault(monkeypatch, tmp_path):
    """Only the plugin that is loaded is blamed, although modules are the process's."""
    (tmp_path / "torch.py").write_text("")
    (tmp_path / "other.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("torch", "other"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with isolated():
        thread = threading.Thread(target=__import__, args=("torch",))
        thread.start()
        thread.join()
        import other  # noqa: F401  # type: ignore[import-not-found]
    assert "torch" in sys.modules
    monkeypatch.delitem(sys.modules, "torch")


def test_a_timer_of_the_program_goes_on():
    """It rings when it was to ring, however long plugins take; the handler is the program's own."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    try:
        start_s = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        within(60, "importing it", lambda: time.sleep(0.1))
        rest_s = signal.getitimer(signal.ITIMER_REAL)[0]
        assert rung or 0 < rest_s <= 0.2 - (0.1 - 0.01)
        while not rung and time.monotonic() < start_s + 60:
            time.sleep(0.01)
        assert len(rung) == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
