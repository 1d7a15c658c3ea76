"""Stand-ins for the modules, the library and the host, so that a plugin is tested in milliseconds.

A fake world is a mapping from a video's file name to what each of its shots shows::

    host = FakeHost(my_plugin, shows={"a.mp4": ["a red circle", "a blue square"]})
    caption = host.run("caption", host.clips(host.video("a.mp4"))[0])

Nothing here imports torch; the values of fake features are NumPy arrays.
"""

from __future__ import annotations

import hashlib
import math
import re
import shutil
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from attrs import evolve

from atom_core import hookspecs
from atom_core.errors import MediaError
from atom_core.hookspecs import hookimpl
from atom_core.host import Host
from atom_core.plugins import load_plugins
from atom_core.protocols import Decoder, Modules
from atom_core.records import Clip, Entry, Features, Frames, Generated, Moment, Sound, Video
from atom_core.settings import Settings
from atom_core.specs import ModuleSpec, TaskSpec

if TYPE_CHECKING:
    import numpy as np

    from atom_core.protocols import Parts

Wave: TypeAlias = "Callable[[np.ndarray], np.ndarray]"
"""Sound: from times [S], seconds, to samples [S], -1 to 1."""

CAPTION_PROMPT = "Describe this clip in one sentence."
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
    for word in _words(text) or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[int.from_bytes(digest[:4], "big") % EMBEDDING_WIDTH] += 1.0
    return cast("np.ndarray", vector / np.linalg.norm(vector))


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W_]+", text.casefold()) if word not in ("a", "an", "the")]


def _read(parts: Parts) -> tuple[str, str]:
    text = "\n".join(part for part in parts if isinstance(part, str))
    shown = " ".join(str(part.layout.get("shows", "")) for part in parts if isinstance(part, Features))
    return text, shown


class FakeEncoder:
    """An `Encoder` that sees what it is told each clip shows; `encoded` lists its work."""

    fingerprint = "fake-encoder"

    def __init__(self, shows: Callable[[Clip], str] | None = None) -> None:
        self._shows = shows or (lambda clip: f"{clip.video.path.stem} {clip.index}")
        self.encoded: list[Clip] = []

    def encode(self, clip: Clip) -> Features:
        """Features of one clip."""
        self.encoded.append(clip)
        return fake_features(clip, self._shows(clip))

    def encode_batch(self, clips: Sequence[Clip], *, in_one_prompt: bool = False) -> list[Features]:
        """Features of several clips, in their order; any number fits into one prompt."""
        del in_one_prompt
        return [self.encode(clip) for clip in clips]


class FakeDecoder:
    """A `Decoder` by script. `prompts` lists the text it was asked to continue.

    :param answers: from prompt text to answer, or a function of the prompt text and of what the features show that
        returns None for "not mine"
    :param default: the answer to other prompts; the caption prompt is answered with what the features show
    :param confidence: the mean token probability of every answer
    """

    name = "fake (none)"

    def __init__(
        self,
        answers: Mapping[str, str] | Callable[[str, str], str | Generated | None] | None = None,
        *,
        default: str = "not shown",
        confidence: float = 0.9,
    ) -> None:
        self._answers, self._default, self._confidence = answers or {}, default, confidence
        self.prompts: list[str] = []

    def generate(
        self,
        parts: Parts,
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> Generated:
        """The scripted answer; of `choices`, the one most like it. `max_new_tokens` counts words."""
        del temperature
        text, shown = _read(parts)
        self.prompts.append(text)
        answer = self._answers(text, shown) if callable(self._answers) else self._answers.get(text)
        if answer is None:
            answer = shown if text == CAPTION_PROMPT else self._default
        if isinstance(answer, Generated):
            return answer
        if choices is not None:
            wanted = bag_of_words(answer)
            answer = max(choices, key=lambda choice: float(bag_of_words(choice) @ wanted))
        for end in stop:
            answer = answer.split(end)[0]
        num_tokens, reason = len(answer.split()) + 1, "stop"
        if num_tokens > max_new_tokens:
            answer, num_tokens, reason = " ".join(answer.split()[:max_new_tokens]), max_new_tokens, "length"
        logprob = num_tokens * math.log(self._confidence)
        return Generated(answer, logprob=logprob, num_tokens=num_tokens, finish_reason=reason)

    def stream(
        self, parts: Parts, *, max_new_tokens: int = 64, temperature: float = 0.0, stop: Sequence[str] = ()
    ) -> Iterator[str]:
        """The scripted answer, word by word."""
        text = self.generate(parts, max_new_tokens=max_new_tokens, temperature=temperature, stop=stop)
        yield from re.findall(r"\S+\s*", text)

    def embed(self, parts: Parts) -> np.ndarray:
        """The bag of words of the text and of what the features show."""
        return bag_of_words(" ".join(_read(parts)))

    def score(self, parts: Parts, continuation: str) -> float:
        """The sum over the words of `continuation`: ln 0.9 for one that the parts have, ln 0.1 for any other."""
        known = set(_words(" ".join(_read(parts))))
        return sum(math.log(0.9 if word in known else 0.1) for word in _words(continuation))

    def generate_many(
        self,
        prompts: Iterable[Parts],
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> list[Generated]:
        """What `generate` says to each prompt, one after the other."""
        options: dict[str, Any] = {"max_new_tokens": max_new_tokens, "temperature": temperature, "stop": stop}
        return Decoder.generate_many(self, prompts, choices=choices, **options)

    def embed_many(self, prompts: Iterable[Parts]) -> np.ndarray:
        """What `embed` says of each prompt."""
        return Decoder.embed_many(self, prompts)

    def score_many(self, pairs: Iterable[tuple[Parts, str]]) -> list[float]:
        """What `score` says of each pair."""
        return Decoder.score_many(self, pairs)

    def scores(self, parts: Parts, choices: Sequence[str]) -> list[float]:
        """What `score` says of each choice."""
        return Decoder.scores(self, parts, choices)


class FakeLibrary:
    """A `Library` in memory. Search is exact: the mean similarity to a clip's vectors."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[tuple[str, float, float], Entry] = {}
        self.closed = False
        self.add(list(entries))

    def add(self, entries: Sequence[Entry]) -> None:
        """Store entries; an entry of the same video and span is replaced."""
        for entry in entries:
            self._entries[entry.clip.video.content_hash, entry.clip.start_s, entry.clip.end_s] = entry

    def search(self, vector: np.ndarray, limit: int = 10) -> list[Moment]:
        """The nearest clips, best first."""
        return sorted((_moment(e, vector) for e in self._entries.values()), key=lambda m: -m.score)[:limit]

    def videos(self) -> dict[str, Path]:
        """Content hash and path of each video."""
        return {entry.clip.video.content_hash: entry.clip.video.path for entry in self._entries.values()}

    def remove(self, content_hash: str) -> int:
        """Forget a video; how many clips it had."""
        gone = [key for key in self._entries if key[0] == content_hash]
        for key in gone:
            del self._entries[key]
        return len(gone)

    def move(self, content_hash: str, path: Path) -> None:
        """Note that a video's file is at `path` now."""
        for key, entry in self._entries.items():
            if key[0] == content_hash:
                clip = evolve(entry.clip, video=evolve(entry.clip.video, path=path))
                self._entries[key] = evolve(entry, clip=clip)

    def __len__(self) -> int:
        return len(self._entries)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def _moment(entry: Entry, vector: np.ndarray) -> Moment:
    similarities = [float(v @ vector) for v in (entry.vector, entry.caption_vector) if v is not None]
    clip = entry.clip
    return Moment(
        start_s=clip.start_s,
        end_s=clip.end_s,
        path=clip.video.path,
        content_hash=clip.video.content_hash,
        caption=entry.caption,
        score=min(1.0, sum(similarities) / len(similarities)),
    )


class FakeWorld:
    """A plugin that brings made-up modules, videos and a library to a host.

    :param shows: for each file name, what each of its shots shows; may be changed later
    :param sounds: for some file names, what is heard; others are silent
    :param clip_s: length of each shot, seconds
    """

    def __init__(
        self,
        shows: Mapping[str, Sequence[str]],
        *,
        sounds: Mapping[str, Wave] | None = None,
        encoder: hookspecs.Encoder | None = None,
        decoder: hookspecs.Decoder | None = None,
        library: hookspecs.Library | Callable[[], hookspecs.Library] | None = None,
        clip_s: float = 5.0,
    ) -> None:
        self.shows, self.sounds = dict(shows), dict(sounds or {})
        self._clip_s = clip_s
        self._modules = Modules(
            encoder=encoder or FakeEncoder(self.look), decoder=decoder or FakeDecoder(), model="fake"
        )
        self._library = FakeLibrary() if library is None else library

    def video(self, path: str | Path) -> Video:
        """The video with this file name.

        :raises MediaError: if there is none
        """
        name = Path(path).name
        if name not in self.shows:
            raise MediaError(
                f"{path}: no such file in the fake world; it has {', '.join(self.shows) or 'none'}", path=path
            )
        texts = self.shows[name]
        video = fake_video(str(path), duration_s=self._clip_s * len(texts), content=f"{name}{tuple(texts)}")
        return evolve(video, has_audio=name in self.sounds)

    def look(self, clip: Clip) -> str:
        """What the middle of a clip shows."""
        texts = self.shows[clip.video.path.name]
        middle_s = (clip.start_s + clip.end_s) / 2
        return texts[min(int(middle_s / clip.video.duration_s * len(texts)), len(texts) - 1)]

    def frames(self, clip: Clip, num_frames: int) -> Frames:
        """Pictures of a clip, see `fake_frames`."""
        return fake_frames(clip, self.look(clip), num_frames)

    def sound(self, of: Clip | Video, *, rate_hz: int = 16000, num_channels: int = 1, track: str = "") -> Sound:
        """The sound of a clip or a video, see `fake_sound`; the same on every track."""
        del track
        name = (of if isinstance(of, Video) else of.video).path.name
        return fake_sound(of, self.sounds.get(name), rate_hz=rate_hz, num_channels=num_channels)

    @hookimpl(tryfirst=True)
    def atom_identify_model(self) -> str:
        """The fake model."""
        return self._modules.model

    @hookimpl(tryfirst=True)
    def atom_load_modules(self) -> Modules:
        """The fake modules."""
        return self._modules

    @hookimpl(tryfirst=True)
    def atom_segment_video(self, video: Video) -> list[Clip]:
        """One clip for each text of the video."""
        return fake_clips(video, len(self.shows[video.path.name]))

    @hookimpl(tryfirst=True)
    def atom_open_library(self) -> hookspecs.Library:
        """The library."""
        return self._library if isinstance(self._library, hookspecs.Library) else self._library()


class FakeHost(Host):
    """A `Host` over the fakes, with the tasks of `plugins`; it runs one item at a time and need not be closed.

    :param plugins: modules (or objects) with hook implementations, checked as installed plugins are
    :param shows: for each file name, what each of its shots shows
    :param sounds: for some file names, what is heard; others are silent
    :param tasks: further tasks by name, instead of plugins that the test does not want
    :param modules: stand-ins for shared modules by name, also for those that no plugin of the test declares
    :param library: the library, or how to open it when it is first needed
    :param clip_s: length of each shot, seconds
    """

    _environ: Mapping[str, str] = {}

    def __init__(
        self,
        *plugins: ModuleType | object,
        shows: Mapping[str, Sequence[str]] | None = None,
        sounds: Mapping[str, Wave] | None = None,
        decoder: FakeDecoder | None = None,
        encoder: FakeEncoder | None = None,
        library: hookspecs.Library | Callable[[], hookspecs.Library] | None = None,
        tasks: Mapping[str, object] | None = None,
        modules: Mapping[str, object] | None = None,
        settings: Settings | None = None,
        clip_s: float = 5.0,
    ) -> None:
        world = FakeWorld(shows or {}, sounds=sounds, encoder=encoder, decoder=decoder, library=library, clip_s=clip_s)
        named: list[tuple[str, object]] = [(_name(plugin), plugin) for plugin in plugins]
        loaded = load_plugins(Settings(load_plugins=()), builtins=[("world", world), *named])
        place = Path(gettempdir()) / f"atom-fake-{token_hex(8)}"  # made by who writes there
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        users, given = Settings(), settings or Settings()
        library_folder = place / "library" if given.library == users.library else given.library
        cache = place / "cache" if given.cache == users.cache else given.cache
        super().__init__(evolve(given, library=library_folder, cache=cache, workers=1), loaded)
        self.world = world
        """What its modules, videos and library are made of; its `shows` may be changed."""
        self._given = dict(tasks or {})
        lend_fakes(self, modules or {})

    def __del__(self) -> None:
        """Nothing is held that would have to be let go."""

    @property
    def tasks(self) -> frozenset[str]:
        """The names of the plugins' tasks, and of those that the test gives."""
        return super().tasks | frozenset(self._given)

    def video(self, path: str | Path) -> Video:
        """The video of the fake world with this file name.

        :raises MediaError: if there is none
        """
        return self.world.video(path)

    def frames(self, clip: Clip, num_frames: int, *, max_pixels: int | None = None) -> Frames:
        """Pictures of one colour, small whatever `max_pixels` is."""
        del max_pixels
        return self.world.frames(clip, num_frames)

    def sound(self, of: Clip | Video, *, rate_hz: int = 16000, num_channels: int = 1, track: str = "") -> Sound:
        """What is heard in the fake world."""
        return self.world.sound(of, rate_hz=rate_hz, num_channels=num_channels, track=track)

    def _task(self, name: str) -> tuple[TaskSpec, object]:
        if name in self._given:
            return TaskSpec(name=name, target="test:Given", summary="Given by the test.", plugin="world"), self._given[
                name
            ]
        return super()._task(name)


def lend_fakes(host: Host, modules: Mapping[str, object]) -> None:
    """Let tasks of `host` be lent these modules by name, instead of those that plugins share."""
    for name, module in modules.items():
        stands_for = ModuleSpec(name=name, target="test:Given", summary="Given by the test.", plugin="world")
        host.plugins.modules.setdefault(name, stands_for)
        host._shared.give(name, module)


def _name(plugin: ModuleType | object) -> str:
    return getattr(plugin, "__name__", type(plugin).__name__)
