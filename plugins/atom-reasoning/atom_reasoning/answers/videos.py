"""Answers that hold videos against each other."""

from __future__ import annotations

from collections.abc import Sequence

from atom_reasoning.answers import counting, yes_no
from atom_reasoning.answers.evidence import Found, Shown, certainty, holding, presence, seen
from atom_reasoning.answers.wording import NOTHING, listed
from atom_reasoning.evidence.footage import Shot
from atom_reasoning.evidence.witness import Witness
from atom_reasoning.reading.record import Condition, Kind, Reading
from atom_reasoning.wording import NOT_SHOWN


def whether(reading: Reading, shown: Sequence[Sequence[Shown]], witness: Witness) -> Found:
    """Whether all videos show it, or any."""
    videos = range(len(witness.footage.videos))
    has = [min(presence([one for one in part if one.shot.video == n]) for part in shown) for n in videos]
    p = max(has) if reading.any_of else min(has)
    support = tuple(one.shot for part in shown for one in holding(part)) if p >= 0.5 else ()
    return Found(text=yes_no.said(p >= 0.5, reading), shots=support, certainty=max(p, 1 - p))


def compared(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    """Numbers of two videos held against each other; what videos have in common, or what only one has."""
    count = len(witness.footage.videos)
    numbers = [(n if n > 0 else count + 1 + n) - 1 for n in reading.videos]
    if count < 2 or any(not 0 <= n < count for n in numbers):
        return Found(text=NOT_SHOWN, certainty=0.5)
    own = [[shot for shot in shots if shot.video == n] for n in numbers]
    if reading.kind is not Kind.YES_NO:
        return _shared_or_not(reading, witness, own)
    if reading.counted in ("seconds", "shots"):
        sizes = [
            sum(witness.footage.span(s).duration_s if reading.counted == "seconds" else 1 for s in part) for part in own
        ]
        shown: list[list[Shown]] = []
    else:
        shown = [seen(reading.conditions[0], witness, part) for part in own]
        sizes = [sum(one.number for one in holding(part)) for part in shown]
    yes = {"more": sizes[0] > sizes[1], "fewer": sizes[0] < sizes[1]}.get(reading.compare, sizes[0] == sizes[1])
    support = tuple(one.shot for part in shown for one in holding(part))
    return Found(
        text=yes_no.said(yes, reading), shots=support, certainty=certainty(one for part in shown for one in part)
    )


def _shared_or_not(reading: Reading, witness: Witness, own: Sequence[Sequence[Shot]]) -> Found:
    things = [counting.names(reading, holding(seen(Condition(), witness, part))) for part in own]
    shared = [name for name in things[0] if all(name in other for other in things)]
    if reading.compare == "common":
        support = [part[name].shot for name in shared for part in things]
        return Found(text=listed(shared) if shared else NOTHING, shots=tuple(support), certainty=0.9)
    texts = []
    for part, shots in zip(things, own, strict=True):
        name = witness.footage.videos[shots[0].video].path.name
        texts.append(
            f"only {name}: {listed([n for n in part if n not in shared]) if set(part) - set(shared) else NOTHING}"
        )
    return Found(text="; ".join(texts), shots=tuple(shot for part in own for shot in part), certainty=0.9)
