"""Things that are to be seen in one shot: "a dog and a cat together", "shots with both"."""

from __future__ import annotations

import re

from atom_assembly.requests.english import ADJECTIVES, SHOT, begins_thing, is_plural, singular, with_article

_STOP = r"(?=\s*(?:[.,;:!?)\n]|$|\b(?:and|but|then|while)\b))"
_SAME = r"(?:(?:the\s+)?(?:very\s+)?same\s+(?:time|moment)|once)"
_ONE_PICTURE = r"(?:(?:the\s+)?same|one|a\s+single)\s+(?:time|shot|scene|clip|frame|picture|image|moment)"
_SEEN = (
    r"(?:can\s+be\s+seen|are\s+(?:seen|shown|visible|there)|is\s+(?:seen|shown|visible"
    r"|there)|are|is|appear|come|move|happen|occur|show\s+up|stand|both)"
)
_AT_ONCE = (
    r"(?:(?:are|is)\s+both\s+(?:visible|seen|shown|there|present|in\s+(?:it|frame|view"
    rf"|the\s+\w+))|(?:{_SEEN}\s+)*(?:together|at\s+{_SAME}|(?:in|within|at)\s+{_ONE_PICTURE}"
    r"|simultaneously|side\s+by\s+side|next\s+to\s+each\s+other|side-by-side|at\s+the\s+same\s+place))\b"
)
_ADJECTIVE = "|".join(sorted(map(re.escape, ADJECTIVES), key=len, reverse=True))
_ONE_THING = (
    rf"(?:(?:an?|the|some|one|another|any)\s+(?:(?!(?:then|while|and|or|after|before)\b)[\w'’-]+\s+){{0,7}}?[\w'’-]+"
    rf"|(?:(?:{_ADJECTIVE})\s+){{0,2}}(?!{SHOT}\b)[a-z]{{3,}}s|(?:{_ADJECTIVE}))"
)
_AND = re.compile(rf"\b(?:both\s+)?(?P<one>{_ONE_THING})\s+and\s+(?P<other>{_ONE_THING})\s+{_AT_ONCE}", re.IGNORECASE)
_BOTH = re.compile(rf"\bboth\s+(?P<one>{_ONE_THING})\s+and\s+(?P<other>{_ONE_THING}){_STOP}", re.IGNORECASE)
_AT_ONCE_OF = re.compile(
    rf"(?:at\s+{_SAME}|(?:in|within)\s+{_ONE_PICTURE}|simultaneously|together)\s+(?P<one>{_ONE_THING})\s+and\s+"
    rf"(?P<other>{_ONE_THING}){_STOP}",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    rf"(?P<one>{_ONE_THING})\s+(?:with|and)\s+(?P<other>{_ONE_THING})\s+(?:next\s+to|beside|alongside|near)\s+it\b",
    re.IGNORECASE,
)
_WITH_AND = re.compile(
    rf"(?P<lead>(?<!a )(?<!film )\b{SHOT}\s+(?:with|showing|containing|having|featuring|in\s+which|where"
    r"|that\s+(?:have|has|shows?|contains?))\s+(?:you\s+see\s+)?)"
    rf"(?P<one>{_ONE_THING})\s+(?:and(?:\s+also)?|as\s+well\s+as|along\s+with|together\s+with|plus)\s+"
    r"(?P<other>(?:an?|some|the)\s+(?:(?!(?:then|while|and|or|after|before)\b)[\w'’-]+\s+){0,9}?[\w'’-]+)"
    r"(?:\s+too|\s+both)?(?=\s*(?:[.;!\n]|$))",
    re.IGNORECASE,
)


def seen_at_once(line: str) -> str:
    """A line with "A while B" for all that it says to be seen at once."""
    for pattern in (_AND, _BOTH, _AT_ONCE_OF, _BESIDE):
        line = pattern.sub(_at_once, line)
    if " while " not in line:
        line = _WITH_AND.sub(lambda found: found["lead"] + _at_once(found), line)
    return line


def _at_once(found: re.Match[str]) -> str:
    """Two things of one shot: "red and blue circles together" are a red circle and a blue one."""
    one, other = found["one"], found["other"]
    if one.casefold() in ADJECTIVES:
        noun = other.split()[-1]
        one = f"{one} {noun if noun.casefold() not in ADJECTIVES else 'things'}"
    if other.casefold() in ADJECTIVES:
        other = f"{other} things"
    several = found.start() == 0 and not begins_thing(one) and not begins_thing(other)
    return f"{'every shot with ' if several else ''}{single(one)} while {single(other)}"


def single(things: str) -> str:
    """One of what a plural without an article names."""
    if begins_thing(things) or not is_plural(things.split()[-1]):
        return things
    front, _, noun = things.rpartition(" ")
    return with_article(f"{front} {singular(noun)}".strip())
