"""The conformance suite: what every task promises, checked by subclassing `TaskConformance`.

::

    class TestCountPeople(TaskConformance):
        plugin, task = "count", "count-people"

        def items(self, host):
            return [clip for name in self.shows for clip in host.clips(host.video(name))]

Every check runs in milliseconds on fakes; with ``model = "tiny"`` one more runs the task on real files and the embedded
model. A failed check says what the task did, and what to do about it.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from atom_core.errors import AtomError, Cancelled, ModelError, PluginError, SettingsError, TaskError
from atom_core.plugins.discovery import HEAVY, discover
from atom_core.settings import evolve_one, field_docs, task_settings, type_hints
from atom_core.specs import TaskSpec, record_of
from atom_core.testing.world import Shows, WorldHost, fake_world, real_world, same

MEMORY_MARGIN_BYTES = 8 * 2**20
"""What a task may use beyond what it declared before the suite complains."""
LEAK_BYTES = 256 * 2**10
"""What may remain after many runs."""
_NUM_RUNS = 20


class TaskConformance:
    """Checks of one task. Subclass it, say which task, and give it items."""

    plugin: ClassVar[str]
    """Name of the entry point."""
    task: ClassVar[str]
    """Name of the task."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Other plugins whose tasks or library it asks the host for."""
    shows: ClassVar[Shows] = {"a.mp4": ("a red circle", "a blue square"), "b.mp4": ("a green star", "a red circle")}
    """The fake world: for each video, what its shots show."""
    answers: ClassVar[Any] = None
    """What the fake decoder says, see `FakeDecoder`."""
    modules: ClassVar[Mapping[str, object]] = {}
    """Stand-ins for shared modules that it asks for, by name; others are loaded."""
    settings: ClassVar[Mapping[str, Any]] = {}
    """Settings that the items need."""
    bad_settings: ClassVar[Mapping[str, Any]] = {}
    """Values that must be refused though they have the right type, by setting."""
    model: ClassVar[str | None] = None
    """A real model to run on too, for example ``tiny``."""

    def __init_subclass__(cls) -> None:
        """A check that a subclass replaces would check nothing, so that is refused."""
        for name in vars(cls):
            if name.startswith("test_") and hasattr(TaskConformance, name):
                raise TypeError(f"{cls.__name__}.{name} replaces a check of the suite: give it another name")

    def items(self, host: WorldHost) -> Sequence[Any]:
        """Two or more different records that the task takes, if it can from several videos of the world."""
        raise NotImplementedError(f"{type(self).__name__} must define items(self, host)")

    def bad_items(self, host: WorldHost) -> Sequence[object]:
        """Records of the right type that the task must refuse."""
        del host
        return ()

    def prepare(self, host: WorldHost) -> None:
        """Make ready what the items need, for example fill `host.library`."""

    @contextmanager
    def world(self, **arguments: Any) -> Iterator[WorldHost]:
        """The fake world, with the plugin under test loaded."""
        names = (self.plugin, *self.needs)
        about = {"shows": self.shows, "answers": self.answers, "modules": self.modules}
        try:
            with fake_world(*names, **about, **arguments) as host:
                self.prepare(host)
                host.world.watch.calls = host.world.watch.steps = host.world.watch.writes = 0
                yield host
        except PluginError as error:
            if "(blocked)" in str(error):
                error.add_note("the suite loads the plugin under test alone: name others that it asks in `needs`")
            raise

    def test_is_discovered(self) -> None:
        """The plugin is found through its entry point, loads without a fault and registers the task."""
        found = [candidate.info.name for candidate in discover()]
        _must(
            self.plugin in found,
            f"no entry point {self.plugin!r} in group 'atom' is installed: install the distribution;"
            f" found {', '.join(found) or 'none'}",
        )
        with self.world() as host:
            spec = host.plugins.task(self.task)
            _must(spec.plugin == self.plugin, f"task {self.task!r} belongs to plugin {spec.plugin!r}")

    def test_import_is_light(self) -> None:
        """Loading the plugin and importing the task's class loads no heavy module and prints nothing."""
        code = (
            "import json, sys\nfrom atom_core.plugins import load_plugins\nfrom atom_core.settings import Settings\n"
            f"plugins = load_plugins(Settings(load_plugins=({self.plugin!r},)))\n"
            f"plugins.load(plugins.task({self.task!r}))\nprint(json.dumps(sorted(sys.modules)))"
        )
        variables = {name: value for name, value in os.environ.items() if not name.startswith("ATOM_")}
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
        _must(done.returncode == 0, f"plugin {self.plugin!r} cannot be loaded alone:\n{done.stderr}")
        lines = done.stdout.splitlines()
        _must(len(lines) == 1, f"importing the task prints {lines[:-1]}: use the logging module")
        heavy = set(HEAVY) & set(json.loads(lines[-1]))
        _must(not heavy, f"importing the task imports {', '.join(heavy)}: import inside the functions that need it")

    def test_types_are_declared(self) -> None:
        """`consumes` and `produces` are records or tuples of one, and `run` takes an item and what can be lent."""
        with self.world() as host:
            kind, lendable = host.plugins.load(host.plugins.task(self.task)), host.plugins.lendable
        for side in ("consumes", "produces"):
            declared = getattr(kind, side, None)
            inner, _ = record_of(declared)
            _must(
                attrs.has(inner) and _is_frozen(inner),
                f"{side} is {declared!r}: make it a frozen attrs class, or tuple[that class, ...]",
            )
        parameters = list(inspect.signature(kind().run).parameters.values())
        _must(bool(parameters), "run takes nothing: its first argument is the item")
        for parameter in parameters[1:]:
            _must(
                parameter.name in lendable and parameter.kind is parameter.KEYWORD_ONLY,
                f"run takes {parameter}: after the item come keyword-only {', '.join(lendable)}, those that it needs",
            )

    def test_types_are_honoured(self) -> None:
        """Every item gives a record of the declared type, and what is no such item is refused."""
        with self.world() as host:
            items = self.items(host)
            _must(len(items) > 1, f"items gives {len(items)}: give two or more, so that leaks between them show")
            for item in items:
                host.run(self.task, item, **self.settings)
            with pytest.raises(TaskError, match="takes"):
                host.run(self.task, object(), **self.settings)

    def test_settings_have_defaults_and_texts(self) -> None:
        """`Settings` is a frozen attrs class whose every field has a default that fits and a text."""
        kind = self._settings_class()
        if kind is None:
            return
        _must(attrs.has(kind), "Settings is no attrs class: put @attrs.frozen(kw_only=True) above it")
        default = kind()
        _must(_is_frozen(kind), "Settings can be changed: use @attrs.frozen(kw_only=True)")
        for name, text in field_docs(kind).items():
            _must(bool(text), f"setting {name!r} has no text: write one in quotes under the field")
            value = getattr(default, name)
            if isinstance(value, (bool, int, float, str)):
                again = getattr(evolve_one(default, name, str(value), "test"), name)
                _must(again == value, f"setting {name!r} reads {str(value)!r} as {again!r}, its default is {value!r}")

    def test_bad_settings_are_refused(self) -> None:
        """Unknown names, numbers that are none and values out of range are refused, naming the setting."""
        kind = self._settings_class()
        if kind is None:
            return
        hints = type_hints(kind)
        bad: list[tuple[str, Any]] = [(name, "no number") for name, hint in hints.items() if hint in (int, float, bool)]
        bad += [("no_such_setting", 1), *self.bad_settings.items()]
        with self.world() as host:
            for name, value in bad:
                with pytest.raises(SettingsError, match=name):
                    task_settings(
                        kind, self.task, host.settings, {name: value}, environ={}, prompts=host.plugins.prompt_texts
                    )

    def test_errors_are_in_shape(self) -> None:
        """Bad items are refused in words, not with a crash."""
        with self.world() as host:
            for item in self.bad_items(host):
                try:
                    host.run(self.task, item, **self.settings)
                except AtomError as error:
                    cause = error.__cause__
                    _must(
                        cause is None or isinstance(cause, AtomError),
                        f"it crashes on {item!r}: {error}; raise an error of atom_core that says what to do",
                    )
                else:
                    _must(False, f"it takes {item!r} without an error")

    def test_errors_of_modules_arrive(self) -> None:
        """When a module fails, the task fails with that error or does without; it does not crash, and works again."""
        with self.world() as host:
            item = self._first(host)
            expected = host.run(self.task, item, **self.settings)
            for at in range(1, host.world.watch.calls + 1):
                host.world.watch.calls, host.world.watch.fail_at = 0, at
                try:
                    host.run(self.task, item, **self.settings)
                except AtomError as error:
                    _must(
                        isinstance(error, ModelError) or isinstance(error.__cause__, ModelError),
                        f"the model's error became {error!r}: let errors of atom_core pass",
                    )
                host.world.watch.fail_at = None
            again = host.run(self.task, item, **self.settings)
            _must(
                same(again, expected), "after a failure of the model it gives other results: keep no state in the task"
            )

    def test_cancelling_ends_it(self) -> None:
        """Once it is cancelled, it raises `Cancelled` at its next call of a module or `progress`, and nothing else."""
        with self.world() as host:
            item = self._first(host)
            host.run(self.task, item, **self.settings)
            steps = host.world.watch.steps
        for at in sorted({1, (steps + 1) // 2, steps}) if steps else ():
            with self.world() as host:
                item = self._first(host)
                host.world.watch.cancel_at = at
                cancelled = False
                try:
                    host.run(self.task, item, **self.settings)
                except Cancelled:
                    cancelled = True
            _must(cancelled, "it was cancelled and went on: let atom_core.Cancelled pass every except and every thread")

    def test_reuse_equals_cold(self) -> None:
        """Results do not depend on what ran before, on the order or on what runs beside."""
        cold = self._cold()
        with self.world() as host:
            items = list(self.items(host))
            for item, expected in zip(reversed(items), reversed(cold), strict=True):
                found = host.run(self.task, item, **self.settings)
                _must(same(found, expected), f"after other items it makes\n{found!r}, alone\n{expected!r}")
            again = host.run(self.task, items[0], **self.settings)
            _must(same(again, cold[0]), f"the second time it makes\n{again!r}, the first time\n{cold[0]!r}")
        with self.world(workers=4) as host:
            items = list(self.items(host)) * 3
            for outcome, expected in zip(host.map(self.task, items, **self.settings), cold * 3, strict=True):
                if outcome.error is not None:
                    raise outcome.error
                _must(same(outcome.value, expected), f"beside others it makes\n{outcome.value!r}, alone\n{expected!r}")

    def test_inputs_and_loans_are_left_alone(self) -> None:
        """Items are not changed; lent features are neither changed nor kept after the run."""
        with self.world() as host:
            items, untouched = self.items(host), self.items(host)
            for item, expected in zip(items, untouched, strict=True):
                host.run(self.task, item, **self.settings)
                _must(same(item, expected), f"it changed its item to {item!r}")
                gc.collect()
            kept = sum(loans.num_kept for loans in host.loans)
            _must(kept == 0, f"it keeps {kept} lent tensors after its run: keep features.array(), or only their key")

    def test_memory_is_as_declared(self) -> None:
        """Beside the modules it uses about what it declared at most, and running it often leaves nothing behind."""
        with self.world() as host:
            declared = host.plugins.task(self.task).memory_bytes
            items = self.items(host)
            for item in items:  # imports and caches
                host.run(self.task, item, **self.settings)
            used, left = self._memory_of_runs(host, items)
            if left > LEAK_BYTES:  # what is compiled or kept at a late first use is not left again
                left = self._memory_of_runs(host, items)[1]
        _must(
            used <= declared + MEMORY_MARGIN_BYTES,
            f"it used {used / 2**20:.1f} MiB and declared {declared / 2**20:.1f} MiB:"
            " register it with memory_bytes=...",
        )
        _must(
            left <= LEAK_BYTES,
            f"{_NUM_RUNS} runs left {left / 2**10:.0f} KiB behind: keep nothing in the task or its module",
        )

    def _memory_of_runs(self, host: WorldHost, items: Sequence[object]) -> tuple[int, int]:
        """What `_NUM_RUNS` runs used at most, and what they left behind; bytes that Python knows of."""
        gc.collect()
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for number in range(_NUM_RUNS):
                host.run(self.task, items[number % len(items)], **self.settings)
            _, peak = tracemalloc.get_traced_memory()
            host.loans.clear()
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return peak - before, after - before

    def test_prints_nothing(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Standard output is for results of commands."""
        with self.world() as host:
            host.run(self.task, self.items(host)[0], **self.settings)
        printed = capfd.readouterr().out
        _must(not printed, f"it prints {printed[:80]!r}: use the logging module")

    def test_purity_is_honest(self) -> None:
        """A task registered as pure writes nothing into the library, so that a kept result can stand for a run."""
        with self.world() as host:
            spec = host.plugins.task(self.task)
            for item in self.items(host):
                host.run(self.task, item, **self.settings)
            writes = host.world.watch.writes
        _must(not (spec.pure and writes), "it writes into the library: register it with pure=False")

    def test_with_a_real_model(self, tmp_path: Path) -> None:
        """On real files and a real model: results of the declared type, the same when everything is reused."""
        if self.model is None:
            pytest.skip("the suite names no model")
        results: list[list[Any]] = []
        for _ in range(2):
            names = (self.plugin, *self.needs, *_plugins_of_model(self.model))
            with real_world(*names, shows=self.shows, model=self.model, folder=tmp_path) as host:
                self.prepare(host)
                results.append([host.run(self.task, item, **self.settings) for item in self.items(host)])
                ledger = host.ledger.as_dict()
        _must(same(results[0], results[1]), f"with reuse it makes\n{results[1]!r}, cold\n{results[0]!r}")
        computed = ledger["encoder_clips"]["computed"]
        _must(computed == 0, f"the second process encoded {computed} clips again")

    def _first(self, host: WorldHost) -> object:
        """The first item; making it counts as no work."""
        item = self.items(host)[0]
        host.world.watch.calls = host.world.watch.steps = 0
        return item

    def _cold(self) -> list[object]:
        """The result of each item in a world of its own."""
        results = []
        with self.world() as host:
            count = len(self.items(host))
        for number in range(count):
            with self.world() as host:
                results.append(host.run(self.task, self.items(host)[number], **self.settings))
        return results

    def _settings_class(self) -> Any:
        with self.world() as host:
            spec: TaskSpec = host.plugins.task(self.task)
            kind: Any = getattr(host.plugins.load(spec), "Settings", None)
        return kind


def _plugins_of_model(model: str) -> tuple[str, ...]:
    """The plugins that may offer a model of this name."""
    return tuple(candidate.info.name for candidate in discover() if candidate.info.name == model)


def _is_frozen(kind: object) -> bool:
    return "frozen" in kind.__setattr__.__qualname__


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
