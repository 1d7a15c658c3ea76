"""What a host reads of video files: what they are, how they are cut, and their pictures and sound."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atom_core.errors import AtomError, MediaError, PluginError
from atom_core.exhausted import exhausted
from atom_core.files.bounded import keep
from atom_core.kernels.malloc import give_back
from atom_core.ledger import Ledger
from atom_core.plugins import PluginSet
from atom_core.plugins.discovery import one_line
from atom_core.records import Clip, Frames, Sound, Video
from atom_core.settings import Settings

_MOST_KNOWN = 512
"""Videos whose clips are kept in mind; of others it is noted on disk where they are cut."""


class Videos:
    """Reads video files for one host, from several threads at once."""

    def __init__(self, settings: Settings, plugins: PluginSet, ledger: Ledger) -> None:
        self._settings, self._plugins, self._ledger = settings, plugins, ledger
        self._lock = threading.Lock()
        self._clips: dict[str, list[Clip]] = {}
        self._turns: dict[str, threading.Lock] = {}

    def video(self, path: str | Path) -> Video:
        """The video at `path`.

        :raises MediaError: if it cannot be read
        """
        from atom_core.media.probe import probe, video_store

        with self._ledger.lane("read", "probe"), _failing(path):
            store = video_store(self._settings.cache) if self._settings.reuse else None
            return probe(Path(path), store, track=self._settings.stream)

    def clips(self, video: Video) -> list[Clip]:
        """The clips of `video`, in order; found once, however many threads ask.

        :raises MediaError: if it cannot be read
        """
        key = f"{video.content_hash} {video.path}"
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                known = self._clips.get(key)
            if known is None:
                known = self._segment(video)
            with self._lock:
                keep(self._clips, key, known, _MOST_KNOWN)
                self._turns.pop(key, None)
        return list(known)

    def frames(self, clip: Clip, num_frames: int, max_pixels: int | None) -> Frames:
        """Frames of `clip`, see `Host.frames`.

        :raises MediaError: if they cannot be read
        """
        from atom_core.media.sample import sample

        if num_frames < 1:
            raise ValueError(f"num_frames must be at least 1, got {num_frames}")
        give_back()  # pictures that the caller has let go: glibc would not use their memory for the next
        with self._ledger.lane("read", "frames", video=clip.video.path.name), _failing(clip.video.path):
            return sample(clip, num_frames, max_pixels)

    def sound(self, of: Clip | Video, rate_hz: int, num_channels: int, track: str = "") -> Sound:
        """The sound of a clip or a whole video, see `Host.sound`.

        :raises MediaError: if it cannot be read
        """
        from atom_core.media.listen import listen

        if rate_hz < 1 or num_channels not in (1, 2):
            raise ValueError(f"sound has 1 or 2 channels and a rate above 0, got {num_channels} and {rate_hz}")
        clip = Clip.whole(of) if isinstance(of, Video) else of
        with self._ledger.lane("read", "sound", video=clip.video.path.name), _failing(clip.video.path):
            return listen(clip, rate_hz, num_channels, track)

    def _segment(self, video: Video) -> list[Clip]:
        with self._ledger.lane("read", "segment", video=video.path.name), _failing(video.path):
            clips = self._plugins.segment_video(video, self._settings)
            if clips is None:
                raise PluginError("no plugin splits videos; let the built-in one: unset block_plugins")
            return clips


@contextmanager
def _failing(path: str | Path) -> Iterator[None]:
    """Let whatever reading a video raises be that video's failure, or the machine's; never the run's."""
    try:
        yield
    except AtomError:
        raise
    except Exception as error:
        raise MediaError(f"cannot read '{path}': {exhausted(error) or one_line(error)}", path=path) from error
