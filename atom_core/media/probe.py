"""What a video file is: the hash of its bytes, its length, size, frame rate and tracks."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import av
from attrs import evolve

from atom_core.errors import MediaError
from atom_core.files.bounded import keep
from atom_core.files.stamp import FileStamp
from atom_core.media import isolate
from atom_core.media.container.measure import measure
from atom_core.media.container.opening import check_file, open_container, open_file, reading
from atom_core.media.pictures.decode import Reader
from atom_core.media.video_cache import VideoStore
from atom_core.records import Video

_VERSION = 10
"""Cache version; raise it when `probe` returns other values for the same file."""
VIDEO_SUFFIXES = frozenset(
    f".{name}"
    for names in (
        "mp4 m4v mp4v mpg4 mov qt mkv mk3d webm avi divx xvid wmv asf dvr-ms wtv flv f4v swf ogv ogm mj2 ismv nut y4m",
        "3gp 3gpp 3g2 3gp2 mpg mpeg mpe mpv m1v m2v mp2v m2p vob vro evo mod tod ts mts m2ts m2t m2s tp trp ty pva dav",
        "dv dif mxf gxf lxf r3d cine ser mlv insv 360 amv rm rmvb ivr viv nsv nuv bik smk roq flc fli",
        "h264 264 avc h265 265 hevc h266 266 vvc obu ivf apv vc1 drc cavs mjpg mjpeg",
    )
    for name in names.split()
)
"""Files that a folder search takes for videos."""

FILM_MARK = "Rendered by Atom"
"""How the comment of Atom's own films begins, so that they are known from footage."""
_RECORDED = ("com.apple.quicktime.creationdate", "creation_time", "date")
"""Where files say when they were recorded, the most exact first."""
_FIRST_YEAR = 1981
"""Clocks that were never set begin in 1904, 1970 or 1980."""
_ADDRESS = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+://")
_TRACK = "t"
"""Between the hash of a file's bytes and the number of the track that is chosen of it."""
_MOST_KNOWN = 4096
"""Files that are kept in mind in a process; of others it is noted on disk what they are."""
_known_hashes: dict[Path, tuple[FileStamp, str]] = {}
_known_videos: dict[tuple[Path, str, int | None], Video] = {}
"""The videos that are known in this process, by place, hash and the track that was asked for."""
_lock = threading.Lock()


def content_hash(path: Path | str) -> str:
    """BLAKE2b-160 of the file's bytes, hexadecimal; remembered in this process while the file is provably the same.

    :raises MediaError: if it cannot be read, or changes meanwhile
    """
    path, place = Path(path), Path(os.path.abspath(path))
    with _written(path) as stamp:
        now_ns = time.time_ns()
        with _lock:
            known = _known_hashes.get(place)
        if known is not None and known[0] == stamp:
            return known[1]
        with reading(path), open_file(path) as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()
    with _lock:
        if stamp.is_settled(now_ns):
            keep(_known_hashes, place, (stamp, digest), _MOST_KNOWN)
        else:
            _known_hashes.pop(place, None)
    return digest


def check_unchanged(path: Path, expected_hash: str) -> None:
    """Make sure that a file still has the bytes it was known by.

    :raises MediaError: if it is gone or its bytes differ
    """
    if content_hash(path) != expected_hash.partition(_TRACK)[0]:
        raise MediaError(
            f"'{path}' has changed since it was read or indexed; try again once it is complete, or index it again",
            path=path,
        )


@contextmanager
def unchanged(path: Path, expected_hash: str) -> Iterator[Callable[[], None]]:
    """Make sure that a file has the bytes it was known by before and after what is read of it inside: what was read of
    other bytes would be kept as what these ones hold.

    :return: a function that makes sure of it in between, too
    :raises MediaError: if it is gone or its bytes differ
    """

    def check() -> None:
        check_unchanged(path, expected_hash)

    check()
    yield check
    check()


@contextmanager
def _written(path: Path) -> Iterator[FileStamp]:
    """The stamp of a file that nobody is still writing.

    :raises MediaError: if it is missing, empty or no file, or changes while the block runs
    """
    stamp = FileStamp.of(check_file(path))
    yield stamp
    if FileStamp.of(check_file(path)) != stamp:
        raise MediaError(
            f"'{path}' changed while it was read; wait until it is written completely, then try again", path=path
        )


def track_of(expected_hash: str) -> int | None:
    """The picture track that a video with that hash was chosen by; None for the one that players show."""
    number = expected_hash.partition(_TRACK)[2]
    return int(number) if number else None


def probe(path: Path | str, store: VideoStore | None = None, *, track: int | None = None) -> Video:
    """The video at `path`.

    Its length runs from the first picture's timestamp to the end of the last picture; every packet is read for that,
    none but the first picture is decoded. Of a file that is cut off, that is what is there; `Video.fault` says so.

    :param store: where earlier processes noted what files are, see `video_store`; those are not read again
    :param track: which of its picture tracks, from 1; None is the one that players show
    :raises MediaError: if it is missing, empty, not a video, or has no such picture track
    """
    path, place = Path(path), Path(os.path.abspath(path))
    if store is not None:
        _recall(path, store)
    with _written(path) as stamp:
        with _lock:
            at_hash = _known_hashes.get(place, (None, ""))
            known = _known_videos.get((place, at_hash[1], track)) if at_hash[0] == stamp else None
        if known is not None:
            return known
        video = isolate.probe(path, track) if isolate.is_on() else read(path, track)
        digest = content_hash(path)  # after what is no video is refused: all of the file is read for it
    video = evolve(video, path=place, content_hash=digest if video.track is None else f"{digest}{_TRACK}{video.track}")
    with _lock:
        keep(_known_videos, (place, digest, track), video, _MOST_KNOWN)
        settled = _known_hashes.get(place)
    if store is not None and track is None and settled is not None and settled[1] == digest:
        store.put(place, settled[0], video)
    return video


def read(path: Path, track: int | None) -> Video:
    """What is in the file at `path`, but for the hash of its bytes.

    :raises MediaError: as `probe` does
    """
    with Reader(path, track=track) as reader:
        shape = reader.shape
        rule, index, origin_s = reader.rule, reader.index, reader.origin_s
        chosen = track if reader.is_chosen else None
    measured = measure(path, index, origin_s)
    tags = _tags(path)
    done = ",".join(filter(None, (rule, "sizes" if measured.may_change_size else "")))
    return Video(
        path=path,
        content_hash="0" * 40,
        width=shape.upright[0],
        height=shape.upright[1],
        rotation=shape.rotation,
        mirrored=shape.mirrored,
        picture_rule=f"shown:{done}" if done else "",
        fps=measured.fps,
        peak_fps=measured.peak_fps,
        timecode=measured.timecode,
        lead_s=measured.lead_s,
        duration_s=measured.duration_s,
        has_audio=measured.has_audio,
        is_film=_is_marked(tags),
        recorded_s=_recorded_s(tags),
        track=chosen,
        leaps=measured.leaps,
        joins=measured.joins,
        fault=measured.fault,
        seekable=measured.seekable,
    )


def video_store(cache: Path) -> VideoStore:
    """Where `probe` notes what it finds, below the folder `cache`."""
    return VideoStore(cache, f"{_VERSION} av {av.__version__}")


def _recall(path: Path, store: VideoStore) -> None:
    """Take over what was noted of a file that provably is as it was then."""
    stamp, place = FileStamp.of(check_file(path)), Path(os.path.abspath(path))
    with _lock:
        if _known_hashes.get(place, (None, ""))[0] == stamp:
            return
    video = store.get(place, stamp)
    if video is not None:
        with _lock:
            keep(_known_hashes, place, (stamp, video.content_hash), _MOST_KNOWN)
            keep(_known_videos, (place, video.content_hash, None), video, _MOST_KNOWN)


def is_film(path: Path | str) -> bool:
    """Whether the file is a film that Atom rendered; no if it cannot be read."""
    return isolate.is_film(Path(path)) if isolate.is_on() else _is_marked(_tags(Path(path)))


def _tags(path: Path) -> Mapping[str, str]:
    """What the file says of itself in words, by name, small letters; nothing if it cannot be read."""
    try:
        with open_container(path) as container:
            return {name.lower(): value for name, value in container.metadata.items()}
    except MediaError:
        return {}


def _is_marked(tags: Mapping[str, str]) -> bool:
    return tags.get("comment", "").startswith(FILM_MARK)


def _recorded_s(tags: Mapping[str, str]) -> float | None:
    """When the file says that it was recorded, seconds since 1970; None if it does not say, or says nonsense."""
    for name in _RECORDED:
        try:
            when = datetime.fromisoformat(tags.get(name, "").strip())
        except ValueError:
            continue
        if when.year >= _FIRST_YEAR:
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return None


def find_videos(paths: Iterable[Path | str]) -> tuple[list[Path], list[tuple[Path, MediaError]]]:
    """The video files at `paths`, each once, in order; folders are searched, with all below them, by suffix, sorted.

    Hidden files and folders are passed over, folders that are links are searched, each once. A named file is taken
    whatever its suffix; `probe` decides.

    :return: the files found, and each input that gave none with the error that says why
    """
    files_by_place: dict[Path, Path] = {}
    errors: list[tuple[Path, MediaError]] = []
    for given in paths:
        path = Path(given)
        try:
            if not str(given):
                raise MediaError("the name of a video is empty; name a file, or . for this folder", path=path)
            if _ADDRESS.match(str(given)):
                raise MediaError(f"'{path}' is an address, and Atom reads files; download it first", path=path)
            with reading(path):
                files = _in_folder(path, errors) if stat.S_ISDIR(path.stat().st_mode) else [path]
            if files == [path]:
                check_file(path)
            for file in files:
                files_by_place.setdefault(Path(os.path.abspath(file)), file)
        except MediaError as error:
            errors.append((path, error))
    return list(files_by_place.values()), errors


def _in_folder(folder: Path, errors: list[tuple[Path, MediaError]]) -> list[Path]:
    """The videos in a folder; what of it cannot be read joins `errors`."""
    refused: list[OSError] = []
    files: list[Path] = []
    seen: set[tuple[int, int]] = set()
    waiting = [str(folder)]
    for start in waiting:  # folders that are links come after all that are not
        for place, folders, names in os.walk(start, onerror=refused.append):
            found = os.stat(place)
            folders[:] = [name for name in folders if not name.startswith(".")]
            if (found.st_dev, found.st_ino) in seen:
                folders.clear()
                continue
            seen.add((found.st_dev, found.st_ino))
            links = [link for name in folders if os.path.islink(link := os.path.join(place, name))]
            waiting += [link for link in sorted(links) if not _is_around(folder, link)]
            visible = (Path(place, name) for name in names if not name.startswith("."))
            files += [path for path in visible if path.suffix.lower() in VIDEO_SUFFIXES]
    for error in refused:
        fault = MediaError(
            f"cannot read folder '{error.filename}': {error.strerror}; change its permissions", path=error.filename
        )
        errors.append((Path(error.filename), fault))
    if not files and not refused:
        raise MediaError(f"no video file in folder '{folder}' or below it; name another folder or a file", path=folder)
    return sorted(files)


def _is_around(folder: Path, link: str) -> bool:
    """Whether a link leads back to a folder that `folder` lies in."""
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(link))
