"""Bfloat16 weights on processors that compute them: the same bits alone and among others, joined or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from atom_core.autotune import results
from atom_core.checkpoint import recipes
from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.checkpoint.export import save_quantized
from atom_core.checkpoint.recipes import RECIPES, recipe_of, recipes_for
from atom_core.errors import ModelError
from atom_core.kernels import bf16
from atom_core.kernels.bf16 import Bf16Embedding, Bf16Linear
from atom_core.kernels.processor import has_bf16
from atom_core.testing.families import Pair, make_frames
from atom_core.testing.models import make_checkpoint

needs_bf16 = pytest.mark.skipif(not has_bf16(), reason="needs a processor with AVX-512 BF16 or AMX")


@needs_bf16
@pytest.mark.parametrize(("inputs", "outputs"), [(64, 96), (100, 64), (33, 17), (960, 320), (1536, 576)])
def test_a_row_is_the_same_alone_and_among_others(inputs: int, outputs: int) -> None:
    """Bit by bit, with bias and without; close to float32."""
    with torch.inference_mode():
        weight, bias, rows = torch.randn(outputs, inputs), torch.randn(outputs), torch.randn(300, inputs)
        layer = Bf16Linear(weight.bfloat16(), bias)
        whole = layer(rows)
        assert whole.dtype == torch.float32
        for count in (1, 2, 3, 4, 7, 9, 64):
            assert torch.equal(layer(rows[:count]), whole[:count])
        rounded, activated = layer.rounded(rows), layer.gelu(rows)
        assert rounded.dtype == activated.dtype == torch.bfloat16
        assert (rounded.float() - whole).abs().max() < 0.01 * whole.abs().max()
        assert torch.allclose(activated.float(), nn.functional.gelu(whole, approximate="tanh"), rtol=0.02, atol=0.05)
        wanted = nn.functional.linear(rows, weight.bfloat16().float(), bias)
        assert (whole - wanted).abs().max() < 0.05 * wanted.abs().max()
        assert layer(rows[None, :5]).shape == (1, 5, outputs)


@needs_bf16
def test_joined_layers_are_their_parts() -> None:
    """Before and after the weights are arranged, which `weight` gives back."""
    with torch.inference_mode():
        parts = [Bf16Linear(torch.randn(size, 32).bfloat16(), None) for size in (8, 16)]
        rows, weights = torch.randn(3, 32), torch.cat([part.weight for part in parts])
        wanted = torch.cat([part(rows) for part in parts], dim=-1)
        joined = Bf16Linear.join([Bf16Linear(part.weight.bfloat16(), None) for part in parts])
        assert torch.equal(joined.weight, weights)
        assert torch.equal(joined(rows), wanted)
        assert torch.equal(joined.weight, weights)


@needs_bf16
def test_a_tied_head_is_the_table() -> None:
    """One table for both; rows are looked up as float32."""
    table = Bf16Embedding(torch.randn(50, 16).bfloat16(), factor=2.0)
    assert torch.equal(table(torch.tensor([3])), 2 * table.weight[3][None])
    with torch.inference_mode():
        assert table.head()(torch.randn(2, 16)).shape == (2, 50)


@needs_bf16
@pytest.mark.parametrize("family", ["smolvlm", "qwen2_5_vl", "gemma3", "internvl"])
def test_a_whole_model(family: str, tmp_path: Path) -> None:
    """Answers in a batch and with reuse are those of one request alone."""
    folder = make_checkpoint(tmp_path / family, family, dtype="bfloat16")
    with Pair(folder, recipe="bf16") as pair:
        clip = pair.encode(make_frames(2))
        pair.check([clip, "What is it?"])


def test_elsewhere_it_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processors without its instructions refuse it by name, and are never told to use it."""
    assert "bf16" not in [recipe.name for recipe in recipes_for("cuda")]
    monkeypatch.setattr(recipes, "has_bf16", lambda: False)
    monkeypatch.setattr(bf16, "has_bf16", lambda: False)
    assert "bf16" not in [recipe.name for recipe in recipes_for("cpu")]
    with pytest.raises(ModelError, match="AVX-512 BF16 or AMX"):
        recipe_of("bf16", "cpu")
    with pytest.raises(ModelError, match="AVX-512 BF16 or AMX"):
        Bf16Linear(torch.zeros(2, 2, dtype=torch.bfloat16), None)


def test_it_is_never_written(tmp_path: Path) -> None:
    """`atom quantize` names a recipe that is."""
    checkpoint = open_checkpoint(str(make_checkpoint(tmp_path / "m", "smolvlm")))
    with pytest.raises(ModelError, match="use --to int8"):
        save_quantized(checkpoint, tmp_path / "saved", recipe=RECIPES["bf16"], source_hash="x")


FAST: dict[str, Any] = {
    "encode": 1.5,
    "decoder": 2.0,
    "divergence": 0.01,
    "decoder_divergence": 0.01,
    "bf16_encode": 1.4,
    "bf16_decoder": 1.5,
    "bf16_divergence": 0.001,
}


@pytest.mark.parametrize(
    ("numbers", "recipe"),
    [
        ({}, "int8"),
        ({"divergence": 0.2}, "bf16"),
        ({"divergence": 0.2, "encode_share": 0.05}, "int8-decoder"),
        ({"divergence": 0.2, "decoder_divergence": 0.2}, "bf16"),
        ({"bf16_encode": 1.6, "bf16_decoder": 1.95}, "bf16"),
        ({"divergence": 0.2, "decoder_divergence": 0.2, "bf16_divergence": 0.1}, "none"),
        ({"divergence": 0.2, "decoder_divergence": 0.2, "bf16_encode": 1.01}, "none"),
        ({"divergence": 0.2, "decoder_divergence": 0.2, "bf16_encode": 0.0, "bf16_decoder": 0.0}, "none"),
    ],
)
def test_auto_weighs_it_like_the_others(numbers: dict[str, float], recipe: str) -> None:
    """In quality and speed; where int8 is hardly faster, the weights that lose less are taken."""
    assert results.pick(**{**FAST, **numbers}) == recipe
