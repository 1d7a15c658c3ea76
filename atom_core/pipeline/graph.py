"""A pipeline: a graph of tasks, read from TOML or made in Python, checked before any weight is read.

.. code-block:: toml

    [[steps]]
    task = "caption"                # takes clips: those of each video

    [[steps]]
    task = "index"                  # takes captions: those of the step above

    [[steps]]
    task = "answer"                 # takes questions: each text, asked of each video
    texts = ["What happens first?"]

    [[steps]]
    task = "assemble"               # takes a request: each text, once, when the steps before are done
    texts = ["First a dog, then a rocket."]
    settings = { max_cut_s = 3.0 }
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import field, fields_dict, frozen

from atom_core.errors import PluginError, SettingsError
from atom_core.plugins import PluginSet
from atom_core.plugins.task_settings import NoSettings
from atom_core.records import Clip, Query, Question, Request, Video
from atom_core.settings import Settings, suggest, task_settings
from atom_core.settings.toml import read_toml
from atom_core.specs import record_of

PER_VIDEO: tuple[type, ...] = (Video, Clip, Question)
"""What steps can take from the videos themselves."""
PER_RUN: tuple[type, ...] = (Query, Request)
"""What steps can take once for a whole run."""
_TEXTS = (Question, Query, Request)


@frozen(kw_only=True)
class Step:
    """One task in a pipeline."""

    task: str
    """The task's name."""
    name: str = field()
    """How other steps call it; the task's name unless given."""
    source: str | None = None
    """The step whose records it takes; by default the nearest one before that makes what it takes."""
    after: tuple[str, ...] | None = None
    """The steps that must be done with all videos before this one, if it runs once; by default all before it."""
    texts: tuple[str, ...] = ()
    """What is asked, searched or requested, for tasks that take questions, queries or requests."""
    settings: Mapping[str, Any] = field(factory=dict)
    """The task's settings."""

    @name.default
    def _task_name(self) -> str:
        return self.task


@frozen(kw_only=True)
class Link:
    """A step with everything about it found out."""

    step: Step
    """The step."""
    consumes: type
    """The record it takes; for a gathering step the record it gathers."""
    gathers: bool
    """Whether it takes all records of a video at once, as a tuple."""
    spreads: bool
    """Whether what it makes is a tuple of records, handed on one by one."""
    source: str | None
    """The step whose records it takes; None takes them from the videos or the texts."""
    after: tuple[str, ...]
    """The steps that must be done with all videos first."""

    @property
    def is_once(self) -> bool:
        """Whether it runs once for a whole run, if it takes from no other step."""
        return self.consumes in PER_RUN


@frozen(kw_only=True)
class Pipeline:
    """A graph of tasks."""

    steps: tuple[Step, ...]
    """The steps in the order in which they are written; each takes from one before it."""

    @classmethod
    def load(cls, path: Path) -> Pipeline:
        """Read a pipeline from a TOML file.

        :raises SettingsError: if it cannot be read, or has a key that no step has
        """
        try:
            data = read_toml(path)[1]
        except FileNotFoundError:
            raise SettingsError(f"pipeline {path} does not exist; write one, or name another") from None
        except OSError as error:
            raise SettingsError(f"pipeline {path} cannot be read: {error.strerror}; name a TOML file") from None
        except ValueError as error:
            raise SettingsError(f"pipeline {path} cannot be read: {error}; name a TOML file, or correct it") from None
        rows = data.pop("steps", None)
        if data or not isinstance(rows, list) or not rows:
            odd = f"unknown key {next(iter(data))!r}" if data else "no steps"
            raise SettingsError(f"pipeline {path} has {odd}; write one or more [[steps]] tables and nothing else")
        return cls(steps=tuple(_step(row, f"{path}: step {number}") for number, row in enumerate(rows, 1)))

    def check(self, plugins: PluginSet) -> tuple[Link, ...]:
        """Find out what flows where. Imports the tasks' classes, reads no weight.

        :raises PluginError: for a missing task
        :raises SettingsError: for steps that do not fit together, bad settings or missing texts
        """
        links: dict[str, Link] = {}
        makes: dict[str, tuple[type, bool]] = {}
        for step in self.steps:
            if step.name in links:
                raise SettingsError(f"two steps are called {step.name!r}; give one a name of its own")
            task = plugins.load(plugins.task(step.task))
            _check_settings(step, task, plugins)
            consumes, gathers = _record(step, "takes", task.consumes)
            source = _source(step, consumes, links, makes, self.steps)
            if source is None and consumes in _TEXTS and not step.texts:
                raise SettingsError(f'step {step.name!r} takes {consumes.__name__}s; give it some: texts = ["..."]')
            if step.texts and (source is not None or consumes not in _TEXTS):
                raise SettingsError(f"step {step.name!r} takes no texts; drop them")
            if not all(text.strip() for text in step.texts):
                raise SettingsError(f"step {step.name!r} has an empty text; write something there, or drop it")
            once = source is None and consumes in PER_RUN
            after = _after(step, once, links)
            made, spreads = _record(step, "makes", task.produces)
            links[step.name] = Link(
                step=step, consumes=consumes, gathers=gathers, spreads=spreads, source=source, after=after
            )
            makes[step.name] = (made, spreads)
        return tuple(links.values())


def _step(row: Any, place: str) -> Step:
    if not isinstance(row, dict) or not isinstance(row.get("task"), str):
        raise SettingsError(f'{place} names no task; write task = "caption" or another, see `atom plugins`')
    known = fields_dict(Step)
    for key in row:
        if key not in known:
            raise SettingsError(f"{place} has no key {key!r}{suggest(key, known)}; keys are {', '.join(known)}")
    row = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    for key in ("texts", "after"):
        texts = row.get(key, ())
        if not isinstance(texts, tuple) or not all(isinstance(text, str) for text in texts):
            raise SettingsError(f"{place}: {key} must be a list of texts")
    for key in ("name", "source"):
        if not isinstance(row.get(key, "-"), str) or not row.get(key, "-"):
            raise SettingsError(f"{place}: {key} must be a text; write the name of a step")
    if not isinstance(row.get("settings", {}), dict):
        raise SettingsError(f"{place}: settings must be a table")
    return Step(**row)


def _record(step: Step, verb: str, declared: object) -> tuple[type[object], bool]:
    """The record type, and whether it comes as a tuple of them."""
    kind, several = record_of(declared)
    if not attrs.has(kind):
        name = declared.__name__ if isinstance(declared, type) else declared
        raise PluginError(
            f"task {step.task!r} {verb} {name}, which no pipeline can hand on;"
            " mend its plugin: records are frozen attrs classes, or tuple[such a class, ...]"
        )
    return kind, several


def _source(
    step: Step,
    consumes: type,
    links: dict[str, Link],
    makes: dict[str, tuple[type, bool]],
    steps: Sequence[Step],
) -> str | None:
    if step.source is not None:
        if step.source not in links:
            later = any(other.name == step.source for other in steps)
            why = "comes later, which would be a cycle; put it before" if later else "does not exist"
            raise SettingsError(
                f"step {step.name!r} takes from {step.source!r}, which {why}{suggest(step.source, links)}"
            )
        made = makes[step.source][0]
        if not issubclass(made, consumes):
            raise SettingsError(
                f"step {step.name!r} takes {consumes.__name__}, but {step.source!r} makes {made.__name__};"
                " take from another step"
            )
        return step.source
    for name in reversed(links):
        if issubclass(makes[name][0], consumes):
            return name
    if consumes in PER_VIDEO or consumes in PER_RUN:
        return None
    made_here = ", ".join(f"{name} makes {made.__name__}" for name, (made, _) in makes.items()) or "nothing is made"
    raise SettingsError(
        f"step {step.name!r} takes {consumes.__name__}, which no step before it makes ({made_here});"
        " add the step that does before it"
    )


def _after(step: Step, once: bool, links: Mapping[str, Link]) -> tuple[str, ...]:
    if step.after is None:
        return tuple(links) if once else ()
    if not once:
        raise SettingsError(f"step {step.name!r} runs for each record it is given; `after` is for steps that run once")
    for name in step.after:
        if name not in links:
            raise SettingsError(f"step {step.name!r} comes after {name!r}, which is no step before it")
    return step.after


def _check_settings(step: Step, task: object, plugins: PluginSet) -> None:
    kind = getattr(task, "Settings", NoSettings)
    texts = plugins.prompt_texts
    task_settings(kind, step.task, Settings(), step.settings, environ={}, prompts=texts, label=f"step {step.name!r}")
