"""Preparing frames as transformers' torchvision-backed processors do, without torchvision.

Shape letters: T frames, C channels, H height, W width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from atom_core.errors import ModelError

if TYPE_CHECKING:
    from atom_core.records import Frames

ProcessorConfig: TypeAlias = Mapping[str, Any]
"""What a processor's JSON file says, by its own names."""

_MODES = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}


def stack(frames: Frames) -> torch.Tensor:
    """The pictures of a clip, uint8 [T, C, H, W]."""
    return torch.from_numpy(np.stack(frames.images)).permute(0, 3, 1, 2).contiguous()


def resize(pictures_TCHW: torch.Tensor, height: int, width: int, resample: int) -> torch.Tensor:
    """Pictures of another size, uint8, smoothed where they shrink.

    The arithmetic of torchvision's `resize` of bytes on a processor with AVX2.

    :param resample: as PIL numbers it
    """
    if tuple(pictures_TCHW.shape[-2:]) == (height, width):
        return pictures_TCHW
    mode = _MODES.get(resample)
    if mode is None:
        raise ModelError(f"the model's processor resizes with filter {resample}, which Atom does not know; report it")
    smooth = {"antialias": True} if mode != "nearest" else {}
    return torch.nn.functional.interpolate(pictures_TCHW, size=(height, width), mode=mode, **smooth)


def center_crop(pictures_TCHW: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The middle of pictures, black around those that are too small."""
    missing_h = max(0, height - pictures_TCHW.shape[-2])
    missing_w = max(0, width - pictures_TCHW.shape[-1])
    if missing_h or missing_w:
        margins = (missing_w // 2, (missing_w + 1) // 2, missing_h // 2, (missing_h + 1) // 2)
        pictures_TCHW = torch.nn.functional.pad(pictures_TCHW, margins)
    top = int((pictures_TCHW.shape[-2] - height) / 2.0)
    left = int((pictures_TCHW.shape[-1] - width) / 2.0)
    return pictures_TCHW[..., top : top + height, left : left + width]


def normalize(
    pictures_TCHW: torch.Tensor, mean: Sequence[float], std: Sequence[float], scale: float = 1 / 255
) -> torch.Tensor:
    """Float32 pictures of mean 0 and deviation 1; scaling and centring are one step, as in the fused reference."""
    mean_C = torch.tensor(mean) * (1.0 / scale)
    std_C = torch.tensor(std) * (1.0 / scale)
    return (pictures_TCHW.float() - mean_C[:, None, None]) / std_C[:, None, None]


def standard(frames: Frames, video: ProcessorConfig) -> torch.Tensor:
    """Frames resized, cropped and normalised by the entries of a video processor's config, float32 [T, C, H, W].

    :param video: with `size`, `resample`, `image_mean`, `image_std`, and `crop_size` where `do_center_crop` is set
    """
    pictures = stack(frames)
    height, width = _resized(pictures.shape[-2], pictures.shape[-1], video)
    if (height, width) != tuple(pictures.shape[-2:]):
        pictures = resize(pictures, height, width, int(video["resample"]))
    return normalized(center_crop(pictures, *standard_size(height, width, {**video, "do_resize": False})), video)


def standard_size(height: int, width: int, video: ProcessorConfig) -> tuple[int, int]:
    """Height and width of what `standard` makes of frames of a size."""
    if video.get("do_center_crop"):
        crop = _size(video["crop_size"])
        return crop["height"], crop["width"]
    return _resized(height, width, video)


def _resized(height: int, width: int, video: ProcessorConfig) -> tuple[int, int]:
    size = _size(video["size"])
    if not video.get("do_resize", True):
        return height, width
    if "shortest_edge" in size:
        return shortest_edge(height, width, size["shortest_edge"])
    return size["height"], size["width"]


def normalized(pictures_TCHW: torch.Tensor, video: ProcessorConfig) -> torch.Tensor:
    """Pictures normalised by the entries of a video processor's config."""
    scale = float(video.get("rescale_factor") or 1 / 255) if video.get("do_rescale", True) else 1.0
    if not video.get("do_normalize", True):
        return pictures_TCHW.float() * scale
    return normalize(pictures_TCHW, video["image_mean"], video["image_std"], scale)


def shortest_edge(height: int, width: int, edge: int) -> tuple[int, int]:
    """The size whose shorter side is `edge` and whose shape is kept."""
    short, long = sorted((height, width))
    other = int(edge * long / short)
    return (edge, other) if height <= width else (other, edge)


def smart_size(height: int, width: int, factor: int, min_pixels: int, max_pixels: int) -> tuple[int, int]:
    """The nearest size whose sides `factor` divides and whose area is within bounds. Source: `smart_resize` of
    transformers' `Qwen2VLImageProcessor`.

    :raises ModelError: for pictures more than 200 times as long as wide
    """
    if max(height, width) / min(height, width) > 200:
        raise ModelError(f"frames of {width} x {height} pixels are too narrow for this model; crop the video")
    new_h, new_w = round(height / factor) * factor, round(width / factor) * factor
    if new_h * new_w > max_pixels:
        beta = math.sqrt((height * width) / max_pixels)
        new_h = max(factor, math.floor(height / beta / factor) * factor)
        new_w = max(factor, math.floor(width / beta / factor) * factor)
    elif new_h * new_w < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        new_h = math.ceil(height * beta / factor) * factor
        new_w = math.ceil(width * beta / factor) * factor
    return new_h, new_w


def patchify(pictures_TCHW: torch.Tensor, patch: int, merge: int, temporal: int) -> tuple[torch.Tensor, list[int]]:
    """Patches [N, C * temporal * patch * patch] in blocks of `merge` x `merge`, and the grid they come from.

    The last picture is repeated until `temporal` divides their number. Source: `patchify` of transformers'
    `Qwen2VLVideoProcessor`.
    """
    missing = -pictures_TCHW.shape[0] % temporal
    pictures_TCHW = torch.cat([pictures_TCHW, pictures_TCHW[-1:].expand(missing, -1, -1, -1)])
    num_frames, channels, height, width = pictures_TCHW.shape
    t, h, w = num_frames // temporal, height // patch, width // patch
    view = pictures_TCHW.reshape(t, temporal, channels, h // merge, merge, patch, w // merge, merge, patch)
    patches = view.permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
    return patches.reshape(t * h * w, channels * temporal * patch * patch), [t, h, w]


def flat_patches(pictures_TCHW: torch.Tensor, patch: int, num_patches: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Patches [T, N, patch * patch * C] row by row, padded with 0 to N = `num_patches`; a mask [T, N] of the real ones.
    Source: `convert_image_to_patches` and `pad_along_first_dim` of transformers' `Siglip2ImageProcessor`."""
    num_frames, channels, height, width = pictures_TCHW.shape
    view = pictures_TCHW.reshape(num_frames, channels, height // patch, patch, width // patch, patch)
    patches = view.permute(0, 2, 4, 3, 5, 1).reshape(num_frames, -1, patch * patch * channels)
    missing = num_patches - patches.shape[1]
    mask = torch.ones(num_frames, patches.shape[1], dtype=torch.int32)
    return torch.nn.functional.pad(patches, (0, 0, 0, missing)), torch.nn.functional.pad(mask, (0, missing))


def _size(value: int | Mapping[str, int] | Sequence[int]) -> dict[str, int]:
    """A processor's size as named edges, whichever way its config writes it."""
    if isinstance(value, int):
        return {"height": value, "width": value}
    if isinstance(value, Mapping):
        return {name: edge for name, edge in value.items() if edge is not None}
    return {"height": value[0], "width": value[1]}
