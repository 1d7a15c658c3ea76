"""Every hook that a plugin can implement, and the protocols of what it is lent.

Three shapes. *Declare* hooks run once, before any weight is read, and import nothing heavy. *Do* hooks: the first
result that is not None wins. *Notify* hooks: every plugin is called and nothing is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

import pluggy
from attrs import field, frozen

from atom_core.records import Clip, Entry, Features, Frames, Generated, Moment, Sound, Video

if TYPE_CHECKING:
    import argparse

    import numpy as np
    import torch

    from atom_core.ledger import Ledger
    from atom_core.settings import Settings
    from atom_core.specs import FamilySpec

hookspec = pluggy.HookspecMarker("atom")
hookimpl = pluggy.HookimplMarker("atom")

Parts: TypeAlias = Sequence["str | Features"]
"""A prompt: text and features, in the order the decoder reads them."""
Tell: TypeAlias = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@runtime_checkable
class Encoder(Protocol):
    """The visual half of the model: pixels to features. Resident, shared, frozen."""

    fingerprint: str
    """Hash of everything about the model that could change features."""

    def encode(self, clip: Clip) -> Features:
        """Features of `clip`, [T, D]; read from disk when known. The tensor is borrowed: never change it in place."""

    def encode_batch(self, clips: Sequence[Clip], *, in_one_prompt: bool = False) -> list[Features]:
        """Features of several clips, in their order; encoded together where that is faster.

        :param in_one_prompt: whether they will be asked about together: where all their frames do not fit into the
            model's context, and no number is set, as many of each clip as do
        """


@runtime_checkable
class Decoder(Protocol):
    """The language half of the model. Resident, shared, frozen; calls from all tasks are decoded together.

    A decoder that a plugin brings may leave out the calls in `SEVERAL`: tasks are lent those below, which ask in turn.
    It may have `wordings`: the prompts that it was trained with, by what is asked for, ``caption``, and ``answer`` with
    ``{question}`` in it. Tasks take them where the user has set no other.
    """

    name: str
    """The model's name and precision, as stored with results."""

    def generate(
        self,
        parts: Parts,
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> Generated:
        """Text that answers `parts`; greedy when `temperature` is 0; one of `choices` when given."""

    def stream(
        self, parts: Parts, *, max_new_tokens: int = 64, temperature: float = 0.0, stop: Sequence[str] = ()
    ) -> Iterator[str]:
        """The same text piece by piece, as it is decoded."""

    def embed(self, parts: Parts) -> np.ndarray:
        """One vector [E], float32, unit length; text and video share the space."""

    def score(self, parts: Parts, continuation: str) -> float:
        """Natural log-probability of `continuation` as the whole answer to `parts`."""

    def generate_many(
        self,
        prompts: Iterable[Parts],
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> list[Generated]:
        """What `generate` says to each prompt, in their order; decoded together where that is faster.

        :param prompts: taken as there is room, so they may be made lazily, each while others are decoded
        """
        return [
            self.generate(parts, max_new_tokens=max_new_tokens, temperature=temperature, stop=stop, choices=choices)
            for parts in prompts
        ]

    def embed_many(self, prompts: Iterable[Parts]) -> np.ndarray:
        """The vectors of several prompts, in their order, [N, E]; [0, 0] of none. Prompts may be made lazily."""
        import numpy as np

        vectors = [self.embed(parts) for parts in prompts]
        return np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)

    def score_many(self, pairs: Iterable[tuple[Parts, str]]) -> list[float]:
        """What `score` says of each prompt and continuation, in their order. Pairs may be made lazily."""
        return [self.score(parts, continuation) for parts, continuation in pairs]

    def scores(self, parts: Parts, choices: Sequence[str]) -> list[float]:
        """What `score` says of each of `choices` as the answer to one prompt."""
        return [self.score(parts, choice) for choice in choices]


SEVERAL = ("generate_many", "embed_many", "score_many", "scores")
"""Calls for several prompts, which a decoder that a plugin brings may leave out."""


class ReadFrames(Protocol):
    """Reads the pictures of a clip: what a task is lent as `frames`, and `Host.frames`."""

    def __call__(self, clip: Clip, num_frames: int, *, max_pixels: int | None = None) -> Frames:
        """The pictures shown in the middles of `num_frames` equal spans of `clip`, upright; the caller's own.

        :param max_pixels: larger pictures are shrunk as they are decoded; None keeps their size
        :raises MediaError: if the file is gone, has changed, or cannot be decoded
        """


class ReadSound(Protocol):
    """Reads the sound of a clip: what a task is lent as `sound`, and `Host.sound`."""

    def __call__(self, of: Clip | Video, *, rate_hz: int = 16000, num_channels: int = 1) -> Sound:
        """The sound of a clip or a whole video, of the track that a player would take; silence where there is none.

        :param num_channels: 1, the mean of both sides, or 2
        :raises MediaError: if the file is gone, has changed, or cannot be read
        """


LENT = ("encoder", "decoder", "library", "settings", "host", "frames", "sound", "progress")
"""What a task's `run` can ask for, beside the modules that plugins share."""


class Task(Protocol):
    """A unit of work. `run` is lent the keyword arguments below that it names; it blocks, the host is parallel.

    encoder, decoder: the resident model.  library: the open library.  settings: the task's own settings.
    any module that a plugin shares with `atom_register_modules`: by its name.
    frames, sound: read a clip's pictures (`ReadFrames`) and sound (`ReadSound`).
    host: to ask for another task's work.  progress: a `Tell`, for tasks that work long without asking a module; it
    raises `Cancelled` when the result is no longer wanted.
    """

    consumes: type
    """The record type it takes."""
    produces: type
    """The record type it returns."""

    def run(self, item: Any, **lent: Any) -> Any:
        """The record made from `item`."""


@runtime_checkable
class Library(Protocol):
    """The persistent index of clips."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Store entries; an entry of the same video and span is replaced.

        Those with `Entry.num_clips` are found once so many of one segmentation are stored; then they replace whatever
        else there was of their video, which is found until then.
        """

    def search(self, vector: np.ndarray, limit: int = 10) -> list[Moment]:
        """The nearest clips by cosine similarity to `vector` [E], best first."""

    def videos(self) -> dict[str, Path]:
        """Content hash and path of each video in the library."""

    def remove(self, content_hash: str) -> int:
        """Forget a video; how many clips it had."""

    def move(self, content_hash: str, path: Path) -> None:
        """Note that a video's file is at `path` now."""

    def __len__(self) -> int:
        """How many clips there are."""

    def close(self) -> None:
        """Write what is pending and let go of the files."""


@frozen(kw_only=True)
class Modules:
    """What `atom_load_modules` returns."""

    encoder: Encoder
    """The resident encoder."""
    decoder: Decoder
    """The resident decoder."""
    model: str
    """``name@content`` of the model, whatever its precision: vectors of equal content can be compared."""
    close: Callable[[], None] = lambda: None
    """Called once, when the host closes."""
    reserve: Callable[[int], bool] = lambda _: True
    """Sets bytes aside for a task that was not counted when the modules were loaded, if need be by keeping fewer
    prefixes; whether there is so much room."""
    weights: Callable[[], Iterable[torch.Tensor]] = tuple
    """The weights, which no task may change: the host looks after each run whether one was changed in place."""


class Command(Protocol):
    """What the target of `atom_add_commands` must be: made without arguments, then configured and run."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments; the common ones are there already."""

    def run(self, context: CommandContext) -> None:
        """Do the work. Results go to `context.emit`, failures of single inputs to `context.fail`."""


class CommandContext(Protocol):
    """What a command is lent: arguments, settings, the host, and the only way to print."""

    args: argparse.Namespace
    """The parsed arguments."""
    settings: Settings
    """The settings in force."""

    def host(self) -> Any:
        """The open `Host`; opened on first call, closed by the program."""

    def videos(self, paths: Sequence[str]) -> list[Video]:
        """The videos at `paths` (folders are searched); unreadable ones are reported and left out."""

    def emit(self, value: Any, text: str) -> None:
        """One result: `value` joins the JSON list under ``--json``, else `text` is printed."""

    def note(self, text: str) -> None:
        """A remark on standard error, silenced by ``-q``."""

    def fail(self, what: str, error: BaseException | str) -> None:
        """One input failed: named on standard error, the exit code becomes 1, the work goes on.

        :param what: the input, as the user wrote it; a `MediaError` whose `path` it is names it already. Empty where
            `error` says what it is about.
        """

    def progress(self, label: str, total: int) -> Progress:
        """A progress bar on standard error, only on a terminal and only past a second."""


class Progress(Protocol):
    """A progress bar; a context manager."""

    def __enter__(self) -> Progress: ...
    def __exit__(self, *exc: object) -> None: ...
    def advance(self, steps: int = 1) -> None:
        """Some more is done."""


@frozen(kw_only=True)
class TaskEvent:
    """What `atom_before_task` and `atom_after_task` are told."""

    task: str
    """The task's name."""
    item: Any = field(repr=False)
    """The record it runs on."""
    seconds: float | None = None
    """How long it ran; None before it has."""
    result: Any = field(default=None, repr=False)
    """The record it returned; None before it has, or if it failed."""
    error: BaseException | None = None
    """What it raised."""


class Register(Protocol):
    """The function that declare hooks call, once for each thing they offer."""

    def __call__(self, name: str, target: str | Path, *, summary: str, **more: Any) -> None:
        """Declare `name`; which further keywords there are is said at each hook."""


Phase: TypeAlias = Literal["declare", "do", "notify"]


@hookspec
def atom_register_tasks(register: Register) -> None:
    """Declare tasks. Called once at start, before any weight is read.

    Call ``register(name, "package.module:Class", summary=...)`` for each; the class is imported on first
    use, so this module stays light. Further keywords are the fields of `TaskSpec`. A name that another plugin took is
    an error.

    :param register: the function to call
    """


@hookspec
def atom_register_models(register: Register) -> None:
    """Declare models that users can name. Called once at start, before any weight is read.

    Call ``register(name, folder_or_hub_id, summary=..., notice="", embeds=False)`` for each. The notice is shown on
    first use. A model whose decoder was trained to embed says so with `embeds`.

    :param register: the function to call
    """


@hookspec
def atom_register_modules(register: Register) -> None:
    """Declare resident modules that tasks share. Called once at start, before any weight is read.

    Call ``register(name, "package.module:Class", summary=..., memory_bytes=0, protocol="")`` for each; the class is
    imported and made when a task first names it as a parameter of `run`, see `ModuleSpec`. The host loads it once,
    lends it to every task that names it, in several threads at once, and calls its `close`, if it has one, once.
    Its static method ``needs_bytes(settings)``, if it has one, goes before `memory_bytes`.
    A module says in `fingerprint` what it is: results that are kept count while that is the same. The names of what
    every task can ask for, ``encoder`` and ``decoder`` among them, are taken.

    :param register: the function to call
    """


@hookspec
def atom_register_families(register: Register) -> None:
    """Declare families of transformers models that Atom is to split. Called once at start, before any weight is read.

    Call ``register(model_type, "package.module:Class", summary=...)`` for each; the class derives from
    `atom_core.families.Family` and is imported when a model of that type is opened. It goes before a built-in
    family of the same type. `atom_core.testing.families` tells whether it splits faithfully.

    :param register: the function to call
    """


@hookspec
def atom_register_pipelines(register: Register) -> None:
    """Declare pipelines that users can run by name. Called once at start, before any weight is read.

    Call ``register(name, file, summary=...)`` for each; the file is one that ``atom run`` takes, shipped with the
    plugin. ``atom run NAME VIDEO...`` runs it.

    :param register: the function to call
    """


@hookspec
def atom_register_prompts(register: Register) -> None:
    """Declare prompts that users can name. Called once at start, before any weight is read.

    Call ``register(name, text, summary=...)`` for each. ``@name`` then stands for the text in every setting of a task
    that is called ``prompt`` or ends in ``_prompt``: in `atom.toml`, variables, options, pipelines and `host.run`.

    :param register: the function to call
    """


@hookspec
def atom_register_formats(register: Register) -> None:
    """Declare formats for documents with a video's captions. Called once at start, before any weight is read.

    Call ``register(name, "package.module:function", summary=..., suffix=".name")`` for each. The function takes the
    list of one video's `Caption` records, in order, and returns the document's text; it is imported when a user asks
    for ``atom caption --format NAME``. The formats that ``atom caption`` comes with are declared in the same way.

    :param register: the function to call
    """


@hookspec
def atom_add_commands(register: Register) -> None:
    """Declare subcommands of ``atom``. Called once by the command line, never by a host.

    Call ``register(name, "package.module:Class", summary=..., tasks=(), keep_going=False)`` for each; the class follows
    `Command` and is imported when the user calls it. The settings of `tasks`, those that it runs, become its options.
    With `keep_going` it also runs where plugins are broken.

    :param register: the function to call
    """


@hookspec(firstresult=True)
def atom_load_modules(
    source: str,
    settings: Settings,
    ledger: Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
) -> Modules | None:
    """Load the resident encoder and decoder. Called once by a host, when a task first needs a module.

    None means "not my model". The built-in loader of transformers models comes last.

    :param source: the folder or hub id that `settings.model` stands for
    :param settings: the settings in force
    :param ledger: where the modules count what they compute and reuse
    :param families: what plugins registered with `atom_register_families`, by model type
    :param tasks_bytes: what the tasks that are to run, and the modules that these share, declare that they need beside
        the model, by name; for `settings.memory`
    :return: both modules, owned by the host from then on
    """


@hookspec(firstresult=True)
def atom_identify_model(source: str, settings: Settings) -> str | None:
    """Say which model `source` is, without loading it. Called by a host when the library is wanted before a module.

    A plugin that implements `atom_load_modules` implements this too, for the same sources, so that looking into the
    library costs no loading; where one does not, the model is loaded to know it. None means "not my model".

    :param source: the folder or hub id that `settings.model` stands for
    :param settings: the settings in force
    :return: what `Modules.model` will be; None leaves it to the next plugin
    """


@hookspec(firstresult=True)
def atom_segment_video(video: Video, settings: Settings) -> list[Clip] | None:
    """Split a video into clips. Called by a host once for each video.

    None leaves it to the next plugin; the built-in shot detector comes last.

    :param video: the video
    :param settings: the settings in force
    :return: clips in order, inside the video, not overlapping
    """


@hookspec(firstresult=True)
def atom_open_library(settings: Settings, model: str) -> Library | None:
    """Open the library at `settings.library`. Called once by a host, when a task first needs it.

    None means "I keep no library here"; where all say so, the host refuses.

    :param settings: the settings in force
    :param model: fingerprint of the model whose vectors it holds; a library made with another one is refused
    :return: the open library, closed by the host
    """


@hookspec
def atom_modules_ready(encoder: Encoder, decoder: Decoder, settings: Settings) -> None:
    """Both modules are loaded. Called once by a host; the modules are borrowed.

    :param encoder: the resident encoder
    :param decoder: the resident decoder
    :param settings: the settings in force
    """


@hookspec
def atom_before_task(event: TaskEvent) -> None:
    """A task is about to run on an item. Called in the task's thread; must be quick.

    :param event: which task, on what
    """


@hookspec
def atom_after_task(event: TaskEvent) -> None:
    """A task has run, or failed. Called in the task's thread; must be quick.

    :param event: which task, on what, for how long, with what result or error
    """


@hookspec
def atom_before_close(host: Any) -> None:
    """The host is about to close; modules and library still work. Called once.

    :param host: the `Host`
    """


def hook_names() -> Mapping[str, Phase]:
    """Every hook and its shape, in the order of this file."""
    names: dict[str, Phase] = {}
    for name, value in globals().items():
        options = getattr(value, "atom_spec", None)
        if options is not None:
            declare = name.startswith(("atom_register_", "atom_add_"))
            names[name] = "declare" if declare else "do" if options["firstresult"] else "notify"
    return names
