"""The tasks ``highlight`` and ``top-highlights``."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, min_len

import atom_core as atom


@frozen(kw_only=True)
class Highlight:
    """A shot and how much it is worth seeing."""

    clip: atom.Clip
    """The shot."""
    score: float
    """Log-likelihood ratio of the lively and the dull description, per word; above 0 is lively."""


class ScoreHighlight:
    """Compares how likely two descriptions of a clip are. Nothing is decoded, and the clip's prefix is shared."""

    consumes = atom.Clip
    produces = Highlight

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``highlight``."""

        prompt: str = field(default="Describe this clip in one sentence.", validator=min_len(1))
        """What the two descriptions answer."""
        lively: str = field(default="Something exciting happens.", validator=min_len(1))
        """What a highlight is like."""
        dull: str = field(default="Nothing happens.", validator=min_len(1))
        """What it is not like."""

    def run(
        self, clip: atom.Clip, *, encoder: atom.Encoder, decoder: atom.Decoder, settings: ScoreHighlight.Settings
    ) -> Highlight:
        """The score of `clip`."""
        parts: atom.Parts = [encoder.encode(clip), settings.prompt]
        lively = decoder.score(parts, settings.lively) / len(settings.lively.split())
        dull = decoder.score(parts, settings.dull) / len(settings.dull.split())
        return Highlight(clip=clip, score=lively - dull)


class ChooseHighlights:
    """The best of a video's shots, best first; equal ones in order of time."""

    consumes = tuple[Highlight, ...]
    produces = tuple[Highlight, ...]

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``top-highlights``."""

        count: int = field(default=3, validator=ge(1))
        """How many shots at most."""

    def run(self, highlights: tuple[Highlight, ...], *, settings: ChooseHighlights.Settings) -> tuple[Highlight, ...]:
        """At most `settings.count` of `highlights`."""
        ranked = sorted(highlights, key=lambda highlight: (-highlight.score, highlight.clip.start_s))
        return tuple(ranked[: settings.count])
