"""Weights into models: quantised as they are read, or read as Atom has written them quantised.

transformers builds the model, renames and converts weights; this plugs into the place it has for quantisers, so every
layer is quantised as soon as its weights are there, and they are let go before the next are read.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import AutoModelForImageTextToText, PreTrainedModel
from transformers.core_model_loading import ConversionOps
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.quantizers.base import HfQuantizer
from transformers.utils import logging as hf_logging
from transformers.utils.quantization_config import QuantizationConfigMixin

from atom_core.checkpoint.checkpoint import read_config
from atom_core.checkpoint.direct.config import PlainConfig
from atom_core.checkpoint.quantized_format import METHOD, quantized_form, stored_shapes
from atom_core.checkpoint.reading import guarded
from atom_core.checkpoint.recipes import RECIPES, cuda_config, is_tied, kinds_by_layer, quantized_layer
from atom_core.errors import ModelError
from atom_core.kernels.bf16 import Bf16Embedding
from atom_core.kernels.int8 import Int8Embedding
from atom_core.kernels.malloc import returning_memory
from atom_core.kernels.threads import one_thread
from atom_core.kernels.weights import pack as pack
from atom_core.kernels.weights import weights as weights

if TYPE_CHECKING:
    from atom_core.checkpoint.checkpoint import Checkpoint
    from atom_core.checkpoint.recipes import Recipe

log = logging.getLogger("atom")

_NUMBER = re.compile(r"\d+")


def load_model(checkpoint: Checkpoint, *, dtype: torch.dtype, device: str, recipe: Recipe) -> PreTrainedModel:
    """The whole model with frozen weights.

    Weights that are stored as they are wanted stay mapped from their files; others are converted or quantised one at a
    time.

    :param recipe: what to quantise; of a checkpoint that is quantised already, its own
    :raises ModelError: if the weights are damaged, or do not match the config or the device
    """
    config = transformers_config(checkpoint.config)
    options: dict[str, Any] = {"recipe": recipe.name, "device": device}
    quantization, layers = None, checkpoint.quantized.layers if checkpoint.quantized else {}
    plain = {
        name: stored for name, stored in checkpoint.weights.tensors.items() if name.rpartition(".")[0] not in layers
    }
    if checkpoint.saved_recipe is not None:
        if device != "cpu":
            raise ModelError(
                f"model {checkpoint.source} is quantised for processors; use --device cpu, or its source",
                source=checkpoint.source,
            )
        options["layers"] = layers
        config.quantization_config = {"quant_method": METHOD, **options}
    elif recipe.kinds:
        quantization = AtomQuantization(**options)

    def load() -> Any:
        return _class_of(config).from_pretrained(
            None,
            config=config,
            state_dict=plain,
            dtype=dtype,
            quantization_config=quantization,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are told, as those are that are missing
            device_map=None if device == "cpu" else device,
        )

    with returning_memory(), without_bars(), one_thread():  # many short operations
        model, info = guarded(checkpoint.source, "weights", load)
        check_names(checkpoint.source, model, info)
        if layers:
            fill_saved(model, layers, checkpoint)
    model.requires_grad_(False)
    model.eval()
    return model  # type: ignore[no-any-return]


def empty_model(config: object) -> PreTrainedModel:
    """A model of this config without weights, on torch's meta device: for counting and naming layers."""
    config = transformers_config(config)
    with torch.device("meta"):
        return _class_of(config)(config)  # type: ignore[no-any-return]


def transformers_config(config: Any) -> Any:
    """A copy of a checkpoint's config as transformers has it."""
    if isinstance(config, PlainConfig):
        return read_config(config.source, config.folder)
    return copy.deepcopy(config)


def check_names(source: str, model: PreTrainedModel, info: Mapping[str, Any]) -> None:
    """Refuse weights that are not those of the config.

    :param info: what transformers says about loading
    :raises ModelError: if weights are missing, of another shape, or of more layers than the model has
    """
    kinds = {_NUMBER.sub("#", name) for name in model.state_dict()}
    odd = sorted(info["unexpected_keys"])
    sizes = [f"{name} is {list(stored)}, not {list(wanted)}" for name, stored, wanted in info["mismatched_keys"]]
    problems = {
        "missing": sorted(info["missing_keys"]),
        "of another shape": sorted(sizes),
        "left over": [name for name in odd if _NUMBER.sub("#", name) in kinds],
    }
    for problem, names in problems.items():
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise ModelError(
                f"model {source}: weights do not match its config ({problem}: {names[0]}{more});"
                " fetch or export it again",
                source=source,
            )
    if odd:
        log.info("model %s: its files hold %d tensors that the model has no use for: %s ...", source, len(odd), odd[0])


@contextlib.contextmanager
def without_bars() -> Iterator[None]:
    """Let transformers show no progress bar inside."""
    shown = hf_logging.is_progress_bar_enabled()
    hf_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            hf_logging.enable_progress_bar()


def _class_of(config: Any) -> Any:
    """The model class that transformers' `AutoModelForImageTextToText` takes for a config."""
    kind = AutoModelForImageTextToText._model_mapping[type(config)]
    return kind[0] if isinstance(kind, tuple) else kind


@register_quantization_config(METHOD)
class AtomQuantization(QuantizationConfigMixin):
    """What a config says of quantisation."""

    def __init__(
        self, *, recipe: str, device: str = "cpu", layers: Mapping[str, str] | None = None, **_: object
    ) -> None:
        """
        :param recipe: name of a recipe
        :param device: where the model goes
        :param layers: names of the layers that are stored quantised, with their kinds
        """
        self.quant_method = METHOD  # type: ignore[assignment]
        self.recipe = recipe
        self.device = device
        self.layers = dict(layers or {})


@register_quantizer(METHOD)
class AtomQuantizer(HfQuantizer):
    """Follows transformers' protocol for quantisers."""

    quantization_config: AtomQuantization

    def __init__(self, quantization_config: QuantizationConfigMixin, **more: object) -> None:
        super().__init__(quantization_config, **more)
        self.kinds: dict[str, str] = {}
        """Layers that are quantised as they are read."""

    def is_serializable(self) -> bool:
        """Atom writes its checkpoints itself."""
        return False

    @property
    def is_trainable(self) -> bool:
        """Weights are frozen."""
        return False

    def param_needs_quantization(self, model: PreTrainedModel, param_name: str, **__: object) -> bool:  # noqa: ARG002
        """Whether a weight is quantised as it is read."""
        layer, _, last = param_name.rpartition(".")
        return last == "weight" and layer in self.kinds

    def get_quantize_ops(self) -> ConversionOps:
        """What does it."""
        return _Quantize(self)

    def _process_model_before_weight_loading(self, model: PreTrainedModel, **__: object) -> None:
        said = self.quantization_config
        if not self.pre_quantized:
            self.kinds = kinds_by_layer(model, RECIPES[said.recipe], said.device)
        quantized = {**self.kinds, **said.layers}
        head, tied = model.get_output_embeddings(), is_tied(model)
        table = next(name for name, module in model.named_modules() if module is model.get_input_embeddings())
        if tied and table in quantized:
            # made of the quantised table afterwards; until then it has no weights of its own
            keys = model.all_tied_weights_keys
            for key in [key for key in keys if model.get_submodule(key.rpartition(".")[0]) is head]:
                del keys[key]
            model.set_output_embeddings(_Waiting(head))
        for name in said.layers:
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, _Waiting(model.get_submodule(name)))

    def _process_model_after_weight_loading(self, model: PreTrainedModel, **__: object) -> None:
        if not self.pre_quantized:
            _tie_head(model)
        del model.config.quantization_config


class _Quantize(ConversionOps):
    """Quantises one layer, whose weight has just been read."""

    def __init__(self, quantizer: AtomQuantizer) -> None:
        self._quantizer = quantizer

    def convert(
        self,
        input_dict: dict[str, Any],
        source_patterns: list[str],  # noqa: ARG002
        target_patterns: list[str],  # noqa: ARG002
        **more: Any,
    ) -> dict[str, list[torch.Tensor]]:
        """Put the quantised layer into the model; nothing is left to set."""
        value = next(iter(input_dict.values()))
        value = value[0] if isinstance(value, list) else value
        model, key = more["model"], more["full_layer_name"]
        parent_name, _, child = key.removesuffix(".weight").rpartition(".")
        parent = model.get_submodule(parent_name)
        layer = getattr(parent, child)
        if value.shape != layer.weight.shape:
            del self._quantizer.kinds[key.removesuffix(".weight")]
            return {key: value}  # left to transformers, which reports the shape
        layer.weight = nn.Parameter(value, requires_grad=False)
        kind, device = self._quantizer.kinds[key.removesuffix(".weight")], self._quantizer.quantization_config.device
        if device.partition(":")[0] == "cuda":
            from torchao.quantization import quantize_

            quantize_(parent, cuda_config(kind, device), filter_fn=lambda module, _: module is layer)
        else:
            setattr(parent, child, quantized_layer(layer, kind))
        quantized = getattr(parent, child)
        for part in (quantized, *quantized.parameters(recurse=False), *quantized.buffers(recurse=False)):
            part._is_hf_initialized = True
        more["missing_keys"].discard(key)
        return {}


class _Waiting(nn.Module):
    """Stands in for a layer while transformers loads the others, which takes its time for each tensor."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = (layer,)
        """What it stands for, without weights; in a tuple, so that it is no part of the model."""
        self.weight = self.bias = torch.empty(0)
        self.weight._is_hf_initialized = True  # type: ignore[attr-defined]


def fill_saved(model: PreTrainedModel, layers: Mapping[str, str], checkpoint: Checkpoint) -> None:
    """Put the layers that a checkpoint holds quantised into their model; mapped from the file, not read.

    :param layers: names and kinds
    :raises ModelError: if they are missing or have other shapes than the config says
    """
    tensors, missing, sizes = checkpoint.weights.tensors, [], []
    for name, kind in layers.items():
        parent, _, child = name.rpartition(".")
        waiting = model.get_submodule(name)
        assert isinstance(waiting, _Waiting)
        (layer,) = waiting.layer
        wanted = stored_shapes(layer, kind)
        found = {part: tensors[f"{name}.{part}"] for part in wanted if f"{name}.{part}" in tensors}
        missing += [f"{name}.{part}" for part in wanted if part not in found]
        sizes += [(f"{name}.{part}", t.shape, wanted[part]) for part, t in found.items() if t.shape != wanted[part]]
        if not missing and not sizes:
            parts = {part: stored[...] for part, stored in found.items()}
            setattr(model.get_submodule(parent), child, quantized_form(layer, kind, parts))
    check_names(checkpoint.source, model, {"missing_keys": missing, "mismatched_keys": sizes, "unexpected_keys": ()})
    _tie_head(model)


def _tie_head(model: PreTrainedModel) -> None:
    table = model.get_input_embeddings()
    if isinstance(model.get_output_embeddings(), _Waiting):
        assert isinstance(table, (Int8Embedding, Bf16Embedding))
        model.set_output_embeddings(table.head())
