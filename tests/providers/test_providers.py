"""What plugins that bring a model are given: features kept and made once, prompts of several tasks decoded together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atom_core as atom
from atom_core.call_context import Caller, Cancel, caller
from atom_core.ledger import Ledger
from atom_core.media.probe import probe
from atom_core.protocols import Parts
from atom_core.providers import BatchingDecoder, KeepingEncoder, Sampling
from atom_core.settings import Settings
from atom_core.testing import wait_until
from atom_core.testing.videos import RED, Shot, write_video


@pytest.fixture
def clip(tmp_path: Path) -> atom.Clip:
    return atom.Clip.whole(probe(write_video(tmp_path / "a.mp4", shots=[Shot(12, RED)])))


class Engine(BatchingDecoder):
    """Repeats its prompts, once it may; notes what it is given together."""

    def __init__(self, **settings: Any) -> None:
        self.go, self.batches, self.ledger = threading.Event(), [], Ledger()
        self.go.set()
        super().__init__("engine", settings=Settings(**settings), ledger=self.ledger)

    def answers(self, prompts: Sequence[Parts], sampling: Sampling) -> list[atom.Generated]:
        assert self.go.wait(10)
        self.batches.append([str(parts[0]) for parts in prompts])
        return [atom.Generated(str(parts[0]), logprob=-1.0, num_tokens=2) for parts in prompts]

    def vectors(self, prompts: Sequence[Parts]) -> np.ndarray:
        return np.ones((len(prompts), 4))

    def log_probabilities(self, pairs: Sequence[tuple[Parts, str]]) -> list[float]:
        return [-1.0] * (len(pairs) - 1)


@pytest.fixture
def engine() -> Iterator[Any]:
    made: list[Engine] = []

    def make(**settings: Any) -> Engine:
        made.append(Engine(**settings))
        return made[-1]

    yield make
    for each in made:
        each.go.set()
        each.close()


def ask(engine: Engine, text: str, **about: Any) -> str:
    token = caller.set(Caller(**about))
    try:
        return engine.generate([text])
    finally:
        caller.reset(token)


def test_what_several_ask_is_decoded_together(engine: Any) -> None:
    """What waits is handed on at once, what somebody waits for first, at most `batch`; other samplings go apart."""
    it = engine(batch=3)
    it.go.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(ask, it, "first", task="bulk")
        wait_until(lambda: not it._waiting and it._served["bulk"] == 1)
        texts = []
        for number in range(3):  # one after the other: threads that begin together arrive in any order
            texts.append(pool.submit(ask, it, f"bulk {number}", task="bulk"))
            wait_until(lambda arrived=number + 1: len(it._waiting) == arrived)
        other = pool.submit(ask, it, "other", task="other")
        urgent = pool.submit(ask, it, "urgent", task="ask", interactive=True)
        apart = pool.submit(it.generate, ["apart"], max_new_tokens=1)
        wait_until(lambda: len(it._waiting) == 6)
        it.go.set()
        assert [each.result(60) for each in (first, *texts, other, urgent, apart)][-2:] == ["urgent", "apart"]
    assert it.batches[:2] == [["first"], ["urgent", "other", "bulk 0"]]
    assert sorted(it.batches[2:]) == [["apart"], ["bulk 1", "bulk 2"]]
    data = it.ledger.as_dict()
    assert data["batches"]["decode"] == {"1": 2, "2": 1, "3": 1}
    assert data["decode_tokens"]["requested"] == 14


def test_who_is_cancelled_waits_no_longer(engine: Any) -> None:
    """It gets `Cancelled` while the engine is at work, and is not decoded; others are."""
    it = engine()
    it.go.clear()
    cancelled = Cancel()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(ask, it, "first")
        wait_until(lambda: it._served)
        second = pool.submit(ask, it, "second", task="x", cancelled=cancelled)
        wait_until(lambda: it._waiting)
        cancelled.set()
        with pytest.raises(atom.Cancelled):
            second.result(60)
        it.go.set()
        assert first.result(60) == "first"
        assert ask(it, "third") == "third"
    assert it.batches == [["first"], ["third"]]


def test_faults_of_an_engine(engine: Any) -> None:
    """What it raises reaches who asked, and it goes on; too few results, and a closed decoder, are told."""
    it = engine()
    it.answers = lambda prompts, sampling: 1 / 0
    with pytest.raises(ZeroDivisionError):
        it.generate(["a"])
    assert np.allclose(it.embed(["a"]), 0.5)
    assert it.embed_many([]).shape == (0, 0)
    with pytest.raises(atom.ModelError, match="gave 0 results for 1 prompts"):
        it.score(["a"], "b")
    with pytest.raises(atom.ModelError, match="max_new_tokens must be at least 1"):
        it.generate(["a"], max_new_tokens=0)
    it.close()
    with pytest.raises(atom.ModelError, match="the decoder is closed"):
        it.embed(["a"])


def test_features_are_made_once(clip: atom.Clip, tmp_path: Path) -> None:
    """However many threads ask; a later encoder of the same cache makes none, one of another fingerprint its own."""
    made: list[str] = []

    def compute(frames: atom.Frames) -> np.ndarray:
        made.append(frames.rule)
        return np.ones((3, 4), np.float32)

    settings = Settings(cache=tmp_path / "cache", frames=2)
    for fingerprint, number in (("a", 1), ("a", 1), ("b", 2)):
        ledger = Ledger()
        encoder = KeepingEncoder(compute, fingerprint=fingerprint, settings=settings, ledger=ledger)
        with ThreadPoolExecutor(4) as pool:
            features = list(pool.map(encoder.encode, [clip] * 8))
        encoder.close()
        assert len(made) == number
        assert {each.key for each in features} == {features[0].key}
        assert ledger.as_dict()["encoder_clips"]["requested"] == 8
    assert made == ["uniform:2"] * 2


@pytest.mark.parametrize("values", [np.ones(3), np.ones((0, 4)), np.full((2, 2), np.nan)])
def test_vectors_that_are_none(clip: atom.Clip, tmp_path: Path, values: np.ndarray) -> None:
    """What is no finite [T, D] is refused with its shape."""
    encoder = KeepingEncoder(
        lambda frames: values, fingerprint="x", settings=Settings(cache=tmp_path / "c"), ledger=Ledger()
    )
    with pytest.raises(atom.ModelError, match=r"the encoder made vectors \["):
        encoder.encode(clip)
    encoder.close()
