"""A transformers model as the host gets it: opened, planned into memory, loaded and split into resident modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from atom_core.checkpoint.checkpoint import Checkpoint, content_hash, open_checkpoint
from atom_core.checkpoint.untrusted import check_template
from atom_core.decoder.decoder import ResidentDecoder
from atom_core.decoder.prefix_cache import RadixPrefixCache
from atom_core.decoder.prefix_disk_cache import PrefixDiskCache
from atom_core.encoder.feature_cache import FeatureCache
from atom_core.families import Family, family_of
from atom_core.families.frames.budget import FrameBudget
from atom_core.hub.hashes import Hashes
from atom_core.kernels.malloc import share_memory
from atom_core.kernels.threads import Threads
from atom_core.loader.identity import choose_device, identity, short_name
from atom_core.loader.language import with_language
from atom_core.loader.plan import recipe_and_plan
from atom_core.loader.tower import with_tower
from atom_core.memory.reservation import Reserve
from atom_core.protocols import Language, LanguageWeights, Tower, TowerWeights
from atom_core.split_model import SplitModel
from atom_core.stores.json_store import KeptValues

if TYPE_CHECKING:
    import torch

    from atom_core.ledger import Ledger
    from atom_core.memory.estimate import Plan
    from atom_core.settings import Settings
    from atom_core.specs import FamilySpec


class TransformersBackend:
    """A loaded model with its resident modules, its plan of memory and what its prefixes leave for tasks."""

    def __init__(
        self, split: SplitModel, plan: Plan, settings: Settings, ledger: Ledger, threads: Threads, *, content: str
    ) -> None:
        """
        :param plan: how many rows and prefixes there is memory for
        :param content: content hash of the checkpoint
        """
        frames = FrameBudget(split.family, settings.frames, plan.row_tokens)
        cache = FeatureCache(settings.cache, settings.feature_cache_bytes) if settings.reuse else None
        prefixes = RadixPrefixCache(plan.prefix_cache_bytes) if settings.reuse else None
        files, kept = None, None
        if settings.reuse:
            read_by = split.prefix_fingerprint(content)
            kept = KeptValues(settings.cache / "decoder", read_by)
            if settings.prefix_disk_bytes:
                files = PrefixDiskCache(settings.cache / "prefixes", settings.prefix_disk_bytes, read_by)
        self._split = split
        dedup = settings.dedup_bound if settings.dedup else None
        self.encoder = split.encoder(content, frames=frames, cache=cache, ledger=ledger, threads=threads, dedup=dedup)
        engine = split.engine(
            max_rows=plan.batch, prefixes=prefixes, prefix_files=files, ledger=ledger, threads=threads
        )
        name = f"{short_name(settings.model)} ({split.recipe.name})"
        self.decoder = ResidentDecoder(engine, split.family, frames=frames, name=name, kept=kept)
        self.model = identity(split.checkpoint.quantized, settings.model, content)
        self._reserve = Reserve(plan, None if engine.keeps_whole else prefixes)

    def weights(self) -> Iterable[torch.Tensor]:
        """Every weight of the model."""
        return self._split.weights()

    def reserve(self, num_bytes: int, /) -> bool:
        """Set bytes aside, if need be by keeping fewer prefixes; whether there is so much room."""
        return self._reserve(num_bytes)

    def close(self) -> None:
        """End the threads of both modules; waits for the frames in work."""
        self.encoder.close()
        self.decoder.close()
        self._split.close_tower()
        if self._split.language is not None:
            self._split.language.close()


def load(
    source: str,
    settings: Settings,
    ledger: Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
    *,
    tower: Callable[[TowerWeights], Tower] | None = None,
    language: Callable[[LanguageWeights], Language | None] | None = None,
) -> TransformersBackend:
    """The model at `source`, a folder or hub id that is on this machine.

    :param tasks_bytes: what tasks declare, by name
    :param tower: makes the vision tower on another engine
    :param language: makes the language half on another engine; None of it leaves it where it is
    :raises ModelError: if the model cannot be loaded, split or quantised
    """
    share_memory()
    device = choose_device(settings.device)
    checkpoint, family = _open(source, settings, families)
    threads = Threads(settings.threads)
    recipe, plan = recipe_and_plan(checkpoint, family, settings, device, threads, tasks_bytes=tasks_bytes)
    with ledger.lane("load", "load"):
        content = content_hash(checkpoint.folder, settings.cache / "hashes.json")
        split = SplitModel.load(checkpoint, family, recipe=recipe, device=device)
        if tower is not None:
            split = with_tower(split, settings, tower, content=content)
        if language is not None:
            split = with_language(split, settings, language)
    return TransformersBackend(split, plan, settings, ledger, threads, content=content)


def _open(source: str, settings: Settings, families: Mapping[str, FamilySpec]) -> tuple[Checkpoint, Family]:
    """The checkpoint, and how its architecture is split; no weight is read."""
    checkpoint = open_checkpoint(source, revision=settings.revision, offline=settings.offline)
    family = family_of(checkpoint, families)
    family.most_frame_pixels = settings.frame_pixels
    if family.foreign_template is not None:
        tokens = checkpoint.tokenizer.special_tokens_map
        check_template(source, family.foreign_template, tokens, Hashes(settings.cache / "hashes.json"))
    return checkpoint, family
