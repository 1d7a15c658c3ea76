"""``atom assemble``."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import atom_core as atom
from atom_assembly.film import Replacement
from atom_assembly.report import as_text, constraints_as_text, rows, said_of, shortfalls
from atom_assembly.script_file import as_value, read_script
from atom_core.files.outputs import NotOurs, Outputs
from atom_core.media.timelines.edl import check_edl, to_edl
from atom_core.media.timelines.otio import to_otio
from atom_core.text.printable import printable_json


class AssembleCommand:
    """Make a film from the library: write a script, find a cut for each line, render."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("request", metavar="REQUEST", nargs="?", help="what the film should show, in quotes")
        said = "the film to write, an .mp4 file; with --dry-run a file for the script, as JSON"
        parser.add_argument("-o", "--output", metavar="FILE", help=said)
        said = (
            "show script, cuts, scores and reasons, and render nothing; --otio, --edl, --srt, --subtitles are written"
        )
        parser.add_argument("--dry-run", action="store_true", help=said)
        said = "take the lines from a file: one that --dry-run wrote, edited or not, or a text of one line a shot"
        parser.add_argument("--script", metavar="FILE", help=said)
        parser.add_argument("--otio", metavar="FILE", help="write the timeline as OpenTimelineIO too")
        said = "write the cuts as a CMX 3600 edit decision list too; needs 'atom-core[edl]'"
        parser.add_argument("--edl", metavar="FILE", help=said)
        parser.add_argument("--srt", metavar="FILE", help="write the script lines as subtitles too")
        said = "write what is said in the film as subtitles too, .srt or .vtt; needs a plugin that hears: atom-speech"
        parser.add_argument("--subtitles", metavar="FILE", help=said)
        parser.add_argument("--overwrite", action="store_true", help="replace files that Atom did not write")
        parser.add_argument("--length", type=_seconds, metavar="SECONDS", help="longest film; cuts are trimmed to it")

        chosen = "sound track of the sources, by number from 1 or by language; else the one a player takes"
        parser.add_argument("--sound", default="", metavar="TRACK", help=chosen)

    def run(self, context: atom.CommandContext) -> None:
        """One result: the film, and what was chosen for each line.

        :raises SettingsError: if the request is empty or an output has no folder
        :raises LibraryError: if there is nothing to make it from
        """
        args, outputs = context.args, Outputs(context.settings.cache)
        self._check(context, outputs)
        given = read_script(args.script, args.length) if args.script else None
        host = context.host()
        if len(host.library) == 0:  # before the model is loaded
            raise atom.LibraryError(
                f"library '{context.settings.library_called}' is empty; add videos first: atom index PATH"
            )
        script = given or host.run("script", atom.Request(text=args.request.strip(), length_s=args.length))
        timeline = host.run("match", script)
        videos = {cut.content_hash: host.video(cut.path) for cut in timeline.cuts}
        if args.sound:
            _check_sound(context, videos.values(), args.sound)
        lines = rows(script, timeline, videos)
        value = {
            "film": None,
            "duration_s": timeline.duration_s,
            "num_frames": None,
            "has_audio": None,
            "request": script.request.text,
            "script_by": "file" if given else "model" if script.provenance else "request",
            "model": script.provenance.model if script.provenance else None,
            "script": as_value(script),
        }
        if args.dry_run:
            written = {"script": _script_written(context, outputs, script)}
        else:
            written = {}
            film = render(context, timeline, args.output, args.sound, overwrite=args.overwrite)
            value |= {"film": args.output, "duration_s": film.duration_s, "num_frames": film.num_frames}
            value |= {"has_audio": film.has_audio}
        others = _others_written(context, outputs, timeline, videos)
        for unmet in timeline.unmet:
            if script.provenance is None:
                context.fail(unmet.line, said_of(unmet))
            else:  # the model's own idea
                context.note(f"{unmet.line}: {said_of(unmet)}")
        for text in shortfalls(script, timeline):
            context.note(text)
        head = _head(args.output, value["duration_s"], len(timeline.cuts), script, dry_run=args.dry_run)
        context.emit({**value, **others, "lines": lines}, as_text(head, lines, {**written, **others}))

    def _check(self, context: atom.CommandContext, outputs: Outputs) -> None:
        args = context.args
        others = [name for name in (args.otio, args.edl, args.srt, args.subtitles) if name]
        if args.script and args.request is not None:
            raise atom.SettingsError("a REQUEST and --script both say what the film is to show; leave one out")
        if not args.script and not (args.request or "").strip():
            raise atom.SettingsError('the request is empty; say what to show: atom assemble "REQUEST" -o FILM.mp4')
        if not args.dry_run:
            if not args.output:
                raise atom.SettingsError("no film is named; say -o FILM.mp4, or --dry-run to see the cuts alone")
            check_outputs(outputs, args.output, *others, overwrite=args.overwrite)
        else:
            script = [args.output] if args.output and not _is_film(args.output) else []
            _check_names(outputs, [*script, *others], overwrite=args.overwrite)
        if args.subtitles:
            if Path(args.subtitles).suffix.lower() not in (".srt", ".vtt"):
                raise atom.SettingsError(f"--subtitles '{args.subtitles}' is neither .srt nor .vtt; name it as one")
            if "transcribe" not in context.host().plugins.tasks:
                raise atom.SettingsError("--subtitles needs a plugin that hears; install atom-speech")
        if args.edl:
            check_edl()


def _check_sound(context: atom.CommandContext, videos: Iterable[atom.Video], wanted: str) -> None:
    """Say of which sources another sound track is taken than the one that is wanted.

    :raises SettingsError: if none has it
    """
    from atom_core.media.sound import sound_track

    lacking: list[str] = []
    found = False
    for video in videos:
        try:
            sound_track(video, wanted)
            found = True
        except atom.MediaError as error:
            lacking += [str(error)] if video.has_audio or not lacking else []
    if lacking and not found:
        raise atom.SettingsError(f"{lacking[-1]}; name another with --sound, or leave it out")
    for said in lacking:
        context.note(f"{said}; what a player takes of it is heard")


def _is_film(name: str) -> bool:
    from atom_core.media.render import FILM_SUFFIXES

    return Path(name).suffix.lower() in FILM_SUFFIXES


def _head(output: str | None, duration_s: float, shots: int, script: atom.Script, *, dry_run: bool) -> str:
    asked = constraints_as_text(script.constraints)
    told = f" ({', '.join(asked)})" if asked and dry_run else ""
    name = "not rendered" if dry_run else output
    return f"{name}: {duration_s:.1f} s, {shots} shot{'s' * (shots != 1)}{told}"


def _script_written(context: atom.CommandContext, outputs: Outputs, script: atom.Script) -> str | None:
    """The file with the script that a dry run was told to write."""
    name = context.args.output
    if name and _is_film(name):
        context.note(f"'{name}' is not rendered in a dry run; name a file for the script to keep it: -o script.json")
        return None
    return _written(context, outputs, name, lambda: printable_json(as_value(script)))


def _others_written(
    context: atom.CommandContext, outputs: Outputs, timeline: atom.Timeline, videos: Mapping[str, atom.Video]
) -> dict[str, str | None]:
    """The timelines and subtitles beside a film."""
    args, write = context.args, partial(_written, context, outputs)
    return {
        "otio": write(args.otio, lambda: _otio(timeline, videos)),
        "edl": write(args.edl, lambda: to_edl(timeline, videos)),
        "srt": write(args.srt, lambda: _srt(timeline)),
        "subtitles": _subtitles_written(context, outputs, timeline),
    }


def check_outputs(outputs: Outputs, film: str, *others: str | None, overwrite: bool = False) -> None:
    """Make sure that the files can be written, before any work is spent.

    :param overwrite: whether they may replace files that Atom did not write
    :raises SettingsError: if the film is not named as one, something would be lost, or a folder does not exist
    """
    from atom_core.media.render import FILM_SUFFIXES, check_place

    if Path(film).suffix.lower() not in FILM_SUFFIXES:
        raise atom.SettingsError(f"films are MP4: cannot write '{film}'; name it '{Path(film).stem or 'film'}.mp4'")
    names = [name for name in (film, *others) if name]
    _check_names(outputs, names[1:], overwrite=overwrite, beside=film)
    try:
        check_place(film, overwrite=overwrite)
    except atom.MediaError as error:
        raise atom.SettingsError(str(error)) from None


def _check_names(outputs: Outputs, names: list[str], *, overwrite: bool, beside: str | None = None) -> None:
    """
    :param beside: the film, which is another file and lies in a folder that can be written, too
    """
    every = [*([beside] if beside else []), *names]
    for name in every:
        if Path(name).is_dir():
            raise atom.SettingsError(f"cannot write '{name}': it is a folder; name a file in it")
        folder = Path(name).absolute().parent
        if not folder.is_dir():
            raise atom.SettingsError(
                f"cannot write '{name}': there is no folder '{Path(name).parent}'; create it first"
            )
        if not os.access(folder, os.W_OK):
            raise atom.SettingsError(f"cannot write '{name}': no permission to write into its folder; name another")
    if len({os.path.realpath(name) for name in every}) < len(every):
        raise atom.SettingsError("film, --otio, --edl, --srt and --subtitles must be different files")
    try:
        for name in () if overwrite else names:
            outputs.check(name)
    except NotOurs as error:
        said = f"'{error.filename}': {error.strerror}; choose another name, or replace it with --overwrite"
        raise atom.SettingsError(said) from None
    except OSError as error:
        raise atom.SettingsError(f"cannot read '{error.filename}': {error.strerror}; name another file") from None


def render(
    context: atom.CommandContext, timeline: atom.Timeline, path: str, sound: str, *, overwrite: bool = False
) -> atom.Film:
    """The film of `timeline`, with a progress bar in hundredths."""
    replacement = Replacement(path=path) if overwrite else None
    with context.progress("Rendering", 100) as bar:
        shown = 0

        def tell(num_written: int, num_frames: int) -> None:
            nonlocal shown
            if (percent := 100 * num_written // max(num_frames, 1)) > shown:
                bar.advance(percent - shown)
                shown = percent

        film: atom.Film = context.host().run(
            "film", timeline, path=path, sound=sound, replacement=replacement, progress=tell
        )
    return film


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


def _subtitles_written(context: atom.CommandContext, outputs: Outputs, timeline: atom.Timeline) -> str | None:
    """The file with what is said in the film; None, which is told, where nothing is."""
    from atom_assembly.evidence.speech import subtitles
    from atom_core.media.timelines.subtitles import to_srt, to_vtt

    name = context.args.subtitles
    if name is None:
        return None
    try:
        said = subtitles(context.host(), timeline, context.args.sound)
    except atom.MediaError as error:
        context.fail(name, error)
        return None
    if not said:
        context.note(f"nothing is said in the film, so '{name}' is not written")
        return None
    write = to_vtt if Path(name).suffix.lower() == ".vtt" else to_srt
    return _written(context, outputs, name, lambda: write(said))


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return value
