"""Conditions out of the words of a question: what has to be there, and what it has to do."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.clauses import NOUNS_AND_VERBS, split_subject
from atom_reasoning.english.words import ARTICLES, KINDS_OF_WORDS, SEEN, base, is_generic
from atom_reasoning.reading.record import Condition

_SEEN = rf"(?:{SEEN}|there|on|around|inside|existing|on the screen|(?:a )?part(?: of)?|to be seen|to be found)"
_TAIL = re.compile(
    rf"(?: (?:that|which) (?:is|are|was|were))?(?: (?:is|are|was|were|be|being|been|gets|get|to be|can be|could be|(?:has|have|had) been))?(?: (?:ever|even|actually|also|all|to be))? {_SEEN}$"
    r"| (?:(?:appear|occur|exist|feature|happen)(?:s|ed|ing)?|(?:shows?|showed|showing|comes?|coming|came|turns?|turned|turning|pops?|popped) up|comes? into view|(?:has|is|have|are) (?:gone|over|done|finished)|(?:ends|ended|finishes|finished|takes? place|took place))(?: at all)?$"
    r"| (?:that|which) (?:you|we|i|one) (?:can |could )?(?:see|find|spot|notice|observe)$| enters? (?:the )?(?:picture|frame|scene|screen|shot|image|view|photo)$"
    r"| (?:do|can|could) (?:you|we|i|one) (?:see|find|spot|notice|count|observe)$| (?:is|are) there$"
)
_WORDS_OF_TIME = re.compile(
    r"\b(?:ever|even|actually|really|also|at all|once|too|sometimes|currently|just|simply|only|still (?=mov|be)|in fact|indeed|exactly|altogether|in total|in all|overall|already|again|together|simultaneously|at the same time|at once)\b"
)
_STATIVE = frozenset(map(base, ["be", "have", "see", "show", "contain", "feature", "include", "depict", "display"]))
_BEFORE_NOUN = re.compile(
    r"^(?:(?:a|an|the|any|some|every|each|all|both|that|this|those|these|another|other|at least one|of the|of)\b ?)+"
)

_NAMELESS = """
can could would will may might shall should is are was were be been do does did has have had get gets come comes there here in inside on at of to from
with for by like ever whatsoever whatever at all then now too also so please and or including respectively anyhow anyway this that these those it them
"""
_TRAILING = frozenset(_NAMELESS.split())
"""Words that name nothing at the end of the name of a thing."""
_ASIDE = re.compile(
    r"^(?:(?:with|for|of|about|among|amongst|containing|showing)\b )+"
    r"|^(?:bit|part|moment|place|spot|piece|point|second|segment) (?:with|of|where|when|that shows|showing|in which) (?:(?:a|an|the) )?(?=\w)"
    r"|^(?:[\w-]+ )*?(?:sign|trace|instance|appearance|occurrence|presence|example|glimpse|view|sight|hint|footage|picture|image|mention|evidence|record|case|entry|entrie|observation|onset|arrival|debut|emergence|frequency|detection)s? (?:of|for) "
    r"|^(?!.*\b(?:a|an|the) .*\b(?:of|in|on|with|at|to|by|from|behind|under|over|near|and|or|beside|inside|into|across|through|around) (?:a|an|the)\b)"
    r"(?:[\w-]+ )*?(?<!of )(?<!in )(?<!on )(?<!with )(?<!at )(?<!to )(?<!by )(?<!from )(?<!and )(?<!or )(?<!behind )(?<!under )(?<!over )(?<!near )(?<!into )(?<!beside )(?<!inside )(?<!across )(?<!through )(?<!around )(?<!between )(?:a|an|the) (?=\w)"
)
"""What stands before the name of a thing: prepositions, "any sign of", words before an article that no preposition leads to."""


def noun(text: str) -> str:
    """A noun phrase without articles before it; empty where it stands for anything."""
    text = _BEFORE_NOUN.sub("", text.strip(" ,.")).strip()
    words = [word for word in text.split() if word not in ARTICLES]
    if not words or all(is_generic(word) for word in words):
        return ""
    if len(words) > 1 and is_generic(words[-1]) and not is_generic(words[0]):
        return " ".join(text.split()[:-1])
    if len(words) > 1 and words[0] in ("something", "anything", "someone", "things", "thing", "objects", "object"):
        return " ".join(words[1:])
    return text


def condition(text: str, *, copula: bool = False) -> Condition:
    """What a phrase such as "the green moon move up", "a red circle that blinks" or "something blinking" asks for.

    :param copula: whether the phrase stood behind a form of "be": "(is) the moon blinking", "(is) the moon red"
    """
    text = " ".join(_WORDS_OF_TIME.sub(" ", text).split()).strip(" ,")
    text = re.sub(r"^(?:you|we|i|one) (?:can |could |ever )?(?:see|spot|find) ", "", text)
    text = re.sub(r"^(?:it true that|it the case that|there|the case that|about|of) ", "", text)
    text = re.sub(
        r"\bthe colour (?=\w)", "something ", re.sub(r"\b(?:has|have|had) (?=\w+(?:ed|en|wn|ne)\b)", "", text)
    )
    if re.match(
        r"(?:something|anything) (?:that )?(?:is |are )?appear(?:s|ed|ing)?$|(?:thing|object|shape)s? (?:(?:that|which) (?:is |are )?appears?|(?:is |are )?appearing)$",
        text,
    ):
        return Condition(predicate="appear")  # of anything, that it is there says nothing
    text = re.sub(r" (?:is|are|was|were)$", "", _TAIL.sub("", text))
    if found := re.match(r"(?P<np>.+?) (?:that|which|who)(?: (?P<be>is|are|was|were))? (?P<vp>.+)$", text):
        return Condition(subject=noun(found["np"]), predicate=bare(found["vp"]), copula=bool(found["be"]))
    if found := re.match(r"(?P<np>.+?) (?:is|are|was|were|be|being|gets?) (?P<vp>.+)$", text):
        return Condition(subject=noun(found["np"]), predicate=bare(found["vp"]), copula=True)
    subject, predicate = split_subject(text)
    if predicate.startswith("be ") or predicate == "be":
        return Condition(subject=noun(subject), predicate=predicate[3:], copula=True)
    if predicate:
        return Condition(subject=noun(subject), predicate=bare(predicate), copula=predicate.split()[0].endswith("ing"))
    if copula:
        return _adjective(text)
    return Condition(subject=noun(text))


def aside(subject: str) -> str:
    """The words at the beginning of a subject that are no part of the name of a thing; mostly none."""
    found = _ASIDE.match(subject)
    return found[0] if found else ""


def named(wanted: Condition) -> Condition:
    """The same without words before the name of its subject; "(which things are) circles" names things, not deeds."""
    if wanted.copula and not wanted.subject and base(wanted.predicate) in NOUNS_AND_VERBS and not wanted.predicate.endswith("ing"):  # fmt: skip
        return Condition(subject=wanted.predicate)
    return evolve(
        wanted,
        subject=noun(_without_end(wanted.subject.removeprefix(aside(wanted.subject)))),
        predicate="" if _ONLY_SEEN.fullmatch(wanted.predicate) else wanted.predicate,
    )


_ONLY_SEEN = re.compile(
    rf"(?:(?:be|being|been|can|get|gets) )*(?:{SEEN}|exist(?:ing|s)?|inside|whatsoever|at all|(?:com(?:e|es|ing)|get|gets)(?: (?:in|on|along|up|round|out))?|featur(?:e|es|ing)|occur(?:s|ring)?|in|up|on|out)"
)


def _without_end(subject: str) -> str:
    words = subject.split()
    while len(words) > 1 and words[-1] in _TRAILING:
        words.pop()
    return " ".join(words)


def _adjective(text: str) -> Condition:
    """ "the moon red": the last word, or what follows a preposition, is what the subject has to be."""
    if found := re.match(
        r"(?P<np>(?:a|an|the|any|some|every|each|all|both)\b.*?) (?P<vp>(?:in|on|at|under|above|below|behind|beside|near|inside|next to|in front of|between)\b.+)$",
        text,
    ):
        return Condition(subject=noun(found["np"]), predicate=found["vp"], copula=True)
    if found := re.match(
        r"(?P<np>(?:the|every|each|all|both|anything|something|everything|any)\b.*?)(?P<vp> (?:not )?\w+)$", text
    ):
        known = any(
            base(found["vp"].split()[-1]) in map(base, words.split())
            for kind, words in KINDS_OF_WORDS.items()
            if kind != "shape"
        )
        if known or len(text.split()) > 2:
            subject = noun(found["np"])
            if (subject or known) and not (subject and _is_adjective(subject.split()[-1])):
                return Condition(subject=subject, predicate=found["vp"].strip(), copula=True)
    return Condition(subject=noun(text))


def _is_adjective(word: str) -> bool:
    """Whether a word is a colour or a size, so that a noun has to follow."""
    return any(word in words.split() for kind, words in KINDS_OF_WORDS.items() if kind in ("colour", "size"))


def bare(predicate: str) -> str:
    """A predicate without auxiliaries and with its bare verb where that is easily told: "moves up" as "move up"."""
    predicate = re.sub(r"^(?:(?:is|are|was|were|be|do|does|did|can|to|being|been|get|gets)\b ?)+(?=\S)", "", predicate)
    first, _, rest = predicate.partition(" ")
    from atom_reasoning.english.clauses import VERBS

    if first.endswith("s") and not first.endswith("ss") and base(first) in VERBS:
        first = (
            re.sub(r"(?<=sh|ch|ss)es$|(?<=x)es$", "", first) if re.search(r"(?:sh|ch|ss|x)es$", first) else first[:-1]
        )
        first = {"goe": "go", "ha": "have", "doe": "do"}.get(first, first)
    return f"{first} {rest}".strip()


def is_stative(predicate: str) -> bool:
    """Whether a predicate only says that something is there."""
    return not predicate or base(predicate.split()[0]) in _STATIVE


def several(text: str) -> tuple[tuple[str, ...], str]:
    """The things that "both a star and a moon", "A or B", "A, B and C" name, and the word that joins them."""
    text = re.sub(r"^(?:both|either|neither) ", "", text.strip(" ,:"))
    found = re.split(r",? (and|or|nor|as well as|along with|plus|than|versus|vs) |, ", text)
    parts = [part for part in found[::2] if part] if len(found) > 1 else [text]
    joins = [join for join in found[1::2] if join]
    return tuple(part.strip(" ,") for part in parts if part.strip(" ,")), (joins[-1] if joins else "")
