"""llama.cpp on this machine: whether it is there, and silent."""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import re
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import atom_core as atom

if TYPE_CHECKING:
    from types import ModuleType

_LEAST = (0, 3, 36)
"""Its low-level interface changes; this is the first version that all of this was tried with."""
_INSTALL = "pip install llama-cpp-python gguf"


def check_installed() -> None:
    """
    :raises ModelError: if llama.cpp's binding is not installed, or too old
    """
    for package in ("llama_cpp", "gguf"):
        if importlib.util.find_spec(package) is None:
            raise atom.ModelError(
                f"models of llamacpp: need llama.cpp, of which {package} is not installed: {_INSTALL} (it is compiled,"
                " which takes minutes); or name the model without llamacpp:"
            )
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", found := installed())
    if numbers is not None and tuple(map(int, numbers.groups())) < _LEAST:
        least = ".".join(map(str, _LEAST))
        raise atom.ModelError(f"models of llamacpp: need llama-cpp-python {least} or newer, got {found}: {_INSTALL} -U")


def installed() -> str:
    """The version of llama.cpp's binding."""
    try:
        return version("llama-cpp-python")
    except PackageNotFoundError:
        return "of an unknown version"


@functools.cache
def api() -> ModuleType:
    """llama.cpp's functions, which tell nothing on stderr.

    :raises ModelError: if its library cannot be loaded
    """
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise atom.ModelError(
            f"llama.cpp cannot be loaded: {error}; install it anew: {_INSTALL} --force-reinstall --no-deps"
        ) from None
    llama_cpp.llama_log_set(_silence(), ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    functions: ModuleType = llama_cpp
    return functions


@functools.cache  # it would else be collected while it is called
def _silence() -> object:
    import llama_cpp

    return llama_cpp.llama_log_callback(lambda *_: None)
