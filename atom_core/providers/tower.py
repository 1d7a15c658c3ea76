"""The built-in loader with a vision tower, a language half, or both, on another engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from atom_core.protocols import Language, LanguageWeights, ModelBackend, Tower, TowerWeights

if TYPE_CHECKING:
    from atom_core.ledger import Ledger
    from atom_core.settings import Settings
    from atom_core.specs import FamilySpec


def modules_with_tower(
    source: str,
    settings: Settings,
    ledger: Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
    *,
    tower: Callable[[TowerWeights], Tower] | None = None,
    language: Callable[[LanguageWeights], Language | None] | None = None,
) -> ModelBackend:
    """What `atom_load_modules` returns: the model at `source` as the built-in loader makes it, but for its tower, its
    language half, or both, as far as they are given.

    The arguments are those of the hook. Features are kept under the tower's fingerprint besides, and prefixes on disk
    under that of the language half.

    :param tower: called once, as the model is loaded; it may put off what takes long until its first picture
    :param language: called once, likewise; where there is none, or it gives None, the language half is Atom's own.
        Queues, batches, kept prefixes, sampling, embedding and scoring are so in either case
    :raises ModelError: if the model cannot be loaded; if it is to have another tower and is none of SmolVLM, SmolVLM2
        and Idefics3, or was quantised before it was stored; if its language half is to be another and is no plain Llama
    """
    from atom_core.imports import TORCH, import_apart
    from atom_core.quiet import quiet

    quiet()
    import_apart(TORCH)
    from atom_core.loader.backend import load

    return load(source, settings, ledger, families, tasks_bytes, tower=tower, language=language)


def identify_model(source: str, settings: Settings) -> str:
    """What `atom_identify_model` returns of a model that `modules_with_tower` loads.

    :raises ModelError: if it cannot be found or is damaged
    """
    from atom_core.loader.transformers_loader import atom_identify_model

    return str(atom_identify_model(source, settings))
