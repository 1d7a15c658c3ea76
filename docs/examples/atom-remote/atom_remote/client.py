"""An encoder and a decoder that ask a server."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_remote.wire import KEY, Call, Clipped, Reply, key, parse, receive, send

if TYPE_CHECKING:
    import numpy as np


class Line:
    """Connections to a server, one for each thread, so that the server can batch what several tasks ask."""

    def __init__(self, address: str) -> None:
        self._address, self._key = address, key()
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[Connection] = []

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """What the server answers; raises the error that it met."""
        *_, last = self.pieces(method, *arguments, **options)
        return last

    def pieces(self, method: str, *arguments: Any, **options: Any) -> Iterator[Any]:
        """The pieces of an answer as they come.

        :raises ModelError: if the server cannot be reached, or knows another key
        """
        connection = self._connection()
        try:
            send(connection, Call(method, arguments, options))
            more = True
            while more:
                reply: Reply = receive(connection)
                if reply.error:
                    raise getattr(atom, reply.error, atom.ModelError)(reply.value)
                more = reply.more
                yield reply.value
        except (OSError, EOFError) as error:
            del self._local.connection
            raise atom.ModelError(f"the server at {self._address} is gone ({error}); start it again") from error

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            for connection in self._open:
                connection.close()

    def _connection(self) -> Connection:
        if not hasattr(self._local, "connection"):
            try:
                connection = Client(parse(self._address), authkey=self._key)
            except (OSError, EOFError, AuthenticationError) as error:
                text = f"no server at {self._address} ({error}); start one with `atom serve`, with the same {KEY}"
                raise atom.ModelError(text) from error
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        found: Connection = self._local.connection
        return found


class RemoteEncoder:
    """Follows `atom_core.Encoder`."""

    def __init__(self, line: Line, fingerprint: str) -> None:
        self._line, self.fingerprint = line, fingerprint

    def encode(self, clip: atom.Clip) -> atom.Features:
        """Features of one clip; arrays."""
        features: atom.Features = self._line.ask("encode", clip)
        return features

    def encode_batch(self, clips: Sequence[atom.Clip], **options: Any) -> list[atom.Features]:
        """Features of several clips; arrays."""
        features: list[atom.Features] = self._line.ask("encode_batch", clips, **options)
        return features


class RemoteDecoder:
    """Follows `atom_core.Decoder`."""

    def __init__(self, line: Line, name: str) -> None:
        self._line, self.name = line, name

    def generate(self, parts: atom.Parts, **options: Any) -> atom.Generated:
        """Text that answers `parts`."""
        text, about = self._line.ask("generate", _light(parts), **options)
        return atom.Generated(text, **about)

    def stream(self, parts: atom.Parts, **options: Any) -> Iterator[str]:
        """The same text, piece by piece."""
        return (piece for piece in self._line.pieces("stream", _light(parts), **options) if piece)

    def embed(self, parts: atom.Parts) -> np.ndarray:
        """One vector."""
        vector: np.ndarray = self._line.ask("embed", _light(parts))
        return vector

    def score(self, parts: atom.Parts, continuation: str) -> float:
        """Natural log-probability of `continuation`."""
        return float(self._line.ask("score", _light(parts), continuation))

    def generate_many(self, prompts: Iterable[atom.Parts], **options: Any) -> list[atom.Generated]:
        """Texts that answer each of `prompts`, which the server decodes together."""
        texts = self._line.ask("generate_many", [_light(parts) for parts in prompts], **options)
        return [atom.Generated(text, **about) for text, about in texts]

    def embed_many(self, prompts: Iterable[atom.Parts]) -> np.ndarray:
        """The vectors of `prompts`."""
        vectors: np.ndarray = self._line.ask("embed_many", [_light(parts) for parts in prompts])
        return vectors

    def score_many(self, pairs: Iterable[tuple[atom.Parts, str]]) -> list[float]:
        """Natural log-probability of each pair's continuation."""
        scores: list[float] = self._line.ask("score_many", [(_light(parts), text) for parts, text in pairs])
        return scores

    def scores(self, parts: atom.Parts, choices: Sequence[str]) -> list[float]:
        """Natural log-probability of each of `choices`."""
        return self.score_many([(parts, choice) for choice in choices])


def connect(address: str) -> atom.Modules:
    """The modules of the server at `address`.

    :raises ModelError: if it cannot be reached
    """
    line = Line(address)
    about = line.ask("about")
    encoder = RemoteEncoder(line, about["fingerprint"])
    return atom.Modules(
        encoder=encoder, decoder=RemoteDecoder(line, about["name"]), model=about["model"], close=line.close
    )


def _light(parts: atom.Parts) -> list[Any]:
    return [part if isinstance(part, str) else Clipped(part.clip, part.key) for part in parts]
