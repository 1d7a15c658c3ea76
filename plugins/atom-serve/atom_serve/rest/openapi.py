"""``/openapi.json``: what can be called and what it looks like, made of the tasks and records that there are."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import atom_core
from atom_core.serving import schema_of
from atom_serve.service import Service

PLACE = "#/components/schemas/"
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"message": {"type": "string"}, "type": {"type": "string"}, "code": {"type": "integer"}},
        }
    },
}
_OTHERS: tuple[tuple[str, str, str], ...] = (
    ("/v1/status", "get", "What the server is, and what it has loaded"),
    ("/metrics", "get", "What was computed and reused, for Prometheus"),
    ("/v1/chat/completions", "post", "Chat about text, pictures and videos, as OpenAI's clients do"),
    ("/v1/embeddings", "post", "Texts as vectors, as OpenAI's clients ask for them"),
    ("/v1/models", "get", "Which model there is, as OpenAI's clients ask for it"),
    ("/v1/tasks", "get", "Every task, with its settings"),
    ("/v1/videos", "get", "The video at ?path="),
    ("/v1/clips", "get", "The clips of the video at ?path="),
    ("/v1/jobs", "get", "Every job that is remembered"),
    ("/v1/jobs", "post", "Start a job: {task, items, settings}"),
    ("/v1/jobs/{id}", "get", "A job, with the results so far"),
    ("/v1/jobs/{id}", "delete", "Cancel a job"),
    ("/v1/jobs/{id}/events", "get", "Follow a job: server-sent events running, progress, result, done"),
    ("/v1/files", "get", "The files that were sent"),
    ("/v1/files", "post", "Send a file: part 'file' of a form, or the body"),
    ("/v1/files/{id}", "get", "A file that was sent"),
    ("/v1/files/{id}/content", "get", "What was sent, or made: by ranges of bytes"),
    ("/v1/files/{id}", "delete", "Remove a file that was sent"),
)
"""Calls beside those of tasks: path, method, what it does."""


def routes(service: Service) -> list[Route]:
    """``/openapi.json``."""

    def described(_: Request) -> JSONResponse:
        return JSONResponse(document(service))

    return [Route("/openapi.json", described, methods=["GET"])]


def document(service: Service) -> dict[str, Any]:
    """The description, as OpenAPI 3.1."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    paths: dict[str, Any] = {}
    for path, method, summary in _OTHERS:
        paths.setdefault(path, {})[method] = _call(summary, path)
    for name in sorted(service.host.plugins.tasks):
        paths[f"/v1/tasks/{name}"] = _task(service, name, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Atom", "version": atom_core.__version__},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }


def _task(service: Service, name: str, schemas: dict[str, Any]) -> dict[str, Any]:
    from atom_serve.rest.tasks import about

    told, plugins = about(service, name), service.host.plugins
    kind = plugins.load(plugins.task(name))
    takes, gives = (schema_of(record, schemas, PLACE) for record in (kind.consumes, kind.produces))
    settings = {"type": "object", "properties": told["settings"], "additionalProperties": False}
    item = {"item": takes, "items": {"type": "array", "items": takes}, "settings": settings}
    result = {"result": gives, "results": {"type": "array", "items": gives}}
    body = {"type": "object", "properties": item, "additionalProperties": False}
    post = _call(told["summary"], f"/v1/tasks/{name}", {"type": "object", "properties": result})
    post["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return {"post": post, "get": _call(f"Tell of task {name}", "")}


def _call(summary: str, path: str, gives: dict[str, Any] | None = None) -> dict[str, Any]:
    answers = {
        "200": {"description": "done", "content": {"application/json": {"schema": gives or {}}}},
        "default": {
            "description": "why not, in one line",
            "content": {"application/json": {"schema": {"$ref": f"{PLACE}Error"}}},
        },
    }
    told: dict[str, Any] = {"summary": summary, "responses": answers}
    if "{id}" in path:
        told["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    if "?path=" in summary:
        told["parameters"] = [{"name": "path", "in": "query", "required": True, "schema": {"type": "string"}}]
    return told
