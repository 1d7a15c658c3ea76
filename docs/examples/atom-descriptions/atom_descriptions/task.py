"""The task ``describe-pauses``."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from attrs import field, frozen
from attrs.validators import gt, lt

import atom_core as atom
from atom_descriptions.pauses import find_pauses


@frozen(kw_only=True)
class Cue(atom.Span):
    """Something said in a pause."""

    text: str
    """What is said."""


@frozen(kw_only=True)
class Descriptions:
    """What is said about one video."""

    video: atom.Video
    """The video."""
    cues: tuple[Cue, ...]
    """What is said, in order; never while something is heard."""

    @property
    def text(self) -> str:
        """The cues as a WebVTT document."""
        cues = (f"\n{cue.times.replace(' - ', ' --> ')}\n{escape(cue.text, quote=False)}\n" for cue in self.cues)
        return "WEBVTT\n" + "".join(cues)


class DescribePauses:
    """Places captions into pauses. What does not fit its shot's pauses is cut short or left out."""

    consumes = tuple[atom.Caption, ...]
    produces = Descriptions

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``describe-pauses``."""

        silence_db: float = field(default=-40.0, validator=lt(0.0))
        """Sound quieter than this is a pause, decibels below full scale."""
        min_pause_s: float = field(default=1.0, validator=gt(0.0))
        """Shortest pause that is used, seconds."""
        words_per_s: float = field(default=2.5, validator=gt(0.0))
        """How fast descriptions are spoken, words per second."""

    def run(
        self, captions: tuple[atom.Caption, ...], *, sound: atom.ReadSound, settings: DescribePauses.Settings
    ) -> Descriptions:
        """The descriptions of the video that `captions` belong to.

        :raises TaskError: if the captions are of none or of several videos
        :raises MediaError: if the sound cannot be read
        """
        videos = {caption.clip.video.content_hash: caption.clip.video for caption in captions}
        if len(videos) != 1:
            raise atom.TaskError(f"'describe-pauses' takes the captions of one video, got those of {len(videos)}")
        [video] = videos.values()
        pauses = find_pauses(video, sound, settings.silence_db, settings.min_pause_s)
        return Descriptions(video=video, cues=tuple(place(captions, pauses, settings.words_per_s)))


def place(captions: Sequence[atom.Caption], pauses: Sequence[atom.Span], words_per_s: float) -> list[Cue]:
    """A cue for each caption whose shot has a pause with room for three words; the longest pause is taken."""
    cues = []
    for caption in sorted(captions, key=lambda caption: caption.clip.start_s):
        shot, words = caption.clip, caption.text.split()
        rooms = [
            (max(pause.start_s, shot.start_s), min(pause.end_s, shot.end_s))
            for pause in pauses
            if pause.start_s < shot.end_s and pause.end_s > shot.start_s
        ]
        start_s, end_s = max(rooms, key=lambda room: room[1] - room[0], default=(0.0, 0.0))
        said = words[: int((end_s - start_s) * words_per_s)]
        if len(said) < min(3, len(words)) or not said:
            continue
        text = " ".join(said) + ("" if len(said) == len(words) else " ...")
        cues.append(Cue(start_s=start_s, end_s=min(end_s, start_s + len(said) / words_per_s), text=text))
    return cues
