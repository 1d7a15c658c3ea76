"""A question, read."""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class Kind(Enum):
    """What kind of answer a question asks for."""

    YES_NO = "yes or no"
    """Whether something is there or happens, in the scope's clips."""
    WHAT = "a property"
    """Something that one clip can tell of itself; the clips that show what it is about are asked."""
    HAPPENS = "what happens"
    """What the scope's clips show."""
    LIST = "a list"
    """Which things fit."""
    COUNT = "a number"
    """How many things, shots, times or kinds."""
    WHEN = "a time"
    """When something is shown or happens."""
    WHICH_SHOT = "a shot"
    """Which shots show something."""
    WHICH_VIDEO = "a video"
    """Which of several videos show something."""
    ORDER = "an order"
    """What happens, in order; or of several things, which is first, second, ..."""
    CHOICE = "one of two"
    """Which of the things offered comes first or last, or is there more often."""
    SUMMARY = "a summary"
    """What the video is about."""
    HOW_LONG = "a length"
    """How long the video is, or something is seen."""


@frozen(kw_only=True)
class Condition:
    """Something that a clip shows or does not show."""

    subject: str = ""
    """A noun phrase without its article; empty where anything fits."""
    predicate: str = ""
    """What the subject does or is, with the bare verb; empty where it only has to be there."""
    copula: bool = False
    """Whether the predicate belongs to a form of "be": "is blinking", "is red"."""

    @property
    def text(self) -> str:
        """Subject and predicate in one phrase, to search by."""
        return f"{self.subject or 'something'} {self.predicate}".strip() if self.predicate else self.subject

    @property
    def is_anything(self) -> bool:
        """Whether everything fits."""
        return not (self.subject or self.predicate)


@frozen(kw_only=True)
class Mark:
    """A moment of a video whose length is not known yet."""

    value: float
    """Seconds, or a share of the video."""
    is_share: bool = False
    """Whether `value` is a share of the length, 0 to 1."""
    from_end: bool = False
    """Whether it is counted back from the end."""

    def at_s(self, duration_s: float) -> float:
        """When that is in a video of this length, seconds."""
        value = self.value * duration_s if self.is_share else self.value
        return min(max(duration_s - value if self.from_end else value, 0.0), duration_s)


@frozen(kw_only=True)
class Scope:
    """Which part of a video a question is about; all of it, where nothing is said."""

    start: Mark | None = None
    """From when on."""
    end: Mark | None = None
    """Until when."""
    at: Mark | None = None
    """One moment."""
    shots: tuple[int, ...] = ()
    """Numbers of shots, from 1; negative ones count from the end."""
    video: int = 0
    """Number of one of several videos, from 1, negative from the end; 0 is all of them."""
    relation: str = ""
    """``before``, ``after`` or ``while`` an event."""
    event: Condition | None = None
    """The event."""
    pick: str = ""
    """``first`` or ``last``: only the first or last of what fits."""
    every: bool = False
    """Whether it has to hold for every shot."""

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole video."""
        return self == Scope(pick=self.pick, every=self.every)


@frozen(kw_only=True)
class Reading:
    """What a question asks for."""

    text: str
    """The question as it was asked."""
    kind: Kind
    """The kind of its answer."""
    scope: Scope = Scope()
    """The part of the video that it is about."""
    conditions: tuple[Condition, ...] = ()
    """What clips are looked at for; of a choice or an order, what it offers."""
    clip_question: str = ""
    """What one clip is asked: the question without its scope."""
    counted: str = ""
    """Of a count: ``things``, ``shots``, ``cuts``, ``times``, ``videos``, or a kind of words such as ``colour``. Of a
    list: empty for things, or such a kind."""
    distinct: bool = False
    """Of a count: equal things count once."""
    negated: bool = False
    """Whether yes means that nothing fits: "never", "no"."""
    together: bool = False
    """Whether all conditions have to hold in one clip."""
    any_of: bool = False
    """Whether one of the conditions is enough."""
    compare: str = ""
    """Of numbers: ``more``, ``fewer``, ``equal``, ``least`` or ``most``, against the second condition or `number`."""
    number: int | None = None
    """What a number is compared with."""
    videos: tuple[int, ...] = ()
    """Numbers of the videos that are compared with each other, from 1."""
    sure: bool = True
    """Whether a pattern fitted; otherwise the decoder is asked for the kind."""
    trust: float = 1.0
    """How sure it is that the question asks for this, 0 to 1."""
