"""Questions for shots, or for videos: which of them shows something, has more of it, is longest."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import NUMBER, number_of
from atom_reasoning.reading.conditions import condition
from atom_reasoning.reading.phrases import WITH
from atom_reasoning.reading.record import Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT, VIDEO


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
    rest = re.sub(rf"^(?:{WITH} )+", "", f"{rest} ").strip()
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
