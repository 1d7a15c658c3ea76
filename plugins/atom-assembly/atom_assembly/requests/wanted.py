"""One thing to show as a request words it: a line of the script, and how many shots of it, which, how often."""

from __future__ import annotations

import re
from typing import Literal

from attrs import evolve, frozen

import atom_core as atom
from atom_assembly.requests.english import ADJECTIVES, COUNT, SHOT, THING, count_of, is_plural, singular, with_article
from atom_assembly.requests.lengths import MARK, take_length
from atom_assembly.requests.whole import take_without, tidy

_ASK = re.compile(
    r"^(?:(?:please|now|and|but|so|also|ok|okay|hi|hello)\b[,:]?\s*"
    r"|(?:(?:can|could|would|will)\s+you\s+(?:please\s+)?)?(?:show|make|create"
    r"|cut|give|find|use|include|insert|add|put|take|get|display|present|assemble"
    r"|build|edit|compile|collect|gather|bring|play|feature|render|produce"
    r"|pick|choose|select|sort|order|arrange|rank|combine|join|stitch|line|need|want|pull|grab|fetch|provide)\b"
    r"(?:\s+(?:me|us|in|up|out|together|it|to))*(?!\s+(?:is|are)\b)[,:]?\s*"
    r"|(?:i|we)(?:\s+would|['’]d|\s+will)?(?:\s+(?:only|just|really|also))?\s+(?:want"
    r"|like|need|love|wish)(?:\s+(?:to|you\s+to))?(?:\s+(?:see|have|watch"
    r"|get|show|make))?(?:\s+me)?\b:?\s*"
    r"|(?:let(?:['’]s|\s+us|\s+me)|we|you|i)\s+(?:should\s+|can\s+|could\s+)?(?:see|watch|have|look\s+at)\b:?\s*"
    r"|an?\s+(?=(?:showing|of|with|about|in\s+which)\s)|there\s+(?:should|must"
    r"|is|are|shall|can)(?:\s+be)?\b\s*|(?:comes?|follows?"
    r"|with|where|in\s+which|shows?|showing|is|are|of|about|to)\b:?\s+)",
    re.IGNORECASE,
)
_FILM_OF = re.compile(
    r"^(?:an?\s+|the\s+|one\s+|my\s+)?(?:(?:short|new|nice|quick|little|brief"
    r"|small|complete|single|whole|entire)\s+)*(?:film|video|movie|montage"
    r"|edit|reel|compilation|sequence|trailer|supercut|medley|collage|mix"
    r"|clip\s+show|highlight\s+reel)s?\b"
    r"(?!\s+(?:should\s+|must\s+|shall\s+|to\s+|that\s+|which\s+)?(?:start|begin|open|end|finish|close)s?\b)"
    r"(?:\s*(?:of|about|with|showing|that\s+(?:shows?|has|have|contains?|is\s+about"
    r"|consists\s+of)|in\s+which|where|containing|featuring|made\s+(?:up\s+)?(?:of"
    r"|from)|from|has|have|contains?|consisting\s+of|should\s+(?:show|have"
    r"|contain|be)|shows?|must\s+(?:show|have|contain)|is)\b)?[:,]?\s*",
    re.IGNORECASE,
)
_LEAD = (
    r"(?:(?:that|which)\s+(?:shows?|contains?|has|have|features?|shows?)|(?:there\s+(?:is"
    r"|are))|of|with|showing|where|in\s+which|containing|featuring|about|from"
    r"|in)"
)
_SHOTS = r"(?:shots|clips|scenes|cuts|moments|snippets|pictures|images)"
_SHOT_OF = re.compile(
    rf"^(?!(?:the\s+)?{_SHOTS}\b)(?:an?|the|one|some|any|another|more)?\s*(?:(?:single"
    rf"|short|nice|different|good|other)\s+)*{SHOT}\s+{_LEAD}\s+",
    re.IGNORECASE,
)
_EVERY = re.compile(
    rf"^(?:(?:absolutely|really|simply)\s+)?(?:all|every|each|any)(?:\s+(?:single"
    rf"|one))?(?:\s+of)?(?:\s+(?:the|my|our|those|these))?(?:\s+(?:{SHOT}))?(?:\s+{_LEAD}(?=\s))?(?"
    rf":\s+(?:all|the))?\s+",
    re.IGNORECASE,
)
_THE_SHOTS = re.compile(
    rf"^(?:(?:the|those|these|my|our)\s+)?{_SHOTS}\s+{_LEAD}\s+(?:(?:all|the)\s+)?",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    r"^(?:everything|anything|whatever|everyone|everybody|whoever|all\s+(?=(?:that|which|who)\b))", re.IGNORECASE
)
_ONLY = re.compile(
    r"^(?:only|just|solely|exclusively|purely|nothing\s+(?:else\s+)?(?:but"
    r"|except|other\s+than)|none\s+but|nothing\s+besides)\b(?:\s+(?:show|use"
    r"|include))?[:,]?\s*",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    rf"^(?:the\s+|exactly\s+|just\s+|only\s+)*({COUNT})(?:\s+(?:different|distinct"
    rf"|separate|other|more|various|unique|single))*\s+{SHOT}(?:\s+{_LEAD})\s+(?:(?:all"
    rf"|the)\s+)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"^(?:exactly\s+|any\s+)?({COUNT})\s+(?:(?:different|distinct|separate|other|various)\s+)*(?=\w)", re.IGNORECASE
)
_BOUND = re.compile(
    r"^(?:(?P<most>at\s+(?:the\s+)?most|up\s+to|no(?:t)?\s+more\s+than|max(?:imum"
    r"|imal(?:ly)?|\.)?(?:\s+of)?|not\s+over)"
    r"|at\s+(?:the\s+)?least|no(?:t)?\s+(?:less|fewer)\s+than|min(?:imum|imal(?:ly)?"
    r"|\.)?(?:\s+of)?|about|around|roughly"
    rf"|approximately|precisely)\s+(?={COUNT}\s)",
    re.IGNORECASE,
)
_PICKS: dict[str, Literal["shortest", "longest", "first", "last"]] = {
    "shortest": "shortest",
    "briefest": "shortest",
    "longest": "longest",
    "earliest": "first",
    "oldest": "first",
    "latest": "last",
    "newest": "last",
    "most recent": "last",
    "first": "first",
    "last": "last",
}
_PICK = re.compile(
    rf"^(?:the\s+|my\s+|our\s+|your\s+)?(?:(?P<before>{COUNT})\s+)?(?P<pick>shortest"
    rf"|briefest|longest|earliest|oldest|latest|newest|most\s+recent)\s+(?:(?P<after>{COUNT})\s+)?("
    rf"?:{SHOT}\s+(?:{_LEAD}\s+)?)?"
    rf"|^(?:the\s+)?(?:(?P<number>{COUNT})\s+)?(?P<place>first|last)\s+(?:(?P<count>{COUNT})\s+)?{SHOT}\s+{_LEAD}\s+",
    re.IGNORECASE,
)
_TIMES = rf"(?:twice|thrice|(?P<times>{COUNT})\s+times|(?:x\s?(?P<x>\d+)|(?P<y>\d+)\s?x))"
_REPEAT = re.compile(
    rf"(?:[,\s]+(?:and\s+)?(?:repeat(?:ed)?\s+(?:it\s+|that\s+)?|shown\s+|show\s+(?:it"
    rf"|that)\s+)?|^(?:repeat\s+)?){_TIMES}(?:\s+(?:in\s+a\s+row|over|each))?(?=$"
    rf"|[,.;\s])",
    re.IGNORECASE,
)
_REPEAT_ONCE = re.compile(r"^(?:repeat\s+)(?=\w)|[,\s]+(?:and\s+)?repeat(?:ed)?(?:\s+(?:it|that))?$", re.IGNORECASE)
_AGAIN = re.compile(r"(?:^|[,\s]+)(?:once\s+more|once\s+again|again|one\s+more\s+time)(?=$|[,.;\s])", re.IGNORECASE)

_ONE = ("a", "an", "one", "this", "that", "each", "every", "another", "its", "something", "anything")
_MOST_WRAPPINGS = 12
"""How many words of asking a line may be wrapped in: "please show me all the shots of ..." is four."""


@frozen(kw_only=True)
class Line:
    """A line of a script and what is wanted of it."""

    text: str
    """What is to be seen; empty for anything at all."""
    wanted: atom.Wanted
    """How many shots, which, how often."""
    plural: bool = False
    """Whether it names several things without saying how many: "red hearts"."""
    counted: bool = False
    """Whether it says how many shots of anything at all: "3 shots", "one clip"."""


def read_line(text: str) -> Line:
    """What an item of a request asks for."""
    wanted = atom.Wanted()
    length_s, text = take_length(text)
    without, text = take_without(text)
    text = tidy(text) if without else text
    one_shot = plural = False
    for _ in range(_MOST_WRAPPINGS):
        one_shot = one_shot or _SHOT_OF.match(text.strip()) is not None
        text, found = _bare(text)
        for step in (_again, _repeats, _bounded, _only, _picked, _counted, _every):
            wanted, text, changed = step(wanted, text)
            found = found or changed
        if not found:
            break
    wanted = evolve(wanted, length_s=length_s, without=tuple(without))
    if not one_shot:
        text, wanted, plural = _number(text, wanted)
    text = re.sub(r"[,\s]+(?:please|thanks|thank you|too|as well|also)\W*$", "", text, flags=re.IGNORECASE)
    text = text.strip().strip("\"'“”„«»`").strip().rstrip(",;.:!").strip()
    counted = re.fullmatch(r"(?:an?|one)\s+(?:shot|clip|scene)", text, re.IGNORECASE) is not None
    counted = counted or (wanted.num_shots or 1) > 1
    if re.fullmatch(
        rf"(?:the\s+)?(?:rest|others?|{THING}|{SHOT})?|(?:an?|one|some)\s+(?:shot|clip|scene)", text, re.IGNORECASE
    ):
        text = ""
    return Line(text=text, wanted=wanted, plural=plural, counted=counted and not text)


def without_asking(text: str) -> str:
    """A request without what it begins with before it says anything: "please show me", "I want to see"."""
    for _ in range(_MOST_WRAPPINGS):
        before, text = text, _FILM_OF.sub("", _ASK.sub("", text, count=1).strip(), count=1)
        if text == before:
            break
    return text


def _bare(text: str) -> tuple[str, bool]:
    before = text
    text = text.replace(MARK, " ").strip().strip(",;:!").strip()
    if re.fullmatch(rf"(?:all|every|each)(?:\s+(?:the\s+)?{SHOT})?(?:\s+of)?", text, re.IGNORECASE):
        return "everything", True
    for pattern in (_ASK, _FILM_OF, _SHOT_OF):
        text = pattern.sub("", text, count=1).strip()
    return text, text != before


def _every(wanted: atom.Wanted, text: str) -> tuple[atom.Wanted, str, bool]:
    if match := _EVERYTHING.match(text):
        return evolve(wanted, num_shots=None), "something " + text[match.end() :].strip(), True
    if match := _THE_SHOTS.match(text):
        return evolve(wanted, num_shots=None), text[match.end() :], True
    if (match := _EVERY.match(text)) and not re.match(r"(?:of\s+)?(?:it|them)\b", text[match.end() :]):
        kept = text[match.end() :]
        return evolve(wanted, num_shots=None), kept, True
    return wanted, text, False


def _only(wanted: atom.Wanted, text: str) -> tuple[atom.Wanted, str, bool]:
    if match := _ONLY.match(text):
        return evolve(wanted, num_shots=None, purely=True), text[match.end() :], True
    match = re.search(r"[,\s]+(?:only|exclusively|and\s+nothing\s+else|alone|nothing\s+else)$", text, re.IGNORECASE)
    if match and match.start() > 0:
        return evolve(wanted, num_shots=None, purely=True), text[: match.start()], True
    return wanted, text, False


def _bounded(wanted: atom.Wanted, text: str) -> tuple[atom.Wanted, str, bool]:
    """ "at most three stars", "up to three": fewer will do; "at least three": these are enough."""
    if match := _BOUND.match(text):
        return evolve(wanted, at_most=wanted.at_most or match["most"] is not None), text[match.end() :], True
    return wanted, text, False


def _counted(wanted: atom.Wanted, text: str) -> tuple[atom.Wanted, str, bool]:
    if match := _COUNTED.match(text):
        kept = text[match.end() :]
        return evolve(wanted, num_shots=count_of(match[1])), kept, True
    return wanted, text, False


def _picked(wanted: atom.Wanted, text: str) -> tuple[atom.Wanted, str, bool]:
    match = _PICK.match(text)
    if not match:
        return wanted, text, False
    groups = match.groupdict()
    word = " ".join((groups["pick"] or groups["place"]).casefold().split())
    count = next((groups[name] for name in ("before", "after", "number", "count") if groups[name]), None)
    kept = re.sub(rf"\s+{SHOT}$", "", text[match.end() :].strip(), flags=re.IGNORECASE)
    picked = evolve(wanted, pick=_PICKS[word], num_shots=count_of(count) if count else 1)
    return picked, kept, True


def _repeats(wanted: atom.Wanted, text: str) -> tuple[atom.Wanted, str, bool]:
    if match := _REPEAT.search(text):
        said = match[0].casefold()
        number = next((match[name] for name in ("times", "x", "y") if match[name]), None)
        times = count_of(number) if number else 3 if "thrice" in said else 2
        return evolve(wanted, repeats=max(1, times)), (text[: match.start()] + " " + text[match.end() :]).strip(), True
    if match := _REPEAT_ONCE.search(text):
        return evolve(wanted, repeats=2), (text[: match.start()] + text[match.end() :]).strip(), True
    return wanted, text, False


def _again(wanted: atom.Wanted, text: str) -> tuple[atom.Wanted, str, bool]:
    if match := _AGAIN.search(text):
        return evolve(wanted, again=True), (text[: match.start()] + " " + text[match.end() :]).strip(), True
    return wanted, text, False


def _number(text: str, wanted: atom.Wanted) -> tuple[str, atom.Wanted, bool]:
    """A number before a plural, "three hearts", counts shots; a plural alone is said to be one."""
    match = _NUMBER.match(text)
    head = re.sub(
        r"^(?:the|some|several|many|these|those|my|our)\s+",
        "",
        text[match.end() :] if match else text,
        flags=re.IGNORECASE,
    )
    plural = _names_several(head)
    if match and plural and wanted.num_shots is not None:
        return head, evolve(wanted, num_shots=count_of(match[1])), False
    alone = not match and wanted.num_shots == 1 and not wanted.pick
    return text, wanted, alone and plural


def _names_several(text: str) -> bool:
    """Whether a text is a noun in the plural, with adjectives at most before it: "red hearts", not "a heart grows"."""
    noun = _noun(text)
    if not (noun and is_plural(noun)):
        return False
    before = text.partition(noun)[0].casefold().split()
    thing = re.fullmatch(THING, noun, re.IGNORECASE) is not None
    return all(word in ADJECTIVES or (thing and word not in _ONE) for word in before)


def _noun(text: str) -> str:
    """The noun that a text is about, if it is a noun phrase and no sentence."""
    front = re.split(r"\s+(?:that|which|who|with|without|in|on|at|of|while|from)\s+", text.strip(), maxsplit=1)[0]
    words = re.sub(r"[^\w\s'’-]", "", front).split()
    while len(words) > 1 and (words[-1].endswith("ing") or any(word.endswith("ing") for word in words[1:-1])):
        words.pop()
    return words[-1] if 0 < len(words) <= 4 else ""


def said_of_one(text: str) -> str:
    """A plural as it is seen in one shot: "red hearts that grow" is "a red heart that grows"."""
    bare = re.sub(r"^(?:all|every|the|some|several|many|these|those)\s+", "", text.strip(), flags=re.IGNORECASE)
    noun = _noun(text)
    if not _names_several(bare):
        return text
    front, _, rest = text.partition(noun)
    rest = re.sub(r"^(\s+(?:that|which|who)\s+)are\b", r"\1is", rest)
    rest = re.sub(r"^(\s+(?:that|which|who)\s+)have\b", r"\1has", rest)
    rest = re.sub(
        (r"^(\s+(?:that|which|who)\s+)(?!is\b|has\b)(\w+?[^s\W])(?=\W|$)"), lambda m: m[1] + _third(m[2]), rest
    )
    front = re.sub(r"^(?:the|some|several|many|these|those)\s+", "", front, flags=re.IGNORECASE)
    return with_article((front + singular(noun) + rest).strip())


def _third(verb: str) -> str:
    if re.search(r"(?:sh|ch|x|z|o)$", verb):
        return verb + "es"
    return verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else verb + "s"
