"""What a pipeline needs of the host."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from atom_core.plugins import PluginSet
from atom_core.records import Clip, Video
from atom_core.settings import Settings


class Runs(Protocol):
    """Runs tasks, reads videos, and tells what results depend on."""

    settings: Settings
    plugins: PluginSet

    def expect(self, tasks: Iterable[str]) -> None:
        """Be told which tasks will run."""

    def video(self, path: str | Path) -> Video:
        """The video at `path`."""

    def clips(self, video: Video) -> list[Clip]:
        """Its clips."""

    def run(self, task: str, item: Any, **settings: Any) -> Any:
        """The record that `task` makes of `item`."""

    def about(self, task: str, **settings: Any) -> dict[str, Any]:
        """Everything beside the record that could change what `task` makes of it."""

    def about_asked(self, asked: Iterable[str]) -> dict[str, object]:
        """What each thing that a task asked of its host depends on now."""
