"""The task ``tally``."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, min_len

import atom_core as atom


class TallyThings:
    """The likeliest number, by the decoder's reckoning."""

    consumes = atom.Clip
    produces = atom.Answer

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``tally``."""

        what: str = field(default="objects", validator=min_len(1))
        """What is counted."""
        most: int = field(default=9, validator=ge(1))
        """Numbers above this are not considered."""

    def run(
        self, clip: atom.Clip, *, encoder: atom.Encoder, decoder: atom.Decoder, settings: TallyThings.Settings
    ) -> atom.Answer:
        """How many there are in `clip`."""
        question = f"How many {settings.what} are there?"
        numbers = [str(number) for number in range(settings.most + 1)]
        text = decoder.generate([encoder.encode(clip), question], choices=numbers)
        return atom.Answer(clip=clip, question=question, text=text, evidence=(clip.span,))
