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
    (r"\b(some|any|every)(thing|one|body)['’]s\b", r"\1\2 is"),
    # order
    (
        r",?\s*(?:(?:which|that|and)\s+)?(?:leads?|cuts?|dissolves?|switch(?:es)?|jumps?)\s+"
        r"(?:(?:away|over|straight|directly|right)\s+)?(?:in)?to\s+(?=\w)",
        " then ",
    ),
    (
        r"\b(?:in\s+(?:front|advance)\s+of|ahead\s+of|(?:in\s+the\s+)?(?:run-?up|lead-?up)\s+to|leading\s+up\s+to)\b",
        "before",
    ),
    (r"\b(?:mov(?:e|es|ed|ing)|goes|go|went|going|turn(?:s|ed|ing)?)\s+on\s+to\b", "then"),
    (r"\b(?:should|must|shall|will|has\s+to)\s+follow(?=\s+(?:an?|the|on)\b)", "comes after"),
    (r"\b(?:on\s+the\s+heels\s+of|in\s+the\s+wake\s+of|subsequent\s+to)\b", "after"),
    (r"((?:^|[.;!?\n])\s*)preceding\b", r"\1before"),
    (r"((?:^|[.;!?\n])\s*)following\s+(?=(?:an?|the)\b)", r"\1after "),
    (r"\b(?:(?:on|at)\s+)?(?:both|either)\s+(?:ends?|sides?)\b", "bookend"),
    (r"\b(?:must|should|has\s+to|have\s+to|can|will)\s+wait\s+(?:until|till|for)\b", "only after"),
    (r"\bdouble\s+(?=(?:an?|the)\b)", "twice "),
    # what is seen at once
    (
        r"\b(?:(?:is|are)\s+)?(?:(?:shares?|sharing)\s+(?:the|a|one)\s+(?:screen|frame|shot|picture|scene|clip|stage)\s+with"
        r"|(?:accompanied|joined)\s+by|in\s+the\s+company\s+of|(?:at|in)\s+the\s+same\s+(?:time|moment|shot|frame|picture|scene|clip)"
        r"\s+as|side\s+by\s+side\s+with|(?:appears?\s+)?(?:together|along)\s+with)\b",
        "while",
    ),
    # which and how many
    (r"\bzero\b", "no"),
    (r",?\s*\bwithout\s+(?:any\s+)?(?:exceptions?|fail|delay|hesitation|question|doubt)\b", ""),
    (r"\bin\s+duplicate\b", "twice"),
    (r"\bin\s+triplicate\b", "three times"),
    (r"\b(?:about|have|need|got|ready|going|want)\s+to\s+leave\b(?!\s+(?:out|it|them|those|off)\b)", ""),
    (r"\b(?:wherever|whenever)\b", "all shots where"),
    (
        r"\b(?:spare(?:\s+me)?|omit|skip|exclude|forget|miss|drop|leave\s+out)\s+(?:no(?:ne|thing)?|not\s+(?:a\s+single|one))\b"
        r"(?:\s+of)?",
        "all",
    ),
    (
        r"\b(?:nothing|no\s+\w+)\s+(?:that|which|where|in\s+which)\s+(?:(?:do|does|has|have|is|are)(?:n['’]t|\s+not)|lacks?)\b"
        r"(?:\s+(?:have|contain|show|include))?",
        "only shots with",
    ),
    (r"\b(?:no|not|never|nothing)\b[^.;:!?\n]*?\s(?:unless|except\s+if)\b", "only shots where"),
    (r"\bunless\b", "without"),
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
        r"\b(?:bench|ditch|axe|scrap|ban|lose|hold|strike|sideline|dump|bin|reject|discard|eliminate|delete|veto|banish"
        r"|do\s+away\s+with|(?:get|be)\s+rid\s+of|(?:steer|stay|keep)\s+(?:clear\s+of|away\s+from)|keep\s+out|pass\s+over)\s+"
        r"(?=(?:all\s+)?(?:(?:of\s+)?the\s+(?:ones|shots|clips|scenes|bits|parts)|those|any|anything|everything|whatever)\b)",
        "without ",
    ),
    (r"\b(?:rule|weed|filter|throw|cross)\s+out\b|\bless(?=\s+(?:those|the|any|anything)\b)|\bsans\b", "without"),
    (r"\b(?:turns?|pops?|crops?)\s+up\b", "is seen"),
    (
        r"((?:not|never|n['’]t|no\s+\w+|nothing(?:\s+\w+)?)\s+(?:(?:ever|should|must|may|can|is|to)\s+)*)"
        r"(?:appears?|comes?\s+up|is\s+seen)\b",
        r"\1be seen",
    ),
    (
        r"\b(?:greatest|maximum|maximal|most|largest|highest)\s+(?:length|duration|running\s+time)\b"
        r"|\bmost\s+(?:long|lengthy)\b|\b(?:lasts?|runs?|goes\s+on|takes?)\s+(?:the\s+)?longest\b",
        "longest",
    ),
    (
        r"\b(?:least|smallest|minimum|minimal|lowest|shortest)\s+(?:length|duration|running\s+time)\b"
        r"|\b(?:least\s+(?:long|lengthy)|most\s+(?:short|brief))\b|\b(?:lasts?|runs?|takes?)\s+(?:the\s+)?shortest\b",
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
