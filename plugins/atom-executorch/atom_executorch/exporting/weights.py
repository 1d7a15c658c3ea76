"""A checkpoint's tensors in the programs' modules, as they lie in its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn

import atom_core as atom
from atom_core.providers.split import Checkpoint
from atom_executorch.exporting.programs import TextDecoder, TokenEmbedding, VisionEncoder
from atom_executorch.exporting.sizes import Sizes, TowerSizes

_VISION, _TEXT = "model.vision_model", "model.text_model"
_PROJECTION = "model.connector.modality_projection.proj.weight"
_POSITIONS, _TABLE = f"{_VISION}.embeddings.position_embedding.weight", f"{_TEXT}.embed_tokens.weight"


def modules(checkpoint: Checkpoint, sizes: Sizes, context: int) -> tuple[VisionEncoder, TokenEmbedding, TextDecoder]:
    """The three programs with their weights, float32, frozen.

    :param context: most tokens of a prompt and its answer
    :raises ModelError: if the checkpoint is quantised, or lacks tensors
    """
    if checkpoint.quantized is not None:
        raise atom.ModelError(
            f"model {checkpoint.source} is quantised as {checkpoint.saved_recipe!r}, and an export quantises by itself;"
            " export the model it was made from",
            source=checkpoint.source,
        )

    def stored(name: str) -> torch.Tensor:
        if name not in checkpoint.weights.tensors:
            raise atom.ModelError(
                f"model {checkpoint.source} has no tensor {name!r}, which its kind has; fetch it again, or save it anew"
                " with transformers' save_pretrained",
                source=checkpoint.source,
            )
        tensor: torch.Tensor = checkpoint.weights.tensors[name][...]
        return tensor.to(torch.float32)

    with torch.device("meta"):
        vision, table = VisionEncoder(sizes.tower, sizes.text.width), TokenEmbedding(sizes.text)
        decoder = TextDecoder(sizes.text, context)
    decoder.make_buffers()
    _fill(checkpoint, vision, stored, _vision_names(vision))
    vision.positions = nn.Parameter(stored(_POSITIONS)[position_ids(sizes.tower)][None])
    _fill(checkpoint, table, stored, {"embed_tokens.weight": _TABLE})
    _fill(checkpoint, decoder, stored, _text_names(decoder, tied=sizes.text.tied))
    for module in (vision, table, decoder):
        module.requires_grad_(False).eval()
    return vision, table, decoder


def position_ids(sizes: TowerSizes) -> torch.Tensor:
    """The rows of the position table that the patches of a whole square frame have, [P]. Source: transformers'
    `SmolVLMVisionEmbeddings`, whose rounding is kept."""
    table, side = sizes.table_side // sizes.patch, sizes.patches_a_side
    boundaries = torch.arange(1 / table, 1.0, 1 / table)
    step = 1.0 / torch.tensor([side])
    places = torch.clamp(torch.arange(side, dtype=torch.float32) * step, max=1.0 - 1e-6)
    buckets = torch.bucketize(places, boundaries, right=True)
    return (buckets[:, None] * table + buckets[None, :]).reshape(-1)


def _fill(
    checkpoint: Checkpoint, module: nn.Module, stored: Callable[[str], torch.Tensor], names: Mapping[str, str]
) -> None:
    for own, name in names.items():
        parent, _, last = own.rpartition(".")
        owner, tensor = module.get_submodule(parent), stored(name)
        expected = getattr(owner, last).shape
        if tensor.shape != expected:
            raise atom.ModelError(
                f"model {checkpoint.source}: tensor {name!r} is {list(tensor.shape)}, config.json says"
                f" {list(expected)}; fetch it again",
                source=checkpoint.source,
            )
        setattr(owner, last, nn.Parameter(tensor, requires_grad=False))


def _vision_names(module: VisionEncoder) -> dict[str, str]:
    names = {}
    for own, _ in module.named_parameters():
        if own == "positions":
            continue
        if own == "proj.weight":
            names[own] = _PROJECTION
        elif own.startswith("layers."):
            _, layer, rest = own.split(".", 2)
            where = {"q": "self_attn.", "k": "self_attn.", "v": "self_attn.", "o": "self_attn.", "f": "mlp."}
            names[own] = f"{_VISION}.encoder.layers.{layer}.{where.get(rest[0], '')}{rest}"
        elif own.startswith("patch_embedding."):
            names[own] = f"{_VISION}.embeddings.{own}"
        else:
            names[own] = f"{_VISION}.{own}"
    return names


def _text_names(module: TextDecoder, *, tied: bool) -> dict[str, str]:
    names = {}
    for own, _ in module.named_parameters():
        if own == "lm_head.weight":
            names[own] = _TABLE if tied else own
        elif own.startswith("layers."):
            _, layer, rest = own.split(".", 2)
            where = "self_attn." if rest[0] in "qkvo" else "mlp." if rest[0] in "gud" else ""
            where = "" if rest.startswith("post_") else where
            names[own] = f"{_TEXT}.layers.{layer}.{where}{rest}"
        else:
            names[own] = f"{_TEXT}.{own}"
    return names
