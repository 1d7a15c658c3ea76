"""Prompts are what each family's own processor writes."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from attrs import evolve

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.errors import ModelError
from atom_core.families import FAMILIES, Family, family_of
from atom_core.records import Clip, Features, Frames
from atom_core.testing.fakes import fake_video
from atom_core.testing.families import make_frames
from atom_core.testing.models import make_checkpoint

NUM_FRAMES = 3
LAYOUT = {"times_s": [0.0, 1.0, 2.0], "grid": [NUM_FRAMES, 2, 2], "seconds_per_grid": 1.0}


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Family]:
    """Every family, opened."""
    folder = tmp_path_factory.mktemp("families")
    return {name: family_of(open_checkpoint(str(make_checkpoint(folder / name, name)))) for name in FAMILIES}


def features(frames: Frames, runs: list[int], **layout: Any) -> Features:
    """Features with so many rows for each frame."""
    return Features(
        clip=frames.clip,
        values=torch.zeros(sum(runs), 8),
        timestamps_s=frames.timestamps_s,
        rule=frames.rule,
        key="a",
        layout={"runs": runs, **layout},
    )


def processor(name: str, module: str, **attributes: Any) -> Any:
    """A processor's text half, without the parts that need torchvision."""
    found = getattr(import_module(f"transformers.models.{module}.processing_{module}"), name)
    half = SimpleNamespace(**attributes)
    return SimpleNamespace(
        image=lambda *a, **k: found.replace_image_token(half, *a, **k),
        video=lambda *a, **k: found.replace_video_token(half, *a, **k),
        half=half,
        kind=found,
    )


def metadata(frames: Frames) -> Any:
    """What transformers knows of a sampled video."""
    times = list(frames.timestamps_s)
    fps = 10.0
    indices = [round(time_s * fps) for time_s in times]
    return SimpleNamespace(fps=fps, duration=frames.clip.duration_s, timestamps=times, frames_indices=indices)


def test_smolvlm(families: dict[str, Family]) -> None:
    """SmolVLM2: an introduction, and the time before each frame."""
    frames = make_frames(NUM_FRAMES, duration_s=75.0)
    theirs = processor(
        "SmolVLMProcessor",
        "smolvlm",
        image_seq_len=4,
        image_token="<image>",
        fake_image_token="<fake_token_around_image>",
        global_image_token="<global-img>",
    )
    inputs = {"pixel_values": np.zeros((1, NUM_FRAMES, 3, 8, 8)), "video_metadata": [metadata(frames)]}
    assert families["smolvlm"].visual_texts(features(frames, [4] * NUM_FRAMES)) == [theirs.video(inputs, 0)]


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_a_clip_is_told_as_a_video_of_its_own(families: dict[str, Family], name: str) -> None:
    """A shot of 2.04 s late in a long film stands in the prompt as a video of that length from its first second on:
    models are trained on whole videos. Its first picture may have come before it."""
    start_s = 4515.32
    film = fake_video("film.mp4", duration_s=5400.0)
    shot = Clip(video=film, start_s=start_s, end_s=start_s + 2.04)
    alone = Clip.whole(fake_video("shot.mp4", duration_s=2.04))

    def texts(clip: Clip, times_s: tuple[float, ...]) -> list[str]:
        shown = Features(
            clip=clip,
            values=torch.zeros(4, 8),
            timestamps_s=times_s,
            rule="uniform:2",
            key="a",
            layout={"runs": [2, 2], "times_s": list(times_s), "grid": [2, 2, 4], "seconds_per_grid": 1},
        )
        return families[name].visual_texts(shown)

    assert texts(shot, (start_s - 0.02, start_s + 1.0)) == texts(alone, (0.0, 1.0))


def test_two_seconds_are_told_as_the_model_was_trained(families: dict[str, Family]) -> None:
    """SmolVLM2: two frames of a video of two seconds, at 00:00 and 00:01, wherever in a film the shot lies."""
    film = fake_video("film.mp4", duration_s=5400.0)
    shot = Clip(video=film, start_s=4515.32, end_s=4517.32)
    frames = Frames(clip=shot, images=(), timestamps_s=(4515.8, 4516.8), rule="uniform:2")
    (text,) = families["smolvlm"].visual_texts(features(frames, [1, 1]))
    assert text.startswith("You are provided the following series of two frames from a 0:00:02 [H:MM:SS] video.\n")
    assert [line[11:16] for line in text.splitlines() if line.startswith("Frame from ")] == ["00:00", "00:01"]


def test_idefics3(families: dict[str, Family]) -> None:
    """Idefics3: an untiled picture for each frame."""
    theirs = processor(
        "Idefics3Processor",
        "idefics3",
        image_seq_len=4,
        image_token="<image>",
        fake_image_token="<fake_token_around_image>",
        global_image_tag="<global-img>",
    )
    told = theirs.image({"rows": [[0]], "cols": [[0]]}, 0)
    frames = make_frames(2)
    assert families["idefics3"].visual_texts(features(frames, [4, 4])) == [told, told]


def test_internvl(families: dict[str, Family]) -> None:
    """InternVL: frames are numbered from 1, one to a line."""
    theirs = processor(
        "InternVLProcessor",
        "internvl",
        start_image_token="<img>",
        end_image_token="</img>",
        image_token="<IMG_CONTEXT>",
        image_seq_length=4,
    )
    frames = make_frames(NUM_FRAMES)
    inputs = {"pixel_values_videos": np.zeros((1, NUM_FRAMES, 3, 8, 8))}
    assert families["internvl"].visual_texts(features(frames, [4] * NUM_FRAMES)) == [theirs.video(inputs, 0)]


@pytest.mark.parametrize("name", ["qwen3_vl", "qwen3_5"])
@pytest.mark.parametrize("num_frames", [4, 5])
def test_qwen3(families: dict[str, Family], name: str, num_frames: int) -> None:
    """Qwen3-VL and Qwen3.5: the mean time before each pair of frames, an odd one paired with itself."""
    frames = make_frames(num_frames, duration_s=8.0)
    theirs = processor(
        "Qwen3VLProcessor",
        "qwen3_vl",
        video_processor=SimpleNamespace(merge_size=2, temporal_patch_size=2),
        video_token="<|video_pad|>",
        vision_start_token="<|vision_start|>",
        vision_end_token="<|vision_end|>",
    )
    theirs.half._calculate_timestamps = lambda *a: theirs.kind._calculate_timestamps(theirs.half, *a)
    family: Any = families[name]
    inputs = family.inputs(frames)
    grid = inputs["video_grid_thw"][0].tolist()
    model = SimpleNamespace(
        get_video_features=lambda **_: SimpleNamespace(pooler_output=[torch.zeros(np.prod(grid) // 4, 8)])
    )
    found = family.encode(model, inputs)
    told = features(frames, list(found.layout["runs"]), **{"times_s": found.layout["times_s"]})
    fps = 1000.0
    about = SimpleNamespace(fps=fps, frames_indices=[round(time_s * fps) for time_s in frames.timestamps_s])
    reference = theirs.video({"video_grid_thw": np.array([grid]), "video_metadata": [about]}, 0)
    assert family.visual_texts(told) == [reference]


@pytest.mark.parametrize("per_second", [2, 4, 25])
def test_qwen2_5_positions_follow_the_reference_clock(
    families: dict[str, Family], per_second: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qwen2.5-VL: positions in time are those of `get_vision_position_ids`, given what the processor hands on, to the
    last bit: a product a little below a whole number is cut off there."""
    from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLModel

    family: Any = families["qwen2_5_vl"]
    monkeypatch.setattr(family.config.vision_config, "tokens_per_second", per_second)
    for count in range(1, 17):
        for tenths in range(1, 600):
            rows, seconds = -(-count // 2), 2 * (tenths / 24) / count
            handed_on, grid = torch.tensor([seconds])[0], torch.tensor([rows, 1, 1])
            theirs = Qwen2_5_VLModel.get_vision_position_ids(None, 0, grid, 1, 1, per_second * handed_on)[0]
            step = family.time_step(SimpleNamespace(layout={"seconds_per_grid": seconds}))
            assert torch.equal((torch.arange(rows) * step).long(), theirs), (count, tenths)


def test_video_llama_3(families: dict[str, Family]) -> None:
    """VideoLLaMA 3: the time before each frame, and only the tokens that are kept."""
    frames = make_frames(NUM_FRAMES)
    theirs = processor("VideoLlama3Processor", "video_llama_3", video_token="<|video_pad|>")
    kept = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [1, 0, 1, 1]], dtype=torch.bool)
    inputs = {
        "video_grid_thw": torch.tensor([[NUM_FRAMES, 4, 4]]),
        "video_merge_sizes": torch.tensor([2]),
        "video_compression_mask": kept.flatten(),
        "video_metadata": [metadata(frames)],
    }
    assert families["video_llama_3"].visual_texts(features(frames, [4, 1, 3])) == [theirs.video(inputs, 0)]


def test_gemma4(families: dict[str, Family]) -> None:
    """Gemma 4: minutes and seconds before each frame."""
    frames = make_frames(NUM_FRAMES, duration_s=200.0)
    theirs = processor("Gemma4Processor", "gemma4", boi_token="<|image>", eoi_token="<image|>", video_token="<|video|>")
    inputs = {"num_soft_tokens_per_video": [5], "video_metadata": [metadata(frames)]}
    assert families["gemma4"].visual_texts(features(frames, [5] * NUM_FRAMES)) == [theirs.video(inputs, 0)]


def test_gemma3(families: dict[str, Family]) -> None:
    """Gemma 3: a picture between blank lines."""
    tokenizer = SimpleNamespace(
        boi_token="<start_of_image>", eoi_token="<end_of_image>", image_token="<image_soft_token>", boi_token_id=0
    )
    kind = import_module("transformers.models.gemma3.processing_gemma3").Gemma3Processor
    half = SimpleNamespace()
    with pytest.raises(TypeError):  # what follows needs the whole processor; what is wanted is set by then
        kind.__init__(half, None, tokenizer, image_seq_length=4)
    told = kind.replace_image_token(half, {"num_crops": [0]}, 0)
    assert families["gemma3"].visual_texts(features(make_frames(2), [4, 4])) == [told, told]


def test_lfm2(families: dict[str, Family]) -> None:
    """LFM2-VL: an untiled picture between its marks."""
    kind = import_module("transformers.models.lfm2_vl.processing_lfm2_vl").Lfm2VlProcessor
    half = SimpleNamespace(image_start_token="<|image_start|>", image_end_token="<|image_end|>", image_token="<image>")
    told = kind._build_image_tokens(half, 1, 1, 0, 6, True, True)
    assert families["lfm2_vl"].visual_texts(features(make_frames(1), [6])) == [told]


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_text_between_clips_keeps_its_place(families: dict[str, Family], name: str) -> None:
    """Text before and between clips stands there in the prompt, or says of which clip it speaks where the template
    writes all clips first; clips that come first anyway are asked about in plain words."""
    family = families[name]
    one, two = (features(make_frames(NUM_FRAMES, seed=seed), [1] * NUM_FRAMES, **LAYOUT) for seed in (1, 2))
    one, two = evolve(one, key="one"), evolve(two, key="two")
    text = family.render(["Before.", one, "Between.", two, "After?"])
    marks = ["Before.", family.image_token, "Between.", family.image_token, "After?"]
    if not family.keeps_order:
        assert "llava" in name
        marks = [family.image_token, family.image_token, "Before.", "[clip 1]", "Between.", "[clip 2]", "After?"]
    places = [-1]
    for mark in marks:
        places.append(text.find(mark, places[-1] + 1))
        assert places[-1] > places[-2], (mark, text)
    assert family.image_token not in text[places[-1] :]
    assert "[clip" not in family.render([one, two, "After?"])
    assert family.prompt(["Before.", one, "Between.", two]).visuals[0].features.key == "one"


def test_families_bring_the_words_that_they_are_trained_with(families: dict[str, Family]) -> None:
    """PaliGemma knows tasks by their prefix; models that follow instructions have no words of their own."""
    own = {name: dict(family.wordings) for name, family in families.items() if family.wordings}
    assert own == {"paligemma": {"caption": "caption en", "answer": "answer en {question}"}}


def test_paligemma(families: dict[str, Family]) -> None:
    """PaliGemma: the start token after the last picture, a line's end after the question."""
    frames = make_frames(2)
    prompt = families["paligemma"].render([features(frames, [2, 2]), "What is it?"])
    assert prompt == "<image>" * 4 + "<bos>What is it?\n"


@pytest.mark.parametrize("name", ["llava", "llava_next_video", "video_llava", "gemma3", "gemma4", "lfm2_vl"])
def test_one_start_token(families: dict[str, Family], name: str) -> None:
    """A prompt starts with exactly one start token, whether the template or the tokenizer writes it."""
    family = families[name]
    ids = family.prompt([features(make_frames(1), [4]), "What is it?"]).ids
    start = family.tokenizer.bos_token_id
    assert ids[0] == start
    assert list(ids).count(start) == 1


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_text_cannot_stand_for_pictures(families: dict[str, Family], name: str) -> None:
    """Text that holds a visual token or a placeholder is refused in one line, not shown as a picture."""
    family = families[name]
    clip = features(make_frames(2), [4, 4], times_s=[1.0, 2.0], grid=[2, 4, 4], seconds_per_grid=1.0)
    for text in (family.image_token, family.placeholder):
        with pytest.raises(ModelError, match="leave it out"):
            family.prompt([clip, f"What is {text}?"])
