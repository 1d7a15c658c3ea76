"""``atom models``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from atom_core.cli.console import table
from atom_core.errors import ModelError, SettingsError
from atom_core.hub.repo import Cached, Repo, cached_repos, is_hub_id, local_folder
from atom_core.settings import DEFAULT_MODEL, DEFAULT_MODEL_BYTES
from atom_core.settings.values import size

if TYPE_CHECKING:
    from atom_core.cli.context import Context


class ModelsCommand:
    """List the models that can be loaded, or fetch one."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--fetch", metavar="ID", help="fetch a hub model, or what the cache lacks of it, without running it"
        )
        what.add_argument(
            "--update",
            metavar="ID",
            nargs="?",
            const="",
            help="move a hub model, the one in force if none is named, on to what the hub has by now",
        )
        what.add_argument(
            "--recipes", action="store_true", help="list the precisions that --quantize takes, and what each is"
        )

    def run(self, context: Context) -> None:
        """One result per model: those of plugins, the one in force, those in the cache of the hub."""
        if context.args.fetch is not None or context.args.update is not None:
            context.emit(*_fetched(context))
            return
        if context.args.recipes:
            _list_recipes(context)
            return
        rows = list(_models(context))
        lines = table([("MODEL", "STATE", "SIZE", "COMMIT", "ABOUT"), *((*map(str, _cells(row)),) for row in rows)])
        for place, (row, line) in enumerate(zip(rows, lines[1:], strict=True)):
            context.emit(row, line if place else f"{lines[0]}\n{line}")
        if not any(row["ready"] for row in rows if row["name"] == context.settings.model):
            context.note(_ways_on(context.settings.model, rows))


def _list_recipes(context: Context) -> None:
    """One result for each recipe, and for the two settings that choose one."""
    from atom_core.checkpoint.recipes import FIT, RECIPES, recipes_for
    from atom_core.loader.identity import choose_device

    device = choose_device(context.settings.device)
    usable = {recipe.name for recipe in recipes_for(device)}
    rows: list[dict[str, Any]] = [
        {"name": FIT, "summary": "as stored, or what loses least of what fits into memory", "usable": True},
        {"name": "auto", "summary": "what is fastest on this processor at the model's quality, measured once"},
        *({"name": recipe.name, "summary": recipe.summary} for recipe in RECIPES.values()),
    ]
    rows = [{"usable": row["name"] in usable or (row["name"] == "auto" and device == "cpu"), **row} for row in rows]
    cells = [(str(row["name"]), "yes" if row["usable"] else "no", str(row["summary"])) for row in rows]
    lines = table([("RECIPE", "HERE", "IS"), *cells])
    for place, (row, line) in enumerate(zip(rows, lines[1:], strict=True)):
        context.emit(row, line if place else f"{lines[0]}\n{line}")


@frozen(kw_only=True)
class Place:
    """Where a model is on this machine."""

    folder: Path | None = None
    """The folder with its files; None where there is none."""
    commit: str | None = None
    """The commit in use, of a hub model."""
    missing: tuple[str, ...] = ()
    """What Atom needs and is not there."""
    served_by: str = ""
    """The plugins that may serve it, where it is neither a folder nor a model of the hub."""

    @property
    def ready(self) -> bool:
        """Whether it can be loaded without the network, as far as can be told from here."""
        return bool(self.served_by) or (self.folder is not None and not self.missing)


def place_of(context: Context, name: str) -> Place:
    """Where the model called `name` is."""
    spec = context.plugins.models.get(name)
    source = spec.source if spec is not None else name
    loaders = [
        info.name
        for info in context.plugins.infos
        if info.state == "loaded" and not info.builtin and "atom_load_modules" in info.hooks
    ]
    if (folder := local_folder(source)) is not None:
        weights = any(folder.glob("*.safetensors"))
        return Place(folder=folder, missing=() if weights else ("weights",))
    if loaders and (not is_hub_id(source) or (spec is not None and spec.plugin in loaders)):
        return Place(served_by=" or ".join(loaders))
    return _cached(Repo(source).cached(context.settings.revision) if is_hub_id(source) else None)


def _cached(cached: Cached | None) -> Place:
    if cached is None:
        return Place()
    return Place(folder=cached.folder, commit=cached.commit, missing=tuple(cached.missing))


def _models(context: Context) -> Iterator[dict[str, object]]:
    seen: set[str] = set()
    for name, spec in sorted(context.plugins.models.items()):
        seen.add(name)
        yield _row(name, spec.source, spec.summary, place_of(context, name), plugin=spec.plugin)
    for name in dict.fromkeys((str(context.settings.model), DEFAULT_MODEL)):
        if name not in seen:
            seen.add(name)
            summary = "the default" if name == DEFAULT_MODEL else "the model in force"
            yield _row(name, name, summary, place_of(context, name))
    for repo in cached_repos():
        cached = repo.cached()
        if repo.name not in seen and cached is not None and _sees(cached.folder / "config.json"):
            yield _row(repo.name, repo.name, "in the cache of the hub", _cached(cached))


def _row(name: str, source: str, summary: str, place: Place, *, plugin: str = "") -> dict[str, object]:
    weights = sorted(place.folder.glob("*.safetensors")) if place.folder is not None else []
    return {
        "name": name,
        "source": source,
        "summary": summary,
        "plugin": plugin,
        "folder": str(place.folder) if place.folder is not None else None,
        "commit": place.commit,
        "ready": place.ready,
        "missing": list(place.missing),
        "served_by": place.served_by,
        "size_bytes": sum(file.stat().st_size for file in weights if file.is_file()),
    }


def _cells(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    state = "partly here" if row["folder"] else "not here"
    if row["ready"]:
        state = f"served by {row['served_by']}" if row["served_by"] else "ready"
    stored = size(row["size_bytes"]) if row["size_bytes"] else "-"
    if row["name"] == DEFAULT_MODEL and not row["folder"]:
        stored = f"({size(DEFAULT_MODEL_BYTES)})"
    return row["name"], state, stored, (row["commit"] or "-")[:7], row["summary"]


def _ways_on(model: str, rows: list[dict[str, object]]) -> str:
    ready = [row["name"] for row in rows if row["ready"]]
    ways = [f"--model {name}" for name in ready[:3]] or ["--model FOLDER"]
    return (
        f"the model in force, {model}, is not whole on this machine: the first run fetches what is not there, or"
        f" `atom models --fetch {model}` does; or use {' or '.join(ways)}"
    )


def _fetched(context: Context) -> tuple[dict[str, object], str]:
    """What ``--fetch`` or ``--update`` did, as a row and as text.

    :raises ModelError: if it cannot be fetched
    :raises SettingsError: if it is no model of the hub
    """
    from atom_core.checkpoint.find import fetch_model, find_in_cache, forbidden

    args, settings = context.args, context.settings
    name = args.fetch or args.update or settings.model
    spec = context.plugins.models.get(name)
    source = spec.source if spec is not None else name
    revision = settings.revision if args.update == "" else settings.revision and str(settings.revision)
    if not is_hub_id(source) or (args.update is not None and local_folder(source) is not None):
        raise SettingsError(f"model {name} is no model of the hub, so there is nothing to fetch; name OWNER/NAME")
    if reason := forbidden(source, revision, settings.offline):
        raise ModelError(f"model {name} cannot be fetched: {reason}")
    repo, memory = Repo(str(source)), settings.cache / "hashes.json"
    before = repo.cached(revision)
    if args.update is None:
        find_in_cache(source, revision, memory=memory)
    else:
        fetch_model(source, revision, memory=memory, anew=True)
    after = repo.cached(revision)
    assert after is not None
    row = _row(name, source, spec.summary if spec is not None else "", _cached(after))
    return row, f"{name}: {size(after.size_bytes)} at commit {after.commit[:7]}, {_said(before, after)}"


def _said(before: Cached | None, after: Cached) -> str:
    if before is None or before.missing:
        return f"now in {after.folder}"
    if before.commit == after.commit:
        return "all of it was there"
    return (
        f"{before.commit[:7]} before; features are computed anew, and a library of the other is refused:"
        f" --revision {before.commit[:7]} goes back, `atom index --rebuild` goes on"
    )


def _sees(config: Path) -> bool:
    try:
        return "vision_config" in json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
