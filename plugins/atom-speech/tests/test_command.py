"""``atom transcribe``."""

import json

import atom_speech
import pytest

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost


class FakeTranscriber:
    """Says "word" in the first half of each second that is not silent."""

    def hear(self, video, sound, *, language, translate, track, progress):
        del translate, track
        heard = sound(video)
        progress(1, 1)
        return tuple(
            atom.Utterance(start_s=at_s, end_s=at_s + 0.5, text="word", language=language or "en")
            for at_s in range(int(video.duration_s))
            if heard.samples[0, round(at_s * heard.rate_hz) :].any()
        )


@pytest.fixture
def host():
    """Two videos in each of which a word is said in every second, and one in which nothing is."""
    sounds = {name: lambda times_s: times_s * 0 + 1.0 for name in ("a.mp4", "b.mp4")}
    shows = {"a.mp4": ["a cat"], "b.mp4": ["a dog"], "mute.mp4": ["a bird"]}
    return FakeHost(atom_speech, shows=shows, sounds=sounds, modules={"transcriber": FakeTranscriber()})


def test_text(host):
    """Each utterance with its times."""
    result = run_command(host, "transcribe", "a.mp4")
    assert result.texts[0].splitlines()[0] == "00:00:00.000 - 00:00:00.500  word"


def test_formats(host):
    """Subtitles, words and JSON of one video are printed."""
    assert (
        run_command(host, "transcribe", "a.mp4", "--format", "vtt").texts[0].startswith("WEBVTT\n\n00:00:00.000 --> ")
    )
    assert run_command(host, "transcribe", "a.mp4", "--format", "srt").texts[0].startswith("1\n00:00:00,000 --> ")
    [value] = json.loads(run_command(host, "transcribe", "a.mp4", "--format", "json").texts[0])
    assert value["utterances"][0]["text"] == "word"
    assert run_command(host, "transcribe", "a.mp4", "--format", "words").texts[0] == ""


def test_silence_is_told(host):
    """A video in which nothing is said is a remark, no failure."""
    result = run_command(host, "transcribe", "mute.mp4")
    assert not result.failures
    assert "mute.mp4" in " ".join(result.notes)


def test_documents(host, tmp_path):
    """With -o each video has a document of its own, which a second run replaces."""
    for _ in range(2):
        result = run_command(host, "transcribe", "a.mp4", "b.mp4", "--format", "srt", "-o", str(tmp_path))
        assert not result.failures
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.srt", "b.srt"]


def test_no_document_where_nothing_is_said(host, tmp_path):
    """None is written or listed, and what there was stays; the remark says why. JSON says that nothing is said."""
    result = run_command(host, "transcribe", "mute.mp4", "--format", "srt", "-o", str(tmp_path))
    assert [value["document"] for value in result.values] == [None]
    assert (list(tmp_path.iterdir()), result.failures, len(result.notes)) == ([], [], 1)
    run_command(host, "transcribe", "mute.mp4", "--format", "json", "-o", str(tmp_path))
    assert json.loads((tmp_path / "mute.json").read_text())["utterances"] == []
