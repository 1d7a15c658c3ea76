"""A request split into the things to show, in the order in which it says that they are to come."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve, frozen

from atom_assembly.requests.english import ADJECTIVES, DETERMINER, SHOT, begins_thing, is_ordinal, is_plural
from atom_core.text.numbers import ORDINALS

_ORDINAL = rf"(?:{'|'.join(ORDINALS[:10])}|last|final|opening|closing)"
_START, _END, _NEXT = -1000.0, 1000.0, 0.0

_BULLET = re.compile(
    r"^\s*(?:[-*•–—>#]+\s+|\(?\d{1,3}[.):](?!\d)\s*|\(?[a-z]\)\s+|(?:shot|scene|clip)\s*\d+\s*[.:)-]\s*)+",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:(?<=\s)|^)\(?(\d{1,2})[.):](?!\d)\s+")
_ARROW = re.compile(r"\s*(?:-+>|=+>|→|⇒|➔|➜|»|\s>\s|\s\|\s|\s/\s|\s\+\s)\s*")
_JOIN = r"(?:\s*[.;!?,]?\s*(?:\b(?:and|but)\s+)?)"
_AFTERWARDS = re.compile(
    rf"{_JOIN}(?<!now and )(?<!since )(?<!by )(?<!until )\b(?:then|after (?:that"
    rf"|this|it|which)|afterwards?|(?:and\s+)?(?:immediately\s+|directly\s+"
    rf"|closely\s+)?followed by|subsequently|thereafter)\b[,:]?\s*(?:(?:comes?"
    rf"|follows?|show|there(?:['’]s| is))\b\s*)?"
    r"|[,;.]\s*(?:and\s+|but\s+)?(?:next|finally|lastly|last|later|eventually"
    r"|in the end)\b(?!\s+to\b)[,:]?\s+(?:comes?\s+|show\s+)?"
    r"|\s+and\s+(?:finally|lastly)\b[,:]?\s+",
    re.IGNORECASE,
)
_BEFOREHAND = re.compile(
    rf"{_JOIN}\b(?:before (?:that|this|it|which)|beforehand|preceded by|but first"
    rf"|though first|first,? though|after first showing)\b[,:]?\s*(?:comes?\s+"
    rf"|show\s+)?",
    re.IGNORECASE,
)
_ENDS = r"(?:end|finish|close|conclude|wrap up|round off|stop)(?:s|es|ing)?"
_STARTS = r"(?:start|begin|open|kick off|lead off|lead)(?:s|ning|ing)?"
_GOES_ON = r"(?:continue|go on|goes on|carry on|proceed|move on|follow)(?:s|ing)?"
_WITH = r"(?:\s+(?:it|the film|things|off|up|out|the (?:film|video|movie)))*\s+(?:with|on|by showing|to|at)\s+"
_POSITION = re.compile(
    rf"{_JOIN}(?<!that )(?<!which )(?<!who )(?<!story )\b(?:(?:(?:it|the film"
    rf"|the video|the movie|we|i|you|(?:let|have|make) it|(?:let|have|make) the film)\s+(?:should\s"
    rf"+|must\s+|shall\s+|to\s+|can\s+|want to\s+)?)|(?:that|which|to|should)\s+(?=\x01))?"
    rf"(?:(?P<start>{_STARTS})|(?P<end>{_ENDS})|(?P<next>{_GOES_ON})){_WITH}",
    re.IGNORECASE,
)
_PLACES: tuple[tuple[float, str], ...] = (
    (
        _START,
        r"(?:(?<!the )right\s+)?(?:at|in) the (?:very )?(?:start|beginning|outset)|to (?:start"
        r"|begin|open)(?: with)?|as (?:an?|the) (?:opener|opening(?: shot)?|first shot"
        r"|intro(?:duction)?|start|beginning)|for (?:the|an) (?:opening|start"
        r"|intro)"
        rf"|the (?:very )?(?:first|opening) {SHOT}?\s*(?:is|shows?|should be|should show"
        rf"|must be|must show|has|:)|comes first|goes first|first of all|up front"
        rf"|(?:in|at) first place",
    ),
    (
        _END,
        r"(?:(?<!the )right\s+)?(?:at|in|for) the (?:very )?end|to (?:end|finish|close"
        r"|conclude)(?: with)?|as (?:an?|the) (?:ending|closing(?: shot)?|final shot"
        r"|last shot|finale|end|outro)|for (?:the|a) (?:ending|finale|close|end"
        r"|outro)"
        rf"|the (?:very )?(?:last|final|closing) {SHOT}?\s*(?:is|shows?|should be"
        rf"|should show|must be|must show|has|:)|comes last|goes last|last of all",
    ),
    (_NEXT, r"in (?:the middle|between|the centre|the center)|in-between|halfway through|for the middle"),
)

_ALONE = re.compile(rf"(^|[.;,\n]\s*|\band\s+|\bbut\s+)({_ORDINAL})(?:ly)?\s*,\s+", re.IGNORECASE)


@frozen(kw_only=True)
class Item:
    """One thing to show, as the request words it."""

    text: str
    place: float | None = None
    """Where the request puts it, least first; None where it is written."""


@frozen(kw_only=True)
class Ordered:
    """The things to show, in order."""

    texts: tuple[str, ...]
    """What each is, in the request's words."""
    listed: bool
    """Whether the request says an order: not only sentences and commas."""


def in_order(text: str, together: Callable[[str], bool] | None = None) -> Ordered:
    """The things that `text` says are to be shown, in the order that it says.

    :param together: whether there is a shot of what a phrase with "and" says as a whole
    """
    items: list[Item] = []
    said = False
    for piece, is_listed in _pieces(text):
        found, ordered = _in_piece(piece, together)
        said = said or is_listed or ordered
        items += found
    return Ordered(texts=tuple(item.text for item in _sorted(items)), listed=said)


def _pieces(text: str) -> list[tuple[str, bool]]:
    """Lines, numbered points and what stands between arrows; the whole text if there are none."""
    text = _ALONE.sub(r"\1\2: ", text)
    lines = [line for line in text.splitlines() if re.search(r"\w", line)]
    if len(lines) == 1 and len(parts := _inline(lines[0])) > 1:
        return [(part, True) for part in parts]
    if len(lines) > 1 and lines[0].rstrip().endswith(":"):
        lines = lines[1:]
    listed = any(map(_BULLET.match, lines)) or all(begins_thing(one) or one.strip()[:1].isupper() for one in lines[1:])
    if lines and (listed if len(lines) > 1 else _BULLET.match(lines[0])):
        bare = [_BULLET.sub("", line).strip().replace("**", "") for line in lines]
        return [(one, len(lines) > 1) for line in bare for one in _inline(line)]
    return [(" ".join(text.split()), False)]


def _inline(text: str) -> list[str]:
    numbers = list(_NUMBERED.finditer(text))
    if len(numbers) > 1 and [int(found[1]) for found in numbers] == list(range(1, len(numbers) + 1)):
        ends = [found.start() for found in numbers[1:]] + [len(text)]
        return [text[found.end() : end].strip().strip(",;.") for found, end in zip(numbers, ends, strict=True)]
    parts = [part for part in _ARROW.split(text) if re.search(r"\w", part)]
    return parts if len(parts) > 1 else [text]


def _in_piece(text: str, together: Callable[[str], bool] | None) -> tuple[list[Item], bool]:
    """The items of one piece: order words first, then places, "before" and "after", and lists."""
    items: list[Item] = []
    said = False
    for part, relation in _split(text):
        said = said or relation not in ("", "sentence")
        made = [Item(text=one) for one in _list_of(part, together)] if relation != "before" else []
        ordered = _around(part)
        if ordered is not None:
            said = True
            made = [Item(text=one) for half in ordered for one in _list_of(half, together)]
        elif relation == "before":
            made = [Item(text=one) for one in _list_of(part, together)]
            if items:
                items, made = items[:-1], [*made, items[-1]]
        if relation in ("start", "end") and made:
            place = _START if relation == "start" else _END
            first, rest = (made[:1], made[1:]) if relation == "start" else (made, [])
            made = [evolve(item, place=place) for item in first] + rest
        items += made
    placed = [_placed(item) for item in items]
    trailing = [_trailing(item) for item in placed]
    if sum(item.place is not None for item in trailing) > 1:
        placed = trailing
    elif len(placed) > 1:
        placed = [new if _names_plural(new.text) else old for old, new in zip(placed, trailing, strict=True)]
    return placed, said or any(item.place is not None for item in placed)


def _split(text: str) -> list[tuple[str, str]]:
    """The parts between order words and full stops, each with its relation to the one before."""
    found: list[tuple[int, int, str]] = []
    for pattern, relation in ((_AFTERWARDS, "next"), (_BEFOREHAND, "before")):
        found += [(match.start(), match.end(), relation) for match in pattern.finditer(text)]
    for match in _POSITION.finditer(text):
        found.append((match.start(), match.end(), next(name for name, value in match.groupdict().items() if value)))
    found += [
        (match.start(), match.end(), "sentence")
        for match in re.finditer(r"(?<=\w)[\"'”’)]*[.!?;]+(?=\s|$)\s*|\n+", text)
    ]
    found = [
        (start, end, "next" if ";" in text[start:end] and name == "sentence" else name) for start, end, name in found
    ]
    parts: list[tuple[str, str]] = []
    at, relation = 0, ""
    for start, end, name in sorted(found, key=lambda one: (one[0], -one[1])):
        if start < at:
            if end > at or relation == "sentence":
                at, relation = max(at, end), name if name != "sentence" else relation
            continue
        if re.search(r"\w", text[at:start]):
            parts.append((text[at:start].strip().strip(",;"), relation))
            relation = name
        elif name != "sentence":
            relation = name if relation in ("", "sentence", "next") else relation
        at = end
    if re.search(r"\w", text[at:]):
        parts.append((text[at:].strip().strip(",;"), relation))
    return parts


_PUT = r"(?:(?:i|we)\s+(?:need|want|would\s+like)\s+)?(?:(?:put|place|set|show|have)\b)?\s*"
_LINK = r"(?:(?:right|directly|immediately|just|shortly|straight)\s+)?"


def _around(text: str) -> tuple[str, ...] | None:
    """The things of "A after B", "before B, A", "A between B and C" in the order meant; None where nothing says one."""
    patterns: tuple[tuple[str, tuple[int, ...]], ...] = (
        (rf"^{_LINK}after\s+(.+?),\s*(?:show\s+|comes?\s+)?(.+)$", (1, 2)),
        (rf"^{_LINK}before\s+(.+?),\s*(?:show\s+|comes?\s+)?(.+)$", (2, 1)),
        (rf"^{_PUT}(.+?),?\s+(?:in\s+)?between\s+(.+?)\s+and\s+({DETERMINER}.+)$", (2, 1, 3)),
        (rf"^{_PUT}(.+?),?\s+(?:in\s+)?between\s+(.+?)\s+and\s+(.+)$", (2, 1, 3)),
        (
            rf"^(.+?),?\s+(?:(?:should|must|shall|to|can|has to)\s+)?(?:comes?|goes?"
            rf"|be|is|appears?|shown?|stands?)\s+{_LINK}(?:after|behind)\s+(.+)$",
            (2, 1),
        ),
        (
            rf"^(.+?),?\s+(?:(?:should|must|shall|to|can|has to)\s+)?(?:comes?|goes?"
            rf"|be|is|appears?|shown?|stands?)\s+{_LINK}(?:before|ahead of|in front of)\s+(.+)$",
            (1, 2),
        ),
        (rf"^(.+?),?\s+(?:but\s+|and\s+)?(?:only\s+)?{_LINK}after\s+(?:showing\s+)?(.+)$", (2, 1)),
        (rf"^(.+?),?\s+(?:but\s+|and\s+)?{_LINK}before\s+(?:showing\s+)?(.+)$", (1, 2)),
    )
    for pattern, places in patterns:
        match = re.match(pattern, text.strip(), re.IGNORECASE)
        if match and all(_is_thing(match[place]) for place in places):
            return tuple(match[place].strip() for place in places)
    return None


def _is_thing(text: str) -> bool:
    words = re.sub(r"^(?:show|put|include|see|have|i want|we see)(?:\s+me)?\s+", "", text.strip(), flags=re.IGNORECASE)
    return begins_thing(words) or is_plural(_head(words))


def _head(text: str) -> str:
    """The last word of the noun phrase that a text begins with, roughly."""
    words = re.split(r"\s+(?:that|which|who|with|without|in|on|at|of|while|from)\s+", text.strip(), maxsplit=1)[
        0
    ].split()
    while len(words) > 1 and words[-1].endswith("ing"):
        words.pop()
    return re.sub(r"\W", "", words[-1]) if words else ""


def _list_of(text: str, together: Callable[[str], bool] | None) -> list[str]:
    """The things of "a dog, a cat and a bird"; one where commas and "and" join what is seen at once."""
    text = text.strip().strip(".").strip()
    if not re.search(r"\w", text):
        return []
    clauses = [
        clause for clause in re.split(r",\s+(?:and\s+|&\s+|plus\s+|or\s+(?=an?\s))?", text) if re.search(r"\w", clause)
    ]
    listed = all(begins_thing(c) or len(c.split()) > 2 or is_plural(_head(c)) for c in clauses[1:])
    if shared := shared_noun(_ands(re.sub(r",\s+(?:and\s+)?", " and ", text))):
        return shared
    if len(clauses) > 1 and (not listed or any(_only_adjectives(clause) for clause in clauses[:-1])):
        return [text]
    made: list[str] = []
    for clause in clauses:
        made += _anded(clause, together)
    return shared_noun(made) or made


def _ands(text: str) -> list[str]:
    text = re.sub(r"\beach and every\b", "every", text, flags=re.IGNORECASE)
    parts = re.split(r"\s+(?:and|&|plus|as well as|along with|and also)\s+", text)
    return [re.sub(r"^and\s+", "", part.strip(), flags=re.IGNORECASE) for part in parts if re.search(r"\w", part)]


def _anded(clause: str, together: Callable[[str], bool] | None) -> list[str]:
    parts = _ands(clause)
    if len(parts) < 2 or re.search(r"\s(?:while|whilst|as|with)\s", clause):
        return [clause] if len(parts) < 2 or not _parts_whole(parts) else parts
    if shared := shared_noun(parts):
        return shared
    made = [parts[0]]
    for part in parts[1:]:
        if begins_thing(part) or (is_plural(_head(part)) and is_plural(_head(made[-1]))):
            made.append(part)
        else:
            made[-1] += f" and {part}"
    if len(made) > 1 and (_one_predicate(made) or (together is not None and together(clause))):
        return [clause]
    return _distributed(made)


def _parts_whole(parts: list[str]) -> bool:
    """Whether "and" joins whole things, none of which says what happens meanwhile."""
    return all(re.match(r"(?:only|all|every|everything|something)\b", part, re.IGNORECASE) for part in parts[1:])


def _only_adjectives(text: str) -> bool:
    words = re.sub(rf"^(?:{DETERMINER}\s+)+", "", text.strip(), flags=re.IGNORECASE).casefold().split()
    return all(word in ADJECTIVES for word in words)


def _one_predicate(parts: list[str]) -> bool:
    """Whether the last part says what all of them do: "a man and a woman kiss"."""
    bare = [len(re.sub(rf"^(?:{DETERMINER}\s+)+", "", part, flags=re.IGNORECASE).split()) for part in parts]
    last = parts[-1].split()
    plural_verb = not re.search(r"[^s]s$", last[-1]) and not re.search(r"\b(?:that|which|who)\b", parts[-1])
    noun_alone = all(n <= 2 for n in bare[:-1]) and bare[-1] > bare[0]
    return noun_alone and plural_verb and last[-1].casefold() not in ADJECTIVES and not last[-1].endswith("ing")


def _distributed(parts: list[str]) -> list[str]:
    """Each part with the relative clause that the last has for all: "stars and moons that blink"."""
    match = re.search(r"\s+(?:that|which|who)\s+(?:are\s+)?(\w+).*$", parts[-1])
    plural = match is not None and not match[1].endswith("s")
    alone = all(not re.search(r"\s(?:that|which|who)\s", part) and len(part.split()) <= 3 for part in parts[:-1])
    return [*(part + match[0] for part in parts[:-1]), parts[-1]] if match and plural and alone else parts


def shared_noun(parts: list[str], *, one: bool = False) -> list[str]:
    """The things of "a red and a blue star" or "red, green and blue stars", each with the noun; none of other lists.

    :param one: whether parts without an article of their own are things, too: "a red or blue star"
    """
    if len(parts) < 2:
        return []
    split = [
        re.match(rf"^((?:(?:{DETERMINER}|of|the|shots?|clips?|show|me|us)\s+)*)(.*)$", part.strip(), re.IGNORECASE)
        for part in parts
    ]
    leads = [found[1].strip() if found else "" for found in split]
    bodies = [(found[2] if found else part).split() for found, part in zip(split, parts, strict=True)]
    if not all(body and all(word.casefold() in ADJECTIVES for word in body) for body in bodies[:-1]):
        return []
    number = next((n for n, word in enumerate(bodies[-1]) if word.casefold() not in ADJECTIVES), None)
    if not number:
        return []
    noun = bodies[-1][number:]
    if not (one or all(leads[1:]) or is_plural(_head(" ".join(noun)))):
        return []
    made, lead = [], leads[0]
    for own, body in zip(leads, bodies, strict=True):
        lead = own or lead
        words = body if body is bodies[-1] else body + noun
        made.append(" ".join([*lead.split(), *words]))
    return made


def _placed(item: Item) -> Item:
    """An item without the words that say its place."""
    text, place = item.text.strip(), item.place
    for where, pattern in _PLACES:
        match = re.match(rf"^(?:and\s+|but\s+)?(?:{pattern})\s*[,:]?\s*", text, re.IGNORECASE) or re.search(
            rf"[,\s]+(?:is\s+|should be\s+|comes\s+)?(?:{pattern})\W*$", text, re.IGNORECASE
        )
        if match and match.start() + len(text) - match.end() > 0:
            text, place = (text[: match.start()] + text[match.end() :]).strip(), where
    match = re.match(rf"^(?:and\s+|but\s+)?({_ORDINAL})(?:ly)?\b[,:]?\s*", text, re.IGNORECASE)
    if (
        match
        and is_ordinal(match[1], text[match.end(1) :].removeprefix("ly"))
        and not re.match(rf"{SHOT}\s+(?:of|with)", text[match.end() :], re.IGNORECASE)
    ):
        text, place = text[match.end() :], place if place is not None else _rank(match[1])
    return Item(text=text.strip(), place=place)


def _trailing(item: Item) -> Item:
    """An item without an ordinal at its end: "a dog first", "a cat last"."""
    match = re.search(rf"[,\s]+(?:comes?\s+|goes?\s+|is\s+|as the\s+)?({_ORDINAL})$", item.text, re.IGNORECASE)
    if item.place is None and match and len(item.text[: match.start()].split()) > 1:
        return Item(text=item.text[: match.start()], place=_rank(match[1]))
    return item


def _names_plural(text: str) -> bool:
    return is_plural(_head(text)) and not re.match(r"(?:an?|the|one)\b", text, re.IGNORECASE)


def _rank(word: str) -> float:
    word = word.casefold()
    if word in ("last", "final", "closing"):
        return _END
    return _START if word == "opening" else _START + 1 + ORDINALS.index(word)


def _sorted(items: list[Item]) -> list[Item]:
    """Those with places where these put them, the others between as they are written."""
    order = sorted(
        range(len(items)), key=lambda n: (items[n].place if items[n].place is not None else _follow(items, n), n)
    )
    return [items[n] for n in order]


def _follow(items: list[Item], number: int) -> float:
    """The place of an item without one: after the one that it is written behind, unless that ends the film."""
    for item in reversed(items[:number]):
        if item.place is not None and item.place != _END:
            return item.place
    return _NEXT
