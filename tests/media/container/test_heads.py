"""Heads of key pictures: alike while the size is, without being decoded."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from atom_core.media.container.heads import head_finder
from atom_core.media.probe import probe
from atom_core.testing.videos import write_video

KINDS = [("libvpx", ".webm"), ("libvpx-vp9", ".webm"), ("mpeg2video", ".mpg"), ("libx264", ".ts")]


@pytest.mark.parametrize(("codec", "suffix"), KINDS)
def test_size_is_told(tmp_path: Path, codec: str, suffix: str) -> None:
    """Key pictures of one size have one head, those of another size another."""
    heads = []
    for name, size in (("a", (64, 48)), ("b", (48, 64))):
        path = write_video(tmp_path / f"{name}{suffix}", codec=codec, size=size, fps=25, gop=6)
        assert probe(path).picture_rule == ""
        with av.open(str(path)) as container:
            context = container.streams.video[0].codec_context
            find = head_finder(context.name, context.extradata)
            assert find is not None
            found = {find(bytes(packet)) for packet in container.demux(video=0) if packet.is_keyframe and packet.size}
        heads.append(found - {b""})
    assert [len(found) for found in heads] == [1, 1]
    assert heads[0] != heads[1]


def test_what_is_told_once(tmp_path: Path) -> None:
    """MP4 tells the size of H.264 in its own header, and lengths there must not be taken for start codes."""
    with av.open(str(write_video(tmp_path / "v.mp4"))) as container:
        context = container.streams.video[0].codec_context
        assert head_finder(context.name, context.extradata) is None
    assert head_finder("ffv1", None) is None


@pytest.mark.parametrize("codec", ["vp8", "vp9", "mpeg2video", "h264", "hevc"])
@pytest.mark.parametrize("data", [b"", b"\0\0\1", b"\0\0\1\x67", b"\0\0\1\xb3\0", bytes(12), b"\0\0\1" * 5])
def test_cut_off(codec: str, data: bytes) -> None:
    """Packets that end early have no head."""
    find = head_finder(codec, None)
    assert find is not None
    assert find(data) == b""
