"""Frames are prepared as transformers' own processors prepare them with torchvision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attrs import evolve

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.errors import ModelError
from atom_core.families import FAMILIES, Family, family_class, family_of, image_ops
from atom_core.families.gemma import fitting_size
from atom_core.families.lfm2 import token_size
from atom_core.families.smolvlm import longest_edge
from atom_core.records import Features
from atom_core.testing.families import make_frames
from atom_core.testing.models import make_checkpoint

REFERENCE: dict[str, Any] = json.loads(Path(__file__).with_name("families_reference.json").read_text(encoding="utf-8"))
"""Written by families_reference.py where torchvision is installed."""


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Family]:
    """The families that prepare frames themselves, opened."""
    folder = tmp_path_factory.mktemp("families")
    return {name: family_of(open_checkpoint(str(make_checkpoint(folder / name, name)))) for name in REFERENCE}


def test_reference_is_complete() -> None:
    """Every family that does the arithmetic itself is pinned."""
    assert set(REFERENCE) == {name for name in FAMILIES if not family_class(name).uses_image_processor}


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_inputs(families: dict[str, Family], name: str) -> None:
    """Encoder inputs are those of the family's processor, for frames of several numbers and shapes."""
    for case, expected in REFERENCE[name].items():
        count, height, width = map(int, case.split())
        inputs = families[name].inputs(make_frames(count, seed=count, height=height, width=width))
        for key, wanted in expected.items():
            if key in ("num_soft_tokens_per_video", "prompt"):
                continue
            found = inputs[key]
            assert list(found.shape) == wanted["shape"], (case, key)
            flat = found.flatten().double()
            step = max(1, flat.numel() // len(wanted["values"])) if flat.numel() >= 17 else 1
            assert float(flat.mean()) == pytest.approx(wanted["mean"], abs=1e-4), (case, key)
            if flat.numel() > 1:
                assert float(flat.std()) == pytest.approx(wanted["deviation"], abs=1e-3), (case, key)
            values = flat[::step][: len(wanted["values"])].numpy()
            np.testing.assert_allclose(values, wanted["values"], atol=0.02, err_msg=f"{case} {key}")


@pytest.mark.parametrize("name", sorted(name for name, cases in REFERENCE.items() if "prompt" in cases["5 40 56"]))
def test_prompts(families: dict[str, Family], name: str) -> None:
    """The ids of a question about a clip are those that the family's processor makes."""
    family = families[name]
    for case, expected in REFERENCE[name].items():
        count, height, width = map(int, case.split())
        frames = make_frames(count, seed=count, height=height, width=width)
        layout = family.expected_layout(frames.timestamps_s, height, width)
        assert layout is not None
        features = Features(
            clip=frames.clip,
            values=torch.empty(sum(layout["runs"]), 0),
            timestamps_s=frames.timestamps_s,
            rule=frames.rule,
            key="",
            layout=layout,
        )
        assert list(family.prompt([features, "What colour is it?"]).ids) == expected["prompt"], case


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (40, 56), (10, 3000), (333, 777), (512, 512)])
def test_longest_edge_is_transformers(size: tuple[int, int]) -> None:
    """The size on the way to SmolVLM's and Idefics3's squares is that of transformers' own function."""
    from transformers.models.smolvlm.image_processing_pil_smolvlm import get_resize_output_image_size

    for edge in (2048, 1456, 128):
        assert longest_edge(*size, edge) == get_resize_output_image_size(np.empty((3, *size)), edge)


@pytest.mark.parametrize("side", [0, -1, 10**6, "x", None])
@pytest.mark.parametrize("name", ["size", "max_image_size"])
def test_sizes_of_squares_that_cannot_be_are_refused(name: str, side: Any, tmp_path: Path) -> None:
    """A processor's config that asks for squares of no pixels, or of more than the family knows."""
    folder = make_checkpoint(tmp_path / "m", "smolvlm")
    path = folder / "preprocessor_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, name: {"longest_edge": side}}), encoding="utf-8")
    if (name, side) == ("size", 10**6):
        assert family_of(open_checkpoint(str(folder))).expected_layout((1.0,), 40, 56) == {"runs": [4]}
        return  # transformers, too, takes 4096 instead
    with pytest.raises(ModelError, match=r"preprocessor_config\.json says frames have"):
        family_of(open_checkpoint(str(folder)))


def test_squares_hold_a_video_of_one_frame_and_of_any_memory_layout(families: dict[str, Family]) -> None:
    """Frames that are not writable, or views of others, are no harm."""
    frames = make_frames(1, height=40, width=56)
    image = frames.images[0].copy()[:, ::-1]
    image.flags.writeable = False
    family = families["smolvlm"]
    found = family.inputs(evolve(frames, images=(image,)))["pixel_values"]
    wanted = family.inputs(evolve(frames, images=(np.ascontiguousarray(image),)))["pixel_values"]
    assert torch.equal(found, wanted)


def test_smart_size_is_transformers() -> None:
    """The size of Qwen's frames is that of transformers' own function."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    for height, width in ((1080, 1920), (40, 56), (1920, 1080), (7, 900), (300, 300), (28, 28)):
        for low, high in ((56 * 56, 28 * 28 * 1280), (128 * 28 * 28, 28 * 28 * 768)):
            assert image_ops.smart_size(height, width, 28, low, high) == smart_resize(height, width, 28, low, high)


@pytest.mark.parametrize("num_frames", [2, 5, 32])
def test_size_of_all_frames_is_transformers(families: dict[str, Family], num_frames: int) -> None:
    """The size of Qwen3-VL's frames, whose bounds are for all together, is that of transformers' own function."""
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import smart_resize

    config = {"patch_size": 16, "merge_size": 2, "temporal_patch_size": 2}
    config |= {"size": {"shortest_edge": 128 * 32 * 32, "longest_edge": 32 * 32 * 768}}
    family: Any = families["qwen3_vl"]
    for height, width in ((1080, 1920), (40, 56), (1920, 1080), (10, 600), (300, 300)):
        wanted = smart_resize(num_frames, height, width, 2, 32, 128 * 32 * 32, 32 * 32 * 768)
        assert family.size(height, width, num_frames, config) == wanted


REAL = {
    "qwen2_vl": {"preprocessor_config.json": {"min_pixels": 3136, "max_pixels": 12845056}},
    "qwen2_5_vl": {"preprocessor_config.json": {"min_pixels": 3136, "max_pixels": 12845056}},
    "qwen3_vl": {
        "preprocessor_config.json": {"size": {"shortest_edge": 65536, "longest_edge": 16777216}, "patch_size": 16},
        "video_preprocessor_config.json": {"size": {"shortest_edge": 4096, "longest_edge": 25165824}, "patch_size": 16},
    },
    "qwen3_5": {
        "video_preprocessor_config.json": {"size": {"shortest_edge": 4096, "longest_edge": 25165824}, "patch_size": 16}
    },
}
"""What published checkpoints say of pictures and videos."""


def published(folder: Path, name: str, files: dict[str, Any], frame_pixels: int | None = None) -> Family:
    """A family with the processors of its published checkpoints."""
    make_checkpoint(folder, name)
    for file in ("preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json"):
        (folder / file).unlink(missing_ok=True)
    for file, content in files.items():
        (folder / file).write_text(json.dumps(content), encoding="utf-8")
    family = family_of(open_checkpoint(str(folder)))
    family.most_frame_pixels = frame_pixels
    return family


@pytest.mark.parametrize("name", sorted(REAL))
def test_frames_of_a_video_have_the_tokens_of_videos(name: str, tmp_path: Path) -> None:
    """Full HD frames of few seconds take as many tokens as the model's authors give a frame, not what pictures may."""
    family = published(tmp_path / "m", name, REAL[name])
    times = tuple(range(8))
    for height, width in ((1080, 1920), (1920, 1080), (2160, 3840)):
        layout = family.expected_layout(times, height, width)
        assert layout is not None
        assert layout["runs"] == [720] * 4, (height, width)
    small = family.expected_layout(times, 320, 480)
    assert small is not None
    assert small["runs"][0] == pytest.approx(320 * 480 / 1024 if "3" in name[4:] else 320 * 480 / 784, rel=0.06)


@pytest.mark.parametrize("name", ["qwen2_5_vl", "qwen3_vl", "video_llama_3"])
def test_pixels_of_a_frame_can_be_set(name: str, tmp_path: Path) -> None:
    """No frame has more, however many there are, not even where the family asks for more at least; kept features are
    others then."""
    files = REAL.get(name, {"video_preprocessor_config.json": {"size": {"shortest_edge": 3136, "longest_edge": 10**7}}})
    free = published(tmp_path / "free", name, files)
    for most in (100_000, 5_000):
        family: Any = published(tmp_path / str(most), name, files, most)
        for count in (1, 2, 8):
            height, width = family.size(1080, 1920, max(2, count), family.video_config)
            assert most / 3 < height * width <= most
        assert family.fingerprint != free.fingerprint
    large = published(tmp_path / "large", name, files, 10**9)
    assert large.expected_layout((1.0, 2.0), 1080, 1920) == free.expected_layout((1.0, 2.0), 1080, 1920)


def test_a_checkpoint_that_says_so_of_videos_has_larger_frames(tmp_path: Path) -> None:
    """What its processor of videos allows is allowed, up to the share of all that a video may have."""
    files = {"video_preprocessor_config.json": {"min_pixels": 3136, "max_pixels": 2073600}}
    family: Any = published(tmp_path / "m", "qwen2_5_vl", files)
    assert family.size(1080, 1920, 8, family.video_config) == (1064, 1904)
    height, width = family.size(1080, 1920, 768, family.video_config)
    assert height * width <= 128000 * 28 * 28 * 0.9 * 2 / 768


def test_fitting_size_is_transformers() -> None:
    """The size of Gemma 4's frames is that of transformers' own function."""
    from transformers.models.gemma4.image_processing_pil_gemma4 import get_aspect_ratio_preserving_size

    for height, width in ((1080, 1920), (40, 56), (1920, 1080), (10, 900), (900, 10), (300, 300)):
        wanted = get_aspect_ratio_preserving_size(height, width, 16, 630, 3)
        assert fitting_size(height, width, 16, 3, 630) == wanted


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((1080, 1920), (384, 672)),
        ((40, 56), (224, 320)),
        ((512, 512), (512, 512)),
        ((900, 10), (2432, 32)),
        ((2000, 300), (1312, 192)),
    ],
)
def test_token_size(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    """The size of LFM2-VL's frames is what transformers' `Lfm2VlImageProcessor.smart_resize` says."""
    assert token_size(*size, 32, 64, 256) == wanted


def test_patchify_is_transformers() -> None:
    """Patches are in the order of transformers' picture processor, which repeats one picture over time."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    picture = torch.rand(1, 3, 32, 48)
    ours, grid = image_ops.patchify(picture, 8, 2, 2)
    theirs, height, width = Qwen2VLImageProcessorPil().patchify(picture[0].numpy(), 8, 2, 2)
    np.testing.assert_array_equal(ours.numpy(), theirs)
    assert grid == [1, height, width]


def test_crop_of_small_pictures() -> None:
    """A crop larger than the picture has black around it."""
    made = image_ops.center_crop(torch.ones(1, 3, 2, 5), 4, 3)
    assert made.shape == (1, 3, 4, 3)
    assert made[0, 0].sum(dim=1).tolist() == [0.0, 3.0, 3.0, 0.0]


def test_lanczos_is_pil() -> None:
    """torch's filter of that name is PIL's, within the rounding of a level."""
    from PIL import Image

    frames = make_frames(2, height=30, width=20)
    made = image_ops.resize(image_ops.stack(frames), 12, 10, 1)
    wanted = [np.asarray(Image.fromarray(i).resize((10, 12), Image.Resampling.LANCZOS)) for i in frames.images]
    np.testing.assert_allclose(made.permute(0, 2, 3, 1).numpy(), np.stack(wanted), atol=1)
