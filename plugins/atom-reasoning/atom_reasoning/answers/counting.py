"""Numbers, times, shots, videos and order, from what shots show."""

from __future__ import annotations

from collections.abc import Sequence

from atom_reasoning.answers.evidence import Found, Shown, certainty, holding, presence
from atom_reasoning.answers.wording import length, listed, shots, times
from atom_reasoning.answers.yes_no import NOT_SHOWN, _order
from atom_reasoning.english.words import meaning
from atom_reasoning.evidence.footage import Footage, Shot
from atom_reasoning.evidence.witness import name_of, word_of_kind
from atom_reasoning.reading.record import Reading


def count(reading: Reading, shown: Sequence[Shown]) -> Found:
    """How many things, shots, times, or words of a kind there are."""
    there = [one for one in shown if one.holds != reading.negated]
    if reading.counted in ("shots", "times"):
        number = len(there)
    elif reading.counted == "videos":
        number = len({one.shot.video for one in there})
    elif reading.counted == "things" and not reading.distinct:
        number = sum(one.number for one in there)
    else:
        number = len(names(reading, there))
    support = tuple(one.shot for one in there)
    return Found(text=str(number), shots=support, certainty=certainty(shown))


def names(reading: Reading, shown: Sequence[Shown]) -> dict[str, Shown]:
    """The different things that shots show, or their words of a kind, each with the first shot that has it."""
    found: dict[str, Shown] = {}
    seen = set()
    for one in shown:
        for clause in one.clauses:
            kind = reading.counted if reading.counted not in ("", "things") else ""
            name = word_of_kind(clause, kind) if kind else name_of(clause)
            if name and meaning(name) not in seen:
                seen.add(meaning(name))
                found[name] = one
    return found


def commonest(reading: Reading, there: Sequence[Shown]) -> Found:
    """The thing, or the word of a kind, that most or fewest shots have."""
    shots_of: dict[str, list[Shown]] = {}
    for one in there:
        for name in names(reading, [one]):
            shots_of.setdefault(name, []).append(one)
    if not shots_of:
        return Found(text=NOT_SHOWN)
    best = (max if reading.compare == "most" else min)(len(ones) for ones in shots_of.values())
    chosen = {name: ones for name, ones in shots_of.items() if len(ones) == best}
    if reading.compare == "repeated":
        chosen = {name: ones for name, ones in shots_of.items() if len(ones) > 1}
    if not chosen:
        return Found(text="none", certainty=certainty(there))
    support = tuple(one.shot for ones in chosen.values() for one in ones)
    return Found(text=listed(chosen), shots=support, certainty=certainty(there))


def when(reading: Reading, shown: Sequence[Shown], footage: Footage) -> Found:
    """The times at which something is shown."""
    there = picked(reading, holding(shown))
    if not there:
        return Found(text=NOT_SHOWN, certainty=1 - presence(shown))
    spans = [footage.span(one.shot) for one in there]
    text = times(spans, names=len(footage.videos) > 1)
    return Found(text=text, shots=tuple(one.shot for one in there), certainty=certainty(there))


def how_long(shown: Sequence[Shown], footage: Footage) -> Found:
    """How long something is shown, all in all."""
    there = holding(shown)
    if not there:
        return Found(text=NOT_SHOWN, certainty=1 - presence(shown))
    total_s = sum(footage.span(one.shot).duration_s for one in there)
    return Found(text=length(total_s), shots=tuple(one.shot for one in there), certainty=certainty(there))


def which_shot(reading: Reading, shown: Sequence[Sequence[Shown]], footage: Footage) -> Found:
    """The numbers of the shots that show all of it."""
    rows = [min(parts, key=lambda one: one.p) for parts in zip(*shown, strict=True)]
    if reading.compare:
        rows = _by_number(reading, rows)
    there = picked(reading, [one for one in rows if one.holds != reading.negated])
    if not there:
        return Found(text=NOT_SHOWN if not reading.negated else "none", certainty=1 - presence(rows))
    if len(footage.videos) == 1:
        text = shots([one.shot.number for one in there])
    else:
        text = listed(f"{shots(numbers)} of {name}" for name, numbers in _by_video(there, footage).items())
    return Found(text=text, shots=tuple(one.shot for one in there), certainty=certainty(there))


def _by_number(reading: Reading, rows: Sequence[Shown]) -> list[Shown]:
    """The shots with so many things, with most, or with fewest."""
    there = holding(rows)
    most, fewest = (pick((one.number for one in there), default=0) for pick in (max, min))
    number = reading.number or 0
    wanted = {
        "equal": range(number, number + 1),
        "more": range(number + 1, most + 1),
        "least": range(number, most + 1) if reading.number else range(fewest, fewest + 1),
        "most": range(most, most + 1),
    }[reading.compare]
    return [one for one in there if one.number in wanted]


def _by_video(there: Sequence[Shown], footage: Footage) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in there:
        found.setdefault(footage.videos[one.shot.video].path.name, []).append(one.shot.number)
    return found


def longest(reading: Reading, footage: Footage, among: Sequence[Shot]) -> Found:
    """The longest or shortest shot, or the shot or video with most or fewest of something."""
    ordered = sorted(among, key=lambda shot: footage.span(shot).duration_s, reverse=reading.compare == "most")
    return Found(text=shots([ordered[0].number]), shots=(ordered[0],))


def which_video(reading: Reading, shown: Sequence[Sequence[Shown]], footage: Footage) -> Found:
    """The names of the videos that show all of it, or that have most or fewest."""
    numbers = range(len(footage.videos))
    if reading.compare:
        sizes = {n: _size(reading, shown, footage, n) for n in numbers}
        best = max(sizes.values()) if reading.compare == "most" else min(sizes.values())
        chosen = [n for n in numbers if sizes[n] == best]
        text = _videos(chosen, footage)
        support = tuple(one.shot for part in shown for one in holding(part) if one.shot.video in chosen)
        return Found(text=text, shots=support, certainty=certainty(one for part in shown for one in part))
    has = {n: min(presence([one for one in part if one.shot.video == n]) for part in shown) for n in numbers}
    chosen = [n for n in numbers if (has[n] >= 0.5) != reading.negated]
    if reading.scope.pick and len(chosen) > 1:
        chosen = chosen[:1] if reading.scope.pick == "first" else chosen[-1:]
    if not chosen:
        return Found(text=NOT_SHOWN if not reading.negated else "none", certainty=1 - max(has.values(), default=0.0))
    support = tuple(one.shot for part in shown for one in holding(part) if one.shot.video in chosen)
    return Found(text=_videos(chosen, footage), shots=support, certainty=min(max(p, 1 - p) for p in has.values()))


def _size(reading: Reading, shown: Sequence[Sequence[Shown]], footage: Footage, video: int) -> float:
    if reading.counted == "seconds":
        return footage.videos[video].duration_s
    if not shown:
        return sum(shot.video == video for shot in footage.shots)
    return sum(one.number for one in holding(shown[0]) if one.shot.video == video)


def _videos(chosen: Sequence[int], footage: Footage) -> str:
    return listed(footage.videos[n].path.name for n in chosen)


def picked(reading: Reading, there: Sequence[Shown]) -> list[Shown]:
    """The first or last of the shots, where the question asks for that one."""
    if not there or not reading.scope.pick:
        return list(there)
    return [min(there, key=_order) if reading.scope.pick == "first" else max(there, key=_order)]


def in_order(offered: Sequence[str], shown: Sequence[Sequence[Shown]]) -> Found:
    """Several things by when they are first shown; those that are not are left out."""
    first = [
        (min(map(_order, holding(part))), name, part)
        for name, part in zip(offered, shown, strict=True)
        if holding(part)
    ]
    if not first:
        return Found(text=NOT_SHOWN, certainty=1 - max((presence(part) for part in shown), default=0.0))
    ordered = sorted(first, key=lambda one: one[0])
    support = tuple(min(holding(part), key=_order).shot for _, _, part in ordered)
    text = ", then ".join(name for _, name, _ in ordered)
    return Found(text=text, shots=support, certainty=certainty(one for part in shown for one in holding(part)))


def choice(reading: Reading, offered: Sequence[str], shown: Sequence[Sequence[Shown]]) -> Found:
    """Which of several things comes first or last, is there more often, or is there at all."""
    there = [(name, part) for name, part in zip(offered, shown, strict=True) if holding(part)]
    if not there:
        return Found(text=NOT_SHOWN, certainty=1 - max((presence(part) for part in shown), default=0.0))
    sure = certainty(max(part, key=lambda one: one.p) for part in shown if part)
    if reading.compare:
        sizes = [(len(holding(part)), name, part) for name, part in zip(offered, shown, strict=True)]
        best = (max if reading.compare == "most" else min)(size for size, _, _ in sizes)
        chosen = [(name, part) for size, name, part in sizes if size == best]
    elif reading.scope.pick:
        by_place = min if reading.scope.pick == "first" else max
        chosen = [by_place(there, key=lambda pair: by_place(map(_order, holding(pair[1]))))]
        support = by_place(holding(chosen[0][1]), key=_order)
        return Found(text=chosen[0][0], shots=(support.shot,), certainty=sure)
    else:
        chosen = there
    support_shots = tuple(one.shot for _, part in chosen for one in holding(part))
    text = listed(name for name, _ in chosen) if len(chosen) > 1 else chosen[0][0]
    return Found(text=f"both {text}" if len(chosen) == 2 else text, shots=support_shots, certainty=sure)
