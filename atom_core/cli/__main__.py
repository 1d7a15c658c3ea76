"""The program: ``atom``, and ``python -m atom_core.cli``."""

import atexit
import os
import signal
import sys
from contextlib import suppress

from atom_core.cli.codes import INTERRUPTED
from atom_core.garbage import begin_program, none_expected

ENDINGS = ("SIGTERM", "SIGHUP")
"""Signals that ask the program to end, and that would end it without a chance to clean up."""


def _in_utf8() -> None:
    """Start anew in Python's UTF-8 mode where names of files and texts are read as ASCII, which loses their letters."""
    if sys.getfilesystemencoding() == "ascii" and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def program() -> None:
    """Run ``atom``, here or in a resident server, and leave with its exit code, or by the signal that ended it.

    An interrupted program leaves at once: threads that still compute, such as a decoder of video, are not waited for,
    and what they were writing is removed.
    """
    _in_utf8()
    ended_by: list[int] = []
    codes: list[int] = []
    if not atexit._ncallbacks():  # the first to be registered is the last to be called
        atexit.register(_leave, codes)
    begin_program()

    def end(number: int, _: object) -> None:
        ended_by.append(number)
        raise KeyboardInterrupt

    for name in ENDINGS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, end)
    try:
        from atom_core.cli.client import ask

        answered = ask(sys.argv[1:])
        if answered is None:
            with none_expected():
                from atom_core.cli.main import main

            answered = main()
        code = answered
        _let_end()
    except KeyboardInterrupt:  # while the program itself was being imported
        code = INTERRUPTED
    if code == INTERRUPTED:
        from atom_core.files import abandon

        abandon()
        with suppress(OSError):
            sys.stdout.flush()
        for number in ended_by:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        os._exit(code)
    codes.append(code)
    sys.exit(code)


def _leave(codes: list[int]) -> None:
    """Let the process end, where all threads have ended and all else is tidied up: taking the interpreter apart, object
    by object, would take a third of the time that a command with known features takes.

    :param codes: the exit code, if the program got to its end
    """
    if not codes or sys.gettrace() or sys.getprofile():  # who watches it may have more to do
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except (OSError, ValueError):  # which Python tells of
        return
    os._exit(codes[0])


def _let_end() -> None:
    """All is done and told: an interrupt must not make a failure of it, while the interpreter tidies up."""
    for name in ENDINGS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    program()
