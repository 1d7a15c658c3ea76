"""The task ``transcribe``."""

from __future__ import annotations

from attrs import frozen

import atom_core as atom
from atom_speech.transcriber import Transcriber


class Transcribe:
    """What is said in a video: utterances in order, with their words; none where nobody speaks."""

    consumes = atom.Video
    produces = tuple[atom.Utterance, ...]

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``transcribe``."""

        language: str = ""
        """ISO 639-1 code of what is spoken, ``de``; empty has the model tell, for each half minute of speech."""
        translate: bool = False
        """Whether to write it down in English, where the model can."""
        track: str = ""
        """Another sound track than players take: its number, from 1, or its language as the file states it."""

    def run(
        self,
        video: atom.Video,
        *,
        transcriber: Transcriber,
        sound: atom.ReadSound,
        settings: Transcribe.Settings,
        progress: atom.Tell,
    ) -> tuple[atom.Utterance, ...]:
        """The utterances of `video`; of one that was heard before, as they were kept.

        :raises SettingsError: if the model does not know the language, or cannot translate
        :raises MediaError: if the sound cannot be read, or there is no such track
        """
        return transcriber.hear(
            video,
            sound,
            language=settings.language,
            translate=settings.translate,
            track=settings.track,
            progress=progress,
        )
