"""The executor that every installation has: this machine, by the host of whoever asks."""

from __future__ import annotations

from collections.abc import Iterator

from atom_core.errors import SettingsError
from atom_core.executors.job import Job
from atom_core.pipeline.run import StepResult, run_pipeline


class LocalExecutor:
    """Runs a pipeline in this process."""

    def __init__(self, address: str) -> None:
        """
        :raises SettingsError: if there is an address: this machine has none
        """
        if address:
            raise SettingsError(f"--on local://{address}: this machine needs no address; write --on local, or nothing")

    def run(self, job: Job) -> Iterator[StepResult]:
        """The results, as they are made."""
        return run_pipeline(job.pipeline, job.host, job.paths, journal=job.journal)
