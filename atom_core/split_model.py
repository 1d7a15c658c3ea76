"""A model in memory and the halves it is split into: put together here, and nowhere else, for whoever runs one.

The loader makes the resident modules of it, autotune measures its parts without queues and caches, the test kit
compares its halves with the unsplit model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from attrs import asdict, field, frozen

from atom_core.checkpoint.direct.load import VisualHalf, direct_model, load_direct
from atom_core.checkpoint.reading import guarded
from atom_core.checkpoint.recipes import Recipe
from atom_core.decoder.engine import Engine
from atom_core.decoder.model_runner import ModelRunner
from atom_core.decoder.prefix_cache import RadixPrefixCache
from atom_core.decoder.prefix_disk_cache import PrefixDiskCache
from atom_core.encoder.encoder import ResidentEncoder
from atom_core.encoder.feature_cache import FeatureCache
from atom_core.families import Family
from atom_core.families.base import EncoderInputs
from atom_core.families.frames.budget import FrameBudget
from atom_core.kernels.float32 import pack_linears
from atom_core.kernels.threads import Threads
from atom_core.kernels.vision_tower import fuse_tower
from atom_core.kernels.weights import weights
from atom_core.ledger import Ledger
from atom_core.records import Features, Frames
from atom_core.stores.versions import versions_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.checkpoint.checkpoint import Checkpoint
    from atom_core.checkpoint.direct.model import DirectModel
    from atom_core.protocols import Language

_VERSIONED = ("torch", "transformers", "pillow", "av")
"""The libraries that decide, beside the model, what features and kept prefixes are, bit for bit."""

_VERSIONS = {"int8": 4, "bf16": 3}
"""Raised when layers of a kind compute otherwise, so that what they made is made anew."""


@frozen(kw_only=True, eq=False)
class SplitModel:
    """A checkpoint's model, whole and frozen, with its linear layers ready for the device's kernels."""

    checkpoint: Checkpoint = field(repr=False)
    """Where it comes from."""
    model: PreTrainedModel | DirectModel = field(repr=False)
    """transformers' model, of which both halves read the weights and neither copies any; or the language half alone."""
    visual: Callable[[], PreTrainedModel] = field(repr=False)
    """The model whose visual half is computed; loaded when it is first called, where `model` is the language half."""
    family: Family
    """How its architecture is split."""
    recipe: Recipe
    """How it is quantised."""
    device: str
    """The device that it is on."""
    tower: str = ""
    """Names the engine that computes the vision tower, where that is not torch."""
    close_tower: Callable[[], None] = field(default=lambda: None, repr=False)
    """Lets go of that engine."""
    language: Language | None = field(default=None, repr=False)
    """Computes the language half's layers and head, where that is not torch."""

    @classmethod
    def load(cls, checkpoint: Checkpoint, family: Family, *, recipe: Recipe, device: str = "cpu") -> Self:
        """The model of `checkpoint`: float32 on a processor, bfloat16 on a card, what `recipe` names quantised.

        :raises ModelError: if the weights are damaged, or do not match the config or the device
        """
        about: dict[str, Any] = {"checkpoint": checkpoint, "family": family, "recipe": recipe, "device": device}
        direct = direct_model(checkpoint, device)
        if direct is not None:
            load = partial(load_direct, checkpoint, direct, recipe)
            # what families ask of transformers' models, it has
            visual = cast("Callable[[], PreTrainedModel]", VisualHalf(checkpoint, recipe))
            return cls(model=guarded(checkpoint.source, "weights", load), visual=visual, **about)
        from atom_core.checkpoint.load import load_model

        model = load_model(checkpoint, dtype=_dtype(device), device=device, recipe=recipe)
        pack_linears(model)
        if device == "cpu":
            fuse_tower(model)
        return cls(model=model, visual=lambda: model, **about)

    def weights(self) -> Iterator[torch.Tensor]:
        """All weights that code outside could change."""
        yield from weights(self.model)
        visual = self.visual.model if isinstance(self.visual, VisualHalf) else None
        if visual is not None:
            yield from weights(visual)

    def features(self, frames: Frames, inputs: EncoderInputs, *, key: str) -> Features:
        """The features of a clip, computed in the calling thread and kept nowhere; owned by the caller.

        :param inputs: what `Family.inputs` made of `frames`
        :param key: what the features are called
        """
        with torch.inference_mode():
            encoded = self.family.encode(self.visual(), inputs)
        return Features(
            clip=frames.clip,
            values=encoded.values,
            timestamps_s=frames.timestamps_s,
            rule=frames.rule,
            key=key,
            layout=encoded.layout,
            extra=encoded.extra,
        )

    def runner(self) -> ModelRunner:
        """The language half's forward passes, without a queue."""
        return ModelRunner(self.model, self.family, engine=self.language)

    def engine(
        self,
        *,
        max_rows: int,
        prefixes: RadixPrefixCache | None,
        prefix_files: PrefixDiskCache | None = None,
        ledger: Ledger,
        threads: Threads,
    ) -> Engine:
        """The language half with its queue, which has a thread until it is closed; `Engine` says what is given."""
        return Engine(
            self.model,
            family=self.family,
            max_rows=max_rows,
            prefixes=prefixes,
            prefix_files=prefix_files,
            ledger=ledger,
            threads=threads,
            engine=self.language,
        )

    def encoder(
        self,
        content: str,
        *,
        frames: FrameBudget,
        cache: FeatureCache | None,
        ledger: Ledger,
        threads: Threads,
        dedup: float | None = None,
    ) -> ResidentEncoder:
        """The visual half with its queue, which has a thread until it is closed.

        :param content: content hash of the checkpoint
        :param cache: where features are kept; None computes them each time
        :param dedup: see `ResidentEncoder`
        """
        return ResidentEncoder(
            self.visual,
            self.family,
            fingerprint=self._fingerprint(content, f"{self.recipe.encoder} {self.tower}".strip()),
            frames=frames,
            cache=cache,
            ledger=ledger,
            threads=threads,
            dedup=dedup,
        )

    def prefix_fingerprint(self, content: str) -> str:
        """Everything that decides what the keys and values of a prefix are.

        :param content: content hash of the checkpoint
        """
        # recipes had a field more when the first prefixes were kept: those are found by it
        recipe = {**asdict(self.recipe), "measured": self.recipe.name != "float8"}
        engine = "" if self.language is None else f" {self.language.fingerprint}"
        return self._fingerprint(content, json.dumps(recipe) + engine)

    def _fingerprint(self, content: str, recipe: str) -> str:
        """Names what is kept on disk: the order and form of its parts must not change, or all that is kept is lost."""
        kind = self.device.partition(":")[0]  # cards of one machine compute alike
        recipe += "".join(f" {version}" for name, version in _VERSIONS.items() if name in recipe)
        parts = [content, recipe, kind, str(_dtype(self.device)), self.family.fingerprint, versions_of(*_VERSIONED)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _dtype(device: str) -> torch.dtype:
    return torch.float32 if device == "cpu" else torch.bfloat16
