"""``atom assemble``, with real files."""

import json
import subprocess
import sys
from fractions import Fraction

import atom_assembly
import av
import numpy as np
import pytest

import atom_core as atom
from atom_core.media.probe import probe
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeDecoder, FakeHost

COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


def write_video(path, colours, shot_s=1.0, fps=10):
    """A small MP4 whose shots are plain colours."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for number in range(round(len(colours) * shot_s * fps)):
            image = np.full((32, 32, 3), COLOURS[colours[int(number / fps / shot_s)]], np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


class RealFiles(FakeHost):
    """A fake host over real files: shots of one second."""

    def video(self, path):
        return probe(path)


class Search:
    """The task ``search``, as another plugin would give it."""

    consumes, produces = atom.Query, tuple[atom.Moment, ...]

    def run(self, query, *, decoder, library):
        return tuple(library.search(decoder.embed([query.text]), query.limit))


@pytest.fixture
def host(tmp_path):
    write_video(tmp_path / "a.mp4", ["red", "blue"])
    decoder = FakeDecoder(
        {
            "Write the shots of this film, one per line: colours": "1. blue screen\n2. red screen",
            "Write the shots of this film, one per line: nonsense": "",
        }
    )
    host = RealFiles(
        atom_assembly,
        shows={"a.mp4": ["red screen", "blue screen"]},
        decoder=decoder,
        tasks={"search": Search()},
    )
    for clip, caption in zip(host.clips(probe(tmp_path / "a.mp4")), ["red screen", "blue screen"], strict=True):
        host.library.add([atom.Entry(clip=clip, caption=caption, vector=decoder.embed([caption]))])
    return host


def colours_of(path):
    """The colour of each frame of a film."""
    with av.open(str(path)) as container:
        means = [frame.to_ndarray(format="rgb24").mean(axis=(0, 1)) for frame in container.decode(video=0)]
    return ["red" if mean[0] > mean[2] else "blue" for mean in means]


def test_film_timeline_and_subtitles(host, tmp_path):
    """The film shows the lines in order, frame for frame; timeline and subtitles say the same; the result says why."""
    film, otio, srt = (tmp_path / name for name in ("film.mp4", "film.otio", "film.srt"))
    said = run_command(host, "assemble", "colours", "-o", str(film), "--otio", str(otio), "--srt", str(srt))
    assert colours_of(film) == ["blue"] * 10 + ["red"] * 10
    value = said.values[0]
    assert (value["num_frames"], value["duration_s"], value["script_by"]) == (20, pytest.approx(2.0), "model")
    assert [(r["line"], r["caption"], r["start_s"]) for r in value["lines"]] == [
        ("blue screen", "blue screen", 1.0),
        ("red screen", "red screen", 0.0),
    ]
    assert value["lines"][0]["score"] == pytest.approx(1)
    assert len(json.loads(otio.read_text())["tracks"]["children"][0]["children"]) == 2
    assert "00:00:01,000 --> 00:00:02,000\nred screen" in srt.read_text()
    assert said.texts[0].startswith(f"{film}: 2.0 s, 2 shots\n  blue screen\n    1.000  ")
    assert (said.notes, said.failures) == ([], [])


def test_length_trims(host, tmp_path):
    """The film is as long as was asked for, and its cuts are the middles of the clips."""
    said = run_command(host, "assemble", "colours", "-o", str(tmp_path / "film.mp4"), "--length", "1")
    assert said.values[0]["num_frames"] == 10
    assert [(row["start_s"], row["end_s"]) for row in said.values[0]["lines"]] == [(1.25, 1.75), (0.25, 0.75)]


def test_what_is_not_as_asked_is_said(host, tmp_path):
    """A split request, lines that nothing fits, and a film shorter than asked for are remarks."""
    host.settings = atom.Settings(tasks={"match": {"min_score": 0.3}})
    request = "red screen. an airport."
    host.decoder._answers[f"Write the shots of this film, one per line: {request}"] = ""
    said = run_command(host, "assemble", request, "-o", str(tmp_path / "film.mp4"), "--length", "9")
    assert [row["video"] is None for row in said.values[0]["lines"]] == [False, True]
    assert said.values[0]["script_by"] == "request"
    assert "the request itself was split" in said.notes[0]
    assert said.notes[1] == "nothing in the library fits: an airport"
    assert "lasts 1.0 s, less than the 9 s" in said.notes[2]
    assert "    nothing fits" in said.texts[0]


def test_a_request_that_lists_its_shots_is_no_failure_of_the_model(host, tmp_path):
    """Where the request is its own script nothing is remarked: the model was not asked to write one."""
    said = run_command(host, "assemble", "red screen, then blue screen", "-o", str(tmp_path / "film.mp4"))
    assert [row["line"] for row in said.values[0]["lines"]] == ["red screen", "blue screen"]
    assert said.values[0]["script_by"] == "request"
    assert said.notes == []


def test_footage_is_not_overwritten(host, tmp_path):
    """A file that Atom did not render is replaced only when told so; an earlier film is."""
    film = tmp_path / "film.mp4"
    write_video(film, ["red"])
    before = film.read_bytes()
    with pytest.raises(atom.SettingsError, match=r"exists and is no film of Atom's; .* --overwrite"):
        run_command(host, "assemble", "colours", "-o", str(film))
    assert (film.read_bytes(), host.decoder.prompts) == (before, [])
    run_command(host, "assemble", "colours", "-o", str(film), "--overwrite")
    assert colours_of(film) == ["blue"] * 10 + ["red"] * 10
    run_command(host, "assemble", "red screen, then blue screen", "-o", str(film))
    assert colours_of(film) == ["red"] * 10 + ["blue"] * 10


@pytest.mark.parametrize("option", ["--otio", "--srt"])
def test_no_file_of_the_users_is_replaced(host, tmp_path, option):
    """What stands where cuts or subtitles go is replaced when told so, or when it is what Atom wrote there."""
    arguments = ["red screen, then blue screen", "-o", str(tmp_path / "film.mp4"), option, str(tmp_path / "cuts")]
    (tmp_path / "cuts").write_text("mine")
    with pytest.raises(atom.SettingsError, match="not what Atom wrote there, so it is kept; choose another name"):
        run_command(host, "assemble", *arguments)
    assert (tmp_path / "cuts").read_text() == "mine"
    run_command(host, "assemble", *arguments, "--overwrite")
    run_command(host, "assemble", *arguments)
    assert "red screen" in (tmp_path / "cuts").read_text()


def test_the_task_replaces_no_footage(host, tmp_path):
    """As a task, which pipelines and settings files give a path, it replaces films alone; no setting says otherwise."""
    film = tmp_path / "film.mp4"
    write_video(film, ["red"])
    before = film.read_bytes()
    timeline = host.run("match", atom.Script(request=atom.Request(text="x"), lines=("blue screen",)))
    with pytest.raises(atom.MediaError, match="is no film of Atom's"):
        host.run("film", timeline, path=str(film))
    assert film.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["colours", "-o", "{tmp}/film.avi"], "name it 'film.mp4'"),
        (["colours", "-o", "{tmp}/none/film.mp4"], "no folder '.*none'"),
        (["colours", "-o", "{tmp}/film.mp4", "--srt", "{tmp}"], "it is a folder"),
        (["colours", "-o", "{tmp}/film.mp4", "--otio", "{tmp}/film.mp4"], "different files"),
        ([" ", "-o", "{tmp}/film.mp4"], "the request is empty"),
    ],
)
def test_mistakes_are_found_before_any_work(host, tmp_path, arguments, said):
    """Outputs that cannot be written and empty requests are refused before the model is asked."""
    with pytest.raises(atom.SettingsError, match=said):
        run_command(host, "assemble", *(argument.format(tmp=tmp_path) for argument in arguments))
    assert host.decoder.prompts == []


def test_edit_decision_list(host, tmp_path):
    """--edl writes the cuts as events."""
    pytest.importorskip("otio_cmx3600_adapter")
    film, edl = tmp_path / "film.mp4", tmp_path / "film.edl"
    assert run_command(host, "assemble", "colours", "-o", str(film), "--edl", str(edl)).values[0]["edl"] == str(edl)
    assert [line.split()[:2] for line in edl.read_text().splitlines() if line[:3].isdecimal()] == [
        ["001", "AX"],
        ["002", "AX"],
    ]


def test_edit_decision_lists_need_a_package(host, tmp_path, monkeypatch):
    """Without what writes them, that is told before any work."""
    monkeypatch.setattr("atom_core.media.timelines.edl.find_spec", lambda name: None)
    with pytest.raises(atom.SettingsError, match="need one more package"):
        run_command(host, "assemble", "colours", "-o", str(tmp_path / "film.mp4"), "--edl", str(tmp_path / "film.edl"))
    assert host.decoder.prompts == []


def test_a_folder_that_cannot_be_written_is_found_before_any_work(host, tmp_path, monkeypatch):
    """The film's folder is looked at before the model is asked."""
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    with pytest.raises(atom.SettingsError, match="no permission to write into its folder"):
        run_command(host, "assemble", "colours", "-o", str(tmp_path / "film.mp4"))
    assert host.decoder.prompts == []


@pytest.mark.parametrize("length", ["0", "-3", "nan", "inf", "long"])
def test_length_is_a_positive_number(host, tmp_path, length):
    """--length takes finite seconds above 0."""
    with pytest.raises(atom.SettingsError, match="expected a number of seconds above 0"):
        run_command(host, "assemble", "colours", "-o", str(tmp_path / "film.mp4"), "--length", length)


def test_settings_of_its_tasks_are_options(host, tmp_path):
    """Script and match are told what the options say."""
    film = str(tmp_path / "film.mp4")
    host.decoder._answers["Name shots: colours"] = "1. red screen"
    options = ("--script-prompt", "Name shots: ", "--match-min-score", "0.99")
    said = run_command(host, "assemble", "colours", "-o", film, *options)
    assert [row["line"] for row in said.values[0]["lines"]] == ["red screen"]
    assert host.settings.tasks == {}


def test_an_output_that_fails_does_not_cost_the_film(host, tmp_path):
    """If subtitles cannot be written, the film and its result are there all the same."""
    target = tmp_path / "dangling.srt"
    target.symlink_to(tmp_path / "none" / "x.srt")
    said = run_command(host, "assemble", "colours", "-o", str(tmp_path / "film.mp4"), "--srt", str(target))
    assert said.failures[0][0] == str(target)
    assert said.values[0]["srt"] is None
    assert (tmp_path / "film.mp4").exists()


def test_film_needs_a_path(host):
    """The task `film` says that it needs a file."""
    with pytest.raises(atom.SettingsError, match="path="):
        host.run("film", atom.Timeline(request=atom.Request(text="x"), cuts=()))


def test_plugin_is_light():
    """Importing the plugin loads nothing heavy."""
    code = "import sys, atom_assembly as _; print({'torch', 'numpy', 'chromadb', 'av'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
