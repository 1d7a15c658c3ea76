"""Probing: what is in a file, that it is noticed when the file changes, and one line for every bad file."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from atom_core.errors import MediaError
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import check_unchanged, content_hash, find_videos, probe, video_store
from atom_core.media.sample import sample, sample_many
from atom_core.media.video_cache import VideoStore
from atom_core.records import Clip, Video
from atom_core.testing.videos import BLUE, RED, frame_number, shot_colour, write_video

SUFFIXES = [".mp4", ".mov", ".mkv", ".webm", ".avi"]
NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("fps", "audio"), [(24, False), (25, True), (NTSC, True)])
def test_length_rate_and_sound(tmp_path: Path, suffix: str, fps: Fraction | int, audio: bool) -> None:
    """Length, frame rate, size and sound are right in every container."""
    video = probe(write_video(tmp_path / f"v{suffix}", fps=fps, audio=audio))
    assert video.duration_s == pytest.approx(48 / fps, abs=0.0011)
    assert video.fps == pytest.approx(float(fps), rel=1e-6)
    assert (video.width, video.height, video.rotation, video.has_audio) == (64, 48, 0, audio)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_rotation_is_applied_to_the_size(tmp_path: Path, suffix: str, rotation: int, mirrored: bool) -> None:
    """Width and height are as displayed, and the record keeps the clockwise turn and the mirroring."""
    video = probe(write_video(tmp_path / f"v{suffix}", size=(32, 48), rotation=rotation, mirrored=mirrored))
    assert (video.width, video.height, video.rotation, video.mirrored) == (32, 48, rotation, mirrored)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_length_counts_from_the_first_picture(tmp_path: Path, suffix: str) -> None:
    """A file whose clock starts later is no longer for it."""
    video = probe(write_video(tmp_path / f"v{suffix}", start_s=2.0, audio=True))
    assert video.duration_s == pytest.approx(2.0, abs=0.0011)


def test_variable_rate_is_averaged(tmp_path: Path) -> None:
    """Pictures shown for different times give the average rate and the exact length."""
    times_s = [0.0, 0.04, 0.08, 0.5, 0.54, 1.0]
    video = probe(write_video(tmp_path / "v.mkv", shots=[(6, (200, 30, 30))], timestamps_s=times_s, fps=25))
    assert video.duration_s == pytest.approx(1.04, abs=0.0011)
    assert video.fps == pytest.approx(6 / 1.04, rel=0.01)


def test_odd_sizes(tmp_path: Path) -> None:
    """Odd widths and heights are kept."""
    video = probe(write_video(tmp_path / "v.mp4", size=(65, 49)))
    assert (video.width, video.height) == (65, 49)


def test_hash_is_of_the_bytes(tmp_path: Path) -> None:
    """The hash is plain BLAKE2b-160, the same for a copy, and paths are absolute."""
    path = write_video(tmp_path / "v.mp4")
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(path.read_bytes())
    expected = hashlib.blake2b(path.read_bytes(), digest_size=20).hexdigest()
    assert probe(path).content_hash == probe(os.path.relpath(copy)).content_hash == expected
    assert probe(os.path.relpath(copy)).path == copy


def test_rewritten_in_place_is_noticed(tmp_path: Path) -> None:
    """New bytes of the same length under the same name and time stamps give a new hash at once."""
    path = tmp_path / "v.bin"
    path.write_bytes(b"a" * 1000)
    before, stat = content_hash(path), path.stat()
    with path.open("r+b") as file:
        file.write(b"b")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert content_hash(path) != before
    with pytest.raises(MediaError, match="has changed since"):
        check_unchanged(path, before)


def test_settled_files_are_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file older than two seconds is not read again; a younger one is."""
    path = tmp_path / "v.bin"
    path.write_bytes(b"a" * 1000)
    reads: list[object] = []
    real = hashlib.file_digest

    def counting(file: Any, algorithm: Any) -> Any:
        reads.append(file)
        return real(file, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    content_hash(path), content_hash(path)
    assert len(reads) == 2
    now_ns = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now_ns + 3_000_000_000)
    content_hash(path), content_hash(path)
    assert len(reads) == 3


def test_known_files_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier process noted of a file stands while the file is as it was, and no longer."""
    path = write_video(tmp_path / "v.mp4", audio=True, rotation=90)
    store = video_store(tmp_path / "cache")
    now_ns = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now_ns + 3_000_000_000)
    video = probe(path, store)

    def in_new_process(store: VideoStore) -> Video:
        monkeypatch.setattr("atom_core.media.probe._known_hashes", {})
        monkeypatch.setattr("atom_core.media.probe._known_videos", {})
        return probe(path, store)

    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", None)
        assert in_new_process(store) == video
        with pytest.raises(MediaError, match="TypeError"):
            in_new_process(VideoStore(tmp_path / "cache", "another version"))
    stat = path.stat()
    write_video(path, audio=True, rotation=180)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    changed = in_new_process(store)
    assert (changed.rotation, changed.content_hash != video.content_hash) == (180, True)


def test_young_files_are_not_noted(tmp_path: Path) -> None:
    """A file that may change within a tick of the clock is read by each process."""
    path = write_video(tmp_path / "v.mp4")
    probe(path, video_store(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()


def _one_line(path: Path) -> str:
    with pytest.raises(MediaError) as caught:
        probe(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    assert caught.value.path == path
    return text


def test_missing_folder_and_empty(tmp_path: Path) -> None:
    """What is not a file with bytes is named as what it is."""
    (tmp_path / "empty.mp4").touch()
    assert "no such file" in _one_line(tmp_path / "none.mp4")
    assert "is a folder" in _one_line(tmp_path)
    assert "empty" in _one_line(tmp_path / "empty.mp4")


def test_text_named_mp4(tmp_path: Path) -> None:
    """A text file is no video, whatever its name."""
    path = tmp_path / "notes.mp4"
    path.write_text("Dear diary, this is not a video.\n" * 50)
    assert "not a video" in _one_line(path)


def test_sound_only(tmp_path: Path) -> None:
    """A file with nothing but sound is named so."""
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate = 48000
        frame.planes[0].update(bytes(4096))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert "sound but no pictures" in _one_line(path)


def _cut(path: Path, part: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_but_the_start_of_a_file(tmp_path: Path, suffix: str) -> None:
    """A file that is cut off before its first picture is refused."""
    path = write_video(tmp_path / f"v{suffix}", shots=[(96, (200, 30, 30))], audio=True)
    assert "cut off" in _one_line(_cut(path, 0.02))


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_cut_off_before_the_index(tmp_path: Path, suffix: str) -> None:
    """A recording that was never finished says what is missing and what helps."""
    said = _one_line(_cut(write_video(tmp_path / f"v{suffix}"), 0.6))
    assert "its index, which is written last, is missing" in said
    assert "repaired" in said


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".avi"])
@pytest.mark.parametrize("part", [0.5, 0.7])
def test_cut_off(tmp_path: Path, suffix: str, part: float) -> None:
    """Of a file whose end is missing, what is there is used: its last picture is the last whole one; it is said."""
    path = write_video(tmp_path / f"v{suffix}", shots=[(96, (200, 30, 30))], audio=True)
    video = probe(_cut(path, part))
    assert video.fault == f"is cut off: of 4.0 s the first {video.duration_s:.1f} s are there and used"
    assert 0.3 < video.duration_s < 3.5
    with Reader(path) as reader:
        last = list(reader.pictures())[-1]
        assert video.duration_s - 1 / 24 == pytest.approx(last.time_s, abs=0.1)
        assert frame_number(reader.rgb(last.frame)) == round(last.time_s * 24)


@pytest.mark.parametrize("filled", [False, True])
def test_cut_off_with_the_index_in_front(remux: Callable[..., Path], tmp_path: Path, filled: bool) -> None:
    """Of an MP4 whose last pictures are missing, or zeros that were never written over, the others are used."""
    whole = write_video(tmp_path / "w.mp4", shots=[(96, (200, 30, 30))])
    path = remux(whole, tmp_path / "v.mp4", movflags="+faststart")
    assert (probe(path).duration_s, probe(path).fault) == (pytest.approx(4.0), "")
    size = path.stat().st_size
    _cut(path, 0.67)
    if filled:
        os.truncate(path, size)
    video = probe(path)
    assert 1.5 < video.duration_s < 3.5
    assert video.fault.startswith("is cut off: of 4.0 s the first ")
    clip = Clip(video=video, start_s=video.duration_s / 2, end_s=video.duration_s)
    frames = sample(clip, 4)
    assert [frame_number(image) for image in frames.images] == [round(at * 24) for at in frames.timestamps_s]
    assert len(set(frames.timestamps_s)) == 4


def test_recordings_one_after_another_in_matroska(tmp_path: Path) -> None:
    """Of files that were joined byte for byte the first is used, wherever in it pictures are asked for; it is said."""
    parts = [write_video(tmp_path / f"{colour[0]}.mkv", shots=[(120, colour)], gop=24) for colour in (RED, BLUE)]
    path = tmp_path / "joined.mkv"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    video = probe(path)
    assert video.duration_s == pytest.approx(5.0, abs=0.1)
    assert "times begin anew, after" in video.fault
    assert (video.seekable, video.joins) == (False, ())
    clips = [Clip(video=video, start_s=start_s, end_s=start_s + 1) for start_s in (3.5, 0.0, 2.0)]
    for frames in sample_many(clips, 2):
        assert [shot_colour(image) for image in frames.images] == [RED, RED]
        assert [frame_number(image) for image in frames.images] == [round(at * 24) for at in frames.timestamps_s]


@pytest.mark.parametrize(("name", "text"), [("l.mp4", "ffconcat version 1.0\nfile v.mp4\n")])
def test_a_list_of_files_is_no_video(tmp_path: Path, name: str, text: str) -> None:
    """The bytes of a list do not say what is seen, so what it names is not taken for it."""
    write_video(tmp_path / "v.mp4")
    (tmp_path / name).write_text(text)
    assert "only names other files" in _one_line(tmp_path / name)


@contextmanager
def _as_stranger() -> Iterator[None]:
    """Give up root's right to read everything, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_links(tmp_path: Path) -> None:
    """A link that leads nowhere, or to itself, is named as one."""
    (tmp_path / "gone.mp4").symlink_to("elsewhere.mp4")
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    assert "is a link to 'elsewhere.mp4', which is not there" in _one_line(tmp_path / "gone.mp4")
    assert "check the path" in _one_line(tmp_path / "loop.mp4")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_closed_folders() -> None:
    """A folder that may not be read is named, also beside others, and a file in it is an error of its own."""
    with tempfile.TemporaryDirectory() as name:  # its parents are open to all
        folder, closed, inside = Path(name), Path(name) / "closed", Path(name) / "closed" / "v.mp4"
        closed.mkdir()
        write_video(folder / "v.mp4")
        write_video(inside)
        closed.chmod(0)
        folder.chmod(0o755)
        with _as_stranger():
            videos, errors = find_videos([folder, closed, inside])
        closed.chmod(0o755)
    assert videos == [folder / "v.mp4"]
    assert [path for path, _ in errors] == [closed, closed, inside]
    assert all("change its permissions" in str(error) for _, error in errors)


@pytest.mark.parametrize(("given", "said"), [("", "is empty"), ("https://example.com/v.mp4", "download it first")])
def test_what_is_no_path(given: str, said: str) -> None:
    """An empty name is not the current folder, and an address is not a path."""
    videos, ((_, error),) = find_videos([given])
    assert (videos, said in str(error)) == ([], True)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_no_permission(tmp_path: Path) -> None:
    """A file that may not be read says so."""
    path = write_video(tmp_path / "v.mp4")
    path.chmod(0)
    with _as_stranger():
        text = _one_line(path)
    assert "no permission" in text


def test_find_videos(tmp_path: Path) -> None:
    """Folders give the videos in and below them, sorted, no hidden or other files; a bad input is named."""
    for name in ["b.mp4", "a/z.MKV", "a/.hidden.mp4", ".git/x.mp4", "notes.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    inputs = [tmp_path / "empty", tmp_path, tmp_path / "b.mp4", tmp_path / "none.mp4", tmp_path / "notes.txt"]
    videos, errors = find_videos(inputs)
    assert videos == [tmp_path / "a/z.MKV", tmp_path / "b.mp4", tmp_path / "notes.txt"]
    assert [path for path, _ in errors] == [tmp_path / "empty", tmp_path / "none.mp4"]
    assert "no video file in folder" in str(errors[0][1])
    assert "no such file" in str(errors[1][1])


@pytest.mark.parametrize(
    "name", ["tape.dv", "MOV001.MOD", "old.divx", "a.tod", "b.ogm", "c.m1v", "d.insv", "e.rmvb", "f.h264"]
)
def test_suffixes_of_cameras_and_older_programs(tmp_path: Path, name: str) -> None:
    """What is read when it is named is found in its folder, too."""
    (tmp_path / name).write_bytes(b"x")
    assert find_videos([tmp_path]) == ([tmp_path / name], [])


def test_folders_that_are_links(tmp_path: Path) -> None:
    """They are searched, each once, also where links go round; what lies around the folder is not."""
    for name in ("disk/holiday/beach.mp4", "videos/home.mp4", "videos/sub/a.mp4", "other.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    videos = tmp_path / "videos"
    (videos / "0").symlink_to("sub")
    (videos / "holiday").symlink_to(tmp_path / "disk/holiday")
    (videos / "again").symlink_to(tmp_path / "disk")
    (videos / "up").symlink_to("..")
    (tmp_path / "disk/holiday/round").symlink_to(videos)
    (videos / "nowhere").symlink_to("gone")
    found, errors = find_videos([videos])
    assert errors == []
    assert found == [videos / "again/holiday/beach.mp4", videos / "home.mp4", videos / "sub/a.mp4"]


def test_how_long_a_player_runs_before_the_first_picture(tmp_path: Path) -> None:
    """Pictures that come two seconds after the sound say so; a file all of whose tracks begin late does not."""
    path = tmp_path / "late.mp4"
    with av.open(str(write_video(tmp_path / "1.mp4", audio=True))) as source, av.open(str(path), "w") as container:
        streams = {stream.index: container.add_stream_from_template(stream) for stream in source.streams}
        for packet in filter(lambda packet: packet.size, source.demux()):
            later = round(2 / packet.time_base) if packet.stream.type == "video" else 0
            packet.pts, packet.dts = packet.pts + later, packet.dts + later
            packet.stream = streams[packet.stream.index]
            container.mux(packet)
    assert probe(path).lead_s == pytest.approx(2.0, abs=0.05)
    assert probe(write_video(tmp_path / "2.mkv", audio=True, start_s=2.0)).lead_s == 0.0


def test_when_it_was_recorded(tmp_path: Path) -> None:
    """The date that a file states, the zone minded; none where it states none, or one of a clock that was never set."""
    for number, (said, expected) in enumerate(
        [
            ("2021-05-04T12:00:00.000000Z", 1620129600.0),
            ("2021-05-04T14:00:00+02:00", 1620129600.0),
            ("1904-01-01T00:00:00.000000Z", None),
            ("some day", None),
            ("", None),
        ]
    ):
        path = tmp_path / f"{number}.mkv"
        with av.open(str(write_video(tmp_path / "plain.mkv"))) as given, av.open(str(path), "w") as made:
            if said:
                made.metadata["date"] = said
            stream = made.add_stream_from_template(given.streams.video[0])
            for packet in given.demux(given.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    made.mux(packet)
        assert probe(path).recorded_s == expected
