"""States as llama.cpp writes them: what is packed is unpacked, whatever stands around it, and nothing else is taken."""

from __future__ import annotations

import numpy as np
import pytest
from atom_llamacpp.states import StateFormat
from hypothesis import given
from hypothesis import strategies as st

import atom_core as atom

MAGIC = np.array([0xAF143CD8, 3], np.uint32).view(np.uint8)
"""What this version begins with: a number that is always the same, and the slot."""


def form(*, across, heads=2, width=4, layers=3):
    """A small model's."""
    kind = {"dtype": np.float32, "kind": 0} if across else {"dtype": np.float16, "kind": 1}
    return StateFormat(layers=layers, key_heads=heads, head_width=width, across=across, **kind)


def drawn(form, tokens, seed=0):
    """Keys and values of so many tokens, which both types hold without rounding."""
    random = np.random.default_rng(seed)
    shape = form.key_heads, tokens, form.head_width
    return [np.float32(random.integers(-99, 99, shape)) for _ in range(2 * form.layers)]


def empty(streams):
    """The state of a sequence that holds nothing."""
    return np.concatenate([MAGIC, np.array([streams] + [0] * streams, np.uint32).view(np.uint8)])


@given(
    across=st.booleans(),
    tokens=st.integers(1, 9),
    streams=st.integers(1, 5),
    heads=st.integers(1, 3),
    width=st.sampled_from([2, 4, 6]),
    layers=st.integers(1, 3),
)
def test_what_is_packed_is_unpacked(across, tokens, streams, heads, width, layers):
    """From any first token to any last one, by way of a context of any number of streams."""
    shape = form(across=across, heads=heads, width=width, layers=layers)
    states = drawn(shape, tokens)
    block = shape.pack(states)
    assert np.array_equal(shape.split(shape.joined(empty(streams), block, streams), streams), block)
    start = tokens // 2
    for found, known in zip(shape.unpack(block, start, tokens), states, strict=True):
        assert np.array_equal(found, known[:, start:])


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_block_is_found_in_any_stream(across, place):
    """The other streams hold nothing of the sequence."""
    shape = form(across=across)
    block, nothing = shape.pack(drawn(shape, 5)), np.zeros(4, np.uint8)
    count = np.array([4], np.uint32).view(np.uint8)
    data = np.concatenate([MAGIC, count, *[nothing] * place, block, *[nothing] * (3 - place)])
    assert np.array_equal(shape.split(data, 4), block)


def test_keys_are_in_pairs():
    """llama.cpp has the two halves of a head interleaved."""
    shape = form(across=False, heads=1, layers=1)
    states = [np.arange(4, dtype=np.float32).reshape(1, 1, 4)] * 2
    written = shape.pack(states).tobytes()
    assert np.array([0, 2, 1, 3], np.float16).tobytes() in written
    assert np.array([0, 1, 2, 3], np.float16).tobytes() in written


def test_tokens_in_another_order_are_sorted():
    """What was forgotten leaves places that later tokens come to."""
    shape = form(across=False, layers=1)
    states = drawn(shape, 3)
    block = shape.pack([each[:, [2, 0, 1]] for each in states])
    block[4:40].view(np.int32).reshape(3, 3)[:, 0] = [2, 0, 1]
    for found, known in zip(shape.unpack(block, 0, 3), states, strict=True):
        assert np.array_equal(found, known)


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("change", ["cut", "type", "layers", "order", "positions", "streams"])
def test_what_is_written_otherwise_is_refused(across, change):
    """A version that writes other states is told, and none is misread."""
    shape, streams = form(across=across), 2
    data = shape.joined(empty(streams), shape.pack(drawn(shape, 4)), streams)
    numbers = data.view(np.uint32)  # 2 of the beginning, streams, tokens, 3 for each of 4 tokens, order, layers, type
    if change == "cut":
        data = data[:-8]
    else:
        place = {"type": 18, "layers": 17, "order": 16, "positions": 4, "streams": 2}[change]
        numbers[place] += 1
    with pytest.raises(atom.ModelError, match="writes states in a form that is not known"):
        shape.unpack(shape.split(data, streams), 0, 4)


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\1\0\0\0", bytes(range(200))])
def test_bytes_that_are_no_state_are_refused(data):
    """Whatever they are."""
    with pytest.raises(atom.ModelError, match="not known"):
        form(across=True).split(np.frombuffer(data, np.uint8), 3)
