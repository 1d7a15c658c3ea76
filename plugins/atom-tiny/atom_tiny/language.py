"""Captions, paraphrases and requests: the same facts in different words."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import evolve

from atom_tiny.words import ACTION_NAMES, ACTIONS, COLOUR_NAMES, EVENTLESS, GERUNDS, SHAPES, article
from atom_tiny.world import Clip, Thing


def name(thing: Thing) -> str:
    """`red circle`."""
    return f"{thing.colour} {thing.shape}"


def clause(thing: Thing) -> str:
    """The canonical clause of one object: `a red circle moves left`."""
    return f"{article(thing.colour)} {name(thing)} {ACTIONS[thing.action][0]}"


def join(clauses: list[str], relation: str) -> str:
    """Clauses of one clip in one sentence."""
    if len(clauses) == 1:
        return clauses[0]
    if relation == "then":
        return f"{clauses[0]}, then {clauses[1]}"
    return " and ".join([f"{clauses[0]} while {clauses[1]}", *clauses[2:]])


def caption(clip: Clip) -> str:
    """The canonical caption, which the model is trained to give."""
    return join([clause(thing) for thing in clip.things], clip.relation)


def references(clip: Clip) -> list[str]:
    """Five differently worded captions, the canonical one first."""
    canonical = caption(clip)
    sized = [f"{article(_sized(t))} {_sized(t)} {ACTIONS[t.action][0]}" for t in clip.things]
    reworded = [f"{article(t.colour)} {name(t)} {ACTIONS[t.action][2]}" for t in clip.things]
    return [
        canonical,
        join(sized, clip.relation),
        f"in this clip {canonical}",
        f"{canonical} on {article(clip.background)} {clip.background} background",
        join(reworded, clip.relation),
    ]


def _sized(thing: Thing) -> str:
    return name(thing) if thing.action in ("grows", "shrinks") else f"{thing.size} {name(thing)}"


def paraphrase(thing: Thing, rng: np.random.Generator) -> str:
    """One object's clause in random words, for requests and searches."""
    noun = name(thing)
    determiner = "the" if rng.random() < 0.15 else article(noun)
    kind = rng.random()
    if kind < 0.4:
        return f"{determiner} {noun} {ACTIONS[thing.action][0]}"
    if kind < 0.6:
        return f"{determiner} {noun} {rng.choice(ACTIONS[thing.action])}"
    if kind < 0.7:
        return f"{determiner} {noun} that {rng.choice(ACTIONS[thing.action])}"
    return f"{determiner} {noun} {rng.choice(GERUNDS[thing.action])}"


def reword(clip: Clip, rng: np.random.Generator) -> str:
    """A clip's caption in random words; objects of a `while` clip may change places."""
    clauses = [paraphrase(thing, rng) for thing in clip.things]
    if clip.relation == "then":
        joins = (
            f"{clauses[0]}, then {clauses[1]}",
            f"{clauses[0]} and then {clauses[1]}",
            f"first {clauses[0]}, then {clauses[1]}",
            f"{clauses[1]} after {clauses[0]}",
        )
        return str(rng.choice(joins))
    clauses = [clauses[i] for i in rng.permutation(len(clauses))]
    return clauses[0] if len(clauses) == 1 else join(clauses, clip.relation)


def change_one(clip: Clip, rng: np.random.Generator, *, what: str | None = None) -> Clip:
    """The clip with exactly one fact changed: `action`, `colour`, `shape` or `order`."""
    choices = ["action", "action", "colour", "shape"] + (["order"] * 2 if clip.relation == "then" else [])
    what = what or str(rng.choice(choices))
    if what == "order":
        return evolve(clip, things=clip.things[::-1])
    index = int(rng.integers(len(clip.things)))
    thing = clip.things[index]
    taken = {t.colour for t in clip.things}
    pools: dict[str, list[str]] = {
        "action": [a for a in ACTION_NAMES if a != thing.action and not (clip.relation == "then" and a in EVENTLESS)],
        "colour": [c for c in COLOUR_NAMES if c not in taken],
        "shape": [s for s in SHAPES if s != thing.shape],
    }
    new: dict[str, Any] = {what: str(rng.choice(pools[what]))}
    changed = evolve(thing, **new)
    things = [*clip.things[:index], changed, *clip.things[index + 1 :]]
    if clip.relation != "then":
        things.sort(key=lambda t: COLOUR_NAMES.index(t.colour))
    return evolve(clip, things=tuple(things))
