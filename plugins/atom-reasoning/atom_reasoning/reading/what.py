"""Questions for what is shown: lists, what happens, properties of one thing."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import KINDS_OF_WORDS, ORDINAL, base, is_generic, place_of
from atom_reasoning.reading.conditions import condition, is_stative, noun
from atom_reasoning.reading.phrases import A_VIDEO
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT, VIDEO

_AUX = r"(?:is|are|was|were|does|do|did|has|have|can|could|will)"
_HAPPENS = r"(?:happen(?:s|ed|ing)?|goes on|going on|go on|occurs?|occurring|takes? place|taking place|is up|is (?:there|shown|seen|visible|displayed|depicted|presented|on|being shown|on display|featured|to be seen|to see|happening|going on|occurring)|(?:can|could) be (?:seen|observed|found)|(?:do|can|could|does|did|are|will|would) (?:you|we|i|one|they|the viewer|viewers|it|this|there) (?:see|observe|find|be|show|get to see|watch|notice|seeing|watching|contain)|appears?|comes?(?: up| on)?|shows?(?: up)?|we see|you see|you can see|we can see|we get to see|(?:is|are) (?:we|you) (?:seeing|shown|looking at)|is|are|are there|are shown|are visible|acts?)"
_LIST_VERB = r"^(?:list|name|enumerate|identify|find|mention|state|give(?: me)?|show(?: me)?|what are|tell me|provide|write down|spell out|specify|say)\b"
_HYPERNYMS = frozenset(
    [
        "animal",
        "vehicle",
        "fruit",
        "food",
        "tool",
        "kind",
        "type",
        "sort",
        "sport",
        "activity",
        "people",
        "person",
        "character",
        "creature",
        "plant",
    ]
)


def read_attribute(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of "What colour is the star?", "Which shape is it that blinks?": a word of a known kind."""
    kinds = "|".join(KINDS_OF_WORDS)
    text = re.sub(
        rf"^(?:name|give(?: me)?|state|tell me|say|identify|what is|what was) (?:the )?(?P<k>{kinds}) (?:of|for) (?P<r>.+)$",
        r"what \g<k> is \g<r>",
        text,
    )
    text = re.sub(
        rf"^(?:in |of )(?P<w>which|what) (?P<k>{kinds}) (?P<r>(?:is|are|was|were|does|do)\b.*)$",
        r"\g<w> \g<k> \g<r>",
        text,
    )
    found = re.match(
        rf"(?:which|what)(?: kind of| type of)? (?P<k>{kinds})(?P<pl>s)? (?P<aux>is|are|was|were|has|have|does|do|did) (?P<r>.+)$",
        text,
    )
    if not found or found["k"] in ("direction",):
        return None
    rest = re.sub(
        r" (?:have|has|got|be|being|in|painted|coloured|shown in|wear|wearing|sporting|dressed in|carry|carrying|showing|show)$",
        "",
        found["r"],
    )
    if re.match(r"^(?:there|shown|seen|visible|used|present|displayed|in it|it|they|you|we|not)\b", rest):
        return None
    pick = scope.pick
    if picked := re.match(
        r"(?:the )?(?P<p>first|last|final|initial|opening|closing)(?: thing| object)? (?P<rest>.+)$", rest
    ):
        pick = "first" if picked["p"] in ("first", "initial", "opening") else "last"
        rest = f"the {picked['rest']}"
    wanted = condition(rest)
    if not wanted.subject and not wanted.predicate and not pick:
        if found["k"] == "shape" or is_generic(rest.split()[-1]):
            return Reading(
                text=asked,
                kind=Kind.WHAT,
                scope=scope,
                counted=found["k"],
                conditions=(Condition(),),
                clip_question=text,
            )
        return None
    if found["k"] != "shape" and found["pl"]:
        return Reading(
            text=asked,
            kind=Kind.LIST,
            scope=evolve(scope, pick=pick),
            counted=found["k"],
            conditions=(wanted,),
            clip_question=text,
        )
    if found["k"] == "shape" and not re.match(r"(?:the|a|an|that)\b", rest) and found["aux"] in ("is", "are"):
        if rest.split()[0].endswith("ing"):
            return None
        wanted = Condition(subject=rest)
    return Reading(
        text=asked,
        kind=Kind.WHAT,
        scope=evolve(scope, pick=pick),
        counted=found["k"],
        conditions=(wanted,),
        clip_question=text,
    )


def read_list(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of "Which shapes blink?", "What blinks?", "List all colours", "What is the first thing that blinks?" """
    reading = Reading(text=asked, kind=Kind.LIST, scope=scope, clip_question=text)
    if (common := _commonest(text, reading)) is not None:
        return common
    if found := re.match(_LIST_VERB, text):
        rest = re.sub(
            r"^(?:(?:me|us|all|every|each|everything|any|of|a|the|list|different|distinct|unique|kinds|types|names?|and every|single|complete|full|various|individual)\b ?)+",
            "",
            text[found.end() :].strip(" :"),
        )
        everything = re.search(r"\b(?:everything|every thing|anything)\b", text[: len(text) - len(rest)]) or not rest
        return _listed(f"something {rest}" if everything else rest, reading) if rest or everything else None
    if re.match(r"everything (?:that |which )?\w+|(?:all|every) (?:the |of the )?\w+", text):
        return _listed(
            re.sub(r"^everything", "something", re.sub(r"^(?:all|every) (?:of )?(?:the )?", "", text)), reading
        )
    found = re.match(
        r"(?:what|which|who)(?: (?:is|was|are|were) the)? (?P<pick>first|last|next|final|earliest|latest|opening) (?P<n>[\w ]+?)(?: (?:that|which|who|to|we see|you see|shown|seen|visible|is|in view|on screen|appearing|displayed) ?(?P<r>.*))?$",
        text,
    )
    if found and found["n"]:
        pick = "last" if found["pick"] in ("last", "final", "latest") else "first"
        more = re.sub(
            r"^(?:be |is |are |we |you |can )*(?:shown|seen|appears?|visible|see|there|comes?|happens?|happen|occurs?|displayed|act|acts|show up|come|occur|take place|takes place|do we see)\b ?(?:up|on screen)?",
            "",
            (found["r"] or "").strip(),
        )
        return _picked(found["n"], more, pick, reading)
    text = re.sub(r"^(what|which|who) (?:else|all|exactly|other)\b", r"\1", text)
    found = re.match(
        rf"(?:which|what)(?: (?:kinds?|types?|sorts?|of the|different|other|all the|of these|of all)(?: of)?(?: the)?)* (?P<n>(?!{_AUX}\b|way\b|direction\b|manner\b|happens\b)[\w-]+(?: [\w-]+)?) (?P<r>.+)$",
        text,
    )
    if found:
        reading_of = _which_things(found["n"], found["r"], reading)
        if reading_of is not None:
            return reading_of
    found = re.match(r"(?:what|who|which|which one|which ones|what else|what all) (?P<v>.+)$", text)
    if found:
        return _what_does(found["v"], reading)
    return None


def _commonest(text: str, reading: Reading) -> Reading | None:
    """ "Which object is seen in the most shots?", "What is the most common colour?" """
    found = re.match(
        rf"(?:what|which)(?: is| are)?(?: the)? (?P<how>most|least) (?:common|frequent|often seen|frequently seen|frequently shown|popular|used) (?P<n>\w+)$"
        rf"|(?:what|which) (?P<n2>\w+) (?:is |are )?(?:shown |seen |used |there |appears? |occurs? |comes up )?(?:the )?(?P<how2>most|least)(?: often| frequently| common| times)?(?: shown| seen)?$"
        rf"|(?:what|which) (?P<n3>\w+) (?:is |are |appears? |shown |seen |occurs? )+in (?:the )?(?P<how3>most|fewest|least) {SHOT}s$",
        text,
    )
    if repeated := re.match(
        rf"(?:which|what) (?P<n>\w+) (?:are |is )?(?:shown |seen |there |appears? |occurs? |present |repeated |used )+(?:in (?:more than one|several|multiple|two or more|at least two) {SHOT}s?|more than once|several times|again|twice)$",
        text,
    ):
        kind = next((one for one in KINDS_OF_WORDS if base(one) == base(repeated["n"]) and one != "shape"), "")
        return evolve(reading, conditions=(Condition(),), counted=kind, compare="repeated")
    if not found:
        return None
    groups = found.groupdict()
    name = groups["n"] or groups["n2"] or groups["n3"]
    how = groups["how"] or groups["how2"] or groups["how3"]
    kind = next((one for one in KINDS_OF_WORDS if base(one) == base(name)), "")
    if not kind and not is_generic(name):
        return None
    return evolve(reading, conditions=(Condition(),), counted=kind, compare="most" if how == "most" else "least")


def _picked(name: str, more: str, pick: str, reading: Reading) -> Reading:
    scope = evolve(reading.scope, pick=pick)
    words = name.split()
    if base(words[-1]) in map(base, ("action", "event", "motion", "movement")) or (
        is_generic(words[-1])
        and len(words) == 1
        and not more
        and re.search(r"\bhappens?|occurs?|take", reading.clip_question)
    ):
        return evolve(reading, kind=Kind.HAPPENS, scope=scope)
    if is_generic(words[-1]) and len(words) == 1 and not more:
        return evolve(reading, kind=Kind.HAPPENS, scope=scope)
    counted = words[-1] if words[-1] in KINDS_OF_WORDS and words[-1] != "shape" else ""
    wanted = condition(f"something {more}") if more else Condition()
    subject = "" if counted else noun(name)
    return evolve(reading, scope=scope, conditions=(evolve(wanted, subject=subject),), counted=counted)


def _which_things(name: str, rest: str, reading: Reading) -> Reading | None:
    """ "Which (red) shapes blink?": the words up to the noun, and what they do."""
    words = name.split()
    if len(words) == 2 and (
        base(words[1]) in _verb_stems() or re.fullmatch(rf"{_AUX}|not|never|first|last|that|to|always", words[1])
    ):
        words, rest = words[:1], f"{words[1]} {rest}"
    known = base(words[-1])
    if base(words[0]) in _verb_stems() and words[0] not in ("circle", "circles", "cross", "crosses", "people"):
        return None
    singular = next((kind for kind in KINDS_OF_WORDS if base(kind) == known), "")
    is_noun = (
        singular
        or is_generic(words[-1])
        or known in map(base, _HYPERNYMS)
        or (words[-1].endswith("s") and re.match(rf"(?:{_AUX}\b|not\b|never\b|\w+(?:s|ing)?\b)", rest))
    )
    if not is_noun:
        if not re.match(rf"(?:{_AUX}|never|not)\b", rest) and base(rest.split()[0]) not in _verb_stems():
            return None
    pick = reading.scope.pick
    if found := re.search(r"\b(?P<p>first|last)$", rest):
        pick, rest = found["p"], rest[: found.start()].strip()
    if pick != reading.scope.pick:
        rest = re.sub(
            r"^(?:is |are |was )?(?:shown|seen|appears?|comes?|visible|acts?|happens?|do we see|do you see|displayed|arrives?|shows up|there|show up|occurs?)$",
            "",
            rest,
        )
    negated = re.match(r"(?:never|(?:do|does|did|is|are|was|were) (?:not|never)(?! mov))\b", rest) is not None
    rest = (
        re.sub(
            r"^(?:never|(?:do|does|did|is|are|was|were) (?:not|never)(?! mov))\b ?",
            "are " if re.match(r"(?:is|are|was|were) ", rest) else "",
            rest,
        )
        if negated
        else rest
    )
    copula = re.match(r"(?:is|are|was|were) ", rest) is not None
    body = re.sub(
        rf"^{_AUX} (?:there|you see|we see|you find|it show|the {VIDEO} (?:show|contain|have)|it have)?(?: in)?",
        "",
        rest,
    ).strip()
    body = re.sub(
        r"^(?:be )?(?:shown|seen|visible|used|present|displayed|appear|appears|featured|depicted|occur|there|found|exist|in it)\b ?",
        "",
        body,
    )
    counted = singular if singular and singular != "shape" else ""
    adjective = " ".join(words[:-1])
    if counted:
        wanted = condition(re.sub(r" (?:have|has|in)$", "", body)) if body else Condition()
    else:
        subject = (
            noun(name) if not (singular or is_generic(words[-1]) or known in map(base, _HYPERNYMS)) else noun(adjective)
        )
        wanted = evolve(
            condition(f"something {'be ' if copula else ''}{body}") if body else Condition(), subject=subject
        )
        if is_stative(wanted.predicate):
            wanted = evolve(wanted, predicate="")
    return evolve(
        reading, conditions=(wanted,), counted=counted, negated=negated, scope=evolve(reading.scope, pick=pick)
    )


def _verb_stems() -> frozenset[str]:
    from atom_reasoning.english.clauses import VERBS

    return VERBS


def _what_does(verb: str, reading: Reading) -> Reading | None:
    """ "What blinks?", "What is blinking?", "Who runs?", "What never moves?" """
    negated = re.match(r"(?:never|(?:does|do|did|is) (?:not|never)(?! mov))\b", verb) is not None
    verb = re.sub(r"^(?:never|(?:does|do|did|is) (?:not|never)(?! mov)) ", "", verb)
    found = re.match(r"(?P<be>is|are|was|were|gets|can be seen|do you see|do we see)? ?(?P<v>[\w'-]+)(?P<r>.*)$", verb)
    if not found:
        return None
    word = found["v"]
    if found["be"] and not (
        word.endswith("ing") and len(word) > 4 and word not in ("happening", "going", "occurring", "taking", "doing")
    ):
        words = {base(one) for kind in KINDS_OF_WORDS.values() for one in kind.split()}
        if not (
            (base(word) in words and not found["r"].strip()) or word in ("moving", "still", "stationary", "motionless")
        ):
            return None
    elif not found["be"] and (
        base(word) not in _verb_stems()
        or re.fullmatch(rf"{_AUX}|happens?|occurs?|goes on|comes?|be|come", word)
        or re.match(_HAPPENS + r"$", verb)
    ):
        return None
    if word in ("does", "do", "did"):
        return None
    pick = reading.scope.pick
    if picked := re.search(r" (?P<p>first|last)$", verb):
        pick, verb = picked["p"], verb[: picked.start()]
    wanted = condition(f"something {verb}")
    if is_stative(wanted.predicate) or not wanted.predicate:
        return None
    return evolve(reading, conditions=(wanted,), negated=negated, scope=evolve(reading.scope, pick=pick))


def _listed(rest: str, reading: Reading) -> Reading:
    kinds = re.match(rf"(?P<k>{'|'.join(KINDS_OF_WORDS)})s?(?: and (?P<k2>shape|colour)s?)?\b ?(?P<r>.*)$", rest)
    more = rest
    counted = ""
    if kinds and kinds["k"] != "shape" and not kinds["k2"]:
        counted, more = (
            kinds["k"],
            re.sub(
                r"^(?:of|that|which|used|shown|seen|have|are|is|you see|appear)\b ?(?:used|shown|seen|visible|appear|have)?",
                "",
                kinds["r"],
            ).strip(),
        )
        return evolve(reading, counted=counted, conditions=(condition(more) if more else Condition(),))
    more = re.sub(
        r"\b(?:that|which) (?:is|are|was|were|can be|you (?:can )?see|we (?:can )?see|appears?|shows? up) ?(?:shown|seen|visible|there|present)?(?= |$)",
        lambda m: m[0] if re.search(r"(?:is|are|was|were) ?$", m[0]) else "",
        more,
    ).strip()
    more = re.sub(
        r"(?: (?:you|we) (?:can )?see| in the (?:clips?|shots?)| there (?:is|are)| shown| seen| visible| there)$",
        "",
        more,
    )
    wanted = condition(more)
    if is_stative(wanted.predicate):
        wanted = evolve(wanted, predicate="")
    if re.match(r"(?:something )?(?:what )?(?:happens?|occurs?|that happens?|goes on|that goes on)$", rest) or re.match(
        r"(?:events?|actions?|happenings?|things? that happens?)\b", rest
    ):
        return evolve(reading, kind=Kind.ORDER, conditions=())
    return evolve(reading, conditions=(wanted,))


def read_happens(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of "What happens ...?", of the part that the scope names."""
    reading = Reading(text=asked, kind=Kind.HAPPENS, scope=scope, clip_question=text)
    if found := re.match(
        rf"(?:how (?:does|do|did) (?:{A_VIDEO}|everything|things|it all) |(?:what|which \w+) (?:does|do|did) {A_VIDEO} |how is {A_VIDEO} )?(?P<v>start|begin|open|opened|end|finish|close|conclude|ended|started)(?:s|ing|es)?(?: off| out| up)?(?: with)?$",
        text,
    ):
        return evolve(reading, scope=evolve(scope, pick="first" if found["v"][0] in "sbo" else "last"))
    if found := re.match(
        rf"what (?P<v>starts|begins|opens|ends|closes|concludes|finishes|started|opened|ended|concluded)(?: off| out)?(?: {A_VIDEO})?$",
        text,
    ):
        return evolve(reading, scope=evolve(scope, pick="first" if found["v"][0] in "sbo" else "last"))
    if re.match(rf"with what (?:does|do|did) {A_VIDEO} (?:start|begin|open|end|close|finish|conclude)", text):
        return evolve(
            reading, scope=evolve(scope, pick="first" if re.search(r"(?:start|begin|open)$", text) else "last")
        )
    if re.match(
        r"what (?:changes|differs|is (?:the )?(?:difference|different|changed))\b|(?:compare|contrast)\b|how (?:do|does|is|are) .*\b(?:differ|different|change)",
        text,
    ) and (len(scope.shots) > 1 or scope.is_whole):
        return reading if len(scope.shots) > 1 else None
    if found := re.match(
        rf"(?:what is|which is|describe|name|what was) the (?P<n>{ORDINAL}) (?:thing|event|action|object|shape|item|one|figure)(?: (?:that|to|which|you|we)?\b.*)?$",
        text,
    ):
        if abs(place_of(found["n"])) > 1 and not re.search(
            r"\b(?:that|which) (?!happens|is shown|appears|is seen|occurs|comes|we see|you see|takes place)", text
        ):
            return evolve(reading, scope=evolve(scope, shots=(place_of(found["n"]),)))
    if found := re.match(
        r"what (?:is|was|does|did) the (?P<v>start|beginning|opening|end|ending|finish|conclusion)(?: of it)?(?: (?:be )?(?:like|look like|show|shown))?$",
        text,
    ):
        return evolve(reading, scope=evolve(scope, pick="first" if found["v"][0] in "sbo" else "last"))
    pick = ""
    if found := re.search(r"\b(?P<p>first|last)(?: of all)?$", text):
        text, pick = text[: found.start()].strip(), found["p"]
    if re.match(r"what (?:can|could|do|would) (?:you|we|i) (?:tell|say|report|know)(?: me| us)?(?: about| of)?$", text):
        return reading
    if scope == Scope() and re.match(r"(?:what|which ones?) appears?$", text):
        return evolve(reading, kind=Kind.LIST, conditions=(Condition(predicate="appear"),))
    ends = re.match(
        rf"(?:what|which(?: one| thing| object| event| action)?|who|what (?:thing|else|exactly|all|event|action|object)) {_HAPPENS}(?: (?:in|there|on|of|with|during|about))?$|(?:what|describe|show(?: me)?|tell me(?: about)?|tell us(?: about)?|explain|give(?: me)? a description of|caption|what about|how about|talk about|and|narrate|depict|give me details (?:on|about))?(?: what)?(?: {_HAPPENS})?(?: (?:in|on|of|about))?$|what (?:is|are|was)(?: in)?$|what (?:does|do|did) (?:it|the \w+)? ?(?:show|depict|contain|look like|have|hold|portray)$|what (?:do|can|could|did) (?:you|we|i) (?:see|watch|get)$|what (?:is|are|does) (?:show|shown|there to see)$|(?:what|which) (?:is|are) the (?:content|contents|caption|event|action|description|subject|topic|theme|focus)s?(?: of)?$|which (?:event|action|thing)s? (?:happens?|occurs?|takes? place|is shown|are shown)$",
        text,
    )
    if not ends:
        return None
    return evolve(reading, scope=evolve(scope, pick=pick or scope.pick))


def read_what(text: str, scope: Scope, asked: str) -> Reading:
    """A reading of a question that only a clip which shows its topic can answer, with that topic where it is plain."""
    reading = Reading(text=asked, kind=Kind.WHAT, scope=scope, clip_question=text, sure=False)
    patterns = (
        rf"(?:what|how|why|where|which way|(?:in )?(?:what|which) (?:direction|way)|what else|to where|how fast|what kind of [\w ]+?)(?: exactly)? (?:{_AUX}) (?:there )?(?P<n>(?:the|a|an|that|this|his|her|their)\b.+?)(?: (?:do|doing|done|look like|looks like|move|moving|behave|like|go|going|have|headed|heading|located|positioned|act|change|changing|end up|react|about|made of|called|moved))?$",
        r"what (?:happens|is happening|happened|becomes|is done|is going on|is up|does happen)(?: to| with| of) (?P<n>.+)$",
        rf"(?:which way|what direction|which direction|(?:in|to) (?:which|what) (?:direction|way)|how|what|where) (?:{_AUX}) (?P<n>[\w ]+?) (?:move|moving|go|going|do|doing|look|travel|head|behave|act)(?: to| like| in)?$",
        r"describe (?:the )?(?:motion|movement|behaviou?r|action|path|colour|appearance)s? of (?P<n>.+)$",
        rf"how (?:big|large|small|tall|long|old|wide|heavy|fast) (?:{_AUX}) (?P<n>(?:the|a|an|that|this)\b.+)$",
        r"(?:what|which) (?:is|are|was) the (?:motion|movement|behaviou?r|action|direction|size|position|location|path|background)s? (?:of|for|behind|done by) (?P<n>.+)$",
        rf"(?:what|which) (?:motion|movement|action|size)s? (?:{_AUX}) (?P<n>.+?)(?: (?:make|do|perform|doing|have|making|show|execute|carry out))?$",
        r"(?:what|who) (?:is|are|was|were) (?P<n>the .+)$",
        rf"who (?:{_AUX}) (?P<n>(?:the|a)\b.+)$",
    )
    for pattern in patterns:
        if found := re.match(pattern, text):
            wanted = condition(found["n"])
            if wanted.predicate and not re.match(r".*\b(?:that|which|who|when)\b", found["n"]) and not wanted.copula:
                wanted = Condition(subject=wanted.subject) if wanted.subject else wanted
            if re.match(r"(?:it|they|he|she|this|that|background|video|\w+ground)\b", wanted.subject):
                wanted = Condition()
            if re.match(r"(?:first|last)\b", wanted.subject):
                pick, _, rest = wanted.subject.partition(" ")
                return evolve(
                    reading, conditions=(evolve(wanted, subject=noun(rest)),), scope=evolve(scope, pick=pick), sure=True
                )
            return evolve(reading, conditions=(wanted,), sure=True)
    return reading
