"""What the decoder is trained on: rows for clips, films, comparisons and searches, drawn at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from atom_tiny import films, prompts, questions
from atom_tiny.language import caption, change_one, references, reword
from atom_tiny.words import ACTION_NAMES, BACKGROUNDS, COLOUR_NAMES, SHAPES
from atom_tiny.world import Clip, repaint, sample_clip
from attrs import define, frozen

from atom_tiny_training import codes
from atom_tiny_training.rows import NOTHING, Row, Turn, length, pack, turn_ids

FrameSource = Callable[[Clip], np.ndarray]
SHARES = {"absent": 4, "does": 4, "first": 4, "last": 4, "who": 4, "motion": 3, "size": 3}
SHARES |= {"colour": 2, "before": 2, "exists": 2}
"""How often a type of question is drawn, against one of any other type: what is hard to learn, more often."""

FACTS = 1 + len(SHAPES) + len(ACTION_NAMES) + 2
"""Facts per colour in `facts`: present, shape, action, and whether it acts first or last."""


PATHS = 14
"""Numbers per colour in `paths`: changes of x, y and radius in each half of the clip, and presence in each frame."""


def paths(clip: Clip) -> np.ndarray:
    """How each colour moves, linear in the frames' codes: float32 [colours, PATHS]; target of an auxiliary head."""
    table = np.zeros((len(COLOUR_NAMES), PATHS), np.float32)
    for thing, states in zip(clip.things, clip.states(), strict=True):
        code = (states[:, 1:] - (0.5, 0.5, codes.MIDDLE_RADIUS)) * (2.5, 2.5, 1 / 0.06) * states[:, :1]
        row = table[COLOUR_NAMES.index(thing.colour)]
        row[:3], row[3:6], row[6:] = code[3] - code[0], code[7] - code[4], states[:, 0]
    return table


def facts(clip: Clip) -> np.ndarray:
    """What is true of a clip, per colour: float32 [colours, FACTS]; the target of the auxiliary heads."""
    table = np.zeros((len(COLOUR_NAMES), FACTS), np.float32)
    for i, thing in enumerate(clip.things):
        row = table[COLOUR_NAMES.index(thing.colour)]
        row[0] = row[1 + SHAPES.index(thing.shape)] = row[1 + len(SHAPES) + ACTION_NAMES.index(thing.action)] = 1.0
        if clip.relation == "then":
            row[-2 + i] = 1.0
    return table


def sizes(clip: Clip) -> np.ndarray:
    """Size per colour: float32 [colours], 1 large, 0 small, -1 where there is none to tell."""
    table = np.full(len(COLOUR_NAMES), -1, np.float32)
    for thing in clip.things:
        if thing.action not in ("grows", "shrinks"):
            table[COLOUR_NAMES.index(thing.colour)] = float(thing.size == "large")
    return table


@frozen(kw_only=True)
class Truth:
    """Targets of the auxiliary heads for some clips."""

    facts: np.ndarray
    """float32 [clips, colours, FACTS]."""
    paths: np.ndarray
    """float32 [clips, colours, PATHS]."""
    grounds: np.ndarray
    """int64 [clips], the background."""
    sizes: np.ndarray
    """float32 [clips, colours]: 1 large, 0 small, -1 where there is no size to tell."""

    @classmethod
    def of(cls, clips: list[Clip]) -> Truth:
        """What is true of these clips, in order."""
        return cls(
            facts=np.stack([facts(c) for c in clips]),
            paths=np.stack([paths(c) for c in clips]),
            grounds=np.array([BACKGROUNDS.index(c.background) for c in clips]),
            sizes=np.stack([sizes(c) for c in clips]),
        )


@define(kw_only=True)
class Mix:
    """How much of what one step holds."""

    clips: int = 16
    questions: int = 8
    changed: float = 0.5
    """Share of clips that also get a caption with one fact changed, as a hard negative."""
    scripts: int = 3
    summaries: int = 1
    orders: int = 0
    comparisons: int = 2
    counts: tuple[float, float, float] = (0.4, 0.42, 0.18)
    """Shares of clips with one, two and three objects."""
    texts: bool = True
    """Whether clips come with texts to match."""
    limit: int = 128
    """Tokens of a row: questions are added, and texts packed, up to here."""


@define(kw_only=True)
class Bank:
    """Movements made once; every use paints them anew, so no two uses look alike."""

    clips: dict[str, list[Clip]]

    @classmethod
    def make(cls, rng: np.random.Generator, size: int) -> Bank:
        """`size` movements of each kind."""
        kinds = {"alone": (1, "alone"), "while": (2, "while"), "then": (2, "then"), "three": (3, "while")}
        return cls(
            clips={k: [sample_clip(rng, count=c, relation=r) for _ in range(size)] for k, (c, r) in kinds.items()}
        )

    def draw(self, rng: np.random.Generator, counts: tuple[float, float, float], split: str = "train") -> Clip:
        """A repainted clip."""
        kind = str(
            rng.choice(["alone", "while", "then", "three"], p=[counts[0], counts[1] / 2, counts[1] / 2, counts[2]])
        )
        pool = self.clips[kind]
        return repaint(pool[int(rng.integers(len(pool)))], rng, split=split)


def clip_row(clip: Clip, frames: np.ndarray, mix: Mix, rng: np.random.Generator, key: int) -> Row:
    """A clip with its caption, some questions and its vector."""
    asked = questions.ask(clip, rng) + questions.ask(clip, rng)
    weights = np.array([SHARES.get(q.kind, 0.5) for q in asked], float)
    order = rng.choice(len(asked), size=len(asked), replace=False, p=weights / weights.sum())
    row = Row(clips=1, frames=[frames])
    row.turns.append(Turn(prompt=str(rng.choice(prompts.CAPTION_VARIANTS)), answer=caption(clip), kind="caption"))
    row.turns.append(Turn(prompt=prompts.EMBED, answer=None, kind="video", key=key))
    used = length(row)
    for i in order[: mix.questions]:
        turn = Turn(prompt=asked[i].text, answer=asked[i].answer, kind=asked[i].kind, about=about(asked[i]))
        used += len(turn_ids(turn)[0])
        if used <= mix.limit:
            row.turns.append(turn)
    return row


def about(question: questions.Question) -> int | None:
    """The colour of the object that an answer is about, by number; None where the question is about none."""
    if question.thing is not None:
        return COLOUR_NAMES.index(question.thing.colour)
    return None if question.kind in ("count", "background") else NOTHING


def text_for(clip: Clip, rng: np.random.Generator) -> str:
    """A caption to embed: canonical, a reference or a paraphrase."""
    kind = rng.random()
    return caption(clip) if kind < 0.35 else str(rng.choice(references(clip))) if kind < 0.6 else reword(clip, rng)


def _embed(text: str, kind: str, key: int) -> Turn:
    return Turn(prompt=prompts.embed_text(text), answer=None, kind=kind, key=key)


def shots(bank: Bank, rng: np.random.Generator, count: int, split: str = "train") -> list[Clip]:
    """Clips for a film: mostly single objects, some of two at once."""
    return [
        bank.draw(rng, (1.0, 0.0, 0.0), split) if rng.random() < 0.75 else _pair(bank, rng, split) for _ in range(count)
    ]


def _pair(bank: Bank, rng: np.random.Generator, split: str) -> Clip:
    pool = bank.clips["while"]
    return repaint(pool[int(rng.integers(len(pool)))], rng, split=split)


def script_turn(bank: Bank, rng: np.random.Generator, split: str = "train") -> Turn:
    """A request and its script."""
    wanted = films.request(
        shots(bank, rng, int(rng.choice([1, 2, 3, 4, 5], p=[0.1, 0.25, 0.35, 0.2, 0.1])), split), rng
    )
    return Turn(prompt=prompts.SCRIPT + wanted.text, answer=wanted.script, kind="script")


def summary_turn(bank: Bank, rng: np.random.Generator, split: str = "train") -> Turn:
    """Numbered captions and their summary."""
    seen = [bank.draw(rng, (0.5, 0.4, 0.1), split) for _ in range(int(rng.integers(2, 5)))]
    text = prompts.SUMMARY + prompts.numbered([caption(c) for c in seen])
    return Turn(prompt=text, answer=films.summary(seen), kind="summary")


def order_turn(bank: Bank, rng: np.random.Generator, split: str = "train", *, pool: int = 5, wanted: int = 2) -> Turn:
    """Numbered captions, a request, and the numbers that fulfil it."""
    seen: dict[str, Clip] = {}
    while len(seen) < pool:
        clip = shots(bank, rng, 1, split)[0]
        seen[caption(clip)] = clip
    texts = list(seen)
    picks = rng.permutation(pool)[:wanted]
    request = films.request([seen[texts[i]] for i in picks], rng)
    text = prompts.ORDER.format(shots=prompts.numbered(texts), request=request.text)
    return Turn(prompt=text, answer=" ".join(str(i + 1) for i in picks), kind="order")


def comparison_row(clips: list[Clip], frames_of: FrameSource, rng: np.random.Generator) -> Row:
    """Two of the clips and questions about both."""
    pair = [clips[int(i)] for i in rng.integers(len(clips), size=2)]
    asked = [films.compare(pair[0], pair[1], rng) for _ in range(3)]
    turns = [Turn(prompt=q.text, answer=q.answer, kind="comparison") for q in asked]
    return Row(clips=2, frames=[frames_of(c) for c in pair], turns=turns)


def step_rows(
    bank: Bank, frames_of: FrameSource, mix: Mix, rng: np.random.Generator, clips: list[Clip] | None = None
) -> tuple[list[Row], Truth]:
    """The rows of one training step, and what is true of its clips in order of their vector keys."""
    clips = clips or [bank.draw(rng, mix.counts) for _ in range(mix.clips)]
    rows = [clip_row(c, frames_of(c), mix, rng, i) for i, c in enumerate(clips)]
    texts = [_embed(text_for(c, rng), "text", i) for i, c in enumerate(clips) if mix.texts]
    texts += [
        _embed(caption(change_one(c, rng)), "changed", i)
        for i, c in enumerate(clips)
        if mix.texts and rng.random() < mix.changed
    ]
    texts += [script_turn(bank, rng) for _ in range(mix.scripts)]
    texts += [summary_turn(bank, rng) for _ in range(mix.summaries)]
    texts += [
        order_turn(bank, rng, pool=int(rng.integers(3, 6)), wanted=int(rng.integers(2, 4))) for _ in range(mix.orders)
    ]
    rows += [comparison_row(clips, frames_of, rng) for _ in range(mix.comparisons)]
    return rows + pack(texts, mix.limit), Truth.of(clips)


def prefix_rows(
    bank: Bank, frames_of: FrameSource, rng: np.random.Generator, count: int, counts: tuple[float, float, float]
) -> tuple[list[Row], Truth]:
    """Rows that hold a clip and no turn, and what is true of the clips."""
    clips = [bank.draw(rng, counts) for _ in range(count)]
    rows = [Row(clips=1, frames=[frames_of(c)]) for c in clips]
    return rows, Truth.of(clips)
