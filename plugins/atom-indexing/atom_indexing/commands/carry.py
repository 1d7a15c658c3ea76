"""What ``atom library`` does with a whole library: write it, take another in, look it through."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path

from attrs import evolve

import atom_core as atom
from atom_indexing.library import DATABASE, ChromaLibrary
from atom_indexing.library.portable import (
    Read,
    bring_in,
    check_made_alike,
    faults_of,
    lines_of,
    mend,
    merge,
    read_lines,
    write_file,
)
from atom_indexing.passages.collect import folder_of
from atom_indexing.passages.faults import mend_passages, passage_faults
from atom_indexing.passages.portable import line_of, take_in, told_in


def carried(context: atom.CommandContext) -> bool:
    """Do what the arguments ask of the whole library; whether they ask anything of that kind.

    :raises LibraryError: if that cannot be done
    """
    args = context.args
    if not (args.export or args.take_in or args.merge or args.verify or args.mend):
        return False
    library = context.host().library
    if not isinstance(library, ChromaLibrary):
        raise atom.LibraryError("this library is not one of atom-indexing, which alone can be carried over")
    if args.export:
        told = [line_of(one) for one in told_in(folder_of(context.host()))]
        num = write_file(Path(args.export), chain(lines_of(library), told)) - len(told)
        context.emit({"exported": num, "file": args.export}, f"{num} clips written to {args.export}")
    elif args.verify or args.mend:
        _verify(context, library)
    elif args.merge:
        _merge(context, library)
    else:
        read = _read(args.take_in)
        _tell_embedder(context, library, read.head, f"'{args.take_in}'")
        num = bring_in(library, read, f"'{args.take_in}'")
        take_in(folder_of(context.host()), read.told, f"'{args.take_in}'")
        _emit_taken(context, num, args.take_in)
    return True


def _merge(context: atom.CommandContext, library: ChromaLibrary) -> None:
    """Take in all clips of other libraries, one after the other."""
    missing = [folder for folder in context.args.merge if not (Path(folder) / DATABASE).is_file()]
    if missing:
        raise atom.LibraryError(f"'{missing[0]}' holds no library; name the folder of one")
    made = library.made_by()["model"]
    for folder in context.args.merge:
        if Path(folder).resolve() == library.path.resolve():
            raise atom.LibraryError(f"'{folder}' is the library itself; name others, to be taken into it")
        settings = evolve(context.settings, library=Path(folder))
        with closing(ChromaLibrary.open(settings, made)) as other:
            _tell_embedder(context, library, other.made_by(), f"'{folder}'")
            take_in(folder_of(context.host()), told_in(Path(folder)), f"'{folder}'")
            _emit_taken(context, merge(library, other), folder)


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
    more = f"; those of its {own} clips are embedded by that one with: atom index --embed" if own else ""
    context.note(f"{source} has its captions embedded by {embedder}, which the library then has, too{more}")


def _emit_taken(context: atom.CommandContext, num: int, source: str) -> None:
    context.emit({"imported": num, "from": source}, f"{num} clips taken in from {source}")


def _read(name: str) -> Read:
    try:
        with Path(name).open(encoding="utf-8") as file:
            return read_lines(file, f"'{name}'")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise atom.LibraryError(f"cannot read '{name}': {why}; name a file of --export") from None


def _verify(context: atom.CommandContext, library: ChromaLibrary) -> None:
    faults, folder = faults_of(library), folder_of(context.host())
    videos = library.videos()
    told = passage_faults(folder, videos)
    value = {"unsound": len(faults.unsound), "broken": len(faults.broken), "orphans": len(faults.orphans)}
    value |= {"passages": told.num} if told.num else {}
    said = ", ".join(f"{name} {num}" for name, num in value.items() if num) or "nothing is wrong"
    context.emit({"clips": library.num_stored(), **value}, f"{library.num_stored()} clips looked at: {said}")
    num = faults.num + told.num
    if num and context.args.mend:
        mend(library, faults)
        if told.num:
            mend_passages(folder, told, videos)
        context.note(f"{num} entries deleted; `atom index PATH` makes videos whole again that lost some")
    elif num:
        context.note("entries that are wrong are not found; `atom library --mend` deletes them")
