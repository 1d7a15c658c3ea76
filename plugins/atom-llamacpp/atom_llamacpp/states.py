"""What llama.cpp writes and reads as a sequence's state: its keys and values, and the positions of their tokens.

A state is a beginning that is the same for all of a context, how many streams the context has, and for each stream how
many tokens of the sequence it holds. Behind that of the one that holds it come the tokens' positions, then the keys of
all tokens, layer by layer, then the values. A *block* is what belongs to the one stream, which is the same in contexts
of any number of streams. None of this is documented; so everything that can be told is compared with what is expected.

Shape letters: P tokens, G key heads, W head width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

import atom_core as atom
from atom_llamacpp.engine import installed

_NUMBER = 4
"""Bytes of a number."""
_TITLE = 12
"""Bytes before a layer's keys or values."""


@frozen(kw_only=True)
class StateFormat:
    """How the states of a model's sequences are written."""

    layers: int
    """How many there are."""
    key_heads: int
    """Of keys and values."""
    head_width: int
    """Of a head."""
    dtype: type[np.float32] | type[np.float16]
    """Of keys and values."""
    kind: int
    """What ggml calls `dtype`."""
    across: bool
    """Whether values are written feature by feature, and not token by token; without flash attention they are."""

    def split(self, data: np.ndarray, streams: int) -> np.ndarray:
        """The block in a state, which may be empty.

        :param data: bytes
        :raises ModelError: if it is written otherwise
        """
        for at in range(0, 4 * _NUMBER, _NUMBER):  # the beginning is of two numbers as this is written
            if len(data) < at + _NUMBER * (1 + streams) or _number(data, at) != streams:
                continue
            rest = data[at + _NUMBER :]
            first = next((place for place in range(streams) if _number(rest, _NUMBER * place)), None)
            if first is None:
                if len(rest) == _NUMBER * streams:
                    return rest[:0]
                continue
            block = rest[_NUMBER * first : len(rest) - _NUMBER * (streams - 1 - first)]
            if len(block) == self._num_bytes(_number(block, 0)):
                return block
        raise _unknown()

    def joined(self, empty: np.ndarray, block: np.ndarray, streams: int) -> np.ndarray:
        """A state of a block.

        :param empty: the state of a sequence that holds nothing, of the context that it is for
        """
        if len(self.split(empty, streams)):
            raise _unknown()
        beginning = empty[: len(empty) - _NUMBER * streams]
        return np.concatenate([beginning, block, np.zeros(_NUMBER * (streams - 1), np.uint8)])

    def unpack(self, block: np.ndarray, start: int, end: int) -> list[np.ndarray]:
        """Keys and values of the tokens from position `start` to `end`, layer by layer in turn, float32 [G, P, W].

        :raises ModelError: if they are not there, or written otherwise
        """
        num_tokens = _number(block, 0) if len(block) else 0
        cells = block[_NUMBER : _NUMBER * (1 + 3 * num_tokens)].view(np.int32).reshape(-1, 3)
        order = np.argsort(cells[:, 0], kind="stable")[start:end]
        if not np.array_equal(cells[order, 0], np.arange(start, end)) or (cells[:, 1] != 1).any():
            raise _unknown()
        rest = block[_NUMBER * (1 + 3 * num_tokens) :]
        if (_number(rest, 0), _number(rest, _NUMBER)) != (self.across, self.layers):
            raise _unknown()
        parts = rest[2 * _NUMBER :].reshape(2, self.layers, -1)
        titles = np.stack([self._title(across=False), self._title(across=self.across)])
        if (parts[..., :_TITLE] != titles[:, None]).any():
            raise _unknown()
        # copies: what stands before may leave them unaligned
        keys, values = parts[:, :, _TITLE:].copy().view(self.dtype).reshape(2, self.layers, -1)
        apart = num_tokens, self.key_heads, self.head_width
        values = values.reshape(self.layers, -1, num_tokens).swapaxes(1, 2) if self.across else values
        # two halves of a head, where llama.cpp has pairs
        paired = keys.reshape(self.layers, *apart[:2], -1, 2).swapaxes(3, 4)
        found = []
        for number in range(self.layers):
            for part in (paired[number], values[number]):
                heads = part.reshape(apart)[order].swapaxes(0, 1)
                found.append(np.ascontiguousarray(heads, np.float32))
        return found

    def pack(self, states: Sequence[np.ndarray]) -> np.ndarray:
        """The block of a sequence's first tokens; the inverse of `unpack`."""
        num_tokens = states[0].shape[1]
        cells = np.zeros((num_tokens, 3), np.int32)
        cells[:, 0], cells[:, 1] = np.arange(num_tokens), 1
        pieces = [np.array([num_tokens], np.uint32), cells, np.array([self.across, self.layers], np.uint32)]
        for values_GPW in states[::2]:
            heads = values_GPW.swapaxes(0, 1).reshape(num_tokens, self.key_heads, 2, -1).swapaxes(2, 3)
            pieces += [self._title(across=False), np.ascontiguousarray(heads, self.dtype)]
        for values_GPW in states[1::2]:
            heads = values_GPW.transpose(0, 2, 1) if self.across else values_GPW.swapaxes(0, 1)
            pieces += [self._title(across=self.across), np.ascontiguousarray(heads, self.dtype)]
        return np.concatenate([piece.reshape(-1).view(np.uint8) for piece in pieces])

    def _title(self, *, across: bool) -> np.ndarray:
        """What stands before a layer's keys or values: their type, and the bytes of a token or the shape of values that
        are written across."""
        size = np.dtype(self.dtype).itemsize
        width = self.key_heads * self.head_width
        shape = np.array([size, width], np.uint32) if across else np.array([self._row_bytes], np.uint64)
        return np.frombuffer(np.int32(self.kind).tobytes() + shape.tobytes(), np.uint8)

    @property
    def _row_bytes(self) -> int:
        return self.key_heads * self.head_width * np.dtype(self.dtype).itemsize

    def _num_bytes(self, num_tokens: int) -> int:
        each = _TITLE + num_tokens * self._row_bytes
        return _NUMBER * (1 + 3 * num_tokens + 2) + 2 * self.layers * each


def _number(data: np.ndarray, at: int) -> int:
    return int.from_bytes(data[at : at + _NUMBER].tobytes(), "little")


def _unknown() -> atom.ModelError:
    return atom.ModelError(
        f"llama-cpp-python {installed()} writes states in a form that is not known; install another"
        " version, or name the model without llamacpp:"
    )
