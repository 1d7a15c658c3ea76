"""Errors as status codes, with the one line that commands say."""

from __future__ import annotations

import logging
import os

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

import atom_core as atom
from atom_core.exhausted import exhausted
from atom_serve.access.folders import Missing, NoName, Refused

log = logging.getLogger("atom")

CODES: tuple[tuple[type[Exception], int], ...] = (
    (NoName, 400),
    (Refused, 403),
    (atom.SettingsError, 400),
    (FileNotFoundError, 404),
    (Missing, 404),
    (atom.MediaError, 422),
    (atom.TaskError, 500),
    (atom.ModelError, 503),
    (atom.LibraryError, 409),
    (atom.PluginError, 404),  # there is no task, module or format of that name
    (atom.Cancelled, 499),
)
"""The status of each error; the first that fits."""


def failure(status: int, message: str, *, kind: str = "") -> JSONResponse:
    """An error in the form that OpenAI's clients read."""
    kind = kind or ("invalid_request_error" if status < 500 else "server_error")
    return JSONResponse({"error": {"message": message, "type": kind, "code": status, "param": None}}, status)


def status_of(error: BaseException) -> int:
    """The status that programs go by."""
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, atom.MediaError) and error.path is not None and not os.path.exists(error.path):
        return 404
    return next((status for kind, status in CODES if isinstance(error, kind)), 503 if exhausted(error) else 500)


def said(error: BaseException) -> str:
    """What happened, in one line: what commands say."""
    if isinstance(error, HTTPException):
        return str(error.detail)
    if isinstance(error, atom.AtomError):
        return " ".join(str(error).split())
    return exhausted(error) or f"{type(error).__name__}: {error}; this is no fault of yours"


def answer_for(error: Exception) -> JSONResponse:
    """The answer that tells of `error`."""
    status = status_of(error)
    if not isinstance(error, (HTTPException, atom.AtomError)):
        log.error("a request failed: %s: %s", type(error).__name__, error, exc_info=error)
    answer = failure(status, said(error), kind=type(error).__name__ if isinstance(error, atom.AtomError) else "")
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


async def handle(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler of exceptions; of calls that there are not, it says no more than that by itself."""
    if isinstance(error, HTTPException) and error.detail in ("Not Found", "Method Not Allowed"):
        said = f"there is no {request.method} {request.url.path[:200]} here; GET /openapi.json tells all that there is"
        error = HTTPException(error.status_code, said, error.headers)
    return answer_for(error)
