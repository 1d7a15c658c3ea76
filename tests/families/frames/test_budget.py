"""How many frames of a clip are sampled: what the model's context holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.errors import ModelError
from atom_core.families import FAMILIES, family_of
from atom_core.families.frames.budget import FrameBudget
from atom_core.host import Host, open_host
from atom_core.records import Clip, Features, Provenance
from atom_core.testing.fakes import fake_video
from atom_core.testing.families import Pair, make_frames
from atom_core.testing.models import make_checkpoint

CLIP = Clip.whole(evolve(fake_video("a.mp4", duration_s=10.0), width=64, height=48))
QUESTION = "What is it?"
FAMILY_SAMPLE = ("smolvlm", "llava", "llava_onevision", "internvl", "qwen2_5_vl", "qwen3_vl", "gemma4")


def checkpoint_of(folder: Path, model_type: str, max_tokens: int) -> Path:
    """A checkpoint of a family that reads so many tokens."""
    return make_checkpoint(folder / f"{model_type}-{max_tokens}", model_type, max_tokens=max_tokens)


def always_eight(folder: Path) -> Path:
    """The same checkpoint, trained with eight frames of every clip, however short."""
    path, pictures = folder / "video_preprocessor_config.json", folder / "preprocessor_config.json"
    said = json.loads(next(file for file in (path, pictures) if file.is_file()).read_text())
    path.write_text(json.dumps({**said, "min_frames": 8}))
    return folder


def budget_of(folder: Path, wanted: int | None = None) -> FrameBudget:
    """The budget of a checkpoint's family."""
    return FrameBudget(family_of(open_checkpoint(str(folder))), wanted)


def never(*_: Any) -> Features:
    """These families tell their tokens before."""
    raise AssertionError("encoded")


def chosen_of(budget: FrameBudget, *clips: Clip) -> int:
    """How many frames the budget gives each clip, found without encoding."""
    return budget.num_frames(clips or (CLIP,), never)


def tokens_of(budget: FrameBudget, num_frames: int) -> int:
    """Tokens of a prompt about so many frames."""
    stub = budget._stub(CLIP, num_frames)
    assert stub is not None
    return len(budget._family.prompt([stub, ""]))


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_a_long_context_holds_what_is_asked_for(model_type: str, tmp_path: Path) -> None:
    """Eight frames if nothing is set, else as many as are set."""
    folder = checkpoint_of(tmp_path, model_type, 2**15)
    assert chosen_of(budget_of(folder)) == 8
    assert chosen_of(budget_of(folder, 13)) == 13


@pytest.mark.parametrize("model_type", FAMILY_SAMPLE)
def test_a_short_context_gets_fewer(model_type: str, tmp_path: Path) -> None:
    """As many as leave half for text, not one fewer, counted as the prompt will be; set ones are refused with a
    number that fits."""
    context = tokens_of(budget_of(checkpoint_of(tmp_path, model_type, 4096)), 12)
    folder = checkpoint_of(tmp_path, model_type, context)
    chosen = chosen_of(budget_of(folder))
    assert 1 <= chosen < 8
    with Pair(folder) as pair:

        def tokens(num_frames: int) -> int:
            return len(pair.family.prompt([pair.encode(make_frames(num_frames, height=48, width=64)), ""]))

        assert tokens(chosen) + context // 2 <= context < tokens(chosen + 1) + context // 2
    with pytest.raises(ModelError, match=rf"100 frames of a.mp4 .* at most {context}; use --frames {chosen} or fewer"):
        chosen_of(budget_of(folder, 100))
    assert chosen_of(budget_of(folder, chosen)) == chosen


@pytest.mark.parametrize("model_type", FAMILY_SAMPLE)
def test_a_prompt_that_is_too_long_is_refused_with_what_fits(model_type: str, tmp_path: Path) -> None:
    """For two clips and their answer too: the number in the message fits, one more does not."""
    context = tokens_of(budget_of(checkpoint_of(tmp_path, model_type, 4096)), 16)
    budget = budget_of(checkpoint_of(tmp_path, model_type, context))
    family = budget._family

    def needed(num_frames: int) -> tuple[list[str | Features], int]:
        stub: Any = budget._stub(CLIP, num_frames)
        parts = [stub, "then", evolve(stub, key="other"), QUESTION]
        return parts, len(family.prompt(parts))

    parts, tokens = needed(64)
    with pytest.raises(ModelError, match=rf"needs {tokens + 20} tokens and the model reads at most {context}") as told:
        budget.check(parts, tokens, 20)
    assert "encode_batch(clips, in_one_prompt=True)" in str(told.value)
    fitting = int(str(told.value).rpartition(" ")[2])
    budget.check(*needed(fitting), 20)
    with pytest.raises(ModelError):
        budget.check(*needed(fitting + 2), 20)  # Qwen takes frames in pairs


def test_a_model_that_holds_no_frame_says_so(tmp_path: Path) -> None:
    """Before anything is encoded."""
    with pytest.raises(ModelError, match="not one fits: use a model with a longer context"):
        chosen_of(budget_of(checkpoint_of(tmp_path, "llava", 24)))


def test_results_say_what_was_chosen(tmp_path: Path, clips: list[Clip]) -> None:
    """A host of a short context encodes, asks and answers; features say how many frames, which, how large, by which
    rule; a second host takes the same from disk."""
    folder = always_eight(
        checkpoint_of(tmp_path, "smolvlm", tokens_of(budget_of(checkpoint_of(tmp_path, "smolvlm", 4096)), 12))
    )

    def opened(**more: Any) -> Host:
        return open_host(model=str(folder), load_plugins=(), cache=tmp_path / "cache", **more)

    with opened() as host:
        features = host.encoder.encode(clips[0])
        chosen = len(features.timestamps_s)
        assert 1 < chosen < 8
        assert features.rule == f"uniform:{chosen}"
        assert features.size == (clips[0].video.height, clips[0].video.width)
        assert len(features.layout["runs"]) == chosen
        host.decoder.generate([features, QUESTION], max_new_tokens=4)
        several = [host.encoder.encode(clip) for clip in clips[:3]]
        with pytest.raises(ModelError, match=r"in_one_prompt=True\), or use --frames \d+$"):
            host.decoder.generate([*several, QUESTION], max_new_tokens=4)
    with opened() as again:
        assert again.encoder.encode(clips[0]).size == features.size
        assert again.ledger.as_dict()["encoder_clips"]["computed"] == 0
    with opened(frames=20) as strict, pytest.raises(ModelError, match=r"use --frames \d or fewer"):
        strict.encoder.encode(clips[0])


@pytest.mark.parametrize("model_type", FAMILY_SAMPLE)
def test_clips_of_one_prompt_share_the_context(model_type: str, tmp_path: Path) -> None:
    """Each gets as many frames as let all of them leave room for text, not one more; alone they get more. Set ones are
    refused with the number that fits, and too many clips with the way on."""
    budget = budget_of(checkpoint_of(tmp_path, model_type, 4096))
    context = tokens_of(budget, 30)
    folder = checkpoint_of(tmp_path, model_type, context)
    budget, others = budget_of(folder), [Clip(video=CLIP.video, start_s=n, end_s=n + 2.5) for n in range(3)]
    shared = chosen_of(budget, *others)
    assert 1 <= shared < chosen_of(budget)

    def tokens(num_frames: int) -> int:
        stubs = [budget._stub(clip, num_frames) for clip in others]
        return len(budget._family.prompt([*[stub for stub in stubs if stub], ""]))

    room = min(512, context // 2)
    assert tokens(shared) + room <= context < tokens(shared + 1) + room
    with pytest.raises(ModelError, match=rf"99 frames of each of 3 clips .* --frames {shared} or fewer, or .* fewer"):
        chosen_of(budget_of(folder, 99), *others)
    assert chosen_of(budget_of(folder, shared), *others) == shared
    with pytest.raises(ModelError, match=r"not one fits.*ask about fewer clips"):
        chosen_of(budget, *others * 40)


def test_several_clips_are_encoded_for_one_prompt(tmp_path: Path, clips: list[Clip]) -> None:
    """Fewer frames each, told by the features, and the prompt is answered; a task that is lent the encoder has it."""
    folder = always_eight(
        checkpoint_of(tmp_path, "smolvlm", tokens_of(budget_of(checkpoint_of(tmp_path, "smolvlm", 4096)), 20))
    )
    with open_host(model=str(folder), load_plugins=(), cache=tmp_path / "cache") as host:
        alone = host.encoder.encode(clips[0])
        features = host.encoder.encode_batch(clips[:3], in_one_prompt=True)
        numbers = {len(found.timestamps_s) for found in features}
        assert [found.clip for found in features] == clips[:3]
        assert len(numbers) == 1
        assert 1 <= numbers.pop() < len(alone.timestamps_s)
        assert {found.rule for found in features} == {f"uniform:{len(features[0].timestamps_s)}"}
        host.decoder.generate([*features, QUESTION], max_new_tokens=4)
        assert host.encoder.encode_batch(clips[:1], in_one_prompt=True)[0].rule == alone.rule
        assert host.encoder.encode_batch([], in_one_prompt=True) == []
    with (
        open_host(model=str(folder), load_plugins=(), cache=tmp_path / "cache", frames=7) as host,
        pytest.raises(ModelError, match=r"7 frames of each of 3 clips take \d+ tokens .* use --frames \d or fewer"),
    ):
        host.encoder.encode_batch(clips[:3], in_one_prompt=True)


def test_a_family_that_does_not_tell_before_is_measured(
    tmp_path: Path, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a plugin's family may be: the same numbers are found by encoding, for one clip and several."""
    folder = always_eight(
        checkpoint_of(tmp_path, "smolvlm", tokens_of(budget_of(checkpoint_of(tmp_path, "smolvlm", 4096)), 12))
    )

    def chosen(name: str, **more: Any) -> list[int]:
        with open_host(model=str(folder), load_plugins=(), cache=tmp_path / name, **more) as host:
            found = [host.encoder.encode(clips[0]), *host.encoder.encode_batch(clips[:2], in_one_prompt=True)]
            host.decoder.generate([*found[1:], QUESTION], max_new_tokens=4)
            return [len(features.timestamps_s) for features in found]

    told = chosen("told")
    assert told[0] < 8
    monkeypatch.setattr("atom_core.families.smolvlm.Idefics3.expected_layout", lambda *_: None)
    assert chosen("measured") == told
    assert chosen("again", reuse=False) == told
    with pytest.raises(ModelError, match=rf"50 frames of 0.mp4 take \d+ tokens .*; use --frames {told[0]} or fewer"):
        chosen("set", frames=50)


def test_memory_bounds_requests(tmp_path: Path, clips: list[Clip]) -> None:
    """Where memory has room for less than the model reads, clips of one prompt share that, or are refused with the
    way on; with more memory the same clips have more frames."""
    folder = always_eight(checkpoint_of(tmp_path, "smolvlm", 2**15))

    def opened(memory: int, **more: Any) -> Host:
        return open_host(
            model=str(folder), load_plugins=(), cache=tmp_path / "cache", prefix_cache_bytes=0, memory=memory, **more
        )

    found = {}
    for name, memory in (("tight", 480 * 2**20), ("ample", 2**32)):
        with opened(memory) as host:
            features = host.encoder.encode_batch(clips, in_one_prompt=True)
            found[name] = len(features[0].timestamps_s)
            assert len(host.encoder.encode(clips[0]).timestamps_s) == 8
            host.decoder.generate([*features, QUESTION], max_new_tokens=2)
    assert 1 <= found["tight"] < found["ample"] == 8
    with opened(480 * 2**20, frames=8) as host:
        with pytest.raises(ModelError, match=r"and --memory has room for \d+; use --frames \d or fewer"):
            host.encoder.encode_batch(clips, in_one_prompt=True)
        with pytest.raises(ModelError, match=r"--memory has room for \d+; it would fit with --frames \d"):
            host.decoder.generate([*map(host.encoder.encode, clips), QUESTION], max_new_tokens=2)


@pytest.mark.parametrize(
    ("model_type", "by_length"),
    [
        ("smolvlm", {0.3: 1, 1.4: 1, 2.0: 2, 5.0: 5, 9.0: 8, 5400.0: 8}),
        ("qwen2_5_vl", {0.3: 4, 2.0: 4, 3.5: 6, 9.0: 8}),
        ("qwen3_vl", {0.3: 4, 3.5: 6, 9.0: 8}),
        ("video_llama_3", {0.3: 4, 5.0: 5, 9.0: 8}),
        ("llava_onevision", {0.3: 8, 9.0: 8}),
        ("gemma4", {0.3: 8, 9.0: 8}),
        ("idefics3", {0.3: 8, 9.0: 8}),
    ],
)
def test_short_clips_have_as_many_frames_as_the_model_was_trained_with(
    model_type: str, by_length: dict[float, int], tmp_path: Path
) -> None:
    """So many a second where the family counts so, in pairs where it takes pairs, and never more than eight; a number
    that is set goes for clips of any length."""
    folder = checkpoint_of(tmp_path, model_type, 2**15)
    video = evolve(CLIP.video, duration_s=6000.0)
    lengths = {length: Clip(video=video, start_s=30.0, end_s=30.0 + length) for length in by_length}
    budget, strict = budget_of(folder), budget_of(folder, 5)
    assert {length: chosen_of(budget, clip) for length, clip in lengths.items()} == by_length
    assert {chosen_of(strict, clip) for clip in lengths.values()} == {5}


@pytest.mark.parametrize(
    ("files", "by_length"),
    [
        ({"preprocessor_config.json": {"video_sampling": {"fps": 2, "max_frames": 6}}}, {1.0: 2, 9.0: 6}),
        ({"video_preprocessor_config.json": {"fps": 0.5, "min_frames": 2, "num_frames": 3}}, {1.0: 2, 9.0: 3}),
        ({"video_preprocessor_config.json": {"fps": "fast", "num_frames": -1, "min_frames": True}}, {1.0: 1, 9.0: 8}),
        ({"video_preprocessor_config.json": {"fps": 1e308, "max_frames": [3]}}, {1.0: 8}),
        ({"video_preprocessor_config.json": {"min_frames": 8, "num_frames": 8}}, {0.5: 8, 9.0: 8}),
    ],
)
def test_what_a_checkpoint_says_of_its_frames_goes_first(
    files: dict[str, Any], by_length: dict[float, int], tmp_path: Path
) -> None:
    """Rate and bounds are those of its video processor, in either place that SmolVLM has for them; values that are no
    numbers are as if they were not there."""
    folder = checkpoint_of(tmp_path, "smolvlm", 2**15)
    for name, more in files.items():
        path = folder / name
        known = json.loads(path.read_text()) if path.is_file() else {}
        path.write_text(json.dumps(known | more))
    budget = budget_of(folder)
    for length_s, num_frames in by_length.items():
        assert chosen_of(budget, Clip(video=CLIP.video, start_s=0.0, end_s=length_s)) == num_frames


def test_short_clips_leave_room_to_long_ones_of_one_prompt(tmp_path: Path) -> None:
    """What a clip of two seconds does not need, one of ten has."""
    budget = budget_of(checkpoint_of(tmp_path, "smolvlm", 4096))
    short = Clip(video=CLIP.video, start_s=0.0, end_s=2.0)
    context = 2 * len(budget._family.prompt([budget._foretold(short, 2), budget._foretold(CLIP, 6), ""]))
    budget = budget_of(checkpoint_of(tmp_path, "smolvlm", context))
    assert (chosen_of(budget, short, CLIP), budget.own(short)) == (6, 2)
    assert chosen_of(budget, CLIP, CLIP) < 6


def test_provenance_tells_the_frames() -> None:
    """Number, timestamps, size and rule, for the JSON of results; nothing where no frame was seen."""
    seen = Provenance(model="m", prompt="p", timestamps_s=(0.25, 1 / 3), rule="uniform:2", size=(48, 64))
    assert seen.frames == {"number": 2, "timestamps_s": [0.25, 0.333], "size": (48, 64), "rule": "uniform:2"}
    assert Provenance(model="m", prompt="p").frames is None
