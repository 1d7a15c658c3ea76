"""The library: captions and vectors of clips in a Chroma database, searched by text."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``index``, ``index-video`` and ``search``."""
    said = "Embed a captioned clip and store it in the library"
    register.task("index", "atom_indexing.tasks:IndexCaption", summary=said, pure=False)
    said = "Caption, embed and store all clips of a video"
    register.task("index-video", "atom_indexing.tasks:IndexVideo", summary=said, pure=False)
    said = "Find moments by text"
    register.task("search", "atom_indexing.tasks:SearchLibrary", summary=said, interactive=True, pure=False)


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom index``, ``atom library`` and ``atom search``."""
    summary = "Add videos and folders to the library"
    register.command("index", "atom_indexing.commands.index:IndexCommand", summary=summary, tasks=("caption",))
    summary = "List the library's videos, forget what is gone"
    register.command("library", "atom_indexing.commands.library:LibraryCommand", summary=summary)
    register.command("search", "atom_indexing.commands.search:SearchCommand", summary="Find moments in the library")


@atom.hookimpl
def atom_register_channels(register: atom.Register) -> None:
    """Declare ``speech`` and ``text``: what is said and written, as far as plugins hear and read it."""
    said = "What is said, word by word and by its meaning"
    register.channel("speech", "atom_indexing.passages.channel:SpeechChannel", summary=said)
    said = "What is written, word by word and by its meaning"
    register.channel("text", "atom_indexing.passages.channel:TextChannel", summary=said)


@atom.hookimpl
def atom_open_library(settings: atom.Settings, model: str) -> atom.Library:
    """The Chroma library at `settings.library`; refused if another model made it."""
    from atom_indexing.library import ChromaLibrary

    return ChromaLibrary.open(settings, model)
