"""Checkpoints of VideoLLaMA 3."""

from __future__ import annotations

from collections.abc import Mapping

from atom_core.testing import templates
from atom_core.testing.architectures.parts import (
    HALF,
    QWEN_TOKENS,
    Recipe,
    Sizes,
    patch_files,
    text_config,
    vision_config,
)


def _video_llama_3(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, object]:
    vision = vision_config(sizes, "video_llama_3_vision")
    del vision["image_size"]
    return {
        "model_type": "video_llama_3",
        "vision_config": vision,
        "text_config": text_config(sizes, ids, "qwen2"),
        "image_token_id": ids["image"],
        "video_token_id": ids["video"],
        "tie_word_embeddings": False,
    }


RECIPES: dict[str, Recipe] = {
    "video_llama_3": Recipe(
        config=_video_llama_3,
        tokens=QWEN_TOKENS,
        template=templates.VIDEO_LLAMA_3,
        files=patch_files("VideoLlama3", 1, **HALF),
    ),
}
