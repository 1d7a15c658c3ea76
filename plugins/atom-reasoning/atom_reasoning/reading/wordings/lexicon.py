"""A question as a row of word classes: what is asked about becomes `THING` and `ACT`, the words of asking stay apart."""

from __future__ import annotations

import re

from attrs import frozen

from atom_reasoning.english.clauses import VERBS
from atom_reasoning.english.words import ARTICLES, KINDS_OF_WORDS, NUMBER, ORDINAL, SEEN, base

_SHOT = r"(?:shot|scene|clip|segment|section)"
_VIDEO = r"(?:video|film|movie|recording|footage|file|clip)"
_WHO = r"(?:i|you|we|one|they|people|anyone|anybody|somebody|someone|viewers?)"
_SEEING = r"(?:see|find|spot|notice|watch|observe|detect|count|look at|looking at|come across|make out|distinguish|discern|identify|perceive|encounter|be shown|get shown|get to see|be looking at|shown|seeing)"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?"
_LENGTH = rf"(?:{_CLOCK}|(?:{NUMBER})[ -]?(?:seconds?|secs?|s|minutes?|mins?)\b|seconds? (?:{NUMBER})\b)"
_PHRASES = (
    (r"\bno matter (?:which|what|where)\b(?:(?! is | are | does | do |,).)*,?", "EVERY SHOT"),
    (rf"\b(?:{ORDINAL}) (?:{_SHOT}|(?:one )?(?:out )?of (?:the|these|all)(?: the)? {_SHOT}s)\b|\b{_SHOT} (?:number |no |nr )?(?:{NUMBER})\b", "NTHSHOT"),
    (rf"\b(?:{_SHOT}|shot|scene) (?:changes?|transitions?|breaks?)\b|\b(?:cuts|edits|transitions|jumps)\b", "CUTS"),
    (r"\b(?:first|second|last|other)(?: video| one)? (?:or|and) (?:in )?(?:the )?(?:first|second|last|other) (?:video|film|one|file)\b", "VIDEOS"),
    (r"\b(?:cut|put|edited|strung|stitched|pieced|glued|joined|spliced|linked|merged|patched) together\b", "MAKE"),
    (r"\bsuch (?:a )?things? as\b|\b(?:ones? (?:with|that|which|where)\b)", ""),
    (rf"(?:{_LENGTH}|\b(?:{NUMBER})\b) ?(?:-|to|and|until|till|through|up to|and up to|and then|all the way to) ?(?:the )?(?:{_LENGTH})", "SPAN"),
    (r"\bhow (?:often|frequently|many times|regularly)\b|\b(?:number|amount|count) of (?:times|occasions|occurrences|instances)\b|\b(?:on |at )?how many (?:occasions|instances|occurrences)\b", "OFTEN"),
    (r"\bhow many (?:seconds|minutes) in(?:to)?(?: it)?\b|\bhow (?:far|early|late|soon|long)(?: in(?:to)?| along| through)?(?: it)?(?: (?:until|before|till|does it take|must (?:i|we|you) wait))\b|\bhow (?:far in(?:to)?|far along|early|late|soon)\b|\b(?:at |after |in |on |by |during |from )?(?:what|which|(?<=after )how many|(?<=in )how many|(?<=after )how) (?:exact |precise )?(?:time|point|moment|seconds?|timestamp|minute|stage|instant|position|long)s?\b(?: of time| in time)?|\bwhere (?:in|on|along) (?:the )?(?:video|timeline|film|clip)\b|\btime ?(?:stamp|code|index)s?\b|\bthe (?:exact |precise )?(?:second|minute|moment|instant|point|time) (?:at which|in which|when|where|that|of)\b(?! the video)", "WHEN"),
    (r"\bhow many (?:seconds|minutes)\b(?: long)?|\bhow much (?:screen )?time\b|\bhow long\b|\bwhat length\b|\b(?:length|period|span) of time\b|\b(?:running|run|playing|play|screen) ?time\b|\btime span\b", "LONG"),
    (_LENGTH, "TIME"),
    (r"\bhow many\b|\b(?:total |overall |exact )?(?:number|amount|quantity|count|total|tally|sum)s?(?: number| count| amount)? of\b|\bwhat number of\b|\bhow much\b|\bhow (?:large|big|high) is the (?:number|amount|count) of\b|\b(?:add|count|total|tot) up\b", "HOWMANY"),
    (r"\b(?:free|devoid|empty) of\b|\black of\b|\bwithout\b|\bnot any\b|\bnot a(?: single)?\b|\bnot one\b|\bzero\b|\bfails? to\b", "NO"),
    (r"\b(?:at no (?:point|time|moment)|not ever|not once|not at any (?:point|time|moment))\b", "NEVER"),
    (rf"\b(?:in|to|from|of|within|throughout|during|across|over|out of|on|inside)(?: all)?(?: of)? (?:the|this|that|your|our|my) (?:whole |entire |full |complete )?{_VIDEO}\b|\bin (?:it|here|there|this|them)\b", ""),
    (r"\bat (?:any|some) (?:point|time|moment)\b|\bat all\b|\b(?:any|some)where\b|\bever\b|\bplease\b|\bexactly\b|\breally\b|\bkind(?:ly)? (?:as to|enough to)\b", ""),
    (r"\b(?:overall|altogether|in (?:total|all)|all (?:together|in all|told))\b", "TOTAL"),
    (r"\bis (?:it|that) (?:true|correct|right|so|the case|a fact)(?: that)?\b|\b(?:would|could|can|might|may) it (?:be|also be|even be) (?:true |correct |right |the case )?that\b|\bi (?:believe|think|guess|suppose|take it) (?:that )?", "TRUE"),
    (rf"\b(?:(?:is|are|was|were) there|there (?:is|are|was|were)|{_WHO} (?:gets? to |can |could |will |would |did |do |may |might )?(?:actually |ever |also |even )?{_SEEING}|(?:can|could|do|does|did|would|will|might|may|shall) {_WHO} (?:ever |also |even |actually )?{_SEEING})(?: any sign of)?\b", "SEE"),
    (r"\b(?:make|makes|made|making|put in|puts in) (?:an|its|their) (?:appearance|entrance|entry)\b|\b(?:catch|caught|get|got) (?:sight|a glimpse) of\b|\b(?:come|comes|came|coming|move|moves|enters?|step|steps) (?:into|in) (?:view|shot|frame|sight|the (?:frame|picture|scene|shot|screen|image))\b|\benters? the (?:frame|picture|scene|screen)\b", "SEE"),
    (rf"\b(?:turn|show|come|pop|crop|shows|turns|comes|pops|crops|turned|came|showed|popped|cropped|showing|turning|popping|coming) up\b|\b(?:is|are|be|was|were|has been|have been|gets?|being)? ?(?:to be )?(?:{SEEN}|in evidence|in sight|in shot|in frame|on (?:the )?(?:screen|camera|film|display)|in the (?:picture|frame|image|scene)|on the picture|in view|part of|a part of|detectable|recognisable|available)\b", "SEE"),
    (r"\b(?:take|takes|took|taking) place\b|\b(?:goes|go|going) on\b|\bhappen(?:s|ed|ing)?\b|\boccur(?:s|red|ring)?\b|\bto see\b|\b(?:comes?|came) about\b", "HAPPEN"),
    (r"\b(?:in|by|into) (?:what|which|the|chronological|the right|their|its|temporal|time)? ?(?:order|sequence)(?: in which| that| of (?:time|appearance))?\b|\b(?:one by one|one after (?:another|the other)|step by step|shot by shot|scene by scene|blow by blow|play[- ]by[- ]play|from (?:the )?(?:first|start|beginning|top) to (?:the )?(?:last|finish|end|bottom)|chronologically|chronological|in (?:sequence|succession|turn)|consecutively|successively|sequentially)\b|\bas (?:they|it) (?:come|happen|occur|appear|unfold|go)s?\b|\border of (?:appearance|time|events|what happens)\b", "ORDER"),
    (r"\b(?:in|on|within|inside|during|sharing) (?:the|one|a)(?: and the)? (?:same|single) (?:shot|scene|clip|screen|time|picture|frame)\b|\bin one (?:shot|scene|clip|picture)\b|\bat (?:the same time|once|one time)\b|\bsimultaneously\b|\bconcurrently\b|\bside by side\b|\btogether\b|\bshare (?:a|the) (?:shot|screen|scene|frame|picture)\b", "TOGETHER"),
    (r"\b(?:the whole|all the|the entire|at all) times?\b|\b(?:always|constantly|permanently|continuously|throughout)\b|\ball the way through\b|\bwithout exception\b", "EVERY"),
    (r"\b(?:each|every)(?: single| and every| individual)?(?: one)?(?: of the| of)?\b", "EVERY"),
    (r"\b(?:as well as|along with|alongside|plus|and also|in addition to|together with)\b", "and"),
    (r"\b(?:to (?:begin|start|open)(?: with)?|at the (?:very )?(?:start|beginning|outset|opening)|(?:in|from) the (?:very )?(?:beginning|start)|beginning|opening|begins?|starts?|opens?|started|began|opened|initially|outset|kicks? off|initial|very first)\b", "BEGIN"),
    (r"\b(?:at the (?:very )?(?:end|close|finish)|in the (?:very )?end|to (?:finish|end|conclude)|very last|ends?|ending|ended|finish(?:es|ed|ing)?|conclud(?:es?|ed|ing)|conclusion|closes?|closing|final|finally|wraps? up|lastly)\b", "END"),
    (r"\b(?:right |directly |immediately |just |straight )*(?:after|following|follow|follows|followed by|once|next|subsequent to|subsequently|afterwards|thereafter|as soon as)\b", "AFTER"),
    (r"\b(?:right |directly |immediately |just |straight )*(?:before|preceding|preceded|precedes?|prior to|ahead of|leading up to|beforehand|previous to|previously)\b", "BEFORE"),
    (r"\b(?:earlier|sooner)(?: than)?\b", "EARLIER"),
    (r"\blater(?: than)?\b", "LATER"),
)  # fmt: skip
_MARKS = tuple((re.compile(pattern), f" {name} ") for pattern, name in _PHRASES)
_CLASSES = {
    "BE": "is are was were be been being am",
    "DO": "do does did done",
    "HAVE": "have has had having contain contains contained containing feature features featuring include includes included "
    "including got involve involves hold holds possess depict depicts display displays",
    "SEE": "see seen sees saw show shows shown showing showed appear appears appeared appearing find exist exists",
    "HAPPEN": "event events action actions happenings",
    "MAKE": "make made makes consist consists composed comprise comprises assembled cut put edited divided split built up",
    "SHOT": "shot scene clip segment section",
    "SHOTS": "shots scenes clips segments sections",
    "VIDEO": "video film movie recording footage file",
    "VIDEOS": "videos films movies recordings files",
    "OBJECTS": "things objects items figures elements stuff shapes forms entities",
    "OBJECT": "thing object item figure element something anything shape form entity",
    "COLOUR": "colour hue shade tint coloured",
    "COLOURS": "colours hues shades",
    "WHEN": "when timestamp timecode moment whenabouts whereabouts",
    "HOWMANY": "number count amount quantity total tally sum counting",
    "LONG": "long length duration runtime lasting",
    "LAST": "lasts lasted",
    "BOTH": "both",
    "NEVER": "never",
    "NO": "no none not nothing nobody nowhere absent missing lack lacking",
    "EARLIER": "earliest soonest",
    "LATER": "later latest",
    "ORDER": "order sequence timeline chronology succession rundown",
    "LIST": "list name enumerate names",
    "DESCRIBE": "describe explain description caption narrate content contents",
    "SUMMARY": "summarise summarize summary gist recap overview synopsis",
    "MORE": "more most fewer fewest less least larger largest greater",
    "AFTER": "afterwards then",
}
CLASS_OF = {word: name for name, words in _CLASSES.items() for word in words.split()}
"""The class of each word of asking that has one."""
_PLAIN = """
what which who whose where why how many much of in on at to for from by into out as about than and or but if so first last
there here it its up down through during until till between while within across over throughout again also all any some
only too either neither whether like whatever everything everybody time screen second seconds minute direction way
kind sort type sorts kinds types different distinct unique separate individual longer shorter longest shortest
"""
PLAIN = frozenset(_PLAIN.split())
"""Words of asking that stand for themselves."""
_EMPTY = """
can could would will may might should shall i you we one they u people me us my your our get gets give tell know want let look
looking looks come comes came coming turn turns take takes took go goes going be roughly around case say says said call called need
wonder those these same single least point part full along well way as ever even just true correct right place on whole
entire picture mark bit yes ones other another two them answer mean doing play sign idea possible sure think interested
question thanks thank okay hey hi short complete them that this its with compare check consider guess curious kindly quick basically roughly approximately
able determine identify specify provide state mention report return answer respond information details detail info watch watching
taken considered regarding concerning considering understand correctly encounter whichever whatever thinking assume
viewer viewers camera editor director maker filmmaker author material piece work course instance instances occurrence occurrences appearance appearances
someone somebody anyone anybody myself yourself pause jump skip press stop moment currently supposed believe figure
happen one's both's assume presume perhaps maybe possibly probably though however anyway again abouts hear learn miss missed wanna gonna gimme lemme dunno image images frame frames brought bring use uses using lot lots various several whatsoever inside like now
"""
EMPTY = frozenset(_EMPTY.split()) - PLAIN
"""Words of asking that tell nothing of the kind of question."""
ASKING = PLAIN | EMPTY | frozenset(CLASS_OF) | ARTICLES
"""All words of asking: what is left of a question without them is what it is about."""
_KNOWN = frozenset(word for words in KINDS_OF_WORDS.values() for word in words.split()) - {
    "left",
    "right",
    "up",
    "down",
}
_QUALITIES = frozenset(f"{KINDS_OF_WORDS['colour']} {KINDS_OF_WORDS['size']}".split())
_NAMES_THINGS = ("THING", "THINGS", "QUALITY")
_DROPPED = (ARTICLES - {"all", "every", "each", "both", "any", "of", "there"}) | EMPTY
_NAMES = frozenset(part for _, name in _PHRASES for part in name.split() if part.isupper())


@frozen
class Token:
    """A word or a phrase of asking, with its class."""

    word: str
    """The word; empty for a phrase."""
    name: str
    """Its class; empty where it says nothing."""


def tokens(text: str) -> list[Token]:
    """The words of a plain text and what they are; a phrase of asking is one."""
    for pattern, mark in _MARKS:
        text = pattern.sub(mark, text)
    words = re.findall(r"[^\W_]+(?:['-][^\W_]+)*|[,;:]", text)
    found: list[Token] = []
    for word in words:
        token = Token("" if word in _NAMES else word, class_of(word))
        found.append(_noun_or_verb(token, found[-1] if found else None) if base(word) in _EITHER else token)
    return found


_EITHER = frozenset(map(base, ["circle", "cross"]))
_BEFORE_NOUNS = frozenset(
    ["HOWMANY", "NO", "EVERY", "all", "any", "of", "and", "or", "MORE", "BOTH", "SEE", "HAVE", "N", "with", "are"]
)


def _noun_or_verb(token: Token, before: Token | None) -> Token:
    """A word such as "circle", which names a thing behind an article, a colour or a number, and else a deed."""
    is_noun = before is None or before.name in _BEFORE_NOUNS or before.word in ARTICLES or before.word in _QUALITIES
    name = ("THINGS" if token.word.endswith("es") else "THING") if is_noun else "ACT"
    return Token(token.word, name)


def classes(text: str) -> list[str]:
    """The classes of the words of a plain text, in order; neighbours that name a thing are one `THING`, and a colour or
    size without a thing is `QUALITY`."""
    found: list[str] = []
    for token in tokens(text):
        name = "QUALITY" if token.word in _QUALITIES else token.name
        if not name:
            continue
        if found and found[-1] in _NAMES_THINGS and name in _NAMES_THINGS:
            found[-1] = name if found[-1] == "QUALITY" or name == "THINGS" else found[-1]
        else:
            found.append(name)
    return found


def class_of(word: str) -> str:
    """The class of one word; empty where it says nothing."""
    if word in _NAMES:
        return word
    if word in _DROPPED or not word[0].isalnum():
        return ""
    if word in CLASS_OF:
        return CLASS_OF[word]
    if word in PLAIN or re.fullmatch(ORDINAL, word):
        return word
    if re.fullmatch(NUMBER, word):
        return "N"
    if base(word) in VERBS and word not in _KNOWN:
        return "ACT"
    return "THINGS" if word.endswith("s") and not word.endswith("ss") else "THING"
