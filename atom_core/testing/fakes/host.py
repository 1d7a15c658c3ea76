"""A host over the fakes, and the plugin that brings them to it."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from types import ModuleType

from attrs import evolve

from atom_core import hookspecs
from atom_core.errors import MediaError
from atom_core.hookspecs import hookimpl
from atom_core.host import Host
from atom_core.plugins import load_plugins
from atom_core.protocols import Modules
from atom_core.records import Clip, Frames, Sound, Video
from atom_core.settings import Settings
from atom_core.specs import ModuleSpec, TaskSpec
from atom_core.testing.fakes.library import FakeLibrary
from atom_core.testing.fakes.modules import FakeDecoder, FakeEncoder
from atom_core.testing.fakes.records import Wave, fake_clips, fake_frames, fake_sound, fake_video


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
