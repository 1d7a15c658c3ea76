"""Who looks at a video, and where it is seen: "my daughter can see" as "we can see", "out there" as nothing."""

from __future__ import annotations

import re

_LOOKS = r"(?:wants?|would|will|asks?|says?|said|thinks?|believes?|claims?|can|could|cannot|can't|couldn't|sees?|saw|needs?|looks?|looked|is|was|are|were|has|have|had|get|gets|spots?|finds?|watch(?:es)?|reckons?|swears?|tells?|told|insists?)"
_KIN = (
    r"(?:son|daughter|kid|kids|child|children|boy|girl|boys|girls|little one|little ones|wife|husband|mum|mom|mother|dad|father|brother|sister|friend|friends|colleague|boss"
    r"|client|student|students|pupils?|class|team|neighbour|neighbor|grandson|granddaughter|grandchild|grandchildren|nephew|niece|partner|teacher|customer|customers|manager|editor|readers?|followers)"
)
_OTHERS = r"(?:the )?(?:jury|court|audience|viewers?|spectators?|sighted person|watcher|onlookers?|observer|observers)"
_VIEWER = re.compile(
    rf"\b(?:(?:my|our|his|her|their) (?:\w+ )?{_KIN}|{_OTHERS})\b(?= (?:also |really |now |just |never |only )?{_LOOKS}\b)"
    rf"|(?<=\bdo )(?:(?:my|our) (?:\w+ )?{_KIN}|{_OTHERS})\b|(?<=\bcan )(?:(?:my|our) (?:\w+ )?{_KIN}|{_OTHERS})\b|(?<=\bcould )(?:(?:my|our) (?:\w+ )?{_KIN}|{_OTHERS})\b|(?<=\bwill )(?:(?:my|our) (?:\w+ )?{_KIN}|{_OTHERS})\b",
    re.IGNORECASE,
)
_SCREEN = re.compile(
    r"\s+(?:(?:all |way )?out there|up there|(?:all )?over there|(?:in|on|among|across|around) (?:the|this|your|our) (?:line-?up|pitch|stage|board|canvas|monitor|display|menu|mix|show|team sheet|television|tv|telly|computer|laptop|phone)"
    r"|among (?:its|their) (?:contents?|number)|all (?:game|day|night|video|film|show|the way) long)(?=$|[\s,.;:?!])",
    re.IGNORECASE,
)


_ENDINGS = (
    (re.compile(r"\bwe (want|say|ask|think|believe|claim|see|need|look|get|spot|find|reckon|tell|insist|swear)s\b"), r"we \1"),
    (re.compile(r"\bwe (?:is|was)\b"), "we are"),
    (re.compile(r"\bwe has\b"), "we have"),
)  # fmt: skip


def as_one(text: str) -> str:
    """A question in which whoever looks is "we", and the place where one looks is left out."""
    text = _VIEWER.sub("we", text)
    for ending, put in _ENDINGS:
        text = ending.sub(put, text)
    return _SCREEN.sub("", text)
