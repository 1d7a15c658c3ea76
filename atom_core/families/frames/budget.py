"""How many frames of a clip are sampled: as many as are asked for, or as the model was trained with for its length,
where the model's context holds them.

Tokens are counted as they will be: a prompt is written with features that have rows but no values, or with encoded ones
for families that do not tell their layout before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch

from atom_core.checkpoint.sizes import frame_tokens
from atom_core.errors import ModelError
from atom_core.media.sample import frame_size, instants_s
from atom_core.records import Clip, Features, Video
from atom_core.settings import DEFAULT_FRAMES

if TYPE_CHECKING:
    from atom_core.families import Family

log = logging.getLogger("atom")

Encode: TypeAlias = Callable[[Clip, int], Features]
"""Gives features of so many frames of a clip."""

TEXT_TOKENS = 512
"""Left for a question and its answer; of a short context half."""


class FrameBudget:
    """Counts tokens of clips before they are encoded."""

    def __init__(self, family: Family, wanted: int | None, room_tokens: int | None = None) -> None:
        """
        :param wanted: frames of each clip, as the user has set them; None is as many as the family's models are trained
            with for a clip of that length, `DEFAULT_FRAMES` at most, or fewer where they do not fit
        :param room_tokens: most tokens of a request that there is memory for; None is no limit
        """
        context = int(getattr(family.config.get_text_config(), "max_position_embeddings", 0) or 2**31)
        self.context_tokens = context if room_tokens is None else min(context, room_tokens)
        """Most tokens of a request, prompt and answer."""
        reads = self.context_tokens == context
        self._bound = f"{'the model reads at most' if reads else '--memory has room for'} {self.context_tokens}"
        self._remedy = "use a model with a longer context" if reads else "raise --memory"
        self._family = family
        self._wanted = wanted
        self._text_tokens = min(TEXT_TOKENS, self.context_tokens // 2)
        self._known: dict[tuple[str, float, float], int] = {}

    @property
    def usual_tokens(self) -> int:
        """Tokens of a request about one clip of a full HD video, at most those of the model's context."""
        video = Video(path="", content_hash="0" * 16, duration_s=60.0, width=1920, height=1080, fps=25.0)
        most = self._wanted or DEFAULT_FRAMES
        stub = self._stub(Clip.whole(video), most)
        clip_tokens = most * frame_tokens(self._family.config) if stub is None else len(self._family.prompt([stub, ""]))
        return min(self.context_tokens, clip_tokens + TEXT_TOKENS)

    def num_frames(self, clips: Sequence[Clip], encode: Encode) -> int:
        """How many frames to sample of each of `clips`, which will stand in one prompt; of short ones maybe fewer, as
        `own` says.

        :param encode: encodes so many frames of a clip; asked only for families that do not tell their layout before
        :raises ModelError: if the frames that are set, or a single one of each clip, fill the model's context
        """
        foretold = self._stub(clips[0], 1) is not None
        encode = self._foretold if foretold else encode
        if len(clips) > 1:
            return self._chosen(clips, encode)
        clip = Clip.whole(clips[0].video) if foretold else clips[0]  # one number for all clips of a video
        key = (clip.video.content_hash, clip.start_s, clip.end_s)
        if key not in self._known:
            self._known[key] = self._chosen([clip], encode)
        return min(self._known[key], self.own(clips[0]))

    def own(self, clip: Clip) -> int:
        """How many frames of `clip` are wanted, whether they fit or not."""
        return self._wanted or min(DEFAULT_FRAMES, self._family.frame_rate.num_frames(clip.duration_s))

    def check(self, parts: Sequence[str | Features], prompt_tokens: int, answer_tokens: int) -> None:
        """
        :raises ModelError: if a prompt and its answer do not fit into the model's context, with what would
        """
        needed = prompt_tokens + answer_tokens
        if needed <= self.context_tokens:
            return
        clips = [part for part in parts if isinstance(part, Features)]
        way = "ask about fewer clips, with less text or a shorter answer" if clips else "ask with less text"
        if clips and self._stub(clips[0].clip, 1) is not None:
            most = max(len(clip.timestamps_s) for clip in clips)
            if fitting := self._fitting(parts, most, answer_tokens, self._foretold):
                way = f"it would fit with --frames {fitting}"
                if len(clips) > 1 and not self._wanted:
                    way = f"encode them with encode_batch(clips, in_one_prompt=True), or use --frames {fitting}"
        raise ModelError(f"the prompt needs {needed} tokens and {self._bound}; {way}")

    def _chosen(self, clips: Sequence[Clip], encode: Encode) -> int:
        most = max(map(self.own, clips))
        tokens = self._tokens([*clips, ""], most, encode)
        if tokens + (1 if self._wanted else self._text_tokens) <= self.context_tokens:
            return most
        fitting = self._fitting([*clips, ""], most, self._text_tokens, encode)
        several = len(clips) > 1
        what = f"each of {len(clips)} clips" if several else clips[0].video.path.name
        if self._wanted or not fitting:
            way = f"use --frames {fitting} or fewer" if fitting else f"not one fits: {self._remedy}"
            if several:
                way += ", or ask about fewer clips"
            raise ModelError(f"{most} frames of {what} take {tokens} tokens and {self._bound}; {way}")
        log.info("%d frames of %s, not %d: %s tokens", fitting, what, most, self._bound)
        return fitting

    def _fitting(self, parts: Sequence[str | Clip | Features], most: int, answer_tokens: int, encode: Encode) -> int:
        """The most frames of each clip, fewer than `most`, with which `parts` fit; 0 if there are none."""
        low, high = 0, most - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._tokens(parts, middle, encode) + answer_tokens <= self.context_tokens:
                low = middle
            else:
                high = middle - 1
        return low

    def _tokens(self, parts: Sequence[str | Clip | Features], num_frames: int, encode: Encode) -> int:
        """Tokens of a prompt whose clips have `num_frames` frames each, or what is wanted of them if that is fewer."""

        def shown(part: str | Clip | Features) -> str | Features:
            if isinstance(part, str):
                return part
            if isinstance(part, Clip):
                return encode(part, min(num_frames, self.own(part)))
            return encode(part.clip, num_frames)  # as it would be with so many set

        return len(self._family.prompt([shown(part) for part in parts]))

    def _foretold(self, clip: Clip, num_frames: int) -> Features:
        stub = self._stub(clip, num_frames)
        assert stub is not None
        return stub

    def _stub(self, clip: Clip, num_frames: int) -> Features | None:
        """Features without values; None if only encoding tells their layout."""
        times_s = tuple(instants_s(clip, num_frames))
        height, width = frame_size(clip, self._family.frame_pixels(num_frames))
        layout = self._family.expected_layout(times_s, height, width)
        if layout is None:
            return None
        values = torch.empty(0).expand(sum(layout["runs"]), 0)
        return Features(clip=clip, values=values, timestamps_s=times_s, rule="", key="", layout=layout)
