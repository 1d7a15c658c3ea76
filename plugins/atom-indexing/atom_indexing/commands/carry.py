"""What ``atom library`` does with a whole library: write it, take another in, look it through."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from attrs import evolve

import atom_core as atom
from atom_indexing.library import DATABASE, ChromaLibrary
from atom_indexing.library.portable import Read, bring_in, faults_of, lines_of, mend, read_lines, write_file


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
        num = write_file(Path(args.export), lines_of(library))
        context.emit({"exported": num, "file": args.export}, f"{num} clips written to {args.export}")
    elif args.verify or args.mend:
        _verify(context, library)
    else:
        source = args.take_in or args.merge
        num = bring_in(library, _read(context, library), f"'{source}'")
        context.emit({"imported": num, "from": source}, f"{num} clips taken in from {source}")
    return True


def _read(context: atom.CommandContext, library: ChromaLibrary) -> Read:
    args = context.args
    if args.merge:
        folder = Path(args.merge)
        if not (folder / DATABASE).is_file():
            raise atom.LibraryError(f"'{folder}' holds no library; name the folder of one")
        settings = evolve(context.settings, library=folder)
        with closing(ChromaLibrary.open(settings, library.made_by()["model"])) as other:
            return read_lines(lines_of(other), f"'{folder}'")
    try:
        with Path(args.take_in).open(encoding="utf-8") as file:
            return read_lines(file, f"'{args.take_in}'")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise atom.LibraryError(f"cannot read '{args.take_in}': {why}; name a file of --export") from None


def _verify(context: atom.CommandContext, library: ChromaLibrary) -> None:
    faults = faults_of(library)
    value = {"unsound": len(faults.unsound), "broken": len(faults.broken), "orphans": len(faults.orphans)}
    said = ", ".join(f"{name} {num}" for name, num in value.items() if num) or "nothing is wrong"
    context.emit({"clips": library.num_stored(), **value}, f"{library.num_stored()} clips looked at: {said}")
    if faults.num and context.args.mend:
        mend(library, faults)
        context.note(f"{faults.num} entries deleted; `atom index PATH` makes videos whole again that lost some")
    elif faults.num:
        context.note("entries that are wrong are not found; `atom library --mend` deletes them")
