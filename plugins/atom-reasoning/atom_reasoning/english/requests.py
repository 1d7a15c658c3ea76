"""What a question is wrapped in: wishes to know, requests to do, doubts whether something is so."""

from __future__ import annotations

import re

_KNOWING = (
    r"(?:know|tell|say|ask|asking|remember|recall|see|wonder|wondering|sure|certain|idea|clue|notion|explain|forget|forgot|forgotten"
    r"|understand|confirm|determine|clarify|specify|guess|decide|learn|curious|check|verify|remind|find out|figure out|work out"
    r"|make out|point out|write down|note(?: down)?|jot down|put down|look up|fill in|double[- ]check|hear|of|about|me|us|please|out|again|exactly)"
)
_TO_KNOW = re.compile(
    rf"^(?:(?:but|and|so|also) )?(?:i|we|might i|may i|might we|may we|could i|can i|let me|help me|can|could|would|will|do|did|does|please|pray|kindly|who|anyone|someone|perhaps)\b(?:'(?:m|d|ve|ll|re))?"
    rf"(?: (?!(?:the|a|an|any|there|it|in|at|on|between|shot|scene)\b)[\w']+){{0,7}}? {_KNOWING},? (?=(?:(?:for|in|on|at|during|across|into|from|until) )?(?:what|which|who|whose|when|where|how)\b)",
    re.IGNORECASE,
)
_ASSERTS = (
    r"(?:true|right|correct|accurate|fair|so|sure|certain|safe|reasonable|proper|legitimate|legit|obvious|clear|evident|convinced"
    r"|(?:confirm|verif(?:y|ied|ies)|check|establish|assert|affirm|attest|testif(?:y|ied)|conclude|assume|presume|infer|suppose|believe|think"
    r"|reckon|guess|gather|agree|say|state|claim|maintain|insist|swear|understand|mean|note|argue|prove|assure (?:me|us)|tell(?: me| us)?|ask)(?:ed|d|n|s|ing)?"
    r"|(?:write|put|note|jot)(?: it| this)? down|said|told(?: me| us)?|telling (?:me|us)|thought|meant|understood|proven"
    r"|(?:a |an |the |your |my |our |his |her |their )(?:\w+ )?(?:fact|case|truth|evidence|view|opinion|impression|understanding|belief|conclusion|finding|testimony|statement))"
)
"""What one says of a sentence that follows: that it is true, that one believes it, that it is a fact."""
_NO_THING = r"(?!(?:that|whether|if|a|an|the|some|any|no|every|all|both|each|your|my|our|something|anything|nothing|there)\b)[\w']+"
_WHO_SAYS = rf"(?:(?:is|was|are|am|would|could|can|will|may|might|must|should|do|does|did|have|has)(?:n't)? )?(?:it|i|we|you|one|they|this|anyone|somebody|someone)(?:'(?:m|d|s|re|ve|ll))?\b(?: {_NO_THING}){{0,6}}?"
_TRUE = re.compile(
    rf"^(?:(?:and|so|but|well|now) )?(?:(?:{_WHO_SAYS}|(?:please|kindly|just)(?: please| kindly)?)?(?:^| ){_ASSERTS}(?: (?:for|to) (?:me|us|you))?(?: please)?,?"
    rf" (?P<how>that|whether(?: or not)?|if),? (?=[\w']+ )|{_WHO_SAYS} {_ASSERTS},? (?=(?:there(?:'s|s)?|no|not|at no) \w))",
    re.IGNORECASE,
)
_TRUE_OR_FALSE = re.compile(
    r"^(?:(?:true|right|correct|yes)(?: or (?:false|wrong|not|no|incorrect))?|fact or fiction|is (?:the following|this)(?: statement| sentence)? (?:true|right|correct))\s*[:,?–-]+\s*(?=\w)",
    re.IGNORECASE,
)
_ASKS_WHETHER = re.compile(r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|any)\b", re.IGNORECASE)
_OR_NOT_ME = re.compile(
    r"^(?:am i (?:\w+ )?\w+|is it (?:just|only) me|are we \w+),? or (?=(?:is|are|does|do|did|was|were|has|have)\b)",
    re.IGNORECASE,
)
_THINKS = re.compile(
    r"^(?:would|do) you (?:say|think|believe|reckon|agree),? (?=(?:the|it|an?|all|every|each|some|both|something|anything)\b)",
    re.IGNORECASE,
)
_DECIDE = re.compile(
    r"^(?:decide|determine|judge|assess|ascertain|examine|calculate|compute|settle|choose|establish|indicate|specify|state|say|find out|work out|figure out|tell|see|check|test|look)"
    r"(?: (?:me|us|for me|for us|for yourself))? (?=(?:whether|if|which|what|how|when|in (?:which|what|how)|who)\b)",
    re.IGNORECASE,
)
_TOLD_BEHIND = re.compile(
    r"\s*[,.?!–-]+\s*(?:and |but |so )?(?:can|could|would|will|do|might) you (?:please |maybe |perhaps )?(?:tell|say|help|know|explain|answer|check|find out|look)(?: (?:me|us|it|that|this|with that|for me|up))*\s*[?.!]*$",
    re.IGNORECASE,
)
_BE_SO_KIND = re.compile(
    r"^(?:(?:please |would you |will you |could you |can you |might you )?be (?:so |very |most )?(?:kind|good|nice)(?: enough)?(?: as)? (?:to|and)"
    r"|(?:please )?have the (?:goodness|kindness) to|do me (?:a|the) favou?r and"
    r"|i(?:'d| would| should) (?:be (?:grateful|glad|obliged|thankful)|appreciate it|like it|love it) if you (?:would|could|can)"
    r"|i(?:'d| would| should)? (?:like|want|need|love|wish)(?: for)? you to"
    r"|it would be (?:nice|good|great|kind|helpful) (?:of you to|if you (?:could|would)))\s+(?:please |kindly )?",
    re.IGNORECASE,
)
_REQUIRE = re.compile(
    r"^(?:i|we)(?:'d| would| should)? (?:require|need|want|request|like|demand|seek|wish for|am after|must have|have to have)(?: to (?:have|get|see|hear))? (?=(?:the (?:exact |total |full |complete |precise |overall )?(?:number|total|count|list|colour|length|duration|order|sequence|time|amount|quantity|name)|an? (?:\w+ )?(?:list|description|account|summary|count)|all|every)\b)",
    re.IGNORECASE,
)
_MIND = re.compile(r"^(?:would|do|will) you mind (?P<deed>\w+)ing\b", re.IGNORECASE)
_REQUESTS = (
    "count", "tell", "name", "list", "describe", "give", "show", "say", "check", "find", "explain", "note", "enumerate",
    "summarise", "summarize", "state", "point", "go", "read", "sort", "look", "take", "run", "walk", "talk",
)  # fmt: skip
_DEEDS = {deed.removesuffix("e"): deed for deed in _REQUESTS}


def without_requests(text: str) -> str:
    """One wrapping less: "Would you mind telling me when" as "when", "Can it be confirmed that" as "is it true that"."""
    text = _BE_SO_KIND.sub("", text)
    text = _OR_NOT_ME.sub("", text)
    if found := _TRUE_OR_FALSE.match(text):
        rest = text[found.end() :]
        text = rest if _ASKS_WHETHER.match(rest) else f"is it true that {rest}"
    text = _THINKS.sub("is it true that ", text)
    text = _DECIDE.sub("", text)
    text = _REQUIRE.sub("give me ", text)
    text = _MIND.sub(lambda found: _deed(found["deed"]), text)
    text = _TRUE.sub(
        lambda found: "is it true that " if (found["how"] or "that").casefold() == "that" else "whether ", text
    )
    return _TO_KNOW.sub("", text)


def without_telling(text: str) -> str:
    """ "What does it show, can you tell me?" as "What does it show?"."""
    rest = _TOLD_BEHIND.sub("", text)
    return f"{rest}?" if rest != text and len(rest.split()) > 2 else text


def _deed(stem: str) -> str:
    stem = stem.casefold()
    return _DEEDS.get(stem) or _DEEDS.get(stem[:-1], stem)
