"""A text as segments between its commas and full stops, and what each of them is: a question, a part of one, or talk."""

from __future__ import annotations

import re

from attrs import frozen

from atom_reasoning.english.normal import normal
from atom_reasoning.english.words import KINDS_OF_WORDS, NUMBER, ORDINAL, base
from atom_reasoning.reading.wordings.lexicon import ASKING, CLASS_OF

_WH = r"(?:what|which|who|whose|whom|when|where|how|why)(?:'s|'re|'d|s)?\b"
_PREP = r"(?:in|at|on|of|for|with|from|by|during|until|after|before|across|within|about|to|into|over|since|through|throughout|among|inside)"
_AUX = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|might|shall|should|must)(?:n't|nt)?\b"
_WORDS_BEFORE = r"(?:(?:so|and|but|now|then|well|also|or|okay|ok|oh|ah|right|just|please|first|again|yes|no|for|because|anyway|alright|hey|hi|say) )*"
QUESTION = re.compile(rf"(?:{_PREP} )?(?!when (?!exactly\b|precisely\b|{_AUX})\w){_WH}|{_AUX}", re.IGNORECASE)
"""How a question begins."""
REQUEST = re.compile(
    r"(?:please )?(?:list|name|describe|count|enumerate|summari[sz]e|give|tell|show|state|find|read (?:out|off)|run (?:me |us )?(?:through|down)|(?:take|walk|talk|lead|guide) (?:me|us) through|recap|report|call out|spell out|identify|specify|provide|outline|narrate|explain|go through)\b(?= )",
    re.IGNORECASE,
)
"""How a wish begins that stands for a question."""
PERSON = re.compile(
    r"\b(?:i|me|my|mine|myself|we|us|our|you|your|yourself|he|she|his|her|him|hers|someone|somebody|everyone|everybody|nobody|folks|people|guys|ladies|gentlemen|i'[a-z]+|we'[a-z]+|you'[a-z]+|he'[a-z]+|she'[a-z]+|let's)\b",
    re.IGNORECASE,
)
"""Whoever speaks or is spoken to."""
_SAYING = r"(?:ask(?:s|ed|ing)?|know|knows|hear|tell|tells|telling|wonder(?:s|ed|ing)?|say|says|saying|find out|learn|explain|guess|remember|recall|decide|curious|question|idea|sure|clear|certain|me|us|you|interested in|see|check|work out|figure out|understand|forgot|forgotten|confirm|note)"
_TOLD = re.compile(
    rf"^(?P<lead>.*?\b(?:{_SAYING}|(?:tell|ask|told|asked|show|give|remind) (?:the |our |my |your |all |those )?(?:\w+ )?\w+|(?:{PERSON.pattern}).* (?:is|was|be)(?: just| simply)?|(?:thing|question|matter|mystery|point|issue|puzzle)\b.* is),? )(?P<asked>(?:{_PREP} )?(?:what|which|who|whose|when|where|how|why|whether|if)\b(?: [\w'{{}}:-]+){{1,}})$",
    re.IGNORECASE,
)
"""A question within a sentence of telling: "she asks which shot it is", "what I want to hear is how long it lasts"."""
_WISHED = re.compile(
    r"^.*\b(?:wants?|wanted|needs?|needed|like|love|grateful for|thankful for|establish|give|state|supply|produce|draw up|have|hear|get|(?:ask(?:s|ed|ing)?|beg(?:s|ged)?) (?:\w+ )?for|after|request(?:s|ed)?)(?: to (?:have|see|hear|get))? "
    r"(?P<asked>(?:an?|the|some) (?:\w+ )?(?:description|list|summary|account|chronicle|inventory|rundown|run-through|count|number|total|order|sequence|time|colour|color|length|duration|names?)s? (?:of|with|for|at|in|on|when) .+)$",
    re.IGNORECASE,
)
"""A wish for a list, a number and the like: "somebody wanted a description of the last shot"."""
_LED = re.compile(
    rf"^(?P<lead>(?:(?:please |kindly )?{_AUX}|i|we|one|the court|the jury|let|please|kindly|my|our)\b.*? )(?P<asked>(?:{_PREP} )?(?:how (?:many|long|often|much)|what colou?r|(?:which|what) (?:colou?r|shots?|scenes?|clips?|one|video|film|of the|time|objects?|things?)|what (?:happens|is shown|goes on)|in (?:which|what)|at (?:which|what)|whether|when (?:the|an?|it)\b) .+)$",
    re.IGNORECASE,
)
"""A question behind words of somebody who asks: "could you ascertain how many dogs there are"."""
_HELD = re.compile(
    rf"^(?P<lead>{_AUX} .{{2,50}}?) that (?P<said>(?:there|an?|the|every|each|no|all|both|some|any|not|nothing|it)\b.+)$",
    re.IGNORECASE,
)
"""Whether something is true: "may the court conclude that there are no dogs"."""
_STATED = re.compile(
    r"^let (?P<what>(?:the|every|each|all) .+?) be (?:stated|named|listed|told|given|shown|counted|read out|declared|said|known|described)\b(?P<rest>.*)$",
    re.IGNORECASE,
)
_CLEFT = re.compile(
    r"^what(?:'s| is| was)? (?:i|we|people|everyone|everybody|they|he|she|most|you)\b.*\b(?:is|was),? $", re.IGNORECASE
)
_SPLIT = re.compile(
    r"(?P<mark>[,;:]+|[.?!…]+)(?=\s|$)(?<!\bno\.)(?<!\bnr\.)(?<!\bvs\.)(?<!\be\.)(?<!\bi\.e\.)(?<!\bmr\.)(?<!\bmrs\.)(?<!\bdr\.)(?<!\bst\.)\s*"
)
_JOINED = re.compile(
    rf" (?=(?:so|but|and|because|since) (?:then |now |also )?(?:(?:(?:{_PREP}) )?(?:what|which|who|whose|when|where|how|why)\b|(?:tell|give|show|name|list|describe|count) |let me ask|i'm |i am |we'?re |we are ))",
    re.IGNORECASE,
)
"""Where "so", "but" or "and" begins another question or a statement of whoever speaks."""
_KNOWN = frozenset(word for words in KINDS_OF_WORDS.values() for word in words.split())
_STEMS = frozenset(map(base, _KNOWN)) | frozenset(map(base, ASKING))


@frozen(kw_only=True)
class Segment:
    """A stretch of text between two marks."""

    text: str
    """Its words, without words such as "so" before them."""
    mark: str
    """The mark behind it; empty where it is followed by "and" or by nothing."""
    asks: bool = False
    """Whether it has the form of a question or of a wish to be told."""

    @property
    def ends(self) -> bool:
        """Whether a sentence ends here."""
        return self.mark[:1] in (".", "?", "!", "…", ";")


def segments(text: str) -> list[Segment]:
    """The segments of a text, in order."""
    text = re.sub(r"\s+[–—-]+\s+|[()]|—", ", ", " ".join(text.replace("’", "'").split()))
    text = re.sub(r"(?:,\s*)+(?=[,.;:?!]|$)", "", text)
    found: list[Segment] = []
    at = 0
    for mark in [*_SPLIT.finditer(text), None]:
        piece = text[at : mark.start() if mark else len(text)].strip()
        parts = [part.strip() for part in _JOINED.split(piece)]
        found += [_segment(part, "") for part in parts[:-1] if part]
        if parts[-1]:
            found.append(_segment(parts[-1], mark["mark"] if mark else ""))
        at = mark.end() if mark else at
    return found


def _segment(text: str, mark: str) -> Segment:
    words = bare(text)
    told = _TOLD.match(words)
    if told and _is_lead(told["lead"]):
        return Segment(text=told["asked"], mark=mark, asks=True)
    if (
        (led := _LED.match(words))
        and not told
        and not names(led["lead"])
        and not re.search(_WH, led["lead"], re.IGNORECASE)
    ):
        return Segment(text=led["asked"], mark=mark, asks=True)
    if (held := _HELD.match(words)) and not names(held["lead"]) and "same" not in held["lead"]:
        return Segment(text=f"is it true that {held['said']}", mark=mark, asks=True)
    if stated := _STATED.match(words):
        return Segment(text=f"give me {stated['what']}{stated['rest']}", mark=mark, asks=True)
    if (wished := _WISHED.match(words)) and not QUESTION.match(words):
        return Segment(text=f"give me {wished['asked']}", mark=mark, asks=True)
    asks = QUESTION.match(words) is not None or REQUEST.match(words) is not None
    return Segment(text=words if asks else text, mark=mark, asks=asks)


def _is_lead(lead: str) -> bool:
    """Whether the words before a question only lead to it."""
    if _CLEFT.match(lead):
        return True
    begins = QUESTION.match(lead)
    if begins and not re.match(rf"{_AUX} (?:\w+ )?(?:{PERSON.pattern})", lead, re.IGNORECASE):
        return False
    return not names(lead)


def names(text: str) -> bool:
    """Whether a text names a colour, a shape, a time or a shot."""
    text = normal(text)
    if re.search(rf"\b(?:shot|scene|clip|video|film)s?\b|\b{ORDINAL} one\b|\d|\b(?:{NUMBER}) seconds?\b", text):
        return True
    return any(word in _KNOWN or base(word) in map(base, _KNOWN) for word in text.split() if word not in ("right", "left", "up", "down", "line", "heart", "large", "small"))  # fmt: skip


def is_known(text: str) -> bool:
    """Whether all words are words of asking, or name colours, shapes and the like."""
    return all(base(word) in _STEMS or re.fullmatch(NUMBER, word) or word in CLASS_OF for word in re.findall(r"[\w']+", text.casefold()))  # fmt: skip


def bare(text: str) -> str:
    """A segment without words such as "so" before it."""
    return re.sub(rf"^{_WORDS_BEFORE}(?=\S)", "", text, flags=re.IGNORECASE)
