"""Fetch a model into the hub's cache: only the files that are needed, each checked against the hub's hash of it."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen

from atom_core.errors import ModelError
from atom_core.files import sweep, writable_folder, write_whole
from atom_core.hub.client import Hub
from atom_core.hub.faults import fault_of, unwritable
from atom_core.hub.hashes import Hashes
from atom_core.hub.progress import Unseen, bars
from atom_core.hub.repo import ENGINE_WEIGHTS, MAIN, WAYS, WEIGHTS, Listed, Repo, hub_cache, needed, shards_of
from atom_core.protocols import Progress
from atom_core.settings.values import size

log = logging.getLogger("atom")

Check = Callable[[Path, Collection[str]], None]
"""Told the folder with a model's small files, and the names of all, before its weights are fetched; may refuse them."""

_UNFINISHED = ".incomplete"
_OURS = ".atom" + _UNFINISHED
_LOCK_S = 0.1


def fetch(
    source: str,
    revision: str | None = None,
    *,
    commit: str | None = None,
    hashes: Hashes | None = None,
    check: Check | None = None,
    ways: str = WAYS,
) -> Path:
    """Make a hub model complete in the cache, and use it for `revision` from now on.

    :param commit: the commit to complete; None asks the hub for that of `revision`
    :param hashes: what is known of files that are there
    :param ways: what can be done without the model
    :return: the folder of its snapshot
    :raises ModelError: if it cannot be fetched, saying why
    """
    hub, repo = Hub(source, ways), Repo(source)
    new_commit, names = hub.listing(revision, commit)
    if not {"config.json", "adapter_config.json"} & names.keys():
        raise ModelError(
            f"model {source} has no config.json on the hub; name one in Hugging Face format", source=source
        )
    work = _Fetch(hub, repo, new_commit, names, hashes or Hashes())
    try:
        wanted = work.run(check)
        repo.keep(revision, new_commit, {name: names[name] for name in wanted})
        _refer(repo, revision, new_commit, anew=commit is None)
        _clean(repo)
    except OSError as error:
        raise ModelError(
            f"model {source} cannot be fetched: {fault_of(error, hub.endpoint).text}", source=source
        ) from None
    work.hashes.save()
    if hub.token_refused:
        log.warning("the hub refused your token, so it was asked without; `hf auth login` sets a new one")
    return repo.snapshot(new_commit)


@frozen
class _Fetch:
    """One commit's files on their way."""

    hub: Hub
    repo: Repo
    commit: str
    names: Mapping[str, Listed]
    hashes: Hashes

    def run(self, check: Check | None) -> list[str]:
        """Bring all that is needed; its names."""
        folder, wanted = self.repo.snapshot(self.commit), needed(self.names)
        lacking = [name for name in wanted if not self._holds(folder / name, name)]
        to_come_bytes = self._to_come_bytes(lacking)
        self._check_disk(to_come_bytes)
        if lacking:
            whole = f"{size(sum(self.names[name].size_bytes for name in wanted))} in {len(wanted)} files"
            free = f"{size(_free_bytes(self.repo.folder))} free in {hub_cache()}"
            log.warning("fetching %s of model %s (%s; %s)", size(to_come_bytes), self.repo.name, whole, free)
        weights = [name for name in wanted if name.endswith(".safetensors") or name == ENGINE_WEIGHTS]
        for name in sorted(set(wanted) - set(weights)):
            self._bring(folder / name, name, Unseen())
        if check is not None:
            check(folder, self.names)
        if weights != [WEIGHTS]:
            wanted = [name for name in needed(self.names, shards_of(folder)) if name in self.names]
        lacking = [name for name in wanted if not self._holds(folder / name, name)]
        with bars.get()(f"Fetching {self.repo.name}", self._to_come_bytes(lacking)) as bar:
            for name in lacking:
                self._bring(folder / name, name, bar)
        return wanted

    def _to_come_bytes(self, lacking: Collection[str]) -> int:
        return sum(self.names[name].size_bytes - self._begun_bytes(name) for name in lacking)

    def _bring(self, pointer: Path, name: str, bar: Progress) -> None:
        if self._holds(pointer, name):
            return
        if pointer.is_file():
            log.warning("%s of model %s is damaged, and is fetched again", name, self.repo.name)
        etag = self.names[name].etag
        blob = self.repo.folder / "blobs" / etag
        blob.parent.mkdir(parents=True, exist_ok=True)
        pointer.parent.mkdir(parents=True, exist_ok=True)
        with _lock(self.repo, etag, f"waiting for another program that fetches {name}"):
            if not self._holds(blob, name):
                part = blob.with_name(etag + _OURS)
                self._download(name, part, bar)
                os.replace(part, blob)
                self.hashes.remember(blob, etag)
            _link(blob, pointer)

    def _download(self, name: str, part: Path, bar: Progress) -> None:
        try:
            self.hub.download(self.commit, name, self.names[name], part, bar)
        except ModelError:
            if not _free_bytes(part):  # what stays would be in the way of everybody
                part.unlink(missing_ok=True)
            raise

    def _holds(self, path: Path, name: str) -> bool:
        """Whether a file is there with all its bytes right."""
        listed = self.names[name]
        try:
            whole = path.is_file() and path.stat().st_size == listed.size_bytes
            return whole and self.hashes.is_what_hub_lists(path, listed.etag)
        except OSError:
            return False

    def _begun_bytes(self, name: str) -> int:
        listed = self.names[name]
        for begun in (listed.etag, listed.etag + _OURS):
            with suppress(OSError):
                return min((self.repo.folder / "blobs" / begun).stat().st_size, listed.size_bytes)
        return 0

    def _check_disk(self, to_come_bytes: int) -> None:
        """
        :raises ModelError: if what is to come cannot be written, or does not fit
        """
        try:
            for folder in (self.repo.folder, hub_cache() / ".locks"):
                writable_folder(folder)
        except OSError as error:
            fault = unwritable(hub_cache(), error)
            raise ModelError(f"model {self.repo.name} cannot be fetched: {fault.text}", source=self.repo.name) from None
        if (free_bytes := _free_bytes(self.repo.folder)) < to_come_bytes:
            with suppress(OSError):
                self.repo.folder.rmdir()
            raise ModelError(
                f"model {self.repo.name} cannot be fetched: {size(to_come_bytes)} are to come, and {hub_cache()} has"
                f" {size(free_bytes)} free; free some space, or name another folder with HF_HOME",
                source=self.repo.name,
            )


@contextmanager
def _lock(repo: Repo, etag: str, said: str) -> Iterator[None]:
    """The lock that the hub's client takes for a blob, too."""
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock

    path = hub_cache() / ".locks" / repo.folder.name / f"{etag}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = WeakFileLock(path, timeout=_LOCK_S)
        lock.__enter__()
    except Timeout:
        log.warning("%s", said)
        lock = WeakFileLock(path)
        lock.__enter__()
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _link(blob: Path, pointer: Path) -> None:
    """Let a snapshot's file be a blob: a link, or a copy where there are no links."""
    if pointer.is_file() and pointer.resolve() == blob.resolve():
        return
    pointer.unlink(missing_ok=True)
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        shutil.copyfile(blob, pointer)


def _refer(repo: Repo, revision: str | None, commit: str, *, anew: bool) -> None:
    """Tell the hub's client which commit a revision is."""
    reference = repo.folder / "refs" / (revision or MAIN)
    if revision != commit and (anew or not reference.is_file()):
        reference.parent.mkdir(parents=True, exist_ok=True)
        write_whole(reference, commit)


def _clean(repo: Repo) -> None:
    """Remove what programs that were killed have begun, and none goes on with."""
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock

    for part in (repo.folder / "blobs").glob(f"*{_UNFINISHED}"):
        path = hub_cache() / ".locks" / repo.folder.name / f"{part.name.partition('.')[0]}.lock"
        with suppress(Timeout, OSError), WeakFileLock(path, timeout=_LOCK_S):
            part.unlink(missing_ok=True)
    sweep(repo.folder)


def _free_bytes(place: Path) -> int:
    there = next(one for one in (place.absolute(), *place.absolute().parents) if one.exists())
    return shutil.disk_usage(there).free
