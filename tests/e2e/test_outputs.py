"""What reaches standard output, standard error and files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atom_core.testing.terminal import Atom
from atom_core.testing.videos import BLUE, RED, write_video

COUNTS = ("loads", "encoder_clips", "prefill_tokens", "decode_tokens")


def test_caption_prints_one_json_list(atom: Atom, footage: dict[str, Path]) -> None:
    """`--json` gives {video, clips: [{start_s, end_s, caption}]} for each video, in the order of the command."""
    names = ["sound.mp4", "plain.avi"]
    done = atom("caption", *(footage[name] for name in names), "--json")
    assert [Path(video["video"]).name for video in done.json] == names
    for video in done.json:
        assert [clip.keys() >= {"start_s", "end_s", "caption"} for clip in video["clips"]] == [True, True]


def test_ask_prints_one_answer_for_each_question(atom: Atom, footage: dict[str, Path]) -> None:
    """`--json` gives {video, question, answer, evidence: [{start_s, end_s}]} for each question, in order."""
    questions = ["What happens first?", "Is there a red circle?"]
    done = atom("ask", footage["sound.mp4"], *questions, "--json")
    assert [answer["question"] for answer in done.json] == questions
    for answer in done.json:
        assert answer.keys() >= {"video", "question", "answer", "evidence"}
        assert all(span.keys() == {"start_s", "end_s"} for span in answer["evidence"])


def test_videos_are_called_as_the_user_wrote_them(atom: Atom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths stay relative in what caption, ask, index, run and assemble print; the library's are whole."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "my film.mp4")
    (tmp_path / "steps.toml").write_text('[[steps]]\ntask = "caption"\n')
    library = ("--library", "library")
    for command in (
        ("caption", "my film.mp4"),
        ("ask", ".", "What happens?"),
        ("index", "my film.mp4", *library),
        ("run", "steps.toml", "my film.mp4"),
    ):
        done = atom(*command)
        assert done.code == 0
        assert str(tmp_path) not in done.out + done.err
        assert "my film.mp4" in done.out or command[0] == "ask"
    assert atom("assemble", "a red thing", "-o", "out.mp4", *library).out.startswith("out.mp4: ")
    found = atom("search", "red", *library, "--json").json
    assert {row["video"] for row in found} == {str(tmp_path / "my film.mp4")}


def test_what_is_there_of_a_video_is_used(atom: Atom, tmp_path: Path) -> None:
    """A recording that broke off is captioned, asked, indexed and cut as far as it goes; one line says how far."""
    video = write_video(tmp_path / "v.mkv", shots=[(60, RED), (60, BLUE)])
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 3 // 5])
    (tmp_path / "steps.toml").write_text('[[steps]]\ntask = "caption"\n')
    library = ("--library", tmp_path / "library")
    for command in (
        ("caption", video),
        ("ask", video, "What happens?"),
        ("index", video, *library),
        ("run", tmp_path / "steps.toml", video),
    ):
        done = atom(*command)
        assert done.code == 0
        (said,) = (line for line in done.remarks if "cut off" in line)
        assert f"'{video}' is cut off: of 5.0 s the first " in said
    done = atom("assemble", "a red thing", "-o", tmp_path / "film.mp4", *library)
    assert (done.code, (tmp_path / "film.mp4").exists()) == (0, True)


@pytest.mark.parametrize(("name", "start"), [("srt", "1\n00:00:00,000 --> 00:00:01,200\n"), ("vtt", "WEBVTT\n\n")])
def test_subtitles_on_standard_output(atom: Atom, footage: dict[str, Path], name: str, start: str) -> None:
    """Subtitles of one video are the whole output, ready to be sent into a file."""
    done = atom("caption", footage["sound.mp4"], "--format", name)
    assert done.out.startswith(start)
    assert done.out.count(" --> ") == 2


@pytest.mark.parametrize(("name", "suffix"), [("text", "txt"), ("json", "json"), ("srt", "srt"), ("vtt", "vtt")])
def test_documents_in_a_folder(atom: Atom, footage: dict[str, Path], tmp_path: Path, name: str, suffix: str) -> None:
    """`-o DIR` writes one document for each video."""
    done = atom("caption", footage["sound.mp4"], footage["plain.mov"], "--format", name, "-o", tmp_path / "texts")
    assert done.code == 0
    assert sorted(path.name for path in (tmp_path / "texts").iterdir()) == [f"plain.{suffix}", f"sound.{suffix}"]


def test_stats_hold_the_ledger(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """Loads, clips and tokens are requested = computed + reused; seconds and peak memory are there."""
    done = atom("caption", footage["sound.mp4"], "--stats", tmp_path / "stats.json")
    assert done.code == 0
    stats = json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))
    for name in COUNTS:
        count = stats[name]
        assert count["requested"] == count["computed"] + count["reused"], name
    assert stats["loads"]["computed"] == 1
    assert stats["encoder_clips"]["requested"] == 2
    assert stats["decode_tokens"]["computed"] > 0
    assert stats["seconds"] > 0
    assert stats["peak_memory_bytes"] > 2**20


def test_a_process_is_silent_but_for_the_notice(process: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """On success standard error has one line, the notice of the embedded model; `-q` leaves none."""
    loud = process("index", footage["sound.webm"], "--library", tmp_path / "library", "--json")
    assert loud.code == 0
    assert loud.json[0]["clips_added"] == 2
    notice, *remarks = loud.err.splitlines()
    assert notice.startswith("atom: tiny knows only")
    assert remarks == [f"atom: 2 clips in {tmp_path / 'library'}"]
    quiet = process("caption", footage["sound.webm"], "-q", "--json")
    assert (quiet.code, quiet.err) == (0, "")
    assert len(quiet.json) == 1


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_film_that_is_broken_off_leaves_nothing(
    atom: Atom, tmp_path: Path, settings: Path, ending: signal.Signals
) -> None:
    """Whoever ends the program while it renders, politely or by Ctrl-C, finds the folder as it was."""
    write_video(tmp_path / "long.mp4", shots=[(200, RED)], size=(960, 540))
    library = ("--library", settings / f"library {ending}")
    assert atom("index", tmp_path / "long.mp4", *library).code == 0
    command = [sys.executable, "-m", "atom_core.cli", "assemble", "A red thing.", "-o", "film.mp4", *map(str, library)]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not list(tmp_path.glob(".*.part")):
            time.sleep(0.001)
        process.send_signal(ending)
        _, err = process.communicate()
    assert process.returncode == {signal.SIGTERM: -signal.SIGTERM, signal.SIGINT: 130}[ending]
    assert b"Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["long.mp4"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["search", "a moon"], "there is no library at '{}'; `atom index PATH` makes one"),
        (["library"], "there is no library at '{}'; `atom index PATH` makes one"),
        (["assemble", "A moon.", "-o", "moon.mp4"], "library '{}' is empty; add videos first: atom index PATH"),
    ],
)
def test_an_empty_library_costs_no_model(atom: Atom, settings: Path, words: list[str], said: str) -> None:
    """That there is nothing to find is told without loading the model, whose notice would be shown; nothing is made."""
    done = atom(*words, "--library", settings / "empty")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"atom: {said.format(settings / 'empty')}\n"
    assert not (settings / "empty").exists()
