"""The resident encoder: each clip once, and never another clip's features.

``ATOM_TEST_SECONDS=60`` asks longer from many threads than every test run does.
"""

from __future__ import annotations

import itertools
import os
import shutil
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import evolve

from atom_core.call_context import Caller, Cancel, caller
from atom_core.checkpoint.direct.tower import LayerNorm
from atom_core.encoder.feature_cache import feature_key
from atom_core.errors import Cancelled, MediaError, ModelError
from atom_core.host import Host, open_host
from atom_core.media.sample import rule_of, sample
from atom_core.records import Clip
from atom_core.testing import wait_until
from atom_core.testing.videos import Shot, write_video

SECONDS = float(os.environ.get("ATOM_TEST_SECONDS", "2"))


@contextmanager
def opened(checkpoint: Path, cache: Path, **arguments: Any) -> Iterator[Host]:
    """A host of the model in `checkpoint` with its features in `cache`."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=cache, segment="whole", **arguments) as host:
        yield host


def feature_key_of(encoder: Any, clip: Clip) -> str:
    """Under which the encoder keeps a clip's features."""
    num_frames = encoder._frames.num_frames([clip], encoder._encode)
    rule = rule_of(clip, num_frames, encoder._family.frame_pixels(num_frames))
    return feature_key(clip, rule, encoder.fingerprint)


def encoded(host: Host) -> int:
    """How many clips the encoder has computed."""
    return int(host.ledger.as_dict()["encoder_clips"]["computed"])


def test_weights_are_loaded_while_frames_are_read(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frames of the first clip come only once the model is there; the weights of no later one are waited for."""
    with opened(checkpoint, tmp_path) as host:
        model = vars(host._resident.modules().encoder)  # type: ignore[attr-defined]

        def read(*arguments: Any) -> Any:
            wait_until(lambda: "_model" in model)
            return sample(*arguments)

        assert "_model" not in model
        monkeypatch.setattr("atom_core.encoder.encoder.sample", read)
        assert len(host.encoder.encode(clips[0]).array())


def test_weights_that_cannot_be_loaded_are_told(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To each caller, however often somebody tries."""

    def broken() -> None:
        raise ModelError("weights are damaged")

    with opened(checkpoint, tmp_path) as host:
        monkeypatch.setattr(host._resident.modules().encoder, "_visual", broken)  # type: ignore[attr-defined]
        for clip in clips[:2]:
            with pytest.raises(ModelError, match="weights are damaged"):
                host.encoder.encode(clip)


def test_a_clip_is_encoded_once_ever(checkpoint: Path, clips: list[Clip], tmp_path: Path) -> None:
    """Not again by another call, thread or host; the ledger counts what was asked and what was reused."""
    with opened(checkpoint, tmp_path) as host:
        with ThreadPoolExecutor(8) as pool:
            values = [features.values for features in pool.map(host.encoder.encode, clips * 4)]
        assert encoded(host) == len(clips)
        assert host.ledger.as_dict()["encoder_clips"]["requested"] == 4 * len(clips)
        assert host.ledger.as_dict()["encoder_clips"]["reused"] == 3 * len(clips)
    assert all(torch.equal(value, values[i % len(clips)]) for i, value in enumerate(values))
    with opened(checkpoint, tmp_path) as other:
        again = other.encoder.encode_batch(clips)
        assert encoded(other) == 0
    assert all(torch.equal(features.values, value) for features, value in zip(again, values, strict=False))


def test_the_tower_reads_memory_in_order(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No norm of the visual half is given channels before patches, which it would copy; values are the tower's own."""
    norm, given = LayerNorm.forward, []

    def watched(self: LayerNorm, inputs: torch.Tensor) -> torch.Tensor:
        given.append(inputs.is_contiguous())
        return norm(self, inputs)

    monkeypatch.setattr(LayerNorm, "forward", watched)
    with opened(checkpoint, tmp_path) as host:
        values = host.encoder.encode(clips[0]).values
        assert len(given) > 4
        assert all(given)
    given.clear()
    monkeypatch.setattr("atom_core.encoder.encoder._contiguous", lambda value: value)
    with opened(checkpoint, tmp_path / "other") as host:
        assert torch.equal(host.encoder.encode(clips[0]).values, values)
        assert not all(given)


def test_frames_encoded_a_few_at_once_are_the_same_features(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks change no value and no layout."""
    found = []
    for pixels in (10**9, 64 * 64, 3 * 64 * 64):
        monkeypatch.setattr("atom_core.families.smolvlm.CHUNK_PIXELS", pixels)
        with opened(checkpoint, tmp_path / str(pixels)) as host:
            found.append(host.encoder.encode(clips[0]))
    for features in found[1:]:
        torch.testing.assert_close(features.values, found[0].values, atol=1e-5, rtol=1e-4)
        assert features.layout == found[0].layout


def test_pixels_are_gone_before_memory_is_given_back(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the allocator is asked to return memory, nothing holds the encoder's inputs any more."""
    alive: list[weakref.ref[torch.Tensor]] = []
    held: list[int] = []
    with opened(checkpoint, tmp_path) as host:
        family = host.encoder._family  # type: ignore[attr-defined]
        real = family.inputs

        def inputs(frames: Any) -> dict[str, Any]:
            found: dict[str, Any] = real(frames)
            alive.extend(weakref.ref(value) for value in found.values())
            return found

        monkeypatch.setattr(family, "inputs", inputs)
        monkeypatch.setattr(
            "atom_core.encoder.encoder.give_back", lambda: held.append(sum(ref() is not None for ref in alive))
        )
        host.encoder.encode(clips[0])
    assert alive
    assert held == [0]


def test_features_keep_the_order_of_the_clips(host: Host, clips: list[Clip]) -> None:
    """A batch comes back in the order asked for."""
    backwards = clips[::-1]
    assert [features.clip for features in host.encoder.encode_batch(backwards)] == backwards


def test_clips_that_somebody_waits_for_go_ahead(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bulk work lets them pass between its frames; a clip of it that somebody comes to wait for goes ahead, too, and
    everybody gets their own clip's features."""
    monkeypatch.setattr("atom_core.families.smolvlm.CHUNK_PIXELS", 1)
    copy = evolve(clips[2], video=evolve(clips[2].video, path=tmp_path / "copy.mp4"))
    with opened(checkpoint, tmp_path / "alone") as host:
        alone = [host.encoder.encode(clip).values for clip in clips[:4]]
    with opened(checkpoint, tmp_path) as host, ThreadPoolExecutor(8) as pool:
        encoder: Any = host._resident.modules().encoder  # type: ignore[attr-defined]
        assert encoder._model  # loaded, so that clips alone are queued
        real, begun, gate, done = encoder._family.encode, threading.Event(), threading.Event(), []

        def held(*arguments: Any) -> Any:
            begun.set()
            assert gate.wait(10)
            return real(*arguments)

        monkeypatch.setattr(encoder._family, "encode", held)

        def ask(clip: Clip, urgent: bool) -> Any:
            caller.set(Caller(task="t", interactive=urgent))
            features = encoder.encode_batch([clip, clip])[1]
            done.append(clip)
            return features

        def later(clip: Clip, urgent: bool, number: int) -> Any:
            future = pool.submit(copy_context().run, ask, clip, urgent)
            wait_until(lambda: len(encoder._worker._work) >= number)
            return future

        futures = [later(clip, False, number) for number, clip in enumerate(clips[:3], 1)]
        assert begun.wait(10)
        futures += [later(clips[3], True, 4), later(copy, True, 4)]
        wait_until(lambda: sum(entry.urgent for entry in encoder._once.in_flight.values()) >= 2)
        gate.set()
        found = [future.result(60) for future in futures]
    assert set(done[:3]) == {copy, clips[2], clips[3]}
    assert done[3:] == [clips[0], clips[1]]
    assert [features.clip for features in found] == [*clips[:4], copy]
    assert all(torch.equal(f.values, v) for f, v in zip(found, [*alone, alone[2]], strict=True))


def test_a_cancelled_caller_takes_nobody_with_it(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for features that another caller is at gets them, also where that one is cancelled."""
    with opened(checkpoint, tmp_path) as host, ThreadPoolExecutor(2) as pool:
        encoder: Any = host.encoder
        cancelled, store = Cancel(), encoder._once._cache
        with store.claim(feature_key_of(encoder, clips[0])):

            def doomed() -> Any:
                caller.set(Caller(task="doomed", cancelled=cancelled))
                return encoder.encode(clips[0])

            first = pool.submit(copy_context().run, doomed)
            wait_until(lambda: encoder._once.in_flight)
            second = pool.submit(encoder.encode, clips[0])
            wait_until(lambda: encoder._ledger.as_dict()["encoder_clips"]["requested"] >= 2)
            cancelled.set()
            with pytest.raises(Cancelled):
                first.result(10)
        assert second.result(10).clip == clips[0]
        counts = host.ledger.as_dict()["encoder_clips"]
    assert counts == {"requested": 2, "computed": 1, "reused": 0}


def test_other_sampling_and_other_models_have_other_features(
    checkpoint: Path, clips: list[Clip], tmp_path: Path
) -> None:
    """Frames, precision and weights are part of the key, also where the features' shapes are equal."""
    from safetensors.torch import load_file, save_file

    other = tmp_path / "other"
    shutil.copytree(checkpoint, other)
    weights = load_file(other / "model.safetensors")
    name = next(name for name in weights if "vision" in name and name.endswith("weight"))
    weights[name] = weights[name] * 1.01
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    found = []
    for model, arguments in (
        (checkpoint, {}),
        (other, {}),
        (checkpoint, {"quantize": "int8"}),
        (checkpoint, {"frames": 7}),
    ):
        with opened(model, tmp_path / "cache", **arguments) as host:
            found.append(host.encoder.encode(clips[0]))
            assert encoded(host) == 1
    assert len({features.key for features in found}) == 4
    for features in found[1:3]:
        assert features.values.shape == found[0].values.shape
        assert not torch.equal(features.values, found[0].values)


def test_frames_that_are_shrunk_have_other_features(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where frames are shrunk as they are decoded, their features have a key of their own; small frames' stay."""
    paths = [write_video(tmp_path / f"{width}.mp4", size=(width, 48)) for width in (64, 96)]
    keys: list[list[str]] = []
    for limit in (96 * 48, 64 * 48):
        monkeypatch.setattr("atom_core.families.base.FULL_HD", limit)
        with opened(checkpoint, tmp_path / "cache") as host:
            keys.append([host.encoder.encode(host.clips(host.video(path))[0]).key for path in paths])
            assert encoded(host) == (2 if limit == 96 * 48 else 1)
    assert keys[0][0] == keys[1][0]
    assert keys[0][1] != keys[1][1]


def test_videos_that_look_alike_from_outside_are_told_apart(checkpoint: Path, tmp_path: Path) -> None:
    """Same name, bytes, length, frame count and time of change in two folders: each has its own features."""
    paths = []
    for folder, colour in (("a", (200, 30, 30)), ("b", (30, 30, 200))):
        (tmp_path / folder).mkdir()
        paths.append(write_video(tmp_path / folder / "v.mp4", shots=[Shot(num_frames=24, colour=colour)]))
    size = max(path.stat().st_size for path in paths) + 8
    for path in paths:
        spare = size - path.stat().st_size
        with path.open("ab") as file:
            file.write(spare.to_bytes(4, "big") + b"free" + bytes(spare - 8))  # a box that holds nothing
        os.utime(path, ns=(0, 0))
    with opened(checkpoint, tmp_path / "cache") as host:
        one, other = (host.encoder.encode(host.clips(host.video(path))[0]) for path in paths)
        assert encoded(host) == 2
    assert one.values.shape == other.values.shape
    assert not torch.equal(one.values, other.values)


def test_a_file_rewritten_in_place_is_another_video(checkpoint: Path, tmp_path: Path) -> None:
    """The new content is encoded and answered about; the old clip is refused instead of mixed up."""
    path = tmp_path / "v.mp4"
    with opened(checkpoint, tmp_path / "cache") as host:
        write_video(path, shots=[Shot(num_frames=24, colour=(200, 30, 30))])
        before = host.clips(host.video(path))[0]
        old = host.encoder.encode(before)
        write_video(path, shots=[Shot(num_frames=24, colour=(30, 30, 200))])
        new = host.encoder.encode(host.clips(host.video(path))[0])
        assert encoded(host) == 2
        assert old.key != new.key
        assert torch.equal(host.encoder.encode(before).values, old.values), "known features stay what they were"
        shorter = Clip(video=before.video, start_s=0.0, end_s=0.5)
        with pytest.raises(MediaError, match="changed"):
            host.encoder.encode(shorter)


def test_a_video_replaced_between_two_questions_is_noticed(checkpoint: Path, tmp_path: Path) -> None:
    """The answer after the change is that of a cold run on the new file."""
    path = tmp_path / "v.mp4"
    question = "Describe this clip in one sentence."
    answers = []
    with opened(checkpoint, tmp_path / "cache") as host, opened(checkpoint, tmp_path / "cold", reuse=False) as cold:
        for colour in ((200, 30, 30), (30, 30, 200), (200, 30, 30)):
            write_video(path, shots=[Shot(num_frames=24, colour=colour)])
            clip = host.clips(host.video(path))[0]
            told = host.decoder.generate([host.encoder.encode(clip), question], max_new_tokens=12)
            again = cold.decoder.generate([cold.encoder.encode(clip), question], max_new_tokens=12)
            assert told == again
            assert told.logprob == pytest.approx(again.logprob, abs=1e-3)
            answers.append(told)
    assert answers[0].logprob == pytest.approx(answers[2].logprob, abs=1e-3)


def test_many_threads_never_get_another_clips_answer(host: Host, cold_host: Host, clips: list[Clip]) -> None:
    """Eight threads ask about eight clips at once: each answer and its probability are those of that clip alone."""
    question = "What colour is it?"
    expected = {}
    for clip in clips:
        told = cold_host.decoder.generate([cold_host.encoder.encode(clip), question], max_new_tokens=6)
        expected[clip] = (str(told), told.logprob)
    assert len({round(logprob, 3) for _, logprob in expected.values()}) == len(clips), "clips can be told apart"
    end = time.monotonic() + SECONDS
    asked: Counter[Clip] = Counter()
    wrong: list[Clip] = []

    def ask(first: int) -> None:
        turns = itertools.count(first)
        while time.monotonic() < end or sum(asked.values()) < 8 * len(clips):
            clip = clips[next(turns) % len(clips)]
            told = host.decoder.generate([host.encoder.encode(clip), question], max_new_tokens=6)
            asked[clip] += 1
            if str(told) != expected[clip][0] or abs(told.logprob - expected[clip][1]) > 1e-3:
                wrong.append(clip)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert not wrong
    assert len(asked) == len(clips) == 8
