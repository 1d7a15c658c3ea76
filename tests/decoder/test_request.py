"""A request from its prompt to its last token, without a model."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch

from atom_core.call_context import Caller
from atom_core.decoder.request import DecodeRequest, looping
from atom_core.errors import ModelError
from atom_core.families.prompt import Prompt, Visual
from atom_core.testing.fakes import fake_clips, fake_features, fake_video

FEATURES = fake_features(fake_clips(fake_video(), 1)[0], "clip", num_tokens=4)
PROMPT = Prompt(ids=tuple(range(9)), visuals=(Visual(start=1, features=FEATURES, row=0, num_tokens=4),))


def asked(prompt: Prompt = PROMPT, **about: Any) -> DecodeRequest:
    """A request, of which only the prompt is said."""
    return DecodeRequest(prompt=prompt, caller=Caller(), **about)


def test_what_is_not_said() -> None:
    """A request decodes nothing, greedily, and has nothing yet."""
    request = asked()
    said = (request.embed, request.inner, request.max_new_tokens, request.temperature, request.logprob)
    assert said == (False, False, 0, 0.0, 0.0)
    assert (request.answer_from, request.num_answer_tokens, request.arrival) == (None, 0, 0)
    assert (request.tokens, request.finish_reason) == ([], "length")


def test_what_others_about_the_clip_share() -> None:
    """All up to its end."""
    assert asked().shared_prefix == ((0, 1), ((FEATURES.key, 0), 4))
    assert asked().prefix_keys == (*asked().shared_prefix, (5, 1), (6, 1), (7, 1), (8, 1))
    assert (asked().max_reused_tokens, asked(answer_from=7).max_reused_tokens) == (8, 6)
    assert asked(answer_from=7).num_answer_tokens == 2


def test_places_of_tokens() -> None:
    """A decoded token comes after the prompt, by own positions where it has such; the last is not cached yet."""
    positions = torch.tensor([[0, 1, 1, 1, 1, 2, 3, 4, 5], [0, 1, 2, 1, 2, 3, 4, 5, 6]])
    for prompt, first in ((PROMPT, 9), (Prompt(ids=PROMPT.ids, position_ids=positions), 7)):
        request = asked(prompt)
        assert (request.first_position, request.num_cached_tokens) == (first, 9)
        found = []
        for token in (5, 6, 7):
            request.tokens.append(token)
            found.append((request.position, request.num_cached_tokens))
        assert found == [(first, 9), (first + 1, 10), (first + 2, 11)]


def test_the_last_token() -> None:
    """A stop token, a listener that has enough, a loop, or the most that is decoded; the reason is kept."""
    told: list[list[int]] = []

    def listen(tokens: list[int]) -> bool:
        told.append(list(tokens))
        return tokens[-1] == 3

    for tokens, reason, listener in (
        ([5, 2], "stop", None),
        ([5, 3], "stop", listen),
        ([5] * 32, "loop", None),
        ([5, 6, 7], "length", None),
    ):
        request = asked(max_new_tokens=3 if reason == "length" else 40, on_token=listener)
        assert [request.take(token, -0.5, {2}) for token in tokens] == [False] * (len(tokens) - 1) + [True]
        assert (request.tokens, request.finish_reason) == (tokens, reason)
        assert request.logprob == -0.5 * len(tokens)
    assert told == [[5], [5, 3]]
    assert asked().stops() is False


def test_results_and_faults_are_handed_over_once() -> None:
    """To who still waits; a fault that is none of Atom's is told as the decoder's, with its cause."""
    request = asked()
    request.finish("told")
    request.fail(ModelError("too late"))
    assert request.future.result(0) == "told"
    given_up = asked()
    given_up.future.cancel()
    assert given_up.is_cancelled
    given_up.finish("told")
    given_up.fail(ModelError("nobody hears it"))
    assert given_up.future.cancelled()
    for fault, said in (
        (ModelError("as it is"), r"^as it is$"),
        (KeyError("x"), r"^the decoder failed: KeyError: 'x'$"),
    ):
        failed = asked()
        assert not failed.is_cancelled
        failed.fail(fault)
        with pytest.raises(ModelError, match=said) as caught:
            failed.future.result(0)
        assert fault in (caught.value, caught.value.__cause__)


def _repeats(tokens: list[int]) -> bool:
    """What `looping` says, by trying all periods."""
    for period in range(1, len(tokens) + 1):
        size = max(32, 4 * period)
        if size <= len(tokens) and all(tokens[at] == tokens[at - period] for at in range(period - size, 0)):
            return True
    return False


def test_loops() -> None:
    """One sequence four times at the end, over 32 tokens at least: no shorter, no rarer, whatever came before."""
    rng, found = random.Random(0), []
    for _ in range(600):
        unit = [rng.randrange(3) for _ in range(rng.randint(1, 14))]
        tail = (unit * 40)[: rng.choice((31, 32, 33, 4 * len(unit) - 1, 4 * len(unit), 4 * len(unit) + 1))]
        tokens = [rng.randrange(3) for _ in range(rng.choice((0, 0, 1, 2, 30)))] + tail
        if rng.random() < 0.2:
            tokens[rng.randrange(len(tokens))] = 9
        found.append(looping(tokens))
        assert found[-1] == _repeats(tokens), tokens
    assert 100 < sum(found) < 500
