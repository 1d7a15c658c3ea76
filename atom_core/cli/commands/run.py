"""``atom run``: a pipeline over videos."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from atom_core.cli import console
from atom_core.errors import MediaError, SettingsError
from atom_core.protocols import CommandContext
from atom_core.specs import PipelineSpec

if TYPE_CHECKING:
    import argparse

    from atom_core.pipeline.journal import Journal
    from atom_core.pipeline.run import StepResult


class RunCommand:
    """Run a pipeline of installed tasks over videos. A run that was cut off goes on where it was."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        said = "a TOML file with the graph of tasks, or the name of a plugin's, see `atom plugins`"
        parser.add_argument("pipeline", metavar="PIPELINE", help=said)
        parser.add_argument("paths", nargs="*", metavar="VIDEO", help="video files and folders")
        parser.add_argument("--films", action="store_true", help="of folders, films that Atom rendered too")
        parser.add_argument("--journal", type=Path, metavar="FILE", help="where done work is noted")

    def run(self, context: CommandContext) -> None:
        """One result for each record of each step."""
        from atom_core.pipeline.graph import Pipeline
        from atom_core.pipeline.run import run_pipeline

        file = self._file(context)
        pipeline = Pipeline.load(file)
        pipeline.check(context.host().plugins)
        paths = self._videos(context)
        journal = self._journal(context, file)
        failed = False
        with context.progress("Running", 0) as progress:
            for result in run_pipeline(pipeline, context.host(), paths, journal=journal):
                progress.advance()
                if result.error is not None:
                    failed = True
                    context.fail(f"{result.path or ''} {result.step}".strip(), result.error)
                else:
                    context.emit(as_json(result), as_text(result))
        _tell_faults(context, paths)
        if journal is not None:
            journal.close() if failed else journal.remove()

    def _videos(self, context: CommandContext) -> list[Path]:
        """The files that are named, and the footage in folders: what Atom made of it is not taken for more of it."""
        from atom_core.media.probe import find_videos, is_film

        files, unusable = find_videos(context.args.paths)
        for path, error in unusable:
            context.fail(str(path), error)
        named = set(map(Path, context.args.paths))
        found = () if context.args.films else (path for path in files if path not in named)
        films = dict.fromkeys(filter(is_film, found))
        if films:
            context.note(f"left out, for Atom rendered them: {', '.join(map(str, films))}; --films takes them too")
        return [path for path in files if path not in films]

    def _file(self, context: CommandContext) -> Path:
        """The pipeline's file: what the user named, or what a plugin offers by that name."""
        named = Path(context.args.pipeline)
        if named.suffix or named.exists():
            return named
        return Path(context.host().plugins.find(PipelineSpec, context.args.pipeline).source)

    def _journal(self, context: CommandContext, file: Path) -> Journal | None:
        """The journal of this pipeline over these videos; None where the cache cannot hold it, which is told."""
        from atom_core.pipeline.journal import Journal

        if context.args.journal is not None:
            return Journal(context.args.journal)
        what = [file.resolve(), *(Path(path).resolve() for path in context.args.paths)]
        name = hashlib.sha256(b"\0".join(map(os.fsencode, what))).hexdigest()[:16]
        try:
            return Journal(context.settings.cache / "journals" / f"{name}.sqlite")
        except SettingsError as error:
            context.note(f"{error}; going on without, if this run is cut off all is done again")
            return None


def _tell_faults(context: CommandContext, paths: list[Path]) -> None:
    """Say of which videos only a part was used; those that could not be opened are told already."""
    for path in paths:
        with suppress(MediaError):
            if fault := context.host().video(path).fault:
                context.note(f"'{path}' {fault}")


def as_json(result: StepResult) -> dict[str, object]:
    """The JSON value of a result: its text, where a plugin's record has parts that JSON has no form for."""
    from atom_core.pipeline.journal import plain

    value = plain(result.value)
    try:
        json.dumps(value, default=console.plain)
    except (TypeError, ValueError):
        value = str(result.value)
    return {"step": result.step, "video": str(result.path) if result.path else None, "result": value}


def as_text(result: StepResult) -> str:
    """The result for people: step, video, times, what was asked, and its text or else its numbers."""
    values = result.value if isinstance(result.value, tuple) else (result.value,)
    return "\n".join(_line(result, value) for value in values)


def _line(result: StepResult, value: object) -> str:
    clip = getattr(value, "clip", value)
    times = getattr(clip, "times", "")
    words = (getattr(value, name, "") for name in ("text", "caption"))
    text = next((str(word).strip() for word in words if word), "") or _facts(value)
    question = getattr(value, "question", "")
    parts = (result.step, str(result.path or ""), times, question, text)
    return "  ".join(part for part in parts if part)


def _facts(value: Any) -> str:
    """What can be said of a record without a text: its numbers and how many parts it has, else what it is."""
    facts: list[str] = []
    for field in attrs.fields(type(value)):
        part = getattr(value, field.name)
        if isinstance(part, (int, float)):
            facts.append(f"{field.name} {part:.4g}")
        elif isinstance(part, (tuple, list)):
            facts.append(f"{len(part)} {field.name}")
    return ", ".join(facts) or type(value).__name__
