"""Prefixes kept on disk between runs, so that a clip that was asked about is not read again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore

from atom_core.decoder.prefix_cache import KV
from atom_core.families.prompt import PrefixKey
from atom_core.stores.tensor_store import TensorStore

FORMAT = 2
"""Version of the files and of the arithmetic that makes their states; part of every key."""
_MOST_WAITING = 4
"""Prefixes that wait to be written; further ones are not kept."""


class PrefixDiskCache:
    """KV states of whole prompt heads by content. Written by a thread of its own, which nobody waits for."""

    def __init__(self, folder: Path, max_bytes: int, fingerprint: str) -> None:
        """
        :param folder: where the files live; made on first use
        :param max_bytes: most disk space; the least recently used go first
        :param fingerprint: of the decoder: weights, precision and library versions
        """
        self._files = TensorStore(folder, max_bytes, what="prefixes")
        self._fingerprint = fingerprint
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="prefixes")
        self._free = BoundedSemaphore(_MOST_WAITING)

    def get(self, keys: Sequence[PrefixKey]) -> KV | None:
        """The states of the prefix `keys`; None if there are none."""
        found = self._files.read(self._key(keys))
        if found is None:
            return None
        tensors, _ = found
        layers = tuple((tensors[f"{n}.keys"], tensors[f"{n}.values"]) for n in range(len(tensors) // 2))
        return KV(layers, sum(num_tokens for _, num_tokens in keys))

    def put(self, keys: Sequence[PrefixKey], kv: KV) -> None:
        """Keep the states `kv` of the prefix `keys`; owned from then on. Skipped while the disk does not keep up."""
        # each waiting write holds a prefix in memory; a disk that is too slow must not fill it
        if not self._free.acquire(blocking=False):
            return
        tensors = {f"{n}.keys": keys for n, (keys, _) in enumerate(kv.layers)}
        tensors |= {f"{n}.values": values for n, (_, values) in enumerate(kv.layers)}
        written = self._writer.submit(self._files.write, self._key(keys), tensors, {})
        written.add_done_callback(lambda _: self._free.release())

    def close(self) -> None:
        """Finish writing."""
        self._writer.shutdown()

    def _key(self, keys: Sequence[PrefixKey]) -> str:
        return hashlib.sha256(json.dumps([FORMAT, self._fingerprint, list(keys)]).encode()).hexdigest()
