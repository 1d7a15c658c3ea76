"""The cache that programs of the Hugging Face hub share: which models are there, at which commit, with all that Atom
needs of them. Nothing here asks the network.

Atom keeps one file of its own beside a model's blobs, ``atom.json``: the commit in use of each branch, and what the hub
lists of the files it needs. Another program that moves the cache's branch on does not move Atom on.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import field, frozen

from atom_core.errors import ModelError
from atom_core.files import write_whole
from atom_core.hub.hashes import Hashes
from atom_core.settings import DEFAULT_MODEL

log = logging.getLogger("atom")

HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
TOKENIZER = "tokenizer.json"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
EMBEDDER = "modules.json"
"""The file that only text embedders have, in sentence-transformers' format."""
ENGINE_WEIGHTS, _ENGINE_WORDS = "model.bin", ("vocabulary.json", "vocabulary.txt")
"""The files that only models in CTranslate2's format have; its weights are numbers, nothing is unpickled."""
WAYS = "open a folder with --model FOLDER, or use the embedded model with --model tiny"
"""What can be done without a model of the hub."""
MAIN = "main"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT = re.compile(r"[0-9a-f]{7,39}")
_REVISION = re.compile(r"\w[\w.+-]*(/\w[\w.+-]*)*")
_NAMES = frozenset(
    f"{name}.json"
    for name in (
        "adapter_config",
        "added_tokens",
        "chat_template",
        "config",
        "config_sentence_transformers",
        "generation_config",
        "modules",
        "preprocessor_config",
        "processor_config",
        "sentence_bert_config",
        "special_tokens_map",
        "tokenizer",
        "tokenizer_config",
        "video_preprocessor_config",
        "vocab",
    )
) | {"chat_template.jinja", "merges.txt", "vocab.txt"}
_STEP = re.compile(r"\d+_\w+/(config\.json|model\.safetensors)", re.ASCII)
"""Files of an embedder's steps after its transformer."""
_VOCABULARIES = ("vocab.json", "vocab.txt", "merges.txt")
_ENDINGS = (".model", ".tiktoken")
_SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
_ONE_OF: dict[str, tuple[str, ...]] = {
    "config.json": (),
    "weights": (".safetensors", ".bin", ".gguf"),
    TOKENIZER: _ENDINGS,
    "preprocessor_config.json": ("processor_config.json",),
}
"""What no model does without, and what may stand in its place."""
_OWN = "atom.json"


@frozen
class Listed:
    """What the hub lists of a file."""

    size_bytes: int
    """Its length."""
    etag: str
    """sha256 of its bytes where it is large, else git's sha1."""


def is_hub_id(source: str) -> bool:
    """Whether `source` can name a model of the hub."""
    return HUB_ID.fullmatch(source) is not None and ".." not in source and "--" not in source


def local_folder(source: str) -> Path | None:
    """The folder that `source` names, if it names one.

    What reads like a hub id is a folder only where no hub model of that name is meant: it is not the default model, nor
    one in the hub's cache. ``./owner/name`` always is.
    """
    if not source or source == DEFAULT_MODEL:
        return None
    folder = Path(source).expanduser()
    if not folder.is_dir() or (is_hub_id(source) and Repo(source).cached() is not None):
        return None
    return folder


def needed(names: Collection[str], shards: Collection[str] | None = None) -> list[str]:
    """Those of a repository's files that Atom opens; none in a folder below, but for an embedder's steps.

    :param names: all of them
    :param shards: what the index of the weights names; None is not to know, and takes what is called like a shard
    """
    wanted = {name for name in names if name in _NAMES or ("/" not in name and name.endswith(_ENDINGS))}
    if WEIGHTS in names:
        wanted.add(WEIGHTS)
    elif is_engine(names):
        wanted |= {ENGINE_WEIGHTS, *(name for name in _ENGINE_WORDS if name in names)}
    elif INDEX in names:
        wanted |= {INDEX, *(filter(_SHARD.fullmatch, names) if shards is None else shards)}
    else:
        wanted |= {name for name in names if "/" not in name and name.endswith(".safetensors")}
    if EMBEDDER in names:
        wanted |= set(filter(is_step, names))
    return sorted(wanted)


def shards_of(folder: Path) -> list[str] | None:
    """The files that the index of a folder's weights names; None if there is none that can be read."""
    try:
        found = json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values()
        return sorted({name for name in found if isinstance(name, str) and Path(name).name == name})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def is_engine(names: Collection[str]) -> bool:
    """Whether files are a model in CTranslate2's format, as recognisers of speech come in."""
    safe = any(name.endswith(".safetensors") for name in names)
    return ENGINE_WEIGHTS in names and any(name in names for name in _ENGINE_WORDS) and not safe


def is_step(name: str) -> bool:
    """Whether a file is one of an embedder's steps after its transformer."""
    return _STEP.fullmatch(name) is not None


def hub_cache() -> Path:
    """Where the hub's client keeps models, by its own variables."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if folder := os.environ.get(variable):
            return Path(os.path.expandvars(folder)).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(os.path.expandvars(home)).expanduser() / "hub"


@frozen
class Cached:
    """A model's snapshot in the cache."""

    folder: Path
    """The folder with its files."""
    commit: str
    """Which of the hub's commits it is."""
    missing: list[str]
    """Files that Atom needs and that are not there, or not whole."""

    @property
    def size_bytes(self) -> int:
        """What the files there take."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())


@frozen
class Repo:
    """One model's place in the cache."""

    name: str
    """Its hub id."""
    folder: Path = field(init=False)
    """The folder with its blobs, snapshots and refs."""

    @folder.default
    def _folder(self) -> Path:
        return hub_cache() / f"models--{self.name.replace('/', '--')}"

    def snapshot(self, commit: str) -> Path:
        """The folder of a commit's files."""
        return self.folder / "snapshots" / commit

    def commit(self, revision: str | None = None) -> str | None:
        """The commit in use for a branch, tag or commit; None if none is.

        :raises ModelError: if that is no name of a revision
        """
        revision = revision or MAIN
        check_revision(self.name, revision)
        if _COMMIT.fullmatch(revision):
            return revision
        own = self._own()["in_use"].get(revision)
        if isinstance(own, str) and _COMMIT.fullmatch(own) and self.snapshot(own).is_dir():
            return own
        with suppress(OSError, ValueError):
            found = (self.folder / "refs" / revision).read_text(encoding="utf-8").strip()
            return found if found.isalnum() else None
        begins = self.folder.glob(f"snapshots/{revision}*") if _SHORT.fullmatch(revision) else ()
        return next((folder.name for folder in begins), None)

    def cached(self, revision: str | None = None) -> Cached | None:
        """What is there of a revision; None if nothing is."""
        commit = self.commit(revision)
        if commit is None or not self.snapshot(commit).is_dir():
            return None
        return Cached(self.snapshot(commit), commit, self._missing(commit))

    def listed(self, commit: str) -> dict[str, Listed]:
        """What the hub lists of a commit's files, as far as it was kept, by Atom or the hub's client; maybe nothing."""
        own = self._own()["listed"].get(commit)
        if isinstance(own, dict):
            with suppress(TypeError, ValueError):
                return {str(name): Listed(int(size), str(etag)) for name, (size, etag) in own.items()}
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            text = (self.folder / "trees" / f"{commit}.json").read_text(encoding="utf-8")
            return {name: Listed(one["size"], one.get("lfs_sha256") or one["blob_id"]) for name, one in
                    json.loads(text)["files"].items()}  # fmt: skip
        return {}

    def damaged(self, commit: str, hashes: Hashes) -> list[str]:
        """Files of a snapshot whose bytes are not those that the hub names; each is read once.

        :param hashes: what is known of them
        """
        folder, listed = self.snapshot(commit), self.listed(commit)
        wrong = []
        for name in needed(_names(folder), shards_of(folder)):
            path = folder / name
            etag = listed[name].etag if name in listed else _blob(path)
            with suppress(OSError):
                if path.is_file() and not hashes.is_what_hub_lists(path, etag):
                    wrong.append(name)
        hashes.save()
        return wrong

    def keep(self, revision: str | None, commit: str, listed: Mapping[str, Listed] | None = None) -> None:
        """Use `commit` for a revision from now on.

        :param listed: what the hub lists of the files that Atom needs; None leaves what is known
        :raises OSError: if that cannot be written
        """
        own = self._own()
        revision = revision or MAIN
        before = json.dumps(own)
        if revision != commit:
            own["in_use"][revision] = commit
        if listed is not None:
            own["listed"][commit] = {name: [one.size_bytes, one.etag] for name, one in sorted(listed.items())}
        own["listed"] = {one: files for one, files in own["listed"].items() if self.snapshot(one).is_dir()}
        if json.dumps(own) != before:
            write_whole(self.folder / _OWN, json.dumps(own, indent=1) + "\n")

    def _missing(self, commit: str) -> list[str]:
        folder, listed = self.snapshot(commit), self.listed(commit)
        if listed:
            wanted = needed(listed, shards_of(folder))
            if TOKENIZER in listed:  # which holds what these do
                wanted = [name for name in wanted if name not in _VOCABULARIES and not name.endswith(_ENDINGS)]
            return [name for name in wanted if not _is_whole(folder / name, listed.get(name))]
        names = _names(folder)
        missing = [name for name in needed(names, shards_of(folder)) if name not in names]
        if "adapter_config.json" in names:
            return missing
        there = [*names, *missing]
        for what, others in _ONE_OF.items():
            if (EMBEDDER in names or is_engine(names)) and what == "preprocessor_config.json":
                continue
            if not any(what == name or name.startswith(others) or name.endswith(others) for name in there):
                missing.append(what)
        return missing

    def _own(self) -> dict[str, dict[str, object]]:
        found: Any = {}
        with suppress(OSError, ValueError, RecursionError):
            found = json.loads((self.folder / _OWN).read_text(encoding="utf-8"))
        tables = {name: found.get(name) if isinstance(found, dict) else None for name in ("in_use", "listed")}
        return {name: table if isinstance(table, dict) else {} for name, table in tables.items()}


def offline_variable() -> str:
    """The variable by which the hub's client is told to stay off the network; "" if it is not."""
    from huggingface_hub import constants

    named = [name for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE") if os.environ.get(name)]
    return (named[0] if named else "HF_HUB_OFFLINE") if constants.is_offline_mode() else ""


def check_revision(source: str, revision: str) -> None:
    """
    :raises ModelError: if `revision` cannot be a branch, tag or commit
    """
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise ModelError(f"model {source} has no revision {revision!r}; drop --revision or name another", source=source)


def cached_repos() -> Iterable[Repo]:
    """Every model in the cache."""
    for folder in sorted(hub_cache().glob("models--*--*")):
        name = folder.name.removeprefix("models--").replace("--", "/", 1)
        if is_hub_id(name):
            yield Repo(name)


def _names(folder: Path) -> set[str]:
    """The files of a folder and of an embedder's steps below it; links that lead nowhere are none."""
    below = (path.relative_to(folder).as_posix() for path in folder.glob("*_*/*") if path.is_file())
    return {path.name for path in folder.iterdir() if path.is_file()} | set(filter(is_step, below))


def _is_whole(path: Path, listed: Listed | None) -> bool:
    try:
        return path.is_file() and (listed is None or path.stat().st_size == listed.size_bytes)
    except OSError:
        return False


def _blob(path: Path) -> str:
    """The name of the blob that a snapshot's file links to, which is the hub's name of its bytes; "" if it is none."""
    try:
        return Path(os.readlink(path)).name
    except OSError:
        return ""
