"""Checkpoints of LFM2-VL."""

from __future__ import annotations

from collections.abc import Mapping

from atom_core.testing import templates
from atom_core.testing.architectures.parts import HALF, Recipe, Sizes, alternating_layers, text_config, vision_config


def _lfm2_vl(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, object]:
    vision = vision_config(sizes, "siglip2_vision_model", num_patches=64, vision_use_head=False)
    del vision["image_size"]
    text = text_config(
        sizes, ids, "lfm2", conv_L_cache=3, block_auto_adjust_ff_dim=False, **alternating_layers("conv")(sizes)
    )
    return {
        "model_type": "lfm2_vl",
        "vision_config": vision,
        "text_config": text,
        "image_token_id": ids["image"],
        "projector_hidden_size": 64,
        "downsample_factor": sizes.scale_factor,
        "tie_word_embeddings": False,
    }


def _lfm2_vl_files(sizes: Sizes) -> dict[str, dict[str, object]]:
    about = {
        "image_processor_type": "Lfm2VlImageProcessor",
        "downsample_factor": sizes.scale_factor,
        "min_image_tokens": 4,
        "max_image_tokens": 16,
        "encoder_patch_size": sizes.patch_size,
        "resample": 2,
        **HALF,
    }
    return {"preprocessor_config.json": about}


RECIPES: dict[str, Recipe] = {
    "lfm2_vl": Recipe(
        config=_lfm2_vl,
        tokens={
            "pad": "<|pad|>",
            "bos": "<|startoftext|>",
            "eos": "<|im_end|>",
            "turn": "<|im_start|>",
            "start": "<|image_start|>",
            "end": "<|image_end|>",
            "image": "<image>",
        },
        template=templates.LFM2_VL,
        files=_lfm2_vl_files,
        adds_bos=True,
    ),
}
