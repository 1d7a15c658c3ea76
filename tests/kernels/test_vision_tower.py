"""Faster blocks of vision towers: what transformers computes, in each precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from transformers import SiglipVisionConfig
from transformers.models.siglip.modeling_siglip import SiglipVisionModel

from atom_core.kernels import int8, vision_tower
from atom_core.kernels.bf16 import Bf16Linear
from atom_core.kernels.float32 import SMALL, has_kernel, pack_linears
from atom_core.kernels.int8 import RowInt8Linear
from atom_core.kernels.processor import has_bf16
from atom_core.kernels.vision_tower import FusedAttention, FusedFeedForward, fuse_tower

WIDTH = 512
PATCHES = 16 * 16

KINDS = {
    "float32": (None, 1e-5),
    "int8": (RowInt8Linear.from_linear, 0.03),
    "bf16": (lambda linear: Bf16Linear(linear.weight.bfloat16(), linear.bias), 0.02),
}


def _tower(**more: object) -> SiglipVisionModel:
    torch.manual_seed(0)
    config = SiglipVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=768,
        num_hidden_layers=2,
        num_attention_heads=8,
        image_size=64,
        patch_size=4,
        vision_use_head=False,
        **more,
    )
    assert WIDTH * WIDTH >= SMALL
    return SiglipVisionModel(config).eval().requires_grad_(False)


def _quantise(tower: nn.Module, kind: str) -> None:
    make, _ = KINDS[kind]
    if make is None:
        pack_linears(tower)
        return
    for parent in list(tower.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Linear):
                setattr(parent, name, make(layer))


@pytest.mark.parametrize("kind", KINDS)
def test_a_tower_says_what_it_said(kind: str) -> None:
    """Also of several pictures at once, each as it is alone."""
    if kind == "bf16" and not has_bf16():
        pytest.skip("needs a processor with AVX-512 BF16 or AMX")
    if kind == "float32" and not has_kernel():
        pytest.skip("this processor has no such kernel")
    tower, pixels = _tower(), torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        wanted = tower(pixel_values=pixels).last_hidden_state
        assert wanted.shape[1] == PATCHES
        _quantise(tower, kind)
        fuse_tower(tower)
        blocks = [type(module) for module in tower.modules()]
        assert blocks.count(FusedAttention) == blocks.count(FusedFeedForward) == 2
        found = tower(pixel_values=pixels).last_hidden_state
        assert found.dtype == torch.float32
        assert (found - wanted).norm() < KINDS[kind][1] * wanted.norm()
        assert torch.allclose(tower(pixel_values=pixels[1:]).last_hidden_state, found[1:], atol=1e-5)


@pytest.mark.skipif(not has_bf16(), reason="needs a processor with AVX-512 BF16 or AMX")
def test_int8_attends_in_bfloat16_only_where_it_is_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere its attention is float32; the two are near each other."""
    found, pixels = [], torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        for has in (True, False):
            monkeypatch.setattr(vision_tower, "has_bf16", lambda has=has: has)
            tower = _tower()
            _quantise(tower, "int8")
            fuse_tower(tower)
            found.append(tower(pixel_values=pixels).last_hidden_state)
    assert not torch.equal(*found)
    assert (found[0] - found[1]).norm() < 0.01 * found[1].norm()


@pytest.mark.skipif(not int8.has_vnni(), reason="needs a processor with VNNI")
def test_int8_says_the_same_by_either_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of processors without VNNI, whose layers are packed otherwise, and that of those with it."""
    found, pixels = [], torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        for has in (True, False):
            monkeypatch.setattr(int8, "has_vnni", lambda has=has: has)
            tower = _tower()
            _quantise(tower, "int8")
            fuse_tower(tower)
            found.append(tower(pixel_values=pixels).last_hidden_state)
            layers = {layer for layer in tower.modules() if isinstance(layer, RowInt8Linear)}
            assert {layer._scale_O is not None for layer in layers} == {has}
    assert not torch.equal(*found)
    assert (found[0] - found[1]).norm() < 0.01 * found[1].norm()


def test_other_towers_are_left_alone() -> None:
    """With another activation, or layers of two precisions."""
    other = _tower(hidden_act="relu")
    pack_linears(other)
    mixed = _tower()
    _quantise(mixed, "int8")
    mixed.encoder.layers[0].mlp.fc1 = copy.deepcopy(_tower().encoder.layers[0].mlp.fc1)
    for tower in (other, mixed):
        fuse_tower(tower)
    assert FusedAttention not in {type(module) for module in other.modules()}
    assert isinstance(mixed.encoder.layers[1].self_attn, FusedAttention)
    assert not isinstance(mixed.encoder.layers[0].self_attn, FusedAttention)
