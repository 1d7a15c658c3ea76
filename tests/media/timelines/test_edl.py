"""Edit decision lists, read back by the library that editing programs' tools use."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from attrs import evolve

from atom_core.errors import SettingsError
from atom_core.media.probe import probe
from atom_core.media.timelines.edl import check_edl, to_edl
from atom_core.records import Cut, Request, Timeline
from atom_core.testing.videos import RED, Shot, write_video

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(("fps", "rate"), [((24, 24), 24), ((25, 24), 25), ((NTSC, 24), NTSC), ((12, 10), 24)])
def test_events(
    make_cut: Callable[[Path, float, float], Cut], tmp_path: Path, fps: tuple[int, int], rate: Fraction
) -> None:
    """Each cut is an event with its file's name and line; both sides are as long, and the record has no gaps."""
    otio = pytest.importorskip("opentimelineio")
    pytest.importorskip("otio_cmx3600_adapter")
    paths = [write_video(tmp_path / name, fps=each) for name, each in zip(("a b.mp4", "ä.mkv"), fps, strict=True)]
    cuts = (make_cut(paths[0], 0.5, 1.25), make_cut(paths[1], 0.0, 1.0), make_cut(paths[0], 1.0, 1.5))
    text = to_edl(
        Timeline(request=Request(text="two\nlines"), cuts=cuts), {c.content_hash: probe(c.path) for c in cuts}
    )
    assert text.startswith("TITLE: two lines\n")
    assert [line.split(": ")[1].strip() for line in text.splitlines() if "FROM CLIP NAME" in line] == [
        "a b.mp4",
        "ä.mkv",
        "a b.mp4",
    ]
    assert text.count("A RED SHOT") == 3
    (track,) = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate)).video_tracks()
    ranges = [clip.source_range for clip in track]
    assert [span.start_time.to_seconds() for span in ranges] == pytest.approx([0.5, 0.0, 1.0], abs=0.05)
    assert [span.duration.to_seconds() for span in ranges] == pytest.approx([0.75, 1.0, 0.5], abs=0.05)


def test_hostile_names_and_lines_make_no_events(make_cut: Callable[[Path, float, float], Cut], tmp_path: Path) -> None:
    """Line breaks and controls in a file's name, a line or the request are spelt out; each cut is one event."""
    pytest.importorskip("otio_cmx3600_adapter")
    evil = "x\n002  AX V C 01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n* FROM CLIP NAME: b\r\x1b[1m\u2028\u202e"
    path = write_video(tmp_path / f"{evil[:1]}{evil[1:].replace('/', '')}.mp4")
    cut = evolve(make_cut(path, 0.0, 1.0), line=evil, caption=evil)
    text = to_edl(Timeline(request=Request(text=evil), cuts=(cut,)), {cut.content_hash: probe(path)})
    assert [line[:3] for line in text.splitlines() if line[:3].isdecimal()] == ["001"]
    assert text.count("\n* FROM CLIP NAME:") == 1
    assert all(char.isprintable() or char == "\n" for char in text)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the command that installs it is told."""
    monkeypatch.setattr("atom_core.media.timelines.edl.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'atom-core\[edl\]'"):
        check_edl()


@pytest.mark.parametrize(
    ("fps", "mode", "frames"),
    [
        (NTSC, "DROP", 30),
        (2 * NTSC, "DROP", 60),
        (Fraction(24000, 1001), "NON-DROP", 24),
        (Fraction(23), "NON-DROP", 24),
    ],
)
def test_files_that_state_no_time_code(
    make_cut: Callable[[Path, float, float], Cut], tmp_path: Path, fps: Fraction, mode: str, frames: int
) -> None:
    """They count from their first picture, dropping frames at the rates that do; what is slower than lists count is
    counted at the next rate.
    """
    pytest.importorskip("otio_cmx3600_adapter")
    path = write_video(tmp_path / "a.mp4", fps=fps, audio=True, shots=[Shot(2 * round(fps), RED)])
    cut = make_cut(path, 0.5, 1.0)
    lines = to_edl(Timeline(request=Request(text="x"), cuts=(cut,)), {cut.content_hash: probe(path)}).splitlines()
    assert f"FCM: {mode} FRAME" in lines
    (event,) = [line.split() for line in lines if line[:3].isdecimal()]
    half, point = frames // 2, ";" if mode == "DROP" else ":"
    ends = f"00:00:00{point}{half:02}", f"00:00:01{point}00"
    assert event[2:6] == ["AA/V", "C", *ends]


def test_sound_goes_with_pictures(make_cut: Callable[[Path, float, float], Cut], tmp_path: Path) -> None:
    """Where a source has sound its events take both; others take pictures alone."""
    otio = pytest.importorskip("opentimelineio")
    pytest.importorskip("otio_cmx3600_adapter")
    heard, silent = write_video(tmp_path / "a.mp4", audio=True), write_video(tmp_path / "b.mp4")
    cuts = tuple(make_cut(path, 0.0, 1.0) for path in (heard, silent, heard))
    text = to_edl(Timeline(request=Request(text="x"), cuts=cuts), {c.content_hash: probe(c.path) for c in cuts})
    tracks = otio.adapters.read_from_string(text, "cmx_3600", rate=24.0).tracks
    assert {track.name: [type(part).__name__ for part in track] for track in tracks} == {
        "V": ["Clip", "Clip", "Clip"],
        "A1": ["Clip", "Gap", "Clip"],
        "A2": ["Clip", "Gap", "Clip"],
    }


def test_what_lies_far_into_a_file(make_cut: Callable[[Path, float, float], Cut], tmp_path: Path) -> None:
    """Pictures are counted at the file's own rate, the slowest that lists have, too: of 23.976 a second
    the thousandth second's is number 23976."""
    pytest.importorskip("otio_cmx3600_adapter")
    path = write_video(tmp_path / "a.mp4")
    video = evolve(probe(path), fps=24000 / 1001, peak_fps=0.0, duration_s=2000.0)
    cut = make_cut(path, 1000.0, 1001.0)
    text = to_edl(Timeline(request=Request(text="x"), cuts=(cut,)), {cut.content_hash: video})
    (event,) = [line.split() for line in text.splitlines() if line[:3].isdecimal()]
    assert event[4:6] == ["00:16:39:00", "00:16:40:00"]
