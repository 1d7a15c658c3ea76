"""What checkpoints of each family look like: config, special tokens, chat template and processor files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from atom_core.testing import templates


@frozen(kw_only=True)
class Sizes:
    """Dimensions of a model. The defaults are tiny."""

    text_width: int = 64
    """Of the language half; also that of the visual tokens."""
    text_layers: int = 2
    """Layers."""
    text_heads: int = 4
    """Attention heads."""
    text_kv_heads: int = 2
    """Heads of keys and values."""
    text_mlp: int = 128
    """Width inside the feed-forward layers."""
    vision_width: int = 32
    """Of the vision tower."""
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


_CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
_HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}


def _text(sizes: Sizes, ids: Mapping[str, int], model_type: str, **more: Any) -> dict[str, Any]:
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


def _vision(sizes: Sizes, model_type: str, **more: Any) -> dict[str, Any]:
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


def _idefics3(model_type: str, vision: str) -> Callable[[Sizes, Mapping[str, int]], dict[str, Any]]:
    def config(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
        return {
            "model_type": model_type,
            "vision_config": _vision(sizes, vision),
            "text_config": _text(sizes, ids, "llama", rope_parameters={"rope_type": "default", "rope_theta": 1e5}),
            "scale_factor": sizes.scale_factor,
            "image_token_id": ids["image"],
            "pad_token_id": ids["pad"],
            "tie_word_embeddings": False,
        }

    return config


def _idefics3_files(name: str) -> Callable[[Sizes], dict[str, dict[str, Any]]]:
    def files(sizes: Sizes) -> dict[str, dict[str, Any]]:
        return {
            "preprocessor_config.json": {
                "image_processor_type": f"{name}ImageProcessor",
                "size": {"longest_edge": sizes.image_size},
                "max_image_size": {"longest_edge": sizes.image_size},
                "resample": 1,
                **_HALF,
            },
            "processor_config.json": {"processor_class": f"{name}Processor"},
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

_LLAVA_TOKENS = {"pad": "<pad>", "bos": "<s>", "eos": "</s>", "image": "<image>", "video": "<video>"}
_CHATML_TOKENS = {"pad": "<|endoftext|>", "eos": "<|im_end|>", "turn": "<|im_start|>"}
_QWEN_TOKENS = {
    **_CHATML_TOKENS,
    "vision_start": "<|vision_start|>",
    "vision_end": "<|vision_end|>",
    "image": "<|image_pad|>",
    "video": "<|video_pad|>",
}


def _llava(
    model_type: str, vision: str, text: str, **more: Any
) -> Callable[[Sizes, Mapping[str, int]], dict[str, Any]]:
    def config(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
        return {
            "model_type": model_type,
            "vision_config": _vision(sizes, vision, **({"projection_dim": 16} if "clip" in vision else {})),
            "text_config": _text(sizes, ids, text),
            "image_token_index": ids["image"],
            **({"video_token_index": ids["video"]} if model_type != "llava" else {}),
            "image_seq_length": (sizes.image_size // sizes.patch_size) ** 2,
            "tie_word_embeddings": False,
            **({"image_grid_pinpoints": [[sizes.image_size, sizes.image_size]]} if more.get("grid") else {}),
        }

    return config


def _fixed_size(name: str, *, crop: bool, **norm: Any) -> Callable[[Sizes], dict[str, dict[str, Any]]]:
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


def _internvl(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
    square = {"image_size": [sizes.image_size] * 2, "patch_size": [sizes.patch_size] * 2}
    return {
        "model_type": "internvl",
        "vision_config": _vision(sizes, "internvl_vision", **square),
        "text_config": _text(sizes, ids, "qwen2"),
        "image_token_id": ids["image"],
        "image_seq_length": (sizes.image_size // sizes.patch_size // sizes.scale_factor) ** 2,
        "downsample_ratio": 1 / sizes.scale_factor,
        "tie_word_embeddings": False,
    }


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
            "text_config": _text(sizes, ids, text_type, rope_parameters=rope, **more.get("text", lambda _: {})(sizes)),
            "image_token_id": ids["image"],
            "video_token_id": ids["video"],
            "vision_start_token_id": ids["vision_start"],
            "vision_end_token_id": ids["vision_end"],
            "tie_word_embeddings": False,
        }

    return config


def _newer_vision(sizes: Sizes) -> dict[str, Any]:
    return {
        "hidden_size": sizes.vision_width,
        "intermediate_size": sizes.vision_mlp,
        "out_hidden_size": sizes.text_width,
    }


def _alternating(first: str) -> Callable[[Sizes], dict[str, Any]]:
    def layers(sizes: Sizes) -> dict[str, Any]:
        return {"layer_types": [("full_attention" if n % 2 else first) for n in range(sizes.text_layers)]}

    return layers


def _patches(prefix: str, temporal: int, **norm: Any) -> Callable[[Sizes], dict[str, dict[str, Any]]]:
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


def _video_llama_3(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
    vision = _vision(sizes, "video_llama_3_vision")
    del vision["image_size"]
    return {
        "model_type": "video_llama_3",
        "vision_config": vision,
        "text_config": _text(sizes, ids, "qwen2"),
        "image_token_id": ids["image"],
        "video_token_id": ids["video"],
        "tie_word_embeddings": False,
    }


def _lfm2_vl(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
    vision = _vision(sizes, "siglip2_vision_model", num_patches=64, vision_use_head=False)
    del vision["image_size"]
    text = _text(sizes, ids, "lfm2", conv_L_cache=3, block_auto_adjust_ff_dim=False, **_alternating("conv")(sizes))
    return {
        "model_type": "lfm2_vl",
        "vision_config": vision,
        "text_config": text,
        "image_token_id": ids["image"],
        "projector_hidden_size": 64,
        "downsample_factor": sizes.scale_factor,
        "tie_word_embeddings": False,
    }


def _lfm2_vl_files(sizes: Sizes) -> dict[str, dict[str, Any]]:
    about = {
        "image_processor_type": "Lfm2VlImageProcessor",
        "downsample_factor": sizes.scale_factor,
        "min_image_tokens": 4,
        "max_image_tokens": 16,
        "encoder_patch_size": sizes.patch_size,
        "resample": 2,
        **_HALF,
    }
    return {"preprocessor_config.json": about}


def _gemma3(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
    text = _text(
        sizes,
        ids,
        "gemma3_text",
        sliding_window=sizes.sliding_window,
        query_pre_attn_scalar=sizes.head_width,
        **_alternating("sliding_attention")(sizes),
    )
    return {
        "model_type": "gemma3",
        "vision_config": _vision(sizes, "siglip_vision_model"),
        "text_config": text,
        "mm_tokens_per_image": (sizes.image_size // sizes.patch_size // sizes.scale_factor) ** 2,
        "image_token_index": ids["image"],
        "boi_token_index": ids["boi"],
        "eoi_token_index": ids["eoi"],
        "tie_word_embeddings": False,
    }


def _paligemma(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
    return {
        "model_type": "paligemma",
        "vision_config": _vision(sizes, "siglip_vision_model", vision_use_head=False, projection_dim=sizes.text_width),
        "text_config": _text(sizes, ids, "gemma"),
        "projection_dim": sizes.text_width,
        "hidden_size": sizes.text_width,
        "image_token_index": ids["image"],
        "tie_word_embeddings": False,
    }


def _siglip_files(name: str, **more: Any) -> Callable[[Sizes], dict[str, dict[str, Any]]]:
    def files(sizes: Sizes) -> dict[str, dict[str, Any]]:
        size = {"height": sizes.image_size, "width": sizes.image_size}
        about = {"image_processor_type": f"{name}ImageProcessor", "size": size, "resample": 3, **_HALF, **more}
        return {"preprocessor_config.json": about}

    return files


def _gemma4(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
    text = _text(
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
        **_alternating("sliding_attention")(sizes),
    )
    text["num_hidden_layers"] = sizes.text_layers + 2
    text["layer_types"] += ["sliding_attention", "full_attention"]
    vision = _vision(sizes, "gemma4_vision", pooling_kernel_size=sizes.scale_factor, position_embedding_size=256)
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


def _gemma4_files(sizes: Sizes) -> dict[str, dict[str, Any]]:
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
    "llava": Recipe(
        config=_llava("llava", "clip_vision_model", "llama"),
        tokens=_LLAVA_TOKENS,
        template=templates.LLAVA,
        files=_fixed_size("CLIP", crop=True, **_CLIP),
        adds_bos=True,
    ),
    "llava_next_video": Recipe(
        config=_llava("llava_next_video", "clip_vision_model", "llama", grid=True),
        tokens=_LLAVA_TOKENS,
        template=templates.LLAVA,
        files=_fixed_size("LlavaNextVideo", crop=True, **_CLIP),
        adds_bos=True,
    ),
    "video_llava": Recipe(
        config=_llava("video_llava", "clip_vision_model", "llama"),
        tokens=_LLAVA_TOKENS,
        template=templates.LLAVA,
        files=_fixed_size("VideoLlava", crop=True, **_CLIP),
        adds_bos=True,
    ),
    "llava_onevision": Recipe(
        config=_llava("llava_onevision", "siglip_vision_model", "qwen2", grid=True),
        tokens={**_CHATML_TOKENS, "image": "<image>", "video": "<video>"},
        template=templates.LLAVA_ONEVISION,
        files=_fixed_size("LlavaOnevision", crop=False, **_HALF),
    ),
    "internvl": Recipe(
        config=_internvl,
        tokens={
            **_CHATML_TOKENS,
            "start": "<img>",
            "end": "</img>",
            "image": "<IMG_CONTEXT>",
            "video": "<video>",
        },
        template=templates.INTERNVL,
        files=_fixed_size("InternVL", crop=False, **_CLIP),
    ),
    "qwen2_vl": Recipe(
        config=_qwen(
            "qwen2_vl",
            "qwen2_vl_text",
            vision=lambda sizes: {"embed_dim": sizes.vision_width, "hidden_size": sizes.text_width, "mlp_ratio": 2},
        ),
        tokens=_QWEN_TOKENS,
        template=templates.QWEN_VL,
        files=_patches("Qwen2VL", 2, **_CLIP),
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
        tokens=_QWEN_TOKENS,
        template=templates.QWEN_VL,
        files=_patches("Qwen2VL", 2, **_CLIP),
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
        tokens=_QWEN_TOKENS,
        template=templates.QWEN3_VL,
        files=_patches("Qwen3VL", 2, **_HALF),
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
                **_alternating("linear_attention")(sizes),
            },
        ),
        tokens=_QWEN_TOKENS,
        template=templates.QWEN3_VL,
        files=_patches("Qwen3VL", 2, **_HALF),
    ),
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
    "video_llama_3": Recipe(
        config=_video_llama_3,
        tokens=_QWEN_TOKENS,
        template=templates.VIDEO_LLAMA_3,
        files=_patches("VideoLlama3", 1, **_HALF),
    ),
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
