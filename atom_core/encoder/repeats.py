"""Frames that repeat the last encoded one are not encoded: its features stand for theirs.

Frames are compared as the model sees them, scaled to its size, patch by patch. How far a patch has changed is the mean
difference of its pixels, in levels of 255; how far a frame has changed is that of the patch that changed most. So noise
and what compression leaves of a still picture, which is spread thinly, counts little, and a letter that is written
counts much. A frame is compared with the last one that was encoded, not with the one before it: slow changes do not
pass unseen.

Shape letters: T frames, C channels, H height, W width, N patches, P numbers of a patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from attrs import evolve, frozen
from torch.nn.functional import avg_pool2d

if TYPE_CHECKING:
    from atom_core.families import Encoded, Family
    from atom_core.families.base import EncoderInputs


@frozen(kw_only=True)
class Repeats:
    """Which frames of a clip are encoded, and which of them stands for each."""

    sources: tuple[int, ...]
    """For each frame the number of the one that is encoded for it: its own, or that of an earlier one."""
    is_exact: bool
    """Whether all frames are equal to those that stand for them, so that features are the same."""

    @property
    def encoded(self) -> list[int]:
        """Numbers of the frames that are encoded."""
        return sorted(set(self.sources))

    def inputs(self, family: Family, inputs: EncoderInputs) -> EncoderInputs:
        """Those of the frames that are encoded."""
        if len(self.encoded) == len(self.sources):
            return inputs
        chosen = torch.tensor(self.encoded)
        axes = family.frame_axes
        return {k: v.index_select(axes[k], chosen) if k in axes else v for k, v in inputs.items()}

    def spread(self, found: Encoded) -> Encoded:
        """Rows for every frame, of those for the encoded ones."""
        if len(self.encoded) == len(self.sources):
            return found
        places = [self.encoded.index(source) for source in self.sources]
        runs: Sequence[int] = found.layout["runs"]
        rows = found.values.split(list(runs))
        layout = {**found.layout, "runs": [runs[place] for place in places]}
        return evolve(found, values=torch.cat([rows[place] for place in places]), layout=layout)


def repeats_of(family: Family, inputs: EncoderInputs, num_frames: int, bound: float | None) -> Repeats:
    """Which of a clip's frames repeat the last encoded one.

    :param bound: how far a frame may have changed to count as a repeat, levels of 255; 0 takes equal ones alone, None
        has every frame encoded, as have families whose frames see each other
    """
    name, axis = next(iter(family.frame_axes.items()), ("", 0))
    if bound is None or name not in inputs or inputs[name].shape[axis] != num_frames:
        return Repeats(sources=tuple(range(num_frames)), is_exact=True)
    pixels = inputs[name].select(0, 0) if axis else inputs[name]
    sources, is_exact = [0], True
    for place in range(1, num_frames):
        source = sources[-1]
        equal = torch.equal(pixels[place], pixels[source])
        near = not equal and bound > 0 and changed(pixels[place], pixels[source], family) <= bound
        sources.append(source if equal or near else place)
        is_exact &= not near
    return Repeats(sources=tuple(sources), is_exact=is_exact)


def changed(frame: torch.Tensor, other: torch.Tensor, family: Family) -> float:
    """How far the patch that changed most has changed, in levels of 255.

    :param frame: pixels as the model is given them, [C, H, W] or [N, P]; as `other`
    """
    difference = (frame - other).abs()
    if difference.ndim == 2:
        return float(difference.mean(1).max()) / family.level
    patch = family.config.vision_config.patch_size
    return float(avg_pool2d(difference.mean(0)[None], patch, ceil_mode=True).max()) / family.level
