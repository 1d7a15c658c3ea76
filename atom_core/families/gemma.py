"""Gemma 3, Gemma 4 and PaliGemma: visual tokens, or whole prompts, that look at each other both ways."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch

from atom_core.errors import ModelError
from atom_core.families.base import (
    Encoded,
    EncoderInputs,
    Family,
    LanguageInputs,
    Layout,
    Message,
    clip_times_s,
    clock,
    encoded,
)
from atom_core.families.frames import image_ops
from atom_core.families.frames.image_ops import ProcessorConfig
from atom_core.families.prompt import PrefillChunk, Visual
from atom_core.records import Features, Frames

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

    from atom_core.checkpoint.checkpoint import Checkpoint


class Gemma3(Family):
    """Gemma 3: frames as images; a frame's tokens look at each other both ways."""

    model_types = ("gemma3",)
    title = "Gemma 3"
    notes = "frames as images, never panned; a frame's tokens see each other, so a prefix is not cut inside a frame"
    placeholder = "<start_of_image>"
    frame_axes: ClassVar[Mapping[str, int]] = {"pixel_values": 0}

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        _check_causal(checkpoint.config)

    def inputs(self, frames: Frames) -> EncoderInputs:
        """The pictures, one size each."""
        batch = self.image_processor(images=list(frames.images), do_pan_and_scan=False, return_tensors="pt")
        return {"pixel_values": batch["pixel_values"]}

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:  # noqa: ARG002
        """The layout of a clip: each frame has as many rows, whatever its shape."""
        return {"runs": [int(self.config.mm_tokens_per_image)] * len(times_s)}

    def visual_texts(self, features: Features) -> list[str]:
        """The wording of transformers' `Gemma3Processor` for an uncropped picture."""
        end = getattr(self.tokenizer, "eoi_token", None) or "<end_of_image>"
        return [f"\n\n{self.placeholder}{self.image_token * num_rows}{end}\n\n" for num_rows in features.layout["runs"]]

    def blocks(self, visuals: Sequence[Visual], num_tokens: int) -> tuple[tuple[int, int], ...]:  # noqa: ARG002
        """Each run of visual tokens."""
        return runs(visuals)


class PaliGemma(Family):
    """PaliGemma: all frames, then the question; the whole prompt looks at itself both ways."""

    model_types = ("paligemma",)
    title = "PaliGemma"
    notes = "frames as images; a prompt sees itself both ways, so no prefix can be reused; no chat template"
    wordings: ClassVar[Mapping[str, str]] = {"caption": "caption en", "answer": "answer en {question}"}
    frame_axes: ClassVar[Mapping[str, int]] = {"pixel_values": 0}

    def inputs(self, frames: Frames) -> EncoderInputs:
        """The pictures, one size each."""
        return {"pixel_values": super().inputs(frames)["pixel_values"]}

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:  # noqa: ARG002
        """A row for each patch."""
        size, patch = self.image_processor.size, self.config.vision_config.patch_size
        return {"runs": [(size["height"] // patch) * (size["width"] // patch)] * len(times_s)}

    def apply_template(self, messages: list[Message], *, ask: bool) -> str:  # noqa: ARG002
        """What transformers' `PaliGemmaProcessor` makes of text with pictures."""
        items = messages[0]["content"]
        last = max((place for place, item in enumerate(items) if item["type"] == "image"), default=-1)
        written = [self.placeholder if item["type"] == "image" else item["text"] for item in items]
        asked = f"{''.join(written[: last + 1])}{self.tokenizer.bos_token}{''.join(written[last + 1 :])}\n"
        answers = "".join(item["text"] for message in messages[1:] for item in message["content"])
        return asked + (answers + str(self.tokenizer.eos_token) if len(messages) > 1 else "")

    @property
    def add_special_tokens(self) -> bool:
        """The start token is written after the pictures."""
        return False

    def positions(self, ids: Sequence[int], visuals: Sequence[Visual]) -> torch.Tensor | None:  # noqa: ARG002
        """[1, N], counted from 1."""
        return torch.arange(1, len(ids) + 1)[None]

    def blocks(self, visuals: Sequence[Visual], num_tokens: int) -> tuple[tuple[int, int], ...]:  # noqa: ARG002
        """The whole prompt."""
        return ((0, num_tokens),)


class Gemma4(Family):
    """Gemma 4: native video, the time of each frame before it."""

    model_types = ("gemma4",)
    title = "Gemma 4"
    notes = "native video with timestamps; where the model says so, a frame's tokens see each other"
    placeholder = "<|video|>"
    content_type = "video"
    token_field = "video_token_id"
    uses_image_processor = False
    video_defaults: ClassVar[ProcessorConfig] = {
        "patch_size": 16,
        "max_soft_tokens": 70,
        "pooling_kernel_size": 3,
        "resample": 3,
        "image_mean": [0.0, 0.0, 0.0],
        "image_std": [1.0, 1.0, 1.0],
    }
    """Entries of the family's video processor where the checkpoint has none."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        _check_causal(checkpoint.config)
        if checkpoint.config.vision_config is None:
            raise ModelError("this Gemma 4 model has no vision tower; choose one that sees")

    def inputs(self, frames: Frames) -> EncoderInputs:
        """Patches of each frame, padded to the most there can be, and where they lie."""
        config = self._video_config
        patch, pool = config["patch_size"], config["pooling_kernel_size"]
        most = config["max_soft_tokens"] * pool**2
        pictures = image_ops.stack(frames)
        height, width = fitting_size(pictures.shape[-2], pictures.shape[-1], patch, pool, most)
        pictures = image_ops.normalized(image_ops.resize(pictures, height, width, int(config["resample"])), config)
        patches, mask = image_ops.flat_patches(pictures, patch, most)
        xy = torch.meshgrid(torch.arange(width // patch), torch.arange(height // patch), indexing="xy")
        places = torch.stack(xy, dim=-1).reshape(-1, 2).expand(len(pictures), -1, -1)
        places = torch.nn.functional.pad(places, (0, 0, 0, most - places.shape[1]), value=-1)
        assert int(mask[0].sum()) == (height // patch) * (width // patch)
        return {
            "pixel_values_videos": patches,
            "video_position_ids": places,
            "num_frames_per_video": torch.tensor([len(pictures)]),
        }

    @property
    def _video_config(self) -> ProcessorConfig:
        found = self.processing.video
        return {**self.video_defaults, **{name: value for name, value in found.items() if value is not None}}

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:
        """The layout of a clip: each frame has as many rows."""
        config = self._video_config
        patch, pool = config["patch_size"], config["pooling_kernel_size"]
        new_h, new_w = fitting_size(height, width, patch, pool, config["max_soft_tokens"] * pool**2)
        return {"runs": [(new_h // patch // pool) * (new_w // patch // pool)] * len(times_s)}

    def encode(self, model: PreTrainedModel, inputs: EncoderInputs) -> Encoded:
        """Run the visual half; a run for each frame."""
        output = model.model.get_video_features(
            inputs["pixel_values_videos"],
            inputs["video_position_ids"],
            num_frames_per_video=inputs["num_frames_per_video"],
        )
        rows = torch.cat(list(output.pooler_output))
        return encoded(rows.reshape(len(inputs["pixel_values_videos"]), -1, rows.shape[-1]))

    def visual_texts(self, features: Features) -> list[str]:
        """The wording of transformers' `Gemma4Processor.replace_video_token`."""
        start = getattr(self.tokenizer, "boi_token", None) or "<|image>"
        end = getattr(self.tokenizer, "eoi_token", None) or "<image|>"
        pairs = zip(clip_times_s(features), features.layout["runs"], strict=True)
        return [" ".join(f"{clock(time_s)} {start}{self.image_token * rows}{end}" for time_s, rows in pairs)]

    def blocks(self, visuals: Sequence[Visual], num_tokens: int) -> tuple[tuple[int, int], ...]:  # noqa: ARG002
        """Each run of visual tokens, where the model says so."""
        both = getattr(self.config.get_text_config(), "use_bidirectional_attention", None) == "vision"
        return runs(visuals) if both else ()

    def language_inputs(
        self, language: PreTrainedModel, ids: Sequence[Sequence[int]], chunks: Sequence[PrefillChunk]
    ) -> LanguageInputs:
        """The embeddings that each layer has of its own; visual tokens count as padding there."""
        if not self.config.get_text_config().hidden_size_per_layer_input:
            return super().language_inputs(language, ids, chunks)
        table = torch.tensor([list(row) for row in ids], device=language.device)
        pad = self.config.get_text_config().pad_token_id
        visual = [self.config.image_token_id, self.config.video_token_id, self.config.audio_token_id]
        known = torch.isin(table, torch.tensor([token for token in visual if token is not None], device=table.device))
        return {"per_layer_inputs": language.get_per_layer_inputs(torch.where(known, pad, table))}  # type: ignore[operator]


def runs(visuals: Sequence[Visual]) -> tuple[tuple[int, int], ...]:
    """The spans of visual tokens, those that touch joined."""
    spans: list[tuple[int, int]] = []
    for visual in visuals:
        end = visual.start + visual.num_tokens
        if spans and spans[-1][1] == visual.start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((visual.start, end))
    return tuple(spans)


def fitting_size(height: int, width: int, patch: int, pool: int, max_patches: int) -> tuple[int, int]:
    """The largest size of the same shape with at most `max_patches`, whose sides are whole pooled patches. Source:
    `get_aspect_ratio_preserving_size` of transformers' Gemma 4.

    :raises ModelError: for frames that fit no such size
    """
    factor = math.sqrt(max_patches * patch**2 / (height * width))
    side = pool * patch
    new_h, new_w = int(factor * height / side) * side, int(factor * width / side) * side
    longest = max_patches // pool**2 * side
    if not new_h and not new_w:
        raise ModelError(f"frames of {width} x {height} pixels do not fit this model; crop the video")
    if not new_h:
        return side, min(width // height * side, longest)
    if not new_w:
        return min(height // width * side, longest), side
    return new_h, new_w


def _check_causal(config: PretrainedConfig) -> None:
    if getattr(config.get_text_config(), "use_bidirectional_attention", None) in (True, "all"):
        raise ModelError("models whose text sees itself both ways cannot decode token by token; choose another model")
