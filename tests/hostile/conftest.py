"""Hostile input by the thousand: seeded generators, a budget, a table of what was tried.

``ATOM_HOSTILE_SECONDS`` is the budget of the whole (60 by default; a long run takes 1800), ``ATOM_HOSTILE_SEED`` begins
elsewhere, and ``ATOM_HOSTILE_REPORT`` names a page in whose table what this run tried and found is written.
"""

from __future__ import annotations

import json
import os
import platform
import random
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen

BUDGET_S = float(os.environ.get("ATOM_HOSTILE_SECONDS", "60"))
SEED = int(os.environ.get("ATOM_HOSTILE_SEED", "0"))
HERE = Path(__file__).parent
BEGIN, END = "<!-- tried: begin -->", "<!-- tried: end -->"
_tried: dict[str, list[int]] = {}


@define
class Tally:
    """What was tried of one class of faults."""

    name: str
    cases: int = 0
    faults: list[str] = field(factory=list)

    def case(self, *faults: str) -> None:
        """Note one case, and what was wrong."""
        self.cases += 1
        self.faults += faults
        _tried[self.name] = [self.cases, len(self.faults)]

    def judge(self, least: int = 1) -> None:
        """Fail where anything was wrong, or hardly anything was tried."""
        assert not self.faults, f"{len(self.faults)} faults in {self.cases} cases:\n" + "\n".join(self.faults[:10])
        assert self.cases >= least, f"only {self.cases} cases were tried"


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Counts the cases of this test, whose first line of text names the class."""
    return Tally(name=request.function.__doc__.splitlines()[0].rstrip("."))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Chance of this test's own, the same in each run."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[float], Iterator[int]]:
    """Numbers from 0 until a share of the budget is used up, three at least."""

    def until(share: float) -> Iterator[int]:
        end_s = time.monotonic() + share * BUDGET_S
        number = 0
        while number < 3 or time.monotonic() < end_s:
            yield number
            number += 1

    return until


@frozen
class Ended:
    """How a forked command ended."""

    code: int
    seconds: float
    text: str
    hung: bool
    peak_bytes: int
    """Most memory that it had resident, with what the process had imported before."""

    def faults(self, what: str, codes: tuple[int, ...] = (0, 1, 2), *, lines: int = 8) -> list[str]:
        """What is wrong with it: it hung, crashed, told a trace or too much, or ended with none of `codes`."""
        shown = f"{what}: exit {self.code}, {self.text.strip()[-300:]!r}"
        if self.hung:
            return [f"hangs; {shown}"]
        trace = re.search("Traceback|panicked", self.text)
        found = [f"a trace; {shown}: {self.text[max(trace.start() - 300, 0) :][:3000]!r}"] if trace else []
        found += [f"ended badly; {shown}"] * (self.code not in codes)
        told = [line for line in self.text.splitlines() if line.startswith("atom: ")]
        return found + [f"{len(told)} lines; {shown}"] * (len(told) > lines)


class Forks:
    """Runs `atom` in forks of a process that has imported everything: kills hit work, and a command costs a second."""

    def __init__(self, folder: Path) -> None:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("ATOM_")}
        variables |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HOME": str(folder), "PYTHONSAFEPATH": "1"}
        self._folder, self._number = folder, 0
        command = [sys.executable, str(HERE / "forks.py")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=variables, cwd=folder
        )  # not buffered: what `select` waits for must not have been read already
        assert self._answer(120) == {"ready": True}

    def __call__(self, *words: Any, kill_s: float | None = None, limit_s: float = 120, **how: Any) -> Ended:
        """Run ``atom`` with these words.

        :param kill_s: when it is killed, seconds; None lets it end
        :param how: ``cwd``, ``limits`` (name of a resource limit: value), ``environ``
        """
        self._number += 1
        out = self._folder / f"out{self._number}"
        job = {"words": [str(word) for word in words], "out": str(out), "cwd": str(how.pop("cwd", self._folder)), **how}
        begun = time.monotonic()
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        pid = self._answer(30)["pid"]
        ended = self._answer(limit_s if kill_s is None else kill_s)
        if ended is None:
            os.kill(pid, 9)
            ended = self._answer(30)
        hung = kill_s is None and ended["code"] == -9
        text = out.read_text(errors="replace")
        out.unlink()
        return Ended(ended["code"], time.monotonic() - begun, text, hung, ended["peak_bytes"])

    def _answer(self, limit_s: float) -> Any:
        if not select.select([self._process.stdout], [], [], limit_s)[0]:
            return None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six videos of two shots each, of the embedded model's world."""
    folder = tmp_path_factory.mktemp("footage")
    subprocess.run(
        [sys.executable, str(HERE / "footage.py"), str(folder), "6", "2"], check=True, stdout=subprocess.DEVNULL
    )
    return folder


@pytest.fixture(scope="session")
def atom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Run `atom` in forks, with a home of its own."""
    forks = Forks(tmp_path_factory.mktemp("home"))
    yield forks
    forks.close()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table, if that is asked for: a row for each class that was tried, others as they were."""
    page = os.environ.get("ATOM_HOSTILE_REPORT")
    if not page or not _tried:
        return
    path = Path(page)
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    known, after = rest.split(END)
    rows = {line.split(" | ")[0]: line for line in known.splitlines() if line.startswith("| ")}
    how = f"{date.today()}, seed {SEED}, {BUDGET_S:g} s, {platform.machine()}, {os.cpu_count()} processors"
    rows |= {
        f"| {name}": f"| {name} | {cases:,} | {faults or 'none'} | {how} |" for name, (cases, faults) in _tried.items()
    }
    head = rows.pop("| tried", "| tried | cases | faults | run |")
    path.write_text(
        before + "\n".join([BEGIN, head, "|---|---|---|---|", *rows.values(), END]) + after, encoding="utf-8"
    )
