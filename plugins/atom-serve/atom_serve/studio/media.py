"""Videos of the library as browsers play them, and pictures of them, kept in the cache."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

import atom_core as atom
from atom_core.files import beside, private_folder
from atom_serve.service import Service

TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",  # the same boxes; browsers refuse the name of the other kind
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".ogv": "video/ogg",
}
"""What browsers are told that files are; others are sent as they are, and play where the browser knows them."""
HEIGHTS = (90, 180, 360)
"""Heights of pictures, pixels."""
MOST_PICTURES_BYTES = 2**30
"""The pictures that are kept; the oldest are removed for new ones."""
_AT_ONCE = 3
_INSTANT_S = 0.001
_KEPT = {"cache-control": "private, max-age=31536000, immutable"}
"""A content's picture is always the same."""


def routes(service: Service) -> list[Route]:
    """Files of videos, by ranges of bytes; pictures."""
    pictures = Pictures(service)
    limiter = CapacityLimiter(_AT_ONCE)

    async def media(request: Request) -> Response:
        path = await to_thread.run_sync(service.of_library, request.path_params["id"])
        kind = TYPES.get(path.suffix.lower(), "application/octet-stream")
        return FileResponse(path, media_type=kind, headers={"cache-control": "private, no-cache"})

    async def picture(request: Request) -> Response:
        name, time_ms = request.path_params["id"], request.path_params["ms"]
        height = int(request.path_params["height"])
        content = await to_thread.run_sync(pictures.at, name, time_ms, height, limiter=limiter)
        return Response(content, media_type="image/jpeg", headers=_KEPT)

    return [
        Route("/studio/media/{id}", media, methods=["GET"]),
        Route("/studio/pictures/{id}/{height:int}/{ms:int}", picture, methods=["GET"]),
    ]


class Pictures:
    """Pictures of videos as JPEG files, each decoded once. Used by several threads."""

    def __init__(self, service: Service, *, most_bytes: int = MOST_PICTURES_BYTES) -> None:
        self._service, self._most = service, most_bytes
        self._folder = service.host.settings.cache / "serve" / "pictures"
        self._lock, self._since_bytes = Lock(), most_bytes

    def at(self, content_hash: str, time_ms: int, height: int) -> bytes:
        """The picture that a player shows at a time, at most so high.

        :raises MediaError: if the library has no such video, it has changed, or cannot be decoded
        """
        path = self._service.of_library(content_hash)
        height = next((size for size in HEIGHTS if size >= height), HEIGHTS[-1])
        kept = self._folder / f"{content_hash.replace('/', '_')}-{time_ms}-{height}.jpg"
        with suppress(OSError):
            return kept.read_bytes()
        content = self._made(self._service.host.video(path), time_ms / 1000, height)
        with suppress(OSError):
            private_folder(self._folder)
            with beside(kept) as temporary:
                temporary.write_bytes(content)
                temporary.replace(kept)
            self._make_room(len(content))
        return content

    def _made(self, video: atom.Video, time_s: float, height: int) -> bytes:
        import PIL.Image

        start_s = min(time_s, max(0.0, video.duration_s - _INSTANT_S))
        clip = atom.Clip(video=video, start_s=start_s, end_s=start_s + _INSTANT_S)
        wide = height * max(video.width, 1) // max(video.height, 1)
        (image,) = self._service.host.frames(clip, 1, max_pixels=4 * height * max(wide, 1)).images
        picture = PIL.Image.fromarray(image)
        picture.thumbnail((4 * height, height))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=82)
        return file.getvalue()

    def _make_room(self, new_bytes: int) -> None:
        """Remove the oldest where all are too large; looked at anew once a tenth more has come."""
        with self._lock:
            self._since_bytes += new_bytes
            if self._since_bytes < self._most // 10:
                return
            self._since_bytes = 0
            kept = sorted((file.stat().st_mtime, file.stat().st_size, file.path) for file in os.scandir(self._folder))
            total = sum(size for _, size, _ in kept)
            for _, size, name in kept:
                if total <= self._most:
                    return
                Path(name).unlink(missing_ok=True)
                total -= size
