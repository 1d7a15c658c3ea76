"""One long video: a few clips looked at anew for each question, against every clip asked."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

import atom_core as atom
from atom_bench import figures
from atom_bench.questions import measure, wordings
from atom_bench.questions.ask import Writer
from atom_bench.questions.truth import Asked, Film, Shot

_LEAST_S = 0.3
"""What is shown for longer belongs to a shot."""
EVERY = 1_000_000
"""So many clips are looked at where every one is asked."""


@frozen(kw_only=True)
class Timed:
    """An answer and what it took."""

    answered: measure.Answered
    """The answer."""
    cpu_s: float
    """Seconds of the processor."""
    features: int
    """How often features of a clip were asked for; twice of a clip that is asked two things."""


def measured(context: atom.CommandContext) -> dict[str, Any]:
    """Questions of all kinds about one long video: looked at anew in a few clips, in every one, and asked again."""
    from atom_bench.questions import footage
    from atom_core.media.segment import shot_starts_s

    args = context.args
    film = footage.long_film(args.folder, args.long, args.seed, shot_s=args.shot_s)
    host = context.host()
    video = host.video(args.folder / film.name)
    film = as_found(film, shot_starts_s(video, host.settings))
    writer = Writer(args.seed, wordings.TUNED)
    kinds = [kind for kind in wordings.KINDS if kind != "two videos"]
    questions = [asked for kind in kinds for asked in writer.questions(kind, [film], args.each)]
    clips = host.clips(video)
    context.note(f"{len(clips)} clips of {len(film.shots)} shots; reading them once")
    once_s, _ = figures.timed(lambda: _read_once(host, video))
    with context.progress("Asking", 3 * len(questions)) as progress:

        def asked_all(texts: Sequence[Asked], **settings: Any) -> list[Timed]:
            return [_timed(host, args.folder, asked, progress.advance, settings) for asked in texts]

        few = asked_all(questions)
        every = asked_all([_fresh(asked) for asked in questions], looks=EVERY)
        again = asked_all(questions)
    if args.show:
        for one, all_of_them in zip(few, every, strict=True):
            if not one.answered.is_right:
                _tell(context, one, all_of_them)
    return {
        "bench": "questions of a long video",
        "shots": len(film.shots),
        "clips": len(clips),
        "read_once_s": once_s,
        **_figures(few, every, again),
    }


def as_found(film: Film, starts_s: Sequence[float]) -> Film:
    """The film with the shots that were found: what is measured here is answers, not cuts."""
    shots = []
    for start_s, end_s in pairwise([*starts_s, film.duration_s]):
        own = [shot for shot in film.shots if min(shot.span[1], end_s) - max(shot.span[0], start_s) > _LEAST_S]
        things = tuple(thing for shot in own for thing in shot.things)
        caption = ", then ".join(shot.caption for shot in own)
        shots.append(Shot(things=things, then=len(own) > 1, span=(start_s, end_s), caption=caption))
    return Film(name=film.name, shots=tuple(shots))


def _read_once(host: atom.Host, video: atom.Video) -> None:
    host.run("answer", atom.Question(video=video, text="How many things blink?"))


def _fresh(asked: Asked) -> Asked:
    """The same question in words that nothing is kept of."""
    return evolve(asked, text=f"{asked.text} ")


def _timed(host: atom.Host, folder: Path, asked: Asked, step: Any, settings: dict[str, Any]) -> Timed:
    before, start = _features(host), time.process_time()
    (answered,) = measure.ask(host, folder, [asked], step, **settings)
    return Timed(answered=answered, cpu_s=time.process_time() - start, features=_features(host) - before)


def _features(host: atom.Host) -> int:
    return int(host.ledger.as_dict()["encoder_clips"]["requested"])


def _tell(context: atom.CommandContext, one: Timed, every: Timed) -> None:
    asked = one.answered.asked
    by_all = "right" if every.answered.is_right else f"{every.answered.text[:80]!r}"
    context.note(
        f"[{asked.kind}] {asked.text} -> {one.answered.text[:80]!r} ({one.answered.confidence:.2f}), not"
        f" {asked.truth[:80]!r}; by every clip {by_all}"
    )


def _figures(few: Sequence[Timed], every: Sequence[Timed], again: Sequence[Timed]) -> dict[str, Any]:
    kinds: dict[str, list[tuple[bool, bool]]] = {}
    for one, two in zip(few, every, strict=True):
        kinds.setdefault(one.answered.asked.kind, []).append((one.answered.is_right, two.answered.is_right))
    both = [pair for pairs in kinds.values() for pair in pairs]
    every_s = statistics.fmean(one.cpu_s for one in every)
    return {
        "questions": len(both),
        "right": sum(one for one, _ in both) / len(both),
        "right_by_every_clip": sum(two for _, two in both) / len(both),
        "right_where_every_clip_is": sum(one for one, two in both if two) / max(sum(two for _, two in both), 1),
        "features_asked": statistics.fmean(one.features for one in few),
        "features_asked_most": max(one.features for one in few),
        "every_clip_s": every_s,
        "few_clips_s": statistics.fmean(one.cpu_s for one in few),
        "few_share": statistics.fmean(one.cpu_s for one in few) / every_s,
        "again_share": statistics.fmean(one.cpu_s for one in again) / every_s,
        "kinds": {
            kind: {"questions": len(own), "right": sum(one for one, _ in own), "by_every": sum(two for _, two in own)}
            for kind, own in kinds.items()
        },
    }  # fmt: skip


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    rows: list[Sequence[str]] = [
        [kind, str(one["questions"]), str(one["right"]), str(one["by_every"])] for kind, one in value["kinds"].items()
    ]
    said = [f"{name.replace('_', ' '):28} {_shown(number)}" for name, number in value.items() if name != "kinds"]
    return "\n".join([figures.table(["kind", "questions", "right", "by every clip"], rows), *said])


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
