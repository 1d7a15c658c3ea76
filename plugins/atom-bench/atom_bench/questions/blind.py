"""Questions of persons unlike each other, written and frozen before the reader of questions was tried on them.

Their authors did not know what it was made for, and nothing may learn from them.

A row of `blind/PERSON.tsv` is what is asked, and the wording. What is asked is one of

    shots, cuts, colours, length       how many shots, cuts, different colours; how long
    shots C, count C, times v          in how many shots is C; how many things are C; how often something does it
    nth, nth colour, at, between       what is in a shot, the colour of a shape in it, what is at a time, between two
    between a                          whether a thing is seen between two times
    first, last                        what happens first, last
    which first a b, which last a b    which of two things comes first, last
    after a, before a                  what comes next after, right before a thing
    a before b, a after b              whether it does
    order, order a b                   everything, two things, in order
    when C, which shot C, any C, never C, every C, all s v, both a b, same shot a b
    list, list C, list colours, colour s, doing a, long a, summary
    which video C, both videos s, more shots, more s
    absent                             something that is not there, asked about in any way

In a condition C stand `a` (that thing is there), `av` (it does what it does), `s` (a shape), `c` (a colour),
`v` (an action), `c.s`, `s.v`, `c.v` (of one thing).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.resources import files

from attrs import frozen

from atom_bench.questions import truth
from atom_bench.questions.ask import Writer, an, clock, nth, plural
from atom_bench.questions.truth import Asked, Film, Span, Thing

_TRIES = 200
"""Films and things that are tried for a row, until it can be asked of them."""
STRANGE = (
    "a dog running on the beach",
    "a man in a hat",
    "a car",
    "a brown horse",
    "a pink hexagon",
    "children playing",
)
"""Things of which the world has none."""


@frozen(kw_only=True)
class _Answer:
    """What answers a question."""

    right: Callable[[str], bool]
    told: str
    spans: Sequence[Span] = ()
    absent: bool = False
    also: tuple[Film, ...] = ()


def persons() -> list[str]:
    """Who asks."""
    folder = files("atom_bench.questions").joinpath("blind")
    return sorted(one.name.removesuffix(".tsv") for one in folder.iterdir() if one.name.endswith(".tsv"))


def rows(person: str) -> list[tuple[str, str]]:
    """What is asked, and the wording, of each row of a person."""
    text = files("atom_bench.questions").joinpath("blind", f"{person}.tsv").read_text(encoding="utf-8")
    return [(label, wording) for label, _, wording in (line.partition("\t") for line in text.splitlines())]


class Blind(Writer):
    """Fills the wordings of persons."""

    def __init__(self, seed: int) -> None:
        """
        :param seed: of what is asked about
        """
        super().__init__(seed, {})

    def asked(self, person: str, films: Sequence[Film]) -> list[Asked]:
        """One question of each row; rows that can be asked of no film are left out."""
        made = (self._row(person, label, wording, films) for label, wording in rows(person))
        return [asked for asked in made if asked is not None]

    def _row(self, person: str, label: str, wording: str, films: Sequence[Film]) -> Asked | None:
        for _ in range(_TRIES):
            film, other = self._pick(films), self._pick(films)
            if (facts := self._facts(film, other, label)) is None:
                continue
            if (found := self._answer(label, film, other, facts, wording)) is not None:
                text = re.sub(r"\{(\w+)\}", lambda match: str(facts.slots[match[1]]), wording)
                text = text[0].upper() + text[1:] if wording[0] == "{" else text
                return Asked(
                    kind=person, text=text, film=film, right=found.right, truth=found.told, spans=tuple(found.spans),
                    absent=found.absent, also=found.also,
                )  # fmt: skip
        return None

    def _facts(self, film: Film, other: Film, label: str) -> _Facts | None:
        pair = self._two(film)
        if pair is None:
            return None
        if re.search(r"\ba (?:before|after) b|same shot", label) and self._rng.random() < 0.5:
            pair = pair[1], pair[0]
        shown = [t for shot in film.shots for t in shot.things]
        kept, deed = self._pick(shown), self._pick(shown)
        if label.split()[-1] in ("c.s", "s.v", "c.v"):
            deed = kept
        if label.startswith(("never", "every", "all s", "both", "more", "which video")) and self._rng.random() < 0.5:
            kept = deed = self._pick([t for one in (film, other) for shot in one.shots for t in shot.things])
            if label.startswith("never"):
                kept = deed = self._absent([film])
        return _Facts(
            film=film, one=pair[0], two=pair[1], kept=kept, deed=deed, lacking=self._absent([film]), writer=self
        )

    def _answer(self, label: str, film: Film, other: Film, facts: _Facts, wording: str) -> _Answer | None:
        kind, _, condition = label.rpartition(" ")
        if label == "absent":
            uses = re.findall(r"\{(\w+)\}", wording)
            shapes = [t.shape for shot in film.shots for t in shot.things]
            gone = facts.lacking.shape not in shapes or "q" in uses
            return _Answer(right=truth.refused, told="not there", absent=True) if gone else None
        if kind in _BY_CONDITION and condition in _FITS:
            return self._conditioned(kind, _FITS[condition](facts), film, other)
        return self._plain(label, film, other, facts)

    def _conditioned(self, kind: str, fits: Callable[[Thing], bool], film: Film, other: Film) -> _Answer | None:
        places = film.having(fits)
        spans = [film.shots[place].span for place in places]
        things = [t for shot in film.shots for t in shot.things if fits(t)]
        if kind == "shots":
            return _Answer(right=truth.number(len(places)), told=str(len(places)), spans=spans)
        if kind == "count":
            return _Answer(right=truth.number(len(things)), told=str(len(things)), spans=spans)
        if kind == "times":
            same = len(things) == len(places)
            return _Answer(right=truth.number(len(places)), told=str(len(places)), spans=spans) if same else None
        if kind == "when":
            return _Answer(right=truth.times(spans), told=str(spans), spans=spans)
        if kind == "which shot":
            numbers = [place + 1 for place in places]
            return _Answer(right=truth.shots(numbers), told=f"shots {numbers}", spans=spans) if places else None
        if kind == "list":
            names = {t.name for t in things}
            return _Answer(right=truth.exactly(names, self._names()), told=", ".join(sorted(names)), spans=spans)
        if kind == "which video":
            if not places or other == film or other.having(fits):
                return None
            return _Answer(right=truth.exactly({film.name}, {film.name, other.name}), told=film.name, also=(other,))
        yes = {"any": bool(places), "never": not places, "every": len(places) == len(film.shots)}[kind]
        return _whether(yes, spans if kind == "any" else ())

    def _plain(self, label: str, film: Film, other: Film, facts: _Facts) -> _Answer | None:
        made = _PLAIN.get(label)
        if made is not None:
            return made(facts)
        if label in ("more shots", "more s", "both videos s"):
            return _of_videos(label, film, other, facts)
        raise ValueError(f"no such question: {label!r}")

    def _names(self) -> set[str]:
        return {f"{colour} {shape}" for colour in self._words.COLOUR_NAMES for shape in self._words.SHAPES}


class _Facts:
    """What one question is about, and the words for it."""

    def __init__(
        self, *, film: Film, one: tuple[int, Thing], two: tuple[int, Thing], kept: Thing, deed: Thing, lacking: Thing,
        writer: Blind,
    ) -> None:  # fmt: skip
        self.film, self.words = film, writer._words
        (self.place, self.a), (self.other_place, self.b) = one, two
        self.kept, self.deed = kept, deed
        self.shot = writer._pick(range(len(film.shots)))
        start, end = film.shots[self.shot].span
        whole = [second for second in range(int(start), int(end) + 1) if start + 0.3 <= second <= end - 0.3] or [-1]
        self.at = whole[0]
        self.until = min(self.shot + writer._pick([0, 1]), len(film.shots) - 1)
        self.since, self.till = round(start), round(film.shots[self.until].span[1])
        self.slots: dict[str, object] = {
            "n": self.shot + 1, "nth": nth(self.shot), "t": self.at, "clock": clock(self.at),
            "s": kept.shape, "s_an": an(kept.shape), "ss": plural(kept.shape), "c": kept.colour,
            "q": writer._pick(STRANGE), **self._deed("v", deed, "{}"), "v": self._verb(deed),
        }  # fmt: skip
        for letter, thing in (("a", self.a), ("b", self.b), ("m", lacking)):
            self.slots |= {letter: an(thing.name), f"the_{letter}": f"the {thing.name}", f"{letter}_name": thing.name}
            self.slots |= self._deed(letter, thing, f"{letter}_v")
        self.lacking = lacking

    def _verb(self, thing: Thing) -> str:
        return str(self.words.ACTIONS[thing.action][0])

    def _deed(self, letter: str, thing: Thing, verb: str) -> dict[str, object]:
        base, doing = self.words.QUESTION_FORMS[thing.action], self.words.GERUNDS[thing.action][0]
        return {verb: self._verb(thing), f"{letter}_base": base, f"{letter}_ing": doing}

    def for_times(self) -> _Facts:
        """The same, with the slots of a stretch of time."""
        self.slots |= {"t": self.since, "clock": clock(self.since), "t2": self.till, "clock2": clock(self.till)}
        return self


def _whether(yes: bool, spans: Sequence[Span] = ()) -> _Answer:
    word = "yes" if yes else "no"
    return _Answer(right=truth.says(word), told=word, spans=spans if yes else ())


def _tells(film: Film, places: Sequence[int]) -> _Answer:
    things = [t.name for place in places for t in film.shots[place].things]
    return _Answer(
        right=lambda text: all(truth.words(name)(text) for name in things),
        told=", then ".join(film.shots[place].caption for place in places),
        spans=[film.shots[place].span for place in places],
    )


def _end(film: Film, place: int, last: bool) -> _Answer:
    shot = film.shots[place]
    things = shot.things[-1:] if last and shot.then else shot.things[:1]
    return _Answer(right=truth.words(*[t.name for t in things]), told=shot.caption, spans=[shot.span])


def _nth_colour(facts: _Facts) -> _Answer | None:
    found = [t for t in facts.film.shots[facts.shot].things if t.shape == facts.kept.shape]
    spans = [facts.film.shots[facts.shot].span]
    return _Answer(right=truth.words(found[0].colour), told=found[0].colour, spans=spans) if len(found) == 1 else None


def _at(facts: _Facts) -> _Answer | None:
    return _tells(facts.film, [facts.shot]) if facts.at >= 0 else None


def _between(facts: _Facts) -> _Answer:
    facts.for_times()
    return _tells(facts.film, range(facts.shot, facts.until + 1))


def _between_a(facts: _Facts) -> _Answer:
    facts.for_times()
    return _whether(facts.shot <= facts.place <= facts.until, [facts.film.shots[facts.place].span])


def _which(facts: _Facts, last: bool) -> _Answer:
    chosen, place = (
        (facts.a, facts.place) if (facts.place > facts.other_place) == last else (facts.b, facts.other_place)
    )
    return _Answer(
        right=truth.exactly({chosen.name}, {facts.a.name, facts.b.name}),
        told=chosen.name,
        spans=[facts.film.shots[place].span],
    )


def _next(facts: _Facts, step: int) -> _Answer | None:
    place = facts.place + step
    if facts.film.shots[facts.place].then or not 0 <= place < len(facts.film.shots):
        return None
    return _end(facts.film, place, last=step < 0)


def _order(facts: _Facts) -> _Answer:
    shots = facts.film.shots
    names = [shot.things[0].name for shot in shots]
    return _Answer(right=truth.words(*names), told=", ".join(names), spans=[shot.span for shot in shots])


def _order_of(facts: _Facts) -> _Answer:
    ordered = sorted([(facts.place, facts.a.name), (facts.other_place, facts.b.name)])
    spans = [facts.film.shots[place].span for place, _ in ordered]
    return _Answer(right=truth.words(*[name for _, name in ordered]), told=str(ordered), spans=spans)


def _colour(facts: _Facts) -> _Answer | None:
    found = {t.colour for shot in facts.film.shots for t in shot.things if t.shape == facts.kept.shape}
    places = facts.film.having(lambda t: t.shape == facts.kept.shape)
    spans = [facts.film.shots[place].span for place in places]
    return _Answer(right=truth.words(*found), told=str(found), spans=spans) if len(found) == 1 else None


def _doing(facts: _Facts) -> _Answer:
    says = [facts.words.ACTIONS, facts.words.GERUNDS]
    known = [phrase for table in says for phrase in table[facts.a.action]] + [
        facts.words.QUESTION_FORMS[facts.a.action]
    ]
    return _Answer(
        right=lambda text: any(truth.words(phrase)(text) for phrase in known),
        told=known[0],
        spans=[facts.film.shots[facts.place].span],
    )


def _all(facts: _Facts) -> _Answer | None:
    own = [t for shot in facts.film.shots for t in shot.things if t.shape == facts.kept.shape]
    return _whether(all(t.action == facts.deed.action for t in own)) if own else None


def _both(facts: _Facts) -> _Answer:
    if facts.kept is facts.deed:  # half of the time the other is not there
        for name in ("b", "the_b", "b_name"):
            facts.slots[name] = facts.slots[name.replace("b", "m", 1) if name != "the_b" else "the_m"]
        return _whether(False)
    return _whether(True)


def _same_shot(facts: _Facts) -> _Answer:
    return _whether(facts.place == facts.other_place)


def _colours(facts: _Facts) -> set[str]:
    return {t.colour for shot in facts.film.shots for t in shot.things}


def _of_videos(label: str, film: Film, other: Film, facts: _Facts) -> _Answer | None:
    if film == other:
        return None
    both = (film, other)
    own = [sum(t.shape == facts.kept.shape for shot in one.shots for t in shot.things) for one in both]
    if label == "both videos s":
        return _Answer(right=truth.says("yes" if min(own) else "no"), told="yes" if min(own) else "no", also=(other,))
    numbers = [len(one.shots) for one in both] if label == "more shots" else own
    if numbers[0] == numbers[1]:
        return None
    best = both[numbers[1] > numbers[0]]
    return _Answer(right=truth.words(best.name), told=best.name, also=(other,))


def _number(value: int) -> _Answer:
    return _Answer(right=truth.number(value), told=str(value))


_PLAIN: dict[str, Callable[[_Facts], _Answer | None]] = {
    "shots": lambda facts: _number(len(facts.film.shots)),
    "cuts": lambda facts: _number(len(facts.film.shots) - 1),
    "colours": lambda facts: _number(len(_colours(facts))),
    "nth": lambda facts: _tells(facts.film, [facts.shot]),
    "nth colour": _nth_colour,
    "at": _at,
    "between": _between,
    "between a": _between_a,
    "first": lambda facts: _end(facts.film, 0, last=False),
    "last": lambda facts: _end(facts.film, -1, last=True),
    "which first a b": lambda facts: _which(facts, last=False),
    "which last a b": lambda facts: _which(facts, last=True),
    "after a": lambda facts: _next(facts, 1),
    "before a": lambda facts: _next(facts, -1),
    "a before b": lambda facts: _whether(facts.place < facts.other_place),
    "a after b": lambda facts: _whether(facts.place > facts.other_place),
    "order": _order,
    "order a b": _order_of,
    "list": lambda facts: _Answer(
        right=truth.exactly(_shown(facts), _shown(facts) | {facts.lacking.name}), told=str(_shown(facts))
    ),
    "list colours": lambda facts: _Answer(
        right=truth.exactly(_colours(facts), set(facts.words.COLOUR_NAMES)), told=str(_colours(facts))
    ),
    "colour s": _colour,
    "doing a": _doing,
    "both a b": _both,
    "same shot a b": _same_shot,
    "all s v": _all,
    "length": lambda facts: _Answer(right=truth.seconds(facts.film.duration_s), told=f"{facts.film.duration_s:.1f} s"),
    "long a": lambda facts: _Answer(
        right=truth.seconds(_length(facts.film.shots[facts.place].span)),
        told="its shot",
        spans=[facts.film.shots[facts.place].span],
    ),
    "summary": _order,
}


def _shown(facts: _Facts) -> set[str]:
    return {t.name for shot in facts.film.shots for t in shot.things}


def _length(span: Span) -> float:
    return span[1] - span[0]


_BY_CONDITION = ("shots", "count", "times", "when", "which shot", "list", "which video", "any", "never", "every")
_FITS: dict[str, Callable[[_Facts], Callable[[Thing], bool]]] = {
    "a": lambda f: lambda t: t.name == f.a.name,
    "av": lambda f: lambda t: (t.name, t.action) == (f.a.name, f.a.action),
    "s": lambda f: lambda t: t.shape == f.kept.shape,
    "c": lambda f: lambda t: t.colour == f.kept.colour,
    "v": lambda f: lambda t: t.action == f.deed.action,
    "c.s": lambda f: lambda t: (t.colour, t.shape) == (f.kept.colour, f.kept.shape),
    "s.v": lambda f: lambda t: (t.shape, t.action) == (f.kept.shape, f.deed.action),
    "c.v": lambda f: lambda t: (t.colour, t.action) == (f.kept.colour, f.deed.action),
}
