"""Shared by the tests of the media room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from atom_core.media.probe import probe
from atom_core.records import Cut


@pytest.fixture
def make_cut() -> Callable[[Path, float, float], Cut]:
    """Make a cut of a file, from its start and end in seconds."""

    def make(path: Path, start_s: float, end_s: float) -> Cut:
        content_hash = probe(path).content_hash
        return Cut(
            path=path,
            content_hash=content_hash,
            start_s=start_s,
            end_s=end_s,
            line="a red shot",
            caption="Red.",
            score=0.5,
        )

    return make


@pytest.fixture
def remux() -> Callable[..., Path]:
    """Copy the pictures of a file, as they are, into another container, with options for it."""

    def copied(source: Path, target: Path, **options: str) -> Path:
        with av.open(str(source)) as whole, av.open(str(target), "w", options=options) as copy:
            stream = copy.add_stream_from_template(whole.streams.video[0])
            for packet in whole.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    copy.mux(packet)
        return target

    return copied
