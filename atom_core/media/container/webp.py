"""WebP animations, which FFmpeg does not decode: Pillow does, and FFmpeg reads what it finds without loss."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BufferedReader
from pathlib import Path
from typing import IO, TYPE_CHECKING

import av
import numpy as np
from av.video.stream import VideoStream

from atom_core.errors import MediaError

if TYPE_CHECKING:
    from PIL import Image

_ANIMATED = 0x02
"""The bit of VP8X's flags that says so (RFC 9649, 2.7.1)."""
_MOST_PIXELS = 2 * 10**9
"""Of all pictures together, which are decoded whenever the file is opened: a minute of full HD at 15 a second."""
_SHORTEST_MS, _USUAL_MS = 10, 100
"""Pictures that are to stand for less are shown as long as browsers show them."""


def is_animated(file: BufferedReader) -> bool:
    """Whether it is a WebP file of several pictures."""
    file.seek(0)
    head = file.read(21)
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & _ANIMATED)


@contextmanager
def as_matroska(path: Path, file: BufferedReader, most_pixels: int) -> Iterator[BufferedReader]:
    """A temporary file with the pictures of an animation, as they are, at their times; of a damaged one those before.

    :param most_pixels: largest pictures that are decoded
    :raises MediaError: if they are too many or too large, or there is none
    """
    from PIL import Image

    file.seek(0)
    with tempfile.TemporaryFile() as converted:
        try:
            with Image.open(file, formats=["WEBP"]) as animation:
                _check(path, getattr(animation, "n_frames", 1), animation.size, most_pixels)
                _write(converted, animation)
        except (OSError, EOFError, ValueError) as error:
            if isinstance(error, OSError) and error.errno:  # the disk's, not the file's
                raise
            raise MediaError(
                f"cannot read '{path}': it is damaged or cut off; copy or download it again", path=path
            ) from error
        with open(os.dup(converted.fileno()), "rb") as pictures:
            yield pictures


def _check(path: Path, num_pictures: int, size: tuple[int, int], most_pixels: int) -> None:
    pixels = size[0] * size[1]
    if num_pictures * pixels > _MOST_PIXELS or pixels > most_pixels:
        raise MediaError(
            f"'{path}' is an animation of {num_pictures} pictures of {size[0]} x {size[1]}, which is too much to"
            " decode; convert it to MP4 first",
            path=path,
        )


def _write(converted: IO[bytes], animation: Image.Image) -> None:
    """
    :raises EOFError: if there is no whole picture
    """
    with av.open(converted, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=1000)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *animation.size, "bgra"
        time_ms = 0
        for image, length_ms in _pictures(animation):
            frame = av.VideoFrame.from_ndarray(image, format="rgba").reformat(format="bgra")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            for packet in stream.encode(frame):
                packet.duration = length_ms
                container.mux(packet)
            time_ms += length_ms
        container.mux(stream.encode())
    if not time_ms:
        raise EOFError


def _pictures(animation: Image.Image) -> Iterator[tuple[np.ndarray, int]]:
    """Each picture [H, W, 4], RGBA, and how long it is shown, milliseconds."""
    for number in range(getattr(animation, "n_frames", 1)):
        try:
            animation.seek(number)
            image = np.asarray(animation.convert("RGBA"))
        except (OSError, EOFError, ValueError):
            return
        length_ms = int(animation.info.get("duration", 0))
        yield image, length_ms if length_ms > _SHORTEST_MS else _USUAL_MS
