"""``atom run``: a pipeline over videos."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from attrs import evolve

from atom_core.cli import console
from atom_core.errors import AtomError, MediaError, ModuleError, SettingsError
from atom_core.protocols import CommandContext, Progress
from atom_core.specs import PipelineSpec

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence

    from atom_core.pipeline.graph import Link, Pipeline
    from atom_core.pipeline.journal import Journal
    from atom_core.pipeline.run import StepResult
    from atom_core.pipeline.shard import Shard


class RunCommand:
    """Run a pipeline of installed tasks over videos. A run that was cut off goes on where it was."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        said = "a TOML file with the graph of tasks, or the name of a plugin's, see `atom plugins`"
        parser.add_argument("pipeline", metavar="PIPELINE", help=said)
        parser.add_argument("paths", nargs="*", metavar="VIDEO", help="video files and folders")
        parser.add_argument("--films", action="store_true", help="of folders, films that Atom rendered too")
        parser.add_argument("--journal", type=Path, metavar="FILE", help="where done work is noted until all is done")
        said = "take part K of N of the videos, into a library of its own: docs/scale.md"
        parser.add_argument("--shard", metavar="K/N", help=said)
        said = "where to run it: local, or what plugins bring, see `atom plugins`; some take an address, NAME://ADDRESS"
        parser.add_argument("--on", metavar="NAME", help=said)

    def run(self, context: CommandContext) -> None:
        """One result for each record of each step."""
        from atom_core.executors import Job, chosen
        from atom_core.pipeline.graph import Pipeline
        from atom_core.pipeline.shard import Shard

        shard = Shard.from_option(context.args.shard, os.environ)
        if shard is not None:
            context.settings = evolve(context.settings, library=shard.library(context.settings.library))
        executor = chosen(context.host().plugins, context.args.on)
        file = self._file(context)
        pipeline = Pipeline.load(file)
        links = pipeline.check(context.host().plugins)
        if shard is not None:
            _check_parts(links, shard)
        elif not context.args.paths:
            _check_needs_none(links)
        paths = self._videos(context, shard)
        journal = self._journal(context, file, shard)
        roots = tuple(map(Path, context.args.paths))
        job = Job(pipeline=pipeline, host=context.host(), paths=paths, roots=roots, journal=journal)
        with context.progress("Running", 0) as progress:
            failed = self._show(context, executor.run(job), progress, _place(paths, pipeline))
        if context.args.on in (None, "local"):
            _tell_faults(context, paths)
        if journal is not None:
            journal.close() if failed else journal.remove()

    def _show(
        self,
        context: CommandContext,
        results: Iterable[StepResult],
        progress: Progress,
        place: Callable[[StepResult], tuple[int, int, float]],
    ) -> bool:
        """Show results as they come, those of a JSON list in their order at the end; whether one failed."""
        failed = False
        listed: list[StepResult] = []
        try:
            for result in results:
                progress.advance()
                if result.error is not None:
                    failed = True
                    self._fail(context, result, result.error)
                elif context.args.json:
                    listed.append(result)
                else:
                    context.emit(as_json(result), as_text(result))
        finally:  # also of a run that was cut off
            for result in sorted(listed, key=place):
                context.emit(as_json(result), "")
        return failed

    def _fail(self, context: CommandContext, result: StepResult, error: AtomError) -> None:
        """One record failed. A module that cannot be loaded, with which all of a step fail, is told once for each."""
        if isinstance(error, ModuleError):
            if (told := (result.step, str(error))) in self._told:
                return
            self._told.add(told)
            context.fail(f"step {result.step}, for every record", error)
        else:
            context.fail(f"{result.path or ''} {result.step}".strip(), error)

    def _videos(self, context: CommandContext, shard: Shard | None) -> list[Path]:
        """The files that are named, and the footage in folders: what Atom made of it is not taken for more of it."""
        from atom_core.media.probe import find_videos, is_film

        files, unusable = find_videos(context.args.paths)
        if shard is not None:
            files = _of_part(context, files, shard)
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

    def _journal(self, context: CommandContext, file: Path, shard: Shard | None) -> Journal | None:
        """The journal of this pipeline over these videos; None where the cache cannot hold it, which is told."""
        from atom_core.pipeline.journal import Journal

        if context.args.journal is not None:
            return Journal(context.args.journal)
        what = [
            file.resolve(),
            *(Path(path).resolve() for path in context.args.paths),
            *([str(shard)] if shard else ()),
        ]
        name = hashlib.sha256(b"\0".join(map(os.fsencode, what))).hexdigest()[:16]
        try:
            return Journal(context.settings.cache / "journals" / f"{name}.sqlite")
        except SettingsError as error:
            context.note(f"{error}; going on without, if this run is cut off all is done again")
            return None


def _place(paths: Sequence[Path], pipeline: Pipeline) -> Callable[[StepResult], tuple[int, int, float]]:
    """Where a result stands in a list: by video, step, and time in the video; what is of no video comes last."""
    videos = {path: number for number, path in enumerate(paths)}
    steps = {step.name: number for number, step in enumerate(pipeline.steps)}

    def place(result: StepResult) -> tuple[int, int, float]:
        clip = getattr(result.value, "clip", result.item)
        video = len(videos) if result.path is None else videos.get(result.path, len(videos))
        return video, steps.get(result.step, -1), float(getattr(clip, "start_s", 0.0))

    return place


def _check_needs_none(links: Sequence[Link]) -> None:
    """Refuse steps that look at videos where none is named.

    :raises SettingsError: naming the step
    """
    for link in links:
        if link.source is None and not link.is_once:
            raise SettingsError(f"step {link.step.name!r} looks at videos, name some: atom run PIPELINE VIDEO ...")


def _check_parts(links: Sequence[Link], shard: Shard) -> None:
    """Refuse steps that would look at a part and speak of the whole.

    :raises SettingsError: naming the step
    """
    for link in links:
        if link.source is None and link.is_once:
            raise SettingsError(
                f"step {link.step.name} looks at the whole library, and --shard {shard} has a part of it; leave it out,"
                " and run it once the parts are one: atom library --merge"
            )


def _of_part(context: CommandContext, files: list[Path], shard: Shard) -> list[Path]:
    """The files that belong to a part; what cannot be read is told."""
    chosen = []
    for path in files:
        try:
            if shard.has(path):
                chosen.append(path)
        except MediaError as error:
            context.fail(str(path), error)
    context.note(f"part {shard}: {len(chosen)} of {len(files)} videos, library {context.settings.library}")
    return chosen


def _tell_faults(context: CommandContext, paths: list[Path]) -> None:
    """Say of which videos only a part was used; those that could not be opened are told already."""
    for path in paths:
        with suppress(MediaError):
            if fault := context.host().video(path).fault:
                context.note(f"'{path}' {fault}")


def as_json(result: StepResult) -> dict[str, object]:
    """The JSON value of a result: its text, where a plugin's record has parts that JSON has no form for."""
    from atom_core.pipeline.record_json import plain

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
