"""Every command on MP4, MOV, MKV, WebM and AVI, with and without sound, at several rates, turned."""

from __future__ import annotations

from pathlib import Path

import pytest

from atom_core.testing.terminal import Atom, Run

NAMES = (
    *("plain.mp4", "sound.mp4", "portrait.mp4", "varying.mp4", "plain.mov", "turned.mov"),
    *("sound.mkv", "varying.mkv", "upside.mkv", "plain.webm", "sound.webm", "plain.avi", "sound.avi"),
)
LENGTHS_S = {
    "plain.mp4": 60 / 24,
    "sound.mp4": 60 / 25,
    "plain.mov": 60.06 / 30,
    "varying.mkv": 2.4,
    "varying.mp4": 2.4,
}


@pytest.fixture(scope="module")
def captioned(atom: Atom, footage: dict[str, Path]) -> Run:
    """All files captioned by one command."""
    return atom("caption", *footage.values(), "--json")


@pytest.fixture(scope="module")
def indexed(atom: Atom, footage: dict[str, Path]) -> Run:
    """All files indexed by one command that is given their folder."""
    return atom("index", footage["plain.mp4"].parent, "--json")


def test_every_file_is_named_here(footage: dict[str, Path]) -> None:
    """No file of the session is left out of the tests of this module."""
    assert sorted(footage) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_caption(captioned: Run, footage: dict[str, Path], name: str) -> None:
    """The cut between the two shots is found in every file, and both get a caption."""
    assert captioned.code == 0
    assert all("ran into the limit of tokens" in remark for remark in captioned.remarks), "it is small in these tests"
    (video,) = (video for video in captioned.json if video["video"] == str(footage[name]))
    first, second = video["clips"]
    length_s = LENGTHS_S.get(name, video["duration_s"])
    assert first["start_s"] == 0
    assert first["end_s"] == pytest.approx(second["start_s"])
    assert second["end_s"] == pytest.approx(length_s, abs=0.07)
    assert second["start_s"] == pytest.approx(length_s / 2, abs=0.07)
    assert all(isinstance(clip["caption"], str) for clip in video["clips"])


@pytest.mark.parametrize("name", ["sound.mp4", "turned.mov", "varying.mkv", "sound.webm", "plain.avi"])
def test_ask(atom: Atom, footage: dict[str, Path], name: str) -> None:
    """A question is answered in every container, its evidence lies inside the video."""
    done = atom("ask", footage[name], "What happens first?", "--json")
    assert (done.code, done.remarks) == (0, [])
    (answer,) = done.json
    assert answer["video"] == str(footage[name])
    assert answer["question"] == "What happens first?"
    assert isinstance(answer["answer"], str)
    assert all(0 <= span["start_s"] < span["end_s"] <= 2.6 for span in answer["evidence"])


def test_index(indexed: Run, footage: dict[str, Path]) -> None:
    """Every file of a folder gets into the library, two clips each."""
    assert indexed.code == 0
    assert {row["video"]: row["clips_added"] for row in indexed.json} == {str(path): 2 for path in footage.values()}


def test_search(atom: Atom, indexed: Run, footage: dict[str, Path]) -> None:
    """Moments come best first, from what was indexed, as many as asked for; a remark may say that none fits."""
    done = atom("search", "a red thing", "-k", 7, "--json")
    assert done.code == 0
    assert all(remark.startswith("atom: nothing fits well") for remark in done.remarks)
    assert len(done.json) == 7
    scores = [moment["score"] for moment in done.json]
    assert scores == sorted(scores, reverse=True)
    assert {moment["video"] for moment in done.json} <= set(map(str, footage.values()))
    assert all(moment.keys() >= {"video", "start_s", "end_s", "score", "caption"} for moment in done.json)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_assemble(atom: Atom, footage: dict[str, Path], tmp_path: Path, suffix: str) -> None:
    """A film can be cut from a library that holds one kind of file only."""
    sources = [path for path in footage.values() if path.suffix == suffix]
    library = ("--library", tmp_path / "library")
    assert atom("index", *sources, *library).code == 0
    done = atom("assemble", "a red thing, then a blue thing", "-o", tmp_path / "film.mp4", *library, "--json")
    assert done.code == 0
    (film,) = done.json
    assert {line["video"] for line in film["lines"]} <= set(map(str, sources))
    assert film["num_frames"] > 0
    assert Path(film["film"]).stat().st_size > 1000
