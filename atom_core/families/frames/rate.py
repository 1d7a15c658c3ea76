"""How many frames of a clip a model was trained with."""

from __future__ import annotations

import math

from attrs import frozen

from atom_core.families.frames.image_ops import ProcessorConfig


@frozen(kw_only=True)
class FrameRate:
    """How many frames of a clip a model was trained with."""

    fps: float | None = None
    """Frames a second; None is one number, the most, for clips of any length."""
    min_frames: int = 1
    """Fewest frames of a clip."""
    max_frames: int = 2**16
    """Most frames of a clip."""
    multiple_of: int = 1
    """Frames come in so many at once."""

    def num_frames(self, duration_s: float) -> int:
        """How many frames of a clip of that length."""
        wanted = self.max_frames if self.fps is None else round(min(self.fps * duration_s, self.max_frames))
        whole = wanted // self.multiple_of * self.multiple_of
        return min(max(whole, self.min_frames, 1), self.max_frames)

    def said(self, config: ProcessorConfig) -> FrameRate:
        """This rate with what a video processor's config says instead; values that are no numbers say nothing."""
        fps, most = _positive(config.get("fps")), _positive(config.get("max_frames") or config.get("num_frames"))
        least = _positive(config.get("min_frames"))
        return FrameRate(
            fps=fps or self.fps,
            min_frames=self.min_frames if least is None else math.ceil(least),
            max_frames=self.max_frames if most is None else math.ceil(most),
            multiple_of=self.multiple_of,
        )


def _positive(value: object) -> float | None:
    """A finite number above 0, or None."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if 0 < value < math.inf else None
