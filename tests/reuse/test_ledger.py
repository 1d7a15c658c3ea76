"""The ledger."""

import json
import threading
from pathlib import Path

from atom_core.reuse.ledger import COUNTS, Ledger


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
