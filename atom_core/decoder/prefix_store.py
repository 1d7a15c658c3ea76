"""What is kept of prompts, so that a clip is prefilled once for all that is asked about it: two forms of one store.

Attention's keys and values can be cut at any token, so prefixes lie in a radix tree and share what they begin with.
Convolution and recurrent states stand for all tokens before them and cannot be cut: such models' prefixes are kept
whole.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Protocol

from atom_core.decoder.model_runner import ModelRunner
from atom_core.decoder.prefix_cache import KV, RadixPrefixCache, first_tokens, joined
from atom_core.decoder.prefix_disk_cache import PrefixDiskCache
from atom_core.decoder.request import DecodeRequest
from atom_core.decoder.scheduler import Prefix
from atom_core.decoder.state_cache import StateCache
from atom_core.families.prompt import PrefillChunk

log = logging.getLogger("atom")

_SHARE_BYTES = 2_500_000
"""Rows share a prefix if that spares each layer reading this much at every step; for less, copies are faster."""


class PrefixStore(Protocol):
    """What the engine asks of kept prefixes; it follows `PrefixLookup`, which the scheduler asks."""

    keeps_whole: bool
    """Whether prefixes are matched whole, or else token by token."""

    def missing(self, request: DecodeRequest) -> Prefix:
        """The shared prefix of `request` if it is worth keeping and not kept yet; else nothing."""

    def num_reused(self, request: DecodeRequest) -> int:
        """How many tokens of the prompt need not be computed."""

    def recall(self, request: DecodeRequest) -> None:
        """Bring the shared prefix of `request` from disk, in the thread of who asks."""

    def restore(self, row: int, request: DecodeRequest, running: Sequence[DecodeRequest], num_sharing: int) -> int:
        """Fill `row` with what is known of the prompt; how many tokens that are.

        :param running: the requests in the rows before
        :param num_sharing: how many requests have the same shared prefix
        """

    def prefill_prefix(self, row: int, request: DecodeRequest, chunk: PrefillChunk) -> PrefillChunk:
        """Prefill the shared prefix on its own, if it can only be kept then; what is left of `chunk`."""

    def keep(self, row: int, request: DecodeRequest, start: int, num_sharing: int) -> None:
        """Keep the shared prefix of `request`, which was prefilled into `row` from token `start` on."""

    def release(self) -> bool:
        """Let go of all kept prefixes, where memory runs out; whether it is worth trying again."""

    def close(self) -> None:
        """Finish what is being written."""


class RadixPrefixStore:
    """Prefixes of models with attention only: any common beginning is reused, rows can share it, and it can be kept on
    disk.
    """

    keeps_whole = False

    def __init__(self, cache: RadixPrefixCache, disk: PrefixDiskCache | None, runner: ModelRunner) -> None:
        """
        :param disk: where prefixes are kept between runs, too
        """
        self._cache, self._disk, self._runner = cache, disk, runner
        self._recalling = threading.Lock()

    def missing(self, request: DecodeRequest) -> Prefix:
        """The shared prefix, if it is not kept yet."""
        prefix = request.shared_prefix
        if not prefix or not self._cache.max_bytes:
            return ()
        return prefix if self._cache.missing_from(prefix) < request.prompt.visual_end else ()

    def num_reused(self, request: DecodeRequest) -> int:
        """The tokens that are kept, but for the last ones, whose hidden states are wanted."""
        return request.reusable(self._cache.missing_from(request.prefix_keys))

    def recall(self, request: DecodeRequest) -> None:
        """Bring the shared prefix from disk."""
        prefix = request.shared_prefix
        if self._disk is None or not prefix:
            return
        with self._recalling:  # of several requests about one clip, one reads the file
            if self._cache.missing_from(prefix) < request.prompt.visual_end:
                kv = self._disk.get(prefix)
                if kv is not None:
                    self._cache.insert(prefix, self._runner.on_device(kv), 0)

    def restore(self, row: int, request: DecodeRequest, running: Sequence[DecodeRequest], num_sharing: int) -> int:
        """Copy kept states into `row`, or let it share them."""
        known, chain = self._cache.match(request.prefix_keys)
        num_tokens = request.reusable(known)
        if num_tokens:
            share = self._worth_sharing(chain, num_sharing)
            self._runner.kv_cache.restore(row, first_tokens(chain, num_tokens), share=share)
            if share:
                self._share_with(running, request.shared_prefix)
        return num_tokens

    def prefill_prefix(self, row: int, request: DecodeRequest, chunk: PrefillChunk) -> PrefillChunk:  # noqa: ARG002
        """Nothing is prefilled apart: states can be cut afterwards."""
        return chunk

    def keep(self, row: int, request: DecodeRequest, start: int, num_sharing: int) -> None:
        """Keep the states up to the end of the last clip, in memory and on disk."""
        prefix, end = request.shared_prefix, request.prompt.visual_end
        if not prefix or end <= start:
            return
        self._cache.insert(prefix, self._runner.kv_cache.view(row, start, end), start)
        known, chain = self._cache.match(prefix)
        if known < end:
            return  # it did not fit into the budget
        if self._disk is not None:
            self._disk.put(prefix, joined(chain))
        # a request that embeds or scores leaves its row at once; a row that was restored in part may share already
        if request.max_new_tokens and not start and self._worth_sharing(chain, num_sharing):
            self._runner.kv_cache.share_longest(row, chain, len(request.prompt))

    def release(self) -> bool:
        """Let go of the whole tree. A forward pass can be done again: it writes the same states to the same places."""
        if not self._cache.num_bytes:
            return False
        log.warning("memory ran out: letting go of %d MB of kept prefixes", self._cache.num_bytes // 10**6)
        self._cache.shrink(0)
        return True

    def close(self) -> None:
        """Finish writing to disk."""
        if self._disk is not None:
            self._disk.close()

    def _share_with(self, running: Sequence[DecodeRequest], prefix: Prefix) -> None:
        """Switch rows that hold their own copy of `prefix` to the shared one: they came when they were fewer."""
        for row, request in enumerate(running):
            if request.shared_prefix == prefix and not self._runner.kv_cache.shares(row):
                known, chain = self._cache.match(prefix)
                if known == request.prompt.visual_end:
                    self._runner.kv_cache.share_longest(row, chain, request.num_cached_tokens)

    def _worth_sharing(self, chain: Sequence[KV], num_sharing: int) -> bool:
        """Whether so many requests have the same prefix that their rows should share its states."""
        if not self._runner.can_share or num_sharing < 2:
            return False
        layer_bytes = max(kv.num_bytes // len(kv.layers) for kv in chain)
        return (num_sharing - 1) * layer_bytes >= _SHARE_BYTES


class StatePrefixStore:
    """Prefixes of models some of whose layers keep states: what a model holds after the last clip, whole."""

    keeps_whole = True

    def __init__(self, cache: StateCache, runner: ModelRunner) -> None:
        self._cache, self._runner = cache, runner

    def missing(self, request: DecodeRequest) -> Prefix:
        """The shared prefix, if it is not kept yet."""
        prefix, end = request.shared_prefix, request.prompt.visual_end
        if not prefix or not self._cache.max_bytes:
            return ()
        snapshot = self._cache.match(prefix, end)
        return prefix if snapshot is None or snapshot.num_tokens < end else ()

    def num_reused(self, request: DecodeRequest) -> int:
        """The length of the longest kept prefix."""
        snapshot = self._cache.match(request.prefix_keys, request.max_reused_tokens)
        return snapshot.num_tokens if snapshot is not None else 0

    def recall(self, request: DecodeRequest) -> None:
        """Nothing is kept on disk."""

    def restore(self, row: int, request: DecodeRequest, running: Sequence[DecodeRequest], num_sharing: int) -> int:  # noqa: ARG002
        """Copy the longest kept prefix into `row`."""
        snapshot = self._cache.match(request.prefix_keys, request.max_reused_tokens)
        if snapshot is None:
            return 0
        self._runner.kv_cache.load(row, snapshot)
        return snapshot.num_tokens

    def prefill_prefix(self, row: int, request: DecodeRequest, chunk: PrefillChunk) -> PrefillChunk:
        """Prefill up to the end of the last clip and keep what the model holds then; it cannot be had later."""
        end = request.prompt.visual_end
        if not self.missing(request) or not chunk.start < end <= request.max_reused_tokens:
            return chunk
        self._runner.prefill(row, [PrefillChunk(request.prompt, chunk.start, end)])
        self._cache.insert(request.shared_prefix, self._runner.kv_cache.snapshot(row, end))
        return PrefillChunk(request.prompt, end, chunk.end)

    def keep(self, row: int, request: DecodeRequest, start: int, num_sharing: int) -> None:
        """It was kept while it was prefilled."""

    def release(self) -> bool:
        """A forward pass that was cut off has changed states in place, and cannot be done again."""
        return False

    def close(self) -> None:
        """Nothing is written."""


def prefix_store(cache: RadixPrefixCache | None, disk: PrefixDiskCache | None, runner: ModelRunner) -> PrefixStore:
    """The form of store that fits the model in `runner`.

    :param cache: where prefixes are kept; None keeps none. Models with states take its budget only
    """
    if runner.has_states:
        return StatePrefixStore(StateCache(cache.max_bytes if cache is not None else 0), runner)
    if cache is None:
        return RadixPrefixStore(RadixPrefixCache(0), None, runner)
    return RadixPrefixStore(cache, disk, runner)
