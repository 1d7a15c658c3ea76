"""Captions of shots, and the documents made of them."""

import json
import subprocess
import sys
import types

import atom_captioning
import attrs
import pytest
from atom_captioning import formats

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeDecoder, FakeHost
from atom_core.testing.speech.hostile import HOSTILE_WORDS

PROMPT = "Describe this clip in one sentence."
SHOWS = {"a.mp4": ["a red  circle\nmoves left", "a blue square grows"], "b.mp4": ["a star"]}


@pytest.fixture
def host():
    return FakeHost(atom_captioning, shows=SHOWS)


def captions_of(host, name="a.mp4"):
    return tuple(outcome.value for outcome in host.map("caption", host.clips(host.video(name))))


def test_caption_says_what_and_from_what(host):
    """A caption is one line of text with its confidence and the model, prompt and frames behind it."""
    caption = captions_of(host)[0]
    assert caption.text == "a red circle moves left"
    assert caption.confidence == pytest.approx(0.9)
    assert caption.provenance == atom.Provenance(
        model="fake (none)", prompt="Describe this clip in one sentence.", timestamps_s=(2.5,), rule="fake:1"
    )


def test_caption_settings_reach_the_decoder(host):
    """Prompt and length are settings of the task, checked like all settings."""
    clip = host.clips(host.video("b.mp4"))[0]
    host.run("caption", clip, prompt="What is it?")
    assert host.decoder.prompts == ["What is it?"]
    assert host.run("caption", clip, max_new_tokens=1).text == "a…"
    with pytest.raises(atom.SettingsError, match="max_new_tokens"):
        host.run("caption", clip, max_new_tokens=0)


def test_a_model_is_asked_in_its_own_words():
    """A decoder that was trained with a wording for captions is asked in it; a prompt that is set goes first."""
    decoder = FakeDecoder({"caption en": "a dog", "What?": "a cat"})
    decoder.wordings = {"caption": "caption en"}
    host = FakeHost(atom_captioning, shows={"a.mp4": ["x"]}, decoder=decoder)
    clip = host.clips(host.video("a.mp4"))[0]
    caption = host.run("caption", clip)
    assert (caption.text, caption.provenance.prompt) == ("a dog", "caption en")
    assert host.run("caption", clip, prompt="What?").text == "a cat"


def test_summary_is_made_of_the_captions():
    """The decoder reads the numbered captions; the summary covers the whole video."""
    prompt = "Summarize these shots in one sentence:\n1. a red circle moves left\n2. a blue square grows"
    host = FakeHost(atom_captioning, shows=SHOWS, decoder=FakeDecoder({prompt: "two shapes"}))
    summary = host.run("summarize", captions_of(host))
    assert (summary.text, summary.clip.start_s, summary.clip.end_s) == ("two shapes", 0.0, 10.0)


def test_captions_that_were_cut_are_whole_and_told():
    """At the limit a caption ends with its last whole clause; record, JSON and a remark say so. Others say nothing."""
    host = FakeHost(atom_captioning, shows={"a.mp4": ["a red star stays still while a moon grows", "a star"]})
    said = run_command(host, "caption", "a.mp4", "--max-new-tokens", "7")
    assert [(clip["caption"], clip["truncated"]) for clip in said.values[0]["clips"]] == [
        ("a red star stays still", True),
        ("a star", False),
    ]
    assert [note for note in said.notes if "1 of 2 captions ran into the limit of tokens" in note]
    assert run_command(host, "caption", "a.mp4").notes == []


def test_a_shot_without_a_caption_is_told():
    """A place holder in text, no cue in subtitles, an empty value in JSON, and a remark."""
    host = FakeHost(atom_captioning, shows={"a.mp4": ["", "a star"]})
    said = run_command(host, "caption", "a.mp4")
    assert "00:00:05.000  (no caption)" in said.texts[0]
    assert [clip["caption"] for clip in said.values[0]["clips"]] == ["", "a star"]
    assert "1 of 2 shots have no caption" in said.notes[0]
    srt = run_command(host, "caption", "a.mp4", "--format", "srt").texts[0]
    assert srt.startswith("1\n00:00:05,000 -->")


def test_captions_say_what_is_seen_and_nothing_before_it():
    """No preamble, and no sentence twice; a prompt of one's own changes nothing of that."""
    told = "In this video we see a dog. It runs. It runs."
    host = FakeHost(atom_captioning, shows={"a.mp4": [told]}, decoder=FakeDecoder({"What?": told}))
    clip = host.clips(host.video("a.mp4"))[0]
    assert {host.run("caption", clip, **more).text for more in ({}, {"prompt": "What?"})} == {"A dog. It runs."}


def test_summary_of_one_shot_is_its_caption(host):
    """One shot needs no model; captions of several videos have no summary."""
    only = captions_of(host, "b.mp4")
    asked = len(host.decoder.prompts)
    assert host.run("summarize", only).text == "a star"
    assert len(host.decoder.prompts) == asked
    with pytest.raises(atom.TaskError, match="one video, got those of 2"):
        host.run("summarize", only + captions_of(host))


def test_command_prints_times_and_captions(host):
    """One result per video: its path, then a line per shot with hh:mm:ss times."""
    said = run_command(host, "caption", "a.mp4", "b.mp4", "a.mp4")
    assert said.texts[0] == (
        "a.mp4\n"
        "  00:00:00.000 - 00:00:05.000  a red circle moves left\n"
        "  00:00:05.000 - 00:00:10.000  a blue square grows"
    )
    assert [value["video"] for value in said.values] == ["a.mp4", "b.mp4"]
    clip = said.values[0]["clips"][1]
    assert (clip["start_s"], clip["end_s"], clip["caption"]) == (5.0, 10.0, "a blue square grows")


def test_command_format_json_is_one_list(host):
    """``--format json`` prints one JSON list with a value per video."""
    said = run_command(host, "caption", "a.mp4", "b.mp4", "--format", "json")
    assert len(said.texts) == 1
    assert [value["video"] for value in json.loads(said.texts[0])] == ["a.mp4", "b.mp4"]


def test_command_goes_on_after_a_bad_file_and_a_bad_shot():
    """An unreadable video and a shot that fails are named; the rest is done."""

    def answers(prompt, shown):
        if shown == "a star":
            raise RuntimeError("no light")

    host = FakeHost(atom_captioning, shows={**SHOWS, "b.mp4": ["a star", "a moon"]}, decoder=FakeDecoder(answers))
    said = run_command(host, "caption", "missing.mp4", "b.mp4", "a.mp4")
    assert [what for what, _ in said.failures] == ["missing.mp4", "b.mp4 at 00:00:00.000 - 00:00:05.000"]
    assert [len(value["clips"]) for value in said.values] == [1, 2]


def test_command_prints_subtitles_of_one_video(host):
    """One video's subtitles go to standard output, ready to be redirected."""
    srt = run_command(host, "caption", "a.mp4", "--format", "srt").texts[0]
    assert "00:00:05,000 --> 00:00:10,000\na blue square grows" in srt
    vtt = run_command(host, "caption", "a.mp4", "--format", "vtt").texts[0]
    assert vtt.startswith("WEBVTT")
    assert "00:00:05.000 --> 00:00:10.000\na blue square grows" in vtt


def test_command_writes_a_document_per_video(tmp_path):
    """Each video has its own file in the folder, also when stems are equal."""
    host = FakeHost(atom_captioning, shows={"a.mp4": ["a dog"], "a.mov": ["a cat"]})
    said = run_command(host, "caption", "a.mp4", "a.mov", "--format", "srt", "-o", str(tmp_path / "new"))
    texts = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    assert sorted(texts) == ["a.mov.srt", "a.srt"]
    assert "a dog" in texts["a.srt"]
    assert "a cat" in texts["a.mov.srt"]
    assert [value["document"] for value in said.values] == [str(tmp_path / "new" / n) for n in ("a.srt", "a.mov.srt")]


def test_command_writes_beside_videos_without_overwriting(host, tmp_path):
    """Without a folder, subtitles of several videos lie beside them; a file of the user's stays as it is."""
    (tmp_path / "a.srt").write_text("mine")
    said = run_command(host, "caption", str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"), "--format", "srt")
    assert (tmp_path / "a.srt").read_text() == "mine"
    assert "a star" in (tmp_path / "b.srt").read_text()
    assert "-o DIR" in said.failures[0][1]
    assert {clip.video.path.name for clip in host.encoder.encoded} == {"b.mp4"}


def test_command_replaces_in_a_folder_only_what_it_wrote(tmp_path):
    """A user's file, or a document that was edited, stays unless told so; another video of that name has its own."""
    settings = atom.Settings(cache=tmp_path / "cache")
    host = FakeHost(atom_captioning, shows={"a.mp4": ["a dog"], "a.mov": ["a cat"]}, settings=settings)
    out = tmp_path / "out"

    def caption(name, *more):
        return run_command(host, "caption", name, "--format", "srt", "-o", str(out), *more)

    def texts():
        return {path.name: path.read_text() for path in out.iterdir()}

    caption("a.mp4"), caption("a.mov"), caption("a.mp4")
    assert sorted(texts()) == ["a.mov.srt", "a.srt"]
    assert "a dog" in texts()["a.srt"]
    (out / "a.srt").write_text("mine")
    encoded = len(host.encoder.encoded)
    said = caption("a.mp4")
    assert said.failures == [
        (
            "a.mp4",
            f"{out / 'a.srt'}: it exists and is not what Atom wrote there, so it is kept;"
            " move it, or replace it with --overwrite",
        )
    ]
    assert (texts()["a.srt"], len(host.encoder.encoded)) == ("mine", encoded)
    caption("a.mp4", "--overwrite")
    assert "a dog" in texts()["a.srt"]


def test_command_names_a_folder_of_videos_it_cannot_write(host, tmp_path, monkeypatch):
    """Subtitles that cannot lie beside their videos are told before any work is spent."""
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    said = run_command(host, "caption", str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"), "--format", "srt")
    assert ["no permission to write" in reason for _, reason in said.failures] == [True, True]
    assert host.encoder.encoded == []


def test_command_names_a_folder_it_cannot_write(host, tmp_path):
    """An output folder that is a file is a mistake that names it, before any work is spent."""
    (tmp_path / "file").write_text("")
    with pytest.raises(atom.SettingsError, match=r"cannot write into folder '.*file': .*; choose another with -o DIR"):
        run_command(host, "caption", "b.mp4", "-o", str(tmp_path / "file"))
    assert host.encoder.encoded == []


def test_plugin_is_light():
    """Importing the plugin loads nothing heavy."""
    code = "import sys, atom_captioning as _; print({'torch', 'numpy', 'chromadb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_subtitles_are_on_the_clock_of_a_player(host):
    """Where a player runs before the first picture, subtitles are that much later; other times are not."""
    captions = [
        attrs.evolve(caption, clip=attrs.evolve(caption.clip, video=attrs.evolve(caption.clip.video, lead_s=2.0)))
        for caption in captions_of(host)
    ]
    assert "00:00:02,000 --> 00:00:07,000" in formats.srt(captions)
    assert "00:00:02.000 --> 00:00:07.000" in formats.vtt(captions)
    assert formats.json_value(captions)["clips"][0]["start_s"] == 0.0


class Ears:
    """A plugin that hears the same words in every video."""

    @atom.hookimpl
    def atom_register_tasks(self, register):
        register.task("transcribe", "test_ears:Transcribe", summary="Hear.")


def hearing(monkeypatch, *words, error=None, **more):
    """A host that hears `words`, one in each second."""

    class Transcribe:
        consumes, produces = atom.Video, tuple[atom.Utterance, ...]

        def run(self, video):
            if error is not None:
                raise error
            spoken = [
                atom.SpokenWord(text=word, start_s=second + 0.1, end_s=second + 0.9)
                for second, word in enumerate(words)
            ]
            return (atom.Utterance(start_s=0.1, end_s=spoken[-1].end_s, text=" ".join(words), words=spoken),)

    module = types.ModuleType("test_ears")
    module.Transcribe = Transcribe
    monkeypatch.setitem(sys.modules, "test_ears", module)
    sounds = {name: lambda times_s: times_s * 0 + 0.5 for name in SHOWS}
    return FakeHost(atom_captioning, Ears(), shows=SHOWS, sounds=sounds, **more)


def test_captions_are_told_what_is_said(monkeypatch):
    """What is said during a clip stands before the question, quoted, and in the provenance; not so with hear off, nor
    for a model that knows prompts of its own alone."""
    host = hearing(monkeypatch, "so", "this", "is", "the", "garden", "and", "that", "the", "house")
    first, second = captions_of(host)
    assert first.provenance.prompt == 'Somebody says in this clip: "so this is the garden"\n' + PROMPT
    assert second.provenance.prompt == 'Somebody says in this clip: "and that the house"\n' + PROMPT
    assert first.provenance.told == ("speech",)
    assert formats.json_value([first])["clips"][0]["told"] == ["speech"]
    clip = host.clips(host.video("a.mp4"))[0]
    deaf = host.run("caption", clip, hear=False)
    assert (deaf.provenance.prompt, deaf.provenance.told) == (PROMPT, ())
    decoder = FakeDecoder({"caption en": "a dog"})
    decoder.wordings = {"caption": "caption en"}
    own = hearing(monkeypatch, "so", decoder=decoder)
    assert own.run("caption", clip).provenance.prompt == "caption en"
    for embedding, told in (("", ()), ("eol-2", ("speech",))):
        decoder = FakeDecoder()
        decoder.embedding = embedding  # none where it was trained for Atom, whose prompts it then knows alone
        assert hearing(monkeypatch, "so", decoder=decoder).run("caption", clip).provenance.told == told


def test_captions_without_what_is_said(monkeypatch, caplog):
    """A video that cannot be heard is captioned without, and the reason is told once."""
    host = hearing(monkeypatch, error=atom.ModelError("there is no speech model; fetch one"))
    assert [caption.provenance.prompt for caption in captions_of(host)] == [PROMPT, PROMPT]
    assert [record.getMessage() for record in caplog.records].count(caplog.records[0].getMessage()) == 1
    assert "there is no speech model; fetch one" in caplog.text


@pytest.mark.parametrize("said", HOSTILE_WORDS)
def test_what_is_said_stays_a_quotation(monkeypatch, said):
    """Whatever somebody says: the prompt has it in one line and one pair of quotation marks, before what is asked."""
    host = hearing(monkeypatch, *said.split(" "))
    prompt = captions_of(host)[0].provenance.prompt
    told, asked = prompt.split("\n")
    assert asked == PROMPT
    assert told.startswith('Somebody says in this clip: "')
    assert told.count('"') == 2
    assert not set("<>|[]{}`") & set(told)


def reading(*texts, error=None):
    """A host that reads `texts` in the first shot of each video, from the bottom of the list up."""

    class Read:
        consumes, produces = atom.Clip, tuple[atom.WrittenText, ...]

        def run(self, clip):
            if error is not None:
                raise error
            if clip.index:
                return ()
            return tuple(
                atom.WrittenText(text=text, start_s=0.0, end_s=4.0, box=(0.1, 0.9 - place / 20, 0.9, 0.95))
                for place, text in enumerate(texts)
            )

    return FakeHost(atom_captioning, shows=SHOWS, tasks={"read": Read()})


def test_captions_are_told_what_is_written():
    """What is written in a clip's pictures stands before the question, quoted, and in the provenance; not so with read
    off, nor of a clip without words."""
    host = reading("opens at nine", "Harbour market", "Harbour market")
    first, second = captions_of(host)
    assert first.provenance.prompt == 'In its pictures is written: "Harbour market / opens at nine"\n' + PROMPT
    assert first.provenance.told == ("text",)
    assert (second.provenance.prompt, second.provenance.told) == (PROMPT, ())
    blind = host.run("caption", host.clips(host.video("a.mp4"))[0], read=False)
    assert (blind.provenance.prompt, blind.provenance.told) == (PROMPT, ())


def test_captions_without_what_is_written(caplog):
    """A video that cannot be read is captioned without, and the reason is told once."""
    host = reading(error=atom.ModelError("written words cannot be read: rapidocr is not installed"))
    assert [caption.provenance.prompt for caption in captions_of(host)] == [PROMPT, PROMPT]
    assert caplog.text.count("captions are made without what is written, as with --no-read") == 1


@pytest.mark.parametrize("title", HOSTILE_WORDS)
def test_what_is_written_stays_a_quotation(title):
    """Whatever stands in a picture: the prompt has it in one line and one pair of quotation marks."""
    told, asked = captions_of(reading(title))[0].provenance.prompt.split("\n")
    assert asked == PROMPT
    assert told.startswith('In its pictures is written: "')
    assert told.count('"') == 2
    assert not set("<>|[]{}`") & set(told)
