"""On a card: the embedded model says what it says on a processor, in every precision that cards have."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from atom_core.checkpoint.recipes import recipes_for
from atom_core.host import open_host
from atom_core.testing.videos import BLUE, GREEN, RED, Shot, write_video

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA card")


def captions(folder: Path, device: str, recipe: str = "none") -> list[str]:
    """What the embedded model says of six shots."""
    shots = [Shot(24, RED), Shot(24, BLUE)], [Shot(24, GREEN), Shot(24, RED)], [Shot(24, BLUE), Shot(24, GREEN)]
    cache = folder / f"{device}-{recipe}"
    with open_host(model="tiny", device=device, quantize=recipe, cache=cache) as host:
        paths = [write_video(folder / f"{number}.mp4", shots=pair) for number, pair in enumerate(shots)]
        return [caption.text for path in paths for caption in host.collect("caption", host.clips(host.video(path)))]


@pytest.mark.parametrize("recipe", [recipe.name for recipe in recipes_for("cuda")])
def test_a_card_says_what_a_processor_says(recipe: str, tmp_path: Path) -> None:
    """But where bfloat16, or coarser numbers, tip a word: at most one caption in six; two with int4."""
    on_processor = captions(tmp_path, "cpu")
    on_card = captions(tmp_path, "cuda", recipe)
    assert sum(a != b for a, b in zip(on_processor, on_card, strict=True)) <= (2 if recipe == "int4" else 1)


def test_what_is_free_on_the_processor_does_not_count(tmp_path: Path) -> None:
    """A model on a card is bounded by `memory` alone."""
    with open_host(model="tiny", device="cuda", memory="8GiB", cache=tmp_path) as host:
        assert next(iter(host.encoder._model.parameters())).device.type == "cuda"  # type: ignore[attr-defined]
