"""The film that `atom assemble` writes is what it says it is."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import opentimelineio
import pytest

from atom_core.testing.terminal import Atom

REQUEST = "First a red thing. Then a blue thing. Then a red thing again."


@pytest.fixture(scope="module")
def film(atom: Atom, footage: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A film of sources that differ in size, rate, sound and rotation, with timeline and subtitles."""
    folder = tmp_path_factory.mktemp("film")
    sources = [footage[name] for name in ("portrait.mp4", "sound.webm", "plain.mov", "varying.mkv")]
    library = ("--library", folder / "library")
    assert atom("index", *sources, *library).code == 0
    files = ("-o", folder / "film.mp4", "--otio", folder / "film.otio", "--srt", folder / "film.srt")
    done = atom("assemble", REQUEST, *files, *library, "--json")
    assert done.code == 0
    value: dict[str, Any] = done.json[0]
    return value


def test_it_plays(film: dict[str, Any]) -> None:
    """Streams, size, rate, frame count and length of the file are those that were reported; every frame decodes."""
    with av.open(film["film"]) as container:
        video = container.streams.video[0]
        assert video.codec_context.name == "h264"
        assert bool(container.streams.audio) == film["has_audio"]
        rate = Fraction(video.average_rate or 0)
        frames = list(container.decode(video))
        assert (video.width % 2, video.height % 2) == (0, 0)
    times = [frame.pts * frame.time_base for frame in frames if frame.pts is not None]
    assert len(times) == film["num_frames"]
    assert times == pytest.approx([float(number / rate) for number in range(len(times))], abs=1e-3)
    assert film["duration_s"] == pytest.approx(float(len(times) / rate), abs=1e-3)


def test_sound_is_as_long_as_the_pictures(film: dict[str, Any]) -> None:
    """There is sound from the first frame to the last, where any source has some."""
    if not film["has_audio"]:
        pytest.skip("no source with sound was chosen")
    with av.open(film["film"]) as container:
        rate = container.streams.audio[0].codec_context.sample_rate
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples / rate == pytest.approx(film["duration_s"], abs=0.1)


def test_it_is_as_long_as_its_cuts(film: dict[str, Any]) -> None:
    """The cuts that were reported add up to the film."""
    cuts_s = [line["end_s"] - line["start_s"] for line in film["lines"] if line["video"]]
    assert len(cuts_s) == 3
    assert film["duration_s"] == pytest.approx(sum(cuts_s), abs=0.1)


def test_the_timeline_says_the_same(film: dict[str, Any]) -> None:
    """OpenTimelineIO reads the timeline; its clips are the cuts, and it is as long as the film."""
    timeline = opentimelineio.adapters.read_from_file(film["otio"])
    clips = list(timeline.video_tracks()[0].find_clips())
    names = [Path(clip.media_reference.target_url).name for clip in clips]
    assert names == [Path(line["video"]).name for line in film["lines"]]
    assert timeline.duration().to_seconds() == pytest.approx(film["duration_s"], abs=0.15)


def test_subtitles_follow_the_script(film: dict[str, Any]) -> None:
    """One subtitle for each line, in order."""
    blocks = Path(film["srt"]).read_text(encoding="utf-8").strip().split("\n\n")
    assert [block.splitlines()[2] for block in blocks] == [line["line"] for line in film["lines"]]


def test_length_is_kept(atom: Atom, film: dict[str, Any], tmp_path: Path) -> None:
    """`--length` trims the cuts; the file is that long, to a frame."""
    library = Path(film["film"]).parent / "library"
    name = tmp_path / "short.mp4"
    done = atom("assemble", REQUEST, "-o", name, "--length", 1.5, "--library", library, "--json")
    assert done.code == 0
    assert done.json[0]["duration_s"] == pytest.approx(1.5, abs=0.05)
    with av.open(str(name)) as container:
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(1.5, abs=0.1)


def test_a_film_is_not_indexed_with_the_footage(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """A film rendered into an indexed folder is left out of the library, and said to be; `--films` adds it."""
    folder, library = tmp_path / "footage", ("--library", tmp_path / "library")
    folder.mkdir()
    shutil.copy(footage["plain.mp4"], folder)
    assert atom("index", folder, *library).code == 0
    assert atom("assemble", "A red thing.", "-o", folder / "film.mp4", *library).code == 0
    done = atom("index", folder, *library, "--json")
    assert [(Path(row["video"]).name, row["status"]) for row in done.json] == [
        ("film.mp4", "film"),
        ("plain.mp4", "unchanged"),
    ]
    done = atom("index", folder, "--films", *library, "--json")
    assert [row["status"] for row in done.json] == ["unchanged", "added"]


def test_a_pipeline_over_a_folder_takes_footage(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """Films in a folder are left out and named, unless they are asked for; a film that is named is taken."""
    folder, pipeline = tmp_path / "footage", tmp_path / "index.toml"
    folder.mkdir()
    library = ("--library", tmp_path / "library")
    pipeline.write_text('[[steps]]\ntask = "index-video"\n')
    shutil.copy(footage["plain.mp4"], folder)
    assert atom("index", folder, *library).code == 0
    assert atom("assemble", "A red thing.", "-o", folder / "film.mp4", *library).code == 0

    def taken(*arguments: object) -> list[str]:
        done = atom("run", pipeline, *arguments, *library, "--json")
        assert done.code == 0
        assert ("left out, for Atom rendered them" in done.err) == (len(done.json) == 1)
        return sorted(Path(row["video"]).name for row in done.json)

    assert taken(folder) == ["plain.mp4"]
    assert taken(folder, "--films") == taken(folder, folder / "film.mp4") == ["film.mp4", "plain.mp4"]
