"""Configs whose fields are all known, read from their JSON with the defaults of transformers' classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

DIRECT = "smolvlm"
"""The type of the models that are read without transformers."""
SMOLVLM: Mapping[str, object] = {"image_token_id": 128257, "scale_factor": 2, "tie_word_embeddings": False}
"""Defaults of transformers' `SmolVLMConfig`."""
VISION: Mapping[str, object] = {
    "hidden_size": 1152,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_channels": 3,
    "image_size": 224,
    "patch_size": 32,
    "hidden_act": "gelu_pytorch_tanh",
    "layer_norm_eps": 1e-6,
    "attention_dropout": 0.0,
    "initializer_range": 0.02,
}
"""Defaults of transformers' `SmolVLMVisionConfig`."""
LLAMA: Mapping[str, object] = {
    "vocab_size": 32000,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": None,
    "hidden_act": "silu",
    "max_position_embeddings": 2048,
    "initializer_range": 0.02,
    "rms_norm_eps": 1e-6,
    "pad_token_id": None,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pretraining_tp": 1,
    "tie_word_embeddings": False,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "mlp_bias": False,
    "head_dim": None,
}
"""Defaults of transformers' `LlamaConfig`."""
_ROPE_THETA = 10000.0
_CHANGES_ATTENTION = ("sliding_window", "layer_types", "use_bidirectional_attention", "is_causal", "rope_scaling")


class PlainConfig(SimpleNamespace):
    """A config of a vision-language model, as `transformers` has it in all that is read of it."""

    source: str
    """The model as the user named it."""
    folder: Path
    """Where its file is."""

    def get_text_config(self) -> SimpleNamespace:
        """The config of the language half."""
        text: SimpleNamespace = self.text_config
        return text


def plain_config(source: str, folder: Path, raw: Mapping[str, Any]) -> PlainConfig | None:
    """The config of a checkpoint; None where it is not of a family that is read without transformers, or says something
    that is left to transformers to take or refuse.

    :param source: how messages call the model
    :param raw: what config.json says
    """
    text, vision = raw.get("text_config"), raw.get("vision_config")
    if raw.get("model_type") != DIRECT or not (isinstance(text, dict) and isinstance(vision, dict)):
        return None
    top, text, vision = {**SMOLVLM, **raw}, {**LLAMA, **text}, {**VISION, **vision}
    known = _fits(top, _TOP) and _fits(text, _TEXT) and _fits(vision, _VISION)
    theta = _rope_theta(text)
    if not known or theta is None or any(text.get(name) for name in _CHANGES_ATTENTION):
        return None
    heads = text["num_attention_heads"]
    if vision["hidden_size"] % vision["num_attention_heads"]:
        return None
    if text["hidden_size"] % heads or bool(top["tie_word_embeddings"]) != bool(text["tie_word_embeddings"]):
        return None
    text["head_dim"] = text["head_dim"] or text["hidden_size"] // heads
    text["num_key_value_heads"] = text["num_key_value_heads"] or heads
    text["rope_parameters"] = {"rope_type": "default", "rope_theta": theta}
    parts = {"text_config": SimpleNamespace(**text), "vision_config": SimpleNamespace(**vision)}
    return PlainConfig(**{**top, **parts, "source": source, "folder": folder})


def _rope_theta(text: Mapping[str, Any]) -> float | None:
    """The base of the rotary embedding; None for any but the usual one."""
    said = text.get("rope_parameters")
    if said is None:
        said = {"rope_theta": text.get("rope_theta", _ROPE_THETA)}
    if not isinstance(said, dict) or said.keys() - {"rope_theta", "rope_type"} or "partial_rotary_factor" in text:
        return None
    theta = said.get("rope_theta", _ROPE_THETA)
    usual = said.get("rope_type", "default") == "default" and isinstance(theta, (int, float))
    return theta if usual and not isinstance(theta, bool) and theta > 0 else None


def _size(value: object) -> bool:
    return type(value) is int and value > 0


def _size_or_none(value: object) -> bool:
    return value is None or _size(value)


def _token(value: object) -> bool:
    return value is None or (type(value) is int and value >= 0)


def _tokens(value: object) -> bool:
    return _token(value) or (isinstance(value, list) and all(type(one) is int for one in value))


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _small(value: object) -> bool:
    return isinstance(value, float) and 0 < value < 1


def _fits(values: Mapping[str, object], rules: Mapping[str, Callable[[object], bool]]) -> bool:
    return all(rule(values.get(name)) for name, rule in rules.items())


_TOP: Mapping[str, Callable[[object], bool]] = {
    "image_token_id": lambda value: type(value) is int and value >= 0,
    "scale_factor": _size,
    "tie_word_embeddings": _flag,
}
_TEXT: Mapping[str, Callable[[object], bool]] = {
    "model_type": lambda value: value == "llama",
    "hidden_act": lambda value: value == "silu",
    "rms_norm_eps": _small,
    "attention_bias": lambda value: value is False,
    "mlp_bias": lambda value: value is False,
    "tie_word_embeddings": _flag,
    "num_key_value_heads": _size_or_none,
    "head_dim": _size_or_none,
    "pad_token_id": _token,
    "bos_token_id": _token,
    "eos_token_id": _tokens,
    **dict.fromkeys(
        (
            "vocab_size",
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "max_position_embeddings",
        ),
        _size,
    ),
}
_VISION: Mapping[str, Callable[[object], bool]] = {
    "model_type": lambda value: value in (None, "smolvlm_vision"),
    "hidden_act": lambda value: value == "gelu_pytorch_tanh",
    "layer_norm_eps": _small,
    **dict.fromkeys(
        (
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_channels",
            "image_size",
            "patch_size",
        ),
        _size,
    ),
}
