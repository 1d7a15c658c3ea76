"""Follows what is written in pictures that are shown one after the other: each title is read once, however long it
stands, and one that moves is one title.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Protocol

from attrs import define, field

from atom_text import strokes
from atom_text.engine import GLANCE_SIDE, LOOK_SIDE, WHOLE, Box, Line
from atom_text.strokes import Small

if TYPE_CHECKING:
    import numpy as np

_NEW_WAITS_S = (0.5, 2.0)
"""How long it is waited after a look at what newly stands that found nothing, at first and at most ..."""
_IDLE_WAITS_S = (2.0, 4.0)
"""... and after a glance at the whole picture: leaves and crowds look like text."""
_FOLLOW_S = 1.0
"""How soon a title that moves is looked for again."""
_GAP_S = 1.6
"""A title that is gone for less, and is read again, was there all the time."""
_BACK = 10
"""How many pictures are kept, to see since when something stands."""
_ALIKE = 0.75
"""From this share of equal letters on two readings are of one title."""
_SAME_PLACE, _SAME_LINE = 0.3, 0.6
"""How much two boxes share, of the smaller one, to be in one place, and to be of one line."""
_LARGE = 0.5
"""A part of the picture that is larger is looked at as a whole."""
_EDGE = 0.004
"""What is found that near to the edge of a part may go on beyond it; a share of the picture."""
_AROUND = (0.12, 0.1)
"""How far a title may have moved until it is looked for again, parts of width and height."""
_KNOWN, _SAME_SIZE = 0.95, 0.02
"""How sure a reading is that is not read again where its line has moved, and by how much that may differ in width, of
it, to be the same line."""
_SURE_LINE = 0.6
"""How sure the detector must be of a line that was not read for it to be told of."""


class Reads(Protocol):
    """What looks and reads: `atom_text.engine.Engine`."""

    def look(self, image: np.ndarray, part: Box = WHOLE, *, side: int = LOOK_SIDE) -> list[Line]:
        """Lines in a picture."""

    def read(self, image: np.ndarray, lines: Sequence[Line]) -> list[tuple[str, float]]:
        """What stands in them."""


@define(eq=False)
class Title:
    """A line of text while it is followed."""

    text: str
    confidence: float
    box: Box
    first_s: float
    last_s: float
    seen: Small | None = field(repr=False)
    """The picture in which it was read last; None once it is over."""
    stands: bool = True
    """Whether it is where it was in the picture before."""


class Watcher:
    """Is shown pictures in order, and knows in the end what stood in them, and when."""

    def __init__(self, engine: Reads, *, least: float) -> None:
        """
        :param least: how sure a reading must be, 0 to 1
        """
        self._engine, self._least = engine, least
        self._before: deque[Small] = deque(maxlen=_BACK)
        self._looked: Small | None = None
        self._new_s = self._idle_s = -1e9
        self._new_wait_s, self._idle_wait_s = _NEW_WAITS_S[0], _IDLE_WAITS_S[0]
        self._unread: list[Box] = []
        self.titles: list[Title] = []
        """What was read, in order."""
        self.num_looks = 0
        """How often it was looked for lines."""

    @property
    def num_unread(self) -> int:
        """Lines that were seen and not read for sure."""
        return len(self._unread)

    def see(self, image: np.ndarray, time_s: float) -> None:
        """The next picture, [H, W, 3], uint8, RGB."""
        now = strokes.small_of(image, time_s)
        if self._before and self._before[-1].grey.shape != now.grey.shape:
            self._before.clear()
            self._looked = None
        for title in self.titles:
            if title.seen is not None:
                self._keep_up(title, image, now)
        self._look_where_new(image, now)
        self._glance(image, now)
        self._before.append(now)

    def _keep_up(self, title: Title, image: np.ndarray, now: Small) -> None:
        """See whether a title stands still; if it does not, look for it around."""
        assert title.seen is not None
        title.stands = strokes.stays(title.box, title.seen, now)
        if title.stands:
            title.last_s = now.time_s
        elif now.time_s - title.last_s >= _FOLLOW_S - 1e-6:
            (left, top, right, bottom), (across, down) = title.box, _AROUND
            around = max(left - across, 0), max(top - down, 0), min(right + across, 1), min(bottom + down, 1)
            self._look(image, now, around, LOOK_SIDE)
            if title.last_s < now.time_s:
                title.seen = None

    def _look_where_new(self, image: np.ndarray, now: Small) -> None:
        """Look where something stands that was not there before."""
        if not self._before or now.time_s - self._new_s < self._new_wait_s - 1e-6:
            return
        part = strokes.new_part(now, self._before[-1], self._looked)
        if part is None:
            return
        if (part[2] - part[0]) * (part[3] - part[1]) > _LARGE:
            part = WHOLE
        found = self._look(image, now, part, LOOK_SIDE)
        self._looked, self._new_s = now, now.time_s
        self._new_wait_s = _NEW_WAITS_S[0] if found else min(2 * self._new_wait_s, _NEW_WAITS_S[1])
        if part is WHOLE:
            self._idle_s = now.time_s

    def _glance(self, image: np.ndarray, now: Small) -> None:
        """Look at everything from time to time: a title may move, as signs do before a camera that moves."""
        if now.time_s - self._idle_s < self._idle_wait_s - 1e-6 or not strokes.is_dense(now):
            return
        found = self._look(image, now, WHOLE, LOOK_SIDE if self._looked is None else GLANCE_SIDE)
        self._looked = self._looked or now
        self._idle_s = now.time_s
        self._idle_wait_s = _IDLE_WAITS_S[0] if found else min(2 * self._idle_wait_s, _IDLE_WAITS_S[1])

    def _look(self, image: np.ndarray, now: Small, part: Box, side: int) -> bool:
        """Look for lines, and read those that are not known to stand there; whether there is a new one."""
        self.num_looks += 1
        standing = [title.box for title in self.titles if title.seen is not None and title.last_s == now.time_s]
        lines = self._whole_lines(image, part, side)
        lines = [line for line in lines if not any(_shared(line.box, box) > _SAME_LINE for box in standing)]
        lines = [line for line in lines if not self._has_moved(line.box, now)]
        found = False
        for line, (text, confidence) in zip(lines, self._engine.read(image, lines), strict=True):
            letters = [letter for letter in text if letter.isalnum()]
            if len(letters) == 1 and letters[0].isascii() and letters[0].isalpha():
                continue  # as likely a moon, a ring or a cross
            if confidence >= self._least and letters:
                found |= self._note(text, confidence, line.box, now)
            elif line.score >= _SURE_LINE:
                self._note_unread(line.box, now)
        return found

    def _note_unread(self, box: Box, now: Small) -> None:
        """Note a line that stands there and was not read; what comes and goes may be none."""
        stands = not self._before or self._since_s(box, now) < now.time_s
        if stands and not any(_shared(box, other) > _SAME_PLACE for other in self._unread):
            self._unread.append(box)

    def _whole_lines(self, image: np.ndarray, part: Box, side: int) -> list[Line]:
        """Lines in a part of a picture, those that go on beyond it as a whole."""
        lines = self._engine.look(image, part, side=side)
        if side < LOOK_SIDE and lines:  # what a glance finds is looked at
            return self._engine.look(image, _around([line.box for line in lines]), side=LOOK_SIDE)
        if any(_goes_on(line.box, part) for line in lines):
            return self._engine.look(image, (0.0, part[1], 1.0, part[3]), side=side)
        return lines

    def _has_moved(self, box: Box, now: Small) -> bool:
        """Take a line for a title that is known for sure and was near a moment ago, if it is of its very size."""
        for title in self.titles:
            if title.seen is None or title.stands or title.confidence < _KNOWN or not _is_size_of(title.box, box):
                continue
            near = abs(box[0] - title.box[0]) <= _AROUND[0] and abs(box[1] - title.box[1]) <= _AROUND[1]
            if near and title.last_s < now.time_s:
                title.box, title.seen, title.last_s = box, now, now.time_s
                return True
        return False

    def _note(self, text: str, confidence: float, box: Box, now: Small) -> bool:
        """Take a reading for one of a title that is there, or of a new one; whether it is new."""
        title = self._of(text, box, now)
        if title is None:
            self.titles.append(Title(text, confidence, box, self._since_s(box, now), now.time_s, now))
            return True
        if confidence * len(text) > title.confidence * len(title.text):
            title.text, title.confidence = text, confidence
        title.box, title.seen, title.last_s, title.stands = box, now, now.time_s, True
        return False

    def _of(self, text: str, box: Box, now: Small) -> Title | None:
        """The title that a reading is of."""
        for title in reversed(self.titles):
            over = title.seen is None and now.time_s - title.last_s > _GAP_S
            if over or (title.seen is not None and title.last_s == now.time_s):
                continue
            grows = _shared(title.box, box) > _SAME_PLACE and _begins_alike(title.text, text)
            if grows or SequenceMatcher(None, title.text, text, autojunk=False).ratio() >= _ALIKE:
                return title
        return None

    def _since_s(self, box: Box, now: Small) -> float:
        """Since when something stands in a box."""
        first_s = now.time_s
        for earlier in reversed(self._before):
            if not strokes.stays(box, now, earlier):
                break
            first_s = earlier.time_s
        return first_s


def _shared(one: Box, other: Box) -> float:
    """How much two boxes share, of the smaller one."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((it[2] - it[0]) * (it[3] - it[1]) for it in (one, other))
    return max(width, 0.0) * max(height, 0.0) / smaller if smaller > 0 else 0.0


def _is_size_of(one: Box, other: Box) -> bool:
    width, height = one[2] - one[0], one[3] - one[1]
    return abs(other[2] - other[0] - width) <= _SAME_SIZE * width and abs(other[3] - other[1] - height) <= 0.2 * height


def _around(boxes: Sequence[Box]) -> Box:
    """What has all of `boxes`, with room for the ends of their lines."""
    tall = max(box[3] - box[1] for box in boxes)
    left, top = min(box[0] for box in boxes) - 3 * tall, min(box[1] for box in boxes) - tall
    right, bottom = max(box[2] for box in boxes) + 3 * tall, max(box[3] for box in boxes) + tall
    return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)


def _goes_on(box: Box, part: Box) -> bool:
    """Whether a line may go on to the left or right of the part of the picture in which it was found."""
    return (part[0] > 0 and box[0] < part[0] + _EDGE) or (part[2] < 1 and box[2] > part[2] - _EDGE)


def _begins_alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) > 1 and SequenceMatcher(None, short, long[: len(short)], autojunk=False).ratio() >= _ALIKE
