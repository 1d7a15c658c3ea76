"""Errors as status codes, with the one line that commands say."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

import atom_core as atom
from atom_core.exhausted import exhausted
from atom_serve.folders import Refused

log = logging.getLogger("atom")

CODES: tuple[tuple[type[Exception], int], ...] = (
    (Refused, 403),
    (atom.SettingsError, 400),
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


def answer_for(error: Exception) -> JSONResponse:
    """The answer that tells of `error`: one line, and the status that programs go by."""
    if isinstance(error, HTTPException):
        answer = failure(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer
    for kind, status in CODES:
        if isinstance(error, kind):
            if isinstance(error, atom.MediaError) and "is not there" in str(error):
                status = 404
            return failure(status, " ".join(str(error).split()), kind=type(error).__name__)
    log.error("a request failed: %s: %s", type(error).__name__, error, exc_info=error)
    why = exhausted(error)
    return failure(503 if why else 500, why or f"{type(error).__name__}: {error}; this is no fault of yours")


async def handle(_: Request, error: Exception) -> JSONResponse:
    """Starlette's handler of exceptions."""
    return answer_for(error)
