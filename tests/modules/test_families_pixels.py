"""Frames are prepared as transformers' own processors prepare them with torchvision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from atom_core.modules.checkpoint import open_checkpoint
from atom_core.modules.families import FAMILIES, Family, family_class, family_of, pixels
from atom_core.modules.families.gemma import fitting_size
from atom_core.modules.families.lfm2 import token_size
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
            if key == "num_soft_tokens_per_video":
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


def test_smart_size_is_transformers() -> None:
    """The size of Qwen's frames is that of transformers' own function."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    for height, width in ((1080, 1920), (40, 56), (1920, 1080), (7, 900), (300, 300), (28, 28)):
        for low, high in ((56 * 56, 28 * 28 * 1280), (128 * 28 * 28, 28 * 28 * 768)):
            assert pixels.smart_size(height, width, 28, low, high) == smart_resize(height, width, 28, low, high)


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
    ours, grid = pixels.patchify(picture, 8, 2, 2)
    theirs, height, width = Qwen2VLImageProcessorPil().patchify(picture[0].numpy(), 8, 2, 2)
    np.testing.assert_array_equal(ours.numpy(), theirs)
    assert grid == [1, height, width]


def test_crop_of_small_pictures() -> None:
    """A crop larger than the picture has black around it."""
    made = pixels.center_crop(torch.ones(1, 3, 2, 5), 4, 3)
    assert made.shape == (1, 3, 4, 3)
    assert made[0, 0].sum(dim=1).tolist() == [0.0, 3.0, 3.0, 0.0]


def test_lanczos_is_pil() -> None:
    """The one filter that torch lacks is PIL's own."""
    from PIL import Image

    frames = make_frames(2, height=30, width=20)
    made = pixels.resize(pixels.stack(frames), 12, 10, 1)
    wanted = [np.asarray(Image.fromarray(i).resize((10, 12), Image.Resampling.LANCZOS)) for i in frames.images]
    np.testing.assert_array_equal(made.permute(0, 2, 3, 1).numpy(), np.stack(wanted))
