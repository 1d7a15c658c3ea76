"""Features that are computed once, however many callers ask for them at the same time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from attrs import define, evolve, field

from atom_core.call_context import caller
from atom_core.encoder.feature_cache import FeatureCache
from atom_core.errors import Cancelled
from atom_core.ledger import Ledger
from atom_core.media.pictures import passes
from atom_core.records import Clip, Features


@define(eq=False)
class InFlight:
    """Features that a caller looks up or computes, and that others may wait for."""

    urgent: bool
    """Whether an interactive caller waits for them; may become so."""
    features: Future[Features] = field(factory=Future)
    """Done when they are there."""


class Once:
    """Takes features from the cache, or from a caller that is at them already; else has them computed, and counts."""

    def __init__(self, cache: FeatureCache | None, ledger: Ledger) -> None:
        """
        :param cache: where features are kept; None has each call compute its own
        """
        self._cache, self._ledger = cache, ledger
        self._lock = threading.Lock()
        self.in_flight: dict[str, InFlight] = {}
        """What is looked up or computed, by key."""

    def features(
        self, clip: Clip, key: str, compute: Callable[[Callable[[], bool]], Features], *, or_key: str | None = None
    ) -> Features:
        """The features of `clip` with this key: of several callers that want them, one gets them for all.

        :param compute: handed a function that says whether an interactive caller waits for them by now
        :param or_key: another key whose features will do, and that `compute` may give its own
        :raises Cancelled: if the caller was cancelled
        """
        caller.get().check()
        self._ledger.count("encoder_clips", requested=1)
        mine = InFlight(urgent=caller.get().interactive)
        if self._cache is None:
            return self._computed(compute, mine)
        while (entry := self._joined(key, mine)) is not mine:
            with contextlib.suppress(Cancelled):  # that caller was cancelled, not this one: try again
                features = entry.features.result()
                self._ledger.count("encoder_clips", reused=1)
                return evolve(features, clip=clip)  # the same frames, perhaps of a file at another path
            caller.get().check()
        try:
            work = partial(self._computed, compute, mine)
            features, known = self._cache.get_or_compute(key, clip, work, check=caller.get().check, or_key=or_key)
            self._ledger.count("encoder_clips", reused=int(known))
            mine.features.set_result(features)
            return features
        except BaseException as error:
            mine.features.set_exception(error)  # also an interrupt: who waits must not wait for ever
            raise
        finally:
            with self._lock:
                del self.in_flight[key]

    def _joined(self, key: str, mine: InFlight) -> InFlight:
        """The entry in flight for `key`: ours if we are first, else the other caller's, made urgent if ours is."""
        with self._lock:
            entry = self.in_flight.setdefault(key, mine)
            entry.urgent |= mine.urgent
        return entry

    def _computed(self, compute: Callable[[Callable[[], bool]], Features], mine: InFlight) -> Features:
        with passes.holding(lambda: mine.urgent):
            features = compute(lambda: mine.urgent)
        self._ledger.count("encoder_clips", computed=1)
        return features
