"""``atom assemble``."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import atom_core as atom
from atom_assembly.film import Replacing
from atom_assembly.script import listed_shots
from atom_core.files.outputs import NotOurs, Outputs
from atom_core.media.timelines.edl import check_edl, to_edl
from atom_core.media.timelines.otio import to_otio
from atom_core.text.printable import printable_json


class AssembleCommand:
    """Make a film from the library: write a script, find a cut for each line, render."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("request", metavar="REQUEST", help="what the film should show, in quotes")
        parser.add_argument("-o", "--output", metavar="FILM", required=True, help="the film to write, an .mp4 file")
        parser.add_argument("--otio", metavar="FILE", help="write the timeline as OpenTimelineIO too")
        said = "write the cuts as a CMX 3600 edit decision list too; needs 'atom-core[edl]'"
        parser.add_argument("--edl", metavar="FILE", help=said)
        parser.add_argument("--srt", metavar="FILE", help="write the script lines as subtitles too")
        parser.add_argument("--overwrite", action="store_true", help="replace files that Atom did not write")
        parser.add_argument("--length", type=_seconds, metavar="SECONDS", help="longest film; cuts are trimmed to it")

        chosen = "sound track of the sources, by number from 1 or by language; else the one a player takes"
        parser.add_argument("--sound", default="", metavar="TRACK", help=chosen)

    def run(self, context: atom.CommandContext) -> None:
        """One result: the film, and what was chosen for each line.

        :raises SettingsError: if the request is empty or an output has no folder
        :raises LibraryError: if there is nothing to make it from
        """
        args = context.args
        if not args.request.strip():
            raise atom.SettingsError('the request is empty; say what to show: atom assemble "REQUEST" -o FILM.mp4')
        outputs = Outputs(context.settings.cache)
        check_outputs(outputs, args.output, args.otio, args.edl, args.srt, overwrite=args.overwrite)
        if args.edl:
            check_edl()
        host = context.host()
        if len(host.library) == 0:  # before the model is loaded
            raise atom.LibraryError(f"library '{context.settings.library}' is empty; add videos first: atom index PATH")
        request = atom.Request(text=args.request.strip(), length_s=args.length)
        script = host.run("script", request)
        if script.provenance is None and not listed_shots(request.text):
            context.note("the model wrote no usable script; the request itself was split into lines")
        timeline = host.run("match", script)
        film = render(context, timeline, args.output, args.sound, overwrite=args.overwrite)
        videos = {cut.content_hash: host.video(cut.path) for cut in timeline.cuts}
        write = partial(_written, context, outputs)
        written = {
            "otio": write(args.otio, lambda: _otio(timeline, videos)),
            "edl": write(args.edl, lambda: to_edl(timeline, videos)),
            "srt": write(args.srt, lambda: _srt(timeline)),
        }
        lines = chosen(script, timeline, videos)
        for line in (row["line"] for row in lines if row["video"] is None):
            context.note(f"nothing in the library fits: {line}")
        if args.length is not None and timeline.duration_s < args.length - 0.05:
            context.note(f"what was found lasts {timeline.duration_s:.1f} s, less than the {args.length:g} s asked for")
        context.emit(
            {
                "film": args.output,
                "duration_s": film.duration_s,
                "num_frames": film.num_frames,
                "has_audio": film.has_audio,
                "request": request.text,
                "script_by": "model" if script.provenance else "request",
                "model": script.provenance.model if script.provenance else None,
                **written,
                "lines": lines,
            },
            as_text(args.output, film, lines, written),
        )


def check_outputs(outputs: Outputs, film: str, *others: str | None, overwrite: bool = False) -> None:
    """Make sure that the files can be written, before any work is spent.

    :param overwrite: whether they may replace files that Atom did not write
    :raises SettingsError: if the film is not named as one, something would be lost, or a folder does not exist
    """
    from atom_core.media.render import FILM_SUFFIXES, check_place

    if Path(film).suffix.lower() not in FILM_SUFFIXES:
        raise atom.SettingsError(f"films are MP4: cannot write '{film}'; name it '{Path(film).stem or 'film'}.mp4'")
    names = [name for name in (film, *others) if name]
    for name in names:
        if Path(name).is_dir():
            raise atom.SettingsError(f"cannot write '{name}': it is a folder; name a file in it")
        folder = Path(name).absolute().parent
        if not folder.is_dir():
            raise atom.SettingsError(
                f"cannot write '{name}': there is no folder '{Path(name).parent}'; create it first"
            )
        if not os.access(folder, os.W_OK):
            raise atom.SettingsError(f"cannot write '{name}': no permission to write into its folder; name another")
    if len({os.path.realpath(name) for name in names}) < len(names):
        raise atom.SettingsError("film, --otio, --edl and --srt must be different files")
    try:
        check_place(film, overwrite=overwrite)
        for name in () if overwrite else names[1:]:
            outputs.check(name)
    except atom.MediaError as error:
        raise atom.SettingsError(str(error)) from None
    except NotOurs as error:
        said = f"'{error.filename}': {error.strerror}; choose another name, or replace it with --overwrite"
        raise atom.SettingsError(said) from None
    except OSError as error:
        raise atom.SettingsError(f"cannot read '{error.filename}': {error.strerror}; name another file") from None


def render(
    context: atom.CommandContext, timeline: atom.Timeline, path: str, sound: str, *, overwrite: bool = False
) -> atom.Film:
    """The film of `timeline`, with a progress bar in hundredths."""
    path = Replacing(path) if overwrite else path
    with context.progress("Rendering", 100) as bar:
        shown = 0

        def tell(num_written: int, num_frames: int) -> None:
            nonlocal shown
            if (percent := 100 * num_written // max(num_frames, 1)) > shown:
                bar.advance(percent - shown)
                shown = percent

        film: atom.Film = context.host().run("film", timeline, path=path, sound=sound, progress=tell)
    return film


def chosen(script: atom.Script, timeline: atom.Timeline, videos: Mapping[str, atom.Video]) -> list[dict[str, Any]]:
    """For each line of the script, the cut that stands for it, or None as its video.

    :param videos: the source of every cut, by content hash
    """
    from atom_core.media.timelines.timecode import timecodes

    cuts = list(timeline.cuts)
    rows: list[dict[str, Any]] = []
    for line in script.lines:
        cut = cuts.pop(0) if cuts and cuts[0].line == line else None
        rows.append(
            {
                "line": line,
                "video": str(cut.path) if cut else None,
                "start_s": cut.start_s if cut else None,
                "end_s": cut.end_s if cut else None,
                "times": cut.times if cut else None,
                "timecode": (cut and timecodes(videos[cut.content_hash], cut.start_s, cut.end_s)) or None,
                "score": cut.score if cut else None,
                "caption": cut.caption if cut else None,
            }
        )
    return rows


def as_text(path: str, film: atom.Film, lines: list[dict[str, Any]], written: dict[str, str | None]) -> str:
    """The film for people: its length, then each line with what stands for it and why."""
    shots = len(film.timeline.cuts)
    text = [f"{path}: {film.duration_s:.1f} s, {shots} shot{'s' * (shots != 1)}"]
    for row in lines:
        text.append(f"  {row['line']}")
        if row["video"] is None:
            text.append("    nothing fits")
        else:
            times = f"{row['times']}  ({row['timecode']})" if row["timecode"] else row["times"]
            text.append(f"    {row['score']:.3f}  {row['video']}  {times}  {row['caption']}")
    return "\n".join(text + [path for path in written.values() if path])


def _written(context: atom.CommandContext, outputs: Outputs, name: str | None, make: Callable[[], str]) -> str | None:
    """The file with the text that `make` makes; None if none is asked for, or it could not be written."""
    if name is None:
        return None
    try:
        outputs.write(name, make(), overwrite=context.args.overwrite)
    except atom.MediaError as error:
        context.fail(name, error)
        return None
    except OSError as error:
        context.fail(name, f"cannot be written: {error.strerror}; choose another place")
        return None
    return name


def _otio(timeline: atom.Timeline, videos: Mapping[str, atom.Video]) -> str:
    return printable_json(to_otio(timeline, videos))


def _srt(timeline: atom.Timeline) -> str:
    from atom_core.media.timelines.subtitles import to_srt

    items, elapsed_s = [], 0.0
    for cut in timeline.cuts:
        items.append((elapsed_s, elapsed_s + cut.duration_s, cut.line))
        elapsed_s += cut.duration_s
    return to_srt(items)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return value
