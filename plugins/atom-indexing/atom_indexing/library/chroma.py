"""Chroma, held to the library's folder: nothing but Atom sets it, and nothing waits for it without end."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, Any, TypeVar, cast

import atom_core as atom
from atom_core.background import aside
from atom_core.exhausted import exhausted
from atom_core.files import begin_private, private_folder
from atom_core.quiet import quiet
from atom_indexing.replica.about import FOLDER

if TYPE_CHECKING:
    from types import ModuleType

    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

log = logging.getLogger("atom")
T = TypeVar("T")

CLIPS, CAPTIONS, TEXTS, DATABASE = "atom-clips", "atom-captions", "atom-texts", "chroma.sqlite3"
LOCK, REBUILD = "library.lock", "rebuild.json"
_OWN = {LOCK, REBUILD, FOLDER}
LIMIT_S = 60.0
"""Longest that one call of Chroma may take."""
_LOOK_S = 0.5
PAGE = 1_000
"""How many entries one call of Chroma is given."""
ROOM_BYTES = 4 * 2**20
"""What must be free on the library's disk: on a full one Chroma may wait for ever."""

_importing = threading.Lock()


def prepare(path: Path) -> None:
    """Make the folder of a new library, for the user alone.

    :raises LibraryError: if it holds other files, or there is no room on its disk
    """
    if (path / DATABASE).is_file():
        return
    check_free(path)
    check_room(path)
    private_folder(path)


def check_free(path: Path) -> None:
    """
    :raises LibraryError: if the folder of a new library holds other files, or is none
    """
    if path.is_file():
        raise atom.LibraryError(f"'{path}' is a file, not a library; name another with --library DIR")
    if path.is_dir() and {file.name for file in path.iterdir()} - _OWN:
        raise atom.LibraryError(f"'{path}' holds other files, not a library; name another folder with --library DIR")


def called(path: Path) -> str:
    """What messages call the library whose folder is `path`: the folder, or the address of its server."""
    return atom.Settings(library=path).library_called


def connect(path: Path) -> Client:
    """Chroma's client of the database in the folder `path`, made for the user alone if there is none."""
    begin_private(path / DATABASE)
    return cast("Client", _imported().PersistentClient(path=str(path), settings=_settings()))


def connect_server(host: str, port: int, *, secure: bool, headers: dict[str, str]) -> Client:
    """Chroma's client of a server."""
    found = _imported().HttpClient(host=host, port=port, ssl=secure, headers=headers, settings=_settings())
    return cast("Client", found)


def _settings() -> Any:
    kind = _imported().config.Settings
    plain = {name: about.get_default(call_default_factory=True) for name, about in kind.model_fields.items()}
    return kind(_env_file=None, **plain | {"anonymized_telemetry": False})


def _imported() -> ModuleType:
    """chromadb, with settings that neither variables nor a file `.env` of the current folder can change.

    It reads both already while it is imported, so its base class of settings is one that does not.
    """
    with _importing:
        if "chromadb" in sys.modules:
            import chromadb.config
        else:
            quiet()
            import pydantic_settings

            package: Any = pydantic_settings
            reading = pydantic_settings.BaseSettings

            class Given(reading):  # type: ignore[misc, valid-type]
                """Settings that are what the program gives them."""

                def __init__(self, **values: object) -> None:
                    super().__init__(**values | {"_env_file": None})

                @classmethod
                def settings_customise_sources(cls, *_: object, init_settings: object, **__: object) -> tuple[Any, ...]:
                    return (init_settings,)

            package.BaseSettings = Given
            try:
                import chromadb.config
            finally:
                package.BaseSettings = reading
        return chromadb


def collection(client: Client, name: str) -> Collection:
    """One of the library's collections, made if there is none.

    Its index is as small as Chroma makes it, since every vector is compared: with the usual one, storing is four times
    as slow and gets slower with each clip.
    """
    return client.get_or_create_collection(
        name,
        configuration={"hnsw": {"space": "cosine", "ef_construction": 2, "max_neighbors": 2}},
        embedding_function=None,
    )


class StuckError(atom.LibraryError):
    """Chroma did not come back; what it holds is left to the end of the program."""


def bounded(path: Path, work: Callable[[], T]) -> T:
    """What `work` gives. It runs in a thread of its own, so that waiting for it can be interrupted.

    :raises StuckError: if it takes longer than `LIMIT_S`; time in which the whole program stood still does not count
    """
    future = aside(work, "library")
    try:
        for _ in range(max(1, round(LIMIT_S / _LOOK_S))):
            try:
                return future.result(_LOOK_S)
            except TimeoutError:
                if future.done():
                    return future.result()
    except KeyboardInterrupt:
        _settle(future)
        raise
    if called(path) == str(path):
        todo = f"{free_bytes(path) // 1024} KiB are free on its disk: make room, or name another with --library DIR"
    else:
        todo = "check that the server runs, or name another with --library DIR"
    raise StuckError(f"library '{called(path)}' does not answer since {LIMIT_S:g} s; {todo}")


def _settle(future: Future[Any]) -> None:
    """Let a call that was interrupted come to its end, if it soon does."""
    with suppress(BaseException):
        future.result(2.0)


def free_bytes(path: Path) -> int:
    """What is free on the disk of `path`, which need not exist."""
    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def check_room(path: Path, more_bytes: int = 0) -> None:
    """
    :raises LibraryError: if the disk of `path` is full, or nearly
    """
    needed, free = ROOM_BYTES + more_bytes, free_bytes(path)
    if free < needed:
        raise atom.LibraryError(
            f"library '{path}' cannot be written: {free // 1024} KiB are free on its disk, {needed // 1024} KiB are"
            " needed; make room, or name another with --library DIR"
        )


@contextmanager
def explained(path: Path, done: str) -> Iterator[None]:
    """Whatever Chroma or the disk raises becomes a `LibraryError` that names the library.

    :param done: what was to be done with it, such as "read"
    """
    try:
        yield
    except (atom.AtomError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if not (isinstance(error, Exception) or _is_panic(error)):
            raise
        reason = (
            exhausted(error) or (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        )
        name = called(path)
        advice = "check the folder" if name == str(path) else "check that the server runs"
        raise atom.LibraryError(
            f"library '{name}' cannot be {done}: {reason.splitlines()[0]}; {advice}, or name another with --library DIR"
        ) from error


def _is_panic(error: BaseException) -> bool:
    """Whether Chroma's core gave up, as on damaged files; that is no `Exception`."""
    return type(error).__name__ == "PanicException"


def may_be_stale(error: BaseException) -> bool:
    """Whether opening the database anew may help: another process has changed it behind Chroma's back."""
    from chromadb.errors import ChromaError

    return _is_panic(error) or isinstance(error, (ChromaError, sqlite3.Error))


def keep_private(path: Path, known: set[str]) -> None:
    """Let nobody else read the folders that Chroma has made in `path` beside the `known` ones, nor what is in them."""
    with suppress(OSError):
        for folder in os.scandir(path):
            if folder.is_dir(follow_symlinks=False):
                if folder.name not in known:
                    os.chmod(folder.path, 0o700)
                if not folder.stat().st_mode & 0o077:
                    for file in os.scandir(folder.path):
                        if file.is_file(follow_symlinks=False) and file.stat().st_mode & 0o077:
                            os.chmod(file.path, 0o600)


def cannot_be_written(path: Path) -> bool:
    """Whether there is a library that can be read and not written."""
    places = [path / DATABASE, path]
    if not places[0].is_file():
        return False
    return not all(os.access(place, os.W_OK) for place in places) or free_bytes(path) < ROOM_BYTES


def nowhere(path: Path) -> Path:
    """A new folder for an empty library, read in place of the one at `path` as long as that is not there.

    :raises LibraryError: if there can be none at `path`, since other files are there, or no room is
    """
    check_free(path)
    check_room(path)
    return Path(mkdtemp(prefix="atom-library-"))


def copied(path: Path) -> TemporaryDirectory[str]:
    """A copy to be searched, of the user's alone."""
    copy = TemporaryDirectory(prefix="atom-library-", ignore_cleanup_errors=True)
    log.warning("library '%s' cannot be written; a copy of it is searched", path)
    for file in path.rglob("*"):
        if file.is_file() and file.name != LOCK:
            place = Path(copy.name) / file.relative_to(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    return copy


def pages(collection: Collection, include: list[Any], keys: list[str] | None = None) -> Iterator[Any]:
    """The parts `include` of the entries `keys`, or of all."""
    total = collection.count() if keys is None else len(keys)
    for start in range(0, total, PAGE):
        if keys is None:
            yield collection.get(include=include, limit=PAGE, offset=start)
        else:
            yield collection.get(ids=keys[start : start + PAGE], include=include)
