"""What people say around a request, to those who read it and of those for whom it is: no part of what is to be seen."""

from __future__ import annotations

import re

from atom_assembly.requests.english import ADJECTIVES, COUNT, SHOT

_SENTENCE = r"(?:^|(?<=[.!?\n]\s)|(?<=\n))"
_STOP = r"(?=\s*(?:[.,;:!?\n]|$))"
_ADJECTIVE = rf"(?:{'|'.join(sorted(map(re.escape, ADJECTIVES), key=len, reverse=True))})"
_FOND = (
    r"(?:fond\s+of|keen\s+on|mad\s+about|crazy\s+about|partial\s+to|in\s+love\s+with|an?\s+(?:\w+\s+)?fan\s+of"
    r"|lov(?:e|ed|ing)|lik(?:e|ed)|ador(?:e|ed)|enjoy(?:ed)?|collect(?:ed)?"
    r"|(?:have|had)\s+(?:always\s+had\s+)?an?\s+(?:soft\s+spot|weakness|fondness|liking)\s+for|heart\s+belongs\s+to)"
)
_NOT_STOOD = (
    r"(?:(?:couldn|can|could\s+no|did\s+no|do\s+no|does\s+no|didn|doesn|don)['’]?(?:no)?t\s+(?:stand|bear|like|abide|see)"
    r"|hate[sd]?|dislike[sd]?|loathe[sd]?|(?:is|was|are|were)\s+(?:afraid|scared|tired|sick|allergic)\s+(?:of|to))"
)
_ASKED = r"(?:put|show|use|start|begin|open|end|finish|close|have|see|watch|include|ask|make|add|take|get|find|cut)"
_ENDS = r"(?:ends?|closes?|finish(?:es)?)"
_BEGUN = r"(?:began|started|opened|begins?|starts?|opens?)"
_AS_BEGUN = rf"(?:just\s+|exactly\s+)?(?:where|as|the\s+way|how|like)\s+(?:we|it|you)\s+{_BEGUN}"
_SHOWN = r"(?:appears?|occurs?|(?:shows?|turns?)\s+up|(?:is|are|can\s+be)\s+(?:seen|visible|shown))"

_RULES: tuple[tuple[str, str], ...] = (
    # whom it is said to, and who said so
    (
        rf"{_SENTENCE}(?:come\s+(?:and\s+)?)?(?:sit|listen|gather|come|look)\s+(?:(?:down|up|over|here|with|to|in|next|close|closer)\s+){{0,3}}"
        r"(?:me|us|here|closer"
        r"|round|around)(?:,?\s+(?:my\s+)?(?:dears?|darlings?|love|friends?|children|kids|everyone|all))?[.!]\s+",
        "",
    ),
    (
        rf"{_SENTENCE}(?:please\s+)?(?:(?:take|have)\s+a\s+seat|pull\s+up\s+a\s+chair|sit\s+(?:down|back)|make\s+yourse"
        r"l(?:f|ves)\s+(?:comfortable|at\s+home))(?:\s+and\s+(?:relax|listen|enjoy))?(?:,\s+[\w ]{1,30})?[.!]\s+",
        "",
    ),
    (r",\s+(?:my\s+)?(?:dears?|darlings?|sweetheart|honey|lads?|kiddo|old\s+(?:boy|friend))(?=\s*[.,!?])", ""),
    (
        rf"{_SENTENCE}(?:(?:my|our|the)\s+(?:[\w'’-]+\s+){{1,3}}?|everyone\s+|they\s+|he\s+|she\s+)(?:says?|said|thinks?"
        r"|reckons?|insists?|suggests?|suggested|told\s+(?:me|us)|tells\s+(?:me|us)|keeps\s+saying)\s+(?:that\s+)?(?:i|we"
        r"|you)(?:\s+(?:should|must|could|ought\s+to|have\s+to|need\s+to|had\s+better)|['’]d\s+better)\s+"
        rf"(?={_ASKED}\b)",
        "",
    ),
    (
        rf"{_SENTENCE}(?:my|our)\s+(?:[\w'’-]+\s+){{1,3}}?(?:wants?|wanted|would\s+like|asks?\s+for|asked\s+for|wish(?:es)?"
        rf"\s+for)\s+(?:(?:me|us|you)\s+to\s+|to\s+(?={_ASKED}\b))?",
        "",
    ),
    (
        r"\b(?:so\s+|now\s+|well\s+)?let['’]?s\s+(?:all\s+)?(?=(?:start|begin|open|end|finish|close|have|see|watch|put)\b)",
        "",
    ),
    (r"\b(?:then\s+)?we['’]ll\s+(?=(?:start|begin|open|end|finish|close|have|see|watch)\b)", "we "),
    (
        rf"{_SENTENCE}(?:my|our|the)\s+(?:[\w'’-]+\s+){{1,3}}?(?:says?|said|tells?|told|thinks?|heard)\s+(?:(?:me|us)\s+)?(?:that\s+)?"
        r"you\s+(?:can|could|might|may|know|have|are|do|make|find)\b[^.!?\n]{0,120}[.!]\s+",
        "",
    ),
    (rf"{_SENTENCE}(?:dear\s+(?:sir|madam|all|team)[\w ]{{0,20}}|to\s+whom\s+it\s+may\s+concern),\s+", ""),
    (r"(?:,\s*)?\b(?:um+|uh+|erm+|hmm+)\b,?", ""),
    (rf"\b(?:little|wee|lovely|cute|sweet)\s+(?={SHOT}\b)", ""),
    # for whom, and why
    (
        rf"{_SENTENCE}for\s+(?:the|my|our)\s+(?:(?:little|small|young|wee|tiny)\s+ones|(?:grand)?(?:children|kids))\s*[:,]\s+",
        "",
    ),
    (
        r"(?:\s+(?:will|would)\s+do)?\s+for\s+(?:(?:the|my|our)\s+)?(?:(?:little|small|young|wee|tiny)\s+ones"
        rf"|(?:grand)?(?:children|kids|kiddies))\b{_STOP}",
        "",
    ),
    (r",\s+(?:because|since)\s+(?:it|they|that|this|he|she|we|i|you|there)\b[^.,;:!?\n]{0,80},", ","),
    (
        rf"{_SENTENCE}(?:my|our|his|her|the)\s+(?:[\w'’-]+\s+){{1,3}}?{_NOT_STOOD}\s+(?:(?:any|the)\s+)?"
        r"(?P<what>[^\W\d_]{3,})[\w ]{0,40}[.!]\s+(?=[^\n]{0,300}?\b(?:no|not|nothing|without|none)\b[^\n]{0,60}"
        r"\b(?P=what))",
        "",
    ),
    (
        rf"{_SENTENCE}(?:i|we|my|our)\b[\w'’ ]{{0,40}}?\b{_FOND}\s+(?P<what>[\w ]{{3,60}})[.!;,]\s+"
        r"(?P<rest>[^\n]{0,200}?\b(?:with|of|showing|has|have|see)\s+)(?:(?:(?:one|any|some)\s+of\s+)?(?:those|these|them)\b|one(?=[.!]))",
        r"\g<rest>\g<what>",
    ),
    (
        rf"{_SENTENCE}(?P<what>[^\W\d_]{{3,}})\s+(?:(?:gives?|makes?|hurts?|scares?|upsets?|annoys?|bores?|reminds?)"
        r"\s+(?:me|us|him|her|them|my\s+\w+)|is|was|are|were|brings?|means)\b[\w'’ ]{0,40}[.!]\s+"
        r"(?=[^\n]{0,300}?\b(?:no|not|nothing|without|none)\b[^\n]{0,60}"
        r"\b(?P=what))",
        "",
    ),
    # how many points follow, and what they are called
    (rf"{_SENTENCE}(?:cold\s+open|prologue|overture)\s*:\s+(?=\w)", "start with "),
    (rf"{_SENTENCE}(?:tag|coda|epilogue)\s*:\s+(?=\w)", "end with "),
    (
        rf"{_SENTENCE}(?:{COUNT})\s+(?:beats|acts|panels|stages|(?:shots|clips|scenes|parts)(?=[.:!]\s+(?:the\s+)?"
        r"(?:last|first|opening|closing)))[.:!]\s+(?=\S)",
        "",
    ),
    # what is said of it in other words
    (r",\s+(?P<other>an?\s+[\w ]{2,40}),?\s+or\s+both\b", r" or \g<other>"),
    (r",?\s+or\s+(?:both|either)(?:\s+of\s+(?:them|these|the\s+two))?(?:,|(?=\s*(?:[.;!?\n]|$)))", ""),
    (
        r",?\s+(?:(?:the\s+)?same\s+as|just\s+(?:like|as))\s+(?:(?:in|at|with)\s+)?(?:the\s+)?(?:opening|opener|start"
        rf"|beginning|first\s+(?:shot|one|scene|clip))\b{_STOP}",
        " again",
    ),
    (
        rf"\b(?:and\s+)?(?:then\s+)?(?:we\s+|it\s+)?{_ENDS}\s+{_AS_BEGUN},?\s+(?:on|with)\s+(?P<what>[^.,;\n]{{3,80}})",
        r"end with \g<what> again",
    ),
    (rf"\b(?:and\s+)?(?:then\s+)?(?:we\s+|it\s+)?{_ENDS}\s+{_AS_BEGUN}{_STOP}", "then the first one again"),
    (r"\b(?:during\s+which|wherein|in\s+the\s+course\s+of\s+which)\b", "in which"),
    (
        r"\b(?:passage|extract|excerpt|stretche?|sequence|segment|portion)(?P<s>s)?\s+(?=(?:in\s+which|where)\b)",
        r"shot\g<s> ",
    ),
    (
        rf"\b(?:in\s+which|where)\s+(?P<what>(?:an?|some|any)\s+(?!{_ADJECTIVE}\b)[^\W\d_]+)"
        rf"\s+(?:{_SHOWN}|is\s+(?:present|there|visible|in\s+(?:it|frame|view|sight)))(?:\s+too|\s+as\s+well"
        rf"|\s+somewhere)?{_STOP}",
        r"with \g<what>",
    ),
    (
        rf"\b(?P<no>excluding|except(?:\s+for)?|without|but\s+not|leaving\s+out|other\s+than)\s+(?:any|those|the\s+ones"
        rf"|all|shots|ones)?\s*(?:in\s+which|where)\s+(?:some|any)thing\s+(?P<how>{_ADJECTIVE})\s+{_SHOWN}{_STOP}",
        r"\g<no> anything \g<how>",
    ),
    (
        r",?\s+(?:and\s+|but\s+)?(?:where|in\s+which)\s+nothing\s+(?P<does>(?!is\b|has\b|else\b)[^\W\d_]+s)"
        rf"{_STOP}",
        r" without anything that \g<does>",
    ),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in _RULES)
_LONGEST = 8_000


def without_talk(text: str) -> str:
    """A request without what is said around it; one that is longer than people write stays as it is."""
    if len(text) > _LONGEST:
        return text
    text = re.sub(r"(?: ?\n){3,}", "\n\n", re.sub(r"[^\S\n]+", " ", text))
    for pattern, instead in _COMPILED:
        text = pattern.sub(instead, text)
    return text
