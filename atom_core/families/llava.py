"""LLaVA and its relatives for video."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from atom_core.errors import ModelError
from atom_core.families.base import Encoded, EncoderInputs, Family, Layout, encoded
from atom_core.families.frames import image_ops
from atom_core.families.frames.image_ops import ProcessorConfig
from atom_core.records import Features, Frames

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

    from atom_core.checkpoint.checkpoint import Checkpoint

_CLIP = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}


class Llava(Family):
    """LLaVA: frames as images."""

    model_types = ("llava",)
    title = "LLaVA"
    notes = "frames as images; Pixtral towers are refused, their prompts need row breaks"
    frame_axes: ClassVar[Mapping[str, int]] = {"pixel_values": 0}

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        if checkpoint.config.vision_config.model_type == "pixtral":
            raise ModelError("LLaVA models with a Pixtral tower cannot be split faithfully yet; choose another model")

    def inputs(self, frames: Frames) -> EncoderInputs:
        """The pictures, one size each."""
        return {"pixel_values": super().inputs(frames)["pixel_values"]}

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:
        """A row for each patch, and for the tower's class token where the model takes it."""
        made = image_ops.standard_size(height, width, self.image_processor.to_dict())
        rows, columns = _grid(self.config, made)
        has_class = self.config.vision_config.model_type == "clip_vision_model"
        more = has_class and self.config.vision_feature_select_strategy == "full"
        return {"runs": [rows * columns + more] * len(times_s)}


class LlavaVideo(Family):
    """Base of the relatives that read a whole video at once, prepared without torchvision."""

    placeholder = "<video>"
    content_type = "video"
    token_field = "video_token_id"
    uses_image_processor = False
    video_defaults: ClassVar[ProcessorConfig] = {
        "size": {"shortest_edge": 224},
        "crop_size": {"height": 224, "width": 224},
        "do_center_crop": True,
        "resample": 3,
        **_CLIP,
    }
    """Entries of the family's video processor where the checkpoint has none."""

    def inputs(self, frames: Frames) -> EncoderInputs:
        """The frames as one video."""
        return {"pixel_values_videos": image_ops.standard(frames, {**self.video_defaults, **self.video_config})[None]}

    @property
    def video_config(self) -> ProcessorConfig:
        """What the checkpoint says of videos, or else of pictures."""
        config: ProcessorConfig = self.processing.of_clips
        return {name: value for name, value in config.items() if value is not None}

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:
        """One run of all rows."""
        made = image_ops.standard_size(height, width, {**self.video_defaults, **self.video_config})
        return {"runs": [self.num_rows(len(times_s), *_grid(self.config, made))]}

    def num_rows(self, num_frames: int, rows: int, columns: int) -> int:
        """The feature rows of a clip whose frames have `rows` x `columns` patches."""
        return num_frames * rows * columns

    def encode(self, model: PreTrainedModel, inputs: EncoderInputs) -> Encoded:
        """Run the visual half; the clip's rows are one run."""
        rows = model.model.get_video_features(**inputs).pooler_output
        return encoded([rows.reshape(-1, rows.shape[-1])])

    def visual_texts(self, features: Features) -> list[str]:
        """A video token for each row."""
        return [self.image_token * features.values.shape[0]]


class LlavaNextVideo(LlavaVideo):
    """LLaVA-NeXT-Video: pooled frames."""

    model_types = ("llava_next_video",)
    title = "LLaVA-NeXT-Video"
    notes = "native video, 2 x 2 pooled"

    def num_rows(self, num_frames: int, rows: int, columns: int) -> int:
        """Pooled."""
        stride = int(self.config.spatial_pool_stride)
        return num_frames * (rows // stride) * (columns // stride)


class VideoLlava(LlavaVideo):
    """Video-LLaVA: a tower of its own for video."""

    model_types = ("video_llava",)
    title = "Video-LLaVA"
    notes = "native video; trained on 8 frames"

    def num_rows(self, num_frames: int, rows: int, columns: int) -> int:
        """The feature rows of a clip; the tower's class token is kept for videos."""
        return num_frames * (rows * columns + 1)


class LlavaOnevision(LlavaVideo):
    """LLaVA-OneVision: pooled frames, one newline row after the last."""

    model_types = ("llava_onevision",)
    title = "LLaVA-OneVision"
    notes = "native video, pooled to half the side, one newline row per clip"
    video_defaults: ClassVar[ProcessorConfig] = {"size": {"height": 384, "width": 384}, "resample": 3, **_CLIP}

    def num_rows(self, num_frames: int, rows: int, columns: int) -> int:
        """Pooled, and the newline."""
        return num_frames * math.ceil(rows / 2) * math.ceil(columns / 2) + 1


def _grid(config: PretrainedConfig, size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of patches in a picture of `size`."""
    patch = config.vision_config.patch_size
    return size[0] // patch, size[1] // patch
