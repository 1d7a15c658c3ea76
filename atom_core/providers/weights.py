"""Weights of models that plugins bring, by folder or hub id: found, fetched and told apart as Atom's own are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from attrs import evolve

from atom_core.checkpoint.find import find_in_cache
from atom_core.errors import ModelError
from atom_core.hub.hashes import Hashes
from atom_core.hub.repo import Repo, is_hub_id, local_folder
from atom_core.settings import Settings


def find_weights(
    source: str, settings: Settings, *, files: Collection[str], what: str, ways: str, of_hub: bool = False
) -> Path:
    """The folder of a model that a setting names; one of the hub is fetched, or made complete, where the network is
    allowed and more than ``atom.toml`` of the current folder names it.

    :param source: folder or hub id, as the setting has it
    :param files: names of files without which it is no such model
    :param what: what it is, for messages: ``speech model``
    :param ways: what else can be done where it cannot be had: ``set another with ...``
    :param of_hub: whether `source` is a hub id that no setting names, which no folder stands for
    :raises ModelError: if it is neither a folder with those files, nor cached, nor reachable
    """
    folder = None if of_hub else local_folder(source)
    if folder is None:
        if not of_hub and (not is_hub_id(source) or Path(source).is_file()):
            raise ModelError(f"{what} {source!r} is neither a folder nor a hub id such as owner/name; {ways}")
        folder = find_in_cache(source, offline=settings.offline, memory=settings.cache / "hashes.json", ways=ways)
    if lacking := [name for name in files if not (folder / name).is_file()]:
        raise ModelError(f"{what} {source} has no {', '.join(lacking)}; {ways}")
    return folder


def is_here(source: str, *, of_hub: bool = False) -> bool:
    """Whether a model is on this machine, as far as can be told without the network.

    :param of_hub: as in `find_weights`
    """
    if not of_hub and local_folder(source) is not None:
        return True
    cached = Repo(source).cached() if is_hub_id(source) else None
    return cached is not None and not cached.missing


def lacking_weights(
    source: str, settings: Settings, *, files: Collection[str], what: str, ways: str, of_hub: bool = False
) -> str:
    """What is not on this machine of a model that a setting names, with the way to it, as a module says in
    ``lacking``; "" if it is here. Nothing is fetched; the arguments are those of `find_weights`.

    :raises ModelError: if it is neither a folder with those files nor a hub id
    """
    if is_hub_id(source) and not is_here(source, of_hub=of_hub):
        return f"{what} {source} is not on this machine; connect once to fetch it, `atom models --fetch {source}`"
    find_weights(source, evolve(settings, offline=True), files=files, what=what, ways=ways, of_hub=of_hub)
    return ""


def hashes_of(folder: Path, files: Collection[str], settings: Settings) -> dict[str, str]:
    """SHA-256 of those of a folder's files that are there, by name; those of large ones are remembered between runs.

    :raises OSError: if one that is there cannot be read
    """
    hashes = Hashes(settings.cache / "hashes.json")
    found = {name: hashes.sha256(folder / name) for name in sorted(files) if (folder / name).is_file()}
    hashes.save()
    return found


def digest_of(folder: Path, files: Collection[str], settings: Settings) -> str:
    """A hash of some of a folder's files, 32 hexadecimal digits, see `hashes_of`.

    :raises OSError: if one that is there cannot be read
    """
    digest = hashlib.sha256()
    for name, found in hashes_of(folder, files, settings).items():
        digest.update(f"{name}\0{found}\0".encode())
    return digest.hexdigest()[:32]
