"""Videos, and what is read from them: clips, pictures, sound, features."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from attrs.validators import ge, min_len

from atom_core.records.span import Span, counted, finite, pairs

if TYPE_CHECKING:
    import numpy as np
    import torch


@frozen(kw_only=True)
class Video:
    """A media file with a picture track, identified by the hash of its bytes."""

    path: Path = field(converter=Path)
    """Where the file was read from."""
    content_hash: str = field(validator=min_len(16))
    """Hash of the file's bytes, hexadecimal; with the number of the track where another is chosen than players show."""
    duration_s: float = field(validator=[finite, ge(0)])
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
    leaps: tuple[tuple[float, float], ...] = field(default=(), converter=pairs)
    """Where the file's clock leaps on although the recording does not: to when, and by how much, seconds of that clock.
    Times of the video go on across a leap."""
    joins: tuple[tuple[int, float], ...] = field(default=(), converter=counted)
    """Where the file's clock begins anew, as in recordings joined byte for byte: with which stored picture, from 0, and
    how much later than by that clock pictures are shown from there on, seconds. Times of the video go on across it."""
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
    track: int | None = None
    """Which of the file's sound tracks it is, from 1; None where there is none, or it is not known."""


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

    @property
    def num_encoded(self) -> int | None:
        """How many of the frames were encoded, while the others repeat one of them; None where that is not known."""
        found = self.layout.get("encoded")
        return None if found is None else int(found)

    def array(self) -> np.ndarray:
        """The values as an array [T, D], float32, on the processor; a copy that the caller owns."""
        import numpy as np

        values = self.values.float().cpu().numpy() if hasattr(self.values, "cpu") else self.values
        return np.array(values, dtype=np.float32)
