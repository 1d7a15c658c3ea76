"""What a layer gives, seen while llama.cpp computes it."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np

from atom_llamacpp.engine import api

if TYPE_CHECKING:
    from ctypes import CDLL


class LayerTap:
    """Keeps the hidden states [N, D] after one layer, in the order in which they are computed."""

    def __init__(self, layer: int, width: int) -> None:
        """
        :param layer: from 0
        """
        self._name, self._width = f"l_out-{layer}".encode(), width
        self._pieces: list[np.ndarray] = []
        library: CDLL = api().llama_cpp._lib
        self._get_name, self._get, self._size = (
            getattr(library, name) for name in ("ggml_get_name", "ggml_backend_tensor_get", "ggml_nbytes")
        )
        self._get_name.restype, self._get_name.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
        self._size.restype, self._size.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
        self._get.restype = None
        self._get.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
        # kept: it would be collected while it is called
        self.callback = api().ggml_backend_sched_eval_callback(self._see)

    def taken(self) -> np.ndarray:
        """The states since it was asked last."""
        pieces, self._pieces = self._pieces, []
        return np.concatenate(pieces) if pieces else np.zeros((0, self._width), np.float32)

    def _see(self, tensor: int, is_asked: bool, _: object) -> bool:
        if is_asked:
            return bool(self._get_name(tensor) == self._name)
        values = np.empty(self._size(tensor) // 4, np.float32)
        self._get(tensor, values.ctypes.data, 0, values.nbytes)
        self._pieces.append(values.reshape(-1, self._width))
        return True
