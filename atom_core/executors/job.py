"""A pipeline over videos, as an executor is given it, and which executor it is given to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, cast

from attrs import field, frozen

from atom_core.errors import PluginError, SettingsError
from atom_core.host import Host
from atom_core.pipeline.graph import Pipeline
from atom_core.pipeline.journal import Journal
from atom_core.pipeline.run import StepResult
from atom_core.plugins import PluginSet
from atom_core.plugins.discovery import one_line

LOCAL = "local"
"""The executor that needs no plugin."""


@frozen(kw_only=True)
class Job:
    """A pipeline over videos."""

    pipeline: Pipeline
    """The steps; they fit together."""
    host: Host
    """The open host of whoever asks; its library is the one that is written."""
    paths: Sequence[Path] = field(repr=False)
    """The video files."""
    roots: Sequence[Path] = ()
    """The files and folders in which these were found, as the user named them."""
    journal: Journal | None = None
    """Where done work is noted, and found again; None is nowhere."""


class Executor(Protocol):
    """Runs a pipeline over videos, here or elsewhere. It is made once for a run, as ``Class(address)``.

    What is asked of every one: each record of each step gives one result, and each video that cannot be worked on one
    result of step ``open`` with its error; a failure never ends the run. What the journal has is not done again. The
    library of `Job.host` is written by one process. `atom_core.executors.elsewhere` does all that for executors that
    only have to bring paths to other machines, and what was made of them back.
    """

    def run(self, job: Job) -> Iterator[StepResult]:
        """The results, as they are made; who stops asking for them ends the run.

        :raises SettingsError: if the address is none, or what is there cannot do the job
        """


def chosen(plugins: PluginSet, option: str | None) -> Executor:
    """The executor that ``--on NAME`` or ``--on NAME://ADDRESS`` stands for; None is this machine.

    :raises SettingsError: if there is none of that name, naming those that there are
    :raises PluginError: if it cannot be loaded or made
    """
    name, _, address = (LOCAL if option is None else option).partition("://")
    offered = plugins.executors()
    if name not in offered:
        known = ", ".join(offered)
        raise SettingsError(f"--on {option}: there is no executor {name!r}; installed are {known}; name one of them")
    spec = offered[name]
    kind = plugins.load(spec)
    try:
        return cast(Executor, kind(address))
    except (SettingsError, PluginError):
        raise
    except Exception as error:
        failed = f"{plugins.owner(spec)} cannot be made: {one_line(error)}; run without --on"
        raise PluginError(failed, plugin=spec.plugin) from error
