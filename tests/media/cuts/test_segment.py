"""Segmenting: cuts are found to the frame, movement and flashes are not cuts, and clips cover the video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from atom_core.errors import MediaError
from atom_core.media.hooks import atom_segment_video
from atom_core.media.pictures.decode import Picture, Reader
from atom_core.media.probe import probe
from atom_core.media.segment import Cut, find_cuts, join_short, segment, split_long
from atom_core.records import Clip, Video
from atom_core.settings import Settings
from atom_core.testing.videos import BLUE, CYAN, GREEN, RED, YELLOW, Colour, write_video

HEIGHT, WIDTH = 72, 96
SETTINGS = Settings(window_s=60, reuse=False)
Frames = list[np.ndarray]


def _check_cover(clips: list[Clip], video: Video) -> None:
    assert clips[0].start_s == 0
    assert clips[-1].end_s == video.duration_s
    assert all(one.end_s == two.start_s for one, two in pairwise(clips))
    assert [clip.index for clip in clips] == list(range(len(clips)))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
@pytest.mark.parametrize("fps", [24, 25, Fraction(30000, 1001)])
def test_cuts_to_the_frame(tmp_path: Path, suffix: str, fps: Fraction | int) -> None:
    """Every hard cut is found at the timestamp of the new shot's first picture."""
    shots = [(20, RED), (31, BLUE), (17, YELLOW), (25, CYAN)]
    video = probe(write_video(tmp_path / f"v{suffix}", shots=shots, fps=fps, audio=True))
    clips = segment(video, SETTINGS)
    assert [clip.start_s for clip in clips] == pytest.approx([float(n / fps) for n in (0, 20, 51, 68)], abs=0.0006)
    _check_cover(clips, video)


@pytest.mark.parametrize("rotation", [90, 180])
def test_cuts_with_variable_rate_late_start_and_rotation(tmp_path: Path, rotation: int) -> None:
    """Cut times are the pictures' own timestamps, counted from the first picture."""
    times_s = [index * 0.03 + (0.2 if index > 12 else 0) + (0.3 if index > 40 else 0) for index in range(48)]
    path = write_video(tmp_path / "v.mkv", timestamps_s=times_s, start_s=1.25, rotation=rotation)
    clips = segment(probe(path), SETTINGS)
    assert [clip.start_s for clip in clips] == pytest.approx([0, times_s[24]], abs=0.0006)


def _write(path: Path, frames: Frames, fps: int = 24) -> Video:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "x264-params": "threads=1"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.clip(image, 0, 255).astype(np.uint8))))
        container.mux(stream.encode())
    return probe(path)


def _ball(num_frames: int, colour: Colour, background: Colour, speed: float, radius: int, row: float = 0.5) -> Frames:
    """A bright disc crossing a plain background."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    frames = []
    for index in range(num_frames):
        image = np.empty((HEIGHT, WIDTH, 3))
        image[:] = background
        centre = WIDTH / 2 + speed * (index - num_frames / 2)
        image[(x - centre) ** 2 + (y - row * HEIGHT) ** 2 < radius**2] = colour
        frames.append(image)
    return frames


def _scene(seed: int, num_frames: int, speed: float, noise: float = 3.0) -> Frames:
    """A camera passing over a landscape with as much detail at every scale as real pictures have, and grain."""
    rng = np.random.default_rng(seed)
    side = 2 * WIDTH
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    frequency[0, 0] = 1
    shared = rng.normal(size=(side, side))
    planes = []
    for _ in range(3):
        mixed = 0.7 * shared + 0.5 * rng.normal(size=(side, side))
        plane = np.fft.ifft2(np.fft.fft2(mixed) / frequency**1.1).real
        planes.append((plane - plane.mean()) / plane.std() * rng.uniform(20, 50) + rng.uniform(60, 170))
    land = np.stack(planes, -1)
    frames = []
    for index in range(num_frames):
        x = int(abs((index * speed + WIDTH) % (2 * WIDTH) - WIDTH))
        frames.append(land[20 : 20 + HEIGHT, x : x + WIDTH] + rng.normal(0, noise, (HEIGHT, WIDTH, 3)))
    return frames


def _flash() -> Frames:
    frames = _scene(1, 40, 1)
    frames[20], frames[21] = np.full_like(frames[20], 255), frames[21] * 0.3 + 150
    return frames


def _strobe() -> Frames:
    return [image * (1 if index % 6 else 2.5) for index, image in enumerate(_scene(2, 40, 1))]


def _blink() -> Frames:
    seen, gone = _ball(40, YELLOW, (0, 0, 40), 0, 15), _ball(40, (0, 0, 40), (0, 0, 40), 0, 1)
    return [(seen if index // 8 % 2 else gone)[index] for index in range(40)]


def _appears() -> Frames:
    return [*_ball(20, (0, 0, 0), (0, 0, 0), 0, 1), *_ball(20, (250, 250, 0), (0, 0, 0), 1, 14)]


@pytest.mark.parametrize(
    "frames",
    [
        lambda: _ball(40, (255, 220, 0), (0, 0, 0), 1.5, 10),
        lambda: _ball(12, (255, 220, 0), (5, 5, 30), 9, 12),
        lambda: _scene(5, 40, 12),
        lambda: _scene(6, 20, 0) + _scene(6, 20, 8),
        lambda: [image for image in _scene(7, 20, 6) for _ in (0, 1)],
        _flash,
        _strobe,
        _blink,
        _appears,
    ],
    ids=["ball", "fast-ball", "whip-pan", "sudden-pan", "on-twos", "flash", "strobe", "blink", "appears"],
)
def test_no_cut(tmp_path: Path, frames: Callable[[], Frames]) -> None:
    """Fast movement, flashes, blinking and things that appear are not cuts."""
    video = _write(tmp_path / "v.mp4", frames())
    assert segment(video, SETTINGS) == [Clip.whole(video)]


def test_cuts_between_small_bright_things(tmp_path: Path) -> None:
    """Shots of small things before dark backgrounds are told apart, also before the same background."""
    shots = [
        _ball(20, (255, 200, 0), (0, 0, 0), 0.5, 8, 0.3),
        _ball(20, (20, 200, 255), (0, 0, 0), -0.5, 9, 0.7),
        _ball(20, (20, 200, 25), (10, 20, 70), 0.5, 8, 0.7),
        _ball(20, (220, 20, 25), (90, 90, 90), 0.5, 8, 0.2),
    ]
    clips = segment(_write(tmp_path / "v.mp4", [*chain(*shots)]), SETTINGS)
    assert [round(clip.start_s * 24) for clip in clips] == [0, 20, 40, 60]


def _scenes(seed: int) -> Iterator[Frames]:
    rng = np.random.default_rng(seed)
    for part in range(4):
        yield _scene(seed * 10 + part, int(rng.integers(14, 24)), rng.uniform(0, 8), rng.uniform(0, 10))


@pytest.mark.parametrize("seed", range(6))
def test_cuts_between_moving_grainy_scenes(tmp_path: Path, seed: int) -> None:
    """All cuts between scenes that move at any speed are found, and no others."""
    scenes = list(_scenes(seed))
    clips = segment(_write(tmp_path / "v.mp4", [*chain(*scenes)]), SETTINGS)
    expected = np.cumsum([0, *(len(scene) for scene in scenes[:-1])])
    assert [round(clip.start_s * 24) for clip in clips] == list(expected)


def test_dissolve(tmp_path: Path) -> None:
    """Where one scene melts into another, a clip begins halfway; where it begins and ends is known, and kept."""
    one, two = _scene(3, 40, 1), _scene(4, 40, 1)
    mixed = [one[20 + i] * (1 - i / 12) + two[i] * i / 12 for i in range(12)]
    video = _write(tmp_path / "v.mp4", [*one[:20], *mixed, *two[12:]])
    settings = Settings(cache=tmp_path / "cache", window_s=60)
    (found,) = find_cuts(video, settings)
    assert round(found.first_s * 24) == pytest.approx(21, abs=2)
    assert round(found.time_s * 24) == pytest.approx(26, abs=2)
    assert round(found.last_s * 24) == pytest.approx(32, abs=2)
    assert segment(video, settings)[1].start_s == found.time_s
    assert find_cuts(video, settings) == [found]


def test_fade_through_black(tmp_path: Path) -> None:
    """Where one scene fades out and another in, the cut lies in the black between."""
    one, two = _scene(8, 30, 0), _scene(9, 30, 0)
    out = [image * (1 - i / 12) for i, image in enumerate(one[18:])]
    back = [image * i / 12 for i, image in enumerate(two[:12])]
    frames = [*one[:18], *out, *([np.zeros_like(one[0])] * 6), *back, *two[12:]]
    clips = segment(_write(tmp_path / "v.mp4", frames), SETTINGS)
    assert len(clips) == 2
    assert 30 <= round(clips[1].start_s * 24) <= 36


def test_short_shots_join_a_neighbour(tmp_path: Path) -> None:
    """A shot under `min_clip_s` is no clip of its own."""
    video = probe(write_video(tmp_path / "v.mp4", shots=[(24, RED), (7, BLUE), (24, GREEN)]))
    assert len(segment(video, SETTINGS)) == 2
    assert len(segment(video, Settings(window_s=60, min_clip_s=0.2, reuse=False))) == 3


def test_of_a_short_shots_cuts_the_weaker_goes() -> None:
    """Joining removes the smaller change, and goes on until no shot is too short."""
    cuts = [Cut(1.0, 9.0), Cut(1.2, 50.0), Cut(1.4, 20.0), Cut(3.9, 5.0)]
    assert [cut.time_s for cut in join_short(cuts, 4.0, 0.4)] == [1.2]


def test_long_shots_are_split_in_equal_parts(tmp_path: Path) -> None:
    """Shots longer than `window_s` are cut into the fewest equal parts."""
    video = probe(write_video(tmp_path / "v.mp4", shots=[(60, RED), (24, BLUE)]))
    clips = segment(video, Settings(window_s=1.0, reuse=False))
    assert [clip.start_s for clip in clips] == pytest.approx([0, 2.5 / 3, 5 / 3, 2.5])
    _check_cover(clips, video)
    assert split_long([0.0], 10.0, 10.0) == [0.0]


def test_windows_and_whole(tmp_path: Path) -> None:
    """Windows have one length but the last, which takes in a rest that is too short; whole is one clip."""
    video = probe(write_video(tmp_path / "v.mp4", shots=[(55, RED)]))  # 2.29 s
    clips = segment(video, Settings(segment="windows", window_s=1.0))
    assert [clip.start_s for clip in clips] == [0.0, 1.0]
    _check_cover(clips, video)
    clips = segment(video, Settings(segment="windows", window_s=1.0, min_clip_s=0.2))
    assert [clip.start_s for clip in clips] == [0.0, 1.0, 2.0]
    _check_cover(clips, video)
    assert segment(video, Settings(segment="whole")) == [Clip.whole(video)]


def test_one_picture(tmp_path: Path) -> None:
    """A video of a single picture is one clip."""
    video = probe(write_video(tmp_path / "v.mp4", shots=[(1, RED)]))
    assert segment(video, SETTINGS) == [Clip.whole(video)]


def test_built_in_hook_and_changed_file(tmp_path: Path) -> None:
    """The provider segments like `segment`, and refuses a file that has changed."""
    video = probe(write_video(tmp_path / "v.mp4"))
    assert atom_segment_video(video, SETTINGS) == segment(video, SETTINGS)
    write_video(tmp_path / "v.mp4", shots=[(24, GREEN)])
    with pytest.raises(MediaError, match="has changed"):
        atom_segment_video(video, SETTINGS)


def test_a_video_is_looked_through_once_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the cuts are is kept by content; other settings use it too, another name as well, and no reuse none."""
    path = write_video(tmp_path / "v.mp4", shots=[(24, RED), (24, BLUE)])
    settings = Settings(cache=tmp_path / "cache")
    found = segment(probe(path), settings)
    moved = probe(path.rename(tmp_path / "w.mp4"))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr("atom_core.media.segment.Reader.of", refuse)
    assert [clip.span for clip in segment(moved, settings)] == [clip.span for clip in found]
    assert len(segment(moved, Settings(cache=tmp_path / "cache", window_s=0.5))) == 4
    with pytest.raises(AssertionError, match="decoded again"):
        segment(moved, Settings(cache=tmp_path / "cache", reuse=False))


@pytest.mark.parametrize("damage", ["", "{}", '{"version": "0", "video": "?", "cuts": []}', '{"cuts": 3'])
def test_kept_cuts_that_do_not_fit_are_found_anew(tmp_path: Path, damage: str) -> None:
    """A damaged file, or one of another version, is as good as none, and is replaced."""
    video = probe(write_video(tmp_path / "v.mp4", shots=[(24, RED), (24, BLUE)]))
    settings = Settings(cache=tmp_path / "cache")
    found = segment(video, settings)
    (kept,) = (tmp_path / "cache" / "shots").rglob("*.json")
    whole = kept.read_text()
    kept.write_text(damage)
    assert segment(video, settings) == found
    assert kept.read_text() == whole


def test_cuts_of_a_file_that_changes_meanwhile_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cuts of the new content are never taken for the old content's."""
    path, other = write_video(tmp_path / "v.mp4"), write_video(tmp_path / "w.mp4", shots=[(48, GREEN)])
    video, whole = probe(path), Reader.pictures

    def late(reader: Reader) -> Iterator[Picture]:
        yield from whole(reader)
        path.write_bytes(other.read_bytes())

    monkeypatch.setattr(Reader, "pictures", late)
    with pytest.raises(MediaError, match="changed"):
        segment(video, Settings(cache=tmp_path / "cache"))
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_a_cache_that_cannot_be_written_costs_no_result(tmp_path: Path) -> None:
    """The shots are found each time."""
    (tmp_path / "cache").touch()
    video = probe(write_video(tmp_path / "v.mp4", shots=[(24, RED), (24, BLUE)]))
    assert len(segment(video, Settings(cache=tmp_path / "cache"))) == 2
