"""Records without files: videos, clips, features, pictures and sound, and vectors of texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from atom_core.records import Clip, Features, Frames, Sound, Video

if TYPE_CHECKING:
    import numpy as np

Wave: TypeAlias = "Callable[[np.ndarray], np.ndarray]"
"""Sound: from times [S], seconds, to samples [S], -1 to 1."""

EMBEDDING_WIDTH = 256


def fake_video(name: str = "video.mp4", *, duration_s: float = 10.0, content: str = "") -> Video:
    """A video record without a file; its hash follows from `content`, or else from its name."""
    digest = hashlib.sha256((content or Path(name).name).encode(errors="surrogateescape")).hexdigest()
    return Video(path=Path(name), content_hash=digest, duration_s=duration_s, width=64, height=64, fps=25.0)


def fake_clips(video: Video, num_clips: int) -> list[Clip]:
    """`num_clips` clips of equal length that cover `video`."""
    step_s = video.duration_s / num_clips
    spans = [(index * step_s, (index + 1) * step_s) for index in range(num_clips)]
    return [Clip(video=video, start_s=start, end_s=end, index=index) for index, (start, end) in enumerate(spans)]


def fake_features(clip: Clip, shows: str = "", *, num_tokens: int = 4) -> Features:
    """Features [num_tokens, 256] of a clip; `shows` says what a `FakeDecoder` is to see in them."""
    import numpy as np

    values: Any = np.tile(bag_of_words(shows), (num_tokens, 1))
    key = hashlib.sha256(f"{clip.video.content_hash} {clip.start_s} {clip.end_s} {shows}".encode()).hexdigest()
    middle_s = (clip.start_s + clip.end_s) / 2
    return Features(clip=clip, values=values, timestamps_s=(middle_s,), rule="fake:1", key=key, layout={"shows": shows})


def fake_frames(clip: Clip, shows: str, num_frames: int) -> Frames:
    """Pictures [48, 64, 3] of a clip, all of one colour that follows from `shows`."""
    import numpy as np

    colour = tuple(hashlib.sha256(shows.encode()).digest()[:3])
    image = np.full((48, 64, 3), colour, np.uint8)
    times_s = tuple(clip.start_s + (index + 0.5) * clip.duration_s / num_frames for index in range(num_frames))
    rule = f"fake:{num_frames}"
    return Frames(clip=clip, images=tuple(image.copy() for _ in times_s), timestamps_s=times_s, rule=rule)


def fake_sound(of: Clip | Video, wave: Wave | None = None, *, rate_hz: int = 16000, num_channels: int = 1) -> Sound:
    """The sound of a clip or a video, both sides alike.

    :param wave: from times [S], seconds from the video's first picture, to samples [S]; silence if not given
    """
    import numpy as np

    clip = Clip.whole(of) if isinstance(of, Video) else of
    times_s = clip.start_s + np.arange(round(clip.duration_s * rate_hz)) / rate_hz
    heard = np.zeros(len(times_s)) if wave is None else wave(times_s)
    samples = np.repeat(np.asarray(heard, np.float32)[None], num_channels, axis=0)
    return Sound(start_s=clip.start_s, end_s=clip.end_s, video=clip.video, samples=samples, rate_hz=rate_hz)


def bag_of_words(text: str) -> np.ndarray:
    """A unit vector [256], float32, from the hashed words of `text`: texts that share words are near each other."""
    import numpy as np

    vector = np.zeros(EMBEDDING_WIDTH, dtype=np.float32)
    for word in words(text) or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[int.from_bytes(digest[:4], "big") % EMBEDDING_WIDTH] += 1.0
    return cast("np.ndarray", vector / np.linalg.norm(vector))


def words(text: str) -> list[str]:
    """The words of `text` that say something, in small letters."""
    return [word for word in re.findall(r"[^\W_]+", text.casefold()) if word not in ("a", "an", "the")]
