"""``atom bench questions``: questions over several shots whose answers are known, and one long video."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import atom_core as atom
from atom_bench import arguments, figures
from atom_bench.questions import long, measure, wordings
from atom_bench.questions.ask import Writer
from atom_bench.questions.blind import Blind, persons
from atom_bench.questions.later import LATER
from atom_bench.questions.truth import Film


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
            choices=("tuned", "held-out", "later", "persons"),
            default="held-out",
            help="which wordings to ask in (held-out); persons: those of eight that nothing was made by, once each",
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
        value = long.measured(context) if context.args.long else _short(context)
        context.emit(value, text(value))


def _short(context: atom.CommandContext) -> dict[str, Any]:
    from atom_bench.questions import footage

    args, host = context.args, context.host()
    films = _well_cut(host, args.folder, footage.films(args.folder, args.films, args.seed))
    if args.wordings == "persons":
        blind = Blind(args.seed)
        questions = [asked for person in persons() for asked in blind.asked(person, films)]
    else:
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


def text(value: dict[str, Any]) -> str:
    """The figures for people."""
    if "features_asked" in value:
        return long.text(value)
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
