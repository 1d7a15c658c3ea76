"""What a model wrote, brought into the form of sentences: cut back to the last whole one, without loops and preambles.

Rules for English where they know words; punctuation and word ends count in any language.
"""

from __future__ import annotations

import functools
import re

__all__ = ["as_caption", "cut_back", "one_line", "without_loop", "without_preamble", "without_repeats"]

_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|sgt|jr|sr|vs|no|fig|approx|inc|ltd|e\.g|i\.e)|(?:^|\s)[A-Za-z]|(?:^|\s)\d{1,2})\.$",
    re.IGNORECASE,
)
"""Ends in a full stop, but of a word, an initial or the number of a list."""
_CLAUSE = re.compile(r"\s*[,;:–—](?=\s|$)|\s+(?=(?:and|but|while|whereas|then|as|when|where|which|who|before|after)\s)")
_MIN_CLAUSE_WORDS = 3
_OPENING = "\"'“‘«„([*_- "
"""What may stand before the first letter of a sentence."""
_MIN_LOOPS = 3
_MIN_LOOP_WORDS = 4
"""Three of one word in a row may be meant."""

_MEDIUM = r"(?:video|clip|image|picture|photo|photograph|scene|shot|footage|frame|frames|film|movie)(?: clip)?"
_PREAMBLES = (
    r"(?:sure|certainly|of course|okay|ok)[,.!:]",
    r"here(?:'s|’s| is| are) [^:.!?]{0,40}\b(?:caption|description|sentence|summary)\b[^:.!?]{0,60}:",
    r"here(?:'s|’s| is| are)(?= (?:a|an|the|one|two|three|some|several)\b)",
    r"(?:video |image |clip )?(?:caption|description|summary)\s*:",
    rf"(?:in|throughout) (?:this|the|these) (?:\w+ )?{_MEDIUM},? (?:we|you|one) (?:can |could )?"
    r"(?:see|observe|watch|notice)\b(?: that\b)?",
    rf"in (?:this|the|these) (?:\w+ )?{_MEDIUM}(?:,|(?= there (?:is|are)\b))",
    rf"(?:this|the|these) (?:\w+ )?{_MEDIUM} (?:is |are )?"
    r"(?:show|depict|feature|capture|display|present|portray|illustrate|showcas)(?:e?s|ing)?\b"
    r"(?: us\b)?(?: that\b)?",
    r"(?:we|you) (?:can )?see\b(?: that\b)?",
)
_QUOTED = re.compile(r"([\"'“‘])(.*)[\"'”’]", re.DOTALL)


@functools.cache
def _preambles() -> tuple[re.Pattern[str], ...]:
    """Compiled when the first text is looked at: a start of ``atom`` should not wait for them."""
    return tuple(re.compile(pattern + r"\s*", re.IGNORECASE) for pattern in _PREAMBLES)


def one_line(text: str) -> str:
    """`text` without line breaks and runs of spaces."""
    return " ".join(text.split())


def as_caption(text: str, *, cut: bool) -> str:
    """What a model wrote as a caption: one line of whole sentences or clauses, each once, and nothing before them.

    :param cut: whether the model was stopped before its end
    """
    text = one_line(text)
    if cut:
        text = cut_back(without_loop(text))
    return without_repeats(without_preamble(text))


def cut_back(text: str) -> str:
    """`text`, which was stopped anywhere, up to the end of its last whole sentence; without one, of its last whole
    clause; without one of three words, of its last word but one. The last word may be half of one. An ellipsis tells
    where a sentence is not ended: one that began with a capital letter, or at a word.
    """
    text = text.rstrip()
    ends = [found.end() for found in _END.finditer(text) if not _ABBREVIATION.search(text[: found.end()])]
    if ends:
        return text[: ends[-1]]
    for found in reversed(list(_CLAUSE.finditer(text))):
        clause = text[: found.start()].rstrip(" ,;:–—")
        if len(clause.split()) >= _MIN_CLAUSE_WORDS:
            return f"{clause}…" if text.lstrip(_OPENING)[:1].isupper() else clause
    words = text.rsplit(None, 1)
    return f"{words[0].rstrip(' ,;:–—')}…" if words else ""


def without_loop(text: str) -> str:
    """`text` up to the first round of words that its end repeats over and over; as it is where there are none."""
    words = text.split()
    for period in range(1, len(words) // _MIN_LOOPS + 1):
        start = len(words) - period  # of what equals what stands one period later
        while start and words[start - 1] == words[start - 1 + period]:
            start -= 1
        repeated = len(words) - start
        if repeated >= max(_MIN_LOOPS * period, _MIN_LOOP_WORDS):
            return " ".join(words[: start + period])
    return text


def without_repeats(text: str) -> str:
    """`text` with each of its sentences once, the first time it stands there."""
    sentences: dict[str, str] = {}
    at = 0
    for found in _END.finditer(text):
        if not _ABBREVIATION.search(text[: found.end()]):
            sentences.setdefault(text[at : found.end()].strip().casefold(), text[at : found.end()])
            at = found.end()
    sentences.setdefault(text[at:].strip().casefold(), text[at:])
    return "".join(sentences.values()).strip()


def without_preamble(text: str) -> str:
    """`text` without words that only say that something is shown or described, such as "In this video we see"."""
    rest = text.strip()
    for _ in range(len(_PREAMBLES)):
        shorter = next((rest[found.end() :] for preamble in _preambles() if (found := preamble.match(rest))), rest)
        if shorter == rest:
            break
        if quoted := _QUOTED.fullmatch(shorter):
            shorter = quoted[2]
        rest = shorter[:1].upper() + shorter[1:] if rest[:1].isupper() else shorter
    return rest if re.search(r"\w", rest) else ""
