"""A model for phones: `atom export` writes its halves as ExecuTorch programs, and ``--model FOLDER`` runs those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import atom_core as atom

if TYPE_CHECKING:
    from atom_core.providers.split import FamilySpec


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom export``."""
    summary = "Write a model as programs for phones"
    register.command("export", "atom_executorch.command:ExportCommand", summary=summary, alone=True)


@atom.hookimpl
def atom_load_modules(
    source: str, settings: atom.Settings, ledger: atom.Ledger, families: Mapping[str, FamilySpec]
) -> atom.Modules | None:
    """The modules of a folder that ``atom export`` has written; None for other models."""
    from atom_executorch.opening import modules

    return modules(source, settings, ledger, families)


@atom.hookimpl
def atom_identify_model(source: str) -> str | None:
    """Which model was exported to a folder; None for other models."""
    from atom_executorch.opening import found

    here = found(source)
    return here[1].identity if here else None
