"""Prefixes of models whose memory of a sequence cannot be cut: kept whole, matched whole."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from atom_core.decoder.prefix_cache import KV
from atom_core.families.prompt import PrefixKey

if TYPE_CHECKING:
    import torch


@frozen(eq=False)
class Snapshot:
    """All that a model keeps of a prefix."""

    kv: KV
    """KV states of the attention layers, from the first token on."""
    states: tuple[Mapping[str, torch.Tensor], ...]
    """States of the other layers, by name."""

    @property
    def num_tokens(self) -> int:
        """Length of the prefix."""
        return self.kv.num_tokens

    @property
    def num_bytes(self) -> int:
        """Memory held, bytes."""
        tensors = [tensor for states in self.states for tensor in states.values()]
        return self.kv.num_bytes + sum(tensor.numel() * tensor.element_size() for tensor in tensors)


class StateCache:
    """Lookup of snapshots by prefix under a byte budget; the least recently used go first."""

    def __init__(self, max_bytes: int) -> None:
        """
        :param max_bytes: most memory held; 0 keeps nothing
        """
        self.max_bytes = max_bytes
        self.num_bytes = 0
        self._kept: OrderedDict[tuple[PrefixKey, ...], Snapshot] = OrderedDict()
        self._lock = threading.Lock()

    def match(self, keys: Sequence[PrefixKey], limit: int) -> Snapshot | None:
        """The snapshot of the longest kept prefix of `keys` of at most `limit` tokens; borrowed."""
        with self._lock:
            # a snapshot fits whole prefixes only, so each length that is kept is tried, the longest first
            for length in sorted({len(key) for key in self._kept}, reverse=True):
                key = tuple(keys[:length])
                found = self._kept.get(key)
                if found is not None and found.num_tokens <= limit:
                    self._kept.move_to_end(key)
                    return found
        return None

    def insert(self, keys: Sequence[PrefixKey], snapshot: Snapshot) -> None:
        """Keep the snapshot of a prefix; owned from then on."""
        with self._lock:
            old = self._kept.pop(tuple(keys), None)
            self.num_bytes += snapshot.num_bytes - (old.num_bytes if old is not None else 0)
            self._kept[tuple(keys)] = snapshot
            while self.num_bytes > self.max_bytes:
                _, snapshot = self._kept.popitem(last=False)
                self.num_bytes -= snapshot.num_bytes
