"""The language half on llama.cpp: ``--model llamacpp:NAME``."""

from __future__ import annotations

from collections.abc import Mapping

import atom_core as atom
from atom_core.providers import FamilySpec

PREFIX = "llamacpp:"


@atom.hookimpl
def atom_load_modules(
    source: str,
    settings: atom.Settings,
    ledger: atom.Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
) -> atom.ModelBackend | None:
    """The model behind ``llamacpp:``, its language half on llama.cpp; None for other models."""
    if not source.startswith(PREFIX):
        return None
    from atom_llamacpp.language import load

    return load(source.removeprefix(PREFIX), settings, ledger, families, tasks_bytes)


@atom.hookimpl
def atom_identify_model(source: str, settings: atom.Settings) -> str | None:
    """Which model stands behind ``llamacpp:``; the same as without, since its vectors can be compared."""
    if not source.startswith(PREFIX):
        return None
    from atom_llamacpp.language import identify

    return identify(source.removeprefix(PREFIX), settings)
