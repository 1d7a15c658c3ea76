"""The built-in plugin that loads transformers models, split into a resident encoder and decoder.

What it needs is imported once a model is: a host starts without torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from atom_core.hookspecs import hookimpl
from atom_core.loader.identity import choose_device, identity
from atom_core.protocols import ModelBackend
from atom_core.quiet import quiet
from atom_core.settings import Settings
from atom_core.specs import FamilySpec

if TYPE_CHECKING:
    from atom_core.ledger import Ledger

__all__ = ["atom_identify_model", "atom_load_modules", "choose_device", "identity"]


@hookimpl(trylast=True)
def atom_identify_model(source: str, settings: Settings) -> str:
    """Which model is at `source`, a folder or hub id; only its headers are read, and its hash once.

    :raises ModelError: if it cannot be found or is damaged
    """
    from atom_core.checkpoint.checkpoint import content_hash, read_format
    from atom_core.checkpoint.find import find
    from atom_core.checkpoint.safetensors_file import read_weights

    memory = settings.cache / "hashes.json"
    folder = find(source, revision=settings.revision, offline=settings.offline, memory=memory)
    quantized = read_format(source, read_weights(source, folder))
    return identity(quantized, settings.model, content_hash(folder, memory))


@hookimpl(trylast=True)
def atom_load_modules(
    source: str,
    settings: Settings,
    ledger: Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
) -> ModelBackend:
    """The model at `source`, a folder or hub id.

    :raises ModelError: if the model cannot be found, loaded, split or quantised
    """
    quiet()
    from atom_core.checkpoint.find import find
    from atom_core.imports import TORCH, import_apart

    memory = settings.cache / "hashes.json"
    find(source, revision=settings.revision, offline=settings.offline, memory=memory)  # told before seconds of imports
    import_apart(TORCH)
    from atom_core.loader.backend import load

    return load(source, settings, ledger, families, tasks_bytes)
