"""OpenTimelineIO: what is written is read by the library itself, with the right times, media and markers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio  # type: ignore[import-untyped]
import pytest
from attrs import evolve

from atom_core.errors import MediaError
from atom_core.media.probe import probe
from atom_core.media.timelines.otio import to_otio, write_otio
from atom_core.records import Cut, Request, Timeline, Video
from atom_core.testing.videos import RED, write_video

MakeCut = Callable[[Path, float, float], Cut]


@pytest.fixture
def made(tmp_path: Path, make_cut: MakeCut) -> tuple[Timeline, dict[str, Video]]:
    """A timeline of two sources, the first with sound, and the sources by hash."""
    one = write_video(tmp_path / "größe 1.mp4", shots=[(60, RED)], fps=Fraction(30000, 1001), audio=True)
    two = write_video(tmp_path / "2.mkv", fps=25)
    cuts = make_cut(one, 10 * 1001 / 30000, 40 * 1001 / 30000), make_cut(two, 0.4, 1.0)
    timeline = Timeline(request=Request(text="first red"), cuts=cuts)
    return timeline, {video.content_hash: video for video in map(probe, (one, two))}


def test_the_library_reads_it(made: tuple[Timeline, dict[str, Video]], tmp_path: Path) -> None:
    """Tracks, clips, spans in whole frames of each source, media and markers survive a round trip."""
    timeline, videos = made
    write_otio(timeline, videos, tmp_path / "film.otio")
    read = otio.adapters.read_from_file(str(tmp_path / "film.otio"))
    assert read.name == "first red"
    assert [(track.name, track.kind) for track in read.tracks] == [("Video", "Video"), ("Audio", "Audio")]
    one, two = read.video_tracks()[0]
    ntsc = 30000 / 1001
    assert one.source_range == otio.opentime.TimeRange(
        otio.opentime.RationalTime(10, ntsc), otio.opentime.RationalTime(30, ntsc)
    )
    assert two.source_range == otio.opentime.TimeRange(
        otio.opentime.RationalTime(10, 25), otio.opentime.RationalTime(15, 25)
    )
    assert one.available_range().duration == otio.opentime.RationalTime(60, ntsc)
    assert one.media_reference.target_url == (tmp_path / "größe 1.mp4").as_uri()
    assert one.markers[0].name == "a red shot"
    assert one.markers[0].comment == "Red."
    assert one.metadata["atom"]["caption"] == "Red."
    assert read.duration().to_seconds() == pytest.approx(timeline.duration_s, abs=1e-6)
    sound, gap = read.audio_tracks()[0]
    assert sound.source_range == one.source_range
    assert isinstance(gap, otio.schema.Gap)
    assert gap.source_range.duration == two.source_range.duration


def test_a_timeline_is_whole_or_as_it_was(
    made: tuple[Timeline, dict[str, Video]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it cannot be written to the end, the timeline that was there stays, and that is one line."""
    (tmp_path / "film.otio").write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(MediaError, match="No space left on device; choose another place"):
        write_otio(*made, tmp_path / "film.otio")
    assert [(path.name, path.read_text()) for path in tmp_path.glob("*.otio")] == [("film.otio", "old")]


def test_no_sound_track_without_sound(made: tuple[Timeline, dict[str, Video]]) -> None:
    """Without any sound there is one track."""
    timeline, videos = made
    silent = Timeline(request=timeline.request, cuts=timeline.cuts[1:])
    assert len(to_otio(silent, videos)["tracks"]["children"]) == 1


def test_no_clip_is_empty(made: tuple[Timeline, dict[str, Video]]) -> None:
    """A cut within one picture has that picture; one from a picture to the next has the first."""
    timeline, videos = made
    cut = timeline.cuts[1]
    for start_s, end_s in ((0.41, 0.411), (0.4, 0.44), (0.4, 0.4)):
        one = evolve(timeline, cuts=(evolve(cut, start_s=start_s, end_s=end_s),))
        (clip,) = to_otio(one, videos)["tracks"]["children"][0]["children"]
        assert [clip["source_range"][name]["value"] for name in ("start_time", "duration")] == [10.0, 1.0]


def test_errors_name_the_file(made: tuple[Timeline, dict[str, Video]], tmp_path: Path) -> None:
    """An unknown source and an unwritable place are refused in one line."""
    timeline, videos = made
    with pytest.raises(MediaError, match=r"2\.mkv"):
        to_otio(timeline, {timeline.cuts[0].content_hash: videos[timeline.cuts[0].content_hash]})
    with pytest.raises(MediaError, match="cannot write"):
        write_otio(timeline, videos, tmp_path / "none" / "film.otio")


def test_hostile_texts_are_text(tmp_path: Path, make_cut: MakeCut) -> None:
    """Names are one line that commands nothing; the metadata has the texts as they are, spelt out in the file."""
    path = write_video(tmp_path / "a\x9b\u202e\n.mp4")
    cut = evolve(make_cut(path, 0.0, 1.0), line="b\x1b\u2028c", caption="d\x7f")
    write_otio(
        Timeline(request=Request(text="e\x85f"), cuts=(cut,)), {cut.content_hash: probe(path)}, tmp_path / "o.otio"
    )
    assert all(char.isprintable() or char == "\n" for char in (tmp_path / "o.otio").read_text())
    read = otio.adapters.read_from_file(str(tmp_path / "o.otio"))
    (clip,) = read.find_clips()
    names = [read.name, clip.name, clip.media_reference.name, clip.markers[0].name, clip.markers[0].comment]
    assert all(name.isprintable() for name in names)
    assert clip.metadata["atom"]["line"] == cut.line
