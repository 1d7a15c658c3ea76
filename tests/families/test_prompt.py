"""What the decoder reads, and the keys by which beginnings of it are found again."""

from __future__ import annotations

import torch

from atom_core.families.prompt import PrefillChunk, Prompt, Visual
from atom_core.testing.fakes import fake_clips, fake_features, fake_video

A, B = (fake_features(clip, name, num_tokens=3) for clip, name in zip(fake_clips(fake_video(), 2), "ab", strict=True))


def test_keys_stand_for_all_tokens() -> None:
    """Words one by one, each run of visual tokens as a whole, by its features and the first of their rows."""
    visuals = (Visual(start=2, features=A, row=0, num_tokens=2), Visual(start=5, features=B, row=1, num_tokens=1))
    prompt = Prompt(ids=(10, 11, 0, 0, 14, 0, 17), visuals=visuals)
    keys = prompt.prefix_keys()
    assert keys == ((10, 1), (11, 1), ((A.key, 0), 2), (14, 1), ((B.key, 1), 1), (17, 1))
    assert sum(num_tokens for _, num_tokens in keys) == len(prompt) == 7
    assert prompt.visual_end == 6
    words = Prompt(ids=(1, 2))
    assert (words.prefix_keys(), words.visual_end) == (((1, 1), (2, 1)), 0)
    together = Prompt(ids=(0, 0, 0, 0), visuals=(Visual(0, A, 0, 2), Visual(2, A, 2, 2)))
    assert together.prefix_keys() == (((A.key, 0), 2), ((A.key, 2), 2))


def test_where_it_can_be_cut() -> None:
    """Not within a span whose tokens look at each other; before and after it."""
    prompt = Prompt(ids=tuple(range(9)), blocks=((1, 3), (5, 8)))
    assert [place for place in range(10) if not prompt.can_cut(place)] == [2, 6, 7]


def test_an_answer_follows() -> None:
    """Its tokens, at the positions after the largest on every axis."""
    prompt = Prompt(ids=(1, 2, 3), position_ids=torch.tensor([[0, 1, 1], [0, 1, 2]]))
    longer = prompt.with_answer((8, 9))
    assert longer.ids == (1, 2, 3, 8, 9)
    assert longer.position_ids is not None
    assert longer.position_ids.tolist() == [[0, 1, 1, 3, 4], [0, 1, 2, 3, 4]]
    plain = Prompt(ids=(1,)).with_answer((8, 9))
    assert (plain.ids, plain.position_ids) == ((1, 8, 9), None)
    assert PrefillChunk(plain, 1, 3).num_tokens == 2


def test_prompts_in_words_and_compared() -> None:
    """What a log shows of one is short; tokens and clips say whether two are the same, positions follow from them."""
    one, other = (Prompt(ids=tuple(range(99)), position_ids=torch.zeros(1, number)) for number in (2, 3))
    assert one == other != Prompt(ids=(1,))
    assert len(repr(one)) < 60
