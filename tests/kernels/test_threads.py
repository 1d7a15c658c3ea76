"""Processor threads, shared out."""

import contextlib
import gc
import os
import threading
from pathlib import Path

import pytest
import torch

from atom_core import open_host
from atom_core.hookspecs import Modules
from atom_core.host.modules.task_modules import Loans
from atom_core.kernels import threads as threads_module
from atom_core.kernels.threads import Threads, _openmp_pause, available_cores, matmul_seconds, rest
from atom_core.testing import wait_until

gnu_openmp = pytest.mark.skipif(_openmp_pause() is None, reason="torch works with another OpenMP here")


def helpers() -> set[int]:
    """Threads of this process that Python does not know."""
    known = {thread.native_id for thread in threading.enumerate()}
    return {task for task in map(int, os.listdir("/proc/self/task")) if task not in known}


def settled(wanted: int, before: set[int]) -> int:
    """Number of helpers that were not there before, once it is `wanted` or after a while; others may end meanwhile."""
    gc.collect()  # a video's threads end when it is collected
    with contextlib.suppress(AssertionError):
        wait_until(lambda: len(helpers() - before) == wanted)
    return len(helpers() - before)


def test_the_fastest_number_is_chosen_by_measurement() -> None:
    """One thread is used where it measures fastest, though there are more cores; not measured at each use."""
    measured = []

    def measure(num_threads: int) -> float:
        measured.append(num_threads)
        return float(num_threads)

    threads = Threads(measure=measure)
    for _ in range(3):
        with threads.share() as share:
            assert share == 1
            assert torch.get_num_threads() == 1
    assert measured == sorted(set(measured))
    assert measured[-1] == available_cores()


def test_fewer_threads_than_cores_are_doubted_soon(monkeypatch) -> None:
    """A machine that was busy for a moment is not used by halves from then on; a free one is rarely measured."""
    now, busy, measured = 0.0, True, []

    def measure(num_threads: int) -> float:
        measured.append(num_threads)
        return num_threads if busy else 1 / num_threads

    monkeypatch.setattr(threads_module.time, "monotonic", lambda: now)
    monkeypatch.setattr(threads_module, "available_cores", lambda: 2)
    threads, shares = Threads(measure=measure), []
    for now, busy in ((0.0, True), (1.0, False), (4.0, False), (30.0, True), (70.0, True)):  # noqa: B007
        with threads.share() as share:
            shares.append(share)
    assert shares == [1, 1, 2, 2, 1]
    assert len(measured) == 3 * 2
    torch.set_num_threads(1)


def test_a_given_number_is_shared_by_the_lanes_that_work() -> None:
    """One lane has all threads, two have half each, and it is all again afterwards."""
    threads = Threads(4, measure=lambda _: 1 / 0)
    inside, leave = threading.Event(), threading.Event()
    shares = []

    def other() -> None:
        with threads.share() as share:
            shares.append(share)
            inside.set()
            leave.wait(60)

    lane = threading.Thread(target=other)
    lane.start()
    assert inside.wait(60)
    with threads.share() as share:
        shares.append(share)
    leave.set()
    lane.join()
    with threads.share() as share:
        shares.append(share)
    assert shares == [4, 2, 4]
    torch.set_num_threads(1)


@pytest.mark.parametrize(("one_s", "several_s", "worth"), [(0.002, 0.004, 1), (0.004, 0.002, 4), (0.001, 0.05, 4)])
def test_short_work_is_done_by_one_thread_where_that_is_faster(monkeypatch, one_s, several_s, worth) -> None:
    """Work that comes again is tried both ways, what takes long is not; other work is not judged by it."""
    now, threads, shares = 0.0, Threads(measure=lambda num_threads: 1 / num_threads), []
    monkeypatch.setattr(threads_module, "available_cores", lambda: 4)
    monkeypatch.setattr(threads_module.time, "perf_counter", lambda: now)
    for _ in range(8):
        with threads.share("step") as share:
            shares.append(share)
            now += one_s if share == 1 else several_s
    assert shares[-2:] == [worth] * 2
    assert set(shares) == ({4} if several_s > 0.02 else {1, 4})
    for work in ("read", None):
        with threads.share(work) as share:
            assert share == 4
    torch.set_num_threads(1)


def test_a_given_number_is_used_as_given() -> None:
    """Who sets the number of threads gets it, however short the work."""
    threads = Threads(2)
    for _ in range(8):
        with threads.share("step") as share:
            assert share == 2
    torch.set_num_threads(1)


def test_a_share_is_never_nothing() -> None:
    """Many lanes on one thread still get one each."""
    threads = Threads(1)
    with threads.share() as one, threads.share() as two:
        assert (one, two) == (1, 1)


def test_the_measurement_is_of_real_work() -> None:
    """It takes time and sets the number of threads it is asked about."""
    assert matmul_seconds(1) > 0
    assert torch.get_num_threads() == 1


@gnu_openmp
def test_a_lane_that_rests_keeps_no_helpers() -> None:
    """A thread's helpers end at `rest` and come again with its next work, which gives the same."""
    found, results = [], []

    def lane() -> None:
        torch.set_num_threads(3)
        matrix = torch.arange(400.0 * 400).view(400, 400) / 400**2
        for _ in range(2):
            results.append(matrix @ matrix)
            found.append(settled(2, before))
            rest()
            found.append(settled(0, before))

    before = helpers()
    thread = threading.Thread(target=lane)
    thread.start()
    thread.join()
    torch.set_num_threads(1)
    assert found == [2, 0, 2, 0]
    assert torch.equal(*results)


@gnu_openmp
def test_lanes_with_nothing_to_do_keep_no_helpers(checkpoint: Path, clips: list, tmp_path: Path) -> None:
    """Helpers of a lane that waits would make every operation of the other one wake its own."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, threads=3) as host:
        decoder = host.decoder
        rest()
        gc.collect()
        before = helpers()
        features = host.encoder.encode(clips[0])
        assert settled(0, before) == 0
        decoder.generate([features, "What colour is it?"], max_new_tokens=2)
        assert settled(0, before) == 0
    torch.set_num_threads(1)


def test_work_beside_the_lanes_gets_no_helpers(checkpoint: Path, clips: list, tmp_path: Path, monkeypatch) -> None:
    """What a task's thread does for the encoder, and with features it is lent, is done by that thread alone; a lane
    rests after the last thing that it computes. Helpers that stay make each operation of the lanes wake their own."""
    found: dict[str, list[int]] = {"inputs": [], "clone": []}
    order: list[str] = []
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, threads=2) as host:
        family = host.encoder._family  # type: ignore[attr-defined]
        inputs, clone, isfinite = family.inputs, torch.Tensor.clone, torch.isfinite

        def noted(name: str, function):
            def call(*arguments):
                found[name].append(torch.get_num_threads())
                return function(*arguments)

            return call

        monkeypatch.setattr(family, "inputs", noted("inputs", inputs))
        monkeypatch.setattr(torch, "isfinite", lambda values: order.append("isfinite") or isfinite(values))
        monkeypatch.setattr("atom_core.encoder.encoder.rest", lambda: order.append("rest"))
        features = host.encoder.encode(clips[0])
        loans = Loans("task", Modules(encoder=host.encoder, decoder=host.decoder, model="m"), 0)
        monkeypatch.setattr(torch.Tensor, "clone", noted("clone", clone))
        torch.set_num_threads(2)
        loans.lend(features)
        monkeypatch.undo()
        assert torch.get_num_threads() == 2
    assert found == {"inputs": [1], "clone": [1] * (1 + len(features.extra))}
    assert order == ["isfinite", "rest"]
    torch.set_num_threads(1)
