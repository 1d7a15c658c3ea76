"""Searches over footage with pictures, speech and titles, held against what is true."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen

import atom_core as atom
from atom_bench.channels.footage import Mixed, phrase

KINDS = ("shown", "said", "written")
_SMALL_TEXT = """
a an and are at be did do does for from had has have he her his how i in is it its my of on or our she so that the their
them there they this to us was we were what when where which who will with you your
"""
_SMALL = frozenset(_SMALL_TEXT.split())


@frozen
class Asked:
    """A search, and the shot that it is for."""

    kind: str
    text: str
    film: Mixed
    shot: int


def searches(films: Sequence[Mixed], number: int, seed: int) -> list[Asked]:
    """So many searches of each kind.

    A thing that one shot alone shows is looked for by what it is and does; what is said and written, every other time
    word for word in quotes, else by the words that count, in another order.
    """
    rng = np.random.default_rng(seed)
    names = Counter(shot.things[0].name for film in films for shot in film.shots)
    shown = [
        Asked("shown", phrase(shot), film, at)
        for film in films
        for at, shot in enumerate(film.shots)
        if names[shot.things[0].name] == 1 and at != film.written_at
    ]
    said = [Asked("said", _of(film.sentence, place, rng), film, film.said_at) for place, film in enumerate(films)]
    written = [Asked("written", _of(film.title, place, rng), film, film.written_at) for place, film in enumerate(films)]
    return [kind[at] for kind in (shown, said, written) for at in sorted(rng.permutation(len(kind))[:number])]


def _of(text: str, place: int, rng: np.random.Generator) -> str:
    words = re.findall(r"[\w']+", text)
    if place % 2:
        begin = int(rng.integers(max(len(words) - 3, 1)))
        return f'"{" ".join(words[begin : begin + 4])}"'
    counted = [word for word in words if word.lower() not in _SMALL]
    return " ".join(counted[at] for at in rng.permutation(len(counted)))


def ask(host: Any, asked: Sequence[Asked]) -> dict[str, dict[str, float]]:
    """For each kind the share of searches whose first moment, and one of whose first five, is in the right shot."""
    places: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for one in asked:
        moments = host.run("search", atom.Query(text=one.text, limit=5))
        right = [place for place, moment in enumerate(moments) if _is_it(moment, one)]
        places[one.kind].append(right[0] if right else 5)
    return {
        kind: {"searches": len(found), "first": _share(found, 1), "first_5": _share(found, 5)}
        for kind, found in places.items()
    }


def _share(places: Sequence[int], most: int) -> float:
    return sum(place < most for place in places) / len(places) if places else 0.0


def _is_it(moment: atom.Moment, asked: Asked) -> bool:
    start_s, end_s = asked.film.shots[asked.shot].span
    return (
        moment.path.name == asked.film.path.name and start_s - 0.2 <= (moment.start_s + moment.end_s) / 2 <= end_s + 0.2
    )
