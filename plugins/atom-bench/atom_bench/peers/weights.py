"""A checkpoint's weights and dimensions, for engines that build the model themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    import numpy as np

TEXT, VISION, CONNECTOR = "model.text_model.", "model.vision_model.", "model.connector.modality_projection.proj."


@frozen(kw_only=True)
class Dimensions:
    """Of a model of family ``smolvlm``."""

    width: int
    """Of the language half."""
    layers: int
    """Of the language half."""
    heads: int
    """Of queries."""
    kv_heads: int
    """Of keys and values."""
    mlp: int
    """Width of the feed-forward layers."""
    vocabulary: int
    """Tokens."""
    theta: float
    """Base of the rotary positions."""
    eps: float
    """Added in the norms."""
    side: int
    """Of a frame, pixels."""
    patch: int
    """Side of a patch, pixels."""
    vision_width: int
    """Of the vision tower."""
    vision_layers: int
    """Of the vision tower."""
    vision_heads: int
    """Of the vision tower."""
    vision_eps: float
    """Added in the vision tower's norms."""
    scale: int
    """Patches a side that become one token."""

    @property
    def head_width(self) -> int:
        """Of a head of the language half."""
        return self.width // self.heads


def read_dimensions(folder: Path) -> Dimensions:
    """What the config of a checkpoint says."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    text, vision = config["text_config"], config["vision_config"]
    return Dimensions(
        width=text["hidden_size"],
        layers=text["num_hidden_layers"],
        heads=text["num_attention_heads"],
        kv_heads=text["num_key_value_heads"],
        mlp=text["intermediate_size"],
        vocabulary=text["vocab_size"],
        theta=text["rope_parameters"]["rope_theta"],
        eps=text["rms_norm_eps"],
        side=vision["image_size"],
        patch=vision["patch_size"],
        vision_width=vision["hidden_size"],
        vision_layers=vision["num_hidden_layers"],
        vision_heads=vision["num_attention_heads"],
        vision_eps=vision["layer_norm_eps"],
        scale=config["scale_factor"],
    )


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Every tensor of a checkpoint by name, float32; with the head, where it is tied to the table."""
    from safetensors.torch import load_file

    found: dict[str, np.ndarray] = {}
    for path in sorted(folder.glob("*.safetensors")):
        found |= {name: tensor.float().numpy() for name, tensor in load_file(path).items()}
    found.setdefault("lm_head.weight", found[f"{TEXT}embed_tokens.weight"])
    return found
