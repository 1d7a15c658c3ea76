"""Checkpoints of LLaVA and its successors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atom_core.testing import templates
from atom_core.testing.architectures.parts import (
    CHATML_TOKENS,
    CLIP,
    HALF,
    Recipe,
    Sizes,
    fixed_size_files,
    text_config,
    vision_config,
)

_LLAVA_TOKENS = {"pad": "<pad>", "bos": "<s>", "eos": "</s>", "image": "<image>", "video": "<video>"}


def _llava(
    model_type: str, vision: str, text: str, **more: object
) -> Callable[[Sizes, Mapping[str, int]], dict[str, object]]:
    def config(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
        return {
            "model_type": model_type,
            "vision_config": vision_config(sizes, vision, **({"projection_dim": 16} if "clip" in vision else {})),
            "text_config": text_config(sizes, ids, text),
            "image_token_index": ids["image"],
            **({"video_token_index": ids["video"]} if model_type != "llava" else {}),
            "image_seq_length": (sizes.image_size // sizes.patch_size) ** 2,
            "tie_word_embeddings": False,
            **({"image_grid_pinpoints": [[sizes.image_size, sizes.image_size]]} if more.get("grid") else {}),
        }

    return config


RECIPES: dict[str, Recipe] = {
    "llava": Recipe(
        config=_llava("llava", "clip_vision_model", "llama"),
        tokens=_LLAVA_TOKENS,
        template=templates.LLAVA,
        files=fixed_size_files("CLIP", crop=True, **CLIP),
        adds_bos=True,
    ),
    "llava_next_video": Recipe(
        config=_llava("llava_next_video", "clip_vision_model", "llama", grid=True),
        tokens=_LLAVA_TOKENS,
        template=templates.LLAVA,
        files=fixed_size_files("LlavaNextVideo", crop=True, **CLIP),
        adds_bos=True,
    ),
    "video_llava": Recipe(
        config=_llava("video_llava", "clip_vision_model", "llama"),
        tokens=_LLAVA_TOKENS,
        template=templates.LLAVA,
        files=fixed_size_files("VideoLlava", crop=True, **CLIP),
        adds_bos=True,
    ),
    "llava_onevision": Recipe(
        config=_llava("llava_onevision", "siglip_vision_model", "qwen2", grid=True),
        tokens={**CHATML_TOKENS, "image": "<image>", "video": "<video>"},
        template=templates.LLAVA_ONEVISION,
        files=fixed_size_files("LlavaOnevision", crop=False, **HALF),
    ),
}
