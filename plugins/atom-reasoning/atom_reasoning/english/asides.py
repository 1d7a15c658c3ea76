"""What people say around a question: whom they address, what they are looking for, that they would like to know."""

from __future__ import annotations

import re

_ASKS = r"(?:what|which|who|whose|when|where|how|why|in (?:what|which)|at (?:what|which)|whether|if)\b"
_BEGINS = rf"(?:{_ASKS}|(?:is|are|was|were|do|does|did|has|have|can|could|will|would|may|might|shall|should|i|we|please|kindly|be)\b|(?:list|name|describe|count|tell|give|say|show|find)\b)"
_KNOWING = (
    r"(?:know|tell|say|ask|asking|remember|recall|see|wonder|wondering|sure|certain|idea|clue|notion|explain|forget|forgot|forgotten"
    r"|understand|confirm|determine|clarify|specify|guess|decide|learn|curious|check|verify|remind|find out|figure out|work out"
    r"|make out|point out|of|about|me|us|please|out|again|exactly)"
)
_WANTS = r"(?:am|was|are|were|have been) (?:now |just |still )?(?:looking|searching|hunting|after|trying|interested|thinking|curious)"
_FIRST_PERSON = rf"(?:(?:please |now |just )?(?:look at|watch|take|consider|think (?:of|about)|concentrate on|focus on|remember|recall|see|go (?:back )?to)\b|(?:i|we)(?:'m| {_WANTS}| (?:need|want|seek|missed|saw|would like|should like|can ?not|can't|could not|couldn't|do not|don't|did not|didn't|have|had)\b))"
_PARENTHESES = re.compile(
    r",\s+(?:(?:all in all|in (?:all|total|fact|short|the end|your (?:opinion|view)|your eyes)|altogether|overall|if (?:you please|i may(?: ask)?|any|at all)"
    r"|pray|please|say|then|exactly|roughly|approximately|more or less|by the way|(?:do|would) you (?:think|say|reckon)|you (?:think|reckon)"
    r"|i (?:wonder|mean|ask(?: you)?|beg you)|well|um+|uh+|er+|hm+|so to speak|perhaps|actually|my \w+|sir|madam|dear)),\s*",
    re.IGNORECASE,
)
_VOCATIVE = re.compile(
    rf"^(?:(?:my|oh|ah|well|now|right|alright|listen|look|count|think|excuse|pardon|forgive|dear|sorry|sir|madam|guys|folks|hey|hi|hello|good|pray|tell|say|quickly|please|thanks)\b"
    rf"(?: (?!(?:the|a|an|shot|scene|at|in|on)\b)[\w']+){{0,3}})\s*[,;:.!]+\s*(?={_BEGINS})",
    re.IGNORECASE,
)
_TO_KNOW = re.compile(
    rf"^(?:(?:but|and|so|also) )?(?:i|we|might i|may i|might we|may we|could i|can i|let me|help me|can|could|would|will|do|did|does|please|pray|kindly|who|anyone|someone|perhaps)\b"
    rf"(?: (?!(?:the|a|an|any|there|it|in|at|on|between|shot|scene)\b)[\w']+){{0,7}}? {_KNOWING},? (?=(?:what|which|who|whose|when|where|how)\b)",
    re.IGNORECASE,
)
_TRUE = re.compile(
    r"^(?:can|could|would|will|may|might|please|kindly)(?: (?:you|i|we|one|anyone|someone))?(?: please| kindly)? "
    r"(?:confirm|verify|check|say|assume|conclude|tell (?:me|us)|ask|assure me|be sure|be certain)(?: for me)? (?P<how>that|whether|if) ",
    re.IGNORECASE,
)
_BE_SO_KIND = re.compile(
    r"^(?:(?:please|would you|will you|could you|can you)? ?be (?:so |very |most )?(?:kind|good|nice)(?: enough)?(?: as)? (?:to|and)"
    r"|(?:please )?have the (?:goodness|kindness) to|do me (?:a|the) favou?r and"
    r"|i(?:'d| would| should) (?:be (?:grateful|glad|obliged|thankful)|appreciate it|like it|love it) if you (?:would|could|can)"
    r"|i(?:'d| would| should)? (?:like|want|need|love|wish)(?: for)? you to"
    r"|it would be (?:nice|good|great|kind|helpful) (?:of you to|if you (?:could|would)))\s+(?:please |kindly )?",
    re.IGNORECASE,
)
_MIND = re.compile(r"^(?:would|do|will) you mind (?P<deed>\w+)ing\b", re.IGNORECASE)
_REQUESTS = (
    "count", "tell", "name", "list", "describe", "give", "show", "say", "check", "find", "explain", "note", "enumerate",
    "summarise", "summarize", "state", "point", "go", "read", "sort", "look",
)  # fmt: skip
_DEEDS = {deed.removesuffix("e"): deed for deed in _REQUESTS}
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
    r"^(?:i|we) (?:think|believe|guess|suppose|assume|say|reckon|take it)(?: that)? (?P<said>[^.;!?]+)[,.;!]\s*"
    r"(?:(?:is|was) (?:that|this|it) (?:right|true|correct|so|the case)|(?:am i|are we) (?:right|correct)|(?:right|correct|true|yes|no))\s*\??$",
    re.IGNORECASE,
)
_SET_BEFORE = re.compile(
    r"^(?P<thing>(?:the|that|this|an?) (?!(?:video|film|clip|first|last)\b)(?!.*\b(?:or|and)\b[^,;:]*[,;:])[^,;:.?!]+)[,;:]\s*(?P<question>(?!(?:is|was) (?:that|this|it) (?:right|true|correct|so|the case)\b)(?:is|are|was|were|does|do|did|has|have|can|will|what|which|who|when|where|how)\b[^,;.]*?\b(?:it|he|she|they|that|this)\b[^,;.]*?)\??$",
    re.IGNORECASE,
)
_IT = re.compile(r"\b(?:it|that|this|he|she|they|them|one|those|these)\b", re.IGNORECASE)


_NUMBER = re.compile(r"\b(?P<before>(?:shot|scene|clip) )no\.(?= (?!\d)|$)", re.IGNORECASE)


def without_asides(text: str) -> str:
    """A question without what is said around it: "My dear, would you mind telling me when we see a dog?" asks when.

    What one says that one is looking for is put where the question says "it": "I am looking for a dog. When does it
    come?" asks when a dog comes.
    """
    text = _PARENTHESES.sub(" ", _NUMBER.sub(r"\g<before>number", " ".join(text.split())))
    for _ in range(3):
        before = text
        text = _VOCATIVE.sub("", text)
        text = _BE_SO_KIND.sub("", text)
        text = _MIND.sub(lambda found: _deed(found["deed"]), text)
        text = _TRUE.sub(lambda found: "is it true that " if found["how"].casefold() == "that" else "whether ", text)
        text = _TO_KNOW.sub("", text)
        if text == before:
            break
    return _sought(_with_tail(text))


def _deed(stem: str) -> str:
    stem = stem.casefold()
    return _DEEDS.get(stem) or _DEEDS.get(stem[:-1], stem)


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
