"""Videos read in another process: a codec that crashes, hangs or takes all memory fails that video and no other.

The process is started once and reused; it is told what to read by pickle, and answers in JSON and arrays, so that what
a hostile file makes of it is never run here. It imports neither torch nor plugins.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import math
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from atom_core.errors import MediaError
from atom_core.media.pictures import passes
from atom_core.records import Clip, Frames, Video
from atom_core.settings import Settings

_LIMIT_S = 120.0
"""Longest that reading a file may take, and ..."""
_LIMIT_PER_S = 20.0
"""... for each second of video, seconds ..."""
_LIMIT_PER_BYTE = 1 / 500_000
"""... and for each byte of the file: slow disks and decoders take a tenth."""

_num_users = 0


class Answer(NamedTuple):
    """What the other process says."""

    value: Any
    arrays: list[np.ndarray]


class _Process:
    """The other process, for one request at a time."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", "atom_core.media.isolated"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def ask(self, path: Path, what: str, arguments: tuple[Any, ...], limit_s: float) -> Answer:
        """
        :raises MediaError: if the process ends, or is ended after `limit_s`
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Timer(limit_s, self._process.kill)
        late.daemon = True
        late.start()
        try:
            pickle.dump((what, arguments), self._process.stdin)
            self._process.stdin.flush()
            return _read(self._process.stdout)
        except (EOFError, BrokenPipeError):
            raise MediaError(self._fault(path, limit_s, timed_out=not late.is_alive()), path=path) from None
        finally:
            late.cancel()

    def _fault(self, path: Path, limit_s: float, *, timed_out: bool) -> str:
        code = self._process.wait()
        if timed_out:
            return f"reading '{path}' was ended after {limit_s:.0f} s; check that it plays, or convert it to MP4"
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"reading '{path}' ended the process that does it ({how}); check that it plays, or convert it to MP4"

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked again."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()


_idle: list[_Process] = []
_lock = threading.Lock()


def begin() -> None:
    """Read videos in another process from now on, until `finish` is called as often."""
    global _num_users
    with _lock:
        _num_users += 1


def finish() -> None:
    """Whoever began is done; after the last the processes end."""
    global _num_users
    with _lock:
        _num_users -= 1
    if not is_on():
        end()


def is_on() -> bool:
    """Whether videos are read in another process."""
    return _num_users > 0


@atexit.register
def end() -> None:
    """End the processes that wait for work."""
    with _lock:
        waiting, _idle[:] = list(_idle), []
    for process in waiting:
        process.end()


def probe(path: Path, track: int | None) -> Video:
    """Read a video as `atom_core.media.probe.read` does.

    :raises MediaError: as it does, and if the process does not survive the file
    """
    return Video(**_ask(path, "probe", (path, track), 0.0).value)


def is_film(path: Path) -> bool:
    """Whether Atom rendered the file, as `probe.is_film` tells; no if the process does not survive it."""
    try:
        return bool(_ask(path, "is_film", (path,), 0.0).value)
    except MediaError:
        return False


def segment(video: Video, settings: Settings) -> list[Clip]:
    """Segment a video as `atom_core.media.segment.segment` does.

    :raises MediaError: as it does, and if the process does not survive the file
    """
    spans = _ask(video.path, "segment", (video, settings), video.duration_s).value
    return [
        Clip(video=video, start_s=start_s, end_s=end_s, index=index) for index, (start_s, end_s) in enumerate(spans)
    ]


def frames(clips: list[Clip], num_frames: int, max_pixels: int | None) -> Iterator[Frames]:
    """Sample clips of one video as `atom_core.media.sample.sample_many` does.

    :raises MediaError: as it does, and if the process does not survive the file
    """
    for clip in clips:
        turn = passes.turn_of(clip.video, clip.start_s, clip.end_s) if passes.is_shared() else nullcontext()
        with turn:  # the process that read the clip before is the first of those that wait for work
            answer = _ask(clip.video.path, "frames", (clip, num_frames, max_pixels), clip.video.duration_s)
        images = tuple(answer.arrays[place] for place in answer.value["places"])
        yield Frames(
            clip=clip, images=images, timestamps_s=tuple(answer.value["timestamps_s"]), rule=answer.value["rule"]
        )


def sound(clip: Clip, rate_hz: int, num_channels: int, wanted: str) -> tuple[np.ndarray, int | None]:
    """Read sound as `atom_core.media.listen.read` does.

    :raises MediaError: as it does, and if the process does not survive the file
    """
    arguments = (clip, rate_hz, num_channels, wanted)
    answer = _ask(clip.video.path, "sound", arguments, clip.video.duration_s)
    return answer.arrays[0], answer.value


def _ask(path: Path, what: str, arguments: tuple[object, ...], duration_s: float) -> Answer:
    with _lock:
        process = _idle.pop() if _idle else None
    process = process or _Process()
    limit_s = _LIMIT_S + _LIMIT_PER_S * duration_s
    with contextlib.suppress(OSError):
        limit_s += path.stat().st_size * _LIMIT_PER_BYTE
    try:
        answer = process.ask(path, what, arguments, limit_s)
    except BaseException:  # also one that is interrupted is in the middle of an answer
        process.end()
        raise
    with _lock:
        _idle.append(process)
    if isinstance(answer.value, dict) and "error" in answer.value:
        raise MediaError(str(answer.value["error"]), path=path)
    return answer


def _read(pipe: IO[bytes]) -> Answer:
    line = pipe.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    head = json.loads(line)
    arrays = []
    for kind, *shape in head["arrays"]:
        content = bytearray(math.prod(shape) * np.dtype(kind).itemsize)
        if pipe.readinto(content) != len(content):  # type: ignore[attr-defined]
            raise EOFError
        arrays.append(np.frombuffer(content, kind).reshape(shape))
    return Answer(head["value"], arrays)
