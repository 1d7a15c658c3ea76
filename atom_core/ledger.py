"""The ledger: what was asked for, what was computed, what was reused, and how long each lane worked."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from atom_core.files import write_whole

COUNTS = ("loads", "encoder_clips", "encoder_frames", "prefill_tokens", "decode_steps", "decode_tokens")
"""What is counted. A load is a task that needs the modules; a clip is one call of the encoder; frames are those of the
clips that are computed, reused where they repeat one that is; a step reads the last token of each request that is
decoded, and each asks for one."""

_COLUMNS = ("requested", "computed", "reused")
_MAX_EVENTS = 20_000
"""Latest pieces of work that a trace shows, some 10 MB; older ones count, but are not shown."""


def peak_memory_bytes() -> int:
    """Most memory that this process has held so far, bytes (resident set size)."""
    import resource

    with suppress(OSError, StopIteration):  # what getrusage says begins with the memory of the process that started it
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class _Event(NamedTuple):
    """A piece of work of a lane, as a trace shows it."""

    at_us: int
    end_us: int
    lane: str
    name: str
    thread: int
    details: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The event in the Trace Event Format, but for its row."""
        for_us = self.end_us - self.at_us
        return {"name": self.name, "ph": "X", "ts": self.at_us, "dur": for_us, "args": self.details}


class Ledger:
    """Counts and times, safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start = time.perf_counter()
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTS}
        self._lanes: defaultdict[str, float] = defaultdict(float)
        self._batches: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self._modules: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._tasks: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0])
        self._events: deque[_Event] = deque(maxlen=_MAX_EVENTS)

    def count(self, name: str, *, requested: int = 0, computed: int = 0, reused: int = 0) -> None:
        """Add to one of `COUNTS`."""
        with self._lock:
            self._counts[name].update(requested=requested, computed=computed, reused=reused)

    def module(self, name: str, *, requested: int = 0, computed: int = 0, reused: int = 0) -> None:
        """Count loads of the shared module `name`: tasks that need it, loads, and tasks that found it loaded."""
        with self._lock:
            self._modules[name].update(requested=requested, computed=computed, reused=reused)

    def batch(self, lane: str, size: int) -> None:
        """Note that `lane` worked on `size` items at once."""
        with self._lock:
            self._batches[lane][size] += 1

    @contextmanager
    def lane(self, lane: str, name: str = "", **details: object) -> Iterator[None]:
        """Time a piece of work of `lane`; it becomes one event of the trace."""
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            with self._lock:
                self._lanes[lane] += seconds
                self._event(name or lane, lane, start, seconds, details)

    def task(self, name: str, start: float, seconds: float, *, failed: bool) -> None:
        """Note that task `name` ran from `start` (`time.perf_counter`) for `seconds`."""
        with self._lock:
            record = self._tasks[name]
            record[0] += 1
            record[1] += seconds
            record[2] += failed
            self._event(name, threading.current_thread().name, start, seconds, {"failed": failed})

    def _event(self, name: str, lane: str, start: float, seconds: float, details: dict[str, object]) -> None:
        at_us, end_us = (round((at - self._start) * 1e6) for at in (start, start + seconds))
        self._events.append(_Event(at_us, end_us, lane, name, threading.get_ident(), details))

    def as_dict(self) -> dict[str, Any]:
        """Everything but the trace, as JSON values."""
        with self._lock:
            counts = {name: {key: self._counts[name][key] for key in _COLUMNS} for name in COUNTS}
            return {
                **counts,
                "seconds": round(time.perf_counter() - self._start, 6),
                "peak_memory_bytes": peak_memory_bytes(),
                "lanes": {lane: {"seconds": round(seconds, 6)} for lane, seconds in sorted(self._lanes.items())},
                "batches": {
                    lane: {str(size): n for size, n in sorted(sizes.items())}
                    for lane, sizes in sorted(self._batches.items())
                },
                "modules": {
                    name: {key: loads[key] for key in _COLUMNS} for name, loads in sorted(self._modules.items())
                },
                "tasks": {
                    name: {"runs": int(runs), "seconds": round(seconds, 6), "failed": int(failed)}
                    for name, (runs, seconds, failed) in sorted(self._tasks.items())
                },
            }

    def table(self) -> str:
        """The counts as a short text table; seconds of each lane, and how many requests it worked on at once."""
        data = self.as_dict()
        counted = [(name, data[name]) for name in COUNTS]
        counted[1:1] = [(f"loads of {name}", loads) for name, loads in data["modules"].items()]
        width = max(16, *(len(name) + 2 for name, _ in counted))
        rows = [" " * width + "".join(f"{column:>12}" for column in _COLUMNS)]
        rows += [f"{name:{width}}" + "".join(f"{row[column]:>12}" for column in _COLUMNS) for name, row in counted]
        lanes = [f"{lane} {about['seconds']:.1f} s" for lane, about in data["lanes"].items()]
        batches = [f"{lane} {_mean(sizes):.1f}" for lane, sizes in data["batches"].items()]
        for title, parts in (("lanes", lanes), ("at once, mean", batches)):
            if parts:
                rows.append(f"{title:{width}}{', '.join(parts)}")
        rows.append(f"{data['seconds']:.1f} s, peak memory {data['peak_memory_bytes'] / 2**20:.0f} MiB")
        return "\n".join(rows)

    def write_trace(self, path: Path) -> None:
        """Write the events in the Trace Event Format, which Perfetto and chrome://tracing open.

        In one row events must follow each other or nest, or viewers drop them: a lane in which several threads work at
        once has a row for each.
        """
        with self._lock:
            events = sorted(self._events, key=lambda event: (event.at_us, -event.end_us))
        lanes: defaultdict[str, list[list[_Event]]] = defaultdict(list)
        tids: dict[tuple[str, int], int] = {}
        works: list[dict[str, Any]] = []
        for event in events:
            rows = lanes[event.lane]
            number = next((number for number, row in enumerate(rows) if _takes(row, event)), len(rows))
            if number == len(rows):
                rows.append([])
            rows[number].append(event)
            tid = tids.setdefault((event.lane, number), len(tids) + 1)
            works.append({**event.as_dict(), "pid": 1, "tid": tid})
        names = [
            {
                "name": "thread_name",
                "ph": "M",
                "pid": 1,
                "tid": tid,
                "args": {"name": f"{lane} {number + 1}" if number else lane},
            }
            for (lane, number), tid in tids.items()
        ]
        write_whole(path, json.dumps({"traceEvents": [*names, *works], "displayTimeUnit": "ms"}))


def _mean(sizes: Mapping[str, int]) -> float:
    """The mean of batch sizes, each with how many batches had it."""
    return sum(int(size) * number for size, number in sizes.items()) / sum(sizes.values())


def _takes(row: list[_Event], event: _Event) -> bool:
    """Whether a row can show `event`: it is free, or in one of the same thread; what has ended leaves it."""
    while row and row[-1].end_us <= event.at_us:
        row.pop()
    return not row or (row[-1].thread == event.thread and event.end_us <= row[-1].end_us)
