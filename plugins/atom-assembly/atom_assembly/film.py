"""The task ``film``: a timeline rendered to a file."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import instance_of, optional

import atom_core as atom


@frozen(kw_only=True)
class Replacement:
    """A program's permission to replace whatever file stands at a path; no text of a settings file is one."""

    path: str
    """The only path that it is for."""


class RenderFilm:
    """A timeline rendered to a playable file, with sound where there is any."""

    consumes = atom.Timeline
    produces = atom.Film

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``film``."""

        path: str = ""
        """The file to write; another that is there is replaced only if it is a film that Atom rendered."""
        sound: str = ""
        """Which of a source's sound tracks to take: its number, from 1, or its language as the file states it."""
        replacement: Replacement | None = field(default=None, validator=optional(instance_of(Replacement)))
        """Permission to replace another file, which only a program can give."""

    def run(self, timeline: atom.Timeline, *, settings: RenderFilm.Settings, progress: atom.Tell) -> atom.Film:
        """The film of `timeline`; progress is counted in frames.

        :raises SettingsError: if no path is given
        :raises MediaError: if a source is gone or has changed, the file cannot be written, or would replace footage
        """
        if not settings.path:
            raise atom.SettingsError("task 'film' needs a file to write; give it as path=...")
        from atom_core.media.render import render

        overwrite = settings.replacement is not None and settings.replacement.path == settings.path
        return render(timeline, settings.path, sound=settings.sound, overwrite=overwrite, progress=progress)
