"""Questions about a clip, with answers, types and supporting spans."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from atom_tiny.language import clause, name
from atom_tiny.words import ACTION_NAMES, ACTIONS, BACKGROUNDS, COLOUR_NAMES, COUNTS, EVENTLESS, QUESTION_FORMS, SHAPES
from atom_tiny.world import Clip, Thing

NOT_SHOWN = "not shown"

TEMPLATES: dict[str, tuple[str, ...]] = {
    "count": ("How many objects are there?", "How many shapes are in the clip?", "How many things can be seen?"),
    "background": ("What is the background?", "Which background is it?", "What does the background look like?"),
    "colour": ("What colour is the {shape}?", "Which colour does the {shape} have?", "What color is the {shape}?"),
    "shape": ("What shape is the {colour} object?", "Which shape is {colour}?", "What is the {colour} thing?"),
    "motion": ("What does the {noun} do?", "How does the {noun} move?", "What happens to the {noun}?"),
    "who": ("Which object {verb}?", "What {verb}?", "Which thing {verb}?"),
    "size": ("Is the {noun} small or large?", "How big is the {noun}?", "What size is the {noun}?"),
    "exists": ("Is there {article} {noun}?", "Can you see {article} {noun}?", "Does the clip show {article} {noun}?"),
    "does": ("Does the {noun} {bare}?", "Does the {noun} {bare} in this clip?", "Is it true that the {noun} {verb}?"),
    "first": ("What happens first?", "What is the first thing that happens?", "What happens at the beginning?"),
    "last": ("What happens last?", "What is the last thing that happens?", "What happens at the end?"),
    "before": (
        "Which acts first, the {noun} or the {other}?",
        "Which comes first, the {noun} or the {other}?",
        "What acts first, the {noun} or the {other}?",
    ),
}
TYPES = (*TEMPLATES, "absent")
"""Types of question; `absent` ones ask about what is not there, and their answer is `not shown`."""


@frozen(kw_only=True)
class Question:
    """A question about one clip and its true answer."""

    kind: str
    """One of `TYPES`."""
    text: str
    answer: str
    spans: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    """What supports the answer, as fractions of the clip; empty where nothing does."""
    thing: Thing | None = None
    """The object that the answer is about, if one is."""


def _say(rng: np.random.Generator, kind: str, **slots: str) -> str:
    return str(rng.choice(TEMPLATES[kind])).format(**slots)


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _one(rng: np.random.Generator, things: tuple[Thing, ...]) -> Thing:
    return things[int(rng.integers(len(things)))]


def _span(thing: Thing) -> tuple[tuple[float, float], ...]:
    return ((thing.start, thing.end),)


def _unshown_noun(clip: Clip, rng: np.random.Generator) -> str:
    """A noun that no object of the clip fits; half the time it shares a word with one."""
    shown = {name(t) for t in clip.things}
    near = _one(rng, clip.things)
    while True:
        colour, shape = str(rng.choice(COLOUR_NAMES)), str(rng.choice(SHAPES))
        kind = rng.random()
        colour, shape = (near.colour if kind < 0.3 else colour), (near.shape if kind > 0.7 else shape)
        if f"{colour} {shape}" not in shown:
            return f"{colour} {shape}"


def _colour(clip: Clip, rng: np.random.Generator) -> Question | None:
    thing = _one(rng, clip.things)
    if sum(t.shape == thing.shape for t in clip.things) > 1:
        return None
    return Question(kind="colour", text=_say(rng, "colour", shape=thing.shape), answer=thing.colour, thing=thing)


def _shape(clip: Clip, rng: np.random.Generator) -> Question:
    thing = _one(rng, clip.things)
    return Question(kind="shape", text=_say(rng, "shape", colour=thing.colour), answer=thing.shape, thing=thing)


def _motion(clip: Clip, rng: np.random.Generator) -> Question:
    thing = _one(rng, clip.things)
    text = _say(rng, "motion", noun=name(thing))
    return Question(kind="motion", text=text, answer=ACTIONS[thing.action][0], spans=_span(thing), thing=thing)


def _who(clip: Clip, rng: np.random.Generator) -> Question | None:
    thing = _one(rng, clip.things)
    if sum(t.action == thing.action for t in clip.things) > 1:
        return None
    text = _say(rng, "who", verb=ACTIONS[thing.action][0])
    return Question(kind="who", text=text, answer=f"the {name(thing)}", spans=_span(thing), thing=thing)


def _size(clip: Clip, rng: np.random.Generator) -> Question | None:
    thing = _one(rng, clip.things)
    if thing.action in ("grows", "shrinks"):
        return None
    return Question(kind="size", text=_say(rng, "size", noun=name(thing)), answer=thing.size, thing=thing)


def _exists(clip: Clip, rng: np.random.Generator) -> Question:
    true = rng.random() < 0.5
    thing = _one(rng, clip.things) if true else None
    noun = name(thing) if thing else _unshown_noun(clip, rng)
    text = _say(rng, "exists", article=_article(noun), noun=noun)
    spans = ((0.0, 1.0),) if true else ()
    return Question(kind="exists", text=text, answer="yes" if true else "no", spans=spans, thing=thing)


def _does(clip: Clip, rng: np.random.Generator) -> Question:
    thing = _one(rng, clip.things)
    action, true = thing.action, rng.random() < 0.5
    if not true:
        others = [t.action for t in clip.things if t.action != thing.action]
        pool = others if others and rng.random() < 0.4 else [a for a in ACTION_NAMES if a != thing.action]
        action = str(rng.choice(pool))
    text = _say(rng, "does", noun=name(thing), bare=QUESTION_FORMS[action], verb=ACTIONS[action][0])
    return Question(kind="does", text=text, answer="yes" if true else "no", spans=_span(thing), thing=thing)


def _first(clip: Clip, rng: np.random.Generator) -> Question | None:
    if clip.relation != "then":
        return None
    thing = clip.things[0]
    return Question(kind="first", text=_say(rng, "first"), answer=clause(thing), spans=_span(thing), thing=thing)


def _last(clip: Clip, rng: np.random.Generator) -> Question | None:
    if clip.relation != "then":
        return None
    thing = clip.things[-1]
    return Question(kind="last", text=_say(rng, "last"), answer=clause(thing), spans=_span(thing), thing=thing)


def _before(clip: Clip, rng: np.random.Generator) -> Question | None:
    if clip.relation != "then":
        return None
    one, two = (clip.things[i] for i in rng.permutation(2))
    text = _say(rng, "before", noun=name(one), other=name(two))
    thing = clip.things[0]
    return Question(kind="before", text=text, answer=f"the {name(thing)}", spans=_span(thing), thing=thing)


def _absent(clip: Clip, rng: np.random.Generator) -> Question:
    kind = str(rng.choice(["colour", "shape", "motion", "motion", "size", "who"]))
    noun = _unshown_noun(clip, rng)
    slots = {"noun": noun}
    if kind == "colour":
        slots["shape"] = str(rng.choice([s for s in SHAPES if s not in {t.shape for t in clip.things}]))
    if kind == "shape":
        slots["colour"] = str(rng.choice([c for c in COLOUR_NAMES if c not in {t.colour for t in clip.things}]))
    if kind == "who":
        shown = {t.action for t in clip.things} | set(EVENTLESS)
        slots["verb"] = ACTIONS[str(rng.choice([a for a in ACTION_NAMES if a not in shown]))][0]
    return Question(kind="absent", text=_say(rng, kind, **slots), answer=NOT_SHOWN, spans=())


def _count(clip: Clip, rng: np.random.Generator) -> Question:
    return Question(kind="count", text=_say(rng, "count"), answer=COUNTS[len(clip.things)])


def _background(clip: Clip, rng: np.random.Generator) -> Question:
    assert clip.background in BACKGROUNDS
    return Question(kind="background", text=_say(rng, "background"), answer=clip.background)


MAKERS = {
    "count": _count,
    "background": _background,
    "colour": _colour,
    "shape": _shape,
    "motion": _motion,
    "who": _who,
    "size": _size,
    "exists": _exists,
    "does": _does,
    "first": _first,
    "last": _last,
    "before": _before,
    "absent": _absent,
}


def ask(clip: Clip, rng: np.random.Generator, *, kinds: tuple[str, ...] = TYPES) -> list[Question]:
    """One question of every type in `kinds` that this clip can answer without ambiguity."""
    made = (MAKERS[kind](clip, rng) for kind in kinds)
    return [question for question in made if question is not None]
