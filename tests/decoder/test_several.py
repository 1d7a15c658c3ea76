"""Calls for several prompts say what calls for one say, and are decoded together."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from atom_core.call_context import Caller, caller
from atom_core.errors import Cancelled, ModelError
from atom_core.hookspecs import Parts
from atom_core.host import Host
from atom_core.records import Clip

QUESTIONS = ["Describe this clip in one sentence.", "What colour is it?", "What moves?"]


def prompts_of(host: Host, clips: list[Clip]) -> list[Parts]:
    return [[features, question] for features in host.encoder.encode_batch(clips[:2]) for question in QUESTIONS]


def decode_steps(host: Host) -> int:
    return int(sum(host.ledger.as_dict()["batches"].get("decode", {}).values()))


def test_texts_are_those_of_one_call_each_in_fewer_steps(host: Host, clips: list[Clip]) -> None:
    """The same texts, in the order of the prompts; rows of one batch share their steps."""
    prompts = prompts_of(host, clips)
    alone = [host.decoder.generate(parts, max_new_tokens=8) for parts in prompts]
    before = decode_steps(host)
    for parts in prompts:
        host.decoder.generate(parts, max_new_tokens=8)
    middle = decode_steps(host)
    together = host.decoder.generate_many(prompts, max_new_tokens=8)
    assert together == alone
    assert [text.num_tokens for text in together] == [text.num_tokens for text in alone]
    assert [text.logprob for text in together] == pytest.approx([text.logprob for text in alone], abs=1e-3)
    assert decode_steps(host) - middle < middle - before


def test_scores_vectors_and_choices_are_those_of_one_call_each(host: Host, clips: list[Clip]) -> None:
    """All scores of the choices are there to be read, not just the best one's name."""
    decoder, prompts, choices = host.decoder, prompts_of(host, clips), ["red", "green", "two words"]
    alone = [[decoder.score(parts, choice) for choice in choices] for parts in prompts]
    assert np.allclose([decoder.scores(parts, choices) for parts in prompts], alone, atol=1e-3)
    pairs = [(parts, choice) for parts in prompts for choice in choices]
    assert np.allclose(decoder.score_many(pairs), np.array(alone).ravel(), atol=1e-3)
    chosen = decoder.generate_many(prompts, choices=choices)
    assert chosen == [choices[int(np.argmax(row))] for row in alone]
    assert [text.logprob for text in chosen] == pytest.approx([max(row) for row in alone], abs=1e-3)
    assert chosen == [decoder.generate(parts, choices=choices) for parts in prompts]
    vectors_NE = decoder.embed_many(prompts)
    assert vectors_NE.dtype == np.float32
    assert np.allclose(vectors_NE, [decoder.embed(parts) for parts in prompts], atol=1e-5)


def test_of_no_prompts_there_is_nothing(host: Host) -> None:
    """Empty in, empty out."""
    assert host.decoder.generate_many([]) == []
    assert host.decoder.score_many([]) == []
    assert host.decoder.scores(["red"], []) == []
    assert host.decoder.embed_many([]).shape == (0, 0)
    with pytest.raises(ModelError, match="choices is empty"):
        host.decoder.generate_many([["red"]], choices=[])


def test_prompts_are_made_while_others_are_decoded(host: Host) -> None:
    """However many there are, just so many are under way that no row waits for one: each may hold a clip's features."""
    made: list[int] = []

    def prompts() -> Iterator[Parts]:
        for number in range(60):
            made.append(number)
            yield [f"red {number}"]

    most = host.settings.batch * 2 + 1
    results = host.decoder._results(  # type: ignore[attr-defined]
        host.decoder._request(parts, 2, 0.0, None)  # type: ignore[attr-defined]
        for parts in prompts()
    )
    for number, _ in enumerate(results):
        assert len(made) <= min(60, number + most)
    assert made == list(range(60))


def test_where_one_prompt_fails_the_others_are_given_up(host: Host) -> None:
    """The first error is raised, what is not done leaves the decoder, and the next call is served."""
    long: list[Parts] = [[f"red {number}"] for number in range(10)]
    with pytest.raises(ModelError, match="the model reads at most"):
        host.decoder.generate_many([*long, ["red " * 100_000]], max_new_tokens=500)
    before = decode_steps(host)
    assert host.decoder.generate(["red"], max_new_tokens=1).num_tokens == 1
    assert decode_steps(host) - before < 100


def test_a_cancelled_task_stops_asking(host: Host) -> None:
    """No further prompt is made once the result is not wanted."""
    work = Caller(task="stopped")
    made, outcome = [], []

    def prompts() -> Iterator[Parts]:
        for number in range(10_000):
            made.append(number)
            if number == 5:
                work.cancelled.set()
            yield [f"red {number}"]

    def ask() -> None:
        caller.set(work)
        with pytest.raises(Cancelled) as raised:
            host.decoder.generate_many(prompts(), max_new_tokens=4)
        outcome.append(raised.value)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(60)
    assert outcome
    assert len(made) < 100
