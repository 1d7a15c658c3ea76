"""The synthetic world: what a clip shows at every moment, sampled from a seed.

Coordinates are fractions of the frame (x to the right, y down); radii are fractions of
sqrt(width * height), so an object covers the same share of a wide and of a tall frame.
Time within a clip is a fraction `u` in [0, 1).
"""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve, frozen

from atom_tiny.words import ACTION_NAMES, BACKGROUNDS, COLOUR_NAMES, EVENTLESS, SHAPES, SIZES, held_out

MIDPOINTS = (np.arange(8) + 0.5) / 8
"""Where the eight frames of a clip are taken."""

RADII = {"small": (0.13, 0.155), "large": (0.2, 0.235)}
ASPECTS = ((1, 1), (4, 3), (4, 3), (3, 2), (16, 9), (16, 9), (3, 4), (9, 16))
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
DIRECTIONS |= {f"{v}_{h}": (DIRECTIONS[h][0], DIRECTIONS[v][1]) for v in ("up", "down") for h in ("left", "right")}


@frozen(kw_only=True)
class Thing:
    """One object of a clip and what it does."""

    colour: str
    shape: str
    size: str
    """`small` or `large`; of a growing or shrinking object it says nothing."""
    action: str
    x: float
    """Centre before the action, as a fraction of the width."""
    y: float
    """Centre before the action, as a fraction of the height."""
    radius: float
    """Its size as a fraction of sqrt(width * height); the larger one where it changes."""
    reach: float = 0.0
    """How far it travels, as a fraction of the frame (radius of the path for `circles`)."""
    phase: float = 0.0
    """Starting angle on a circle, offset of a blink, or the moment of (dis)appearing, in [0, 1)."""
    start: float = 0.0
    """When the action begins, as a fraction of the clip."""
    end: float = 1.0
    """When the action ends, as a fraction of the clip."""

    def states(self, times: np.ndarray) -> np.ndarray:
        """Visibility (0 or 1), x, y and radius at each of `times`: float array [T, 4]."""
        progress = np.clip((times - self.start) / (self.end - self.start), 0.0, 1.0)
        x, y, r = (np.full(len(times), value) for value in (self.x, self.y, self.radius))
        seen = np.ones(len(times))
        if self.action in DIRECTIONS:
            dx, dy = DIRECTIONS[self.action]
            x, y = x + dx * self.reach * progress, y + dy * self.reach * progress
        elif self.action == "circles":
            turn = math.copysign(2 * math.pi, self.phase - 0.5) * progress + 4 * math.pi * self.phase
            x, y = x + self.reach * np.cos(turn), y + self.reach * np.sin(turn)
        elif self.action in ("grows", "shrinks"):
            share = progress if self.action == "grows" else 1 - progress
            r = self.radius * (0.42 + 0.58 * share)
        elif self.action == "blinks":
            active = (times >= self.start) & (times < self.end)
            seen = np.where(active & ((times * 4 + self.phase) % 1.0 >= 0.5), 0.0, 1.0)
        elif self.action in ("appears", "disappears"):
            later = progress >= 0.3 + 0.4 * self.phase
            seen = (later if self.action == "appears" else ~later).astype(float)
        return np.stack([seen, x, y, r], axis=1)


@frozen(kw_only=True)
class Clip:
    """One shot: its objects, their relation in time and the background."""

    things: tuple[Thing, ...]
    """The objects in canonical order: by time for `then`, otherwise by colour."""
    relation: str
    """`alone`, `while` or `then`."""
    background: str
    aspect: tuple[int, int] = (4, 3)

    def states(self, times: np.ndarray = MIDPOINTS) -> np.ndarray:
        """State of every object at each of `times`: float array [objects, T, 4]."""
        return np.stack([thing.states(times) for thing in self.things])

    @property
    def unseen(self) -> bool:
        """Whether any of its (colour, shape, action) combinations is held out of training."""
        return any(held_out(t.colour, t.shape, t.action) for t in self.things)


def _pick(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[int(rng.integers(len(values)))]


def _place(rng: np.random.Generator, action: str, size: str, aspect: tuple[int, int]) -> dict[str, float]:
    """Centre, radius, reach and phase such that the object stays inside the frame."""
    radius = float(rng.uniform(*RADII["large" if action in ("grows", "shrinks") else size]))
    stretch = math.sqrt(aspect[1] / aspect[0])
    margin_x, margin_y = min(0.33, 0.95 * radius * stretch), min(0.33, 0.95 * radius / stretch)
    reach, shift_x, shift_y = 0.0, 0.0, 0.0
    low_x, high_x, low_y, high_y = margin_x, 1 - margin_x, margin_y, 1 - margin_y
    if action in DIRECTIONS:
        dx, dy = DIRECTIONS[action]
        room = min([1.0] + [high_x - low_x] * abs(dx) + [high_y - low_y] * abs(dy))
        reach = float(rng.uniform(0.32, 0.5)) if room > 0.5 else float(rng.uniform(0.3, max(0.31, room)))
        reach = min(reach, room)
        shift_x, shift_y = dx * reach, dy * reach
    elif action == "circles":
        reach = float(rng.uniform(0.13, 0.19))
        low_x, high_x, low_y, high_y = (
            min(0.5, low_x + reach),
            max(0.5, high_x - reach),
            min(0.5, low_y + reach),
            max(0.5, high_y - reach),
        )
    x = rng.uniform(low_x - min(shift_x, 0), max(high_x - max(shift_x, 0), low_x - min(shift_x, 0) + 1e-6))
    y = rng.uniform(low_y - min(shift_y, 0), max(high_y - max(shift_y, 0), low_y - min(shift_y, 0) + 1e-6))
    return {"x": float(x), "y": float(y), "radius": radius, "reach": reach, "phase": float(rng.random())}


def _clearance(things: list[Thing], aspect: tuple[int, int]) -> float:
    """Smallest distance of two centres over the sum of their radii, over the clip; 1 means touching."""
    if len(things) < 2:
        return 9.0
    states = np.stack([thing.states(MIDPOINTS) for thing in things])
    scale = np.array([math.sqrt(aspect[0] / aspect[1]), math.sqrt(aspect[1] / aspect[0])])
    centres, radii = states[:, :, 1:3] * scale, states[:, :, 3]
    pairs = [(i, j) for i in range(len(things)) for j in range(i)]
    return min(float((np.linalg.norm(centres[i] - centres[j], axis=1) / (radii[i] + radii[j])).min()) for i, j in pairs)


def _spans(relation: str, count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    if relation != "then":
        return [(0.0, 1.0)] * count
    middle = float(rng.uniform(0.47, 0.53))
    return [(0.0, middle), (middle, 1.0)]


def _draw_things(rng: np.random.Generator, count: int, relation: str, aspect: tuple[int, int]) -> list[Thing]:
    order = rng.permutation(len(COLOUR_NAMES))[:count]
    colours = [COLOUR_NAMES[i] for i in (order if relation == "then" else sorted(order))]
    kept: list[dict[str, object]] = []
    for colour, (start, end) in zip(colours, _spans(relation, count, rng), strict=True):
        action = _pick(rng, ACTION_NAMES)
        while relation == "then" and action in EVENTLESS:
            action = _pick(rng, ACTION_NAMES)
        size = "large" if count == 1 and rng.random() < 0.6 else _pick(rng, SIZES)
        kept.append(
            {"colour": colour, "shape": _pick(rng, SHAPES), "size": size, "action": action, "start": start, "end": end}
        )
    best, best_clearance = [], -1.0
    for _ in range(24):
        trial = [Thing(**k, **_place(rng, str(k["action"]), str(k["size"]), aspect)) for k in kept]  # type: ignore[arg-type]
        clearance = _clearance(trial, aspect)
        if clearance > best_clearance:
            best, best_clearance = trial, clearance
        if clearance >= 0.95:
            break
    return best


def sample_clip(
    rng: np.random.Generator,
    *,
    count: int | None = None,
    relation: str | None = None,
    split: str = "train",
    background: str | None = None,
    aspect: tuple[int, int] | None = None,
) -> Clip:
    """One random clip.

    `split` is `train` (no held-out combination), `unseen` (every object is a held-out combination) or `any`.
    """
    count = count or (2 if relation in ("while", "then") else int(rng.choice([1, 2, 3], p=[0.4, 0.42, 0.18])))
    if relation is None:
        relation = "alone" if count == 1 else "while" if count == 3 else _pick(rng, ("while", "then"))
    aspect = aspect or ASPECTS[int(rng.integers(len(ASPECTS)))]
    things = _draw_things(rng, count, relation, aspect)
    clip = Clip(
        things=tuple(things), relation=relation, aspect=aspect, background=background or _pick(rng, BACKGROUNDS)
    )
    return repaint(clip, rng, split=split, keep_background=True)


def repaint(clip: Clip, rng: np.random.Generator, *, split: str = "train", keep_background: bool = False) -> Clip:
    """The same movements with new colours, shapes and background, obeying `split`."""
    shapes: list[list[str]] = []
    colours: list[str] = []
    while not shapes or not all(shapes):
        order = rng.permutation(len(COLOUR_NAMES))[: len(clip.things)]
        colours = [COLOUR_NAMES[i] for i in (order if clip.relation == "then" else sorted(order))]
        pairs = zip(clip.things, colours, strict=True)
        shapes = [
            [s for s in SHAPES if split == "any" or held_out(c, s, t.action) == (split == "unseen")] for t, c in pairs
        ]
    painted = tuple(
        evolve(thing, colour=colour, shape=_pick(rng, tuple(pool)))
        for thing, colour, pool in zip(clip.things, colours, shapes, strict=True)
    )
    background = clip.background if keep_background else _pick(rng, BACKGROUNDS)
    return evolve(clip, things=painted, background=background)
