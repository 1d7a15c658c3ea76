"""Clips of one video that several threads ask for: one pass decodes it once, to the frames each clip has alone."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from atom_core.media.pictures import decode, passes
from atom_core.media.probe import probe
from atom_core.media.sample import sample
from atom_core.records import Clip, Frames

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")

MOVING = "testsrc2=s=160x96:r=25:d=6"
VARYING = MOVING + ",setpts='(N+3*gt(mod(N\\,7)\\,3)*mod(N\\,7)+20*floor(N/60))/25/TB'"
KINDS = {
    "usual.mp4": (MOVING, "-c:v libx264 -g 250 -bf 3"),
    "open.ts": (MOVING, "-c:v libx264 -g 40 -bf 3 -x264-params open-gop=1:b-pyramid=normal"),
    "varying.mkv": (VARYING, "-c:v libx264 -g 250 -bf 3 -fps_mode vfr"),
    "late.mp4": (MOVING, "-c:v libx264 -g 250 -output_ts_offset 3.2"),
    "laced.ts": (MOVING, "-c:v libx264 -bf 3 -flags +ilme+ildct -x264-params tff=1"),
    "turned.mp4": (MOVING, "-c:v libx264 -g 250"),
    "sizes.ts": (MOVING, "-c:v libx264 -g 250"),
    "cut_off.mkv": (MOVING, "-c:v libx264 -g 250 -bf 3"),
}
NUM_CLIPS, NUM_FRAMES = 7, 5


def _ffmpeg(*words: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


def _made(folder: Path, name: str) -> Path:
    source, words = KINDS[name]
    path, other = folder / name, folder / f"other_{name}"
    _ffmpeg("-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", *words.split(), path)
    if name == "turned.mp4":
        with av.open(str(path)) as stored, av.open(str(other), "w") as container:
            turned = container.add_stream_from_template(stored.streams.video[0])
            turned.set_display_rotation(-90)
            for packet in stored.demux(video=0):
                if packet.size:
                    packet.stream = turned
                    container.mux(packet)
        return other
    if name == "sizes.ts":
        larger = MOVING.replace("160x96", "320x160")
        _ffmpeg("-f", "lavfi", "-i", larger, "-pix_fmt", "yuv420p", *words.split(), "-output_ts_offset", 6, other)
        path.write_bytes(path.read_bytes() + other.read_bytes())
    if name == "cut_off.mkv":
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    return path


def _read(clips: list[Clip]) -> list[Frames]:
    """The frames of all clips, asked for at once by threads that hold them for a moment."""
    waiting = threading.Barrier(len(clips))

    def work(clip: Clip) -> Frames:
        waiting.wait(20)
        with passes.holding():
            found = sample(clip, NUM_FRAMES)
            passes.prepared()
            return found

    with passes.sharing(), ThreadPoolExecutor(len(clips)) as threads:
        with passes.turn_of(clips[0].video, 0.0, 0.0):
            asked = [threads.submit(work, clip) for clip in clips]
            while len(passes._passes[clips[0].video].waiting) < len(clips):
                pass
        return [one.result(60) for one in asked]


@pytest.mark.parametrize("name", KINDS)
def test_one_pass_gives_the_frames_of_each_clip(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit those that each clip has alone; of what is progressive no picture is decoded twice."""
    video = probe(_made(tmp_path, name))
    span_s = video.duration_s / NUM_CLIPS
    clips = [Clip(video=video, start_s=n * span_s, end_s=(n + 1) * span_s, index=n) for n in range(NUM_CLIPS)]
    alone = [sample(clip, NUM_FRAMES) for clip in clips]
    num_read = 0
    real = decode.packets

    def counted(*of: Any) -> Iterator[av.Packet]:
        nonlocal num_read
        for packet in real(*of):
            num_read += bool(packet.size)
            yield packet

    monkeypatch.setattr(decode, "packets", counted)
    together = _read(clips)
    for one, other in zip(alone, together, strict=True):
        assert (one.timestamps_s, one.rule) == (other.timestamps_s, other.rule)
        assert all(np.array_equal(here, there) for here, there in zip(one.images, other.images, strict=True))
    with av.open(str(video.path)) as container:
        num_stored = sum(bool(packet.size) for packet in container.demux(video=0))
    assert name == "laced.ts" or num_read <= num_stored
