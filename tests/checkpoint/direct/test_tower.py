"""The visual half that is read without transformers computes what transformers' class computes, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from atom_core.checkpoint.checkpoint import Checkpoint, open_checkpoint
from atom_core.checkpoint.direct.load import VisualHalf, direct_model
from atom_core.checkpoint.export import save_quantized
from atom_core.checkpoint.load import load_model
from atom_core.checkpoint.recipes import RECIPES
from atom_core.kernels.float32 import pack_linears
from atom_core.kernels.processor import has_bf16
from atom_core.kernels.vision_tower import FusedAttention, fuse_tower
from atom_core.testing.models import make_checkpoint

SIZES: dict[str, dict[str, int]] = {
    "small": {},
    "odd": {"image_size": 112, "patch_size": 14, "scale_factor": 2, "vision_layers": 3},
    "fused": {"vision_width": 512, "vision_heads": 8, "vision_mlp": 1024, "vision_layers": 2},
}
"""Towers by what is special about them; layers of the last have kernels of their own."""


def _theirs(checkpoint: Checkpoint, recipe: str) -> Any:
    model = load_model(checkpoint, dtype=torch.float32, device="cpu", recipe=RECIPES[recipe])
    pack_linears(model)
    fuse_tower(model)
    return model


@pytest.mark.parametrize("recipe", ["none", "int8", "bf16"])
@pytest.mark.parametrize("size", SIZES)
def test_features_are_those_of_transformers(size: str, recipe: str, tmp_path: Path) -> None:
    """Of one frame and of several, of the size that the model was made for and of others."""
    if recipe == "bf16" and not has_bf16():
        pytest.skip("needs a processor with AVX-512 BF16 or AMX")
    checkpoint = open_checkpoint(str(make_checkpoint(tmp_path, "smolvlm", **SIZES[size])))
    assert direct_model(checkpoint, "cpu") is not None
    ours, theirs = VisualHalf(checkpoint, RECIPES[recipe])(), _theirs(checkpoint, recipe)
    kinds = [{type(part) for part in model.modules()} for model in (ours, theirs)]
    assert (FusedAttention in kinds[0]) == (FusedAttention in kinds[1])
    vision = checkpoint.config.vision_config
    step = vision.patch_size * checkpoint.config.scale_factor
    random = torch.Generator().manual_seed(0)
    for side in (vision.image_size, step, vision.image_size + 3 * step):
        for num_frames in (1, 3):
            pixels = torch.randn(1, num_frames, 3, side, side, generator=random)
            whole = torch.ones(1, num_frames, side, side, dtype=torch.bool)
            with torch.inference_mode():
                found = ours.get_image_features(pixels, whole).pooler_output
                wanted = theirs.get_image_features(pixel_values=pixels, pixel_attention_mask=whole).pooler_output
            assert torch.equal(torch.cat(list(found)), torch.cat(list(wanted)))


def test_a_checkpoint_that_was_written_quantised_gives_the_same_features(tmp_path: Path) -> None:
    """Its layers are filled as they were stored."""
    source = open_checkpoint(str(make_checkpoint(tmp_path / "source", "smolvlm", **SIZES["fused"])))
    saved = save_quantized(source, tmp_path / "saved", recipe=RECIPES["int8"], source_hash="0" * 64)
    checkpoint = open_checkpoint(str(saved))
    ours, theirs = VisualHalf(checkpoint, RECIPES["int8"])(), _theirs(checkpoint, "int8")
    side = checkpoint.config.vision_config.image_size
    pixels = torch.randn(1, 2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found, wanted = (one.get_image_features(pixel_values=pixels).pooler_output for one in (ours, theirs))
    assert torch.equal(torch.cat(list(found)), torch.cat(list(wanted)))
