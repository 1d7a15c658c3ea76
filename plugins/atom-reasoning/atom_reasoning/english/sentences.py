"""Sentences whose words are many and whose form is one: who tells, what a shot does with a thing, past for present."""

from __future__ import annotations

import re

from atom_reasoning.english.lists import as_list
from atom_reasoning.english.recordings import named_plainly
from atom_reasoning.english.words import KINDS_OF_WORDS, ORDINAL, SEEN

_SHOT = r"(?:shot|scene|clip)"
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
    (r"\b(?:is|are) (?P<who>we|you|i|one) (?:granted|given|allowed|treated to)(?: to see)?(?: (?:a|the) (?:sight|view|glimpse) of)? (?=(?:an?|the) )", r"do \g<who> see "),
    (r"^(?:give )?(?:me |us )?(?:an? |the |some )?(?:full |complete |short |brief |detailed |exact )?(?:account|chronicle|rundown|description|commentary|run-?through) (?:of|on) (?!(?:each|every|all)\b)(?:the events |what happens |what is shown )?", "describe "),
    (r"^(?:give )?(?:me |us )?(?:an? |the )?(?:full |complete )?inventory (?:of|for)(?: everything| all things| all)?(?: (?:that|which))?", "list all things "),
    (r"\baccount for (?=everything|all|what)", "describe "),
    (r"^(?P<wh>which one|which|who|what) (?P<does>[^,]*?) ?(?P<rank>first|last|earlier|later),? (?=(?:the |an? )?[^,]+ or (?:the |an? )?)(?!.*\bvideos?\b)", r"\g<wh> \g<does> \g<rank>, "),
    (rf"^(?:to|at|for) (?P<wh>which|what) (?P<shot>{_SHOT}) (?:must|should|do|does|can|would|shall|may) .*?\b(?:to|and) (?:see|find|watch|meet|look at) ", r"\g<wh> \g<shot> shows "),
    (rf"\b(?P<be>is|are) there (?:a |any |some |an? single )?(?:single )?(?P<shot>{_SHOT})s?(?: in (?:it|the video|the film))? (?:in|from|on) which (?P<thing>.+?) (?:is|are) (?:missing|absent|lacking|not shown)$", r"is there a \g<shot> without \g<thing>"),
    (r"\b(?P<thing>objects?|things?|anything|something|shapes?|ones) (?:that|which) (?:(?:we|you|one|i) (?:see|encounter|meet|find|get to see)|appears?|is shown|are shown|is seen|are seen|come|comes)(?: in (?:it|the video|the film))? (?=(?!on |at |in |during |between |after |before )\w)", r"\g<thing> "),
    (rf"\b{SEEN} (?=(?!something|anything|nothing|during|everything)\w+ing\b)", ""),
    (r"\b(?:a |any )?(?:sightings?|sight|trace|glimpse|presence|appearance) of (?=(?:both )?(?:an?|the|any)\b)(?<!the appearance of )", ""),
    (r"\b(?P<who>i|we|you|one)(?: (?:ever|also))? (?:gaze (?:up)?on|gaze at|behold|catch(?: sight of| a glimpse of)?|glimpse|hope to see|hope for|lay eyes on|set eyes on|meet|admire|come upon|happen upon|chance upon)\b", r"\g<who> see"),
    (r"\b(?:reveals?|shows?|presents?|manifests?|announces?) (?:itself|themselves|himself|herself)\b|\bsteps? into (?:the light|view|the picture|the frame|the scene)\b|\b(?:dwells?|lives?|resides?|lurks?|hides?|inhabits?|spawns?|drops? by|comes? by|come along|puts? in an appearance|hang(?:s|ing)? out|visits?(?: us)?)\b(?= (?:in|on|at|between|from|first|last|earlier|later|somewhere|anywhere|to|there)\b|,|$)", "appear"),
    (rf"\b(?P<shots>{_SHOT}s?|video|film|videos|films|one|two|pair|which|that)(?P<be> (?:is|are))? (?:blessed with|graced by|adorned (?:by|with)|home to|richer in|rich in|give a home to|gives a home to|bears? witness to|hold in store|boasts?|carr(?:y|ies)|harbours?|hosts?|is it that carries)\b", lambda m: f"{m['shots']} {'has more' if 'richer' in m[0] else 'show'}"),
    (r"\b(?P<thing>(?:the|an?|how many) [\w ]+?) (?:grace|graces|graced|adorns?|adorned) (?:the|this|our) (?:screen|film|video|picture|frame|scene)\b", r"\g<thing> appear"),
    (r"^what (?:grace|graces|graced|filled|fills|occupied|occupies) the (?:screen|picture|frame) ", "what is shown "),
    (r"\b(?:is|are|was) (?:caught(?: on (?:camera|film|tape))?|attested|documented|evidenced|sighted|in evidence|borne out)\b", "is shown"),
    (r"\b(?P<wh>(?:what|which|in (?:what|which|of what)) colour)(?P<be> (?:does|is|do))? (?P<thing>(?:the|that) [\w ]+?) (?:wear|wearing|dressed|dressed in|rocking|sporting|painted|present|clad|clothed|bear|carry|show|in)\b", r"what colour is \g<thing>"),
    (r"^(?P<wh>which|what) colour is (?:borne|worn|carried|shown) by ", "what colour is "),
    (r"^what (?:does|do) the (?P<n>[\w-]+) (?P<s>shot|scene|clip) (?:disclose|reveal|hold|offer|present|have to show)$", r"what happens in the \g<n> \g<s>"),
    (r"^what (?:passes?|unfolds?|appears?|parades?)(?: (?:before|by|past) (?:us|me|you|our eyes|my eyes))? (?=(?:between|from|at|in) )", "what happens "),
    (r"^what is playing\b", "what is shown"),
    (rf"\b(?P<head>(?:how many|which|what|every|each|all|all the|any|the|no) (?:of the )?{_SHOT}s?(?: (?:in|of) the video)?) (?P<verb>{_NOT_SHOWING}\w+) (?=(?:an?|the|at least|no|any) (?!{_SHOT}|video|end|start|beginning|moment|time)\w)", r"\g<head> show "),
    (rf"^how many (?P<shots>{_SHOT}s) (?:does|do|did|has|have|is|are|was) (?P<thing>.+?) {_LIGHT}(?: up)? (?:in|into|inside|on)$", r"in how many \g<shots> is \g<thing> shown"),
    (r"^how long (?:does|do|did|will|can) (?P<thing>.+?) (?:hold|stay|remain|last|linger|sit|keep|persist|endure|be)(?: (?:on|in|up on)(?: the)? (?:screen|camera|view|frame|shot|picture|image))?$", r"how long is \g<thing> shown"),
    (rf"^(?:is|are|was|were) (?P<thing>.+?) (?:(?:a|in) )?{_COLOUR}(?:,? (?:or )?{_COLOUR})*,? or (?:(?:what|which|another|some other|a different|any other)(?: colou?rs?| one| else)?|(?:something|anything) else|other)$", r"what colour is \g<thing>"),
    (r"^(?:log|transcribe|detail|narrate|document|chronicle|record|jot down|write (?:up|down|out)|annotate|recount|relate|retell|paraphrase|characterise|characterize|sketch|report(?: on)?|recap|break down|review|note(?: down)?|talk (?:me|us) through|fill me in on)(?: (?:me|us|for me))? (?=(?:the |this |that )|shot|scene|clip|what|everything|all|every|each)", "describe "),
    (rf"^(?!(?:what|which|who|when|where|how|is|are|was|were|do|does|did|the|this|an?|in|at|on|from|has|have|had|can|list|name|count|give|find|tell|show|order|sort|rank|state|say|before|after|during|and|or|not|no|without|enumerate|mention|identify|describe|explain|summari[sz]e|for|with|of|about|by|to|within|inside|into|per)\b)[a-z]+ (?:me |us )?(?=the {ORDINAL} (?:shot|scene|clip)$|everything (?:between|from|at|that)\b)", "describe "),
    (r"^(?:confirm|verify|check|determine|specify|identify|establish|work out|figure out|find out|make out|report|read off|note(?: down)?|provide|supply|indicate|clarify)(?: for me| me)? (?=the (?:colour|shape|size|number|length|duration|time|order|name)s? )", "what is "),
    (r"^(?P<wh>what|which) (?:shot|scene|clip) (?:contents?|action|event|material) ", r"\g<wh> thing "),
    (r"\b(?:do|does|did) (?:we|you|they|it|the \w+) (?:cut|go|move|switch|jump|turn|change|fade|get|come|dissolve|proceed)(?: on| over| back)? to(?: next)?\b(?=(?: (?:right|directly|immediately|just|straight))? (?:after|before|once|when|following)|$)", "happens"),
    (r"^what is the (?:shot|scene|clip|thing|image|picture|part|one|object|shape|item|figure) (?:that (?:comes|is|plays) |shown |seen )?(?:right |directly |just |immediately |straight )?(?P<r>after|before|following|preceding) (?P<e>.+?)(?: (?:about|like|of|showing))?$", r"what happens \g<r> \g<e>"),
    (r"\b(?:in|during|over|for) the (?:bit|part|time|section|portion|stretch|period|interval|window|segment|range|passage|span|seconds)s? (?=(?:between|from) )", ""),
    (r"^what (?:did|have|had|do|does) (?:i|we) miss(?:ed)?$", "what happens"),
    (r"\brunning order\b", "order"),
    (rf"^(?P<wh>what|which) colour (?:is|can be|could be|would be|has been) (?:{SEEN}|attributed|assigned|ascribed|allotted) (?:for|of|on|in|with|by|to) ", r"\g<wh> colour is "),
    (r"\b(?P<be>is|are) (?:existing|existent)\b", r"\g<be> shown"),
    (r"\b(?P<be>is|are) to see\b", r"\g<be> shown"),
    (r"^(?:does|do) it give\b|^gives it\b", "is there"),
    (r"\bit gives\b", "there are"),
    (r"^(?P<wh>in (?:which|what)(?: of the)? \w+|when|(?:at )?what time) is it that (?P<who>we|you|i|one) (?:see|saw|find|found|spot|spotted|have|had|get|got) ", r"\g<wh> do \g<who> see "),
    (r",? (?:are|is) (?:we|you|they|i) (?:talking about|dealing with|speaking of|faced with)$", " are there"),
    (r",? in (?:a|one|two|three|a few|few|your own)(?: short| simple| brief)? (?:sentence|word|line)s?$", ""),
    (r"^what is (?P<thing>(?:the|an?) .+?),? colour[- ]?wise$", r"what colour is \g<thing>"),
    (r"^(?:brief|update|fill|catch|run|talk|walk|take) (?:me|us) (?:in |up )?(?:on|through|about|over|across) (?=\d|shot|scene|clip|the \w+ (?:shot|scene|clip))", "describe "),
    (r"\b(?:after|once) (?P<thing>(?:the|an?) .+?) (?:is|are|has|have|has been|is all) (?:over|done|finished|ended|passed|through|past|gone)$", r"after \g<thing>"),
    (r"^what is (?:the|our|your|its) (?P<thing>(?!shot|scene|clip|total|cut)[\w ]+?) count$", lambda m: f"how many {_plural(m['thing'])} are there"),
    (r"^(?:give )?(?:me |get me )?(?:an?|the) (?P<thing>(?!shot|scene|clip|total|cut|number|word|exact)[\w]+) count$", lambda m: f"how many {_plural(m['thing'])} are there"),
    (r"^(?P<wh>what|which things) (?:do|does|can|could) (?:we|you|it|the video) (?:have|see|show|get)(?: in it| here| there| in there)? (?:that|which) ", r"\g<wh> "),
    (rf"\b(?P<shot>{_SHOT})(?P<s>s?) (?:that|which) (?:is|are) (?:missing|lacking|without|devoid of|free of) ", r"\g<shot>\g<s> without "),
    (r"\bhow long (?:do|does|did|can|will) (?:we|you|they|one|it) (?:keep|leave|hold|have|show|get) (?P<thing>(?:the|an?) .+?) (?:on|in|up|visible|there)\b.*$", r"how long is \g<thing> shown"),
    (r"\b(?:makes?|made) (?:the cut|it (?:in|into|onto|on|to))(?: (?:the )?(?:video|screen|film|cut|it))?(?: at all)?\b", "appear"),
    (r"\b(?:is|are) (?:supposed|meant|intended) to (?=show|be|have|contain|depict)", ""),
    (r"^what is the (?:deal|story|matter|situation|thing|business|scoop|go) (?:with|in|of|about|on) (?=shot|scene|clip|the \w+ (?:shot|scene|clip)|it\b)", "what happens in "),
    (r"\b(?:course|run|flow|progress|progression|succession) of (?:the )?(?:events|action|actions|video|things)\b", "order of events"),
    (rf"^(?P<one>an? [\w ]+?) (?:together with|alongside|along with|with|beside|next to) (?P<two>an? [\w ]+?) in (?:one|the same|a single) (?P<shot>{_SHOT})$", r"are \g<one> and \g<two> in the same \g<shot>"),
    (r"^(?P<all>(?:do|does) (?:all|every|each) .+?) in common$", r"\g<all>"),
    (r"^which(?: one| of (?:them|the two))? (?P<how>precedes|follows|succeeds)[,:]? (?=.+ or )", lambda m: f"which comes {'first' if m['how'] == 'precedes' else 'last'}, "),
    (r"^is it (?:true|correct|right|the case|so) that there (?P<be>is|are) ", r"\g<be> there "),
    (r"^(?P<second>(?:second|minute) \d+),? (?=what|which|who|is|are|does|do)", r"at \g<second> "),
    (r"^(?:which|what) (?:number|quantity|amount|count|total) of (?=\w)", "how many "),
    (r"^(?:what is )?(?:the )?time(?: on the (?:clock|timer|counter|screen))? (?:when|at which|that)\b", "when"),
    (r"^(?P<wh>what|which(?: \w+)?|who) (?:can|could|do|will|may) (?:we|you|i|one) (?:see|spot|find|watch|notice|catch|observe) (?=\w+ing\b)", r"\g<wh> is "),
    (r"^how many of (?:them|these|those|the lot) (?=\w)", "how many things "),
    (r"^everything (?:that|which) (?P<does>.+?), what is (?:it|that|this)$", r"what \g<does>"),
    (rf"\b(?P<be>is|are) (?:{SEEN}|listed|described|marked|classed|reported|said|known) (?:as |to be )(?=\w+ing\b)", r"\g<be> "),
    (rf"^(?P<wh>in (?:which|what) {_SHOT}|when|(?:which|what) {_SHOT}|where) (?:do|does|can|could|did|will) (?:we|you|i|one) (?:need|look for|look|go|have to look|catch|meet|get)(?: (?:at|to|for|in))* (?=(?:the|an?) )", r"\g<wh> is "),
    (rf"^(?P<wh>(?:which|what) {_SHOT}) (?:do|does|did|should|must) (?:we|you|i|one) (?:need|look at|watch|have to (?:look at|watch|see))(?: (?:to see|for))? (?=(?:the|an?) )", r"\g<wh> shows "),
    (r"^(?:under|within|inside|by|through|throughout|across|among|over|for|into) (?P<wh>which|what) (?=(?:shot|scene|clip)s?\b)", r"in \g<wh> "),
    (r"\b(?P<verb>has|have|gets?|bears?) the (?P<rank>first|last|earlier|earliest|later|latest)(?: of the two)? (?:time(?: ?stamp)?|position|appearance|entry|start|place|turn|slot|showing|onset|arrival|debut|occurrence|entrance|emergence|beginning)\b", r"comes \g<rank>"),
    (r"\b(?:display|viewing|air|exposure|on-?screen|showing|visibility|visible) (?:time|duration|period|length)\b", "screen time"),
    (r"\bcolour (?:value|name|code|tone)(?= of\b)", "colour"),
    (r"^(?P<wh>what|which) colour (?:applies|belongs|pertains|corresponds|goes|attaches) (?:to|with) ", r"\g<wh> colour is "),
    (r"\b(?:for|in|during|over|of|within) the (?:whole )?(?:period|interval|span|stretch|window|time|range|section|seconds|segment|part)(?: of time)? (?=\d)", "from "),
    (r"\b(?P<be>is|are) (?P<thing>anything|something|everything|(?:the|an?|any) [\w ]+?) going to (?=\w)", lambda m: f"{'does' if m['be'] == 'is' else 'do'} {m['thing']} "),
    (r"^(?:what|which) is the (?:opener|kick-?off|intro|opening)$|^(?:the )?opener$", "what happens at the beginning"),
    (r"^(?:what|which) is the (?:closer|finale|outro|close)$|^(?:the )?(?:closer|finale)$", "what happens at the end"),
    (r"(?<!from )\b(?:start|beginning) to (?:finish|end)\b", "in order"),
    (r"^is (?P<thing>(?:the|an?) .+?) (?P<is>\w+),? or (?:else )?what colour(?: is it| then)?$", r"what colour is \g<thing>"),
    (r"^how (?:long|many seconds) (?:can|do|will|may|could) (?:we|you|i|one) (?:look at|watch|enjoy|follow|admire|stare at|gaze at) ", "how long do you see "),
    (r"\bwhat (?:is it showing|are (?:we|you|i) (?:looking at|watching|seeing)|am i (?:looking at|watching|seeing)|does it show(?: us| me)?)\b(?! (?:when|after|before|while)\b)", "what is shown"),
    (rf"^(?P<thing>(?:(?:the|an?) )?(?!(?:the|total|overall|video|film|full)\b)[\w ]+?) {_SHOT} (?:count|number total)$", r"how many shots show \g<thing>"),
    (r"^(?P<thing>(?:(?:the|an?) )?(?!(?:the|total|overall|video|film|full|what|which|at|in|from|until|how|running|run|playing|play|screen|start|starting|end|ending|is|are|does|do|any|some|first|last|same|one|every|each|all|whole|entire|this|that)\b)(?:[\w-]+ ){0,2}(?!(?:running|run|playing|play|screen|one|the|a|an|same|this|that|which|what|of|much)\b)[\w-]+) (?:time ?stamp|time|timecode)$", r"when is \g<thing> shown"),
    (r"^(?P<thing>(?:(?:the|an?) )?(?!(?:the|total|overall|video|film|movie|clip|recording|footage|full|what|which|of|whole|entire|total|how|running|is|are|does|do)\b)(?:[\w-]+ ){0,2}(?!(?:total|running|the|a|an|of|same|video|film|movie|clip|recording|footage)\b)[\w-]+) (?:duration|length|screen time)$", r"how long is \g<thing> shown"),
    (r"^(?P<thing>an? [\w ]+) in (?:video|film|clip|footage)$", r"is there \g<thing>"),
    (rf"^(?:is|are) there (?:any|a|some|one|at least one) (?P<shot>{_SHOT})s? (?:that|which) (?:has|have|do|does|is|are|can)(?: not|n't) (?:got|have|has|show|contain|feature|include)?(?: shown| any)? ?", r"is there a \g<shot> without "),
    (rf"^any (?P<shot>{_SHOT})s? (?=with|that|which|where|in which|lack|without|miss)", r"is there any \g<shot> "),
    (r"^are (?:we|you|i) (?:ever )?(?:shown|given|presented with)\b", "do you see"),
    (r"^(?:do|does|did) (?:we|you|i) get (?=(?:an?|any|some|the|both|to see)\b)", "do you see "),
    (rf"\b(?P<head>(?:each|every|all|any|a|some)(?: of)?(?: the)? {_SHOT}s?) comes? with (?=an?|the|any|no\b)", r"\g<head> have "),
    (rf"^is (?P<thing>.+?) (?:missing|absent|left out|lacking|not (?:there|shown|seen|visible|present))(?: (?:from|in|of))? (?:any|some|a|one|at least one)(?: one)?(?: of)?(?: the| these)? (?P<shot>{_SHOT})s?$", r"is there a \g<shot> without \g<thing>"),
    (rf"^(?:is|are) there (?:any|a|some|one|at least one) (?P<shot>{_SHOT})s? (?:in which|where|on which|with which) (?:(?:you|we|i|one) (?:do not|can not|never|could not) (?:see|find|spot|get|have) (?P<seen>.+)|(?P<thing>(?:an?|the) .+?) (?:is|does|do|can)(?: not|n't)(?: be)?(?: {SEEN}| appear| occur| show up| there)?)$", lambda m: f"is there a {m['shot']} without {m['seen'] or m['thing']}"),
    (r"\b(?P<how>for how (?:many seconds|many minutes|long)|how (?:many seconds|long)) in (?:all|total|sum|toto)\b", r"\g<how>"),
    (r"\bhow (?:long|many seconds) (?:do|does|can) (?:we|you|i|viewers|the viewer) get (?:to see )?(?P<thing>.+?)$", r"how long is \g<thing> shown"),
    (r"\bhow (?:long|many seconds|much (?:screen )?time|much air ?time) (?:do|does|is) (?P<thing>.+?) (?:get|given|have|receive|occupy|take up)(?: (?:on|of)(?: the)? (?:screen|screen time|camera))?$", r"how long is \g<thing> shown"),
    (r"^(?P<verb>describe|what (?:is|happens)(?: in)?|give|show)(?: me)? the (?:whole )?(?:bit|part|time|section|portion|stretch|period|interval|window|segment|range|passage|span|seconds|footage)s? (?=(?:between|from) )", r"\g<verb> "),
    (r"\b(?:unfolds?|unfolding|transpires?|transpiring|ensues?|(?:plays?|playing) out|go(?:es)? down|going down|comes? to pass)\b(?! the)", "happens"),
    (r"^(?:what|which) (?:events?|things?|actions?) (?:happens?|occurs?|takes? place|is happening|are happening) (?=(?:between|from|at|during|until|in) )", "what happens "),
    (r"^(?:walk|talk|take|lead|guide|run) (?:me|us) through (?=shot|scene|clip|the \w+ (?:shot|scene|clip)$)", "describe "),
    (r"^(?:everything|anything|whatever|all)(?: that| which)? (?:is|are) (?=\w+ing\b)", "which things are "),
    (r" (?:that|which) (?:you|we|i|one) (?:can |could |were able to |are able to )?(?:remember|recall|think of|identify|recognise|recognize|name|make out|tell apart)$", ""),
    (r" where there is no ", " without "),
    (r"^(?:find|show|locate|look for|search for)(?: me)? the (?P<s>shot|scene|clip) (?=(?:with|of|where|in which|that|showing|containing|featuring)\b)", r"which \g<s> is the \g<s> "),
)  # fmt: skip


def _plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith(("s", "x", "sh", "ch")) else f"{noun}s"


_COMPILED = tuple((re.compile(pattern), put) for pattern, put in _FORMS)
_PAST = re.compile(rf"{_PARTICIPLES}\b(?P<verb>{'|'.join(_PRESENT)})\b(?! (?:by|been|gotten|got)\b)")


def in_common_form(text: str) -> str:
    """A plain question whose sentence is put as the patterns expect it, whatever its verbs."""
    text = named_plainly(in_present(text))
    for pattern, put in _COMPILED:
        text = pattern.sub(put, text)
    return as_list(" ".join(text.split()))


def in_present(text: str) -> str:
    """A plain question about what was, as one about what is."""
    text = re.sub(r"\bdid(?= (?:i|you|we|they|people|both|all|these|those|any \w+s)\b)", "do", text)
    text = re.sub(r"\bdid\b", "does", text)
    text = re.sub(r"\bwas\b", "is", text)
    text = re.sub(r"\bwere\b", "are", text)
    return _PAST.sub(lambda found: _PRESENT[found["verb"]], text)
