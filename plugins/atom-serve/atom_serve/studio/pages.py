"""The page itself: HTML, style and modules as they lie in ``page``, with a policy that lets no other script run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from atom_serve.service import Service

PAGE = Path(__file__).with_name("page")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""Scripts and styles are the page's own files; no text can become one of them, nothing is asked of another host."""
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def routes(service: Service) -> list[BaseRoute]:
    """``/``, its files, and what they ask for."""
    from atom_serve.studio import films, indexing, library, media

    files = {path.name: path.read_bytes() for path in PAGE.rglob("*.*") if path.suffix in _TYPES}

    async def page(_: Request) -> Response:
        return _answer(_, "index.html", files["index.html"])

    async def part(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            raise HTTPException(404, f"the page has no part {name[:60]!r}")
        return _answer(request, name, files[name])

    own = [Route("/", page, methods=["GET"]), Route("/studio/page/{name}", part, methods=["GET"])]
    parts = (library, media, films, indexing)
    return [*own, *(route for module in parts for route in module.routes(service))]


def _answer(request: Request, name: str, content: bytes) -> Response:
    """A file of the page; nothing but its mark where the browser has it already."""
    mark = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"etag": mark, "cache-control": "no-cache", "content-security-policy": POLICY}
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)
