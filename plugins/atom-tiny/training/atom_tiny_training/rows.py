"""Training rows: a shared prefix (a clip, two clips or nothing) and isolated turns after it.

All turns of a row attend to the prefix and to themselves, never to each other; positions restart after the prefix. So
one pass over a prefix serves its caption, its questions and its vector. Ids come from the same strings, run through the
same tokenizer, as inference uses.

Shape suffixes: R rows, S tokens of a row.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from atom_tiny import prompts
from atom_tiny.words import COLOUR_NAMES
from attrs import Factory, define, frozen

from atom_tiny_training.tokenizer import build

NOTHING = len(COLOUR_NAMES)
WORD_WEIGHTS = {"caption": 1.0, "script": 1.0, "summary": 1.0, "order": 2.0}
"""How much each word of an answer counts; words of the other, short answers count `SHORT`."""
SHORT = 3.0


@frozen(kw_only=True)
class Turn:
    """One prompt and its answer after a prefix."""

    prompt: str
    answer: str | None
    """None for a vector: then the last prompt token is what counts."""
    kind: str
    key: int = -1
    """Where the vector goes, of a row that makes one."""
    about: int | None = None
    """The number of the colour of the object that a question's answer is about; `NOTHING` where none is shown."""


@define(kw_only=True)
class Row:
    """A prefix of `clips` clips and its turns."""

    clips: int = 0
    frames: list[np.ndarray] = Factory(list)
    """Per clip the frames' features or codes, [8, width]."""
    turns: list[Turn] = Factory(list)


@frozen(kw_only=True)
class Batch:
    """Rows as arrays."""

    ids_RS: np.ndarray
    positions_RS: np.ndarray
    groups_RS: np.ndarray
    targets_RS: np.ndarray
    """Next token to predict at each place, -100 where none."""
    weights_RS: np.ndarray
    """How much each target counts."""
    frames: np.ndarray
    """[all frames of all rows, width], in order."""
    vectors: dict[str, np.ndarray]
    """Per vector kind: int array [N, 3] of row, place and key."""
    kinds: list[list[tuple[str, int, int]]]
    """Per row: (kind, start, end) of the target places of each turn."""
    named: np.ndarray
    """[N, 3]: row, place and colour where a one-clip row has just named a colour, or been asked about one."""
    about: np.ndarray
    """[N, 3]: row, place and colour or `NOTHING`, where a question ends that is about an object."""
    ends_RS: np.ndarray
    """[clip rows, 2]: row and place of the token that closes the clip of each one-clip row."""


@lru_cache(maxsize=1)
def tokenizer() -> Any:
    """The tokenizer, built once."""
    return build()


@lru_cache(maxsize=200_000)
def encode(text: str) -> tuple[int, ...]:
    """Token ids of `text`."""
    return tuple(tokenizer().backend_tokenizer.encode(text, add_special_tokens=False).ids)


@lru_cache(maxsize=4)
def prefix(clips: int) -> tuple[int, ...]:
    """Token ids of a prompt's head with so many clips."""
    return encode(f"{prompts.START}User: {prompts.clip_text() * clips}")


def turn_ids(turn: Turn) -> tuple[tuple[int, ...], int]:
    """Ids of a turn and how many of them are prompt."""
    asked = encode(prompts.turn(turn.prompt))
    if turn.answer is None:
        return asked, len(asked)
    both = encode(prompts.turn(turn.prompt) + prompts.answer(turn.answer))
    return both, len(asked)


@lru_cache(maxsize=1)
def colour_ids() -> dict[int, int]:
    """Token id of every colour word to its number."""
    return {tokenizer().convert_tokens_to_ids(name): i for i, name in enumerate(COLOUR_NAMES)}


def colours_named(tokens: tuple[int, ...], asked: int) -> list[tuple[int, int]]:
    """Places in a turn where one colour is at issue: its name in the answer; the prompt's end if that names one."""
    known = colour_ids()
    places = [(i, known[t]) for i, t in enumerate(tokens) if i >= asked and t in known]
    inside = {known[t] for t in tokens[:asked] if t in known}
    return places + ([(asked - 1, inside.pop())] if len(inside) == 1 else [])


def length(row: Row) -> int:
    """Tokens of a row."""
    return len(prefix(row.clips)) + sum(len(turn_ids(t)[0]) for t in row.turns)


def pack(turns: list[Turn], limit: int) -> list[Row]:
    """Text-only turns gathered into rows of at most `limit` tokens, longest first."""
    rows: list[tuple[Row, int]] = []
    for turn in sorted(turns, key=lambda t: -len(turn_ids(t)[0])):
        size = len(turn_ids(turn)[0])
        for i, (row, used) in enumerate(rows):
            if used + size <= limit:
                row.turns.append(turn)
                rows[i] = (row, used + size)
                break
        else:
            rows.append((Row(turns=[turn]), size + 1))
    return [row for row, _ in rows]


def collate(rows: list[Row]) -> Batch:
    """Rows as one padded batch."""
    shape = (len(rows), max(length(row) for row in rows))
    ids, positions = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    groups, targets = np.full(shape, -1, np.int64), np.full(shape, -100, np.int64)
    vectors: dict[str, list[tuple[int, int, int]]] = {}
    kinds: list[list[tuple[str, int, int]]] = []
    weights = np.zeros(shape, np.float32)
    ends, named, about = [], [], []
    for r, row in enumerate(rows):
        head = prefix(row.clips)
        at = len(head)
        ids[r, :at], positions[r, :at], groups[r, :at] = head, range(at), 0
        if row.clips == 1:
            ends.append((r, at - 1))
        spans = []
        for group, turn in enumerate(row.turns, 1):
            tokens, asked = turn_ids(turn)
            end = at + len(tokens)
            ids[r, at:end], groups[r, at:end] = tokens, group
            positions[r, at:end] = range(len(head), len(head) + len(tokens))
            if turn.answer is None:
                vectors.setdefault(turn.kind, []).append((r, end - 1, turn.key))
            else:
                targets[r, at + asked - 1 : end - 1] = tokens[asked:]
                weights[r, at + asked - 1 : end - 1] = WORD_WEIGHTS.get(turn.kind, SHORT)
                spans.append((turn.kind, at + asked - 1, end - 1))
                if turn.about is not None:
                    about.append((r, at + asked - 1, turn.about))
                if row.clips == 1:
                    named += [(r, at + i, colour) for i, colour in colours_named(tokens, asked)]
            at = end
        kinds.append(spans)
    frames = [f for row in rows for f in row.frames]
    return Batch(
        ids_RS=ids,
        positions_RS=positions,
        groups_RS=groups,
        targets_RS=targets,
        weights_RS=weights,
        kinds=kinds,
        frames=np.concatenate(frames) if frames else np.zeros((0, 1), np.float32),
        vectors={k: np.array(v) for k, v in vectors.items()},
        named=np.array(named).reshape(-1, 3),
        about=np.array(about).reshape(-1, 3),
        ends_RS=np.array(ends).reshape(-1, 2),
    )


def allowed(groups_RS: np.ndarray) -> np.ndarray:
    """Attention mask [R, 1, S, S]: the prefix and one's own turn, causally."""
    same = groups_RS[:, :, None] == groups_RS[:, None, :]
    shared = (groups_RS == 0)[:, None, :]
    causal = np.tril(np.ones((groups_RS.shape[1],) * 2, bool))
    mask: np.ndarray = ((same | shared) & causal)[:, None]
    return mask
