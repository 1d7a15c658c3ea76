"""What every engine does in the comparison, and which there are."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    import numpy as np

MOST_ROWS = 8
"""Requests at once, at most."""
PRECISIONS = ("fp32", "bf16", "int8")
"""In which the same weights are computed; engines of one precision take turns."""


@frozen(kw_only=True)
class Work:
    """What an engine is made for."""

    model: Path
    """Folder of the checkpoint."""
    precision: str
    """One of `PRECISIONS`."""
    threads: int
    """Processor threads."""
    most_tokens: int
    """Most tokens of a request, prompt and answer together."""
    folder: Path
    """For files in the engine's own format; lasts for the run."""


class Engine(Protocol):
    """A loaded model, used by one thread."""

    def start(self, prompts: Sequence[Sequence[int]]) -> list[int]:
        """Forget all requests and read these, at most `MOST_ROWS`, of one length; the likeliest next token of each."""

    def step(self, tokens: Sequence[int]) -> list[int]:
        """Read one more token of each request; the likeliest next token of each."""

    def frame(self, pixels: np.ndarray) -> np.ndarray | None:
        """Features [T, D] of a frame [3, side, side]; None where the engine encodes none."""

    def close(self) -> None:
        """Let go of memory, files and threads."""


@frozen(kw_only=True)
class Peer:
    """An engine that may take part."""

    title: str
    """What people call it."""
    target: str
    """``package.module:Class``; the class takes a `Work`."""
    needs: tuple[str, ...] = ()
    """Packages to import."""
    install: str = ""
    """The command that installs them."""

    @property
    def missing(self) -> bool:
        """Whether a package is not installed."""
        return any(importlib.util.find_spec(name) is None for name in self.needs)

    def load(self, work: Work) -> Engine:
        """The engine, with the weights of `work`."""
        module, _, name = self.target.partition(":")
        make: Callable[[Work], Engine] = getattr(import_module(module), name)
        return make(work)


PEERS: dict[str, Peer] = {
    "atom": Peer(title="Atom", target="atom_bench.peers.atom_engine:AtomEngine"),
    "llama.cpp": Peer(
        title="llama.cpp",
        target="atom_bench.peers.llama_cpp_engine:LlamaCppEngine",
        needs=("llama_cpp", "gguf"),
        install="pip install llama-cpp-python gguf",
    ),
    "openvino": Peer(
        title="OpenVINO",
        target="atom_bench.peers.openvino_engine:OpenVinoEngine",
        needs=("openvino",),
        install="pip install openvino",
    ),
}
"""The engines by the name that ``--engines`` takes."""
