"""A request read by what it mentions: what the words around each thing say of place, number and repeats.

The words between two things are divided among them at signs and conjunctions; of these words only those that say place,
number, order or "not" are looked at, whatever else there is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from attrs import evolve, frozen

import atom_core as atom
from atom_assembly.evidence.words import stems
from atom_assembly.requests.english import COUNT, SHOT, begins_thing, count_of, with_article
from atom_assembly.requests.forms.cue_words import ALL, END, NOT, SHOTS, START, TURNS, WHERE
from atom_assembly.requests.forms.together import single
from atom_assembly.requests.lengths import LENGTH
from atom_assembly.requests.mentions.divide import Around, divide
from atom_assembly.requests.mentions.find import gives_reason, is_count, read_mentions
from atom_assembly.requests.mentions.thing import NEUTRAL, ONE_SHOT, Item, count_in, place_of, read_thing, refers

_TOGETHER = frozenset(("together", "simultaneously"))
_PICTURE_WORDS = "time moment frame shot picture scene image clip video"
_ONE_PICTURE = frozenset(_PICTURE_WORDS.split())
_JOINING = frozenset(("then", "after", "before", "stitch", "cut", "edit", "splice", "join", "glue", "string", "piece"))
"""Words with which "together" says that the shots are joined, and not what one of them shows."""
_PATTERN = re.compile(r"(?:a-b|b-a)(?:-a-b|-b-a)*|a-b-a")


@frozen(kw_only=True)
class Film:
    """What a request says of a film by what it mentions."""

    items: tuple[Item, ...]
    """In the order of the film."""
    refused: tuple[str, ...]
    """What is not to be seen."""
    rounds: int | None
    passed_over: tuple[str, ...]
    """Words that are taken for talk."""
    unclear: tuple[str, ...] = ()
    """What sounds like a wish, a number, a length or a "not", and belongs to no thing."""


def read_around(text: str, known: Collection[str]) -> Film | None:
    """What `text` asks for; None where it mentions nothing that captions of the library say.

    :param known: the words of those captions, small
    """
    mentions = read_mentions(text, known)
    if not any(one.known for one in mentions.found):
        return None
    arounds, free = divide(mentions)
    arounds = [one for one in arounds if not gives_reason(one.before)]
    if not arounds:
        return None
    items = _alone(_counted_apart(_items(arounds), [arounds[-1].after, *free]))
    items = _one_each(items)
    refused = [item.text for item in items if item.refused]
    shown = [item for item in items if not item.refused]
    if not shown:
        shown = [_anything(arounds, free)]
    rounds = _rounds(arounds, free) if len(shown) > 1 else None
    if rounds is not None:
        shown = [evolve(item, wanted=evolve(item.wanted, repeats=1)) for item in shown]
    return Film(
        items=tuple(sorted(shown, key=lambda item: item.place)),
        refused=tuple(dict.fromkeys(refused)),
        rounds=rounds,
        passed_over=mentions.passed_over,
        unclear=_unclear(free, shown),
    )


def _items(arounds: Sequence[Around]) -> list[Item]:
    """The things in the order that "before", "after" and their like say."""
    items: list[Item] = []
    turned = False
    for number, around in enumerate(arounds):
        before = around.before
        item = read_thing(around, arounds, number, items)
        if item is None:
            _refer(around, items)
            continue
        if number and items and (joined := _joined(arounds, number, items[-1], item)):
            items[-1] = joined
            continue
        if item.refused and _until(arounds, number):
            shown = evolve(around, before=tuple(word for word in before if word not in NOT))
            item, turned = read_thing(shown, arounds, number, items) or item, True
            items.append(item)
            continue
        relative = number and len(items) and not item.refused
        if relative and (turned or (_goes_first(before) and not _led_by_after(arounds, number))):
            items.insert(len(items) - 1, item)
            turned = False
        elif relative and "before" in around.after and refers(around.after, "before"):
            items.insert(len(items) - 1, item)
        else:
            items.append(item)
            turned = (turned and item.refused) or _leads_second(before, around, arounds, number)
    return _bookended(_between(items, arounds), arounds)


def _between(items: list[Item], arounds: Sequence[Around]) -> list[Item]:
    """ "A between B and C", and "between B and C there is A": A in the middle."""
    if len(items) != len(arounds) or len(items) < 3:
        return items
    at = next((n for n, one in enumerate(arounds) if "between" in one.before), None)
    if at is None or set(arounds[at].before) & TURNS:
        return items
    if at and at + 1 < len(items) and not arounds[at].new_sentence:
        return [*items[: at - 1], items[at], items[at - 1], *items[at + 1 :]]
    if at + 2 < len(items) and not arounds[at + 2].new_sentence:
        return [*items[: at + 1], items[at + 2], items[at + 1], *items[at + 3 :]]
    return items


def _until(arounds: Sequence[Around], number: int) -> bool:
    """Whether a thing is not to be seen only until the next one was: "don't show A until we have seen B"."""
    if (
        number + 1 >= len(arounds)
        or arounds[number + 1].new_sentence
        or not {"don't", "not", "never"} & {*arounds[number].before}
    ):
        return False
    return bool({"until", "till", "before", "unless"} & set(arounds[number + 1].before))


def _leads_second(before: Sequence[str], around: Around, arounds: Sequence[Around], number: int) -> bool:
    """Whether a sentence begins with "before A", so that what comes next stands in front of A."""
    if not around.new_sentence or number + 1 >= len(arounds) or arounds[number + 1].new_sentence:
        return False
    if "between" in before and len(arounds) > number + 2:
        return False
    said = "before" in before and not refers(before, "before")
    return said or ("prior" in before and "to" in before) or "until" in before


def _led_by_after(arounds: Sequence[Around], number: int) -> bool:
    first = arounds[number - 1]
    return "after" in first.before and not refers(first.before, "after") and not arounds[number].new_sentence


def _goes_first(before: Sequence[str]) -> bool:
    """Whether the words between two things put the second in front of the first: "A after B", "A, before that B"."""
    if {("not", "before"), ("never", "before")} & set(pairwise(before)):
        return True
    if "before" in before:
        return refers(before, "before")
    if "after" in before:
        return not refers(before, "after")
    return bool({"preceded", "behind", "beforehand", "follows", "succeeds"} & set(before))


def _refer(around: Around, items: list[Item]) -> None:
    """What is said of a thing that was named before: "the red circle first"."""
    place = place_of(around.before, around.after)
    said = stems(" ".join(around.mention.words))
    for number, item in enumerate(items):
        if place and said <= stems(item.text):
            items[number] = evolve(item, place=place)


def _joined(arounds: Sequence[Around], number: int, last: Item, item: Item) -> Item | None:
    """One line for what is seen at once, or for what "or" joins; None for two things."""
    if last.refused or item.refused or arounds[number].new_sentence:
        return None
    gap = arounds[number].before
    one, other = arounds[number - 1], arounds[number]
    first = one.before
    around = (*first, *gap, *other.after)
    if "or" in gap and not set(gap) & {"then", "after", "before"}:
        either = evolve(last.wanted, num_shots=last.wanted.num_shots if not last.plural else None)
        return evolve(last, text=f"{last.text} or {item.text}", wanted=either)
    shots = any(word in SHOTS or re.fullmatch(SHOT, word) for word in first)
    at_once = (
        (bool(set((*gap, *other.after)) & _TOGETHER) and not {*gap, *first} & _JOINING)
        or ("both" in first[-2:] and not {"then"} & set(gap))
        or ("same" in around and bool(set(around) & _ONE_PICTURE) and not {"start", "end"} & set(around))
        or "while" in gap
        or (
            shots
            and bool(set(first) & (WHERE - {"of", "from"}))
            and set(gap) <= {"and", "a", "an", "also", "as", "well"}
        )
        or (
            bool(set(gap) & {"with", "beside", "alongside"})
            and not arounds[number].parted
            and set(gap) <= {"is", "are", "with", "a", "an", "the", "beside", "alongside"}
        )
    )
    if not at_once:
        return None
    every = (
        bool({*first, *other.after} & ALL) or last.plural or last.wanted.num_shots is None or bool(set(first) & SHOTS)
    )
    wanted = evolve(last.wanted, num_shots=None if every else last.wanted.num_shots, purely=False)
    return evolve(last, text=f"{_one(last.text)} while {_one(item.text)}", wanted=wanted)


def _alone(items: list[Item]) -> list[Item]:
    """ "Nothing else", of several things in a row, is said of the film, which shows no others."""
    if len([item for item in items if not item.refused]) < 2:
        return items
    return [
        evolve(item, wanted=evolve(item.wanted, purely=False)) if item.wanted.num_shots is not None else item
        for item in items
    ]


def _one(text: str) -> str:
    """One of what a text names, with an article."""
    text = single(text)
    return text if begins_thing(text) else with_article(text)


def _one_each(items: list[Item]) -> list[Item]:
    """What is listed again is one shot each time: "red, green, red, green"."""
    texts = [item.text for item in items if not item.refused and item.wanted.num_shots is None]
    if len(set(texts)) == len(texts):
        return items
    one = [evolve(item, wanted=evolve(item.wanted, num_shots=1)) for item in items]
    return [new if item.text in texts and not item.refused else item for item, new in zip(items, one, strict=True)]


def _bookended(items: list[Item], arounds: Sequence[Around]) -> list[Item]:
    """A thing that both opens and closes the film stands at both ends."""
    if len([item for item in items if not item.refused]) < 2:
        return items
    for around in arounds:
        for words in (set(around.before), set(around.after)):
            ends = (words & START and words & END) or words & {"bookend", "bookends", "sandwich"}
            if not ends:
                continue
            at = next(
                (n for n, item in enumerate(items) if stems(" ".join(around.mention.words)) <= stems(item.text)), 0
            )
            again = evolve(items[at], wanted=evolve(items[at].wanted, again=True), place=1.0)
            return [evolve(items[at], place=-1.0), *items[:at], *items[at + 1 :], again]
    return items


def _rounds(arounds: Sequence[Around], free: Sequence[Sequence[str]]) -> int | None:
    """How often the things take turns; None where they do not."""
    words = [word for around in arounds for word in (*around.before, *around.after)]
    words += [word for piece in free for word in piece]
    pattern = next((word for word in words if _PATTERN.fullmatch(word)), "")
    if pattern and pattern.count("b") > 1:
        return pattern.count("b")
    if "loop" in words and not re.search(rf"({COUNT}) times|twice|thrice", " ".join(words)):
        words = [word for word in words if word != "loop"]
    between = len(arounds) == 2 and "between" in arounds[0].before
    if not (between or set(words) & TURNS or ("forth" in words and "back" in words) or "turns" in words):
        return None
    times = re.search(rf"({COUNT}) times", " ".join(words))
    return count_of(times[1]) if times else 0


def _counted_apart(items: list[Item], free: Sequence[Sequence[str]]) -> list[Item]:
    """One thing with the number or the length that a sentence of its own says: "I need five of them"."""
    shown = [number for number, item in enumerate(items) if not item.refused]
    if len(shown) != 1:
        return items
    (at,) = shown
    text = " ; ".join(" ".join(piece) for piece in free)
    if re.search(r"\ball (?:of )?(?:them|these|those)|\bevery (?:one|single one)", text):
        return [*items[:at], evolve(items[at], wanted=evolve(items[at].wanted, num_shots=None)), *items[at + 1 :]]
    count = _free_count(free)
    if count is None or items[at].wanted.num_shots not in (1, None):
        return items
    wanted = evolve(items[at].wanted, num_shots=count)
    return [*items[:at], evolve(items[at], wanted=wanted), *items[at + 1 :]]


def _free_count(free: Sequence[Sequence[str]]) -> int | None:
    for piece in free:
        text = " ".join(piece)
        match = re.search(
            rf"(?<![\w-])({COUNT})\b(?! times?| one)(?:\s+(?:of|{SHOT}|different|will|would|is|are)|$)", text
        )
        if match and match[1] not in ("one", "1"):
            return count_of(match[1])
    return None


def _unclear(free: Sequence[Sequence[str]], shown: Sequence[Item]) -> tuple[str, ...]:
    """The pieces with a number, a length or a "not" that no thing has taken."""
    taken = _free_count(free) if len(shown) == 1 else None
    return tuple(
        " ".join(piece)
        for piece in free
        if (set(NEUTRAL.sub(" ", " ".join(piece)).split()) & NOT or any(map(_is_number, piece)))
        and not gives_reason(piece)
        and not (taken is not None and any(map(_is_number, piece)))
    )


def _is_number(word: str) -> bool:
    return (is_count(word) and word not in ("one", "1")) or re.fullmatch(LENGTH, word, re.IGNORECASE) is not None


def _anything(arounds: Sequence[Around], free: Sequence[Sequence[str]]) -> Item:
    """Shots of anything that is not refused: all there are, or as many as the request says."""
    before = arounds[0].before
    late = max((at for at, word in enumerate(before) if word in NOT), default=len(before))
    count = count_in(before[:late]) or _free_count([arounds[-1].after, *free])
    one = (
        {"a", "one"} & set(before[:late])
        and set(before[:late]) & ONE_SHOT
        and not {"all", "every"} & set(before[:late])
    )
    return Item(text="", wanted=atom.Wanted(num_shots=count or (1 if one else None)))
