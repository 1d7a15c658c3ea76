"""Makes one checkpoint folder of the states of the two stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atom_tiny_training.model import new_model, save
from atom_tiny_training.record import load_state
from atom_tiny_training.vision import Writer


def assemble(folder: Path, seed: int) -> Any:
    """One model from the states in `folder`; the connector's shared maps become SmolVLM's one matrix."""
    sight, language = load_state(folder / "vision.pt"), load_state(folder / "decoder.pt")
    if sight is None or language is None:
        raise FileNotFoundError(f"{folder} holds no state of the stages vision and decoder; run them first")
    model: Any = new_model(seed)
    writer = Writer()
    writer.load_state_dict(sight["writer"])
    model.model.vision_model.load_state_dict(sight["tower"])
    model.model.connector.modality_projection.proj.weight.data.copy_(writer.matrix().detach())
    model.model.text_model.load_state_dict(language["text"])
    return model.eval()


def export(folder: Path, checkpoint: Path, seed: int) -> None:
    """Write the newest states as a checkpoint folder."""
    save(assemble(folder, seed), checkpoint)
