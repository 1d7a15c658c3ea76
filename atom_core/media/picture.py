"""What players show of a stored frame: its shape, and its pixels in RGB."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any, NamedTuple

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

_MAX_SIDE = 16384


class Shape(NamedTuple):
    """How stored frames become upright pictures."""

    width: int
    """Width before turning, pixels made square."""
    height: int
    """Height before turning."""
    swaps: bool
    """Whether rows become columns, before the flips."""
    flips_x: bool
    """Whether left and right change places."""
    flips_y: bool
    """Whether top and bottom change places."""

    @property
    def upright(self) -> tuple[int, int]:
        """Displayed width and height."""
        return (self.height, self.width) if self.swaps else (self.width, self.height)

    def fitting(self, max_pixels: int | None) -> tuple[int, int]:
        """Width and height before turning, made smaller in proportion where they have more pixels."""
        return fitting(self.width, self.height, max_pixels)

    @property
    def mirrored(self) -> bool:
        """Whether pictures are mirrored left to right, after a turn by `rotation`."""
        return self.swaps ^ self.flips_x ^ self.flips_y

    @property
    def rotation(self) -> int:
        """The clockwise turn, degrees."""
        flips_x = self.flips_x ^ self.mirrored
        return 90 + 180 * self.flips_y if self.swaps else 180 * flips_x


def fitting(width: int, height: int, max_pixels: int | None) -> tuple[int, int]:
    """Width and height, made smaller in proportion where they have more than `max_pixels`."""
    scale = math.sqrt((max_pixels or math.inf) / (width * height))
    return (width, height) if scale >= 1 else (max(round(width * scale), 1), max(round(height * scale), 1))


def shape_of(frame: av.VideoFrame, stream: VideoStream) -> Shape:
    """How `frame` of `stream` is brought upright."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    width = min(max(round(frame.width * aspect), 1), _MAX_SIDE) if aspect > 0 else frame.width
    xx, xy, yx, yy = _display_matrix(frame)
    swaps = abs(xx) + abs(yy) < abs(xy) + abs(yx)
    return Shape(
        width=width,
        height=frame.height,
        swaps=swaps,
        flips_x=(yx if swaps else xx) < 0,
        flips_y=(xy if swaps else yy) < 0,
    )


def _display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """Where the file asks players to put a picture's axes: x and y of its x axis, x and y of its y axis."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return 1, 0, 0, 1
    xx, xy, _, yx, yy, *_ = struct.unpack("=9i", bytes(data))
    return xx, xy, yx, yy


class Converter:
    """Makes RGB pictures of the frames of one video. One thread at a time."""

    def __init__(self, shape: Shape) -> None:
        self._shape, self._scaler = shape, VideoReformatter()

    def rgb(self, frame: av.VideoFrame, max_pixels: int | None = None) -> np.ndarray:
        """`frame` upright, [H, W, 3], uint8, RGB; owned by the caller.

        :param max_pixels: a frame of more pixels is shrunk to about that many, its shape kept
        """
        flat = frame
        width, height = self._shape.fitting(max_pixels)
        if (frame.width, frame.height) != (width, height) or frame.format.name != "rgb24":
            flat = self._scaler.reformat(frame, width=width, height=height, format="rgb24", interpolation="BICUBIC")
        image = flat.to_ndarray()
        if self._shape.swaps:
            image = image.swapaxes(0, 1)
        return np.ascontiguousarray(image[:: -1 if self._shape.flips_y else 1, :: -1 if self._shape.flips_x else 1])

    def thumbnail(self, frame: av.VideoFrame, side: int) -> np.ndarray:
        """`frame` as stored, shrunk to [side, side, 3], uint8, RGB."""
        small = self._scaler.reformat(frame, width=side, height=side, format="rgb24", interpolation="AREA")
        return np.asarray(small.to_ndarray(), dtype=np.uint8)
