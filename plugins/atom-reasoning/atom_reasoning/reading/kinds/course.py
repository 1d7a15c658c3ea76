"""Questions for the course of a video: summaries, order, which of two comes first, what comes before and after."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.reading.conditions import condition, several
from atom_reasoning.reading.kinds.attributes import read_attribute, read_what
from atom_reasoning.reading.kinds.counting import read_count
from atom_reasoning.reading.kinds.happening import read_happens
from atom_reasoning.reading.kinds.lists import read_list
from atom_reasoning.reading.kinds.when import read_when
from atom_reasoning.reading.kinds.which import read_which_shot
from atom_reasoning.reading.phrases import A_VIDEO
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT
from atom_reasoning.reading.wordings.lexicon import PLAIN, tokens

_EVENT = r"(?:right |immediately |directly |just |straight |shortly |soon )*"
_SUMMARY = (
    r"^(?:what is|what about|tell me|explain|give me) (?:the|its) (?:deal|story|plot|storyline|theme|topic|idea|point|big picture)(?: (?:with|of|in|here|behind)\b.*)?$",
    r"^(?:describe|explain|sum up) (?:it|this)(?: (?:like|as if|for|to|in|briefly|simply|shortly)\b.*)?$",
    r"\b(?:summar(?:y|ies|i[sz]e|i[sz]ing|i[sz]ation)|synopsis|recap|gist|tl;?dr|overview|sum (?:it |this |the \w+ )?up|outline|in a nutshell|main (?:content|idea|topic|theme))\b",
    rf"^what (?:happens|is happening|goes on|is going on|is shown|is)(?: in)? {A_VIDEO}(?<!what is it)(?<!what is this)$",
    rf"^what (?:is|are) {A_VIDEO}s?(?: all)? about$",
    rf"^what (?:does|do|did) {A_VIDEO} (?:show|depict|contain|portray|present|feature)$",
    rf"^(?:describe|explain|narrate|caption) {A_VIDEO}$",
    r"^(?:describe|explain)(?: (?:what|everything)(?: that)? (?:you see|is shown|happens|is happening|is going on|you can see|we see))?$",
    rf"^what (?:can|do|could) (?:you|we|i) (?:see|tell me about|say about)(?: {A_VIDEO})?$",
    r"^what (?:happens|is happening|goes on|is going on|is shown|is there|all happens|is there to see|can be seen)$",
    rf"^(?:tell me|talk) (?:something )?about {A_VIDEO}$",
    r"^what (?:all )?(?:happens|happened)(?: overall)?$",
    rf"^give (?:me )?a (?:short |brief |quick )?description(?: of {A_VIDEO})?$",
)
_ORDER = (
    r"\bin (?:what|which|the right|the correct|chronological|the same|temporal|proper|the)? ?(?:order|sequence)\b|\b(?:order|sequence|chronology|timeline|succession) of (?:the )?(?:events?|shots?|scenes?|things|actions?|happenings|clips?|appearances?|video)\b",
    r"\b(?:chronologically|step by step|shot by shot|scene by scene|one after (?:another|the other)|from (?:the )?(?:start|beginning|first)(?: shot)? to (?:the )?(?:end|finish|last)(?: shot)?|in turn|play by play|blow by blow)\b",
    r"\b(?:chronological|ordered|sequential|step-by-step|shot-by-shot|timed) (?:list|account|description|order|overview|listing|rundown)\b|^walk (?:me|us) through\b|^(?:which|what) order\b|\border of appearance\b|\bappearance order\b|[:,] (?:order|sort|rank) (?:the|a)\b",
    r"\b(?:events|shots|scenes|clips|happenings)\b.*\bin order\b|^(?:list|name|enumerate|describe|give|go through|walk (?:me|us) through|run through|write down|note)\b.*\b(?:everything|all) (?:that |which )?(?:happens|you see|is shown|occurs|goes on)",
    rf"^(?:list|name|enumerate|describe|go through|walk (?:me|us) through|run through)\b(?: (?:me|us))?(?: what happens in| what is in)?(?: (?:all|each|every))?(?: of)?(?: the)?(?: single)? (?:{SHOT}s?|events?|happenings|actions)$",
    r"^what (?:is|are) the (?:events|scenes|shots|actions|steps)(?: (?:shown|that happen))?$",
    r"^what happens(?: first)?,? (?:and )?(?:then|next)(?:,? (?:and )?(?:then|next|finally|last))*$|^what happens first,? (?:and )?what (?:happens )?(?:then|next|after)",
)
_OFFER = r"(?P<offer>.+?,? (?:or|and|versus|vs) .+)"
_FIRSTS = r"(?P<pick>first|last|earlier|earliest|later|latest|sooner|soonest|before the other|after the other)"
_OFTEN = r"(?P<often>(?:more|most|less|least) (?:often|frequently|common|frequent|times))"
_LIST_VERB = r"^(?:list|name|enumerate|identify|find|mention|state|give(?: me)?|show(?: me)?|what are|tell me|provide|write down|spell out|specify|say)\b"


def read_summary(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a wish for a summary."""
    if any(re.search(pattern, text) for pattern in _SUMMARY):
        return Reading(
            text=asked, kind=Kind.SUMMARY if scope == Scope() else Kind.HAPPENS, scope=scope, clip_question=text
        )
    return None


def read_order(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a question for an order, of all that happens or of what is named."""
    if not any(re.search(pattern, text) for pattern in _ORDER):
        return None
    found = (
        re.search(r"order of appearance[:,]? (?:of )?(?P<offer>.+)$", text)
        or re.search(r"[:,] (?:order|sort|rank) (?P<offer>.+ and .+)$", text)
        or re.search(
            r"\border,? (?:do|does|did|are|is|were) (?P<offer>.+?)(?: (?:appear|come(?: in)?|happen|occur|show up|be shown|shown|seen|act|presented|enter|displayed|take place))?$",
            text,
        )
    )
    found = found or re.search(
        r"^(?:sort|order|arrange|put|rank|list|name|give) (?P<offer>.+?,? and .+?)(?: in| by| into| chronologically).*$",
        text,
    )
    found = found or re.search(r"(?:order|sequence)[:,] (?P<offer>.+(?:,? (?:and|or) |, ).+)$", text)
    things = (
        several(re.sub(r"\bthe (?:appearances?|events?|following)(?: of)?:? ", "", found["offer"]))[0] if found else ()
    )
    known = [condition(thing) for thing in things]
    if len(known) < 2 or not all(one.subject for one in known):
        known = []
    return Reading(text=asked, kind=Kind.ORDER, scope=scope, conditions=tuple(known), clip_question=text)


def read_choice(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a choice: "Which comes first, the dog or the cat?", "Does the dog or the cat come first?" """
    who = (
        r"(?:which|what|who)(?: (?:(?:one )?of (?:these|the|them|those)(?: two| following| pair)?(?: [\w-]+)?|[\w-]+))?"
    )
    verb = r"(?:comes?|appears?|(?:is|was|were|gets|got)(?: there| shown| seen| visible| displayed)?|are shown|happens?|occurs?|acts?|arrives?|shows up|starts?|moves?|do we see|do you see|is seen|takes place|was|came|appeared|gets shown|(?:is |was |gets )?(?:introduced|presented|featured|revealed)|enters?|emerges?|debuts?|turns up|pops up|comes up|(?:do|did|can|could) (?:i|we|you|one) (?:get to )?see)"
    patterns = (
        rf"^{who} (?:{verb} )?(?:{verb} )?(?:the )?{_FIRSTS}(?: in time)?[,:;]? ?(?:is it |is that )?{_OFFER}$",
        rf"^{who} {verb} (?:the )?{_OFTEN}[,:;]? ?(?:is it )?{_OFFER}$",
        rf"^(?:does|do|is|are|did|was|were)(?: (?:we|you|i|one) (?:see|get to see|notice))? {_OFFER} (?:(?:shown|seen|come|appear|happen|occur|act|visible|be|move|arrive|show up|there|displayed|start|the) )*(?:{_FIRSTS}|{_OFTEN})$",
        r"^(?P<pred>(?:which|what|who)(?: (?:one|of (?:these|the two|them)|thing|object))? (?!colour|color).+?)[,:;] (?:is it )?(?P<offer>(?:a|an|the) .+ or .+)$",
        r"^(?:is|was) it (?P<offer>(?:a|an|the) .+? or (?:a|an|the) .+?) (?:that|which|who) (?P<pred2>.+)$",
        rf"^(?:what|which) (?:came|comes|is|was) (?P<pick>first|last)[ ,:-]+{_OFFER}$",
        rf"^(?:between|of|out of|among|from) (?P<offer>.+? (?:and|or) .+?),? (?:which|what|who)(?: one| of (?:them|these|the two))? {verb} (?:the )?(?:{_FIRSTS}|{_OFTEN})$",
        rf"^(?P<offer>(?:a|an|the) [\w ]+ or (?:a|an|the) [\w ]+),? (?:which|what|who)(?: one| of (?:them|these|the two))? {verb} (?:the )?(?:{_FIRSTS}|{_OFTEN})$",
        rf"^(?P<offer>(?:a |an |the )?[\w ]+ or [\w ]+)[,:;-]+ ?(?:which|what)(?: one)? (?:{verb} )?{_FIRSTS}$",
    )
    for pattern in patterns:
        if found := re.match(pattern, text):
            parts, join = several(
                re.sub(r" (?:shown|seen|come|appear|happen|occur|act|be|visible)$", "", found["offer"])
            )
            if len(parts) < 2 or join not in ("or", "and", "versus", "vs"):
                continue
            groups = found.groupdict()
            scope = evolve(scope, pick=_pick(groups.get("pick")))
            conditions = _offered(parts)
            if any(one.is_anything for one in conditions):
                continue
            compare = ""
            if often := groups.get("often"):
                compare = "most" if often.startswith("mo") else "least"
            predicate = groups.get("pred") or groups.get("pred2")
            if predicate and (rank := _rank_alone(predicate)):
                scope = evolve(scope, pick=rank)
            elif predicate:
                body = re.sub(
                    r"^(?:which|what|who)(?: (?:one|of (?:these|the two|them)|thing|object))? ", "something ", predicate
                )
                body = body if groups.get("pred") else f"something {predicate}"
                wanted = condition(body)
                if not wanted.predicate:
                    continue
                conditions = tuple(
                    Condition(subject=one.subject, predicate=wanted.predicate, copula=wanted.copula)
                    for one in conditions
                )
            return Reading(
                text=asked, kind=Kind.CHOICE, scope=scope, conditions=conditions, clip_question=text, compare=compare
            )
    return None


def _rank_alone(predicate: str) -> str:
    """``first`` or ``last`` where a predicate says no more than that something is seen so: "do we encounter first"."""
    found = re.search(rf"\b{_FIRSTS}$", predicate)
    rest = tokens(predicate[: found.start()]) if found else []
    if found and all(
        one.name in ("SEE", "BE", "DO", "HAPPEN", "BEGIN", "HAVE", "") or one.word in PLAIN for one in rest
    ):
        return _pick(found["pick"])
    return ""


def _offered(parts: tuple[str, ...]) -> tuple[Condition, ...]:
    return tuple(condition(re.sub(r"^(?:is it|does|that) ", "", part)) for part in parts)


def _pick(word: str | None) -> str:
    if not word:
        return ""
    return "first" if word in ("first", "earlier", "earliest", "sooner", "soonest", "before the other") else "last"


def read_relative(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of "What happens after the star blinks?", "What follows the moon?", "What is shown while ...?" """
    shot = rf"(?:(?:in |of )?the (?:{SHOT}|thing|event|part)(?: that)? (?:comes |is )?)?"
    patterns = (
        (
            rf"^(?P<q>.*?)\b{shot}{_EVENT}(?P<r>after|following|before|preceding|prior to|once|until)(?: the (?:{SHOT}|moment|part|one|bit)(?: (?:with|of|where|in which|showing|that shows))?)? (?P<e>.+)$",
            None,
        ),
        (
            r"^(?:what|which(?: \w+)?|who)(?: \w+)? (?:immediately |directly )?(?P<r>follows|precedes|succeeds|followed|preceded|succeeded)(?: (?:right |immediately )?(?:on|after|upon))? (?P<e>.+)$",
            None,
        ),
        (
            r"^(?:what|which(?: \w+)?) (?:is|are|was|gets) (?P<e>.+?) (?:immediately |directly )?(?P<r>followed|preceded|succeeded) by$",
            None,
        ),
        (r"^(?:by )?what (?:is|are|was) (?P<e>.+?) (?P<r>followed|preceded) by$", None),
        (r"^what (?P<r>leads up to|led up to|comes next after|came next after) (?P<e>.+)$", None),
        (
            r"^(?P<q>.*?)\b(?P<r>while|during|when|whenever|as soon as|at the same time as|at the moment(?: when| that)?|alongside|together with|next to|besides|with)(?: the (?:time|moment|shot) (?:that|when|where|with))? (?P<e>.+)$",
            None,
        ),
    )
    for pattern, _ in patterns:
        found = re.match(pattern, text)
        if not found:
            continue
        groups = found.groupdict()
        before, word, event = (groups.get("q") or "what happens").strip(" ,"), found["r"], found["e"]
        if re.match(r"(?:what|which|who|when|where|how)\b", event):
            continue
        if not before or before in ("in", "the"):
            before = "what happens"
        relation = (
            "before"
            if word in ("before", "preceding", "prior to", "precedes", "preceded", "leads up to", "led up to", "until")
            else "while"
            if word
            in (
                "while",
                "during",
                "when",
                "whenever",
                "as soon as",
                "at the same time as",
                "alongside",
                "together with",
                "next to",
                "besides",
                "with",
            )
            or word.startswith("at the moment")
            else "after"
        )
        if relation == "while" and (
            word in ("when", "with", "next to")
            and re.match(r"(?:what|which) (?:time|happens to)|.*\bhow\b", before)
            and word != "when"
        ):
            continue
        if (
            relation == "while"
            and word == "with"
            and not re.match(r"(?:what|which|who)\b.*\b(?:appears?|shown|seen|visible|happens)$", before)
        ):
            continue
        known = condition(
            re.sub(r"^(?:that of|the appearance of|the one with|the (?:first|last) appearance of) ", "", event),
            copula=False,
        )
        if not (known.subject or known.predicate):
            continue
        scope = evolve(scope, relation=relation, event=known)
        before = re.sub(r" (?:and|,)$", "", before)
        return _inner(before, scope, asked)
    return None


def _inner(text: str, scope: Scope, asked: str) -> Reading:
    text = re.sub(
        r"^(?:what|which)(?: \w+)? (?:comes|appears|is shown|is seen|is|shows up|happens) (?:next|then|afterwards|beforehand|up)$",
        "what happens",
        text,
    )
    text = re.sub(
        r"^(?:what|which) (?:is|was) the next (?:thing|shape|object|event|shot|scene|one)(?: (?:to \w+|that \w+|shown|seen))?$|^what(?: \w+)? (?:happens|comes|is shown|is seen|appears|follows|occurs|do we see|can be seen) (?:next|then|later)$",
        "what happens",
        text,
    )
    text = re.sub(
        r"^what (?:is|was)(?: it)?(?: that)?(?: \w+)? (?:comes|happens|shown|appears|seen)$", "what happens", text
    )
    for read in (read_count, read_when, read_which_shot, read_attribute, read_happens, read_list):
        if (found := read(text, scope, asked)) is not None:
            return found
    if re.match(
        r"(?:what|which) (?:thing|object|shape|item|event|action|shot|scene|clip|else)s? (?:is|comes|appears|happens|occurs|do)",
        text,
    ) or re.match(r"(?:what|which)(?: \w+)?$", text):
        return Reading(text=asked, kind=Kind.HAPPENS, scope=scope, clip_question="what happens")
    return read_what(text, scope, asked)
