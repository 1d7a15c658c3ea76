"""LFM2-VL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch

from atom_core.families.base import EncoderInputs, Family, Layout
from atom_core.families.frames import image_ops
from atom_core.families.frames.image_ops import ProcessorConfig
from atom_core.records import Features, Frames


class Lfm2VL(Family):
    """LFM2-VL: frames as images, never tiled; most layers keep a state of fixed size."""

    model_types = ("lfm2_vl",)
    title = "LFM2-VL"
    notes = "frames as images, never tiled; prefixes are kept whole, prompts are read one by one, decoded together"
    frame_axes: ClassVar[Mapping[str, int]] = {"pixel_values": 0, "pixel_attention_mask": 0, "spatial_shapes": 0}
    uses_image_processor = False
    image_defaults: ClassVar[ProcessorConfig] = {
        "downsample_factor": 2,
        "min_image_tokens": 64,
        "max_image_tokens": 256,
        "encoder_patch_size": 16,
        "resample": 2,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    """Entries of the family's image processor where the checkpoint has none."""

    def inputs(self, frames: Frames) -> EncoderInputs:
        """Patches of each frame, padded to the most there can be."""
        config = self.picture_config
        patch, shrink = config["encoder_patch_size"], config["downsample_factor"]
        pictures = image_ops.stack(frames)
        height, width = self._size(pictures.shape[-2], pictures.shape[-1])
        pictures = image_ops.normalized(image_ops.resize(pictures, height, width, int(config["resample"])), config)
        patches, mask = image_ops.flat_patches(pictures, patch, config["max_image_tokens"] * shrink**2)
        shapes = torch.tensor([[height // patch, width // patch]] * len(pictures))
        return {"pixel_values": patches, "pixel_attention_mask": mask, "spatial_shapes": shapes}

    @property
    def picture_config(self) -> ProcessorConfig:
        """What the checkpoint says of pictures."""
        found = self.processing.image
        return {**self.image_defaults, **{name: value for name, value in found.items() if value is not None}}

    def _size(self, height: int, width: int) -> tuple[int, int]:
        config = self.picture_config
        side = config["encoder_patch_size"] * config["downsample_factor"]
        return token_size(height, width, side, config["min_image_tokens"], config["max_image_tokens"])

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:
        """The layout of a clip: each frame has as many rows."""
        side = self.picture_config["encoder_patch_size"] * self.picture_config["downsample_factor"]
        new_h, new_w = self._size(height, width)
        return {"runs": [(new_h // side) * (new_w // side)] * len(times_s)}

    def visual_texts(self, features: Features) -> list[str]:
        """The wording of transformers' `Lfm2VlProcessor` for an untiled picture."""
        start = getattr(self.tokenizer, "image_start_token", None) or "<|image_start|>"
        end = getattr(self.tokenizer, "image_end_token", None) or "<|image_end|>"
        return [f"{start}{self.image_token * num_rows}{end}" for num_rows in features.layout["runs"]]

    @property
    def add_special_tokens(self) -> bool:
        """The template writes the start token."""
        return False


def token_size(height: int, width: int, side: int, min_tokens: int, max_tokens: int) -> tuple[int, int]:
    """The nearest size that makes a number of visual tokens within bounds, each `side` pixels square. Source:
    `smart_resize` of transformers' `Lfm2VlImageProcessor`."""
    new_h = max(side, round(height / side) * side)
    new_w = max(side, round(width / side) * side)
    if new_h * new_w > max_tokens * side**2:
        beta = math.sqrt((height * width) / (max_tokens * side**2))
        new_h = max(side, math.floor(height / beta / side) * side)
        new_w = max(side, math.floor(width / beta / side) * side)
    elif new_h * new_w < min_tokens * side**2:
        beta = math.sqrt(min_tokens * side**2 / (height * width))
        new_h = math.ceil(height * beta / side) * side
        new_w = math.ceil(width * beta / side) * side
    return new_h, new_w
