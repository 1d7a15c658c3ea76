"""How many frames of a clip are sampled: what the model's context holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from atom_core.errors import ModelError
from atom_core.host import Host, open_host
from atom_core.modules.checkpoint import open_checkpoint
from atom_core.modules.families import FAMILIES, family_of
from atom_core.modules.frames import FrameBudget
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


def budget_of(folder: Path, wanted: int | None = None) -> FrameBudget:
    """The budget of a checkpoint's family."""
    return FrameBudget(family_of(open_checkpoint(str(folder))), wanted)


def tokens_of(budget: FrameBudget, num_frames: int) -> int:
    """Tokens of a prompt about so many frames."""
    stub = budget._stub(CLIP, num_frames)
    assert stub is not None
    return len(budget._family.prompt([stub, ""]))


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_a_long_context_holds_what_is_asked_for(model_type: str, tmp_path: Path) -> None:
    """Eight frames if nothing is set, else as many as are set."""
    folder = checkpoint_of(tmp_path, model_type, 2**15)
    assert budget_of(folder).num_frames(CLIP) == 8
    assert budget_of(folder, 13).num_frames(CLIP) == 13


@pytest.mark.parametrize("model_type", FAMILY_SAMPLE)
def test_a_short_context_gets_fewer(model_type: str, tmp_path: Path) -> None:
    """As many as leave half for text, not one fewer, counted as the prompt will be; set ones are refused with a
    number that fits."""
    context = tokens_of(budget_of(checkpoint_of(tmp_path, model_type, 4096)), 12)
    folder = checkpoint_of(tmp_path, model_type, context)
    chosen = budget_of(folder).num_frames(CLIP)
    assert 1 <= chosen < 8
    with Pair(folder) as pair:

        def tokens(num_frames: int) -> int:
            return len(pair.family.prompt([pair.encode(make_frames(num_frames, height=48, width=64)), ""]))

        assert tokens(chosen) + context // 2 <= context < tokens(chosen + 1) + context // 2
    with pytest.raises(ModelError, match=rf"100 frames of a.mp4 .* at most {context}; use --frames {chosen} or fewer"):
        budget_of(folder, 100).num_frames(CLIP)
    assert budget_of(folder, chosen).num_frames(CLIP) == chosen


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
    fitting = int(str(told.value).rpartition(" ")[2])
    budget.check(*needed(fitting), 20)
    with pytest.raises(ModelError):
        budget.check(*needed(fitting + 2), 20)  # Qwen takes frames in pairs


def test_a_model_that_holds_no_frame_says_so(tmp_path: Path) -> None:
    """Before anything is encoded."""
    with pytest.raises(ModelError, match="not one fits: use a model with a longer context"):
        budget_of(checkpoint_of(tmp_path, "llava", 24)).num_frames(CLIP)


def test_results_say_what_was_chosen(tmp_path: Path, clips: list[Clip]) -> None:
    """A host of a short context encodes, asks and answers; features say how many frames, which, how large, by which
    rule; a second host takes the same from disk."""
    folder = checkpoint_of(tmp_path, "smolvlm", tokens_of(budget_of(checkpoint_of(tmp_path, "smolvlm", 4096)), 12))

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
        with pytest.raises(ModelError, match=r"it would fit with --frames \d+$"):
            host.decoder.generate([*[features] * 4, QUESTION], max_new_tokens=4)
    with opened() as again:
        assert again.encoder.encode(clips[0]).size == features.size
        assert again.ledger.as_dict()["encoder_clips"]["computed"] == 0
    with opened(frames=20) as strict, pytest.raises(ModelError, match=r"use --frames \d or fewer"):
        strict.encoder.encode(clips[0])


def test_provenance_tells_the_frames() -> None:
    """Number, timestamps, size and rule, for the JSON of results; nothing where no frame was seen."""
    seen = Provenance(model="m", prompt="p", timestamps_s=(0.25, 1 / 3), rule="uniform:2", size=(48, 64))
    assert seen.frames == {"number": 2, "timestamps_s": [0.25, 0.333], "size": (48, 64), "rule": "uniform:2"}
    assert Provenance(model="m", prompt="p").frames is None
