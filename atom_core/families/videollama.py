"""VideoLLaMA 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import torch

from atom_core.families.base import Encoded, EncoderInputs, FrameRate, clip_times_s, encoded
from atom_core.families.frames import image_ops
from atom_core.families.frames.image_ops import ProcessorConfig
from atom_core.families.qwen import Qwen2VL
from atom_core.records import Features, Frames

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.families.prompt import Visual

_THRESHOLD = 0.1


class VideoLlama3(Qwen2VL):
    """VideoLLaMA 3: the time of each frame before it; tokens that hardly change from frame to frame are left out."""

    model_types = ("video_llama_3",)
    title = "VideoLLaMA 3"
    version = 1
    pictures_are_larger = False
    notes = "native video with timestamps; tokens that do not change from frame to frame are left out"
    default_rate = FrameRate(fps=1.0, min_frames=4, max_frames=180)
    video_defaults: ClassVar[ProcessorConfig] = {
        **Qwen2VL.video_defaults,
        "temporal_patch_size": 1,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "use_token_compression": True,
    }

    def size(self, height: int, width: int, num_frames: int, config: ProcessorConfig) -> tuple[int, int]:
        """What frames are resized to: the upper bound is for all together."""
        bounds = config["size"]
        factor = config["patch_size"] * config["merge_size"]
        least, most = self.within_setting(bounds["shortest_edge"], bounds["longest_edge"] // num_frames)
        return image_ops.smart_size(height, width, factor, least, most)

    def inputs(self, frames: Frames) -> EncoderInputs:
        """Patches of all frames, their grid, and which visual tokens are kept."""
        found = super().inputs(frames)
        config = self.video_config
        grid = found["video_grid_thw"][0].tolist()
        kept = torch.ones(grid[0], grid[1] * grid[2] // config["merge_size"] ** 2, dtype=torch.bool)
        if config["use_token_compression"] and grid[0] > 1:
            kept = changed(found["pixel_values_videos"], grid, config["merge_size"])
        return {
            "pixel_values_videos": found["pixel_values_videos"],
            "video_grid_thw": found["video_grid_thw"],
            "video_merge_sizes": torch.tensor([config["merge_size"]]),
            "video_compression_mask": kept.flatten(),
        }

    def encode(self, model: PreTrainedModel, inputs: EncoderInputs) -> Encoded:
        """Run the visual half; a run for each frame, of the kept tokens."""
        output = model.get_video_features(  # type: ignore[operator]
            pixel_values_videos=inputs["pixel_values_videos"],
            video_grid_thw=inputs["video_grid_thw"],
            video_merge_sizes=inputs["video_merge_sizes"],
        )
        num_frames = int(inputs["video_grid_thw"][0, 0])
        rows = torch.cat(list(output.pooler_output))
        kept = inputs["video_compression_mask"].reshape(num_frames, -1)
        return encoded([frame[mask] for frame, mask in zip(rows.reshape(*kept.shape, -1), kept, strict=True)])

    def visual_texts(self, features: Features) -> list[str]:
        """The wording of transformers' `VideoLlama3Processor.replace_video_token`."""
        pairs = zip(clip_times_s(features), features.layout["runs"], strict=True)
        return [",".join(f"Time {time_s:.1f}s:{self.image_token * rows}" for time_s, rows in pairs)]

    def positions(self, ids: Sequence[int], visuals: Sequence[Visual]) -> torch.Tensor | None:  # noqa: ARG002
        """Plain counting."""
        return None


def changed(patches: torch.Tensor, grid: list[int], merge: int) -> torch.Tensor:
    """Which visual tokens differ from those of the frame before, bool [T, N]; at least one of each frame. Source:
    `_get_compression_mask` of transformers' `VideoLlama3VideoProcessor`."""
    t, h, w = grid
    tokens = patches.reshape(t, (h // merge) * (w // merge), -1)
    difference = (tokens[1:] - tokens[:-1]).abs().mean(dim=-1) * 255
    kept = torch.cat([torch.ones(1, tokens.shape[1], dtype=torch.bool), difference > _THRESHOLD])
    kept[~kept.any(dim=1), 0] = True
    return kept
