"""The task ``film``: a timeline rendered to a file."""

from __future__ import annotations

from typing import Any

from attrs import frozen

import atom_core as atom


class RenderFilm:
    """A timeline rendered to a playable file, with sound where there is any."""

    consumes = atom.Timeline
    produces = atom.Film

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``film``."""

        path: str = ""
        """The file to write."""
        progress: Any = None
        """Called with how many frames are written, and how many there will be."""

    def run(self, timeline: atom.Timeline, *, settings: RenderFilm.Settings) -> atom.Film:
        """The film of `timeline`.

        :raises SettingsError: if no path is given
        :raises MediaError: if a source is gone or has changed, or the file cannot be written
        """
        if not settings.path:
            raise atom.SettingsError("task 'film' needs a file to write; give it as path=...")
        from atom_core.media.render import render

        return render(timeline, settings.path, progress=settings.progress)
