"""The conformance suite for models that plugins bring: what every encoder and decoder promises, checked by subclassing.

::

    class TestMine(ModulesConformance):
        def load(self, settings, ledger):
            return atom_mine.atom_load_modules("mine:model", settings, ledger)

Each check loads the modules anew, so let `load` take a small model. A failed check says what the module did, and what
to do about it.
"""

from __future__ import annotations

import inspect
import json
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
from attrs import evolve, frozen

from atom_core.call_context import Caller, Cancel, caller
from atom_core.errors import AtomError, Cancelled
from atom_core.ledger import Ledger
from atom_core.protocols import SEVERAL, Decoder, Encoder, ModelBackend, Parts
from atom_core.records import Clip, Features, Generated
from atom_core.settings import Settings
from atom_core.testing.videos import BLUE, RED, Shot, write_video

CLOSE = 1e-4
"""How far numbers of the same call may lie apart, alone and among others."""


@frozen(kw_only=True)
class Loaded:
    """Modules under test, and what they were loaded with."""

    modules: ModelBackend
    """As `load` gave them."""
    clips: tuple[Clip, ...]
    """Two shots of a real file, and the same two of a copy of it under another name."""
    ledger: Ledger
    """Where they count."""

    @property
    def encoder(self) -> Encoder:
        """The encoder."""
        return self.modules.encoder

    @property
    def decoder(self) -> Decoder:
        """The decoder."""
        return self.modules.decoder


class ModulesConformance:
    """Checks of an encoder and a decoder. Subclass it and say how they are loaded."""

    keeps_features: ClassVar[bool] = True
    """Whether features are kept in the cache folder; false for encoders that ask another program for them."""
    question: ClassVar[str] = "What colour is it?"
    """Asked about clips."""
    answers: ClassVar[tuple[str, ...]] = ("red", "blue")
    """Choices, and texts that are scored."""

    def __init_subclass__(cls) -> None:
        """A check that a subclass replaces would check nothing, so that is refused."""
        for name in vars(cls):
            if name.startswith("test_") and hasattr(ModulesConformance, name):
                raise TypeError(f"{cls.__name__}.{name} replaces a check of the suite: give it another name")

    def load(self, settings: Settings, ledger: Ledger) -> ModelBackend:
        """The modules; the suite closes them."""
        raise NotImplementedError(f"{type(self).__name__} must define load(self, settings, ledger)")

    @contextmanager
    def loaded(self, cache: Path | None = None) -> Iterator[Loaded]:
        """Modules with two clips of a file, and of a copy of it.

        :param cache: where features are kept; a folder of its own if not given
        """
        from atom_core.media.probe import probe

        with TemporaryDirectory(prefix="atom-modules-") as folder:
            path = write_video(Path(folder) / "one.mp4", shots=[Shot(12, RED), Shot(12, BLUE)])
            copy = Path(folder) / "copy.mp4"
            copy.write_bytes(path.read_bytes())
            clips = []
            for video in (probe(path), probe(copy)):
                middle_s = video.duration_s / 2
                clips.append(Clip(video=video, start_s=0.0, end_s=middle_s))
                clips.append(Clip(video=video, start_s=middle_s, end_s=video.duration_s, index=1))
            ledger = Ledger()
            settings = Settings(cache=cache or Path(folder) / "cache", frames=2, threads=1, load_plugins=())
            modules = self.load(settings, ledger)
            try:
                yield Loaded(modules=modules, clips=tuple(clips), ledger=ledger)
            finally:
                modules.close()

    def test_protocols_are_followed(self) -> None:
        """Both halves have every method, with the arguments that tasks call it with."""
        with self.loaded() as it:
            _must(
                bool(it.modules.model), "Modules.model is empty: give name@content, by which libraries are told apart"
            )
            for protocol, module in ((Encoder, it.encoder), (Decoder, it.decoder)):
                word = protocol.__name__.lower()
                for name in ("fingerprint",) if protocol is Encoder else ("name",):
                    value = getattr(module, name, None)
                    _must(isinstance(value, str) and bool(value), f"the {word}'s {name} is {value!r}: give a text")
                for name, declared in vars(protocol).items():
                    if name.startswith("_") or not inspect.isfunction(declared):
                        continue
                    method = getattr(module, name, None)
                    if method is None and name in SEVERAL:
                        continue
                    _must(callable(method), f"the {word} has no {name}: write it as atom_core.{protocol.__name__} does")
                    _takes(f"{word}.{name}", declared, method)

    def test_features_are_in_shape(self) -> None:
        """Features are of the clip that was asked for: [T, D], finite, with times inside it, and a layout of JSON."""
        with self.loaded() as it:
            for clip in it.clips:
                features = it.encoder.encode(clip)
                _must(isinstance(features, Features), f"encode gives {type(features).__name__}, not Features")
                values = features.array()
                _must(
                    values.ndim == 2 and 0 not in values.shape,
                    f"features have the shape {list(values.shape)}: give [T, D], T tokens of the decoder's width",
                )
                _must(bool(np.isfinite(values).all()), "features are not finite: check precision and preprocessing")
                _must(features.clip == clip, f"features are of {features.clip!r}, asked for was {clip!r}")
                _must(bool(features.key) and bool(features.rule), "features lack a key or a rule")
                outside = [at for at in features.timestamps_s if not clip.start_s - 0.5 <= at <= clip.end_s + 0.01]
                _must(not outside, f"frames at {outside} s lie outside the clip {clip.times}")
                try:
                    json.dumps(dict(features.layout))
                except TypeError as error:
                    _must(False, f"the layout is no JSON: {error}; put tensors into extra")

    def test_features_are_of_the_content(self) -> None:
        """A copy of a file has the same features, another clip has others; so are their keys."""
        with self.loaded() as it:
            first, second, copy, _ = (it.encoder.encode(clip) for clip in it.clips)
        _must(copy.key == first.key, "a copy of a file has another key: make it of the content hash, not of the path")
        _must(_same(copy, first), "a copy of a file has other features: encode its content alone")
        _must(second.key != first.key, "two clips share a key: make it of the span, too")
        _must(not _same(second, first), "a red and a blue clip have the same features: encode the clip's own frames")

    def test_features_are_the_same_alone_and_together(self) -> None:
        """In a batch, in any order and from several threads, each clip's features are what they are alone."""
        with self.loaded() as it:
            alone = [it.encoder.encode(clip) for clip in it.clips]
            _must(it.encoder.encode_batch([]) == [], "encode_batch of no clips is not []")
        with self.loaded() as it:
            together = it.encoder.encode_batch(list(reversed(it.clips)))
            _must(len(together) == len(alone), f"encode_batch gives {len(together)} results for {len(alone)} clips")
            for features, expected in zip(reversed(together), alone, strict=True):
                _must(_same(features, expected), "encode_batch gives other features, or another order, than encode")
        with self.loaded() as it, ThreadPoolExecutor(4) as pool:
            for features, expected in zip(pool.map(it.encoder.encode, it.clips), alone, strict=True):
                _must(_same(features, expected), "asked from several threads it gives other features: guard its state")

    def test_features_are_kept(self) -> None:
        """What was encoded is not encoded again, by a later run either; the ledger says so."""
        if not self.keeps_features:
            return
        with TemporaryDirectory(prefix="atom-kept-") as folder:
            with self.loaded(Path(folder)) as it:
                first = [it.encoder.encode(clip) for clip in it.clips]
                counted = it.ledger.as_dict()["encoder_clips"]
                _must(
                    counted == {"requested": 4, "computed": 2, "reused": 2},
                    f"for two clips asked for twice the ledger has {counted}: count requested, computed and reused"
                    " clips with ledger.count('encoder_clips', ...), or use atom_core.providers.KeepingEncoder",
                )
            with self.loaded(Path(folder)) as it:
                again = [it.encoder.encode(clip) for clip in it.clips]
                computed = it.ledger.as_dict()["encoder_clips"]["computed"]
                _must(computed == 0, f"a second run encodes {computed} clips again: keep features under their key")
        kept = all(_same(one, other) for one, other in zip(first, again, strict=True))
        _must(kept, "kept features are not what was encoded")

    def test_errors_of_files_arrive(self) -> None:
        """A file that is gone is told in words, and the encoder works on."""
        with self.loaded() as it:
            clip = it.clips[0]
            gone = evolve(clip, video=evolve(clip.video, path=Path("no-such-file.mp4"), content_hash="0" * 64))
            error = _raised(lambda: it.encoder.encode(gone))
            _must(isinstance(error, AtomError), f"of a file that is gone it says {error!r}: raise MediaError")
            it.encoder.encode(clip)

    def test_text_is_in_shape(self) -> None:
        """Greedy text is the same each time, says how sure it is, and obeys its limits."""
        with self.loaded() as it:
            parts = self._parts(it)
            text = it.decoder.generate(parts, max_new_tokens=12)
            _must(isinstance(text, Generated), f"generate gives {type(text).__name__}: give Generated, which is a str")
            again = it.decoder.generate(parts, max_new_tokens=12)
            _must(text == again, f"greedy text differs from call to call: {text!r}, {again!r}")
            _must(
                math.isfinite(text.logprob) and text.logprob <= CLOSE,
                f"its logprob is {text.logprob}: give the sum of the tokens' natural log-probabilities",
            )
            _must(
                1 <= text.num_tokens <= 12, f"it says {text.num_tokens} tokens were decoded, asked for were 12 at most"
            )
            short = it.decoder.generate(parts, max_new_tokens=1)
            _must(short.num_tokens == 1, f"max_new_tokens=1 gives {short.num_tokens} tokens: {short!r}")
            if len(text) > 1:
                end = text[len(text) // 2]
                cut = it.decoder.generate(parts, max_new_tokens=12, stop=[end])
                _must(end not in cut, f"stop={[end]} gives {cut!r}: end before it")
            pieces = "".join(it.decoder.stream(parts, max_new_tokens=12))
            _must(pieces.strip() == text.strip(), f"stream gives {pieces!r}, generate {text!r}")

    def test_choices_are_the_likeliest(self) -> None:
        """With choices the answer is the one that scores best, and an empty list of them is refused."""
        with self.loaded() as it:
            parts = self._parts(it)
            scores = [it.decoder.score(parts, choice) for choice in self.answers]
            fine = all(math.isfinite(score) and score <= CLOSE for score in scores)
            _must(fine, f"scores are {scores}: give natural log-probabilities, at most 0")
            chosen = it.decoder.generate(parts, choices=self.answers)
            best = self.answers[int(np.argmax(scores))]
            _must(chosen == best, f"of {self.answers} it takes {chosen!r}, though {best!r} scores best: {scores}")
            error = _raised(lambda: it.decoder.generate(parts, choices=[]))
            _must(isinstance(error, AtomError), f"of no choices it says {error!r}: raise ModelError")

    def test_vectors_are_in_shape(self) -> None:
        """Vectors are [E], float32, of unit length; those of clips and of texts share their space."""
        with self.loaded() as it:
            vectors = [it.decoder.embed(["a red circle"]), it.decoder.embed([it.encoder.encode(it.clips[0])])]
            for vector in vectors:
                kind, shape = getattr(vector, "dtype", None), np.shape(vector)
                _must(kind == np.float32 and len(shape) == 1, f"embed gives {kind} {list(shape)}: give float32 [E]")
                length = float(np.linalg.norm(vector))
                _must(abs(length - 1) < 1e-3, f"its vectors have length {length:.3f}: divide by it")
            _must(vectors[0].shape == vectors[1].shape, "vectors of texts and of clips have different lengths")

    def test_the_decoder_sees(self) -> None:
        """What it says of a red clip is not what it says of a blue one."""
        with self.loaded() as it:
            red, blue = (it.decoder.embed([it.encoder.encode(clip), self.question]) for clip in it.clips[:2])
        _must(not np.allclose(red, blue, atol=CLOSE), "a red and a blue clip look the same to it: pass features on")

    def test_several_are_as_one_by_one(self) -> None:
        """Calls for several prompts, and from several threads at once, give what each gives alone, in order."""
        with self.loaded() as it:
            prompts = [self._parts(it, clip) for clip in it.clips[:2]] + [[self.question]]
            texts = [it.decoder.generate(parts, max_new_tokens=8) for parts in prompts]
            vectors = [it.decoder.embed(parts) for parts in prompts]
            scores = [it.decoder.score(parts, self.answers[0]) for parts in prompts]
            decoder: Any = it.decoder
            if hasattr(decoder, "generate_many"):
                many = decoder.generate_many(prompts, max_new_tokens=8)
                _must(list(many) == texts, f"generate_many gives {many}, one by one {texts}")
                _must(list(decoder.generate_many([])) == [], "generate_many of nothing is not []")
            if hasattr(decoder, "embed_many"):
                _must(np.allclose(decoder.embed_many(prompts), vectors, atol=CLOSE), "embed_many gives other vectors")
            if hasattr(decoder, "score_many"):
                found = decoder.score_many([(parts, self.answers[0]) for parts in prompts])
                _must(np.allclose(found, scores, atol=1e-2), f"score_many gives {found}, one by one {scores}")
            with ThreadPoolExecutor(3) as pool:
                beside = list(pool.map(lambda parts: decoder.generate(parts, max_new_tokens=8), prompts * 2))
            _must(beside == texts * 2, f"asked from several threads it says {beside}, alone {texts * 2}")

    def test_cancelling_ends_it(self) -> None:
        """A caller whose result is not wanted gets `Cancelled` from every call, and others go on."""
        with self.loaded() as it:
            parts = self._parts(it)
            calls: dict[str, Callable[[], object]] = {
                "encode": lambda: it.encoder.encode(it.clips[1]),
                "generate": lambda: it.decoder.generate(parts, max_new_tokens=8),
                "embed": lambda: it.decoder.embed(parts),
                "score": lambda: it.decoder.score(parts, self.answers[0]),
            }
            for name, call in calls.items():
                cancelled = Cancel()
                cancelled.set()
                token = caller.set(Caller(task="test", cancelled=cancelled))
                try:
                    error = _raised(call)
                finally:
                    caller.reset(token)
                _must(
                    isinstance(error, Cancelled),
                    f"a cancelled {name} {'returns' if error is None else f'raises {error!r}'}: call"
                    " atom_core.providers.check_cancelled() now and then, or use what else atom_core.providers has",
                )
                call()

    def test_closing_ends_its_threads(self) -> None:
        """After the close no thread of the modules is left."""
        before = set(threading.enumerate())
        with self.loaded() as it:
            it.decoder.generate(self._parts(it), max_new_tokens=2)
        left = [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()]
        _must(not left, f"after Modules.close there are still threads: {', '.join(left)}; end them there")

    def test_loading_again_is_the_same(self) -> None:
        """A second load is the same model, with the same fingerprint and answers."""
        said = []
        for _ in range(2):
            with self.loaded() as it:
                text = it.decoder.generate(self._parts(it), max_new_tokens=8)
                said.append((it.modules.model, it.encoder.fingerprint, it.decoder.name, str(text)))
        _must(said[0] == said[1], f"loaded again it is another: {said[0]}, {said[1]}")

    def _parts(self, it: Loaded, clip: Clip | None = None) -> Parts:
        return [it.encoder.encode(clip or it.clips[0]), self.question]


def _takes(what: str, declared: Callable[..., object], method: Any) -> None:
    """Make sure that `method` can be called as the protocol's function can."""
    given = inspect.signature(method).parameters.values()
    anything = {parameter.kind for parameter in given}
    names = {parameter.name for parameter in given}
    wanted: Sequence[inspect.Parameter] = list(inspect.signature(declared).parameters.values())[1:]
    for parameter in wanted:
        if parameter.kind is parameter.KEYWORD_ONLY:
            takes = parameter.name in names or inspect.Parameter.VAR_KEYWORD in anything
            _must(takes, f"{what} takes no {parameter.name!r}: tasks call it with that")
    positional = [each for each in given if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needed = sum(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in wanted)
    if inspect.Parameter.VAR_POSITIONAL not in anything:
        _must(len(positional) >= needed, f"{what} takes {len(positional)} arguments in order, tasks give it {needed}")


def _same(one: Features, other: Features) -> bool:
    first, second = one.array(), other.array()
    return first.shape == second.shape and bool(np.allclose(first, second, atol=CLOSE))


def _raised(call: Callable[[], object]) -> BaseException | None:
    try:
        call()
    except Exception as error:
        return error
    return None


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
