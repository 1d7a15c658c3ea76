"""Finds a checkpoint by folder or hub id; one of the hub is fetched, or made complete, where that is allowed."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from pathlib import Path

from atom_core.checkpoint.checks import check_before_weights, check_kind
from atom_core.errors import ModelError
from atom_core.hub.hashes import Hashes
from atom_core.hub.repo import WAYS, Repo, is_hub_id, local_folder, offline_variable
from atom_core.settings import DEFAULT_MODEL, FromFolder

log = logging.getLogger("atom")


def find(source: str, *, revision: str | None = None, offline: bool = False, memory: Path | None = None) -> Path:
    """The folder of a checkpoint; a hub model is fetched, or made complete, where files that Atom needs are not there.
    Where they are, the network is not touched, whatever the hub has by now.

    :param source: folder or hub id
    :param memory: file to remember hashes in; with it, files in the cache are checked against the hub's hashes, once
    :raises ModelError: if it is neither a folder with a config, nor cached, nor reachable
    """
    folder = local_folder(source)
    if folder is not None:
        if is_hub_id(source):
            log.warning("model %s is taken from the folder ./%s; write ./%s to say so", source, source, source)
        check_kind(source, folder)
        if not (folder / "config.json").is_file():
            raise ModelError(
                f"model folder {source} has no config.json; name a folder in Hugging Face format", source=source
            )
        return folder
    if not is_hub_id(source) or Path(source).is_file():
        raise ModelError(
            f"model {source!r} is neither an installed name, a folder, nor a hub id such as owner/name;"
            " `atom models` lists the names, --model FOLDER opens a folder",
            source=source,
        )
    folder = find_in_cache(source, revision, offline=offline, memory=memory)
    check_kind(source, folder)
    return folder


def fetch_model(
    source: str,
    revision: str | None = None,
    *,
    memory: Path | None = None,
    anew: bool = False,
    ways: str = WAYS,
) -> Path:
    """The folder of a hub model, fetched or made complete if need be; `forbidden` is asked before.

    :param anew: whether to ask the hub for the revision's present commit, and move on to it
    :param ways: what can be done without it
    :raises ModelError: if it cannot be fetched, saying why
    """
    from atom_core.hub.fetch import fetch

    commit = None if anew else Repo(source).commit(revision)
    check = partial(check_before_weights, source)
    return fetch(source, revision, commit=commit, hashes=Hashes(memory), check=check, ways=ways)


def find_in_cache(
    source: str,
    revision: str | None = None,
    *,
    offline: bool = False,
    memory: Path | None = None,
    ways: str = WAYS,
) -> Path:
    """The folder of a hub model, fetched or made complete where files that Atom needs are not there, or damaged.

    :param memory: file to remember hashes in; without it, files in the cache are not checked
    :param ways: what else can be done where it cannot be fetched
    :raises ModelError: if it is not whole and cannot be fetched
    """
    repo = Repo(source)
    cached = repo.cached(revision)
    lacking = ""
    if cached is not None and not cached.missing:
        damaged = repo.damaged(cached.commit, Hashes(memory)) if memory is not None else []
        if not damaged:
            with suppress(OSError):  # a cache of others is only read
                repo.keep(revision, cached.commit)
            return cached.folder
        lacking = f"its {', '.join(damaged)} {'is' if len(damaged) == 1 else 'are'} damaged"
    elif cached is not None:
        more = f" and {len(cached.missing) - 3} more files" if len(cached.missing) > 3 else ""
        lacking = f"it lacks {', '.join(cached.missing[:3])}{more}"
    reason = forbidden(source, revision, offline, ways)
    if reason:
        state = f"is not whole in the cache ({lacking})" if lacking else "is not cached"
        raise ModelError(f"model {source} {state} and {reason}", source=source)
    return fetch_model(source, revision, memory=memory, ways=ways)


def forbidden(source: str, revision: str | None, offline: bool, ways: str = WAYS) -> str:
    """What forbids to fetch a model, and the ways on; "" if nothing does."""
    if offline:
        return f"--offline forbids the network; connect once to fetch it, {ways}"
    if variable := offline_variable():
        return f"{variable} forbids the network; unset it and connect once to fetch it, {ways}"
    if (isinstance(source, FromFolder) and source != DEFAULT_MODEL) or isinstance(revision, FromFolder):
        option = f" --revision {revision}" if revision else ""
        return (
            "only atom.toml of this folder names it, on whose word nothing is fetched; if you trust it,"
            f" `atom models --fetch {source}{option}`"
        )
    return ""
