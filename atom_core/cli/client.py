"""Let a resident server run the command, where there is one: nothing heavy is imported here.

The server is asked over a Unix socket in a folder that is the user's alone. It is lent the current folder and the
standard streams themselves, so that it reads and prints what the command would, on the same terminal; this process
waits for the exit code. Whatever does not fit (another version, other settings, a command that runs alone) it declines,
and whatever goes wrong with it is passed over in silence: the command then runs here.
"""

from __future__ import annotations

import io
import json
import os
import socket
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from atom_core.cli.codes import INTERRUPTED
from atom_core.quiet import VARIABLES

TYPE_CHECKING = False  # typing's own takes as long to import as all of this file
if TYPE_CHECKING:
    from typing import Any

FOLDER, SOCKET = "serve", "socket"
PROTOCOL = 1
INTERRUPT = b"c"
MOST_BYTES = 4 * 2**20
"""Largest message."""
_HELLO_S, _CHOICE_S, _GRACE_S = 2.0, 60.0, 5.0
"""How long a server may take to answer at all, to say whether it runs a command, and to end one when interrupted."""
_OFF = ("0", "false", "no", "off")
ALONE = ("-h", "--help", "--version", "--no-server")
SAME = ("HOME", "TZ", "LANG", "LANGUAGE", "PATH", "TMPDIR", "SUDO_UID")
SAME_BEGIN = (
    *("HF_", "HUGGING", "TRANSFORMERS_", "TORCH_", "PYTORCH_", "CUDA_", "OMP_", "MKL_", "PYTHON", "XDG_", "LC_"),
    *("http_", "https_", "no_proxy", "all_proxy", "HTTP_", "HTTPS_", "NO_PROXY", "ALL_PROXY", "REQUESTS_", "SSL_"),
)
"""Variables that must be the server's own, and how their names begin: what they change it has read already."""
_UNLIKE = ("PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONSAFEPATH", "PYTHONPATH")
"""Those of them that say nothing, or are asked for otherwise."""


class Gone(Exception):
    """The server is not there, or is no more."""


def ask(arguments: Sequence[str]) -> int | None:
    """The exit code of the command, run by a resident server; None where it is to run here.

    :raises KeyboardInterrupt: never; an interrupt is passed on
    """
    if not _may_ask(arguments):
        return None
    written = 0
    try:
        with connected() as server:
            cwd = os.open(".", os.O_RDONLY)
            try:
                streams = [stream.fileno() for stream in (sys.stdin, sys.stdout, sys.stderr)]
                send(server, request(arguments), (cwd, *streams))
            finally:
                os.close(cwd)
            server.settimeout(_CHOICE_S)
            if "accepted" not in (choice := receive(server)):
                if "-v" in arguments or "--verbose" in arguments:
                    sys.stderr.write(f"atom: run here, the server declined: {choice.get('declined')}\n")
                return None
            server.settimeout(None)
            while "code" not in (message := _next(server)):
                written = message.get("wrote", written)
            return int(message["code"])
    except _Interrupted:
        return INTERRUPTED
    except (OSError, Gone, ValueError):
        if written:
            _skip(written)
        return None


def _may_ask(arguments: Sequence[str]) -> bool:
    """Whether there may be a server, and the command may be one for it."""
    if not (hasattr(socket, "AF_UNIX") and hasattr(socket, "send_fds")) or not arguments:
        return False
    if os.environ.get("ATOM_SERVER", "").lower() in _OFF or any(word in ALONE for word in arguments):
        return False
    if any(stream is None or stream.closed for stream in (sys.stdin, sys.stdout, sys.stderr)):
        return False
    return os.path.exists(os.path.join(place(), SOCKET))


def place() -> str:
    """The folder of the user's server: of its socket, whatever cache the settings name."""
    cache = os.environ.get("XDG_CACHE_HOME", os.path.join(os.environ.get("HOME", ""), ".cache"))
    if sys.platform == "linux" and os.path.isabs(cache) and "ANDROID_DATA" not in os.environ:
        cache = os.path.join(cache, "atom")  # as platformdirs has it, which takes long to import
    else:
        from platformdirs import user_cache_dir

        cache = user_cache_dir("atom")
    return os.path.join(cache, FOLDER)


@contextmanager
def connected(hello_s: float = _HELLO_S) -> Iterator[socket.socket]:
    """A connection to the user's server, which has answered.

    :raises Gone: if there is none, or the folder of its socket is not the user's alone
    :raises OSError: if it does not answer
    """
    with own_folder() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.settimeout(hello_s)
        server.connect(socket_name(folder))
        if receive(server).get("atom") != PROTOCOL:
            raise Gone("it speaks otherwise")
        yield server


@contextmanager
def own_folder() -> Iterator[int]:
    """The folder of the server, open.

    :raises Gone: if it is not there, or anybody else can write into it
    """
    try:
        folder = os.open(place(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise Gone(str(error)) from None
    try:
        about = os.fstat(folder)
        if about.st_uid != os.geteuid() or stat.S_IMODE(about.st_mode) & 0o022:
            raise Gone("it is not the user's alone")
        yield folder
    finally:
        os.close(folder)


def socket_name(folder: int) -> str:
    """The socket in an open folder: by a name short enough for a socket, which no other folder can take."""
    short = f"/proc/self/fd/{folder}/{SOCKET}"
    return short if os.path.isdir("/proc/self/fd") else os.path.join(place(), SOCKET)


def request(arguments: Sequence[str]) -> dict[str, Any]:
    """What the server is told of this process."""
    import atom_core

    umask = os.umask(0)
    os.umask(umask)
    return {
        "run": list(arguments),
        "version": atom_core.__version__,
        "like": likeness(),
        "environ": {name: value for name, value in os.environ.items() if name.startswith("ATOM_") or name == "COLUMNS"},
        "encodings": [stream.encoding for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "umask": umask,
    }


def likeness() -> dict[str, Any]:
    """What two processes must have in common to do the same."""
    same = {
        name: value
        for name, value in os.environ.items()
        if (name in SAME or name.startswith(SAME_BEGIN)) and name not in (*_UNLIKE, *VARIABLES)
    }
    path = sys.path if sys.flags.safe_path else sys.path[1:]  # without the folder of the program
    return {"prefix": sys.prefix, "python": sys.version, "path": path, "same": same, "groups": sorted(os.getgroups())}


def send(server: socket.socket, message: dict[str, Any], files: Sequence[int] = ()) -> None:
    """Send one message: its length, then JSON; the open files go with its first byte."""
    data = json.dumps(message).encode()
    data = len(data).to_bytes(4, "big") + data
    sent = socket.send_fds(server, [data], list(files)) if files else 0
    if sent < len(data):  # who has all of it may have hung up already
        server.sendall(data[sent:])


def receive(server: socket.socket) -> dict[str, Any]:
    """The next message.

    :raises Gone: if there is none any more
    :raises ValueError: if it is none
    """
    size = int.from_bytes(_exactly(server, 4), "big")
    if size > MOST_BYTES:
        raise ValueError(f"a message of {size} bytes")
    message = json.loads(_exactly(server, size))
    if not isinstance(message, dict):
        raise ValueError("no message")
    return message


def _exactly(server: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = server.recv(size - len(data))
        if not piece:
            raise Gone("it is gone")
        data += piece
    return data


class _Interrupted(Exception):
    """The user does not want to wait any longer."""


def _next(server: socket.socket) -> dict[str, Any]:
    """The next message; an interrupt is passed on to the server, which then has a while to end.

    :raises _Interrupted: if it does not end, or is interrupted again; which is said
    """
    try:
        return receive(server)
    except KeyboardInterrupt:
        pass
    try:
        with suppress(OSError):
            server.sendall(INTERRUPT)
        server.settimeout(_GRACE_S)
        while "code" not in (message := receive(server)):
            pass
        return message
    except (KeyboardInterrupt, OSError, Gone, ValueError):
        sys.stderr.write("atom: interrupted\n")
        raise _Interrupted from None


class _Rest(io.FileIO):
    """Standard output, of which the server wrote the first bytes already."""

    def __init__(self, number: int, written: int) -> None:
        super().__init__(number, "wb", closefd=False)
        self._written = written

    def write(self, data: Any) -> int:
        """Write what is not there yet."""
        known = min(self._written, len(data))
        self._written -= known
        return known if known == len(data) else known + (super().write(memoryview(data)[known:]) or 0)


def _skip(written: int) -> None:
    """Let what is printed here go on where the server was killed: the same command prints the same."""
    raw = io.BufferedWriter(_Rest(sys.stdout.fileno(), written))
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    sys.stdout = io.TextIOWrapper(raw, encoding=encoding, errors=errors, line_buffering=sys.stdout.isatty())
