"""Checkpoints of Gemma and PaliGemma."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atom_core.testing import templates
from atom_core.testing.architectures.parts import HALF, Recipe, Sizes, alternating_layers, text_config, vision_config


def _gemma3(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, object]:
    text = text_config(
        sizes,
        ids,
        "gemma3_text",
        sliding_window=sizes.sliding_window,
        query_pre_attn_scalar=sizes.head_width,
        **alternating_layers("sliding_attention")(sizes),
    )
    return {
        "model_type": "gemma3",
        "vision_config": vision_config(sizes, "siglip_vision_model"),
        "text_config": text,
        "mm_tokens_per_image": (sizes.image_size // sizes.patch_size // sizes.scale_factor) ** 2,
        "image_token_index": ids["image"],
        "boi_token_index": ids["boi"],
        "eoi_token_index": ids["eoi"],
        "tie_word_embeddings": False,
    }


def _paligemma(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, object]:
    return {
        "model_type": "paligemma",
        "vision_config": vision_config(
            sizes, "siglip_vision_model", vision_use_head=False, projection_dim=sizes.text_width
        ),
        "text_config": text_config(sizes, ids, "gemma"),
        "projection_dim": sizes.text_width,
        "hidden_size": sizes.text_width,
        "image_token_index": ids["image"],
        "tie_word_embeddings": False,
    }


def _siglip_files(name: str, **more: object) -> Callable[[Sizes], dict[str, dict[str, object]]]:
    def files(sizes: Sizes) -> dict[str, dict[str, Any]]:
        size = {"height": sizes.image_size, "width": sizes.image_size}
        about = {"image_processor_type": f"{name}ImageProcessor", "size": size, "resample": 3, **HALF, **more}
        return {"preprocessor_config.json": about}

    return files


def _gemma4(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
    text = text_config(
        sizes,
        ids,
        "gemma4_text",
        sliding_window=sizes.sliding_window,
        global_head_dim=sizes.head_width,
        hidden_size_per_layer_input=8,
        vocab_size_per_layer_input=sizes.vocab_size,
        final_logit_softcapping=30.0,
        use_bidirectional_attention="vision",
        num_kv_shared_layers=2,
        **alternating_layers("sliding_attention")(sizes),
    )
    text["num_hidden_layers"] = sizes.text_layers + 2
    text["layer_types"] += ["sliding_attention", "full_attention"]
    vision = vision_config(sizes, "gemma4_vision", pooling_kernel_size=sizes.scale_factor, position_embedding_size=256)
    vision |= {"num_key_value_heads": sizes.vision_heads, "head_dim": sizes.vision_width // sizes.vision_heads}
    del vision["image_size"]
    return {
        "model_type": "gemma4",
        "vision_config": vision,
        "text_config": text,
        "audio_config": None,
        "image_token_id": ids["image"],
        "video_token_id": ids["video"],
        "audio_token_id": ids["audio"],
        "boi_token_id": ids["boi"],
        "eoi_token_id": ids["eoi"],
        "tie_word_embeddings": False,
    }


def _gemma4_files(sizes: Sizes) -> dict[str, dict[str, object]]:
    about = {"patch_size": sizes.patch_size, "pooling_kernel_size": sizes.scale_factor, "resample": 3}
    return {
        "preprocessor_config.json": {"image_processor_type": "Gemma4ImageProcessor", "max_soft_tokens": 70, **about},
        "video_preprocessor_config.json": {
            "video_processor_type": "Gemma4VideoProcessor",
            "max_soft_tokens": 70,
            **about,
        },
    }


RECIPES: dict[str, Recipe] = {
    "gemma3": Recipe(
        config=_gemma3,
        tokens={
            "pad": "<pad>",
            "bos": "<bos>",
            "eos": "<end_of_turn>",
            "turn": "<start_of_turn>",
            "boi": "<start_of_image>",
            "eoi": "<end_of_image>",
            "image": "<image_soft_token>",
        },
        template=templates.GEMMA3,
        files=_siglip_files("Gemma3"),
        adds_bos=True,
    ),
    "paligemma": Recipe(
        config=_paligemma,
        tokens={"pad": "<pad>", "bos": "<bos>", "eos": "<eos>", "image": "<image>"},
        template=None,
        files=_siglip_files("Siglip", image_seq_length=16),
        adds_bos=True,
    ),
    "gemma4": Recipe(
        config=_gemma4,
        tokens={
            "pad": "<pad>",
            "bos": "<bos>",
            "eos": "<turn|>",
            "turn": "<|turn>",
            "boi": "<|image>",
            "eoi": "<image|>",
            "image": "<|image|>",
            "video": "<|video|>",
            "audio": "<|audio|>",
        },
        template=templates.GEMMA4,
        files=_gemma4_files,
        adds_bos=True,
    ),
}
