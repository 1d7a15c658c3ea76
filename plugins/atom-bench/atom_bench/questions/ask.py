"""Questions of each kind about films, with what is true."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from atom_bench.questions import truth
from atom_bench.questions.truth import Asked, Film, Shot, Span, Thing
from atom_core.text.numbers import ORDINALS


class Writer:
    """Fills wordings with what is there, or is not, and says what answers them."""

    def __init__(self, seed: int, wordings: dict[str, tuple[str, ...]]) -> None:
        """
        :param seed: of what is asked about
        :param wordings: by kind of question
        """
        import numpy as np  # a bench that is not run loads nothing heavy

        self._rng, self._wordings = np.random.default_rng(seed), wordings
        self._words = import_module("atom_tiny.words")

    def questions(self, kind: str, films: Sequence[Film], number: int) -> list[Asked]:
        """So many questions of one kind, each wording about as often."""
        made: list[Asked] = []
        templates = self._wordings[kind]
        for attempt in range(40 * number):
            if len(made) == number:
                break
            template = templates[(len(made) + attempt // (3 * number)) % len(templates)]
            film = films[int(self._rng.integers(len(films)))]
            other = films[int(self._rng.integers(len(films)))]
            asked = self._ask(kind, template, film, other)
            if asked is not None:
                made.append(asked)
        return made

    def _ask(self, kind: str, template: str, film: Film, other: Film) -> Asked | None:
        make = getattr(self, f"_{re.sub(r'[ ,]+', '_', kind)}")
        found = make(template, film, other) if kind == "two videos" else make(template, film)
        if found is None:
            return None
        slots, right, told, spans, more = found
        text = re.sub(r"\{(\w+)\}", lambda match: str(slots[match[1]]), template)
        text = text[0].upper() + text[1:] if template[0].isupper() or template[0] == "{" else text
        return Asked(kind=kind, text=text, film=film, right=right, truth=told, spans=tuple(spans), **more)

    # what is filled in

    def _pick(self, values: Sequence[object]) -> Any:
        return values[int(self._rng.integers(len(values)))]

    def _thing(self, film: Film) -> tuple[int, Thing] | None:
        """A thing whose colour and shape no other shot has, and its shot's place."""
        pairs = [
            (at, t) for at, shot in enumerate(film.shots) for t in shot.things if len(film.having(_named(t.name))) == 1
        ]
        return self._pick(pairs) if pairs else None

    def _two(self, film: Film) -> tuple[tuple[int, Thing], tuple[int, Thing]] | None:
        one, two = self._thing(film), self._thing(film)
        return (one, two) if one and two and one[0] != two[0] else None

    def _slots(self, thing: Thing, **more: object) -> dict[str, Any]:
        words = self._words
        return {
            "noun": thing.name, "a": an(thing.name), "shape": thing.shape, "colour": thing.colour, "plural": plural(thing.shape), "as": an(thing.shape),
            "bare": words.QUESTION_FORMS[thing.action], "verb": words.ACTIONS[thing.action][0], "ing": words.GERUNDS[thing.action][0], **more,
        }  # fmt: skip

    def _absent(self, films: Sequence[Film]) -> Thing:
        """A thing of a shape, colour and action none of which is there together; the action is nowhere."""
        words = self._words
        shown = [t for film in films for shot in film.shots for t in shot.things]
        names, shapes, actions = {t.name for t in shown}, {t.shape for t in shown}, {t.action for t in shown}
        pool = [
            Thing(colour=c, shape=s, action=a)
            for c in words.COLOUR_NAMES for s in words.SHAPES for a in ("blinks", "grows", "shrinks", "circles", "appears", "disappears", "left", "up")
            if f"{c} {s}" not in names and s not in shapes and a not in actions
        ]  # fmt: skip
        pool = pool or [
            Thing(colour=c, shape=s, action="blinks")
            for c in words.COLOUR_NAMES
            for s in words.SHAPES
            if f"{c} {s}" not in names
        ]
        return self._pick(pool)  # type: ignore[no-any-return]

    def _does(self, template: str) -> bool:
        return any(slot in template for slot in ("{bare}", "{verb}", "{ing}"))

    def _fits(self, template: str, thing: Thing) -> Callable[[Thing], bool]:
        """Which things a template speaks of."""
        does = self._does(template)
        named = "{noun}" in template or "{a}" in template
        shaped = "{shape}" in template or "{plural}" in template or "{as}" in template
        coloured = "{colour}" in template
        return lambda o: (
            (not does or o.action == thing.action)
            and (not named or o.name == thing.name)
            and (not shaped or o.shape == thing.shape)
            and (not coloured or o.colour == thing.colour)
        )

    # the kinds: slots, whether an answer is right, the truth in words, spans, more

    def _shots(self, _: str, film: Film) -> Any:
        return {}, truth.number(len(film.shots)), str(len(film.shots)), (), {}

    def _shots_with(self, template: str, film: Film) -> Any:
        thing = self._pick(self._pick(film.shots).things)
        places = film.having(self._fits(template, thing))
        return self._slots(thing), truth.number(len(places)), str(len(places)), _spans(film, places), {}

    def _ordinal_shot(self, _: str, film: Film) -> Any:
        at = int(self._rng.integers(len(film.shots)))
        name = "last" if at == len(film.shots) - 1 and self._rng.random() < 0.5 else nth(at)
        return (
            {"nth": name, "n": at + 1},
            _tells(film.shots[at : at + 1]),
            film.shots[at].caption,
            _spans(film, [at]),
            {},
        )

    def _of_one_shot(self, _: str, film: Film) -> Any:
        at = int(self._rng.integers(len(film.shots)))
        thing = self._pick(film.shots[at].things)
        if sum(t.shape == thing.shape for t in film.shots[at].things) > 1:
            return None
        return (
            {"nth": nth(at), "n": at + 1, "shape": thing.shape},
            truth.words(thing.colour),
            thing.colour,
            _spans(film, [at]),
            {},
        )

    def _at_a_time(self, template: str, film: Film) -> Any:
        at = int(self._rng.integers(len(film.shots)))
        start, end = film.shots[at].span
        whole = [second for second in range(int(start), int(end) + 1) if start + 0.3 <= second <= end - 0.3]
        if not whole:
            return None
        return (
            {"s": whole[0], "clock": clock(whole[0])},
            _tells(film.shots[at : at + 1]),
            film.shots[at].caption,
            _spans(film, [at]),
            {},
        )

    def _between_times(self, template: str, film: Film) -> Any:
        at = int(self._rng.integers(len(film.shots)))
        until = min(at + int(self._rng.integers(1, 3)), len(film.shots) - 1) if self._rng.random() < 0.6 else at
        start, end = round(film.shots[at].span[0]), round(film.shots[until].span[1])
        places = list(range(at, until + 1))
        slots = {"s": start, "e": end, "clock": clock(start), "clock2": clock(end)}
        if "{a}" in template:
            thing = self._pick(self._pick(film.shots).things)
            yes = any(t.name == thing.name for place in places for t in film.shots[place].things)
            held = [place for place in places if any(t.name == thing.name for t in film.shots[place].things)]
            return (
                {**slots, "a": an(thing.name)},
                truth.says("yes" if yes else "no"),
                "yes" if yes else "no",
                _spans(film, held),
                {},
            )
        captions = film.shots[at : until + 1]
        return slots, _tells(captions), ", then ".join(shot.caption for shot in captions), _spans(film, places), {}

    def _when(self, template: str, film: Film) -> Any:
        found = self._thing(film)
        if found is None:
            return None
        at, thing = found
        span = film.shots[at].span
        return self._slots(thing), truth.times([span]), f"{span[0]:.1f} to {span[1]:.1f} s", [span], {}

    def _first_last(self, template: str, film: Film) -> Any:
        last = re.search(r"last|end|conclu|final|finish", template, re.IGNORECASE) is not None
        shot = film.shots[-1 if last else 0]
        things = shot.things
        if shot.then:
            things = things[-1:] if last else things[:1]
        return {}, truth.words(*self._said(things[:1])), shot.caption, [shot.span], {}

    def _which_is_first(self, template: str, film: Film) -> Any:
        pair = self._two(film)
        if pair is None:
            return None
        (at, one), (other_at, two) = pair
        last = "last" in template
        first = (at > other_at) == last
        chosen = one if first else two
        span = film.shots[at if first else other_at].span
        return (
            self._slots(one, other=two.name),
            truth.exactly({chosen.name}, {one.name, two.name}),
            chosen.name,
            [span],
            {},
        )

    def _before_after(self, template: str, film: Film) -> Any:
        found = self._thing(film)
        if found is None or film.shots[found[0]].then:
            return None
        at, thing = found
        if "{other}" in template:
            second = self._thing(film)
            if second is None or second[0] == at or second[1].name == thing.name:
                return None
            yes = at < second[0]
            return (
                self._slots(thing, other=second[1].name),
                truth.says("yes" if yes else "no"),
                "yes" if yes else "no",
                (),
                {},
            )
        after = re.search(r"after|follow|once", template, re.IGNORECASE) is not None
        place = at + 1 if after else at - 1
        if not 0 <= place < len(film.shots):
            return None
        shot = film.shots[place]
        wanted = shot.things[:1] if after or not shot.then else shot.things[-1:]
        return self._slots(thing), truth.words(*self._said(wanted)), shot.caption, [shot.span], {}

    def _in_order(self, template: str, film: Film) -> Any:
        if "{other}" in template:
            pair = self._two(film)
            if pair is None:
                return None
            ordered = sorted(pair, key=lambda one: one[0])
            names = [thing.name for _, thing in ordered]
            return (
                self._slots(pair[0][1], other=pair[1][1].name),
                truth.words(*names),
                ", ".join(names),
                _spans(film, [at for at, _ in ordered]),
                {},
            )
        return (
            {},
            truth.words(*[shot.things[0].name for shot in film.shots]),
            "all, in order",
            _spans(film, range(len(film.shots))),
            {},
        )

    def _count(self, template: str, film: Film) -> Any:
        thing = self._pick(self._pick(film.shots).things)
        fits = self._fits(template, thing)
        places = film.having(fits)
        number = sum(fits(t) for shot in film.shots for t in shot.things)
        if number != len(places) and re.search("times|often", template):
            return None
        return self._slots(thing), truth.number(number), str(number), _spans(film, places), {}

    def _which_shot(self, template: str, film: Film) -> Any:
        found = self._thing(film)
        if found is None:
            return None
        at, thing = found
        return self._slots(thing), truth.shots([at + 1]), f"shot {at + 1}", _spans(film, [at]), {}

    def _list(self, template: str, film: Film) -> Any:
        words = self._words
        thing = self._pick(self._pick(film.shots).things)
        if re.search("colou?rs", template):
            return (
                {},
                truth.exactly({t.colour for s in film.shots for t in s.things}, set(words.COLOUR_NAMES)),
                "all colours",
                (),
                {},
            )
        known = {f"{c} {s}" for c in words.COLOUR_NAMES for s in words.SHAPES}
        places = film.having(lambda t: not self._does(template) or t.action == thing.action)
        names = {t.name for s in film.shots for t in s.things if not self._does(template) or t.action == thing.action}
        return self._slots(thing), truth.exactly(names, known), ", ".join(names), _spans(film, places), {}

    def _both(self, template: str, film: Film) -> Any:
        found = self._thing(film)
        if found is None:
            return None
        at, one = found
        if self._rng.random() < 0.5:
            at2, two = self._thing(film) or found
        else:
            at2, two = -1, self._absent([film])
        if two.name == one.name:
            return None
        yes = at2 >= 0
        if re.search("same shot|share|simultaneous", template):
            yes = at2 == at
            if not yes and self._rng.random() < 0.5 and len(film.shots[at].things) > 1:
                one, two = film.shots[at].things[:2]
                yes = True
        if "{bare}" in template:
            yes = at2 >= 0 and two.action == one.action
        return (
            self._slots(one, b=an(two.name), other=two.name),
            truth.says("yes" if yes else "no"),
            "yes" if yes else "no",
            (),
            {},
        )

    def _every(self, template: str, film: Film) -> Any:
        common = [s for s in self._words.SHAPES if len(film.having(_shaped(s))) == len(film.shots)]
        thing = self._pick(self._pick(film.shots).things)
        if common and self._rng.random() < 0.9:
            thing = self._pick([t for shot in film.shots for t in shot.things if t.shape in common])
        if self._does(template):
            yes = all(t.action == thing.action for s in film.shots for t in s.things if t.shape == thing.shape)
        else:
            yes = len(film.having(lambda t: t.shape == thing.shape)) == len(film.shots)
        if "without" in template:
            yes = not yes
        return self._slots(thing), truth.says("yes" if yes else "no"), "yes" if yes else "no", (), {}

    def _never(self, template: str, film: Film) -> Any:
        thing = self._pick(self._pick(film.shots).things) if self._rng.random() < 0.5 else self._absent([film])
        if "{noun}" in template and self._does(template):
            found = self._thing(film)
            if found is None:
                return None
            action = (
                found[1].action
                if self._rng.random() < 0.5
                else self._pick([a for a in ("blinks", "grows", "left", "circles") if a != found[1].action])
            )
            thing = Thing(colour=found[1].colour, shape=found[1].shape, action=action)
        places = film.having(self._fits(template, thing))
        return self._slots(thing), truth.says("no" if places else "yes"), "no" if places else "yes", (), {}

    def _two_videos(self, template: str, film: Film, other: Film) -> Any:
        if film == other:
            return None
        more = {"also": (other,)}
        shots = (film, other)
        if "shots" in template:
            if len(film.shots) == len(other.shots):
                return None
            best = max(shots, key=lambda one: len(one.shots))
            return {}, truth.words(best.name), best.name, (), more
        thing = self._pick(self._pick(film.shots).things)
        numbers = [sum(t.shape == thing.shape for s in one.shots for t in s.things) for one in shots]
        if "more" in template or "most" in template:
            if numbers[0] == numbers[1]:
                return None
            best = shots[int(numbers[1] > numbers[0])]
            return self._slots(thing), truth.words(best.name), best.name, (), more
        if "{as}" in template or "both" in template:
            yes = min(numbers) > 0
            return self._slots(thing), truth.says("yes" if yes else "no"), "yes" if yes else "no", (), more
        has = [bool(one.having(lambda t: t.name == thing.name)) for one in shots]
        if has != [True, False]:
            return None
        return self._slots(thing), truth.exactly({film.name}, {film.name, other.name}), film.name, (), more

    def _how_long(self, template: str, film: Film) -> Any:
        if "{noun}" not in template and "{a}" not in template:
            return {}, truth.seconds(film.duration_s), f"{film.duration_s:.1f} s", (), {}
        found = self._thing(film)
        if found is None:
            return None
        at, thing = found
        start, end = film.shots[at].span
        return self._slots(thing), truth.seconds(end - start), f"{end - start:.1f} s", _spans(film, [at]), {}

    def _is_it_there(self, template: str, film: Film) -> Any:
        thing = self._pick(self._pick(film.shots).things)
        return self._slots(thing), truth.says("yes"), "yes", _spans(film, film.having(self._fits(template, thing))), {}

    def _not_there(self, template: str, film: Film) -> Any:
        thing = self._absent([film])
        if film.having(self._fits(template, thing)) or (
            "{shape}" in template and film.having(lambda t: t.shape == thing.shape)
        ):
            return None
        return self._slots(thing), truth.refused, "not there", (), {"absent": True}

    def _said(self, things: Sequence[Thing]) -> list[str]:
        return [thing.name for thing in things]


def nth(at: int) -> str:
    """The ordinal of a place: ``second``, ``23rd``."""
    if at < 8:  # as most people write
        return ORDINALS[at]
    number = at + 1
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _named(name: str) -> Callable[[Thing], bool]:
    return lambda thing: thing.name == name


def _shaped(shape: str) -> Callable[[Thing], bool]:
    return lambda thing: thing.shape == shape


def _tells(shots: Sequence[Shot]) -> Callable[[str], bool]:
    """Whether an answer names the things of all shots, those of each in any order."""
    return lambda text: all(truth.words(thing.name)(text) for shot in shots for thing in shot.things)


def _spans(film: Film, places: Any) -> list[Span]:
    return [film.shots[place].span for place in places]


def an(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(shape: str) -> str:
    return f"{shape}es" if shape.endswith("s") else f"{shape}s"


def clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
