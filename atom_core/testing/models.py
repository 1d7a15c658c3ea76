"""Model checkpoints with random weights, complete and of any size, made in code.

A plugin's tests need a model that opens, not one that knows anything::

    folder = make_checkpoint(tmp_path / "model", "smolvlm")
    with open_host(model=folder, cache=tmp_path / "cache") as host: ...

Equal arguments make equal checkpoints. What a model says depends on the pixels it sees, and means nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from atom_core.quiet import quiet
from atom_core.testing.architectures import RECIPES, Recipe, Sizes

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

__all__ = ["FAMILIES", "REAL_SIZES", "Recipe", "Sizes", "make_checkpoint"]

FAMILIES: tuple[str, ...] = tuple(RECIPES)
"""The families that `make_checkpoint` knows."""

_SMOLVLM2_BASE = Sizes(
    vision_width=768,
    vision_layers=12,
    vision_heads=12,
    vision_mlp=3072,
    image_size=512,
    patch_size=16,
    scale_factor=4,
    vocab_size=49280,
    max_tokens=8192,
)
REAL_SIZES: Mapping[str, Sizes] = {
    "SmolVLM2-256M": evolve(
        _SMOLVLM2_BASE, text_width=576, text_layers=30, text_heads=9, text_kv_heads=3, text_mlp=1536
    ),
    "SmolVLM2-500M": evolve(
        _SMOLVLM2_BASE, text_width=960, text_layers=32, text_heads=15, text_kv_heads=5, text_mlp=2560
    ),
    "SmolVLM2-2.2B": Sizes(
        text_width=2048,
        text_layers=24,
        text_heads=32,
        text_kv_heads=32,
        text_mlp=8192,
        vision_width=1152,
        vision_layers=27,
        vision_heads=16,
        vision_mlp=4304,
        image_size=384,
        patch_size=14,
        scale_factor=3,
        vocab_size=49280,
        max_tokens=8192,
    ),
}
"""Dimensions of published models of family ``smolvlm``, for measuring: ``make_checkpoint(folder, "smolvlm",
sizes=REAL_SIZES["SmolVLM2-500M"])``."""

_SHARD_BYTES = 2**30
_EMBEDDING_STD = 0.3
_GAIN = 1.5
_CORPUS = (
    "Describe this clip in one sentence. What colour is it? What happens first? How many people are there? Frame from"
    " You are provided the following series of one two three four five six seven eight nine ten frames from a 0:00:10"
    " [H:MM:SS] video. Summarize the above in one word: Is there a star, a red circle or a blue square? user assistant"
    " system You are a helpful assistant. USER: ASSISTANT: Time 1.0s: <0.5 seconds> Answer yes or no. 00:01 00:02"
)


def make_checkpoint(
    folder: Path,
    family: str | Recipe,
    *,
    sizes: Sizes | None = None,
    seed: int = 0,
    dtype: str = "float32",
    **changes: Any,
) -> Path:
    """Write a complete Hugging Face checkpoint with random weights; its folder.

    :param folder: where to; made if needed
    :param family: one of `FAMILIES`, named as transformers names model types, or a recipe for another
    :param sizes: dimensions; tiny ones if not given
    :param seed: of the weights
    :param dtype: in which the weights are stored, as torch names it
    :param changes: single fields of `Sizes`
    :raises ValueError: if there is no such family
    """
    if isinstance(family, str) and family not in RECIPES:
        raise ValueError(f"there is no family {family!r}; use one of {', '.join(RECIPES)}")
    quiet()
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    folder.mkdir(parents=True, exist_ok=True)
    recipe = RECIPES[family] if isinstance(family, str) else family
    chosen = evolve(sizes or Sizes(), **changes)
    tokenizer = make_tokenizer(recipe, chosen.vocab_size)
    chosen = evolve(chosen, vocab_size=len(tokenizer))
    vocabulary = tokenizer.get_vocab()
    ids = {name: vocabulary[text] for name, text in recipe.tokens.items()}
    raw = recipe.config(chosen, ids)
    config = AutoConfig.for_model(raw.pop("model_type"), **raw)
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(config)
    config.architectures = [type(model).__name__]
    config.dtype = dtype
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _write_weights(folder, model, seed, getattr(torch, dtype))
    if recipe.template is not None:
        (folder / "chat_template.jinja").write_text(recipe.template, encoding="utf-8")
    files = recipe.files(chosen)
    files["generation_config.json"] = {"eos_token_id": ids["eos"], "pad_token_id": ids["pad"], **recipe.generation}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
    return folder


def make_tokenizer(recipe: Recipe, vocab_size: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with the family's special tokens.

    :param vocab_size: how many tokens; 0 is as few as there are
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    tokenizer.train_from_iterator([_CORPUS], trainer)
    special = list(dict.fromkeys(recipe.tokens.values()))
    missing = vocab_size - tokenizer.get_vocab_size() - len(special)
    if missing > 0:
        tokenizer = _with_words(tokenizer, missing)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in special])
    names = {"pad_token": recipe.tokens["pad"], "eos_token": recipe.tokens["eos"]}
    if "bos" in recipe.tokens:
        names["bos_token"] = recipe.tokens["bos"]
        if recipe.adds_bos:
            bos = recipe.tokens["bos"]
            tokenizer.post_processor = processors.TemplateProcessing(
                single=f"{bos} $A", pair=f"{bos} $A $B", special_tokens=[(bos, tokenizer.token_to_id(bos))]
            )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **names)


def _with_words(tokenizer: Tokenizer, count: int) -> Tokenizer:
    """The tokenizer with `count` more words in its vocabulary, as large as a real one's and as fast to open."""
    from tokenizers import Tokenizer

    state = json.loads(tokenizer.to_str())
    vocabulary = state["model"]["vocab"]
    first = len(vocabulary)
    vocabulary.update({f"\u0120word{index}": first + index for index in range(count)})
    return Tokenizer.from_str(json.dumps(state))


def _write_weights(folder: Path, model: object, seed: int, dtype: torch.dtype) -> None:
    """Write weights shard by shard, so that no model need fit into memory."""
    from safetensors.torch import save_file

    places: dict[str, str] = {}
    shard: dict[str, torch.Tensor] = {}
    shards: list[Path] = []

    def flush() -> None:
        path = folder / f"model-{len(shards) + 1:05d}.safetensors"
        save_file(shard, path, metadata={"format": "pt"})
        shards.append(path)
        places.update(dict.fromkeys(shard, path.name))
        shard.clear()

    for name, tensor in _weights(model, seed, dtype):
        shard[name] = tensor
        if sum(t.numel() * t.element_size() for t in shard.values()) > _SHARD_BYTES:
            flush()
    if shard:
        flush()
    if len(shards) == 1:
        shards[0].rename(folder / "model.safetensors")
        return
    total = sum(path.stat().st_size for path in shards)
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")


def _weights(model: Any, seed: int, dtype: torch.dtype) -> Iterator[tuple[str, torch.Tensor]]:
    """Random weights by name. They are large enough for what comes in to reach what comes out."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    tied = set(model.all_tied_weights_keys or {})
    parameters = {name for name, _ in model.named_parameters()}
    for name, meta in model.state_dict().items():
        if name in tied:
            continue
        shape = tuple(meta.shape)
        if name not in parameters:
            tensor = torch.ones(shape) if "scal" in name else torch.zeros(shape)
        elif len(shape) < 2:
            noise = torch.randn(shape, generator=generator)
            tensor = 1.0 + 0.1 * noise if name.endswith("weight") else 0.1 * noise
        elif "embed" in name.rpartition(".")[0].rpartition(".")[2]:
            tensor = torch.randn(shape, generator=generator) * _EMBEDDING_STD
        else:
            fan_in = math.prod(shape[1:])
            tensor = torch.randn(shape, generator=generator) * (_GAIN / math.sqrt(fan_in))
        yield name, tensor.to(dtype if meta.dtype.is_floating_point else meta.dtype)
