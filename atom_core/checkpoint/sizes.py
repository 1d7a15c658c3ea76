"""What a config says of sizes, and whether those can be the sizes of its files: asked before anything is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from atom_core.checkpoint.safetensors_file import Weights
from atom_core.errors import ModelError

_LAYERS = {"num_hidden_layers", "num_layers", "n_layers", "n_layer", "depth", "encoder_layers", "decoder_layers"}
_WIDTHS = {"hidden_size", "intermediate_size", "vocab_size", "embed_dim", "d_model", "num_attention_heads", "num_heads"}
_SIDES = {"image_size", "patch_size"}
USUAL_FRAME_TOKENS = 256
"""Visual tokens of a frame, where a config does not tell."""
_USUAL_WIDTH = 2**20
_MOST_SIDE = 2**14
"""Pixels of the largest side of a picture that a model may be made for."""


def check_sizes(source: str, config: Mapping[str, object], weights: Weights) -> None:
    """Refuse a config that promises more layers than its files hold tensors, or more columns than they hold numbers.

    :param config: as it is written
    :raises ModelError: if its sizes cannot be those of the files
    """
    num_tensors = len(weights.tensors)
    numbers = sum(tensor.numel for tensor in weights.tensors.values())
    for name, size in _sizes(config):
        last = name.rpartition(".")[2]
        if last in _LAYERS:
            most, why = num_tensors, f"its files hold {num_tensors} tensors"
        elif last in _WIDTHS:
            # twice, since those of four bits are stored in pairs; defaults that are of no use are written, too
            most, why = max(2 * numbers, _USUAL_WIDTH), f"its files hold {numbers} numbers"
        else:
            most, why = _MOST_SIDE, f"pictures have {_MOST_SIDE} pixels a side at most"
        if not 0 < size <= most:
            raise ModelError(
                f"model {source}: config.json says {name} = {size}, and {why}; fetch or export it again", source=source
            )


def _sizes(config: Mapping[str, object], place: str = "", depth: int = 3) -> Iterator[tuple[str, int]]:
    """Names and values of layers and widths, those of parts as ``part.name``."""
    for name, value in config.items():
        if isinstance(value, Mapping) and depth:
            yield from _sizes(value, f"{place}{name}.", depth - 1)
        elif name in _LAYERS | _WIDTHS | _SIDES and isinstance(value, int) and not isinstance(value, bool):
            yield f"{place}{name}", value


def frame_tokens(config: object) -> int:
    """Visual tokens of a frame, where the config tells; else a usual number."""
    for name in ("mm_tokens_per_image", "image_seq_length", "image_seq_len"):
        if isinstance(tokens := getattr(config, name, None), int):
            return tokens
    vision = getattr(config, "vision_config", None)
    size, patch = getattr(vision, "image_size", None), getattr(vision, "patch_size", None)
    if not (isinstance(size, int) and isinstance(patch, int)):
        return USUAL_FRAME_TOKENS
    scale = getattr(config, "scale_factor", None) or getattr(vision, "spatial_merge_size", None) or 1
    return max(1, int((size // patch) ** 2 / scale**2))
