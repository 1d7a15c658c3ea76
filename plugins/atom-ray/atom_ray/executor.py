"""``atom run --on ray://HOST:PORT``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from atom_core.executors import Job, StepResult
from atom_core.executors.elsewhere import run_elsewhere
from atom_core.executors.work import VideoDone, Work
from atom_ray.cluster import RayCluster, check_address, check_installed
from atom_ray.fleet import Fleet


class RayExecutor:
    """Has each node of a Ray cluster work on videos with one host."""

    def __init__(self, address: str) -> None:
        """
        :param address: ``HOST:PORT`` of the head; ``auto`` is the cluster that runs on this machine, empty one that
            is started for the run
        :raises SettingsError: if it is none, or Ray is not installed
        """
        check_installed()
        check_address(address)
        self._address = address

    def run(self, job: Job) -> Iterator[StepResult]:
        """The results, as they are made; the cluster is let go at the end.

        :raises SettingsError: if there is no such cluster, or a node cannot take part, naming it
        """
        with ExitStack() as opened:

            def send(work: Work, paths: Sequence[Path]) -> Iterator[bytes | VideoDone]:
                cluster = opened.enter_context(RayCluster(self._address, work))
                fleet = Fleet(cluster, paths, at_once=work.settings.workers)
                fleet.muster()
                return fleet.run()

            yield from run_elsewhere(job, send)
