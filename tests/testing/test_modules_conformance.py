"""The suite for models that plugins bring: a good one passes, and what is broken in it is noticed by its check."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve

import atom_core as atom
from atom_core.hookspecs import Parts
from atom_core.host import open_host
from atom_core.ledger import Ledger
from atom_core.providers import BatchingDecoder, KeepingEncoder, Sampling
from atom_core.settings import Settings
from atom_core.testing.fakes import bag_of_words
from atom_core.testing.modules_conformance import ModulesConformance

WORDS = ("red", "green", "blue")


def colours(frames: atom.Frames) -> np.ndarray:
    """The mean colour of each picture, [T, 3]."""
    return np.stack([image.mean(axis=(0, 1)) / 255 for image in frames.images]).astype(np.float32)


class Colours(BatchingDecoder):
    """Says which colour it sees."""

    def seen(self, parts: Parts) -> np.ndarray:
        shown = [part.array().mean(axis=0) for part in parts if not isinstance(part, str)]
        return np.mean(shown, axis=0) if shown else np.array([0.1, 0.2, 0.1])

    def answers(self, prompts: Sequence[Parts], sampling: Sampling) -> list[atom.Generated]:
        texts = []
        for parts in prompts:
            words = ["it", "is", WORDS[int(self.seen(parts).argmax())]][: sampling.max_new_tokens]
            logprob = -0.1 * len(words)
            texts.append(atom.Generated(" ".join(words), logprob=logprob, num_tokens=len(words)))
        return texts

    def vectors(self, prompts: Sequence[Parts]) -> np.ndarray:
        texts = (" ".join(part for part in parts if isinstance(part, str)) for parts in prompts)
        return np.stack([np.append(bag_of_words(t), self.seen(p)) for t, p in zip(texts, prompts, strict=True)])

    def log_probabilities(self, pairs: Sequence[tuple[Parts, str]]) -> list[float]:
        places = [WORDS.index(text) for _, text in pairs]
        return [math.log(self.seen(parts)[at] + 1e-3) - 1 for (parts, _), at in zip(pairs, places, strict=True)]


class Good(ModulesConformance):
    """A model made with what providers are given."""

    def load(self, settings: Settings, ledger: Ledger) -> atom.Modules:
        encoder = KeepingEncoder(colours, fingerprint="colours:1", settings=settings, ledger=ledger)
        decoder = Colours("colours", settings=settings, ledger=ledger)

        def close() -> None:
            encoder.close()
            decoder.close()

        return atom.Modules(encoder=encoder, decoder=decoder, model="colours@1", close=close)


class TestGood(Good):
    """It passes."""


@pytest.mark.slow
class TestTiny(ModulesConformance):
    """So does the embedded model, by the built-in loader."""

    def load(self, settings: Settings, ledger: Ledger) -> atom.Modules:
        with open_host(evolve(settings, load_plugins=("tiny",), model="tiny")) as host:
            spec = host.plugins.models["tiny"]
            modules = host.plugins.load_modules(spec.source, host.settings, ledger, {}, {})
        assert modules is not None
        return modules


def changed(**methods: Any) -> Callable[[atom.Modules], atom.Modules]:
    """Modules with other methods: each takes the real one, and what that takes."""

    def change(modules: atom.Modules) -> atom.Modules:
        for name, method in methods.items():
            half: Any = modules.encoder if name.startswith("encode") else modules.decoder
            real = getattr(half, name)
            setattr(half, name, lambda *a, method=method, real=real, **k: method(real, *a, **k))
        return modules

    return change


def without_key(real: Any, clip: atom.Clip) -> atom.Features:
    features: atom.Features = real(clip)
    return evolve(features, key=str(clip.video.path))


def with_values(change: Callable[[Any], Any]) -> Callable[[Any, atom.Clip], atom.Features]:
    def encode(real: Any, clip: atom.Clip) -> atom.Features:
        features: atom.Features = real(clip)
        return evolve(features, values=change(features.values))

    return encode


def without_check(real: Any, *arguments: Any, **options: Any) -> Any:
    from atom_core.call_context import Caller, caller

    token = caller.set(Caller())
    try:
        return real(*arguments, **options)
    finally:
        caller.reset(token)


def says(text: str, **more: Any) -> Callable[..., atom.Generated]:
    return lambda real, parts, **options: atom.Generated(text, **{"logprob": -1.0, "num_tokens": 1, **more})


def raises_plainly(real: Any, clip: atom.Clip) -> atom.Features:
    with clip.video.path.open("rb"):
        found: atom.Features = real(clip)
        return found


def set_attribute(half: str, name: str, value: Callable[[], Any]) -> Callable[[atom.Modules], atom.Modules]:
    def change(modules: atom.Modules) -> atom.Modules:
        setattr(getattr(modules, half), name, value())
        return modules

    return change


count = itertools.count()
BROKEN: dict[str, tuple[Callable[[atom.Modules], atom.Modules], str, str]] = {
    "no model": (lambda m: evolve(m, model=""), "test_protocols_are_followed", "Modules.model is empty"),
    "no fingerprint": (
        set_attribute("encoder", "fingerprint", lambda: ""),
        "test_protocols_are_followed",
        "encoder's fingerprint is ''",
    ),
    "no stream": (
        set_attribute("decoder", "stream", lambda: None),
        "test_protocols_are_followed",
        "decoder has no stream",
    ),
    "narrow generate": (
        set_attribute("decoder", "generate", lambda: lambda parts, *, max_new_tokens=64: ""),
        "test_protocols_are_followed",
        "decoder.generate takes no 'temperature'",
    ),
    "not finite": (changed(encode=with_values(lambda v: v * float("nan"))), "test_features_are_in_shape", "not finite"),
    "three axes": (changed(encode=with_values(lambda v: v[None])), "test_features_are_in_shape", r"give \[T, D\]"),
    "another clip": (
        changed(encode=lambda real, clip: evolve(real(clip), clip=evolve(clip, index=9))),
        "test_features_are_in_shape",
        "asked for was",
    ),
    "late frames": (
        changed(encode=lambda real, clip: evolve(real(clip), timestamps_s=(99.0,))),
        "test_features_are_in_shape",
        r"frames at \[99.0\] s lie outside",
    ),
    "layout": (
        changed(encode=lambda real, clip: evolve(real(clip), layout={"a": np.ones(2)})),
        "test_features_are_in_shape",
        "layout is no JSON",
    ),
    "key of the path": (changed(encode=without_key), "test_features_are_of_the_content", "not of the path"),
    "one clip for all": (
        changed(encode=with_values(lambda v: v * 0)),
        "test_features_are_of_the_content",
        "have the same features",
    ),
    "order": (
        changed(encode_batch=lambda real, clips, **o: real(clips)[::-1]),
        "test_features_are_the_same_alone_and_together",
        "another order",
    ),
    "state": (
        changed(encode=with_values(lambda v: v + next(count))),
        "test_features_are_the_same_alone_and_together",
        "other features",
    ),
    "plain errors": (changed(encode=raises_plainly), "test_errors_of_files_arrive", "raise MediaError"),
    "plain text": (
        changed(generate=lambda real, *a, **o: str(real(*a, **o))),
        "test_text_is_in_shape",
        "give Generated",
    ),
    "random": (
        changed(generate=lambda real, parts, **o: says(str(next(count)))(real, parts)),
        "test_text_is_in_shape",
        "differs from call to call",
    ),
    "sure beyond measure": (changed(generate=says("red", logprob=2.0)), "test_text_is_in_shape", "its logprob is 2.0"),
    "endless": (changed(generate=says("red", num_tokens=50)), "test_text_is_in_shape", "50 tokens were decoded"),
    "no stop": (changed(generate=says("red fox")), "test_text_is_in_shape", "end before it"),
    "another stream": (changed(stream=lambda real, *a, **o: iter(["blue"])), "test_text_is_in_shape", "stream gives"),
    "positive scores": (
        changed(score=lambda real, parts, text: 1.0),
        "test_choices_are_the_likeliest",
        "natural log-probabilities",
    ),
    "any choice": (
        changed(generate=lambda real, parts, choices=None, **o: atom.Generated("blue")),
        "test_choices_are_the_likeliest",
        "though 'red' scores best",
    ),
    "no choice": (
        changed(generate=lambda real, parts, choices=None, **o: real(parts, choices=choices or ["red"])),
        "test_choices_are_the_likeliest",
        "of no choices it says None",
    ),
    "length": (changed(embed=lambda real, parts: real(parts) * 2), "test_vectors_are_in_shape", "have length 2.000"),
    "float64": (
        changed(embed=lambda real, parts: real(parts).astype(float)),
        "test_vectors_are_in_shape",
        "give float32",
    ),
    "blind": (
        changed(embed=lambda real, parts: real([part for part in parts if isinstance(part, str)])),
        "test_the_decoder_sees",
        "look the same",
    ),
    "many in another order": (
        changed(
            generate_many=lambda real, prompts, **o: real(prompts, **o)[::-1] if len(prompts) > 1 else real(prompts)
        ),
        "test_several_are_as_one_by_one",
        "generate_many gives",
    ),
    "goes on": (changed(score=without_check), "test_cancelling_ends_it", "a cancelled score returns"),
    "threads": (lambda m: evolve(m, close=lambda: None), "test_closing_ends_its_threads", "still threads"),
    "another each time": (
        set_attribute("encoder", "fingerprint", lambda: f"{next(count)}"),
        "test_loading_again_is_the_same",
        "it is another",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_noticed(what: str) -> None:
    """The check that is for it fails, and says what to do."""
    change, check, said = BROKEN[what]
    kept: list[atom.Modules] = []

    class Broken(Good):
        def load(self, settings: Settings, ledger: Ledger) -> atom.Modules:
            kept.append(super().load(settings, ledger))
            return change(kept[-1])

    with pytest.raises(AssertionError, match=said):
        getattr(Broken(), check)()
    for modules in kept:
        if not modules.encoder._worker._closed:  # type: ignore[attr-defined]
            modules.close()


def test_features_that_are_not_kept_are_noticed() -> None:
    """An encoder that encodes again in a later run, or does not count, is told how."""

    class Forgets(Good):
        def load(self, settings: Settings, ledger: Ledger) -> atom.Modules:
            return super().load(evolve(settings, reuse=False), ledger)

    with pytest.raises(AssertionError, match=r"'computed': 4.*KeepingEncoder"):
        Forgets().test_features_are_kept()


def test_a_check_cannot_be_replaced() -> None:
    """It would check nothing."""
    with pytest.raises(TypeError, match="give it another name"):
        type("Mine", (Good,), {"test_the_decoder_sees": lambda self: None})


def test_it_says_what_to_define(tmp_path: Path) -> None:
    """A subclass without `load` is told to write it."""
    with pytest.raises(NotImplementedError, match="must define load"):
        ModulesConformance().load(Settings(cache=tmp_path), Ledger())
