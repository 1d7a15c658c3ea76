"""The forward pass of cards, computed on a processor: what is checked is its arithmetic, not its kernels."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaModel

from atom_core.decoder.kv_cache import BatchKVCache
from atom_core.decoder.on_card.llama import CardLlama, can_run

NUM_LAYERS, WIDTH = 3, 48


def language(key_heads: int = 2) -> LlamaModel:
    """A small language half with random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=WIDTH,
        intermediate_size=96,
        num_hidden_layers=NUM_LAYERS,
        num_attention_heads=6,
        num_key_value_heads=key_heads,
        vocab_size=16,
    )
    return LlamaModel(config).eval().requires_grad_(False)


def passed(card: CardLlama, kv_cache: BatchKVCache, starts: list[int], embeds_RQD: torch.Tensor) -> torch.Tensor:
    """Final states of new tokens."""
    new = embeds_RQD.shape[1]
    mask = kv_cache.begin_forward(0, starts, new)
    positions = torch.tensor(starts)[:, None] + torch.arange(new)
    return card(embeds_RQD, mask, positions, kv_cache)


@pytest.mark.parametrize("key_heads", [1, 2, 6])
def test_states_are_those_of_transformers(key_heads: int) -> None:
    """Of prompts read at once and in parts, and of what is decoded after prompts of unequal length."""
    model = language(key_heads)
    texts = torch.randn(2, 12, WIDTH)
    with torch.inference_mode():
        wanted = [
            model(inputs_embeds=text[None, :end]).last_hidden_state[0] for text, end in zip(texts, (12, 9), strict=True)
        ]
        card, kv_cache = CardLlama(model), BatchKVCache(["kv"] * NUM_LAYERS)
        first = passed(card, kv_cache, [0, 0], texts[:, :5])
        more = passed(card, kv_cache, [5, 5], texts[:, 5:8])
        step = passed(card, kv_cache, [8, 8], texts[:, 8:9])
        # the second row ends here; the first goes on from another place than the second is decoded at
        kv_cache.begin_forward(0, [8, 8], 1)
        last = passed(card, kv_cache, [9, 8], torch.stack([texts[0, 9:10], texts[1, 8:9]]))
    for row in range(2):
        assert torch.allclose(first[row], wanted[row][:5], atol=1e-5)
        assert torch.allclose(more[row], wanted[row][5:8], atol=1e-5)
        assert torch.allclose(step[row, 0], wanted[row][8], atol=1e-5)
    assert torch.allclose(last[0, 0], wanted[0][9], atol=1e-5)
    assert torch.allclose(last[1, 0], wanted[1][8], atol=1e-5)


def test_inner_states_are_those_before_the_last_layers() -> None:
    """Texts become vectors from the states that transformers gives as `hidden_states`."""
    from atom_core.text.embedding import SKIPPED_LAYERS

    model, text = language(), torch.randn(1, 7, WIDTH)
    seen: list[torch.Tensor] = []
    with torch.inference_mode():
        wanted = model(inputs_embeds=text, output_hidden_states=True).hidden_states[NUM_LAYERS - SKIPPED_LAYERS]
        card = CardLlama(model)
        card.tap = seen.append
        passed(card, BatchKVCache(["kv"] * NUM_LAYERS), [0], text)
    assert len(seen) == 1
    assert torch.allclose(seen[0], wanted, atol=1e-5)


def test_layers_that_are_not_plain_are_called() -> None:
    """A linear layer with a bias, or one that a quantiser has put in its place, computes as it does by itself."""
    model, text = language(), torch.randn(1, 7, WIDTH)
    with torch.inference_mode():
        for layer in model.layers:
            for holder, name in ((layer.self_attn, "q_proj"), (layer.mlp, "down_proj")):
                plain = getattr(holder, name)
                with_bias = nn.Linear(plain.in_features, plain.out_features)
                with_bias.weight = plain.weight
                setattr(holder, name, with_bias)
        wanted = model(inputs_embeds=text).last_hidden_state
        found = passed(CardLlama(model), BatchKVCache(["kv"] * NUM_LAYERS), [0], text)
        assert torch.allclose(found, wanted, atol=1e-5)
        # joined in memory, not copied: the model itself computes what it did
        assert torch.allclose(model(inputs_embeds=text).last_hidden_state, wanted, atol=1e-6)


def test_weights_are_held_once() -> None:
    """The joined layers and the model's own have the same memory."""
    model = language()
    CardLlama(model)
    attention = model.layers[0].self_attn
    addresses = {
        getattr(attention, name).weight.untyped_storage().data_ptr() for name in ("q_proj", "k_proj", "v_proj")
    }
    assert len(addresses) == 1


def test_it_is_for_cards_alone() -> None:
    """On a processor other passes are faster."""
    assert not can_run(language())
