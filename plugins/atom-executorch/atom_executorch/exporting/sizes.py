"""The sizes of a model that can be exported, told from its config; others are refused by name."""

from __future__ import annotations

from typing import Any, Self

from attrs import frozen

import atom_core as atom

FAMILIES = ("smolvlm", "idefics3")
"""The types of config whose models can be exported: SmolVLM2 and `tiny`; Idefics3 and the first SmolVLM."""
_WAYS = "run it with Atom itself, or export a SmolVLM"


@frozen(kw_only=True)
class TowerSizes:
    """The visual half: a vision transformer over one square frame, and the connector."""

    width: int
    """Of a patch's state."""
    inner: int
    """Of the feed-forward block."""
    layers: int
    """How many."""
    heads: int
    """Of attention."""
    side: int
    """Of a frame, pixels."""
    table_side: int
    """Of the frame that the position table was made for, pixels."""
    patch: int
    """Side of a patch, pixels."""
    epsilon: float
    """Of the norms."""
    shuffle: int
    """So many patches a side become one row."""

    @property
    def patches_a_side(self) -> int:
        """How many patches a frame has along a side."""
        return self.side // self.patch

    @property
    def rows(self) -> int:
        """Rows of features that a frame becomes."""
        return (self.patches_a_side // self.shuffle) ** 2


@frozen(kw_only=True)
class TextSizes:
    """The language half: a Llama."""

    vocabulary: int
    """Tokens."""
    width: int
    """Of a token's state."""
    inner: int
    """Of the feed-forward block."""
    layers: int
    """How many."""
    heads: int
    """Of attention."""
    key_heads: int
    """Heads of keys and values."""
    head_width: int
    """Of one head."""
    epsilon: float
    """Of the norms."""
    theta: float
    """The base of the rotary embedding."""
    tied: bool
    """Whether the token table is the head, too."""
    context: int
    """Most tokens of a prompt and its answer."""


@frozen(kw_only=True)
class Sizes:
    """Both halves."""

    tower: TowerSizes
    """The visual half."""
    text: TextSizes
    """The language half."""

    @classmethod
    def of(cls, source: str, config: Any, *, side: int) -> Self:
        """
        :param source: the model as the user named it
        :param config: its config, as a family has it
        :param side: of the square that a frame becomes, pixels
        :raises ModelError: if it is of another architecture than `FAMILIES` have
        """
        check_family(source, config)
        vision, text = config.vision_config, config.text_config
        theta = _theta(source, vision, text)
        head_width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
        sizes = cls(
            tower=TowerSizes(
                width=vision.hidden_size,
                inner=vision.intermediate_size,
                layers=vision.num_hidden_layers,
                heads=vision.num_attention_heads,
                side=side,
                table_side=vision.image_size,
                patch=vision.patch_size,
                epsilon=vision.layer_norm_eps,
                shuffle=config.scale_factor,
            ),
            text=TextSizes(
                vocabulary=text.vocab_size,
                width=text.hidden_size,
                inner=text.intermediate_size,
                layers=text.num_hidden_layers,
                heads=text.num_attention_heads,
                key_heads=text.num_key_value_heads or text.num_attention_heads,
                head_width=head_width,
                epsilon=text.rms_norm_eps,
                theta=theta,
                tied=bool(config.tie_word_embeddings),
                context=text.max_position_embeddings,
            ),
        )
        if side > vision.image_size or side % (vision.patch_size * config.scale_factor):
            raise atom.ModelError(
                f"model {source} takes frames of {side} pixels a side in patches of {vision.patch_size}, joined"
                f" {config.scale_factor} a side, of at most {vision.image_size}, which cannot be exported; {_WAYS}"
            )
        return sizes


def check_family(source: str, config: Any) -> None:
    """
    :raises ModelError: if no model of that type can be exported
    """
    if config.model_type not in FAMILIES:
        raise atom.ModelError(
            f"model {source} is of type {config.model_type!r}, and `atom export` writes {', '.join(FAMILIES)}; {_WAYS}",
            source=source,
        )


def _theta(source: str, vision: Any, text: Any) -> float:
    """The base of the rotary embedding.

    :raises ModelError: if a half computes otherwise than the programs do
    """
    rope = dict(getattr(text, "rope_parameters", None) or {})
    odd = {
        "text_config.model_type": text.model_type != "llama" and text.model_type,
        "text_config.rope_parameters": rope.get("rope_type", "default") != "default" and rope,
        "text_config.attention_bias": getattr(text, "attention_bias", False),
        "text_config.mlp_bias": getattr(text, "mlp_bias", False),
        "text_config.hidden_act": text.hidden_act != "silu" and text.hidden_act,
        "vision_config.hidden_act": vision.hidden_act != "gelu_pytorch_tanh" and vision.hidden_act,
        "vision_config.num_channels": vision.num_channels != 3 and vision.num_channels,
    }
    for name, value in odd.items():
        if value:
            raise atom.ModelError(f"model {source} has {name}={value!r}, which cannot be exported; {_WAYS}")
    return float(rope.get("rope_theta", 10000.0))
