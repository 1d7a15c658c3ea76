"""Every task by its name: ``/v1/tasks``."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from atom_core.serving import field_docs, plain, schema_of, type_hints
from atom_serve.bodies import only, read_json
from atom_serve.rest.jobs import Job, events
from atom_serve.service import Service


def routes(service: Service) -> list[Route]:
    """List tasks, tell of one, run one; videos and their clips, which tasks take."""

    async def listed(_: Request) -> JSONResponse:
        return JSONResponse({"tasks": [about(service, name) for name in sorted(service.host.plugins.tasks)]})

    async def one(request: Request) -> JSONResponse:
        name = request.path_params["name"]
        found: dict[str, Any] = {}
        told = about(service, name) | {"takes": _kind(service, name, "consumes", found)}
        return JSONResponse(told | {"gives": _kind(service, name, "produces", found), "$defs": found})

    async def run(request: Request) -> Response:
        name = request.path_params["name"]
        job = asked(service, {**await read_json(request), "task": name})
        if "text/event-stream" in request.headers.get("accept", ""):
            service.work.submit(job.run, job.cancel)
            return events(job, cancels=True)
        await service.work.do(request, job.prepare)
        results = await service.work.do(request, job.values)
        return JSONResponse({"results": results} if job.is_list else {"result": results[0]})

    async def video(request: Request) -> JSONResponse:
        name = request.query_params.get("path", "")
        return JSONResponse(plain(await service.work.do(request, lambda: service.given.video(name))))

    async def clips(request: Request) -> JSONResponse:
        name = request.query_params.get("path", "")
        found = await service.work.do(request, lambda: service.host.clips(service.given.video(name)))
        return JSONResponse({"clips": plain(tuple(found))})

    return [
        Route("/v1/tasks", listed, methods=["GET"]),
        Route("/v1/tasks/{name}", one, methods=["GET"]),
        Route("/v1/tasks/{name}", run, methods=["POST"]),
        Route("/v1/videos", video, methods=["GET"]),
        Route("/v1/clips", clips, methods=["GET"]),
    ]


def asked(service: Service, body: dict[str, Any]) -> Job:
    """The job that a body asks for; nothing is looked at but its form.

    :raises PluginError: if there is no such task
    :raises HTTPException: 400, if the body is not of that form
    """
    only(body, "task", "item", "items", "settings")
    name, items = str(body.get("task", "")), body.get("items")
    service.host.plugins.task(name)
    if ("item" in body) == ("items" in body) or ("items" in body and not isinstance(items, list)):
        raise HTTPException(400, "give one record as 'item', or a list of them as 'items'")
    values = items if isinstance(items, list) else [body["item"]]
    return Job(service, name, values, body.get("settings", {}), is_list="items" in body)


def about(service: Service, name: str) -> dict[str, Any]:
    """A task, as JSON values.

    :raises PluginError: if there is no such task, or it cannot be imported
    """
    plugins = service.host.plugins
    spec = plugins.task(name)
    kind = getattr(plugins.load(spec), "Settings", None)
    settings: dict[str, Any] = {}
    if kind is not None:
        docs, values = field_docs(kind), kind()
        for field, hint in type_hints(kind).items():
            default = plain(getattr(values, field, None))
            fits = isinstance(default, (str, int, float, bool, list, dict, type(None)))
            settings[field] = {**schema_of(hint), "description": docs.get(field, "")}
            if fits:
                settings[field]["default"] = default
    return {"name": name, "summary": spec.summary, "plugin": spec.plugin, "settings": settings}


def _kind(service: Service, name: str, which: str, found: dict[str, Any]) -> dict[str, Any]:
    plugins = service.host.plugins
    return schema_of(getattr(plugins.load(plugins.task(name)), which), found)
