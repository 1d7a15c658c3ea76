"""``/v1/models``, and which model a call means."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from atom_serve.service import Service


def names(service: Service) -> list[str]:
    """What the model is called, and what stands for it whatever it is."""
    return [str(service.host.settings.model), "atom"]


def check_model(service: Service, body: dict[str, Any]) -> None:
    """
    :raises HTTPException: 400 if a body names no model, 404 if another than is loaded
    """
    name = body.get("model")
    if not isinstance(name, str):
        raise HTTPException(400, f"model: expected a name, one of {', '.join(names(service))}")
    if name not in names(service):
        raise HTTPException(404, f"there is no model {name[:100]!r} here; there is {', '.join(names(service))}")


def routes(service: Service) -> list[Route]:
    """``/v1/models``."""

    def about(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": int(service.started_s), "owned_by": "atom"}

    def listed(_: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [about(name) for name in names(service)]})

    def one(request: Request) -> JSONResponse:
        name = request.path_params["name"]
        check_model(service, {"model": name})
        return JSONResponse(about(name))

    return [
        Route("/v1/models", listed, methods=["GET"]),
        Route("/v1/models/{name:path}", one, methods=["GET"]),
    ]
