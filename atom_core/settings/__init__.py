"""Settings: defaults < ``atom.toml`` < ``ATOM_*`` variables < arguments."""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import itertools
import logging
import os
import re
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import attrs
from attrs import field, frozen
from attrs.validators import and_, ge, in_, le
from platformdirs import user_cache_path, user_data_path

from atom_core.errors import PluginError, SettingsError
from atom_core.settings.toml import is_open_to_all, read_toml, whose
from atom_core.settings.values import convert, first_line, parse_bytes, short

DEFAULT_MODEL = "HuggingFaceTB/SmolVLM2-500M-Video-Instruct"
DEFAULT_MODEL_BYTES = 2_030_000_000
"""What is fetched of it."""
DEFAULT_EMBEDDER = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
"""Text embedder for models whose decoder was not trained to embed: 50 languages, short sentences, 118 million weights,
half a gigabyte; its files say all that is needed of it, and its licence is Apache-2.0."""
DEFAULT_FRAMES = 8
"""Most frames of a clip where `Settings.frames` is unset."""
T = TypeVar("T")
log = logging.getLogger("atom")
_told: set[Path] = set()
_LONGEST_S = 86400.0
_FETCHED = ("model", "revision", "embedder")
"""Settings on whose word something may be fetched."""


class FromFolder(str):
    """Text that only ``atom.toml`` of the current folder gives: nothing is fetched on its word."""

    __slots__ = ()


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected names, as a list or joined by commas")
    return tuple(value)


def _optional_names(value: Any) -> tuple[str, ...] | None:
    return None if value is None else _names(value)


def _path(value: str | Path) -> Path:
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise ValueError("expected a folder")
    return Path(value).expanduser()


GROUPS = ("tasks", "modules")
"""Settings that are tables of settings: those of single tasks, and of single shared modules."""


class _Table(dict[str, Any]):
    """Settings of one task or module, of which some were given as arguments: variables do not go before those."""

    given: frozenset[str] = frozenset()
    """Their names."""


def _tables(value: Any) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(value, Mapping) or not all(isinstance(table, Mapping) for table in value.values()):
        raise ValueError("expected a table for each task, for example [tasks.caption]")
    return {name: table if isinstance(table, _Table) else dict(table) for name, table in value.items()}


def _module_tables(value: Any) -> Mapping[str, Mapping[str, Any]]:
    try:
        return _tables(value)
    except ValueError:
        raise ValueError("expected a table for each module, for example [modules.embedder]") from None


def _from(least: float, most: float) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    return and_(ge(least), le(most))


_size = _from(0, 2**60)


def _device(_: object, __: Any, value: str) -> None:
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
    """Text embedder that captions and searches are compared by: a folder or hub id in sentence-transformers' format, or
    none; auto is none where the model's decoder was trained to embed, else a small one of 50 languages, which is
    fetched when it is first needed."""
    quantize: str = "fit"
    """Precision of the weights: none, bf16, int8, int8-decoder or int4; fit is none, or where memory is short the one
    that loses least; auto measures which is best here."""
    device: str = field(default="auto", validator=_device)
    """Where modules live: auto, cpu, cuda, cuda:1."""
    threads: int = field(default=0, validator=_from(0, 1024))
    """Processor threads for the modules; 0 measures how many are fastest."""
    offline: bool = field(default=False)
    """Never touch the network."""
    library: Path = field(factory=lambda: user_data_path("atom") / "library", converter=_path)
    """Folder of the persistent library."""
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
    """Most requests the decoder works on at once; where that is two or more, one more if somebody waits for it."""
    reuse: bool = True
    """Whether features and prefixes are reused; off is for measuring."""
    block_plugins: tuple[str, ...] = field(default=(), converter=_names)
    """Plugins that are never imported."""
    load_plugins: tuple[str, ...] | None = field(default=None, converter=_optional_names)
    """If set, only these plugins are imported."""
    load_limit_s: float = field(default=30.0, validator=_from(0.01, _LONGEST_S))
    """Longest that a plugin may take to be imported, and to declare what it offers, seconds."""
    hook_limit_s: float = field(default=60.0, validator=_from(0.01, _LONGEST_S))
    """Longest that a plugin may take to be told of a task's run or of the close, seconds; then it is told no more."""
    keep_going: bool = False
    """Run without the plugins that cannot be loaded."""
    trace_hooks: bool = False
    """Say on standard error which plugin's hook was called, and for how many milliseconds."""
    tasks: Mapping[str, Mapping[str, Any]] = field(factory=dict, converter=_tables)
    """Settings of single tasks, by task name."""
    modules: Mapping[str, Mapping[str, Any]] = field(factory=dict, converter=_module_tables)
    """Settings of single modules that plugins share, by module name."""

    @property
    def most_frames(self) -> int:
        """Most frames sampled from a clip, where the model's context holds them."""
        return DEFAULT_FRAMES if self.frames is None else self.frames

    @classmethod
    def load(
        cls,
        arguments: Mapping[str, Any] | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        file: Path | None = None,
    ) -> Settings:
        """Settings from all four sources; see `load_with_sources`."""
        return load_with_sources(arguments, environ=environ, file=file)[0]


def load_with_sources(
    arguments: Mapping[str, Any] | None = None,
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
    named = file or (Path(environ["ATOM_CONFIG"]) if environ.get("ATOM_CONFIG") else None)
    path = named or Path("atom.toml")
    if named is not None and not path.is_file() and str(path) != os.devnull:
        raise SettingsError(f"settings file {path} does not exist; create it or drop the option that names it")
    fields = attrs.fields_dict(Settings)
    given: list[tuple[str, str, Any]] = []
    if path.is_file():
        if named is None:
            _check_whose(path)
        given = _read_file(path)
    if named is None:
        given = [
            (
                place,
                name,
                FromFolder(value) if name in ("model", "revision", "embedder") and isinstance(value, str) else value,
            )
            for place, name, value in given
        ]
    given += [
        (f"ATOM_{name.upper()}", name, environ[f"ATOM_{name.upper()}"])
        for name in fields
        if f"ATOM_{name.upper()}" in environ and name not in GROUPS
    ]
    named_arguments = {name: value for name, value in (arguments or {}).items() if value is not None}
    num_before = len(given)
    try:
        given += [(label(name), name, value) for name, value in _flat(named_arguments)]
    except ValueError as error:
        raise SettingsError(f"{label('tasks')}: {error}") from None

    settings, origin = Settings(), dict.fromkeys(fields, "default")
    tables: dict[str, dict[str, _Table]] = {group: {} for group in GROUPS}
    for number, (source, name, value) in enumerate(given):
        group, _, inside = name.partition(".")
        if inside and group in GROUPS:
            owner, _, key = inside.partition(".")
            table = tables[group].setdefault(owner, _Table())
            table[key] = value
            table.given |= {key} if number >= num_before else set()
        elif name not in fields:
            near = suggest(name, [one for one in fields if one not in GROUPS]) or suggest(name, GROUPS)
            raise SettingsError(f"{source}: there is no setting {short(name)}{near}; see `atom config`")
        else:
            settings = evolve_one(settings, name, value, source)
        origin[name] = source
    return attrs.evolve(settings, tasks=tables["tasks"], modules=tables["modules"]), origin


def task_settings(
    kind: type[T],
    task: str,
    settings: Settings,
    overrides: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    origin: Mapping[str, str] | None = None,
    prompts: Mapping[str, str] | None = None,
    label: str = "argument",
) -> tuple[T, dict[str, str]]:
    """The settings of one task, and where each value came from.

    Defaults < ``[tasks.<task>]`` < ``ATOM_<TASK>_<NAME>`` < arguments of `load_with_sources` < `overrides`.

    :param kind: the task's attrs class, every field with a default
    :param origin: what `load_with_sources` said, to name file and line
    :param prompts: the prompts that have names, for values such as ``@name``
    :param label: how `overrides` are called in messages
    :raises SettingsError: for an unknown name or a bad value, naming the source
    """
    return _own_settings("tasks", kind, task, settings, overrides, environ, origin, prompts, label)


def module_settings(
    kind: type[T],
    module: str,
    settings: Settings,
    *,
    environ: Mapping[str, str] = os.environ,
    origin: Mapping[str, str] | None = None,
) -> tuple[T, dict[str, str]]:
    """The settings of one shared module, and where each value came from.

    Defaults < ``[modules.<module>]`` < ``ATOM_<MODULE>_<NAME>`` < arguments of `load_with_sources`.

    :param kind: the module's attrs class, every field with a default
    :param origin: what `load_with_sources` said, to name file and line
    :raises SettingsError: for an unknown name or a bad value, naming the source
    """
    return _own_settings("modules", kind, module, settings, None, environ, origin, None, "argument")


def _own_settings(
    group: str,
    kind: type[T],
    owner: str,
    settings: Settings,
    overrides: Mapping[str, Any] | None,
    environ: Mapping[str, str],
    origin: Mapping[str, str] | None,
    prompts: Mapping[str, str] | None,
    label: str,
) -> tuple[T, dict[str, str]]:
    """The settings of the task or module `owner`; of modules no prompt has a name."""
    word = group.removesuffix("s")
    fields, result = task_defaults(kind, owner, word=word)
    prefix = f"ATOM_{owner.upper().replace('-', '_')}_"
    file, place = getattr(settings, group).get(owner, {}), f"{group}.{owner}"
    named = frozenset(name for name in fields if group == "tasks" and _is_prompt(name))
    given = [((origin or {}).get(f"{place}.{name}", f"[{place}]"), name, value) for name, value in file.items()]
    given += [
        (prefix + name.upper(), name, environ[prefix + name.upper()])
        for name in fields
        if prefix + name.upper() in environ and name not in getattr(file, "given", ())
    ]
    given += [(label, name, value) for name, value in (overrides or {}).items() if value is not None]
    sources = dict.fromkeys(fields, "default")
    set_names = {name for _, name, _ in given}
    for name in fields:  # a default may be the name of a prompt, too
        if name in named and name not in set_names:
            text = _named_prompt(getattr(result, name), prompts or {}, f"default of task {owner!r}: {name}")
            result = attrs.evolve(result, **{name: text})  # type: ignore[misc]
    for source, name, value in given:
        if name not in fields:
            known = ", ".join(fields) or "none"
            raise SettingsError(
                f"{source}: {word} {owner!r} has no setting {short(name)}{suggest(name, fields)}; it has: {known}"
            )
        if name in named:
            value = _named_prompt(value, prompts or {}, f"{source}: {name}")
        result, sources[name] = evolve_one(result, name, value, source), source
    return result, sources


def task_defaults(kind: type[T], task: str, *, word: str = "task") -> tuple[dict[str, attrs.Attribute[Any]], T]:
    """The fields of a task's settings, or of a module's, and the settings where nothing is set.

    :raises PluginError: if `kind` is no attrs class, or has a field without a default that fits
    """
    try:
        return attrs.fields_dict(kind), kind()  # type: ignore[arg-type]
    except Exception as error:  # factories, converters and validators of plugins raise what they like
        raise PluginError(
            f"{word} {task!r}: its Settings must be an attrs class whose every field has a default that fits:"
            f" {first_line(error)}; repair or update its plugin"
        ) from error


def _is_prompt(name: str) -> bool:
    return name.rpartition("_")[2] == "prompt"


def _named_prompt(value: Any, prompts: Mapping[str, str], source: str) -> Any:
    """The text that ``@name`` stands for; any other value stands for itself."""
    if not isinstance(value, str) or not re.fullmatch(r"@[\w.-]+", value):
        return value
    name = value[1:]
    if name not in prompts:
        known = ", ".join(f"@{known}" for known in sorted(prompts)) or "none"
        raise SettingsError(
            f"{source} = {short(value)}: there is no prompt {short(name)}{suggest(name, prompts)}; prompts: {known}"
        )
    return prompts[name]


@functools.cache
def field_docs(kind: type[Any]) -> dict[str, str]:
    """The text under each field of an attrs class, on one line; empty where there is none."""
    return dict.fromkeys((attribute.name for attribute in attrs.fields(kind)), "") | texts_under(kind)


def texts_under(kind: type[Any]) -> dict[str, str]:
    """The text under each annotated name of a class, on one line; nothing of a class made at run time."""
    docs: dict[str, str] = {}
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):  # made at run time
        return docs
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for line, following in itertools.pairwise(body):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and isinstance(following, ast.Expr):
            text = following.value.value if isinstance(following.value, ast.Constant) else ""
            docs[line.target.id] = " ".join(str(text).split())
    return docs


def evolve_one(settings: Any, name: str, value: Any, source: str) -> Any:
    """`settings` (any attrs value) with one field replaced by `value`, text converted to the field's type.

    :raises SettingsError: if the value does not fit, naming `source` and `name`
    """
    kind = type_hints(type(settings))[name]
    converted = attrs.fields_dict(type(settings))[name].converter is not None
    try:
        return attrs.evolve(settings, **{name: value if converted else convert(value, kind)})
    except Exception as error:  # converters and validators of plugins raise what they like
        raise SettingsError(f"{source}: {name} = {short(value)} does not fit: {first_line(error)}") from None


def type_hints(kind: type[Any]) -> dict[str, Any]:
    """The types of an attrs class's fields; the text of those that cannot be found out, as names for checkers alone."""
    try:
        return typing.get_type_hints(kind)
    except Exception:  # one of them; the others are found out
        return {attribute.name: _hint(kind, attribute.type) for attribute in attrs.fields(kind)}


def _hint(kind: type[Any], declared: Any) -> Any:
    holder = types.SimpleNamespace(__annotations__={"hint": declared})
    try:
        return typing.get_type_hints(holder, vars(sys.modules[kind.__module__]), vars(kind))["hint"]
    except Exception:
        return declared


def suggest(name: str, names: typing.Iterable[str]) -> str:
    """``, did you mean 'x'?`` for the nearest of `names`, or nothing."""
    near = difflib.get_close_matches(name, list(names), 1)
    return f", did you mean {near[0]!r}?" if near else ""


def _read_file(path: Path) -> list[tuple[str, str, Any]]:
    """Place, name and value of each setting in a file; those of tasks and modules as ``tasks.<task>.<name>``."""
    try:
        text, values = read_toml(path)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path}: cannot be read as TOML: {error}; correct it or name another with --config"
        ) from None
    try:
        return [(_place(path, text, name), name, value) for name, value in _flat(values)]
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from None


def _check_whose(path: Path) -> None:
    """Tell of ``atom.toml`` in the current folder where others may write it.

    :raises SettingsError: if it is somebody else's
    """
    if other := whose(path):
        raise SettingsError(
            f"{path} in this folder {other}, so it is not followed; read it, then follow it with --config {path},"
            f" or go on without it: --config {os.devnull}"
        )
    if is_open_to_all(path) and path.absolute() not in _told:
        _told.add(path.absolute())
        log.warning("settings are taken from %s, which every user of this machine may write", path.absolute())


def _flat(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and values, those of tasks and modules as ``tasks.<task>.<name>``."""
    flat = [(name, value) for name, value in values.items() if name not in GROUPS]
    for group, converted in (("tasks", _tables), ("modules", _module_tables)):
        try:
            tables = converted(values.get(group, {}))
        except ValueError as error:
            raise ValueError(f"{group} do not fit: {error}") from None
        flat += [(f"{group}.{own}.{name}", value) for own, table in tables.items() for name, value in table.items()]
    return flat


def _place(path: Path, text: str, key: str) -> str:
    """``file:line`` of a key, or the file alone where it is written in a way that this does not follow."""
    (table, _, name), inside = key.rpartition("."), ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            inside = re.sub(r"[\s\"']", "", header[1])
        elif inside == table and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
            return f"{path}:{number}"
    return str(path)
