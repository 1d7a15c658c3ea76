"""Files that callers send: written to disk as they come, bounded in size, removed in time: ``/v1/files``."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import string
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

import atom_core as atom
from atom_core.files import private_folder, write_whole
from atom_serve.bodies import pieces

if TYPE_CHECKING:
    from atom_serve.service import Service

MOST_BYTES = 4 * 2**30
"""Largest file."""
MOST_TOTAL_BYTES = 16 * 2**30
"""All files together; the oldest are removed for new ones."""
ROOM_BYTES = 2**30
"""What stays free on the disk."""
KEPT_S = 24 * 3600.0
"""How long a file is kept."""
MOST_NAME = 200
"""Characters that are kept of what a client calls a file."""
_OF_FIELDS = (string.ascii_letters + string.digits + "*-._~+%&=").encode()
"""All that there is in the fields of a form, written as `application/x-www-form-urlencoded`."""
_FIELDS = (
    "these are fields of a form, and no file; send it as part 'file' of multipart/form-data, or as the body with the"
    " header 'Content-Type: application/octet-stream'"
)
_ID = re.compile(r"file-[A-Za-z0-9_-]{12,40}")
_TYPES = {".mp4": "video/mp4", ".webm": "video/webm"}
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


@frozen(kw_only=True)
class Upload:
    """A file that a caller sent."""

    id: str
    """How callers name it."""
    path: Path
    """Where it is."""
    size_bytes: int
    """How large it is."""
    created_s: float
    """When it came, seconds since 1970."""

    def about(self) -> dict[str, Any]:
        """The file in the form of OpenAI's files."""
        about = {"id": self.id, "object": "file", "bytes": self.size_bytes, "created_at": int(self.created_s)}
        return about | {"filename": self._name(), "purpose": "user_data", "status": "processed"}

    def call(self, name: str) -> None:
        """Keep what the client calls the file, beside it: as text that is shown, never as a path."""
        last = re.split(r"[/\\]", "".join(char for char in name if char.isprintable()))[-1].strip()[:MOST_NAME]
        if last not in ("", ".", ".."):
            with suppress(OSError):  # it is called by its id then
                write_whole(self._name_file(), last, private=True)

    def remove(self) -> None:
        """Remove it, and what it is called."""
        self.path.unlink(missing_ok=True)
        self._name_file().unlink(missing_ok=True)

    def _name(self) -> str:
        try:
            return self._name_file().read_text(encoding="utf-8")
        except (OSError, ValueError):
            return self.path.name

    def _name_file(self) -> Path:
        return self.path.with_name(f"name-{self.id}")


class Uploads:
    """The files in one folder of the cache, which is the server's own."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES, most_total_bytes: int = MOST_TOTAL_BYTES) -> None:
        self.folder, self.most_bytes, self._most_total = folder, most_bytes, most_total_bytes

    def begin(self, name: str) -> Path:
        """A new file, empty, for the user alone; its suffix is that of `name`, nothing else of it.

        :raises HTTPException: 507, if it cannot be made
        """
        suffix = Path(name).suffix
        path = self.folder / f"file-{secrets.token_urlsafe(18)}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        try:
            private_folder(self.folder)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            raise _not_kept(error) from error
        return path

    def all(self) -> list[Upload]:
        """What there is, the oldest first."""
        found = []
        for path in self.folder.glob("file-*"):
            with suppress(OSError):
                about = path.stat()
                found.append(Upload(id=path.stem, path=path, size_bytes=about.st_size, created_s=about.st_mtime))
        return sorted(found, key=lambda upload: upload.created_s)

    def find(self, name: str) -> Upload:
        """
        :raises HTTPException: 404, if there is none
        """
        if _ID.fullmatch(name):
            for upload in self.all():
                if upload.id == name:
                    return upload
        raise HTTPException(404, f"there is no file {name[:60]!r}; send it again, files are kept for a day")

    def make_room(self) -> None:
        """Remove what is old, and the oldest where all together are too large.

        :raises HTTPException: 507, if the disk is nearly full
        """
        known = self.all()
        total = sum(upload.size_bytes for upload in known)
        for upload in known:
            if total > self._most_total or upload.created_s < time.time() - KEPT_S:
                upload.remove()
                total -= upload.size_bytes
        self.check_disk()

    def check_disk(self) -> None:
        """
        :raises HTTPException: 507, if the disk is nearly full, or nothing can be kept there
        """
        try:
            free_bytes = shutil.disk_usage(private_folder(self.folder)).free
        except OSError as error:
            raise _not_kept(error) from error
        if free_bytes < ROOM_BYTES:
            raise HTTPException(507, "the disk is nearly full; make room")


def _not_kept(error: OSError) -> HTTPException:
    said = f"the file cannot be kept in the server's cache: {error.strerror or error}"
    return HTTPException(507, f"{said}; make room, or start the server with --cache DIR")


class _Form:
    """Takes the file out of a form as it comes; of other fields only how large they are is looked at."""

    def __init__(self, uploads: Uploads, boundary: bytes) -> None:
        self._uploads = uploads
        self.path: Path | None = None
        self.name = ""
        self._file: Any = None
        self._field, self._header = b"", b""
        self._in_file = False
        self._disposition = b""
        self._small_bytes = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._end,
            },
        )

    def feed(self, piece: bytes) -> None:
        self._parser.write(piece)
        if self._small_bytes > 2**20:
            raise HTTPException(413, "the form's other fields are too large")

    def close(self) -> None:
        self._end()

    def _begin(self) -> None:
        self._field = self._header = self._disposition = b""

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._small_bytes += end - start

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._small_bytes += end - start

    def _on_header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._header
        self._field = self._header = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"filename" in options and options.get(b"name") == b"file" and self.path is None:
            self.name = options[b"filename"].decode(errors="replace")
            self.path = self._uploads.begin(self.name)
            self._file = self.path.open("wb")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
        else:
            self._small_bytes += end - start

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def routes(service: Service) -> list[Route]:
    """Send a file, list files, remove one; as OpenAI's clients do it, or as the body itself."""
    uploads = service.uploads

    async def send(request: Request) -> JSONResponse:
        uploads.make_room()
        upload = await _taken(uploads, request)
        return JSONResponse(upload.about())

    async def listed(_: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [upload.about() for upload in uploads.all()], "has_more": False})

    async def one(request: Request) -> JSONResponse:
        return JSONResponse(uploads.find(request.path_params["id"]).about())

    async def content(request: Request) -> FileResponse:
        upload = uploads.find(request.path_params["id"])
        kind = _TYPES.get(upload.path.suffix.lower(), "application/octet-stream")
        headers = {"content-security-policy": "sandbox; default-src 'none'"}  # what was sent is shown as no page
        return FileResponse(upload.path, media_type=kind, headers=headers)

    async def remove(request: Request) -> JSONResponse:
        upload = uploads.find(request.path_params["id"])
        upload.remove()
        return JSONResponse({"id": upload.id, "object": "file", "deleted": True})

    return [
        Route("/v1/files", send, methods=["POST"]),
        Route("/v1/files", listed, methods=["GET"]),
        Route("/v1/files/{id}", one, methods=["GET"]),
        Route("/v1/files/{id}/content", content, methods=["GET"]),
        Route("/v1/files/{id}", remove, methods=["DELETE"]),
    ]


async def _taken(uploads: Uploads, request: Request) -> Upload:
    """The file that a request sends: the part ``file`` of a form, or else the body.

    :raises HTTPException: 413 if it is too large, 507 if the disk is full, 400 if there is none
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    is_fields = kind == b"application/x-www-form-urlencoded"  # or anything that curl sends: it says so of all
    name = request.query_params.get("filename", "")
    form = _Form(uploads, options[b"boundary"]) if kind == b"multipart/form-data" and options.get(b"boundary") else None
    path = None if form else uploads.begin(name)
    try:
        taken = since = 0
        file = path.open("wb") if path else None
        try:
            async for piece in pieces(request, uploads.most_bytes):
                taken += len(piece)
                is_fields = is_fields and not piece.translate(None, _OF_FIELDS)
                if taken - since > 64 * 2**20:
                    uploads.check_disk()
                    since = taken
                if form is not None:
                    form.feed(piece)
                elif file is not None:
                    file.write(piece)
        finally:
            if file is not None:
                file.close()
            if form is not None:
                form.close()
                path, name = form.path, form.name
        if path is None or path.stat().st_size == 0:
            raise HTTPException(400, "there is no file; send it as part 'file' of a form, or as the body")
        if is_fields:
            raise HTTPException(400, _FIELDS)
    except BaseException as error:
        if path is not None:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _not_kept(error) from error
        if isinstance(error, ValueError) and not isinstance(error, atom.AtomError):  # of the form's parser
            raise HTTPException(400, f"the form cannot be read: {error}") from error
        raise
    about = path.stat()
    upload = Upload(id=path.stem, path=path, size_bytes=about.st_size, created_s=about.st_mtime)
    upload.call(name)
    return upload
