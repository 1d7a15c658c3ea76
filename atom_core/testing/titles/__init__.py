"""Makes small real videos in which titles stand or move, over soft shapes that drift by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from attrs import frozen
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, FPS = 640, 360, 8


@frozen
class Title:
    """A line of text, and when it stands where."""

    text: str
    size: int
    """Size of the font, pixels."""
    start_s: float
    end_s: float
    left: float = 60
    top: float = 260
    """Where its upper left corner is when it comes, pixels."""
    across: float = 0
    down: float = 0
    """How it moves, pixels a second."""

    def place(self, time_s: float) -> tuple[float, float]:
        """Where its upper left corner is, pixels."""
        since_s = time_s - self.start_s
        return self.left + self.across * since_s, self.top + self.down * since_s

    @property
    def width(self) -> float:
        """How wide it is, pixels."""
        return float(_font(self.size).getlength(self.text))


def titled_pictures(
    titles: Sequence[Title], seconds: float, *, fps: float = FPS, seed: int = 3
) -> Iterator[np.ndarray]:
    """Pictures [360, 640, 3], uint8, RGB, with titles."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(40, 160, (9, 24, 3), dtype=np.uint8)).resize((WIDTH * 2, HEIGHT))
    wide = np.asarray(soft)
    for number in range(round(seconds * fps)):
        time_s = number / fps
        shift = int(time_s * 40) % WIDTH
        image = Image.fromarray(np.ascontiguousarray(wide[:, shift : shift + WIDTH]))
        drawing = ImageDraw.Draw(image)
        for title in titles:
            if title.start_s <= time_s < title.end_s:
                place, font = title.place(time_s), _font(title.size)
                drawing.text(place, title.text, font=font, fill="white", stroke_width=1, stroke_fill="black")
        yield np.asarray(image)


def write_titled(path: Path | str, titles: Sequence[Title], seconds: float, *, seed: int = 3) -> Path:
    """Write a silent video with titles, 640 x 360, eight pictures a second.

    :param seed: of what is behind them
    """
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "crf": "18", "x264-params": "threads=1"}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in titled_pictures(titles, seconds, seed=seed):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return Path(path)


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
