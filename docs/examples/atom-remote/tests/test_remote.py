"""A host over remote modules gives what one over the server's own modules gives."""

import threading
from importlib.metadata import entry_points
from types import SimpleNamespace

import numpy as np
import pytest
from atom_remote.client import connect
from atom_remote.server import ServeCommand, Server
from atom_remote.wire import KEY

import atom_core as atom
from atom_core.testing.distributions import write_distribution
from atom_core.testing.fakes import FakeDecoder, FakeEncoder, fake_clips, fake_video

CLIPS = fake_clips(fake_video("a.mp4"), 3)
PARTS = "Describe this clip in one sentence."


@pytest.fixture(autouse=True)
def found(tmp_path, monkeypatch):
    """Atom finds the plugin by its entry point, also where it lies on the path and is not installed."""
    if not entry_points(group="atom", name="remote"):
        write_distribution(tmp_path, "atom-remote", plugins={"remote": "atom_remote"}, files={})
        monkeypatch.syspath_prepend(tmp_path)


def modules():
    shows = ("a red circle", "a blue square", "a star")
    encoder = FakeEncoder(lambda clip: shows[clip.index])
    return atom.Modules(encoder=encoder, decoder=FakeDecoder({"How?": "like this, slowly"}), model="fake@1")


@pytest.fixture
def server(monkeypatch):
    """A server on a free port of this machine."""
    monkeypatch.setenv(KEY, "a secret")
    server = Server(modules(), ("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.close()
    thread.join(10)
    assert not thread.is_alive()


def test_remote_equals_local(server):
    """Every method of both protocols gives the same, features and all that is known of a text included."""
    local, remote = modules(), connect(server.address)
    assert isinstance(remote.encoder, atom.Encoder)
    assert isinstance(remote.decoder, atom.Decoder)
    assert (remote.model, remote.decoder.name) == (local.model, local.decoder.name)
    for here, there in zip(local.encoder.encode_batch(CLIPS), remote.encoder.encode_batch(CLIPS), strict=True):
        assert (here.key, here.clip, here.timestamps_s) == (there.key, there.clip, there.timestamps_s)
        assert np.array_equal(here.array(), there.array())
        mine, other = (d.generate([f, PARTS]) for d, f in ((local.decoder, here), (remote.decoder, there)))
        assert (mine, mine.logprob, mine.confidence) == (other, other.logprob, other.confidence)
        assert np.array_equal(local.decoder.embed([here]), remote.decoder.embed([there]))
        assert local.decoder.score([here], "red") == remote.decoder.score([there], "red")
        assert local.decoder.scores([here], ["red", "no"]) == remote.decoder.scores([there], ["red", "no"])
        assert np.array_equal(local.decoder.embed_many([[here]]), remote.decoder.embed_many([[there]]))
        mine, other = (
            d.generate_many([[f, PARTS], ["How?"]]) for d, f in ((local.decoder, here), (remote.decoder, there))
        )
        assert [(text, text.logprob) for text in mine] == [(text, text.logprob) for text in other]
    assert list(local.decoder.stream(["How?"])) == list(remote.decoder.stream(["How?"]))
    remote.close()


def test_through_the_hook(server):
    """``--model remote:...`` loads them; other models are left to other plugins; a task runs on them unchanged."""
    settings = atom.Settings(load_plugins=("remote", "captioning"), model=f"remote:{server.address}")
    with atom.open_host(settings) as host:
        captions = [outcome.value.text for outcome in host.map("caption", CLIPS)]
    assert captions == ["a red circle", "a blue square", "a star"]
    other = atom.open_host(load_plugins=("remote",), block_plugins=("transformers",), model="tiny")
    with other as host, pytest.raises(atom.ModelError, match="no plugin loads model 'tiny'"):
        _ = host.decoder


def test_library_needs_no_modules(server):
    """The server says which model it lends, so that a library can be opened without loading anything."""
    settings = atom.Settings(load_plugins=("remote",), model=f"remote:{server.address}")
    with atom.open_host(settings) as host:
        assert host.model == "fake@1"
        assert host.ledger.as_dict()["loads"]["computed"] == 0


def test_serve_command(server, monkeypatch):
    """``atom serve`` lends what its host has loaded, and says where."""
    settings = atom.Settings(load_plugins=("remote",), model=f"remote:{server.address}")
    notes, served = [], []

    def serve(self):
        with self._listener:
            served.append(self._modules.model)

    monkeypatch.setattr(Server, "serve", serve)
    with atom.open_host(settings) as host:
        args = SimpleNamespace(listen="127.0.0.1:0")
        ServeCommand().run(SimpleNamespace(args=args, host=lambda: host, note=notes.append))
    assert served == ["fake@1"]
    assert "--model remote:127.0.0.1:" in notes[0]


def test_errors_travel(server):
    """What the server's modules raise arrives as the same error."""
    remote = connect(server.address)
    server._modules.encoder.encode = lambda clip: (_ for _ in ()).throw(atom.MediaError("no such file"))
    with pytest.raises(atom.MediaError, match="no such file"):
        remote.encoder.encode(CLIPS[0])
    assert remote.decoder.generate(["How?"]) == "like this, slowly"
    remote.close()


def test_strangers_are_turned_away(server, monkeypatch):
    """Another key, no key, no server and no address are each told with the next step."""
    monkeypatch.setenv(KEY, "a guess")
    with pytest.raises(atom.ModelError, match="with the same REMOTE_ATOM_KEY"):
        connect(server.address)
    monkeypatch.setenv(KEY, "a secret")
    with pytest.raises(atom.ModelError, match="start one with `atom serve`"):
        connect("127.0.0.1:1")
    with pytest.raises(atom.SettingsError, match="HOST:PORT"):
        connect("nowhere")
    monkeypatch.delenv(KEY)
    with pytest.raises(atom.SettingsError, match="is not set"):
        connect(server.address)


def test_closing_a_server_that_is_gone(server):
    """Closing twice is no error, though nobody listens any more."""
    server.close()
    server.close()
