"""The task ``caption-speech``."""

from __future__ import annotations

import atom_core as atom
from atom_voices.voices import Voices


class CaptionSpeech:
    """What a clip shows, and where somebody speaks in it."""

    consumes, produces = atom.Clip, atom.Caption

    def run(
        self,
        clip: atom.Clip,
        *,
        encoder: atom.Encoder,
        decoder: atom.Decoder,
        sound: atom.ReadSound,
        voices: Voices,
    ) -> atom.Caption:
        """The caption, with the times of speech."""
        text = decoder.generate([encoder.encode(clip), "Describe this clip in one sentence."])
        speech = ", ".join(span.times for span in voices.speech(sound(clip))) or "none"
        return atom.Caption(clip=clip, text=f"{text} Speech: {speech}.")
