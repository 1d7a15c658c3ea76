"""For engines that compute the halves of a model that Atom knows: its prompts, pictures, frames, kept features and
requests stay Atom's own, and the engine computes what stands between them.

What it imports is loaded with it: import this module once a model is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from atom_core.checkpoint.checkpoint import Checkpoint, content_hash, open_checkpoint, opened
from atom_core.checkpoint.export import check_place, new_folder
from atom_core.checkpoint.untrusted import check_template
from atom_core.decoder.decoder import DecodeEngine, ResidentDecoder
from atom_core.decoder.request import DecodeRequest
from atom_core.encoder.encoder import ResidentEncoder
from atom_core.encoder.feature_cache import FeatureCache
from atom_core.families import Family, family_of
from atom_core.families.frames.budget import FrameBudget
from atom_core.hub.hashes import Hashes
from atom_core.kernels.threads import Threads
from atom_core.protocols import Modules
from atom_core.specs import FamilySpec
from atom_core.stores.versions import versions_of
from atom_core.text.embedding import SKIPPED_LAYERS

if TYPE_CHECKING:
    from atom_core.ledger import Ledger
    from atom_core.settings import Settings

__all__ = [
    "SKIPPED_LAYERS",
    "Checkpoint",
    "DecodeEngine",
    "DecodeRequest",
    "Family",
    "FamilySpec",
    "SplitHalves",
    "check_place",
    "new_folder",
    "open_family",
    "open_model",
]


@frozen(kw_only=True)
class SplitHalves:
    """What an engine brings."""

    family: Family
    """How the model's frames are prepared and its prompts written."""
    visual: Callable[[], Any]
    """Gives what stands for transformers' model where clips are encoded: a torch module with `get_image_features`, or
    whatever else the family's `encode` calls, with `device` and `get_decoder`. Called in the encoder's thread, once."""
    engine: DecodeEngine
    """Serves requests."""
    context_tokens: int
    """Most tokens of a prompt and its answer."""
    name: str
    """Of the model and its precision, as stored with results."""
    model: str
    """`Modules.model`."""
    content: str
    """Hash of everything of the engine that could change features: weights, precision, version."""

    def modules(self, settings: Settings, ledger: Ledger, close: Callable[[], None] = lambda: None) -> Modules:
        """What `atom_load_modules` returns; both arguments are those that it is handed.

        :param close: called after both halves are closed
        """
        self.family.most_frame_pixels = settings.frame_pixels
        frames = FrameBudget(self.family, settings.frames, self.context_tokens)
        parts = [self.content, self.family.fingerprint, versions_of("pillow", "av")]
        encoder = ResidentEncoder(
            self.visual,
            self.family,
            fingerprint=hashlib.sha256(json.dumps(parts).encode()).hexdigest(),
            frames=frames,
            cache=FeatureCache(settings.cache, settings.feature_cache_bytes) if settings.reuse else None,
            ledger=ledger,
            threads=Threads(settings.threads),
            dedup=settings.dedup_bound if settings.dedup else None,
        )
        decoder = ResidentDecoder(self.engine, self.family, frames=frames, name=self.name)

        def close_all() -> None:
            encoder.close()
            decoder.close()
            close()

        return Modules(encoder=encoder, decoder=decoder, model=self.model, close=close_all)


def open_model(
    source: str, settings: Settings, families: Mapping[str, FamilySpec] | None = None
) -> tuple[Checkpoint, Family, str]:
    """A model in Hugging Face format by folder or hub id, with its tensors, its family and its content hash.

    :raises ModelError: if it cannot be found or split
    """
    memory = settings.cache / "hashes.json"
    checkpoint = open_checkpoint(source, revision=settings.revision, offline=settings.offline, memory=memory)
    family = _trusted(checkpoint, settings, families)
    return checkpoint, family, content_hash(checkpoint.folder, memory)


def open_family(
    source: str, folder: Path, settings: Settings, families: Mapping[str, FamilySpec] | None = None
) -> Family:
    """The family of a model whose folder has config, tokenizer, templates and processors, and no weights.

    :param source: the model as the user named it
    :raises ModelError: if the folder lacks any of them
    """
    return _trusted(opened(source, folder, None), settings, families)


def _trusted(checkpoint: Checkpoint, settings: Settings, families: Mapping[str, FamilySpec] | None) -> Family:
    family = family_of(checkpoint, families)
    if family.foreign_template is not None:
        tokens = checkpoint.tokenizer.special_tokens_map
        check_template(checkpoint.source, family.foreign_template, tokens, Hashes(settings.cache / "hashes.json"))
    return family
