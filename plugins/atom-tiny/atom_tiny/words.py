"""The words of the synthetic world: what can be shown, and how each thing is said."""

from __future__ import annotations

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (235, 30, 35),
    "orange": (255, 140, 0),
    "yellow": (250, 240, 30),
    "green": (30, 210, 60),
    "cyan": (20, 225, 235),
    "blue": (50, 90, 255),
    "purple": (175, 50, 240),
    "white": (245, 245, 245),
}
"""Colour names and their sRGB values; all bright, while every background is dark."""

SHAPES = ("circle", "square", "triangle", "star", "cross", "ring", "moon", "heart")

SIZES = ("small", "large")

BACKGROUNDS = ("black", "grey", "navy", "striped", "starry", "gradient")

ACTIONS: dict[str, tuple[str, ...]] = {
    "left": ("moves left", "goes left", "moves to the left", "slides left"),
    "right": ("moves right", "goes right", "moves to the right", "slides right"),
    "up": ("moves up", "goes up", "moves upwards", "rises"),
    "down": ("moves down", "goes down", "moves downwards", "sinks"),
    "up_left": ("moves up left", "goes up left", "moves up and to the left", "slides up left"),
    "up_right": ("moves up right", "goes up right", "moves up and to the right", "slides up right"),
    "down_left": ("moves down left", "goes down left", "moves down and to the left", "slides down left"),
    "down_right": ("moves down right", "goes down right", "moves down and to the right", "slides down right"),
    "still": ("stays still", "stands still", "does not move", "rests"),
    "grows": ("grows", "gets bigger", "becomes larger", "expands"),
    "shrinks": ("shrinks", "gets smaller", "becomes smaller", "contracts"),
    "blinks": ("blinks", "flashes", "blinks on and off", "flickers"),
    "circles": ("circles", "moves in a circle", "goes around", "orbits"),
    "appears": ("appears", "shows up", "comes into view", "emerges"),
    "disappears": ("disappears", "vanishes", "goes away", "fades out"),
}
"""Every action with its phrases; the first is the canonical one."""

GERUNDS: dict[str, tuple[str, ...]] = {
    "left": ("moving left", "going to the left", "sliding left"),
    "right": ("moving right", "going to the right", "sliding right"),
    "up": ("moving up", "going up", "rising"),
    "down": ("moving down", "going down", "sinking"),
    "up_left": ("moving up left", "going up and to the left", "sliding up left"),
    "up_right": ("moving up right", "going up and to the right", "sliding up right"),
    "down_left": ("moving down left", "going down and to the left", "sliding down left"),
    "down_right": ("moving down right", "going down and to the right", "sliding down right"),
    "still": ("staying still", "standing still", "resting"),
    "grows": ("growing", "getting bigger", "expanding"),
    "shrinks": ("shrinking", "getting smaller", "contracting"),
    "blinks": ("blinking", "flashing", "flickering"),
    "circles": ("circling", "moving in a circle", "orbiting"),
    "appears": ("appearing", "showing up", "emerging"),
    "disappears": ("disappearing", "vanishing", "fading out"),
}

QUESTION_FORMS: dict[str, str] = {
    "left": "move left",
    "right": "move right",
    "up": "move up",
    "down": "move down",
    "up_left": "move up left",
    "up_right": "move up right",
    "down_left": "move down left",
    "down_right": "move down right",
    "still": "stay still",
    "grows": "grow",
    "shrinks": "shrink",
    "blinks": "blink",
    "circles": "circle",
    "appears": "appear",
    "disappears": "disappear",
}
"""The bare verb of each action, for "does the red circle ...?"."""

COLOUR_NAMES = tuple(COLOURS)
ACTION_NAMES = tuple(ACTIONS)
COUNTS = ("zero", "one", "two", "three")

EVENTLESS = ("still",)
"""Actions in which nothing happens, so that they cannot come first or last."""


def article(word: str) -> str:
    """The indefinite article that fits before `word`."""
    return "an" if word[0] in "aeiou" else "a"


def held_out(colour: str, shape: str, action: str) -> bool:
    """Whether this combination is kept out of all training (one in eleven is)."""
    c, s, a = COLOUR_NAMES.index(colour), SHAPES.index(shape), ACTION_NAMES.index(action)
    return (5 * c + 3 * s + a) % 11 == 4
