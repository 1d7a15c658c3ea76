"""Tensors kept on disk under content addresses: safetensors files, written whole, checked, capped in size."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atom_core.files import begin_private, beside, private_folder, sweep
from atom_core.files.owner import check_own

if TYPE_CHECKING:
    import torch

log = logging.getLogger("atom")


class TensorStore:
    """Files of one kind, shared by threads and processes.

    A folder that cannot be written, a full disk or a damaged file costs reuse, never a result: it is said in the log,
    once where nothing can be kept.
    """

    def __init__(self, folder: Path, max_bytes: int, *, what: str) -> None:
        """
        :param folder: where the files live; made on first use
        :param max_bytes: most disk space; the least recently used files go first; 0 keeps nothing
        :param what: what is kept, for messages, a plural
        """
        self.folder = folder
        self.max_bytes = max_bytes
        self._what = what
        self._lock = threading.Lock()
        self._disk_bytes: int | None = None
        self._warned = False

    def read(self, key: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """The tensors kept under `key` and what was said about them; None if there are none or they are damaged."""
        from safetensors import SafetensorError, safe_open

        path = self._path(key)
        try:
            check_own(path)
        except OSError:
            return None
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads(file.metadata()["atom"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            if about.pop("checksum") != _checksum(key, tensors, about):
                raise ValueError("its checksum differs")
            with contextlib.suppress(OSError):  # what cannot be written can be read all the same
                os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            log.warning("%s in %s are damaged (%s); computing them again", self._what, path, error)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return tensors, about

    def write(self, key: str, tensors: Mapping[str, torch.Tensor], about: Mapping[str, object]) -> None:
        """Keep `tensors` under `key`, with JSON values about them."""
        if not self.max_bytes:
            return
        try:
            self._write(key, tensors, about)
        except OSError as error:
            if not self._warned:
                self._warned = True
                log.warning("%s cannot be kept in %s: %s; going on without", self._what, self.folder, error)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.safetensors"

    def _write(self, key: str, tensors: Mapping[str, torch.Tensor], about: Mapping[str, object]) -> None:
        from safetensors.torch import save

        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        about = json.loads(json.dumps(about))
        data = save(tensors, metadata={"atom": json.dumps({**about, "checksum": _checksum(key, tensors, about)})})
        path = self._path(key)
        private_folder(path.parent)
        with beside(path) as temporary:
            begin_private(temporary)
            temporary.write_bytes(data)
            temporary.replace(path)
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
        for folder in self.folder.glob("*"):
            sweep(folder)
        files = []
        for path in self.folder.glob("*/*.safetensors"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        return files


def _checksum(key: str, tensors: Mapping[str, torch.Tensor], about: Mapping[str, object]) -> str:
    """A checksum of tensors, metadata and key: a file that is renamed to another key is rejected."""
    import torch

    digest = hashlib.blake2b(json.dumps([key, about], sort_keys=True).encode(), digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.view(torch.uint8).numpy().data if tensor.numel() else b"")
    return digest.hexdigest()
