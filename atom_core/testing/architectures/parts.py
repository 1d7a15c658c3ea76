"""What recipes have in common: sizes, halves, tokens and processor files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen


@frozen(kw_only=True)
class Sizes:
    """Dimensions of a model. The defaults are tiny."""

    text_width: int = 64
    """Width of the language half; also that of the visual tokens."""
    text_layers: int = 2
    """Layers."""
    text_heads: int = 4
    """Attention heads."""
    text_kv_heads: int = 2
    """Heads of keys and values."""
    text_mlp: int = 128
    """Width inside the feed-forward layers."""
    vision_width: int = 32
    """Width of the vision tower."""
    vision_layers: int = 2
    """Layers."""
    vision_heads: int = 2
    """Attention heads."""
    vision_mlp: int = 64
    """Width inside the feed-forward layers."""
    image_size: int = 32
    """Side of a frame, pixels, for families with one fixed size."""
    patch_size: int = 8
    """Side of a patch, pixels."""
    scale_factor: int = 2
    """How many patches on a side become one visual token."""
    vocab_size: int = 0
    """Tokens; 0 is as few as the tokenizer needs."""
    max_tokens: int = 4096
    """Length of the context."""
    sliding_window: int = 24
    """How far sliding layers look back, tokens."""

    @property
    def head_width(self) -> int:
        """Width of an attention head of the language half."""
        return self.text_width // self.text_heads


@frozen(kw_only=True)
class Recipe:
    """How to make a family's checkpoint."""

    config: Callable[[Sizes, Mapping[str, int]], dict[str, Any]]
    """The config, given the sizes and the ids of `tokens`."""
    tokens: Mapping[str, str]
    """The special tokens, by what they are for; ``pad`` and ``eos`` always."""
    template: str | None
    """The chat template; None for families without."""
    files: Callable[[Sizes], dict[str, dict[str, Any]]] = lambda _: {}
    """Processor files, by name."""
    adds_bos: bool = False
    """Whether the tokenizer writes ``bos`` before every text."""
    generation: Mapping[str, Any] = field(factory=dict)
    """Further entries of the generation config."""


CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}

CHATML_TOKENS = {"pad": "<|endoftext|>", "eos": "<|im_end|>", "turn": "<|im_start|>"}
QWEN_TOKENS = {
    **CHATML_TOKENS,
    "vision_start": "<|vision_start|>",
    "vision_end": "<|vision_end|>",
    "image": "<|image_pad|>",
    "video": "<|video_pad|>",
}


def text_config(sizes: Sizes, ids: Mapping[str, int], model_type: str, **more: Any) -> dict[str, Any]:
    """The config of a language half."""
    return {
        "model_type": model_type,
        "vocab_size": sizes.vocab_size,
        "hidden_size": sizes.text_width,
        "intermediate_size": sizes.text_mlp,
        "num_hidden_layers": sizes.text_layers,
        "num_attention_heads": sizes.text_heads,
        "num_key_value_heads": sizes.text_kv_heads,
        "head_dim": sizes.head_width,
        "max_position_embeddings": sizes.max_tokens,
        "pad_token_id": ids["pad"],
        "bos_token_id": ids.get("bos", ids["eos"]),
        "eos_token_id": ids["eos"],
        "tie_word_embeddings": False,
        **more,
    }


def vision_config(sizes: Sizes, model_type: str, **more: Any) -> dict[str, Any]:
    """The config of a vision tower."""
    return {
        "model_type": model_type,
        "hidden_size": sizes.vision_width,
        "intermediate_size": sizes.vision_mlp,
        "num_hidden_layers": sizes.vision_layers,
        "num_attention_heads": sizes.vision_heads,
        "image_size": sizes.image_size,
        "patch_size": sizes.patch_size,
        **more,
    }


def fixed_size_files(name: str, *, crop: bool, **norm: object) -> Callable[[Sizes], dict[str, dict[str, object]]]:
    """Processor files of families that make every frame one square."""

    def files(sizes: Sizes) -> dict[str, dict[str, Any]]:
        square = {"height": sizes.image_size, "width": sizes.image_size}
        size = {"size": {"shortest_edge": sizes.image_size}, "crop_size": square} if crop else {"size": square}
        common = {**size, "do_center_crop": crop or None, "resample": 3, **norm}
        return {
            "preprocessor_config.json": {"image_processor_type": f"{name}ImageProcessor", **common},
            "video_preprocessor_config.json": {"video_processor_type": f"{name}VideoProcessor", **common},
        }

    return files


def patch_files(prefix: str, temporal: int, **norm: object) -> Callable[[Sizes], dict[str, dict[str, object]]]:
    """Processor files of families that keep a frame's shape."""

    def files(sizes: Sizes) -> dict[str, dict[str, Any]]:
        side = sizes.patch_size * sizes.scale_factor
        common = {
            "size": {"shortest_edge": 4 * side**2, "longest_edge": 96 * side**2},
            "patch_size": sizes.patch_size,
            "merge_size": sizes.scale_factor,
            "temporal_patch_size": temporal,
            "resample": 3,
            **norm,
        }
        return {
            "preprocessor_config.json": {"image_processor_type": f"{prefix}ImageProcessor", **common},
            "video_preprocessor_config.json": {"video_processor_type": f"{prefix}VideoProcessor", **common},
        }

    return files


def alternating_layers(first: str) -> Callable[[Sizes], dict[str, object]]:
    """Layers of the kind `first` and of full attention in turn."""

    def layers(sizes: Sizes) -> dict[str, Any]:
        return {"layer_types": [("full_attention" if n % 2 else first) for n in range(sizes.text_layers)]}

    return layers
