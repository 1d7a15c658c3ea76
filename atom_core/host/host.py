"""What runs tasks: `Host`, and how it is opened."""

from __future__ import annotations

import logging
import os
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

from attrs import evolve

from atom_core.background import is_interrupt
from atom_core.call_context import Cancel, caller
from atom_core.errors import AtomError, TaskError
from atom_core.host.builtins import BUILTINS
from atom_core.host.contracts import check_type
from atom_core.host.dependencies import Dependencies, parameters, variables
from atom_core.host.making import failure_of, make_channels, make_task
from atom_core.host.modules.loaded_model import Resident, log_each
from atom_core.host.modules.shared_modules import SharedModules
from atom_core.host.modules.task_modules import Borrower, Loans
from atom_core.host.several import Outcome, run_several
from atom_core.host.task_host import TaskHost
from atom_core.host.time_limit import limited, tell_done, teller
from atom_core.host.videos import Videos
from atom_core.ledger import Ledger
from atom_core.plugins import PluginSet, load_plugins
from atom_core.plugins.task_settings import check_task_settings
from atom_core.protocols import Decoder, Encoder, Library, TaskEvent, Tell
from atom_core.quiet import quiet
from atom_core.records import Clip, Frames, Sound, Video
from atom_core.settings import Settings, task_settings
from atom_core.specs import LENT, TaskSpec


def open_host(settings: Settings | None = None, *, plugins: PluginSet | None = None, **arguments: Any) -> Host:
    """A host, to be used in a ``with`` statement. Nothing heavy is loaded until a task needs it.

    :param settings: the settings; if not given they are loaded as the command does, with `arguments` on top
    :param plugins: the plugins; if not given the installed ones are loaded
    :param arguments: settings by name, for example ``model="tiny"``
    :raises SettingsError: for an unknown or bad setting
    :raises PluginError: if a plugin is broken
    """
    if settings is None:
        settings = Settings.load(arguments)
    elif arguments:
        settings = evolve(settings, **arguments)
    quiet()
    if plugins is None:
        plugins = load_plugins(settings, builtins=BUILTINS)
        check_task_settings(plugins, settings)
    return Host(settings, plugins)


class Host:
    """Runs tasks on one resident encoder and decoder. A context manager, made by `open_host`, shared by threads."""

    _environ: Mapping[str, str] = os.environ
    """Where variables with settings of tasks are looked up."""

    def __init__(self, settings: Settings, plugins: PluginSet) -> None:
        self.settings = settings
        """The settings in force."""
        self.plugins = plugins
        """The loaded plugins."""
        self.ledger = Ledger()
        """What was computed and what was reused."""
        self._resident = Resident(settings, plugins, self.ledger)
        self._shared = SharedModules(
            settings, plugins, self.ledger, count=self._resident.count_module, environ=self._environ
        )
        self._lock = threading.RLock()
        self._library: Library | None = None
        self._library_place: tuple[int, int] | None = None
        self._videos = Videos(settings, plugins, self.ledger)
        self._tasks: dict[str, Any] = {}
        self._channels: dict[str, Any] | None = None
        self._maps: set[Cancel] = set()
        self._told_notice = self._closed = False
        if settings.isolate:
            from atom_core.media import isolate

            isolate.begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True) and (self._resident.is_loaded or self._shared.is_loaded):
            warnings.warn("a Host was not closed; use it in a with statement", ResourceWarning, stacklevel=2)

    @property
    def encoder(self) -> Encoder:
        """The resident encoder; loaded on first use."""
        self._tell_notice()
        return self._resident.modules().encoder

    @property
    def decoder(self) -> Decoder:
        """The resident decoder; loaded on first use."""
        self._tell_notice()
        return self._resident.modules().decoder

    @property
    def model(self) -> str:
        """Name and content of the model, whatever its precision; known without its weights where that can be.

        :raises ModelError: if it cannot be found
        """
        return self._resident.model

    @property
    def is_loaded(self) -> bool:
        """Whether the encoder and decoder are loaded."""
        return self._resident.is_loaded

    @property
    def embeds(self) -> bool:
        """Whether the model's decoder was trained to embed, as its registration says."""
        return self._resident.embeds

    @property
    def library(self) -> Library:
        """The library; opened on first use, which loads no weights.

        :raises LibraryError: if it cannot be opened, or was made with another model
        """
        with self._lock:
            if self._library is None:
                self._resident.check_open()
                library = self.plugins.open_library(self.settings, self.model)
                if library is None:
                    raise TaskError("no installed plugin keeps a library; install atom-indexing")
                self._library = library
            return self._library

    def module(self, name: str) -> Any:
        """The resident module called `name`: ``encoder``, ``decoder``, or one that a plugin shares; loaded once.

        :raises PluginError: if no plugin shares one of that name, naming the nearest
        :raises ModelError: if it cannot be loaded
        """
        if name in ("encoder", "decoder"):
            return getattr(self, name)
        task = caller.get().task
        return self._shared.lend(name, Borrower(f"task {task!r}" if task else "the program"), task)

    @property
    def tasks(self) -> frozenset[str]:
        """The names of the tasks that can be asked for."""
        return frozenset(self.plugins.tasks)

    @property
    def modules(self) -> frozenset[str]:
        """The names of the modules that plugins share; `module` gives one."""
        return frozenset(self.plugins.modules)

    def channels(self) -> dict[str, Any]:
        """The channels that plugins bring, by name; each is made once. One that cannot be had is told of, once."""
        with self._lock:
            if self._channels is None:
                self._channels = make_channels(self.plugins)
            return dict(self._channels)

    def expect(self, tasks: Iterable[str]) -> None:
        """Say which tasks will run: what they declare to need is counted when a model is loaded into a limited memory.

        Where nobody says so, all installed tasks count.
        """
        self._resident.expect(tasks)

    def video(self, path: str | Path) -> Video:
        """The video at `path`.

        :raises MediaError: if it cannot be read
        """
        caller.get().check()
        return self._videos.video(path)

    def clips(self, video: Video) -> list[Clip]:
        """The clips of `video`, in order; found once, however many threads ask.

        :raises MediaError: if it cannot be read
        """
        caller.get().check()
        return self._videos.clips(video)

    def frames(self, clip: Clip, num_frames: int, *, max_pixels: int | None = None) -> Frames:
        """The pictures shown in the middles of `num_frames` equal spans of `clip`, upright.

        :param max_pixels: larger pictures are shrunk as they are decoded; None keeps their size
        :raises MediaError: if the file is gone, has changed, or cannot be decoded
        """
        return self._videos.frames(clip, num_frames, max_pixels)

    def sound(self, of: Clip | Video, *, rate_hz: int = 16000, num_channels: int = 1, track: str = "") -> Sound:
        """The sound of a clip or a whole video, of the track that a player would take; silence where there is none.

        :param num_channels: 1, the mean of both sides, or 2
        :param track: another track: its number among the sound tracks, from 1, or its language as the file states it
        :raises MediaError: if the file is gone, has changed, cannot be read, or has no such track
        """
        return self._videos.sound(of, rate_hz, num_channels, track)

    def run(self, task: str, item: object, *, progress: Tell | None = None, **settings: object) -> Any:
        """The record that `task` makes of `item`, in the calling thread.

        :param progress: told by the task, if it does that, how much is done and of how much
        :param settings: the task's own settings, over the configured ones
        :raises PluginError: if there is no such task
        :raises TaskError: if it fails or returns the wrong type
        """
        spec, instance = self._task(task)
        current = caller.get()
        urgent = current.interactive or spec.interactive
        cancelled = current.cancelled.child()
        token = caller.set(evolve(current, task=task, module="", interactive=urgent, cancelled=cancelled))
        start = time.perf_counter()
        result, error = None, None
        try:
            caller.get().check()
            check_type(spec, "takes", instance.consumes, item)
            lent, loans = self._lent(spec, instance, settings, teller(progress, item))
            self._notify(partial(self.plugins.before_task, TaskEvent(task=task, item=item)))
            try:
                result = limited(spec, partial(instance.run, item, **lent))
            finally:
                self._take_back(spec, loans)
                self._shared.check(self.plugins.modules_of(instance.run), Borrower.of(spec))
            check_type(spec, "returns", instance.produces, result)
            if current.task:  # those that the user asked for are counted as they are done
                tell_done(task, item)
            return result
        except AtomError as raised:
            error = raised
            if isinstance(raised, TaskError):  # a task that raises one itself need not say which it is
                raised.task, raised.plugin = raised.task or task, raised.plugin or spec.plugin
            raise
        except BaseException as raised:
            if is_interrupt(raised):
                raise
            error = failure_of(spec, raised)
            raise error from raised
        finally:
            seconds = time.perf_counter() - start
            caller.reset(token)
            self.ledger.task(task, start, seconds, failed=error is not None)
            event = TaskEvent(task=task, item=item, seconds=seconds, result=result, error=error)
            self._notify(partial(self.plugins.after_task, event))

    def map(self, task: str, items: Iterable[Any], **settings: Any) -> Generator[Outcome, None, None]:
        """Run `task` on several items at once; outcomes come in the items' order, a failed item fails alone.

        Who stops asking for outcomes, or is interrupted, cancels what is not done.

        :param items: taken as workers get free, so they may be produced lazily
        :raises PluginError: if there is no such task
        :raises AtomError: if what the task needs cannot be loaded, which would fail every item alike
        """
        spec, instance = self._task(task)
        items = iter(items)
        if not (first := list(islice(items, 1))):
            return
        self._lent(spec, instance, settings, teller(None, first[0]))
        work = partial(self.run, task, **settings)
        yield from run_several(work, chain(first, items), workers=self.settings.workers, name=task, maps=self._maps)

    def collect(self, task: str, items: Iterable[object], **settings: object) -> list[Any]:
        """The records that `task` makes of several items, worked on at once, in the items' order.

        :raises AtomError: the first item's error, by the order of the items; what is not done is cancelled
        """
        records = []
        with closing(self.map(task, items, **settings)) as outcomes:
            for outcome in outcomes:
                if outcome.error is not None:
                    raise outcome.error
                records.append(outcome.value)
        return records

    def about(self, task: str, **settings: object) -> dict[str, Any]:
        """Everything beside the record that could change what `task` makes of it, as JSON values: its settings, the
        plugin's version, the model's content where it uses one, the rules by which videos become clips and frames. For
        one that is lent the host, and may ask any task, also what is set for others, and their plugins' versions.

        :param settings: the task's own settings, over the configured ones
        :raises PluginError: if there is no such task
        """
        spec, instance = self._task(task)
        own = self._task_settings(spec, instance, settings) if "settings" in parameters(instance.run) else None
        return self._dependencies.of_task(task, instance.run, own, model=partial(getattr, self, "model"))

    def about_asked(self, asked: Iterable[str]) -> dict[str, object]:
        """What a task asked of its host, and what each of that depends on now, as JSON values.

        :param asked: as `Caller.asked` notes it: ``task caption``, ``module embedder``
        """
        return {what: self._dependencies.of_asked(what, self.about) for what in sorted(asked)}

    @property
    def _dependencies(self) -> Dependencies:
        return Dependencies(self.settings, self.plugins, self._shared, self._environ)

    def variables(self) -> dict[str, str]:
        """The variables that set something of tasks, and of modules that plugins share."""
        return variables(self.plugins, self._environ)

    def library_at(self, folder: Path) -> Library | None:
        """The open library where it is the one in `folder`, for others to use; None if it is not, or cannot be written.

        It is opened for that. One whose folder was removed or replaced since is closed, and opened anew.
        """
        if folder != Path(os.path.abspath(self.settings.library)) or not os.access(folder, os.W_OK):
            return None
        with self._lock:
            place = os.stat(folder)
            if self._library is not None and self._library_place not in (None, (place.st_dev, place.st_ino)):
                self._library.close()
                self._library = None
            library = self.library
            self._library_place = (place.st_dev, place.st_ino)
            return library

    def let_go(self) -> bool:
        """Let go of the modules, to be loaded anew when they are next wanted; whether there were any.

        Nothing may be using them.
        """
        with self._lock:
            loaded = self._resident.is_loaded or self._shared.is_loaded
            self._shared.let_go()
            self._resident.let_go()
        return loaded

    def close(self) -> None:
        """Cancel what still runs, let go of modules and library; done once, whatever happens meanwhile."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._resident.shut()
        self._shared.shut()
        for cancelled in tuple(self._maps):
            cancelled.set()
        try:
            self._notify(partial(self.plugins.before_close, self))
        finally:
            try:
                if self._library is not None:
                    self._library.close()
            finally:
                self._shared.close()
                self._resident.close()
                if self.settings.isolate:
                    from atom_core.media import isolate

                    isolate.finish()

    def _task(self, name: str) -> tuple[TaskSpec, Any]:
        """What is declared of a task, and the task itself, made once."""
        spec = self.plugins.task(name)
        with self._lock:
            if name not in self._tasks:
                self._tasks[name] = make_task(self.plugins, spec)
            return spec, self._tasks[name]

    def _lent(
        self, spec: TaskSpec, instance: Any, overrides: dict[str, Any], tell: Tell
    ) -> tuple[dict[str, Any], Loans | None]:
        names = parameters(instance.run)
        host = TaskHost(self)
        whole = {"host": host, "frames": host.frames, "sound": host.sound, "progress": tell}
        lent: dict[str, Any] = {}
        loans = None
        if {"encoder", "decoder"} & names:
            self._tell_notice()
            loans = self._resident.lend(spec)
        for name in LENT:
            if name not in names:
                continue
            if name == "settings":
                lent[name] = self._task_settings(spec, instance, overrides)
            else:
                lent[name] = whole.get(name) or getattr(self if name == "library" else loans, name)
        shared = self.plugins.modules_of(instance.run)
        lent |= {name: self._shared.lend(name, Borrower.of(spec), spec.name) for name in shared}
        return lent, loans

    def _task_settings(self, spec: TaskSpec, instance: Any, overrides: dict[str, Any]) -> Any:
        texts = self.plugins.prompt_texts
        return task_settings(
            instance.Settings, spec.name, self.settings, overrides, environ=self._environ, prompts=texts
        )[0]

    def _tell_notice(self) -> None:
        """Say what the model's registration has to say, before it is first used."""
        with self._lock:
            told, self._told_notice = self._told_notice, True
        spec = self.plugins.models.get(self.settings.model)
        if spec is not None and spec.notice and not told:
            logging.getLogger("atom").warning("%s", spec.notice)

    def _take_back(self, spec: TaskSpec, loans: Loans | None) -> None:
        if loans is not None:
            self._resident.take_back(spec, loans)

    def _notify(self, hook: Callable[[], None]) -> None:
        """Tell plugins; what one of them raises is said, and ends nothing."""
        try:
            hook()
        except AtomError as errors:
            log_each(errors)
