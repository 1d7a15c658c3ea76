"""The module ``reader``: what is written in videos, read once for all tasks and processes.

A video is read in blocks of a minute, each kept by itself: a long one goes on where it was cut off, a clip costs no
more than the minutes that it lies in, and what was read does not depend on how the video is cut into clips.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from attrs import evolve, field, frozen
from attrs.validators import ge, gt, le

import atom_core as atom
from atom_core.files.bounded import keep
from atom_core.media.pictures.passes import sharing
from atom_core.providers import KeptAnswers
from atom_text.engine import INSTALL, PACKAGE, Engine, model_files
from atom_text.watch import Title, Watcher

BLOCK_S, PART_S = 60.0, 15.0
"""Length of a block, and of the parts in which pictures are evenly spaced, seconds."""
AT_ONCE = 4
"""Pictures that are in memory at once."""
PIXELS = 1280 * 720
"""Larger pictures are shrunk to as many pixels."""
_RULES = 2
"""Raised when others are read of the same pictures."""
_MOST_RECENT = 64
"""Blocks that are kept in memory."""
_ALIKE = 0.75
"""From this share of equal letters on, lines before and after a border of blocks are one."""


@frozen(kw_only=True)
class Block:
    """What was read in a block of a video."""

    texts: tuple[atom.WrittenText, ...]
    """The lines, in order of time."""
    num_unread: int = 0
    """Lines that were seen, and could not be read for sure."""
    num_looks: int = 0
    """How often it was looked for lines."""


class Reader:
    """Reads videos. Safe to use from several threads."""

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``reader``."""

        text_score: float = field(default=0.9, validator=[gt(0), le(1)])
        """How sure a reading must be: true ones have 0.96 up, leaves and windows that look like letters less."""
        step_s: float = field(default=0.5, validator=[ge(0.04), le(10)])
        """Time from one picture that is seen to the next, seconds."""

    @staticmethod
    def lacking(settings: atom.Settings) -> str:
        """What is not installed of its engine, and how it is had."""
        del settings
        try:
            model_files()
        except atom.ModelError as error:
            return str(error)
        return "" if find_spec("onnxruntime") else f"onnxruntime is not installed; {INSTALL}"

    def __init__(self, settings: atom.Settings, options: Settings) -> None:
        """
        :raises ModelError: if the engine is not installed
        """
        detector, recogniser = model_files()
        self._options = options
        self._engine = Engine(threads=settings.threads or min(2, len(os.sched_getaffinity(0))))
        self.fingerprint = f"{PACKAGE} {version(PACKAGE)} {detector.stem} {recogniser.stem}"
        rules = f"{_RULES} {self.fingerprint} {options.text_score:g} {options.step_s:g} {BLOCK_S:g} {PIXELS}"
        self._kept = KeptAnswers(settings, "reads", version=rules, doing="is reading this video")
        self._lock = threading.Lock()
        self._recent: dict[str, Block] = {}

    def texts(self, clip: atom.Clip, frames: atom.ReadFrames, progress: atom.Tell) -> tuple[atom.WrittenText, ...]:
        """The lines that stand during `clip`, in order of time.

        :param frames: reads pictures
        :param progress: told how many blocks are done
        """
        numbers = _blocks(clip)
        texts: list[atom.WrittenText] = []
        for done, number in enumerate(numbers):
            progress(done, len(numbers))
            texts = _continued(texts, self._block(clip.video, number, frames).texts, number * BLOCK_S)
        return tuple(_within(texts, clip))

    def num_unread(self, clip: atom.Clip) -> int:
        """How many lines were seen and could not be read in the minutes of `clip`, as far as these were read."""
        blocks = (self._known(KeptAnswers.key(clip.video.content_hash, number)) for number in _blocks(clip))
        return sum(block.num_unread for block in blocks if block is not None)

    def close(self) -> None:
        """Let go of the models."""
        self._engine.close()

    def _block(self, video: atom.Video, number: int, frames: atom.ReadFrames) -> Block:
        """A block of a video, read or known."""
        key = KeptAnswers.key(video.content_hash, number)
        if (known := self._known(key)) is not None:
            return known
        with self._kept.claim(key):
            if (known := self._known(key)) is not None:
                return known
            block = self._read(video, number, frames)
            self._kept.put(key, _as_json(block))
            self._remember(key, block)
        return block

    def _known(self, key: str) -> Block | None:
        with self._lock:
            block = self._recent.get(key)
        if block is None and (block := _from_json(self._kept.get(key))) is not None:
            self._remember(key, block)
        return block

    def _remember(self, key: str, block: Block) -> None:
        with self._lock:
            keep(self._recent, key, block, _MOST_RECENT)

    def _read(self, video: atom.Video, number: int, frames: atom.ReadFrames) -> Block:
        start_s = number * BLOCK_S
        end_s = min(start_s + BLOCK_S, video.duration_s) if video.duration_s else BLOCK_S
        watcher = Watcher(self._engine, least=self._options.text_score)
        with sharing():  # the next pictures are read on from the last
            for span, num in _spans(video, start_s, end_s, self._options.step_s):
                shown = frames(span, num, max_pixels=PIXELS)
                for place, image in enumerate(shown.images):
                    watcher.see(image, span.start_s + (place + 0.5) * span.duration_s / num)
                del shown, image  # before the next are read
        half_s = self._options.step_s / 2
        texts = [_text(title, max(start_s, title.first_s - half_s), title.last_s + half_s) for title in watcher.titles]
        texts = [evolve(text, end_s=min(text.end_s, end_s)) for text in texts]
        ordered = sorted(texts, key=lambda one: (one.start_s, one.box[1], one.box[0]))
        return Block(texts=tuple(ordered), num_unread=watcher.num_unread, num_looks=watcher.num_looks)


def _blocks(clip: atom.Clip) -> range:
    """The numbers of the blocks that a clip lies in."""
    last = max(math.ceil(clip.end_s / BLOCK_S - 1e-9), int(clip.start_s / BLOCK_S) + 1)
    return range(int(clip.start_s / BLOCK_S), last)


def _spans(video: atom.Video, start_s: float, end_s: float, step_s: float) -> Iterator[tuple[atom.Clip, int]]:
    """Spans of a block, each with the number of pictures that are seen of it and are in memory at once."""
    num_parts = max(math.ceil((end_s - start_s) / PART_S - 1e-9), 1)
    part_s = (end_s - start_s) / num_parts
    num = max(round(part_s / step_s), 1)
    for part in range(num_parts):
        at = [start_s + (part + place / num) * part_s for place in range(num + 1)]
        for first in range(0, num, AT_ONCE):
            last = min(first + AT_ONCE, num)
            yield atom.Clip(video=video, start_s=at[first], end_s=at[last]), last - first


def _text(title: Title, start_s: float, end_s: float) -> atom.WrittenText:
    box = tuple(round(edge, 4) for edge in title.box)
    sure = min(round(title.confidence, 4), 1.0)
    return atom.WrittenText(text=title.text, start_s=round(start_s, 3), end_s=round(end_s, 3), box=box, confidence=sure)


def _continued(
    before: Sequence[atom.WrittenText], after: Sequence[atom.WrittenText], border_s: float
) -> list[atom.WrittenText]:
    """Lines of neighbouring blocks; one that stands on both sides of their border is one line."""
    joined = list(before)
    for text in after:
        place = next((at for at, old in enumerate(joined) if _goes_on(old, text, border_s)), None)
        if place is None:
            joined.append(text)
        else:
            old = joined[place]
            better = max(old, text, key=lambda one: (one.confidence or 0) * len(one.text))
            joined[place] = evolve(better, start_s=old.start_s, end_s=max(old.end_s, text.end_s))
    return joined


def _goes_on(old: atom.WrittenText, new: atom.WrittenText, border_s: float) -> bool:
    beside = abs(old.end_s - border_s) < 1.0 and abs(new.start_s - border_s) < 1.0
    return beside and SequenceMatcher(None, old.text, new.text, autojunk=False).ratio() >= _ALIKE


def _within(texts: Sequence[atom.WrittenText], clip: atom.Clip) -> Iterator[atom.WrittenText]:
    """Lines as far as they stand during a clip."""
    for text in texts:
        start_s, end_s = max(text.start_s, clip.start_s), min(text.end_s, clip.end_s)
        if start_s < end_s or clip.start_s <= start_s == end_s:
            yield evolve(text, start_s=start_s, end_s=end_s)


def _as_json(block: Block) -> dict[str, object]:
    texts = [[one.text, one.start_s, one.end_s, list(one.box), one.confidence] for one in block.texts]
    return {"texts": texts, "unread": block.num_unread, "looks": block.num_looks}


def _from_json(value: Any) -> Block | None:
    """A block as it was kept; None if there is none, or it is damaged."""
    if not isinstance(value, Mapping):
        return None
    try:
        texts = [
            atom.WrittenText(text=str(text), start_s=start_s, end_s=end_s, box=box, confidence=confidence)
            for text, start_s, end_s, box, confidence in value["texts"]
        ]
        return Block(texts=tuple(texts), num_unread=int(value["unread"]), num_looks=int(value["looks"]))
    except (KeyError, TypeError, ValueError):
        return None
