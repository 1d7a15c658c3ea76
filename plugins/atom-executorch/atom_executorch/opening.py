"""An exported folder found and checked, before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import atom_core as atom
from atom_core.providers import import_apart, local_folder
from atom_core.quiet import quiet
from atom_executorch.manifest import Manifest, check_files, check_version, is_exported, read_manifest
from atom_executorch.runtime import installed_version

if TYPE_CHECKING:
    from atom_core.providers.split import FamilySpec


def found(source: str) -> tuple[Path, Manifest] | None:
    """The folder that `source` names and its manifest; None where that holds no exported programs.

    :raises ModelError: if the manifest cannot be read
    """
    folder = local_folder(source)
    return (folder, read_manifest(source, folder)) if folder is not None and is_exported(folder) else None


def modules(
    source: str, settings: atom.Settings, ledger: atom.Ledger, families: Mapping[str, FamilySpec]
) -> atom.Modules | None:
    """The modules of an exported folder; None for other models.

    :raises ModelError: if it was changed or cut off, made by another version or for other sizes, if what is set does
        not fit it, or if ExecuTorch is not there
    """
    if (here := found(source)) is None:
        return None
    folder, manifest = here
    _check_settings(source, manifest, settings)
    check_version(source, manifest, installed_version())
    check_files(source, folder, manifest, settings)
    quiet()
    import_apart()
    from atom_executorch.provider import load

    return load(source, folder, manifest, settings, ledger, families)


def _check_settings(source: str, manifest: Manifest, settings: atom.Settings) -> None:
    """
    :raises ModelError: if another device or precision is set
    """
    if settings.device not in ("auto", "cpu"):
        raise atom.ModelError(
            f"model {source} is exported for processors, not for {settings.device!r}; leave --device out, or use auto"
        )
    if settings.quantize not in ("fit", "none", "auto", manifest.precision):
        raise atom.ModelError(
            f"model {source} is exported as {manifest.precision!r} already, not {settings.quantize!r};"
            " leave --quantize out, or export the model again"
        )
