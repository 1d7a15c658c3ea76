"""``atom search``."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_core.files.outputs import Outputs
from atom_core.text.count import count_of
from atom_core.text.printable import printable
from atom_indexing.commands.cuts import cut_out, folder_for
from atom_indexing.commands.index import made_otherwise
from atom_indexing.commands.page import page, poster
from atom_indexing.commands.query import add_query_arguments, nothing_left, query_of, seconds, whole_number
from atom_indexing.library.remembering import Remembering
from atom_indexing.passages.collect import lacking, note_of
from atom_indexing.tasks import check_not_empty


class SearchCommand:
    """Find moments in the library by text."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_query_arguments(parser)
        parser.add_argument("-k", type=_count, default=10, metavar="N", help="how many moments at most (10)")
        parser.add_argument("--per-video", type=_count, metavar="N", help="how many moments of one video at most")
        said = "cut each moment, or what is said in it of the text, out of its video, into a file in this folder"
        parser.add_argument("--cut", metavar="DIR", help=said)
        parser.add_argument("--page", metavar="FILE", help="write a page that shows and plays the moments, as HTML")
        said = "leave out moments with a lower score, from -1 to 1"
        parser.add_argument("--min-score", type=_score, metavar="SCORE", help=said)
        said = "with --cut: how much more of the video before and after a moment (0)"
        parser.add_argument("--pad", type=seconds, default=0.0, metavar="SECONDS", help=said)

    def run(self, context: atom.CommandContext) -> None:
        """One result per moment, best first.

        :raises SettingsError: if the text is empty, or there is no folder for what is to be written
        """
        if context.args.pad and not context.args.cut:
            raise atom.SettingsError("--pad is more of the video around what --cut cuts out; add --cut DIR")
        query = query_of(context, context.args.k, skip=context.args.skip)
        text = query.text or context.args.like or context.args.image
        folder = folder_for(context.args.cut) if context.args.cut else None
        target = Path(context.args.page) if context.args.page else None
        if target is not None and not target.absolute().parent.is_dir():
            raise atom.SettingsError(f"cannot write '{target}': there is no folder '{target.parent}'; create it first")
        if target is not None:
            _check_page(context, target)
        check_not_empty(context.host())  # before the model is loaded
        files: dict[tuple[Path, str], str] = {}
        shown = []
        library = context.host().library
        weak, num_cut_unfit = list[bool](), 0
        for place, moment in enumerate(nearest(context, query), context.args.skip + 1):
            key = moment.path, moment.content_hash
            if key not in files:
                files[key] = fault(context, moment)
            whole = not files[key]
            unsaid = query.text and moment.fits is None and _is_weak(moment, query.text, library)
            weak.append(bool(unsaid) or moment.fits is False)
            unfit = weak[-1] and not moment.may_fit
            cut = _cut(context, moment, text, folder, place) if folder is not None and whole else None
            num_cut_unfit += unfit and cut is not None
            line = _line(moment, ["does not fit"] * unfit + [files[key]] * (not whole))
            context.emit(
                {**as_json(moment, files[key]), "cut": cut, "weak": weak[-1]}, line + (f"\n    {cut}" if cut else "")
            )
            shown.append((moment, _poster(context, moment) if target is not None and whole else "", files[key]))
        if target is not None:
            _write_page(context, target, page(text, shown))
        if num_cut_unfit:
            said = count_of(num_cut_unfit, "moment that was cut does", "moments that were cut do")
            context.note(f"{said} not fit, see the marks; --min-score leaves out what is below a score")
        moments = [moment for moment, _, _ in shown]
        if not moments and context.args.min_score is None:
            context.note(nothing_left(query))
        else:
            self._remark(context, moments, list(files.values()), all(weak))

    def _remark(self, context: atom.CommandContext, moments: list[atom.Moment], found: list[str], weak: bool) -> None:
        """What there is to know of what was found, and of its files."""
        if not moments:
            context.note(f"no moment has a score of {context.args.min_score:g}; see what there is without --min-score")
        elif weak:
            context.note(_doubt(moments, is_later_page=context.args.skip > 0))
        shown = {moment.content_hash for moment in moments}
        silent = {moment.content_hash for moment in moments if _is_silent(context, moment)}
        lacks = lacking(context.host(), shown)
        if unheard := [content_hash for content_hash in lacks.pop("speech", ()) if content_hash not in silent]:
            lacks = {"speech": unheard, **lacks}
        if lacks:
            context.note(note_of(lacks))
        others = made_otherwise(context.host(), context.host().library, shown)
        if settings := {others[moment.content_hash] for moment in moments if moment.content_hash in others}:
            context.note(
                f"indexed with other settings than are set now ({min(settings)}); change that: atom index PATH"
            )
        if missing := found.count(MISSING):
            context.note(
                f"files that are not where they were: {missing}; connect their disk, find moved files again with"
                " `atom index PATH`, or forget them with `atom library --prune`"
            )
        if changed := found.count(CHANGED):
            context.note(f"files with other content than was indexed: {changed}; index them again: atom index PATH")


def _line(moment: atom.Moment, remarks: list[str]) -> str:
    """A moment, for people."""
    line = f"{moment.score:.3f}  {moment.path}  {moment.times}  {moment.caption}"
    line += "".join(f"  ({remark})" for remark in remarks)
    return line + "".join(f"\n    {quoted(quote)}" for quote in moment.quotes)


def _doubt(moments: list[atom.Moment], *, is_later_page: bool) -> str:
    """What is said where none of what was found surely fits."""
    best = moments[0].score
    if is_later_page:
        return f"nothing on this page fits well: the best score is {best:.3f}; see earlier ones with a smaller --skip"
    if any(moment.may_fit for moment in moments):
        return f"it is not sure that anything fits: the best score is {best:.3f}; see whether what comes nearest does"
    return f"nothing fits well: the best score is {best:.3f}, and what comes nearest is something else"


def quoted(quote: atom.Quote) -> str:
    """What is said or written, for people, with its times and the channel that found it."""
    return f"{quote.channel}  {quote.times}  {printable(quote.text)}"


def nearest(context: atom.CommandContext, query: atom.Query) -> list[atom.Moment]:
    """What is found, best first: no more in all, and of one video, than the user wants."""
    host, args, each = context.host(), context.args, context.args.per_video
    options = {name: True for name in ("fold", "merge") if getattr(args, name)}
    last = query.skip + query.limit
    wanted = query if each is None else evolve(query, skip=0, limit=_MORE * last)
    while True:
        taken = Counter[str]()
        chosen = []
        found = host.run("search", wanted, **options)
        for moment in found:
            if args.min_score is not None and moment.score < args.min_score:
                break
            taken[moment.content_hash] += 1
            if each is None or taken[moment.content_hash] <= each:
                chosen.append(moment)
        if each is None:
            return chosen[: query.limit]
        if len(chosen) >= last or len(found) < wanted.limit or sum(taken.values()) < len(found):
            return chosen[query.skip : last]
        wanted = evolve(wanted, limit=_MORE * wanted.limit)


_SHORT_WORD = 2
"""As many letters have words such as "a", "of" and "to"."""
_LITTLE = re.compile(
    "and|are|for|from|hi|her|into|it|not|off|one|onto|out|over|she|that|the|their|them|then|there|they|thi|wa|who|what"
    "|when|where|which|while|with"
)
"""Words that say nothing of what is shown, without a last s."""
_MORE = 8
"""How many times as many moments are asked for where too many are of one video."""
MISSING, CHANGED = "file not found", "file has changed"


def fault(context: atom.CommandContext, moment: atom.Moment) -> str:
    """`MISSING` or `CHANGED` if the moment's file is not the one that was indexed; empty if it is."""
    if not os.path.isfile(moment.path):
        return MISSING
    try:
        return "" if context.host().video(moment.path).content_hash == moment.content_hash else CHANGED
    except atom.MediaError:
        return CHANGED


def _is_silent(context: atom.CommandContext, moment: atom.Moment) -> bool:
    """Whether a moment's video has no sound track, so that nothing is to be heard in it."""
    try:
        return not context.host().video(moment.path).has_audio
    except atom.MediaError:
        return False


def _cut(context: atom.CommandContext, moment: atom.Moment, text: str, folder: Path, place: int) -> str | None:
    """The file with a moment; None if it could not be cut, which is told."""
    try:
        return str(cut_out(context.host(), moment, text, folder, place=place, pad_s=context.args.pad))
    except atom.AtomError as error:
        context.fail(str(moment.path), error)
        return None


def _poster(context: atom.CommandContext, moment: atom.Moment) -> str:
    """A picture of a moment; empty if there is none, which is told."""
    try:
        return poster(context.host().video(moment.path), moment)
    except atom.MediaError as error:
        context.fail(str(moment.path), error)
        return ""


def _check_page(context: atom.CommandContext, path: Path) -> None:
    """
    :raises SettingsError: if it cannot be written, or something stands there that is no page of Atom's
    """
    try:
        Outputs(context.settings.cache).check_place(path)
    except OSError as error:
        raise atom.SettingsError(f"cannot write '{path}': {error.strerror}; choose another place") from None


def _write_page(context: atom.CommandContext, path: Path, text: str) -> None:
    try:
        Outputs(context.settings.cache).write(path, text)
    except OSError as error:
        context.fail(str(path), f"cannot be written: {error.strerror}; choose another place")
    else:
        context.note(f"the moments are shown in {path}; open it in a browser")


def as_json(moment: atom.Moment, fault: str) -> dict[str, Any]:
    """The JSON value of a moment; `fault` is what is wrong with its file now."""
    return {
        "video": str(moment.path),
        "start_s": moment.start_s,
        "end_s": moment.end_s,
        "score": moment.score,
        "caption": moment.caption,
        "channels": {name: round(score, 4) for name, score in moment.channels.items()},
        "fits": moment.fits,
        "may_fit": moment.may_fit,
        "alike": moment.num_alike,
        "quotes": [
            {"channel": one.channel, "text": one.text, "start_s": one.start_s, "end_s": one.end_s}
            for one in moment.quotes
        ],
        "content_hash": moment.content_hash,
        "missing": fault == MISSING,
        "changed": fault == CHANGED,
    }


def _is_weak(moment: atom.Moment, text: str, library: atom.Library) -> bool:
    """Whether nothing tells that a moment shows what is looked for: its score is poor, and its caption has none of the
    words.
    """
    fair = library.fair_score() if isinstance(library, Remembering) else None
    return fair is not None and moment.score < fair and not (_words(text) & _words(moment.caption))


def _words(text: str) -> set[str]:
    """What carries the meaning of a text, whether of one thing or of several."""
    found = {word.removesuffix("s") for word in re.findall(r"\w+", text.casefold())}
    return {word for word in found if len(word) > _SHORT_WORD and not _LITTLE.fullmatch(word)}


def _score(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -1 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from -1 to 1, got {text!r}")
    return value


def _count(text: str) -> int:
    number = whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number
