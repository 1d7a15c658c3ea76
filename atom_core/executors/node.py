"""One host on a machine that others send videos to."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve

from atom_core.errors import AtomError, LibraryError, MediaError, SettingsError, TaskError
from atom_core.executors.work import VideoDone, Work, content_of, versions
from atom_core.exhausted import exhausted
from atom_core.files.owner import whose
from atom_core.host import open_host
from atom_core.ledger import COUNTS, Ledger
from atom_core.pipeline.run import StepResult, run_pipeline
from atom_core.plugins.discovery import one_line
from atom_core.protocols import CarriedLibrary
from atom_core.records import Video

_PREFIX = "atom-node-"
"""How the folders of nodes begin, before the number of the process."""
_COLUMNS = ("requested", "computed", "reused")


class Node:
    """Works on videos; `do` may be called from several threads, which share one host.

    What steps put into the library goes into one of this node's own, in a temporary folder, and is handed back with
    each video.
    """

    def __init__(self, work: Work) -> None:
        """
        :raises SettingsError: if this machine cannot do what is asked, saying why
        :raises AtomError: if the host cannot be opened
        """
        os.environ.update(work.variables)
        for root in work.roots:
            if not root.exists():
                raise SettingsError(f"'{root}' is not there; have the footage in the same place on every machine")
        self._work, self._remarks = work, _Remarks()
        _sweep(Path(tempfile.gettempdir()))
        self._folder = TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True)
        self._library = Path(self._folder.name) / "library"
        self._lock = threading.Lock()
        self._reported = {name: dict.fromkeys(_COLUMNS, 0) for name in COUNTS}
        self._host = open_host(evolve(work.settings, library=self._library, server=False))
        try:
            self._check()
        except BaseException:
            self.close()
            raise
        logging.getLogger("atom").addHandler(self._remarks)

    def _check(self) -> None:
        own = versions(self._host.plugins)
        for name, wanted in self._work.versions.items():
            if own.get(name) != wanted:
                has = f"has {name} {own[name]}" if name in own else f"has no {name}"
                raise SettingsError(f"it {has}, the run is of {name} {wanted}; install the same there")
        if self._work.model and content_of(self._host.model) != self._work.model:
            raise SettingsError(
                f"its model {self._work.settings.model} is {self._host.model}, that of the run is {self._work.model};"
                " have the same files there"
            )

    def do(self, path: Path) -> bytes:
        """What becomes of the video at `path`, as `VideoDone.dumps`. Raises nothing: a failure is a value."""
        try:
            done = self._done(path)
        except Exception as error:
            known = error if isinstance(error, AtomError) else TaskError(exhausted(error) or one_line(error))
            done = VideoDone.failed(path, known)
        return evolve(done, counts=self._counts(), remarks=self._remarks.taken()).dumps()

    def _done(self, path: Path) -> VideoDone:
        results = tuple(run_pipeline(self._work.pipeline, self._host, [path]))
        try:
            video, stat = self._host.video(path), path.stat()
        except (MediaError, OSError) as error:
            if not any(result.error for result in results):
                failed = MediaError(f"'{path}' cannot be read any more: {one_line(error)}", path=path)
                results = (*results, StepResult(step="open", path=path, item=path, error=failed))
            return VideoDone(path=path, results=results)
        parcel = self._parcel(video)
        return VideoDone(
            path=path,
            results=results,
            video=video,
            size_bytes=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            parcel=parcel,
        )

    def _parcel(self, video: Video) -> object:
        """What this node's library has of a video, which it has no more after that."""
        if not self._library.exists():
            return None
        library = self._host.library
        if not isinstance(library, CarriedLibrary):
            raise LibraryError(
                f"libraries of {type(library).__name__} cannot be carried to another machine; run without --on"
            )
        parcel = library.give([video.content_hash])
        library.remove(video.content_hash)
        return parcel

    def _counts(self) -> dict[str, Mapping[str, int]]:
        """What was counted since this was last asked."""
        with self._lock:
            now = counts_of(self._host.ledger)
            before, self._reported = self._reported, now
        changed = {name: {key: now[name][key] - before[name][key] for key in _COLUMNS} for name in COUNTS}
        return {name: counts for name, counts in changed.items() if any(counts.values())}

    def close(self) -> None:
        """Close the host, and remove what is temporary."""
        logging.getLogger("atom").removeHandler(self._remarks)
        self._host.close()
        self._folder.cleanup()


def _sweep(folder: Path) -> None:
    """Remove what nodes left that were killed."""
    for left in folder.glob(f"{_PREFIX}*-*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        try:
            if pid.isdigit() and not whose(left):
                os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except OSError:  # it is gone, or runs as another user
            continue


def counts_of(ledger: Ledger) -> dict[str, dict[str, int]]:
    """What a ledger has counted so far."""
    counted = ledger.as_dict()
    return {name: dict(counted[name]) for name in COUNTS}


class _Remarks(logging.Handler):
    """Keeps what is logged, to be told where the user is."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one remark."""
        self._kept.append(record.getMessage())

    def taken(self) -> tuple[str, ...]:
        """What was kept since this was last asked."""
        self.acquire()
        try:
            kept, self._kept = tuple(dict.fromkeys(self._kept)), []
            return kept
        finally:
            self.release()
