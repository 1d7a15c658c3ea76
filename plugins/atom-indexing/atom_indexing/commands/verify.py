"""``atom library --verify`` and ``--mend``: what is wrong with which entries, and what is to be indexed again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from attrs import asdict, frozen

import atom_core as atom
from atom_core.text.count import count_of
from atom_core.text.printable import printable
from atom_indexing.library import ChromaLibrary
from atom_indexing.library.portable import Faults, faults_of, mend
from atom_indexing.passages.collect import SOURCES, folder_of
from atom_indexing.passages.faults import PassageFaults, mend_passages, passage_faults
from atom_indexing.passages.store import FILE

_SHOWN, _NAMED = 100, 5
"""How many faults are listed for people, and how many videos are named in a remark; ``--json`` lists all."""


@frozen(kw_only=True)
class Fault:
    """What is wrong with one entry."""

    kind: str
    """``unsound``, ``broken``, ``orphan`` or ``passages``."""
    fault: str
    """What is wrong, as people read it."""
    id: str
    """Of the entry; of passages that of their video."""
    video: str | None
    """The file of its video; None where the library has none of it."""
    to_index: bool = False
    """Whether its video loses something that ``atom index`` makes again."""

    @property
    def text(self) -> str:
        """As a line."""
        return f"{self.video or f'no video ({self.id})'}: {self.kind}, {self.fault}"


def verify(context: atom.CommandContext, library: ChromaLibrary) -> None:
    """List what is wrong, and with ``--mend`` delete it; without, something that is wrong is a failure.

    :raises LibraryError: if the library cannot be read, or written
    """
    faults, folder, videos = faults_of(library), folder_of(context.host()), library.videos()
    told = passage_faults(folder, videos)
    places = {content_hash: str(held.path) for content_hash, held in library.held().items()}
    found = [*_of_clips(faults, places), *_of_passages(told, places, str(folder / FILE))]
    again = sorted({one.video for one in found if one.to_index and one.video is not None})
    value: dict[str, object] = {name: len(getattr(faults, name)) for name in ("unsound", "broken", "orphans")}
    value |= {"passages": told.num} if told.num else {}
    said = ", ".join(f"{name} {num}" for name, num in value.items() if num) or "nothing is wrong"
    value |= (
        {"faults": [asdict(one, filter=lambda about, _: about.name != "to_index") for one in found]} if found else {}
    )
    value |= {"index_again": again} if found and context.args.mend else {}
    lines = [f"  {printable(one.text)}" for one in found[:_SHOWN]]
    lines += [f"  and {len(found) - _SHOWN} more; --json lists all"] if len(found) > _SHOWN else []
    clips = library.num_stored()
    context.emit({"clips": clips, **value}, "\n".join([f"{count_of(clips, 'clip')} looked at: {said}", *lines]))
    if not found:
        return
    if not context.args.mend:
        said = f"{count_of(len(found), 'entry is', 'entries are')} wrong and not found"
        context.fail("", f"{said}; `atom library --mend` deletes {'it' if len(found) == 1 else 'them'}")
        return
    mend(library, faults)
    if told.num:
        mend_passages(folder, told, videos)
    context.note(f"{count_of(len(found), 'entry', 'entries')} deleted{_to_index(again, told.damaged)}")


def _of_clips(faults: Faults, places: Mapping[str, str]) -> Iterator[Fault]:
    said = (
        ("unsound", "it is no clip of a video", faults.unsound),
        ("broken", "its vector is not finite, or not as wide as the others", faults.broken),
        ("orphan", "the vector of a caption whose clip is not there", faults.orphans),
    )
    for kind, fault, keys in said:
        for key in keys:
            video = places.get(key.partition(":")[0])
            yield Fault(kind=kind, fault=fault, id=key, video=video, to_index=kind != "orphan")


def _of_passages(faults: PassageFaults, places: Mapping[str, str], file: str) -> Iterator[Fault]:
    if faults.damaged:
        yield Fault(kind="passages", fault="what is said and written cannot be read", id="", video=file)
    for channel, content_hash in faults.unsound:
        fault = f"what is {SOURCES[channel].said if channel in SOURCES else channel} of it cannot be read"
        yield Fault(
            kind="passages", fault=fault, id=content_hash, video=places.get(content_hash), to_index=channel in SOURCES
        )
    for content_hash in faults.orphans:
        fault = "something is said or written in a video that the library has not"
        yield Fault(kind="passages", fault=fault, id=content_hash, video=places.get(content_hash))
    for number, content_hash in faults.vectors.items():
        fault = f"the vector of passage {number} is none; the next search makes it again"
        yield Fault(kind="passages", fault=fault, id=content_hash, video=places.get(content_hash))


def _to_index(again: list[str], is_damaged: bool) -> str:
    """What there is to do after that, as the end of a remark."""
    if is_damaged:
        return "; all videos are to be looked through again for what is said and written: atom index PATH"
    if not again:
        return "; nothing is to be indexed again"
    names = " ".join(shlex.quote(name) for name in again[:_NAMED])
    more = f" and {len(again) - _NAMED} more" if len(again) > _NAMED else ""
    return f"; {count_of(len(again), 'video is', 'videos are')} to be indexed again: atom index {names}{more}"
