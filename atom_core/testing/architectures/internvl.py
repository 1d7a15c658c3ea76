"""Checkpoints of InternVL."""

from __future__ import annotations

from collections.abc import Mapping

from atom_core.testing import templates
from atom_core.testing.architectures.parts import (
    CHATML_TOKENS,
    CLIP,
    Recipe,
    Sizes,
    fixed_size_files,
    text_config,
    vision_config,
)


def _internvl(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, object]:
    square = {"image_size": [sizes.image_size] * 2, "patch_size": [sizes.patch_size] * 2}
    return {
        "model_type": "internvl",
        "vision_config": vision_config(sizes, "internvl_vision", **square),
        "text_config": text_config(sizes, ids, "qwen2"),
        "image_token_id": ids["image"],
        "image_seq_length": (sizes.image_size // sizes.patch_size // sizes.scale_factor) ** 2,
        "downsample_ratio": 1 / sizes.scale_factor,
        "tie_word_embeddings": False,
    }


RECIPES: dict[str, Recipe] = {
    "internvl": Recipe(
        config=_internvl,
        tokens={
            **CHATML_TOKENS,
            "start": "<img>",
            "end": "</img>",
            "image": "<IMG_CONTEXT>",
            "video": "<video>",
        },
        template=templates.INTERNVL,
        files=fixed_size_files("InternVL", crop=False, **CLIP),
    ),
}
