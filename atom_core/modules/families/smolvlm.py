"""SmolVLM, SmolVLM2 and Idefics3."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from atom_core.modules.families.base import Family, FrameRate, clip_times_s, clock
from atom_core.records import Features, Frames

CHUNK_PIXELS = 512 * 512
"""Pixels that are encoded at once."""


class Idefics3(Family):
    """Idefics3 and the first SmolVLM: frames as images, each whole, without the tiles of single pictures."""

    model_types = ("idefics3",)
    title = "Idefics3, SmolVLM"
    notes = "frames as images, one square each, never tiled"

    def inputs(self, frames: Frames) -> dict[str, Any]:
        """Frames resized to one square each."""
        batch = self.image_processor(
            images=[list(frames.images)], do_image_splitting=False, return_row_col_info=False, return_tensors="pt"
        )
        return {name: batch[name] for name in ("pixel_values", "pixel_attention_mask") if name in batch}

    def chunks(self, inputs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """A few frames at once: frames do not see each other."""
        num_frames = inputs["pixel_values"].shape[1]
        step = self.frames_at_once(num_frames)
        starts = range(0, num_frames, step)
        return [{name: value[:, start : start + step] for name, value in inputs.items()} for start in starts]

    def frames_at_once(self, num_frames: int) -> int:
        """As many as have the pixels of one large one."""
        return min(num_frames, max(1, CHUNK_PIXELS // self._side**2))

    def encode(self, model: Any, inputs: Any) -> Any:
        """Run the visual half; every frame has as many rows."""
        found = super().encode(model, inputs)
        num_frames = inputs["pixel_values"].shape[1]
        return type(found)(values=found.values, layout={"runs": [len(found.values) // num_frames] * num_frames})

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> dict[str, Any]:  # noqa: ARG002
        """As many rows for each frame, whatever its shape."""
        patches = self._side // self.config.vision_config.patch_size
        return {"runs": [patches**2 // self.config.scale_factor**2] * len(times_s)}

    @property
    def _side(self) -> int:
        """Of the square that a frame becomes, pixels."""
        return int(self.image_processor.max_image_size["longest_edge"])

    def visual_texts(self, features: Features) -> list[str]:
        """The wording of transformers' `Idefics3Processor` for an untiled picture."""
        return [self._frame(num_rows) for num_rows in features.layout["runs"]]

    def _frame(self, num_rows: int) -> str:
        return f"<fake_token_around_image><global-img>{self.image_token * num_rows}<fake_token_around_image>"


class SmolVLM(Idefics3):
    """SmolVLM2: frames of a video, each with its time written before it."""

    model_types = ("smolvlm",)
    title = "SmolVLM2"
    notes = "native video; the time of each frame is written before it"
    placeholder = "<video>"
    content_type = "video"
    default_rate = FrameRate(fps=1.0, max_frames=64)

    @property
    def frame_rate(self) -> FrameRate:
        """As the checkpoint's `video_sampling` says, which stands among what it says of pictures."""
        sampling = (self.processing.get("image") or {}).get("video_sampling")
        return super().frame_rate.said(sampling if isinstance(sampling, dict) else {})

    @property
    def chat_template(self) -> str | None:
        """The family's template for videos (transformers' `SmolVLMProcessor`)."""
        from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE

        return str(DEFAULT_CHAT_TEMPLATE)

    def visual_texts(self, features: Features) -> list[str]:
        """The wording of transformers' `SmolVLMProcessor.replace_video_token`."""
        from num2words import num2words

        runs = features.layout["runs"]
        duration = datetime.timedelta(seconds=int(round(features.clip.duration_s, 3)))
        times_s = clip_times_s(features)
        frames = (f"\nFrame from {clock(t)}:{self._frame(n)}" for t, n in zip(times_s, runs, strict=True))
        return [
            f"You are provided the following series of {num2words(len(runs))} frames from a {duration} [H:MM:SS]"
            f" video.\n{''.join(frames)}\n\n"
        ]
