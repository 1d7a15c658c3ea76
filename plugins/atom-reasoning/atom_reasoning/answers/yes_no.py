"""Yes or no, from what shots show."""

from __future__ import annotations

from collections.abc import Sequence

from atom_reasoning.answers.evidence import Found, Shown, certainty, holding, presence
from atom_reasoning.evidence.footage import Shot
from atom_reasoning.reading.record import Reading

NOT_SHOWN = "not shown"


def said(yes: bool, reading: Reading) -> str:
    """The word, turned around where yes means that nothing fits."""
    return "yes" if yes != reading.negated else "no"


def exists(reading: Reading, shown: Sequence[Sequence[Shown]]) -> Found:
    """Whether what is asked for is there: one thing, all of several, or any of them."""
    probabilities = [presence(one) for one in shown]
    p = max(probabilities) if reading.any_of else min(probabilities)
    support = [shot for one in shown for shot in sorted(holding(one), key=lambda s: -s.p)] if p >= 0.5 else []
    return Found(text=said(p >= 0.5, reading), shots=tuple(one.shot for one in support), certainty=max(p, 1 - p))


def together(reading: Reading, shown: Sequence[Sequence[Shown]]) -> Found:
    """Whether one shot shows all that is asked for."""
    both = [(min(one.p for one in parts), parts[0]) for parts in zip(*shown, strict=True)]
    if len(shown) == 1:  # several of one kind: two stars in one shot
        both = [(one.p if one.number > 1 else min(one.p, 0.1), one) for one in shown[0]]
    p = max((p for p, _ in both), default=0.0)
    support = tuple(one.shot for p, one in sorted(both, key=lambda pair: -pair[0]) if p >= 0.5)
    return Found(text=said(p >= 0.5, reading), shots=support, certainty=max(p, 1 - p))


def every(reading: Reading, shown: Sequence[Sequence[Shown]]) -> Found:
    """Whether every shot shows it; where not, those that do not are the evidence."""
    rows = [(max if reading.any_of else min)(parts, key=lambda one: one.p) for parts in zip(*shown, strict=True)]
    p = min((one.p for one in rows), default=0.0)
    support = [one for one in rows if one.holds == (p >= 0.5)]
    return Found(text=said(p >= 0.5, reading), shots=tuple(one.shot for one in support), certainty=max(p, 1 - p))


def all_things(reading: Reading, subject: Sequence[Shown], whole: Sequence[Shown]) -> Found:
    """Whether all things of a kind do something, in all shots where they are."""
    rows = [(one, two) for one, two in zip(subject, whole, strict=True) if one.holds]
    if not rows:
        return Found(text=NOT_SHOWN, certainty=1 - presence(subject))
    failing = [one for one, two in rows if not two.holds or two.number < one.number]
    sure = certainty([*(one for one, _ in rows), *(two for _, two in rows)])
    support = failing or [one for one, _ in rows]
    return Found(text=said(not failing, reading), shots=tuple(one.shot for one in support), certainty=sure)


def only(reading: Reading, anything: Sequence[Shown], whole: Sequence[Shown]) -> Found:
    """Whether nothing else is there, or does it."""
    others = [
        one
        for one, two in zip(anything, whole, strict=True)
        if one.holds and one.number > (two.number if two.holds else 0)
    ]
    there = holding(whole)
    yes = bool(there) and not others
    sure = certainty([*anything, *whole])
    support = there if yes else others
    return Found(text=said(yes, reading), shots=tuple(one.shot for one in support), certainty=sure)


def compared(reading: Reading, shown: Sequence[Sequence[Shown]]) -> Found:
    """Whether there are more of one than of another, or than a number."""
    if reading.counted == "shots" and reading.negated:  # shots without it
        lacking = [[one for one in part if not one.holds] for part in shown]
        return Found(
            text="yes" if len(lacking[0]) >= (reading.number or 1) else "no",
            shots=tuple(one.shot for one in lacking[0]),
            certainty=certainty(one for part in shown for one in part),
        )
    counts = [sum(1 if reading.counted == "shots" else one.number for one in holding(part)) for part in shown]
    against = counts[1] if len(counts) > 1 else reading.number or 0
    yes = {
        "more": counts[0] > against,
        "fewer": counts[0] < against,
        "equal": counts[0] == against,
        "least": counts[0] >= against,
        "most": counts[0] <= against,
    }[reading.compare]
    support = [one for part in shown for one in holding(part)]
    sure = certainty(one for part in shown for one in part)
    return Found(text=said(yes, reading), shots=tuple(one.shot for one in support), certainty=sure)


def longer(reading: Reading, length_s: float, shots: Sequence[Shot]) -> Found:
    """Whether what is asked about lasts longer than so many seconds, or shorter."""
    limit = reading.number or 0
    yes = {"more": length_s > limit, "fewer": length_s < limit}.get(reading.compare, length_s >= limit)
    return Found(text=said(yes, reading), shots=tuple(shots))


def related(reading: Reading, first: Sequence[Shown], event: Sequence[Shown]) -> Found:
    """Whether something comes before or after something else."""
    ones, twos = holding(first), holding(event)
    if not ones or not twos:
        return Found(text=NOT_SHOWN, certainty=1 - min(presence(first), presence(event)))
    begin = min(ones, key=_order)
    if reading.scope.relation == "before":
        yes = _order(begin) < _order(min(twos, key=_order))
    else:
        begin = max(ones, key=_order)
        yes = _order(begin) > _order(min(twos, key=_order))
    sure = min(certainty(ones), certainty(twos))
    text = ("before" if yes else "after") if reading.compare == "either" else said(yes, reading)
    return Found(text=text, shots=(begin.shot, min(twos, key=_order).shot), certainty=sure)


def _order(shown: Shown) -> tuple[int, int, int]:
    return shown.shot.video, shown.shot.number, shown.first
