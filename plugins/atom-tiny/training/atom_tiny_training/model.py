"""The architecture, and writing it out as a Hugging Face folder in SmolVLM format."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atom_tiny_training.tokenizer import build

if TYPE_CHECKING:
    from transformers import SmolVLMForConditionalGeneration

IMAGE_SIZE, PATCH, FRAMES = 64, 8, 8
VISION_WIDTH, TEXT_WIDTH = 128, 192


def new_model(seed: int) -> SmolVLMForConditionalGeneration:
    """A randomly initialised model; one image token per frame."""
    import torch
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    torch.manual_seed(seed)
    tokenizer = build()
    ids = {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    vision = {
        "model_type": "smolvlm_vision",
        "hidden_size": VISION_WIDTH,
        "intermediate_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "image_size": IMAGE_SIZE,
        "patch_size": PATCH,
    }
    text = {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": TEXT_WIDTH,
        "intermediate_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 6,
        "num_key_value_heads": 6,
        "head_dim": 32,
        "max_position_embeddings": 1024,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
        **ids,
    }
    config = SmolVLMConfig(
        vision_config=vision,
        text_config=text,
        scale_factor=IMAGE_SIZE // PATCH,
        image_token_id=tokenizer.get_vocab()["<image>"],
        tie_word_embeddings=True,
        **ids,
    )
    return SmolVLMForConditionalGeneration(config)


def image_processor() -> Any:
    """SmolVLM's PIL processor, set to one LANCZOS resize to the model's square."""
    from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

    return SmolVLMImageProcessorPil(
        do_resize=False,
        do_image_splitting=False,
        do_pad=False,
        do_convert_rgb=True,
        do_rescale=True,
        do_normalize=True,
        size={"longest_edge": IMAGE_SIZE},
        max_image_size={"longest_edge": IMAGE_SIZE},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )


def save(model: SmolVLMForConditionalGeneration, folder: Path, *, half: bool = True) -> None:
    """Write the complete folder: weights (fp16 storage by default), config, tokenizer, processor and chat template."""
    import torch
    from transformers import GenerationConfig
    from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = build()
    config = model.config
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=False,
        max_new_tokens=64,
    )
    dtype = torch.float16 if half else torch.float32
    state = {k: v.detach().to(dtype).contiguous() for k, v in model.state_dict().items() if k != "lm_head.weight"}
    from safetensors.torch import save_file

    save_file(state, folder / "model.safetensors.new", metadata={"format": "pt"})
    os.replace(folder / "model.safetensors.new", folder / "model.safetensors")
    config.architectures = ["SmolVLMForConditionalGeneration"]
    config.dtype = "float32"
    config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(DEFAULT_CHAT_TEMPLATE)
    images = image_processor().to_dict()
    _write(folder / "preprocessor_config.json", images | {"processor_class": "SmolVLMProcessor"})
    _write(folder / "processor_config.json", {"processor_class": "SmolVLMProcessor", "image_seq_len": 1})
    video = {
        "video_processor_type": "SmolVLMVideoProcessor",
        "processor_class": "SmolVLMProcessor",
        "size": {"longest_edge": IMAGE_SIZE},
        "max_image_size": {"longest_edge": IMAGE_SIZE},
        "resample": 1,
        "do_sample_frames": True,
        "num_frames": FRAMES,
        "min_frames": FRAMES,  # of every clip, however short
        "fps": 1,
        "do_pad": False,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    _write(folder / "video_preprocessor_config.json", video)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, default=str) + "\n")


def load(folder: Path) -> Any:
    """The model of a checkpoint folder, in float32."""
    import torch
    from transformers import AutoModelForImageTextToText

    logging.getLogger("transformers").setLevel(logging.ERROR)
    return AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
