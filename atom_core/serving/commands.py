"""Commands of other processes of the same user, run here with the host that is open: see `atom_core.cli.client`."""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import io
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from contextvars import Token, copy_context
from pathlib import Path
from typing import Any, TextIO

import atom_core
from atom_core.call_context import Caller, Cancel, caller
from atom_core.cli import client
from atom_core.cli.console import Console
from atom_core.cli.main import execute
from atom_core.cli.session import Session
from atom_core.errors import Cancelled, SettingsError
from atom_core.files import private_folder
from atom_core.host import Host
from atom_core.host.guest import GuestHost, differing
from atom_core.plugins import PluginSet
from atom_core.serving.streams import Streams, current, per_command
from atom_core.serving.usage import Usage
from atom_core.settings import Settings
from atom_core.specs import CommandSpec

MOST = 64
"""Commands that run at once; more wait."""
_REQUEST_S = 10.0
_CLONE_FS = 0x200
"""Linux's flag for a thread that no longer shares its current folder and umask with the others."""
LOCK = "lock"


class Declined(BaseException):
    """The command is not one for this server; nothing of it was done yet."""


class CommandServer:
    """Runs commands of other processes of the same user, each in a thread with its own folder, umask and streams."""

    def __init__(
        self,
        host: Host,
        *,
        usage: Usage,
        about: Callable[[], dict[str, Any]],
        stop: Callable[[], None],
        like: Mapping[str, Any] | None = None,
    ) -> None:
        """
        :param host: the open host, which commands are lent; its settings are `settled`
        :param usage: told while commands use the host
        :param about: what to say of the server, as JSON values
        :param stop: ends the server
        :param like: what other processes must have in common with it; what this process is, if not given
        """
        self._host, self._usage, self._about, self._stop = host, usage, about, stop
        self._started_s = time.time()
        self._like = client.likeness() if like is None else dict(like)
        self._room = threading.BoundedSemaphore(MOST)
        self._open: dict[socket.socket, Cancel] = {}
        self._ended = False
        self.num_served = 0
        """Commands that it has run."""

    @property
    def num_open(self) -> int:
        """Commands that run now."""
        return len(self._open)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take commands inside; those that still run at the end are cancelled.

        :raises SettingsError: if another server of the user runs already, or there can be none
        """
        with ExitStack() as stack:
            listener = stack.enter_context(_listening())
            stack.enter_context(per_command())
            threading.Thread(target=self._accept, args=(listener,), name="commands", daemon=True).start()
            try:
                yield
            finally:
                self._ended = True
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                for cancel in list(self._open.values()):
                    cancel.set()
                end_s = time.monotonic() + 5
                while self._open and time.monotonic() < end_s:
                    time.sleep(0.02)

    def _accept(self, listener: socket.socket) -> None:
        while not self._ended:
            try:
                connection, _ = listener.accept()
            except OSError:
                if self._ended:
                    return
                time.sleep(0.1)  # no more files to be had
                continue
            threading.Thread(target=self._serve, args=(connection,), name="command", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        files: list[int] = []
        with connection, suppress(OSError, client.Gone, ValueError, KeyError, TypeError):
            _check_peer(connection)
            connection.settimeout(_REQUEST_S)
            client.send(connection, {"atom": client.PROTOCOL})
            try:
                request, files = _received(connection)
                if "run" not in request:
                    self._tell(connection, request)
                    return
                self._check(request)
                with self._room, self._usage.using():
                    self._run(connection, request, files)
            except Declined as why:
                client.send(connection, {"declined": str(why)})
            finally:
                for number in files:
                    with suppress(OSError):
                        os.close(number)

    def _tell(self, connection: socket.socket, request: Mapping[str, Any]) -> None:
        client.send(connection, self._about())
        if request.get("ask") == "stop":
            self._stop()

    def _check(self, request: Mapping[str, Any]) -> None:
        """
        :raises Declined: if the other process is another version, finds other plugins, or code changed since the start
        """
        if request["version"] != atom_core.__version__:
            raise Declined("it is another version")
        if request["like"] != self._like:
            differ = [name for name, value in self._like.items() if request["like"].get(name) != value]
            raise Declined(f"it differs in {', '.join(differ)}")
        if changed := self.stale():
            raise Declined(f"{changed} has changed since the server started")

    def stale(self) -> str:
        """What was installed or changed since the server started; empty if nothing was."""
        plugins = self._host.plugins
        targets = [spec.target for spec in plugins.commands().values()]
        targets += [spec.target for spec in plugins.tasks.values()]
        packages = {"atom_core", *(target.partition(".")[0] for target in targets)}
        files = [
            str(module.__file__)
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in packages and getattr(module, "__file__", None)
        ]
        for place in (*(entry for entry in sys.path if entry.endswith("-packages")), *files):
            with suppress(OSError):
                if os.stat(place).st_mtime > self._started_s:
                    return place
        return ""

    def _run(self, connection: socket.socket, request: Mapping[str, Any], files: list[int]) -> None:
        """Run one command, and send its exit code."""
        _apart(files[0], int(request["umask"]))
        connection.settimeout(None)
        cancel = Cancel()
        session = _Served(self._host, connection, request, files[1:], cancel)
        self._open[connection] = cancel
        try:
            threading.Thread(target=_watch, args=(connection, cancel), name="watch", daemon=True).start()
            context = copy_context()
            code = context.run(session.run, list(map(str, request["run"])))
            session.close()
            client.send(connection, {"code": code})
        finally:
            cancel.set()
            session.close()
            self._open.pop(connection, None)
            self.num_served += session.accepted


class _Served(Session):
    """A command of another process."""

    def __init__(
        self,
        host: Host,
        connection: socket.socket,
        request: Mapping[str, Any],
        files: list[int],
        cancel: Cancel,
    ) -> None:
        self.environ = dict(request["environ"])
        self.plugins: PluginSet | None = host.plugins
        self.accepted = False
        self._host, self._connection, self._cancel = host, connection, cancel
        encodings = [str(encoding) for encoding in request["encodings"]]
        output = _Counted(files[1], self._wrote)
        self._out = io.TextIOWrapper(output, encoding=encodings[1], errors="backslashreplace", write_through=True)
        raw = io.FileIO(files[2], "wb", closefd=False)
        self._err = io.TextIOWrapper(raw, encoding=encodings[2], errors="backslashreplace", write_through=True)
        read = io.FileIO(files[0], "rb", closefd=False)
        self._in = io.TextIOWrapper(io.BufferedReader(read), encoding=encodings[0], errors="replace")
        super().__init__(Console(out=self._out, err=self._err, columns=self._columns, check=self._check))

    def run(self, arguments: list[str]) -> int:
        """Run the command; its exit code.

        :raises Declined: if it is not one for this server, or fails before it does anything, which is said elsewhere
        """
        caller.set(Caller(cancelled=self._cancel))
        self._print(io.StringIO())
        code = execute(arguments, self, lambda: None)
        if not self.accepted:
            raise Declined("it ended before it began")
        return code

    def chosen(self, spec: CommandSpec, settings: Settings, args: argparse.Namespace) -> None:
        """Accept the command, or decline it."""
        if spec.alone or spec.keep_going or not settings.server or args.stats or args.trace:
            raise Declined("it runs alone")
        if getattr(args, "on", None):
            raise Declined("it says itself where it runs")
        if getattr(args, "shard", None) or self.environ.get("ATOM_SHARD"):
            raise Declined("which part it takes hangs on variables of its own process")
        if names := differing(settings, self._host):
            raise Declined(f"it has other settings: {', '.join(names)}")
        client.send(self._connection, {"accepted": True})
        self.accepted = True

    def open_host(self, settings: Settings, plugins: PluginSet) -> Host:
        """A guest of the host that is open."""
        del plugins
        return GuestHost(self._host, settings, self.environ)

    @contextmanager
    def printing_to(self, stream: TextIO | io.TextIOBase) -> Iterator[None]:
        """Let what this command's threads print go to `stream`."""
        token = self._print(stream)
        try:
            yield
        finally:
            current.reset(token)

    @contextmanager
    def remarks(self) -> Iterator[None]:
        """They are shown as it is, see `per_command`."""
        yield

    def close(self) -> None:
        """Let go of its streams, so that who reads what they write sees their end."""
        for stream in (self._out, self._err, self._in):
            with suppress(OSError, ValueError):
                stream.detach()

    def _print(self, stream: TextIO | io.TextIOBase) -> Token[Streams | None]:
        return current.set(Streams(stdin=self._in, stdout=stream, stderr=self._err, console=self.console))

    def _wrote(self, total: int) -> None:
        with suppress(OSError):
            client.send(self._connection, {"wrote": total})

    def _check(self) -> None:
        if not self.accepted:
            raise Declined("it has something to say before it begins")
        if self._cancel.is_set():
            raise Cancelled("the command was cancelled")

    def _columns(self) -> int:
        with suppress(ValueError):
            if (columns := int(self.environ.get("COLUMNS", "0"))) > 0:
                return columns
        try:
            return os.get_terminal_size(self._out.fileno()).columns or 80
        except (OSError, ValueError):
            return 80


class _Counted(io.FileIO):
    """Standard output of another process, which is told how much is in it."""

    def __init__(self, number: int, tell: Callable[[int], None]) -> None:
        super().__init__(number, "wb", closefd=False)
        self._tell, self._total = tell, 0

    def write(self, data: Any) -> int:
        """Write all of it, and tell."""
        rest = memoryview(data)
        while rest:
            written = super().write(rest) or 0
            self._total += written
            rest = rest[written:]
        self._tell(self._total)
        return len(data)


def _watch(connection: socket.socket, cancel: Cancel) -> None:
    """Cancel the command when the other process asks for it, or is gone."""
    with suppress(OSError):
        cancel.interrupted = connection.recv(1) == client.INTERRUPT
    cancel.set()


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The request, and the files that came with it: current folder and standard streams."""
    flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    head, files, _, _ = socket.recv_fds(connection, 4, 4, flags)
    try:
        message = client.receive(_After(head, connection))  # type: ignore[arg-type]
        if "run" in message and len(files) != 4:
            raise ValueError("no streams came with it")
    except BaseException:
        for number in files:
            os.close(number)
        raise
    return message, files


class _After:
    """A connection of which some bytes are read already."""

    def __init__(self, head: bytes, connection: socket.socket) -> None:
        self._head, self._connection = head, connection

    def recv(self, size: int) -> bytes:
        """The next bytes."""
        head, self._head = self._head[:size], self._head[size:]
        return head or self._connection.recv(size)


def _check_peer(connection: socket.socket) -> None:
    """
    :raises ValueError: if the other process is another user's, or sees other files
    """
    if not hasattr(socket, "SO_PEERCRED"):
        return  # the folder of the socket lets nobody else in
    size = struct.calcsize("3i")
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    if uid != os.geteuid() or pid <= 0:
        raise ValueError("it is another user's")
    with suppress(OSError):
        if not os.path.samestat(os.stat(f"/proc/{pid}/ns/mnt"), os.stat("/proc/self/ns/mnt")):
            raise ValueError("it sees other files")


def _apart(folder: int, umask: int) -> None:
    """Give this thread, and those that it starts, a current folder and a umask of their own.

    :raises Declined: where the system has no such threads
    """
    if sys.platform != "linux" or ctypes.CDLL(None).unshare(_CLONE_FS) != 0:
        raise Declined("threads here have no folders of their own")
    os.fchdir(folder)
    os.umask(umask)


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """The socket where other processes of the user ask; there is one at a time.

    :raises SettingsError: if another server has it, or it cannot be made
    """
    if not hasattr(socket, "AF_UNIX"):
        raise SettingsError("commands cannot be served here: this system has no Unix sockets")
    place = Path(client.place())
    try:
        private_folder(place)
        with client.own_folder() as folder, open(place / LOCK, "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
                (place / client.SOCKET).unlink(missing_ok=True)
                listener.bind(client.socket_name(folder))
                os.chmod(place / client.SOCKET, 0o600)
                listener.listen(128)
                try:
                    yield listener
                finally:
                    (place / client.SOCKET).unlink(missing_ok=True)
    except BlockingIOError:
        raise SettingsError("a server of yours runs already; see `atom serve --status`, end it with --stop") from None
    except client.Gone as error:
        raise SettingsError(f"folder {place}: {error}; remove it, or let nobody else write into it") from None
    except OSError as error:
        raise SettingsError(f"folder {place} cannot hold the server's socket: {error.strerror or error}") from None
