"""The language half on an engine that a plugin brings: here a plain one, which reads at each pass what rows hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import atom_core as atom
from atom_core.decoder.by_engine.kv_cache import HeldKVCache
from atom_core.decoder.kv_cache import BatchKVCache
from atom_core.decoder.prefix_cache import KV
from atom_core.loader.backend import TransformersBackend, load
from atom_core.media.probe import probe
from atom_core.protocols import LanguageWeights, Passed, Rows
from atom_core.testing.models import make_checkpoint
from atom_core.testing.videos import BLUE, RED, Shot, write_video

PROMPTS = ("One.", "Tell me how many ships there are, and where they go.", "Why?", "What is it that moves so fast?")


class PlainLanguage:
    """Follows the `Language` protocol with numpy."""

    fingerprint, halves = "plain", False

    def __init__(self, weights: LanguageWeights) -> None:
        self.weights, self.closed = weights, False
        self.passes: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self._linear = {place: weights.linear(place).values_OK for place in self._places()}

    def _places(self) -> Iterator[str]:
        yield "head"
        for number in range(self.weights.layers):
            yield from (f"{number}.self_attn.{part}_proj" for part in "qkvo")
            yield from (f"{number}.mlp.{part}_proj" for part in ("gate", "up", "down"))

    def __call__(self, embeds_RQD: np.ndarray, cos_RQW: np.ndarray, sin_RQW: np.ndarray, rows: Rows) -> Passed:
        self.passes.append((rows.sequences, rows.starts))
        (num_rows, new), about = embeds_RQD.shape[:2], self.weights
        before = rows.states() if max(rows.starts) else []
        held = np.arange(max(rows.starts)) < np.array(rows.starts)[:, None]
        seen = np.concatenate([np.repeat(held[:, None], new, 1), np.tri(new, dtype=bool)[None].repeat(num_rows, 0)], 2)
        x, made, inner = embeds_RQD, [], embeds_RQD
        for number in range(about.layers):
            h = self._norm(x, f"{number}.input_layernorm")
            q, k, v = (
                (h @ self._linear[f"{number}.self_attn.{part}_proj"].T)
                .reshape(num_rows, new, -1, about.head_width)
                .transpose(0, 2, 1, 3)
                for part in "qkv"
            )
            q, k = (self._turned(each, cos_RQW[:, None], sin_RQW[:, None]) for each in (q, k))
            made += [k, v]
            keys, values = (
                np.concatenate([before[2 * number + at], each] if len(before) else [each], 2)
                for at, each in enumerate((k, v))
            )
            groups = about.heads // about.key_heads
            scores = q @ keys.repeat(groups, 1).swapaxes(2, 3) * about.scaling
            scores = np.where(seen[:, None], scores, -1e9)
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            mixed = shares / shares.sum(-1, keepdims=True) @ values.repeat(groups, 1)
            mixed = mixed.transpose(0, 2, 1, 3).reshape(num_rows, new, -1)
            x = x + mixed @ self._linear[f"{number}.self_attn.o_proj"].T
            h = self._norm(x, f"{number}.post_attention_layernorm")
            gate, up = (h @ self._linear[f"{number}.mlp.{part}_proj"].T for part in ("gate", "up"))
            x = x + (gate / (1 + np.exp(-gate)) * up) @ self._linear[f"{number}.mlp.down_proj"].T
            inner = x if number == about.tapped else inner
        final = self._norm(x, "norm")
        inner = final if about.tapped < 0 else inner
        hidden, inner = (np.float32(each).reshape(-1, about.width) for each in (final, inner))
        return Passed(hidden_ND=hidden, inner_ND=inner, states=[np.float32(each) for each in made])

    def logits(self, hidden_ND: np.ndarray) -> np.ndarray:
        return np.float32(hidden_ND @ self._linear["head"].T)

    def close(self) -> None:
        self.closed = True

    def _norm(self, x: np.ndarray, place: str) -> np.ndarray:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + self.weights.eps) * self.weights.norm(place)

    def _turned(self, x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> np.ndarray:
        left, right = np.split(x, 2, -1)
        return x * cos + np.concatenate([-right, left], -1) * sin


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small model."""
    return make_checkpoint(tmp_path_factory.mktemp("model") / "small", "smolvlm")


def opened(model: Path, cache: Path, *, plain: bool) -> tuple[TransformersBackend, list[PlainLanguage], atom.Ledger]:
    """The model's modules, its language half on the plain engine where `plain` says so."""
    made: list[PlainLanguage] = []

    def make(weights: LanguageWeights) -> PlainLanguage:
        made.append(PlainLanguage(weights))
        return made[-1]

    settings = atom.Settings(model=str(model), cache=cache, quantize="none", threads=1, frames=2)
    ledger = atom.Ledger()
    return load(str(model), settings, ledger, {}, {}, language=make if plain else None), made, ledger


def test_an_engine_decodes_embeds_and_scores_as_atom_does(model: Path, tmp_path: Path) -> None:
    """Prompts of several lengths, decoded together, a second question, vectors and scores are
    those of Atom's own passes."""
    found = []
    for plain in (False, True):
        modules, made, _ = opened(model, tmp_path / str(plain), plain=plain)
        decoder = modules.decoder
        try:
            texts = decoder.generate_many([[prompt] for prompt in PROMPTS * 3], max_new_tokens=9)
            again = decoder.generate([PROMPTS[0]], max_new_tokens=20)
            vectors = decoder.embed_many([[prompt] for prompt in PROMPTS])
            scores = decoder.scores([PROMPTS[1]], ["Two ships.", "None at all, as far as I see."])
        finally:
            modules.close()
        found.append((texts, again, vectors, scores))
        assert [each.closed for each in made] == [True] * plain
        assert all(each.passes for each in made)
    (texts, again, vectors, scores), theirs = found
    assert theirs[0] == texts
    assert theirs[1] == again
    assert np.allclose(theirs[2], vectors, atol=1e-4)
    assert theirs[3] == pytest.approx(scores, abs=1e-3)


def test_rows_of_a_sequence_keep_its_number() -> None:
    """A sequence that moves to another row keeps its number; one that comes in its place has another."""
    cache = BatchKVCache(["kv"])
    cache.begin_forward(0, [0, 0, 0], 4)
    cache.update(torch.zeros(3, 1, 4, 2), torch.zeros(3, 1, 4, 2), 0)
    first = cache.sequences
    assert len(set(first)) == 3
    cache.free_row(0, 2, 4)
    cache.begin_forward(0, [4, 4], 1)
    assert cache.sequences == (first[2], first[1])
    assert cache.window.starts == (4, 4)
    cache.begin_forward(2, [0], 4)
    assert cache.sequences[0] not in first
    cache.clear()
    cache.begin_forward(0, [0], 4)
    assert cache.sequences[0] not in first


class HoldingPlain(PlainLanguage):
    """Follows the `HoldingLanguage` protocol: what it has met it holds, until it is dropped."""

    def __init__(self, weights: LanguageWeights) -> None:
        super().__init__(weights)
        self.held: dict[int, list[np.ndarray]] = {}
        self.asked = 0

    def __call__(self, embeds_RQD: np.ndarray, cos_RQW: np.ndarray, sin_RQW: np.ndarray, rows: Rows) -> Passed:
        given = None
        if any(start and one not in self.held for one, start in zip(rows.sequences, rows.starts, strict=True)):
            given, self.asked = rows.states(), self.asked + 1
        finals, inners = [], []
        for row, (sequence, start) in enumerate(zip(rows.sequences, rows.starts, strict=True)):
            if start and sequence not in self.held:
                assert given is not None
                self.held[sequence] = [each[row] for each in given]
            before = [each[None, :, :start] for each in self.held.get(sequence, ())]
            alone = Rows(sequences=(sequence,), starts=(start,), states=lambda before=before: before)  # type: ignore[misc]
            parts = embeds_RQD[row : row + 1], cos_RQW[row : row + 1], sin_RQW[row : row + 1]
            passed = super().__call__(*parts, alone)
            made = [each[0] for each in passed.states]
            old = [each[0] for each in before] or [each[:, :0] for each in made]
            self.held[sequence] = [np.concatenate(both, 1) for both in zip(old, made, strict=True)]
            finals.append(passed.hidden_ND)
            inners.append(passed.inner_ND)
        return Passed(hidden_ND=np.concatenate(finals), inner_ND=np.concatenate(inners), states=())

    def read(self, sequence: int, start: int, end: int) -> list[np.ndarray]:
        return [each[:, start:end].copy() for each in self.held[sequence]]

    def drop(self, sequence: int) -> None:
        self.held.pop(sequence, None)


def test_an_engine_may_hold_all_states_itself(model: Path, tmp_path: Path) -> None:
    """Answers about a clip, a second question that begins after it, vectors and scores are those of Atom's own passes;
    in the end the engine holds nothing, and it was told of kept states only where they were used again."""
    pictures = write_video(tmp_path / "two.mp4", shots=[Shot(12, RED), Shot(12, BLUE)])
    found, made = [], []

    def make(weights: LanguageWeights) -> HoldingPlain:
        made.append(HoldingPlain(weights))
        return made[-1]

    for language in (None, make):
        settings = atom.Settings(model=str(model), cache=tmp_path / str(language is None), quantize="none", frames=2)
        modules = load(str(model), settings, ledger := atom.Ledger(), {}, {}, language=language)
        try:
            clip = modules.encoder.encode(atom.Clip.whole(probe(pictures)))
            texts = modules.decoder.generate_many([[clip, prompt] for prompt in PROMPTS], max_new_tokens=7)
            texts += [modules.decoder.generate([clip, prompt], max_new_tokens=9) for prompt in PROMPTS[::-1]]
            vectors = modules.decoder.embed_many([[clip], *([prompt] for prompt in PROMPTS)])
            scores = modules.decoder.scores([clip, PROMPTS[1]], ["Two ships.", "None at all, as far as I see."])
        finally:
            modules.close()
        found.append((texts, vectors, scores, ledger.as_dict()["prefill_tokens"]))
    own, theirs = found
    assert theirs[0] == own[0]
    assert np.allclose(theirs[1], own[1], atol=1e-4)
    assert theirs[2] == pytest.approx(own[2], abs=1e-3)
    assert theirs[3] == own[3]
    assert made[0].asked
    assert not made[0].held


def test_held_rows_move_with_their_sequences() -> None:
    """Rows that were filled and not yet computed move as others do, and what leaves is dropped once."""
    dropped: list[int] = []

    class Holding(PlainLanguage):
        def __init__(self) -> None:
            pass

        def read(self, sequence: int, start: int, end: int) -> list[np.ndarray]:
            return [np.full((1, end - start, 2), sequence, np.float32)] * 2

        def drop(self, sequence: int) -> None:
            dropped.append(sequence)

    cache = HeldKVCache(["kv"], Holding())
    cache.begin_forward(0, [0, 0], 4)
    first, second = cache.sequences
    kept = [KV(((torch.full((1, n, 2), float(n)), torch.full((1, n, 2), float(n))),), n) for n in (2, 3)]
    cache.restore(2, kept)
    cache.free_row(0, 2, 5)
    assert dropped == [first]
    cache.begin_forward(0, [5, 4], 1)
    keys, values = cache.filled()
    assert keys.shape == values.shape == (2, 1, 5, 2)
    assert keys[0, 0, :, 0].tolist() == [2, 2, 3, 3, 3]
    assert not keys[1].any()
    assert cache.sequences[1] == second
    assert cache.view(1, 1, 3).layers[0][0].tolist() == [[[second] * 2] * 2]
    cache.let_go()
    cache.begin_forward(0, [0], 4)
    assert len(dropped) == 2
    cache.clear()
    assert sorted({*dropped}) == sorted(dropped)
    assert len(dropped) == 4
