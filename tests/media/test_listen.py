"""The sound of a clip: as long as it, at the rate and with the channels asked for, on the clock of its pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from atom_core.errors import MediaError
from atom_core.media import isolate
from atom_core.media.listen import listen
from atom_core.media.probe import probe
from atom_core.records import Clip, Video
from atom_core.testing.speech import RATE_HZ, write_talk
from atom_core.testing.videos import write_video


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    """Two shots of 2 s and 1.5 s, each of which begins with a beep of 0.1 s."""
    folder = tmp_path_factory.mktemp("listen")
    return probe(write_video(folder / "a.mp4", shots=[(48, (200, 0, 0)), (36, (0, 0, 200))], audio=True))


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("num_channels", [1, 2])
def test_format(video: Video, rate_hz: int, num_channels: int) -> None:
    """Samples are float32 within -1 and 1, as many as the clip is long; the beep is where its shot begins."""
    sound = listen(Clip(video=video, start_s=1.0, end_s=3.0), rate_hz, num_channels)
    assert sound.samples.shape == (num_channels, 2 * rate_hz)
    assert sound.samples.dtype == np.float32
    assert (sound.start_s, sound.end_s, sound.rate_hz, sound.video) == (1.0, 3.0, rate_hz, video)
    loud = np.flatnonzero(np.abs(sound.samples).max(axis=0) > 0.05) / rate_hz
    assert loud[0] == pytest.approx(1.0, abs=0.05)
    assert loud[-1] == pytest.approx(1.1, abs=0.08)
    assert 0.05 < np.abs(sound.samples).max() <= 1


def test_one_channel_is_the_mean_of_two(video: Video) -> None:
    """A sum would be more than full scale."""
    clip = Clip.whole(video)
    one, two = (listen(clip, 16000, num_channels).samples for num_channels in (1, 2))
    assert np.allclose(one[0], two.mean(axis=0), atol=1e-6)


def test_a_silent_video(tmp_path: Path) -> None:
    """Without a sound track nothing is heard, for as long as the clip is."""
    silent = probe(write_video(tmp_path / "s.mp4"))
    sound = listen(Clip.whole(silent))
    assert sound.samples.shape == (1, round(silent.duration_s * 16000))
    assert not sound.samples.any()


def test_a_file_that_changed(tmp_path: Path) -> None:
    """It is refused, as its pictures are."""
    path = write_video(tmp_path / "a.mp4", audio=True)
    clip = Clip.whole(probe(path))
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(MediaError, match="changed"):
        listen(clip)


def test_in_another_process(video: Video) -> None:
    """A process that reads files of strangers hears the same."""
    clip = Clip(video=video, start_s=0.5, end_s=2.5)
    here = listen(clip, 8000, 2)
    isolate.begin()
    try:
        there = listen(clip, 8000, 2)
    finally:
        isolate.finish()
    assert np.array_equal(here.samples, there.samples)
    there.samples[:] = 0  # the caller's own


def two_tracks(path: Path) -> Video:
    """A video with a low tone on its first sound track, in English, and a high one on its second, in French."""
    at_s = np.arange(2 * RATE_HZ) / RATE_HZ
    tones = [0.5 * np.sin(2 * np.pi * hz * at_s).astype(np.float32) for hz in (300, 2000)]
    return probe(write_talk(path, tones, languages=("eng", "fra")))


def pitch_hz(samples: np.ndarray) -> float:
    """The strongest tone of a second of sound at 16 kHz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples[0, :16000]))))


@pytest.mark.parametrize("is_isolated", [False, True], ids=["here", "in another process"])
def test_another_track(tmp_path: Path, is_isolated: bool) -> None:
    """A track is taken by number or language, and the record says which it is."""
    clip = Clip.whole(two_tracks(tmp_path / "a.mkv"))
    if is_isolated:
        isolate.begin()
    try:
        heard = {wanted: listen(clip, wanted=wanted) for wanted in ("", "1", "2", "fra", "ENG")}
    finally:
        if is_isolated:
            isolate.finish()
    assert {wanted: sound.track for wanted, sound in heard.items()} == {"": 1, "1": 1, "2": 2, "fra": 2, "ENG": 1}
    for sound in heard.values():
        assert pitch_hz(sound.samples) == pytest.approx(300 if sound.track == 1 else 2000, abs=5)


def test_a_track_that_is_not_there(tmp_path: Path) -> None:
    """It is refused with what there is, in one line; so is any track of a silent file."""
    clip = Clip.whole(two_tracks(tmp_path / "a.mkv"))
    for wanted in ("3", "0", "deu"):
        with pytest.raises(MediaError, match=rf"tracks 1 \(eng\), 2 \(fra\); there is no track '{wanted}'"):
            listen(clip, wanted=wanted)
    silent = probe(write_video(tmp_path / "s.mp4"))
    with pytest.raises(MediaError, match="has no sound"):
        listen(Clip.whole(silent), wanted="1")
    assert listen(Clip.whole(silent)).track is None
