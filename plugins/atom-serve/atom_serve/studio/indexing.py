"""Folders added to the library from the page: the command ``index``, as a job with its progress."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import atom_core as atom
from atom_core.text.printable import printable
from atom_serve.bodies import only, read_json
from atom_serve.errors import said
from atom_serve.rest.jobs import Job

if TYPE_CHECKING:
    from atom_serve.service import Service

MOST_FOLDERS = 500
"""Folders that are offered."""


class IndexJob(Job):
    """``atom index FOLDER``; each video is a result, or an error, as it is done."""

    def __init__(self, service: Service, folder: Path) -> None:
        super().__init__(service, "index", [str(folder)], {}, is_list=False)
        self._host = service.host

    def prepare(self) -> None:
        """Nothing is left to be read."""

    def _work(self) -> None:
        plugins = self._host.plugins
        spec = plugins.commands().get("index")
        if spec is None:
            raise atom.PluginError("no installed plugin indexes; install atom-indexing")
        command, parser = plugins.load(spec)(), argparse.ArgumentParser(exit_on_error=False)
        command.add_arguments(parser)
        command.run(_Context(self, self._host, parser.parse_args(["--", *self._items])))

    def begin(self, label: str, total: int) -> None:
        """A part of the work begins."""
        self._event("progress", {"done": 0, "total": total, "label": label})

    def advance(self, label: str, done: int, total: int) -> None:
        """Some of that part is done.

        :raises Cancelled: if the rest is not wanted
        """
        if self.cancel.is_set():
            raise atom.Cancelled("the job was cancelled")
        self._event("progress", {"done": done, "total": total, "label": label})

    def add(self, text: str, value: object = None, error: object = None) -> None:
        """One video is done, or cannot be; or a remark."""
        told: dict[str, Any] = {"index": self.num_done, "text": printable(text)}
        told |= {"error": {"message": printable(str(error)), "code": 422}} if error is not None else {"result": value}
        self.num_done += value is not None or error is not None
        self._event("result", told)


class _Context:
    """What the command is lent: results, failures and progress become events of the job."""

    def __init__(self, job: IndexJob, host: atom.Host, args: argparse.Namespace) -> None:
        self._job, self._host = job, host
        self.args, self.settings = args, host.settings

    def host(self) -> atom.Host:
        """The server's host."""
        return self._host

    def videos(self, paths: Sequence[str]) -> list[atom.Video]:
        """The videos in the folders; unreadable ones are told and left out."""
        from atom_core.media.probe import find_videos

        files, unusable = find_videos(paths)
        for path, error in unusable:
            self.fail(str(path), error)
        videos: list[atom.Video] = []
        with self.progress("Reading videos", len(files)) as progress:
            for file in files:
                try:
                    videos.append(evolve(self._host.video(file), path=file))
                except atom.MediaError as error:
                    self.fail(str(file), error)
                progress.advance()
        return videos

    def emit(self, value: object, text: str) -> None:
        """A video is done."""
        self._job.add(text, value)

    def note(self, text: str) -> None:
        """A remark."""
        self._job.add(text)

    def fail(self, what: str, error: BaseException | str) -> None:
        """A video cannot be indexed; what stands in the way of all is raised."""
        if isinstance(error, (atom.SettingsError, atom.ModelError, atom.LibraryError, atom.Cancelled)):
            raise error
        text = said(error) if isinstance(error, BaseException) else error
        self._job.add(f"{what}: {text}", error=text)

    def progress(self, label: str, total: int) -> _Bar:
        """Progress of a part of the work."""
        return _Bar(self._job, label, total)


class _Bar:
    """Progress, as events."""

    def __init__(self, job: IndexJob, label: str, total: int) -> None:
        self._job, self._label, self._total, self._done = job, label, total, 0

    def __enter__(self) -> Self:
        self._job.begin(self._label, self._total)
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def advance(self, steps: int = 1) -> None:
        """Some more is done."""
        self._done += steps
        self._job.advance(self._label, self._done, self._total)


def routes(service: Service) -> list[Route]:
    """The folders that may be indexed; index one."""

    async def offered(request: Request) -> JSONResponse:
        return JSONResponse({"folders": await service.work.do(request, lambda: folders(service))})

    async def start(request: Request) -> JSONResponse:
        body = await read_json(request)
        only(body, "folder")
        if not isinstance(body.get("folder"), str):
            raise HTTPException(400, "name a 'folder'")
        folder = service.folders.file(body["folder"])
        job = IndexJob(service, folder)
        service.jobs.add(job)
        service.work.submit(job.run, job.cancel, interactive=False)
        return JSONResponse(job.about(), 202, {"location": f"/v1/jobs/{job.id}"})

    return [
        Route("/studio/folders", offered, methods=["GET"]),
        Route("/studio/index", start, methods=["POST"]),
    ]


def folders(service: Service) -> list[str]:
    """The allowed folders and those directly in them."""
    found: list[str] = []
    for allowed in service.folders.allowed:
        found.append(str(allowed))
        with os.scandir(allowed) as entries:
            below = sorted(entry.path for entry in entries if entry.is_dir() and not entry.name.startswith("."))
        found += [path for path in below if _is_text(path)]
    return found[:MOST_FOLDERS]


def _is_text(path: str) -> bool:
    """Whether a name can be sent as JSON."""
    return printable(path) == path
