"""Time codes: counted as SMPTE ST 12-1 says, read from where cameras write them, and carried into timelines."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from attrs import evolve

from atom_core.media.probe import probe
from atom_core.media.timelines.edl import to_edl
from atom_core.media.timelines.otio import to_otio
from atom_core.media.timelines.timecode import at_rate, stated_timecode, timecodes, to_frames, to_timecode
from atom_core.records import Cut, Request, Timeline, Video

NTSC = Fraction(30000, 1001)
NTSC_60 = Fraction(60000, 1001)


@pytest.mark.parametrize(
    ("timecode", "rate", "frames"),
    [
        ("", Fraction(25), 0),
        ("00:00:01:00", Fraction(25), 25),
        ("10:00:00:00", Fraction(25), 900_000),
        ("01:00:00:00", NTSC, 108_000),
        ("01:00:00;00", NTSC, 107_892),
        ("00:01:00;02", NTSC, 1800),
        ("00:10:00;00", NTSC, 17_982),
        ("00:01:00;04", NTSC_60, 3600),
        ("01:00:00:00", Fraction(24000, 1001), 86_400),
    ],
)
def test_frames_of_timecodes(timecode: str, rate: Fraction, frames: int) -> None:
    """The numbers are those of the standard; back they give the same time code."""
    assert to_frames(timecode, rate) == frames
    if timecode:
        assert to_timecode(frames, rate, drops=";" in timecode) == timecode


@pytest.mark.parametrize("rate", [NTSC, NTSC_60])
def test_every_dropping_timecode_is_one_frame_on(rate: Fraction) -> None:
    """Counted up frame by frame over eleven minutes, each time code comes once and means its frame."""
    labels = [to_timecode(number, rate, drops=True) for number in range(11 * 60 * round(rate))]
    assert len(set(labels)) == len(labels)
    assert [to_frames(label, rate) for label in labels] == list(range(len(labels)))
    assert not any(label.endswith((":00;00", ":00;01")) and label[4] not in "0" for label in labels)


def test_labels_at_another_rate() -> None:
    """The clock stays, the frame is scaled; numbers that are dropped are not given."""
    assert at_rate("10:00:00:12", Fraction(25), Fraction(50), drops=False) == "10:00:00:24"
    assert at_rate("10:01:00:00", Fraction(25), NTSC, drops=True) == "10:01:00;02"
    assert at_rate("10:10:00:00", Fraction(25), NTSC, drops=True) == "10:10:00;00"
    assert at_rate("10:01:30:00", Fraction(25), NTSC, drops=True) == "10:01:30;00"
    assert at_rate("10:01:00:24", Fraction(25), NTSC, drops=False) == "10:01:00:28"
    assert at_rate("10:01:00:59", Fraction(60), Fraction(24), drops=True) == "10:01:00:23"
    assert at_rate("10:01:00:29", Fraction(25), Fraction(25), drops=False) == "10:01:00:24"
    assert at_rate("", Fraction(25), NTSC, drops=True) == ""


def test_a_day_later_counts_anew() -> None:
    """The last frame before midnight, and the first after it."""
    day = 24 * 3600 * 25
    assert to_timecode(day - 1, Fraction(25), drops=False) == "23:59:59:24"
    assert to_timecode(day, Fraction(25), drops=False) == "00:00:00:00"
    assert to_timecode(day + 25 * 61, Fraction(25), drops=False) == "00:01:01:00"


@pytest.mark.parametrize("drops", [True, False])
def test_rates_that_drop_nothing(drops: bool) -> None:
    """Numbers are left out at 29.97 and 59.94 alone."""
    for rate in (Fraction(24000, 1001), Fraction(25), Fraction(30)):
        assert to_timecode(61 * round(rate), rate, drops=drops) == "00:01:01:00"


def test_spans_in_time_codes(tmp_path: Path) -> None:
    """From and to, in the file's time code; nothing where it states none."""
    video = _camera(tmp_path / "camera.mov", "10:00:00:00", Fraction(25))
    assert timecodes(video, 0.5, 1.52) == "10:00:00:12 - 10:00:01:13"
    assert timecodes(evolve(video, timecode=""), 0.5, 1.52) == ""


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("23:59:59:24", "23:59:59:24"),
        (" 01:02:03;04 ", "01:02:03;04"),
        ("01:02:03.04", "01:02:03;04"),
        ("01:02:03,004", "01:02:03;004"),
        ("24:00:00:00", ""),
        ("10:60:00:00", ""),
        ("10:00:60:00", ""),
        ("1:00:00:00", ""),
        ("10:00:00:0", ""),
        ("٠١:00:00:00", ""),
        ("noon", ""),
    ],
)
def test_what_is_a_time_code(stated: str, found: str) -> None:
    """Hours below 24, minutes and seconds below 60; anything else is none."""
    pictures = SimpleNamespace(metadata={"timecode": stated}, type="video")
    container = SimpleNamespace(streams=[pictures], metadata={})
    assert stated_timecode(container, pictures) == found  # type: ignore[arg-type]


def test_which_time_code_counts() -> None:
    """That of the pictures, else of a time code track, of the file, of a sound track; under either name."""
    streams = [SimpleNamespace(metadata={}, type=kind) for kind in ("audio", "subtitle", "video", "data")]
    container = SimpleNamespace(streams=streams, metadata={})
    sound, words, pictures, data = streams
    for number, place in enumerate((sound, container, data, pictures)):
        place.metadata = {"TIMECODE" if number % 2 else "timecode": f"0{number}:00:00:00"}
        words.metadata = {"timecode": "09:00:00:00"}
        assert stated_timecode(container, pictures) == f"0{number}:00:00:00"  # type: ignore[arg-type]


def _camera(path: Path, timecode: str, rate: Fraction) -> Video:
    """What Atom finds a file of two seconds to be whose time code track begins at `timecode`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.metadata["timecode"] = timecode
        for number in range(2 * round(rate)):
            image = np.full((48, 64, 3), number % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return probe(path)


def test_a_time_code_of_the_sound(tmp_path: Path) -> None:
    """Where only the sound track says when it was recorded, that is the time code."""
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as film:
        pictures, sound = film.add_stream("mpeg4", rate=25), film.add_stream("pcm_s16le", rate=48000, layout="mono")
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound.metadata["timecode"] = "10:00:00:05"
        film.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        film.mux(pictures.encode())
    assert probe(path).timecode == "10:00:00:05"


def _timeline(video: Video, start_s: float, end_s: float) -> Timeline:
    cut = Cut(
        path=video.path,
        content_hash=video.content_hash,
        start_s=start_s,
        end_s=end_s,
        line="a line",
        caption="a caption",
        score=1.0,
    )
    return Timeline(request=Request(text="film"), cuts=(cut,))


@pytest.mark.parametrize(
    ("timecode", "rate", "frames"),
    [("10:00:00:00", Fraction(25), 900_000), ("01:00:00;00", NTSC, 107_892), ("00:00:00:00", Fraction(24), 0)],
)
def test_timelines_count_from_the_time_code(tmp_path: Path, timecode: str, rate: Fraction, frames: int) -> None:
    """In OpenTimelineIO, media, cut and marker are in the file's time code."""
    video = _camera(tmp_path / "camera.mov", timecode, rate)
    assert video.timecode == timecode
    clip = to_otio(_timeline(video, 1.0, 1.5), {video.content_hash: video})["tracks"]["children"][0]["children"][0]
    assert clip["media_reference"]["available_range"]["start_time"]["value"] == frames
    assert clip["source_range"]["start_time"]["value"] == frames + round(rate)
    assert clip["markers"][0]["marked_range"]["start_time"]["value"] == frames + round(rate)


@pytest.mark.parametrize(
    ("timecode", "rate", "mode", "event"),
    [
        ("10:00:00:00", Fraction(25), "NON-DROP", "10:00:01:00 10:00:01:13 00:00:00:00 00:00:00:13"),
        ("01:00:00;00", NTSC, "DROP", "01:00:01;00 01:00:01;16 00:00:00;00 00:00:00;16"),
        ("01:00:00:00", NTSC, "NON-DROP", "01:00:01:00 01:00:01:16 00:00:00:00 00:00:00:16"),
        ("01:00:00:00", Fraction(24000, 1001), "NON-DROP", "01:00:01:00 01:00:01:12 00:00:00:00 00:00:00:12"),
    ],
)
def test_edit_decision_lists_count_from_the_time_code(
    tmp_path: Path, timecode: str, rate: Fraction, mode: str, event: str
) -> None:
    """Source time codes are the file's, of its kind (dropping frames or not), which the list says."""
    pytest.importorskip("otio_cmx3600_adapter")
    video = _camera(tmp_path / "camera.mov", timecode, rate)
    lines = to_edl(_timeline(video, 1.0, 1.52), {video.content_hash: video}).splitlines()
    assert f"FCM: {mode} FRAME" in lines
    assert " ".join(next(line for line in lines if line.startswith("001")).split()[4:]) == event
