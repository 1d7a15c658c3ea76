"""The sound of a clip as a record, for whoever listens to it: recognisers of speech, detectors of pauses."""

from __future__ import annotations

import numpy as np

from atom_core.media import isolate
from atom_core.media.probe import unchanged
from atom_core.media.sound import sound_of
from atom_core.records import Clip, Sound

RATE_HZ = 16000
"""Samples per second where nobody says how many: what recognisers of speech take."""


def listen(clip: Clip, rate_hz: int = RATE_HZ, num_channels: int = 1) -> Sound:
    """The sound of `clip`, resampled; of the track that a player would take.

    :param num_channels: 1, the mean of both sides, or 2
    :raises MediaError: if the file is gone, has changed, also while it was read, or cannot be read
    """
    video = clip.video
    with unchanged(video.path, video.content_hash):
        samples = (isolate.sound if isolate.is_on() else read)(clip, rate_hz, num_channels)
    return Sound(start_s=clip.start_s, end_s=clip.end_s, video=video, samples=samples, rate_hz=rate_hz)


def read(clip: Clip, rate_hz: int, num_channels: int) -> np.ndarray:
    """Samples [C, S] of `clip`, whatever has become of its file.

    :raises MediaError: if it cannot be read
    """
    num_samples = round(clip.duration_s * rate_hz)
    samples_CS = np.zeros((num_channels, num_samples), np.float32)
    at = 0
    for block in sound_of(clip.video, clip.video.path, clip.start_s, num_samples, rate_hz=rate_hz):
        samples_CS[:, at : at + block.shape[1]] = block if num_channels == 2 else block.mean(axis=0)
        at += block.shape[1]
    return samples_CS
