"""Which clips stand for which lines, and in what order; the most lines, each by a clip of its own."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, field, frozen

import atom_core as atom
from atom_assembly.evidence.finder import Found
from atom_assembly.sources import Candidate, Key


@frozen(kw_only=True)
class Pick:
    """A clip that was chosen for a line."""

    line: int
    """The number of the line, from 0."""
    candidate: Candidate
    """The clip."""


@frozen(kw_only=True)
class Chosen:
    """The clips of a film."""

    picks: tuple[Pick, ...]
    """In order."""
    short: dict[int, int] = field(factory=dict)
    """For each line that has fewer clips than it asks for, how many it has."""
    shared: frozenset[int] = frozenset()
    """Lines that are shown by the clip of the line before or after."""


def choose(wanted: Sequence[atom.Wanted], found: Sequence[Found], constraints: atom.Constraints) -> Chosen:
    """The clips that stand for lines, in the order of the film."""
    if constraints.rounds is not None:
        picks, short = _in_turns(wanted, found, constraints.rounds)
        return Chosen(picks=_ordered(picks, constraints), short=short)
    slots = _slots(wanted, found)
    taken = _matched(slots)
    used = {candidate.key for candidate in taken.values()}
    picks, short = [], {}
    for number, (one, there) in enumerate(zip(wanted, found, strict=True)):
        own = [taken[slot] for slot in taken if slot[0] == number]
        if one.num_shots is None:
            rest = [candidate for candidate in there.fits if one.again or candidate.key not in used]
            own = rest
            used |= {candidate.key for candidate in rest}
        elif one.again and not own and there.fits:
            own = [_shown_before(there.fits, [pick.candidate for pick in picks])]
        if (one.num_shots is not None and len(own) < one.num_shots) or not own:
            short[number] = len(own)
        picks += [Pick(line=number, candidate=c) for c in own for _ in range(one.repeats)]
    shared = _shared(short, found, picks)
    kept = {number: have for number, have in short.items() if number not in shared}
    return Chosen(picks=_ordered(picks, constraints), short=kept, shared=shared)


Slot = tuple[int, int]


def _slots(wanted: Sequence[atom.Wanted], found: Sequence[Found]) -> dict[Slot, Sequence[Candidate]]:
    """The clips that may fill each place: lines that ask for several have several; those that ask for all, none."""
    slots: dict[Slot, Sequence[Candidate]] = {}
    for number, (one, there) in enumerate(zip(wanted, found, strict=True)):
        fits = _picked(there.fits, one)
        for place in range(one.num_shots or 0):
            slots[number, place] = fits
    return slots


def _picked(fits: Sequence[Candidate], wanted: atom.Wanted) -> Sequence[Candidate]:
    if not wanted.pick:
        return fits
    if wanted.pick in ("shortest", "longest"):
        ordered = sorted(fits, key=lambda one: one.moment.duration_s, reverse=wanted.pick == "longest")
    else:
        ordered = sorted(fits, key=when, reverse=wanted.pick == "last")
    return ordered[: wanted.num_shots]


def when(candidate: Candidate) -> tuple[float, str, float]:
    """When a clip was recorded: by its video's clock where it has one, by name where not, then by time in the video."""
    recorded_s = candidate.video.recorded_s
    return recorded_s if recorded_s is not None else 0.0, str(candidate.moment.path), candidate.moment.start_s


def _matched(slots: dict[Slot, Sequence[Candidate]]) -> dict[Slot, Candidate]:
    """As many places as can be are filled, no clip twice; a clip changes its place only so that another is filled."""
    holder: dict[Key, Slot] = {}
    taken: dict[Slot, Candidate] = {}

    def place(slot: Slot, seen: set[Key]) -> bool:
        for candidate in slots[slot]:
            if candidate.key in seen:
                continue
            seen.add(candidate.key)
            if candidate.key not in holder or place(holder[candidate.key], seen):
                holder[candidate.key] = slot
                taken[slot] = candidate
                return True
        return False

    for slot in sorted(slots, key=lambda slot: (len(slots[slot]), slot)):
        place(slot, set())
    return dict(sorted(taken.items()))


def _shown_before(fits: Sequence[Candidate], earlier: Sequence[Candidate]) -> Candidate:
    keys = [candidate.key for candidate in earlier]
    return next((candidate for candidate in fits if candidate.key in keys), fits[0])


def _shared(short: dict[int, int], found: Sequence[Found], picks: Sequence[Pick]) -> frozenset[int]:
    """Lines without a clip of their own that the clip of a neighbour shows as well."""
    lines = {pick.line: pick.candidate.key for pick in picks}
    return frozenset(
        number
        for number, have in short.items()
        if have == 0
        and any(lines.get(near) in {one.key for one in found[number].fits} for near in (number - 1, number + 1))
    )


def _in_turns(wanted: Sequence[atom.Wanted], found: Sequence[Found], rounds: int) -> tuple[list[Pick], dict[int, int]]:
    """One clip of each line, again and again; lines of which all is wanted end it, others are shown twice at least."""
    short = {number: 0 for number, there in enumerate(found) if not there.fits}
    own: list[list[Candidate]] = []
    used: set[Key] = set()
    for there in found:
        fits = [one for one in there.fits if one.key not in used] or list(there.fits)
        own.append(fits)
        used |= {fits[0].key} if fits else set()
    every = all(one.num_shots is None for one in wanted)
    count = rounds or (min((len(fits) for fits in own if fits), default=0) if every else 2)
    picks: list[Pick] = []
    seen: set[Key] = set()
    for turn in range(count):
        for number, fits in enumerate(own):
            if fits:
                fresh = next((one for one in fits if one.key not in seen), fits[turn % len(fits)])
                seen.add(fresh.key)
                picks.append(Pick(line=number, candidate=fresh))
    return picks, short


def _ordered(picks: Sequence[Pick], constraints: atom.Constraints) -> tuple[Pick, ...]:
    kept = list(picks)[: constraints.num_shots]
    if constraints.order in ("shortest", "longest"):
        kept.sort(key=lambda pick: pick.candidate.moment.duration_s, reverse=constraints.order == "longest")
    elif constraints.order:
        kept.sort(key=lambda pick: when(pick.candidate), reverse=constraints.order == "reversed")
    return tuple(kept)


def within_one_source(found: Sequence[Found]) -> list[Found]:
    """What there is for the lines in the one video that shows the most of them."""
    videos = {one.moment.content_hash for there in found for one in there.fits}

    def worth(video: str) -> tuple[int, int, str]:
        fits = [[one for one in there.fits if one.moment.content_hash == video] for there in found]
        return sum(map(bool, fits)), sum(map(len, fits)), video

    best = max(videos, key=worth, default="")
    return [evolve(there, fits=tuple(one for one in there.fits if one.moment.content_hash == best)) for there in found]
