"""Modules under the names that they had before: scripts and plugins that import those go on working for one release."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED: Mapping[str, str] = {
    "aside": "background",
    "bounded": "files.bounded",
    "cli.builtin": "cli.commands.builtin",
    "cli.config": "cli.commands.config",
    "cli.doctor": "cli.commands.doctor",
    "cli.models": "cli.commands.models",
    "cli.new_plugin": "cli.commands.new_plugin",
    "cli.plugins": "cli.commands.plugins",
    "cli.quantize": "cli.commands.quantize",
    "cli.run": "cli.commands.run",
    "cli.stray": "cli.stdout_guard",
    "families.frame_budget": "families.frames.budget",
    "families.image_ops": "families.frames.image_ops",
    "host.limited": "host.time_limit",
    "host.loaded_model": "host.modules.loaded_model",
    "host.resident": "host.modules.loaded_model",
    "host.results": "host.contracts",
    "host.shared_modules": "host.modules.shared_modules",
    "host.task_modules": "host.modules.task_modules",
    "media.boxes": "media.container.boxes",
    "media.clock": "media.container.clock",
    "media.colour": "media.pictures.colour",
    "media.crop": "media.pictures.crop",
    "media.decode": "media.pictures.decode",
    "media.dissolves": "media.cuts.dissolves",
    "media.edl": "media.timelines.edl",
    "media.fades": "media.cuts.fades",
    "media.fields": "media.pictures.fields",
    "media.hard_cuts": "media.cuts.hard_cuts",
    "media.heads": "media.container.heads",
    "media.measure": "media.container.measure",
    "media.opening": "media.container.opening",
    "media.otio": "media.timelines.otio",
    "media.packets": "media.container.packets",
    "media.picture": "media.pictures.picture",
    "media.provider": "media.hooks",
    "media.rates": "media.timelines.rates",
    "media.run": "media.cuts.run",
    "media.sidedata": "media.container.sidedata",
    "media.similarity": "media.cuts.similarity",
    "media.subtitles": "media.timelines.subtitles",
    "media.timecode": "media.timelines.timecode",
    "media.tracks": "media.container.tracks",
    "media.transitions": "media.cuts.transitions",
    "modules.allocator": "kernels.malloc",
    "modules.arranged": "kernels.packed_linear",
    "modules.auto": "autotune.auto",
    "modules.bf16_cpu": "kernels.bf16",
    "modules.budget": "memory.estimate",
    "modules.caller": "call_context",
    "modules.cascade": "decoder.cascade_attention",
    "modules.checkpoint": "checkpoint.checkpoint",
    "modules.decoder": "decoder.decoder",
    "modules.encoder": "encoder.encoder",
    "modules.engine": "decoder.engine",
    "modules.families": "families",
    "modules.families.base": "families.base",
    "modules.families.gemma": "families.gemma",
    "modules.families.internvl": "families.internvl",
    "modules.families.lfm2": "families.lfm2",
    "modules.families.llava": "families.llava",
    "modules.families.pixels": "families.frames.image_ops",
    "modules.families.qwen": "families.qwen",
    "modules.families.smolvlm": "families.smolvlm",
    "modules.families.videollama": "families.videollama",
    "modules.fetch": "hub.fetch",
    "modules.fetch_progress": "hub.progress",
    "modules.findings": "autotune.results",
    "modules.fitting": "loader.plan",
    "modules.float32_cpu": "kernels.float32",
    "modules.frames": "families.frames.budget",
    "modules.free_memory": "memory.available",
    "modules.hashes": "hub.hashes",
    "modules.hub": "hub.repo",
    "modules.hub_client": "hub.client",
    "modules.hub_faults": "hub.faults",
    "modules.imports": "imports",
    "modules.int4_cpu": "kernels.int4",
    "modules.int8_cpu": "kernels.int8",
    "modules.job": "decoder.request",
    "modules.lane": "encoder.worker",
    "modules.lean": "decoder.llama",
    "modules.loading": "checkpoint.load",
    "modules.loans": "host.modules.task_modules",
    "modules.processor": "kernels.processor",
    "modules.prompt": "families.prompt",
    "modules.provider": "loader.transformers_loader",
    "modules.quantize": "checkpoint.recipes",
    "modules.reserve": "memory.reservation",
    "modules.rules": "families.logits_processor",
    "modules.runner": "decoder.model_runner",
    "modules.saved": "checkpoint.export",
    "modules.sizes": "checkpoint.sizes",
    "modules.slots": "decoder.kv_cache",
    "modules.template_probe": "checkpoint.template_probe",
    "modules.tensors": "checkpoint.safetensors_file",
    "modules.threads": "kernels.threads",
    "modules.trial": "autotune.measure",
    "modules.untrusted": "checkpoint.untrusted",
    "outputs": "files.outputs",
    "plugins.configured": "plugins.task_settings",
    "plugins.guards": "plugins.hook_wrappers",
    "plugins.loading": "plugins.registry",
    "plugins.watched": "plugins.stray_output",
    "printable": "text.printable",
    "reuse.features": "encoder.feature_cache",
    "reuse.kept": "stores.json_store",
    "reuse.ledger": "ledger",
    "reuse.prefix_files": "decoder.prefix_disk_cache",
    "reuse.prefixes": "decoder.prefix_cache",
    "reuse.shots": "media.shot_cache",
    "reuse.snapshots": "decoder.state_cache",
    "reuse.store": "stores.tensor_store",
    "reuse.videos": "media.video_cache",
    "sentences": "text.sentences",
    "toml": "settings.toml",
    "values": "settings.values",
}
"""The name today of each module that was moved, by the name before; both below ``atom_core``."""
_ROOMS = ("modules", "reuse")
"""Rooms that are no more."""


class OldNames:
    """Finds a module that was moved, and hands out the very module that lies under the new name.

    A finder and loader by its methods: `importlib.abc` takes longer to import than all that a start needs.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Where a module is, if it is one of those that were moved."""
        package, _, name = fullname.partition(".")
        if package != "atom_core" or not (name in MOVED or name in _ROOMS):
            return None
        return ModuleSpec(fullname, self, is_package=name in _ROOMS)  # type: ignore[arg-type] # not of that class

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module under its new name, which keeps its own `__spec__`; an empty one for a room."""
        name = spec.name.partition(".")[2]
        if name in _ROOMS:
            return None
        module = import_module(f"atom_core.{MOVED[name]}")
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own `__spec__` back, which the import system has set to that of the old name."""
        state = module.__spec__.loader_state if module.__spec__ else None
        if isinstance(state, ModuleSpec):
            module.__spec__ = state


def keep_old_names() -> None:
    """Let modules be imported under the names that they had before."""
    if not any(isinstance(finder, OldNames) for finder in sys.meta_path):
        sys.meta_path.insert(0, OldNames())  # before those who would load a file a second time under its old name
