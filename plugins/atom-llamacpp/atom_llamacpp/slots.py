"""Sequences in a context of llama.cpp, which grows as they do.

Shape letters: R rows, Q new tokens, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from atom_llamacpp.context import Context

_ROUND_TOKENS = 256
"""Slots are so much longer at once: each growth copies all of them."""
_SPARE_TOKENS = 64
"""What a request is likely to be answered with."""
_KEPT_TOKENS = 8192
"""A context with room for more is given back when nobody uses it."""


class Slots:
    """One sequence a slot, without gaps: slots that are neighbours are computed together."""

    def __init__(self, make: Callable[[int, int], Context]) -> None:
        """
        :param make: a context of so many slots, of so many tokens each
        """
        self._make = make
        self._context: Context | None = None
        self._sequences: list[int] = []
        self._lengths: dict[int, int] = {}
        """How many tokens each holds."""

    def holds(self, sequence: int, num_tokens: int) -> bool:
        """Whether the first `num_tokens` of a sequence are here."""
        return self._lengths.get(sequence, -1) >= num_tokens

    def length(self, sequence: int) -> int:
        """How many tokens of a sequence are here."""
        return self._lengths[sequence]

    def run(self, embeds_RQD: np.ndarray, sequences: Sequence[int], starts: Sequence[int]) -> np.ndarray:
        """Final hidden states [R * Q, D] of new tokens of sequences, of which what is before is here."""
        new, unknown = embeds_RQD.shape[1], [each for each in sequences if each not in self._lengths]
        context = self._with_room(len(self._sequences) + len(unknown), max(starts) + new)
        self._sequences += unknown  # only now: each of them has a slot
        slots = [self._sequences.index(sequence) for sequence in sequences]
        for sequence in sequences:
            self._lengths[sequence] = -1  # until it is done nobody knows what is there
        hidden = context.run(embeds_RQD, slots, starts)
        self._lengths.update((sequence, start + new) for sequence, start in zip(sequences, starts, strict=True))
        return hidden

    def add(self, sequence: int, block: np.ndarray, num_tokens: int) -> None:
        """Hold what another context held of a sequence, or what was packed of kept states."""
        self.drop(sequence)
        context = self._with_room(len(self._sequences) + 1, num_tokens)
        context.put(len(self._sequences), block)
        self._sequences.append(sequence)
        self._lengths[sequence] = num_tokens

    def block(self, sequence: int) -> np.ndarray:
        """What is here of a sequence."""
        assert self._context is not None
        return self._context.block(self._sequences.index(sequence))

    def drop(self, sequence: int) -> None:
        """Forget a sequence; the last one moves into its slot."""
        if self._lengths.pop(sequence, None) is None:
            return
        slot, last = self._sequences.index(sequence), len(self._sequences) - 1
        self._sequences[slot] = self._sequences[last]
        self._sequences.pop()
        if self._context is None:
            return
        if slot != last:
            self._context.put(slot, self._context.block(last))
        self._context.remove(last)
        if not self._sequences and self._context.slots * self._context.tokens > _KEPT_TOKENS:
            self.close()

    def close(self) -> None:
        """Forget all."""
        if self._context is not None:
            self._context.close()
        self._context, self._sequences, self._lengths = None, [], {}

    def _with_room(self, slots: int, tokens: int) -> Context:
        """A context for so many sequences of so many tokens."""
        old = self._context
        if old is None:
            self._context = self._make(slots, _rounded(tokens))
            return self._context
        if slots <= old.slots and tokens <= old.tokens:
            return old
        slots = old.slots if slots <= old.slots else max(slots, 2 * old.slots)
        tokens = old.tokens if tokens <= old.tokens else _rounded(tokens)
        blocks = [old.block(slot) for slot in range(min(old.slots, len(self._sequences)))]
        lengths, self._lengths = self._lengths, dict.fromkeys(self._lengths, -1)
        self._context = None
        old.close()
        self._context = self._make(slots, tokens)
        for slot, block in enumerate(blocks):
            self._context.put(slot, block)
        self._lengths = lengths
        return self._context


def _rounded(tokens: int) -> int:
    return -(-(tokens + _SPARE_TOKENS) // _ROUND_TOKENS) * _ROUND_TOKENS
