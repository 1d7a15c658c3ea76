"""Questions for lists: which things are there, which do something, which are first or commonest."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import KINDS_OF_WORDS, base, is_generic
from atom_reasoning.reading.conditions import condition, is_stative, noun
from atom_reasoning.reading.phrases import HAPPENS
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT, VIDEO

_AUX = r"(?:is|are|was|were|does|do|did|has|have|can|could|will)"
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
        or re.match(HAPPENS + r"$", verb)
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
