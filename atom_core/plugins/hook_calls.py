"""The hooks, each as a method: what a plugin raises arrives as an error that names it, a wrong result likewise."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pluggy

from atom_core import hookspecs
from atom_core.errors import AtomError, PluginError
from atom_core.plugins.contracts import clips_fault, kind_fault, modules_fault
from atom_core.plugins.hook_wrappers import Fits, late_errors, wanted
from atom_core.protocols import Decoder, Encoder, Library, ModelBackend, TaskEvent
from atom_core.settings import Settings
from atom_core.specs import FamilySpec

if TYPE_CHECKING:
    from atom_core.ledger import Ledger
    from atom_core.records import Clip, Video


class HookCalls:
    """Calls the hooks of plugins. *Do* hooks give None where no plugin has a result."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("atom")
        self._manager.add_hookspecs(hookspecs)

    @property
    def hook(self) -> pluggy.HookRelay:
        """The hooks, to be called by name. What a plugin raises arrives as a `PluginError` that names it."""
        return self._manager.hook

    def load_modules(
        self,
        source: str,
        settings: Settings,
        ledger: Ledger,
        families: Mapping[str, FamilySpec],
        tasks_bytes: Mapping[str, int],
    ) -> ModelBackend | None:
        """`atom_load_modules`"""
        given = {"source": source, "settings": settings, "ledger": ledger}
        modules: ModelBackend | None = self.first(
            "atom_load_modules", modules_fault, families=families, tasks_bytes=tasks_bytes, **given
        )
        return modules

    def identify_model(self, source: str, settings: Settings) -> str | None:
        """`atom_identify_model`"""
        model: str | None = self.first(
            "atom_identify_model", partial(kind_fault, str), source=source, settings=settings
        )
        return model

    def segment_video(self, video: Video, settings: Settings) -> list[Clip] | None:
        """`atom_segment_video`"""
        clips: list[Clip] | None = self.first(
            "atom_segment_video", partial(clips_fault, video), video=video, settings=settings
        )
        return clips

    def open_library(self, settings: Settings, model: str) -> Library | None:
        """`atom_open_library`"""
        library: Library | None = self.first(
            "atom_open_library", partial(kind_fault, Library), settings=settings, model=model
        )
        return library

    def modules_ready(self, encoder: Encoder, decoder: Decoder, settings: Settings) -> None:
        """`atom_modules_ready`"""
        self.call("atom_modules_ready", encoder=encoder, decoder=decoder, settings=settings)

    def before_task(self, event: TaskEvent) -> None:
        """`atom_before_task`"""
        self.call("atom_before_task", event=event)

    def after_task(self, event: TaskEvent) -> None:
        """`atom_after_task`"""
        self.call("atom_after_task", event=event)

    def before_close(self, host: object) -> None:
        """`atom_before_close`"""
        self.call("atom_before_close", host=host)

    def call(self, hook_name: str, **arguments: object) -> Any:
        """The result of a hook. Of a *notify* hook every plugin is called, even where an earlier one raised.

        :raises PluginError: naming each plugin that raised
        """
        errors: list[AtomError] = []
        token = late_errors.set(errors)
        try:
            result = getattr(self.hook, hook_name)(**arguments)
        finally:
            late_errors.reset(token)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise PluginError("\n".join(str(error) for error in errors), errors=errors) from errors[0]
        return result

    def first(self, hook_name: str, fits: Fits, **arguments: object) -> Any:
        """The result of a *do* hook; each plugin's is looked at by `fits` before it counts.

        :raises PluginError: naming the plugin that raised, or whose result does not fit
        """
        token = wanted.set((hook_name, fits))
        try:
            return self.call(hook_name, **arguments)
        finally:
            wanted.reset(token)
