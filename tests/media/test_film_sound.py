"""The sound of films beside FFmpeg's own: in time and as loud, from many containers, codecs, rates and layouts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from atom_core.media.probe import probe
from atom_core.media.render import render
from atom_core.records import Cut, Request, Timeline

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")

RATE, LENGTH_S = 48000, 2
LIGHT = f"color=c=gray:s=96x64:r=25:d={LENGTH_S},drawbox=c=white:t=fill:enable='lt(mod(t+0.0005,1),0.04)'"
SOUND = f"aevalsrc='0.2*sin(2*PI*300*t)+if(lt(mod(t,1),0.06),0.5*sin(2*PI*1000*t),0)':s=48000:d={LENGTH_S}"
H264, MPEG4 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p", "-c:v mpeg4 -q:v 3"
SOURCES = {
    **{
        f"h264_{codec}.mp4": f"{H264} -c:a {codec}"
        for codec in ("aac", "ac3", "eac3", "libmp3lame", "alac", "libopus", "flac")
    },
    **{
        f"h264_{codec}.mov": f"{H264} -c:a {codec}"
        for codec in ("aac", "pcm_s16le", "pcm_s24be", "pcm_f32le", "pcm_mulaw", "alac")
    },
    **{
        f"h264_{codec}.mkv": f"{H264} -c:a {codec}"
        for codec in (
            "aac",
            "flac",
            "libvorbis",
            "libopus",
            "mp2",
            "pcm_s16le",
            "pcm_f64le",
            "libmp3lame",
            "ac3",
            "wavpack",
            "tta",
            "dca",
            "truehd",
            "mlp",
        )
    },
    **{f"h264_{codec}.ts": f"{H264} -c:a {codec}" for codec in ("aac", "ac3", "mp2", "libmp3lame", "dca")},
    **{
        f"mpeg4_{codec}.avi": f"{MPEG4} -c:a {codec}" for codec in ("libmp3lame", "mp2", "pcm_s16le", "ac3", "adpcm_ms")
    },
    "mpeg2_mp2.mpg": "-c:v mpeg2video -q:v 3 -c:a mp2",
    "vp8_vorbis.webm": "-c:v libvpx -b:v 1M -c:a libvorbis",
    "h264_aac.flv": f"{H264} -c:a aac -ar 44100",
    "mjpeg_adpcm.mov": "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p -c:a adpcm_ima_qt",
    "wrap.ts": f"{H264} -c:a aac -output_ts_offset 95442.7 -muxdelay 0",
    "left.mp4": f"{H264} -c:a aac -af pan=stereo|c0=c0|c1=0*c0",
    "studio.mkv": f"{H264} -c:a flac -ar 192000",
    "low.mp4": f"{H264} -c:a aac -ar 8000",
    "cd.mkv": f"{H264} -c:a flac -ar 44100",
    "studio.mov": f"{H264} -c:a pcm_s24le -ar 96000",
    "mono.mp4": f"{H264} -c:a aac -ac 1",
    "surround.mkv": f"{H264} -c:a ac3 -ac 6",
    "film_rate.mp4": f"-r 24000/1001 {H264} -c:a aac",
}
"""Words for the ffmpeg program by the name of the file."""


def _ffmpeg(*words: object) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(["ffmpeg", "-nostdin", "-y", *map(str, words)], capture_output=True, check=False)
    if b"Unknown encoder" in done.stderr:
        pytest.skip("this ffmpeg lacks the encoder")
    assert done.returncode == 0, done.stderr[-600:]
    return done


def _heard(path: Path) -> np.ndarray:
    """What FFmpeg's program plays from the first picture on, one channel."""
    asked = ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=start_time", "-of", "csv=p=0"]
    start = subprocess.run(["ffprobe", *asked, str(path)], capture_output=True, check=True, text=True).stdout.split()[0]
    how = f"aresample={RATE}:async=1:first_pts={round(float(start.strip(',')) * RATE)}"
    data = _ffmpeg("-copyts", "-i", path, "-map", "0:a:0", "-af", how, "-f", "f32le", "-ac", 1, "-ar", RATE, "-").stdout
    return np.frombuffer(data, np.float32)


def _loudness(path: Path) -> float:
    """Integrated loudness (EBU R 128) of the first second and a half, LUFS, in two channels."""
    how = "aformat=channel_layouts=stereo,atrim=end=1.5,ebur128"
    said = _ffmpeg("-i", path, "-map", "0:a:0", "-af", how, "-f", "null", "-").stderr.decode(errors="replace")
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])


def _late_s(film: np.ndarray, own: np.ndarray) -> float:
    """By how much one sound is later than another, by their cross-correlation."""
    size = 1 << (len(film) + len(own)).bit_length()
    match = np.fft.irfft(np.fft.rfft(film, size) * np.conj(np.fft.rfft(own, size)), size)
    at = int(match.argmax())
    return (at - size if at > size // 2 else at) / RATE


def _film(source: Path) -> Path:
    video = probe(source)
    cut = Cut(
        path=source,
        content_hash=video.content_hash,
        start_s=0.0,
        end_s=video.duration_s,
        line="",
        caption="",
        score=0.0,
    )
    return render(Timeline(request=Request(text="all"), cuts=(cut,)), source.with_name("film.mp4")).path


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_the_sound_of_films_is_that_of_ffmpeg(tmp_path: Path, name: str) -> None:
    """Within 20 ms and 1 LU of what FFmpeg's program plays, and as long as the pictures to within one."""
    source = tmp_path / name
    _ffmpeg(
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        LIGHT,
        "-f",
        "lavfi",
        "-i",
        SOUND,
        *SOURCES[name].split(),
        "-strict",
        "-2",
        source,
    )
    film = _film(source)
    late_s, louder = _late_s(_heard(film), _heard(source)), _loudness(film) - _loudness(source)
    video = probe(source)
    assert abs(late_s) <= 0.02
    assert abs(louder) <= 1
    assert abs(probe(film).duration_s - video.duration_s) <= 1 / float(video.fps) + 1e-6
