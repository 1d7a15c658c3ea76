"""Which segments of a text ask, and what the rest tells of what they ask about."""

from __future__ import annotations

import re

from attrs import frozen

from atom_reasoning.english.normal import normal
from atom_reasoning.reading.wordings.lexicon import classes
from atom_reasoning.talk.context import completed, statement
from atom_reasoning.talk.segments import PERSON, QUESTION, REQUEST, Segment, bare, is_known, segments

_ONLY_WH = re.compile(
    r"(?:(?:in|at|on|of|for|with|from|by|during) )?(?:what|which|who|when|where|how(?: many| long| often| much)?)(?: (?:exactly|precisely|on earth|colou?r|shots?|scenes?|clips?|time|second|point|moment|things?|one|seconds|minutes|video|\w+s))?$",
    re.IGNORECASE,
)
"""The beginning of a question without its verb."""
_AUX = re.compile(r"(?:is|are|was|were|do|does|did|has|have|can|could|will|would)\b", re.IGNORECASE)
_SAYS = re.compile(
    r"(?:would|do|are|can|could|should|will|is|was) (?:you|we|i|it|they|anyone)\b.*\b(?:say|saying|think|agree|claim|believe|tell|true|right|correct|reckon|swear|confirm|said|case|fact|possible)$",
    re.IGNORECASE,
)
"""The beginning of a question that goes on with "that"."""
_TRUTH = re.compile(
    r"(?:(?:is|was|isn't|are|am|were)(?:n't)? (?:that|this|it|he|she|they|i|we)(?: really| actually| all)? (?:right|true|correct|so|the case|wrong|mistaken|a fact)|(?:right|correct|true|agreed|yes|am i right|or am i wrong)|(?:is|are|was|were|isn't|aren't|does|do|did) (?:there|it|they|he|she))(?: (?:about|in|there|here|or not)\b.*)?$",
    re.IGNORECASE,
)
"""What asks only whether the sentence before it is true."""
_CHAT = re.compile(
    r"(?:what|how|who|where|when) (?:would|do|could|can|did|should) (?:you|i|we) (?:say|think|reckon|guess|call it|answer|mean|bet)(?: (?:that|about (?:it|that)))?$"
    r"|(?:what|how) about (?:that|it)$|(?:you|do you|d'you) (?:know|see) what$|who (?:does|would|could|did)(?:n't| not)\b.*|how (?:are|is) (?:you|everyone|everybody|things|it going)\b.*|what a\b.*|how (?:lovely|nice|wonderful|exciting|about that)\b.*"
    r"|(?:shall|will|would|could|can|do|don't|won't|might|should) (?:you|we|i)(?: (?:please|kindly|just|tell me|tell us|help(?: me| us)?(?: out)?|know|mind|believe (?:it|that|this)|imagine(?: that)?|say|answer(?: me| that)?|see|check|make (?:it|that) out|say so|look))*$"
    r"|(?:can|could|would|will) you (?:name|list|count|tell me|show me|say) (?:them|it|those|each)(?: all| both)?(?: for me| please)*$|(?:are|did|do|were) you (?:sure|certain|ready|count(?:ed)? (?:them|it|those)|there|listening)\b.*|(?:would|will|could|can) you (?:be|have|do|mind|please|help|settle|time)\b.*|(?:is|isn't|wasn't|wouldn't|won't|was) (?:it|that|this)(?: (?:possible|ok|okay|all right|alright|nice|great|fun|lovely|exciting))?$",
    re.IGNORECASE,
)
"""Questions of courtesy."""
_FRONT = re.compile(
    r"(?:(?:right|just|directly|immediately|shortly|somewhere|anywhere|only|exactly|even|still|straight) )*(?:in|at|on|of|for|with|from|between|during|after|before|until|till|within|among|across|throughout|when|once|while|as soon as|following|by|since|through|over|if|out of|per)\b",
    re.IGNORECASE,
)
_NOUNS = re.compile(
    r"(?:the|an?|any|some|that|this|those|these|all|both|no|every|each|\d+|shot|scene|clip)\b", re.IGNORECASE
)
_TAIL = re.compile(
    r"(?:and|or|nor|but|then|in|at|on|of|for|with|from|between|during|after|before|until|within|among|across|throughout|when|once|while|by|the|an?|any|some|all|both|no|not|every|each|either|neither|first|last|together|that|which|who|where|whose|because|to|over|under|near|\d+)\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|isn't|aren't|will|would|can|could|has|have|had|does|do|did|'s|'re)\b", re.IGNORECASE
)


@frozen(kw_only=True)
class Asked:
    """A question of a text."""

    text: str
    """Its words, with what the rest of the text tells of the things it is about."""
    said: str
    """What the text says besides it, which may name the part of the video."""


@frozen(kw_only=True)
class Way:
    """One way to tell the questions of a text from the talk around them."""

    asked: tuple[Asked, ...]
    """The questions."""
    left: int = 0
    """How many segments that may belong to a question were taken for talk."""


def ways_to_ask(text: str) -> list[Way]:
    """The ways to tell the questions of a text from the talk around them; none where it is of one piece.

    With all that may belong to each question, then without what is fronted, then bare.
    """
    apart = segments(text)
    found = _joined(apart)
    if len(apart) < 2 and (not apart or bare(text).rstrip(" ?.!") == apart[0].text):
        return []
    asking = [place for place, one in enumerate(found) if one.asks and not _CHAT.match(one.text)]
    if not asking:
        rests = [found[place:] for place in range(1, len(found)) if len(found[place].text.split()) > 1]
        return [Way(asked=(Asked(text=_written(rest), said=""),)) for rest in rests]
    ways: list[Way] = []
    if _TRUTH.match(found[asking[-1]].text) and asking[-1] > 0 and (held := statement(found[: asking[-1]])):
        ways.append(Way(asked=(Asked(text=held, said=""),)))
    asking = [place for place in asking if not _TRUTH.match(found[place].text)] or asking
    whole = _groups(found, asking)
    own = [[at for at in group if at >= min(set(group) & set(asking))] for group in whole]
    alone = [[at for at in group if at in asking] for group in whole]
    for groups in (whole, own, alone):
        left = sum(map(len, whole)) - sum(map(len, groups))
        if groups is whole or left:
            ways.append(Way(asked=tuple(_asked(found, groups)), left=left))
    return ways


def _asked(found: list[Segment], groups: list[list[int]]) -> list[Asked]:
    taken = {place for own in groups for place in own}
    said = ". ".join(one.text for place, one in enumerate(found) if place not in taken)
    out = []
    for own in groups:
        before = [one.text for place, one in enumerate(found) if place < own[0]]
        after = [one.text for place, one in enumerate(found) if place > own[-1]]
        out.append(Asked(text=completed(_written([found[place] for place in own]), before, after), said=said))
    return out


def _joined(found: list[Segment]) -> list[Segment]:
    """The segments, with questions put together again that something was said within: "In which shot, if any, is it?"."""
    out: list[Segment] = []
    place = 0
    while place < len(found):
        one = found[place]
        for other in range(place + 1, min(place + 4, len(found))):
            rest = found[other].text
            if one.asks and _ONLY_WH.match(one.text) and _AUX.match(rest) and not _CHAT.match(rest):
                one = Segment(text=f"{one.text} {rest}", mark=found[other].mark, asks=True)
            elif one.asks and _SAYS.match(one.text) and re.match(r"(?:that|whether|if) ", rest, re.IGNORECASE):
                one = Segment(text=f"is it true {rest}", mark=found[other].mark, asks=True)
            else:
                if found[other - 1].ends:
                    break
                continue
            place = other
            break
        out.append(one)
        place += 1
    return out


def _groups(found: list[Segment], asking: list[int]) -> list[list[int]]:
    """The segments of each question: what asks, with what is fronted and what trails."""
    groups: list[list[int]] = []
    for place in asking:
        first, after = place, place + 1
        while first > 0 and first - 1 not in asking and not found[first - 1].ends:
            first -= 1
        while after < len(found) and after not in asking and not found[after - 1].ends:
            after += 1
        own = [at for at in range(first, place) if _is_front(found[at])]
        own += [place, *(at for at in range(place + 1, after) if _is_tail(found[at]))]
        if groups and not any(one.ends for one in found[groups[-1][-1] : place]):
            if _is_demand(found[place].text):
                continue
            if found[groups[-1][-1]].mark:
                groups.pop()  # of two that no full stop parts, the one before only leads to the other
        groups.append([at for at in own if not groups or at not in groups[-1]])
    kept = [own for own in groups if not _is_demand(found[own[-1]].text)]
    return kept or groups


def _is_demand(text: str) -> bool:
    """Whether a wish only says how to answer: "tell me each of them"."""
    if REQUEST.match(text) is None or QUESTION.match(text):
        return False
    return _TELL.match(text) is not None or not set(classes(normal(text))) - _HOW


_TELL = re.compile(r"(?:please )?(?:tell|show|remind|let) (?:me|us|them|the \w+|our \w+|my \w+|your \w+|everyone|everybody)(?: (?:at|back) home| out there| please| now| straight| all| know)*$", re.IGNORECASE)  # fmt: skip


_HOW = frozenset(["LIST", "EVERY", "ORDER", "all", "of", "up", "DESCRIBE", "SEE", "out", "by"])
_OPERATORS = frozenset(["ORDER", "EVERY", "BEGIN", "END", "first", "last", "TOGETHER", "BOTH", "NTHSHOT", "TIME", "SPAN", "TOTAL", "NEVER", "NO"])  # fmt: skip


def _is_front(one: Segment) -> bool:
    text = bare(one.text)
    if PERSON.search(text):
        return False
    if _FRONT.match(text) or (len(text.split()) < 6 and _OPERATORS & set(classes(normal(text)))):
        return True
    return bool(_NOUNS.match(text) or is_known(text)) and not _VERB.search(text)


def _is_tail(one: Segment) -> bool:
    text = bare(one.text)
    if PERSON.search(text) or REQUEST.match(text):
        return False
    return is_known(text) or _TAIL.match(one.text) is not None or bool(_OPERATORS & set(classes(normal(text))))


def _written(own: list[Segment]) -> str:
    out = ""
    for place, one in enumerate(own):
        last = place == len(own) - 1
        mark = "?" if last else "," if not one.mark or one.ends else one.mark[0]
        out += f"{one.text}{mark}" if last else f"{one.text}{mark} "
    return out
