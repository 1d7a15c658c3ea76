"""Wishes for a list in one form, whatever collects or tells it: "an inventory of all objects" as "list the objects"."""

from __future__ import annotations

import re

from atom_reasoning.english.words import NUMBER, ORDINAL

_HEAD = r"(?P<head>(?:objects|things|items|shapes|figures|elements|forms|entities|colours|hues|shades)\b)"
_ALL = r"(?:(?:all|every|each|any|the|its|these|those|of|and|single|different|distinct|various|individual|visible|existing|possible) )*"
_NO_COLLECTION = rf"(?!(?:how|when|where|which|what|who|count|in|at|on|of|from|to|by|is|are|does|do|has|have|can|and|or|with|without|not|no|none|most|more|less|fewer|fewest|number|amount|total|quantity|sum|tally|order|sequence|timeline|chronology|course|colour|colours|hue|shape|shapes|size|position|movement|motion|direction|length|duration|time|moment|instance|appearance|presence|shot|scene|clip|video|first|last|rest|half|kind|type|sort|kinds|types|sorts|one|two|both|all|some|any|many|each|pair|{NUMBER}|{ORDINAL})\b)[\w-]+"
_TELLING = rf"(?!(?:how|when|where|which|what|who|whose|why|count|in|at|on|of|from|to|by|for|is|are|does|do|has|have|can|if|whether|and|or|with|without|not|no|none|most|more|fewer|both|all|every|each|any|some|many|the|an?|these|those|there|different|do|compare|order|sort|rank|arrange|put|number|amount|total|before|after|between|during|while|moving|{NUMBER}|{ORDINAL})\b)(?!\w+ing\b)[\w-]+"
_LISTED = (
    re.compile(rf"^(?:what (?:is|are) |(?:{_TELLING} )(?:(?:me|us|out|up|down|off|for me|for us) )*)?(?:an?|the|your|some|one|its)? ?(?:(?!of\b|or\b|and\b)[\w-]+ ){{0,3}}?{_NO_COLLECTION} of {_ALL}{_HEAD}(?P<rest>.*)$"),
    re.compile(rf"^{_TELLING} (?:(?:me|us|out|up|down|off|for me|for us|what) )*{_ALL}(?<= ){_HEAD}(?P<rest>.*)$"),
)  # fmt: skip
_ONE_BY_ONE = re.compile(
    r"\b(?P<all>every|each)(?: single| individual)? (?P<head>object|thing|item|shape|figure|element|colour|hue|shade)\b"
)
_OTHERWISE = re.compile(
    r"\b(?:how (?:many|much|often|long)|which (?:shot|scene|video)|(?:what|in|right|chronological) order|number of|when|first|last|earlier|later|or|before|after)\b"
)
"""Words with which a sentence asks for something else than a list."""


def as_list(text: str) -> str:
    """A plain wish for all objects, or all colours, that begins with "list"; any other text as it is."""
    if _OTHERWISE.search(text):
        return text
    plural = _ONE_BY_ONE.sub(r"\g<all> \g<head>s", text)
    for pattern in _LISTED:
        if found := pattern.match(plural):
            return f"list all {found['head']}{found['rest']}"
    return text
