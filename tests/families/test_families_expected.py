"""What a family says of a clip before it is encoded is what encoding gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from atom_core.families import FAMILIES
from atom_core.testing.families import Pair, make_frames
from atom_core.testing.models import make_checkpoint

CASES = ((1, 40, 56), (5, 90, 30), (4, 200, 320), (8, 64, 64))
"""Number, height and width of frames."""


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_expected_layout(model_type: str, tmp_path: Path) -> None:
    """Rows for each frame, grid and times; the most there can be where that depends on the pictures."""
    with Pair(make_checkpoint(tmp_path / model_type, model_type)) as pair:
        for count, height, width in CASES:
            frames = make_frames(count, height=height, width=width)
            expected = pair.family.expected_layout(frames.timestamps_s, height, width)
            found = pair.encode(frames).layout
            assert expected is not None
            assert {name: expected[name] for name in found if name != "seconds_per_grid"} == {
                name: value for name, value in found.items() if name != "seconds_per_grid"
            }
