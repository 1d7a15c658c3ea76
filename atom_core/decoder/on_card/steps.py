"""Decode steps replayed as CUDA graphs: all kernels of a step are launched at once, as they were recorded of the first
step of that size.

A step of a small model has a thousand kernels and more, each of which takes longer to launch than to compute. A graph
replays the same kernels on the same memory. So what changes from step to step, tokens, positions and places, is copied
into tensors that stay where they are, and the buffers of keys and values have a capacity, of which each row masks what
it does not hold.

Shape letters: B rows of a graph, R <= B rows that are decoded, L keys, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from attrs import define, frozen

from atom_core.decoder.kv_cache import BatchKVCache
from atom_core.families.logits_processor import likeliest

_LEAST_TOKENS, _ROUND_TOKENS = 256, 1024
"""Capacities of a row double from the first on up to the second, then they are multiples of it."""
_CHECKED_REPLAYS = (1, 8)
"""Which of a model's replays are held against a step that is launched kernel by kernel; what was recorded of a place
shows the better the further away it is."""
_TOLERANCE = 0.02
"""By how much, of the largest logit, the two may differ: matrix products may be summed in another order."""

Forward = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Logits [B, V] of tokens [B, 1] at positions [B, 1]; each row sees of its L keys what a mask [B, 1, 1, L] says."""
Step = tuple[torch.Tensor, torch.Tensor]
"""Logits, and what `likeliest` makes of them."""


class Recording(Protocol):
    """A function's kernels, which can be launched again."""

    def replay(self) -> None:
        """Launch them: the tensors that the function gave are overwritten with what it gives now."""


Record = Callable[[Callable[[], Step]], tuple[Recording, Step]]
"""Records a function, which is called more than once for it; the tensors it gave are the recording's own."""


@frozen
class _Size:
    """What a step is recorded for."""

    rows: int
    """How many there are, at most."""
    length: int
    """How many tokens each of them has room for."""


@define(eq=False)
class _Graph:
    """A recorded step."""

    recording: Recording
    step: Step
    """What the last replay gave."""


class GraphedSteps:
    """Decode steps of one model. Used by one thread only."""

    def __init__(
        self, forward: Forward, kv_cache: BatchKVCache, device: torch.device, record: Record | None = None
    ) -> None:
        """
        :param forward: computes one step; called again with the same tokens it changes nothing
        :param record: how a step is recorded; as a CUDA graph unless told otherwise
        """
        self._forward, self._kv_cache, self._device = forward, kv_cache, device
        self._record: Record = record or CudaGraphs(device)
        self._graphs: dict[_Size, _Graph] = {}
        self._buffers: list[torch.Tensor] = []
        """The keys and values that the graphs work on: once the batch's lie elsewhere, all are of no use."""
        self._inputs: dict[int, torch.Tensor] = {}
        """Tokens, positions and places, [3, B] for each number of rows."""
        self._num_replays = 0
        """Those of a step that was recorded before."""
        self.is_usable = True
        """Whether steps of this model can be replayed: one that waits for the card, or that computes something from
        Python's numbers, cannot."""

    def __call__(self, tokens: Sequence[int], lengths: Sequence[int], positions: Sequence[int]) -> Step | None:
        """One more token in each of the first rows: logits [R, V] and `likeliest` of them, valid until the next step.

        :param lengths: how many tokens each row holds already
        :return: None where the step cannot be replayed, so that it has to be computed
        """
        if not self.is_usable:
            return None
        size = _Size(rows=_round_up_rows(len(tokens)), length=_round_up_length(max(lengths) + 1))
        try:
            logits_BV, likeliest_2B = self._replay(size, tokens, positions, lengths)
        except RuntimeError:  # also where there is no memory for it
            self._give_up()
        if not self.is_usable:
            return None
        self._kv_cache.advance(0, lengths, 1)
        return logits_BV[: len(tokens)], likeliest_2B[:, : len(tokens)]

    def _replay(self, size: _Size, *inputs: Sequence[int]) -> Step:
        self._kv_cache.make_room(size.rows, size.length)
        self._fill(size.rows, inputs)
        buffers = self._kv_cache.buffers
        if list(map(id, buffers)) != list(map(id, self._buffers)):
            self._graphs.clear()  # none may keep memory that the batch has left
            self._buffers = buffers
        is_new = size not in self._graphs
        if is_new:
            self._graphs[size] = _Graph(*self._record(lambda: self._step(size)))
        graph = self._graphs[size]
        graph.recording.replay()
        self._num_replays += not is_new
        if not is_new and self._num_replays in _CHECKED_REPLAYS:
            self._check(size, graph)
        return graph.step

    def _fill(self, rows: int, inputs: Sequence[Sequence[int]]) -> None:
        """Rows that are not decoded write into the first place of rows that hold nothing."""
        padded = torch.tensor([[*values, *[0] * (rows - len(values))] for values in inputs])
        if rows not in self._inputs:
            self._inputs[rows] = torch.empty_like(padded, device=self._device)
        self._inputs[rows].copy_(padded)

    def _step(self, size: _Size) -> Step:
        tokens_B1, positions_B1, columns_B1 = self._inputs[size.rows][..., None]
        mask = self._kv_cache.point_at(columns_B1, size.length)
        logits_BV = self._forward(tokens_B1, positions_B1, mask)
        return logits_BV, likeliest(logits_BV)

    def _check(self, size: _Size, graph: _Graph) -> None:
        """Whether a replay gives what the model gives at another place than where it was recorded."""
        replayed_BV, computed_BV = graph.step[0], self._step(size)[0]
        if float((replayed_BV - computed_BV).abs().max()) > _TOLERANCE * float(computed_BV.abs().max()):
            self._give_up()

    def _give_up(self) -> None:
        self._graphs.clear()
        self._buffers = []
        self.is_usable = False


class CudaGraphs:
    """Records what one thread launches on a card, whatever other threads launch meanwhile."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()
        """Memory between kernels: no two graphs are replayed at once, so all share it."""

    def __call__(self, function: Callable[[], Step]) -> tuple[Recording, Step]:
        """
        :raises RuntimeError: if it does what a graph cannot, such as waiting for the card
        """
        with torch.cuda.device(self._device):
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                function()  # libraries take their workspaces at a first call, which cannot be recorded
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self._pool, stream=stream, capture_error_mode="thread_local"):
                step = function()
        return graph, step


def _round_up_rows(rows: int) -> int:
    """The next power of two."""
    return 1 << (rows - 1).bit_length()


def _round_up_length(length: int) -> int:
    if length > _ROUND_TOKENS:
        return -(-length // _ROUND_TOKENS) * _ROUND_TOKENS
    return max(_LEAST_TOKENS, _round_up_rows(length))
