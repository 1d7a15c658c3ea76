"""InternVL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from atom_core.families.base import Encoded, EncoderInputs, Family, Layout, encoded
from atom_core.families.frames import image_ops
from atom_core.families.frames.image_ops import ProcessorConfig
from atom_core.records import Features, Frames

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_DEFAULTS = {
    "size": {"height": 448, "width": 448},
    "resample": 3,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}


class InternVL(Family):
    """InternVL: each frame is one untiled picture with its number before it."""

    model_types = ("internvl",)
    title = "InternVL"
    notes = "native video; frames are numbered"
    placeholder = "<video>"
    content_type = "video"
    frame_axes: ClassVar[Mapping[str, int]] = {"pixel_values": 0}
    uses_image_processor = False

    def inputs(self, frames: Frames) -> EncoderInputs:
        """The pictures, one size each."""
        return {"pixel_values": image_ops.standard(frames, self.picture_config)}

    @property
    def picture_config(self) -> ProcessorConfig:
        """What the checkpoint says of videos, or else of pictures."""
        found = self.processing.of_clips
        return {**_DEFAULTS, **{name: value for name, value in found.items() if value is not None}}

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:
        """The layout of a clip: each frame has as many rows."""
        patches = self.config.vision_config.patch_size
        patch = patches[0] if isinstance(patches, (list, tuple)) else patches
        made = image_ops.standard_size(height, width, self.picture_config)
        shrink = float(self.config.downsample_ratio)
        return {"runs": [int(made[0] // patch * shrink) * int(made[1] // patch * shrink)] * len(times_s)}

    def encode(self, model: PreTrainedModel, inputs: EncoderInputs) -> Encoded:
        """Run the visual half; a run for each frame."""
        return encoded(model.get_image_features(**inputs).pooler_output)  # type: ignore[operator]

    def visual_texts(self, features: Features) -> list[str]:
        """The wording of transformers' `InternVLProcessor.replace_video_token`."""
        start, end = self._around
        return [
            "\n".join(
                f"Frame{index}: {start}{self.image_token * num_rows}{end}"
                for index, num_rows in enumerate(features.layout["runs"], 1)
            )
        ]

    @property
    def _around(self) -> tuple[str, str]:
        return (
            str(getattr(self.tokenizer, "start_image_token", "<img>")),
            str(getattr(self.tokenizer, "end_image_token", "</img>")),
        )
