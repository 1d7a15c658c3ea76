"""The command ``search``: what it lists, says of files that are not as they were, and cuts out."""

import base64
import hashlib
import io
import re
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import atom_indexing
import numpy as np
import pytest
from atom_indexing.library import ChromaLibrary
from attrs import frozen
from PIL import Image

import atom_core as atom
from atom_core.media.probe import probe
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost
from atom_core.testing.videos import BLUE, RED, write_video

SHOWS = {"a.mp4": ["a red circle", "a blue square"], "b.mp4": ["a green star"]}


class Film:
    """The task ``film``, as another plugin would give it; it writes what it cuts."""

    consumes, produces = atom.Timeline, atom.Film

    @frozen(kw_only=True)
    class Settings:
        path: str = ""

    def run(self, timeline, *, settings):
        (cut,) = timeline.cuts
        if "green" in cut.caption:
            raise atom.MediaError("the disk is full")
        Path(settings.path).write_text(f"{cut.start_s} {cut.end_s} {cut.line}")
        return atom.Film(path=settings.path, timeline=timeline, duration_s=1, num_frames=1, has_audio=False)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def world(files):
    """A function that makes a host whose library holds the videos of the fake world; their files are there."""

    def make(shows=SHOWS):
        host = FakeHost(atom_indexing, shows=shows, tasks={"film": Film()})
        for name, texts in shows.items():
            (files / name).touch()
            for clip, text in zip(host.clips(host.video(files / name)), texts, strict=True):
                host.run("index", atom.Caption(clip=clip, text=f"{text} appears"))
        return host

    return make


def test_search_command_lists_moments(world):
    """One value per moment, best first; -k limits them; several words need no quotes."""
    host = world()
    said = run_command(host, "search", "green", "star", "-k", "2")
    assert len(said.values) == 2
    best = said.values[0]
    assert (best["start_s"], best["end_s"], best["caption"]) == (0.0, 5.0, "a green star appears")
    assert best["video"].endswith("b.mp4")
    assert said.texts[0].endswith("b.mp4  00:00:00.000 - 00:00:05.000  a green star appears")
    assert best["score"] > said.values[1]["score"]
    assert [value["missing"] for value in said.values] == [False, False]
    assert said.notes == []


def test_search_limits_what_comes_of_one_video(world):
    """``--per-video`` leaves room for other videos: the best moments of each, and -k of them in all."""
    host = world({"a.mp4": ["a red circle", "a red circle", "a red square"], "b.mp4": ["a green star"]})

    def found(*words):
        said = run_command(host, "search", "a red circle", *words)
        return [(value["video"].rsplit("/", 1)[-1], value["start_s"]) for value in said.values]

    assert found("-k", "2") == [("a.mp4", 0.0), ("a.mp4", 5.0)]
    assert found("-k", "2", "--per-video", "1") == [("a.mp4", 0.0), ("b.mp4", 0.0)]
    assert found("--per-video", "2") == [("a.mp4", 0.0), ("a.mp4", 5.0), ("b.mp4", 0.0)]


def test_search_says_which_files_are_gone(world, files):
    """A moment of a file that is not there is marked, in text and in JSON, with one remark that says what to do."""
    host = world()
    (files / "a.mp4").unlink()
    said = run_command(host, "search", "a green star")
    assert {value["video"].rsplit("/", 1)[-1]: value["missing"] for value in said.values} == {
        "b.mp4": False,
        "a.mp4": True,
    }
    assert ["(file not found)" in text for text in said.texts] == [value["missing"] for value in said.values]
    (note,) = said.notes
    assert note.startswith("files that are not where they were: 1;")
    assert "atom library --prune" in note


def test_search_says_which_files_have_changed(world):
    """A moment of a file with other content than was indexed is marked, with one remark that says what to do."""
    host = world()
    host.world.shows["a.mp4"] = ("a yellow moon",)
    said = run_command(host, "search", "a green star")
    changed = [(value["video"].rsplit("/", 1)[-1], value["changed"]) for value in said.values]
    assert changed == [("b.mp4", False), ("a.mp4", True), ("a.mp4", True)]
    assert ["(file has changed)" in text for text in said.texts] == [False, True, True]
    assert said.notes == ["files with other content than was indexed: 1; index them again: atom index PATH"]


def test_search_cuts_out_what_it_finds(world):
    """Each moment is a file of its own, with what is asked for around it; a failed one fails alone."""
    host = world()
    said = run_command(host, "search", "a blue square", "--cut", "new/cuts", "--pad", "1.5")
    cuts = [value["cut"] for value in said.values]
    assert cuts[0] == "new/cuts/01 a 3.5-10.0s.mp4"
    assert Path(cuts[0]).read_text() == "3.5 10.0 a blue square"
    assert said.texts[0].endswith(f"a blue square appears\n    {cuts[0]}")
    (failed,) = [number for number, cut in enumerate(cuts) if cut is None]
    assert said.values[failed]["caption"] == "a green star appears"
    assert [(Path(what).name, str(error)) for what, error in said.failures] == [("b.mp4", "the disk is full")]


def test_cuts_replace_what_was_cut_of_the_same_seconds_alone(world, files, monkeypatch):
    """Cut again it is the same file; another film of that name, also one that Atom made, stays as it is."""
    monkeypatch.setattr("atom_core.media.probe.is_film", lambda _: True)
    host = world()

    def cut(*words):
        return run_command(host, "search", "a blue square", "-k", "1", "--cut", "cuts", *words).values[0]["cut"]

    assert [cut(), cut(), cut("--pad", "1")] == ["cuts/01 a 5.0-10.0s.mp4"] * 2 + ["cuts/01 a 4.0-10.0s.mp4"]
    mine = files / "cuts" / "01 a 5.0-10.0s.mp4"
    mine.write_text("a film that was worked on")
    assert [cut(), cut()] == ["cuts/01 a 5.0-10.0s (2).mp4"] * 2
    assert mine.read_text() == "a film that was worked on"


def test_search_cuts_only_what_is_as_it_was(world, files):
    """Files that are gone or changed are not cut, others' files not replaced; a bad folder is told before all else."""
    host = world({"a.mp4": SHOWS["a.mp4"]})
    (files / "cuts").mkdir()
    (files / "cuts" / "01 a 0.0-5.0s.mp4").write_text("mine")
    said = run_command(host, "search", "a red circle", "--cut", "cuts", "-k", "1")
    assert said.values[0]["cut"] is None
    assert "exists and is no film of Atom's" in str(said.failures[0][1])
    (files / "a.mp4").unlink()
    said = run_command(host, "search", "a red circle", "--cut", "cuts")
    assert ([value["cut"] for value in said.values], said.failures) == ([None, None], [])
    assert [path.read_text() for path in (files / "cuts").iterdir()] == ["mine"]
    (files / "notes.txt").touch()
    for words, what in (
        (["--cut", "notes.txt"], "cannot write into folder"),
        (["--pad", "-1"], "a number of seconds"),
        (["--pad", "1"], "add --cut DIR"),
    ):
        with pytest.raises(atom.SettingsError, match=what):
            run_command(host, "search", "a red circle", *words)


class Players(HTMLParser):
    """The video elements of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found += [dict(attributes)] if tag == "video" else []

    def handle_data(self, data):
        self.text += data


def test_search_writes_a_page(world, files):
    """Each moment is shown by a picture of its own and plays its span; what is gone is told; text stays text."""
    name = write_video(files / "red & blue <1>.mp4", shots=[(24, RED), (24, BLUE)]).name
    host = world({"b.mp4": ["a green star"]})
    (files / "b.mp4").unlink()
    video = probe(files / name)
    host.video = lambda path: video
    for start_s, text in ((0.0, "<b>red</b>"), (1.0, "blue")):
        clip = atom.Clip(video=video, start_s=start_s, end_s=start_s + 1)
        host.library.add([atom.Entry(clip=clip, caption=text, vector=host.decoder.embed([text]))])
    said = run_command(host, "search", "blue", "--page", "found.html")
    assert said.notes[0] == "the moments are shown in found.html; open it in a browser"
    page = Players((files / "found.html").read_text(encoding="utf-8"))
    spans = {0.0: "#t=0.000,1.000", 1.0: "#t=1.000,2.000"}
    there = [value for value in said.values if not value["missing"]]
    assert [player["src"] for player in page.found] == [video.path.as_uri() + spans[v["start_s"]] for v in there]
    for value, player in zip(there, page.found, strict=True):
        head, _, data = player["poster"].partition(",")
        colour = np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).mean(axis=(0, 1))
        assert (head, int(colour.argmax())) == ("data:image/jpeg;base64", 0 if value["start_s"] == 0 else 2)
    assert "<b>red</b>" in page.text
    assert "file not found" in page.text


def test_a_page_that_cannot_be_written(world, files):
    """A missing folder, and a file that is no page of Atom's, are told before all else; an earlier page is replaced."""
    (files / "film.mp4").write_bytes(b"\0film")
    (files / "mine.html").write_text("<html>")
    host = world({"a.mp4": ["a red circle"]})
    with pytest.raises(atom.SettingsError, match="no folder 'no'; create it first"):
        run_command(host, "search", "x", "--page", "no/found.html")
    host.video = lambda path: (_ for _ in ()).throw(atom.MediaError("cut off"))
    for name in ("film.mp4", "mine.html"):
        with pytest.raises(atom.SettingsError, match=rf"'{name}': it exists and is not what Atom wrote there"):
            run_command(host, "search", "x", "--page", name)
    for query in ("x", "y"):
        said = run_command(host, "search", query, "--page", "found.html")
        assert said.notes[0] == "the moments are shown in found.html; open it in a browser"
    assert (files / "mine.html").read_text() == "<html>"
    assert (files / "film.mp4").read_bytes() == b"\0film"


@pytest.mark.parametrize(
    ("may_fit", "said"), [(True, "it is not sure that anything fits: the best"), (False, "nothing fits well: the best")]
)
def test_search_tells_when_it_is_not_sure(world, may_fit, said):
    """What may be what was looked for is not called something else."""

    class Search:
        consumes, produces = atom.Query, tuple[atom.Moment, ...]

        def run(self, query, *, host):
            (content_hash, path), *_ = host.library.videos().items()
            span = {"start_s": 0.0, "end_s": 1.0, "path": path, "content_hash": content_hash}
            return (atom.Moment(**span, caption="a sea", score=0.3, fits=False, may_fit=may_fit),)

    host = world()
    host._given["search"] = Search()
    done = run_command(host, "search", "an ocean")
    assert [(value["fits"], value["may_fit"], value["weak"]) for value in done.values] == [(False, may_fit, True)]
    assert next(note for note in done.notes if "fits" in note).startswith(said)
    later = run_command(host, "search", "an ocean", "--skip", "3")
    assert next(note for note in later.notes if "fits" in note).startswith("nothing on this page fits well")


def test_search_tells_when_nothing_fits(world, tmp_path):
    """A remark and a field tell where nothing shows that a moment is what was asked for; a least score can be set."""
    host = world({"a.mp4": ["a red circle", "a blue square", "a green star"]})
    host._library = None
    with closing(ChromaLibrary.open(host.settings, host.model)) as library:
        for place, shown in enumerate(("a red circle", "a blue square", "a green star")):
            clip = atom.Clip(video=host.video("a.mp4"), start_s=float(place), end_s=20.0)
            vector = host.decoder.embed([shown])
            library.add([atom.Entry(clip=clip, caption=shown, vector=vector, caption_vector=vector)])
        host._library = library
        said = run_command(host, "search", "dogs on a beach")
        assert [value["weak"] for value in said.values] == [True, True, True]
        assert said.notes[0].startswith("nothing fits well: the best score is ")
        assert said.notes[0].endswith("what comes nearest is something else")  # one that was not found may
        said = run_command(host, "search", "squares")
        assert [value["weak"] for value in said.values if "square" in value["caption"]] == [False]
        assert not [note for note in said.notes if "fits" in note]
        assert len(run_command(host, "search", "a red circle", "--min-score", "0.9").values) == 1
        said = run_command(host, "search", "dogs", "--min-score", "0.9")
        assert (said.values, said.notes) == (
            [],
            ["no moment has a score of 0.9; see what there is without --min-score"],
        )
    with pytest.raises(atom.SettingsError, match="from -1 to 1"):
        run_command(host, "search", "x", "--min-score", "high")


def test_search_tells_of_other_settings(world, tmp_path):
    """Moments that were indexed with other settings than are set now are found, and that is said once."""
    host = world({"a.mp4": ["x"]})
    with closing(ChromaLibrary.open(host.settings, host.model)) as library:
        host._library = library
        clip = atom.Clip(video=host.video("a.mp4"), start_s=0.0, end_s=1.0)
        vector, settings = host.decoder.embed(["x"]), '{"segment": "whole", "frames": 99}'
        library.add([atom.Entry(clip=clip, caption="x", vector=vector, settings=settings)])
        said = run_command(host, "search", "x")
    assert "indexed with other settings than are set now (segment whole -> shots, frames 99 -> 8)" in said.notes[0]


def test_a_page_loads_nothing_but_its_own(world, files):
    """Its policy allows pictures that it has in it, its own style and files of this machine; hostile texts are text."""
    host = world({"b.mp4": ["<img src=x onerror=alert(1)>"]})
    (files / "b.mp4").unlink()
    run_command(host, "search", "</title><script>alert(2)</script>", "--page", "found.html")
    text = (files / "found.html").read_text(encoding="utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)[1]
    style = base64.b64encode(
        hashlib.sha256(re.search("<style>(.*?)</style>", text, re.S)[1].encode()).digest()
    ).decode()
    assert "default-src 'none'; img-src data:; media-src file:" in policy
    assert f"style-src 'sha256-{style}'" in policy
    assert not re.search(r"<(script|img)|style=| on\w+=[^&]*>", text.replace("&lt;", ""))


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_search_command_refuses_a_bad_count(world, count):
    """-k takes whole numbers of at least 1."""
    with pytest.raises(atom.SettingsError, match="at least 1"):
        run_command(world(), "search", "star", "-k", count)


def test_search_command_needs_text(world):
    """Blank text is refused before anything is loaded."""
    with pytest.raises(atom.SettingsError, match="atom search TEXT"):
        run_command(world({}), "search", " ")


def test_what_does_not_fit_is_marked(world):
    """Also among what is cut, which is told."""

    class Search:
        consumes, produces = atom.Query, tuple[atom.Moment, ...]

        def run(self, query, *, host):
            videos = {path.name: (content_hash, path) for content_hash, path in host.library.videos().items()}
            content_hash, path = videos["a.mp4"]
            span = {"path": path, "content_hash": content_hash, "caption": "a sea", "score": 0.3}
            ways = ((True, True), (False, True), (False, False), (None, None))
            return tuple(
                atom.Moment(**span, start_s=float(place), end_s=place + 1.0, fits=fits, may_fit=may_fit)
                for place, (fits, may_fit) in enumerate(ways)
            )

    host = world()
    host._given["search"] = Search()
    said = run_command(host, "search", "an ocean", "--cut", "cuts")
    assert all(value["cut"] for value in said.values)
    assert ["(does not fit)" in text for text in said.texts] == [False, False, True, False]
    assert any(note.startswith("1 moment that was cut does not fit, see the marks") for note in said.notes)


def test_where_no_page_can_be_written_nothing_is_searched(world, files, monkeypatch):
    """A folder that cannot be written, and one in the page's place, are told before all work."""
    host = world()
    host._given["search"] = None
    (files / "found.html").mkdir()
    with pytest.raises(atom.SettingsError, match="it is a folder; choose another place"):
        run_command(host, "search", "a moon", "--page", "found.html")
    monkeypatch.setattr("os.access", lambda place, mode: False)
    for option in (["--page", "page.html"], ["--cut", str(files)]):
        with pytest.raises(atom.SettingsError, match="Permission denied; choose another"):
            run_command(host, "search", "a moon", *option)


def test_films_that_are_not_there_are_called_for(world):
    """Where only films are asked for and there is none, the way to add them is told."""
    said = run_command(world(), "search", "a moon", "--kind", "film")
    assert said.notes[0].endswith("films that Atom rendered are added by: atom index PATH --films")
