"""Several shots: summaries, film requests, scripts, order of shots, and comparisons of two clips."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from atom_tiny.language import caption, name, paraphrase, reword
from atom_tiny.words import ACTION_NAMES, ACTIONS, COLOUR_NAMES, SHAPES
from atom_tiny.world import Clip

REQUESTS: dict[int, tuple[str, ...]] = {
    1: ("{0}.", "Show {0}.", "I want {0}.", "A film of {0}.", "Just {0}."),
    2: (
        "First {0}, then {1}.",
        "{0}, then {1}.",
        "Show {0}, followed by {1}.",
        "Start with {0} and end with {1}.",
        "{0}. After that {1}.",
        "Make a film where {0} and then {1}.",
        "I want {0}, and finally {1}.",
        "{0}. Then {1}.",
    ),
    3: (
        "First {0}, then {1}, and finally {2}.",
        "{0}, then {1}, then {2}.",
        "Start with {0}, continue with {1} and end with {2}.",
        "Show {0}, followed by {1}, followed by {2}.",
        "{0}. After that {1}. Finally {2}.",
        "I want {0}; next {1}; last {2}.",
        "{0}. Then {1}. Then {2}.",
        "Make a film where first {0}, then {1}, and at the end {2}.",
    ),
    4: (
        "First {0}, then {1}, then {2}, and finally {3}.",
        "{0}, then {1}, after that {2}, and finally {3}.",
        "Start with {0}, continue with {1}, then {2}, and end with {3}.",
        "{0}. Then {1}. After that {2}. Finally {3}.",
        "Show {0}, followed by {1}, followed by {2}, followed by {3}.",
    ),
    5: (
        "First {0}, then {1}, then {2}, then {3}, and finally {4}.",
        "{0}. Then {1}. Then {2}. After that {3}. Finally {4}.",
        "Start with {0}, continue with {1}, then {2}, then {3}, and end with {4}.",
    ),
}
"""Ways to ask for a film of so many shots."""


@frozen(kw_only=True)
class Request:
    """A film that somebody wants: the words, and the shots that fulfil them in order."""

    text: str
    shots: tuple[str, ...]
    """Canonical captions, in order."""
    words: tuple[str, ...] = ()
    """The same shots as the request's own words have them."""

    @property
    def script(self) -> str:
        """One shot per line."""
        return "\n".join(self.shots)


@frozen(kw_only=True)
class Comparison:
    """A question about two clips; its answer is `first`, `second`, `both` or `neither`."""

    text: str
    answer: str


def _shot_words(clip: Clip, rng: np.random.Generator) -> str:
    return paraphrase(clip.things[0], rng) if len(clip.things) == 1 else reword(clip, rng)


def request(clips: list[Clip], rng: np.random.Generator) -> Request:
    """A request for these clips in this order; single objects or `while` clips only."""
    words = [_shot_words(clip, rng) for clip in clips]
    text = str(rng.choice(REQUESTS[len(clips)])).format(*words)
    return Request(text=text[0].upper() + text[1:], shots=tuple(caption(clip) for clip in clips), words=tuple(words))


def summary(clips: list[Clip]) -> str:
    """One sentence about consecutive shots."""
    parts = [caption(clip) for clip in clips]
    if len(parts) == 1:
        return parts[0]
    middle = "".join(f", then {part}" for part in parts[1:-1])
    return f"first {parts[0]}{middle}, and finally {parts[-1]}"


def compare(one: Clip, two: Clip, rng: np.random.Generator) -> Comparison:
    """A question about a noun, a colour, a shape or an action in two clips."""
    near = (one, two)[int(rng.integers(2))].things
    thing = near[int(rng.integers(len(near)))]
    kind = str(rng.choice(["noun", "noun", "colour", "shape", "action"]))
    random = rng.random() < 0.3
    if kind == "noun":
        value = f"{rng.choice(COLOUR_NAMES)} {rng.choice(SHAPES)}" if random else name(thing)
        held, phrase = [any(name(t) == value for t in c.things) for c in (one, two)], f"is there {_an(value)}"
    elif kind == "colour":
        value = str(rng.choice(COLOUR_NAMES)) if random else thing.colour
        held, phrase = [any(t.colour == value for t in c.things) for c in (one, two)], f"is there something {value}"
    elif kind == "shape":
        value = str(rng.choice(SHAPES)) if random else thing.shape
        held, phrase = [any(t.shape == value for t in c.things) for c in (one, two)], f"is there {_an(value)}"
    else:
        value = str(rng.choice(ACTION_NAMES)) if random else thing.action
        held = [any(t.action == value for t in c.things) for c in (one, two)]
        phrase = f"is there something that {ACTIONS[value][0]}"
    answer = {(True, True): "both", (True, False): "first", (False, True): "second"}.get((held[0], held[1]), "neither")
    return Comparison(text=f"In which clip {phrase}? Answer first, second, both or neither.", answer=answer)


def _an(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
