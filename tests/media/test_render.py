"""Rendering: the film plays, lasts as the timeline says, shows the right frames at each cut, with sound in step."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from atom_core.errors import MediaError
from atom_core.media.container.clock import clock_stretches
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import probe
from atom_core.media.render import letterbox, render
from atom_core.records import Cut, Request, Timeline
from atom_core.testing.videos import BLUE, GREEN, RED, YELLOW, frame_number, shot_colour, write_video

MakeCut = Callable[[Path, float, float], Cut]


def _timeline(*cuts: Cut) -> Timeline:
    return Timeline(request=Request(text="red, then blue"), cuts=cuts)


def _pictures(path: Path) -> list[np.ndarray]:
    with Reader(path) as reader:
        return [reader.rgb(picture.frame) for picture in reader.pictures()]


def _loudness(path: Path) -> np.ndarray:
    """Samples of the film's sound, absolute, placed by their timestamps."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        end = max(round((frame.time or 0.0) * 48000) + frame.samples for frame in frames)
        track = np.zeros(end)
        for frame in frames:
            first = round((frame.time or 0.0) * 48000)
            if first >= 0:
                track[first : first + frame.samples] = np.abs(frame.to_ndarray()).max(axis=0)
    return track


def _beeps_s(path: Path) -> list[float]:
    """When each beep begins, seconds."""
    loud = np.flatnonzero(_loudness(path) > 0.2)
    return [loud[0] / 48000, *(loud[index + 1] / 48000 for index in np.flatnonzero(np.diff(loud) > 2400))]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_frames_at_each_cut(tmp_path: Path, make_cut: MakeCut, suffix: str) -> None:
    """Every frame of the film is the source's frame of that instant, from the first to the last of each cut."""
    one = write_video(tmp_path / f"1{suffix}", audio=True)
    two = write_video(tmp_path / f"2{suffix}", shots=[(30, GREEN), (30, YELLOW)])
    cuts = make_cut(one, 0.5, 1.0), make_cut(two, 1.25, 2.0), make_cut(one, 1.0, 2.0)
    film = render(_timeline(*cuts), tmp_path / "film.mp4")
    pictures = _pictures(film.path)
    assert [frame_number(image) for image in pictures] == [*range(12, 24), *range(30, 48), *range(24, 48)]
    assert [shot_colour(pictures[n]) for n in (0, 11, 12, 29, 30, 53)] == [RED, RED, YELLOW, YELLOW, BLUE, BLUE]


def test_the_file_is_as_the_record_says(tmp_path: Path, make_cut: MakeCut) -> None:
    """Streams, frame count and length agree with timeline and record, and the index comes before the data."""
    source = write_video(tmp_path / "1.mp4", fps=Fraction(30000, 1001), shots=[(60, RED)], audio=True)
    timeline = _timeline(make_cut(source, 0.3, 1.0), make_cut(source, 0.11, 0.87), make_cut(source, 0.0, 0.5))
    calls: list[tuple[int, int]] = []
    film = render(timeline, tmp_path / "film.mp4", progress=lambda done, total: calls.append((done, total)))
    assert film.num_frames == round(timeline.duration_s * 30000 / 1001) == len(_pictures(film.path))
    assert calls == [(done, film.num_frames) for done in range(1, film.num_frames + 1)]
    with av.open(str(film.path)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert picture.average_rate == Fraction(30000, 1001)
        assert (sound.codec_context.name, sound.codec_context.sample_rate) == ("aac", 48000)
        assert sound.codec_context.layout.name == "stereo"
        lengths_s = [float((stream.duration or 0) * (stream.time_base or 0)) for stream in (picture, sound)]
    assert lengths_s == pytest.approx([film.duration_s] * 2, abs=0.001)
    video = probe(film.path)
    assert video.has_audio is film.has_audio is True
    assert video.duration_s == pytest.approx(film.duration_s, abs=1e-3)
    data = film.path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.mp4", "film.mp4"]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v"])
def test_films_are_known_from_footage(tmp_path: Path, make_cut: MakeCut, suffix: str) -> None:
    """A film says that Atom rendered it; what it was made of does not."""
    source = write_video(tmp_path / "1.mp4")
    film = render(_timeline(make_cut(source, 0.0, 0.5)), tmp_path / f"film{suffix}")
    assert [probe(path).is_film for path in (film.path, source)] == [True, False]


def test_sound_in_step(tmp_path: Path, make_cut: MakeCut) -> None:
    """Beeps that mark the start of shots are heard when those shots appear, across silent sources and late starts."""
    heard = write_video(tmp_path / "1.mp4", audio=True)
    silent = write_video(tmp_path / "2.mkv")
    late = write_video(tmp_path / "3.mkv", audio=True, start_s=1.5, fps=25)
    web = write_video(tmp_path / "4.webm", audio=True)
    cuts = make_cut(heard, 0.5, 1.5), make_cut(silent, 0.0, 1.0), make_cut(late, 0.46, 1.46), make_cut(web, 0.75, 1.75)
    film = render(_timeline(*cuts), tmp_path / "film.mp4")
    assert film.has_audio
    assert _beeps_s(film.path) == pytest.approx([0.5, 2.5, 3.25], abs=0.006)
    shown = [shot_colour(image) for image in _pictures(film.path)]
    assert [index / 25 for index in range(1, 100) if (shown[index - 1], shown[index]) == (RED, BLUE)] == pytest.approx(
        [0.5, 2.5, 3.25], abs=0.04
    )


def test_no_sound_track_without_sound(tmp_path: Path, make_cut: MakeCut) -> None:
    """When no source has sound the film has no sound track."""
    film = render(_timeline(make_cut(write_video(tmp_path / "1.mp4"), 0, 1)), tmp_path / "film.mp4")
    assert not film.has_audio
    assert not probe(film.path).has_audio


def test_sizes_are_letterboxed(tmp_path: Path, make_cut: MakeCut) -> None:
    """The largest source gives the size, made even; others are centred with black bars, upright, never stretched."""
    wide = write_video(tmp_path / "1.mp4", size=(97, 65))
    tall = write_video(tmp_path / "2.mp4", size=(32, 64), rotation=90)
    film = render(_timeline(make_cut(wide, 0, 0.5), make_cut(tall, 0.5, 1)), tmp_path / "film.mp4")
    video = probe(film.path)
    assert (video.width, video.height) == (98, 66)
    image = _pictures(film.path)[12]
    assert image[:, :30].max() < 30
    assert image[:, -30:].max() < 30
    assert frame_number(image[:, 33:66]) == 12


@pytest.mark.parametrize("size", [(33, 48), (48, 33), (33, 35)])
def test_odd_sizes_have_no_bar(tmp_path: Path, make_cut: MakeCut, size: tuple[int, int]) -> None:
    """The row or column that a film needs to be even looks as the one beside it, whose colours stay as they are."""
    source = write_video(tmp_path / "1.mp4", size=size)
    film = render(_timeline(make_cut(source, 0, 0.5)), tmp_path / "film.mp4")
    shown, original = _pictures(film.path)[0].astype(float), _pictures(source)[0].astype(float)
    padded = np.pad(original, ((0, size[1] % 2), (0, size[0] % 2), (0, 0)), mode="edge")
    assert abs(shown - padded).mean() < 8
    assert abs(shown - padded)[-2:].mean() < 12
    assert abs(shown - padded)[:, -2:].mean() < 12


def test_letterbox_keeps_the_shape() -> None:
    """Bars are even and the picture is as large as fits."""
    image = letterbox(np.full((10, 20, 3), 200, np.uint8), 40, 40)
    assert image.shape == (40, 40, 3)
    assert (image[:10] == 0).all()
    assert (image[30:] == 0).all()
    assert (image[10:30] == 200).all()


def test_variable_rate_source(tmp_path: Path, make_cut: MakeCut) -> None:
    """A source of variable rate keeps its timing: each output frame shows what the source shows then."""
    times_s = [index * 0.04 + (0.4 if index >= 10 else 0) for index in range(30)]
    source = write_video(tmp_path / "1.mkv", shots=[(30, RED)], timestamps_s=times_s, fps=25)
    other = write_video(tmp_path / "2.mp4", fps=25)
    film = render(_timeline(make_cut(source, 0, 1.2), make_cut(other, 0, 0.4)), tmp_path / "film.mp4")
    numbers = [frame_number(image) for image in _pictures(film.path)]
    assert numbers == [*range(10), *([9] * 10), *range(10, 20), *range(10)]


def test_slow_sources(tmp_path: Path, make_cut: MakeCut) -> None:
    """Of pictures that stand for a second the last one of a cut is shown for as long as in the source."""
    source = write_video(
        tmp_path / "1.mkv", shots=[(6, RED)], timestamps_s=[float(second) for second in range(6)], fps=1
    )
    film = render(_timeline(make_cut(source, 0.4, 2.4), make_cut(source, 3.6, 5.2)), tmp_path / "film.mp4")
    numbers = [frame_number(image) for image in _pictures(film.path)]
    assert film.num_frames / film.duration_s == 5
    assert numbers == [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 4, 5]


def test_coarse_clocks_make_no_stutter(tmp_path: Path, make_cut: MakeCut) -> None:
    """Timestamps rounded to milliseconds give every frame once."""
    source = write_video(tmp_path / "1.mkv", shots=[(90, RED)], fps=Fraction(30000, 1001))
    film = render(_timeline(make_cut(source, 0, probe(source).duration_s)), tmp_path / "film.mp4")
    assert [frame_number(image) for image in _pictures(film.path)] == list(range(90))


def test_source_changed_or_gone(tmp_path: Path, make_cut: MakeCut) -> None:
    """A source with other bytes than were indexed, or none, is named; nothing is written."""
    one, two = write_video(tmp_path / "1.mp4"), write_video(tmp_path / "2.mp4")
    timeline = _timeline(make_cut(one, 0, 1), make_cut(two, 0, 1))
    write_video(tmp_path / "2.mp4", shots=[(24, GREEN)])
    with pytest.raises(MediaError, match=r"2\.mp4' has changed.*index it again"):
        render(timeline, tmp_path / "film.mp4")
    two.unlink()
    with pytest.raises(MediaError, match=r"no such file: '.*2\.mp4'"):
        render(timeline, tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()


def test_source_that_changes_meanwhile(tmp_path: Path, make_cut: MakeCut) -> None:
    """A source that is written to while it is read gives no film of what it was, or of half of each."""
    one = write_video(tmp_path / "1.mp4")
    timeline = _timeline(make_cut(one, 0, 1), make_cut(one, 1, 2))

    def write(done: int, total: int) -> None:
        if done == 2 and total == 48:
            write_video(one, shots=[(24, GREEN), (24, GREEN)])

    with pytest.raises(MediaError, match=r"1\.mp4' has changed") as caught:
        render(timeline, tmp_path / "film.mp4", progress=write)
    assert caught.value.path == one
    assert [path.name for path in tmp_path.iterdir()] == ["1.mp4"]


def test_unwritable(tmp_path: Path, make_cut: MakeCut) -> None:
    """Places that cannot be written to, sources themselves and empty timelines are refused in one line."""
    source = write_video(tmp_path / "1.mp4")
    timeline = _timeline(make_cut(source, 0, 1))
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(MediaError, match="there is no folder"):
        render(timeline, tmp_path / "none" / "film.mp4")
    with pytest.raises(MediaError, match="is a folder"):
        render(timeline, tmp_path / "folder.mp4")
    with pytest.raises(MediaError, match=r"name it 'film\.mp4'"):
        render(timeline, tmp_path / "film.avi")
    with pytest.raises(MediaError, match="overwrite its own source"):
        render(timeline, source)
    with pytest.raises(MediaError, match="no cuts"):
        render(_timeline(), tmp_path / "film.mp4")
    with pytest.raises(MediaError, match="cannot write '/proc"):
        render(timeline, "/proc/film.mp4")


def test_nothing_half_done_stays(tmp_path: Path, make_cut: MakeCut) -> None:
    """When rendering is interrupted the film that was there before stays, and no other file is left."""
    source = write_video(tmp_path / "1.mp4")
    before = render(_timeline(make_cut(source, 1, 2)), tmp_path / "film.mp4").path.read_bytes()

    def interrupt(done: int, total: int) -> None:
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(_timeline(make_cut(source, 0, 1)), tmp_path / "film.mp4", progress=interrupt)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.mp4", "film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes() == before


@pytest.mark.parametrize("way", ["plain", "link", "hard link", "text", "dangling link"])
def test_what_atom_did_not_render_is_kept(tmp_path: Path, make_cut: MakeCut, way: str) -> None:
    """Footage and any other file stay as they are, by whatever name, unless a program says otherwise."""
    source, mine = write_video(tmp_path / "1.mp4"), write_video(tmp_path / "mine.mp4", shots=[(12, GREEN)])
    target = mine if way == "plain" else tmp_path / "film.mp4"
    if way == "link":
        target.symlink_to(mine)
    elif way == "hard link":
        target.hardlink_to(mine)
    elif way == "text":
        target.write_text("notes")
    elif way == "dangling link":
        target.symlink_to(tmp_path / "on a disk that is not here.mp4")
    before = mine.read_bytes()
    cut = make_cut(source, 0, 1)
    with pytest.raises(MediaError, match=r"exists and is no film of Atom's; choose another name"):
        render(_timeline(cut), target)
    assert mine.read_bytes() == before
    assert render(_timeline(cut), target, overwrite=True).num_frames == 24
    assert mine.read_bytes() == before or way == "plain"
    assert render(_timeline(cut), target).num_frames == 24, "now it is Atom's own"


@pytest.mark.parametrize("way", ["plain", "link", "hard link"])
def test_a_source_is_never_replaced(tmp_path: Path, make_cut: MakeCut, way: str) -> None:
    """Not even where a program says so, nor where it is a film of Atom's."""
    first = render(_timeline(make_cut(write_video(tmp_path / "1.mp4"), 0, 1)), tmp_path / "film.mp4").path
    target = first if way == "plain" else tmp_path / "other.mp4"
    if way != "plain":
        (target.symlink_to if way == "link" else target.hardlink_to)(first)
    before = first.read_bytes()
    for overwrite in (False, True):
        with pytest.raises(MediaError, match="overwrite its own source"):
            render(_timeline(make_cut(first, 0, 0.5)), target, overwrite=overwrite)
    assert first.read_bytes() == before


def test_what_appears_while_a_film_is_rendered_is_kept(tmp_path: Path, make_cut: MakeCut) -> None:
    """The place is looked at once more before the film is moved there."""
    timeline, target = _timeline(make_cut(write_video(tmp_path / "1.mp4"), 0, 1)), tmp_path / "film.mp4"
    with pytest.raises(MediaError, match="is no film of Atom's"):
        render(timeline, target, progress=lambda done, _: target.write_text("mine") if done == 1 else None)
    assert target.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.mp4", "film.mp4"]


def test_movements_of_a_screen_recording(tmp_path: Path, make_cut: MakeCut) -> None:
    """A source that is still, then moves, gives a film at the rate of its movement, with every picture."""
    times_s = [0.0, *(5 + index / 30 for index in range(30)), 11.0]
    source = write_video(tmp_path / "1.mkv", shots=[(32, RED)], timestamps_s=times_s, fps=30)
    assert probe(source).fps < 4
    assert probe(source).peak_fps == pytest.approx(30, abs=0.5)
    film = render(_timeline(make_cut(source, 0, probe(source).duration_s)), tmp_path / "film.mp4")
    assert {frame_number(image) for image in _pictures(film.path)} == set(range(32))


def test_sound_in_step_across_a_leap_of_the_clock(tmp_path: Path, make_cut: MakeCut) -> None:
    """A camera whose clock leaps by an hour in the middle is heard before, across and after the leap."""
    path, shots = tmp_path / "leaps.mkv", [(25, RED), (25, BLUE), (25, RED), (25, BLUE)]
    source = write_video(tmp_path / "1.mp4", shots=shots, fps=25, gop=25, audio=True)
    with av.open(str(source)) as plain, av.open(str(path), "w") as container:
        streams = {stream.index: container.add_stream_from_template(stream) for stream in plain.streams}
        for packet in filter(lambda packet: packet.size, plain.demux()):
            later = round(3600 / packet.time_base) if packet.pts * packet.time_base >= 2 else 0
            packet.pts, packet.dts = packet.pts + later, packet.dts + later
            packet.stream = streams[packet.stream.index]
            container.mux(packet)
    video = probe(path)
    assert len(video.leaps) == 1
    assert video.duration_s == pytest.approx(4, abs=0.1)
    cuts = make_cut(path, 0.5, 1.5), make_cut(path, 1.5, 2.5), make_cut(path, 2.5, 3.5)
    film = render(_timeline(*cuts), tmp_path / "film.mp4")
    assert _beeps_s(film.path) == pytest.approx([0.5, 1.5, 2.5], abs=0.02)


def test_stretches_of_a_clock_that_leaps() -> None:
    """Each stretch of the video is where the file's clock has it, divided at each leap."""
    leaps = ((102.0, 100.0), (1003.0, 900.0))  # at 2 and 3 seconds, where the first picture is at 0
    assert clock_stretches((), 1.0, 2.0, 1.0) == [(3.0, 1.0)]
    assert clock_stretches(leaps, 0.0, 0.5, 1.0) == [(0.5, 1.0)]
    assert clock_stretches(leaps, 0.0, 1.0, 3.0) == [(1.0, 1.0), (102.0, 1.0), (1003.0, 1.0)]
    assert clock_stretches(leaps, 0.0, 3.5, 0.5) == [(1003.5, 0.5)]
