"""An exported folder as the host gets it: looked at, opened and put behind Atom's own encoder and decoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

import atom_core as atom
from atom_core.providers.split import Family, SplitHalves, open_family
from atom_executorch.engine import ProgramEngine
from atom_executorch.manifest import METHODS, PROGRAMS, Manifest
from atom_executorch.runtime import Program

if TYPE_CHECKING:
    from atom_core.providers.split import FamilySpec


class ProgramTower(nn.Module):
    """Stands for transformers' model where clips are encoded: frame by frame, by ``vision_encoder``."""

    device = torch.device("cpu")

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._program = program

    def get_image_features(self, *, pixel_values: torch.Tensor, **_: object) -> SimpleNamespace:
        """[1, T, 3, S, S] to the rows of each frame, [T, R, D]."""
        frames = [self._program.run("vision_encoder", frame[None])[0][0] for frame in pixel_values[0]]
        return SimpleNamespace(pooler_output=torch.stack(frames))

    def get_decoder(self) -> nn.Module:
        """The language half, of which it has nothing."""
        return self


def load(
    source: str,
    folder: Path,
    manifest: Manifest,
    settings: atom.Settings,
    ledger: atom.Ledger,
    families: Mapping[str, FamilySpec],
) -> atom.Modules:
    """The modules of an exported folder whose files were checked.

    :param source: the folder as the user named it
    :raises ModelError: if it was made for other sizes than it says, or cannot be run
    """
    family = open_family(source, folder, settings, families)
    _check_sizes(source, manifest, family.config)
    with ledger.lane("load", "load"):
        program = Program(source, folder / PROGRAMS, threads=settings.threads or torch.get_num_threads())
        _check_program(source, manifest, program)
    return _halves(manifest, family, program, settings, ledger).modules(settings, ledger, program.close)


def _halves(
    manifest: Manifest, family: Family, program: Program, settings: atom.Settings, ledger: atom.Ledger
) -> SplitHalves:
    engine = ProgramEngine(program, family, sizes=manifest.sizes, ledger=ledger, reuse=settings.reuse)
    return SplitHalves(
        family=family,
        visual=lambda: ProgramTower(program),
        engine=engine,
        context_tokens=manifest.sizes.context,
        name=f"{manifest.short_name} (executorch {manifest.precision})",
        model=manifest.identity,
        content=f"executorch {manifest.executorch} {manifest.files[PROGRAMS]}",
    )


def _check_sizes(source: str, manifest: Manifest, config: Any) -> None:
    """
    :raises ModelError: if the folder's config is of another model than its programs
    """
    text, sizes = config.get_text_config(), manifest.sizes
    wanted = {
        "hidden_size": (text.hidden_size, sizes.width),
        "vocab_size": (text.vocab_size, sizes.vocabulary),
    }
    for name, (said, made) in wanted.items():
        if said != made:
            raise _unfit(source, f"config.json says {name} = {said}, the programs were made for {made}")


def _check_program(source: str, manifest: Manifest, program: Program) -> None:
    """
    :raises ModelError: if the programs are others than the manifest says
    """
    sizes = manifest.sizes
    if lacking := [name for name in METHODS if name not in program.methods]:
        raise _unfit(source, f"{PROGRAMS} has no {', '.join(lacking)}")
    shapes = {
        "vision_encoder": (1, 3, sizes.frame_side, sizes.frame_side),
        "token_embedding": (1, sizes.prefill),
        "text_decoder": (1, sizes.prefill, sizes.width),
    }
    for method, expected in shapes.items():
        if (found := program.input_sizes(method)) != expected:
            raise _unfit(source, f"{method} takes {list(found)}, the manifest says {list(expected)}")


def _unfit(source: str, what: str) -> atom.ModelError:
    return atom.ModelError(f"model {source}: {what}; export it again with `atom export`", source=source)
