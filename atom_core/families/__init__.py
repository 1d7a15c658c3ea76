"""Model families: each knows how its frames are prepared and how a clip is written in its prompts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from atom_core.errors import ModelError
from atom_core.families.base import Encoded, Family, clock, encoded, join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atom_core.checkpoint.checkpoint import Checkpoint
    from atom_core.specs import FamilySpec

__all__ = ["FAMILIES", "REFUSED", "Encoded", "Family", "clock", "encoded", "family_class", "family_of", "join"]

_HERE = "atom_core.families"

FAMILIES: Mapping[str, str] = {
    "smolvlm": f"{_HERE}.smolvlm:SmolVLM",
    "idefics3": f"{_HERE}.smolvlm:Idefics3",
    "llava": f"{_HERE}.llava:Llava",
    "llava_onevision": f"{_HERE}.llava:LlavaOnevision",
    "llava_next_video": f"{_HERE}.llava:LlavaNextVideo",
    "video_llava": f"{_HERE}.llava:VideoLlava",
    "internvl": f"{_HERE}.internvl:InternVL",
    "qwen2_vl": f"{_HERE}.qwen:Qwen2VL",
    "qwen2_5_vl": f"{_HERE}.qwen:Qwen25VL",
    "qwen3_vl": f"{_HERE}.qwen:Qwen3VL",
    "qwen3_5": f"{_HERE}.qwen:Qwen35",
    "gemma3": f"{_HERE}.gemma:Gemma3",
    "gemma4": f"{_HERE}.gemma:Gemma4",
    "paligemma": f"{_HERE}.gemma:PaliGemma",
    "video_llama_3": f"{_HERE}.videollama:VideoLlama3",
    "lfm2_vl": f"{_HERE}.lfm2:Lfm2VL",
}
"""The class that serves a model type, as ``package.module:Class``."""

_ONE_PICTURE = "they are made for one picture and a prompt without turns, and have no form for a video"
_CROSS = "their language half looks at pictures through cross-attention in its layers, not through its prompt"
_SEQ2SEQ = "their language half is an encoder and a decoder"
_TIMM = "their vision tower needs the packages timm and torchvision"
_CODES = "they read pictures as codes from their own vocabulary, there are no features to hand over"

REFUSED: Mapping[str, str] = {
    "blip": _SEQ2SEQ,
    "blip-2": _ONE_PICTURE,
    "chameleon": _CODES,
    "emu3": _CODES,
    "fast_vlm": _TIMM,
    "florence2": _SEQ2SEQ,
    "gemma3n": _TIMM,
    "idefics": _CROSS,
    "instructblip": _ONE_PICTURE,
    "instructblipvideo": _ONE_PICTURE,
    "mllama": _CROSS,
}
"""Model types that cannot be split faithfully, and why."""


def family_class(model_type: str, added: Mapping[str, FamilySpec] | None = None) -> type[Family]:
    """The family that serves models of a type.

    :param added: families that plugins registered, by model type; they go first
    :raises ModelError: if there is none, or if a plugin's cannot be imported
    """
    if added and model_type in added:
        return _from_plugin(added[model_type])
    if model_type in REFUSED:
        raise ModelError(
            f"models of type {model_type!r} cannot be split faithfully: {REFUSED[model_type]};"
            " choose another, docs/families.md lists them"
        )
    if model_type not in FAMILIES:
        raise ModelError(
            f"models of type {model_type!r} cannot be split faithfully yet; Atom serves: {', '.join(sorted(FAMILIES))}"
        )
    module, _, name = FAMILIES[model_type].partition(":")
    family: type[Family] = getattr(import_module(module), name)
    return family


def family_of(checkpoint: Checkpoint, added: Mapping[str, FamilySpec] | None = None) -> Family:
    """The family that serves a checkpoint.

    :param added: families that plugins registered, by model type; they go first
    :raises ModelError: if there is none, or if this model of the family cannot be split faithfully
    """
    return family_class(checkpoint.config.model_type, added)(checkpoint)


def _from_plugin(spec: FamilySpec) -> type[Family]:
    module, _, name = spec.target.partition(":")
    who = f"family {spec.name!r} of plugin {spec.plugin!r}"
    try:
        found = getattr(import_module(module), name)
    except Exception as error:
        raise ModelError(
            f"{who} could not be loaded: {type(error).__name__}: {error};"
            f" repair or update it, or run without it: ATOM_BLOCK_PLUGINS={spec.plugin}"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Family)):
        raise ModelError(f"{who} names {spec.target}, which is no subclass of atom_core.families.Family")
    return found
