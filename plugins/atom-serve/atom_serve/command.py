"""``atom serve``."""

from __future__ import annotations

import argparse
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import atom_core as atom

HOST, PORT = "127.0.0.1", 8321
_OF_A_START = ("host", "port", "allow", "keep", "open")
"""Options that say how a server is started."""


class ServeCommand:
    """Keep one host open, and serve it to commands, programs and agents of this machine."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--host", metavar="ADDRESS", help=f"where to listen ({HOST})")
        said = f"at which port ({PORT}); 0: a free one"
        parser.add_argument("--port", type=_port, metavar="N", help=said)
        said = "folder whose files callers may name; can be repeated"
        parser.add_argument("--allow", action="append", default=[], type=Path, metavar="FOLDER", help=said)
        said = "let the modules go when nobody has used them for so long, 30m or 2h; always kept if not given"
        parser.add_argument("--keep", type=_duration_s, metavar="TIME", help=said)
        said = "show the page in a browser: that of the server that runs, or of the one that is started"
        parser.add_argument("--open", action="store_true", help=said)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--background", action="store_true", help="come back as soon as it serves")
        which.add_argument("--stop", action="store_true", help="end the server that runs")
        which.add_argument("--status", action="store_true", help="tell of the server that runs")

    def run(self, context: atom.CommandContext) -> None:
        """Serve until the program is told to end; one result, where it listens, as soon as it does.

        :raises SettingsError: if it cannot listen there, a server runs already, or none does
        """
        from atom_serve.background import in_background, running_server, status, stop

        args = context.args
        which = "--stop" if args.stop else "--status" if args.status else ""
        if which and (beside := [name for name in _OF_A_START if getattr(args, name) not in (None, False, [])]):
            raise atom.SettingsError(
                f"--{beside[0]} counts when a server is started; leave it out, or leave out {which}"
            )
        if args.stop:
            told = stop()
            context.emit(told, f"the server at {told['address']} has ended")
        elif args.status:
            told = status()
            context.emit(told, _shown(told))
        elif args.background:
            begun = in_background(context, lambda ready: self._serve(context, ready))
            if begun is not None and args.open:
                _show(context, begun)
            if begun is not None:
                said = f"serving {begun['model']} at {begun['address']}; end it with: atom serve --stop"
                context.emit(begun, "\n".join((said, *_ways_in(begun))))
        elif args.open and (running := running_server()) is not None:
            _show(context, running)
            context.emit(running, _shown(running))
        else:
            self._serve(context, lambda told: _begun(context, told))

    def _serve(self, context: atom.CommandContext, ready: Callable[[dict[str, Any]], None]) -> None:
        """
        :param ready: told once it serves
        """
        from atom_core.quiet import quiet

        quiet()
        from atom_core.serving import CommandServer, settled
        from atom_serve.access.token_file import NAME, read_token
        from atom_serve.app import create_app
        from atom_serve.rest.status import about
        from atom_serve.server import listen, serve

        args = context.args
        where = HOST if args.host is None else args.host
        names, addresses = _names(where)
        context.settings = settled(context.settings)  # commands come from other folders
        with listen(where, PORT if args.port is None else args.port) as listener:
            kept = context.settings.cache / "serve"
            token, host = read_token(kept), context.host()
            app = create_app(
                host, token=token, token_file=kept / NAME, allow=args.allow, names=names, addresses=addresses
            )
            service, address = app.state.service, url(listener)
            end: list[Callable[[], None]] = []

            def told() -> dict[str, Any]:
                served = {"address": address, "commands": commands.num_served, "stale": commands.stale()}
                served["open"] = f"{address}/?token={service.passes.make()}"
                return {**about(service), **served}

            commands = CommandServer(host, usage=service.usage, about=told, stop=lambda: end[0]())

            def begin(stop: Callable[[], None]) -> None:
                end.append(stop)
                ready(told())

            with commands.running(), _letting_go(service, host, args.keep):
                serve(app, listener, begin)
        context.emit({"address": address, "commands": commands.num_served}, "")


@contextmanager
def _letting_go(service: Any, host: Any, keep_s: float | None) -> Iterator[None]:
    """Let the host's modules go whenever nobody has used them for `keep_s` seconds."""
    ended = threading.Event()

    def watch() -> None:
        assert keep_s is not None
        while not ended.wait(min(keep_s / 4, 5.0)):
            service.usage.when_idle(keep_s, host.let_go)

    if keep_s is not None:
        threading.Thread(target=watch, name="keep", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def url(listener: socket.socket) -> str:
    """The address of a server that listens there, as people type it."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _begun(context: atom.CommandContext, told: dict[str, Any]) -> None:
    """It serves."""
    for line in (f"serving {told['model']} at {told['address']} until Ctrl-C", *_ways_in(told)):
        context.note(line)
    if context.args.open:
        threading.Thread(target=_show, args=(context, told), name="browser", daemon=True).start()


def _show(context: atom.CommandContext, told: dict[str, Any]) -> None:
    """Have a browser show the page, by a link that counts once, and is not the one that is printed."""
    import webbrowser

    from atom_serve.background import running_server

    told = running_server() or told
    if not webbrowser.open(told["open"]):
        context.note(f"no browser can be started; open {told['open']}")


def _shown(told: dict[str, Any]) -> str:
    loaded = "loaded" if told["loaded"] else "not loaded"
    lines = [f"serving {told['model']} ({loaded}) at {told['address']}, process {told['process']}"]
    lines += [f"running for {told['running_s'] / 60:.0f} min, {told['commands']} commands run"]
    lines += _ways_in(told)
    if told["stale"]:
        lines.append(f"commands run alone: {told['stale']} has changed since it started; start it anew")
    return "\n".join(lines)


def _ways_in(told: dict[str, Any]) -> tuple[str, str]:
    """Where people and programs get in, a line each; not the token, which lets in for good: terminals are kept."""
    return f"its page: {told['open']} (counts once, for ten minutes)", f"token file: {told['token_file']}"


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


def _duration_s(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|)", text.strip())
    if found is None or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"expected a time such as 90s, 30m or 2h, got {text!r}")
    return float(found[1]) * {"h": 3600.0, "m": 60.0}.get(found[2], 1.0)
