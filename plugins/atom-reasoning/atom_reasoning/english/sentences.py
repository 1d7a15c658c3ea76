"""Sentences whose words are many and whose form is one: who tells, what a shot does with a thing, past for present."""

from __future__ import annotations

import re

from atom_reasoning.english.words import KINDS_OF_WORDS, ORDINAL

_SHOT = r"(?:shot|scene|clip)"
_PLACE = r"(?:in|of|across|throughout|during|within|inside|from|over|through|to|for|into|by)"
_CONTAINER = (
    r"(?:edit|cut|piece|reel|montage|programme|program|presentation|animation|cartoon|episode|trailer|commercial|advert|ad|tape|stream|story|show"
    r"|production|material|content|media|upload|post|short|slideshow|excerpt|extract|snippet|capture|screencast|broadcast|documentary|vlog|gif"
    r"|feature|sequence of shots|whole thing|entire thing)"
)
"""What people call a video where it can be nothing else: behind a preposition, or as what has, shows or lasts."""
_HOLDS = r"(?:have|has|had|show|shows|contain|contains|include|includes|feature|features|last|lasts|consist|consists|start|starts|begin|begins|open|opens|end|ends|finish|finishes|close|closes|run|runs|comprise|comprises|depict|depicts)"
_RELATIONS = r"(?:follow|preced|succeed|lack|miss|omit|exclud|come|came|happen|occur|go|last|run|take|start|end|begin|leav|be|consist|make|made)"
_NOT_SHOWING = rf"(?!{_RELATIONS}|(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|with|without|of|in|on|at|by|where|when|that|which|not|never|there|you|we|i|they|between|from|and|or|until|while|during|before|after|than|like|number|no|nr|to|the|an?|only|also|both)\b)"
_LIGHT = r"(?:get|gets|end|ends|land|lands|wind|winds|go|goes|sit|sits|make it|makes it|pop|pops|figure|star|play|come|comes)"
_COLOUR = rf"(?:{KINDS_OF_WORDS['colour'].replace(' ', '|')}|gray)"
_PRESENT = {
    "came": "comes", "showed": "shows", "happened": "happens", "began": "begins", "appeared": "appears", "occurred": "occurs",
    "followed": "follows", "preceded": "precedes", "had": "has", "contained": "contains", "started": "starts", "ended": "ends",
    "opened": "opens", "finished": "finishes", "lasted": "lasts", "featured": "features", "included": "includes",
}  # fmt: skip
_PARTICIPLES = r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )(?<!been )(?<!being )(?<!not )(?<!get )(?<!gets )(?<!has )(?<!have )(?<!had )"
_FORMS = (
    (rf"\b{_PLACE} (?:the|this|that|your|our|my)(?: (?:whole|entire|full|complete|same))? {_CONTAINER}\b(?! (?:with|of|that)\b)", lambda m: f"{m[0].split()[0]} the video"),
    (rf"\b(?:the|this|that|your|our)(?: (?:whole|entire|full|complete))? {_CONTAINER}(?= {_HOLDS}\b)", "the video"),
    (rf"\b(?P<head>(?:how many|which|what|every|each|all|all the|any|the|no) (?:of the )?{_SHOT}s?(?: (?:in|of) the video)?) (?P<verb>{_NOT_SHOWING}\w+) (?=(?:an?|the|at least|no|any) (?!{_SHOT}|video|end|start|beginning|moment|time)\w)", r"\g<head> show "),
    (rf"^how many (?P<shots>{_SHOT}s) (?:does|do|did|has|have|is|are|was) (?P<thing>.+?) {_LIGHT}(?: up)? (?:in|into|inside|on)$", r"in how many \g<shots> is \g<thing> shown"),
    (r"^how long (?:does|do|did|will|can) (?P<thing>.+?) (?:hold|stay|remain|last|linger|sit|keep|persist|endure|be)(?: (?:on|in|up on)(?: the)? (?:screen|camera|view|frame|shot|picture|image))?$", r"how long is \g<thing> shown"),
    (rf"^(?:is|are|was|were) (?P<thing>.+?) (?:(?:a|in) )?{_COLOUR}(?:,? (?:or )?{_COLOUR})*,? or (?:(?:what|which|another|some other|a different|any other)(?: colou?rs?| one| else)?|(?:something|anything) else|other)$", r"what colour is \g<thing>"),
    (r"^(?:log|transcribe|detail|narrate|document|chronicle|record|jot down|write (?:up|down|out)|annotate|recount|relate|retell|paraphrase|characterise|characterize|sketch|report(?: on)?|recap|break down|review|note(?: down)?|talk (?:me|us) through|fill me in on)(?: (?:me|us|for me))? (?=(?:the |this |that )|shot|scene|clip|what|everything|all|every|each)", "describe "),
    (rf"^(?!(?:what|which|who|when|where|how|is|are|was|were|do|does|did|the|this|an?|in|at|on|from|has|have|had|can|list|name|count|give|find|tell|show|order|sort|rank|state|say|before|after|during|and|or|not|no|without|enumerate|mention|identify|describe|explain|summari[sz]e)\b)[a-z]+ (?:me |us )?(?=the {ORDINAL} (?:shot|scene|clip)$|everything (?:between|from|at|that)\b)", "describe "),
    (r"^(?:confirm|verify|check|determine|specify|identify|establish|work out|figure out|find out|make out|report|read off|note(?: down)?|provide|supply|indicate|clarify)(?: for me| me)? (?=the (?:colour|shape|size|number|length|duration|time|order|name)s? )", "what is "),
    (r"^(?P<wh>what|which) (?:shot|scene|clip) (?:contents?|action|event|material) ", r"\g<wh> thing "),
    (r"\b(?:do|does|did) (?:we|you|they|it|the \w+) (?:cut|go|move|switch|jump|turn|change|fade|get|come|dissolve|proceed)(?: on| over| back)? to(?: next)?\b(?=(?: (?:right|directly|immediately|just|straight))? (?:after|before|once|when|following)|$)", "happens"),
    (r"^what is the (?:shot|scene|clip|thing|image|picture|part) (?:that (?:comes|is|plays) |shown |seen )?(?:right |directly |just |immediately |straight )?(?P<r>after|before|following|preceding) (?P<e>.+?)(?: (?:about|like|of|showing))?$", r"what happens \g<r> \g<e>"),
    (r"\b(?:in|during|over|for) the (?:bit|part|time|section|portion|stretch|period|interval|window|segment|range|passage|span|seconds)s? (?=(?:between|from) )", ""),
    (r"^what (?:did|have|had|do|does) (?:i|we) miss(?:ed)?$", "what happens"),
    (r"\brunning order\b", "order"),
    (r"^(?:everything|anything|whatever|all)(?: that| which)? (?:is|are) (?=\w+ing\b)", "which things are "),
    (r" (?:that|which) (?:you|we|i|one) (?:can |could |were able to |are able to )?(?:remember|recall|think of|identify|recognise|recognize|name|make out|tell apart)$", ""),
    (r" where there is no ", " without "),
    (r"^(?:find|show|locate|look for|search for)(?: me)? the (?P<s>shot|scene|clip) (?=(?:with|of|where|in which|that|showing|containing|featuring)\b)", r"which \g<s> is the \g<s> "),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), put) for pattern, put in _FORMS)
_PAST = re.compile(rf"{_PARTICIPLES}\b(?P<verb>{'|'.join(_PRESENT)})\b(?! (?:by|been|gotten|got)\b)")


def in_common_form(text: str) -> str:
    """A plain question whose sentence is put as the patterns expect it, whatever its verbs."""
    text = in_present(text)
    for pattern, put in _COMPILED:
        text = pattern.sub(put, text)
    return " ".join(text.split())


def in_present(text: str) -> str:
    """A plain question about what was, as one about what is."""
    text = re.sub(r"\bdid(?= (?:i|you|we|they|people|both|all|these|those|any \w+s)\b)", "do", text)
    text = re.sub(r"\bdid\b", "does", text)
    text = re.sub(r"\bwas\b", "is", text)
    text = re.sub(r"\bwere\b", "are", text)
    return _PAST.sub(lambda found: _PRESENT[found["verb"]], text)
