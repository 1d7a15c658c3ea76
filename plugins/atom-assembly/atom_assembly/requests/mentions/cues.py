"""The phrases of a request as the cue words that say as much, and its lists without the numbers of their entries."""

from __future__ import annotations

import re

from atom_assembly.requests.english import count_of
from atom_core.text.numbers import ORDINALS

_TEN = "one|two|three|four|five|six|seven|eight|nine|ten"
_ENTRY = (
    r"(?:shot|scene|clip|frame|part|step|item|take|act|beat|slot|segment|section|chapter|position|no|nr|number|piece"
    r"|exhibit|stage|phase|round|cut|block|point|entry)"
)
_MARKER = re.compile(
    rf"(?:^|(?<=[.;!?,/]\s))[ \t]*(?:[-*•–—#>]+\s+)*(?:{_ENTRY}"
    rf"\.?[ \t]*\#?[ \t]*(?:\d{{1,3}}|{_TEN}|[a-z])(?![\w'’])[ \t]*(?:[.:)=]|->|→|[-–—][ \t])|\(?\d{{1,3}}[.):](?!\d)"
    r"|\d{1,2}/(?=[ \t])|0\d(?=[ \t])|\(?[a-h]\)(?=[ \t])|\d{1,2}(?:st|nd|rd|th)[ \t]*:)[ \t]*|(?<=\s)\d{1,2}\)[ \t]+",
    re.IGNORECASE | re.MULTILINE,
)
"""The number of an entry of a list, with what it counts."""
_RANK = re.compile(
    rf"\b{_ENTRY}\s+(?:number\s+|no\.?\s*|#\s*)?([1-9]|{_TEN})(?=\s+(?:is|shows?|has|should|must|will|shall|would|contains?"
    r"|features?|being|showing|of\s+the|to|goes|comes|needs)\b)",
    re.IGNORECASE,
)
"""A place in the film by number: "part two shows"."""

_RULES: tuple[tuple[str, str], ...] = (
    (r",?\s*(?:(?:which|that|and)\s+)?(?:leads?|cuts?|dissolves?)\s+(?:in)?to\s+(?=\w)", " then "),
    (r"\b(?:in\s+front|ahead)\s+of\b", "before"),
    # which and how many
    (r"\b(?:no|not|never|nothing)\b[^.;:!?\n]*?\s(?:unless|except\s+if)\b", "only shots where"),
    (r"\b(?:nothing|none)\s+(?:else\s+)?(?:but|except|other\s+than|save)\b", "only"),
    (
        r"\b(everything|anything|all)\s+(?:else\s+)?(?:but|except|other\s+than|save)\b(?!\s+(?:no|not)\b)",
        r"\1 without",
    ),
    (r"\b(?:free\s+(?:of|from)|devoid\s+of|lacking|clear\s+of|empty\s+of)\b", "without"),
    (
        r"\b(?:save\s+for(?!\s+(?:the\s+)?(?:last|end|later))|but\s+for|with\s+the\s+exception\s+of|barring"
        r"|bar(?=\s+(?:the|any|those)))\b",
        "without",
    ),
    (
        r"((?:not|never|n['’]t|no\s+\w+|nothing(?:\s+\w+)?)\s+(?:(?:ever|should|must|may|can|is|to)\s+)*)"
        r"(?:appears?|shows?\s+up|turns?\s+up|pops?\s+up|comes?\s+up)\b",
        r"\1be seen",
    ),
    (
        r"\b(?:greatest|maximum|maximal|most|largest|highest)\s+(?:length|duration|running\s+time)\b"
        r"|\b(?:lasts?|runs?|goes\s+on|takes?)\s+(?:the\s+)?longest\b",
        "longest",
    ),
    (
        r"\b(?:least|smallest|minimum|minimal|lowest|shortest)\s+(?:length|duration|running\s+time)\b"
        r"|\b(?:lasts?|runs?|takes?)\s+(?:the\s+)?shortest\b",
        "shortest",
    ),
    # what only says again that several things are told of
    (
        r",?\s*\b(?:one\s+(?:right\s+)?after\s+(?:the\s+other|another)|back[\s-]to[\s-]back|in\s+succession"
        r"|in\s+(?:exactly\s+)?(?:this|that|the\s+(?:given|following|said|above))\s+(?:order|sequence))\b",
        "",
    ),
)
_PLAINLY = tuple((re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in _RULES)
"""Phrases of which one word says as much."""


def in_cue_words(text: str) -> str:
    """A request with the entries of its lists on lines of their own, and its phrases as the cue words that are read."""
    text = _RANK.sub(_place, _MARKER.sub("\n", text))
    for pattern, instead in _PLAINLY:
        text = pattern.sub(instead, text)
    return text


def _place(found: re.Match[str]) -> str:
    return ORDINALS[count_of(found[1]) - 1]
