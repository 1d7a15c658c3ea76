"""One search over all channels."""

import logging
import sys
import types
from contextlib import closing

import atom_indexing
import numpy as np
import pytest
from atom_indexing.channels.background import Background
from atom_indexing.library import ChromaLibrary

import atom_core as atom
from atom_core.testing.fakes import FakeHost, bag_of_words

SHOWS = {
    "a.mp4": ["a red circle turns", "a blue square blinks", "a blue square blinks"],
    "b.mp4": ["a green star rises", "a red moon sinks"],
}


class Caption:
    """The task ``caption``."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        return atom.Caption(clip=clip, text=encoder.encode(clip).layout["shows"])


class Embedder:
    """Knows the words of the world, and that a disc is a circle."""

    def __init__(self, name="words", width=256):
        self.name, self.fingerprint, self.width = name, f"{name}@{name}", width
        self.embedded = []

    def embed(self, texts, *, kind):
        self.embedded += [text for text in texts if kind == "passage"]
        return np.stack([np.resize(bag_of_words(text.replace("disc", "circle")), self.width) for text in texts])


@pytest.fixture
def world(tmp_path):
    """Makes hosts of one library, each with an embedder or none."""
    opened = []

    def make(embedder=None, shows=SHOWS, **more):
        settings = atom.Settings(model="fake", library=tmp_path / "library", cache=tmp_path / "cache", **more)
        library = ChromaLibrary.open(settings, "fake@1")
        opened.append(library)
        modules = {} if embedder is None else {"embedder": embedder}
        return FakeHost(
            atom_indexing,
            shows=shows,
            tasks={"caption": Caption()},
            settings=settings,
            library=library,
            modules=modules,
        )

    yield make
    for library in opened:
        library.close()


def fill(host):
    for name in SHOWS:
        host.run("index-video", host.video(name))
    return host


def search(host, text="", **more):
    options = {name: more.pop(name) for name in ("fold", "merge") if name in more}
    return host.run("search", atom.Query(text=text, **more), **options)


def test_captions_are_compared_by_the_embedder(world):
    """Which finds what the words do not say; a moment says which channels found it."""
    host = fill(world(Embedder()))
    first = search(host, "disc turns")[0]
    assert first.caption == "a red circle turns"
    assert first.channels.keys() == {"captions", "words"}
    assert first.channels["captions"] > 0.7


def test_a_library_of_before_needs_no_captions(world):
    """Its captions are embedded when it is first searched, once each, and nothing else is done."""
    fill(world())
    embedder = Embedder()
    host = world(embedder)
    assert search(host, "disc turns")[0].caption == "a red circle turns"
    captions = {caption for shots in SHOWS.values() for caption in shots}
    assert set(embedder.embedded) >= captions
    assert host.encoder.encoded == []
    again = Embedder()
    search(world(again), "disc")
    assert not set(again.embedded) & captions


def test_another_embedder_is_refused_with_the_way_on(world):
    """And `atom index --embed` goes it, without a caption or a clip made anew."""
    from atom_core.testing.commands import run_command

    fill(world(Embedder()))
    host = world(Embedder("other", width=128))
    with pytest.raises(atom.LibraryError, match=r"embedded by words@words, not by other@other; .*atom index --embed"):
        search(host, "disc")
    said = run_command(host, "index", "--embed")
    assert "5 captions" in said.notes[-1]
    assert run_command(host, "index", "--embed").notes == ["all captions are embedded by other already"]
    assert host.encoder.encoded == []
    assert search(host, "disc turns")[0].caption == "a red circle turns"


def test_a_model_that_embeds_needs_no_other(world, monkeypatch):
    """`atom index --embed` does not fetch an embedder that no search would ask."""
    from atom_core.testing.commands import run_command

    host = fill(world(Embedder()))
    monkeypatch.setattr(atom.Host, "embeds", True)
    with pytest.raises(atom.SettingsError, match=r"embeds captions itself, .* --embedder NAME"):
        run_command(host, "index", "--embed")


def test_without_an_embedder_the_search_goes_on(world, caplog):
    """By the other channels, which one line says, once."""
    host = fill(world())

    def module(name):
        raise atom.ModelError("embedder x/y is not cached and --offline forbids the network")

    host.module = module
    with caplog.at_level(logging.WARNING, "atom"):
        assert search(host, "red circle")[0].caption == "a red circle turns"
        search(host, "star")
    assert [record.message for record in caplog.records].count(
        "searching without a text embedder, by words and the decoder's vectors alone: embedder x/y is not cached and"
        " --offline forbids the network"
    ) == 1


def test_phrases_must_be_said(world):
    """What is in quotes is in the caption, word by word."""
    host = fill(world(Embedder()))
    assert [moment.caption for moment in search(host, '"red moon"')] == ["a red moon sinks"]
    assert search(host, '"moon red"') == ()
    with pytest.raises(atom.SettingsError, match="do not close"):
        search(host, 'a "red moon')


def test_what_is_not_wanted_is_left_out(world):
    """All that says it, and that fits it."""
    host = fill(world(Embedder()))
    assert "a red moon sinks" not in [moment.caption for moment in search(host, "something red", without="moon")]
    assert "a red circle turns" not in [moment.caption for moment in search(host, "red", without="red disc turns")]


@pytest.mark.parametrize("embedder", [Embedder(), None])
def test_pages_leave_out_what_is_not_wanted(world, embedder):
    """However few are asked for at once, and whatever comes nearest: all but what is not wanted, each once."""
    host = fill(world(embedder))
    wanted = {moment.caption for moment in search(host, "a blue square blinks", limit=99, without="blue square")}
    assert wanted == {"a red circle turns", "a green star rises", "a red moon sinks"}
    pages = [search(host, "a blue square blinks", limit=1, skip=skip, without="blue square") for skip in range(4)]
    assert [len(page) for page in pages] == [1, 1, 1, 0]
    assert {page[0].caption for page in pages[:3]} == wanted


def test_near_duplicates_are_folded_and_neighbours_merged(world):
    """Shots that look and read the same count with the best of them; neighbours make one moment."""
    host = fill(world(Embedder()))
    assert len(search(host, "blue square")) == 5
    folded = search(host, "blue square", fold=True)
    assert [moment.caption for moment in folded].count("a blue square blinks") == 1
    assert folded[0].num_alike == 1
    merged = search(host, "blue square blinks", merge=True, limit=2)
    assert (merged[0].start_s, merged[0].end_s) == (5.0, 15.0)


def test_nothing_fits(world):
    """A moment that is only the nearest there is says so; one that shows it says that."""
    host = fill(world(Embedder()))
    assert search(host, "submarine volcano")[0].fits is False
    assert search(host, "red circle turns")[0].fits is True


def test_a_caption_that_says_all_words_fits(world, monkeypatch):
    """Whatever its vector is worth: a name that an embedder does not know is found by the word."""
    monkeypatch.setattr(Background, "of", lambda embed: Background(captions_BE=np.zeros((2, 256)), unit=9.0))
    host = fill(world(Embedder()))
    assert search(host, "red circle turns")[0].fits is True
    assert search(host, "red circle volcano")[0].fits is False


def test_between_what_fits_and_what_does_not_it_is_not_sure(world, monkeypatch):
    """A moment says so, which is neither refused nor called a fit; where scores are not known, neither is said."""
    monkeypatch.setattr(Background, "of", lambda embed: Background(captions_BE=np.zeros((2, 256)), unit=1.0))
    host = fill(world(Embedder()))
    for text, fits, may_fit in (
        ("submarine volcano", False, False),
        ("red circle volcano", False, True),
        ("a red circle turns", True, True),
    ):
        best = search(host, text)[0]
        assert (best.fits, best.may_fit) == (fits, may_fit)
    looks = search(host, like=host.clips(host.video("a.mp4"))[0])[0]
    assert (looks.fits, looks.may_fit) == (None, None)


def test_what_is_deleted_is_found_by_no_channel(world):
    """Neither by words nor by vectors, whoever asks."""
    host = fill(world(Embedder()))
    host.library.remove(host.video("a.mp4").content_hash)
    assert {moment.path.name for moment in search(host, "red circle turns")} == {"b.mp4"}
    assert search(host, '"circle turns"') == ()
    with closing(ChromaLibrary.open(host.settings, "fake@1")) as library:
        assert library.not_embedded("words@words") == {}


@pytest.mark.parametrize("options", [{}, {"fold": True}, {"merge": True}, {"skip": 3}])
def test_many_moments_come_in_the_order_of_few(world, options):
    """However many are wanted, those before are the same: the best of many scores are found without sorting all."""
    host = fill(world(Embedder()))
    everything = search(host, "red circle turns", limit=99, **options)
    assert len(everything) > 1
    for limit in range(1, len(everything)):
        assert search(host, "red circle turns", limit=limit, **options)[: limit - 1] == everything[: limit - 1]


class Signs:
    """A channel of a plugin: knows of a sign in the second shot of b.mp4."""

    def search(self, query, host):
        if "exit" not in query.text:
            return []
        if "broken" in query.text:
            raise ValueError("no sign\nat all")
        video = host.video("b.mp4")
        about = {"path": video.path, "content_hash": video.content_hash, "caption": ""}
        return [
            atom.Moment(start_s=6.0, end_s=9.0, score=0.9, **about),
            atom.Moment(start_s=90.0, end_s=99.0, score=1.0, **about),
        ]


def test_channels_of_plugins(world, caplog):
    """What one finds counts for the clip that it shares most time with; one that fails is passed over, and told of."""
    host = fill(world(Embedder()))
    host._channels = {"signs": Signs()}
    first = search(host, "exit sign")[0]
    assert (first.path.name, first.start_s) == ("b.mp4", 5.0)
    assert first.channels["signs"] == 0.9
    assert first.fits is True
    with caplog.at_level(logging.WARNING, "atom"):
        assert search(host, "broken exit red circle")[0].caption == "a red circle turns"
    assert "channel 'signs' failed and is passed over: ValueError: no sign; `atom plugins` says whose" in caplog.text


def test_channels_are_declared_by_plugins(monkeypatch):
    """With `atom_register_channels`; one that cannot be made is left out, which is told."""

    class Plugin:
        @atom.hookimpl
        def atom_register_channels(self, register):
            register.channel("gone", "no_such_module:Channel", summary="Is not there")
            register.channel("signs", "channel_of_signs:Signs", summary="Signs")

    made = types.ModuleType("channel_of_signs")
    made.Signs = Signs
    monkeypatch.setitem(sys.modules, "channel_of_signs", made)
    with closing(FakeHost(Plugin(), shows=SHOWS)) as host:
        assert list(host.channels()) == ["signs"]


def test_the_decoder_as_judge(world, monkeypatch):
    """Orders the best anew by its odds of yes, where that is set; what is behind them stays."""
    host = fill(world(Embedder()))
    plain = search(host, "red circle")

    def score_many(pairs):
        return [float("moon" in parts[0] and answer == "Yes") for parts, answer in pairs]

    monkeypatch.setattr(host.decoder, "score_many", score_many, raising=False)
    judged = host.run("search", atom.Query(text="red circle"), judge=2)
    assert set(judged[:2]) == set(plain[:2])
    assert "moon" in judged[0].caption
    assert judged[2:] == plain[2:]


def test_vectors_of_another_form_are_not_compared(world, caplog, monkeypatch):
    """Where the decoder makes other vectors of texts than when the library was made, words find, and it is told."""
    host = fill(world())
    monkeypatch.setattr(host.decoder, "embedding", "new", raising=False)
    assert "captions" in search(host, "red circle")[0].channels
    monkeypatch.setattr(host.decoder, "embed", lambda parts: np.roll(bag_of_words(parts[0]), 5))
    with caplog.at_level(logging.WARNING, "atom"):
        first = search(host, "red circle turns")[0]
    assert (first.caption, first.channels.keys()) == ("a red circle turns", {"words"})
    assert "were made in another form" in caplog.text


def test_a_search_that_is_longer_than_the_embedder_reads(world, caplog):
    """Is searched by its beginning, which one line says."""
    embedder = Embedder()
    embedder.max_tokens, embedder.num_tokens = 8, lambda text: len(text.split())
    host = fill(world(embedder))
    with caplog.at_level(logging.WARNING, "atom"):
        assert search(host, "red circle turns " * 20)[0].caption == "a red circle turns"
    assert "the search has 60 tokens, words reads the first 8" in caplog.messages


def test_pictures_and_captions_tell_each_their_own_score(world):
    """Though a text is compared with the mean of both: the same as where each is asked for by itself."""
    host = fill(world())

    def scores(name, **more):
        found = search(host, "a red circle", limit=9, **more)
        return {(one.path, one.start_s): pytest.approx(one.channels[name], abs=1e-6) for one in found}

    for name in ("pictures", "captions"):
        assert len(scores(name)) == 5
        assert scores(name) == scores(name, channels=(name,))
