"""The encoder on OpenVINO: faithful in float32, near in int8, kept apart from the built-in one's features."""

from __future__ import annotations

import importlib.util
import shutil
import threading

import numpy as np
import pytest
from attrs import evolve

import atom_core as atom
from atom_core.cli.main import main
from atom_core.kernels.int8 import has_vnni
from atom_core.testing.models import make_checkpoint
from atom_core.testing.modules_conformance import ModulesConformance
from atom_core.testing.videos import BLUE, RED, Shot, write_video

HAS_ENGINE = importlib.util.find_spec("openvino") is not None
needs_engine = pytest.mark.skipif(not HAS_ENGINE, reason="OpenVINO is not installed: pip install openvino")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a small model."""
    return make_checkpoint(tmp_path_factory.mktemp("model") / "small", "smolvlm")


@pytest.fixture
def video(tmp_path):
    """A file of two shots."""
    return write_video(tmp_path / "two.mp4", shots=[Shot(12, RED), Shot(12, BLUE)])


def features(model, video, cache, quantize="none", prefix="openvino:"):
    """Features of a video's whole, and what made them."""
    settings = atom.Settings(model=f"{prefix}{model}", cache=cache, quantize=quantize, frames=3, threads=1)
    with atom.open_host(settings) as host:
        found = host.encoder.encode(atom.Clip.whole(host.video(video)))
        return found.array(), host.encoder.fingerprint, host.model


@needs_engine
class TestSuite(ModulesConformance):
    """Every promise of an encoder and a decoder."""

    def load(self, settings, ledger):
        """Modules of the embedded model."""
        import atom_openvino
        import atom_tiny

        folder = str(atom_tiny.CHECKPOINT)
        own = evolve(settings, model=f"openvino:{folder}")
        return atom_openvino.atom_load_modules(f"openvino:{folder}", own, ledger, {}, {})


@needs_engine
def test_the_graph_is_made_while_frames_are_read(model, video, tmp_path, monkeypatch):
    """The tower is prepared for the model's pictures before the first are there; known features need no graph."""
    from atom_openvino.tower import OpenVinoTower

    import atom_core.encoder.encoder as encoder

    prepared, sides, prepare, read = threading.Event(), [], OpenVinoTower.prepare, encoder.sample

    def noted(self, side):
        prepare(self, side)
        sides.append(side)
        prepared.set()

    def waiting(*arguments):
        assert prepared.wait(60), "the graph waits for the frames"
        return read(*arguments)

    monkeypatch.setattr(OpenVinoTower, "prepare", noted)
    monkeypatch.setattr(encoder, "sample", waiting)
    found, _, _ = features(model, video, tmp_path / "cache")
    assert len(set(sides)) == 1
    sides.clear()
    known, _, _ = features(model, video, tmp_path / "cache")
    assert not sides
    assert np.array_equal(known, found)


@needs_engine
def test_float32_is_the_built_in_encoder(model, video, tmp_path):
    """In float32 features are those of the built-in encoder, of the same model, and under another fingerprint."""
    own, own_print, own_model = features(model, video, tmp_path / "a", prefix="")
    found, found_print, found_model = features(model, video, tmp_path / "b")
    assert np.allclose(found, own, atol=1e-3)
    assert found_model == own_model
    assert found_print != own_print


@needs_engine
@pytest.mark.parametrize("quantize", ["bf16", "int8"])
def test_less_precision_is_near(model, video, tmp_path, quantize):
    """Features in bf16 and int8 point where those in float32 do, and differ from them."""
    plain, plain_print, _ = features(model, video, tmp_path / "a")
    try:
        found, found_print, _ = features(model, video, tmp_path / "b", quantize)
    except atom.ModelError as error:
        pytest.skip(str(error))
    lengths = np.linalg.norm(plain, axis=-1) * np.linalg.norm(found, axis=-1)
    assert ((plain * found).sum(-1) / lengths).mean() > 0.98
    assert not np.array_equal(plain, found)
    assert found_print != plain_print


def command(*arguments):
    """Run `atom`; its exit code."""
    return main([str(argument) for argument in arguments])


@needs_engine
def test_calibration_is_kept_and_used(model, video, tmp_path, capsys):
    """`atom calibrate` finds ranges of the footage; int8 is another from then on, and near: nearer than before
    where the processor adds its products in 32 bits."""
    cache, name = tmp_path / "cache", f"openvino:{model}"
    plain, _, _ = features(model, video, tmp_path / "plain")
    before, before_print, _ = features(model, video, cache, "int8")
    code = command("calibrate", video, "--model", name, "--cache", cache, "--frames", 3, "--segment", "whole")
    assert code == 0
    assert "fitted to 3 frames of 1 clips" in capsys.readouterr().out
    after, after_print, _ = features(model, video, cache, "int8")
    assert after_print != before_print
    lengths = np.linalg.norm(plain, axis=-1) * np.linalg.norm(after, axis=-1)
    assert ((plain * after).sum(-1) / lengths).mean() > 0.98
    if has_vnni():  # else pairs are added in 16 bits, which tighter ranges overflow
        assert np.abs(after - plain).mean() < np.abs(before - plain).mean()


@needs_engine
def test_ranges_of_drawn_pictures_are_found_once(model, video, tmp_path, monkeypatch):
    """A second start finds no range again, and makes the same features; a damaged file is found anew."""
    import atom_openvino.ranges

    cache = tmp_path / "cache"
    before, _, _ = features(model, video, cache, "int8")
    (file,) = (cache / "openvino" / "drawn").glob("*.npz")
    made = []
    real = atom_openvino.ranges.RangeFinder
    monkeypatch.setattr(atom_openvino.ranges, "RangeFinder", lambda weights: made.append(1) or real(weights))
    for damage in (b"", b"PK nothing"):
        (cache / "features").exists() and shutil.rmtree(cache / "features")
        if damage:
            file.write_bytes(damage)
        again, _, _ = features(model, video, cache, "int8")
        assert np.array_equal(before, again)
        assert len(made) == bool(damage)


@needs_engine
def test_damaged_ranges_are_as_none(model, video, tmp_path):
    """A file of ranges that cannot be read is as one that is not there."""
    cache = tmp_path / "cache"
    before, before_print, _ = features(model, video, cache, "int8")
    command("calibrate", video, "--model", f"openvino:{model}", "--cache", cache, "--frames", 1)
    (file,) = (cache / "openvino").glob("*.npz")
    file.write_bytes(b"PK nothing")
    after, after_print, _ = features(model, video, cache, "int8")
    assert after_print == before_print
    assert np.array_equal(before, after)


@needs_engine
def test_other_families_are_refused(tmp_path, video):
    """A model that is not served is refused by its type, with what to do."""
    other = make_checkpoint(tmp_path / "other", "llava_onevision")
    with pytest.raises(atom.ModelError, match=r"is of type 'llava_onevision'.*without the engine"):
        features(other, video, tmp_path / "cache")


@needs_engine
def test_calibrate_wants_a_model_of_its_own(video, tmp_path, capsys):
    """A model without the prefix is refused with how it is named."""
    assert command("calibrate", video, "--model", "tiny", "--cache", tmp_path) == 2
    assert "use --model openvino:tiny" in capsys.readouterr().err


@needs_engine
def test_registered_names_can_be_prefixed(video, tmp_path):
    """`openvino:tiny` is the registered model, and embeds as it does."""
    with atom.open_host(atom.Settings(model="openvino:tiny", cache=tmp_path, frames=2, threads=1)) as host:
        assert host.model.startswith("tiny@")
        assert host.decoder.embedding == ""


def test_without_openvino_one_line_says_so(model, monkeypatch, tmp_path):
    """Where OpenVINO is not installed, the model is refused with the command that installs it."""
    import atom_openvino.engine

    monkeypatch.setattr(atom_openvino.engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(atom.ModelError, match="pip install openvino"):
        atom_openvino.engine.check_installed()


def test_an_old_openvino_is_refused(monkeypatch):
    """A version that lacks what is used is told, with the command that renews it."""
    import atom_openvino.engine

    monkeypatch.setattr(atom_openvino.engine.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(atom_openvino.engine, "version", lambda name: "2024.6.0")
    with pytest.raises(atom.ModelError, match=r"2025\.1 or newer, got 2024\.6\.0: pip install -U openvino"):
        atom_openvino.engine.check_installed()


def test_other_models_are_left_alone():
    """Without the prefix the plugin has no say, and imports no engine."""
    import atom_openvino

    assert atom_openvino.atom_load_modules("tiny", atom.Settings(), None, {}, {}) is None
    assert atom_openvino.atom_identify_model("tiny", atom.Settings()) is None
