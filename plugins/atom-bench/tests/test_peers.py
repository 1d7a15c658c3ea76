"""Peers: engines of the same weights say the same; those that are not installed are left out by name."""

from __future__ import annotations

import numpy as np
import pytest
from atom_bench.peers import command
from atom_bench.peers.engine import PEERS, Work

import atom_core as atom
from atom_core.testing.models import make_checkpoint


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A small model whose matrices every engine's int8 takes: widths are whole numbers of 64."""
    return make_checkpoint(
        tmp_path_factory.mktemp("model") / "wide",
        "smolvlm",
        text_width=128,
        text_heads=4,
        text_kv_heads=2,
        text_mlp=192,
        text_layers=2,
    )


def loaded(name, wide, folder, precision="fp32"):
    """An engine, or a skip that says what is missing."""
    if PEERS[name].missing:
        pytest.skip(f"{PEERS[name].title} is not installed: {PEERS[name].install}")
    return PEERS[name].load(Work(model=wide, precision=precision, threads=1, most_tokens=64, folder=folder))


def told(engine):
    """What an engine says comes next of two requests at once, and of one after it has forgotten them."""
    prompts = [[11, 42, 7, 105, 3], [9, 8, 7, 6, 5]]
    found = [engine.start(prompts), *(engine.step(tokens) for tokens in ([4, 50], [61, 2], [33, 12]))]
    alone = [engine.start(prompts[:1]), *(engine.step([token]) for token in (4, 61, 33))]
    engine.close()
    return found, alone


@pytest.mark.parametrize("name", [name for name in PEERS if name != "atom"])
def test_engines_say_the_same(wide, tmp_path, name):
    """The same weights say the same in every engine, alone and beside another request."""
    found, alone = told(loaded(name, wide, tmp_path))
    wanted, wanted_alone = told(loaded("atom", wide, tmp_path))
    assert (found, alone) == (wanted, wanted_alone)
    assert [row[0] for row in found] == [row[0] for row in alone]


@pytest.mark.parametrize(("precision", "least"), [("fp32", 0.99999), ("int8", 0.98)])
def test_openvino_encodes_the_same(wide, tmp_path, precision, least):
    """Features of a frame are those of Atom: exactly in fp32, nearly in int8, which is not fp32 under another name."""
    engine, own = loaded("openvino", wide, tmp_path, precision), loaded("atom", wide, tmp_path)
    pixels = command.frame(command.read_dimensions(wide).side)
    found, wanted = engine.frame(pixels), own.frame(pixels)
    assert found.shape == wanted.shape
    assert command.cosine(found, wanted) > least
    assert (precision == "fp32") == np.allclose(found, wanted, atol=1e-3)


def test_a_trial_has_a_row_for_each_engine(wide, tmp_path):
    """Each precision and engine has rates, is compared with the first, and a frame's features with its features."""
    trial = command.Trial(model=wide, threads=1, prompt=6, tokens=2, rounds=1)
    for precision in ("fp32", "int8"):
        trial.measure(precision, ["atom"], tmp_path)
    first, second = trial.rows()
    assert (first["precision"], second["precision"]) == ("fp32", "int8")
    assert all(row[name]["median"] > 0 for row in (first, second) for name in command.COLUMNS)
    assert first["same"] == 1
    assert first["cosine"] == pytest.approx(1)
    assert 0.9 < second["cosine"] < 1
    value = {"rows": [first, second], "machine": {"processor": "one"}, "prompt": 6, "threads": 1, "clock": "cpu"}
    written = command.text(value | {"dimensions": "toy"})
    assert "Atom int8" in written
    assert "one, 1 threads" in written


def test_names_are_checked():
    """An engine that is not known is refused with what there is."""
    with pytest.raises(atom.SettingsError, match="did you mean 'openvino'"):
        command._chosen(["openvno"], PEERS, "engine")
    assert command._chosen(None, PEERS, "engine") == tuple(PEERS)


def test_missing_engines_are_named(monkeypatch):
    """A package that is not installed is told by its engine's `missing`, and the command that installs it is there."""
    for peer in PEERS.values():
        assert bool(peer.needs) == peer.install.startswith("pip install ") or peer.title == "Atom"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert [name for name, peer in PEERS.items() if peer.missing] == ["llama.cpp", "openvino"]
