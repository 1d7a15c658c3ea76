"""Which videos of a run on other machines are done, by their content: what a run that was cut off goes on from."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atom_core.executors.job import Job
from atom_core.executors.work import VideoDone
from atom_core.files.stamp import FileStamp
from atom_core.media.probe import video_store
from atom_core.pipeline.graph import Link
from atom_core.pipeline.journal import Journal
from atom_core.pipeline.record_json import converter, plain, structured
from atom_core.pipeline.run import StepResult
from atom_core.records import Video

_CONVERTER = converter()


class Notes:
    """What the journal has of videos whose every step succeeded.

    Files are not read for it: what a file is was noted when it was worked on, and holds while its size and times are as
    they were.
    """

    def __init__(self, job: Job, links: Sequence[Link]) -> None:
        host = job.host
        self._journal: Journal | None = job.journal if links else None
        if self._journal is None:
            return
        tasks = {link.step.name: host.plugins.load(host.plugins.task(link.step.task)) for link in links}
        self._kinds = {name: (task.consumes, task.produces) for name, task in tasks.items()}
        self._store = video_store(host.settings.cache)
        self._about = {
            "videos": [
                [link.step.name, link.source, link.step.texts, host.about(link.step.task, **link.step.settings)]
                for link in links
            ],
            "library": os.path.abspath(host.settings.library),
        }
        stores = not all(host.plugins.task(link.step.task).pure for link in links)
        self._held = host.library.videos().keys() if stores else None

    def found(self, place: Path) -> list[StepResult] | None:
        """The results for the video at `place`, where all of them are known; None where it is to be worked on."""
        if self._journal is None:
            return None
        try:
            video = self._store.get(place, FileStamp.of(os.stat(place)))
        except OSError:
            return None
        key = self._key(video) if video is not None else None
        kept = self._journal.done(key, dict) if key else None
        if video is None or kept is None:
            return None
        if self._held is not None and kept["stored"] and video.content_hash not in self._held:
            return None  # it was taken out of the library since
        try:
            return [self._result(place, row) for row in kept["results"]]
        except Exception:  # types of plugins, whatever they are
            return None

    def keep(self, done: VideoDone) -> None:
        """Note what became of a video, if every step succeeded, and what the file is."""
        if self._journal is None or done.video is None or any(result.error for result in done.results):
            return
        if not self._is_known(done, done.video):
            return
        if key := self._key(done.video):
            rows = [[result.step, plain(result.item), plain(result.value)] for result in done.results]
            self._journal.keep(key, {"results": rows, "stored": done.parcel is not None})

    def _is_known(self, done: VideoDone, video: Video) -> bool:
        """Note what the file is, if nothing can have changed it since it was worked on; whether that is so."""
        now_ns = time.time_ns()
        try:
            stat = os.stat(done.path)
        except OSError:
            return False
        stamp = FileStamp.of(stat)
        if (stat.st_size, stat.st_mtime_ns) != (done.size_bytes, done.mtime_ns) or not stamp.is_settled(now_ns):
            return False
        if video.track is None:
            self._store.put(done.path, stamp, video)
        return True

    def _key(self, video: Video) -> str | None:
        return self._journal.key(self._about, video) if self._journal is not None else None

    def _result(self, place: Path, row: Sequence[Any]) -> StepResult:
        step, item, value = row
        consumes, produces = self._kinds[step]
        return StepResult(
            step=step,
            path=place,
            item=structured(item, consumes, _CONVERTER),
            value=structured(value, produces, _CONVERTER),
            resumed=True,
        )
