"""The decoder's forward pass over rows and its losses.

Shape suffixes: R rows, S tokens, D decoder width, B clips, N vectors, F frames.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from atom_tiny.words import ACTION_NAMES, BACKGROUNDS, COLOUR_NAMES, SHAPES
from torch import Tensor, nn

from atom_tiny_training.rows import Batch, allowed
from atom_tiny_training.tasks import FACTS, PATHS, Truth

EARLY, MIDDLE, LATE, LAST = 2, 3, 4, 5
"""Layers after which heads read: a clip's paths, its facts, what a named colour is, what a question is about."""


class Heads(nn.Module):
    """Training-only heads that read a clip's facts from the middle of the decoder and from the vector."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head_early = nn.Linear(width, len(COLOUR_NAMES) * PATHS)
        self.head_middle = nn.Linear(width, len(COLOUR_NAMES) * FACTS)
        self.head_vector = nn.Linear(width, len(COLOUR_NAMES) * FACTS)
        self.head_scale = nn.Parameter(torch.tensor(2.5))
        self.head_ground = nn.Linear(width, len(BACKGROUNDS))
        self.head_size = nn.Linear(width, len(COLOUR_NAMES))
        self.head_named = nn.Linear(width, len(SHAPES) + 1 + len(ACTION_NAMES) + 1)
        self.head_named_size = nn.Linear(width, 1)
        self.head_about = nn.Linear(width, len(COLOUR_NAMES) + 1)


def forward(model: Any, batch: Batch, frames_FD: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Final hidden states after the norm, and those after every layer (0: the embeddings), all [R, S, D]."""
    ids = torch.from_numpy(batch.ids_RS).to(frames_FD.device)
    embeds = model.model.text_model.embed_tokens(ids)
    place = (ids == model.config.image_token_id).unsqueeze(-1)
    embeds = embeds.masked_scatter(place, frames_FD.to(embeds.dtype))
    out = model.model.text_model(
        inputs_embeds=embeds,
        attention_mask=torch.from_numpy(allowed(batch.groups_RS)).to(ids.device),
        position_ids=torch.from_numpy(batch.positions_RS).to(ids.device),
        use_cache=False,
        output_hidden_states=True,
    )
    return out.last_hidden_state, out.hidden_states


def fact_loss(logits: Tensor, facts: Tensor) -> Tensor:
    """Presence of every colour; shape, action and order of the present ones. Both [N, colours, FACTS]."""
    present = F.binary_cross_entropy_with_logits(logits[..., 0], facts[..., 0])
    there = facts[..., 0] > 0
    own, true = logits[there], facts[there]
    shapes, actions = slice(1, 1 + len(SHAPES)), slice(1 + len(SHAPES), 1 + len(SHAPES) + len(ACTION_NAMES))
    shape = F.cross_entropy(own[:, shapes], true[:, shapes].argmax(-1))
    action = F.cross_entropy(own[:, actions], true[:, actions].argmax(-1))
    order = F.binary_cross_entropy_with_logits(own[:, -2:], true[:, -2:])
    return present * 2 + shape + action + 4 * order


def pick(hidden_RSD: Tensor, places: np.ndarray) -> Tensor:
    """Hidden states at (row, place) pairs: [N, D]."""
    at = torch.from_numpy(places).to(hidden_RSD.device)
    return hidden_RSD[at[:, 0], at[:, 1]]


def contrast(heads: Heads, hidden_RSD: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """InfoNCE between clips and texts, both ways, changed captions as further texts; and its accuracy."""
    video, text = (F.normalize(pick(hidden_RSD, batch.vectors[k]), dim=-1) for k in ("video", "text"))
    video_keys, text_keys = (torch.from_numpy(batch.vectors[k][:, 2]) for k in ("video", "text"))
    video, text = video[video_keys.argsort()], text[text_keys.argsort()]
    candidates = text
    if "changed" in batch.vectors:
        candidates = torch.cat([text, F.normalize(pick(hidden_RSD, batch.vectors["changed"]), dim=-1)])
    scale = heads.head_scale.exp().clamp(max=50)
    goal = torch.arange(len(video), device=video.device)
    logits = scale * video @ candidates.T
    back = scale * text @ video.T
    accuracy = (logits.argmax(-1) == goal).float().mean()
    return F.cross_entropy(logits, goal) + 0.5 * F.cross_entropy(back, goal), accuracy


def clip_losses(heads: Heads, states: tuple[Tensor, ...], batch: Batch, truth: Truth) -> dict[str, Tensor]:
    """What the end of each clip tells: its paths early, its facts and background in the middle."""
    device = states[0].device
    paths, grounds = torch.from_numpy(truth.paths).to(device), torch.from_numpy(truth.grounds).to(device)
    facts, end = torch.from_numpy(truth.facts).to(device), pick(states[MIDDLE], batch.ends_RS)
    hat = heads.head_middle(end).unflatten(1, (len(COLOUR_NAMES), FACTS))
    actions, there = slice(1 + len(SHAPES), 1 + len(SHAPES) + len(ACTION_NAMES)), facts[..., 0] > 0
    with torch.no_grad():
        right = hat[there][:, actions].argmax(-1) == facts[there][:, actions].argmax(-1)
    sizes = torch.from_numpy(truth.sizes).to(device)
    told = sizes >= 0
    size = F.binary_cross_entropy_with_logits(heads.head_size(end)[told], sizes[told])
    return {
        "early": ((heads.head_early(pick(states[EARLY], batch.ends_RS)) - paths.flatten(1)) ** 2).sum(-1).mean(),
        "middle": fact_loss(hat, facts) + F.cross_entropy(heads.head_ground(end), grounds) + size,
        "action_accuracy": right.float().mean(),
    }


def named_loss(heads: Heads, late_RSD: Tensor, batch: Batch, truth: Truth) -> Tensor:
    """Where a colour is at issue, its shape, action and size in this clip, or that it has none."""
    facts = truth.facts[batch.named[:, 0], batch.named[:, 2]]
    there = facts[:, 0] > 0
    split = 1 + len(SHAPES)
    shape = np.where(there, facts[:, 1:split].argmax(1), len(SHAPES))
    action = np.where(there, facts[:, split : split + len(ACTION_NAMES)].argmax(1), len(ACTION_NAMES))
    states = pick(late_RSD, batch.named)
    hat = heads.head_named(states)
    goals = [torch.from_numpy(goal).to(hat.device) for goal in (shape, action)]
    sizes = torch.from_numpy(truth.sizes[batch.named[:, 0], batch.named[:, 2]]).to(hat.device)
    told = sizes >= 0
    size = F.binary_cross_entropy_with_logits(heads.head_named_size(states[told])[:, 0], sizes[told])
    return F.cross_entropy(hat[:, :split], goals[0]) + F.cross_entropy(hat[:, split:], goals[1]) + size


def losses(model: Any, heads: Heads, batch: Batch, frames_FD: Tensor, truth: Truth) -> dict[str, Tensor]:
    """Every loss term and a few figures, by name."""
    final, states = forward(model, batch, frames_FD)
    targets = torch.from_numpy(batch.targets_RS).to(final.device)
    wanted = targets != -100
    logits = model.lm_head(final[wanted])
    weights = torch.from_numpy(batch.weights_RS).to(final.device)[wanted]
    surprise = F.cross_entropy(logits, targets[wanted], reduction="none")
    found = {"words": (surprise * weights).sum() / weights.sum()}
    found["word_accuracy"] = (logits.argmax(-1) == targets[wanted]).float().mean()
    found |= clip_losses(heads, states, batch, truth)
    found["named"] = named_loss(heads, states[LATE], batch, truth)
    about = torch.from_numpy(batch.about[:, 2]).to(final.device)
    found["about"] = F.cross_entropy(heads.head_about(pick(states[LAST], batch.about)), about)
    if "text" not in batch.vectors:
        return found
    found["contrast"], found["contrast_accuracy"] = contrast(heads, final, batch)
    found["vector"], facts = torch.zeros((), device=final.device), torch.from_numpy(truth.facts).to(final.device)
    for kind in ("video", "text"):
        hat = heads.head_vector(pick(final, batch.vectors[kind])).unflatten(1, (len(COLOUR_NAMES), FACTS))
        found["vector"] = found["vector"] + fact_loss(hat, facts[batch.vectors[kind][:, 2]])
    return found


def prefix_losses(model: object, heads: Heads, batch: Batch, frames_FD: Tensor, truth: Truth) -> dict[str, Tensor]:
    """The auxiliary losses alone, for rows that are only a clip: cheap, ten tokens each."""
    _, states = forward(model, batch, frames_FD)
    return {f"prefix_{k}": v for k, v in clip_losses(heads, states, batch, truth).items()}


@torch.no_grad()
def exact(model: Any, batch: Batch, frames_FD: Tensor) -> dict[str, list[bool]]:
    """Per kind of turn, whether every token of the answer is the greedy one (teacher-forced)."""
    final, _ = forward(model, batch, frames_FD)
    guess = model.lm_head(final).argmax(-1).cpu().numpy()
    right: dict[str, list[bool]] = {}
    for r, spans in enumerate(batch.kinds):
        for kind, start, end in spans:
            right.setdefault(kind, []).append(bool((guess[r, start:end] == batch.targets_RS[r, start:end]).all()))
    return right
