"""Questions for yes or no: existence, every, never, both, before and after, more than."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import NUMBER, number_of
from atom_reasoning.reading.conditions import condition, is_stative, several
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT, VIDEO
from atom_reasoning.reading.times import TIME, seconds_of

AUX = r"(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should|might)"
_SHOWS = r"(?:show|shows|have|has|contain|contains|feature|features|include|includes|depict|depicts|display|displays|got|present|picture|hold)"
_FRAMES = (
    r"^(?:is|are|was|were) (?:not )?there (?:ever |also |even |any point (?:where|when|at which) )?",
    r"^(?:do|does|did|can|could|will|would|may) (?:not )?(?:you|we|i|one|viewers?|somebody|someone|the viewer|it be possible to) (?:ever |also |even |get to |be able to )?(?:see|spot|find|notice|make out|observe|detect|watch|come across|encounter|distinguish|discern|identify|perceive)(?: that)? ",
    rf"^(?:do|does|did|has|have|can|will) (?:not )?(?:(?:the|this|that|any|either|each|it|video|a)(?: of)?(?: the)?(?: {VIDEO}| {SHOT})?s? )?(?:ever |also |even )?{_SHOWS}(?= (?:a|an|the|any|some|no|more|at|only|both|two|three|\w+))(?: us)? ",
    r"^(?:is|are) it (?:true|the case|correct|right|so|possible)(?: to say)? (?:that|to see)? ?(?:there (?:is|are|was|were) )?",
)
_NEGATIONS = re.compile(r"\b(?:never|no|none of|nothing|no one|nobody|neither|nowhere|not any|not a single|without)\b")
_TOGETHER = re.compile(
    rf",? ?\b(?:together|at the same time|at once|simultaneously|side by side|(?:(?:in|on|within|inside|during)|shar(?:e|es|ing)) (?:the same|one and the same|a single|one) (?:{SHOT}|screen|picture|frame|time)|with each other|alongside each other|share a (?:{SHOT})|both at once)\b"
)


def is_yes_no(text: str) -> bool:
    """Whether a plain question asks for yes or no."""
    return (
        re.match(rf"{AUX}\b|(?:any|ever|never|there (?:is|are)|anything|something|nothing|anyone|does not)\b", text)
        is not None
    )


def read_yes_no(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a plain question that begins like one for yes or no."""
    reading = Reading(text=asked, kind=Kind.YES_NO, scope=scope, clip_question=text)
    for read in (_of_videos, _some_shot, _compared, _related, _once, _all_things, _several, _plain):
        if (found := read(text, reading)) is not None:
            return found
    return None


def _body(text: str) -> tuple[str, bool, bool]:
    """What stands behind "is there", "does the", ...; whether that is only to be there; whether behind a form of be."""
    for frame in _FRAMES:
        if (found := re.match(frame, text)) and found.end() < len(text):
            rest = text[found.end() :]
            is_true = "true" in found[0] or "case" in found[0] or "correct" in found[0]
            return rest, not is_true, False
    text = re.sub(r"^(?:there (?:is|are)|any(?= \w))\b ?", "", text) or text
    found = re.match(rf"{AUX} (?:not )?", text)
    if not found:
        return text, False, False
    return text[found.end() :], False, text.startswith(("is ", "are ", "was ", "were "))


def _negated(text: str) -> tuple[str, bool]:
    if found := _NEGATIONS.search(text):
        put = "anything" if found[0] in ("nothing", "nobody", "no one") else ""
        rest = re.sub(r"\bof the (?=\w)", "the ", text[found.end() :]) if found[0] == "none of" else text[found.end() :]
        return " ".join(f"{text[: found.start()]} {put} {rest}".split()), True
    return text, False


def _plain(text: str, reading: Reading) -> Reading:
    text, negated = _negated(text)
    body, _, copula = _body(text)
    wanted = condition(body, copula=copula)
    if is_stative(wanted.predicate) and not wanted.subject and " " in wanted.predicate:
        wanted = condition(wanted.predicate.split(" ", 1)[1])
    if wanted.predicate.startswith("not ") and wanted.predicate not in ("not move", "not moving"):
        wanted, negated = evolve(wanted, predicate=wanted.predicate[4:]), not negated
    return evolve(reading, conditions=(wanted,), negated=negated)


def _once(text: str, reading: Reading) -> Reading | None:
    """ "Does the star appear more than once?", "... twice?", "... only once?" """
    found = re.search(
        r",? ?\b(?:(?P<more>more than|at least|exactly|only|just|less than|fewer than) )?(?P<n>once|twice|one time|(?P<m>"
        + NUMBER
        + r") times|several times|multiple times|repeatedly|again)\b",
        text,
    )
    if not found or (found["n"] in ("again",) and "before" in text):
        return None
    number = {"once": 1, "twice": 2, "one time": 1}.get(found["n"]) or (
        int(number_of(found["m"])) if found["m"] else None
    )
    compare = {"more than": "more", "at least": "least", "less than": "fewer", "fewer than": "fewer"}.get(
        found["more"] or "", "equal"
    )
    if number is None:
        number, compare = 1, "more"
    if found["n"] == "once" and not found["more"]:
        return None
    rest = " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
    inner = _plain(rest, reading)
    return evolve(inner, counted="shots", compare=compare, number=number)


def _compared(text: str, reading: Reading) -> Reading | None:
    """ "Are there more stars than moons?", "Are there at least two stars?", "Is there more than one star?" """
    body, _, _ = _body(text)
    body = re.sub(r"^(?:there|the video has|we have|it has) ", "", body)
    if found := re.match(
        r"(?P<how>more|fewer|less|as many|equally many|the same number of) (?P<a>.+?) (?:than|as|and) (?P<b>.+)$", body
    ):
        if not re.match(rf"than\b|{NUMBER}\b", found["a"]):
            compare = {"more": "more", "fewer": "fewer", "less": "fewer"}.get(found["how"], "equal")
            first, second = found["a"], re.sub(r"^there are ", "", found["b"])
            counted = "shots" if re.search(rf"\b{SHOT}s?\b", first) else "things"
            pair = (_of_shots(first), _of_shots(second))
            return evolve(reading, conditions=pair, compare=compare, counted=counted)
    if found := re.match(
        r"(?P<a>.+?) (?:be )?(?:shown |seen |visible |appear |appears |occur |there )?(?P<how>more|less) (?:often|frequently|common|times)(?: shown| seen| visible)? than (?P<b>.+)$",
        body,
    ):
        pair = (condition(found["a"]), condition(found["b"]))
        return evolve(reading, conditions=pair, compare="more" if found["how"] == "more" else "fewer", counted="shots")
    how = r"(?P<how>more than|fewer than|less than|at least|at most|exactly|only|just|no more than|over|under)"
    if found := re.match(
        rf"(?:{how} )?(?P<n>{NUMBER}|a single|several|multiple)(?: different| distinct)? (?!of\b)(?P<a>.+)$", body
    ):
        if not found["how"] and found["n"] in ("one",) and not found["a"]:
            return None
        number = (
            1
            if found["n"] in ("a single",)
            else 2
            if found["n"] in ("several", "multiple")
            else int(number_of(found["n"]))
        )
        compare = {
            "more than": "more", "over": "more", "fewer than": "fewer", "less than": "fewer", "under": "fewer", "at least": "least",
            "at most": "most", "no more than": "most",
        }.get(found["how"] or "", "least" if found["n"] in ("several", "multiple", "a single") else "equal")  # fmt: skip
        if compare == "least" and number == 1 and reading.scope.every:
            return None  # "at least one dog in every shot" is a dog in every shot
        shots = re.match(
            rf"{SHOT}s?\b ?(?:(?:that|which) )?(?:(?:with|show(?:ing|s)?|ha(?:ve|s)|contain(?:ing|s)?|where|in which) ?)?",
            found["a"],
        )
        wanted = condition(found["a"][shots.end() :] if shots else found["a"])
        return evolve(
            reading, conditions=(wanted,), compare=compare, number=number, counted="shots" if shots else "things"
        )
    return None


def read_length(text: str, asked: str) -> Reading | None:
    """A reading of "Is the video longer than ten seconds?", before its time is taken for a part of the video."""
    found = re.match(
        rf"(?:is|does|was) (?:it|(?:the|this) {VIDEO}) (?:last |run |take )?(?P<how>longer|shorter|more|less|at least)(?: than)? (?P<n>{TIME})(?: long)?$",
        text,
    )
    if not found:
        return None
    compare = {"longer": "more", "more": "more", "shorter": "fewer", "less": "fewer"}.get(found["how"], "least")
    reading = Reading(text=asked, kind=Kind.YES_NO, clip_question=text)
    return evolve(reading, counted="seconds", compare=compare, number=round(seconds_of(found["n"])))


def _of_videos(text: str, reading: Reading) -> Reading | None:
    """ "Do both videos show a star?", "Does any of the videos have a moon?" """
    found = re.search(
        r"\b(?:in |of )?(?P<q>both|all|every|each|either|any|one|at least one|the two)(?: (?:one )?of)?(?: the| these| two)* (?:videos?|films?|files?|movies?|recordings?)\b(?: (?:each|both|all))?",
        text,
    )
    if not found:
        return None
    rest = " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
    inner = _plain(rest, reading)
    return evolve(inner, counted="videos", any_of=found["q"] in ("either", "any", "one", "at least one"))


def _some_shot(text: str, reading: Reading) -> Reading | None:
    """ "Is there ever a shot without a star?", "Is there a shot with a star and a moon?" """
    found = re.match(
        rf"(?:is|are|was|were) there (?:ever |also |even )?(?:any |a |some |at least one |a single )?{SHOT}s? (?P<how>without|with|with no|where|in which|that|which|when|showing|containing|featuring|of) (?P<c>.+)$",
        text,
    )
    if not found:
        return None
    body = re.sub(rf"^(?:{_SHOWS}|there (?:is|are)|(?:you|we) (?:can )?see) ", "", found["c"])
    body, negated = _negated(body)
    body = (
        re.sub(r"^(?:does|do|is|are) not (?:have|show|contain|feature|include)? ?|^not (?:have|show) ", "", body)
        if (refused := re.match(r"(?:does|do|is|are) not ", body))
        else body
    )
    negated = negated or refused is not None or found["how"] in ("without", "with no")
    parts, join = several(body)
    if join == "and" and len(parts) > 1 and not negated:
        return evolve(reading, conditions=tuple(condition(part) for part in parts), together=True)
    return evolve(reading, conditions=(condition(body),), counted="shots", compare="least", number=1, negated=negated)


def _of_shots(text: str) -> Condition:
    return condition(re.sub(rf"^(?:{SHOT})s? (?:with|of|showing|that show|containing|where|in which) ", "", text))


def _related(text: str, reading: Reading) -> Reading | None:
    """ "Does the star come before the moon?", "Is the moon shown after the star blinks?", "... while ...?" """
    either = re.search(r"\b(?:before or after|after or before|earlier or later than|later or earlier than)\b", text)
    text = text.replace(either[0], "before") if either else text
    found = re.search(
        r"\b(?P<r>(?:right |immediately |directly |just |any time |anytime )?(?:before|after|earlier than|later than|prior to|following|until)|while|at the same time as|at the same time that|as soon as|when|whenever|during|alongside|together with|next to|with) (?=\w)",
        text,
    )
    if not found or found.start() == 0:
        return None
    first, second = text[: found.start()].strip(" ,"), text[found.end() :].strip(" ,")
    word = found["r"].split(" ")[-1] if "than" not in found["r"] and "same time" not in found["r"] else found["r"]
    relation = {
        "before": "before",
        "earlier than": "before",
        "to": "before",
        "until": "before",
        "after": "after",
        "later than": "after",
        "following": "after",
    }.get(word, "while")
    alone = re.match(rf"{AUX} (?:the|a|an) (?:[\w-]+ ){{1,3}}?(?:ever)?$", f"{first} ")
    if (
        word == "with"
        and not alone
        and not re.search(r"\b(?:appear|seen|shown|together|share|visible|there)\b[^,]*$", first)
    ):
        return None
    if word in ("next", "to") and found["r"].startswith("next"):
        return None
    if relation == "while" and re.search(rf"\b{SHOT}s?$", first):
        return None
    body = _body(first)[0]
    body = re.sub(
        r"\b(?:come|comes|happen|happens|occur|occurs|take place|be|act|acts|arrive|shown|seen|visible|present|displayed|featured|appear|appears|there|on screen)$",
        "",
        body.strip(),
    ).strip()
    event = condition(
        re.sub(
            r"^(?:that of|the one with|the shot (?:with|of)) ",
            "",
            re.sub(r" (?:does|do|did|is|has|come|comes|happens)$", "", second),
        )
    )
    wanted = condition(body)
    scope = evolve(reading.scope, relation=relation, event=event)
    if relation == "while":
        return evolve(reading, conditions=(wanted, event), together=True)
    return evolve(reading, scope=scope, conditions=(wanted,), compare="either" if either else "")


def _all_things(text: str, reading: Reading) -> Reading | None:
    """ "Do all stars blink?", "Are all the stars red?", "Does every star blink?", "Are there only stars?" """
    if re.match(rf"{AUX} (?:not )?(?:all|every|each|both of the|all of)\b", text) and not re.search(r" or ", text):
        found = re.match(rf"(?P<aux>{AUX}) (?:not )?(?:all(?: of)?|every|each(?: of)?|both of) (?P<rest>.+)$", text)
        if found is None:
            return None
        wanted = condition(
            f"the {re.sub(r'^(?:the|these|them) ', '', found['rest'])}",
            copula=found["aux"] in ("is", "are", "was", "were"),
        )
        own = re.search(
            r"\b(?:appear|appearing|show up|appears)$", found["rest"]
        )  # "do all squares appear" is about what they do
        if own and not wanted.predicate:
            wanted = evolve(wanted, predicate="appear")
        if wanted.predicate and not is_stative(wanted.predicate):
            return evolve(reading, conditions=(wanted,), compare="all")
    if found := re.match(
        r"(?:is|are) (?:all|every|each)(?: of)?(?: the)? (?:things?|objects?|shapes?|one|items?|figures?) (?:a |an )(?P<b>.+)$",
        text,
    ):
        return evolve(reading, conditions=(condition(found["b"]),), compare="only")
    if re.match(r"is everything ", text):
        return evolve(reading, conditions=(condition("anything " + text[14:], copula=True),), compare="all")
    if found := re.match(r"does everything (?P<p>.+)$", text):
        return evolve(reading, conditions=(condition("something " + found["p"]),), compare="all")
    if found := re.match(r"(?:is|are) (?P<a>.+?) the only (?P<b>.+)$", text):
        thing = re.sub(r"^\w+ (?:that|which|to|who) ", "something that ", found["b"])
        wanted = condition(thing)
        return evolve(
            reading,
            conditions=(Condition(subject=condition(found["a"]).subject, predicate=wanted.predicate),),
            compare="only",
        )
    if found := re.match(
        r"(?:is there|are there|does (?:it|this|the \w+)? ?show|do (?:you|we) see|do|does) only (?P<a>.+)$", text
    ):
        return evolve(reading, conditions=(condition(found["a"]),), compare="only")
    return None


def _several(text: str, reading: Reading) -> Reading | None:
    """ "Is there a star and a moon?", "Do both the star and the moon blink?", "... in the same shot?" """
    apart = _TOGETHER.sub("", text)
    together = apart != text
    if together:
        text = apart
    text, negated = _negated(text)
    body, exists, copula = _body(text)
    body = re.sub(r"\b(?:both|either|neither)\b ?(?:of )?", "", body).strip()
    found = re.match(r"(?P<a>.+?),? (?P<join>and|or|nor|as well as|along with|plus) (?:also )?(?P<b>.+)$", body)
    if not found:
        if not together:
            return None
        wanted = condition(body, copula=copula)
        return evolve(reading, conditions=(wanted,), together=True, negated=negated) if wanted.subject else None
    if found["join"] == "or" and not exists and not re.search(r"\beither\b", text):
        return (
            None
            if re.search(r" (?:first|last|earlier|later)\b", text)
            else evolve(reading, kind=Kind.WHAT, conditions=(condition(found["a"].split(",")[0], copula=copula),))
        )
    parts, _ = several(body)
    last = condition(f"{parts[-1]}", copula=copula) if not exists else condition(parts[-1])
    heads = [condition(part) for part in parts[:-1]]
    if not all(head.subject for head in heads):
        return None
    if re.match(r"(?:a|an|the|any|\w+)\b", parts[-1]) and _only_verb(parts[-1]):
        return None  # "does the star blink and grow" is about one thing
    spread = [
        evolve(head, predicate=last.predicate, copula=last.copula) if last.predicate and not head.predicate else head
        for head in heads
    ]
    return evolve(
        reading,
        conditions=(*spread, last),
        together=together,
        any_of=found["join"] in ("or",),
        negated=negated or found["join"] == "nor",
    )


def _only_verb(text: str) -> bool:
    from atom_reasoning.english.clauses import VERBS
    from atom_reasoning.english.words import base

    first = text.split()[0]
    return base(first) in VERBS and first not in ("cross", "circle", "a", "an", "the")
