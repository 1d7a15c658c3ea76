"""The lean forward pass."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaModel

from atom_core.decoder import llama
from atom_core.decoder.kv_cache import BatchKVCache
from atom_core.decoder.llama import FusedLlama
from atom_core.families.prompt import PrefillChunk
from atom_core.host import Host
from atom_core.kernels.bf16 import Bf16Linear
from atom_core.kernels.float32 import SMALL, has_kernel, pack_linears
from atom_core.kernels.processor import has_bf16
from atom_core.records import Clip


def test_prompts_read_from_their_start_need_no_mask(host: Host, clips: list[Clip], monkeypatch: Any) -> None:
    """Rows of different lengths that hold nothing yet give the same without a mask, which grows with the square of a
    prompt's length; what continues a prefix is masked as ever."""
    engine: Any = host.decoder._engine  # type: ignore[attr-defined]
    family, runner = host.decoder._family, engine._runner  # type: ignore[attr-defined]
    assert isinstance(runner._fused, FusedLlama)
    prompts = [family.prompt([host.encoder.encode(clips[0]), text]) for text in ("What?", "What colour is it?")]
    made, real = [], FusedLlama._scores
    monkeypatch.setattr(
        llama.FusedLlama, "_scores", lambda self, mask, dtype: made.append(mask) or real(self, mask, dtype)
    )
    opened, masked = runner.kv_cache.begin_forward, []

    def begin(*arguments: Any) -> Any:
        mask = opened(*arguments)
        runner.kv_cache.window.causal &= not masked
        return mask

    monkeypatch.setattr(runner.kv_cache, "begin_forward", begin)
    with torch.inference_mode():
        found = runner.prefill(0, [PrefillChunk(prompt, 0, len(prompt)) for prompt in prompts])
        assert not made
        masked.append(True)
        wanted = runner.prefill(0, [PrefillChunk(prompt, 0, len(prompt)) for prompt in prompts])
        assert len(made) == 1
        masked.clear()
        runner.prefill(0, [PrefillChunk(prompt, len(prompt) - 4, len(prompt)) for prompt in prompts])
        assert len(made) == 2
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other, atol=1e-5)
    runner.kv_cache.clear()


NUM_LAYERS, WIDTH = 2, 640


def _language() -> LlamaModel:
    """A language half whose layers are large enough to be packed."""
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=WIDTH,
        intermediate_size=1536,
        num_hidden_layers=NUM_LAYERS,
        num_attention_heads=10,
        num_key_value_heads=5,
        vocab_size=16,
    )
    assert WIDTH * WIDTH >= SMALL
    return LlamaModel(config).eval().requires_grad_(False)


def _decoded(fused: FusedLlama, prompts: torch.Tensor, token: torch.Tensor) -> torch.Tensor:
    """The final states of one token after prompts [R, Q, D], which are read before."""
    kv_cache = BatchKVCache(["kv"] * NUM_LAYERS)
    rows, length = prompts.shape[:2]
    with torch.inference_mode():
        mask = kv_cache.begin_forward(0, [0] * rows, length)
        fused(prompts, mask, torch.arange(length).expand(rows, -1), kv_cache)
        mask = kv_cache.begin_forward(0, [length] * rows, 1)
        return fused(token, mask, torch.full((rows, 1), length), kv_cache)


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_a_step_of_few_rows_is_that_of_many(rows: int) -> None:
    """Rows that kernels are given besides change nothing; what comes out is what transformers computes."""
    language = _language()
    prompts, token = torch.randn(6, 7, WIDTH), torch.randn(6, 1, WIDTH)
    wanted = language(inputs_embeds=torch.cat([prompts, token], dim=1)).last_hidden_state[:, -1:]
    pack_linears(language)
    fused = FusedLlama(language)
    assert fused.states_dtype == torch.float32
    found = _decoded(fused, prompts, token)
    assert torch.allclose(found, wanted, atol=1e-4)
    few = _decoded(fused, prompts[:rows], token[:rows])
    assert few.shape == (rows, 1, WIDTH)
    if has_kernel():
        assert torch.equal(few, found[:rows])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_prompts_shorter_than_kernels_want(length: int) -> None:
    """What is added for the kernels neither changes what is read nor comes out; embeddings stay as they were."""
    language = _language()
    prompt = torch.randn(1, length, WIDTH)
    wanted, before = language(inputs_embeds=prompt).last_hidden_state, prompt.clone()
    pack_linears(language)
    fused, kv_cache, told = FusedLlama(language), BatchKVCache(["kv"] * NUM_LAYERS), []
    fused._tapped, fused.tap = 0, told.append
    with torch.inference_mode():
        mask = kv_cache.begin_forward(0, [0], length)
        found = fused(prompt, mask, torch.arange(length)[None], kv_cache)
    assert torch.allclose(found, wanted, atol=1e-4)
    assert torch.equal(prompt, before)
    assert told[0].shape == prompt.shape


@pytest.mark.skipif(not has_bf16(), reason="needs a processor with AVX-512 BF16 or AMX")
def test_bfloat16_layers_attend_in_bfloat16() -> None:
    """States take half the memory; what comes out stays near, and a row has the same bits alone and among others."""
    language = _language()
    prompts, token = torch.randn(6, 7, WIDTH), torch.randn(6, 1, WIDTH)
    wanted = language(inputs_embeds=torch.cat([prompts, token], dim=1)).last_hidden_state[:, -1:]
    for parent in list(language.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Linear):
                setattr(parent, name, Bf16Linear(layer.weight.bfloat16(), None))
    fused = FusedLlama(language)
    assert fused.states_dtype == torch.bfloat16
    found = _decoded(fused, prompts, token)
    assert found.dtype == torch.float32
    assert (found - wanted).abs().max() < 0.02 * wanted.abs().max()
    assert torch.equal(_decoded(fused, prompts[:1], token[:1]), found[:1])
