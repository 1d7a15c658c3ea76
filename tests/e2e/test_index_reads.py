"""How much of a video is decoded to index it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from atom_core.host import open_host
from atom_core.media.pictures import decode, passes
from atom_core.testing.videos import COLOURS, Shot, write_video

_OPENED = 32
"""Most pictures that an opened file is read ahead by, for all readers together."""


def test_a_video_is_gone_over_once_for_cuts_and_once_for_all_clips(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few its key pictures, and however many clips are worked on at once, in whatever order these begin."""
    shots = [Shot(48 + 5 * number, COLOURS[number % len(COLOURS)]) for number in range(9)]
    path = write_video(tmp_path / "video.mp4", shots=shots, gop=10_000)
    num_stored, num_read, real = sum(shot.num_frames for shot in shots), 0, decode.packets

    def counted(*of: Any) -> Iterator[av.Packet]:
        nonlocal num_read
        for packet in real(*of):
            num_read += bool(packet.size)
            yield packet

    monkeypatch.setattr(decode, "packets", counted)
    monkeypatch.setattr(passes, "_GATHER_S", 60.0)  # on a machine that is busy
    with open_host(model=str(checkpoint), cache=tmp_path / "cache", library=tmp_path / "library") as host:
        entries = list(host.map("index-video", [host.video(path)], hear=False, read=False))
    assert not any(outcome.error for outcome in entries)
    assert len(entries[0].value) > 4
    assert num_stored < num_read <= 2 * num_stored + _OPENED
