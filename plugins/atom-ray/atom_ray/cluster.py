"""A Ray cluster, as the fleet needs it. The only module that imports Ray, which it does when a run begins."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Hashable, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Self

import atom_core as atom
from atom_core.executors.work import Work
from atom_core.quiet import quiet
from atom_ray.fleet import WorkerDied

if TYPE_CHECKING:
    from ray.actor import ActorHandle

_REACH_S = 10.0
_CLOSE_S = 10.0
_STORE_BYTES = 128 * 2**20
"""Memory of the object store of a cluster of our own: paths and records are small."""


def check_installed() -> None:
    """
    :raises SettingsError: if Ray is not installed, with the command that does it
    """
    if find_spec("ray") is None:
        raise atom.SettingsError("--on ray needs Ray, which is not installed; python -m pip install 'atom-ray[ray]'")


def check_address(address: str) -> None:
    """
    :raises SettingsError: if it is no address of a cluster, or nobody listens there
    """
    host, _, port = address.rpartition(":")
    if address in ("", "auto"):
        return
    is_port = re.fullmatch(r"\d{1,5}", port, re.ASCII) and 0 < int(port) < 2**16
    if not is_port or not re.fullmatch(r"[\w.\-\[\]:]+", host):
        raise atom.SettingsError(
            f"--on ray://{address}: expected ray://HOST:PORT, as `ray start --head` says it, ray://auto for the cluster"
            " that runs on this machine, or ray alone to start one"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACH_S).close()
    except OSError as error:
        raise atom.SettingsError(
            f"no Ray cluster answers at {address}: {error.strerror or error}; start one: ray start --head"
        ) from None


class RayCluster:
    """The nodes of a Ray cluster, and the actors on them, one for each. A context manager; made for one run."""

    def __init__(self, address: str, work: Work) -> None:
        """
        :raises SettingsError: if there is no cluster at that address
        """
        self._address, self._work = address, work
        self._ray = _ray()
        self._resources: dict[str, dict[str, float]] = {}
        self._connect()
        self._remote = self._ray.remote(_worker_class())
        self._sent = self._ray.put(work)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ray.shutdown()

    def _connect(self) -> None:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "namespace": f"atom-{os.getpid()}"}
        if not self._address:
            options |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
            options["object_store_memory"] = _STORE_BYTES
        else:
            options["address"] = self._address
            if self._address != "auto":
                options["_node_ip_address"] = _own_address(self._address)
        try:
            self._ray.init(**options)
        except Exception as error:  # what it raises differs from case to case
            said = " ".join(str(error).split())
            where = f"ray://{self._address}" if self._address else "a cluster on this machine"
            raise atom.SettingsError(
                f"cannot work on {where}: {said[:300]}; make this machine a node of it: ray start --address=HOST:PORT"
            ) from error

    def nodes(self) -> dict[str, str]:
        """The nodes that can work now: those with processors."""
        found = {}
        for node in self._ray.nodes():
            if node["Alive"] and node["Resources"].get("CPU", 0) >= 1:
                found[node["NodeID"]] = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
                self._resources[node["NodeID"]] = node["Resources"]
        return found

    def start(self, node: str) -> tuple[ActorHandle[Any], Hashable]:
        """A new actor on a node, which takes its processors and, if it has any, a GPU."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        has = self._resources[node]
        actor = self._remote.options(
            num_cpus=int(has["CPU"]),
            num_gpus=min(1, int(has.get("GPU", 0))),
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=self._work.settings.workers + 1,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
        ).remote()
        return actor, actor.open.remote(self._sent)

    def ask(self, worker: Any, path: Path) -> Hashable:
        """Have an actor work on a video."""
        ticket: Hashable = worker.do.remote(path)
        return ticket

    def wait(self, tickets: Sequence[Hashable], seconds: float) -> list[Hashable]:
        """Those tickets of which something is known."""
        done, _ = self._ray.wait(list(tickets), num_returns=1, timeout=seconds)
        if done:  # and whatever else is there by now
            done, _ = self._ray.wait(list(tickets), num_returns=len(tickets), timeout=0)
        return list(done)

    def result(self, ticket: Hashable) -> bytes | str:
        """What was asked for.

        :raises WorkerDied: if the actor, or what it made, is gone
        """
        try:
            result: bytes | str = self._ray.get(ticket)
            return result
        except self._ray.exceptions.RayError as error:
            raise WorkerDied(_line(error)) from None

    def end(self, worker: Any) -> None:
        """End an actor, whatever it does."""
        with suppress(Exception):  # it may be gone, and the cluster, too
            self._ray.kill(worker, no_restart=True)

    def dismiss(self, workers: Sequence[Any]) -> None:
        """End actors that have nothing more to do; they may tidy up first."""
        with suppress(Exception):
            closed = [worker.close.remote() for worker in workers]
            self._ray.wait(closed, num_returns=len(closed), timeout=_CLOSE_S)
        for worker in workers:
            self.end(worker)


def _ray() -> ModuleType:
    quiet()
    ray = import_module("ray")

    def tell(data: dict[str, Any], ignore_prefix: bool) -> None:
        del ignore_prefix
        logging.getLogger("atom").info("ray: %s", " ".join(data["lines"]))

    with suppress(AttributeError):  # else what Ray has to say of workers that die goes to standard output
        ray._private.worker.print_to_stdstream = tell
    return ray


def _own_address(address: str) -> str:
    """The address by which this machine reaches another; Ray would look for the way to a public server."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), _REACH_S) as way:
        return str(way.getsockname()[0])


def _worker_class() -> type:
    from atom_ray.worker import Worker

    return Worker


def _line(error: BaseException) -> str:
    """What Ray says, in one line: the last one of a trace, else the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return (told[-1] if told else lines[0] if lines else type(error).__name__)[:300]
