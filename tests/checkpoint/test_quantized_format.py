"""The format of quantised checkpoints: what was written before can be read, what is written says all that is read."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from atom_core.checkpoint.quantized_format import QuantizedFormat, quantized_form, stored_bytes, stored_shapes
from atom_core.checkpoint.safetensors_file import Stored, Weights
from atom_core.kernels.int4 import GroupInt4Linear
from atom_core.kernels.int8 import RowInt8Linear

SAID = QuantizedFormat(recipe="int8", source="owner/name", source_hash="ab" * 32, layers={"head": "int8"})


def weights(metadata: dict[str, str], *names: str) -> Weights:
    """Weights that hold tensors of these names."""
    stored = Stored(file=Path("model.safetensors"), dtype="I8", shape=(1,), start=0, num_bytes=1)
    return Weights(dict.fromkeys(names, stored), metadata)


def test_what_is_written_is_read() -> None:
    """Every field comes back."""
    assert QuantizedFormat.from_weights(weights(SAID.to_metadata(), "head.qweight")) == SAID


def test_keys_are_those_of_before() -> None:
    """Checkpoints that were written before are read, and theirs were written by these names."""
    assert sorted(SAID.to_metadata()) == [
        "atom_layers", "atom_recipe", "atom_source", "atom_source_hash", "atom_versions", "format"
    ]  # fmt: skip
    assert SAID.quantization_config == {"quant_method": "atom", "recipe": "int8"}
    old = {"atom_recipe": "int4", "atom_layers": json.dumps({"a.b": "int4"})}
    assert QuantizedFormat.from_weights(weights(old, "a.b.qweight")) == QuantizedFormat(
        recipe="int4", layers={"a.b": "int4"}
    )


def test_other_weights_say_nothing() -> None:
    """Weights that Atom has not quantised are just that."""
    assert QuantizedFormat.from_weights(weights({"format": "pt"}, "head.weight")) is None


@pytest.mark.parametrize(
    ("layers", "wrong"),
    [("{", "atom_layers"), ("5", "atom_layers"), ('{"a": "int8"}', "a"), ('{"head": "int3"}', "head")],
)
def test_what_does_not_hold_is_named(layers: str, wrong: str) -> None:
    """Layers that are not there, or of a kind that nobody writes."""
    with pytest.raises(ValueError, match=f"^{wrong}$"):
        QuantizedFormat.from_weights(weights({"atom_recipe": "int8", "atom_layers": layers}, "head.qweight"))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("kind", "quantised"), [("int8", RowInt8Linear), ("int4", GroupInt4Linear)])
def test_shapes_are_those_of_the_layers(kind: str, quantised: Any, bias: bool) -> None:
    """What the format says is stored of a layer is what its quantised form holds, byte for byte; it can be put back."""
    plain = nn.Linear(64, 48, bias=bias)
    layer = quantised.from_linear(plain)
    state = layer.state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == stored_shapes(plain, kind)
    num_bytes = sum(state[name].numel() * state[name].element_size() for name in ("qweight", "scale"))
    assert num_bytes == stored_bytes(64 * 48, 48, kind)
    again = quantized_form(plain, kind, state)
    assert torch.equal(again.weight, layer.weight)


def test_tables_are_looked_up() -> None:
    """A token table comes back as one, with the factor of its model."""
    table = nn.Embedding(6, 4)
    table.scalar_embed_scale = 2.0  # type: ignore[assignment]
    values, scale = torch.full((6, 4), 3, dtype=torch.int8), torch.ones(6)
    put_back = quantized_form(table, "int8", {"qweight": values, "scale": scale})
    assert put_back(torch.tensor([1])).tolist() == [[6.0] * 4]
    assert stored_shapes(SimpleNamespace(weight=table.weight), "int8") == {"qweight": (6, 4), "scale": (6,)}
