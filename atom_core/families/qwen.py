"""Qwen2-VL, Qwen2.5-VL, Qwen3-VL and Qwen3.5.

Positions have three axes: time, height and width. Text counts on all three together, a picture's tokens count on each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from attrs import evolve

from atom_core.families.base import (
    Encoded,
    EncoderInputs,
    Family,
    FrameRate,
    LanguageInputs,
    Layout,
    clip_times_s,
    encoded,
)
from atom_core.families.frames import image_ops
from atom_core.families.frames.image_ops import ProcessorConfig
from atom_core.families.prompt import PrefillChunk, Visual
from atom_core.records import Features, Frames

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Qwen2VL(Family):
    """Qwen2-VL: native video, two frames to a patch."""

    model_types = ("qwen2_vl",)
    title = "Qwen2-VL"
    notes = "native video, two frames to a patch"
    placeholder = "<|video_pad|>"
    content_type = "video"
    token_field = "video_token_id"
    uses_image_processor = False
    version = 2
    default_rate = FrameRate(fps=2.0, min_frames=4, max_frames=768, multiple_of=2)
    video_defaults: ClassVar[ProcessorConfig] = {
        "size": {"shortest_edge": 128 * 28 * 28, "longest_edge": 28 * 28 * 768},
        "max_video_tokens": 128000,
        "cap_pixels_per_frame": True,
        "patch_size": 14,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "resample": 3,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    }
    """Entries of the family's video processor where the checkpoint has none."""
    pictures_are_larger: ClassVar[bool] = True
    """Whether what a checkpoint says of pictures alone allows them more pixels than a frame of a video has."""

    def inputs(self, frames: Frames) -> EncoderInputs:
        """Patches of all frames, and their grid."""
        config = self.video_config
        pictures = image_ops.stack(frames)
        missing = self.num_pictures(len(pictures), config) - len(pictures)
        pictures = torch.cat([pictures, pictures[-1:].expand(missing, -1, -1, -1)]) if missing else pictures
        height, width = self.size(pictures.shape[-2], pictures.shape[-1], pictures.shape[0], config)
        pictures = image_ops.normalized(image_ops.resize(pictures, height, width, int(config["resample"])), config)
        patches, grid = image_ops.patchify(
            pictures, config["patch_size"], config["merge_size"], config["temporal_patch_size"]
        )
        return {
            "pixel_values_videos": patches,
            "video_grid_thw": torch.tensor([grid]),
            "timestamps_s": frames.timestamps_s,
            "seconds_per_grid": config["temporal_patch_size"] * frames.clip.duration_s / len(frames.images),
        }

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:
        """The grid."""
        config, temporal = self.video_config, self.video_config["temporal_patch_size"]
        num_frames = self.num_pictures(len(times_s), config)
        new_h, new_w = self.size(height, width, num_frames, config)
        t, h, w = -(-num_frames // temporal), new_h // config["patch_size"], new_w // config["patch_size"]
        seconds = temporal * (times_s[-1] - times_s[0]) / len(times_s)
        return {"runs": [h * w // config["merge_size"] ** 2] * t, "grid": [t, h, w], "seconds_per_grid": seconds}

    def num_pictures(self, num_frames: int, config: ProcessorConfig) -> int:  # noqa: ARG002
        """How many pictures a clip of so many frames becomes."""
        return num_frames

    def frame_pixels(self, num_frames: int) -> int:
        """Pixels of a frame, at least those that a checkpoint for large frames resizes them to."""
        height, width = self.size(2**14, 2**14, num_frames, self.video_config)
        return max(super().frame_pixels(num_frames), height * width)

    def size(self, height: int, width: int, num_frames: int, config: ProcessorConfig) -> tuple[int, int]:
        """What frames are resized to: each within the bounds."""
        least, most = self.bounds(num_frames, config)
        return image_ops.smart_size(height, width, config["patch_size"] * config["merge_size"], least, most)

    def bounds(self, num_frames: int, config: ProcessorConfig) -> tuple[int, int]:
        """Fewest and most pixels of a frame: no more than its share of what a video may have. Source: `resize` of
        transformers' `Qwen2VLVideoProcessor` with `cap_pixels_per_frame`, as the model's authors have it."""
        least, most = config["size"]["shortest_edge"], config["size"]["longest_edge"]
        if config.get("cap_pixels_per_frame"):
            factor = config["patch_size"] * config["merge_size"]
            whole = int(config["max_video_tokens"] * factor**2 * 0.9)
            most = max(min(most, whole * config["temporal_patch_size"] // num_frames), int(least * 1.05))
        return self.within_setting(least, most)

    def within_setting(self, least: int, most: int, num_frames: int = 1) -> tuple[int, int]:
        """Bounds of the pixels of so many frames, no higher than what is set."""
        most = most if self.most_frame_pixels is None else min(most, self.most_frame_pixels * num_frames)
        return min(least, most), most

    @property
    def video_config(self) -> ProcessorConfig:
        """What the checkpoint says of videos, or else of pictures; older ones bound the pixels by other names."""
        found = self.processing.of_clips
        config = {**self.video_defaults, **{name: value for name, value in found.items() if value is not None}}
        size = dict(config["size"])
        size["shortest_edge"] = found.get("min_pixels") or size.get("shortest_edge") or size["min_pixels"]
        size["longest_edge"] = found.get("max_pixels") or size.get("longest_edge") or size["max_pixels"]
        if not self.processing.video and self.pictures_are_larger:
            size["longest_edge"] = min(size["longest_edge"], self.video_defaults["size"]["longest_edge"])
        return {**config, "size": size}

    def encode(self, model: PreTrainedModel, inputs: EncoderInputs) -> Encoded:
        """Run the visual half; a run for each pair of frames."""
        output = model.get_video_features(  # type: ignore[operator]
            pixel_values_videos=inputs["pixel_values_videos"], video_grid_thw=inputs["video_grid_thw"]
        )
        grid = inputs["video_grid_thw"][0].tolist()
        rows = torch.cat(list(output.pooler_output))
        found = encoded(rows.reshape(grid[0], -1, rows.shape[-1]))
        layout = {**found.layout, "grid": grid, "seconds_per_grid": inputs["seconds_per_grid"]}
        stacked = getattr(output, "deepstack_features", None) or ()
        extra = {f"deepstack_{index}": torch.cat(list(level)) for index, level in enumerate(stacked)}
        return evolve(found, layout=layout, extra=extra)

    def visual_texts(self, features: Features) -> list[str]:
        """A video token for each row."""
        return [self.image_token * features.values.shape[0]]

    def positions(self, ids: Sequence[int], visuals: Sequence[Visual]) -> torch.Tensor | None:
        """[3, N]. Source: `get_rope_index` of transformers' `Qwen2VLModel` and its successors."""
        merge = int(self.config.vision_config.spatial_merge_size)
        parts: list[torch.Tensor] = []
        at = place = 0
        for visual in visuals:
            text = visual.start - place
            parts.append(torch.arange(text).expand(3, -1) + at)
            at += text
            rows = visual.num_tokens
            _, h, w = visual.features.layout["grid"]
            h, w = h // merge, w // merge
            t = torch.arange(rows // (h * w))
            times = (t * self.time_step(visual.features)).long()
            axes = torch.meshgrid(times, torch.arange(h), torch.arange(w), indexing="ij")
            parts.append(torch.stack(axes).reshape(3, -1) + at)
            at += max(h, w)
            place = visual.start + rows
        parts.append(torch.arange(len(ids) - place).expand(3, -1) + at)
        return torch.cat(parts, dim=1)

    def time_step(self, features: Features) -> float:  # noqa: ARG002
        """How far apart two rows of a clip's grid are on the axis of time."""
        return 1.0


class Qwen25VL(Qwen2VL):
    """Qwen2.5-VL: positions follow the clock."""

    model_types = ("qwen2_5_vl",)
    title = "Qwen2.5-VL"
    notes = "native video; positions follow the clock"

    def time_step(self, features: Features) -> float:
        """Positions per second times seconds per row, in the float32 that transformers' processor hands on."""
        seconds = torch.tensor(features.layout["seconds_per_grid"], dtype=torch.float32)
        return float(self.config.vision_config.tokens_per_second * seconds)


class Qwen3VL(Qwen2VL):
    """Qwen3-VL: the time of each pair of frames is written before it, and early layers get features of their own."""

    model_types = ("qwen3_vl",)
    title = "Qwen3-VL"
    notes = "native video with timestamps; deepstack features are kept with the clip's; one frame is shown twice"
    video_defaults: ClassVar[ProcessorConfig] = {
        **Qwen2VL.video_defaults,
        "size": {"shortest_edge": 128 * 32 * 32, "longest_edge": 32 * 32 * 768},
        "max_video_tokens": 768,
        "patch_size": 16,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }

    pictures_are_larger = False  # the bounds are those of all frames

    def num_pictures(self, num_frames: int, config: ProcessorConfig) -> int:
        """The pictures that are made of `num_frames` frames, at least those that one patch spans."""
        return max(num_frames, int(config["temporal_patch_size"]))

    def size(self, height: int, width: int, num_frames: int, config: ProcessorConfig) -> tuple[int, int]:
        """What frames are resized to: all together within the bounds. Source: `smart_resize` of transformers'
        `Qwen3VLVideoProcessor`."""
        temporal, factor = config["temporal_patch_size"], config["patch_size"] * config["merge_size"]
        least, most = self.bounds(num_frames, config)
        if height < factor or width < factor:
            scale = max(factor / height, factor / width)
            height, width = int(height * scale), int(width * scale)
        frames = round(num_frames / temporal) * temporal
        new_h, new_w = round(height / factor) * factor, round(width / factor) * factor
        if frames * new_h * new_w > most:
            beta = math.sqrt((num_frames * height * width) / most)
            new_h = max(factor, math.floor(height / beta / factor) * factor)
            new_w = max(factor, math.floor(width / beta / factor) * factor)
        elif frames * new_h * new_w < least:
            beta = math.sqrt(least / (num_frames * height * width))
            new_h = math.ceil(height * beta / factor) * factor
            new_w = math.ceil(width * beta / factor) * factor
        return new_h, new_w

    def bounds(self, num_frames: int, config: ProcessorConfig) -> tuple[int, int]:
        """Fewest and most pixels of all frames: each has its share, and no more than `max_video_tokens` become. Source:
        `resize` of transformers' `Qwen3VLVideoProcessor` with `cap_pixels_per_frame`, as the model's authors have it.
        """
        least, most = config["size"]["shortest_edge"], config["size"]["longest_edge"]
        if config.get("cap_pixels_per_frame"):
            of_one = config["max_video_tokens"] * (config["patch_size"] * config["merge_size"]) ** 2
            most = max(min(of_one, most // num_frames), int(least * 1.05)) * num_frames
        return self.within_setting(least, most, num_frames)

    def encode(self, model: PreTrainedModel, inputs: EncoderInputs) -> Encoded:
        """Run the visual half; the times of the pairs are kept with the rows."""
        found = super().encode(model, inputs)
        return evolve(found, layout={**found.layout, "times_s": self._middles_s(inputs["timestamps_s"])})

    def expected_layout(self, times_s: Sequence[float], height: int, width: int) -> Layout:
        """The grid, and the times of the pairs."""
        return {**super().expected_layout(times_s, height, width), "times_s": self._middles_s(times_s)}

    def _middles_s(self, times_s: Sequence[float]) -> list[float]:
        pair, times = self.video_config["temporal_patch_size"], list(times_s)
        times += times[-1:] * (-len(times) % pair)
        return [(times[at] + times[at + pair - 1]) / 2 for at in range(0, len(times), pair)]

    def visual_texts(self, features: Features) -> list[str]:
        """The wording of transformers' `Qwen3VLProcessor.replace_video_token`."""
        around = getattr(self.tokenizer, "vision_start_token", None), getattr(self.tokenizer, "vision_end_token", None)
        start, end = around[0] or "<|vision_start|>", around[1] or "<|vision_end|>"
        pairs = zip(clip_times_s(features, features.layout["times_s"]), features.layout["runs"], strict=True)
        return ["".join(f"<{time_s:.1f} seconds>{start}{self.image_token * rows}{end}" for time_s, rows in pairs)]

    def language_inputs(
        self, language: PreTrainedModel, ids: Sequence[Sequence[int]], chunks: Sequence[PrefillChunk]
    ) -> LanguageInputs:
        """Features for early layers, and where they go."""
        levels = sorted({name for chunk in chunks for visual in chunk.prompt.visuals for name in visual.features.extra})
        if not levels:
            return super().language_inputs(language, ids, chunks)
        seen = torch.zeros(len(ids), len(ids[0]), dtype=torch.bool)
        found: list[list[torch.Tensor]] = [[] for _ in levels]
        for row, chunk in enumerate(chunks):
            for visual in chunk.prompt.visuals:
                first, last = max(visual.start, chunk.start), min(visual.start + visual.num_tokens, chunk.end)
                if first >= last:
                    continue
                seen[row, first - chunk.start : last - chunk.start] = True
                skip = visual.row - visual.start
                for level, name in enumerate(levels):
                    found[level].append(visual.features.extra[name][first + skip : last + skip])
        if not found[0]:
            return {}
        return {"visual_pos_masks": seen, "deepstack_visual_embeds": [torch.cat(rows) for rows in found]}


class Qwen35(Qwen3VL):
    """Qwen3.5: three layers of four keep a state of fixed size."""

    model_types = ("qwen3_5",)
    title = "Qwen3.5"
    notes = "native video with timestamps; prefixes are kept whole, prompts are read one by one, decoded together"
