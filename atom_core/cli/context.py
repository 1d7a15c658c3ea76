"""What a command is lent."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from attrs import evolve

from atom_core.cli.bar import Bar
from atom_core.cli.console import Console, describe
from atom_core.errors import AtomError, LibraryError, MediaError, ModelError, ModuleError, SettingsError
from atom_core.files import write_whole
from atom_core.plugins import PluginSet
from atom_core.settings import Settings
from atom_core.text.printable import printable

if TYPE_CHECKING:
    from atom_core.host import Host
    from atom_core.records import Video

_TABLE = Path("-")
"""What ``--stats`` is given to show a table."""
_KEYS = {"--stats": ("encoder_clips", "prefill_tokens", "lanes"), "--trace": ("traceEvents",)}
"""The keys by which ledgers of earlier runs are known: those are replaced, other files are not."""


def _open_host(settings: Settings, plugins: PluginSet) -> Host:
    from atom_core.host import open_host

    return open_host(settings, plugins=plugins)


class Context:
    """Follows `atom_core.hookspecs.CommandContext`; used as a context manager, it closes the host at the end."""

    def __init__(
        self,
        *,
        args: argparse.Namespace,
        settings: Settings,
        sources: Mapping[str, str],
        plugins: PluginSet,
        console: Console,
        tasks: Sequence[str] = (),
        open_host: Callable[[Settings, PluginSet], Host] | None = None,
    ) -> None:
        """
        :param tasks: tasks that the command declares; empty if it declares none
        :param open_host: opens the host, when the command asks for it
        """
        self._open_host = open_host or _open_host
        self.args, self.settings, self.sources, self.plugins = args, settings, sources, plugins
        self.console = console
        self.failed = False
        self._tasks = tuple(tasks)
        self._host: Host | None = None
        self._stats: Path | None = args.stats
        self._trace: Path | None = args.trace
        for option, file in (("--stats", self._stats), ("--trace", self._trace)):
            if file == _TABLE and option == "--stats":
                continue
            if file is not None and not file.absolute().parent.is_dir():
                raise SettingsError(f"{option} {file}: the folder {file.absolute().parent} does not exist; create it")
            if file is not None and not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
                raise SettingsError(f"{option} {file}: no permission to write there; name another file")
            if file is not None:
                self._check_place(option, file)

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._write_ledger()
        finally:
            if self._host is not None:
                self._host.close()

    def host(self) -> Host:
        """The open host; opened on first call, closed by the program."""
        if self._host is None:
            self._host = self._open_host(self.settings, self.plugins)
            if self._tasks:
                self._host.expect(self._tasks)
        return self._host

    def videos(self, paths: Sequence[str]) -> list[Video]:
        """The videos at `paths`, each once; folders are searched. Their paths are as the user wrote them.

        Unreadable ones are reported and left out, damaged ones are told with what of them is used.
        """
        from atom_core.media.probe import find_videos

        files, unusable = find_videos(paths)
        for path, error in unusable:
            self.fail(str(path), error)
        videos = []
        with self.progress("Reading videos", len(files)) as progress:
            for file in files:
                try:
                    videos.append(evolve(self.host().video(file), path=file))
                except MediaError as error:
                    self.fail(str(file), error)
                else:
                    self.tell_fault(videos[-1])
                progress.advance()
        return videos

    def tell_fault(self, video: Video) -> None:
        """A remark, where only part of a file can be used."""
        if video.fault:
            self.note(f"'{video.path}' {video.fault}")

    def emit(self, value: object, text: str) -> None:
        """One result: `value` joins the JSON list under ``--json``, else `text` is printed."""
        self.console.emit(value, text)

    def note(self, text: str) -> None:
        """A remark on standard error, silenced by ``-q``."""
        self.console.note(text)

    def fail(self, what: str, error: BaseException | str) -> None:
        """One input failed: named on standard error, the exit code becomes 1, the work goes on.

        A setting, model or library with which no input can succeed is a mistake in the command, and raised.

        :param what: the input, as the user wrote it; the message of an error about the file of that name names it
            already. Empty where `error` says what it is about.
        """
        if self._concerns_all(error):
            raise error
        self.failed = True
        text = describe(error)
        about = error.path if isinstance(error, MediaError) else None
        if what and about is not None and os.path.abspath(about) == os.path.abspath(what):
            text = text.replace(str(about), what) if about.is_absolute() else text  # as the user wrote it
        elif what:
            text = f"{printable(what)}: {text}"
        self.console.error(text, error if isinstance(error, BaseException) else None)

    def progress(self, label: str, total: int) -> Bar:
        """A progress bar on standard error, only on a terminal and only past a second."""
        return self.console.progress(label, total)

    def _check_place(self, option: str, file: Path) -> None:
        """Refuse a file of others.

        :raises SettingsError: if something stands there that is no ledger of Atom's
        """
        try:
            self._check_ledger(option, file)
        except OSError as error:
            raise SettingsError(f"{option} {file}: {error.strerror}; name another file, or move that one") from None

    def _check_ledger(self, option: str, file: Path) -> None:
        from atom_core.files.outputs import Outputs

        Outputs(self.settings.cache).check(file, keys=_KEYS[option])

    def _concerns_all(self, error: BaseException | str) -> TypeGuard[AtomError]:
        if isinstance(error, ModuleError):  # of one task's
            return False
        if isinstance(error, ModelError) and self._host is not None:
            return bool(self._host.ledger.as_dict()["loads"]["computed"] == 0)
        return isinstance(error, (SettingsError, LibraryError))

    def _write_ledger(self) -> None:
        """What ``--stats`` and ``--trace`` ask for."""
        from atom_core.ledger import Ledger

        ledger = Ledger() if self._host is None else self._host.ledger
        if self._stats == _TABLE:
            self.console.note(f"what was computed\n{ledger.table()}", lines=True)
        elif self._stats is not None:
            try:
                self._check_ledger("--stats", self._stats)
                write_whole(self._stats, json.dumps(ledger.as_dict(), indent=2) + "\n")
            except OSError as error:
                self.fail(str(self._stats), f"cannot be written: {error.strerror}; name another file with --stats")
        if self._trace is not None:
            try:
                self._check_ledger("--trace", self._trace)
                ledger.write_trace(self._trace)
            except OSError as error:
                self.fail(str(self._trace), f"cannot be written: {error.strerror}; name another file with --trace")
