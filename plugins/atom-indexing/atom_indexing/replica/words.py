"""The channel of words: captions found by what they say, in a full-text index of SQLite.

Shapes: N clips by their numbers.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from atom_indexing.channels.numbers import in_digits, in_words
from atom_indexing.channels.terms import Terms, match_of

_KEPT = 64
"""Words whose clips are kept in memory."""


class Ask(Protocol):
    """Puts a question to SQLite."""

    def __call__(self, question: str, values: Sequence[object] = ...) -> list[tuple[object, ...]]: ...


class Words:
    """The words of the captions of one state of a library. Safe to use from several threads."""

    def __init__(self, ask: Ask, count: int) -> None:
        """
        :param count: N
        """
        self._ask, self._count = ask, count
        self._lock = threading.Lock()
        self._found: dict[tuple[str, bool], np.ndarray] = {}
        self._num_rows: int | None = None

    def shares(self, terms: Terms) -> np.ndarray:
        """How much of the words looked for each caption has, 0 to 1, [N]; rare words count for more."""
        share_N = np.zeros(self._count)
        total = 0.0
        for word in terms.words:
            numbers = self._having(word)
            worth = self._worth(len(numbers))
            total += worth
            share_N[numbers] += worth
        return share_N / total if total else share_N

    def known(self, terms: Terms) -> tuple[float, float]:
        """How many of the words looked for any caption has: their share by number, and by how much they count."""
        counts = {word: len(self._having(word)) for word in terms.words}
        total = sum(self._worth(num) for num in counts.values())
        there = [self._worth(num) for num in counts.values() if num]
        return (len(there) / len(counts), sum(there) / total) if total else (0.0, 0.0)

    def having(self, phrases: Sequence[str]) -> np.ndarray:
        """Whether each caption has all `phrases`, word by word, numbers in digits or words, [N]."""
        has_N = np.ones(self._count, bool)
        for phrase in phrases:
            own_N = np.zeros(self._count, bool)
            for form in dict.fromkeys((phrase, in_digits(phrase), in_words(phrase))):
                own_N[self._having(form, exact=True)] = True
            has_N &= own_N
        return has_N

    def _worth(self, num: int) -> float:
        if self._num_rows is None:
            self._num_rows = int(str(self._ask("SELECT count(*) FROM rows")[0][0]))
        return math.log(1 + (max(self._num_rows - num, 0) + 0.5) / (num + 0.5))

    def _having(self, term: str, *, exact: bool = False) -> np.ndarray:
        """The clips with a term, in any form of an English word, or as it is written."""
        exact = exact or term.endswith("*")
        with self._lock:
            if (term, exact) in self._found:
                return self._found[term, exact]
        numbers = self._asked(match_of(term), "words" if exact else "stems")
        with self._lock:
            if len(self._found) >= _KEPT:
                del self._found[next(iter(self._found))]
            self._found[term, exact] = numbers
        return numbers

    def _asked(self, match: str, table: str) -> np.ndarray:
        if not any(letter.isalnum() for letter in match):
            return np.zeros(0, np.int64)
        # one text of all numbers: a tenth of a second less than a row each, where a hundred thousand have a word
        asked = f"SELECT group_concat(rowid) FROM {table} WHERE {table} MATCH ?"
        text = self._ask(asked, (match,))[0][0]
        numbers = np.fromstring(str(text), np.int64, sep=",") if text else np.zeros(0, np.int64)
        return numbers[numbers < self._count]
