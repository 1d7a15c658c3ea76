"""A context of llama.cpp: its memory of several sequences, one a slot, and passes over them.

Shape letters: R rows, Q new tokens, D width.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from attrs import field, frozen

import atom_core as atom
from atom_llamacpp.engine import api

if TYPE_CHECKING:
    from atom_llamacpp.states import StateFormat

_BATCH, _PASS = 2048, 512
"""The most tokens that a call takes, and that are computed at once."""


class Tap(Protocol):
    """Sees the layers' outputs while they are computed; it may cost as much as a millisecond a pass."""

    callback: object
    """What llama.cpp calls."""


@frozen(kw_only=True, eq=False)
class Model:
    """A model that llama.cpp has loaded."""

    pointer: object = field(repr=False)
    """llama.cpp's own."""
    width: int
    """Of hidden states."""
    threads: int | None
    """`Settings.threads`."""
    states: StateFormat
    """How states are written."""


class Context:
    """Slots 0 to `slots`, of `tokens` tokens each."""

    def __init__(self, model: Model, slots: int, tokens: int, tap: Tap | None = None) -> None:
        """
        :raises ModelError: if there is no room for it
        """
        self._model, self._api = model, api()
        chosen = self._api.llama_context_default_params()
        chosen.n_ctx, chosen.n_seq_max, chosen.kv_unified = slots * tokens, slots, False
        chosen.n_batch, chosen.n_ubatch = _BATCH, _PASS
        # threads that wait for others turn in a loop: more of them than processors take minutes for what takes seconds
        chosen.n_threads = chosen.n_threads_batch = min(model.threads or _cores(), _cores())
        chosen.type_k = chosen.type_v = model.states.kind
        flash, plain = self._api.LLAMA_FLASH_ATTN_TYPE_ENABLED, self._api.LLAMA_FLASH_ATTN_TYPE_DISABLED
        chosen.flash_attn_type = plain if model.states.across else flash
        chosen.embeddings, chosen.pooling_type = True, self._api.LLAMA_POOLING_TYPE_NONE
        chosen.no_perf = True
        if tap is not None:
            chosen.cb_eval = tap.callback
        self._pointer = self._api.llama_init_from_model(model.pointer, chosen)
        if not self._pointer:
            raise atom.ModelError(
                f"llama.cpp has no room for {slots} requests of {tokens} tokens; use a lower --batch or shorter prompts"
            )
        self._memory = self._api.llama_get_memory(self._pointer)
        self.slots, self.tokens = slots, int(self._api.llama_n_ctx_seq(self._pointer))
        self._empty: np.ndarray | None = None

    def run(self, embeds_RQD: np.ndarray, slots: Sequence[int], starts: Sequence[int]) -> np.ndarray:
        """Final hidden states [R * Q, D] of new tokens, which the slots hold from then on.

        :param starts: how many tokens each slot goes on from; what it holds beyond is forgotten
        """
        for slot, start in zip(slots, starts, strict=True):
            self._api.llama_memory_seq_rm(self._memory, slot, start, -1)
        num_rows, new, width = embeds_RQD.shape
        at_once = max(1, _BATCH // num_rows)
        pieces = []
        for at in range(0, new, at_once):
            piece = np.ascontiguousarray(embeds_RQD[:, at : at + at_once], np.float32)
            hidden = self._decode(piece.reshape(-1, width), slots, [start + at for start in starts])
            pieces.append(hidden.reshape(num_rows, -1, width))
        return (pieces[0] if len(pieces) == 1 else np.concatenate(pieces, 1)).reshape(-1, width)

    def _decode(self, embeds_ND: np.ndarray, slots: Sequence[int], starts: Sequence[int]) -> np.ndarray:
        num_tokens = len(embeds_ND)
        new = num_tokens // len(slots)
        positions = (np.array(starts, np.int32)[:, None] + np.arange(new, dtype=np.int32)).reshape(-1)
        rows = np.repeat(np.array(slots, np.int32), new)
        addresses = (rows.ctypes.data + rows.itemsize * np.arange(num_tokens)).astype(np.uintp)
        ones, wanted = np.ones(num_tokens, np.int32), np.ones(num_tokens, np.int8)
        batch = self._api.llama_batch()
        batch.n_tokens = num_tokens
        batch.embd = embeds_ND.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        batch.pos = positions.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        batch.n_seq_id = ones.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        batch.seq_id = addresses.ctypes.data_as(ctypes.POINTER(ctypes.POINTER(ctypes.c_int32)))
        batch.logits = wanted.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))
        code = self._api.llama_decode(self._pointer, batch)
        if code:
            raise atom.ModelError(
                f"llama.cpp failed with code {code} at {len(slots)} rows of {new} new tokens; ask again, or name the"
                " model without llamacpp:"
            )
        found = self._api.llama_get_embeddings(self._pointer)
        hidden: np.ndarray = np.ctypeslib.as_array(found, shape=(num_tokens * self._model.width,)).copy()
        return hidden.reshape(num_tokens, -1)

    def block(self, slot: int) -> np.ndarray:
        """What a slot holds, for `put` and `StateFormat.unpack`."""
        return self._model.states.split(self._state(slot), self.slots)

    def put(self, slot: int, block: np.ndarray) -> None:
        """Have a slot hold what `block` gave of another.

        :raises ModelError: if llama.cpp refuses it
        """
        self.remove(slot)
        if not len(block):
            return
        if self._empty is None:
            self._empty = self._state(slot)
        data = self._model.states.joined(self._empty, block, self.slots)
        pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        if self._api.llama_state_seq_set_data(self._pointer, pointer, len(data), slot) != len(data):
            raise atom.ModelError(
                f"llama.cpp takes no {len(data)} bytes of kept states; name the model without llamacpp:"
            )

    def remove(self, slot: int) -> None:
        """Forget what a slot holds."""
        self._api.llama_memory_seq_rm(self._memory, slot, -1, -1)

    def close(self) -> None:
        """Let go of it."""
        if self._pointer:
            self._api.llama_free(self._pointer)
        self._pointer = None

    def _state(self, slot: int) -> np.ndarray:
        data = np.empty(self._api.llama_state_seq_get_size(self._pointer, slot), np.uint8)
        pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        written = self._api.llama_state_seq_get_data(self._pointer, pointer, len(data), slot)
        return data[:written]


def _cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1
