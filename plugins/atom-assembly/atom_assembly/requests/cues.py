"""A request read by its cues alone: what the library shows, and what the words around that say of order and number.

For requests whose grammar no pattern knows: every word is one that captions say, or one of those that people speak of
films with; where a word is neither, it may be what is to be seen, and nothing is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from attrs import evolve, field, frozen

from atom_assembly.evidence.words import stem
from atom_assembly.requests.english import ADJECTIVES, COUNTS, THING, is_plural
from atom_assembly.requests.forms.spoken_words import SMALL, SPOKEN, VERBS
from atom_assembly.requests.forms.together import single
from atom_assembly.requests.lengths import MARK

_ARTICLES = frozenset(("a", "an", "the", "another", "one", "some"))
_LINKS = frozenset(
    [
        "of",
        "in",
        "on",
        "to",
        "at",
        "by",
        "for",
        "with",
        "from",
        "into",
        "onto",
        "that",
        "which",
        "who",
        "is",
        "are",
        "and",
        "while",
        "than",
    ]
)
"""Words that a thing may have inside: "a dog on the beach", "that is barking"."""
_PREDICATES = frozenset(
    [
        "comes",
        "goes",
        "is",
        "are",
        "follows",
        "precedes",
        "opens",
        "closes",
        "starts",
        "ends",
        "begins",
        "finishes",
        "concludes",
        "terminates",
        "belongs",
        "sits",
        "should",
        "must",
        "has",
        "shown",
    ]
)
_WAYS = frozenset(("left", "right", "up", "down", "forward", "backward"))
_ALL = frozenset(["all", "every", "each", "everything", "anything", "whatever", "any", "whole", "complete"])
_ONLY = frozenset(["only", "just", "solely", "exclusively", "uniquely", "purely", "strictly", "merely", "entirely"])
_NOT = frozenset(
    [
        "without",
        "no",
        "not",
        "never",
        "minus",
        "except",
        "excluding",
        "isn't",
        "aren't",
        "don't",
        "doesn't",
        "nothing",
        "none",
        "skip",
        "omit",
        "avoid",
        "ignore",
        "exclude",
        "drop",
        "remove",
        "leave",
        "spare",
    ]
)
_START = frozenset(
    [
        "start",
        "starts",
        "starting",
        "begin",
        "begins",
        "beginning",
        "open",
        "opens",
        "opening",
        "opener",
        "intro",
        "first",
        "firstly",
        "lead",
        "front",
        "kick",
    ]
)
_END = frozenset(
    [
        "end",
        "ends",
        "ending",
        "finish",
        "finishes",
        "finishing",
        "close",
        "closes",
        "closing",
        "closer",
        "conclude",
        "concludes",
        "terminate",
        "terminates",
        "last",
        "lastly",
        "final",
        "finally",
        "finale",
        "outro",
        "wrap",
    ]
)
_MIDDLE = frozenset(["middle", "between", "centre", "center"])
_DOES = frozenset(["do", "does", "did", "don't", "doesn't", "didn't"])
_CUES = frozenset(
    [
        "before",
        "after",
        "then",
        "next",
        "again",
        "times",
        "twice",
        "thrice",
        "followed",
        "preceded",
        "follows",
        "precedes",
        "together",
        "both",
        "same",
    ]
)
_CLAUSES = frozenset(["that", "which", "who", "something", "everything", "anything"])
_SHOTS = frozenset(["shots", "clips", "scenes", "images", "pictures", "moments", "parts", "pieces"])
_WHERE = frozenset(["which", "that", "where", "with", "of", "showing"])
_THESE = frozenset(["that", "this", "it", "which", "those", "these", "them"])
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|->|[.,;:=!?\n]|(?<=\s)[-–—](?=\s)")
_PUNCTUATION = frozenset(".,;:=!?\n-–—") | {"->"}
_BREAKS = _PUNCTUATION | {"and", "but", "then", "while"}


@frozen(kw_only=True)
class _Span:
    """A thing that is to be seen, and the words around it."""

    words: tuple[str, ...]
    before: tuple[str, ...] = ()
    """What leads up to it."""
    after: tuple[str, ...] = ()
    """What is said of it behind."""


@frozen(kw_only=True)
class _Item:
    """A thing with its place in the film."""

    text: str
    place: int = 0
    """-1 opens, 1 closes."""
    refused: bool = field(default=False)
    """Whether it is what must not be seen."""


def in_plain_words(text: str, known: Collection[str]) -> str | None:
    """What `text` asks for as a plain list, in its order; None where a word may be something that captions do not say.

    :param known: the words of the library's captions, small
    """
    tokens = _TOKEN.findall(text.replace(MARK, " ").replace("’", "'").casefold())
    stems = {stem(word) for word in known}
    spans = _spans(_without_heading(tokens, stems), stems)
    if not spans:
        return None
    items = _ordered(spans)
    shown = [item for item in items if not item.refused]
    if not shown:
        return None
    refused = "".join(f" without {item.text}" for item in items if item.refused)
    joined = [item.text + (refused if len(shown) == 1 else "") for item in shown]
    if len(shown) > 1 and _at_once(spans):
        things = [single(re.sub(r"^(?:all|only)\s+", "", one)) for one in joined]
        return ("all shots with " if joined[0].startswith(("all ", "only ")) else "") + " while ".join(things)
    return ", then ".join(joined) + (f".{refused}." if refused and len(shown) > 1 else "")


def _without_heading(tokens: list[str], known: set[str]) -> list[str]:
    """Words without what a few of them in front of a colon call the rest: "cut list:", "content filter ="."""
    end = next((at for at, word in enumerate(tokens[:5]) if word in (":", "=")), 0)
    heading = tokens[:end]
    tells = {stem(word) for word in heading} & known or set(heading) & (_START | _END | _NOT | _ONLY)
    return tokens if tells else tokens[end:]


def speaks_of_films(line: str, known: Collection[str]) -> bool:
    """Whether a line has words in it that people speak of films with and captions do not say: "another time a dog"."""
    stems = {stem(word) for word in known}
    return any(
        word in SPOKEN and stem(word) not in stems and not re.fullmatch(THING, word)
        for word in _TOKEN.findall(line.casefold())
    )


def _spans(tokens: Sequence[str], known: set[str]) -> list[_Span]:
    """The things and the words between them; none where a word is neither of captions nor of speaking of films."""

    def shows(at: int) -> bool:
        word = tokens[at]
        if word in SMALL or _is_count(word) or (word == "up" and tokens[at + 1 : at + 2] == ["front"]):
            return False
        return stem(word) in known

    found: list[list[int]] = []
    for at, word in enumerate(tokens):
        if not shows(at) and not (word in ADJECTIVES and at + 1 < len(tokens) and re.fullmatch(THING, tokens[at + 1])):
            if word in _PUNCTUATION or word in SMALL or word in SPOKEN or _is_count(word):
                continue
            if stem(word) in VERBS and not (found and found[-1][-1] == at - 1):
                continue
            return []
        gap = tokens[found[-1][-1] + 1 : at] if found else ()
        if found and _inside(gap, word) and not (gap and word in ADJECTIVES and tokens[found[-1][-1]] in ADJECTIVES):
            found[-1] += range(found[-1][-1] + 1, at + 1)
        else:
            found.append([at])
    spans = _with_context(tokens, found) if any(map(shows, range(len(tokens)))) else []
    return [] if any(map(_says_more, spans, [*spans[1:], _Span(words=())])) else spans


def _says_more(span: _Span, following: _Span) -> bool:
    """Whether what stands behind a thing may say what it does, "goes around", "does not move", and no place."""
    said = span.after or following.before
    if not said or said[0] not in _PREDICATES | _DOES:
        return False
    return said[0] in _DOES or not set(said) & (_START | _END | _MIDDLE | _CUES)


def _inside(gap: Sequence[str], word: str) -> bool:
    """Whether the words between two that are seen join them to one thing."""
    if not gap:
        return True
    if any(one not in _LINKS and one not in _ARTICLES for one in gap):
        return False
    if gap[0] == "and":
        return gap[1:2] == ["to"] or (len(gap) == 1 and word in _WAYS)
    return gap[0] in _LINKS and gap[0] != "while"


def _with_context(tokens: Sequence[str], found: Sequence[Sequence[int]]) -> list[_Span]:
    spans: list[_Span] = []
    end = 0
    for places in found:
        gap = list(tokens[end : places[0]])
        if spans:
            cut = _break(gap)
            spans[-1] = evolve(spans[-1], after=tuple(gap[:cut]))
            gap = gap[cut:]
        end = places[-1] + 1
        words = [tokens[place] for place in range(places[0], end)]
        while end < len(tokens) and re.fullmatch(THING, tokens[end]) and words[-1] in ADJECTIVES:
            words.append(tokens[end])
            end += 1
        spans.append(_Span(words=tuple(words), before=tuple(gap)))
    return [*spans[:-1], evolve(spans[-1], after=tuple(tokens[end:]))]


def _break(gap: Sequence[str]) -> int:
    """Where what is said of one thing ends and the next begins."""
    for at, word in enumerate(gap):
        if word in _BREAKS:
            return at
    tail = 0
    if gap[:1] and gap[0] in ("twice", "thrice", "again", "first", "last", "only"):
        tail = 1
    return tail


def _ordered(spans: Sequence[_Span]) -> list[_Item]:
    items: list[_Item] = []
    turned = False
    for number, span in enumerate(spans):
        before = [word for word in span.before if word not in _PUNCTUATION]
        item = _item(span, span.before)
        first_after = number == 1 and "after" in spans[0].before
        if item.refused:
            items.append(item)
        elif number and _goes_first(before) and not first_after:
            items.insert(len(items) - 1, item)
        elif turned:
            items.insert(len(items) - 1, item)
            turned = False
        else:
            items.append(item)
        turned = turned or (number == 0 and "before" in before and not _refers(before, "before"))
    if len(items) > 1 and {"bookend", "sandwich"} & set(spans[0].before):
        items = [evolve(items[0], place=-1), *items[1:], evolve(items[0], text=f"{items[0].text} again", place=1)]
    return sorted(items, key=lambda item: item.place)


def _refers(words: Sequence[str], cue: str) -> bool:
    at = list(words).index(cue)
    return at + 1 < len(words) and words[at + 1] in _THESE


def _goes_first(before: Sequence[str]) -> bool:
    """Whether the words between two things put the second in front of the first: "A after B", "A, before that B"."""
    if "before" in before:
        return _refers(before, "before")
    if "after" in before:
        return not _refers(before, "after")
    return bool({"preceded", "behind", "beforehand", "follows"} & set(before))


def _item(span: _Span, before: Sequence[str]) -> _Item:
    """A thing as a plain request says it: how many, which, how often."""
    said, behind = set(before), set(span.after)
    bare = _named(span, said)
    clause = before[max((at + 1 for at, word in enumerate(before) if word in _PUNCTUATION - {":", "="}), default=0) :]
    before = [word for word in before if word not in _PUNCTUATION]
    if set(clause) & _NOT and not {"nothing", "but"} <= said:
        return _Item(text=bare, refused=True)
    article = before[-1] if before and before[-1] in ("a", "an", "the") else ""
    plural = is_plural(span.words[-1]) or re.fullmatch(THING, span.words[-1]) is not None
    count = next((word for word in reversed(before) if _is_count(word) and word not in ("one", "1")), "")
    times = next((a for a, b in pairwise((*before, "", *span.after)) if b in ("times", "time") and _is_count(a)), "")
    text = f"{article} {bare}".strip()
    if said & _ONLY or "else" in behind or ("only" in behind and "after" not in behind):
        text = f"only {bare}"
    elif count and count != times:
        text = f"{count} {bare}" if plural else f"{count} shots of {text}"
    elif said & _ALL or (plural and not times) or (said & _SHOTS and said & _WHERE):
        text = f"all {bare}"
    if times or behind & {"twice", "thrice"}:
        text = f"{text} {times + ' times' if times else next(iter(behind & {'twice', 'thrice'}))}"
    if "again" in said | behind or "back" in said or {"another", "time"} <= said:
        text += " again"
    return _Item(text=text, place=_place(before, span.after))


def _named(span: _Span, before: set[str]) -> str:
    """What a span names: a thing, or where it is only what something does, or how it looks, "something" that does."""
    text, first = " ".join(span.words), span.words[0]
    if all(word in ADJECTIVES and not word.endswith("ing") for word in span.words):
        return f"{text} things"
    if first.endswith("ing"):
        return f"something {text}"
    clause = before & {"that", "which", "who", "something", "everything", "anything"} and not before & {
        "an",
        "a",
        "the",
        "with",
    }
    return f"something that {text}" if clause and first.endswith("s") else text


def _is_count(word: str) -> bool:
    return (word in COUNTS and word != "both") or (word.isdecimal() and int(word) > 0)


def _place(before: Sequence[str], after: Sequence[str]) -> int:
    """Where the words next to a thing put it; those in front of it go before those behind."""
    if {"after", "once", "when"} & set(before):  # "after a dog finishes": the dog's end, not the film's
        after = ()
    for said in (set(before) & (_START | _END | _MIDDLE), set(after) & (_START | _END | _MIDDLE)):
        if said & _MIDDLE:
            return 0
        if said & _END:
            return 1
        if said & _START:
            return -1
    return 0


def _at_once(spans: Sequence[_Span]) -> bool:
    said = {word for span in spans for word in (*span.before, *span.after)}
    return bool({"together", "both", "simultaneously", "while"} & said) or (
        bool({"same", "single"} & said)
        and bool({"time", "frame", "shot", "picture", "scene", "image", "clip", "moment"} & said)
    )
