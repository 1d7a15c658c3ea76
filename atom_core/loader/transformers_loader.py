"""The built-in module provider: transformers models, split into a resident encoder and decoder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import asdict

from atom_core.errors import ModelError
from atom_core.hookspecs import Modules, hookimpl
from atom_core.quiet import quiet
from atom_core.settings import Settings
from atom_core.specs import FamilySpec

if TYPE_CHECKING:
    from pathlib import Path

    from atom_core.ledger import Ledger

log = logging.getLogger("atom")

_VERSIONED = ("torch", "transformers", "pillow", "av")


@hookimpl(trylast=True)
def atom_identify_model(source: str, settings: Settings) -> str:
    """Which model is at `source`, a folder or hub id; only its headers are read, and its hash once.

    :raises ModelError: if it cannot be found or is damaged
    """
    from atom_core.checkpoint.checkpoint import content_hash, find
    from atom_core.checkpoint.safetensors_file import read_weights

    memory = settings.cache / "hashes.json"
    folder = find(source, revision=settings.revision, offline=settings.offline, memory=memory)
    weights = read_weights(source, folder)
    return identity(weights.metadata, settings.model, content_hash(folder, memory))


@hookimpl(trylast=True)
def atom_load_modules(
    source: str,
    settings: Settings,
    ledger: Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
) -> Modules:
    """The resident halves of the model at `source`, a folder or hub id.

    :raises ModelError: if the model cannot be found, loaded, split or quantised
    """
    quiet()
    from atom_core.checkpoint.checkpoint import content_hash, find, open_checkpoint
    from atom_core.imports import import_apart

    memory = settings.cache / "hashes.json"
    find(source, revision=settings.revision, offline=settings.offline, memory=memory)  # told before seconds of imports
    import_apart()
    import torch

    from atom_core.checkpoint.load import load_model, weights
    from atom_core.checkpoint.untrusted import check_template
    from atom_core.decoder.decoder import ResidentDecoder
    from atom_core.decoder.engine import Engine
    from atom_core.decoder.prefix_cache import PrefixTree
    from atom_core.decoder.prefix_disk_cache import PrefixFiles
    from atom_core.encoder.encoder import ResidentEncoder
    from atom_core.encoder.feature_cache import FeatureStore
    from atom_core.families import family_of
    from atom_core.families.frame_budget import FrameBudget
    from atom_core.hub.hashes import Hashes
    from atom_core.kernels.float32 import arrange
    from atom_core.kernels.malloc import share_memory
    from atom_core.kernels.threads import Threads
    from atom_core.loader.plan import recipe_and_plan
    from atom_core.memory.reservation import Reserve

    share_memory()
    device = choose_device(settings.device)
    checkpoint = open_checkpoint(source, revision=settings.revision, offline=settings.offline)
    family = family_of(checkpoint, families)
    family.most_frame_pixels = settings.frame_pixels
    if family.foreign_template is not None:
        tokens = checkpoint.tokenizer.special_tokens_map
        check_template(source, family.foreign_template, tokens, Hashes(memory))
    threads = Threads(settings.threads)
    recipe, plan = recipe_and_plan(checkpoint, family, settings, device, threads, tasks_bytes=tasks_bytes)
    with ledger.lane("load", "load"):
        content = content_hash(checkpoint.folder, memory)
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        model = load_model(checkpoint, dtype=dtype, device=device, recipe=recipe)
        arrange(model)
    frames = FrameBudget(family, settings.frames, plan.row_tokens)
    store = FeatureStore(settings.cache, settings.feature_cache_bytes) if settings.reuse else None
    encoder = ResidentEncoder(
        model,
        family,
        fingerprint=_fingerprint(content, recipe.encoder, device, str(dtype), family.fingerprint),
        frames=frames,
        store=store,
        ledger=ledger,
        threads=threads,
    )
    prefix_files = None
    if settings.reuse and settings.prefix_disk_bytes:
        read_by = _fingerprint(content, json.dumps(asdict(recipe)), device, str(dtype), family.fingerprint)
        prefix_files = PrefixFiles(settings.cache / "prefixes", settings.prefix_disk_bytes, read_by)
    prefixes = PrefixTree(plan.prefix_cache_bytes) if settings.reuse else None
    engine = Engine(
        model,
        family=family,
        max_rows=plan.batch,
        prefixes=prefixes,
        prefix_files=prefix_files,
        ledger=ledger,
        threads=threads,
    )
    decoder = ResidentDecoder(engine, family, frames=frames, name=f"{_short_name(settings.model)} ({recipe.name})")

    def close() -> None:
        encoder.close()
        decoder.close()

    return Modules(
        encoder=encoder,
        decoder=decoder,
        model=identity(checkpoint.weights.metadata, settings.model, content),
        close=close,
        reserve=Reserve(plan, None if engine.keeps_whole else prefixes),
        weights=partial(weights, model),
    )


def identity(said: Mapping[str, str], name: str, weights: str) -> str:
    """Name and content of a model; a checkpoint that Atom has quantised is known by what it was made from.

    :param said: what its files say about themselves
    :param name: as the user called it
    :param weights: content hash
    """
    source, content = said.get("atom_source", name), said.get("atom_source_hash", weights)
    return f"{_short_name(source)}@{content[:12]}"


def choose_device(wanted: str) -> str:
    """The device to use for ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    :raises ModelError: if it is not there
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise ModelError(f"there is no device {wanted!r}; use auto, cpu or cuda") from None
    if device.type not in {"cpu", "cuda"}:
        raise ModelError(f"Atom does not run on {device.type!r}; use auto, cpu or cuda")
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        raise ModelError(f"device {wanted!r} is not on this machine; use --device auto or cpu")
    return wanted


def _fingerprint(weights: str, recipe: str, device: str, dtype: str, family: str) -> str:
    versions = {name: importlib.metadata.version(name) for name in _VERSIONED}
    kind = device.partition(":")[0]
    parts: list[Any] = [weights, recipe, kind, dtype, family, versions]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _short_name(source: str | Path) -> str:
    return str(source).rstrip("/").rpartition("/")[2]
