"""``atom bench questions``: questions over several shots whose answers are known, and one long video."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures
from atom_bench.questions import measure, wordings
from atom_bench.questions.ask import Writer
from atom_bench.questions.later import LATER
from atom_bench.questions.truth import Asked, Film

LONG_KINDS = (
    "is it there",
    "shots with",
    "when",
    "which shot",
    "count",
    "not there",
    "list",
    "of one shot",
    "ordinal shot",
)
"""What a long video is asked."""
EVERY = 1_000_000
"""So many clips are looked at where every one is asked."""


class QuestionsBench:
    """Measure answers over several shots: right ones by kind, evidence, calibration, what is not there, and how much
    faster a long video is answered than by asking every clip."""

    summary = "Answers over several shots, their evidence and confidence, by kind of question"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the videos are rendered; kept")
        parser.add_argument(
            "--films", type=arguments.count, default=24, metavar="N", help="videos of 3 to 6 shots (24)"
        )
        parser.add_argument("--each", type=arguments.count, default=20, metavar="N", help="questions of each kind (20)")
        parser.add_argument(
            "--wordings",
            choices=("tuned", "held-out", "later"),
            default="held-out",
            help="which wordings to ask in (held-out)",
        )
        parser.add_argument("--long", type=arguments.count, metavar="N", help="measure one video of N shots instead")
        parser.add_argument("--shot-s", type=float, default=6.0, metavar="S", help="length of its shots, seconds (6)")
        parser.add_argument("--seed", type=arguments.seed, default=1, metavar="N", help="of footage and questions (1)")
        parser.add_argument("--show", action="store_true", help="tell wrong answers")

    def run(self, context: atom.CommandContext) -> None:
        """Ask everything; one result.

        :raises TaskError: if the embedded model's world is not installed
        """
        if find_spec("atom_tiny") is None:
            raise atom.TaskError("questions are asked about the embedded model's world; install atom-tiny")
        value = _long(context) if context.args.long else _short(context)
        context.emit(value, text(value))


def _short(context: atom.CommandContext) -> dict[str, Any]:
    from atom_bench.questions import footage

    args, host = context.args, context.host()
    films = _well_cut(host, args.folder, footage.films(args.folder, args.films, args.seed))
    chosen = {"tuned": wordings.TUNED, "held-out": wordings.HELD_OUT, "later": LATER}[args.wordings]
    writer = Writer(args.seed, chosen)
    questions = [asked for kind in wordings.KINDS for asked in writer.questions(kind, films, args.each)]
    with context.progress("Asking", len(questions)) as progress:
        answered = measure.ask(host, args.folder, questions, progress.advance)
    if args.show:
        _tell(context, answered)
    return {"bench": "questions", "wordings": args.wordings, "films": len(films), **measure.figures(answered)}


def _well_cut(host: atom.Host, folder: Path, films: Sequence[Film]) -> list[Film]:
    """The films whose shots are found as they are: what is measured here is answers, not cuts."""
    return [film for film in films if len(host.clips(host.video(folder / film.name))) == len(film.shots)]


def _tell(context: atom.CommandContext, answered: Sequence[measure.Answered]) -> None:
    for one in answered:
        if not one.is_right:
            context.note(
                f"[{one.asked.kind}] {one.asked.text} -> {one.text!r} ({one.confidence:.2f}), not {one.asked.truth!r}"
            )


def _long(context: atom.CommandContext) -> dict[str, Any]:
    """One long video: a few clips looked at anew against every clip asked, each in a cache of its own."""
    from atom_bench.questions import footage

    args = context.args
    film = footage.long_film(args.folder, args.long, args.seed, shot_s=args.shot_s)
    writer = Writer(args.seed, wordings.TUNED)
    questions = [asked for kind in LONG_KINDS for asked in writer.questions(kind, [film], args.each)]
    host = context.host()
    video = host.video(args.folder / film.name)
    clips = host.clips(video)
    context.note(f"{len(clips)} clips of {len(film.shots)} shots; reading them once")
    once_s, _ = figures.timed(lambda: _ask(host, video, "How many things blink?"))
    fresh = [_fresh(question) for question in questions]
    few = [_timed(host, args.folder, asked, {}) for asked in questions]
    every = [_timed(host, args.folder, asked, {"looks": EVERY}) for asked in fresh]
    again = [_timed(host, args.folder, asked, {}) for asked in questions]
    both = [(one.is_right, two.is_right) for (one, _), (two, _) in zip(few, every, strict=True)]
    every_s = statistics.fmean(seconds for _, seconds in every)
    return {
        "bench": "questions of a long video",
        "shots": len(film.shots),
        "clips": len(clips),
        "questions": len(questions),
        "read_once_s": once_s,
        "right": sum(one for one, _ in both) / len(both),
        "right_by_every_clip": sum(two for _, two in both) / len(both),
        "right_where_every_clip_is": sum(one for one, two in both if two) / max(sum(two for _, two in both), 1),
        "every_clip_s": every_s,
        "few_clips_s": statistics.fmean(seconds for _, seconds in few),
        "few_share": statistics.fmean(seconds for _, seconds in few) / every_s,
        "again_share": statistics.fmean(seconds for _, seconds in again) / every_s,
    }


def _fresh(asked: Asked) -> Asked:
    """The same question in words that nothing is kept of."""
    return evolve(asked, text=f"{asked.text} ")


def _ask(host: atom.Host, video: atom.Video, text: str) -> atom.Answer:
    answer: atom.Answer = host.run("answer", atom.Question(video=video, text=text))
    return answer


def _timed(host: atom.Host, folder: Path, asked: Asked, settings: dict[str, Any]) -> tuple[measure.Answered, float]:
    start = time.process_time()
    (answered,) = measure.ask(host, folder, [asked], lambda: None, **settings)
    return answered, time.process_time() - start


def text(value: dict[str, Any]) -> str:
    """The figures for people."""
    if "kinds" not in value:
        return "\n".join(f"{name.replace('_', ' '):28} {_shown(number)}" for name, number in value.items())
    rows: list[Sequence[str]] = [
        [kind, str(one["questions"]), f"{100 * one['right']:.0f} %"] for kind, one in value["kinds"].items()
    ]
    more = [
        f"right {100 * value['right']:.1f} % of {value['questions']} ({value['wordings']} wordings)",
        f"evidence found {100 * value['evidence_found']:.1f} %",
        f"expected calibration error {value['calibration_error']:.3f}",
        f"not there: told {100 * value['absent_told']:.0f} % of {value['absent']};"
        f" good questions refused {100 * value['refused_wrongly']:.1f} %",
    ]
    return "\n".join([figures.table(["kind", "questions", "right"], rows), *more])


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
