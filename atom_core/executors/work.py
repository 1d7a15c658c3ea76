"""What is sent to other machines, and what comes back; both can be pickled."""

from __future__ import annotations

import inspect
import pickle
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import evolve, field, frozen

from atom_core.errors import AtomError, TaskError
from atom_core.executors.job import Job
from atom_core.host.guest import settled
from atom_core.pipeline.graph import Link, Pipeline
from atom_core.pipeline.run import StepResult
from atom_core.plugins import PluginSet
from atom_core.plugins.discovery import core_version, one_line
from atom_core.records import Video
from atom_core.settings import Settings
from atom_core.specs import TaskSpec


@frozen(kw_only=True)
class Work:
    """What is done with each video, wherever that is."""

    pipeline: Pipeline
    """The steps that are done for each video."""
    settings: Settings
    """The settings in force; folders in them are absolute."""
    variables: Mapping[str, str] = field(factory=dict, repr=False)
    """Variables that set something of tasks and modules."""
    versions: Mapping[str, str] = field(factory=dict)
    """Versions of Python, Atom, and each distribution with a plugin that is loaded."""
    roots: tuple[Path, ...] = ()
    """Files and folders that must be there."""
    model: str = ""
    """The content of the model; empty where no step uses one."""

    @classmethod
    def of(cls, job: Job, links: Iterable[Link]) -> Work:
        """What of a job is done for each video.

        :raises ModelError: if the model is not known on this machine
        """
        links, host = tuple(links), job.host
        model = content_of(host.model) if any(_uses_model(link, host.plugins) for link in links) else ""
        return cls(
            pipeline=Pipeline(steps=tuple(link.step for link in links)),
            settings=settled(host.settings),
            variables=host.variables(),
            versions=versions(host.plugins),
            roots=tuple(path.absolute() for path in job.roots),
            model=model,
        )


def versions(plugins: PluginSet) -> dict[str, str]:
    """What must be alike on all machines: what decides what a step makes of a video."""
    found = {info.distribution: info.version for info in plugins.infos if info.state == "loaded" and not info.builtin}
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, "atom-core": core_version(), **found}


def content_of(model: str) -> str:
    """What tells models apart; the name before ``@`` is for people."""
    return model.rpartition("@")[2]


def _uses_model(link: Link, plugins: PluginSet) -> bool:
    kind = plugins.load(plugins.find(TaskSpec, link.step.task))
    return bool({"encoder", "decoder", "library", "host"} & inspect.signature(kind.run).parameters.keys())


@frozen(kw_only=True)
class VideoDone:
    """What became of one video."""

    path: Path
    """The file, as it was sent."""
    results: tuple[StepResult, ...] = field(repr=False)
    """A result for each record of each step."""
    video: Video | None = None
    """What the file is; None if that is not known."""
    size_bytes: int = -1
    """Its size as it was worked on."""
    mtime_ns: int = -1
    """When it was last written, as it was worked on."""
    parcel: object = field(default=None, repr=False)
    """What the steps put into the library; None if nothing."""
    counts: Mapping[str, Mapping[str, int]] = field(factory=dict, repr=False)
    """What was computed and reused since the last report, as `Ledger.count` takes it."""
    remarks: tuple[str, ...] = field(default=(), repr=False)
    """What the user is to be told once."""

    @classmethod
    def failed(cls, path: Path, error: AtomError) -> VideoDone:
        """A video of which nothing could be made."""
        return cls(path=path, results=(StepResult(step="open", path=path, item=path, error=error),))

    def dumps(self) -> bytes:
        """The value as bytes; a record that cannot be sent is a failure of its step."""
        try:
            return pickle.dumps(self)
        except Exception:  # records of plugins, whatever is in them
            return pickle.dumps(evolve(self, results=tuple(map(_sendable, self.results))))

    @classmethod
    def loads(cls, data: bytes) -> VideoDone:
        """The value that `dumps` made bytes of, on a machine that this run itself sent work to."""
        done = pickle.loads(data)
        assert isinstance(done, cls)
        return done


def _sendable(result: StepResult) -> StepResult:
    try:
        pickle.dumps(result)
    except Exception as error:
        failed = f"what step {result.step!r} made cannot be sent to another machine: {one_line(error)}"
        return StepResult(step=result.step, path=result.path, item=result.path, error=TaskError(failed))
    return result


def parted(links: Sequence[Link]) -> tuple[list[Link], list[Link]]:
    """The steps that are done for each video, and those that are done once, with all of them."""
    once: dict[str, Link] = {}
    for link in links:
        if link.source in once or (link.source is None and link.is_once):
            once[link.step.name] = link
    return [link for link in links if link.step.name not in once], list(once.values())
