"""``atom models``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atom_core.cli.console import table
from atom_core.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from atom_core.cli.context import Context


class ModelsCommand:
    """List the models that can be loaded."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """No arguments of its own."""

    def run(self, context: Context) -> None:
        """One result per model: those of plugins, the one in force, those in the cache of the hub."""
        rows = list(_models(context))
        lines = table([("MODEL", "STATE", "SIZE", "ABOUT"), *((*map(str, _cells(row)),) for row in rows)])
        for place, (row, line) in enumerate(zip(rows, lines[1:], strict=True)):
            context.emit(row, line if place else f"{lines[0]}\n{line}")
        if not any(row["ready"] and row["name"] == context.settings.model for row in rows):
            context.note(_ways_on(context.settings.model, rows))


def _models(context: Context) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for name, spec in sorted(context.plugins.models.items()):
        seen.add(name)
        folder = Path(spec.source) if Path(spec.source).is_dir() else snapshot(spec.source)
        yield _row(name, spec.source, spec.summary, folder, plugin=spec.plugin)
    for name in dict.fromkeys((context.settings.model, DEFAULT_MODEL)):
        if name not in seen:
            seen.add(name)
            folder = Path(name) if Path(name).is_dir() else snapshot(name, context.settings.revision)
            yield _row(name, name, "the default" if name == DEFAULT_MODEL else "the model in force", folder)
    for name, folder in cached_models():
        if name not in seen:
            yield _row(name, name, "in the cache of the hub", folder)


def _row(name: str, source: str, summary: str, folder: Path | None, *, plugin: str = "") -> dict[str, Any]:
    weights = sorted(folder.glob("*.safetensors")) if folder is not None else []
    return {
        "name": name,
        "source": source,
        "summary": summary,
        "plugin": plugin,
        "folder": str(folder) if folder is not None else None,
        "ready": bool(weights),
        "size_bytes": sum(file.stat().st_size for file in weights),
    }


def _cells(row: dict[str, Any]) -> tuple[str, str, str, str]:
    state = "ready" if row["ready"] else "no weights" if row["folder"] else "not here"
    size = f"{row['size_bytes'] / 1e6:.0f} MB" if row["size_bytes"] else "-"
    return row["name"], state, size, row["summary"]


def _ways_on(model: str, rows: list[dict[str, Any]]) -> str:
    ready = [row["name"] for row in rows if row["ready"]]
    ways = [f"--model {name}" for name in ready[:3]] or ["--model FOLDER"]
    return f"the model in force, {model}, is not on this machine: connect once to fetch it, or use {' or '.join(ways)}"


def hub_cache() -> Path:
    """Where the hub's client keeps models, by its own variables."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if folder := os.environ.get(variable):
            return Path(folder).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def snapshot(model: str, revision: str | None = None) -> Path | None:
    """The cached snapshot of a hub model with its configuration, if there is one."""
    folder = hub_cache() / f"models--{model.replace('/', '--')}"
    reference = folder / "refs" / (revision or "main")
    try:
        commit = reference.read_text(encoding="utf-8").strip() if reference.is_file() else revision or ""
    except OSError:
        return None
    found = folder / "snapshots" / commit
    return found if commit and (found / "config.json").is_file() else None


def cached_models() -> Iterator[tuple[str, Path]]:
    """Every cached hub model that sees, with its snapshot."""
    for folder in sorted(hub_cache().glob("models--*")):
        name = folder.name.removeprefix("models--").replace("--", "/", 1)
        found = snapshot(name)
        if found is not None and _sees(found / "config.json"):
            yield name, found


def _sees(config: Path) -> bool:
    try:
        return "vision_config" in json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
