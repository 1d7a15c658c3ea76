"""The task ``tally``."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import and_, ge, le, min_len

import atom_core as atom

NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve"
"""As models write numbers."""


class TallyThings:
    """The likeliest number, by the decoder's reckoning."""

    consumes = atom.Clip
    produces = atom.Answer

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``tally``."""

        what: str = field(default="objects", validator=min_len(1))
        """What is counted."""
        most: int = field(default=9, validator=and_(ge(1), le(12)))
        """Numbers above this are not considered."""

    def run(
        self, clip: atom.Clip, *, encoder: atom.Encoder, decoder: atom.Decoder, settings: TallyThings.Settings
    ) -> atom.Answer:
        """How many there are in `clip`."""
        question = f"How many {settings.what} are there?"
        numbers = NUMBERS.split()
        text = decoder.generate([encoder.encode(clip), question], choices=numbers[: settings.most + 1])
        return atom.Answer(clip=clip, question=question, text=text, evidence=(clip.span,))
