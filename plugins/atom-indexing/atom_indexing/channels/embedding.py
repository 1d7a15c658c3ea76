"""The text embedder as searches use it: which one counts, what its numbers mean, which captions it has yet to read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

import atom_core as atom
from atom_core.text.count import count_of
from atom_indexing.channels.background import Background
from atom_indexing.library.remembering import Searchable

log = logging.getLogger("atom")

_AT_ONCE = 256
"""Captions that are embedded in passing while somebody waits for a search; of more it is told."""
BATCH = 512
"""Captions that are embedded and stored at once."""


class Embedders:
    """The embedder of a host, and what is known of it. Safe to use from several threads."""

    def __init__(self, *, tells_lack: bool = True) -> None:
        """
        :param tells_lack: whether it is told that there is none; not by who searches beside others
        """
        self._tells_lack = tells_lack
        self._lock = threading.Lock()
        self._backgrounds: dict[str, Background] = {}
        self._told: set[str] = set()
        self._lacking: dict[str, int] = {}
        """How many clips a library had when it was told that many are not embedded, by embedder."""

    def of(self, host: atom.Host) -> Any | None:
        """The embedder that counts for `host`; None where the decoder was trained to embed, none is set, or it cannot
        be had, which is told once.
        """
        wanted = host.settings.embedder
        if wanted == "none" or (wanted == "auto" and host.embeds):
            return None
        try:
            return host.module("embedder")
        except atom.PluginError:  # of a host without the built-in one
            return None
        except atom.ModelError as error:
            if self._tells_lack:
                why = error.__cause__ if isinstance(error.__cause__, atom.ModelError) else error  # says the next step
                self.tell(f"searching without a text embedder, by words and the decoder's vectors alone: {why}")
            return None

    def background(self, embedder: Any) -> Background:
        """What the numbers of `embedder` mean."""
        with self._lock:
            name = str(embedder.fingerprint)
            if name not in self._backgrounds:

                def embed(texts: list[str], *, kind: str) -> np.ndarray:
                    return np.asarray(embedder.embed(texts, kind=kind))

                self._backgrounds[name] = Background.of(embed)
            return self._backgrounds[name]

    def tell(self, text: str) -> None:
        """Say something, once."""
        with self._lock:
            if text in self._told:
                return
            self._told.add(text)
        log.warning("%s", text)

    def catch_up(self, library: Searchable, embedder: Any) -> None:
        """Embed the few captions that are not embedded yet; tell of many, or where nothing can be written.

        :raises LibraryError: if the library's captions are embedded by another embedder
        """
        fingerprint, num_clips = str(embedder.fingerprint), len(library)
        if self._lacking.get(fingerprint) == num_clips:  # to list them takes longer than the search
            return
        missing = library.not_embedded(fingerprint)
        if not missing:
            return
        if len(missing) > _AT_ONCE:
            self._lacking[fingerprint] = num_clips
            said = count_of(len(missing), "caption is", "captions are")
            self.tell(f"{said} not embedded by {embedder.name} yet; embed them: atom index --embed")
            return
        try:
            embed_captions(library, embedder, missing)
        except atom.LibraryError as error:
            self.tell(f"{count_of(len(missing), 'caption')} cannot be embedded: {error}")


def embed_captions(
    library: Searchable, embedder: Any, captions: dict[str, str], progress: atom.Tell | None = None
) -> None:
    """Embed captions, by their clips' ids, and store the vectors.

    :raises LibraryError: if they cannot be stored
    """
    keys = list(captions)
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        vectors = passages(embedder, [captions[key] for key in part])
        library.add_texts(embedder.fingerprint, dict(zip(part, vectors, strict=True)))
        if progress is not None:
            progress(min(start + BATCH, len(keys)), len(keys))


def passages(embedder: Any, texts: Sequence[str], kind: Literal["query", "passage"] = "passage") -> np.ndarray:
    """The vectors of `texts`, each of which is embedded once."""
    once = list(dict.fromkeys(texts))
    place = {text: number for number, text in enumerate(once)}
    return np.asarray(embedder.embed(once, kind=kind))[[place[text] for text in texts]]
