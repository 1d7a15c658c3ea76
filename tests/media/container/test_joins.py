"""Recordings joined byte for byte: they follow each other, as for a player, in formats made for that."""

from __future__ import annotations

from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest

from atom_core.media.container.joins import joins_of
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import probe
from atom_core.media.sound import RATE_HZ, sound_of
from atom_core.testing.videos import BLUE, GREEN, RED, frame_number, shot_colour, write_video

COLOURS = RED, BLUE, GREEN


def _join(path: Path, lengths: tuple[int, ...], starts_s: tuple[float, ...]) -> Path:
    """Recordings of so many pictures, 25 a second, each of a colour of its own, whose clocks start somewhere."""
    data = b""
    for length, colour, start_s in zip(lengths, COLOURS, starts_s, strict=False):
        shots = [(length, colour)]
        data += write_video(path, shots=shots, fps=25, start_s=start_s, audio=True, gop=12).read_bytes()
    path.write_bytes(data)
    return path


def _beeps_s(samples: np.ndarray) -> list[float]:
    """When sound begins after silence."""
    size = RATE_HZ // 200
    loud = np.abs(samples[: len(samples) // size * size].reshape(-1, size)).max(axis=1) > 0.2
    return [number / 200 for number, (before, now) in enumerate(pairwise([False, *loud])) if now and not before]


@pytest.mark.parametrize("suffix", [".ts", ".mpg"])
@pytest.mark.parametrize(
    ("lengths", "starts_s"),
    [
        ((40, 30, 50), (0.0, 0.0, 0.0)),
        ((15, 15, 15), (0.0, 0.0, 0.0)),
        ((60, 40), (1000.0, 0.0)),
        ((60, 40, 30), (0.0, 500.0, 3.0)),
        ((50, 8), (4.0, 3.0)),
    ],
    ids=["equal", "short", "lower", "later", "end"],
)
def test_one_follows_the_other(
    tmp_path: Path, suffix: str, lengths: tuple[int, ...], starts_s: tuple[float, ...]
) -> None:
    """Every picture of each is shown at its time, whatever the clocks say, and sounds with it; nothing is missing."""
    video = probe(_join(tmp_path / f"joined{suffix}", lengths, starts_s))
    firsts = [0, *accumulate(lengths)]
    # program streams stamp few pictures: that of the last one may be guessed one too late
    slack_s = 0.001 if suffix == ".ts" else 0.041 * len(lengths)
    assert video.duration_s == pytest.approx(firsts[-1] / 25, abs=slack_s)
    assert (video.fps, video.fault) == (25, "")
    numbered = [(colour, number) for colour, length in zip(COLOURS, lengths, strict=False) for number in range(length)]
    with Reader.of(video) as reader:
        seen = [(one.time_s, reader.rgb(one.frame)) for one in reader.pictures()]
        times_s = [time_s for time_s, _ in seen]
        assert times_s == pytest.approx(np.arange(len(numbered)) / 25, abs=slack_s)
        assert [(shot_colour(image), frame_number(image)) for _, image in seen] == numbered
        for at in (firsts[-1] - 1, firsts[1] - 1, 3, firsts[1]):  # whatever was read before
            image = reader.rgb(reader.at(times_s[at] + 0.01).frame)
            assert (shot_colour(image), frame_number(image)) == numbered[at]
    for start_s in (0.0, times_s[firsts[1]] - 0.2):
        num_samples = round((video.duration_s - start_s) * RATE_HZ)
        heard = np.concatenate(list(sound_of(video, video.path, start_s, num_samples)), axis=1)[0]
        beeps_s = [times_s[first] - start_s for first in firsts[:-1] if times_s[first] >= start_s]
        assert _beeps_s(heard) == pytest.approx(beeps_s, abs=0.02)


def test_where_times_begin_anew() -> None:
    """Single stamps that are damaged begin nothing; what is not stamped is counted."""
    times_s = np.arange(50) * 0.04
    lengths_s = np.full(50, 0.04)

    def found(decoded_s: np.ndarray) -> list[tuple[int, float]]:
        return joins_of(decoded_s, decoded_s + 0.08, lengths_s)

    assert found(times_s) == []
    assert found(np.concatenate([times_s[:20], times_s[:30]])) == [(20, pytest.approx(0.8))]
    assert found(np.concatenate([times_s[:20], times_s[:20], times_s[:10]])) == [
        (20, pytest.approx(0.8)),
        (40, pytest.approx(1.6)),
    ]
    for stray_s in (0.0, 0.5, 1.7, np.nan):
        damaged = times_s.copy()
        damaged[30] = stray_s
        assert found(damaged) == []
    unstamped = np.concatenate([times_s[:20], times_s[:30]])
    unstamped[[0, 5, 19, 20]] = np.nan
    assert found(unstamped)[0][0] == 21
