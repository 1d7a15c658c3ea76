"""Features kept on disk by content: encoded once, ever."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from attrs import evolve

from atom_core.records import Clip, Features
from atom_core.stores.claims import Claims
from atom_core.stores.tensor_store import TensorStore

FORMAT = 5
"""Version of the files; part of every key."""
_RECENT_BYTES = 128 * 2**20
"""Features kept in memory, too: a clip is usually captioned, embedded and asked about in one go."""


def feature_key(clip: Clip, rule: str, fingerprint: str) -> str:
    """The content address of a clip's features: everything that could change them.

    :param clip: its video's content hash and its span count, its path does not
    :param rule: the sampling rule
    :param fingerprint: of the encoder: weights, preprocessing, precision and library versions
    :return: 64 hexadecimal digits
    """
    parts = [FORMAT, clip.video.content_hash, repr(clip.start_s), repr(clip.end_s), rule, fingerprint]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class FeatureCache:
    """Content-addressed features, shared by processes; the most recent ones in memory, too."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """
        :param folder: where the files live; made on first use
        :param max_bytes: most disk space; the least recently used files go first; 0 keeps nothing on disk
        """
        self.folder = folder
        self.max_bytes = max_bytes
        self._files = TensorStore(folder / "features", max_bytes, what="features")
        self._claims = Claims(folder / "locks", "is encoding this clip")
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, Features] = OrderedDict()
        self._recent_bytes = 0

    def get(self, key: str, clip: Clip) -> Features | None:
        """The features kept under `key`, placed at `clip`; None when there are none or the file is damaged."""
        with self._lock:
            known = self._recent.get(key)
            if known is not None:
                self._recent.move_to_end(key)
        if known is None and (found := self._files.read(key)) is not None:
            tensors, about = found
            known = Features(
                clip=clip,
                values=tensors.pop("values"),
                timestamps_s=tuple(about["timestamps_s"]),
                rule=about["rule"],
                key=key,
                layout=about["layout"],
                extra=tensors,
            )
            self._remember(known)
        return None if known is None else evolve(known, clip=clip)

    def put(self, features: Features) -> None:
        """Keep `features` under their key."""
        self._remember(features)
        about = {"timestamps_s": features.timestamps_s, "rule": features.rule, "layout": dict(features.layout)}
        self._files.write(features.key, {"values": features.values, **features.extra}, about)

    def get_or_compute(
        self,
        key: str,
        clip: Clip,
        compute: Callable[[], Features],
        *,
        check: Callable[[], None],
        or_key: str | None = None,
    ) -> tuple[Features, bool]:
        """The features kept under `key`, or else what `compute` makes, which is kept; and whether they were known.

        Of several processes that want the same features one computes them, and the others wait for it.

        :param check: called now and then while waiting; what it raises ends that
        :param or_key: another key whose features will do
        """
        keys = dict.fromkeys(filter(None, (key, or_key)))
        known = self._first(keys, clip)
        if known is not None:
            return known, True
        with self.claim(key, check):
            known = self._first(keys, clip)  # another process may have computed them meanwhile
            if known is not None:
                return known, True
            features = compute()
            self.put(features)
            return features, False

    def _first(self, keys: Iterable[str], clip: Clip) -> Features | None:
        return next((found for key in keys if (found := self.get(key, clip)) is not None), None)

    @contextlib.contextmanager
    def claim(self, key: str, check: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the right to compute `key`; other processes that want it wait, and say so when that takes long.

        :param check: called now and then while waiting; what it raises ends that
        """
        with self._claims.claim(key, check):
            yield

    def _remember(self, features: Features) -> None:
        size = _num_bytes(features)
        with self._lock:
            if features.key in self._recent or size > _RECENT_BYTES:
                return
            self._recent[features.key] = features
            self._recent_bytes += size
            while self._recent_bytes > _RECENT_BYTES:
                self._recent_bytes -= _num_bytes(self._recent.popitem(last=False)[1])


def _num_bytes(features: Features) -> int:
    return sum(t.numel() * t.element_size() for t in (features.values, *features.extra.values()))
