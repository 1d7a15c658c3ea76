"""The layers of a language half as a GGUF file.

The head is left out: Atom computes it itself. llama.cpp wants a table of tokens, so it is given one of one token.

Shape letters: O outputs, K inputs, W head width, B blocks of 32 inputs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from atom_core.providers import LanguageWeights, Matrix

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType, GGUFWriter

_BLOCK = 32
"""Inputs that share a scale, in 8 and 4 bits."""
_MOST_TOKENS = 2**20
"""What the file says that the model was trained for; Atom refuses what is too long itself."""
_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_NORMS = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}


def write_layers(path: Path, weights: LanguageWeights) -> None:
    """Write all layers.

    :raises OSError: if they cannot be written
    """
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    try:
        _describe(writer, weights)
        writer.add_tensor("token_embd.weight", np.zeros((1, weights.width), np.float32))
        writer.add_tensor("output_norm.weight", weights.norm("norm"))
        writer.add_tensor("rope_freqs.weight", _rope_factors(weights))
        for number in range(weights.layers):
            for place, name in _NORMS.items():
                writer.add_tensor(f"blk.{number}.{name}.weight", weights.norm(f"{number}.{place}"))
            for place, name in _NAMES.items():
                values, kind = encoded(
                    _in_pairs(weights, place, weights.linear(f"{number}.{place}")), weights.precision
                )
                writer.add_tensor(f"blk.{number}.{name}.weight", values, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _describe(writer: GGUFWriter, weights: LanguageWeights) -> None:
    writer.add_context_length(_MOST_TOKENS)
    writer.add_embedding_length(weights.width)
    writer.add_block_count(weights.layers)
    writer.add_feed_forward_length(len(weights.linear("0.mlp.gate_proj").values_OK))
    writer.add_head_count(weights.heads)
    writer.add_head_count_kv(weights.key_heads)
    writer.add_key_length(weights.head_width)
    writer.add_value_length(weights.head_width)
    writer.add_attention_scale(weights.scaling)
    writer.add_layer_norm_rms_eps(weights.eps)
    writer.add_rope_freq_base(_base(weights))
    writer.add_rope_dimension_count(weights.head_width)
    writer.add_vocab_size(1)
    writer.add_tokenizer_model("none")


def _base(weights: LanguageWeights) -> float:
    return float(weights.frequencies[1]) ** (-weights.head_width / 2) if len(weights.frequencies) > 1 else 1.0


def _rope_factors(weights: LanguageWeights) -> np.ndarray:
    """What llama.cpp divides its own angles by to have those of the model, whatever scaling it has."""
    exponents = -2 * np.arange(weights.head_width // 2) / weights.head_width
    factors: np.ndarray = _base(weights) ** exponents / weights.frequencies
    return factors.astype(np.float32)


def _in_pairs(weights: LanguageWeights, place: str, matrix: Matrix) -> Matrix:
    """Queries and keys with the two halves of a head interleaved: llama.cpp turns neighbours."""
    heads = {"self_attn.q_proj": weights.heads, "self_attn.k_proj": weights.key_heads}.get(place)
    if heads is None:
        return matrix
    order_O = np.arange(heads * weights.head_width).reshape(heads, 2, -1).swapaxes(1, 2).reshape(-1)
    scale_O = None if matrix.scale_O is None else matrix.scale_O[order_O]
    return Matrix(values_OK=matrix.values_OK[order_O], scale_O=scale_O)


def encoded(matrix: Matrix, precision: str) -> tuple[np.ndarray, GGMLQuantizationType]:
    """A matrix as GGUF stores it, with the values that Atom's own has: those in int8 have one scale a row in all its
    blocks; those in int4 keep their steps."""
    from gguf import GGMLQuantizationType
    from gguf.quants import quantize

    values_OK, scale_O = matrix.values_OK, matrix.scale_O
    if values_OK.dtype == np.uint16:
        return np.ascontiguousarray(values_OK).view(np.uint8), GGMLQuantizationType.BF16
    whole = values_OK.shape[1] % _BLOCK == 0
    if scale_O is not None and whole:
        values_OB = values_OK.reshape(len(values_OK), -1, _BLOCK)
        blocks = np.empty((*values_OB.shape[:2], 2 + _BLOCK), np.uint8)
        blocks[..., :2] = scale_O.astype(np.float16).view(np.uint8).reshape(-1, 1, 2)
        blocks[..., 2:] = values_OB.view(np.uint8)
        return blocks.reshape(len(values_OK), -1), GGMLQuantizationType.Q8_0
    full_OK = np.ascontiguousarray(values_OK if scale_O is None else values_OK * scale_O[:, None], np.float32)
    if precision == "int4" and whole:
        return quantize(full_OK, GGMLQuantizationType.Q4_1), GGMLQuantizationType.Q4_1
    return full_OK, GGMLQuantizationType.F32
