"""``atom demo``: everything Atom does, on sample videos, with the embedded model."""

from __future__ import annotations

import os
import shutil
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

import atom_core as atom
from atom_core.files import write_whole
from atom_core.text.printable import printable_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

TASKS = ("caption", "index", "search", "answer", "assemble", "film")
SEARCH = "something yellow that blinks"
ASK = ("relay.mp4", ("What happens first?", "What does the white moon do?"))
REQUEST = "First a white moon moves up, then a red circle moves left, and finally a green star appears."

INTRODUCTION = (
    "Sample videos of coloured shapes, and a small model that has seen nothing else:\n"
    "it shows how Atom works, not what a real model knows."
)
MARK = "# Written by `atom demo`"
SETTINGS = f"""{MARK}: in this folder `atom` needs no options.
model = "tiny"
library = "library"
cache = "cache"
"""
FILES = {
    "videos/": "the sample videos",
    "captions/": "what each shot shows: subtitles (.srt) and JSON",
    "library/": "captions and vectors, what a search looks through",
    "film.mp4": "the film that was asked for",
    "timeline.otio": "its cuts, for an editing program (OpenTimelineIO)",
    "ledger.json": "what was computed, what was reused, seconds and memory",
    "cache/": "what the encoder saw; a second run encodes nothing",
    "atom.toml": "settings for this folder",
}
"""What is left behind, and what it is."""


class DemoCommand:
    """Make sample videos, then caption, index, search, ask and assemble them."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "folder", nargs="?", default="atom-demo", metavar="DIR", help="where everything goes (atom-demo)"
        )

    def run(self, context: atom.CommandContext) -> None:
        """One result per step; the model is always the embedded one.

        :raises SettingsError: if the folder holds anything but an earlier demo, or cannot be written
        """
        folder = Path(context.args.folder)
        prepare(folder)
        context.settings = evolve(
            context.settings, model="tiny", revision=None, library=folder / "library", cache=folder / "cache"
        )
        plugins = context.host().plugins
        for task in TASKS:
            plugins.task(task)
        render(context, folder / "videos")
        index(context, caption(context, folder))
        search(context)
        ask(context, folder / "videos")
        assemble(context, folder)
        finish(context, folder)


def prepare(folder: Path) -> None:
    """Make `folder` ready for a demo.

    :raises SettingsError: if it holds anything but an earlier demo, or cannot be written
    """
    settings = folder / "atom.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ours = settings.is_file() and settings.read_text(encoding="utf-8", errors="replace").startswith(MARK)
        if not ours and any(folder.iterdir()):
            raise atom.SettingsError(f"'{folder}' holds other files; name a new folder: atom demo DIR")
        if not ours:
            write_whole(settings, SETTINGS)
        (folder / "captions").mkdir(exist_ok=True)
    except OSError as error:
        raise atom.SettingsError(
            f"cannot write into '{folder}': {error.strerror}; name another folder: atom demo DIR"
        ) from None


def render(context: atom.CommandContext, folder: Path) -> None:
    """Write the sample videos, all or none; those of an earlier demo stay."""
    said = "there from the last run"
    if not folder.is_dir():
        from atom_tiny.demo_videos import render_demo

        partial = folder.with_name("videos.partial")
        shutil.rmtree(partial, ignore_errors=True)
        render_demo(partial)
        os.replace(partial, folder)
        said = "rendered"
    names = [path.name for path in sorted(folder.glob("*.mp4"))]
    text = f"{INTRODUCTION}\n\nVideos, {said}\n  {', '.join(names)}"
    context.emit({"step": "render", "videos": [str(folder / name) for name in names]}, text)


def caption(context: atom.CommandContext, folder: Path) -> list[atom.Caption]:
    """Describe every shot; subtitles and JSON for each video."""
    from atom_core.media.timelines.subtitles import to_srt

    host = context.host()
    videos = [host.video(path) for path in sorted((folder / "videos").glob("*.mp4"))]
    clips = [clip for video in videos for clip in host.clips(video)]
    captions = _all(context, "Captioning", "caption", clips)
    lines = []
    for video, group in groupby(captions, key=lambda caption: caption.clip.video):
        shots = list(group)
        rows = [{**_span(shot.clip), "caption": shot.text} for shot in shots]
        value = {"video": str(video.path), "clips": rows}
        place = folder / "captions" / video.path.stem
        cues = [(shot.clip.start_s, shot.clip.end_s, shot.text) for shot in shots]
        _write(folder, place.with_suffix(".srt"), to_srt(cues))
        _write(folder, place.with_suffix(".json"), _json([value]))
        lines += [f"  {video.path.name}", *(f"    {_times(shot.clip)}  {shot.text}" for shot in shots)]
        context.emit({"step": "caption", **value}, "")
    context.emit({"step": "captions", "num_clips": len(captions)}, "\n".join(["\nCaptions, one for each shot", *lines]))
    return captions


def index(context: atom.CommandContext, captions: list[atom.Caption]) -> None:
    """Put every shot into the library."""
    _all(context, "Indexing", "index", captions)
    size = len(context.host().library)
    context.emit({"step": "index", "num_clips": size}, f"\nLibrary\n  {size} shots can be searched")


def search(context: atom.CommandContext) -> None:
    """Find moments by text."""
    moments = context.host().run("search", atom.Query(text=SEARCH, limit=3))
    rows = [
        {"video": str(moment.path), **_span(moment), "score": moment.score, "caption": moment.caption}
        for moment in moments
    ]
    lines = [f"  {m.score:.2f}  {m.path.name:14}  {_times(m)}  {m.caption}" for m in moments]
    text = "\n".join([f'\nSearch: "{SEARCH}"', *lines])
    context.emit({"step": "search", "query": SEARCH, "moments": rows}, text)


def ask(context: atom.CommandContext, folder: Path) -> None:
    """Ask about one video."""
    name, texts = ASK
    video = context.host().video(folder / name)
    for text in texts:
        answer = context.host().run("answer", atom.Question(video=video, text=text))
        evidence = [_span(span) for span in answer.evidence]
        seen = f"  ({', '.join(_times(span) for span in answer.evidence)})" if evidence else ""
        value = {"video": str(video.path), "question": text, "answer": answer.text, "evidence": evidence}
        head = f"\nQuestions about {name}\n" if text == texts[0] else ""
        context.emit({"step": "ask", **value}, f"{head}  {text}  {answer.text}{seen}")


def assemble(context: atom.CommandContext, folder: Path) -> None:
    """Make a film from the library, and its timeline."""
    from atom_core.media.timelines.otio import to_otio

    host = context.host()
    timeline = host.run("assemble", atom.Request(text=REQUEST))
    film = host.run("film", timeline, path=str(folder / "film.mp4"))
    videos = {cut.content_hash: host.video(cut.path) for cut in timeline.cuts}
    _write(folder, folder / "timeline.otio", _json(to_otio(timeline, videos)))
    lines = [f"  {cut.path.name:14}  {_times(cut)}  for: {cut.line}" for cut in timeline.cuts]
    lines += [f"  missing: {unmet.line}; {unmet.reason}{_closest(unmet)}" for unmet in timeline.unmet]
    text = "\n".join([f'\nFilm: "{REQUEST}"', *lines, f"  {film.duration_s:.1f} s, {film.num_frames} frames"])
    rows = [{"video": str(cut.path), **_span(cut), "line": cut.line} for cut in timeline.cuts]
    value = {"film": str(film.path), "duration_s": film.duration_s, "num_frames": film.num_frames, "cuts": rows}
    value["unmet"] = [{"line": unmet.line, "reason": unmet.reason} for unmet in timeline.unmet]
    context.emit({"step": "assemble", "request": REQUEST, **value}, text)


def _write(folder: Path, path: Path, text: str) -> None:
    """Write one of the demo's own files.

    :raises SettingsError: if a link leads out of the demo's folder, or the file cannot be written
    """
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise atom.SettingsError(f"'{path}' is a link out of the demo's folder; name a new folder: atom demo DIR")
    try:
        write_whole(path, text)
    except OSError as error:
        raise atom.SettingsError(
            f"cannot write '{path}': {error.strerror}; name another folder: atom demo DIR"
        ) from None


def finish(context: atom.CommandContext, folder: Path) -> None:
    """Write the ledger, and say what there is now."""
    ledger = context.host().ledger.as_dict()
    _write(folder, folder / "ledger.json", _json(ledger))
    clips = ledger["encoder_clips"]
    memory = f"{ledger['peak_memory_bytes'] / 2**20:.0f} MiB"
    lines = [
        "\nReuse",
        f"  the encoder was asked for {clips['requested']} clips:"
        f" {clips['computed']} computed, {clips['reused']} reused",
        f"  {ledger['seconds']:.0f} s in all, peak memory {memory}",
        f"\nIn {folder}",
        *(f"  {name:14}  {what}" for name, what in FILES.items()),
        "\nGo on",
        f"  cd {folder}",
        '  atom search "something that blinks"',
        '  atom ask videos/corner.mp4 "How many objects are there?"',
        '  atom assemble "A yellow circle moves down, then a white moon moves up." -o night.mp4',
    ]
    files = {name: str(folder / name) for name in FILES}
    context.emit({"step": "done", "files": files, "encoder_clips": clips}, "\n".join(lines))


def _all(context: atom.CommandContext, label: str, task: str, items: Iterable[object]) -> list[Any]:
    rows, values = list(items), []
    with context.progress(label, len(rows)) as progress:
        for outcome in context.host().map(task, rows):
            if outcome.error is not None:
                raise outcome.error
            values.append(outcome.value)
            progress.advance()
    return values


def _span(span: atom.Span) -> dict[str, float]:
    return {"start_s": span.start_s, "end_s": span.end_s}


def _closest(unmet: atom.Unmet) -> str:
    """What comes nearest to something that is not in the footage."""
    near = unmet.closest
    return f": the nearest is {near.path.name} {_times(near)}, {near.caption}" if near is not None else ""


def _times(span: atom.Span) -> str:
    return f"{span.start_s:4.1f} -{span.end_s:5.1f} s"


def _json(value: object) -> str:
    return printable_json(value) + "\n"
