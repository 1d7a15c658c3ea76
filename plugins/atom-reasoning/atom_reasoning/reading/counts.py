"""Questions for numbers, times and shots: how many, how often, when, which shot, how long."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import KINDS_OF_WORDS, NUMBER, number_of
from atom_reasoning.reading.conditions import condition
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT, VIDEO
from atom_reasoning.reading.wordings.lexicon import EMPTY, class_of

_AUX = r"(?:is|are|was|were|does|do|did|has|have|can|could|will)"
_MANY = r"(?:how many|(?:what is |give (?:me )?|tell me )?the (?:total |overall |exact )?(?:number|amount|count|quantity) of|what number of|what (?:total )?number of|count(?: up)?(?: (?:all|how many|the number of))?(?: of)?(?: the)?|number of)"
_WITH = (
    r"(?:with|of|involv(?:e|es|ing)|show(?:s|ing|n)?|ha(?:ve|s|ving)|contain(?:s|ing)?|featur(?:e|es|ing)|includ(?:e|es|ing)|depict(?:s|ing)?|"
    r"display(?:s|ing)?|where|when|in which|during which|on which|that (?:show|shows|have|has|contain|contains|feature|features|include|includes|depict|depicts)|"
    r"which (?:show|shows|have|has|contain|contains|feature|features)|do|does|is|are|can|could|did|was|were|there (?:is|are)|we see|you see|you can see|can you see|do you see|do we see)"
)
_FILLER = frozenset(
    [
        "are",
        "is",
        "was",
        "were",
        "be",
        "been",
        "there",
        "in",
        "this",
        "the",
        "it",
        "its",
        "we",
        "you",
        "one",
        "i",
        "they",
        "get",
        "to",
        "see",
        "seen",
        "have",
        "has",
        "had",
        "does",
        "do",
        "did",
        "for",
        "me",
        "us",
        "consists",
        "detect",
        "detected",
        "notice",
        "counted",
        "discover",
        "consist",
        "of",
        "made",
        "make",
        "up",
        "cut",
        "into",
        "contain",
        "contains",
        "video",
        "film",
        "movie",
        "clip",
        "recording",
        "footage",
        "file",
        "here",
        "total",
        "altogether",
        "present",
        "shown",
        "show",
        "shows",
        "exist",
        "all",
        "overall",
        "count",
        "please",
        "comprise",
        "comprises",
        "composed",
        "built",
        "out",
        "can",
        "could",
        "find",
        "got",
        "and",
        "divided",
        "split",
        "broken",
        "down",
        "that",
        "which",
        "a",
        "whole",
        "entire",
        "complete",
        "used",
        "going",
        "on",
        "happen",
    ]
)
"""Words that ask for no more than the number of shots."""


def _asks_no_more(text: str) -> bool:
    words = text.replace(",", " ").split()
    if words and re.fullmatch(r"\w{2,}(?:ed|shot|cut|made)", words[-1]):
        words = words[:-1]  # "were filmed", "can be counted"
    return all(word in _FILLER or word in EMPTY or class_of(word) in ("SEE", "HAVE", "MAKE", "VIDEO") for word in words)


_TOTAL = re.compile(r",? ?\b(?:in total|altogether|in all|all in all|overall|all together|combined|total)\b")


def read_count(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a question for a number."""
    reading = Reading(text=asked, kind=Kind.COUNT, scope=scope, clip_question=text)
    often = re.match(
        rf"(?:how (?:often|frequently|many times)|(?:what is )?(?:the )?number of times|count (?:how often|how many times|the times)|(?:on|at|in|during) how many (?:occasions|times|moments)) (?:that |in which )?(?:{_AUX} (?:not )?)?(?:there )?(?P<c>.+)$",
        text,
    )
    if often:
        return evolve(
            reading,
            counted="times",
            conditions=(
                condition(often["c"], copula=bool(re.search(r"(?:times|often|frequently) (?:is|are|was|were) ", text))),
            ),
        )
    found = re.match(
        rf"(?:in |on |during |across |throughout |of )?(?:into )?{_MANY} (?P<r>.+)$", re.sub(r"^into ", "", text)
    )
    if not found:
        return None
    if re.match(rf"the {SHOT}\b", found["r"]):
        return None  # "the number of the shot with a star" asks which one
    rest = _TOTAL.sub("", found["r"]).strip()
    rest = re.sub(r"^(?:of the |the |of these )", "", rest)
    return (
        _of_shots(rest, reading) or _of_videos(rest, reading) or _of_kinds(rest, reading) or _of_things(rest, reading)
    )


def _of_shots(rest: str, reading: Reading) -> Reading | None:
    found = re.match(
        rf"(?:different |individual |separate |distinct |camera )?(?P<n>{SHOT}s?|cuts?|scene changes|transitions|camera shots?)\b(?P<r>.*)$",
        rest,
    )
    if not found:
        return None
    counted = "cuts" if found["n"].startswith(("cut", "scene change", "transition")) else "shots"
    more = found["r"].strip(" ,")
    if _asks_no_more(more):
        return evolve(reading, counted=counted)
    more = re.sub(
        r"^(?:are there|there are|do we have|are|is there|have we)(?= (?:with|that|where|in which|which|showing|containing|featuring|of|when)\b)",
        "",
        more,
    ).strip()
    copula = re.match(r"(?:is|are|was|were) ", more) is not None
    more = re.sub(r"^(?:in which|during which|where|when) ", "", more)
    negated = re.search(r"\b(?:no|without|not(?! mov)|lack|lacks|lacking|never)\b", more) is not None
    more = re.sub(r"\b(?:without|no|not(?! mov)|never|lack|lacks|lacking)\b ?(?:have |show |contain |any )?", "", more)
    more = re.sub(rf"^(?:{_WITH} )+", "", f"{more} ").strip()
    more = re.sub(r"^there (?:is|are) |^(?:you|we|i|one) (?:can )?see ", "", more)
    if more.endswith(" in"):
        more = more[:-3]
    return evolve(reading, counted=counted, conditions=(condition(more, copula=copula),), negated=negated)


def _of_videos(rest: str, reading: Reading) -> Reading | None:
    found = re.match(r"(?:of the )?(?:videos|films|movies|files|recordings)\b(?P<r>.*)$", rest)
    if not found:
        return None
    more = found["r"].strip(" ,")
    if _asks_no_more(more):
        return evolve(reading, counted="videos")
    more = re.sub(rf"^(?:are there )?(?:{_WITH} )+", "", f"{more} ").strip()
    return evolve(reading, counted="videos", conditions=(condition(more),))


def _of_kinds(rest: str, reading: Reading) -> Reading | None:
    """ "How many (different) colours are there?", "... colours do the stars have?", "kinds of shapes" """
    found = re.match(
        rf"(?P<d>different |distinct |unique |separate |kinds of |types of |sorts of |different kinds of |different types of )?(?P<k>{'|'.join(KINDS_OF_WORDS)})s?\b(?P<r>.*)$",
        rest,
    )
    if not found or (found["k"] in ("shape", "size", "direction") and not found["d"]):
        return None
    more = re.sub(
        rf"^(?:{_AUX}|there|have|can be)\b ?|\b(?:have|be|there|used|shown|seen|visible|appear|occur)$",
        "",
        found["r"].strip(" ,"),
    )
    more = re.sub(rf"^(?:{_AUX}|there|be|shown|seen|visible|used|appear|occur)\b ?", "", more).strip()
    wanted = condition(more) if more and not _asks_no_more(more) else Condition()
    return evolve(reading, counted=found["k"], distinct=True, conditions=(wanted,))


def _of_things(rest: str, reading: Reading) -> Reading:
    found = re.match(
        r"(?P<d>(?:different|distinct|unique|separate|individual) (?:kinds? of |types? of )?|(?:kinds|types|sorts) of )",
        rest,
    )
    distinct = found is not None
    if found:
        rest = rest[found.end() :]
    copula = re.search(r" (?:is|are|was|were) (?!there)", rest) is not None
    rest = re.sub(
        r" (?:is|are|was|were|do|does|did|can|could|has|have) (?:there |you |we |i |it |one |the \w+ )?(?=\S)",
        " @ ",
        rest,
        count=1,
    )
    rest = re.sub(r" (?:are|is) there$", "", rest)
    noun, _, more = rest.partition(" @ ")
    noun = re.sub(r" (?:is|are|was|were)$", "", noun)
    more = re.sub(
        r"^(?:be |to )?(?:there|counted|identified|detected|see|seen|shown|show|visible|present|contain|contained|have|include|included|find|found|count|feature|featured|displayed|pictured|spotted|appear|spot|in)\b ?",
        "",
        more.strip(),
    )
    return evolve(
        reading,
        counted="things",
        distinct=distinct,
        conditions=(condition(f"{noun} {more}".strip() if not more or not copula else f"{noun} be {more}"),),
    )


_WHEN = (
    r"(?:(?:at|around|by|from|since|until|during|in|on) )?(?:(?:what|which) (?:exact |precise )?(?:times?|points?|moments?|seconds?|minutes?|timestamps?|time ?codes?|times? ?stamps?|position|mark|stage)(?: of time| in time)?|when(?: exactly)?"
    r"|how far (?:in(?:to)?|along|through)(?: (?:it|the video|the film|the clip|the footage|the recording))?|how (?:early|late|soon|many seconds in(?:to)?(?: it)?|many seconds into)|where|(?:what|which) part|how much time (?:passes|goes by) (?:before|until)|how long (?:before|until|does it take (?:until|before|for|till)|is it (?:until|before)|till))"
)


def read_when(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a question for a time."""
    text = re.sub(
        r"^(?:what is|give (?:me )?|tell me|find|list|name|show(?: me)?)?(?: ?(?:the|all|all the|every)) (?:times?(?: ?stamps?)?|moments?|points?|exact time|seconds?|times?|time ?code)(?: in time)? (?:of|when|where|at which|that|for|in which) ",
        "when is ",
        text,
    )
    text = re.sub(r"^what (?:time ?stamp|time) (?:does|is)", "when is", text)
    text = re.sub(r"^from (?:when|what time) (?:to|until|till) (?:when|what time)\b", "when", text)
    text = re.sub(r"^(?:find|locate|show me|give me) (?:when|where) ", "when ", text)
    found = re.match(rf"{_WHEN} (?P<aux>{_AUX} )?(?:not )?(?:there )?(?P<r>.+)$", text)
    if not found:
        return None
    rest = found["r"]
    if found[0].startswith("where") or " part" in found[0][:12]:
        if not re.search(r"\b(?:appear|happen|occur|show|see|shown|begin|start|first|blink|move)", rest) or (
            found["aux"] or ""
        ).strip() in ("is", "are", "was", "were"):
            return None
    pick = ""
    for word, place in (
        ("first", "first"),
        ("last", "last"),
        ("for the first time", "first"),
        ("final", "last"),
        ("initially", "first"),
        ("finally", "last"),
    ):
        if re.search(rf"\b{word}\b", rest) and not re.search(rf"\b{word} (?:{SHOT}|\w+ (?:that|which))\b", rest):
            rest, pick = (
                " ".join(re.sub(rf"\b(?:for )?(?:the )?(?:{word})(?: time)?(?: (?:that|when))?\b", " ", rest).split()),
                place,
            )
    rest = re.sub(
        r"^(?:(?:is|are|was|do|does|did|can) )?(?:you|we|i|one) (?:can |could )?(?:get to )?(?:see|spot|find|watch|notice) |^the (?:start|beginning|moment|part|bit|point|scene) (?:of|when|where|in which|that) |^there (?:is|are) ",
        "",
        rest,
    )
    end = re.search(r"\b(?:stop|end|finish)(?:s|es)? (?:to )?(?P<v>\w+ing\b.*)?$", rest)
    if re.match(rf"(?:the |this )?(?:{VIDEO}|it) (?:end|finish|stop|is over)", rest):
        return Reading(text=asked, kind=Kind.HOW_LONG, scope=scope)
    start = re.search(r"\b(?:start|begin)s? (?:to )?(?P<v>\w+.*)$", rest)
    if start and not end:
        rest = f"{rest[: start.start()]}{start['v']}"
    if end:
        rest = f"{rest[: end.start()]}{end['v'] or ''}"
    copula = (found["aux"] or "").strip() in ("is", "are", "was", "were")
    if found["aux"] and found["aux"].strip() in ("can", "could", "do", "does", "did"):
        rest = re.sub(r"^(?:you|we|i|one) (?:ever )?(?:see|spot|find|watch|notice|get to see) ", "", rest)
    return Reading(
        text=asked,
        kind=Kind.WHEN,
        scope=evolve(scope, pick=pick or scope.pick),
        conditions=(condition(rest, copula=copula),),
        clip_question=text,
    )


def read_which_shot(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a question for shots, or for videos."""
    text = re.sub(
        r"^(?:list|name|find|identify|show(?: me)?|give(?: me)?|tell me|enumerate)(?: (?:all|every|each))?(?: of)?(?: the)? (?:numbers? of )?(?:the )?(?="
        + SHOT
        + r"s?\b)",
        "which ",
        text,
    )
    text = re.sub(rf"^what is the (?:number|index|position|place) of the (?={SHOT}\b)", "which ", text)
    text = re.sub(rf"^what are the (?:numbers of the )?(?={SHOT}s\b)", "which ", text)
    text = re.sub(
        rf"^(?P<p>(?:in |on |during |at )?)(?:which|what) (?:one |ones )?(?:of the|among the|of these) (?={SHOT}s)",
        r"\g<p>which ",
        text,
    )
    text = re.sub(rf"^(?:which|what) (?:is|are) the (?:number of the )?(?={SHOT}s?\b)", "which ", text)
    if found := re.match(
        rf"(?P<c>.+?),? (?:in|on|during) (?:which|what) (?:of (?:the|these) )?(?P<s>{SHOT}|{VIDEO})s?(?: number)?$",
        text,
    ):
        text = f"in which {found['s']} {'is ' if not re.match('is|are|does|do', found['c']) else ''}{found['c']}"
    if found := re.match(
        rf"where (?:do|does|can|could|will|is|are|did) (?P<c>.+?),? (?:in )?(?:which|what) (?P<s>{SHOT})$", text
    ):
        text = f"in which {found['s']} is {re.sub(r'^(?:i|we|you|one) (?:find|see|spot) ', '', found['c'])}"
    if found := re.match(
        rf"where (?:do|does|can|could|will|is|are|did) (?P<c>.+?),? (?:in )?the first or (?:in )?the second (?P<s>{VIDEO})$",
        text,
    ):
        text = f"in which {found['s']} is {re.sub(r'^(?:i|we|you|one) (?:find|see|spot) ', '', found['c'])}"
    text = re.sub(
        rf"^(?P<p>in |of |on )?which (?:one )?(?:of )?(?:the |these |those )?(?:two|both|three|all)?(?: of)?(?: the| these)? ?(?P<s>{VIDEO}|videos|films|files|movies|clips)s?\b(?= (?:has|have|contain|show|do|is|does|feature|include|are|can|there))",
        lambda m: f"{m['p'] or ''}which {'video' if m['s'] not in ('clip', 'clips') else 'clip'}",
        text,
    )
    text = re.sub(
        r"^(?:which|what) (?:one )?of the (?:two|three|several)(?= (?:has|have|contain|show|is|does|feature|include))",
        "which video",
        text,
    )
    what = rf"(?:in |on |during |at |from )?(?:which|what) (?P<v>{VIDEO}s?|videos?|films?|of the (?:two )?videos)\b"
    for kind, pattern in (
        (
            Kind.WHICH_SHOT,
            rf"(?:in |on |during |at |from )?(?:which|what) (?:numbered |single )?{SHOT}s?(?: (?:number|no))?s?\b",
        ),
        (Kind.WHICH_VIDEO, what),
    ):
        found = re.match(rf"{pattern} ?(?P<r>.*)$", text)
        if found:
            return _which(found["r"], kind, text, scope, asked)
    return None


def _which(rest: str, kind: Kind, text: str, scope: Scope, asked: str) -> Reading:
    reading = Reading(text=asked, kind=kind, scope=scope, clip_question=text)
    if found := re.match(
        r"(?:is|has|are|was|lasts?|runs?|takes?)(?: the)? (?P<w>long|short)(?:est|er)\b|(?:is|lasts?|has|goes on|runs?) (?:the )?(?P<l>longest|shortest)|(?:is made of|(?!(?:is|are|was|were|does|do|did|lasts?|runs?|goes|takes?)\b)\w+(?: of| together| up)?) (?:the |a )?(?P<m>more|most|fewer|fewest|less|least|(?:larger|largest|greater|greatest|higher|highest|bigger|biggest) number of|(?:smaller|smallest|lower|lowest) number of) (?P<x>.+?)(?: than .*)?$",
        rest,
    ):
        if found["m"]:
            compare = "most" if re.match(r"more|most|larg|great|high|big", found["m"]) else "least"
            shots = re.match(rf"{SHOT}s?\b|cuts\b", found["x"]) is not None
            return evolve(
                reading,
                compare=compare,
                counted="shots" if shots else "things",
                conditions=() if shots else (condition(found["x"]),),
            )
        size = found["w"] or found["l"]
        return evolve(reading, compare="most" if size.startswith("long") else "least", counted="seconds")
    pick = ""
    if found := re.search(r"\b(?P<p>first|last)(?: of all)?$", rest):
        rest, pick = rest[: found.start()].strip(), found["p"]
    if found := re.match(
        r"(?:comes|is|are|that is|lies|immediately|directly|right|just| )*\b(?P<r>after|before|follows|precedes|following|preceding)(?: the (?:one|shot|clip|scene)(?: (?:with|of|showing|that shows|where|in which|containing))?)? (?P<e>.+)$",
        rest,
    ):
        relation = "after" if found["r"] in ("after", "follows", "following") else "before"
        return evolve(reading, scope=evolve(scope, relation=relation, event=condition(found["e"])))
    if found := re.match(
        rf"(?:has|have|shows?|contains?)(?: (?P<how>exactly|only|at least|more than))? (?P<n>{NUMBER}) (?P<c>.+)$", rest
    ):
        compare = {"at least": "least", "more than": "more"}.get(found["how"] or "", "equal")
        return evolve(reading, conditions=(condition(found["c"]),), compare=compare, number=int(number_of(found["n"])))
    negated = re.search(r"\b(?:no|without|not(?! mov)|never|nothing|nobody)\b", rest) is not None
    rest = re.sub(r"\b(?:nothing|nobody)\b", "something", rest)
    rest = re.sub(r"\b(?:without|no|not(?! mov)|never)\b ?(?:have |show |contain |any |a |an |the )?", "", rest)
    copula = re.match(r"(?:is|are|was|were) ", rest) is not None
    rest = re.sub(rf"^(?:{_WITH} )+", "", f"{rest} ").strip()
    rest = re.sub(r"^(?:there (?:is|are)|you|we|i)\b ?(?:can )?(?:see )?", "", rest)
    if re.match(r"(?:both|a|the)?.*\band\b", rest):
        from atom_reasoning.reading.conditions import several

        parts, join = several(rest)
        if join == "and" and len(parts) > 1:
            return evolve(
                reading,
                conditions=tuple(condition(part) for part in parts),
                together=kind is Kind.WHICH_SHOT,
                negated=negated,
            )
    return evolve(
        reading,
        conditions=(condition(rest, copula=copula),),
        negated=negated,
        scope=evolve(scope, pick=pick or scope.pick),
    )


def read_how_long(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a question for a length of time."""
    whole = rf"(?:what is |tell me |give me )?(?:the )?(?:total |full |overall )?(?:length|duration|running time|runtime|run time|playing time)(?: (?:of|in seconds))?(?: (?:the |this |it)?(?:{VIDEO})?)?$|how (?:long|many (?:seconds|minutes)(?: long)?) (?:is|does|do|lasts?|runs?|are)? ?(?:(?:the|this|it|that)(?: (?:whole|entire))?(?: {VIDEO})? ?)?(?:long|last|run|go on(?: for)?|take|play|in total|altogether|in length|be|there)?$"
    if found := re.search(rf"\bhow long is the (?P<w>longest|shortest) {SHOT}$", text):
        return Reading(
            text=asked,
            kind=Kind.HOW_LONG,
            scope=scope,
            counted="seconds",
            compare="most" if found["w"] == "longest" else "least",
        )
    if re.match(whole, text):
        return Reading(text=asked, kind=Kind.HOW_LONG, scope=scope)
    found = re.match(
        r"(?:(?:for )?how (?:long|many seconds|many minutes|much time)|for what length of time) (?P<aux>is|are|does|do|did|was|were|can)? ?(?P<r>.+)$",
        text,
    )
    if not found:
        return None
    rest = re.sub(
        r"\b(?:last|lasts|spend|remain|stay|on screen|on|go on|for)$|\b(?:be )?(?:visible|shown|seen)(?: for)?$",
        "",
        found["r"],
    ).strip()
    rest = re.sub(r"^(?:you|we|i) (?:see|watch) ", "", rest)
    return Reading(
        text=asked, kind=Kind.HOW_LONG, scope=scope, conditions=(condition(rest, copula=found["aux"] in ("is", "are")),)
    )
