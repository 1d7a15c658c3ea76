"""``/v1/chat/completions``."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

import atom_core as atom
from atom_core.serving import Cancel
from atom_serve.bodies import read_json
from atom_serve.errors import said, status_of
from atom_serve.openai.content import prompt_of
from atom_serve.openai.models import check_model
from atom_serve.service import Service

MOST_TOKENS = 1024
"""Longest answer where no length is asked for, tokens."""
_NOT_DONE = ("tools", "functions", "logprobs", "audio", "modalities", "prediction", "web_search_options")
"""What cannot be asked for; other fields that are not known change nothing."""


def routes(service: Service) -> list[Route]:
    """``/v1/chat/completions``."""

    async def complete(request: Request) -> Response:
        body = await read_json(request)
        options = _options(body)
        check_model(service, body)
        head = {"id": f"chatcmpl-{secrets.token_urlsafe(12)}", "created": int(time.time()), "model": body["model"]}
        messages = body.get("messages")
        if body.get("stream"):
            # what is wrong with the request is a status, before anything is streamed
            parts = await service.work.do(request, lambda: _fitting(service, messages, options))
            usage = bool((body.get("stream_options") or {}).get("include_usage"))
            lines = _streamed(service, parts, options, head, usage=usage)
            return StreamingResponse(lines, media_type="text/event-stream")
        return JSONResponse(await service.work.do(request, lambda: _completed(service, messages, options, head)))

    return [Route("/v1/chat/completions", complete, methods=["POST"])]


def _options(body: dict[str, Any]) -> dict[str, Any]:
    """What the decoder is told.

    :raises SettingsError: for what is out of range or cannot be done
    """
    for name in _NOT_DONE:
        if body.get(name):
            raise atom.SettingsError(f"{name} cannot be done here; leave it out")
    if body.get("n", 1) not in (1, None):
        raise atom.SettingsError(f"n: one answer is given, got {body['n']!r}")
    if (body.get("response_format") or {"type": "text"}) != {"type": "text"}:
        raise atom.SettingsError("response_format: text is given; leave it out")
    given = [body[name] for name in ("max_completion_tokens", "max_tokens") if body.get(name) is not None]
    most = given[0] if given else None
    if most is None:
        pass
    elif not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= 100_000:
        raise atom.SettingsError(f"max_tokens: expected a whole number from 1, got {most!r}")
    temperature = 0.0 if body.get("temperature") is None else body["temperature"]
    if not isinstance(temperature, (int, float)) or isinstance(temperature, bool) or not 0 <= temperature <= 2:
        raise atom.SettingsError(f"temperature: expected a number from 0 to 2, got {temperature!r}")
    stop = body.get("stop") or []
    stop = [stop] if isinstance(stop, str) else stop
    if not isinstance(stop, list) or not all(isinstance(text, str) and text for text in stop) or len(stop) > 16:
        raise atom.SettingsError("stop: expected a text, or up to 16 of them")
    return {"max_new_tokens": most, "temperature": float(temperature), "stop": tuple(stop)}


def _completed(service: Service, messages: object, options: dict[str, Any], head: dict[str, Any]) -> dict[str, Any]:
    parts = _fitting(service, messages, options)
    text = service.host.decoder.generate(parts, **options)
    message = {"role": "assistant", "content": str(text).strip(), "refusal": None}
    reason = "length" if text.cut else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
    usage = _usage(service, parts, text.num_tokens)
    return {**head, "object": "chat.completion", "choices": [choice], "usage": usage}


def _fitting(service: Service, messages: object, options: dict[str, Any]) -> Any:
    """The prompt; where no length is asked for, as much answer as the model's context leaves room for.

    :raises SettingsError: if it does not fit
    """
    parts = prompt_of(service, messages)
    decoder, most = service.host.decoder, options["max_new_tokens"]
    count, context = getattr(decoder, "num_tokens", None), getattr(decoder, "context_tokens", None)
    if count is None or context is None:  # one that a plugin brought
        options["max_new_tokens"] = most or MOST_TOKENS
        return parts
    asked = int(count(parts))
    if asked + (most or 1) > context:
        answer = f" and {most} for the answer" if most else ""
        raise atom.SettingsError(
            f"messages: {asked} tokens{answer} are more than the model's context of {context} holds"
        )
    options["max_new_tokens"] = most or min(MOST_TOKENS, context - asked)
    return parts


def _usage(service: Service, parts: Any, answered: int) -> dict[str, int] | None:
    count = getattr(service.host.decoder, "num_tokens", None)
    if count is None:  # one that a plugin brought
        return None
    asked = int(count(parts))
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}


async def _streamed(
    service: Service, parts: Any, options: dict[str, Any], head: dict[str, Any], *, usage: bool
) -> AsyncIterator[str]:
    """The answer as it is decoded; who stops listening cancels it."""
    loop, pieces, cancel = asyncio.get_running_loop(), asyncio.Queue[Any](), Cancel()
    number = 0

    def work() -> None:
        try:
            for piece in service.host.decoder.stream(parts, **options):
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            loop.call_soon_threadsafe(pieces.put_nowait, None)
        except Exception as error:
            loop.call_soon_threadsafe(pieces.put_nowait, error)

    def chunk(delta: dict[str, str], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return _line({**head, "object": "chat.completion.chunk", "choices": [choice]})

    service.work.submit(work, cancel)
    try:
        yield chunk({"role": "assistant", "content": ""})
        first = True
        while (piece := await pieces.get()) is not None:
            if isinstance(piece, Exception):
                yield _line({"error": {"message": said(piece), "code": status_of(piece), "type": "server_error"}})
                break
            number += 1
            text = piece.lstrip() if first else piece
            first = first and not text
            if text:
                yield chunk({"content": text})
        else:
            yield chunk({}, "length" if number >= options["max_new_tokens"] else "stop")
            if usage:
                told = {**head, "object": "chat.completion.chunk", "choices": []}
                yield _line({**told, "usage": _usage(service, parts, number)})
        yield "data: [DONE]\n\n"
    finally:
        cancel.set()


def _line(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"
