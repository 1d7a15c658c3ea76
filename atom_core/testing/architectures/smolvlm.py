"""Checkpoints of SmolVLM and Idefics3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atom_core.testing import templates
from atom_core.testing.architectures.parts import HALF, Recipe, Sizes, text_config, vision_config


def _idefics3(model_type: str, vision: str) -> Callable[[Sizes, Mapping[str, int]], dict[str, object]]:
    def config(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
        return {
            "model_type": model_type,
            "vision_config": vision_config(sizes, vision),
            "text_config": text_config(
                sizes, ids, "llama", rope_parameters={"rope_type": "default", "rope_theta": 1e5}
            ),
            "scale_factor": sizes.scale_factor,
            "image_token_id": ids["image"],
            "pad_token_id": ids["pad"],
            "tie_word_embeddings": False,
        }

    return config


def _idefics3_files(name: str) -> Callable[[Sizes], dict[str, dict[str, object]]]:
    def files(sizes: Sizes) -> dict[str, dict[str, Any]]:
        rows = (sizes.image_size // sizes.patch_size) ** 2 // sizes.scale_factor**2
        return {
            "preprocessor_config.json": {
                "image_processor_type": f"{name}ImageProcessor",
                "size": {"longest_edge": 4 * sizes.image_size},
                "max_image_size": {"longest_edge": sizes.image_size},
                "resample": 1,
                **HALF,
            },
            "processor_config.json": {"processor_class": f"{name}Processor", "image_seq_len": rows},
        }

    return files


_IDEFICS3_TOKENS = {
    "pad": "<|im_end|>",
    "bos": "<|im_start|>",
    "eos": "<end_of_utterance>",
    "image": "<image>",
    "fake": "<fake_token_around_image>",
    "global": "<global-img>",
}


RECIPES: dict[str, Recipe] = {
    "smolvlm": Recipe(
        config=_idefics3("smolvlm", "smolvlm_vision"),
        tokens=_IDEFICS3_TOKENS,
        template=templates.SMOLVLM,
        files=_idefics3_files("SmolVLM"),
    ),
    "idefics3": Recipe(
        config=_idefics3("idefics3", "idefics3_vision"),
        tokens=_IDEFICS3_TOKENS,
        template=templates.IDEFICS3,
        files=_idefics3_files("Idefics3"),
    ),
}
