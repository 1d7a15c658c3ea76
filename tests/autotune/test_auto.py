"""``--quantize auto``: measured once, remembered, and never what is slower, spoils the model or does not fit."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from atom_core.autotune import auto, measure, results
from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.families import family_of
from atom_core.kernels.threads import Threads
from atom_core.loader.plan import recipe_for
from atom_core.settings import Settings
from atom_core.testing.models import make_checkpoint


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SECONDS", 0.0)
    monkeypatch.setattr(measure, "ROUNDS", 1)


FAST = {"encode": 1.5, "decoder": 2.0, "divergence": 0.01, "decoder_divergence": 0.01}


@pytest.mark.parametrize(
    ("numbers", "recipe"),
    [
        ({}, "int8"),
        ({"encode": 0.9}, "int8-decoder"),
        ({"encode": 1.04}, "int8-decoder"),
        ({"decoder": 1.04}, "none"),
        ({"divergence": 0.2}, "int8-decoder"),
        ({"divergence": 0.2, "decoder_divergence": 0.2}, "none"),
    ],
)
def test_what_is_slower_or_spoils_is_not_picked(numbers: dict[str, float], recipe: str) -> None:
    """Every part that is quantised was faster by a margin, and kept quality."""
    assert results.pick(**{**FAST, **numbers}) == recipe


def test_measured_once(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found holds for any number of threads; a damaged file is no harm; other weights are measured anew."""
    opened, settings = open_checkpoint(str(checkpoint)), Settings(quantize="auto", cache=tmp_path)
    picked = recipe_for(opened, family_of(opened), settings, "cpu", Threads(1))
    found = list(results.remembered(tmp_path).values())
    assert [finding.recipe for finding in found] == [picked.name]
    assert found[0].seconds > 0
    assert "nats a token" in str(found[0])
    monkeypatch.setattr(measure, "measure", lambda *_: pytest.fail("measured again"))
    assert recipe_for(opened, family_of(opened), settings, "cpu", Threads(2)) == picked
    assert recipe_for(opened, family_of(opened), settings, "cuda", Threads(1)).name == "none"
    other = open_checkpoint(str(make_checkpoint(tmp_path / "other", "smolvlm")))
    with pytest.raises(pytest.fail.Exception, match="measured again"):
        recipe_for(other, family_of(other), settings, "cpu", Threads(1))
    (tmp_path / results.FILE).write_text("{damaged")
    assert results.remembered(tmp_path) == {}


def test_a_spoiled_model_stays_plain(checkpoint: Path, tmp_path: Path) -> None:
    """Weights that int8 cannot hold, one input drowning the others, show in the divergence; the shipped model's do
    not."""
    spoiled = shutil.copytree(checkpoint, tmp_path / "spoiled")
    weights = load_file(spoiled / "model.safetensors")
    for name, weight in weights.items():
        if name.endswith("down_proj.weight"):
            weight[:, 0] += 300 * weight.std() * torch.sign(weight[:, 0])
    save_file(weights, spoiled / "model.safetensors", metadata={"format": "pt"})
    found = {}
    for name, folder in (("fine", checkpoint), ("spoiled", spoiled)):
        opened = open_checkpoint(str(folder))
        found[name] = measure.measure(opened, family_of(opened), 1)
    assert found["fine"].divergence < results.TOLERANCE
    assert found["spoiled"].decoder_divergence > results.TOLERANCE
    assert found["spoiled"].recipe in ("none", "bf16"), "bfloat16 holds them, where the processor computes it"


@pytest.mark.parametrize("how", ["free", "setting"])
def test_little_memory_means_int8(
    how: str, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is measured, and the reason is told; it is not remembered, since memory may be free another time."""
    monkeypatch.setattr(measure, "measure", lambda *_: pytest.fail("measured"))
    more: dict[str, Any] = {"memory": 10**6} if how == "setting" else {}
    if how == "free":
        monkeypatch.setattr(auto, "free_memory_bytes", lambda: 10**6)
    with caplog.at_level(logging.WARNING, "atom"):
        opened, settings = open_checkpoint(str(checkpoint)), Settings(quantize="auto", cache=tmp_path, **more)
        assert recipe_for(opened, family_of(opened), settings, "cpu", Threads(1)).name == "int8"
    assert "int8, for memory" in caplog.text
    assert results.remembered(tmp_path) == {}
