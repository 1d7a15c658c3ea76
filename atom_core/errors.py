"""One exception tree. Every message says what, which, got and expected, and the next step.

::

    AtomError                 anything Atom raises on purpose
    +-- SettingsError         a setting or argument is unknown or out of range
    +-- MediaError            a file cannot be read, decoded or written              .path
    +-- PluginError           a plugin cannot be loaded, or broke its contract       .plugin, .errors
    |   +-- TaskError         a task raised, timed out or returned the wrong type    .task
    +-- ModelError            a model cannot be found, split, quantised or fitted in memory    .source
    |   +-- ModuleError       a module that a plugin shares cannot be loaded                   .module, .plugin
    +-- LibraryError          the library cannot be opened, or was made with another model     .path
    +-- Cancelled             the work was cancelled before it finished

The message is for the user; code that needs to know what an error is about asks its fields, which are None where
whoever raised it did not say. A message names what its field holds, so nobody has to name it again.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence


class AtomError(Exception):
    """Base of every error that Atom raises on purpose; its text is meant for the user."""


class SettingsError(AtomError):
    """A setting or argument is unknown, of the wrong type or out of range."""


class MediaError(AtomError):
    """A media file cannot be read, decoded or written."""

    path: pathlib.Path | None
    """The file, as the message names it."""

    def __init__(self, *message: object, path: str | os.PathLike[str] | None = None) -> None:
        super().__init__(*message)
        self.path = None if path is None else pathlib.Path(path)


class PluginError(AtomError):
    """A plugin cannot be loaded, or broke its contract; the message names it."""

    plugin: str | None
    """The name of the plugin."""
    errors: tuple[AtomError, ...]
    """What each plugin raised where several did, a line of the message each; else empty."""

    def __init__(self, *message: object, plugin: str | None = None, errors: Sequence[AtomError] = ()) -> None:
        super().__init__(*message)
        self.plugin, self.errors = plugin, tuple(errors)


class TaskError(PluginError):
    """A task raised, ran past its time limit or returned the wrong type."""

    task: str | None
    """The name of the task."""

    def __init__(self, *message: object, task: str | None = None, plugin: str | None = None) -> None:
        super().__init__(*message, plugin=plugin)
        self.task = task


class ModelError(AtomError):
    """A model cannot be found, loaded, split, quantised or fitted into memory."""

    source: str | None
    """The model, as the user named it."""

    def __init__(self, *message: object, source: str | None = None) -> None:
        super().__init__(*message)
        self.source = source


class ModuleError(ModelError):
    """A module that a plugin shares cannot be loaded or fitted into memory; what does without it goes on."""

    module: str | None
    """The name of the module."""
    plugin: str | None
    """The plugin that shares it."""

    def __init__(self, *message: object, module: str | None = None, plugin: str | None = None) -> None:
        super().__init__(*message)
        self.module, self.plugin = module, plugin


class LibraryError(AtomError):
    """The library cannot be opened or written, or was made with another model."""

    path: pathlib.Path | None
    """The folder of the library."""

    def __init__(self, *message: object, path: str | os.PathLike[str] | None = None) -> None:
        super().__init__(*message)
        self.path = None if path is None else pathlib.Path(path)


class Cancelled(AtomError):
    """The work was cancelled before it finished."""
