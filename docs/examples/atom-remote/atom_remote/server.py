"""Lends an encoder and a decoder over a socket."""

from __future__ import annotations

import argparse
import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_remote.wire import Call, Clipped, Reply, key, parse, receive, send

log = logging.getLogger("atom")


class Server:
    """Answers clients, each in a thread of its own; the decoder batches what they ask at once."""

    def __init__(self, modules: atom.Modules, address: tuple[str, int]) -> None:
        """
        :param address: host and port; port 0 takes a free one
        """
        self._modules, self._key = modules, key()
        self._listener = Listener(address, authkey=self._key)
        self._closed = False
        host, port, *_ = self._listener.address
        self.address = f"{host}:{port}"
        """Where it listens."""

    def serve(self) -> None:
        """Answer until `close` is called."""
        with self._listener as listener:
            while not self._closed:
                try:
                    connection = listener.accept()
                except (AuthenticationError, OSError, EOFError) as error:
                    if not self._closed:
                        log.warning("a client was turned away: %s", error)
                    continue
                threading.Thread(target=self._answer_all, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """End `serve`."""
        self._closed = True
        with contextlib.suppress(OSError, EOFError):  # the listener may have seen it, and be gone
            Client(parse(self.address), authkey=self._key).close()  # wakes the listener

    def _answer_all(self, connection: Connection) -> None:
        with connection:
            while True:
                try:
                    call = receive(connection)
                except (EOFError, OSError):
                    return
                for reply in self._replies(call):
                    send(connection, reply)

    def _replies(self, call: Call) -> Iterator[Reply]:
        try:
            if call.method == "stream":
                for piece in self._modules.decoder.stream(self._parts(call.arguments[0]), **call.options):
                    yield Reply(piece, more=True)
                yield Reply("")
            else:
                yield Reply(self._answer(call))
        except atom.AtomError as error:
            yield Reply(str(error), error=type(error).__name__)
        except Exception as error:
            yield Reply(f"the server failed: {type(error).__name__}: {error}", error="ModelError")

    def _answer(self, call: Call) -> Any:
        encoder, decoder = self._modules.encoder, self._modules.decoder
        if call.method == "about":
            return {"fingerprint": encoder.fingerprint, "name": decoder.name, "model": self._modules.model}
        if call.method == "encode":
            return _light(encoder.encode(call.arguments[0]))
        if call.method == "encode_batch":
            return [_light(features) for features in encoder.encode_batch(*call.arguments, **call.options)]
        asked: Any = call.arguments[0]
        if call.method == "generate":
            return _told(decoder.generate(self._parts(asked), **call.options))
        if call.method == "generate_many":
            return [_told(text) for text in decoder.generate_many(map(self._parts, asked), **call.options)]
        if call.method == "embed":
            return decoder.embed(self._parts(asked))
        if call.method == "embed_many":
            return decoder.embed_many(map(self._parts, asked))
        if call.method == "score":
            return decoder.score(self._parts(asked), call.arguments[1])
        if call.method == "score_many":
            return decoder.score_many((self._parts(parts), text) for parts, text in asked)
        raise atom.ModelError(f"client and server differ: {call.method!r} is unknown; update one of them")

    def _parts(self, given: Sequence[Any]) -> list[Any]:
        """A prompt's parts with their features, which come from the encoder's own store."""
        encode, asked = (
            self._modules.encoder.encode_batch,
            [part for part in given if isinstance(part, Clipped)],
        )
        clips, keys = [part.clip for part in asked], [part.key for part in asked]
        found = encode(clips)
        if [features.key for features in found] != keys:
            found = encode(clips, in_one_prompt=True)
        if [features.key for features in found] != keys:
            raise atom.ModelError(
                "the clips of one prompt were encoded for others; encode them together, in_one_prompt"
            )
        known = dict(zip(keys, found, strict=True))
        return [known[part.key] if isinstance(part, Clipped) else part for part in given]


def _told(text: atom.Generated) -> tuple[str, dict[str, Any]]:
    """A text, and what else is known of it."""
    return str(text), {name: getattr(text, name) for name in ("logprob", "num_tokens", "finish_reason")}


def _light(features: atom.Features) -> atom.Features:
    """Features as arrays, without what only the server's decoder reads."""
    values: Any = features.array()
    return evolve(features, values=values, extra={})


class ServeCommand:
    """``atom serve``"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--listen", default="127.0.0.1:7007", metavar="HOST:PORT", help="default 127.0.0.1:7007")

    def run(self, context: atom.CommandContext) -> None:
        """Serve until interrupted."""
        host = context.host()
        modules = atom.Modules(encoder=host.encoder, decoder=host.decoder, model=host.model)
        server = Server(modules, parse(context.args.listen))
        context.note(f"listening at {server.address}; use it with --model remote:{server.address}; Ctrl-C ends it")
        server.serve()
