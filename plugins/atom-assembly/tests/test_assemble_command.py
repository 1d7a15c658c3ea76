"""``atom assemble``, with real files."""

import argparse
import json
import subprocess
import sys
from fractions import Fraction

import atom_assembly
import av
import numpy as np
import pytest
from atom_assembly.command import _check_sound
from atom_assembly.film import Replacement

import atom_core as atom
from atom_core.media.probe import probe
from atom_core.testing.commands import FakeContext, run_command
from atom_core.testing.fakes import FakeDecoder, FakeHost
from atom_core.testing.speech import write_talk

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


SCRIPTS = {
    "Write the shots of this film, one per line: colours": "1. blue screen\n2. red screen",
    "Write the shots of this film, one per line: nonsense": "",
    "Name shots: colours": "1. red screen",
}


def write(text, shown):
    """The script for a request, whatever shots it is offered."""
    return SCRIPTS.get(text.splitlines()[0])


@pytest.fixture
def host(tmp_path):
    write_video(tmp_path / "a.mp4", ["red", "blue"])
    decoder = FakeDecoder(write)
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
    """Lines that nothing fits are failures, with what is nearest; a film shorter than asked for is a remark."""
    request = "red screen. an airport."
    said = run_command(host, "assemble", request, "-o", str(tmp_path / "film.mp4"), "--length", "9")
    assert [row["video"] is None for row in said.values[0]["lines"]] == [False, True]
    assert said.values[0]["script_by"] == "request"
    assert said.failures[0][0] == "an airport"
    assert said.failures[0][1].startswith("nothing in the library fits; the nearest is 'red screen' (")
    assert said.values[0]["lines"][1]["closest"]["caption"] == "red screen"
    assert said.notes == ["what was found lasts 1.0 s, less than the 9 s asked for"]
    assert "    nothing fits\n    nearest: " in said.texts[0]


def test_what_is_not_there_at_all_is_an_error(host, tmp_path):
    """No film is made of other things than those asked for."""
    with pytest.raises(atom.LibraryError, match=r"fits the request; the nearest is '(red|blue) screen'"):
        run_command(host, "assemble", "An airport, then a train.", "-o", str(tmp_path / "film.mp4"))
    assert not (tmp_path / "film.mp4").exists()


def test_a_dry_run_shows_and_renders_nothing(host, tmp_path):
    """Script, cuts, scores and reasons are shown; the film is not written, and that is said."""
    said = run_command(host, "assemble", "all screens, a second each", "-o", str(tmp_path / "film.mp4"), "--dry-run")
    assert not (tmp_path / "film.mp4").exists()
    assert said.values[0]["film"] is None
    assert [row["reason"] for row in said.values[0]["lines"]] == ["its caption says so"] * 2
    assert said.texts[0].startswith("not rendered: 2.0 s, 2 shots (each shot at most 1 s)\n  screens\n    ")
    assert "is not rendered in a dry run" in said.notes[0]
    assert run_command(host, "assemble", "blue screen", "--dry-run").failures == []


def test_a_dry_run_writes_timelines(host, tmp_path):
    """Those that are named, beside the script, with nothing rendered."""
    names = {option: str(tmp_path / f"film.{option}") for option in ("otio", "srt")}
    options = [word for option, name in names.items() for word in (f"--{option}", name)]
    said = run_command(host, "assemble", "colours", "--dry-run", *options)
    assert {option: said.values[0][option] for option in names} == names
    assert len(json.loads((tmp_path / "film.otio").read_text())["tracks"]["children"][0]["children"]) == 2
    assert "00:00:01,000 --> 00:00:02,000\nred screen" in (tmp_path / "film.srt").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "film.otio", "film.srt"]
    assert said.texts[0].endswith("\n".join(names.values()))


def test_a_sound_track_that_no_source_has_is_refused(host, tmp_path):
    """Before anything is rendered, in the words that hearing it has; one of some sources is told of the others."""
    film = tmp_path / "film.mp4"
    with pytest.raises(atom.SettingsError, match=r"a.mp4' has no sound; there is no track '7'; name another with"):
        run_command(host, "assemble", "colours", "-o", str(film), "--sound", "7")
    assert not film.exists()
    write_talk(tmp_path / "b.mp4", [np.zeros(16000, np.float32)])
    with pytest.raises(atom.SettingsError, match=r"b.mp4' has the sound tracks 1.*; there is no track '7'"):
        _check_sound(FakeContext(args=argparse.Namespace(), fake_host=host), [probe(tmp_path / "b.mp4")], "7")
    write_talk(tmp_path / "c.mp4", [np.zeros(16000, np.float32)] * 2)
    context = FakeContext(args=argparse.Namespace(), fake_host=host)
    _check_sound(context, [probe(tmp_path / name) for name in ("b.mp4", "c.mp4")], "2")
    (note,) = context.notes
    assert note.endswith("there is no track '2'; what a player takes of it is heard")


@pytest.mark.parametrize("how", ["-o", "--json"])
def test_what_a_dry_run_writes_can_be_edited_and_rendered(host, tmp_path, how):
    """Its file, or its JSON, is a script again, whose lines and constraints are those that were read and edited."""
    script = tmp_path / "script.json"
    request = "blue screen, then red screen, half a second each"
    said = run_command(host, "assemble", request, "-o", str(script), "--dry-run")
    value = json.loads(script.read_text()) if how == "-o" else said.values[0]
    lines = value["lines"] if how == "-o" else value["script"]["lines"]
    lines.pop(0)
    script.write_text(json.dumps(value if how == "-o" else [value]))
    said = run_command(host, "assemble", "--script", str(script), "-o", str(tmp_path / "film.mp4"))
    assert (said.values[0]["script_by"], said.values[0]["request"]) == ("file", request)
    assert colours_of(tmp_path / "film.mp4") == ["red"] * 5


def test_a_script_of_plain_lines(host, tmp_path):
    """A text has a line for each shot, which may say what a request may; lines with # are left out."""
    (tmp_path / "script.txt").write_text("# mine\nblue screen twice\n\nred screen for half a second\n")
    said = run_command(host, "assemble", "--script", str(tmp_path / "script.txt"), "-o", str(tmp_path / "film.mp4"))
    assert colours_of(tmp_path / "film.mp4") == ["blue"] * 20 + ["red"] * 5
    assert said.values[0]["script"]["lines"][0] == {"line": "blue screen", "repeats": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no lines"),
        ("{", "no valid JSON"),
        ("{}", "is no script: has no 'lines'"),
        ('{"lines": [{"line": "x", "speed": 2}]}', "unknown speed; there are "),
        ('{"lines": [{"line": "x", "num_shots": 0}]}', "num_shots must be at least 1"),
        ('{"lines": ["x"], "constraints": {"order": "mixed"}}', "is no script: "),
    ],
)
def test_a_file_that_is_no_script_is_told(host, tmp_path, text, said):
    """What is wrong with it is one line; nothing is rendered."""
    (tmp_path / "script").write_text(text)
    with pytest.raises(atom.SettingsError, match=said):
        run_command(host, "assemble", "--script", str(tmp_path / "script"), "-o", str(tmp_path / "film.mp4"))


def test_a_request_that_lists_its_shots_is_no_failure_of_the_model(host, tmp_path):
    """Where the request is its own script nothing is remarked: the model was not asked to write one."""
    said = run_command(host, "assemble", "red screen, then blue screen", "-o", str(tmp_path / "film.mp4"))
    assert [row["line"] for row in said.values[0]["lines"]] == ["a red screen", "a blue screen"]
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
    with pytest.raises(atom.MediaError, match="is no film of Atom's"):
        host.run("film", timeline, path=str(film), replacement=Replacement(path=f"{film}.other"))
    with pytest.raises(atom.SettingsError, match="replacement"):
        host.run("film", timeline, path=str(film), replacement=str(film))
    assert film.read_bytes() == before
    host.run("film", timeline, path=str(film), replacement=Replacement(path=str(film)))
    assert film.read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["colours", "-o", "{tmp}/film.avi"], "name it 'film.mp4'"),
        (["colours", "-o", "{tmp}/none/film.mp4"], "no folder '.*none'"),
        (["colours", "-o", "{tmp}/film.mp4", "--srt", "{tmp}"], "it is a folder"),
        (["colours", "-o", "{tmp}/film.mp4", "--otio", "{tmp}/film.mp4"], "different files"),
        ([" ", "-o", "{tmp}/film.mp4"], "the request is empty"),
        (["-o", "{tmp}/film.mp4"], "the request is empty"),
        (["colours"], "no film is named; say -o FILM.mp4, or --dry-run"),
        (["colours", "--dry-run", "-o", "{tmp}/none/script.json"], "no folder"),
        (["colours", "--dry-run", "--otio", "{tmp}/none/film.otio"], "no folder"),
        (["colours", "--script", "{tmp}/script.json", "--dry-run"], "a REQUEST and --script both say"),
        (["colours", "--dry-run", "--subtitles", "{tmp}/film.txt"], "film.txt' is neither .srt nor .vtt"),
        (["--script", "{tmp}/none", "-o", "{tmp}/film.mp4"], "--script '.*none' cannot be read"),
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
    options = ("--script-prompt", "Name shots: ", "--match-min-score", "0.9")
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
