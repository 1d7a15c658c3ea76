"""What ``atom library`` does with a whole library: write it, take another in, look it through."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path

from attrs import evolve

import atom_core as atom
from atom_core.files.outputs import NotOurs, Outputs
from atom_core.text.count import count_of
from atom_indexing.commands.verify import verify
from atom_indexing.library import DATABASE, ChromaLibrary
from atom_indexing.library.portable import Read, bring_in, check_made_alike, lines_of, merge, read_lines
from atom_indexing.passages.collect import folder_of
from atom_indexing.passages.portable import line_of, take_in, told_in
from atom_indexing.tasks import check_there

_PART = re.compile(r"\d+-of-\d+")
"""What ``--shard`` calls the parts of a library."""


def carried(context: atom.CommandContext) -> bool:
    """Do what the arguments ask of the whole library; whether they ask anything of that kind.

    :raises LibraryError: if that cannot be done
    """
    args = context.args
    if not (args.export or args.take_in or args.merge or args.verify or args.mend):
        return False
    if args.export:
        _check_place(context, args.export)
    library = context.host().library
    if not isinstance(library, ChromaLibrary):
        raise atom.LibraryError("this library is not one of atom-indexing, which alone can be carried over")
    read = _read(args.take_in) if args.take_in else None
    folders = [str(place) for name in args.merge or () for place in _libraries(Path(name))]
    if folders or read is not None:
        library.make()
    else:
        check_there(context.host())
    if args.export:
        _export(context, library)
    elif args.verify or args.mend:
        verify(context, library)
    elif read is None:
        _merge(context, library, folders)
    else:
        _tell_embedder(context, library, read.head, f"'{args.take_in}'")
        num = bring_in(library, read, f"'{args.take_in}'")
        take_in(folder_of(context.host()), read.told, f"'{args.take_in}'")
        _emit_taken(context, num, args.take_in)
    return True


def _check_place(context: atom.CommandContext, file: str) -> None:
    """
    :raises SettingsError: if an exported library cannot be written there, or something of the user's is there
    """
    try:
        Outputs(context.settings.cache).check_place(file, overwrite=context.args.overwrite)
    except OSError as error:
        raise _cannot_write(file, error) from None


def _cannot_write(file: str, error: OSError) -> atom.SettingsError:
    more = ", or replace it with --overwrite" if isinstance(error, NotOurs) else ""
    return atom.SettingsError(f"cannot write '{file}': {error.strerror}; choose another place{more}")


def _export(context: atom.CommandContext, library: ChromaLibrary) -> None:
    file, num = context.args.export, -1

    def counted() -> Iterator[str]:
        nonlocal num
        for line in lines_of(library):
            num += 1
            yield line

    told = (line_of(one) for one in told_in(folder_of(context.host()), library.videos()))
    lines = chain(counted(), told)
    try:
        Outputs(context.settings.cache).write_lines(file, lines, overwrite=context.args.overwrite)
    except OSError as error:
        raise _cannot_write(file, error) from None
    context.emit({"exported": num, "file": file}, f"{count_of(num, 'clip')} written to {file}")


def _merge(context: atom.CommandContext, library: ChromaLibrary, folders: Iterable[str]) -> None:
    """Take in all clips of other libraries, one after the other."""
    made = library.made_by()["model"]
    for folder in folders:
        if Path(folder).resolve() == library.path.resolve():
            raise atom.LibraryError(f"'{folder}' is the library itself; name others, to be taken into it")
        settings = evolve(context.settings, library=Path(folder))
        with closing(ChromaLibrary.open(settings, made)) as other:
            _tell_embedder(context, library, other.made_by(), f"'{folder}'")
            num = merge(library, other)
            take_in(folder_of(context.host()), told_in(Path(folder), other.videos()), f"'{folder}'")
            _emit_taken(context, num, folder)


def _libraries(folder: Path) -> list[Path]:
    """The library in a folder, or those in the folders of it, as the parts of ``--shard`` are.

    :raises LibraryError: if there is none
    """
    if (folder / DATABASE).is_file():
        return [folder]
    below = sorted(database.parent for database in folder.glob(f"*/{DATABASE}"))
    if not (parts := [place for place in below if _PART.fullmatch(place.name)]):
        there = f"; there is one in '{below[0]}'" if below else ", or of the parts of --shard"
        raise atom.LibraryError(f"'{folder}' holds no library; name the folder of one{there}")
    return parts


def _tell_embedder(
    context: atom.CommandContext, library: ChromaLibrary, head: Mapping[str, object], source: str
) -> None:
    """Say whose vectors of captions a library gets that has none: with another embedder in force it is not searched.

    :raises LibraryError: if the two cannot be put together
    """
    embedder = check_made_alike(library, head, source)
    if not embedder or library.embedder:
        return
    own = library.num_stored()
    more = (
        f"; the captions of its {count_of(own, 'clip')} are embedded by that one with: atom index --embed"
        if own
        else ""
    )
    context.note(f"{source} has its captions embedded by {embedder}, which the library then has, too{more}")


def _emit_taken(context: atom.CommandContext, num: int, source: str) -> None:
    context.emit({"imported": num, "from": source}, f"{count_of(num, 'clip')} taken in from {source}")


def _read(name: str) -> Read:
    try:
        with Path(name).open(encoding="utf-8") as file:
            return read_lines(file, f"'{name}'")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise atom.LibraryError(f"cannot read '{name}': {why}; name a file of --export") from None
