"""``atom doctor``."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from attrs import frozen

from atom_core.autotune.results import FILE, remembered
from atom_core.cli.commands.models import Place, place_of
from atom_core.cli.console import table
from atom_core.errors import AtomError, PluginError
from atom_core.host.modules.own_settings import lacking
from atom_core.memory.available import free_memory_bytes
from atom_core.memory.estimate import KNOWN_NEEDS, Room, gib, known_needs
from atom_core.quiet import quiet
from atom_core.settings import DEFAULT_MODEL, DEFAULT_MODEL_BYTES
from atom_core.settings.values import size
from atom_core.specs import FamilySpec

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from atom_core.cli.context import Context

OK, NOTE, FIX = "OK", "note", "FIX"
FEATURES = (
    *("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8", "amx_bf16"),
    *("asimd", "asimddp", "i8mm", "bf16"),
)
"""What makes a difference to how fast weights of each recipe are, as the system calls it."""
DISTRIBUTIONS = ("atom-core", "torch", "torchao", "transformers", "av", "pluggy", "chromadb")


@frozen
class Check:
    """One finding."""

    name: str
    """What was looked at."""
    state: str
    """``OK``, ``note`` (works, with a limit) or ``FIX`` (does not work)."""
    found: str
    """What was found."""
    todo: str = ""
    """What to do about it."""


class DoctorCommand:
    """Check what this machine can do."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """No arguments of its own."""

    def run(self, context: Context) -> None:
        """One result per check; each that needs fixing makes the exit code 1."""
        checks = [check for look in CHECKS for check in look(context)]
        lines = table([(check.state, check.name, check.found) for check in checks])
        for check, line in zip(checks, lines, strict=True):
            context.emit(attrs.asdict(check), f"{line}\n      {check.todo}" if check.todo else line)
        for check in checks:
            if check.state == FIX:
                context.fail(check.name, check.todo)


def python(context: Context) -> Iterator[Check]:
    """Interpreter and system."""
    del context
    fits = sys.version_info >= (3, 11)
    todo = "" if fits else "install Python 3.11 or later"
    yield Check(
        "python", OK if fits else FIX, f"{platform.python_version()}, {platform.system()} {platform.machine()}", todo
    )


def versions(context: Context) -> Iterator[Check]:
    """Distributions, and what atom-core and the plugins require of others."""
    found = {name: _version(name) for name in DISTRIBUTIONS}
    yield Check("versions", OK, ", ".join(f"{name} {version}" for name, version in found.items() if version))
    missing = [name for name in ("torch", "torchao", "transformers", "av") if found[name] is None]
    if missing:
        yield Check(
            "versions", FIX, f"{', '.join(missing)} not installed", f"python -m pip install {' '.join(missing)}"
        )
    for distribution in sorted({info.distribution for info in context.plugins.infos} | {"atom-core"}):
        for requirement in _unmet(distribution):
            what = f"{distribution} asks for {requirement}, installed: {_version(requirement.name) or 'none'}"
            yield Check("versions", NOTE, what, f"python -m pip install '{requirement.name}{requirement.specifier}'")


def plugins(context: Context) -> Iterator[Check]:
    """Whether every plugin is loaded."""
    loaded = [info.name for info in context.plugins.infos if info.state == "loaded" and not info.builtin]
    if loaded:
        yield Check("plugins", OK, ", ".join(loaded))
    else:
        yield Check("plugins", NOTE, "none", "install some, for example: python -m pip install atom-captioning")
    for info in context.plugins.infos:
        if info.state == "broken":
            todo = f"{info.name}: {info.advice}, or run without it: ATOM_BLOCK_PLUGINS={info.name}"
            yield Check("plugins", FIX, f"{info.name} is broken: {info.reason}", todo)


def modules(context: Context) -> Iterator[Check]:
    """Whether the code of every shared module can be imported, and what it needs is here; none is loaded."""
    for name, spec in sorted(context.plugins.modules.items()):
        needs = f", {gib(spec.memory_bytes)}" if spec.memory_bytes else ""
        called = f"{name} of plugin {spec.plugin}"
        try:
            found, _, todo = lacking(spec, context.plugins, context.settings).partition("; ")
            yield Check("modules", NOTE if found else OK, f"{called}: {found}" if found else f"{called}{needs}", todo)
        except PluginError as error:
            _, reason, todo = (*str(error).splitlines(), "", "")[:3]
            yield Check("modules", FIX, f"{called}: {reason.strip() or error}", todo.strip())
        except AtomError as error:
            reason, _, todo = str(error).partition("; ")
            yield Check("modules", FIX, f"{called}: {reason}", todo)


def processor(context: Context) -> Iterator[Check]:
    """Cores, and the instructions that make int8 and bfloat16 fast."""
    del context
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    has = [name for name in FEATURES if name in _processor_flags()]
    slow = platform.machine() in ("x86_64", "AMD64") and "avx2" not in has and sys.platform == "linux"
    todo = "int8 and bfloat16 are slow on this processor; expect several times the usual time" if slow else ""
    yield Check("processor", NOTE if slow else OK, f"{cores} cores; {' '.join(has) or 'features unknown'}", todo)


def memory(context: Context) -> Iterator[Check]:
    """What is free, or allowed, against what the model in force needs, counted as it is when it is loaded."""
    settings = context.settings
    free_bytes = free_memory_bytes()
    room = Room(num_bytes=settings.memory) if settings.memory is not None else None
    room = room or (None if free_bytes is None else Room.free(free_bytes))
    if room is None:
        yield Check("memory", NOTE, "unknown on this system")
        return
    found = str(room).replace(" are free", " free")
    needs = {} if settings.device.startswith("cuda") else _needs(context)
    if not needs:
        yield Check("memory", OK, found)
        return
    wished = settings.quantize if settings.quantize in needs else next(iter(needs))
    found += f"; {settings.model} as {wished!r} needs {gib(needs[wished])} at least"
    fitting = [name for name, needed in needs.items() if needed <= room.num_bytes]
    if wished in fitting:
        yield Check("memory", OK, found)
    elif not fitting:
        least = min(needs, key=lambda name: needs[name])
        more = "raise --memory" if room.is_set else "close other programs"
        found += f", as {least!r} {gib(needs[least])}"
        yield Check("memory", FIX, found, f"{more}, or use a smaller model, for example --model tiny")
    elif settings.quantize in ("fit", "auto"):
        best = fitting[0]
        yield Check("memory", NOTE, f"{found}: {best!r} is taken, which needs {gib(needs[best])}")
    else:
        best = fitting[0]
        yield Check("memory", FIX, found, f"--quantize {best} needs {gib(needs[best])}")


def _needs(context: Context) -> Mapping[str, int]:
    """What the model in force needs at least, by recipe; empty where that is not known."""
    settings = context.settings
    spec = context.plugins.models.get(settings.model)
    source = spec.source if spec is not None else settings.model
    place = place_of(context, str(settings.model))
    if settings.model in KNOWN_NEEDS or place.folder is None or place.missing:
        return known_needs(settings.model)
    quiet()
    from atom_core.checkpoint.checkpoint import open_checkpoint
    from atom_core.families import family_of
    from atom_core.loader.plan import least_needs

    try:
        checkpoint = open_checkpoint(source, revision=settings.revision, offline=True)
        return least_needs(checkpoint, family_of(checkpoint, context.plugins.of(FamilySpec)), settings)
    except AtomError:  # told by the check of the model
        return {}


def folders(context: Context) -> Iterator[Check]:
    """Whether cache and library can be written, and the space there."""
    for name in ("cache", "library"):
        folder: Path = getattr(context.settings, name)
        there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            yield Check(name, FIX, f"{folder} cannot be written", f"choose another folder: --{name} DIR")
            continue
        free_bytes = shutil.disk_usage(there).free
        wanted_bytes = context.settings.feature_cache_bytes if name == "cache" else 2**28
        tight = free_bytes < wanted_bytes
        todo = f"free some space, or choose another folder: --{name} DIR" if tight else ""
        yield Check(name, NOTE if tight else OK, f"{folder}, {gib(free_bytes)} free", todo)


def device(context: Context) -> Iterator[Check]:
    """Where modules will live; imports torch."""
    from atom_core.imports import TORCH, import_apart

    import_apart(TORCH)
    try:
        import torch
    except Exception as error:
        yield Check(
            "device", FIX, f"torch cannot be imported: {error}", "python -m pip install --force-reinstall torch"
        )
        return
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = ", ".join(torch.cuda.get_device_name(index) for index in range(count)) or "no accelerator"
    wanted = context.settings.device
    if wanted.startswith("cuda") and not count:
        yield Check(
            "device", FIX, f"{wanted} is asked for, and torch sees none", "use --device auto, or install torch for CUDA"
        )
    else:
        threads = torch.get_num_threads()
        yield Check("device", OK, f"{wanted}; {names}; torch uses {threads} thread{'s' if threads != 1 else ''}")


def model(context: Context) -> Iterator[Check]:
    """Whether the model in force is on this machine, and whole: all its files are opened, none is loaded."""
    name = str(context.settings.model)
    place = place_of(context, name)
    if place.served_by:
        yield Check("model", OK, f"{name} is left to plugin {place.served_by}")
        return
    others = [other for other in context.plugins.models if other != name]
    instead = "or use --model " + (" or ".join(others) or "FOLDER")
    if place.folder is None:
        stored = f" ({size(DEFAULT_MODEL_BYTES)})" if name == DEFAULT_MODEL else ""
        todo = f"connect once to fetch it, `atom models --fetch {name}`, {instead}"
        yield Check("model", NOTE, f"{name}{stored} is not on this machine", todo)
        return
    if place.missing and place.commit is not None:
        found = f"{name} is partly on this machine, at commit {place.commit[:7]}; it lacks {', '.join(place.missing)}"
        yield Check("model", NOTE, found, f"connect once to fetch the rest, `atom models --fetch {name}`, {instead}")
        return
    try:
        yield Check("model", OK, f"{name}, {_opened(context, name, place)}")
    except AtomError as error:
        yield Check("model", FIX, str(error), instead.removeprefix("or "))


def _opened(context: Context, name: str, place: Place) -> str:
    """What was opened of a model.

    :raises ModelError: if a file of it is damaged, or does not fit the others
    """
    quiet()
    from atom_core.checkpoint.checkpoint import open_checkpoint
    from atom_core.families import family_of

    settings, spec = context.settings, context.plugins.models.get(name)
    source, memory = spec.source if spec is not None else name, settings.cache / "hashes.json"
    checkpoint = open_checkpoint(source, revision=settings.revision, offline=True, memory=memory)
    family_of(checkpoint, context.plugins.of(FamilySpec))
    commit = f" at commit {place.commit[:7]}" if place.commit else ""
    return f"{checkpoint.config.model_type}, {size(checkpoint.weights.num_bytes)}{commit}; its files open"


def precision(context: Context) -> Iterator[Check]:
    """What ``--quantize auto`` has measured here."""
    for finding in remembered(context.settings.cache).values():
        todo = f"to measure again, delete {context.settings.cache / FILE}"
        yield Check("quantize auto", OK, str(finding), todo)


CHECKS: tuple[Callable[[Context], Iterator[Check]], ...] = (
    python,
    versions,
    plugins,
    modules,
    processor,
    memory,
    folders,
    device,
    model,
    precision,
)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _unmet(distribution: str) -> Iterator[Requirement]:
    """What a distribution requires and does not find."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        lines = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for line in lines:
        with contextlib.suppress(InvalidRequirement):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                version = _version(requirement.name)
                if version is None or not requirement.specifier.contains(version, prereleases=True):
                    yield requirement


def _processor_flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return {flag for line in lines if line.startswith(("flags", "Features")) for flag in line.partition(":")[2].split()}
