"""Who is served next: the decoder's policy, in plain Python, without tensors, threads or a model.

A request waits until it is admitted to a row of the batch, is prefilled, and then runs: each step decodes one token of
every running request, and a row is free for the next as soon as its request is done (continuous batching; Orca, OSDI
2022). Five rules decide:

- Interactive requests are never blocked by bulk work: a row is reserved for them, they are prefilled next, and they go
  on being decoded while others are prefilled.
- Tasks take turns: of equally urgent requests, that of the task that was given the fewest tokens so far is admitted.
- Bulk requests are admitted only once all that have rows are prefilled, so that they are prefilled together.
- Of several requests with a prefix that nobody has computed, one computes it and the others wait for it.
- Prompts of similar length are prefilled together, since the shorter ones are padded.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from atom_core.decoder import PREFILL_TOKENS, num_rows
from atom_core.decoder.request import DecodeRequest
from atom_core.families.prompt import PrefixKey

Prefix: TypeAlias = tuple[PrefixKey, ...]


class PrefixLookup(Protocol):
    """What the policy asks about kept prefixes."""

    def missing(self, request: DecodeRequest) -> Prefix:
        """The shared prefix of `request` if it is worth keeping and not kept yet; else nothing."""

    def num_reused(self, request: DecodeRequest) -> int:
        """How many tokens of the prompt need not be computed."""


class Scheduler:
    """The queues of requests and the rules by which they move. It takes no locks: see `Engine`, its only user."""

    def __init__(self, max_rows: int, prefixes: PrefixLookup, *, pads: bool) -> None:
        """
        :param max_rows: rows of bulk requests, see `num_rows`
        :param prefixes: what is known of prompts already
        :param pads: whether prompts of several lengths can be prefilled together
        """
        self.waiting: list[DecodeRequest] = []
        """Requests without a row."""
        self.prefilling: list[DecodeRequest] = []
        """Requests that are admitted, and still to be prefilled."""
        self.running: list[DecodeRequest] = []
        """Requests that are prefilled; the place of each is its row."""
        self._max_rows, self._prefixes, self._pads = max_rows, prefixes, pads
        self._served: Counter[str] = Counter()
        self._num_sharing: Counter[Prefix] = Counter()
        self._arrivals = itertools.count()

    @property
    def requests(self) -> tuple[DecodeRequest, ...]:
        """All requests that are not done."""
        return (*self.waiting, *self.prefilling, *self.running)

    def add(self, request: DecodeRequest) -> None:
        """Let `request` wait."""
        self._rejoin(request.caller.task)
        request.arrival = next(self._arrivals)
        self.waiting.append(request)

    def take_cancelled(self) -> list[DecodeRequest]:
        """Take out the requests that nobody wants any more and that are not running."""
        taken = [request for request in (*self.waiting, *self.prefilling) if request.is_cancelled]
        for request in taken:
            (self.waiting if request in self.waiting else self.prefilling).remove(request)
        return taken

    def admit(self) -> None:
        """Admit waiting requests to free rows."""
        if not self.waiting:
            return
        claimed = {request.shared_prefix for request in self.prefilling}
        num_taken = len(self.running) + len(self.prefilling)
        bulk_may_join = not self.prefilling
        admitted: list[DecodeRequest] = []
        for request in sorted(self.waiting, key=self._precedence):
            urgent = request.caller.interactive
            rows = num_rows(self._max_rows) if urgent else self._max_rows
            # the order is by urgency first: where an interactive request finds no row, no later one does
            if num_taken + len(admitted) >= rows or not (urgent or bulk_may_join):
                break
            prefix = self._prefixes.missing(request)
            if prefix and prefix in claimed:
                continue  # another request computes it now: this one waits, and reuses it
            claimed.add(prefix)
            admitted.append(request)
            self.waiting.remove(request)
            self._served[request.caller.task] += len(request.prompt) + request.max_new_tokens
        if admitted:
            self.prefilling += admitted
            self._num_sharing = Counter(request.shared_prefix for request in self.requests)

    def next_prefill(self) -> list[DecodeRequest]:
        """The admitted requests to prefill next: a group of similar length.

        Interactive ones go first, and with them the request that computes a prefix which a waiting interactive one is
        to reuse; then the shortest.
        """
        # a copy: other threads add to `waiting` meanwhile
        awaited = {r.shared_prefix for r in tuple(self.waiting) if r.shared_prefix and r.caller.interactive}
        urgent = [r for r in self.prefilling if r.caller.interactive or r.shared_prefix in awaited]
        return prefill_groups(urgent or self.prefilling, self._prefixes.num_reused, pads=self._pads)[0]

    def start(self, requests: Sequence[DecodeRequest]) -> None:
        """Let requests that are prefilled run, in the next free rows."""
        self.prefilling = [request for request in self.prefilling if request not in requests]
        self.running += requests

    @property
    def decodes_now(self) -> bool:
        """Whether a step is due: once all is prefilled, or at once where somebody waits for a running request."""
        return bool(self.running) and (not self.prefilling or any(r.caller.interactive for r in self.running))

    def leave(self, row: int) -> DecodeRequest:
        """Take out the request in `row`; the last row's request, which is returned, takes its place."""
        moved = self.running[-1]
        self.running[row] = moved
        self.running.pop()
        return moved

    def clear(self) -> list[DecodeRequest]:
        """Take out all requests that have rows."""
        taken = [*self.prefilling, *self.running]
        self.prefilling, self.running = [], []
        return taken

    def num_sharing(self, request: DecodeRequest) -> int:
        """How many requests had the shared prefix of `request` when some were admitted last, itself included."""
        return self._num_sharing[request.shared_prefix] if request.shared_prefix else 1

    def _precedence(self, request: DecodeRequest) -> tuple[bool, int, int]:
        return not request.caller.interactive, self._served[request.caller.task], request.arrival

    def _rejoin(self, task: str) -> None:
        """A task without requests rejoins at the lowest service count of the active ones, so it neither jumps the queue
        nor pays for having been idle.
        """
        active = {request.caller.task for request in self.requests}
        if not active:
            self._served.clear()  # nobody is left who could be owed anything
        elif task not in active:
            self._served[task] = max(self._served[task], min(self._served[other] for other in active))


def prefill_groups(
    requests: Sequence[DecodeRequest], num_reused: Callable[[DecodeRequest], int], *, pads: bool
) -> list[list[DecodeRequest]]:
    """Requests that are prefilled together, the shortest first: all are padded to the longest of their group, none to
    more than twice its length, and a group has `PREFILL_TOKENS` at most.

    :param num_reused: how many of a request's tokens need not be computed
    :param pads: whether rows may be padded; else each request is a group of its own
    """
    groups: list[list[DecodeRequest]] = []
    sizes = {id(request): len(request.prompt) - num_reused(request) for request in requests}
    for request in sorted(requests, key=lambda request: (sizes[id(request)], request.arrival)):
        size = sizes[id(request)]
        group = groups[-1] if groups and pads else []
        if group and size <= 2 * sizes[id(group[0])] and size * (len(group) + 1) <= PREFILL_TOKENS:
            group.append(request)
        else:
            groups.append([request])
    return groups
