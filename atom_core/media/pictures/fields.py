"""Interlaced pictures: two half pictures, of different instants, in every other row. Combs show where things move.

Files say that pictures are interlaced, and often are wrong: film sent as interlaced, progressive cameras. Each picture
that is said to be interlaced is measured, and only those with combs are merged, from their first half picture and their
neighbours, by FFmpeg's bwdif; others stay as sharp as they are.
"""

from __future__ import annotations

import av
import numpy as np
from av.filter import Graph
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

_BLOCK = 16
"""Combs are looked for in squares of so many pixels."""
_MIN_RATIO = 1.5
"""Least change from row to row beside that from row to second next: about 1 for noise and lines, 0.5 for edges ..."""
_MIN_CHANGE = 1.0
"""... and how much more it must be, levels of 255."""
_ORDERS = {2: "tff", 3: "bff", 4: "tff", 5: "bff"}
"""Which half picture is first, by what FFmpeg calls the order of fields."""


def may_be_interlaced(frame: av.VideoFrame, stream: VideoStream) -> bool:
    """Whether the picture or its file says that it is interlaced."""
    return bool(frame.interlaced_frame) or stream.codec_context.field_order in _ORDERS


def is_combed(luma: np.ndarray) -> bool:
    """Whether anywhere in a picture [H, W], uint8, neighbouring rows differ more than those of one half picture."""
    height, width = (side // _BLOCK * _BLOCK for side in (luma.shape[0] - 4, luma.shape[1]))
    if height <= 0 or width <= 0:
        return False
    rows = luma[: height + 4, :width].astype(np.int16)
    middle = rows[2:-2] * 2
    across = _per_block(np.abs(middle - rows[1:-3] - rows[3:-1]))
    within = _per_block(np.abs(middle - rows[:-4] - rows[4:]))
    return bool((across > _MIN_RATIO * within + 2 * _MIN_CHANGE).any())


def _per_block(values: np.ndarray) -> np.ndarray:
    """The mean of each square of [H, W]."""
    height, width = values.shape
    by_row = values.reshape(height // _BLOCK, _BLOCK, width).sum(axis=1, dtype=np.int32)
    return np.asarray(by_row.reshape(height // _BLOCK, width // _BLOCK, _BLOCK).sum(axis=2) / np.float32(_BLOCK**2))


class Deinterlacer:
    """Merges the half pictures of one video. What it makes depends on a picture and its neighbours alone."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream, self._scaler = stream, VideoReformatter()
        self._graph: Graph | None = None
        self._newest: av.VideoFrame | None = None

    def is_combed(self, frame: av.VideoFrame) -> bool:
        """Whether `frame` is said to be interlaced, and looks it."""
        if not may_be_interlaced(frame, self._stream):
            return False
        return is_combed(self._scaler.reformat(frame, format="gray").to_ndarray())

    def merged(self, before: av.VideoFrame | None, frame: av.VideoFrame, after: av.VideoFrame | None) -> av.VideoFrame:
        """`frame` without combs, from its neighbours: none before the first and after the last."""
        if self._graph is None or self._newest is not frame:
            self._graph = self._new_graph(frame)
            if before is not None and _alike(before, frame):
                self._push(before)
            self._push(frame)
        graph = self._graph
        if after is not None and _alike(after, frame):
            self._push(after)
            self._newest = after
        else:
            self._push(None)
            self._graph = None
        merged = _last(graph)
        merged.colorspace, merged.color_range = frame.colorspace, frame.color_range
        merged.color_trc, merged.color_primaries = frame.color_trc, frame.color_primaries
        return merged

    def _push(self, frame: av.VideoFrame | None) -> None:
        assert self._graph is not None
        self._graph.vpush(frame)

    def _new_graph(self, frame: av.VideoFrame) -> Graph:
        order = "auto" if frame.interlaced_frame else _ORDERS[self._stream.codec_context.field_order]
        graph = Graph()
        size, kind = f"{frame.width}x{frame.height}", frame.format.name
        source = graph.add("buffer", f"video_size={size}:pix_fmt={kind}:time_base=1/1000:pixel_aspect=1/1")
        graph.link_nodes(source, graph.add("bwdif", f"mode=send_frame:parity={order}"), graph.add("buffersink"))
        graph.configure()
        return graph


def _alike(one: av.VideoFrame, two: av.VideoFrame) -> bool:
    """Whether both can go through one graph."""
    return (one.width, one.height, one.format.name) == (two.width, two.height, two.format.name)


def _last(graph: Graph) -> av.VideoFrame:
    """The newest picture that comes out of the graph."""
    newest: av.VideoFrame | None = None
    while True:
        try:
            newest = graph.vpull()
        except (BlockingIOError, EOFError):
            assert newest is not None
            return newest
