"""What a library keeps, is asked and finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen
from attrs.converters import optional
from attrs.validators import ge, in_

from atom_core.records.span import Span, texts
from atom_core.records.video import Clip

if TYPE_CHECKING:
    import numpy as np


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
    videos: tuple[str, ...] = field(default=(), converter=texts)
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
    channels: tuple[str, ...] = field(default=(), converter=texts)
    """Names of the channels by which moments may be found, such as ``speech``; empty is all."""

    def __attrs_post_init__(self) -> None:
        if not self.text and self.like is None:
            raise ValueError("a query needs a text, or a clip to be like; both are empty")

    @property
    def is_filtered(self) -> bool:
        """Whether moments may be left out for another reason than what they show."""
        bounds = (self.folder, self.recorded_from_s, self.recorded_to_s, self.longest_s)
        return bool(self.videos or self.kind or self.shortest_s) or any(bound is not None for bound in bounds)


@frozen(kw_only=True)
class Quote(Span):
    """Words that are said or written during a moment, which a search found."""

    channel: str
    """How they are there: ``speech``, ``text``, or what the channel is called that found them."""
    text: str
    """The words."""


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
    may_fit: bool | None = None
    """Whether it may show that though `fits` is not sure of it; false where it surely shows something else."""
    num_alike: int = 0
    """How many moments that look and read the same were found with it and left out."""
    quotes: tuple[Quote, ...] = ()
    """What is said or written during it, of what was looked for."""
