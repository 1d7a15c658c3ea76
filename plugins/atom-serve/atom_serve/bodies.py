"""What callers send: never more in memory than a bound, and no longer than one may take to send it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

MOST_JSON_BYTES = 16 * 2**20
"""Largest body with JSON; pictures within it count."""
PATIENCE_S = 20.0
"""Longest wait for the next piece of a body, seconds."""
DEEPEST = 100
"""Lists and objects within each other."""


async def pieces(request: Request, most_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes.

    :raises HTTPException: 413 if it is larger than `most_bytes`, before more of it is read; 408 if it does not come
    """
    close = {"connection": "close"}  # what is still sent is not read
    too_large = HTTPException(413, f"the body is larger than the {most_bytes:,} bytes that are taken", close)
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > most_bytes:
        raise too_large
    taken, stream = 0, request.stream()
    while True:
        try:
            async with asyncio.timeout(PATIENCE_S):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except ClientDisconnect:
            raise HTTPException(400, "the body was cut off") from None
        except TimeoutError:
            raise HTTPException(408, f"no more of the body came for {PATIENCE_S:g} s", close) from None
        taken += len(piece)
        if taken > most_bytes:
            raise too_large
        if piece:
            yield piece


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object that a caller sent.

    :raises HTTPException: 400 if it is none; 413 and 408 as `pieces`
    """
    body = b"".join([piece async for piece in pieces(request, MOST_JSON_BYTES)])
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise HTTPException(400, f"expected a JSON object, got {type(value).__name__}")
    if _deep(value):
        raise HTTPException(400, f"the JSON is nested more than {DEEPEST} deep")
    return value


def only(value: dict[str, Any], *names: str) -> None:
    """
    :raises HTTPException: 400, if there are other keys than `names`, naming them
    """
    for key in value:
        if key not in names:
            raise HTTPException(400, f"there is no {key!r}; it takes {', '.join(names)}")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _deep(value: object) -> bool:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [
            part
            for each in level
            if isinstance(each, (dict, list))
            for part in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True
