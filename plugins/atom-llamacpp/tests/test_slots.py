"""Sequences in slots: none is lost or mixed up while others come and go, whatever fails."""

from __future__ import annotations

import numpy as np
import pytest
from atom_llamacpp.slots import Slots
from hypothesis import given
from hypothesis import strategies as st

import atom_core as atom


class Memory:
    """Stands for a context of llama.cpp: of each slot it holds what it was given, and it refuses what has no place."""

    def __init__(self, slots, tokens):
        self.slots, self.tokens, self.open = slots, tokens, True
        self.held = [np.zeros(0)] * slots

    def run(self, embeds_RQD, slots, starts):
        """What all tokens of a slot add up to, in the place of hidden states."""
        assert len(set(slots)) == len(slots)
        for row, slot, start in zip(embeds_RQD, slots, starts, strict=True):
            self.held[slot] = np.concatenate([self.held[slot][:start], row[:, 0]])
            assert len(self.held[slot]) == start + len(row) <= self.tokens
        return np.array([self.held[slot].sum() for slot in slots])

    def block(self, slot):
        """As `Context.block`."""
        assert self.open
        return self.held[slot]

    def put(self, slot, block):
        """As `Context.put`."""
        assert len(block) <= self.tokens
        self.held[slot] = block

    def remove(self, slot):
        """As `Context.remove`."""
        self.held[slot] = np.zeros(0)

    def close(self):
        """As `Context.close`."""
        self.open = False


def run(slots, known, sequences, new, number):
    """A pass of so many new tokens, checked against what each sequence is known to hold."""
    starts = [len(known.get(sequence, ())) for sequence in sequences]
    for sequence in sequences:
        known[sequence] = [*known.get(sequence, ()), *[float(number)] * new]
    embeds = np.full((len(sequences), new, 1), float(number))
    assert slots.run(embeds, sequences, starts).tolist() == [sum(known[sequence]) for sequence in sequences]


@given(st.lists(st.tuples(st.sampled_from(["join", "step", "drop", "long"]), st.integers(0, 9)), max_size=30))
def test_sequences_keep_what_they_hold(doings):
    """Prompts of any length join in groups, all take a step, any leaves."""
    made = []

    def make(count, tokens):
        made.append(Memory(count, tokens))
        return made[-1]

    slots, known, next_sequence = Slots(make), {}, 0
    for number, (doing, which) in enumerate(doings, 1):
        if doing in ("join", "long"):
            group = list(range(next_sequence, next_sequence + which % 3 + 1))
            next_sequence += len(group)
            run(slots, known, group, 700 if doing == "long" else 5, number)
        elif doing == "step" and known:
            run(slots, known, list(known), 1, number)
        elif known:
            sequence = list(known)[which % len(known)]
            del known[sequence]
            slots.drop(sequence)
        for sequence, tokens in known.items():
            assert slots.holds(sequence, len(tokens))
            assert slots.block(sequence).tolist() == tokens
        assert sum(memory.open for memory in made) <= 1
    slots.close()
    assert not any(memory.open for memory in made)


def test_without_room_nothing_is_left_half_done():
    """Where no larger context can be had, all are dropped without a fault, and smaller ones work again."""

    def make(count, tokens):
        if count * tokens > 4096:
            raise atom.ModelError("no room")
        return Memory(count, tokens)

    slots, known = Slots(make), {}
    run(slots, known, [1, 2, 3], 100, 1)
    with pytest.raises(atom.ModelError, match="no room"):
        slots.run(np.zeros((2, 5000, 1)), [4, 5], [0, 0])
    assert not any(slots.holds(sequence, 1) for sequence in (1, 2, 3, 4, 5))
    for sequence in (1, 2, 3, 4, 5):
        slots.drop(sequence)
    run(slots, {}, [6, 7], 10, 2)


def test_a_large_context_that_nobody_uses_is_given_back():
    """A long prompt costs memory while it is asked about, and not for ever."""
    made = []

    def make(count, tokens):
        made.append(Memory(count, tokens))
        return made[-1]

    slots = Slots(make)
    slots.run(np.zeros((1, 9000, 1)), [1], [0])
    slots.drop(1)
    assert not made[-1].open
    slots.run(np.zeros((1, 5, 1)), [2], [0])
    slots.drop(2)
    assert made[-1].open
    assert made[-1].tokens < 9000
