"""How many frames of a clip are sampled: as many as are asked for, where the model's context holds them.

Tokens are counted as they will be: a prompt is written with features that have rows but no values.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from atom_core.errors import ModelError
from atom_core.media.sample import frame_size, instants_s
from atom_core.records import Clip, Features
from atom_core.settings import DEFAULT_FRAMES

if TYPE_CHECKING:
    from atom_core.modules.families import Family

log = logging.getLogger("atom")

TEXT_TOKENS = 512
"""Left for a question and its answer; of a short context half."""


class FrameBudget:
    """Counts tokens of clips before they are encoded."""

    def __init__(self, family: Family, wanted: int | None) -> None:
        """
        :param wanted: frames of each clip, as the user has set them; None is `DEFAULT_FRAMES`, or fewer where they do
            not fit
        """
        self.context_tokens = int(getattr(family.config.get_text_config(), "max_position_embeddings", 0) or 2**31)
        self._family = family
        self._wanted = wanted
        self._text_tokens = min(TEXT_TOKENS, self.context_tokens // 2)
        self._known: dict[tuple[int, int, float], int] = {}
        self._lock = threading.Lock()

    def num_frames(self, clip: Clip) -> int:
        """How many frames of `clip` to sample.

        :raises ModelError: if the frames that are set, or a single one, fill the model's context
        """
        video = clip.video
        key = (video.width, video.height, video.duration_s)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._chosen(clip)
            return self._known[key]

    def check(self, parts: Sequence[str | Features], prompt_tokens: int, answer_tokens: int) -> None:
        """
        :raises ModelError: if a prompt and its answer do not fit into the model's context, with what would
        """
        needed = prompt_tokens + answer_tokens
        if needed <= self.context_tokens:
            return
        clips = [part for part in parts if isinstance(part, Features)]
        most = max((len(clip.timestamps_s) for clip in clips), default=0)
        fitting = self._fitting(parts, most, answer_tokens)
        way = "ask with less text" if not clips else "ask about fewer clips, with less text or a shorter answer"
        if fitting:
            way = f"it would fit with --frames {fitting}"
        raise ModelError(f"the prompt needs {needed} tokens and the model reads at most {self.context_tokens}; {way}")

    def _chosen(self, clip: Clip) -> int:
        most = self._wanted or DEFAULT_FRAMES
        whole = self._stub(Clip.whole(clip.video), most)
        if whole is None:
            return most
        tokens = self._tokens([whole, ""])
        if tokens + (1 if self._wanted else self._text_tokens) <= self.context_tokens:
            return most
        fitting = self._fitting([whole, ""], most, self._text_tokens)
        if self._wanted or not fitting:
            way = f"use --frames {fitting} or fewer" if fitting else "not one fits: use a model with a longer context"
            raise ModelError(
                f"{most} frames of {clip.video.path.name} take {tokens} tokens and the model reads at most"
                f" {self.context_tokens}; {way}"
            )
        log.info("%d frames of each clip, not %d: the model reads %d tokens", fitting, most, self.context_tokens)
        return fitting

    def _fitting(self, parts: Sequence[str | Features], most: int, answer_tokens: int) -> int:
        """The most frames, fewer than `most`, with which `parts` fit; 0 if there are none or no telling."""
        low, high = 0, most - 1
        while low < high:
            middle = (low + high + 1) // 2
            stubs = [part if isinstance(part, str) else self._stub(part.clip, middle) for part in parts]
            known = [stub for stub in stubs if stub is not None]
            if len(known) < len(stubs):
                return 0
            if self._tokens(known) + answer_tokens <= self.context_tokens:
                low = middle
            else:
                high = middle - 1
        return low

    def _tokens(self, parts: Sequence[str | Features]) -> int:
        return len(self._family.prompt(parts))

    def _stub(self, clip: Clip, num_frames: int) -> Features | None:
        """Features of `clip` without values."""
        times_s = tuple(instants_s(clip, num_frames))
        height, width = frame_size(clip, self._family.frame_pixels(num_frames))
        layout = self._family.expected_layout(times_s, height, width)
        if layout is None:
            return None
        values = torch.empty(0).expand(sum(layout["runs"]), 0)
        return Features(clip=clip, values=values, timestamps_s=times_s, rule="", key="", layout=layout)
