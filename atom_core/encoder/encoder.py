"""The resident encoder: clips to features, once ever."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from atom_core.encoder.feature_cache import FeatureCache, feature_key
from atom_core.encoder.once import Once
from atom_core.encoder.repeats import Repeats, repeats_of
from atom_core.encoder.worker import PriorityWorker
from atom_core.errors import ModelError
from atom_core.families import Encoded, Family, join
from atom_core.families.frames.budget import FrameBudget
from atom_core.kernels.malloc import give_back
from atom_core.kernels.threads import Threads, one_thread, rest
from atom_core.kernels.weights import pack
from atom_core.ledger import Ledger
from atom_core.media.pictures import passes
from atom_core.media.sample import rule_of, sample
from atom_core.records import Clip, Features

if TYPE_CHECKING:
    from transformers import PreTrainedModel


log = logging.getLogger("atom")


class ResidentEncoder:
    """The visual half of the model, shared by every task. Follows the `Encoder` protocol.

    Clips that an interactive caller waits for go ahead of others, even between the frames of one that is being encoded.
    """

    def __init__(
        self,
        visual: Callable[[], PreTrainedModel],
        family: Family,
        *,
        fingerprint: str,
        frames: FrameBudget,
        cache: FeatureCache | None,
        ledger: Ledger,
        threads: Threads,
        dedup: float | None = None,
    ) -> None:
        """
        :param visual: the model whose visual half is computed; called when there is something to encode
        :param frames: how many frames of a clip are sampled
        :param cache: where features are kept; None computes them each time
        :param dedup: how far a frame may have changed since the last encoded one to take its features, levels of 255;
            None has every frame encoded
        """
        self.fingerprint = fingerprint
        self._visual = visual
        self._family = family
        self._frames = frames
        self._dedup = None if dedup is None or not family.frame_axes else dedup
        self._ledger = ledger
        self._threads = threads
        self._worker = PriorityWorker("encoder")
        self._once = Once(cache, ledger)

    def encode(self, clip: Clip) -> Features:
        """Features of `clip`, [T, D]; borrowed.

        :raises MediaError: if the clip's frames cannot be read
        :raises ModelError: if so many frames do not fit into the model's context
        """
        return self._encode(clip, self._frames.num_frames([clip], self._encode))

    def encode_batch(self, clips: Sequence[Clip], *, in_one_prompt: bool = False) -> list[Features]:
        """Features of several clips, in their order. One clip's frames are read while another is encoded.

        :param in_one_prompt: whether they will be asked about together: where all their frames do not fit into the
            model's context, and no number is set, at most as many of each clip as do
        :raises ModelError: if so many frames do not fit into the model's context
        """
        encode = self.encode
        if in_one_prompt and clips:
            most = self._frames.num_frames(clips, self._encode)
            encode = lambda clip: self._encode(clip, min(most, self._frames.own(clip)))  # noqa: E731
        if len(clips) < 2:
            return [encode(clip) for clip in clips]
        contexts = [copy_context() for _ in clips]
        with ThreadPoolExecutor(2, thread_name_prefix="read") as readers:
            return list(readers.map(lambda context, clip: context.run(encode, clip), contexts, clips))

    def close(self) -> None:
        """End the encoder's thread; waits for the frames in work."""
        self._worker.close()

    @cached_property
    def _model(self) -> PreTrainedModel:
        """The model, asked for in the encoder's thread."""
        model = self._visual()
        stacks = list(_stacks(model))
        with one_thread():
            pack(stacks)
        for stack in stacks:
            stack[0].register_forward_pre_hook(_in_order, with_kwargs=True)
        return model

    def _load(self) -> Generator[None, None, None]:
        """Load the model, if it is not; what goes wrong is told to who needs it."""
        yield
        _ = self._model

    def _encode(self, clip: Clip, num_frames: int) -> Features:
        rule = rule_of(clip, num_frames, self._family.frame_pixels(num_frames))
        key = feature_key(clip, rule, self.fingerprint)
        near = feature_key(clip, with_dedup(rule, self._dedup), self.fingerprint) if self._dedup else key
        # features of frames that were each encoded, or are exactly equal, do for whoever takes nearly equal ones
        return self._once.features(clip, key, partial(self._compute, key, near, clip, num_frames), or_key=near)

    def _compute(self, key: str, near: str, clip: Clip, num_frames: int, urgent: Callable[[], bool]) -> Features:
        """Read, prepare and encode the frames; the reading and preparing in the caller's thread."""
        if "_model" not in vars(self):
            self._worker.submit(self._load(), urgent=urgent)  # weights are loaded while frames are read
        with self._ledger.lane("read", "sample", video=clip.video.path.name, start_s=clip.start_s):
            frames = sample(clip, num_frames, self._family.frame_pixels(num_frames))
        with self._ledger.lane("preprocess", "preprocess"), one_thread():
            inputs = self._family.inputs(frames)
            repeats = repeats_of(self._family, inputs, num_frames, self._dedup)
            inputs = repeats.inputs(self._family, inputs)
        timestamps_s, size = frames.timestamps_s, list(frames.images[0].shape[:2])
        rule = frames.rule if repeats.is_exact else with_dedup(frames.rule, self._dedup)
        del frames  # pictures are many times as large as what is made of them, which may wait for its turn
        passes.prepared()
        encoded = repeats.spread(self._worker.submit(self._forward(inputs), urgent=urgent).result())
        self._tell(clip, repeats)
        return Features(
            clip=clip,
            values=encoded.values,
            timestamps_s=timestamps_s,
            rule=rule,
            key=key if repeats.is_exact else near,
            layout={**encoded.layout, "size": size, "encoded": len(repeats.encoded)},
            extra=encoded.extra,
        )

    def _tell(self, clip: Clip, repeats: Repeats) -> None:
        """Count the frames of a clip that were encoded, and those that repeat one."""
        wanted, encoded = len(repeats.sources), len(repeats.encoded)
        self._ledger.count("encoder_frames", requested=wanted, computed=encoded, reused=wanted - encoded)
        if encoded < wanted:
            place = f"{clip.video.path.name}, {clip.start_s:.1f} to {clip.end_s:.1f} s"
            log.info("%s: %d of %d frames encoded, the others repeat them", place, encoded, wanted)

    def _forward(self, inputs: dict[str, object]) -> Generator[None, None, Encoded]:
        """Encode `inputs`, which are let go; a few frames at a time where the family can.

        It yields between them, so that the worker can take up more urgent work. What is no longer needed is let go at
        once: pixels of a clip are many times as large as its features.
        """
        moved = {
            name: value.to(self._model.device) if isinstance(value, torch.Tensor) else value
            for name, value in inputs.items()
        }
        inputs.clear()
        parts: list[Encoded] = []
        chunks = deque(self._family.chunks(moved))
        del moved
        while chunks:
            if parts:
                yield
            with torch.inference_mode(), self._ledger.lane("encode", "encode"), self._threads.share("encode"):
                parts.append(self._family.encode(self._model, chunks.popleft()))
        encoded = join(parts)
        parts.clear()
        finite = bool(torch.isfinite(encoded.values).all())
        rest()
        give_back()  # to the system, which the allocator would not do by itself
        if not finite:
            raise ModelError("the encoder made values that are not finite; try another precision with --quantize none")
        return encoded


def with_dedup(rule: str, bound: float | None) -> str:
    """The sampling rule of frames that take the features of an encoded one that differs by `bound` at most."""
    return f"{rule} dedup:{bound:g}"


def _stacks(model: PreTrainedModel) -> Iterator[nn.ModuleList]:
    """The stacks of layers in the visual half."""
    language = {id(module) for module in model.get_decoder().modules()}
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) and id(module) not in language:
            yield module


def _in_order(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Make the inputs of a tower's first layer contiguous.

    Patches come out of a convolution channel by channel. Every sum of the tower would keep that layout, and every norm
    would copy it: one copy here spares two in each layer.
    """
    return tuple(_contiguous(value) for value in args), {name: _contiguous(value) for name, value in kwargs.items()}


def _contiguous(value: object) -> Any:
    return value.contiguous() if isinstance(value, torch.Tensor) else value
