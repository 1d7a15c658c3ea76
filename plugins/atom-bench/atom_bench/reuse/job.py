"""What every way does, and what it says: passed between processes as JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

import atom_core as atom

WAYS = {
    "a": "one model per subtask, reloaded",
    "b": "one model, pixels in every request",
    "c": "Atom without reuse",
    "d": "Atom",
    "e": "Atom, features known",
    "f": "Atom, quantised",
    "g": "one model as an expert calls it",
    "h": "the same in bfloat16",
}
"""The ways by letter."""

QUANTISED = "f"
"""The way at the precision that is asked for, `auto` unless another; all others have the checkpoint's own."""

EXPERT_WAYS = ("g", "h")
"""Those that keep features and `past_key_values` with transformers alone."""

EXPERT_BF16 = "h"
"""The expert's way in bfloat16, on processors that compute it."""

PLAIN_WAYS = ("a", "b", *EXPERT_WAYS)
"""Those that use transformers alone."""

LOOK = "look"
"""No way: a process that learns what the plain ways cannot know, how many visual tokens each clip has."""

CAPTION_PROMPT = "Describe this clip in one sentence."
SCRIPT_PROMPT = "Write the shots of this film, one per line: "
QUESTIONS = ("What colour is it?", "How many objects are there?", "What moves?")
LINES = ("a red circle moves left", "a blue square grows", "a green star blinks")
REQUEST = "First a red circle moves left, then a blue square grows, and finally a green star blinks."


@frozen(kw_only=True)
class Job:
    """The standard pipeline over some videos: caption, three questions and both vectors of each, a plan for a film."""

    way: str
    """A letter of `WAYS`, or `LOOK`."""
    settings: Mapping[str, Any]
    """Settings of the host, as JSON values; `model` is a folder or hub id."""
    videos: Sequence[str]
    """Paths; each video is one clip."""
    layouts: Sequence[Mapping[str, Any]] = ()
    """How each clip's visual tokens are laid out; for the plain ways, which write the same prompts."""
    questions: Sequence[str] = QUESTIONS
    """Asked of every video."""
    lines: Sequence[str] = LINES
    """Shots of a film; every clip is scored for every line."""
    request: str = REQUEST
    """The film asked for."""
    caption_tokens: int = 24
    """Most tokens of a caption, and of the script."""
    answer_tokens: int = 12
    """Most tokens of an answer."""

    def write(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(attrs.asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Job:
        """What `write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


@frozen(kw_only=True)
class Said:
    """What one way said, to be compared with the others."""

    captions: Sequence[str]
    """One for each video."""
    answers: Sequence[Sequence[str]]
    """The answers by video and question."""
    script: str
    """The script for the request."""
    vectors: Sequence[Sequence[float]]
    """The vector of each clip."""
    caption_vectors: Sequence[Sequence[float]]
    """The vector of each caption's text."""
    scores: Sequence[Sequence[float]]
    """Log-probability of each line as the description of each clip; by line and clip."""


@frozen(kw_only=True)
class Done:
    """What one way did in one round."""

    way: str
    """A letter of `WAYS`."""
    seconds: float
    """Seconds from the first load to the last score; starting Python and importing packages is not counted."""
    stages: Mapping[str, float]
    """Seconds of each stage; stages of Atom overlap, so it has fewer."""
    said: Said
    """The results."""
    tokens: int
    """Decoded, end tokens included."""
    loads: int
    """How often the model was loaded."""
    encodes: int
    """How often a clip was encoded."""
    imported_bytes: int
    """Memory held before anything was loaded."""
    loaded_bytes: int
    """Memory held when the model was first loaded and nothing else was done."""
    peak_bytes: int
    """Most memory held."""
    ledger: Mapping[str, Any] = field(factory=dict)
    """The ledger of Atom's host."""

    def write(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(attrs.asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Done:
        """What `write` wrote."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**values, "said": Said(**values["said"])})


def settings_values(settings: atom.Settings) -> dict[str, object]:
    """Settings as JSON values."""
    values = attrs.asdict(settings, recurse=False)
    values["tasks"] = {task: dict(table) for task, table in settings.tasks.items()}
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def order(ways: Sequence[str], round_number: int) -> list[str]:
    """The ways in an order of their own for each round; (e) always comes right after (d), whose features it takes."""
    free = [way for way in ways if way != "e" or "d" not in ways]
    random.Random(round_number).shuffle(free)
    if "e" in ways and "e" not in free:
        free.insert(free.index("d") + 1, "e")
    return free
