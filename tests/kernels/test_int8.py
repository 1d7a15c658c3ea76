"""Int8 and int4 layers for processors."""

import copy

import pytest
import torch
from torch import nn

from atom_core.checkpoint.recipes import quantized_layer
from atom_core.kernels import int8
from atom_core.kernels.int4 import GroupInt4Linear
from atom_core.kernels.int8 import Int8Embedding, RowInt8Linear, quantize_rows


def linear(inputs=96, outputs=40, bias=True, seed=0):
    torch.manual_seed(seed)
    return nn.Linear(inputs, outputs, bias=bias)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("inputs", "outputs"), [(96, 40), (33, 7), (960, 320)])
def test_alone_and_batched_are_the_same_bits(inputs, outputs, bias):
    """A row's result never depends on its neighbours, however many and however large; also past a block of rows."""
    layer = RowInt8Linear.from_linear(linear(inputs, outputs, bias))
    rows = torch.randn(300, inputs) * torch.logspace(-3, 3, 300)[:, None]
    together = layer(rows)
    for row in (0, 1, 7, 255, 256, 299):
        assert torch.equal(layer(rows[row : row + 1]), together[row : row + 1])
        assert torch.equal(layer(rows[row : row + 8])[0], together[row])
    assert torch.equal(layer(rows.view(3, 100, inputs)), together.view(3, 100, outputs))


@pytest.mark.skipif(not int8.has_vnni(), reason="needs a processor with VNNI")
@pytest.mark.parametrize("bias", [True, False])
def test_the_kernel_for_many_rows_is_the_other_one(bias):
    """But for numbers that lie in the middle of two steps; a row has the same bits alone; weights can be read back."""
    plain = linear(192, 80, bias)
    few, many = RowInt8Linear.from_linear(plain), RowInt8Linear.from_linear(plain)
    many.for_many_rows()
    values = few.quantized_weight()[0].clone()
    rows = torch.randn(300, 192) * torch.logspace(-3, 3, 300)[:, None]
    wanted, found = few(rows), many(rows)
    assert ((found - wanted).norm(dim=1) < 0.01 * wanted.norm(dim=1)).all()
    assert torch.equal(many(rows[7:8]), found[7:8])
    assert torch.equal(many.quantized_weight()[0], values)
    assert torch.equal(many.rounded(rows), found.to(torch.bfloat16))
    assert torch.equal(many.rounded(rows[7:8]), found[7:8].to(torch.bfloat16))
    rows[1, 5] = torch.nan
    assert many(rows)[1].isnan().all()


@pytest.mark.parametrize("many", [True, False])
def test_two_layers_with_a_gelu_between_give_what_they_give_one_by_one(many):
    """Of a batch that is worked on in several parts, and of a row alone; by either kernel."""
    first, second = (RowInt8Linear.from_linear(linear(*sizes)) for sizes in ((192, 320), (320, 48)))
    if many:
        first.for_many_rows()
        second.for_many_rows()
    rows = torch.randn(2, 300, 192)
    found = first.feed_forward(rows, second)
    wanted = second(nn.functional.gelu(first(rows), approximate="tanh"))
    assert found.shape == (2, 300, 48)
    # numbers that lie in the middle of two steps may go either way
    assert (found - wanted).norm() < 0.005 * wanted.norm()
    assert torch.equal(first.feed_forward(rows[1, 7:8], second), found[1, 7:8])


@pytest.mark.skipif(not int8.has_vnni(), reason="needs a processor with VNNI")
def test_bytes_are_the_nearest_steps():
    """All 255 of them, at both ends and in the middle, with weights that give them back."""
    layer = RowInt8Linear(torch.eye(255, dtype=torch.int8) * 127, torch.full((255,), 1 / 127), None)
    layer.for_many_rows()
    steps = torch.arange(-127, 128) / 127
    away = torch.linspace(-0.49, 0.49, 255) / 127
    away[0] = away[-1] = 0
    assert torch.allclose(layer((steps + away)[None]), steps[None], atol=1e-6)


def test_int8_is_close_to_float():
    """Outputs are within two per cent, root mean square."""
    plain = linear(512, 256)
    rows = torch.randn(64, 512)
    wanted, got = plain(rows), RowInt8Linear.from_linear(plain)(rows)
    assert (got - wanted).square().mean().sqrt() < 0.02 * wanted.square().mean().sqrt()


def test_activations_have_8_bits_where_the_kernel_is_exact_with_them(monkeypatch):
    """Then the loss is nearly half of that with 7 bits; neither saturates with the largest numbers there are."""
    layer = RowInt8Linear.from_linear(linear(512, 256))
    rows = torch.randn(64, 512)
    wanted = rows @ layer.weight.T + layer.bias
    losses = {}
    for most in {63, int8.most_activation()}:
        monkeypatch.setattr(int8, "most_activation", lambda most=most: most)
        losses[most] = float((layer(rows) - wanted).square().mean().sqrt())
        largest = RowInt8Linear(torch.full((8, 512), 127, dtype=torch.int8), torch.ones(8), None)
        assert torch.allclose(largest(torch.ones(3, 512)), torch.tensor(512 * 127.0), rtol=1e-5)
    assert losses[63] < 0.02 * float(wanted.square().mean().sqrt())
    assert losses.get(127, 0.0) < 0.6 * losses[63]


def test_rows_of_zeros_and_of_nonsense_stay_what_they_are():
    """Zeros give the bias; what is not a number is not hidden."""
    layer = RowInt8Linear.from_linear(linear())
    rows = torch.zeros(3, 96)
    rows[1, 5] = torch.nan
    got = layer(rows)
    assert torch.equal(got[0], layer.bias)
    assert got[1].isnan().all()
    assert torch.equal(got[2], layer.bias)


def test_packing_keeps_the_weights():
    """What can be read back after the first call is what was there before it; plain weights are let go."""
    layer = RowInt8Linear.from_linear(linear())
    values, scale = (tensor.clone() for tensor in layer.quantized_weight())
    weight = layer.weight
    layer(torch.randn(2, 96))
    assert layer.qweight is None
    assert torch.equal(layer.quantized_weight()[0], values)
    assert torch.allclose(layer.quantized_weight()[1], scale)
    assert torch.allclose(layer.weight, weight)


def test_quantizing_in_blocks_is_quantizing_rows():
    """Every row has its own scale, reaching 127; each value is the nearest."""
    weight = torch.randn(700, 900)
    values, scale = quantize_rows(weight)
    assert torch.equal(values.abs().amax(1), torch.full((700,), 127, dtype=torch.int8))
    assert ((values * scale[:, None] - weight).abs() <= 0.5001 * scale[:, None]).all()


@pytest.mark.parametrize("biases", [(True, True), (True, False), (False, False)])
def test_joined_layers_give_the_same_bits(biases):
    """One call of the joined layer is the calls of its parts."""
    parts = [RowInt8Linear.from_linear(linear(96, 8 * (i + 1), bias, seed=i)) for i, bias in enumerate(biases)]
    rows = torch.randn(5, 96)
    wanted = torch.cat([copy.deepcopy(part)(rows) for part in parts], dim=-1)
    joined = RowInt8Linear.join(parts)
    assert torch.equal(joined(rows), wanted)
    assert joined.quantized_weight()[0].shape == (24, 96)


def test_tied_head_shares_the_table():
    """The head stands for the same numbers as the table, and keeps no copy of them until it is used."""
    table = Int8Embedding(*quantize_rows(torch.randn(50, 32)), factor=2.0)
    head = table.head()
    assert head.qweight is table.qweight
    ids = torch.tensor([[3, 4], [49, 0]])
    assert torch.equal(table(ids), 2 * table.weight[ids])
    assert head(torch.eye(32)).T.allclose(table.weight, atol=1e-2)
    assert table.qweight is not None


def test_layers_are_quantised_by_kind():
    """Linear layers and tables become those of the kind."""
    model = nn.Sequential(nn.Embedding(20, 64), nn.Linear(64, 32), nn.Linear(32, 16))
    made = nn.Sequential(
        *(quantized_layer(layer, kind) for layer, kind in zip(model, ("int8", "int8", "int4"), strict=True))
    )
    assert [type(module) for module in made] == [Int8Embedding, RowInt8Linear, GroupInt4Linear]
    assert made(torch.tensor([1, 2])).shape == (2, 16)


def test_int4_stands_for_its_weight():
    """Values are within half a step of the groups' scales, and the kernel computes with them."""
    plain = linear(128, 48)
    layer = GroupInt4Linear.from_linear(plain)
    weight = layer.weight
    steps = layer.scale[..., 0].float().T.repeat_interleave(32, 1)
    assert ((weight - plain.weight).abs() <= 0.6 * steps).all()
    rows = torch.randn(4, 128)
    wanted = nn.functional.linear(rows.bfloat16().float(), weight, plain.bias)
    assert (layer(rows) - wanted).abs().max() < 0.02 * wanted.abs().max()
    assert layer.qweight is None
