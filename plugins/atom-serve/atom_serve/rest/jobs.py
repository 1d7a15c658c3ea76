"""Jobs: tasks over several records that go on while nobody waits, with their progress, and can be cancelled."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

import atom_core as atom
from atom_core.serving import Cancel, plain, record_of
from atom_serve.errors import said, status_of

if TYPE_CHECKING:
    from atom_serve.service import Service

State = Literal["waiting", "running", "done", "cancelled", "failed"]
MOST_ITEMS = 10_000
"""Records of one job."""
MOST_KEPT = 100
"""Jobs that are done and remembered, with their results; older ones are forgotten."""
MOST_RUNNING = 16
"""Jobs that are not done yet; more are turned away."""
_BEAT_S = 15.0
"""How often a silent stream of events says that it is alive."""


class Job:
    """A task over one record or several; results come in the records' order, one that fails fails alone."""

    def __init__(self, service: Service, task: str, items: list[Any], settings: object, *, is_list: bool) -> None:
        if len(items) > MOST_ITEMS:
            raise HTTPException(413, f"{len(items)} records, at most {MOST_ITEMS} are taken at once")
        self.id = secrets.token_urlsafe(9)
        self.task, self.is_list = task, is_list
        self.cancel = Cancel()
        self.state: State = "waiting"
        self.error: dict[str, Any] | None = None
        self.created_s = time.time()
        self._service, self._items, self._given = service, items, settings
        self._settings: dict[str, Any] = {}
        self._records: list[Any] = []
        self._changed = threading.Condition()
        self._events: list[tuple[str, Any]] = []
        self._part: tuple[int, int] | None = None
        self.num_done = 0

    def prepare(self) -> None:
        """Make records of what was sent.

        :raises AtomError: if something does not fit
        """
        host = self._service.host
        kind = host.plugins.load(host.plugins.task(self.task)).consumes
        record_of(kind)
        self._settings = self._service.given.settings(self.task, self._given)
        self._records = [self._service.given.record(item, kind) for item in self._items]

    def values(self) -> list[Any]:
        """The results of all records, as JSON values.

        :raises AtomError: the first record's error
        """
        host = self._service.host
        if len(self._records) == 1:
            return [plain(host.run(self.task, self._records[0], **self._settings))]
        return [plain(value) for value in host.collect(self.task, self._records, **self._settings)]

    def run(self) -> None:
        """Do it all; what comes of it is told by events, nothing is raised."""
        self._tell("running")
        try:
            self.prepare()
            self._work()
            self._tell("cancelled" if self.cancel.is_set() else "done")
        except atom.Cancelled:
            self._tell("cancelled")
        except Exception as error:
            self.error = {"message": said(error), "code": status_of(error)}
            self._tell("failed")

    def _work(self) -> None:
        host = self._service.host
        if len(self._records) == 1:  # whose progress is that of the task itself
            self._add(host.run(self.task, self._records[0], progress=self._progress, **self._settings), None)
            return
        with closing(host.map(self.task, self._records, **self._settings)) as outcomes:
            for outcome in outcomes:
                if self.cancel.is_set():
                    return
                self._add(outcome.value, outcome.error)

    def _progress(self, done: int, total: int) -> None:
        self._event("progress", {"done": done, "total": total})

    def _add(self, value: object, error: Exception | None) -> None:
        told: dict[str, Any] = {"index": self.num_done}
        if error is None:
            told["result"] = plain(value)
        else:
            told["error"] = {"message": said(error), "code": status_of(error)}
        self.num_done += 1
        self._event("result", told)
        self._event("progress", {"done": self.num_done, "total": len(self._items)})

    def _tell(self, state: State) -> None:
        self.state = state
        self._event(state, self.about())

    def _event(self, name: str, value: object) -> None:
        with self._changed:
            self._events.append((name, value))
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.state in ("done", "cancelled", "failed")

    def about(self) -> dict[str, Any]:
        """The job, as JSON values, without results."""
        about = {"id": self.id, "task": self.task, "state": self.state, "created": self.created_s}
        return about | {"done": self.num_done, "total": len(self._items), "error": self.error}

    def results(self) -> list[Any]:
        """What has come so far, in order."""
        with self._changed:
            return [value for name, value in self._events if name == "result"]

    async def events(self) -> AsyncIterator[tuple[str, Any] | None]:
        """What has happened and happens, from the start; None now and then where nothing does."""
        at, quiet_s = 0, 0.0
        while True:
            while at < len(self._events):
                yield self._events[at]
                at, quiet_s = at + 1, 0.0
            if self.is_over and at >= len(self._events):
                return
            await asyncio.sleep(0.05)
            quiet_s += 0.05
            if quiet_s >= _BEAT_S:
                quiet_s = 0.0
                yield None


def events(job: Job, *, cancels: bool = False) -> StreamingResponse:
    """The job's events as server-sent events.

    :param cancels: whether the job is cancelled when who listens goes away
    """

    async def lines() -> AsyncIterator[str]:
        try:
            async for event in job.events():
                yield ": alive\n\n" if event is None else f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n"
        finally:
            if cancels:
                job.cancel.set()

    return StreamingResponse(lines(), media_type="text/event-stream")


class Jobs:
    """The jobs of one server, by id."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        """Remember a job; forget the oldest of those that are over, where there are many.

        :raises HTTPException: 503, if too many are not done yet
        """
        if sum(not known.is_over for known in self._jobs.values()) >= MOST_RUNNING:
            raise HTTPException(503, f"{MOST_RUNNING} jobs are not done yet; try again later", {"retry-after": "30"})
        over = [known for known in self._jobs.values() if known.is_over]
        for known in over[: max(0, len(over) - MOST_KEPT + 1)]:
            del self._jobs[known.id]
        self._jobs[job.id] = job

    def find(self, name: str) -> Job:
        """
        :raises HTTPException: 404, if there is none
        """
        if name not in self._jobs:
            raise HTTPException(404, f"there is no job {name!r}; the last {MOST_KEPT} are remembered")
        return self._jobs[name]

    def all(self) -> list[Job]:
        """Every job that is remembered, the oldest first."""
        return list(self._jobs.values())


def routes(service: Service) -> list[Route]:
    """Start a job, look at it, follow it, cancel it."""
    from atom_serve.bodies import read_json
    from atom_serve.rest.tasks import asked

    jobs = service.jobs

    async def start(request: Request) -> JSONResponse:
        job = asked(service, await read_json(request))
        jobs.add(job)
        service.work.submit(job.run, job.cancel, interactive=False)
        return JSONResponse(job.about(), 202, {"location": f"/v1/jobs/{job.id}"})

    async def listed(_: Request) -> JSONResponse:
        return JSONResponse({"jobs": [job.about() for job in jobs.all()]})

    async def one(request: Request) -> JSONResponse:
        job = jobs.find(request.path_params["id"])
        return JSONResponse(job.about() | {"results": job.results()})

    async def follow(request: Request) -> StreamingResponse:
        return events(jobs.find(request.path_params["id"]))

    async def cancel(request: Request) -> JSONResponse:
        job = jobs.find(request.path_params["id"])
        job.cancel.set()
        return JSONResponse(job.about(), 202)

    return [
        Route("/v1/jobs", start, methods=["POST"]),
        Route("/v1/jobs", listed, methods=["GET"]),
        Route("/v1/jobs/{id}", one, methods=["GET"]),
        Route("/v1/jobs/{id}/events", follow, methods=["GET"]),
        Route("/v1/jobs/{id}", cancel, methods=["DELETE"]),
    ]
