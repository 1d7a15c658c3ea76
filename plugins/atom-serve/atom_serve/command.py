"""``atom serve``."""

from __future__ import annotations

import argparse
import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path

import atom_core as atom

PORT = 8321


class ServeCommand:
    """Keep one host open, and serve it to commands, programs and agents of this machine."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1)")
        parser.add_argument(
            "--port", type=_port, default=PORT, metavar="N", help=f"at which port ({PORT}); 0: a free one"
        )
        said = "folder whose files callers may name; can be repeated"
        parser.add_argument("--allow", action="append", default=[], type=Path, metavar="FOLDER", help=said)

    def run(self, context: atom.CommandContext) -> None:
        """Serve until the program is told to end; one result, where it listens, as soon as it does.

        :raises SettingsError: if it cannot listen there
        """
        from atom_core.quiet import quiet

        quiet()
        from atom_serve.access.token_file import read_token
        from atom_serve.app import create_app
        from atom_serve.server import listen, serve

        args, folder = context.args, context.settings.cache / "serve"
        names, addresses = _names(args.host)
        with listen(args.host, args.port) as listener:
            token = read_token(folder)
            app = create_app(context.host(), token=token, allow=args.allow, names=names, addresses=addresses)
            address = url(listener)

            def ready(_: Callable[[], None]) -> None:
                context.note(f"serving {context.settings.model} at {address}/?token={token} until Ctrl-C")

            serve(app, listener, ready)
        context.emit({"address": address}, "")


def url(listener: socket.socket) -> str:
    """The address of a server that listens there, as people type it."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _names(host: str) -> tuple[tuple[str, ...], bool]:
    """What a server that listens at `host` may be called, and whether by any address: not where only this machine can
    reach it."""
    from atom_serve.access.guard import LOOPBACK

    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return (*LOOPBACK, host) if loopback else (*LOOPBACK, host, socket.gethostname(), socket.getfqdn()), not loopback


def _port(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return number
