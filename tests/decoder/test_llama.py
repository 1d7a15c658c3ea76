"""The lean forward pass."""

from __future__ import annotations

from typing import Any

import torch

from atom_core.decoder import llama
from atom_core.decoder.llama import FusedLlama
from atom_core.families.prompt import PrefillChunk
from atom_core.host import Host
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
