"""Features kept on disk by content: encoded once, ever."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve
from filelock import FileLock

from atom_core.records import Clip, Features

if TYPE_CHECKING:
    import torch

log = logging.getLogger("atom")

FORMAT = 3
"""Version of the files; part of every key."""
_RECENT_BYTES = 128 * 2**20
_STALE_TEMPORARY_S = 3600.0


def feature_key(clip: Clip, rule: str, fingerprint: str) -> str:
    """The content address of a clip's features: everything that could change them.

    :param clip: its video's content hash and its span count, its path does not
    :param rule: the sampling rule
    :param fingerprint: of the encoder: weights, preprocessing, precision and library versions
    :return: 64 hexadecimal digits
    """
    parts = [FORMAT, clip.video.content_hash, repr(clip.start_s), repr(clip.end_s), rule, fingerprint]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class FeatureStore:
    """Content-addressed features: safetensors files, written atomically, capped in size, shared by processes.

    A folder that cannot be written, a full disk or a damaged file costs reuse, never a result: it is said once in the
    log and the features are computed.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """
        :param folder: where the files live; made on first use
        :param max_bytes: most disk space; the least recently used files go first; 0 keeps nothing on disk
        """
        self.folder = folder
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, Features] = OrderedDict()
        self._recent_bytes = 0
        self._disk_bytes: int | None = None
        self._warned = False

    def get(self, key: str, clip: Clip) -> Features | None:
        """The features kept under `key`, placed at `clip`; None when there are none or the file is damaged."""
        with self._lock:
            known = self._recent.get(key)
            if known is not None:
                self._recent.move_to_end(key)
        if known is None:
            known = self._read(key, clip)
            if known is not None:
                self._remember(known)
        return None if known is None else evolve(known, clip=clip)

    def put(self, features: Features) -> None:
        """Keep `features` under their key."""
        self._remember(features)
        if self.max_bytes:
            try:
                self._write(features)
            except OSError as error:
                self._warn(f"features cannot be kept in {self.folder}: {error}; going on without")

    @contextlib.contextmanager
    def claim(self, key: str) -> Iterator[None]:
        """Hold the right to compute `key`; other processes that want it wait."""
        try:
            path = self.folder / "locks" / f"{key[:3]}.lock"
            path.parent.mkdir(parents=True, exist_ok=True)
            lock: contextlib.AbstractContextManager[Any] = FileLock(path, thread_local=False)
            lock.__enter__()
        except OSError:
            lock = contextlib.nullcontext()
        with contextlib.ExitStack() as stack:
            stack.push(lock)
            yield

    def _path(self, key: str) -> Path:
        return self.folder / "features" / key[:2] / f"{key}.safetensors"

    def _remember(self, features: Features) -> None:
        size = _num_bytes(features)
        with self._lock:
            if features.key in self._recent or size > _RECENT_BYTES:
                return
            self._recent[features.key] = features
            self._recent_bytes += size
            while self._recent_bytes > _RECENT_BYTES:
                self._recent_bytes -= _num_bytes(self._recent.popitem(last=False)[1])

    def _read(self, key: str, clip: Clip) -> Features | None:
        from safetensors import SafetensorError, safe_open

        path = self._path(key)
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads(file.metadata()["atom"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            if _checksum(tensors) != about["checksum"]:
                raise ValueError("its checksum differs")
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            log.warning("features in %s are damaged (%s); computing them again", path, error)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return Features(
            clip=clip,
            values=tensors.pop("values"),
            timestamps_s=tuple(about["timestamps_s"]),
            rule=about["rule"],
            key=key,
            layout=about["layout"],
            extra=tensors,
        )

    def _write(self, features: Features) -> None:
        from safetensors.torch import save

        tensors = {"values": features.values, **features.extra}
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        about = {
            "checksum": _checksum(tensors),
            "timestamps_s": features.timestamps_s,
            "rule": features.rule,
            "layout": dict(features.layout),
        }
        data = save(tensors, metadata={"atom": json.dumps(about)})
        path = self._path(features.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{features.key}.{os.getpid()}.{threading.get_ident()}.tmp")
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        self._make_room(len(data))

    def _make_room(self, added_bytes: int) -> None:
        with self._lock:
            if self._disk_bytes is not None:
                self._disk_bytes += added_bytes
                if self._disk_bytes <= self.max_bytes:
                    return
            files = self._files()
            self._disk_bytes = sum(size for _, size, _ in files)
            for _, size, path in sorted(files):
                if self._disk_bytes <= self.max_bytes:
                    break
                with contextlib.suppress(OSError):
                    path.unlink()
                    self._disk_bytes -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        files = []
        for path in (self.folder / "features").glob("*/*"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                if path.suffix == ".tmp":
                    if stat.st_mtime < time.time() - _STALE_TEMPORARY_S:
                        path.unlink()
                else:
                    files.append((stat.st_mtime, stat.st_size, path))
        return files

    def _warn(self, text: str) -> None:
        if not self._warned:
            self._warned = True
            log.warning(text)


def _num_bytes(features: Features) -> int:
    return sum(t.numel() * t.element_size() for t in (features.values, *features.extra.values()))


def _checksum(tensors: Mapping[str, torch.Tensor]) -> str:
    import torch

    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")
    return digest.hexdigest()
