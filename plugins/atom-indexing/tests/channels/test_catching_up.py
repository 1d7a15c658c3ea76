"""Captions that are embedded in passing, while somebody waits for a search."""

import logging
from types import SimpleNamespace

import numpy as np
from atom_indexing.channels.embedding import Embedders


class Library:
    """Lacks so many captions of a few hundred clips; counts how often these are listed."""

    def __init__(self, num_lacking):
        self.lacking, self.clips, self.listed = {str(n): f"caption {n}" for n in range(num_lacking)}, 400, 0

    def __len__(self):
        return self.clips

    def not_embedded(self, embedder):
        self.listed += 1
        return dict(self.lacking)

    def add_texts(self, embedder, vectors):
        for key in vectors:
            del self.lacking[key]


EMBEDDER = SimpleNamespace(
    name="one", fingerprint="one@1", embed=lambda texts, *, kind: np.ones((len(texts), 2), np.float32)
)


def test_few_are_embedded():
    """So that the next search finds them."""
    library = Library(3)
    Embedders().catch_up(library, EMBEDDER)
    assert library.lacking == {}


def test_many_are_told_and_listed_once(caplog):
    """Listing them takes longer than a search, so it is done again only once clips were added."""
    library, embedders = Library(300), Embedders()
    with caplog.at_level(logging.WARNING, "atom"):
        for _ in range(3):
            embedders.catch_up(library, EMBEDDER)
    assert (library.listed, len(caplog.records)) == (1, 1)
    assert "300 captions are not embedded by one yet" in caplog.text
    library.clips += 1
    embedders.catch_up(library, EMBEDDER)
    assert library.listed == 2
