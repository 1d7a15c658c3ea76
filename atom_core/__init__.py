"""Atom: one video-language model, resident, shared by every task. The public names, nothing else; imports no torch."""

from atom_core.moved import keep_old_names

TYPE_CHECKING = False  # typing's own would be most of what importing this takes
if TYPE_CHECKING:
    from atom_core.errors import (
        AtomError,
        Cancelled,
        LibraryError,
        MediaError,
        ModelError,
        ModuleError,
        PluginError,
        SettingsError,
        TaskError,
    )
    from atom_core.hookspecs import hookimpl
    from atom_core.host import Host, Outcome, open_host
    from atom_core.ledger import Ledger
    from atom_core.protocols import (
        Channel,
        Command,
        CommandContext,
        Decoder,
        Encoder,
        Library,
        ModelBackend,
        Modules,
        Parts,
        ReadFrames,
        ReadSound,
        Task,
        TaskEvent,
        Tell,
    )
    from atom_core.records import (
        Answer,
        Caption,
        Clip,
        Constraints,
        Cut,
        Entry,
        Features,
        Film,
        Frames,
        Generated,
        Moment,
        Provenance,
        Query,
        Question,
        Quote,
        Request,
        Script,
        Sound,
        Span,
        SpokenWord,
        Timeline,
        Unmet,
        Utterance,
        Video,
        Wanted,
        WrittenText,
    )
    from atom_core.settings import Settings
    from atom_core.specs import Register

keep_old_names()

__version__ = "0.1.0"

# fmt: off
_ERRORS = (
    "AtomError", "Cancelled", "LibraryError", "MediaError", "ModelError", "ModuleError", "PluginError",
    "SettingsError", "TaskError",
)
_PROTOCOLS = (
    "Channel", "Command", "CommandContext", "Decoder", "Encoder", "Library", "ModelBackend", "Modules", "Parts",
    "ReadFrames", "ReadSound", "Task", "TaskEvent", "Tell",
)
_RECORDS = (
    "Answer", "Caption", "Clip", "Constraints", "Cut", "Entry", "Features", "Film", "Frames", "Generated",
    "Moment", "Provenance", "Query", "Question", "Quote", "Request", "Script", "Sound", "Span", "SpokenWord",
    "Timeline", "Unmet", "Utterance", "Video", "Wanted", "WrittenText",
)
# fmt: on
_PLACES = {
    **dict.fromkeys(("Host", "Outcome", "open_host"), "atom_core.host"),
    "Ledger": "atom_core.ledger",
    "Register": "atom_core.specs",
    "Settings": "atom_core.settings",
    "hookimpl": "atom_core.hookspecs",
    **dict.fromkeys(_ERRORS, "atom_core.errors"),
    **dict.fromkeys(_PROTOCOLS, "atom_core.protocols"),
    **dict.fromkeys(_RECORDS, "atom_core.records"),
}
"""Where the public names lie. Each is imported when it is first used: a program that only hands its command to a
resident server needs none."""

__all__ = [
    "Answer",
    "AtomError",
    "Cancelled",
    "Caption",
    "Channel",
    "Clip",
    "Command",
    "CommandContext",
    "Constraints",
    "Cut",
    "Decoder",
    "Encoder",
    "Entry",
    "Features",
    "Film",
    "Frames",
    "Generated",
    "Host",
    "Ledger",
    "Library",
    "LibraryError",
    "MediaError",
    "ModelBackend",
    "ModelError",
    "ModuleError",
    "Modules",
    "Moment",
    "Outcome",
    "Parts",
    "PluginError",
    "Provenance",
    "Query",
    "Question",
    "Quote",
    "ReadFrames",
    "ReadSound",
    "Register",
    "Request",
    "Script",
    "Settings",
    "SettingsError",
    "Sound",
    "Span",
    "SpokenWord",
    "Task",
    "TaskError",
    "TaskEvent",
    "Tell",
    "Timeline",
    "Unmet",
    "Utterance",
    "Video",
    "Wanted",
    "WrittenText",
    "hookimpl",
    "open_host",
]


def __getattr__(name: str) -> object:
    if name in _PLACES:
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_PLACES[name]), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
