"""Checkpoints of Qwen-VL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atom_core.testing import templates
from atom_core.testing.architectures.parts import (
    CLIP,
    HALF,
    QWEN_TOKENS,
    Recipe,
    Sizes,
    alternating_layers,
    patch_files,
    text_config,
)


def _qwen(model_type: str, text_type: str, **more: Any) -> Callable[[Sizes, Mapping[str, int]], dict[str, Any]]:
    def config(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
        half = sizes.head_width // 2
        sections = [half - 2 * (3 * half // 8), 3 * half // 8, 3 * half // 8]
        rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": sections, **more.get("rope", {})}
        vision = {
            "model_type": f"{model_type}_vision",
            "depth": sizes.vision_layers,
            "num_heads": sizes.vision_heads,
            "patch_size": sizes.patch_size,
            "spatial_merge_size": sizes.scale_factor,
            "temporal_patch_size": 2,
            **more.get("vision", lambda _: {})(sizes),
        }
        return {
            "model_type": model_type,
            "vision_config": vision,
            "text_config": text_config(
                sizes, ids, text_type, rope_parameters=rope, **more.get("text", lambda _: {})(sizes)
            ),
            "image_token_id": ids["image"],
            "video_token_id": ids["video"],
            "vision_start_token_id": ids["vision_start"],
            "vision_end_token_id": ids["vision_end"],
            "tie_word_embeddings": False,
        }

    return config


def _newer_vision(sizes: Sizes) -> dict[str, object]:
    return {
        "hidden_size": sizes.vision_width,
        "intermediate_size": sizes.vision_mlp,
        "out_hidden_size": sizes.text_width,
    }


RECIPES: dict[str, Recipe] = {
    "qwen2_vl": Recipe(
        config=_qwen(
            "qwen2_vl",
            "qwen2_vl_text",
            vision=lambda sizes: {"embed_dim": sizes.vision_width, "hidden_size": sizes.text_width, "mlp_ratio": 2},
        ),
        tokens=QWEN_TOKENS,
        template=templates.QWEN_VL,
        files=patch_files("Qwen2VL", 2, **CLIP),
        generation={"repetition_penalty": 1.05},
    ),
    "qwen2_5_vl": Recipe(
        config=_qwen(
            "qwen2_5_vl",
            "qwen2_5_vl_text",
            vision=lambda sizes: {
                **_newer_vision(sizes),
                "window_size": 4 * sizes.patch_size,
                "fullatt_block_indexes": [1],
                "tokens_per_second": 2,
            },
        ),
        tokens=QWEN_TOKENS,
        template=templates.QWEN_VL,
        files=patch_files("Qwen2VL", 2, **CLIP),
    ),
    "qwen3_vl": Recipe(
        config=_qwen(
            "qwen3_vl",
            "qwen3_vl_text",
            rope={"mrope_interleaved": True},
            vision=lambda sizes: {
                **_newer_vision(sizes),
                "num_position_embeddings": 64,
                "deepstack_visual_indexes": [0, 1],
            },
        ),
        tokens=QWEN_TOKENS,
        template=templates.QWEN3_VL,
        files=patch_files("Qwen3VL", 2, **HALF),
    ),
    "qwen3_5": Recipe(
        config=_qwen(
            "qwen3_5",
            "qwen3_5_text",
            rope={"mrope_interleaved": True, "partial_rotary_factor": 1.0},
            vision=lambda sizes: {**_newer_vision(sizes), "num_position_embeddings": 64},
            text=lambda sizes: {
                "linear_key_head_dim": 16,
                "linear_value_head_dim": 16,
                "linear_num_key_heads": 2,
                "linear_num_value_heads": 4,
                **alternating_layers("linear_attention")(sizes),
            },
        ),
        tokens=QWEN_TOKENS,
        template=templates.QWEN3_VL,
        files=patch_files("Qwen3VL", 2, **HALF),
    ),
}
