"""Words by which one calls to somebody or out, wherever they stand: "At what time, sweetie, does it run?"."""

from __future__ import annotations

import re

_NAMES = r"(?:dear(?:ie|est)?|darling|sweetie|sweetheart|love|lovey|honey|hon|pet|ducky?|treasure|mate|man|bro|bruh|dude|pal|buddy|friends?|folks|guys|sir|madam|ma'am|counsel|counsellor|your honou?r|doctor|professor|officer|child|kid|kids|son|boss|chief|fam|gang|everyone|everybody)"
_CALLED = re.compile(
    rf"(?P<before>^|[,;:.?!])\s*(?:(?:my|oh|ah|and|well|now|you) )*{_NAMES}(?: (?:of mine|there))?\s*(?P<after>[,;:.?!]|$)",
    re.IGNORECASE,
)
_SLANG_BEFORE = re.compile(
    r"^(?:(?:yo+|bro|bruh|dude|sry|sorry|lol|lmao|ok|okay|so|oh|ah|wait|hey|hmm+|uh+m?|um+|er+m?|well|man|mate|pls|plz|please|right|alright|like|and|o)\b(?! (?:far|that|as|the)\b)[,!.]*\s+)+(?=\w{2})",
    re.IGNORECASE,
)
_SLANG_BEHIND = re.compile(
    r"[,\s]+(?:lol|lmao|fr|frfr|ngl|tbh|imo|rn|tho|real quick|or nah|or what|or no|innit|right quick|if you (?:please|will|would)|pray)(?=\s*[?.!]*$)",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r",\s*(?:then|pray|oh when|if you (?:please|will)|according to (?:the|this) \w+|with (?:some|any|all) (?:certainty|care|precision|confidence)|all in all|of course|as it were|so to speak|in your view|as far as (?:you|one) can tell|by the clock of the \w+|by the clock|to the best of your knowledge)\s*,",
    re.IGNORECASE,
)


def without_calls(text: str) -> str:
    """A text without whom one addresses, cries, and what is put in between that says nothing."""
    text = _WITHIN.sub(" ", text)
    for _ in range(3):
        shorter = _SLANG_BEHIND.sub("", _SLANG_BEFORE.sub("", _CALLED.sub(_mark, text))).strip(" ,") or text
        if shorter == text:
            break
        text = shorter
    return text


def _mark(found: re.Match[str]) -> str:
    """One mark in the place of a call: the stronger of the two around it."""
    before, after = found["before"], found["after"]
    if not before:
        return ""
    return f"{after if before == ',' else before} "
