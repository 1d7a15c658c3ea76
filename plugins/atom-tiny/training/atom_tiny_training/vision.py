"""Stage `vision`: the tower and the connector learn to write a frame's scene code, from single frames.

The connector is one linear map over all patches. Here it is built from three small maps shared by all patches (a sum,
and sums weighted by the patch's column and row), which is how a centre's position becomes a number; a free residual is
added. Dense heads on the last but one layer name colour, shape and centre of the object under each patch; they are
dropped later.

Shape suffixes: B frames, P patches, V vision width, K code width, D decoder width.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from atom_tiny.words import COLOUR_NAMES, SHAPES
from torch import Tensor, nn

from atom_tiny_training import codes
from atom_tiny_training.model import TEXT_WIDTH, VISION_WIDTH, new_model
from atom_tiny_training.optim import Pair, schedule
from atom_tiny_training.record import Log, load_state, save_state
from atom_tiny_training.scenes import SIDE, Painter, Scenes


class Writer(nn.Module):
    """The connector in its shared form, and the dense heads."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Parameter(torch.randn(3, TEXT_WIDTH, VISION_WIDTH) * 0.02)
        self.head_dense = nn.Linear(VISION_WIDTH, 1 + len(COLOUR_NAMES) + len(SHAPES) + 3)
        self.residual_head = nn.Parameter(torch.zeros(TEXT_WIDTH, SIDE * SIDE, VISION_WIDTH))
        centre = codes.SPREAD * ((torch.arange(SIDE) + 0.5) / SIDE - 0.5)
        places = torch.stack([torch.ones(SIDE * SIDE), centre.repeat(SIDE), centre.repeat_interleave(SIDE)])
        self.register_buffer("places", places)

    def matrix(self) -> Tensor:
        """The connector's weight [D, P * V]."""
        shared = torch.einsum("kp,kdv->dpv", self.places, self.shared / 12)
        return (shared + self.residual_head / 24).flatten(1)


def seed_positions(tower: Any) -> None:
    """Start the position embeddings from smooth waves, so that neighbours look alike."""
    at = (torch.arange(SIDE) + 0.5) / SIDE
    y, x = torch.meshgrid(at, at, indexing="ij")
    waves = [f(torch.pi * k * a) for a in (x, y) for k in (0.5, 1, 2, 4) for f in (torch.sin, torch.cos)]
    features = torch.stack(waves, -1).flatten(0, 1)
    mix = torch.randn(features.shape[1], VISION_WIDTH, generator=torch.Generator().manual_seed(5)) * 0.1
    tower.embeddings.position_embedding.weight.data.copy_(features @ mix)


def run_tower(tower: Any, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """States after the last but one layer, and the final ones after the norm, both [B, P, V]."""
    places = torch.arange(SIDE * SIDE, device=pixels.device)
    hidden = tower.embeddings.patch_embedding(pixels).flatten(2).transpose(1, 2) + tower.embeddings.position_embedding(
        places
    )
    inner = hidden
    for layer in tower.encoder.layers:
        inner, hidden = hidden, layer(hidden, None)
    return inner, tower.post_layernorm(hidden)


def code_loss(hat_BK: Tensor, truth_BK: Tensor, weights_BK: Tensor) -> dict[str, Tensor]:
    """Squared error of the code, and how well each present object's shape stands out among the eight."""
    found = {"code": ((hat_BK - truth_BK) ** 2 * weights_BK).sum(-1).mean()}
    slots, true = (t[:, : codes.SLOTS].unflatten(1, (len(COLOUR_NAMES), codes.SLOT)) for t in (hat_BK, truth_BK))
    sure = weights_BK[:, : codes.SLOTS : codes.SLOT] == 1
    there = (true[..., 0] > 0) & sure
    logits, goal = 6.0 * slots[there][:, 1 : 1 + len(SHAPES)], true[there][:, 1 : 1 + len(SHAPES)].argmax(-1)
    found["shape"] = F.cross_entropy(logits, goal)
    with torch.no_grad():
        found["shape_accuracy"] = (logits.argmax(-1) == goal).float().mean()
        found["present_accuracy"] = ((slots[..., 0] > 0.5) == (true[..., 0] > 0.5))[sure].float().mean()
        miss = (slots[there][:, -3:-1] - true[there][:, -3:-1]).abs().mean()
        found["position_px"] = miss / codes.SPREAD * 64
        found["radius_error"] = (slots[there][:, -1] - true[there][:, -1]).abs().mean()
        ground = hat_BK[:, codes.SLOTS : -1].argmax(-1) == truth_BK[:, codes.SLOTS : -1].argmax(-1)
        found["background_accuracy"] = ground.float().mean()
    return found


def dense_loss(writer: Writer, inner_BPV: Tensor, scenes: Scenes) -> dict[str, Tensor]:
    """Colour and shape of the object under each patch, and where its centre is."""
    out = writer.head_dense(inner_BPV)
    colours, shapes, offset = out.split([1 + len(COLOUR_NAMES), len(SHAPES), 3], -1)
    colour, shape = torch.from_numpy(scenes.patch_colour), torch.from_numpy(scenes.patch_shape)
    colour, shape = colour.to(out.device), shape.to(out.device)
    there = shape >= 0
    goal = torch.from_numpy(scenes.patch_offset).to(out.device)[there]
    return {
        "dense_colour": F.cross_entropy(colours.flatten(0, 1), colour.flatten()),
        "dense_shape": F.cross_entropy(shapes[there], shape[there]),
        "dense_offset": F.smooth_l1_loss(offset[there], goal),
        "dense_shape_accuracy": (shapes[there].argmax(-1) == shape[there]).float().mean().detach(),
    }


WEIGHTS = {"code": 1.0, "shape": 1.0, "stray": 0.3, "dense_colour": 1.0, "dense_shape": 1.0, "dense_offset": 0.5}


def losses(tower: Any, writer: Writer, basis_KD: Tensor, scenes: Scenes) -> dict[str, Tensor]:
    """Every loss term and a few figures, by name."""
    device = basis_KD.device
    inner, final = run_tower(tower, torch.from_numpy(scenes.pixels).to(device))
    token_BD = final.flatten(1) @ writer.matrix().T
    hat_BK = token_BD @ basis_KD.T
    truth, weights = torch.from_numpy(scenes.codes).to(device), torch.from_numpy(scenes.weights).to(device)
    found = code_loss(hat_BK, truth, weights) | dense_loss(writer, inner, scenes)
    found["stray"] = ((token_BD**2).sum(-1) - (hat_BK**2).sum(-1)).mean()
    return found


@torch.no_grad()
def check(tower: Any, writer: Writer, basis_KD: Tensor, painter: Painter, rounds: int = 6) -> dict[str, float]:
    """Figures on fresh frames."""
    found = [losses(tower, writer, basis_KD, painter.draw(64)) for _ in range(rounds)]
    return {f"held_{k}": float(np.mean([float(f[k]) for f in found])) for k in found[0]}


def run(folder: Path, *, minutes: float, seed: int, device: str = "cpu", batch: int = 48) -> None:
    """Train for `minutes`, resuming where `folder` holds a state of this stage."""
    log, path = Log(folder, "vision"), folder / "vision.pt"
    tower = new_model(seed).model.vision_model.to(device)
    seed_positions(tower)
    torch.manual_seed(seed)
    writer = Writer().to(device)
    named = [*tower.named_parameters(), *writer.named_parameters()]
    pair = Pair(named, muon_lr=0.012, adam_lr=1.5e-3, plain=("embed", "head", "position"))
    state = load_state(path) or {"step": 0, "train_s": 0.0}
    if state["step"]:
        tower.load_state_dict(state["tower"])
        writer.load_state_dict(state["writer"])
        if state["pair"]:
            pair.load_state_dict(state["pair"])
    step, train_s = state["step"], state["train_s"]
    painter, held = Painter(seed * 1000 + step), Painter(seed * 1000 + 999_983)
    basis_KD = torch.from_numpy(codes.basis(TEXT_WIDTH)).to(device)
    mark, last_check, recent = time.monotonic(), train_s, []
    while train_s < minutes * 60:
        found = losses(tower, writer, basis_KD, painter.draw(batch))
        sum((WEIGHTS[k] * found[k] for k in WEIGHTS), torch.zeros((), device=device)).backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in named], 2.0)
        pair.step(schedule(train_s / (minutes * 60)))
        step += 1
        recent.append({k: float(v.detach()) for k, v in found.items()})
        now = time.monotonic()
        train_s, mark = train_s + now - mark, now
        if step % 100 == 0:
            log.write(step=step, train_s=train_s, **{k: float(np.mean([r[k] for r in recent])) for k in recent[0]})
            recent = []
        if train_s - last_check > 120 or train_s >= minutes * 60:
            log.write(step=step, train_s=train_s, **check(tower, writer, basis_KD, held))
            save_state(
                path,
                {
                    "step": step,
                    "train_s": train_s,
                    "tower": tower.state_dict(),
                    "writer": writer.state_dict(),
                    "pair": pair.state_dict(),
                },
            )
            last_check, mark = train_s, time.monotonic()
