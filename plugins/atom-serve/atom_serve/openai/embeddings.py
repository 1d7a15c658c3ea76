"""``/v1/embeddings``: texts as vectors, by which they can be compared."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import atom_core as atom
from atom_serve.bodies import read_json
from atom_serve.openai.models import check_model
from atom_serve.service import Service

if TYPE_CHECKING:
    import numpy as np

MOST_TEXTS = 2048


def routes(service: Service) -> list[Route]:
    """``/v1/embeddings``."""

    async def embed(request: Request) -> JSONResponse:
        body = await read_json(request)
        check_model(service, body)
        texts, form = _texts(body.get("input")), body.get("encoding_format") or "float"
        if form not in ("float", "base64"):
            raise atom.SettingsError(f"encoding_format: expected float or base64, got {form!r}")
        vectors = await service.work.do(request, lambda: _vectors(service, texts))
        if body.get("dimensions") not in (None, vectors.shape[1]):
            raise atom.SettingsError(f"dimensions: vectors have {vectors.shape[1]}, got {body['dimensions']!r}")
        data = [
            {"object": "embedding", "index": index, "embedding": _written(vector, form)}
            for index, vector in enumerate(vectors)
        ]
        count = getattr(service.host.decoder, "num_tokens", None) if service.host.is_loaded else None
        tokens = sum(int(count([text])) for text in texts) if count is not None else 0
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "data": data, "model": body["model"], "usage": usage})

    return [Route("/v1/embeddings", embed, methods=["POST"])]


def _texts(given: object) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise atom.SettingsError("input: expected a text, or a list of texts, none of them empty")
    if len(texts) > MOST_TEXTS:
        raise atom.SettingsError(f"input: at most {MOST_TEXTS} texts at once, got {len(texts)}")
    return texts


def _vectors(service: Service, texts: list[str]) -> np.ndarray:
    """Of the text embedder, or of the decoder where there is none: what searches go by."""
    host = service.host
    if host.embeds or host.settings.embedder == "none" or "embedder" not in host.plugins.modules:
        return host.decoder.embed_many([[text] for text in texts])
    vectors: np.ndarray = host.module("embedder").embed(texts, kind="passage")
    return vectors


def _written(vector: np.ndarray, form: str) -> Any:
    if form == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return [float(number) for number in vector]
