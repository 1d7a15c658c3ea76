"""The fakes keep the contracts of what they stand in for."""

import inspect
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from atom_indexing.library import ChromaLibrary
from attrs import frozen

import atom_core as atom
from atom_core.decoder.decoder import ResidentDecoder
from atom_core.encoder.encoder import ResidentEncoder
from atom_core.testing.fakes import (
    CAPTION_PROMPT,
    FakeDecoder,
    FakeEncoder,
    FakeHost,
    FakeLibrary,
    bag_of_words,
    fake_clips,
    fake_features,
    fake_video,
)


class Echo:
    """Says what the clip shows."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder, decoder):
        return atom.Caption(clip=clip, text=decoder.generate([encoder.encode(clip), CAPTION_PROMPT]))


class Broken:
    """Raises, or returns the wrong type."""

    consumes, produces = atom.Query, atom.Caption

    def run(self, query):
        if query.text == "raise":
            raise KeyError("oops")
        return query


def test_fakes_satisfy_the_protocols():
    """What a plugin is lent by a fake host is an Encoder, a Decoder and a Library."""
    assert isinstance(FakeEncoder(), atom.Encoder)
    assert isinstance(FakeDecoder(), atom.Decoder)
    assert isinstance(FakeLibrary(), atom.Library)


@pytest.mark.parametrize(
    ("protocol", "kinds"),
    [
        (atom.Encoder, (ResidentEncoder, FakeEncoder)),
        (atom.Decoder, (ResidentDecoder, FakeDecoder)),
        (atom.Library, (ChromaLibrary, FakeLibrary)),
    ],
)
def test_real_and_fake_take_what_the_protocol_says(protocol, kinds):
    """Every method has the same arguments and defaults in the protocol, the real class and the fake one."""
    names = [name for name, value in vars(protocol).items() if inspect.isfunction(value) and name[0] != "_"]
    assert names
    for kind in kinds:
        for name in names:
            assert arguments(getattr(kind, name)) == arguments(getattr(protocol, name)), f"{kind.__name__}.{name}"


def arguments(function):
    """Name, kind and default of each; their types are the type checker's."""
    return [(each.name, each.kind, each.default) for each in inspect.signature(function).parameters.values()]


def test_fakes_are_light():
    """The fakes load neither torch nor transformers nor chromadb."""
    code = (
        "import sys, atom_core.testing.commands as _; print({'torch', 'transformers', 'chromadb'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_decoder_sees_what_the_features_show():
    """The caption prompt is answered with what the clip shows; other prompts by script, then by default."""
    features = fake_features(fake_clips(fake_video(), 1)[0], "a red circle")
    decoder = FakeDecoder({"What colour?": "red"})
    assert decoder.generate([features, CAPTION_PROMPT]) == "a red circle"
    assert decoder.generate([features, "What colour?"]) == "red"
    assert decoder.generate([features, "What shape?"]) == "not shown"
    assert decoder.prompts == [CAPTION_PROMPT, "What colour?", "What shape?"]


def test_decoder_obeys_its_arguments():
    """Choices, stop texts and the length limit hold; confidence is what the test asked for."""
    decoder = FakeDecoder({"q": "one two three four"}, confidence=0.5)
    assert decoder.generate(["q"], choices=["five six", "three two"]) == "three two"
    assert decoder.generate(["q"], stop=[" three"]) == "one two"
    short = decoder.generate(["q"], max_new_tokens=2)
    assert (short, short.finish_reason) == ("one two", "length")
    assert decoder.generate(["q"]).confidence == pytest.approx(0.5)
    assert "".join(decoder.stream(["q"])) == "one two three four"


def test_related_texts_are_near():
    """Vectors are unit, repeatable, and nearer for texts that share words, also between clip and text."""
    decoder = FakeDecoder()
    clip = decoder.embed([fake_features(fake_clips(fake_video(), 1)[0], "a red circle moves left")])
    assert np.linalg.norm(clip) == pytest.approx(1)
    assert clip.dtype == np.float32
    assert clip @ bag_of_words("red circle") > clip @ bag_of_words("red square") > clip @ bag_of_words("green square")


def test_score_prefers_what_the_parts_say():
    """A continuation whose words the parts have is more likely."""
    decoder = FakeDecoder()
    assert decoder.score(["a red circle"], "red circle") > decoder.score(["a red circle"], "blue circle")


def test_library_replaces_finds_and_forgets():
    """The same span is one entry; the nearest comes first; a removed video is gone; a moved one has its new path."""
    clips = fake_clips(fake_video("a.mp4"), 2)
    entries = [
        atom.Entry(clip=clip, caption=text, vector=bag_of_words(text))
        for clip, text in zip(clips, ["red circle", "blue square"], strict=True)
    ]
    library = FakeLibrary(entries)
    library.add(entries[:1])
    assert len(library) == 2
    best = library.search(bag_of_words("square"), limit=1)
    assert [(m.caption, m.start_s) for m in best] == [("blue square", 5.0)]
    content_hash = clips[0].video.content_hash
    library.move(content_hash, clips[0].video.path.with_name("b.mp4"))
    assert library.videos()[content_hash].name == "b.mp4"
    assert library.remove(content_hash) == 2
    assert len(library) == 0


def test_host_runs_the_tasks_of_a_plugin():
    """Tasks that a plugin registers are imported, lent what they name, and checked."""

    @atom.hookimpl
    def atom_register_tasks(register):
        register("echo", f"{__name__}:Echo", summary="Echo")

    sys.modules[__name__] = SimpleNamespace(Echo=Echo)
    host = FakeHost(SimpleNamespace(atom_register_tasks=atom_register_tasks), shows={"a.mp4": ["a dog", "a cat"]})
    clips = host.clips(host.video("some/folder/a.mp4"))
    assert [outcome.value.text for outcome in host.map("echo", clips)] == ["a dog", "a cat"]
    with pytest.raises(atom.PluginError, match=r"did you mean 'echo'"):
        host.run("ecko", clips[0])
    with pytest.raises(atom.MediaError, match=r"b\.mp4"):
        host.video("b.mp4")


def test_host_names_a_broken_contract():
    """A task that raises or returns the wrong type is a TaskError that names it; in a map it fails alone."""
    host = FakeHost(tasks={"broken": Broken()})
    with pytest.raises(atom.TaskError, match=r"'broken' of plugin 'world' failed: KeyError"):
        host.run("broken", atom.Query(text="raise"))
    with pytest.raises(atom.TaskError, match="returns Caption"):
        host.run("broken", atom.Query(text="type"))
    with pytest.raises(atom.TaskError, match="takes Query"):
        host.run("broken", "text")
    outcomes = list(host.map("broken", [atom.Query(text="raise"), atom.Query(text="type")]))
    assert [type(outcome.error) for outcome in outcomes] == [atom.TaskError, atom.TaskError]


def test_host_is_the_real_one(monkeypatch):
    """What a host does around a task happens over fakes too: hooks are told, what is lent is watched; no variable of
    the user's is read."""

    @atom.hookimpl
    def atom_after_task(event):
        told.append((event.task, event.error))

    class Spoils:
        consumes, produces = atom.Clip, atom.Caption

        @frozen
        class Settings:
            words: int = 3

        def run(self, clip, *, encoder, settings):
            encoder.encode(clip).values[:] = 0
            return atom.Caption(clip=clip, text="a dog")

    told = []
    monkeypatch.setenv("ATOM_SPOILS_WORDS", "4")
    host = FakeHost(
        SimpleNamespace(atom_after_task=atom_after_task), shows={"a.mp4": ["a dog"]}, tasks={"spoils": Spoils()}
    )
    (clip,) = host.clips(host.video("a.mp4"))
    with pytest.raises(atom.TaskError, match="read-only"):
        host.run("spoils", clip)
    assert [task for task, error in told if error] == ["spoils"]
    assert host.about("spoils")["settings"] == {"words": 3}
