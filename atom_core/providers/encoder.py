"""An encoder around any function from pictures to vectors, with what the built-in one has around its network."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

from atom_core.encoder.feature_cache import FeatureCache, feature_key
from atom_core.encoder.once import Once
from atom_core.encoder.worker import PriorityWorker
from atom_core.errors import ModelError
from atom_core.ledger import Ledger
from atom_core.records import Clip, Features, Frames
from atom_core.settings import DEFAULT_FRAMES, Settings

if TYPE_CHECKING:
    import numpy as np
    import torch


class KeepingEncoder:
    """Follows the `Encoder` protocol: features are made once and kept on disk by content, those that somebody waits for
    first; frames of one clip are read while another is encoded; the ledger is told.

    Shapes: T tokens, D width of the decoder's embeddings.
    """

    def __init__(
        self,
        compute: Callable[[Frames], np.ndarray | torch.Tensor],
        *,
        fingerprint: str,
        settings: Settings,
        ledger: Ledger,
        num_frames: int = DEFAULT_FRAMES,
        max_pixels: int | None = None,
    ) -> None:
        """
        :param compute: the network: pictures of one clip to vectors [T, D]; called in one thread
        :param fingerprint: hash of everything that could change them: weights, preprocessing, precision, versions
        :param settings: those that `atom_load_modules` is handed
        :param ledger: likewise
        :param num_frames: frames sampled from a clip, where the user sets no other number
        :param max_pixels: larger pictures are shrunk as they are decoded
        """
        self.fingerprint = fingerprint
        self._compute, self._ledger, self._max_pixels = compute, ledger, max_pixels
        self._num_frames = settings.frames or num_frames
        cache = FeatureCache(settings.cache, settings.feature_cache_bytes) if settings.reuse else None
        self._once, self._worker = Once(cache, ledger), PriorityWorker("encoder")

    def encode(self, clip: Clip) -> Features:
        """Features of `clip`, [T, D]; borrowed.

        :raises MediaError: if the clip's frames cannot be read
        :raises ModelError: if the network makes no such vectors
        """
        from atom_core.media.sample import rule_of

        key = feature_key(clip, rule_of(clip, self._num_frames, self._max_pixels), self.fingerprint)
        return self._once.features(clip, key, partial(self._make, key, clip))

    def encode_batch(self, clips: Sequence[Clip], *, in_one_prompt: bool = False) -> list[Features]:
        """Features of several clips, in their order; of as many frames each whatever `in_one_prompt` is."""
        del in_one_prompt
        if len(clips) < 2:
            return [self.encode(clip) for clip in clips]
        contexts = [copy_context() for _ in clips]
        with ThreadPoolExecutor(2, thread_name_prefix="read") as readers:
            return list(readers.map(lambda context, clip: context.run(self.encode, clip), contexts, clips))

    def close(self) -> None:
        """End the thread; waits for the clip in work."""
        self._worker.close()

    def _make(self, key: str, clip: Clip, urgent: Callable[[], bool]) -> Features:
        from atom_core.media.pictures.passes import prepared
        from atom_core.media.sample import sample

        with self._ledger.lane("read", "sample", video=clip.video.path.name, start_s=clip.start_s):
            frames = sample(clip, self._num_frames, self._max_pixels)
        prepared()  # the pictures are what the encoder is handed: the next clip is read meanwhile
        values = self._worker.submit(self._encoded(frames), urgent=urgent).result()
        return Features(clip=clip, values=values, timestamps_s=frames.timestamps_s, rule=frames.rule, key=key)

    def _encoded(self, frames: Frames) -> Generator[None, None, torch.Tensor]:
        """One piece of work for the thread: what it is handed is a generator, and this one pauses nowhere."""
        import torch

        with self._ledger.lane("encode", "encode"):
            values = torch.as_tensor(self._compute(frames))
        if values.ndim != 2 or not values.numel() or not bool(torch.isfinite(values).all()):
            shape = list(values.shape)
            raise ModelError(f"the encoder made vectors {shape}, not finite ones [T, D]; repair or update its plugin")
        return values
        yield
