"""The manifest of an exported folder: what it holds, for which versions and sizes, with checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, field, fields, frozen

import atom_core as atom
from atom_core.providers import hashes_of

NAME = "atom-export.json"
PROGRAMS = "model.pte"
FORMAT = 1
"""Raised when the programs take or give something else."""
METHODS = ("vision_encoder", "token_embedding", "text_decoder")


@frozen(kw_only=True)
class ExportedSizes:
    """Sizes that the programs were made for."""

    context: int
    """Most tokens of a prompt and its answer."""
    prefill: int
    """Most tokens of one call of ``text_decoder`` and ``token_embedding``."""
    frame_side: int
    """Side of a frame, pixels."""
    frame_rows: int
    """Rows of features that ``vision_encoder`` makes of a frame."""
    width: int
    """Of a row, and of a token's embedding."""
    vocabulary: int
    """Tokens."""


def _tuple(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(ids)


@frozen(kw_only=True)
class Sampling:
    """The rule by which the next token is chosen from the logits."""

    temperature: float = 0.0
    """0 takes the likeliest."""
    repetition_penalty: float = 1.0
    """Logits of tokens that stand in the prompt or the answer are divided by it, negative ones multiplied."""
    suppress_tokens: tuple[int, ...] = field(default=(), converter=_tuple)
    """Tokens that are never chosen."""
    end_tokens: tuple[int, ...] = field(default=(), converter=_tuple)
    """Tokens that end an answer."""


@frozen(kw_only=True)
class Manifest:
    """What an exported folder says of itself."""

    model: str
    """The model that was exported, as it was named."""
    source_hash: str
    """Content hash of the model, by which libraries know it."""
    precision: str
    """``fp32`` or ``8da4w``."""
    backend: str
    """``xnnpack``."""
    executorch: str
    """The version of ExecuTorch that wrote it."""
    sizes: ExportedSizes
    """What the programs were made for."""
    sampling: Sampling
    """How tokens are chosen."""
    files: Mapping[str, str]
    """SHA-256 of each file, by name."""
    format: int = FORMAT
    """Which inputs and outputs the programs have."""

    @property
    def short_name(self) -> str:
        """The last part of the model's folder or hub id."""
        return self.model.rstrip("/").rpartition("/")[2]

    @property
    def identity(self) -> str:
        """Name and content of the model that was exported, whatever the precision."""
        return f"{self.short_name}@{self.source_hash[:12]}"

    def write(self, folder: Path) -> None:
        """Write it into the folder that it describes."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        (folder / NAME).write_text(text, encoding="utf-8")


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_exported(folder: Path) -> bool:
    """Whether a folder says that it holds exported programs."""
    return (folder / NAME).is_file()


def read_manifest(source: str, folder: Path) -> Manifest:
    """The manifest of a folder; files are not looked at.

    :param source: the model as the user named it
    :raises ModelError: if it cannot be read, or is of another format
    """
    try:
        raw = json.loads((folder / NAME).read_text(encoding="utf-8"))
        written = raw["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(source, f"{NAME} cannot be read: {type(error).__name__}") from None
    if written != FORMAT:
        raise atom.ModelError(
            f"model {source} was exported in format {written!r}, and this Atom runs format {FORMAT}; export it again",
            source=source,
        )
    try:
        return Manifest(**{**raw, "sizes": _record(ExportedSizes, raw), "sampling": _record(Sampling, raw)})
    except (TypeError, KeyError, ValueError) as error:
        raise _damaged(source, f"{NAME} does not say what it should: {error}") from None


def _record(kind: type[Any], raw: Mapping[str, Any]) -> Any:
    given = raw["sizes" if kind is ExportedSizes else "sampling"]
    if not isinstance(raw["files"], dict):
        raise ValueError(f"files = {raw['files']!r}")
    if kind is ExportedSizes:
        for one in fields(kind):
            if not isinstance(given, dict) or type(given[one.name]) is not int or not 0 < given[one.name] < 2**31:
                raise ValueError(f"{one.name} = {given[one.name]!r}")
    return kind(**given)


def check_version(source: str, manifest: Manifest, installed: str) -> None:
    """
    :param installed: the version of ExecuTorch that is to run it
    :raises ModelError: if that is none of the same kind as the one that wrote it
    """
    if manifest.executorch.split(".")[:2] != installed.split(".")[:2]:
        raise atom.ModelError(
            f"model {source} was exported with ExecuTorch {manifest.executorch}, and {installed} is installed; export"
            " it again, or install that one",
            source=source,
        )


def check_files(source: str, folder: Path, manifest: Manifest, settings: atom.Settings) -> None:
    """
    :raises ModelError: if a file is missing, or not the one that was written
    """
    if missing := {PROGRAMS, "config.json"} - set(manifest.files):
        raise _damaged(source, f"{NAME} names no {', '.join(sorted(missing))}")
    names = [name for name in manifest.files if Path(name).name == name]
    try:
        found = hashes_of(folder, names, settings)
    except OSError as error:
        raise _damaged(source, f"a file cannot be read: {error.strerror}") from None
    for name, expected in manifest.files.items():
        if name not in found:
            raise _damaged(source, f"it has no {name}")
        if found[name] != expected:
            raise _damaged(source, f"{name} is not the file that was exported")


def _damaged(source: str, what: str) -> atom.ModelError:
    return atom.ModelError(
        f"model {source}: {what}; copy it again, or export it again with `atom export`", source=source
    )
