"""Which sound a film has: the track a player would take, whatever its format and wherever that changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from atom_core.media.probe import probe
from atom_core.media.sample import sample
from atom_core.media.sound import RATE_HZ, sound
from atom_core.records import Clip
from atom_core.testing.videos import write_video

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def _heard(path: Path, start_s: float = 0.0, duration_s: float = 1.0) -> np.ndarray:
    """Sound [2, S] of a stretch of `path`."""
    return np.concatenate(list(sound(path, start_s, round(duration_s * RATE_HZ))), axis=1)


def _tone(samples: np.ndarray, hz: float) -> float:
    """How strong one frequency is in samples [S], amplitude."""
    clock = np.arange(len(samples)) / RATE_HZ
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hz * clock))))


def _write(
    path: Path,
    tracks: Sequence[tuple[float, Disposition | None]],
    layout: str = "stereo",
    languages: Sequence[str] = (),
) -> Path:
    """A file of two seconds without pictures, each track of one frequency, Hz."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("flac", rate=RATE_HZ) for _ in tracks]
        for stream, (_, disposition) in zip(streams, tracks, strict=True):
            stream.layout = layout
            if disposition is not None:
                stream.disposition = disposition
        for stream, language in zip(streams, languages, strict=False):
            stream.metadata["language"] = language
        for stream, (hz, _) in zip(streams, tracks, strict=True):
            num_channels = stream.codec_context.layout.nb_channels
            wave = np.sin(2 * np.pi * hz * np.arange(2 * RATE_HZ) / RATE_HZ) * 0.9 * 32767
            data = np.repeat(wave.astype(np.int16)[:, None], num_channels, axis=1).reshape(1, -1)
            for first in range(0, data.shape[1], 4096 * num_channels):
                block = np.ascontiguousarray(data[:, first : first + 4096 * num_channels])
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
                frame.sample_rate, frame.pts = RATE_HZ, first // num_channels
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return path


def test_the_default_track_is_heard(tmp_path: Path) -> None:
    """Of several tracks the one marked as the default, else the first; commentary only where nothing else is."""
    plain, marked = Disposition(0), Disposition.default
    path = _write(tmp_path / "1.mkv", [(400, plain), (1000, marked)])
    assert _tone(_heard(path)[0], 1000) > 0.8 > 0.1 > _tone(_heard(path)[0], 400)
    path = _write(tmp_path / "2.mkv", [(400, plain), (1000, plain)])
    assert _tone(_heard(path)[0], 400) > 0.8
    path = _write(tmp_path / "3.mkv", [(400, Disposition.comment), (1000, plain)])
    assert _tone(_heard(path)[0], 1000) > 0.8
    path = _write(tmp_path / "4.mkv", [(400, Disposition.comment)])
    assert _tone(_heard(path)[0], 400) > 0.8


def test_the_track_that_is_asked_for(tmp_path: Path) -> None:
    """A number or a language chooses; where a file has none such it gives its default."""
    path = _write(tmp_path / "1.mkv", [(400, Disposition.default), (1000, Disposition(0))], languages=("eng", "ger"))
    for wanted in ("2", "ger", "GER"):
        assert _tone(next(iter(sound(path, 0.5, 4096, wanted)))[0], 1000) > 0.5
    for wanted in ("", "1", "eng", "fra", "7"):
        assert _tone(next(iter(sound(path, 0.5, 4096, wanted)))[0], 400) > 0.5


def test_a_track_of_an_unknown_codec_gives_way(tmp_path: Path) -> None:
    """Where the first track cannot be decoded the next one is heard."""
    path = tmp_path / "phone.mov"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono") for _ in range(2)]
        for stream, hz in zip(streams, (400, 1000), strict=True):
            wave = (np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ) * 20000).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            frame.sample_rate = RATE_HZ
            container.mux(stream.encode(frame))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"sowt", b"zzzz", 1))
    assert _tone(_heard(path, duration_s=0.9)[0], 1000) > 0.3


@pytest.mark.parametrize("layout", ["5.1", "7.1", "5.0", "quad", "3.0"])
def test_surround_sound_is_not_driven_beyond_full_scale(tmp_path: Path, layout: str) -> None:
    """All channels loud at once stay within full scale, undistorted."""
    heard = _heard(_write(tmp_path / "loud.mkv", [(300, None)], layout), 0.5)
    assert np.abs(heard).max() <= 1.0
    assert _tone(heard[0], 300) > 0.6
    assert _tone(heard[0], 900) < 0.05 * _tone(heard[0], 300)


def test_surround_sound_keeps_its_time(tmp_path: Path) -> None:
    """The limiter moves nothing: a click in the centre is where it was, at the level of the standard."""
    path = tmp_path / "click.mkv"
    samples = np.zeros((RATE_HZ, 6), np.int16)
    samples[RATE_HZ // 2 : RATE_HZ // 2 + 48, 2] = 16384
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=RATE_HZ, layout="5.1")
        for first in range(0, RATE_HZ, 4000):
            block = np.ascontiguousarray(samples[first : first + 4000].reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="5.1")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, first, Fraction(1, RATE_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    heard = _heard(path, duration_s=0.9)[0]
    loud = np.flatnonzero(np.abs(heard) > 0.1)
    assert loud[0] == pytest.approx(RATE_HZ // 2, abs=4)
    assert heard[loud[10]] == pytest.approx(0.5 * 0.7071, abs=0.02)


@needs_ffmpeg
def test_formats_that_change_in_the_middle(tmp_path: Path, ffmpeg: Callable[..., None]) -> None:
    """A recording whose sound goes from stereo to mono at another rate is heard throughout, in time."""
    parts = []
    for number, how in enumerate((("-ar", "48000", "-ac", "2"), ("-ar", "32000", "-ac", "1"))):
        part = tmp_path / f"{number}.ts"
        ffmpeg("-f", "lavfi", "-i", f"sine=f={400 + 600 * number}:d=2", *how, "-c:a", "mp2", "-b:a", "128k",
               "-output_ts_offset", 2 * number, "-muxdelay", 0, part)  # fmt: skip
        parts.append(part.read_bytes())
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(parts))
    with av.open(str(path)) as container:
        begin_s = (container.start_time or 0) / 1e6
    before, after = _heard(path, begin_s + 0.5)[0], _heard(path, begin_s + 2.5)[0]
    assert _tone(before, 400) > 10 * _tone(before, 1000)
    assert _tone(after, 1000) > 10 * _tone(after, 400)
    whole = _heard(path, begin_s, 4.0)[0]
    assert _tone(whole[RATE_HZ // 2 : RATE_HZ], 400) > 0.05
    assert _tone(whole[-RATE_HZ : -RATE_HZ // 2], 1000) > 0.05


@needs_ffmpeg
def test_the_sound_of_the_pictures_programme(tmp_path: Path, ffmpeg: Callable[..., None]) -> None:
    """Of a transport stream with a radio programme beside it, the film has the sound of the pictures."""
    path = tmp_path / "mux.ts"
    ffmpeg("-f", "lavfi", "-i", "sine=f=1000:d=2", "-f", "lavfi", "-i", "color=c=gray:s=64x48:r=25:d=2",
           "-f", "lavfi", "-i", "sine=f=400:d=2", "-map", 0, "-map", 1, "-map", 2, "-c:v", "mpeg2video", "-c:a", "mp2",
           "-program", "program_num=1:st=0", "-program", "program_num=2:st=1:st=2", path)  # fmt: skip
    heard = _heard(path, 2.0)[0]
    assert _tone(heard, 400) > 10 * _tone(heard, 1000)


def test_silence_beyond_the_end(tmp_path: Path) -> None:
    """Where a track has ended, or not begun, there is silence, and no other track."""
    path = write_video(tmp_path / "1.mp4", audio=True)
    assert np.abs(_heard(path, 30.0)).max() == 0.0


@pytest.fixture
def ffmpeg() -> Callable[..., None]:
    """Run ffmpeg with these words."""

    def run(*words: object) -> None:
        subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True, stdin=subprocess.DEVNULL)

    return run


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_sound_from_the_first_instant(tmp_path: Path, suffix: str) -> None:
    """What is heard in the first milliseconds is heard there, although decoders are given something before it."""
    path = write_video(tmp_path / f"v{suffix}", audio=True)
    assert np.flatnonzero(np.abs(_heard(path, 0.0, 0.1)).max(axis=0) > 0.1)[0] < 0.003 * RATE_HZ


def test_channels_that_are_listed_one_by_one(tmp_path: Path) -> None:
    """As QuickTime lists eight: they are mixed, and the process lives, which PyAV's copies of such lists can end."""
    path = tmp_path / "eight.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="7.1")
        tone = np.round(8000 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16)
        for at in range(0, RATE_HZ, 1000):
            packed = np.repeat(tone[at : at + 1000], 8)[None]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), format="s16", layout="7.1")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    written = bytearray(path.read_bytes())
    at = written.index(b"chan") + 8
    written[at : at + 4] = (127 << 16 | 8).to_bytes(4, "big")  # MPEG_7_1_B: C, Lc, Rc, L, R, Ls, Rs, LFE
    path.write_bytes(written)
    program = (
        "import gc, sys, numpy as np; from pathlib import Path; from atom_core.media.sound import sound\n"
        "for _ in range(3):\n"
        "    heard = np.concatenate(list(sound(Path(sys.argv[1]), 0.0, 48000)), axis=1)\n"
        "    gc.collect()\n"
        "print(heard.shape, float(abs(heard).max()) > 0.1)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True)
    assert run.stdout == "(2, 48000) True\n", run.stderr


@needs_ffmpeg
def test_a_file_that_cannot_be_sought(tmp_path: Path, ffmpeg: Callable[..., None]) -> None:
    """Flash films mark no key pictures and are read from their start: they are seen and heard nevertheless."""
    path = tmp_path / "film.swf"
    tone, pictures = "aevalsrc='0.5*sin(2*PI*1000*t)*gt(t\\,1)':s=44100:d=2", "testsrc=s=64x48:r=25:d=2"
    ffmpeg("-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", tone, "-c:v", "flv", "-c:a", "libmp3lame", path)
    video = probe(path)
    assert (video.duration_s, video.fps, video.has_audio) == (pytest.approx(2, abs=0.04), 25, True)
    assert len(sample(Clip.whole(video), 4).images) == 4
    assert _tone(_heard(path, 0.2, 0.6)[0], 1000) < 0.05
    assert _tone(_heard(path, 1.2, 0.6)[0], 1000) > 0.3
