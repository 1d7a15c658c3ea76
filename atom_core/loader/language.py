"""A split model whose language half another engine computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import evolve

from atom_core.decoder.by_engine.weights import language_weights
from atom_core.decoder.llama import can_fuse
from atom_core.errors import ModelError
from atom_core.protocols import Language, LanguageWeights

if TYPE_CHECKING:
    from atom_core.settings import Settings
    from atom_core.split_model import SplitModel


def with_language(
    split: SplitModel, settings: Settings, make: Callable[[LanguageWeights], Language | None]
) -> SplitModel:
    """`split` with its language half computed by what `make` gives, or as it is where that is None.

    :raises ModelError: if the language half is no plain Llama on a processor
    """
    if not can_fuse(split.model.get_decoder()):
        raise ModelError(
            f"model {settings.model} has a language half that is no plain Llama in float32 on a processor; name the"
            " model without the engine"
        )
    precision, name = split.recipe.decoder, str(settings.model)
    weights = language_weights(split.model, name=name, precision=precision, threads=settings.threads)
    return evolve(split, language=make(weights))
