"""What people say around a question: whom they address, words that say nothing, what they would like to know."""

from __future__ import annotations

import re

from atom_reasoning.english.requests import without_requests, without_telling
from atom_reasoning.english.topics import with_topic, without_heading
from atom_reasoning.english.viewers import as_one
from atom_reasoning.english.words import KINDS_OF_WORDS, NUMBER, base

_ASKS = r"(?:what|which|who|whose|when|where|how|why|in (?:what|which)|at (?:what|which)|whether|if)\b"
_BEGINS = rf"(?:{_ASKS}|(?:is|are|was|were|do|does|did|has|have|can|could|will|would|may|might|shall|should|i|we|please|kindly|be)\b|(?:list|name|describe|count|tell|give|say|show|find)\b)"
_PARENTHESES = re.compile(
    r",\s+(?:(?:all in all|in (?:all|total|fact|short|the end|your (?:opinion|view)|your eyes)|altogether|overall|if (?:you please|i may(?: ask)?|any|at all)"
    r"|pray|say|then|exactly|precisely|roughly|approximately|more or less|by the way|(?:do|would) you (?:think|say|reckon)|you (?:think|reckon)|i mean"
    r"|i (?:wonder|ask(?: you)?|beg you)|well|um+|uh+|er+|hm+|so to speak|perhaps|actually|my \w+|sir|madam|dear)),\s*",
    re.IGNORECASE,
)
_VOCATIVE = re.compile(
    rf"^(?:(?:my|oh|ah|well|now|right|alright|listen|look|count|think|excuse|pardon|forgive|dear|sorry|sir|madam|guys|folks|hey|hi|hello|good|pray|tell|say|quickly|thanks)\b"
    rf"(?: (?!(?:the|a|an|shot|scene|at|in|on)\b)[\w']+){{0,3}})\s*[,;:.!]+\s*(?={_BEGINS})",
    re.IGNORECASE,
)
_OUTCRY = re.compile(
    r"^(?:(?:yo+|hey+|hi|hello|oh|ah|ok|okay|um+|uh+|er+m?|hm+|well|now|so|like|bro|dude|man|mate|guys|folks|alright|right|please|quick|and|but)\b[,.!:]*\s+)+"
    rf"(?={_BEGINS})",
    re.IGNORECASE,
)
_REGARDING = re.compile(
    r"^(?:(?:with|in) (?:regard|respect|reference|relation) to|as (?:for|to|regards)|(?:now )?(?:turning|coming|moving|going)(?: on| back)? to|regarding|concerning|about|in terms of|considering)"
    rf" (?P<thing>[^,:?]+?)[,:]\s*(?={_BEGINS})",
    re.IGNORECASE,
)
_MATTER = re.compile(
    rf"^(?:(?:for|to|just|out of|in|by|on|one|a|an|the|and|next|another|final|quick|simple|talk|my|your|our|more|of)\s+)*(?:[\w'-]+ )?"
    r"(?:questions?|query|queries|check|numbers?|matter|thing|test|task|request|exercise|records?|reports?|forms?|log|notes?|curiosity|interest"
    rf"|opinion|view|clear|sure|certain|way|fact|honest|brief|short|(?<=one )(?:moment|second|sec)|(?<=a )(?:moment|second|sec))\s*[:,–-]\s+(?={_BEGINS})",
    re.IGNORECASE,
)
"""What a question is for, or what kind of matter it is: "for the record", "next question"."""
_LEADS = re.compile(
    r"^(?P<lead>(?:(?:okay|ok|so|well|now|and|but|hey|also)[, ]+)*(?:i|we|my|our|he|she|they|you|it|not|there|someone|somebody|people|if (?:i|you|we|one)(?! (?:wants?|wish|would|need|like|count|jump|skip|go|get|come|seek|pause|stop|look|scroll|fast|fast-forward|play|watch)\b)|given that|since (?:i|you|we)|because)\b(?:'\w+)?[^.?!;:]*?)"
    rf"(?:,? (?:so|but|and|then|now|hence)|,) (?:(?:so|but|and|then|now|just|also),? )*(?={_ASKS}|(?:at|in|for|on|during) (?:which|what|how)\b|(?:is|are|was|were|does|do|did|has|have|can|could|would|will)\b(?! (?:it|that|this|there|they|you|he|she|we|i)(?: not)?(?: right| true| correct| so| the case| wrong)?\s*\?*$)|(?:i|we)(?:'m|'d| am| would| want| wonder| need)\b)"
    r"(?P<question>(?!.*,? or (?:not|no)\s*\?*$).{7,})$",
    re.IGNORECASE,
)
"""A statement before a question: "I fell asleep, so what was the last thing?"."""
_NAMES = re.compile(r"\b(?:the|an?|some|that|this|all|shots?|scenes?|videos?|films?|clips?)\b|\d", re.IGNORECASE)
"""A word by which a statement may name what the question behind it is about."""
_ASIDE = re.compile(r"(?:i'm|i am|it's|it is|not) (?:not )?(?:sure|certain|clear|confident)\b", re.IGNORECASE)
_SHORT_LEAD = re.compile(
    rf"^(?P<lead>[^\W\d_]+(?:['-][^\W\d_]+)?(?: [^\W\d_]+(?:['-][^\W\d_]+)?){{0,2}}),\s+(?P<question>(?:and |so |but )?{_BEGINS}.*)$",
    re.IGNORECASE,
)
_PLEASE = re.compile(r"\s*,?\s*\b(?:(?:pretty )?please|pls|plz)\b(?=[\s,.;:?!]|$)(?:,(?= ))?", re.IGNORECASE)
_LAUGHTER = re.compile(r"\s+(?:lol|lmao|haha+|tho|btw|fyi|asap|bro|dude|man|mate|innit)\s*(?=[?!.]*$)", re.IGNORECASE)
_NUMBER_OF_SHOT = re.compile(r"\b(?P<before>(?:shot|scene|clip) )no\.(?= (?!\d)|$)", re.IGNORECASE)
_SAID_LAST = re.compile(r"^(?P<question>.{8,}?), *(?P<last>(?:my )?[^\W\d_]+(?:'[a-z]+)?)\s*(?P<end>[?.!]*)$")
_LOOK = re.compile(
    r"^(?:have|take) (?:a|another) (?:quick |close |good |little )?look (?=at|from|between|in)", re.IGNORECASE
)
_GUESS = re.compile(
    r"^(?:what|how many) (?:would|do|could) you (?:say|think|reckon|guess|estimate|count)[,:]\s*(?=how|what|which|when)",
    re.IGNORECASE,
)
_WHICH_IS_IT = re.compile(
    r"^(?P<sought>(?:please )?(?:find|locate|show|search|look|point|(?:in )?which)\b(?=[^.!?]*\b(?:shot|scene|clip|video)\b).{6,}?[.!?])\s+which(?: one| shot| scene| number)?(?: (?:is|was) (?:it|that))?\s*\?*$",
    re.IGNORECASE,
)
_DEMAND = re.compile(
    r"(?P<question>.{6,}?[?.!,])\s+(?:(?:just|so|and|now|then) )*(?:name|list|tell me|give me|say|show me|count|mention|answer|enumerate)"
    r"(?: (?:them|it|me|all(?: of them)?|both|every one|each|yes or no|one|those|quickly|please|in full))*\s*[.!?]*$",
    re.IGNORECASE,
)
_OFFERED = re.compile(r"\s*[,:;–-]\s+(?:is|was) it (?=(?:the|an?) [^,.?]+ or )", re.IGNORECASE)
"""What leads to two things offered: "which is first, is it the dog or the cat?"."""
_ADDRESSED = re.compile(
    r"\s*,\s*(?:my )?(?:lads?|lasses|guys|folks|boys|girls|kids|children|friends|mates?|team|everyone|everybody|anyone|anybody|class|people|fellas|fellows|ladies|gentlemen|gents|darlings?|comrades|gang|crew|y'all|you lot|buddy|pal|chaps?|sweetie|honey|love|officer|detective|doctor|professor|miss|mister|boss)\s*(?=[?.!]*$)",
    re.IGNORECASE,
)
_PRONOUN_TAG = (
    r"(?:is|isn't|are|aren't|does|doesn't|do|don't|did|didn't|was|wasn't|were|weren't) (?:there|it|they|you|we)"
)
_TAG = re.compile(
    r"^(?P<question>(?:is|are|was|were|do|does|did|has|have|can|could|will)\b.{8,}?),\s*(?:(?:is|was|isn't|wasn't) (?:it|that|this)(?: not)?(?: right| true| correct| so| the case)?"
    rf"|(?:am i|are we) (?:right|correct)|or (?:am i wrong|is (?:that|it) (?:wrong|not)|not)|{_PRONOUN_TAG})\s*\?*$",
    re.IGNORECASE,
)
_RIGHT = re.compile(
    r"^(?P<said>.{8,}?)[.;!?]\s*(?:so )?(?:is|are|am|was|were) (?:she|he|it|that|this|i|we|they)(?: really| actually)? (?:right|correct|true|so|wrong|the case|mistaken)(?: (?:about|in|there|here)\b.*)?\s*\?*$",
    re.IGNORECASE,
)
_RATHER = re.compile(
    r"^(?P<first>.*?)[,.?!-]+\s*(?:i mean|i\.e\.|or rather|that is|no,? wait|sorry|make that)(?: to say| to ask)?,?\s+(?P<begin>(?:(?:in|on|at|for|across|during) )?(?:how many|how long|how often|what|which|when|where)\b[^,]*),?(?P<rest>.*)$",
    re.IGNORECASE,
)
"""A question that takes back what was said before it."""
_KNOWN = frozenset(word for words in KINDS_OF_WORDS.values() for word in words.split())
_STEMS = frozenset(map(base, _KNOWN))
_LEAD_WORDS = """
a an the this that these those some any no every each all both in at on from between after before during until while when once if first last
there shot scene clip video film is are was were do does did has have list name describe count show find give tell not never nothing by step one two order turn
"""
_LEAD_NAMES = frozenset(_LEAD_WORDS.split())
"""Words by which a few words before a comma say what, when or where."""
_KEPT = frozenset(
    [
        "right", "correct", "true", "yes", "no", "first", "last", "earlier", "later", "order", "together", "both", "when", "where",
        "what", "which", "who", "how", "then", "next", "all", "everything", "altogether", "total", "respectively", "too", "now",
        "chronologically", "simultaneously", "agreed", "false", "colour", "color", "shot", "scene", "time", "quantity", "though",
    ]
)  # fmt: skip
"""Words that say something behind a comma at the end."""


_UNKNOWN = re.compile(r"[\s,;:]*\(?\b[a-z]{1,2} ?= ?\?+\)?[\s.?]*$", re.IGNORECASE)
"""What stands for the number sought: "number of shots, N = ?"."""
_SENTENCES = re.compile(r"(?<=[.!?;])(?<!\bno\.)(?<!\bnr\.)(?<!\bvs\.)\s+(?=[^\W\d])", re.IGNORECASE)


def without_asides(text: str) -> str:
    """A question without what is said around it: "My dear, would you mind telling me when we see a dog?" asks when.

    What one says that one is looking for is put where the question says "it": "I am looking for a dog. When does it
    come?" asks when a dog comes.
    """
    text = re.sub(
        r"^(?:(?:so|and|but|well|okay|ok|now|hey|also),? +)+(?=\w)",
        "",
        " ".join(text.replace("i.e.", "i mean").split()),
        flags=re.IGNORECASE,
    )
    text = without_heading(_UNKNOWN.sub("?", text))
    text = as_one(_NUMBER_OF_SHOT.sub(r"\g<before>number", text))
    text = _OFFERED.sub(": ", text)
    text = _leads_apart(without_telling(text))
    text = _LOOK.sub("look ", _GUESS.sub("", text))
    text = _WHICH_IS_IT.sub(r"\g<sought>", text)
    if (found := _DEMAND.match(text)) and not re.match(r"(?:what|who)ever\b", text, re.IGNORECASE):
        text = found["question"]
    if (found := _RIGHT.match(text)) and not re.search(r"[.?!;]\s", found["said"]):
        text = (
            f"{found['said']}?"
            if re.match(_BEGINS, found["said"], re.IGNORECASE)
            else f"is it true that {found['said']}?"
        )
    return with_topic(" ".join(filter(None, map(_bare, _SENTENCES.split(text)))) or text)


def _bare(text: str) -> str:
    if rather := _RATHER.match(text):
        says_it = re.search(
            r"\b(?:it|that|they|one)\b|which is (?:first|last|earlier|later)", rather["begin"] + rather["rest"]
        )
        text = rather["first"] if says_it else f"{rather['begin']}{rather['rest']}"
    text = _PARENTHESES.sub(" ", _LAUGHTER.sub("", _without_please(text)))
    text = _without_short_lead(_ADDRESSED.sub("", text))
    text = _REGARDING.sub(r"\g<thing>: ", _without_address(text))
    for _ in range(3):
        before = text
        text = without_requests(_MATTER.sub("", _OUTCRY.sub("", _VOCATIVE.sub("", text))))
        if text == before:
            break
    tagged = _TAG.match(text)
    return f"{tagged['question']}?" if tagged else text


def _leads_apart(text: str) -> str:
    """A statement before a question as a sentence of its own; of two videos, which of them is meant."""
    found = _LEADS.match(text)
    if not found or re.match(r"(?:it|there|you|they|he|she) [^,]*\b(?:and|but)$", found["lead"], re.IGNORECASE):
        return text
    question = found["question"]
    if re.search(
        r"\b(?:two|both|a pair of) (?:\w+ )?(?:videos|films|clips|movies|recordings|files)\b",
        found["lead"],
        re.IGNORECASE,
    ):
        question = re.sub(r"^which(?: one| of (?:them|the two|these))?\b(?! (?:video|film|clip|shot|scene))", "which of the videos", question, flags=re.IGNORECASE)  # fmt: skip
    lead = re.sub(r"^(?:if|since|because|given that) ", "", found["lead"], flags=re.IGNORECASE)
    return f"{lead}. {question}" if _NAMES.search(lead) and not _ASIDE.match(lead) else question


def _without_short_lead(text: str) -> str:
    """Without a few words before a comma that name nothing: "Real quick, how many dogs are there?"."""
    found = _SHORT_LEAD.match(text)
    if not found or re.search(r"\b(?:it|its|they|them|he|she|that|one|or)\b", found["question"], re.IGNORECASE):
        return text
    words = found["lead"].casefold().split()
    names = _LEAD_NAMES & set(words) or re.match(_ASKS, found["lead"], re.IGNORECASE)
    if names or any(base(word) in _STEMS or (word.endswith("s") and not word.endswith("ss")) for word in words):
        return text
    return found["question"]


def _without_please(text: str) -> str:
    return _PLEASE.sub("", text).strip(" ,") or text


def _without_address(text: str) -> str:
    """Without one word behind a comma at the end that names nothing: "Is there a dog, dear?"."""
    found = _SAID_LAST.match(text)
    if not found:
        return text
    word = found["last"].casefold().split()[-1]
    names = word in _KNOWN or base(word) in _STEMS or word in _KEPT or re.fullmatch(NUMBER, word)
    plural = word.endswith("s") and not word.endswith("ss") and not found["last"].casefold().startswith("my ")
    if names or plural or re.search(r"\bor\b", found["question"].rpartition(",")[2]):
        return text
    if re.search(r"\w+,\s*\w+$", found["question"]) and not re.search(
        r"\b(?:is|are|was|were|do|does|did|what|which|how|when|where|list|name|describe|count|give|tell|show)\b",
        found["question"],
    ):
        return text
    return f"{found['question']}{found['end']}"
