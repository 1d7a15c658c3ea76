"""One reading and what clips show, put together into an answer."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from atom_reasoning.answers import counting, videos, yes_no
from atom_reasoning.answers.evidence import Found, Shown, all_seen, certainty, holding, presence, seen
from atom_reasoning.answers.wording import NOTHING, length, listed
from atom_reasoning.answers.wording import shots as shot_numbers
from atom_reasoning.english.clauses import Clause
from atom_reasoning.english.words import KINDS_OF_WORDS, base, meaning
from atom_reasoning.evidence.footage import Footage, Shot
from atom_reasoning.evidence.strange import strange_words, words_of
from atom_reasoning.evidence.witness import Reply, Witness, joint, name_of, word_of_kind
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope
from atom_reasoning.reading.wordings.slots import conditions
from atom_reasoning.wording import NOT_SHOWN, is_absence, is_offered, key_of


def answer(reading: Reading, witness: Witness) -> Found:
    """The answer to a reading, whatever its kind; ``not shown`` where nothing supports one."""
    shots = list(witness.footage.shots_within(reading.scope))
    if not shots:
        return Found(text=NOT_SHOWN, certainty=0.95)
    if reading.videos:
        return videos.compared(reading, witness, shots)
    if reading.kind is not Kind.YES_NO and reading.scope.event is not None:
        return _relative(reading, witness, shots)
    return _of_kind(reading, witness, shots)


def _of_kind(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    footage = witness.footage
    if reading.kind is Kind.YES_NO:
        return _yes_no(reading, witness, shots)
    if reading.kind is Kind.COUNT:
        return _count(reading, witness, shots)
    if reading.kind is Kind.WHEN:
        return counting.when(reading, seen(reading.conditions[0], witness, shots), footage)
    if reading.kind is Kind.HOW_LONG:
        if reading.compare:
            longest = counting.longest(reading, footage, shots)
            return evolve(longest, text=length(footage.span(longest.shots[0]).duration_s))
        if not reading.conditions:
            total_s = sum(footage.span(shot).duration_s for shot in shots)
            return Found(text=length(total_s), shots=tuple(shots))
        return counting.how_long(seen(reading.conditions[0], witness, shots), footage)
    if reading.kind is Kind.WHICH_SHOT or (reading.kind is Kind.WHICH_VIDEO and _of_one_video(reading, footage)):
        if reading.counted == "seconds":
            return counting.longest(reading, footage, shots)
        return counting.which_shot(reading, all_seen(reading, witness, shots), footage)
    if reading.kind is Kind.WHICH_VIDEO:
        return counting.which_video(reading, all_seen(reading, witness, shots), footage)
    if reading.kind is Kind.CHOICE:
        return _choice(reading, witness, shots)
    if reading.kind is Kind.ORDER and reading.conditions:
        return counting.in_order(_names(reading), all_seen(reading, witness, shots))
    if reading.kind is Kind.LIST:
        return _list(reading, witness, shots)
    if reading.kind is Kind.WHAT:
        return _what(reading, witness, shots)
    return happens(reading, witness, shots)


def _of_one_video(reading: Reading, footage: Footage) -> bool:
    """Whether "which one has a dog" can only mean a shot."""
    return len(footage.videos) == 1 and not reading.compare


def _names(reading: Reading) -> list[str]:
    subjects = [condition.subject for condition in reading.conditions]
    if len(set(subjects)) < len(subjects):
        return [condition.text for condition in reading.conditions]
    return [f"the {subject}" for subject in subjects]


def _choice(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    return counting.choice(reading, _names(reading), all_seen(reading, witness, shots))


def _yes_no(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    if reading.scope.event is not None:
        first = seen(reading.conditions[0], witness, shots)
        return yes_no.related(reading, first, seen(reading.scope.event, witness, shots))
    if reading.compare in ("all", "only"):
        (wanted,) = reading.conditions
        whole = seen(wanted, witness, shots)
        if reading.compare == "all":
            return yes_no.all_things(reading, seen(evolve(wanted, predicate=""), witness, shots), whole)
        return yes_no.only(reading, seen(evolve(wanted, subject=""), witness, shots), whole)
    if reading.counted == "seconds":
        return yes_no.longer(reading, sum(witness.footage.span(shot).duration_s for shot in shots), shots)
    shown = all_seen(reading, witness, shots)
    if reading.counted == "videos":
        return videos.whether(reading, shown, witness)
    if reading.scope.every or (len(reading.scope.shots) > 1 and len(shots) > 1 and not reading.any_of):
        return yes_no.every(reading, shown)
    if reading.compare:
        return yes_no.compared(reading, shown)
    if reading.together:
        return yes_no.together(reading, shown)
    return yes_no.exists(reading, shown)


def _count(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    if not reading.conditions:
        number = (
            len(witness.footage.videos) if reading.counted == "videos" else len(shots) - (reading.counted == "cuts")
        )
        return Found(text=str(number), shots=tuple(shots), certainty=0.97)
    shown = seen(reading.conditions[0], witness, shots)
    if reading.counted == "things" and len(shots) == 1 and reading.conditions[0].is_anything:
        return _number_of_one(reading, witness, shown)
    return counting.count(reading, shown)


def _number_of_one(reading: Reading, witness: Witness, shown: Sequence[Shown]) -> Found:
    """How many things one shot shows: by its caption, unless its reply is another number and surer."""
    found = counting.count(reading, shown)
    replies = witness.replies(sentence(reading.clip_question), witness.askable([shown[0].place]))
    if replies and (number := key_of("how many", replies[0].text)).isdigit():
        agree = number == found.text
        sure = joint(witness.captions[shown[0].place][1], len(witness.captions[shown[0].place][0].split()))
        if agree or replies[0].confidence > sure:
            return evolve(found, text=number, certainty=0.98 if agree else replies[0].confidence * 0.8)
    return found


def _list(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    (wanted,) = reading.conditions
    shown = seen(wanted, witness, shots)
    there = counting.picked(reading, holding(shown))
    if reading.negated:
        return _others(reading, witness, shots, shown)
    if reading.compare:
        return counting.commonest(reading, there)
    found = counting.names(reading, there)
    silent = [one for one in there if not one.clauses]
    if reading.counted == "" or not wanted.subject:
        for reply in witness.replies(
            sentence(reading.clip_question), witness.askable([one.place for one in silent][:4])
        ):
            shot = next(one for one in silent if one.place == reply.place)
            found.setdefault(_without_article(reply.text), shot)
    if reading.scope.pick and found:
        place = 0 if reading.scope.pick == "first" else -1
        name = list(found)[place]
        found = {name: found[name]}
    if not found:
        return Found(text=NOT_SHOWN, certainty=1 - presence(shown))
    support = [one.shot for one in there if one.clauses or one in found.values()]
    sure = certainty(there if reading.scope.pick else shown)
    return Found(text=listed(found), shots=tuple(support), certainty=sure)


def _others(reading: Reading, witness: Witness, shots: Sequence[Shot], shown: Sequence[Shown]) -> Found:
    """The things that never do, or are not, what is asked for."""
    (wanted,) = reading.conditions
    kept = Condition(subject=wanted.subject) if wanted.predicate else Condition()
    plain = evolve(reading, negated=False, conditions=(kept,))
    everything = counting.names(plain, holding(seen(plain.conditions[0], witness, shots)))
    doing = counting.names(plain, holding(shown))
    left = {name: one for name, one in everything.items() if name not in doing}
    if not left:
        return Found(text=NOTHING, certainty=certainty(shown))
    return Found(text=listed(left), shots=tuple(one.shot for one in left.values()), certainty=certainty(shown))


def _without_article(text: str) -> str:
    return name_of(Clause(text=text.strip(" ."), subject="", predicate=""))


def _relative(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    """What is asked about the shots before, after or with an event."""
    event = reading.scope.event
    assert event is not None
    shown = _event(event, witness, shots)
    there = holding(shown)
    if not there:
        return Found(text=NOT_SHOWN, certainty=1 - presence(shown))
    plain = evolve(reading, scope=evolve(reading.scope, event=None, relation=""))
    if reading.scope.relation == "while":
        own = [one.shot for one in there]
        if reading.kind is Kind.HAPPENS:
            return _beside(plain, witness, there)
        return _of_kind(plain, witness, own)
    after = reading.scope.relation == "after"
    at = there[0]
    if reading.kind is Kind.HAPPENS and (inside := _within(witness, at, after=after)):
        return inside
    if after:
        rest = [shot for shot in shots if (shot.video, shot.number) > (at.shot.video, at.shot.number)]
        rest = [shot for shot in rest if shot.video == at.shot.video] or rest
    else:
        rest = [shot for shot in shots if (shot.video, shot.number) < (at.shot.video, at.shot.number)]
    if reading.kind is Kind.HAPPENS:
        rest = rest[:1] if after else rest[-1:]
    if not rest:
        return Found(text=NOTHING, certainty=at.p)
    if reading.kind is Kind.WHICH_SHOT and not reading.conditions:
        shot = rest[0] if after else rest[-1]
        return Found(text=shot_numbers([shot.number]), shots=(shot,), certainty=at.p)
    found = _of_kind(plain, witness, rest)
    return evolve(found, certainty=min(found.certainty, at.p))


_COMING_AND_GOING = "leave exit go depart vanish disappear end finish stop appear come enter arrive start begin"
_COMES_OR_GOES = frozenset(map(base, _COMING_AND_GOING.split()))


def _event(event: Condition, witness: Witness, shots: Sequence[Shot]) -> list[Shown]:
    """Where an event is shown; of a thing that "leaves", which no caption says, where the thing is."""
    shown = seen(event, witness, shots)
    if not holding(shown) and event.subject and _COMES_OR_GOES & set(meaning(event.predicate)):
        return seen(evolve(event, predicate=""), witness, shots)
    return shown


def _within(witness: Witness, at: Shown, *, after: bool) -> Found | None:
    """What comes before or after something in one and the same shot."""
    own = witness.clauses(at.place)
    if not at.clauses or not any(clause.follows for clause in own):
        return None
    place = own.index(at.clauses[0])
    rest = own[place + 1 :] if after else own[:place]
    steps = [clause for clause in rest if clause.follows] if after else (rest if own[place].follows else ())
    if not steps:
        return None
    return Found(text=(steps[0] if after else steps[-1]).text, shots=(at.shot,), certainty=at.p)


def _beside(reading: Reading, witness: Witness, there: Sequence[Shown]) -> Found:
    """What else shots show."""
    texts = []
    for one in there:
        others = [clause.text for clause in witness.clauses(one.place) if clause not in one.clauses]
        texts.append(" and ".join(others))
    told = [text for text in texts if text]
    if not told:
        return happens(reading, witness, [one.shot for one in there])
    shots = tuple(one.shot for one, text in zip(there, texts, strict=True) if text)
    return Found(text=", then ".join(told), shots=shots, certainty=certainty(there))


def happens(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    """What shots show, by their captions; of the first or last thing, only that one."""
    pick = reading.scope.pick
    chosen = [shots[0] if pick == "first" else shots[-1]] if pick else list(shots)
    texts: list[str] = []
    sure = 1.0
    for shot in chosen:
        places = [place for place in shot.places if place in witness.footage.within(_times(reading.scope))] or list(
            shot.places
        )
        if pick:
            places = places[:1] if pick == "first" else places[-1:]
        for place in places:
            text, confidence = witness.captions[place]
            sure = min(sure, joint(confidence, len(text.split())))
            text = _one_step(witness.clauses(place), text, pick)
            if text and (not texts or texts[-1] != text):
                texts.append(text)
    if not texts:
        return Found(text=NOT_SHOWN, certainty=0.5)
    return Found(text=", then ".join(texts), shots=tuple(chosen), certainty=sure)


def _times(scope: Scope) -> Scope:
    return Scope(start=scope.start, end=scope.end, at=scope.at)


def _one_step(own: Sequence[Clause], text: str, pick: str) -> str:
    text = text.rstrip(" .")
    follows = [place for place, clause in enumerate(own) if clause.follows]
    if not pick or not follows:
        return text
    part = own[: follows[0]] if pick == "first" else own[follows[-1] :]
    return " while ".join(clause.text for clause in part)


def _what(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> Found:
    """What the clips that show its topic reply; where captions have a word of the kind that is asked for, that word."""
    known = [one for one in reading.conditions if not one.is_anything] or _strangers(reading, witness)
    if known:
        shown = seen(known[0], witness, shots)
        there = counting.picked(reading, holding(shown))
        if not there and known[0].predicate:  # "is the star small or large" is about the star
            shown = seen(evolve(known[0], predicate=""), witness, shots)
            there = counting.picked(reading, holding(shown))
        if not there:
            return Found(text=NOT_SHOWN, certainty=1 - presence(shown))
    else:
        shots = [shots[0 if reading.scope.pick == "first" else -1]] if reading.scope.pick else shots
        shown = seen(Condition(), witness, shots)
        there = list(shown)
    if reading.counted in KINDS_OF_WORDS and (found := _of_captions(reading, there)):
        return found
    places = witness.askable([one.place for one in sorted(there, key=lambda one: -one.p)])
    replies = witness.replies(sentence(reading.clip_question), sorted(places))
    offered = [reply for reply in replies if is_offered(reading.clip_question, reply.text)]
    return vote(reading, offered or replies, there)


def _strangers(reading: Reading, witness: Witness) -> list[Condition]:
    """What a question that no pattern fits names and no caption knows: "write a poem" is about no footage."""
    if reading.sure or not reading.scope.is_whole or reading.scope.shots:
        return []
    told = words_of(text for text, _ in witness.captions)
    named = conditions(reading.clip_question)
    if any(word in told for one in named for word in meaning(one.text)):
        return []
    strange = [Condition(subject=" ".join(strange_words(one, told))) for one in named]
    return [one for one in strange if one.subject][:1]


def _of_captions(reading: Reading, there: Sequence[Shown]) -> Found | None:
    """The words of a kind that captions have for the thing that is asked about."""
    words: dict[str, list[Shown]] = {}
    for one in there:
        for clause in one.clauses:
            if word := word_of_kind(clause, reading.counted):
                words.setdefault(word, []).append(one)
    if not words or (
        reading.counted == "shape"
        and any(base(word) in map(base, reading.conditions[0].subject.split()) for word in words)
    ):
        return None
    support = [one for ones in words.values() for one in ones]
    return Found(text=listed(words), shots=tuple(one.shot for one in support), certainty=certainty(support))


def vote(reading: Reading, replies: Sequence[Reply], shown: Sequence[Shown]) -> Found:
    """The reply with the greatest weight; absences count only where no clip shows what is asked for."""
    question = reading.clip_question
    present = [reply for reply in replies if not is_absence(question, reply.text)]
    groups: dict[str, list[Reply]] = {}
    for reply in present or replies:
        groups.setdefault(key_of(question, reply.text), []).append(reply)
    if not groups:
        return Found(text=NOT_SHOWN, certainty=0.8)
    of_place = {one.place: one for one in shown}

    def weight(reply: Reply) -> float:
        return reply.confidence * (of_place[reply.place].p if reply.place in of_place else 1.0)

    group = sorted(max(groups.values(), key=lambda g: sum(map(weight, g))), key=lambda r: -weight(r))
    share = sum(map(weight, group)) / max(sum(weight(r) for g in groups.values() for r in g), 1e-9)
    support = tuple(of_place[reply.place].shot for reply in group if reply.place in of_place) if present else ()
    sure = group[0].confidence * share
    return Found(text=group[0].text, shots=support, certainty=sure, truncated=group[0].truncated)


def sentence(text: str) -> str:
    """A question as it is written: with a capital letter and a question mark."""
    return f"{text[:1].upper()}{text[1:]}?" if text and not text.endswith("?") else text
