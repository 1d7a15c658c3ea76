"""What people call a video and a shot, put as "video" and "shot"."""

from __future__ import annotations

import re

_SHOT = r"(?:shot|scene|clip)"
_PLACE = r"(?:in|of|across|throughout|during|within|inside|from|over|through|to|for|into|by)"
_HOLDS = r"(?:have|has|had|show|shows|contain|contains|include|includes|feature|features|last|lasts|consist|consists|start|starts|begin|begins|open|opens|end|ends|finish|finishes|close|closes|run|runs|comprise|comprises|depict|depicts)"
_CONTAINER = (
    r"(?:edit|cut|piece|reel|stream|story|show|production|material|content|media|upload|post|short|extract|snippet|capture|work|sample|loop|specimen"
    r"|feature|sequence of shots|whole thing|entire thing|presentation|piece of work)"
)
"""What may be a video where it can be nothing else: behind a preposition, or as what has, shows or lasts."""
_NAMES = (
    r"(?:exhibit|programme|program|broadcast|documentary|vlog|gif|screencast|tape|videotape|animation|cartoon|episode|trailer|commercial|advert|ad"
    r"|montage|slideshow|excerpt|live ?stream|webcast|compilation|showreel|time[- ]?lapse|dvd|mp4|flick|reels|youtube video|video (?:clip|file|recording|footage)|film clip|picture show)"
)
"""What is always a video."""
_OUT_OF = r"(?:of|from|out of|among|between)"
_MOVIES = r"(?:videos|films|movies|recordings|ones|files)"
_FORMS = (
    (rf"\b{_NAMES}(?P<s>s)?\b", r"video\g<s>"),
    (rf"\b{_PLACE} (?:the|this|that|your|our|my)(?: (?:whole|entire|full|complete|same))? {_CONTAINER}\b(?! (?:with|of|that)\b)", lambda m: f"{m[0].split()[0]} the video"),
    (rf"\b(?:the|this|that|your|our)(?: (?:whole|entire|full|complete))? {_CONTAINER}(?= {_HOLDS}\b)", "the video"),
    (r"\b(?:in|of|over|during|throughout) (?:this|that|the present|the current) one\b", "in the video"),
    (r"^which(?: one| video| film| clip)? (?P<rest>.+?),? (?:is it )?(?:in )?(?:the |video )?(?:first|1st|one|1|a)(?: video| film| clip| one| file)? or (?:in )?(?:the |video )?(?:second|2nd|other|two|2|b)(?: video| film| clip| one| file)?$", r"which of the videos \g<rest>"),
    (r"\b(?:over|in|during|throughout) the (?:whole |entire )?(?:course|duration|length|run) of (?=the|this|it)", "in "),
    (r"\bat (?:any|some) (?:stage|instant|juncture)\b", "ever"),
    (r"\bat no (?:stage|instant|juncture)\b", "never"),
    (rf"\bin (?P<s>{_SHOT}) after (?P=s)\b", r"in every \g<s>"),
    (rf"\b(?P<q>every (?:single )?{_SHOT}),? (?:every|each)(?: single)? one(?: of them)?\b", r"\g<q>"),
    (rf"\b(?P<wh>which|what) (?:(?:one|video|film|movie|clip|recording) )?{_OUT_OF} (?:the|these|those|both)(?: (?:two|both|pair))?(?: (?:of )?{_MOVIES})?(?= (?!{_MOVIES}|clips)(?!.*\bor\b)(?:has|have|had|shows?|contains?|features?|includes?|displays?|depicts?|got|is|are|does|do|can)\b)(?! (?:is|was|are) (?:\w+ )?(?:first|last|earlier|later|longer|shorter))", r"\g<wh> of the videos"),
    (rf"\b(?P<wh>which|what) (?:(?:one|clip) )?{_OUT_OF} (?:the|these|those)? ?(?:two|both|pair of) clips\b", r"\g<wh> of the videos"),
    (r"\b(?P<wh>which|what) (?P<v>video|film|movie|recording),? (?:is it )?(?:the )?(?:first|1st|one)(?: one| video)? or (?:the )?(?:second|2nd|other|two)(?: one| video)?,? ", r"\g<wh> \g<v> "),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), put) for pattern, put in _FORMS)


def named_plainly(text: str) -> str:
    """A plain question that calls videos videos: "the exhibit", "in this reel", "the whole thing shows"."""
    for pattern, put in _COMPILED:
        text = pattern.sub(put, text)
    return " ".join(text.split())
