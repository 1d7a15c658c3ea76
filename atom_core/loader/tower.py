"""A split model whose vision tower another engine computes."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import torch
from attrs import evolve
from torch import nn

from atom_core.errors import ModelError
from atom_core.families.smolvlm import Idefics3
from atom_core.protocols import Tower, TowerWeights

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedModel

    from atom_core.settings import Settings
    from atom_core.split_model import SplitModel


def with_tower(
    split: SplitModel, settings: Settings, make: Callable[[TowerWeights], Tower], *, content: str
) -> SplitModel:
    """`split` with its tower computed by what `make` gives.

    :param content: content hash of the checkpoint
    :raises ModelError: if the family's pictures are not all squares of one size, or the weights are quantised already
    """
    checkpoint, model = split.checkpoint, settings.model
    if not isinstance(split.family, Idefics3):
        raise ModelError(
            f"model {model} is of type {checkpoint.config.model_type!r}; other engines encode SmolVLM, SmolVLM2 and"
            " Idefics3 so far: name the model without the engine"
        )
    if checkpoint.saved_recipe is not None:
        raise ModelError(
            f"model {model} is quantised as {checkpoint.saved_recipe!r} already; other engines take the model that it"
            " was made from"
        )
    vision = checkpoint.config.vision_config
    if vision.hidden_act != "gelu_pytorch_tanh":
        raise ModelError(f"model {model} has {vision.hidden_act!r} in its tower; name the model without the engine")

    def read(name: str) -> np.ndarray:
        stored = checkpoint.weights.tensors.get(name)
        if stored is None:
            raise ModelError(f"model {model} has no weights {name!r}; name the model without the engine")
        weights: np.ndarray = stored[...].float().numpy()
        return weights

    tower = make(
        TowerWeights(
            model=str(model),
            content=content,
            precision=split.recipe.encoder,
            threads=settings.threads,
            cache=settings.cache,
            width=vision.hidden_size,
            layers=vision.num_hidden_layers,
            heads=vision.num_attention_heads,
            patch=vision.patch_size,
            image_side=vision.image_size,
            eps=vision.layer_norm_eps,
            scale=checkpoint.config.scale_factor,
            read=read,
        )
    )
    visual = _visual(tower, split.family.picture_side)
    return evolve(split, visual=visual, tower=tower.fingerprint, close_tower=tower.close)


def _visual(tower: Tower, side: int) -> Callable[[], PreTrainedModel]:
    """What gives the visual half, ready for pictures of this side."""
    visual = cast("PreTrainedModel", _Towered(tower))
    prepare: Callable[[int], None] | None = getattr(tower, "prepare", None)

    def prepared() -> PreTrainedModel:
        if prepare is not None:
            prepare(side)
        return visual

    return prepared


class _Towered(nn.Module):
    """What `Family.encode` asks for features, in the place of transformers' model."""

    device = torch.device("cpu")

    def __init__(self, tower: Tower) -> None:
        super().__init__()
        self._tower = tower

    def get_decoder(self) -> nn.Module:
        """No language half."""
        return nn.Identity()

    def get_image_features(
        self,
        pixel_values: torch.Tensor,
        pixel_attention_mask: torch.Tensor,  # noqa: ARG002
    ) -> SimpleNamespace:
        """Features of frames [1, N, 3, S, S], which are whole."""
        features = torch.from_numpy(self._tower(pixel_values[0].numpy()))
        return SimpleNamespace(pooler_output=features)
