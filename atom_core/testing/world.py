"""A real `Host` over fake modules and videos, which watches what a task does with what it is lent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import attrs

from atom_core.call_context import caller
from atom_core.errors import ModelError
from atom_core.host import Host
from atom_core.host.modules.task_modules import Loans
from atom_core.pipeline.graph import Pipeline
from atom_core.pipeline.run import StepResult, run_pipeline
from atom_core.plugins import load_plugins
from atom_core.protocols import Parts, Tell
from atom_core.quiet import quiet
from atom_core.records import Clip, Entry, Features, Frames, Generated, Sound, Video
from atom_core.settings import Settings
from atom_core.specs import PipelineSpec, TaskSpec
from atom_core.testing.fakes import FakeDecoder, FakeEncoder, FakeLibrary, FakeWorld, lend_fakes

if TYPE_CHECKING:
    import numpy as np

Shows = Mapping[str, Sequence[str]]
"""What each shot of a file shows, by file name."""


class Watch:
    """What the modules were asked, and what goes wrong on purpose: at a given call or step, or from then on."""

    def __init__(self) -> None:
        self.calls = self.steps = 0
        self.cancel_at: int | None = None
        self.fail_at: int | None = None
        self.writes = 0

    def call(self) -> None:
        """Note a call of a module; cancelled callers are told, as the resident modules tell them."""
        self.calls += 1
        self.step()
        if self.fail_at is not None and self.calls >= self.fail_at:
            raise ModelError("the fake module fails, as the test asked")

    def step(self) -> None:
        """Note a call of a module or of `progress`.

        :raises Cancelled: if the caller was cancelled
        """
        self.steps += 1
        if self.cancel_at is not None and self.steps >= self.cancel_at:
            current = caller.get()
            if current.task:  # a thread that works for no task is nobody's to cancel
                current.cancelled.set()
        caller.get().check()


class WatchedEncoder(FakeEncoder):
    """A `FakeEncoder` that is watched."""

    def __init__(self, shows: Callable[[Clip], str], watch: Watch) -> None:
        super().__init__(shows)
        self._watch = watch

    def encode(self, clip: Clip) -> Features:
        """Features of one clip."""
        self._watch.call()
        return super().encode(clip)


class WatchedDecoder(FakeDecoder):
    """A `FakeDecoder` that is watched."""

    def __init__(self, watch: Watch, answers: Any) -> None:
        super().__init__(answers)
        self._watch = watch

    def generate(self, parts: Parts, **options: Any) -> Generated:
        """The scripted answer."""
        self._watch.call()
        return super().generate(parts, **options)

    def embed(self, parts: Parts) -> np.ndarray:
        """The bag of words."""
        self._watch.call()
        return super().embed(parts)

    def score(self, parts: Parts, continuation: str) -> float:
        """How many words the parts have."""
        self._watch.call()
        return super().score(parts, continuation)


class WatchedLibrary(FakeLibrary):
    """A `FakeLibrary` that is watched."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        super().__init__()

    def add(self, entries: Sequence[Entry]) -> None:
        """Store entries."""
        self._watch.writes += bool(entries)
        super().add(entries)


class WatchedModule:
    """A shared module whose calls are watched, and fail when they are to."""

    def __init__(self, module: object, watch: Watch) -> None:
        self._module, self._watch = module, watch

    def __getattr__(self, name: str) -> object:
        value: object = getattr(self._module, name)
        if not callable(value):
            return value

        def call(*arguments: object, **options: object) -> object:
            self._watch.call()
            return value(*arguments, **options)

        return call


class World(FakeWorld):
    """A `FakeWorld` that is watched."""

    def __init__(self, shows: Shows, answers: object = None) -> None:
        self.watch = watch = Watch()
        self.encoder, self.decoder = WatchedEncoder(self.look, watch), WatchedDecoder(watch, answers)
        self.library = WatchedLibrary(watch)
        super().__init__(shows, encoder=self.encoder, decoder=self.decoder, library=self.library)


class WorldHost(Host):
    """A host whose videos are those of a fake world, or real files written for it."""

    _environ: Mapping[str, str] = {}

    def __init__(self, settings: Settings, plugins: Any, world: World) -> None:
        super().__init__(settings, plugins)
        self.world = world
        """What it is made of."""
        self.files: Path | None = None
        """Where the videos lie, if they are real."""
        self.loans: list[Loans] = []
        """What was lent to each run that finished."""

    def video(self, path: str | Path) -> Video:
        """The video called `path`.

        :raises MediaError: if the fake world has none
        """
        return self.world.video(path) if self.files is None else super().video(self.files / path)

    def frames(self, clip: Clip, num_frames: int, *, max_pixels: int | None = None) -> Frames:
        """Pictures of a clip, of the fake world or of the real files."""
        self.world.watch.step()
        if self.files is None:
            return self.world.frames(clip, num_frames)
        return super().frames(clip, num_frames, max_pixels=max_pixels)

    def sound(self, of: Clip | Video, *, rate_hz: int = 16000, num_channels: int = 1, track: str = "") -> Sound:
        """Sound, of the fake world or of the real files."""
        self.world.watch.step()
        if self.files is None:
            return self.world.sound(of, rate_hz=rate_hz, num_channels=num_channels, track=track)
        return super().sound(of, rate_hz=rate_hz, num_channels=num_channels, track=track)

    def _lent(
        self, spec: TaskSpec, instance: Any, overrides: dict[str, object], progress: Tell | None = None
    ) -> tuple[dict[str, object], Loans | None]:
        def watched(done: int, total: int) -> None:
            self.world.watch.step()
            if progress is not None:
                progress(done, total)

        lent, loans = super()._lent(spec, instance, overrides, watched)
        for name in self.plugins.modules_of(instance.run):
            lent[name] = WatchedModule(lent[name], self.world.watch)
        return lent, loans

    def _take_back(self, spec: TaskSpec, loans: Loans | None) -> None:
        if loans is not None:
            self.loans.append(loans)
        super()._take_back(spec, loans)


@contextmanager
def fake_world(
    *plugins: str,
    shows: Shows,
    answers: object = None,
    builtins: Sequence[tuple[str, object]] = (),
    modules: Mapping[str, object] | None = None,
    **arguments: object,
) -> Iterator[WorldHost]:
    """A host over fakes with the installed plugins of these names, and no others.

    :param answers: the decoder's, see `FakeDecoder`
    :param builtins: plugin objects that need not be installed
    :param modules: stand-ins for shared modules, by name
    :param arguments: settings by name
    """
    quiet()
    world = World(shows, answers)
    with TemporaryDirectory(prefix="atom-world-") as folder:
        places = {"library": Path(folder) / "library", "cache": Path(folder) / "cache"}
        settings = Settings.load({"load_plugins": plugins, "model": "fake", **places, **arguments}, environ={})
        loaded = load_plugins(settings, builtins=[("world", world), *builtins])
        with WorldHost(settings, loaded, world) as host:
            lend_fakes(host, modules or {})
            yield host


@contextmanager
def real_world(*plugins: str, shows: Shows, model: str, folder: Path, **arguments: object) -> Iterator[WorldHost]:
    """A host over a real model, with files of as many differently coloured shots as `shows` has texts.

    :param folder: where files, features and library go
    """
    from atom_core.host import BUILTINS
    from atom_core.testing.videos import COLOURS, Shot, write_video

    quiet()
    files = folder / "videos"
    files.mkdir(exist_ok=True)
    colours = itertools.cycle(COLOURS)
    for name, texts in shows.items():
        if not (files / name).exists():
            write_video(files / name, shots=[Shot(15, next(colours)) for _ in texts])
    places = {"cache": folder / "cache", "library": folder / "library", "model": model, "frames": 2, "threads": 1}
    settings = Settings.load({"load_plugins": plugins, **places, **arguments}, environ={})
    with WorldHost(settings, load_plugins(settings, builtins=BUILTINS), World(shows)) as host:
        host.files = files
        yield host


def run_named(host: Host, name: str, paths: Sequence[str | Path]) -> list[StepResult]:
    """What each step of the pipeline that a plugin offers as `name` made of the videos at `paths`.

    :raises PluginError: if no plugin offers it
    """
    pipeline = Pipeline.load(Path(host.plugins.find(PipelineSpec, name).source))
    return list(run_pipeline(pipeline, host, paths))


def same(one: Any, other: Any) -> bool:
    """Whether two results are equal, arrays and tensors in them too."""
    import numpy as np

    if type(one) is not type(other):
        return False
    if attrs.has(type(one)):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in attrs.fields(type(one)))
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if hasattr(one, "__array__"):
        first, second = np.asarray(one), np.asarray(other)
        return first.shape == second.shape and bool(np.allclose(first, second, atol=1e-5))
    if isinstance(one, float):
        return bool(np.isclose(one, other, rtol=1e-4, atol=1e-6, equal_nan=True))
    return bool(one == other)
