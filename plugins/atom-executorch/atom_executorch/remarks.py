"""ExecuTorch's own remarks, which it writes to standard error from C++: to Atom's log instead, shown by ``-v``."""

from __future__ import annotations

import ctypes
import logging
from pathlib import Path
from typing import Any

log = logging.getLogger("atom")

_LIBRARIES = ("libexecutorch.so", "libexecutorch.dylib", "executorch.dll")
_PLATFORM = "_ZN10executorch7runtime12get_pal_implEv"
"""`executorch::runtime::get_pal_impl`: the functions by which it speaks to its platform."""
_Emit = ctypes.CFUNCTYPE(
    None,
    ctypes.c_uint64,
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_char_p,
    ctypes.c_size_t,
)


class _Platform(ctypes.Structure):
    """`executorch::runtime::PalImpl`."""

    _fields_ = (
        ("init", ctypes.c_void_p),
        ("abort", ctypes.c_void_p),
        ("current_ticks", ctypes.c_void_p),
        ("ticks_to_ns_multiplier", ctypes.c_void_p),
        ("emit_log_message", _Emit),
        ("allocate", ctypes.c_void_p),
        ("free", ctypes.c_void_p),
        ("source_filename", ctypes.c_char_p),
    )


def _emit(_time: int, _level: int, file: bytes, _function: bytes, line: int, text: bytes, _length: int) -> None:
    log.debug("ExecuTorch: %s (%s:%d)", text.decode(errors="replace"), file.decode(errors="replace"), line)


_KEPT = _Emit(_emit)
"""Held here for as long as the library may call it."""


def take_remarks(folder: Path) -> None:
    """Have the library write to Atom's log. Where it is built otherwise its remarks stay where they are.

    :param folder: the package's
    """
    for name in _LIBRARIES:
        path = folder / "lib" / name
        if path.is_file():
            platform: Any = getattr(ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL), _PLATFORM, None)
            if platform is not None:
                # not by `register_pal`, which says on standard error that it was called before
                platform.restype = ctypes.POINTER(_Platform)
                platform().contents.emit_log_message = _KEPT
            return
