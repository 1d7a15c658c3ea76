"""What one speaks of before one asks: what one looks for, holds to be true, or names with a colon."""

from __future__ import annotations

import re

from atom_reasoning.english.words import ABSTRACT, KINDS_OF_WORDS, NUMBER, ORDINAL

_ASKS = r"(?:what|which|who|whose|when|where|how|why|in (?:what|which)|at (?:what|which)|whether|if)\b"
_WANTS = r"(?:am|was|are|were|have been) (?:now |just |still )?(?:looking|searching|hunting|after|trying|interested|thinking|curious)"
_FIRST_PERSON = rf"(?:(?:please |now |just )?(?:look at|watch|take|consider|think (?:of|about)|concentrate on|focus on|remember|recall|see|go (?:back )?to)\b|(?:i|we)(?:'m|'d| {_WANTS}| (?:would|need|want|seek|missed|saw|should like|can ?not|can't|could not|couldn't|do not|don't|did not|didn't|have|had)\b))"
_TAIL = re.compile(
    r"\s*(?:[.;,?!]+|,? and)\s+(?:then |also |please )*(?:give|tell|say|write|note|report|show|state|send|name)(?: down)?(?: me| us)? (?:its|the|their|that|his|her)"
    r" (?:exact |right )?(?:(?:shot|scene) )?(?P<what>number|index|position|time|timecode|timestamp|second|moment)s?(?: please)?\s*[.?!]*$",
    re.IGNORECASE,
)
_SOUGHT = re.compile(
    rf"^(?P<lead>{_FIRST_PERSON}[\w' ]*?)(?<!')\b(?P<thing>(?:the|an?|some|that|this) [^,.;:!?]+)[,.;:!]\s*(?:and |so |but )?(?P<question>{_ASKS}[^?]*)\??$",
    re.IGNORECASE,
)
_HELD_TRUE = re.compile(
    r"^(?:(?:i|we|he|she|they|someone|somebody|people) (?:think|believe|guess|suppose|assume|say|reckon|take it|claim|insist|swear|am told|are told|heard|hear|gather|told me|told us)s?(?: that)? )(?P<said>[^.;!?]+)[,.;!]\s*"
    r"(?:(?:is|was) (?:that|this|it|he|she|they)(?: really)? (?:right|true|correct|so|the case)|(?:am i|are we|are they) (?:right|correct)|(?:right|correct|true|yes|no))\s*\??$",
    re.IGNORECASE,
)
_SET_BEFORE = re.compile(
    r"^(?P<thing>(?:the|that|this|an?) (?!(?:video|film|clip|first|last)\b)(?!.*\b(?:or|and)\b[^,;:]*[,;:])[^,;:.?!]+)[,;:]\s*(?P<question>(?!(?:is|was) (?:that|this|it) (?:right|true|correct|so|the case)\b)(?:is|are|was|were|does|do|did|has|have|can|will|what|which|who|when|where|how)\b[^,;.]*?\b(?:it|he|she|they|that|this)\b[^,;.]*?)\??$",
    re.IGNORECASE,
)
_TO_SEE = re.compile(
    r"^(?:(?:if|when) )?(?:you|we|i|one) (?:wants?|wish|would like|need)(?: to (?:see|find|watch|look at))? (?P<thing>[^,.]+)[,.] (?:(?P<shot>(?:in )?(?:which|what) (?:shot|scene|clip))|(?P<when>when|(?:at )?(?:what|which) (?:time|second)|where)) (?:do|does|should|must|would|can|could|will|have) (?:you|we|i|one)\b.*$",
    re.IGNORECASE,
)
_THE_TWO = r"(?:the|an?)(?: (?!(?:the|an?|and|or|between|of|with|in|at|on|both|first|last)\b)[\w'-]+){1,4}?"
_RIVALS = re.compile(
    rf"^(?!(?:which|what|who|when|where|how|do|does|is|are)\b)(?:(?!(?:shots?|scenes?|clips?|videos?|seconds?|not|no)\b)[a-z'’]+ ){{0,8}}?(?P<one>{_THE_TWO})(?:,? (?:or|and|against|versus|vs\.?|with)|,) (?P<two>{_THE_TWO})"
    r"(?: (?:are|both|come|appear|turn|enter|race|compete|show|play|meet)\b[^,;:.?!]*)?\s*[,;:.!–-]+\s*(?:(?:so|and|then|now|but) )*(?:which|who|what)(?: one)?(?: of (?:them|the two|these(?: two)?|those(?: two)?|the pair|both))?"
    r" (?P<does>(?!of\b)[^,;:.?!]*\b(?:first|last|earlier|later|earliest|latest|sooner|soonest)\b[^,;:.?!]*)\??$",
    re.IGNORECASE,
)
"""Two things first, and then which of them is first: "it is a race between the dog and the cat, so who comes first?"."""
_HEADING = re.compile(
    r"^(?P<head>[^\W\d][\w'’&/ -]*)(?P<mark>[:!])\s+(?P<question>(?:(?:in|at|on|for|of|from|during) )?(?:how|which|what|whose|who|when|where|is|are|was|were|do|does|did|has|have|can|could|will)\b.*)$",
    re.IGNORECASE,
)
_PLACES = re.compile(
    rf"\b(?:{NUMBER}|{ORDINAL}|shots?|scenes?|clips?|segments?|videos?|films?|minutes?|half|beginning|start|end|before|after|between|during|until|while|when|once|every|each|all|any|both|pair|or|and|order|true|false|right|correct|fact|not|no|an?)\b|^(?:of|among|with|in|at|on|from)\b",
    re.IGNORECASE,
)
_SEEN_THINGS = frozenset(word for kind in ("colour", "shape", "size") for word in KINDS_OF_WORDS[kind].split())
_INCOMPLETE = re.compile(
    r"\b(?:it|its|they|them|their|he|she|this|that|those|these|one|ones)\b(?! (?:video|film|movie|clip|recording|footage))|^(?:in )?(?:how many|which|what)(?: of them)?\W*$|^how many (?:is|are|was|were|do|does|did|have|has|can|could)\b",
    re.IGNORECASE,
)
_TWO_VIDEOS = re.compile(
    r"\b(?:two|both|a pair of) (?:\w+ )?(?:videos|films|clips|movies|recordings|files)\b", re.IGNORECASE
)
_WHICH_ONE = re.compile(
    r"^which(?: one| of (?:them|the two|these))?\b(?! (?:video|film|clip|shot|scene|of))", re.IGNORECASE
)
_TELLS = frozenset(
    [
        "the",
        "give",
        "us",
        "me",
        "tell",
        "please",
        "full",
        "quick",
        "your",
        "our",
        "my",
        "for",
        "so",
        "now",
        "and",
        "first",
    ]
)
"""Words around the abstract noun of a heading."""
_IT = re.compile(r"\b(?:it|that|this|he|she|they|them|one|those|these)\b", re.IGNORECASE)


def with_topic(text: str) -> str:
    """A question with what one spoke of before in it: "The dog: when does it run?" as "when does the dog run?"."""
    return _sought(_with_tail(text))


def without_heading(text: str) -> str:
    """A question without the words before it, up to a colon, that name no thing and no part of the video.

    "Sample size: how many dogs are there?" asks how many dogs there are; "Shot 2: what happens?" is left as it is.
    """
    found = _HEADING.match(text)
    if found and _TWO_VIDEOS.search(found["head"]) and re.match(r"which\b", found["question"], re.IGNORECASE):
        return _WHICH_ONE.sub("which of the videos", found["question"])
    if not found:
        return text
    head = found["head"].casefold()
    if all(word in ABSTRACT or word in _TELLS for word in head.split()):
        return found["question"]
    if _INCOMPLETE.search(found["question"]) or len(found["question"].split()) < 4:
        return text
    names = any(word in _SEEN_THINGS or word.removesuffix("s") in _SEEN_THINGS for word in head.split())
    if names or (_PLACES.search(head) and not (found["mark"] == "!" and re.match(r"(?:what an? )", head))):
        return text
    return found["question"]


def _with_tail(text: str) -> str:
    """ "Where does a dog come? Give me the time." as "When does a dog come?"."""
    found = _TAIL.search(text)
    if not found:
        return text
    rest = text[: found.start()].rstrip(" ?.!")
    if found["what"] in ("number", "index", "position"):
        return rest
    return re.sub(r"^(?:where|(?:find|show|locate|look for|search for)(?: me)?(?= (?:the|an?)\b))\b", "when is", rest, flags=re.IGNORECASE).replace("when is does", "when does").replace("when is do ", "when do ").replace("when is is", "when is")  # fmt: skip


def _sought(text: str) -> str:
    if rivals := _RIVALS.match(text):
        return f"which {rivals['does'].strip()}, {rivals['one']} or {rivals['two']}?"
    if seen := _TO_SEE.match(text):
        return f"which shot shows {seen['thing']}?" if seen["shot"] else f"when is {seen['thing']} shown?"
    if held := _HELD_TRUE.match(text):
        return f"is it true that {held['said'].strip()}?"
    if before := _SET_BEFORE.match(text):
        return f"{_IT.sub(before['thing'], before['question'], count=1)}?"
    found = _SOUGHT.match(text)
    if not found:
        return text
    thing, question = found["thing"].strip(), found["question"].strip()
    if re.fullmatch(r"(?:when|where|which(?: shot| scene| one)?|what (?:shot|scene|time))", question, re.IGNORECASE):
        return f"{question} is {thing}?"
    if not _IT.search(question):
        return text
    return f"{_IT.sub(thing, question, count=1)}?" if not re.match(r"which one", question, re.IGNORECASE) else _which(question, thing)  # fmt: skip


def _which(question: str, thing: str) -> str:
    """ "Which one is it?" of "the scene with a dog"."""
    rest = re.sub(r"^which one ", "which ", question, flags=re.IGNORECASE)
    return f"{_IT.sub(thing, rest, count=1)}?"
