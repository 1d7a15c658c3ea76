"""The batch's KV cache as the language halves of transformers call it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers.cache_utils import Cache, CacheLayerMixin, LinearAttentionCacheLayerMixin

from atom_core.decoder.kv_cache import BatchKVCache, ForwardWindow, KVLayer, StateLayer


class TransformersKVLayer(KVLayer, CacheLayerMixin):
    """An attention layer's buffer."""

    is_sliding = False  # sliding windows are cut by the mask: a ring buffer could not be shared or kept

    def __init__(self, window: ForwardWindow) -> None:
        CacheLayerMixin.__init__(self)
        KVLayer.__init__(self, window)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:  # noqa: ARG002
        """Length and offset of the keys."""
        return self.window.length, 0

    def get_seq_length(self) -> int:
        """Tokens before the new ones."""
        return self.window.starts[0] if self.is_initialized and self.window.starts else 0

    def get_max_length(self) -> int:
        """There is no limit: -1."""
        return -1


class TransformersStateLayer(StateLayer, LinearAttentionCacheLayerMixin):
    """A layer of convolution or recurrent states."""

    def __init__(self, window: ForwardWindow) -> None:
        LinearAttentionCacheLayerMixin.__init__(self, number_of_states=1)
        StateLayer.__init__(self, window)

    def lazy_initialization(self, *_: object, **__: object) -> None:
        """Nothing is made in advance: the first states tell the buffers' shapes."""

    def open(self) -> None:
        """Show the window's rows to the model."""
        first, end = self.window.first, self.window.end
        seen = {name: buffer[first:end] for name, buffer in self.buffers.items()}
        self.has_previous_state[0] = self.window.continued
        self.conv_states[0], self.recurrent_states[0] = seen.get("conv"), seen.get("recurrent")
        self.is_recurrent_states_initialized[0] = "recurrent" in seen

    def update_conv_state(
        self, conv_states: torch.Tensor, state_idx: int = 0, conv_kernel_size: int | None = None, **_: object
    ) -> torch.Tensor:
        """Keep the last inputs [R, C, K] of a convolution; all of them, those before the new ones included."""
        width = conv_kernel_size or conv_states.shape[-1]
        before = self.conv_states[state_idx]
        if self.window.continued and before is not None:
            # a convolution over the new inputs looks back at the last ones of the chunk before
            conv_states = torch.cat([before, conv_states], dim=-1)
        elif conv_states.shape[-1] < width:
            conv_states = torch.nn.functional.pad(conv_states, (width - conv_states.shape[-1], 0))
        self.write("conv", conv_states[..., -width:])
        return conv_states

    def update_recurrent_state(self, recurrent_states: torch.Tensor, state_idx: int = 0, **_: object) -> torch.Tensor:  # noqa: ARG002
        """Keep the recurrent states [R, ...]."""
        self.write("recurrent", recurrent_states)
        return recurrent_states


class TransformersKVCache(BatchKVCache, Cache):  # type: ignore[misc]
    """All layers' buffers."""

    kv_layer = TransformersKVLayer
    state_layer = TransformersStateLayer

    def __init__(self, kinds: Sequence[str]) -> None:
        """
        :param kinds: what each layer keeps, see `layer_kinds`
        """
        BatchKVCache.__init__(self, kinds)
        Cache.__init__(self, layers=self.layers)  # type: ignore[arg-type]
