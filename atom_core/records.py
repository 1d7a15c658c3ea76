"""Frozen values that flow between rooms, tasks and plugins. Times are seconds from the video's first frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from attrs import field, frozen
from attrs.converters import optional
from attrs.validators import ge, gt, in_, min_len
from attrs.validators import optional as if_any

if TYPE_CHECKING:
    import numpy as np
    import torch


def _finite(_: object, attribute: Any, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{attribute.name} must be a finite number of seconds, got {value!r}")


def _pairs(value: Iterable[Iterable[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(at_s), float(by_s)) for at_s, by_s in value)


def _none_or_positive(_: object, attribute: Any, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, got {value!r}")


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(f"expected several texts, got one: write ({value!r},)")
    return tuple(value)


def _clock(seconds: float) -> str:
    minutes, ms = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}.{ms % 1000:03}"


@frozen(kw_only=True)
class Span:
    """A stretch of time in one video."""

    start_s: float = field(validator=[_finite, ge(0)])
    """First instant, seconds."""
    end_s: float = field(validator=_finite)
    """Last instant, exclusive, seconds; never before `start_s`."""

    @end_s.validator
    def _ordered(self, _: object, value: float) -> None:
        if value < self.start_s:
            raise ValueError(f"span ends at {value} s, before its start at {self.start_s} s")

    @property
    def duration_s(self) -> float:
        """Length, seconds."""
        return self.end_s - self.start_s

    @property
    def times(self) -> str:
        """Both ends for people to read: ``00:00:01.500 - 00:00:04.000``."""
        return f"{_clock(self.start_s)} - {_clock(self.end_s)}"


@frozen(kw_only=True)
class Video:
    """A media file with a picture track, identified by the hash of its bytes."""

    path: Path = field(converter=Path)
    """Where the file was read from."""
    content_hash: str = field(validator=min_len(16))
    """Hash of the file's bytes, hexadecimal; with the number of the track where another is chosen than players show."""
    duration_s: float = field(validator=[_finite, ge(0)])
    """Length of the picture track, seconds."""
    width: int
    """Displayed width, pixels, rotation applied."""
    height: int
    """Displayed height, pixels, rotation applied."""
    fps: float
    """Average frame rate, frames per second."""
    peak_fps: float = 0.0
    """Frame rate where pictures come closest, frames per second: above `fps` where the rate varies; 0 if not known."""
    timecode: str = ""
    """SMPTE time code of the first picture, if the file states one: ``10:00:00:00``, ``;`` where frames are dropped."""
    lead_s: float = 0.0
    """How long a player runs before the first picture, seconds; subtitles for players are that much later."""
    rotation: int = 0
    """Clockwise turn that the file asks players for: 0, 90, 180 or 270 degrees (already applied to frames)."""
    mirrored: bool = False
    """Whether the file asks players to mirror pictures left to right after that turn (already applied to frames)."""
    picture_rule: str = ""
    """What stored pictures need to look as in players: ``shown:`` and some of ``crop``, ``alpha``, the matrix of
    untagged ones, ``pq``, ``hlg``, ``gamut``, ``fields``, ``sizes``; empty for most (already done to frames)."""
    has_audio: bool = False
    """Whether there is a sound track."""
    is_film: bool = False
    """Whether Atom rendered it from other videos."""
    recorded_s: float | None = None
    """When it was recorded as its file says, seconds since 1970; None if the file does not say."""
    track: int | None = None
    """Which of several picture tracks it is, from 1, where another is chosen than players show."""
    leaps: tuple[tuple[float, float], ...] = field(default=(), converter=_pairs)
    """Where the file's clock leaps on although the recording does not: to when, and by how much, seconds of that clock.
    Times of the video go on across a leap."""
    fault: str = ""
    """Why only part of the file can be used, `duration_s` of it, where that is so: "is cut off: ..."."""
    seekable: bool = True
    """Whether the file's time stamps say where in it a picture is; not where they begin anew, as in files that were
    joined byte for byte: those are read from their start."""


@frozen(kw_only=True)
class Clip(Span):
    """A span of a video, usually one shot."""

    video: Video
    """The video it lies in."""
    index: int = 0
    """Place among the video's clips, from 0."""

    @classmethod
    def whole(cls, video: Video) -> Clip:
        """The clip that covers all of `video`."""
        return cls(video=video, start_s=0.0, end_s=video.duration_s)

    @property
    def span(self) -> Span:
        """The times alone."""
        return Span(start_s=self.start_s, end_s=self.end_s)


@frozen(kw_only=True)
class Frames:
    """The pixels sampled from a clip."""

    clip: Clip
    """Where they come from."""
    images: tuple[np.ndarray, ...] = field(eq=False, repr=False)
    """T arrays [H, W, 3], uint8, RGB, upright."""
    timestamps_s: tuple[float, ...]
    """When each frame is shown, T values, seconds."""
    rule: str
    """The sampling rule that chose them, for example ``uniform:8``."""


@frozen(kw_only=True)
class Sound(Span):
    """The sound of a stretch of a video, on the clock of its pictures."""

    video: Video
    """The video it lies in."""
    samples: np.ndarray = field(eq=False, repr=False)
    """[C, S], float32, -1 to 1: C channels of S samples; silent where the file has no sound. The caller's own."""
    rate_hz: int
    """Samples per second of each channel."""


@frozen(kw_only=True)
class Features:
    """The encoder's output for a clip, in the decoder's embedding space. Borrowed: never change it in place."""

    clip: Clip
    """What was encoded."""
    values: torch.Tensor = field(eq=False, repr=False)
    """[T, D]: T visual tokens of the decoder's width D."""
    timestamps_s: tuple[float, ...]
    """When each sampled frame is shown, seconds."""
    rule: str
    """The sampling rule."""
    key: str
    """Content address: equal keys mean equal values."""
    layout: Mapping[str, Any] = field(factory=dict, eq=False)
    """What the family needs to place the tokens, for example a patch grid; JSON values."""
    extra: Mapping[str, torch.Tensor] = field(factory=dict, eq=False, repr=False)
    """Further tensors that some families hand to the decoder, by name."""

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of the frames as sampled, pixels; None where that is not known."""
        found = self.layout.get("size")
        return None if found is None else (int(found[0]), int(found[1]))

    def array(self) -> np.ndarray:
        """The values as an array [T, D], float32, on the processor; a copy that the caller owns."""
        import numpy as np

        values = self.values.float().cpu().numpy() if hasattr(self.values, "cpu") else self.values
        return np.array(values, dtype=np.float32)


class Generated(str):
    """Text from the decoder; a plain `str` that also knows how sure the decoder was."""

    logprob: float
    """Sum of the tokens' natural log-probabilities."""
    num_tokens: int
    """How many tokens were decoded, end token included."""
    finish_reason: str
    """``stop`` (end token or stop text), ``length`` (`max_new_tokens` reached) or ``loop`` (it said the same over and
    over, and was stopped)."""

    def __new__(cls, text: str, *, logprob: float = 0.0, num_tokens: int = 0, finish_reason: str = "stop") -> Generated:
        self = super().__new__(cls, text)
        self.logprob, self.num_tokens, self.finish_reason = logprob, num_tokens, finish_reason
        return self

    @property
    def confidence(self) -> float:
        """Geometric mean of the tokens' probabilities, 0 to 1."""
        return math.exp(self.logprob / self.num_tokens) if self.num_tokens else 0.0

    @property
    def cut(self) -> bool:
        """Whether the decoder was stopped before it ended by itself, maybe inside a word."""
        return self.finish_reason in ("length", "loop")

    @property
    def whole(self) -> str:
        """The text; where it was cut, up to its last whole sentence, clause or word, and without what it repeats."""
        from atom_core.text.sentences import cut_back, without_loop  # its patterns take a start of `atom` milliseconds

        return cut_back(without_loop(self)) if self.cut else str(self)


class _Named(Protocol):
    """What a `Decoder` is to a record."""

    @property
    def name(self) -> str:
        """The model's name and precision."""


@frozen(kw_only=True)
class Provenance:
    """What made a result."""

    model: str
    """Model name and precision."""
    prompt: str
    """The text the decoder was asked with."""
    timestamps_s: tuple[float, ...] = ()
    """The frames it saw, seconds."""
    rule: str = ""
    """The sampling rule that chose them."""
    size: tuple[int, int] | None = None
    """Height and width of those frames as sampled, pixels; the model may make them smaller."""

    @classmethod
    def of(cls, decoder: _Named, prompt: str, features: Features | None = None) -> Provenance:
        """What `decoder` made of `prompt` after the frames of `features`.

        :param features: what it was shown; None if it read text alone
        """
        if features is None:
            return cls(model=decoder.name, prompt=prompt)
        times_s, rule, size = features.timestamps_s, features.rule, features.size
        return cls(model=decoder.name, prompt=prompt, timestamps_s=times_s, rule=rule, size=size)

    @property
    def frames(self) -> dict[str, Any] | None:
        """The frames it saw as JSON values: number, timestamps, size and rule; None if it saw none."""
        if not self.timestamps_s:
            return None
        times_s = [round(time_s, 3) for time_s in self.timestamps_s]
        return {"number": len(times_s), "timestamps_s": times_s, "size": self.size, "rule": self.rule}


@frozen(kw_only=True)
class Caption:
    """What a clip shows, in words."""

    clip: Clip
    """The clip described."""
    text: str
    """One sentence; empty where the model said nothing."""
    confidence: float | None = None
    """Geometric mean token probability, 0 to 1."""
    provenance: Provenance | None = None
    """What made it."""
    truncated: bool = False
    """Whether the model was stopped before its end; the text ends with its last whole sentence or clause."""


@frozen(kw_only=True)
class Question:
    """Something asked about a video."""

    video: Video
    """What it is asked of."""
    text: str = field(validator=min_len(1))
    """The question."""
    others: tuple[Video, ...] = ()
    """Further videos that it is asked of: one answer for all of them, as for "Which video shows a dog?"."""


@frozen(kw_only=True)
class Answer:
    """What the decoder says to a question."""

    clip: Clip
    """The stretch the question was asked of."""
    question: str
    """The question."""
    text: str
    """The answer."""
    evidence: tuple[Span, ...] = ()
    """The times that support it, best first."""
    confidence: float | None = None
    """Geometric mean token probability, 0 to 1."""
    provenance: Provenance | None = None
    """What made it."""
    truncated: bool = False
    """Whether the model was stopped before its end; the text ends with its last whole sentence or clause."""


@frozen(kw_only=True)
class Entry:
    """A clip as the library keeps it."""

    clip: Clip
    """The clip."""
    caption: str
    """Its caption."""
    vector: np.ndarray = field(eq=False, repr=False)
    """[E], float32, unit length."""
    caption_vector: np.ndarray | None = field(default=None, eq=False, repr=False)
    """[E], float32, unit length: the caption's text, embedded."""
    rule: str = ""
    """The sampling rule of the frames that the vector is made of."""
    settings: str = ""
    """What was set that decides how videos are cut, shown and captioned, as JSON; empty where that is not known."""
    num_clips: int = field(default=0, validator=ge(0))
    """How many clips its video consists of: it is found once so many of them are stored. 0: it counts with those that
    it is stored with."""
    segmentation: str = ""
    """Digest of the clips that its video consists of, which tells them from those of another segmentation; empty where
    that is not known."""


@frozen(kw_only=True)
class Query:
    """A search of the library: by text, by a clip that moments are to look like, or by both; within filters."""

    text: str = ""
    """What to look for; may be empty where `like` is given."""
    limit: int = field(default=10, validator=ge(1))
    """How many moments at most."""
    skip: int = field(default=0, validator=ge(0))
    """How many of the best to leave out, as those of earlier pages."""
    like: Clip | None = None
    """A clip that moments are to look like, of any video or picture file."""
    without: str = ""
    """What moments are not to show; empty leaves nothing out."""
    videos: tuple[str, ...] = field(default=(), converter=_texts)
    """Content hashes of the videos to stay within; empty is all."""
    folder: Path | None = field(default=None, converter=optional(Path))
    """Folder that the videos lie in, or below it."""
    kind: str = field(default="", validator=in_(("", "footage", "film")))
    """``footage`` or ``film`` (rendered by Atom) alone; empty is both."""
    recorded_from_s: float | None = None
    """When the video was recorded at the earliest, seconds since 1970."""
    recorded_to_s: float | None = None
    """Before when it was recorded, seconds since 1970."""
    shortest_s: float = 0.0
    """Least length of a moment, seconds."""
    longest_s: float | None = None
    """Greatest length of a moment, seconds."""

    def __attrs_post_init__(self) -> None:
        if not self.text and self.like is None:
            raise ValueError("a query needs a text, or a clip to be like; both are empty")

    @property
    def is_filtered(self) -> bool:
        """Whether moments may be left out for another reason than what they show."""
        bounds = (self.folder, self.recorded_from_s, self.recorded_to_s, self.longest_s)
        return bool(self.videos or self.kind or self.shortest_s) or any(bound is not None for bound in bounds)


@frozen(kw_only=True)
class Moment(Span):
    """A clip found by a search."""

    path: Path = field(converter=Path)
    """The video file."""
    content_hash: str
    """Hash of the video's bytes when it was indexed."""
    caption: str
    """The clip's caption."""
    score: float
    """Similarity to the query, higher is better, at most 1."""
    channels: Mapping[str, float] = field(factory=dict, hash=False)
    """Which channels found it, each with its own score."""
    fits: bool | None = None
    """Whether it shows what was looked for, rather than being the nearest there is; None where that is not known."""
    num_alike: int = 0
    """How many moments that look and read the same were found with it and left out."""


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

    num_shots: int | None = field(default=1, validator=_none_or_positive)
    """How many different shots; None is all that show it."""
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
    without: tuple[str, ...] = field(default=(), converter=_texts)
    """What these shots must not show."""
    length_s: float | None = field(default=None, validator=if_any(gt(0.0)))
    """Longest that each of its cuts may be, seconds."""


@frozen(kw_only=True)
class Constraints:
    """What a request says of a film beside its lines; the cuts are checked against it."""

    wanted: tuple[Wanted, ...] = ()
    """For each line of the script, what it asks for; empty is one shot each."""
    without: tuple[str, ...] = field(default=(), converter=_texts)
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
    sources: tuple[str, ...] = field(default=(), converter=_texts)
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
