"""The KV cache of the batch: what the model keeps of each running sequence, one row each, all rows in one buffer for
each layer.

A row is filled from the left and padded on the right, so rows of any length sit together, and a sequence joins or
leaves without moving the others. A row may share a run of its states with other rows: that run lies in the prefix
cache, and the row's buffer holds the others only.

Shape letters: R rows, H heads, L tokens, D head width, Q new tokens.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch

from atom_core.decoder.cascade_attention import SharedPrefixes, SharingRows
from atom_core.decoder.prefix_cache import KV
from atom_core.decoder.state_cache import Snapshot
from atom_core.errors import ModelError

_ROUND_TOKENS = 64
"""Buffers grow by so many tokens at once: each growth copies all rows."""
_ATTENTION = frozenset({"full_attention", "sliding_attention"})
_STATE = frozenset({"linear_attention", "conv"})


class ForwardWindow:
    """Which rows a forward pass works on, and where each row's new tokens go. All layers look at the same one."""

    first: int = 0
    """The first of the rows, which are neighbours."""
    end: int = 0
    """The row after the last one."""
    length: int = 0
    """Columns in use: own tokens of the longest row, the new ones included."""
    written: tuple[slice, slice, slice] | None = None
    """Where the new tokens go, where that is the same columns in all rows: a slice is much faster than indices, and the
    usual case while decoding one clip."""
    seen: tuple[slice, slice, slice]
    """What is in use of a buffer: the rows up to the longest one's end."""
    rows: torch.Tensor
    """The rows, [R, 1]."""
    columns: torch.Tensor
    """Where each row's new tokens go, [R, Q]."""
    continued: bool = False
    """Whether every row holds something already."""
    causal: bool = False
    """Whether each new token sees just the new ones before it, and itself: no mask is needed then."""
    sharing: SharedPrefixes | None = None
    """Which rows share what; None if none does."""
    starts: tuple[int, ...] = ()
    """Columns of each row before the new tokens."""


class KVLayer:
    """One attention layer's buffer of keys and values, [R, H, L, D] each."""

    def __init__(self, window: ForwardWindow) -> None:
        self.window = window
        self.keys: torch.Tensor | None = None
        self.values: torch.Tensor | None = None
        self.is_initialized = False

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Make empty buffers of the right width."""
        self.keys = key_states.new_empty(0, key_states.shape[1], 0, key_states.shape[3])
        self.values = value_states.new_empty(0, value_states.shape[1], 0, value_states.shape[3])
        self.is_initialized = True

    def reserve(self, rows: int, length: int) -> None:
        """Make room for `rows` of `length` tokens, at least."""
        assert self.keys is not None
        if rows > self.keys.shape[0] or length > self.keys.shape[2]:
            self.resize(max(rows, self.keys.shape[0]), max(length, self.keys.shape[2]))

    def resize(self, rows: int, length: int) -> None:
        """Have room for `rows` of `length` tokens and few more; what lies outside of that is dropped."""
        # zeros, not garbage: padding gets weight 0, but 0 times a NaN that happened to lie there is NaN
        length = -(-length // _ROUND_TOKENS) * _ROUND_TOKENS
        for name in ("keys", "values"):
            old = getattr(self, name)
            new = old.new_zeros(rows, old.shape[1], length, old.shape[3])
            kept = old[:rows, :, :length]
            new[: kept.shape[0], :, : kept.shape[2]] = kept
            setattr(self, name, new)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write new states [R, H, Q, D] into the window's rows; those rows' states up to the longest one's end."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        window = self.window
        self.reserve(window.end, window.length)
        assert self.keys is not None
        assert self.values is not None
        if window.written is not None:
            self.keys[window.written] = key_states
            self.values[window.written] = value_states
        else:
            if window.rows.device != self.keys.device:  # once for all layers
                window.rows, window.columns = window.rows.to(self.keys.device), window.columns.to(self.keys.device)
            self.keys[window.rows, :, window.columns] = key_states.transpose(1, 2)
            self.values[window.rows, :, window.columns] = value_states.transpose(1, 2)
        # views, which the next update writes into: attention is done with them by then
        return self.keys[window.seen], self.values[window.seen]


class StateLayer:
    """One layer whose memory of a sequence has a fixed size: convolution and recurrent states, one for each row.

    Such a state cannot be cut, and padding would go into it: rows are prefilled one by one, and decoded together.
    """

    def __init__(self, window: ForwardWindow) -> None:
        self.window = window
        self.buffers: dict[str, torch.Tensor] = {}

    def open(self) -> None:
        """Show the window's rows to the model."""

    def write(self, name: str, states: torch.Tensor) -> None:
        """Keep the states of the window's rows."""
        first, end = self.window.first, self.window.first + states.shape[0]
        self.reserve(name, end, states)
        self.buffers[name][first:end] = states

    def reserve(self, name: str, rows: int, like: torch.Tensor) -> None:
        """Make room for `rows` states shaped as those of `like`."""
        old = self.buffers.get(name)
        if old is not None and rows <= old.shape[0]:
            return
        new = like.new_zeros(rows, *like.shape[1:])
        if old is not None:
            new[: old.shape[0]] = old
        self.buffers[name] = new


def layer_kinds(config: Any) -> tuple[str, ...]:
    """What each layer keeps of a sequence: ``kv`` or ``state``. Layers that share another's KV keep nothing.

    :param config: of the language half
    :raises ModelError: if a layer is of a kind that cannot be served faithfully
    """
    kinds = list(getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers)
    # the last layers attend to the KV of earlier ones, in Gemma 3n and 4
    kinds = kinds[: len(kinds) - (getattr(config, "num_kv_shared_layers", 0) or 0)]
    for kind in kinds:
        if kind not in _ATTENTION | _STATE:
            raise ModelError(f"models with layers of kind {kind!r} cannot be split faithfully; see docs/families.md")
    return tuple("state" if kind in _STATE else "kv" for kind in kinds)


class BatchKVCache:
    """All layers' buffers, and the window that the next forward pass works on."""

    kv_layer: type[KVLayer] = KVLayer
    state_layer: type[StateLayer] = StateLayer

    def __init__(self, kinds: Sequence[str]) -> None:
        """
        :param kinds: what each layer keeps, see `layer_kinds`
        """
        self.window = ForwardWindow()
        self._shared: dict[int, KV] = {}
        """What each row shares, if it does."""
        self._num_own: dict[int, int] = {}
        """How many tokens each row holds itself."""
        self._sequences: dict[int, int] = {}
        """Which sequence each row holds."""
        self._next_sequence = itertools.count()
        self.layers: list[KVLayer | StateLayer] = [
            (self.state_layer if kind == "state" else self.kv_layer)(self.window) for kind in kinds
        ]
        self.kv_layers = [layer for layer in self.layers if isinstance(layer, KVLayer)]
        """The layers with keys and values."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write a layer's new states [R, H, Q, D]; what its attention looks at."""
        layer = self.layers[layer_idx]
        assert isinstance(layer, KVLayer)
        return layer.update(key_states, value_states)

    def begin_forward(self, first: int, starts: Sequence[int], num_new: int) -> torch.Tensor:
        """Point the window at rows `first` onwards, each getting `num_new` tokens from its own start.

        :param starts: tokens of each row before the new ones
        :return: which keys each new token may see, bool [R, 1, Q, L]
        """
        window = self.window
        starts = self.advance(first, starts, num_new)
        starts_R = torch.tensor(starts)
        window.first, window.end, window.starts = first, first + len(starts), tuple(starts)
        window.length = max(starts) + num_new
        rows, every = slice(first, window.end), slice(None)
        is_uniform = min(starts) == max(starts)
        window.written = (rows, every, slice(starts[0], window.length)) if is_uniform else None
        window.seen = (rows, every, slice(window.length))
        window.rows = torch.arange(first, window.end)[:, None]
        window.columns = starts_R[:, None] + torch.arange(num_new)
        window.continued = min(starts) > 0
        window.sharing = self._sharing(starts, num_new)
        # rows of unequal length are padded on the right, which causal attention does not see
        window.causal = num_new > 1 and max(starts) == 0 and window.sharing is None
        for layer in self._state_layers():
            layer.open()
        return (torch.arange(window.length) <= window.columns[:, :, None])[:, None]

    def advance(self, first: int, starts: Sequence[int], num_new: int) -> list[int]:
        """Note that rows `first` onwards get `num_new` tokens each.

        :param starts: tokens of each row before the new ones
        :return: how many of these each row holds itself: the column that its new tokens begin at
        """
        columns = [start - self._num_shared(row) for row, start in enumerate(starts, first)]
        self._num_own.update((row, column + num_new) for row, column in enumerate(columns, first))
        for row, column in enumerate(columns, first):
            if not column or row not in self._sequences:
                self._sequences[row] = next(self._next_sequence)
        return columns

    def point_at(self, columns_R1: torch.Tensor, length: int) -> torch.Tensor:
        """Point the window at the first rows, each getting one token, by indices that lie where the buffers are; for
        forward passes that are recorded, and replayed after the indices have changed.

        :param columns_R1: where the new tokens go; no row shares what it holds
        :param length: columns that each row has room for, see `make_room`
        :return: which keys each new token may see, bool [R, 1, 1, L]
        """
        window, rows, device = self.window, slice(len(columns_R1)), columns_R1.device
        window.first, window.end, window.length = 0, len(columns_R1), length
        window.written, window.seen = None, (rows, slice(None), slice(length))
        window.rows, window.columns = torch.arange(len(columns_R1), device=device)[:, None], columns_R1
        window.continued, window.causal, window.sharing = True, False, None
        window.starts = (length - 1,) * len(columns_R1)  # as far as can be told beforehand
        return (torch.arange(length, device=device) <= columns_R1[:, :, None])[:, None]

    def make_room(self, rows: int, length: int) -> None:
        """Have room for `rows` of `length` tokens, at least, in all layers, of which each holds something."""
        for layer in self.kv_layers:
            layer.reserve(rows, length)

    @property
    def buffers(self) -> list[torch.Tensor]:
        """Keys and values of all layers in turn."""
        both = (buffer for layer in self.kv_layers for buffer in (layer.keys, layer.values))
        return [buffer for buffer in both if buffer is not None]

    @property
    def sequences(self) -> tuple[int, ...]:
        """Which sequence each of the window's rows holds: a number that no other one ever has."""
        return tuple(self._sequences[row] for row in range(self.window.first, self.window.end))

    def restore(self, row: int, chain: Sequence[KV], *, share: bool = False) -> None:
        """Fill an empty row from its start with kept states.

        :param share: the longest run is not copied; for language halves whose attention is `cascade` only
        """
        self._sequences.pop(row, None)
        longest = max(chain, key=lambda kv: kv.num_tokens) if share else None
        at = 0
        for kv in chain:
            if kv is longest:
                self._shared[row] = kv
            else:
                self._fill(row, at, kv)
                at += kv.num_tokens
        self._num_own[row] = at

    def share_longest(self, row: int, chain: Sequence[KV], length: int) -> None:
        """Let `row`, which holds all its `length` tokens, share the longest run of `chain` and drop its own copy."""
        longest = max(range(len(chain)), key=lambda place: chain[place].num_tokens)
        start, kv = sum(run.num_tokens for run in chain[:longest]), chain[longest]
        for layer in self.kv_layers:
            for buffer in (layer.keys, layer.values):
                assert buffer is not None
                # a copy in between: source and target overlap
                buffer[row, :, start : length - kv.num_tokens] = buffer[row, :, start + kv.num_tokens : length].clone()
        self._shared[row], self._num_own[row] = kv, length - kv.num_tokens
        self._shrink()

    def shares(self, row: int) -> bool:
        """Whether `row` uses states that it does not hold itself."""
        return row in self._shared

    def _shrink(self) -> None:
        """Give back what is reserved if it is far more than the rows hold, as after a long prefix is shared."""
        rows, length = max(self._num_own) + 1, max(self._num_own.values()) + 1
        for layer in self.kv_layers:
            assert layer.keys is not None
            if layer.keys.shape[2] > 2 * (length + _ROUND_TOKENS):
                layer.resize(rows, length)

    def _fill(self, row: int, start: int, kv: KV) -> None:
        for layer, (keys, values) in zip(self.kv_layers, kv.layers, strict=True):
            if not layer.is_initialized:
                layer.lazy_initialization(keys[None], values[None])
            layer.reserve(row + 1, start + kv.num_tokens)
            assert layer.keys is not None
            assert layer.values is not None
            layer.keys[row, :, start : start + kv.num_tokens] = keys
            layer.values[row, :, start : start + kv.num_tokens] = values

    def view(self, row: int, start: int, end: int) -> KV:
        """The states of tokens `start` to `end` of `row`, after those it shares; valid until the next forward pass."""
        start, end = start - self._num_shared(row), end - self._num_shared(row)
        pairs = []
        for layer in self.kv_layers:
            assert layer.keys is not None
            assert layer.values is not None
            pairs.append((layer.keys[row, :, start:end], layer.values[row, :, start:end]))
        return KV(tuple(pairs), end - start)

    def snapshot(self, row: int, end: int) -> Snapshot:
        """All that is kept of the first `end` tokens of `row`, which must be all it holds; a copy."""
        # copies: the row goes on to be decoded, and its states are overwritten at every step
        states = [
            {name: buffer[row].clone() for name, buffer in layer.buffers.items()} for layer in self._state_layers()
        ]
        return Snapshot(self.view(row, 0, end).cut(0, end), tuple(states))

    def load(self, row: int, snapshot: Snapshot) -> None:
        """Fill `row` with what was kept."""
        self._fill(row, 0, snapshot.kv)
        self._num_own[row] = snapshot.num_tokens
        for layer, states in zip(self._state_layers(), snapshot.states, strict=True):
            for name, state in states.items():
                layer.reserve(name, row + 1, state[None])
                layer.buffers[name][row] = state

    def free_row(self, row: int, last: int, length: int) -> None:
        """Free `row`; the last row's sequence of `length` tokens moves into its place, so that rows have no gaps."""
        num_moved = length - self._num_shared(last)
        self._forget(row, last)
        if row == last:
            return
        for state_layer in self._state_layers():
            for buffer in state_layer.buffers.values():
                buffer[row] = buffer[last]
        for layer in self.kv_layers:
            for kv_buffer in (layer.keys, layer.values):
                assert kv_buffer is not None
                kv_buffer[row, :, :num_moved] = kv_buffer[last, :, :num_moved]

    def _forget(self, row: int, last: int) -> None:
        """What is known of `row` from now on is what is known of the last one, which leaves no copy behind."""
        for about in (self._shared, self._num_own, self._sequences):
            about.pop(row, None)
            if last in about:
                about[row] = about.pop(last)  # type: ignore[assignment]

    def clear(self) -> None:
        """Free all rows."""
        self._shared.clear()
        self._num_own.clear()
        self._sequences.clear()

    @property
    def num_bytes(self) -> int:
        """Memory held, bytes."""
        states = [buffer for layer in self._state_layers() for buffer in layer.buffers.values()]
        return sum(buffer.numel() * buffer.element_size() for buffer in (*self.buffers, *states))

    def _num_shared(self, row: int) -> int:
        kv = self._shared.get(row)
        return 0 if kv is None else kv.num_tokens

    def _sharing(self, starts: Sequence[int], num_new: int) -> SharedPrefixes | None:
        """Which of the window's rows share what; None if none does."""
        shared = [self._shared.get(self.window.first + place) for place in range(len(starts))]
        groups: dict[tuple[int, int], tuple[KV, list[int]]] = {}
        for place, kv in enumerate(shared):
            if kv is not None:
                # by address: a view of the same states for a shorter prefix is a group of its own
                groups.setdefault((kv.layers[0][0].data_ptr(), kv.num_tokens), (kv, []))[1].append(place)
        if not groups:
            return None
        sharing = [place for place, kv in enumerate(shared) if kv is not None]
        others = [place for place, kv in enumerate(shared) if kv is None]
        return SharedPrefixes(
            groups=tuple(SharingRows(_rows(places), kv) for kv, places in groups.values()),
            sharing=_span(sharing),
            length=max(starts[place] for place in sharing) + num_new,
            others=_span(others),
            shares_R111=torch.tensor([kv is not None for kv in shared])[:, None, None, None],
        )

    def _state_layers(self) -> list[StateLayer]:
        return [layer for layer in self.layers if isinstance(layer, StateLayer)]


def _span(places: list[int]) -> slice:
    """A slice from the first to the last."""
    return slice(places[0], places[-1] + 1) if places else slice(0, 0)


def _rows(places: list[int]) -> torch.Tensor | slice:
    """The places as indices; neighbours as a slice, which copies nothing."""
    return _span(places) if places[-1] - places[0] + 1 == len(places) else torch.tensor(places)
