"""ExecuTorch's Python runtime: opened when first used, without what its exporter brings.

`executorch.runtime` imports the whole exporter (some 350 MB); the extension below it runs programs, with two libraries
of operators beside it. torch tensors go in and come out, so torch is imported where programs run in Python; the
libraries themselves need none, as `docs/phone.md` shows.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_executorch.remarks import take_remarks

if TYPE_CHECKING:
    import torch

_OPERATORS = (
    "extension/llm/custom_ops/*custom_ops_aot_lib.*",  # attention with a cache
    "kernels/quantized/*quantized_ops_aot_lib.*",  # tables of 8-bit numbers
)
INSTALL = (
    "python -m pip install --no-deps 'executorch>=1.5,<1.6' && python -m pip install flatbuffers ruamel.yaml tabulate"
)
"""How to install it beside Atom: what its full installation brings besides is for other backends."""


def installed_version() -> str:
    """The version of ExecuTorch.

    :raises ModelError: if it is not installed
    """
    try:
        return version("executorch")
    except PackageNotFoundError:
        raise atom.ModelError(f"exported models need ExecuTorch, which is not installed: {INSTALL}") from None


def package_folder() -> Path:
    """Where ExecuTorch is installed.

    :raises ModelError: if it is not
    """
    installed_version()
    spec = find_spec("executorch")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def load_runtime() -> Any:
    """The extension, with its operators registered.

    :raises ModelError: if it is not installed, or does not fit this torch
    """
    installed, folder = installed_version(), package_folder()
    import torch  # noqa: F401  the extension hands its tensors over

    try:
        from executorch.extension.pybindings import _C

        take_remarks(folder)
        for pattern in _OPERATORS:
            for library in folder.glob(pattern):
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    except (ImportError, OSError) as error:
        raise atom.ModelError(
            f"ExecuTorch {installed} cannot be opened ({str(error).splitlines()[0]}); install the one that fits this"
            f" torch, {version('torch')}: {INSTALL}"
        ) from None
    return _C


class Program:
    """A file of programs. Their memory, keys and values included, is one; so one call at a time runs."""

    def __init__(self, source: str, path: Path, *, threads: int = 0) -> None:
        """
        :param source: the model as the user named it
        :param threads: 0 leaves them as they are
        :raises ModelError: if the file cannot be opened
        """
        self._source, self._lock = source, threading.Lock()
        runtime = load_runtime()
        if threads:
            runtime._unsafe_reset_threadpool(threads)
        try:
            self._module: Any = runtime._load_for_executorch(str(path))
            self.methods: tuple[str, ...] = tuple(self._module.method_names())
            """The names of its programs."""
        except RuntimeError as error:
            raise self._fault(error) from None

    def run(self, method: str, *inputs: torch.Tensor) -> Sequence[Any]:
        """What a program gives; copies.

        :raises ModelError: if it fails
        """
        with self._lock:
            try:
                results: Sequence[Any] = self._module.run_method(method, inputs)
            except RuntimeError as error:
                raise self._fault(error) from None
        return results

    def input_sizes(self, method: str) -> tuple[int, ...]:
        """The largest shape of a program's first input."""
        meta = self._module.method_meta(method)
        return tuple(meta.input_tensor_meta(0).sizes())

    def close(self) -> None:
        """Let go of its memory."""
        with self._lock:
            self._module = None

    def _fault(self, error: RuntimeError) -> atom.ModelError:
        said = str(error).splitlines()[0]
        return atom.ModelError(f"model {self._source}: ExecuTorch cannot run it ({said}); export it again")
