"""What the server says of itself."""

from __future__ import annotations

import os
import time

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import atom_core
from atom_serve.service import Service


def routes(service: Service) -> list[Route]:
    """``/v1/status``."""

    def status(_: Request) -> JSONResponse:
        return JSONResponse(about(service))

    return [Route("/v1/status", status, methods=["GET"])]


def about(service: Service) -> dict[str, object]:
    """What the server is, as JSON values."""
    host = service.host
    return {
        "version": atom_core.__version__,
        "process": os.getpid(),
        "model": host.settings.model,
        "loaded": host.is_loaded,
        "library": str(host.settings.library),
        "token_file": None if service.token_file is None else str(service.token_file),
        "allowed": [str(folder) for folder in service.folders.allowed],
        "tasks": sorted(host.plugins.tasks),
        "running_s": round(time.time() - service.started_s, 3),
        "ledger": host.ledger.as_dict(),
    }
