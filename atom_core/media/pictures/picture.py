"""What players show of a stored frame: its shape, and its pixels in RGB.

Crops are cut off, pixels made square, pictures turned and mirrored as the file says. Where the size changes within a
file, pictures keep their own shape, in the size of the first, with black around. What is transparent is black.
"""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any, NamedTuple

import av
import numpy as np
from av.codec import CodecContext, codecs_available
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream

from atom_core.media.container.sidedata import side_data
from atom_core.media.pictures.colour import YCGCO, Conversion, conversion_of, from_ycgco, matrix_of, to_sdr
from atom_core.media.pictures.crop import Crop

_MAX_SIDE = 16384
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


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


def letterbox(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """`image` [H, W, 3] as large as fits into `width` x `height`, shape kept, black around it."""
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    inner_width = min(max(round(image.shape[1] * scale), 1), width)
    inner_height = min(max(round(image.shape[0] * scale), 1), height)
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    canvas[top : top + inner_height, left : left + inner_width] = _scaled(image, inner_width, inner_height)
    return canvas


def _scaled(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """`image` [H, W, 3], uint8 or uint16, in another size."""
    if image.shape[:2] == (height, width):
        return image
    kind = "rgb24" if image.dtype == np.uint8 else "rgb48le"
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format=kind)
    return np.asarray(frame.reformat(width=width, height=height, interpolation="BICUBIC").to_ndarray())


def _over_black(image: np.ndarray) -> np.ndarray:
    """RGB of RGBA, [H, W, 4], uint8 or uint16: colours as far as they are opaque."""
    most = np.iinfo(image.dtype).max
    colours, opaque = image[..., :3].astype(np.uint32), image[..., 3:].astype(np.uint32)
    return ((colours * opaque + most // 2) // most).astype(image.dtype)


def decoder_of(stream: VideoStream) -> VideoCodecContext:
    """What decodes `stream`: its own decoder, or libvpx where FFmpeg's own would lose what is transparent."""
    name = _ALPHA_DECODERS.get(stream.codec_context.name)
    if stream.metadata.get("alpha_mode") != "1" or name not in codecs_available:
        return stream.codec_context
    decoder = CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    return decoder


def _as_format(image: np.ndarray, kind: str) -> np.ndarray:
    """RGB of 16 bits in another format of RGB; opaque."""
    image = image if kind.endswith("le") else (image >> 8).astype(np.uint8)
    if "a" not in kind:
        return image
    return np.dstack([image, np.full(image.shape[:2], np.iinfo(image.dtype).max, image.dtype)])


class _Treatment(NamedTuple):
    """What frames of one kind need to be shown."""

    shape: Shape
    crop: Crop
    matrix: Colorspace | None
    """How RGB is mixed, where the frame's tag does not say it."""
    conversion: Conversion | None
    """What else there is to do to colours."""
    has_alpha: bool

    @property
    def rule(self) -> str:
        """What is done beyond decoding, scaling and turning."""
        named = {
            "crop": self.crop.cuts,
            "alpha": self.has_alpha,
            self.matrix.name.lower() if self.matrix else "": self.matrix is not None,
            self.conversion.name if self.conversion else "": self.conversion is not None,
        }
        return ",".join(name for name, applies in named.items() if applies)


class Converter:
    """Makes RGB pictures of the frames of one video. One thread at a time."""

    def __init__(self, container: InputContainer, stream: VideoStream, crop: Crop, first: av.VideoFrame) -> None:
        """
        :param crop: what the container asks players to cut off
        :param first: the first frame; its size is that of the video
        """
        self._stream, self._crop, self._scaler = stream, crop, VideoReformatter()
        self._tells_aspect = any(name in container.format.name for name in ("matroska", "mp4"))
        self._may_be_opaque = container.format.name == "avi" and stream.codec_context.name == "rawvideo"
        self._peak_nits = conversion_of(first).peak_nits
        self._treatments: dict[tuple[Any, ...], _Treatment] = {}
        self.shape = self._treatment(first).shape
        self.rule = self._treatment(first).rule

    def rgb(self, frame: av.VideoFrame, max_pixels: int | None = None) -> np.ndarray:
        """`frame` as players show it, [H, W, 3], uint8, RGB; owned by the caller.

        :param max_pixels: a frame of more pixels is shrunk to about that many, its shape kept
        """
        treatment = self._treatment(frame)
        shape = treatment.shape
        image = self._flat(frame, treatment, *shape.fitting(max_pixels))
        if shape.swaps:
            image = image.swapaxes(0, 1)
        image = np.ascontiguousarray(image[:: -1 if shape.flips_y else 1, :: -1 if shape.flips_x else 1])
        if shape != self.shape:
            image = letterbox(image, *fitting(*self.shape.upright, max_pixels))
        return image

    def thumbnail(self, frame: av.VideoFrame, side: int) -> np.ndarray:
        """`frame` as stored, shrunk to [side, side, 3], uint8, RGB."""
        matrix = self._treatment(frame).matrix
        small = self._scaler.reformat(
            frame, width=side, height=side, format="rgb24", interpolation="AREA", src_colorspace=matrix
        )
        return np.asarray(small.to_ndarray(), dtype=np.uint8)

    def _flat(self, frame: av.VideoFrame, treatment: _Treatment, width: int, height: int) -> np.ndarray:
        """The picture before turning, in the size given."""
        crop, conversion, has_alpha = treatment.crop, treatment.conversion, treatment.has_alpha
        kind = ("rgba64le" if has_alpha else "rgb48le") if conversion else ("rgba" if has_alpha else "rgb24")
        first = (frame.width, frame.height) if crop.cuts or has_alpha else (width, height)
        image = self._rgb(frame, kind, *first, treatment.matrix)
        if crop.cuts:
            image = image[crop.top : frame.height - crop.bottom, crop.left : frame.width - crop.right]
        if has_alpha:
            # in uncompressed AVI the fourth byte is reserved, and some use it nevertheless
            is_opaque = self._may_be_opaque and not image[..., 3].any()
            image = image[..., :3] if is_opaque else _over_black(image)
        image = _scaled(image, width, height)
        return to_sdr(image, conversion) if conversion else image

    def _rgb(self, frame: av.VideoFrame, kind: str, width: int, height: int, matrix: Colorspace | None) -> np.ndarray:
        """The stored picture in another size and format, one of RGB."""
        if frame.colorspace == YCGCO and not frame.format.is_rgb:
            same = {"src_colorspace": Colorspace.ITU709, "dst_colorspace": Colorspace.ITU709}
            coded = self._scaler.reformat(
                frame, width, height, "yuv444p16le", interpolation="BICUBIC", dst_color_range="JPEG", **same
            )
            return _as_format(from_ycgco(coded.to_ndarray()), kind)
        if (frame.width, frame.height) == (width, height) and frame.format.name == kind:
            return np.asarray(frame.to_ndarray())
        flat = self._scaler.reformat(frame, width, height, kind, interpolation="BICUBIC", src_colorspace=matrix)
        return np.asarray(flat.to_ndarray())

    def _treatment(self, frame: av.VideoFrame) -> _Treatment:
        aspect = self._aspect(frame)
        tags = frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries
        kind = (frame.width, frame.height, frame.format.name, tags, aspect)
        known = self._treatments.get(kind)
        if known is None:
            crop = self._crop.inside(frame.width, frame.height)
            conversion = conversion_of(frame)._replace(peak_nits=self._peak_nits)
            known = self._treatments[kind] = _Treatment(
                shape=_shape(frame, crop, (crop.aspect if crop.cuts else None) or aspect),
                crop=crop,
                matrix=matrix_of(frame),
                conversion=conversion if conversion.name else None,
                has_alpha=_has_alpha(frame),
            )
        return known

    def _aspect(self, frame: av.VideoFrame) -> Fraction:
        """The shape of pixels: the container's, else the stream's, which may change and is noted on frames then."""
        if not self._tells_aspect and isinstance(frame.opaque, Fraction):
            return frame.opaque
        return self._stream.sample_aspect_ratio or Fraction(1)


def _has_alpha(frame: av.VideoFrame) -> bool:
    return frame.format.has_palette or any(part.is_alpha for part in frame.format.components)


def _shape(frame: av.VideoFrame, crop: Crop, aspect: Fraction) -> Shape:
    width, height = frame.width - crop.left - crop.right, frame.height - crop.top - crop.bottom
    xx, xy, yx, yy = _display_matrix(frame)
    swaps = abs(xx) + abs(yy) < abs(xy) + abs(yx)
    return Shape(
        width=min(max(round(width * aspect), 1), _MAX_SIDE) if aspect > 0 else width,
        height=height,
        swaps=swaps,
        flips_x=(yx if swaps else xx) < 0,
        flips_y=(xy if swaps else yy) < 0,
    )


def _display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """Where the file asks players to put a picture's axes: x and y of its x axis, x and y of its y axis."""
    data = side_data(frame, "DISPLAYMATRIX")
    if data is None:
        turn = math.radians(frame.rotation)  # known to PyAV also where it lists nothing; mirroring is not
        return round(math.cos(turn)), -round(math.sin(turn)), round(math.sin(turn)), round(math.cos(turn))
    xx, xy, _, yx, yy, *_ = struct.unpack("=9i", data)
    return xx, xy, yx, yy
