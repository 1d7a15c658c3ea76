"""Footage with known transitions: shots put together, and what is done to the pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from attrs import field, frozen
from PIL import Image, ImageFilter

from atom_bench.cuts.scenes import HEIGHT, WIDTH, Rng, Shot


@frozen(kw_only=True)
class Transition:
    """Where one shot becomes the next."""

    first: int
    """First picture that is not wholly the old shot's."""
    last: int
    """First picture that is wholly the new shot's; of a hard cut the same as `first`."""
    counts: bool = True
    """Whether it has to be found; else it may be, as a jump within one scene."""

    @property
    def gradual(self) -> bool:
        """Whether it is a dissolve, fade or wipe."""
        return self.last > self.first


@frozen(kw_only=True)
class Footage:
    """Pictures and the transitions among them."""

    pictures: Shot = field(eq=False, repr=False)
    """[T, H, W, 3], uint8, RGB."""
    transitions: tuple[Transition, ...]
    """In order."""
    fps: int = 25
    """Nominal rate, pictures a second."""
    crf: int = 20
    """Compression by x264; more is stronger."""
    ticks: tuple[int, ...] | None = None
    """When each picture is shown, milliseconds, where the rate varies."""


def joined(shots: Sequence[Shot], *, counts: bool = True) -> tuple[Shot, tuple[Transition, ...]]:
    """Shots with hard cuts between them."""
    starts = np.cumsum([len(shot) for shot in shots])[:-1]
    cuts = tuple(Transition(first=int(start), last=int(start), counts=counts) for start in starts)
    return np.concatenate(shots), cuts


def dissolved(shots: Sequence[Shot], lengths: Sequence[int]) -> tuple[Shot, tuple[Transition, ...]]:
    """Shots that melt into each other over so many pictures each time."""
    pictures, transitions = [shots[0]], []
    end = len(shots[0])
    for shot, length in zip(shots[1:], lengths, strict=True):
        share = ((np.arange(length) + 1) / (length + 1))[:, None, None, None]
        tail = pictures[-1][-length:]
        pictures[-1] = pictures[-1][:-length]
        pictures += [(tail * (1 - share) + shot[:length] * share).astype(np.uint8), shot[length:]]
        transitions.append(Transition(first=end - length, last=end))
        end += len(shot) - length
    return np.concatenate(pictures), tuple(transitions)


def faded(
    shots: Sequence[Shot], colour: Sequence[int], *, steps: Sequence[int], holds: Sequence[int]
) -> tuple[Shot, tuple[Transition, ...]]:
    """Shots that go into a plain colour and come out of it: over `steps` pictures each way, after `holds` of it."""
    plain, pictures, transitions, end = np.asarray(colour, float), [shots[0]], [], len(shots[0])
    for shot, step, hold in zip(shots[1:], steps, holds, strict=True):
        share = ((np.arange(step) + 1) / (step + 1))[:, None, None, None]
        tail = pictures[-1][len(pictures[-1]) - step :]
        pictures[-1] = pictures[-1][: len(pictures[-1]) - step]
        held = np.broadcast_to(plain, (hold, HEIGHT, WIDTH, 3))
        gone, come = tail * (1 - share) + plain * share, shot[:step] * share + plain * (1 - share)
        pictures += [part.astype(np.uint8) for part in (gone, held, come)] + [shot[step:]]
        transitions.append(Transition(first=end - step, last=end + hold + step))
        end += hold + len(shot)
    return np.concatenate(pictures), tuple(transitions)


def wiped(shots: Sequence[Shot], lengths: Sequence[int]) -> tuple[Shot, tuple[Transition, ...]]:
    """Shots that push their edge over the shot before, left to right or top to bottom."""
    pictures, transitions = [shots[0]], []
    end = len(shots[0])
    for number, (shot, length) in enumerate(zip(shots[1:], lengths, strict=True)):
        tail = pictures[-1][-length:]
        pictures[-1] = pictures[-1][:-length]
        mixed = tail.copy()
        for step in range(length):
            share = (step + 1) / (length + 1)
            if number % 2:
                mixed[step, : round(HEIGHT * share)] = shot[step, : round(HEIGHT * share)]
            else:
                mixed[step, :, : round(WIDTH * share)] = shot[step, :, : round(WIDTH * share)]
        pictures += [mixed, shot[length:]]
        transitions.append(Transition(first=end - length, last=end))
        end += len(shot) - length
    return np.concatenate(pictures), tuple(transitions)


def levels(pictures: Shot, gain: float | np.ndarray, offset: float | np.ndarray = 0.0) -> Shot:
    """Pictures of other brightness and contrast."""
    gains, offsets = np.reshape(gain, (-1, 1, 1, 1)), np.reshape(offset, (-1, 1, 1, 1))
    changed: Shot = np.clip(pictures * gains + offsets, 0, 255).astype(np.uint8)
    return changed


def grainy(rng: Rng, pictures: Shot, strength: float) -> Shot:
    """Pictures with grain, as a standard deviation in levels."""
    grain = rng.normal(0, strength, (8, HEIGHT, WIDTH, 1))
    noisy = [picture + grain[rng.integers(8)][:: rng.choice([1, -1])] for picture in pictures]
    changed: Shot = np.clip(noisy, 0, 255).astype(np.uint8)
    return changed


def grey(pictures: Shot) -> Shot:
    """Pictures without colour."""
    return np.repeat((pictures @ np.array([0.3, 0.59, 0.11]))[..., None], 3, axis=3).astype(np.uint8)


def boxed(pictures: Shot, ground: np.ndarray, left: int, top: int, width: int, height: int) -> Shot:
    """Pictures within a still one, shrunk and cropped to a box."""
    scale = max(width / WIDTH, height / HEIGHT)
    size = (math.ceil(WIDTH * scale), math.ceil(HEIGHT * scale))
    whole = np.repeat(ground[None], len(pictures), axis=0)
    for index, picture in enumerate(pictures):
        small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
        x, y = (size[0] - width) // 2, (size[1] - height) // 2
        whole[index, top : top + height, left : left + width] = small[y : y + height, x : x + width]
    return whole


def beside_itself(pictures: Shot) -> Shot:
    """Upright pictures before a blurred, darker enlargement of themselves."""
    whole = pictures.copy()
    for index, picture in enumerate(pictures):
        upright = picture[:, 110:211]
        large = Image.fromarray(upright[60:117]).resize((WIDTH, HEIGHT)).filter(ImageFilter.GaussianBlur(12))
        whole[index] = np.asarray(large) * 0.6
        whole[index, :, 110:211] = upright
    return whole


def interlaced(pictures: Shot) -> Shot:
    """Pictures of twice the rate woven into frames of two fields each."""
    even = pictures[: len(pictures) // 2 * 2]
    woven = even[::2].copy()
    woven[:, 1::2] = even[1::2, 1::2]
    return woven


def write(path: Path, footage: Footage) -> None:
    """The footage as an H.264 file, the same bytes each time."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=footage.fps)
        stream.height, stream.width = footage.pictures.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = Fraction(1, 1000 if footage.ticks else footage.fps)
        stream.options = {"crf": str(footage.crf), "preset": "superfast", "x264-params": "log=-1"}
        for index, picture in enumerate(footage.pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = footage.ticks[index] if footage.ticks else index
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
