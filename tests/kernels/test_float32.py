"""Float32 layers for processors."""

import copy

import pytest
import torch
from torch import nn

from atom_core.kernels import float32
from atom_core.kernels.float32 import SMALL, Float32Linear, has_kernel, pack_linears

pytestmark = pytest.mark.skipif(not has_kernel(), reason="this processor has no such kernel")

SHAPES = [(640, 512), (1536, 576), (96, 40)]


def linear(inputs, outputs, bias=True, seed=0):
    torch.manual_seed(seed)
    return nn.Linear(inputs, outputs, bias=bias).requires_grad_(False)


def layer_of(plain):
    return Float32Linear(plain.weight, plain.bias)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_it_is_the_plain_layer(inputs, outputs, bias):
    """Outputs are the plain layer's, whatever the shape of the inputs: none, one row, rows that are not contiguous."""
    plain = linear(inputs, outputs, bias)
    layer = layer_of(plain)
    rows = torch.randn(6, inputs)
    for given in (rows, rows[0], rows[:1, None], rows.view(2, 3, inputs), rows[:0], rows.t().contiguous().t()):
        assert layer(given).shape == plain(given).shape
        assert torch.allclose(layer(given), plain(given), atol=1e-5)
    assert torch.allclose(layer.gelu(rows), nn.functional.gelu(plain(rows), approximate="tanh"), atol=1e-5)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize(("inputs", "outputs"), SHAPES[:2])
def test_alone_and_batched_are_the_same_bits(inputs, outputs, num_threads):
    """A row's result depends neither on how many come with it nor on the number of threads."""
    layer = layer_of(linear(inputs, outputs))
    assert outputs * inputs >= SMALL
    rows = torch.randn(300, inputs)
    together = layer(rows)
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        for count in (1, 2, 3, 4, 5, 8, 17, 64):
            assert torch.equal(layer(rows[:count]), together[:count])
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_packing_keeps_the_weights(inputs, outputs):
    """What can be read back after the first call is what was there before it; what was stored is let go."""
    plain = linear(inputs, outputs)
    layer = layer_of(plain)
    assert layer.plain.data_ptr() == plain.weight.data_ptr()
    layer(torch.randn(2, inputs))
    assert layer.plain is None
    assert torch.equal(layer.weight, plain.weight)


@pytest.mark.parametrize("outputs", [(24, 8), (512, 256)])
@pytest.mark.parametrize("biases", [(True, True), (True, False), (False, False)])
def test_joined_layers_are_their_parts(biases, outputs):
    """One call of the joined layer is the calls of its parts."""
    sizes = zip(outputs, biases, strict=True)
    parts = [layer_of(linear(1024, size, bias, seed=place)) for place, (size, bias) in enumerate(sizes)]
    rows = torch.randn(8, 1024)
    wanted = torch.cat([copy.deepcopy(part)(rows) for part in parts], dim=-1)
    joined = Float32Linear.join(parts)
    assert torch.allclose(joined(rows), wanted, atol=1e-5)
    assert joined.weight.shape == (sum(outputs), 1024)


def test_a_model_is_arranged(monkeypatch):
    """Every plain float32 layer is replaced, one that stands at two places once; nothing else is."""
    shared = linear(8, 8)
    special = nn.MultiheadAttention(8, 2).requires_grad_(False)
    model = nn.ModuleDict(
        {"a": shared, "b": nn.Sequential(shared, nn.ReLU()), "bf16": linear(8, 8).bfloat16(), "special": special}
    )
    given = torch.randn(2, 8)
    wanted = model["b"](given)
    pack_linears(model)
    assert model["a"] is model["b"][0]
    kinds = {name: type(module) for name, module in model.named_modules()}
    assert kinds["a"] is Float32Linear
    assert kinds["bf16"] is nn.Linear
    assert Float32Linear not in {type(module) for module in special.modules()}
    assert torch.equal(model["b"](given), wanted)
    monkeypatch.setattr(float32, "has_kernel", lambda: False)
    plain = nn.Sequential(linear(8, 8))
    pack_linears(plain)
    assert type(plain[0]) is nn.Linear
