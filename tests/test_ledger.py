"""The ledger."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from atom_core import ledger as ledger_module
from atom_core.ledger import COUNTS, Ledger


def test_counts_from_all_threads_add_up() -> None:
    """Requested, computed and reused are each the sum of what threads told."""
    ledger = Ledger()

    def work() -> None:
        for _ in range(500):
            ledger.count("prefill_tokens", requested=3, computed=2, reused=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.as_dict()["prefill_tokens"] == {"requested": 6000, "computed": 4000, "reused": 2000}


def test_everything_is_json_and_every_count_is_there() -> None:
    """The file of ``--stats`` has each count, seconds and peak memory in bytes."""
    ledger = Ledger()
    with ledger.lane("decode", "step", rows=2):
        pass
    ledger.batch("decode", 2)
    ledger.task("caption", 0.0, 0.5, failed=True)
    data = json.loads(json.dumps(ledger.as_dict()))
    assert all(set(data[name]) == {"requested", "computed", "reused"} for name in COUNTS)
    assert data["peak_memory_bytes"] > 10**6
    assert data["batches"] == {"decode": {"2": 1}}
    assert data["tasks"]["caption"] == {"runs": 1, "seconds": 0.5, "failed": 1}
    assert data["lanes"]["decode"]["seconds"] >= 0
    assert all(name in ledger.table() for name in COUNTS)


def test_the_table_tells_lanes_and_batches() -> None:
    """Seconds of each lane and how many requests it worked on at once, in the mean; nothing of lanes that rested."""
    ledger = Ledger()
    assert "lanes" not in ledger.table()
    assert "at once" not in ledger.table()
    with ledger.lane("decode"):
        pass
    for size in (1, 8, 8, 8):
        ledger.batch("decode", size)
    lines = ledger.table().splitlines()
    assert "lanes           decode 0.0 s" in lines
    assert "at once, mean   decode 6.2" in lines


def test_the_trace_is_in_the_trace_event_format(tmp_path: Path) -> None:
    """Each event names its lane's thread, starts and lasts in microseconds."""
    ledger = Ledger()
    with ledger.lane("encode", "clip", video="a.mp4"):
        pass
    ledger.write_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    [name, event] = events
    assert name["args"]["name"] == "encode"
    assert event["tid"] == name["tid"]
    assert event["ph"] == "X"
    assert event["args"] == {"video": "a.mp4"}
    assert isinstance(event["dur"], int)


def test_events_of_one_row_of_the_trace_follow_each_other_or_nest(tmp_path: Path) -> None:
    """What threads do in a lane at once has a row each; what one does within another piece of work lies in its row."""
    ledger = Ledger()
    overlap = threading.Barrier(2, timeout=60)

    def work() -> None:
        with ledger.lane("read", "outer"):
            overlap.wait()
            with ledger.lane("read", "inner"):
                overlap.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ledger.lane("read", "after"):
        pass
    ledger.write_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    names = {event["tid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    works = [event for event in events if event["ph"] == "X"]
    assert [event["ts"] for event in works] == sorted(event["ts"] for event in works)
    rows = [(names[event["tid"]], event["name"]) for event in works]
    assert sorted(rows) == [
        ("read", "after"),
        ("read", "inner"),
        ("read", "outer"),
        ("read 2", "inner"),
        ("read 2", "outer"),
    ]
    for tid in names:
        open_until = []
        for event in (event for event in works if event["tid"] == tid):
            open_until = [end for end in open_until if end > event["ts"]]
            assert all(event["ts"] + event["dur"] <= end for end in open_until)
            open_until.append(event["ts"] + event["dur"])


def test_a_long_run_keeps_its_latest_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a trace shows is bounded, as memory is; counts and seconds are of all."""
    monkeypatch.setattr(ledger_module, "_MAX_EVENTS", 3)
    ledger = Ledger()
    for number in range(5):
        ledger.task(f"task {number}", 0.0, 1.0, failed=False)
    assert [event.name for event in ledger._events] == ["task 2", "task 3", "task 4"]
    assert len(ledger.as_dict()["tasks"]) == 5


class Clock:
    """What time it is."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def perf_counter(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The ledger's clock, which stands still."""
    clock = Clock()
    monkeypatch.setattr(ledger_module, "time", clock)
    return clock


def test_nothing_is_counted_that_nobody_told() -> None:
    """What is not said is none."""
    ledger = Ledger()
    ledger.count("loads")
    ledger.count("loads", requested=3, computed=2)
    ledger.count("loads", reused=1)
    ledger.module("embedder")
    ledger.module("embedder", requested=2)
    ledger.module("embedder", computed=1, reused=4)
    data = ledger.as_dict()
    assert data["loads"] == {"requested": 3, "computed": 2, "reused": 1}
    assert data["modules"] == {"embedder": {"requested": 2, "computed": 1, "reused": 4}}
    assert [sum(data[name].values()) for name in COUNTS[1:]] == [0] * 5


def test_the_whole_table(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts first, loads of shared modules after those of the tasks; columns stand under each other."""
    monkeypatch.setattr(ledger_module, "peak_memory_bytes", lambda: 3 * 2**20)
    ledger = Ledger()
    ledger.count("loads", requested=1234567)
    ledger.module("a-module-of-a-plugin", reused=7)
    with ledger.lane("encode"):
        clock.now_s += 2.25
    ledger.batch("encode", 2)
    ledger.batch("encode", 5)
    columns, none = "   requested    computed      reused", "           0           0           0"
    assert ledger.table().splitlines() == [
        f"{'':31}{columns}",
        f"{'loads':31}     1234567           0           0",
        f"{'loads of a-module-of-a-plugin':31}           0           0           7",
        *(f"{name:31}{none}" for name in COUNTS[1:]),
        f"{'lanes':31}encode 2.2 s",
        f"{'at once, mean':31}encode 3.5",
        "2.2 s, peak memory 3 MiB",
    ]
    assert Ledger().table().splitlines()[:2] == [f"{'':16}{columns}", f"{'loads':16}{none}"]


def test_times_are_told_to_the_microsecond(clock: Clock, tmp_path: Path) -> None:
    """From the ledger's beginning, of lanes and tasks; in a trace each row has a number, all are of one process."""
    ledger = Ledger()
    clock.now_s += 1.5
    with ledger.lane("read", "clip"):
        clock.now_s += 0.2500004
    ledger.task("caption", 101.5, 0.1234564, failed=False)
    data = ledger.as_dict()
    assert (data["seconds"], data["lanes"]["read"]["seconds"]) == (1.75, 0.25)
    assert data["tasks"]["caption"] == {"runs": 1, "seconds": 0.123456, "failed": 0}
    ledger.write_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert [(event["ph"], event["pid"], event["tid"]) for event in events] == [
        ("M", 1, 1), ("M", 1, 2), ("X", 1, 1), ("X", 1, 2)
    ]  # fmt: skip
    assert [(event["name"], event["ts"], event["dur"]) for event in events[2:]] == [
        ("clip", 1_500_000, 250_000),
        ("caption", 1_500_000, 123_456),
    ]


def test_what_ends_as_another_begins_leaves_it_the_row(clock: Clock, tmp_path: Path) -> None:
    """Of any thread; and what ends with the work that it is part of lies in its row."""
    ledger = Ledger()

    def other(seconds: float) -> None:
        with ledger.lane("read", "other"):
            clock.now_s += seconds

    with ledger.lane("read", "first"):
        clock.now_s += 1
        with ledger.lane("read", "inner"):
            clock.now_s += 1
    thread = threading.Thread(target=other, args=(1,))
    thread.start()
    thread.join()
    ledger.write_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert [(event["name"], event["tid"]) for event in events[1:]] == [("first", 1), ("inner", 1), ("other", 1)]


def test_where_the_peak_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the kernel's table in KiB; elsewhere from `getrusage`, in KiB or, on macOS, in bytes."""
    import resource
    from types import SimpleNamespace

    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "Name:\tx\nVmHWM:\t    1234 kB\nVmRSS:\t 5 kB\n")
    assert ledger_module.peak_memory_bytes() == 1234 * 1024
    monkeypatch.setattr(resource, "getrusage", lambda _: SimpleNamespace(ru_maxrss=4096))
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "Name:\tx\n")
    for platform, peak_bytes in (("freebsd14", 4096 * 1024), ("darwin", 4096)):
        monkeypatch.setattr(sys, "platform", platform)
        assert ledger_module.peak_memory_bytes() == peak_bytes


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a process's own peak")
def test_peak_memory_is_that_of_this_process():
    """Not that of a larger one that started it, which the system passes on."""
    held = bytearray(400 * 2**20)
    held[:: 2**12] = bytes(len(held[:: 2**12])).replace(b"\0", b"\1")
    code = "from atom_core.ledger import peak_memory_bytes; print(peak_memory_bytes())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(told) < 200 * 2**20 < len(held)
