"""A program that embeds Atom: what is the program's own stays as it is, in threads, tasks of asyncio and forks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, logging, os, signal, sys, threading
import atom_core as atom

def own():
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGPIPE)]
    logs = logging.root.level, list(logging.root.handlers), list(logging.getLogger("atom").handlers)
    streams = sys.stdout, sys.stderr, sys.stdin, sys.excepthook, threading.excepthook, list(sys.meta_path)
    return handlers, logs, streams, os.getcwd(), signal.getitimer(signal.ITIMER_REAL)

def work(folder):
    settings = atom.Settings(library=folder + "/library", cache=folder + "/cache", keep_going=True)
    with atom.open_host(settings) as host:
        assert host.plugins.infos

before, folder = own(), sys.argv[1]
logging.getLogger("atom").addHandler(handler := logging.NullHandler())
logging.getLogger("atom").removeHandler(handler)
work(folder)
if "threads" in sys.argv:
    threads = [threading.Thread(target=work, args=(folder,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
if "asyncio" in sys.argv:
    async def several():
        await asyncio.gather(*(asyncio.to_thread(work, folder) for _ in range(4)))
        work(folder)
    asyncio.run(several())
if "fork" in sys.argv:
    child = os.fork()
    if not child:
        work(folder)
        os._exit(int(own() != before))
    assert os.waitpid(child, 0)[1] == 0
assert own() == before
print("as before")
"""


@pytest.mark.parametrize("way", ["threads", "asyncio", "fork"])
def test_the_programs_own_stays(tmp_path: Path, way: str) -> None:
    """Streams, handlers of signals, loggers, timers and import hooks are the same after hosts were open."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), way], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.returncode) == ("as before\n", 0), done.stderr
