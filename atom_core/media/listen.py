"""The sound of a clip as a record, for whoever listens to it: recognisers of speech, detectors of pauses."""

from __future__ import annotations

import numpy as np

from atom_core.media import isolate
from atom_core.media.probe import unchanged
from atom_core.media.sound import sound_of, sound_track
from atom_core.records import Clip, Sound

RATE_HZ = 16000
"""Samples per second where nobody says how many: what recognisers of speech take."""


def listen(clip: Clip, rate_hz: int = RATE_HZ, num_channels: int = 1, wanted: str = "") -> Sound:
    """The sound of `clip`, resampled; of the track that a player would take, or of the one that is wanted.

    :param num_channels: 1, the mean of both sides, or 2
    :param wanted: number of a track, from 1, or its language as the file states it
    :raises MediaError: if the file is gone, has changed, also while it was read, cannot be read, or has no such track
    """
    video = clip.video
    with unchanged(video.path, video.content_hash):
        samples, track = (isolate.sound if isolate.is_on() else read)(clip, rate_hz, num_channels, wanted)
    return Sound(start_s=clip.start_s, end_s=clip.end_s, video=video, samples=samples, rate_hz=rate_hz, track=track)


def read(clip: Clip, rate_hz: int, num_channels: int, wanted: str = "") -> tuple[np.ndarray, int | None]:
    """Samples [C, S] of `clip`, whatever has become of its file, and which track they are of.

    :raises MediaError: if it cannot be read, or has no such track
    """
    track = sound_track(clip.video, wanted)
    num_samples = round(clip.duration_s * rate_hz)
    samples_CS = np.zeros((num_channels, num_samples), np.float32)
    at = 0
    for block in sound_of(clip.video, clip.video.path, clip.start_s, num_samples, wanted=wanted, rate_hz=rate_hz):
        samples_CS[:, at : at + block.shape[1]] = block if num_channels == 2 else block.mean(axis=0)
        at += block.shape[1]
    return samples_CS, track
