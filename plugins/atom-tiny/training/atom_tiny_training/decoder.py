"""Stage `decoder`: the language model learns every task from true scene codes, without rendering a pixel."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from atom_tiny.world import Clip
from torch import Tensor

from atom_tiny_training import codes, learn
from atom_tiny_training.model import TEXT_WIDTH, new_model
from atom_tiny_training.optim import Pair, schedule
from atom_tiny_training.record import Log, Means, load_state, save_state
from atom_tiny_training.rows import collate
from atom_tiny_training.tasks import Bank, Mix, prefix_rows, step_rows
from atom_tiny_training.team import ALONE, Team

WEIGHTS = {
    "words": 1.0,
    "named": 0.4,
    "about": 0.4,
    "early": 0.1,
    "middle": 0.4,
    "vector": 0.2,
    "contrast": 0.4,
    "prefix_early": 0.1,
    "prefix_middle": 0.5,
}
MUON_LR, ADAM_LR = 0.008, 1.3e-3
LONGEST_STEP_S = 20.0
"""What a step counts at most: a machine that sleeps meanwhile does not train."""
WARM = 0.08
"""Share of the stage spent on clips alone, before any text."""


def true_frames(rng: np.random.Generator, *, noise: bool = True) -> Any:
    """A source of scene codes, with the noise of an imperfect vision tower."""

    def frames(clip: Clip) -> np.ndarray:
        clean = codes.encode(clip, codes.jittered(rng))
        return codes.noisy(clean, rng) if noise else clean

    return frames


def mix_at(progress: float, rng: np.random.Generator) -> Mix:
    """The curriculum: single objects first, then everything; one step in three has texts to match."""
    texts = bool(rng.random() < 0.34)
    if progress < WARM + 0.04:
        return Mix(clips=10, scripts=2, counts=(0.8, 0.2, 0.0), comparisons=0, summaries=0)
    return Mix(clips=10, scripts=6, summaries=1, orders=1, comparisons=1, texts=texts)


@torch.no_grad()
def check(
    model: Any, heads: learn.Heads, bank: Bank, to_width: torch.Tensor, seed: int, rounds: int = 3
) -> dict[str, float]:
    """Exact answers on fresh clips, per kind."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[bool]] = {}
    contrast = []
    for _ in range(rounds):
        rows, truth = step_rows(
            bank,
            true_frames(rng),
            Mix(clips=24, questions=26, changed=1.0, scripts=6, summaries=3, orders=6, limit=400),
            rng,
        )
        batch = collate(rows)
        frames = torch.from_numpy(batch.frames) @ to_width
        for kind, right in learn.exact(model, batch, frames).items():
            found.setdefault(kind, []).extend(right)
        contrast.append(float(learn.losses(model, heads, batch, frames, truth)["contrast_accuracy"]))
    return {f"exact_{k}": float(np.mean(v)) for k, v in sorted(found.items())} | {
        "exact_contrast": float(np.mean(contrast))
    }


def forward(
    model: Any, heads: learn.Heads, bank: Bank, progress: float, rng: np.random.Generator, to_width: Tensor
) -> dict[str, Tensor]:
    """The losses of one step: clips alone at first, then all tasks beside some clips alone."""
    source, found = true_frames(rng), {}
    texts = progress > WARM
    if texts:
        rows, truth = step_rows(bank, source, mix_at(progress, rng), rng)
        batch = collate(rows)
        frames = torch.from_numpy(batch.frames).to(to_width.device) @ to_width
        found = learn.losses(model, heads, batch, frames, truth)
    count, counts = (24, (0.3, 0.5, 0.2)) if texts else (160, (0.6, 0.3, 0.1))
    rows, truth = prefix_rows(bank, source, rng, count, counts)
    batch = collate(rows)
    frames = torch.from_numpy(batch.frames).to(to_width.device) @ to_width
    return found | learn.prefix_losses(model, heads, batch, frames, truth)


def run(
    folder: Path,
    *,
    minutes: float,
    seed: int,
    until: float | None = None,
    device: str = "cpu",
    bank_size: int = 1000,
    team: Team = ALONE,
) -> None:
    """Train towards `minutes`, stopping at `until` of them, resuming where `folder` holds a state of this stage."""
    log, path = Log(folder, "decoder"), folder / "decoder.pt"
    model: Any = new_model(seed)
    model.to(device)
    heads = learn.Heads(TEXT_WIDTH).to(device)
    torch.nn.init.normal_(model.model.text_model.embed_tokens.weight, std=0.06)
    named = [*model.model.text_model.named_parameters(), *heads.named_parameters()]
    params = [p for _, p in named]
    pair = Pair(named, muon_lr=MUON_LR, adam_lr=ADAM_LR)
    state = load_state(path) or {"step": 0, "train_s": 0.0}
    if state["step"]:
        model.model.text_model.load_state_dict(state["text"])
        heads.load_state_dict(state["heads"], strict=False)
        if state["pair"]:
            pair.load_state_dict(state["pair"])
    step, train_s = state["step"], state["train_s"]
    bank, held = Bank.make(np.random.default_rng(seed), bank_size), Bank.make(np.random.default_rng(seed + 1), 100)
    to_width = torch.from_numpy(codes.basis(TEXT_WIDTH)).to(device)
    rng = np.random.default_rng([seed, step, team.rank])
    mark, last_check, means, end_s = time.monotonic(), train_s, Means(), (until or minutes) * 60
    while train_s < end_s:
        progress = train_s / (minutes * 60)
        found = forward(model, heads, bank, progress, rng, to_width)
        sum((WEIGHTS[k] * found[k] for k in WEIGHTS if k in found), torch.zeros((), device=device)).backward()
        team.average(params)
        torch.nn.utils.clip_grad_norm_(params, 2.0)
        pair.step(schedule(progress))
        step += 1
        means.add(found)
        now = time.monotonic()
        train_s, mark = team.clock(train_s + min(now - mark, LONGEST_STEP_S)), now
        if team.first and step % 25 == 0:
            log.write(step=step, train_s=train_s, **means.take())
        if train_s - last_check > 200 or train_s >= end_s:
            if team.first:
                log.write(step=step, train_s=train_s, **check(model, heads, held, to_width, seed + 7))
                text = model.model.text_model.state_dict()
                kept = {
                    "step": step,
                    "train_s": train_s,
                    "text": text,
                    "heads": heads.state_dict(),
                    "pair": pair.state_dict(),
                }
                save_state(path, kept)
            last_check, mark = train_s, time.monotonic()
