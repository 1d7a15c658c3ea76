"""The many ways to say one thing about a film, each put into the one that is read: who opens and closes it, what comes
before what, what is seen at once, what is shown again, and what only leads up to a thing or trails behind it.
"""

from __future__ import annotations

import re

from atom_assembly.requests.english import COUNT, DETERMINER, FILM, SHOT
from atom_assembly.requests.forms.lists import numbered
from atom_assembly.requests.forms.together import seen_at_once
from atom_core.text.numbers import ORDINALS

_OTHER_PIECES = (
    r"(?:pieces|extracts|excerpts|fragments|sections|segments|passages|sequences|recordings"
    r"|videos|footage|stretches|spots)"
)
_NUMERAL = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)\b(?!\s+(?:of\s+)?(?:january|february|march|april|may|june|july|august"
    r"|september|october|november|december|street|avenue|floor|century|birthday))",
    re.IGNORECASE,
)
_ONE_SHOT = r"(?:shot|scene|clip|picture|image|part|piece|bit|thing|one|frame|moment|take)"
_MODAL = r"(?:(?:should|must|shall|has\s+to|needs?\s+to|is\s+to|will|can|ought\s+to|is\s+supposed\s+to|to)\s+)"
_IS = rf"(?:{_MODAL}(?:be|show|have|contain|feature)|is|are|be|shows?|has|being|featur(?:es|ing)|showing)"
_FIRST, _LAST = r"(?:first|opening|starting|beginning|initial)", r"(?:last|closing|final|ending|concluding)"
_SELF = rf"(?:it(?:self)?|things|everything|all|(?:the|this|my|our)\s+(?:whole\s+)?{FILM})"
_START = r"(?:start|begin|open|kick\s+off|lead\s+off)(?:s|ning|ing)?"
_END = r"(?:end|finish|close|conclude|wrap\s+up)(?:s|es|ing)?"
_USING = rf"\s+(?:{_SELF}\s+)?(?:with|on|by|from|through)\s+(?!\w+ing\b)(?=\w)"
_AT = r"(?:at|in|on|to|by|for|from)"
_FRONT = r"(?:very\s+)?(?:start|beginning|begin|front|outset|top|head|opening)"
_BACK = r"(?:very\s+)?(?:end|ending|back|rear|bottom|tail|close|finish)"
_BOUND = r"(?:^|(?<=[.;,:!?\n])\s*|(?<=\s)(?:and|but|then|while)\s+)"
_STOP = r"(?=\s*(?:[.,;:!?)\n]|$|\b(?:and|but|then|while)\b))"
_ITEM = r"[^.;,:!?\n]+?"
_TIMES = rf"(?:twice|thrice|(?:{COUNT})\s+times?|\d+\s?[x×*](?!\w)|[x×*]\s?\d+)"

_Rule = tuple[str, str]

_NUMBERS: tuple[_Rule, ...] = (
    (r"(?<=\w)\s*(?:>{2,}|»+|–>|—>|~>)\s*(?=\w)", " -> "),
    (r"(?<=\w)\s+(?:\.{3}|…)\s+(?=\w)|(?<=\w)(?:\.{3}|…)\s+(?=\w)", ", then "),
    (r"(?<!\w)[×*]\s?(\d+)\b", r"x\1"),
    (r"\b(\d+)\s?[×*](?!\w)", r"\1x"),
    (
        r"\(\s*(?:(?:repeat|shown|show|play|loop)(?:ed)?\s+)?((?:x\s?\d+|\d+\s?x)|(?:\w+\s+times|twice|thrice))\s*\)",
        r"\1",
    ),
)
_LEADS: tuple[_Rule, ...] = (
    (
        r"\bas\s+many\s+(?P<what>[\w\s'’-]+?)\s+as\s+(?:there\s+are|you\s+(?:have"
        r"|can\s+find|can|find)|possible|we\s+have)",
        r"all \g<what>",
    ),
    (r"\bevery\s+last\s+(?=\w+)", "every "),
    (
        r"\b(everything|anything|something|whatever)\s+(?:(?:that|which)\s+)?(?:contain(?:s"
        r"|ing)?|shows?|showing|featur(?:es|ing)|includ(?:es|ing)"
        r"|has|have|having|with)\s+(?=(?:an?|the|some|any)\b)",
        r"\1 with ",
    ),
    (rf"\b({COUNT})\s+of\s+(?:the|my|these|those|our|your)\s+(?=\w+s\b)", r"\1 "),
    (rf"\b((?:all|every)(?:\s+the)?\s+\w+(?:\s+\w+)?)\s+(?:shots?|clips?|scenes?){_STOP}", r"\1"),
    (rf"\b{_OTHER_PIECES}\s+(?=(?:where|in\s+which|on\s+which|with|that\s+(?:show|have|contain))\b)", "shots "),
    (r"\b(all|every|each|everything|anything|whatever|something|things)\s+(?:of\s+)?what\b", r"\1 that"),
    (r"\b(everything|anything|something)\s+which\b", r"\1 that"),
    (r"\beach\s+of\s+the\s+following\b", "each shot"),
    (r"^\s*(?:the\s+)?following\s*:\s*", ""),
    (
        rf"{_BOUND}(?:please\s+)?(?:make\s+(?:sure|certain)|make\s+it\s+so|be\s+sure"
        r"|ensure|see\s+to\s+it|take\s+care|make"
        r"|it\s+is\s+important|it(?:'s|\s+is)\s+essential|i\s+(?:want|wish|would\s+like|need))\s+that\s+",
        " ",
    ),
    (
        rf"\b({SHOT})\s+(?:where|in\s+which|on\s+which|that|which|when)\s+(?:you\s+can\s+see"
        r"|we\s+(?:can\s+)?see|i\s+can\s+see"
        r"|one\s+(?:can\s+see|sees)|you\s+see|there(?:'s|\s+is|\s+are)?|is|are"
        r"|have|has|had)\s+(?=(?:an?|the|some|any|something|both)\b)",
        r"\1 with ",
    ),
    (rf"\b({SHOT})\s+(?:has|have|having|got|that\s+got)\s+(?=(?:an?|the|some|any|something|both)\b)", r"\1 with "),
    (
        r"\b(?:and\s+|but\s+)?(?:nothing\s+(?:else|more)|no(?:ne|\s+one)?\s+others?(?:\s+(?:things?"
        r"|objects?|stuff|ones?|shapes?))?"
        r"|(?:no|not)\s+other\s+(?:things?|objects?|stuff|ones?|shapes?|colou?rs?)|other\s+(?:things?|stuff)\s+not)\b"
        r"(?!\s+(?:but|than|except|besides|apart))",
        " and nothing else",
    ),
    (r",\s*and\s+nothing\s+else\b", " and nothing else"),
    (
        r"\bnothing\s+(?:else\s+)?(?:apart\s+from|besides|aside\s+from|save|other\s+than|except(?:\s+for)?)\s+",
        "nothing but ",
    ),
)
_TAILS: tuple[_Rule, ...] = (
    (
        r"\s+(?:would|will|is|should)\s+be\s+(?:nice|lovely|great|fine|good|perfect|enough|cool|ideal|appreciated|wonderful)"
        rf"(?:\s+too)?{_STOP}",
        "",
    ),
    (r",\s+(?:dear|mate|buddy|folks|sir|man|bro)(?=\s*[.!?]*$)", ""),
    (
        r"\s+(?:is|are|can\s+be|could\s+be|gets?)\s+(?:(?:both|clearly)\s+)?(?:visible"
        r"|seen|shown|present|displayed|featured|found)"
        rf"(?:\s+somewhere)?{_STOP}",
        "",
    ),
    (r"\s+(?:somewhere|anywhere)(?=\s+in\s+(?:the\s+middle|between))", ""),
    (
        r",?\s+(?:(?:that\s+)?(?:you|we|i)(?:['’]ve)?\s+(?:can\s+find|have(?:\s+got)?"
        r"|got|know(?:\s+of)?)|that\s+(?:there\s+(?:is|are)|exists?)"
        r"|there\s+(?:is|are)|in\s+(?:the|my|our|your)\s+(?:library|footage|collection|archive))" + _STOP,
        "",
    ),
    (
        r"^(.+?)\s*[,–—-]\s+(?:all\s+of\s+(?:them|it)|every\s+(?:single\s+|last\s+)?one(?:\s+of\s+them)?"
        r"|all)\s*[.!]*$",
        r"all \1",
    ),
)
_WITHOUT: tuple[_Rule, ...] = (
    (r"\b(?:where|in\s+which|on\s+which)\s+(?:there\s+is\s+|there\s+are\s+)?(?=no\b)", "with "),
    (
        r"\b(?:leave\s+out|leaving\s+out|skip|skipping|drop|remove|exclude|excluding"
        r"|omit|ignore|cut\s+out|without|except(?:\s+for)?"
        r"|avoid|but\s+not|not)\s+(?:any|all|every|those|the|each|of)?\s*(?:(?:of\s+)?(?:the\s+|those\s+)?"
        rf"(?:ones?|{SHOT}|those|which|what)\s+)(?:(?:that|which|where|in\s+which)\s+)?(?:also\s+|too\s+)?"
        r"(?:contains?|has|have|having|shows?|showing|features?|with|there\s+(?:is|are)|you\s+(?:can\s+)?see)\s+",
        "without ",
    ),
    (
        r",?\s*\b(?:unless|but\s+(?:not|only)\s+if|only\s+if|as\s+long\s+as|so\s+long\s+as|but\s+not\s+(?:when|where)"
        r"|(?:where|when|in\s+which))\s+(?:there\s+(?:is|are)|they\s+have|it\s+has"
        r"|it\s+shows|they\s+show|you\s+see)\s+(?:no|not\s+any)\s+",
        " without ",
    ),
    (
        r",?\s*\b(?:unless|except\s+(?:if|when|where)|but\s+not\s+(?:if|when|where))\s+(?:there(?:\s+is"
        r"|\s+are|['’]s)|they\s+have|it\s+has"
        r"|it\s+shows|they\s+show|you\s+see)\s+",
        " without ",
    ),
    (
        r"\b(?:that|which|where|who)\s+(?:do(?:es)?\s+not|don['’]?t|doesn['’]?t)\s+(?:have"
        r"|contain|show|include|feature)\s+",
        "without ",
    ),
    (
        (r",?\s*\b(?:and\s+|but\s+)?i\s+(?:do\s+not|don['’]?t)\s+(?:want|like|need|wish)(?:\s+to\s+see)?\s+"),
        ", without ",
    ),
)
_REPEATS: tuple[_Rule, ...] = (
    (
        r"[,;]?\s*(?:\band\s+)?\b(?:this|that|it|the\s+same(?:\s+(?:one|thing|shot))?)\s+(?:is\s+"
        rf"|should\s+be\s+)?(?:shown\s+|repeated\s+)?(?={_TIMES})",
        " ",
    ),
    (rf"\b(?:shown|for|played|repeated)\s+(?={_TIMES}(?:{_STOP}|\s+in\s+a\s+row))", ""),
    (
        rf"({_TIMES})\s+(?:in\s+a\s+row|running|on\s+end|back\s+to\s+back|consecutively"
        r"|after\s+each\s+other|one\s+after\s+(?:the\s+other|another))",
        r"\1",
    ),
    (
        r"((?:^|[,;.]\s*|\bthen\s+|\band\s+)(?:then\s+)?)(?:(?:go|cut|switch|jump"
        r"|come|return)\s+)?(?:right\s+|straight\s+)?back\s+to\s+(?=\w)",
        r"\1again ",
    ),
    (r"((?:^|[,;.]\s*|\bthen\s+|\band\s+)(?:then\s+)?)return\s+to\s+(?=\w)", r"\1again "),
    (
        rf"\b{_MODAL}*{_START}\s+(?:{_SELF}\s+)?(?:and|&)\s+(?:(?:it\s+)?{_MODAL})?{_END}\s+(?:{_SELF}\s+)?"
        rf"(?:with|on|by|at|in)\s+({_ITEM})(?=\s*(?:[.,;:!?\n]|$|\b(?:and|with|but)\b))",
        r" start with \1, end with \1 again",
    ),
    (
        rf"^({_ITEM}),?\s+(?:(?:should|must)\s+be\s+|is\s+|comes\s+)?(?:both\s+)?{_AT}\s+(?:the\s+)?{_FRONT}"
        rf"\s+(?:and|&)\s+(?:again\s+)?(?:{_AT}\s+)?(?:the\s+)?{_BACK}\b",
        r"start with \1, end with \1 again",
    ),
)
_ENDS: tuple[_Rule, ...] = (
    (r"\b(to\s+(?:end|finish|close|conclude|start|begin|open)),\s+(?=\w)", r"\1 with "),
    (
        rf"{_BOUND}(?:(?:i|we)\s+want\s+|have\s+|with\s+)?(?:the\s+|an?\s+)?(?:very\s+)?{_FIRST}\s+"
        rf"{_ONE_SHOT}\s*(?:{_IS}\s+|[:=–-]\s*|(?={DETERMINER}\s))(?!of\b)",
        " start with ",
    ),
    (
        rf"{_BOUND}(?:(?:i|we)\s+want\s+|have\s+|with\s+)?(?:the\s+|an?\s+)?(?:very\s+)?{_LAST}\s+"
        rf"{_ONE_SHOT}\s*(?:{_IS}\s+|[:=–-]\s*|(?={DETERMINER}\s))(?!of\b)",
        " end with ",
    ),
    (rf"{_BOUND}(?:{_SELF}\s+)?{_MODAL}*(?:{_START}|began|opened|started){_USING}", " start with "),
    (rf"{_BOUND}(?:{_SELF}\s+)?{_MODAL}*(?:{_END}|ended|finished|closed){_USING}", " end with "),
    (
        r"(?:^|(?<=[,.;]\s)|(?<=\band\s)|(?<=\bbut\s))(?:on|in|at|to|by)\s+the\s+(?:very\s+)?(?:end"
        r"|finish|close)\b,?\s+(?:comes?\s+|is\s+)?(?=\w)",
        "at the end ",
    ),
    (
        r"(?:^|(?<=[,.;]\s)|(?<=\band\s)|(?<=\bbut\s))(?:on|in|at|to|by|from)\s+the\s+(?:very\s+)?(?:beginn"
        r"ing|start|outset)\b,?\s+(?:comes?\s+|is\s+)?(?=\w)",
        "at the beginning ",
    ),
    (r"(?:^|(?<=[.;]\s))at\s+first\b,?\s+", "first "),
    (
        r"(?:^|(?<=[,.;]\s)|(?<=\band\s)|(?<=\bbut\s))(?:in\s+)?between\s+(?:them"
        r"|those|these|both|the\s+two|those\s+two|these\s+two)\b,?\s+(?:is\s+|comes?\s+"
        r"|put\s+|show\s+)?(?=\w)",
        "in between ",
    ),
    (r"\b(in\s+)?between\s+(?:them|those|these|both|the\s+two)" + _STOP, "in between"),
    (
        r"\bin\s+the\s+middle\s+(?:of\s+(?:it|them|the\s+\w+)\s+)?(?:is|comes|should\s+be"
        r"|should\s+come|put|show|must\s+be)\s+",
        "in the middle ",
    ),
    (rf"^({_ITEM})\s+(?:opens|starts|begins|kicks\s+off)\s+{_SELF}{_STOP}", r"start with \1"),
    (
        rf"(?<=[,.;])\s*(?:and\s+|but\s+)?((?:an?|the)\s+{_ITEM})\s+(?:opens|starts|begins)\s+{_SELF}{_STOP}",
        r" start with \1",
    ),
    (
        rf"(?:^|(?<=[,.;]))\s*(?:and\s+|but\s+)?((?:an?|the)\s+{_ITEM})\s+(?:closes"
        rf"|ends|finishes|concludes)\s+{_SELF}{_STOP}",
        r" end with \1",
    ),
    (
        rf"\s+(?:should|must|shall|to)\s+be\s+(?:the\s+)?{_FIRST}\s+(?:{_ONE_SHOT}|thing\s+(?:we|i)\s+see){_STOP}",
        " at the beginning",
    ),
    (
        rf"\s+(?:should|must|shall|to)\s+be\s+(?:the\s+)?{_LAST}\s+(?:{_ONE_SHOT}|thing\s+(?:we|i)\s+see){_STOP}",
        " at the end",
    ),
    (r"\s+as\s+(?:(?:the|an?)\s+)?(?:opener|intro|start|opening)" + _STOP, " at the beginning"),
    (r"\s+as\s+(?:(?:the|an?)\s+)?(?:closer|outro|finale|ending|close)" + _STOP, " at the end"),
    (r"\bat\s+the\s+(beginning|end)\s+and\s+(?=(?:an?|the)\s)", r"at the \1, "),
)
_NEXT: tuple[_Rule, ...] = (
    (r"\bfollowed\s+(?:\w+ly|right\s+away|at\s+once|straight\s+away)\s+by\b", "followed by"),
    (r",?\s+and\s+(?:right|immediately|directly|shortly|soon|straight)\s+(?:afterwards|after\s+that)\s+", ", then "),
    (
        rf"^(?:please\s+)?(?:do\s+not|don['’]?t|never)\s+show\s+({_ITEM})\s+(?:until"
        rf"|before)\s+({_ITEM})(?:\s+(?:is|was|has|has\s+been|were)\s+(?:over|done"
        r"|finished|ended|shown|gone|seen|been\s+(?:shown|seen)))?\s*[.!]*$",
        r"\2, then \1",
    ),
    (
        rf"((?:^|[.;]\s+))after\s+({_ITEM}),?\s+(?:then\s+)?(?:comes?|follows?|show"
        r"|there\s+(?:is|comes|should\s+be)|we\s+(?:want\s+to\s+)?see|i\s+want(?:\s+to\s+see)?"
        r"|put)\s+(?=\w)",
        r"\1after \2, ",
    ),
    (
        r"((?:^|[.;]\s+))before\s+(?:we\s+(?:see|get\s+to|come\s+to|show)\s+|you\s+show\s+"
        rf"|showing\s+)?({_ITEM}),?\s+(?:comes?|show|there\s+(?:is|comes|should\s+be)"
        r"|we\s+(?:want\s+to\s+)?see|i\s+want(?:\s+to\s+see)?|put)\s+(?=\w)",
        r"\1before \2, ",
    ),
    (r"((?:^|[.;]\s+))before\s+(?:we\s+(?:see|get\s+to|come\s+to)|you\s+show)\s+", r"\1before "),
    (
        rf"((?:^|[.;]\s+))(?:once|when|as\s+soon\s+as)\s+({_ITEM})\s+(?:is|has)\s+(?:over"
        r"|done|finished|ended|gone),?\s+(?:show\s+|comes?\s+)?",
        r"\1after \2, ",
    ),
    (
        rf"^({_ITEM}),?\s+(?:but\s+)?(?:only\s+)?(?:once|when|as\s+soon\s+as)\s+({_ITEM})\s+(?:is"
        r"|has)\s+(?:over|done|finished|ended|gone|been\s+shown)\b",
        r"\2, then \1",
    ),
    (
        r"\s*,?\s+\b(?:but|and)\s+(?:(?:this|that|it|which)\s+)?(?:(?:is|comes?"
        r"|should\s+(?:be|come))\s+)?(?:only|just|strictly|not\s+until)\s+after\s+(?!that\b"
        r"|this\b)",
        ", after ",
    ),
    (r"\s+and\s+(?:not\s+)?after(?:wards)?\s+(?=(?:an?|the)\s[^,]*$)", ", then "),
    (r"\bprior\s+to\s+(?=(?:an?|the)\s)", "before "),
    (r"\s+is\s+followed\s+by\s+", ", then "),
    (
        r"(?:,\s*(?:and\s+)?(?:then\s+)?|\b(?:and\s+)?then\s+(?:we\s+|you\s+)?)(?:hard\s+)?(?:cut"
        r"|switch|jump|move|fade|dissolve|go|change)\s+(?:over\s+|on\s+)?(?:to"
        r"|into)\s+(?=(?:an?|the)\s)",
        ", then ",
    ),
)


def _compiled(rules: tuple[_Rule, ...]) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in rules]


_RULES = _compiled((*_NUMBERS, *_LEADS, *_TAILS, *_WITHOUT, *_REPEATS, *_ENDS, *_NEXT))


def usual_forms(line: str) -> str:
    """What a line of a request says, in the forms that are read."""
    line = _NUMERAL.sub(_in_words, " ".join(line.split()))
    line = seen_at_once(numbered(line))
    for rule, instead in _RULES:
        line = rule.sub(instead, line).strip()
    return " ".join(line.split())


def _in_words(found: re.Match[str]) -> str:
    number = int(found[1])
    return ORDINALS[number - 1] if 0 < number <= len(ORDINALS) else found[0]
