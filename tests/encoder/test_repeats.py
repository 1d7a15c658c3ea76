"""Frames that repeat the last encoded one: what is spared, and that nothing else changes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from attrs import evolve

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.encoder import encoder as encoding
from atom_core.encoder.repeats import changed, repeats_of
from atom_core.errors import SettingsError
from atom_core.families import FAMILIES, Family, family_class, family_of, smolvlm
from atom_core.host import Host, open_host
from atom_core.records import Clip, Features, Frames, Provenance
from atom_core.settings import Settings
from atom_core.testing.models import make_checkpoint

ALONE = sorted(name for name in FAMILIES if family_class(name).frame_axes)
"""Families that encode each frame by itself."""


def picture(seed: int) -> np.ndarray:
    """A picture that no other is like, with room above for `plus`."""
    return np.random.default_rng(seed).integers(0, 200, (48, 64, 3), dtype=np.uint8)


def plus(image: np.ndarray, levels: int) -> np.ndarray:
    """The picture, every pixel brighter by so many levels."""
    return (image + np.uint8(levels)).astype(np.uint8)


A, B = picture(1), picture(2)


@contextmanager
def shown(monkeypatch: pytest.MonkeyPatch, images: list[np.ndarray]) -> Iterator[None]:
    """Clips are made of these pictures."""

    def sample(clip: Clip, num_frames: int, _: int | None) -> Frames:
        assert num_frames == len(images)
        times_s = tuple(clip.start_s + 0.1 * place for place in range(num_frames))
        return Frames(clip=clip, images=tuple(images), timestamps_s=times_s, rule=f"uniform:{num_frames}")

    with monkeypatch.context() as patch:
        patch.setattr(encoding, "sample", sample)
        yield


@contextmanager
def opened(checkpoint: Path, cache: Path, **arguments: Any) -> Iterator[Host]:
    """A host with its features in `cache`."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=cache, segment="whole", **arguments) as host:
        yield host


def features_of(checkpoint: Path, cache: Path, clip: Clip, num_frames: int, **arguments: Any) -> tuple[Features, int]:
    """The features of `clip`, and how many frames were encoded for them."""
    with opened(checkpoint, cache, frames=num_frames, **arguments) as host:
        features = host.encoder.encode(clip)
        return features, host.ledger.as_dict()["encoder_frames"]["computed"]


def family_at(folder: Path, name: str) -> Family:
    """A family of a tiny checkpoint."""
    return family_of(open_checkpoint(str(make_checkpoint(folder / name, name)), revision=None, offline=True))


@pytest.mark.parametrize("name", ALONE)
def test_equal_frames_are_encoded_once(
    name: str, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Features, times and layout are those of frames that were each encoded; so is the key, by which they are kept."""
    checkpoint = make_checkpoint(tmp_path / name, name)
    with shown(monkeypatch, [A, A, B, B, A]):
        each, num_each = features_of(checkpoint, tmp_path / "1", clips[0], 5, dedup=False)
        once, num_once = features_of(checkpoint, tmp_path / "2", clips[0], 5)
    assert (num_each, num_once) == (5, 3)
    assert (once.key, once.rule, once.timestamps_s) == (each.key, each.rule, each.timestamps_s)
    assert once.layout == {**each.layout, "encoded": 3}
    assert torch.allclose(once.values, each.values, atol=1e-5)
    if name in {"smolvlm", "idefics3"}:
        assert torch.equal(once.values, each.values)


def test_nearly_equal_frames_count_up_to_the_bound(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule and its bound are told and part of the key; a change that is slow adds up until it is seen."""
    with shown(monkeypatch, [A, plus(A, 1), plus(A, 2), plus(A, 3), plus(A, 4)]):
        near, num_near = features_of(checkpoint, tmp_path / "1", clips[0], 5, dedup_bound=2.2)
        exact, num_exact = features_of(checkpoint, tmp_path / "2", clips[0], 5, dedup_bound=0)
    assert (num_near, num_exact) == (2, 5)
    assert (near.rule, exact.rule) == ("uniform:5 dedup:2.2", "uniform:5")
    assert near.key != exact.key
    rows = len(near.values) // 5
    first, fourth = exact.values[:rows], exact.values[3 * rows : 4 * rows]
    assert torch.equal(near.values, torch.cat([first] * 3 + [fourth] * 2))
    by: Any = SimpleNamespace(name="model")
    told, told_exact = Provenance.of(by, "", near).frames, Provenance.of(by, "", exact).frames
    assert told_exact is not None
    assert told == {**told_exact, "rule": near.rule, "encoded": 2}


def test_what_was_kept_stays(
    checkpoint: Path, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Features of frames that were each encoded are found with any bound; those of near ones only with theirs."""
    with shown(monkeypatch, [A, plus(A, 1)]):
        near, _ = features_of(checkpoint, tmp_path, clips[0], 2, dedup_bound=2)
        again = [features_of(checkpoint, tmp_path, clips[0], 2, **ask) for ask in ({"dedup_bound": 2}, {"dedup": True})]
        assert [(found.key, num) for found, num in again] == [(near.key, 0)] * 2
        other, num_other = features_of(checkpoint, tmp_path, clips[0], 2, dedup_bound=1.5)
        assert (num_other, other.rule) == (1, "uniform:2 dedup:1.5")
        exact, num_exact = features_of(checkpoint, tmp_path, clips[0], 2, dedup=False)
        assert (num_exact, exact.rule) == (2, "uniform:2")
        kept, num_kept = features_of(checkpoint, tmp_path, clips[0], 2, dedup_bound=2)
        assert (num_kept, kept.key) == (0, exact.key)


def test_what_is_spared_is_told(
    checkpoint: Path,
    clips: list[Clip],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In the ledger, and with -v for each clip of which not all frames were encoded."""
    caplog.set_level(logging.INFO, "atom")
    with shown(monkeypatch, [A, A, A, B]), opened(checkpoint, tmp_path, frames=4) as host:
        host.encoder.encode_batch(clips[:2])
        assert host.ledger.as_dict()["encoder_frames"] == {"requested": 8, "computed": 4, "reused": 4}
    assert sum("2 of 4 frames encoded" in record.message for record in caplog.records) == 2


@pytest.mark.parametrize("name", ALONE)
def test_a_change_of_one_patch_is_seen(name: str, clips: list[Clip], tmp_path: Path) -> None:
    """How far frames differ is told in levels of 255, of the patch that changed most, however small it is."""
    family = family_at(tmp_path, name)
    grey = np.full((96, 96, 3), 100, np.uint8)
    spot = grey.copy()
    spot[32:64, 32:64] += 60
    frames = Frames(clip=clips[0], images=(grey, plus(grey, 8), spot), timestamps_s=(0.0, 0.1, 0.2), rule="uniform:3")
    inputs = family.inputs(frames)
    name, axis = next(iter(family.frame_axes.items()))
    pixels = inputs[name][0] if axis else inputs[name]
    assert changed(pixels[1], pixels[0], family) == pytest.approx(8, rel=0.05)
    assert changed(pixels[2], pixels[0], family) > 20
    assert repeats_of(family, inputs, 3, 9.0).sources == (0, 0, 2)
    assert repeats_of(family, inputs, 3, None).sources == (0, 1, 2)


def test_families_whose_frames_see_each_other_encode_all(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qwen-VL merges frames in pairs: none can be left out."""
    assert {"qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_5", "video_llama_3"}.isdisjoint(ALONE)
    checkpoint = make_checkpoint(tmp_path / "qwen", "qwen2_5_vl")
    with shown(monkeypatch, [A, A, A, A]):
        features, num_encoded = features_of(checkpoint, tmp_path / "cache", clips[0], 4)
    assert (num_encoded, features.num_encoded) == (4, 4)


def test_features_of_before_do_not_say_how_many_were_encoded(clips: list[Clip]) -> None:
    """Then nothing is told."""
    features = Features(clip=clips[0], values=torch.zeros(1, 1), timestamps_s=(0.0,), rule="uniform:1", key="k")
    assert features.num_encoded is None
    assert "encoded" not in (Provenance(model="", prompt="", timestamps_s=(0.0,)).frames or {})
    assert evolve(features, layout={"encoded": 1}).num_encoded == 1


@pytest.mark.parametrize("value", ["-1", "256", "nan", "two"])
def test_a_bound_that_means_nothing_is_refused(value: str) -> None:
    """With the setting's name."""
    with pytest.raises(SettingsError, match="dedup_bound"):
        Settings.load({"dedup_bound": value}, environ={})


def test_equal_pictures_are_prepared_once(clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SmolVLM's two resizes are spared where a picture is exactly the one before it; inputs are the same."""
    family = family_at(tmp_path, "smolvlm")
    resized: list[torch.Tensor] = []
    resize = smolvlm.image_ops.resize
    monkeypatch.setattr(smolvlm.image_ops, "resize", lambda image, *size: resized.append(image) or resize(image, *size))
    images = (A, A.copy(), B, B, A)
    frames = Frames(clip=clips[0], images=images, timestamps_s=(0.0, 0.1, 0.2, 0.3, 0.4), rule="uniform:5")
    pixels = family.inputs(frames)["pixel_values"][0]
    assert len(resized) in (3, 6)
    alone = [family.inputs(evolve(frames, images=(image,)))["pixel_values"][0, 0] for image in images]
    assert torch.equal(pixels, torch.stack(alone))
