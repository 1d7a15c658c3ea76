"""A film asked for in words: its script, its cuts, and what they are checked against."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from attrs import field, frozen
from attrs.validators import ge, gt, in_, min_len
from attrs.validators import optional as if_any

from atom_core.records.answer import Provenance
from atom_core.records.library import Moment
from atom_core.records.span import Span, none_or_positive, texts


@frozen(kw_only=True)
class Request:
    """A film asked for in words."""

    text: str = field(validator=min_len(1))
    """What the film should show."""
    length_s: float | None = None
    """Wanted length, seconds; None lets the shots decide."""


@frozen(kw_only=True)
class Wanted:
    """What one line of a script asks for: what is to be seen, and which and how many shots of it."""

    num_shots: int | None = field(default=1, validator=none_or_positive)
    """How many different shots; None is all that show it."""
    at_most: bool = False
    """Whether fewer than `num_shots` will do."""
    repeats: int = field(default=1, validator=ge(1))
    """How often each of them is shown."""
    again: bool = False
    """Whether a shot that another line has may be shown again."""
    pick: Literal["", "shortest", "longest", "first", "last"] = field(
        default="", validator=in_(("", "shortest", "longest", "first", "last"))
    )
    """Which of the shots that show it, by their lengths or by when they were recorded; empty is those that fit best."""
    purely: bool = False
    """Whether nothing else is to be seen beside it."""
    without: tuple[str, ...] = field(default=(), converter=texts)
    """What these shots must not show."""
    length_s: float | None = field(default=None, validator=if_any(gt(0.0)))
    """Longest that each of its cuts may be, seconds."""
    said: str | None = None
    """What is to be said in these shots: a topic, words in quotation marks, or empty for anything; None is not to say.
    They are then cut where the voice pauses."""


@frozen(kw_only=True)
class Constraints:
    """What a request says of a film beside its lines; the cuts are checked against it."""

    wanted: tuple[Wanted, ...] = ()
    """For each line of the script, what it asks for; empty is one shot each."""
    without: tuple[str, ...] = field(default=(), converter=texts)
    """What no shot of the film may show."""
    order: Literal["", "recorded", "reversed", "shortest", "longest"] = field(
        default="", validator=in_(("", "recorded", "reversed", "shortest", "longest"))
    )
    """The order of the cuts: as recorded, the other way round, shortest or longest first; empty is the lines' own."""
    num_shots: int | None = field(default=None, validator=if_any(ge(1)))
    """How many cuts the film is to have; None leaves it to the lines."""
    rounds: int | None = field(default=None, validator=if_any(ge(0)))
    """How often the lines take turns, one shot each; 0 is as often as there are shots; None: they do not."""
    length_s: float | None = field(default=None, validator=if_any(gt(0.0)))
    """Longest that the film may be, seconds."""
    min_length_s: float | None = field(default=None, validator=if_any(gt(0.0)))
    """Shortest that the film may be, seconds."""
    shot_length_s: float | None = field(default=None, validator=if_any(gt(0.0)))
    """Longest that each cut may be, seconds."""
    sources: tuple[str, ...] = field(default=(), converter=texts)
    """Names of the videos that cuts may come from; empty is all."""
    one_source: bool = False
    """Whether all cuts must come from one video."""


@frozen(kw_only=True)
class Script:
    """What a film should show: one sentence a shot, in order."""

    request: Request
    """What was asked for."""
    lines: tuple[str, ...]
    """The shots."""
    provenance: Provenance | None = None
    """What wrote it; None when the request itself was split into lines."""
    constraints: Constraints = field(factory=Constraints)
    """What the request says beside its lines."""


@frozen(kw_only=True)
class Cut(Span):
    """One span of one video in a timeline, and why it is there."""

    path: Path = field(converter=Path)
    """The video file."""
    content_hash: str
    """Hash of the video's bytes when it was indexed."""
    line: str
    """The script line it stands for."""
    caption: str
    """What it shows."""
    score: float
    """How well it matches the line, at most 1."""
    reason: str = ""
    """Why it was taken, for people; empty where nothing was asked but similarity."""


@frozen(kw_only=True)
class Unmet:
    """Something that was asked for and is not in the film."""

    line: str
    """The line of the script, or what was asked of the whole film."""
    reason: str
    """What is missing, for people."""
    closest: Moment | None = None
    """The clip that comes nearest to it."""


@frozen(kw_only=True)
class Timeline:
    """Ordered cuts."""

    request: Request
    """What was asked for."""
    cuts: tuple[Cut, ...]
    """The cuts, in order."""
    unmet: tuple[Unmet, ...] = ()
    """What was asked for and could not be met."""

    @property
    def duration_s(self) -> float:
        """Sum of the cuts' lengths, seconds."""
        return sum(cut.duration_s for cut in self.cuts)


@frozen(kw_only=True)
class Film:
    """A timeline rendered to a media file."""

    path: Path = field(converter=Path)
    """The file."""
    timeline: Timeline
    """What it shows."""
    duration_s: float
    """Length, seconds."""
    num_frames: int
    """Pictures written."""
    has_audio: bool
    """Whether it has sound."""
