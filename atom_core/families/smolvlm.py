"""SmolVLM, SmolVLM2 and Idefics3."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from atom_core.errors import ModelError
from atom_core.families.base import Encoded, EncoderInputs, Family, FrameRate, Layout, clip_times_s, clock
from atom_core.families.frames import image_ops
from atom_core.families.frames.image_ops import ProcessorConfig
from atom_core.records import Features, Frames

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.checkpoint.checkpoint import Checkpoint

CHUNK_PIXELS = 512 * 512
"""Pixels that are encoded at once."""
_LARGEST_EDGE = 4096
"""The longest edge of a picture, whatever the processor's config says: transformers' `MAX_IMAGE_SIZE`."""

TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'] is string %}{{': ' + message['content']}}"
    "{% else %}{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% elif line['type'] == 'video' %}{{ '<video>' }}{% endif %}"
    "{% endfor %}{% endif %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
"""The chat template of SmolVLM2 for videos; transformers' `processing_smolvlm.DEFAULT_CHAT_TEMPLATE`."""


class Idefics3(Family):
    """Idefics3 and the first SmolVLM: frames as images, each whole, without the tiles of single pictures."""

    model_types = ("idefics3",)
    title = "Idefics3, SmolVLM"
    notes = "frames as images, one square each, never tiled"
    frame_axes: ClassVar[Mapping[str, int]] = {"pixel_values": 1, "pixel_attention_mask": 1}
    uses_image_processor = False
    version = 2
    image_defaults: ClassVar[ProcessorConfig] = {
        "size": {"longest_edge": 4 * 364},
        "max_image_size": {"longest_edge": 364},
        "resample": 1,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    """Entries of the family's processors where the checkpoint's have none."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        if not self.processing.of_clips:
            raise ModelError(
                f"model {checkpoint.source} has no image processor (preprocessor_config.json);"
                " fetch or export it again",
                source=checkpoint.source,
            )
        try:
            sides = self.picture_side, self._longest_edge
        except (KeyError, TypeError, ValueError):
            sides = 0, 0
        if not all(0 < side <= _LARGEST_EDGE for side in sides):
            raise ModelError(
                f"model {checkpoint.source}: preprocessor_config.json says frames have {sides[0]} pixels a side, made"
                f" of {sides[1]}; expected 1 to {_LARGEST_EDGE}, fetch or export it again",
                source=checkpoint.source,
            )

    def inputs(self, frames: Frames) -> EncoderInputs:
        """Frames resized to one square each, by way of the size that tiles would be cut from.

        The second resize is what transformers' `SmolVLMVideoProcessor` and `Idefics3ImageProcessor` do where pictures
        are not split. Both take 12 to 25 ms of processor time a frame, 2 to 4 percent of encoding it in bfloat16; one
        alone would take 1 to 5, and differ by 0.2 to 0.4 levels of 255 on average, 19 at most: models are shown what
        they were trained with.
        """
        config, side = self.picture_config, self.picture_side
        made = torch.empty(len(frames.images), 3, side, side, dtype=torch.uint8)
        for place, image in enumerate(frames.images):
            if place and np.array_equal(image, frames.images[place - 1]):
                made[place] = made[place - 1]  # a screen or slide that stands still, exactly
                continue
            picture = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
            if config.get("do_resize", True):
                height, width = longest_edge(image.shape[0], image.shape[1], self._longest_edge)
                picture = image_ops.resize(picture, height, width, int(config["resample"]))
            made[place] = image_ops.resize(picture, side, side, int(config["resample"]))[0]
        mask = torch.ones(1, len(made), side, side, dtype=torch.bool)
        return {"pixel_values": image_ops.normalized(made, config)[None], "pixel_attention_mask": mask}

    def chunks(self, inputs: EncoderInputs) -> list[EncoderInputs]:
        """A few frames at once: frames do not see each other."""
        num_frames = inputs["pixel_values"].shape[1]
        step = self.frames_at_once(num_frames)
        starts = range(0, num_frames, step)
        return [{name: value[:, start : start + step] for name, value in inputs.items()} for start in starts]

    def frames_at_once(self, num_frames: int) -> int:
        """The frames that are encoded together: they have the pixels of one large one."""
        return min(num_frames, max(1, CHUNK_PIXELS // self.picture_side**2))

    def encode(self, model: PreTrainedModel, inputs: EncoderInputs) -> Encoded:
        """Run the visual half; every frame has as many rows."""
        found = super().encode(model, inputs)
        num_frames = inputs["pixel_values"].shape[1]
        return type(found)(values=found.values, layout={"runs": [len(found.values) // num_frames] * num_frames})

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:  # noqa: ARG002
        """The layout of a clip: each frame has as many rows, whatever its shape."""
        patches = self.picture_side // self.config.vision_config.patch_size
        return {"runs": [patches**2 // self.config.scale_factor**2] * len(times_s)}

    @property
    def picture_config(self) -> ProcessorConfig:
        """What the checkpoint says of pictures."""
        found = self.processing.image or self.processing.video
        return {**self.image_defaults, **{name: value for name, value in found.items() if value is not None}}

    @property
    def _longest_edge(self) -> int:
        """The longest edge to which frames are first resized, pixels."""
        return min(_LARGEST_EDGE, int(self.picture_config["size"]["longest_edge"]))

    @property
    def picture_side(self) -> int:
        """The side of the square that a frame becomes, pixels."""
        return int(self.picture_config["max_image_size"]["longest_edge"])

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
        """The rate of the checkpoint's `video_sampling`, which stands in its config for pictures."""
        sampling = self.processing.image.get("video_sampling")
        return super().frame_rate.said(sampling if isinstance(sampling, dict) else {})

    @property
    def picture_config(self) -> ProcessorConfig:
        """What the checkpoint says of videos; most say it among what they say of pictures."""
        found = self.processing.of_clips
        sampling = found.get("video_sampling") or {}
        said = {"size": sampling.get("video_size"), **found}
        return {**self.image_defaults, **{name: value for name, value in said.items() if value is not None}}

    @property
    def chat_template(self) -> str | None:
        """The family's template for videos (transformers' `SmolVLMProcessor`)."""
        return TEMPLATE

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


def longest_edge(height: int, width: int, edge: int) -> tuple[int, int]:
    """The size whose longer side is `edge`, whose shape is kept and whose other side is even. Source:
    `get_resize_output_image_size` of transformers' `SmolVLMVideoProcessor`."""
    ratio = width / height
    if width >= height:
        other = int(edge / ratio)
        return max(1, other + other % 2), edge
    other = int(edge * ratio)
    return edge, max(1, other + other % 2)
