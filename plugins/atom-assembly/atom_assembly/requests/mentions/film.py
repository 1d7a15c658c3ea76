"""A request read by what it mentions: what the words around each thing say of place, number and repeats.

The words between two things are divided among them at signs and conjunctions; of these words only those that say place,
number, order or "not" are looked at, whatever else there is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from attrs import evolve, frozen

from atom_assembly.evidence.words import stems
from atom_assembly.requests.english import COUNT, SHOT, THING, begins_thing, count_of, with_article
from atom_assembly.requests.forms.cue_words import ALL, ARTICLES, END, MIDDLE, NOT, SHOTS, START, TURNS, WHERE
from atom_assembly.requests.forms.together import single
from atom_assembly.requests.mentions.apart import AND_AGAIN, anything, said_apart, shown_again, unclear
from atom_assembly.requests.mentions.divide import Around, divide
from atom_assembly.requests.mentions.find import gives_reason, is_count, number_of, read_mentions
from atom_assembly.requests.mentions.thing import Item, place_of, read_thing, refers

_TOGETHER = frozenset(("together", "simultaneously"))
_PICTURE_WORDS = "time moment frame shot picture scene image clip video"
_ONE_PICTURE = frozenset(_PICTURE_WORDS.split())
_JOINING = frozenset(("then", "after", "before", "stitch", "cut", "edit", "splice", "join", "glue", "string", "piece"))
"""Words with which "together" says that the shots are joined, and not what one of them shows."""
_AND_ALSO = frozenset(("and", "a", "an", "also", "as", "well", "something", "anything", "plus", "some", "both"))
"""Between things of one shot."""
_SEEN_BY = frozenset(("we", "you", "i", "have", "see", "seen", "shown"))
_NAMED = (Item(text="a thing"),)
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
    items = _alone(said_apart(_items(_without_headings(arounds)), [arounds[-1].after, *free]))
    items = _one_each(items)
    refused = [item.text for item in items if item.refused]
    shown = [item for item in items if not item.refused]
    if not shown:
        shown = [anything(arounds, free)]
    listed = len({item.text for item in shown}) < len(shown)  # "back and forth: a dog, a cat, a dog, a cat"
    rounds = _rounds(arounds, free) if len(shown) > 1 and not listed else None
    if rounds is not None:
        shown = [evolve(item, wanted=evolve(item.wanted, repeats=1)) for item in shown]
    return Film(
        items=tuple(sorted(shown, key=lambda item: item.place)),
        refused=tuple(dict.fromkeys(refused)),
        rounds=rounds,
        passed_over=mentions.passed_over,
        unclear=unclear(free, shown),
    )


def _items(arounds: Sequence[Around]) -> list[Item]:
    """The things in the order that "before", "after" and their like say."""
    items: list[Item] = []
    turned = False
    for number, around in enumerate(arounds):
        before = around.before
        again = [piece for piece in around.apart if shown_again(_NAMED, piece)]
        bookends = set(around.after) & START and set(around.after) & END
        itself = around.after[:1] and around.after[0] in ("once", "again", "one", "yet")  # "the dog once again"
        if set(around.after) - AND_AGAIN and not bookends and not itself and shown_again(_NAMED, around.after):
            again, around = [around.after, *again], evolve(around, after=())
        item = read_thing(around, arounds, number, items)
        if item is None:
            _refer(around, items)
            items += [item for piece in again for item in shown_again(items, piece)]
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
        elif relative and _precedes(around.after):
            items.insert(len(items) - 1, item)
        else:
            items.append(item)
            turned = (turned and item.refused) or _leads_second(before, around, arounds, number)
        items += [item for piece in again for item in shown_again(items, piece)]
    return _bookended(_between(items, arounds), arounds)


def _without_headings(arounds: Sequence[Around]) -> list[Around]:
    """What is mentioned, without the number of a list that stands above it: "three beats: a dog; a cat; a cow"."""
    heads = [number for number, one in enumerate(arounds) if one.headed and any(map(is_count, one.before))]
    made = list(arounds)
    for number, end in pairwise([*heads, len(arounds)]):
        before = made[number].before
        counted = [at for at, word in enumerate(before) if is_count(word) and number_of(word) == end - number]
        if counted and end - number > 1:
            made[number] = evolve(made[number], before=before[: counted[0]] + before[counted[0] + 1 :])
    return made


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
    if "once" in before and {*before[before.index("once") + 1 :]} <= ARTICLES | _SEEN_BY:
        return True
    if "before" in before:
        return refers(before, "before")
    if "after" in before:
        return not refers(before, "after")
    return bool({"preceded", "behind", "beforehand", "follows", "succeeds"} & set(before))


def _precedes(after: Sequence[str]) -> bool:
    """Whether a thing goes before what was named: "a dog, but a cat precedes it"."""
    return any(cue in after and refers(after, cue) for cue in ("before", "precede", "precedes", "preceding"))


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
        or (shots and bool(set(first) & (WHERE - {"of", "from"})) and set(gap) <= _AND_ALSO)
        or (
            bool(set(gap) & {"with", "beside", "alongside"})
            and not set(first) & TURNS
            and not set(other.after) & MIDDLE
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
    return evolve(last, text=both_of(one_of(last.text), one_of(item.text)), wanted=wanted)


def both_of(one: str, other: str) -> str:
    """What a shot of two things is called: "a heart and something white" may be a white heart, too."""
    text = f"{one} while {other}"
    for thing, something in ((one, other), (other, one)):
        what = re.fullmatch(rf"an?\s+(?P<adjectives>.+)\s+{THING}", something)
        if what and not re.search(rf"\b{THING}\b", thing):
            text += f" or {with_article(what['adjectives'] + ' ' + re.sub(r'^(?:an?|the) ', '', thing))}"
    return text


def _alone(items: list[Item]) -> list[Item]:
    """ "Nothing else", of several things in a row, is said of the film, which shows no others."""
    if len([item for item in items if not item.refused]) < 2:
        return items
    return [
        evolve(item, wanted=evolve(item.wanted, purely=False)) if item.wanted.num_shots is not None else item
        for item in items
    ]


def one_of(text: str) -> str:
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
    first, last = items[0], items[-1]
    if len(items) == 2 and first.wanted.repeats == 2 and MIDDLE & {*arounds[-1].before, *arounds[-1].after}:
        both = [evolve(first, wanted=evolve(first.wanted, repeats=1, again=again)) for again in (False, True)]
        return [both[0], last, both[1]]  # "a dog twice, with a cat in between"
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
