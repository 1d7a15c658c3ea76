"""Every hook that a plugin can implement.

Three shapes. *Declare* hooks run once, before any weight is read, and import nothing heavy; their
``register`` may be called itself, too, for what the hook is for. *Do* hooks: the first result that is not None wins.
*Notify* hooks: every plugin is called and nothing is returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import pluggy

from atom_core.protocols import (
    SEVERAL,
    Command,
    CommandContext,
    Decoder,
    Encoder,
    Library,
    ModelBackend,
    Modules,
    Parts,
    Progress,
    ReadFrames,
    ReadSound,
    Task,
    TaskEvent,
    Tell,
)
from atom_core.specs import LENT, Register

if TYPE_CHECKING:
    from atom_core.ledger import Ledger
    from atom_core.records import Clip, Video
    from atom_core.settings import Settings
    from atom_core.specs import FamilySpec

__all__ = [
    "LENT",
    "SEVERAL",
    "Command",
    "CommandContext",
    "Decoder",
    "Encoder",
    "Library",
    "ModelBackend",
    "Modules",
    "Parts",
    "Progress",
    "ReadFrames",
    "ReadSound",
    "Register",
    "Task",
    "TaskEvent",
    "Tell",
]

hookspec = pluggy.HookspecMarker("atom")
hookimpl = pluggy.HookimplMarker("atom")

Phase: TypeAlias = Literal["declare", "do", "notify"]


@hookspec
def atom_register_tasks(register: Register) -> None:
    """Declare tasks. Called once at start, before any weight is read.

    Call ``register.task(name, "package.module:Class", summary=...)`` for each; the class is imported on first
    use, so this module stays light. Further keywords are the fields of `TaskSpec`. A name that another plugin took is
    an error.

    :param register: the function to call
    """


@hookspec
def atom_register_models(register: Register) -> None:
    """Declare models that users can name. Called once at start, before any weight is read.

    Call ``register.model(name, folder_or_hub_id, summary=..., notice="", embeds=False)`` for each. The notice is shown
    on first use. A model whose decoder was trained to embed says so with `embeds`.

    :param register: the function to call
    """


@hookspec
def atom_register_modules(register: Register) -> None:
    """Declare resident modules that tasks share. Called once at start, before any weight is read.

    Call ``register.module(name, "package.module:Class", summary=..., memory_bytes=0, protocol="")`` for each; the class
    is imported and made when a task first names it as a parameter of `run`, see `ModuleSpec`. The host loads it once,
    lends it to every task that names it, in several threads at once, and calls its `close`, if it has one, once. Its
    static method ``needs_bytes(settings)``, if it has one, goes before `memory_bytes`. What ``lacking(settings)`` or
    ``lacking(settings, *, options)`` says, if it has that one, is shown by ``atom doctor``: what it needs and this
    machine does not have, with the way to it; "" if nothing. A module says in `fingerprint` what it is: results that
    are kept count while that is the same. The names of what every task can ask for, ``encoder`` and ``decoder`` among
    them, are taken.

    :param register: the function to call
    """


@hookspec
def atom_register_families(register: Register) -> None:
    """Declare families of transformers models that Atom is to split. Called once at start, before any weight is read.

    Call ``register.family(model_type, "package.module:Class", summary=...)`` for each; the class derives from
    `atom_core.families.Family` and is imported when a model of that type is opened. It goes before a built-in
    family of the same type. `atom_core.testing.families` tells whether it splits faithfully.

    :param register: the function to call
    """


@hookspec
def atom_register_pipelines(register: Register) -> None:
    """Declare pipelines that users can run by name. Called once at start, before any weight is read.

    Call ``register.pipeline(name, file, summary=...)`` for each; the file is one that ``atom run`` takes, shipped with
    the plugin. ``atom run NAME VIDEO...`` runs it.

    :param register: the function to call
    """


@hookspec
def atom_register_prompts(register: Register) -> None:
    """Declare prompts that users can name. Called once at start, before any weight is read.

    Call ``register.prompt(name, text, summary=...)`` for each. ``@name`` then stands for the text in every setting of a
    task that is called ``prompt`` or ends in ``_prompt``: in `atom.toml`, variables, options, pipelines and `host.run`.

    :param register: the function to call
    """


@hookspec
def atom_register_formats(register: Register) -> None:
    """Declare formats for documents with a video's captions. Called once at start, before any weight is read.

    Call ``register.format(name, "package.module:function", summary=..., suffix=".name")`` for each. The function takes
    the list of one video's `Caption` records, in order, and returns the document's text; it is imported when a user
    asks for ``atom caption --format NAME``. The formats that ``atom caption`` comes with are declared in the same way.

    :param register: the function to call
    """


@hookspec
def atom_register_channels(register: Register) -> None:
    """Declare channels by which moments are found, beside pictures, captions and words. Called once at start.

    Call ``register.channel(name, "package.module:Class", summary=...)`` for each; the class follows `Channel`, is
    imported when somebody searches, and is made once by each host, without arguments. What it finds is put together
    with what the others find, by videos and times; one that raises is told of and passed over.

    :param register: the function to call
    """


@hookspec
def atom_add_commands(register: Register) -> None:
    """Declare subcommands of ``atom``. Called once by the command line, never by a host.

    Call ``register.command(name, "package.module:Class", summary=..., tasks=(), keep_going=False, alone=False)`` for
    each; the class follows `Command` and is imported when the user calls it. The settings of `tasks`, those that it
    runs, become its options. With `keep_going` it also runs where plugins are broken. Where a server is resident it
    runs there, with the host that is open already, unless it is to run `alone`.

    :param register: the function to call
    """


@hookspec
def atom_add_routes(register: Register) -> None:
    """Declare routes of the server that ``atom serve`` starts. Called once by a server, never by a host.

    Call ``register.routes(name, "package.module:function", summary=...)`` for each group of them. The function is
    imported and called as the server starts: it takes the server's `Service`, which holds the open host, and returns
    Starlette routes. Who may call them is looked at before they are: host, origin and token.

    :param register: the function to call
    """


@hookspec
def atom_register_executors(register: Register) -> None:
    """Declare where pipelines can be run beside this machine. Called once by ``atom run``, never by a host.

    Call ``register.executor(name, "package.module:Class", summary=...)`` for each; ``atom run --on NAME://ADDRESS``
    imports the class, makes it as ``Class(address)`` and asks it for the results. The class follows
    `atom_core.executors.Executor`; this machine is one of them, ``local``.

    :param register: the function to call
    """


@hookspec(firstresult=True)
def atom_load_modules(
    source: str,
    settings: Settings,
    ledger: Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
) -> ModelBackend | None:
    """Load the resident encoder and decoder. Called once by a host, when a task first needs a module.

    None means "not my model". The built-in loader of transformers models comes last.

    :param source: the folder or hub id that `settings.model` stands for
    :param settings: the settings in force
    :param ledger: where the modules count what they compute and reuse
    :param families: what plugins registered with `atom_register_families`, by model type
    :param tasks_bytes: what the tasks that are to run, and the modules that these share, declare that they need beside
        the model, by name; for `settings.memory`
    :return: the model, owned by the host from then on: an object of the plugin's own that is a `ModelBackend`, or
        `Modules` put together from two halves
    """


@hookspec(firstresult=True)
def atom_identify_model(source: str, settings: Settings) -> str | None:
    """Say which model `source` is, without loading it. Called by a host when the library is wanted before a module.

    A plugin that implements `atom_load_modules` implements this too, for the same sources, so that looking into the
    library costs no loading; where one does not, the model is loaded to know it. None means "not my model".

    :param source: the folder or hub id that `settings.model` stands for
    :param settings: the settings in force
    :return: what `ModelBackend.model` will be; None leaves it to the next plugin
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
def atom_before_close(host: object) -> None:
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
