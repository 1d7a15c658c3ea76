"""Ways of asking that are put in other words, before a question is read."""

from __future__ import annotations

import re

from atom_reasoning.english.words import NUMBER

_APPEAR = r"(?:appear|show up|turn up|come up|come on|come|happen|occur|start|begin|get shown)"
_PARTS = r"(?:part|piece|portion|chapter|sequence|bit)"
"""What people call a shot where the words before say that it is one."""
_FIRSTS = r"(?:initial|opening|starting|first|earliest)"
_LASTS = r"(?:final|closing|concluding|ending|last|latest|ultimate)"
_SIGHTS = (
    r"(?:observation|moment|event|sight|image|impression|action|glimpse|finding|occurrence|happening|content|record)s?"
)
"""What is seen at the beginning or at the end, in words that name no thing."""
_CLOCKS = r"(?:(?:the |our |your )?(?:clock|timer|counter|time ?code|time ?stamp|time|player|stopwatch|timeline))"
_OBSERVED = (
    (rf"^what (?:does|do|will|would|is|time is(?: it)?|time does) (?:on )?{_CLOCKS}(?: (?:say|shows?|read|display|at|stand|be|on|have))* (?:when|as|while|once|the moment|at the moment)(?: that| when)? (.+?) (?:is|are|be|comes?) (?:on|up|in|there|shown|seen|visible)$", r"when is \1 shown"),
    (rf"^what (?:does|do|will|would|is|time is(?: it)?|time does) (?:on )?{_CLOCKS}(?: (?:say|shows?|read|display|at|stand|be|on|have))* (?:when|as|while|once|the moment|at the moment)(?: that| when)? (?=\w)", "when "),
    (r"\bcom(?:e|ing) in(?:to)? (?:play|sight|the picture|the game|the action|action|being|existence)\b", "appear"),
    (r"\bcomes in(?:to)? (?:play|sight|the picture|the game|the action|action|being|existence)\b", "appears"),
    (r"\b(?:takes?|enters?) (?:the (?:stage|field|pitch|fray|action|game|scene)|play)\b(?! \d)", "appears"),
    (rf"^(?:in |at |during )?(?:the )?(?:very )?{_FIRSTS} (?:{_SIGHTS}|seconds|frames?),? (?:what|who) .+? (?:there|then|in (?:it|them)|at that (?:time|point))$", "what happens at the beginning"),
    (rf"^(?:in |at |during )?(?:the )?(?:very )?{_LASTS} (?:{_SIGHTS}|seconds|frames?),? (?:what|who) .+? (?:there|then|in (?:it|them)|at that (?:time|point))$", "what happens at the end"),
    (rf"^(?:what|which|describe|state|report|give|name|tell)(?: me| us)? ?(?:is|are)? (?:the|its|your|our) (?:very )?{_FIRSTS} {_SIGHTS}(?: (?:made|recorded|noted|seen|shown|(?:that )?(?:we|you) (?:make|get|see|have)))?(?: (?:in|of|from) .+)?$", "what happens at the beginning"),
    (rf"^(?:what|which|describe|state|report|give|name|tell)(?: me| us)? ?(?:is|are)? (?:the|its|your|our) (?:very )?{_LASTS} {_SIGHTS}(?: (?:made|recorded|noted|seen|shown|(?:that )?(?:we|you) (?:make|get|see|have)))?(?: (?:in|of|from) .+)?$", "what happens at the end"),
    (r"\b(?:right )?(?:at|from|in|during) (?:the )?(?:very )?(?:kick-?off|opening(?: whistle)?|first whistle|get-?go)(?: of the \w+)?(?=$|,| (?:what|which|who|is|do|does)\b)", "at the beginning"),
    (r"\b(?:right )?(?:at|in|by) (?:the )?(?:very )?(?:final whistle|full[- ]time|wrap-?up|closing)(?: of the \w+)?(?=$|,| (?:what|which|who|is|do|does)\b)", "at the end"),
    (r"\bat the (beginning|end)(?:,? (?:at|in) the \1(?: of the \w+)?)+", r"at the \1"),
    (r"^what do (?:we|you|i) (?:have|get|find|got) (?=at the (?:beginning|end)$)", "what happens "),
    (r"^(?:what|which)(?: (?:event|action|thing|observation|occurrence)s?)? (?:is|are|comes?|occurs?|happens?) (?:directly |immediately |right |just |straight )?(?:subsequent|consecutive|posterior|next) to ", "what happens after "),
    (r"\b(?:directly |immediately )?(?:subsequent|posterior) to\b", "after"),
    (r"^(?:what|which)(?: (?:event|action|thing|observation|occurrence)s?)? (?:is|are|comes?|occurs?|happens?) (?:directly |immediately |right |just |straight )?(?:prior|antecedent|anterior|previous) to ", "what happens before "),
    (r"^(?:what|which) (?:event|action|observation|occurrence)s? (?:falls?|lies?|is found|are found|is located|are located|took place) (?=between|from|at|during|in|after|before)", "what happens "),
    (r"^(?:what is |give |state |report )?(?:me )?(?:the )?(?:absolute |relative )?(?:frequency|prevalence|incidence) of (?:the )?(shot|scene|clip|segment)s (?:with|that (?:show|have|contain)|showing|containing|having|in which there is) (.+)$", r"how many \1s show \2"),
    (r"\b(?:has|have|makes?) (?:its|their|an?|the) (?:onset|debut|entrance|arrival|appearance|entry) (first|last|earlier|later)\b", r"appears \1"),
    (r"^(?:what is |give |state |report )?(?:me )?(?:the )?(?:absolute |relative )?(?:frequency|prevalence|incidence) of (.+?),? (?:(?:expressed|given|measured|counted|stated|reported) )?(?:as|in|by|per)\b.*\b(shot|scene|clip|segment)s?$", r"how many \2s show \1"),
    (r"^(?:what is |give |state |report )?(?:me )?(?:the )?(?:absolute |relative )?(?:frequency|prevalence|incidence) of (.+)$", r"how many times does \1 appear"),
    (r"^(?:what is |give |state |report |note )?(?:me )?(?:the )?(?:time of )?(?:the )?(?:onset|debut|arrival|entrance)(?: time)? (?:of|for) (.+)$", r"when is \1 shown"),
    (r"\b((?:shot|scene|clip|segment|video|film|recording|part|piece|one)s?(?: of (?:these|those|them|the videos))?) (?:will |would |can )?(?:give|bring|offer|deliver|hand|present|provide|grant|serve|treat|afford)s?(?: (?:up|over|out))? (?:us|me|you|the viewer|viewers)(?: (?:to|with))? (?=(?:an?|the|any|no|some)\b)", r"\1 shows "),
    (r"\b(?:in )?(shot|scene|clip) (?:after|for|by|upon) \1,? (?:in )?(?:every|each)(?: single| and every)? one\b", r"in every \1"),
    (r"\bone (?:shot|scene|clip|thing|event|moment) after (?:another|the other|the next)\b", "in order"),
    (r"^(?:tell|give|relate|recount)(?: me| us)? (?:the )?(?:whole |full |entire )?(?:story|tale|plot|narrative|action) (?:of|in|from) (?:the|this) (?:\w+ )?(?:video|film|movie|clip|recording|footage)\b(?:,? in order)?$", "what happens in order"),
    (r"^(?:what is |give |state |report )?(?:me )?the (?:total )?(?:number|count) of (?:observations|detections|sightings) (?:of|with) (.+)$", r"how many times does \1 appear"),
    (r"\b(?:any|an|the|some) (?:observation|detection|onset|sighting)s? of (?=(?:an?|the|any) )", ""),
    (r"\b(?:temporal|time|timely) (order|sequence)\b", r"\1"),
    (r"\bco-?occur(s|red|ring)?\b", "appear together"),
    (r"^(which|what) (video|film|recording|one) is (?:ahead|leading|in front|in the lead|on top) (?:on|in|for|with|by) ([^,]+)(?:,.*)?$", r"which video has more \3"),
)  # fmt: skip
"""How commentators and scientists put it: what comes into play, the final observation, subsequent to."""
_PATTERNS = (
    (
        r"^(?:give |tell |state |name |say )?(?:me )?the (?:start|starting|begin|end|ending)(?:ning)? (?:time|second|point)s? (?:of|for) (.+)$",
        r"when is \1 shown",
    ),
    (
        r"^what is the (?:shot|scene|clip) (?:right |directly |just )?(after|before|following|preceding) (.+?) (?:about|like)$",
        r"what happens \1 \2",
    ),
    (r"\b(shot|scene|clip) (\d+)'s (\w+)", r"the \3 in \1 \2"),
    (r"\bwhat am i (?:seeing|looking at|watching)\b", "what do you see"),
    (r"\bone (?:shot|scene|clip|thing) at a time$", "in order"),
    (r"\bfirst of (?:both|the two|these two)\b", "first"),
    (r"\blast of (?:both|the two|these two)\b", "last"),
    (r"\b(?:before|ahead of) (?:anything|everything|all) else\b", "first"),
    (r"\bafter (?:anything|everything|all) else\b", "last"),
    (
        r"^(?:is|was) it (before|after) (.+?) that (.+?)(?: (?:is|are|was|were)(?: shown| seen| visible)?| appears?| comes?| came)$",
        r"does \3 appear \1 \2",
    ),
    (r"\b(shot|scene|clip) (?:after|for) \1\b", "in order"),
    (
        r"^(?:what|which) (shot|scene|clip|video) (?:would|should|do|must|could|can|shall) (?:i|you|we|one) (?:have to |need to )?(?:look at|watch|play|open|go to|skip to|jump to|pick|choose|take)(?: in order)? (?:to see|to find|for|if i want to see) (.+)$",
        r"which \1 shows \2",
    ),
    (
        r" (?:one|two|some|both|among)(?: of)?(?: the)? (?:things?|objects?|shapes?|ones)(?: (?:that|which))?(?: both| all| are| is| can be)* (?:appears?|shown|seen|there|visible|occur)$",
        " shown",
    ),
    (
        r"^(?:are|is) ((?:all|each|every)(?: one)?(?: of)?(?: the| these)? (?:shot|scene|clip)s?) ones? (?:with|that (?:show|have|contain)s?|showing|containing|(?:in which|where) (?:there is|you see)) ",
        r"do \1 have ",
    ),
    (r" (?:are|is) ones? (?=(?:in which|where|with|that|which|showing|containing)\b)", " "),
    (r"^((?:there|so|it|you|they) .*) right$", r"\1"),
    (r"\b(in|of|throughout|during) the (?:whole|entire|complete) thing\b", r"\1 the video"),
    (
        r"^(?:all|every|each)(?: of)?(?: the)? (?:shot|scene|clip)s? (?:with|has|have|got|contains?|shows?) (.+?)(?:,? (?:right|correct|true|yes|no))?$",
        r"is there \1 in every shot",
    ),
    (
        r"^(?:whichever|no matter which|whatever|regardless of which|in whichever) (?:shot|scene|clip)\b[^,]*, (.+)$",
        r"\1 in every shot",
    ),
    (r"^which ones? (?=(?:has|have|had|shows?|contains?|features?|includes?|got) )", "which of the videos "),
    (r"^what (?:happens|comes|is) first,? (?:and |then )?(?:second\b|(?:then )?what\b).*$", "what happens in order"),
    (r"^how many (are|is) (?=(?:\w{2,})ing\b)", r"how many things \1 "),
    (r"^(how many [\w ]+?) do they (?=\w)", r"\1 "),
    (r"\b(contains?) inside\b", r"\1"),
    (r"\b(?:possess|owns?|bears?|holds?)(?:es)? (?=(?:the )?(?:more|most|fewer|fewest|an?|any)\b)", "has "),
    (r"^how much (?=(?:does|do|did) .*\blasts?$)", "how long "),
    (r"\b(?:in which|where) there (?:is|are) (?:not|no) (?:an?|any)?\b", "without"),
    (
        r"^(?:(?:if|when) (?:i|you|we|one) (?:count|counted|add up|added up|go through) (?:up )?)?(?:how many )?(?:every|all|each)(?: of)?(?: the)? (shot|scene|clip)s?,?(?: how many)? (?:do|are|did|would|can|have|is) (?:i|you|we|one|there|that|it)\b.*$",
        r"how many \1s are there",
    ),
    (
        r"\bif (?:i|you|we|one|someone|somebody) (?:only |just )?(?:watch|look|saw|see|pause|stop|skip|jump|freeze|play)\w* (?:the (?:video|film) )?(?:only |just |at |to |it )*(?=(?:the )?[\w-]+ (?:shot|scene|clip)\b|(?:shot|scene|clip) \w|\d)",
        "at ",
    ),
    (
        r"^what (?:is|was) (?:the|this) (?:video|film|clip|footage|recording) (?:showing|displaying|depicting|presenting)\b",
        "what is shown",
    ),
    (
        r"^(how many (?:\w+ )?(?:shots|scenes|clips)) (?:long )?(?:(?:are |is |do |does )?(?:put |shown |follow )?(?:one another|each other|in (?:a row|succession|order)|one after (?:another|the other))|are there one after the other)$",
        r"\1",
    ),
    (
        r"\b(piece|bit|part|stretche?|snippet|section)(s?) of (?:footage|film|video)\b(?! (?:is|are|has|have|shows?)\b(?! (?:put|joined|cut|edited|strung|stitched)))",
        r"shot\2",
    ),
    (r"^how many (shots|scenes|clips) long\b", r"how many \1"),
    (r"^how many (?:different|separate|single) times\b", "how many times"),
    (
        r"^(?:counting|taking|considering|including|looking at|adding up|over|in) (?:all|every|each)[\w ]*?, (?=how many)",
        "",
    ),
    (
        r"^(how (?:many|much|often|long)\b.*?),? from (?:the )?(?:very )?(?:start|beginning) to (?:the )?(?:very )?(?:finish|end)$",
        r"\1",
    ),
    (
        r"^(?:which|what) time (?:range|span|interval|window|slot|frame) (?:shows?|has|contains?|includes?) (.+)$",
        r"when is \1 shown",
    ),
    (
        r"^what (?:are|is) the (?:(?:start|starting|begin|end|ending|exact|precise)(?:ning)?(?: time)?s?(?: and | or | )?)+(?:times?|points?|seconds?) (?:of|for) (.+)$",
        r"when is \1 shown",
    ),
    (
        r"^what (?:does|do|did) the (?:shot|scene|clip) (?:right |directly |immediately |just |that comes )?(after|before|following|preceding) (.+?) (?:show|depict|contain|have|feature|look like)$",
        r"what happens \1 \2",
    ),
    (
        r"^(is|are|was|were|does|do|did) (.+?) (?:appear |shown |seen |visible )?in the same (shot|scene|clip) (?:as|with|like) (.+)$",
        r"\1 \2 and \4 in the same \3",
    ),
    (
        r"^(?:does|do|did|will) (?:any|one|some|a|at least one)(?: single)?(?: one)?(?: of(?: the| these)?)? (?:shot|scene|clip)s? (?:ever )?(?:show|contain|have|feature|include|depict|display) ",
        "is there ",
    ),
    (r"\bthe (?:appearance|presence) of (?=(?:the|an?) )", ""),
    (
        r"^(?:point|take|direct|bring|lead|guide|send) (?:me|us) to (?:the )?(?:exact |precise )?(?:moment|time|point|second|instant|part|place)(?: in time)?(?: (?:when|where|that|at which|in which))? (?=(?:the|an?|something|anything)\b)",
        "when does ",
    ),
    (
        r"^(?:out of|of|among|amongst|across|from|over|in) (?:all )?(?:of )?(?:the |these )?(?:\w+ )?(shots|scenes|clips)[,:]? how many(?: of (?:them|these|those))? (?=(?:show|have|contain|feature|include|depict|display|has|do|can)\b)",
        r"how many \1 ",
    ),
    (r"^(what|who|which) is it (?:that|which) ", r"\1 "),
    (r"^(do|did|are|were) (.+ and .+) each (\w+)", r"\1 \2 \3"),
    (r"\bthe 2\b(?! (?:seconds?|minutes?|s)\b)", "the two"),
    (
        r" something (?:that|which|you|we|one) (?:appears?|sees?|finds?|is (?:shown|seen|there|visible)|can (?:see|be seen)|shows up|occurs)\b",
        " shown",
    ),
    (r"^(?:does|do|did|has|have) (?:they|it|he|she|the \w+) (?:leave|left) out (?:the |any )?", "is there no "),
    (r"\bmak(?:e|es|ing) (?:an|its|their|any) (?:appearance|entrance|debut|entry)\b", "appear"),
    (
        r"\b(?:right |just |shortly )?before (?:the|this) (?:video|film|movie|clip|recording|footage) (?:ends|is over|finishes|stops|closes|concludes)\b",
        "at the end",
    ),
    (
        r"\b(?:right |just |shortly )?(?<!seconds )(?<!second )(?<!minutes )(?<!minute )(?<!\ds )(?:after|when|once|as) (?:the|this) (?:video|film|movie|clip|recording|footage) (?:starts|begins|opens|has started|has begun|started|began)\b",
        "at the beginning",
    ),
    (
        r"^(?:besides|apart from|as well as|in addition to|other than|along with|aside from) (.+?), (?:is|are) there (?:also )?(.+?)(?: too| as well)?$",
        r"is there \1 and \2",
    ),
    (
        rf"^(does|do|did|can) (.+?) (?:{_APPEAR}|be seen)(?: in \w+ \w+)? along(?:side)?(?: with)? (.+)$",
        r"\1 \2 and \3 appear",
    ),
    (
        r"^(how (?:long|many seconds)) (?:is|does|was|did|runs?|lasts?) the (?:shot|scene|clip) (?:with|of|showing|containing|featuring|that (?:has|shows|contains)|in which|where) (.+?)(?: (?:appears|is (?:shown|seen|visible)|last|run|take))?$",
        r"\1 is \2 shown",
    ),
    (r"^(?:in|during|at|over) (?:which|what) parts? of the (?:video|film|movie|clip|recording|footage)\b", "when"),
    (r"^where\b(.*?),? (?:by|as|in|with) (?:the |its )?(?:shot|scene|clip) (?:number|index|no)$", r"in which shot\1"),
    (r"^(?:so |then )?(no [\w ]+?)(?: (?:at all|anywhere|whatsoever|here))*(?: right)?$", r"is there \1"),
    (r"^what (?:is )?all (?:is there(?: to see)?(?= |$))?", "list all things "),
    (
        r"^(?!(?:is|are|was|were|does|do|did|can|could|has|have|how|always) )(.*)\b(?:first to last|from (?:the )?(?:very )?(?:start|beginning|first|top)(?: shot| scene| one)? (?:un)?(?:til|till|to) (?:the )?(?:very )?(?:end|finish|last|bottom)(?: shot| scene| one)?)\b",
        r"\1in order",
    ),
    (
        r"\b(?:passes|is passing|plays|unfolds|is unfolding|transpires|plays out|is playing out|takes place|gets going)\b(?= in| at| during| between| from| there|$)",
        "happens",
    ),
    (
        r"^(?:anything|something)(?: happening| going on| there)? (?=(?:between|from|at|during|in|after|before) (?:the )?(?:seconds? |shot |scene )?\d)",
        "what happens ",
    ),
    (r"^is it (?:true|correct|right|so|the case) that (?=all (?:of )?(?:the )?\w+ (?!of|the)\w)", "do "),
    (
        rf"\b(how many|number of|amount of|each of the|every one of the|which|in what|what|each|every|all(?: of)? the) ((?:different |separate |individual |other )?)(?!sequence (?:are|do|were|did)\b|sequence does (?:everything|it all)\b){_PARTS}(e?s)?\b(?! of (?!the (?:video|film|movie|clip|recording|footage)\b))",
        r"\1 \2shot\3",
    ),
    (r"\b(how many|number of|amount of) ((?:different |separate )?)takes\b", r"\1 \2shots"),
    (r"\bon (?:display|show)\b", "shown"),
    (
        r"\bwhich (?:one )?of (?:them|these|those|the|the pair)(?: two)?(?= (?:shows?|has|have|had|contains?|features?|includes?|displays?|depicts?)\b)",
        "which of the videos",
    ),
    (
        r"^(?:(?:out )?of|between|among|compare|comparing|from|looking at) (?:the|these|those|both)(?: (?:two|three|pair|both|videos|films|files|clips))+[,:;]? (?:which|what)(?: one)?(?! is longer)\b(?!.*\bor (?:the|an?)\b)",
        "which of the videos",
    ),
    (
        r"^the (?:exact |precise |very )?(?:time|second|moment|timestamp|point)(?: in time)?(?: (?:at|in|on) which| when| that| where)? (?=(?:the|an?|something|somebody|someone)\b)",
        "when ",
    ),
    (
        r"^(?:locate|identify|pinpoint|pick out|point out|point me to|search for|look for|look up) (?:me )?(?=the\b)",
        "find ",
    ),
    (
        rf"^(?:do|does|did|is|are|was) (.+?) (?:precede|predate|{_APPEAR} before|{_APPEAR} after|follow) (.+?),? or (?:(?:is|was) it )?(?:the other way (?:a?round)|vice versa|the reverse|the opposite)$",
        r"which appears first, \1 or \2",
    ),
    (
        r"^(?:where )?(?:is|are|does|do|did|was) (.+?),? (?:(?:appear|shown|seen|visible|there|found|occur),? )?(?:in |inside )?(?:(?:the )?(?:first|1st)(?: video| film| clip| file| one)?|(?:video|film|clip|file) (?:one|1|a)),? or (?:is (?:it|that) )?(?:in |inside )?(?:(?:the )?(?:second|other|2nd|last)(?: video| film| clip| file| one)?|(?:(?:video|film|clip|file) )?(?:two|2|b))$",
        r"which of the videos has \1",
    ),
    (r"^(?!how many)(.*)\bone (?:after (?:another|the other)|by one)$", r"\1in order"),
    (
        r"^what (?:would|do|did) (?:you|one|people) (?:estimate|say|think|reckon|guess|believe) (is|are|was)\b",
        r"what \1",
    ),
    (
        r"^(?:in|during|over|for|at|within) (?:what|which) (?:time )?(?:stretch|span|range|period|interval|window|slot)s?(?: of time)?\b",
        "when",
    ),
    (r"^what (?:starts|opens|begins|kicks|sets) (?:it|the \w+|this \w+|things) off$", "what happens at the beginning"),
    (
        r"^(?:do|does|did|is|are|was|will) (?:(?:we|you|i|one) )?(?:(?:get|see|have|find) )?(.+?) (?:(?:appear|come|shown|seen|happen|occur|first) )?before (.+?),? or (?:is it |does )?(?:\2|the other|after it)\b(?: .*)?$",
        r"which appears first, \1 or \2",
    ),
    (
        r"^(?:when|once|after|as soon as) (.+?) (?:is|are|was|has|have) (?:over|done|finished|ended|passed|through|past)\b",
        r"after \1",
    ),
    (
        r"^(?:do|does|did|is|are) (?:there )?(?:none|no|not one|not a single|not any)(?: of the)? (?:shot|scene|clip)s? (?:that |which )?(?:has|have|shows?|contains?|features?|includes?) ",
        "is there never ",
    ),
    (r"\bin (?:each|both|either) of the (?:two|pair)$", "in both videos"),
    (
        r"^(?:out of|of|between|among|in|from) (?:the|these|those)(?: (?:two|three|both))? (?:videos|films|files|recordings)[,:;]? where (?=(?:can|could|do|does|did|is|are)\b)",
        "in which of the videos ",
    ),
    (r" (?:vs|versus|/)\.? ", " or "),
    (
        rf"^(?:do|does|did|is|are|was) (.+?) (?:{_APPEAR} |shown |seen )?(?:before|earlier than) (.+?),? or (?:after|later)(?: it| that)?$",
        r"which appears first, \1 or \2",
    ),
    (
        r"^what (?:are|is|was|were) the (?:times?|seconds?|moments?|points?|timestamps?)(?: in time)? (?:(?:at|in|during|on) which|when|where) (.+?) (is|are|was|can be) ",
        r"when \2 \1 ",
    ),
    (rf"\bin second (?={NUMBER}\b)", "at second "),
    (r"\bthis thing\b", "the video"),
    (
        r"^what (?:does|do|did) the (?:intro|introduction|opening|start|beginning) (?:show|have|contain|look like|feature)$",
        "what happens at the beginning",
    ),
    (
        r"^what (?:does|do|did) the (?:outro|finale|ending|end|close|conclusion) (?:show|have|contain|look like|feature)$",
        "what happens at the end",
    ),
    (r"^what is in the (?:intro|introduction)$", "what happens at the beginning"),
    (r"\b(\w+)[- ]by[- ](?=\1\b)", r"\1 by "),
    (
        rf"^(how many \w+) (?:does|do|did) (.+) (?:make it into|{_APPEAR} in|feature in|figure in|star in)$",
        r"in \1 does \2 appear",
    ),
    (
        r"\b(?:when|once|as|while|where) (?:the |its |my )?(?:clock|time|timer|counter|player|time ?stamp|timeline|time ?code) (?:reads?|shows?|says?|is at|is on|hits?|reaches|stands at|is)(?= \d)",
        "at",
    ),
    (r"^(?:at|after|on) how many (?:seconds|minutes)(?: in)? (?=(?:does|do|did|is|are|was|can)\b)", "when "),
    (
        r"^(?:what is |give |find |show )?(?:me )?the (?:time|second) ?(?:range|span|interval|window|slot|stretch)s? (?:in|during|for|at|over) which (.+?) (is|are|was|can be|appears?)\b",
        r"when \2 \1",
    ),
    (
        r"^i am (?:looking|searching|hunting) for (.+?)[,.;:] ?(?:so )?(?:where|when|which (?:part|time|second|point)|what (?:time|second))\b.*$",
        r"when does \1 appear",
    ),
    (
        r"^(?:where|to (?:where|what time|which point)) (?:should|do|can|must|could|would) (?:i|we|you|one) (?:have to |need to )?(?:skip|jump|go|seek|scroll|look|forward)(?: to)? (?:for|to see|to find|if i want(?: to see)?) (.+)$",
        r"when does \1 appear",
    ),
    (r"^what is (?=(?:right |just )?at the (?:beginning|start|end|close|opening)\b)", "what happens "),
    (
        rf"^(?:do|does|did|is|are|was) (.+?) (?:{_APPEAR}|shown|seen|visible) (?:before|after|earlier than|later than|sooner than) (.+?),? or (?:(?:was|is) it |were they )?(?:the other way (?:a?round)|vice versa|the reverse|the opposite|not until after|after(?:wards)?|before|later|earlier)(?: it)?$",
        r"which appears first, \1 or \2",
    ),
    (r"^what (?:led|leads|builds|built) up to\b", "what happens before"),
    (
        r"^(?:every|all(?: of)?(?: the)?|each) (colour|shape|object|thing)s? (?:that|which|there)\b(?: (?:is|are|there is|there are))?(?: (?:occurs?|appears?|exists?|present|shown|used|found|there|comes? up|turns? up|shows? up|in it|in the video))*$",
        r"list all the \1s",
    ),
    (r"\bin (?:all|each|every one|every single one) of (?:them|these|those)$", "in every shot"),
    (
        r"^(?:what is |tell me |give me )?(?:the )?(?:total )?(shot|scene|clip) (?:count|total|number)$",
        r"how many \1s are there",
    ),
    (r"^(?:total |overall )number of\b", "number of"),
    (r"^(how long\b.*|.*\b(?:length|duration)\b.*) in (?:seconds|minutes|hours)$", r"\1"),
    (r"^where on the (?:timeline|time line|clock|track)\b", "when"),
    (r"^(when|where) is it that ", r"\1 does "),
    (
        r"^what is the (?:thing|event|action|one) (?:that|which) (?=(?:happens|occurs|comes|appears|is shown|is seen|takes place)\b)",
        "what ",
    ),
    (r"^(?:is|was) it (.+ or .+?) (?:that|which|who) (.+)$", r"which \2, \1"),
    (r"^(?:do|does|did) (.+) (?:appear|come|happen|occur)s? in (?:which|what) order$", r"in what order do \1 appear"),
    (r"^(?:sort|order|arrange|rank)(?: \w+)? by (?:appearance|time|order)[:,]? (.+)$", r"in what order do \1 appear"),
    (r"\b(?:would|will|might|may) show(?: me| us)?\b", "shows"),
    (r"^are you able to (?=\w)", ""),
    (r"\bright at the\b", "at the"),
    (r"^(.+) (is|are|was) (what|when|where|who)$", r"\3 \2 \1"),
    (r"^(?:what|who)ever (.+?), (?:name|list|tell|say)\b.*$", r"what \1"),
    (
        r"\b(?:the |this )?(video|film|clip|movie|recording)'s ((?:(?:very|first|last|closing|opening|final|total|whole) )*\w+)",
        r"the \2 of the \1",
    ),
    (r"\bthe ([\w ]+?)'s (colou?rs?|shapes?|size|motion|movement|direction|background)\b", r"the \2 of the \1"),
    (r"^(?:say|tell) (?=(?:which|what|who|when|where|how)\b)", ""),
    (r"^(?:starting|beginning|from|since|until|up to) when\b(?! to)", "when"),
    (r"\bis (?:the )?(first|last) (?:one )?to (\w+)$", r"\2 \1"),
    (r", (?:is|are|was|were|does|do|did|has|have|can|will)(?: not)? (?:there|it|they|he|she|we|you)(?: not)?$", ""),
    (
        r"^(is|are) (.+) (?:missing|absent|not there|lacking)(?: from (?:(?:all|every|each|any)(?: one)?(?: of)?(?: the| these)? (?:shot|scene|clip)s?|(?:the|this)(?: \w+)? \w+))?$",
        r"\1 there no \2",
    ),
    (r"^(?:does|do|did) (?:it|the (?:video|film|clip|footage)) (?:lack|miss|leave out|omit) ", "is there no "),
    (r"\b(in|of) both$", r"\1 both videos"),
    (r"\b(?:seen|shown|found|caught|pictured) (?=(?!something|anything|nothing)\w+ing\b)", ""),
    (
        r"^(?:where|which part|at which part) in (?:the|this) (?:video|film|movie|clip|footage|recording) (?=(?:do|does|did|can|could|will|is|are)\b)",
        "when ",
    ),
    (r"\b(?:at no (?:point|time|moment)|not once|not at any (?:point|time)|not ever)\b", "never"),
    (r"\b(?:free of|devoid of|empty of|lacking in)\b", "without"),
    (r"^(?:is|are) (?:the|this) (?:video|film|movie|clip|footage|recording) without\b", "is there no"),
    (
        r"^(?:has|have|had|does|did|do|can|could) (?:they|he|she|the (?:maker|author|director)s?|anyone|somebody|someone|people)(?: ever)? (?:shown|show|included|include|featured|feature|put in|see|seen|saw)\b",
        "is there",
    ),
    (r"^(?:has|have) (?:the|this|it)(?: \w+)? (?:shown|got|included|featured|contained)\b", "is there"),
    (r"\bfollowed by\b(?= the| a| an| something)", "before"),
    (r"\bpreceded by\b(?= the| a| an| something)", "after"),
    (r"\b(?:each|every) (?:single|and every|individual)\b", "every"),
    (r"\b(?:all|each|every one) of (?:the|these|those)\b", "all the"),
    (
        r"^(?:what|which|who)(?: things?)? else (?:is|are|do (?:you|we) (?:see|have))(?: there| shown| visible| in it)? (?:besides|beside|apart from|aside from|other than|except(?: for)?|but|than) (?:the |an? )?(.+)$",
        r"which things are not \1",
    ),
)
REWORDED = tuple((re.compile(pattern), put) for pattern, put in _OBSERVED + _PATTERNS)
"""What is looked for, and what is put in its place, one after the other."""
