"""One decoder for everybody: requests of all tasks and threads are read and decoded together.

Continuous batching: a request joins when a row is free and leaves when it is done. Requests are admitted by urgency,
then by how little their task has been served. Of several that share a prefix nobody has read yet, one reads it and the
others wait for it.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import torch
from attrs import define, field

from atom_core.errors import AtomError, Cancelled, ModelError
from atom_core.modules.caller import Caller
from atom_core.modules.prompt import Prompt
from atom_core.modules.runner import Read, Runner
from atom_core.modules.threads import Threads
from atom_core.reuse.ledger import Ledger
from atom_core.reuse.prefixes import KV, PrefixTree, Unit
from atom_core.reuse.snapshots import SnapshotStore

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.modules.families import Family

_READ_TOKENS = 2048
_SHARE_BYTES = 2_500_000
"""Rows borrow kept states if that spares each layer reading this much at every step; for less, copies are faster."""


@define(eq=False, kw_only=True)
class Job:
    """A request on its way through the engine."""

    prompt: Prompt
    """What is read."""
    answer_from: int | None = None
    """For scoring: the first token of the answer, which is the end of the prompt."""
    embed: bool = False
    """Whether the result is the last hidden state."""
    max_new_tokens: int = 0
    """Most tokens to decode."""
    temperature: float = 0.0
    """0 is greedy."""
    caller: Caller
    """On whose behalf."""
    on_token: Callable[[list[int]], bool] | None = None
    """Called in the engine's thread with all tokens so far; True ends the decoding."""
    future: Future[Any] = field(factory=Future)
    """Where the result goes."""
    arrival: int = 0
    """Order of arrival."""
    units: tuple[Unit, ...] = ()
    """Of the prompt."""
    head: tuple[Unit, ...] = ()
    """The units up to the end of the last clip."""
    tokens: list[int] = field(factory=list)
    """Decoded so far."""
    logprob: float = 0.0
    """Of `tokens`."""
    finish: str = "length"
    """Why decoding ended."""

    def __attrs_post_init__(self) -> None:
        self.units = self.prompt.units()
        self.head = _head(self.units, self.prompt.visual_end)


class Engine:
    """The decoder's thread. Results: [D] for embedding, a float for scoring, the finished `Job` for decoding."""

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        family: Family,
        max_rows: int,
        prefixes: PrefixTree | None,
        ledger: Ledger,
        threads: Threads,
    ) -> None:
        """
        :param prefixes: where prefixes are kept; None reads every prompt whole
        :raises ModelError: if the language half has layers that cannot be served faithfully
        """
        self._runner = Runner(model, family)
        self._end_ids = family.end_ids
        self._rules = family.rules
        self._max_rows = max_rows
        self._prefixes = prefixes if not self._runner.has_states else None
        self._snapshots = SnapshotStore(prefixes.max_bytes) if prefixes and self._runner.has_states else None
        self._ledger = ledger
        self._threads = threads
        self._waiting: list[Job] = []
        self._active: list[Job] = []
        self._served: Counter[str] = Counter()
        self._present: Counter[tuple[Unit, ...]] = Counter()
        self._arrivals = itertools.count()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)
        self._thread.start()

    @property
    def keeps_whole(self) -> bool:
        """Whether prefixes are kept whole, because layers keep states that cannot be cut."""
        return self._snapshots is not None

    def submit(self, job: Job) -> Future[Any]:
        """Queue a job; the future's result comes from the engine's thread.

        :raises ModelError: if the engine is closed
        """
        with self._wake:
            if self._closed:
                raise ModelError("the decoder is closed; open a new host")
            job.arrival = next(self._arrivals)
            self._enter(job.caller.task)
            self._waiting.append(job)
            self._wake.notify()
        return job.future

    def close(self) -> None:
        """End the thread; jobs that are not done are cancelled."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _enter(self, task: str) -> None:
        """A task that comes anew starts level with the others: it owes nothing and is owed nothing."""
        present = {job.caller.task for job in (*self._waiting, *self._active)}
        if present and task not in present:
            self._served[task] = max(self._served[task], min(self._served[other] for other in present))

    def _run(self) -> None:
        error: Exception = Cancelled("the host was closed before the decoder was done")
        try:
            with torch.inference_mode():
                self._serve()
        except Exception as raised:
            error = raised
        with self._wake:
            self._closed = True
            for job in (*self._waiting, *self._active):
                _fail(job, error)

    def _serve(self) -> None:
        while True:
            with self._wake:
                while not (self._waiting or self._active or self._closed):
                    self._wake.wait()
                if self._closed:
                    return
                self._drop_cancelled()
                admitted = self._admit()
            self._work(admitted)

    def _work(self, admitted: list[Job]) -> None:
        try:
            with self._threads.share():
                for group in _groups(admitted, self._matched, together=not self._runner.has_states):
                    self._read(group)
                if self._active:
                    self._step()
        except Exception as error:
            for job in {*admitted, *self._active}:
                _fail(job, error)
            self._active.clear()
            self._runner.slots.clear()

    def _drop_cancelled(self) -> None:
        for job in [job for job in self._waiting if job.caller.cancelled.is_set()]:
            self._waiting.remove(job)
            _fail(job, Cancelled(f"task {job.caller.task!r} was cancelled"))
        for row in reversed(range(len(self._active))):
            if self._active[row].caller.cancelled.is_set():
                _fail(self._active[row], Cancelled(f"task {self._active[row].caller.task!r} was cancelled"))
                self._leave(row)

    def _admit(self) -> list[Job]:
        admitted: list[Job] = []
        claimed: set[tuple[Unit, ...]] = set()
        free = self._max_rows - len(self._active)
        order = sorted(
            self._waiting,
            key=lambda job: (not job.caller.interactive, self._served[job.caller.task], job.arrival),
        )
        for job in order:
            if len(admitted) == free:
                break
            head = self._unread_head(job)
            if head and head in claimed:
                continue
            claimed.add(head)
            admitted.append(job)
            self._waiting.remove(job)
            self._served[job.caller.task] += len(job.prompt) + job.max_new_tokens
        if admitted:
            self._present = Counter(job.head for job in (*self._waiting, *self._active, *admitted))
        return admitted

    def _unread_head(self, job: Job) -> tuple[Unit, ...]:
        """The prompt up to its last clip, if it will be worth keeping and is not kept yet."""
        end = job.prompt.visual_end
        if not end or not job.prompt.can_cut(end):
            return ()
        head = job.head
        if self._snapshots is not None:
            known = self._snapshots.match(head, end)
            return head if known is None or known.num_tokens < end else ()
        return head if self._prefixes is not None and self._prefixes.missing_from(head) < end else ()

    def _matched(self, job: Job) -> int:
        """How many of the prompt's tokens need not be read; the last one always is."""
        if self._snapshots is not None:
            snapshot = self._snapshots.match(job.units, _limit(job))
            return snapshot.num_tokens if snapshot is not None else 0
        if self._prefixes is None:
            return 0
        return _cut(job, min(self._prefixes.missing_from(job.units), _limit(job)))

    def _read(self, jobs: list[Job]) -> None:
        first = len(self._active)
        reads = []
        for offset, job in enumerate(jobs):
            start = self._restore(first + offset, job)
            reads.append(Read(job.prompt, start, len(job.prompt)))
            total = len(job.prompt)
            self._ledger.count("prefill_tokens", requested=total, computed=total - start, reused=start)
        self._ledger.batch("read", len(jobs))
        with self._ledger.lane("decode", "read", prompts=len(jobs), tokens=sum(r.num_tokens for r in reads)):
            if self._snapshots is not None:
                reads = [self._read_head(first, self._snapshots, jobs[0], reads[0])]
            hidden = self._runner.read(first, reads)
            self._active += jobs
            for row, (job, read) in enumerate(zip(jobs, reads, strict=True), first):
                self._keep_prefix(row, job, read.start)
            for row in reversed(range(first, len(self._active))):
                self._after_read(row, hidden[row - first], reads[row - first].start)

    def _restore(self, row: int, job: Job) -> int:
        """Fill `row` with what is known of the prompt; how many tokens that are."""
        limit = self._matched(job)
        if not limit:
            return 0
        if self._snapshots is not None:
            snapshot = self._snapshots.match(job.units, limit)
            assert snapshot is not None
            return self._runner.load(row, snapshot)
        assert self._prefixes is not None
        known, chain = self._prefixes.match(job.units)
        assert known >= limit
        self._runner.restore(row, chain, limit, share=self._shares(job, chain))
        return limit

    def _shares(self, job: Job, chain: Sequence[KV]) -> bool:
        """Whether so many requests have the same head that their rows should borrow its states."""
        longest = max(kv.num_bytes // len(kv.layers) for kv in chain)
        return self._runner.can_share and (self._present[job.head] - 1) * longest >= _SHARE_BYTES

    def _read_head(self, row: int, snapshots: SnapshotStore, job: Job, read: Read) -> Read:
        """Read up to the last clip and keep what the model holds then; what is left to read."""
        end = job.prompt.visual_end
        if not read.start < end <= _limit(job) or not job.prompt.can_cut(end):
            return read
        self._runner.read(row, [Read(job.prompt, read.start, end)])
        snapshots.insert(job.head, self._runner.slots.snapshot(row, end))
        return Read(job.prompt, end, read.end)

    def _keep_prefix(self, row: int, job: Job, start: int) -> None:
        end = job.prompt.visual_end
        if self._prefixes is not None and end > start and job.prompt.can_cut(end):
            self._prefixes.insert(job.head, self._runner.slots.view(row, start, end), start)
            known, chain = self._prefixes.match(job.head)
            if known == end and job.max_new_tokens and not start and self._shares(job, chain):
                self._runner.lend(row, chain, len(job.prompt))

    def _after_read(self, row: int, hidden_QD: torch.Tensor, start: int) -> None:
        job = self._active[row]
        if job.embed:
            _finish(job, hidden_QD[-1].float().clone())
            self._leave(row)
        elif job.answer_from is not None:
            answer = torch.tensor(job.prompt.ids[job.answer_from :])
            logits = self._runner.logits(hidden_QD[job.answer_from - 1 - start : -1])
            chosen = logits.log_softmax(-1).cpu().gather(1, answer[:, None])
            _finish(job, float(chosen.double().sum()))
            self._leave(row)
        else:
            self._choose(row, self._runner.logits(hidden_QD[-1]))

    def _step(self) -> None:
        jobs = self._active
        tokens = [job.tokens[-1] for job in jobs]
        lengths = [len(job.prompt) + len(job.tokens) - 1 for job in jobs]
        positions = [_position(job) for job in jobs]
        self._ledger.batch("decode", len(jobs))
        with self._ledger.lane("decode", "step", rows=len(jobs)):
            logits_RV = self._runner.step(tokens, lengths, positions)
            for row in reversed(range(len(jobs))):
                self._choose(row, logits_RV[row])

    def _choose(self, row: int, logits_V: torch.Tensor) -> None:
        job = self._active[row]
        logprobs_V = logits_V.log_softmax(-1)
        logits_V = self._rules.apply(logits_V, (*job.prompt.ids, *job.tokens))
        if job.temperature > 0:
            token = int(torch.multinomial((logits_V / job.temperature).softmax(-1), 1))
        else:
            token = int(logits_V.argmax())
        job.tokens.append(token)
        job.logprob += float(logprobs_V[token])
        self._ledger.count("decode_tokens", requested=1, computed=1)
        if token in self._end_ids or _told(job):
            job.finish = "stop"
        elif len(job.tokens) < job.max_new_tokens:
            return
        _finish(job, job)
        self._leave(row)

    def _leave(self, row: int) -> None:
        """Take `row`'s job out; the last row's sequence moves into its place."""
        last = len(self._active) - 1
        moved = self._active[last]
        self._runner.slots.leave(row, last, len(moved.prompt) + len(moved.tokens))
        self._active[row] = moved
        self._active.pop()


def _head(units: Sequence[Unit], end: int) -> tuple[Unit, ...]:
    """The units that stand for the first `end` tokens."""
    at = 0
    for place, (_, num_tokens) in enumerate(units):
        at += num_tokens
        if at == end:
            return tuple(units[: place + 1])
    return ()


def _limit(job: Job) -> int:
    """The most tokens that need not be read: the hidden state of what follows is wanted."""
    return len(job.prompt) - 1 if job.answer_from is None else job.answer_from - 1


def _cut(job: Job, limit: int) -> int:
    """The most tokens up to `limit` that are whole units and do not depend on what follows."""
    at = place = 0
    for _, num_tokens in job.units:
        place += num_tokens
        if place > limit:
            break
        at = place if job.prompt.can_cut(place) else at
    return at


def _position(job: Job) -> int:
    """The position of the last decoded token."""
    known = job.prompt.position_ids
    after = len(job.prompt) if known is None else int(known.max()) + 1
    return after + len(job.tokens) - 1


def _groups(jobs: Sequence[Job], matched: Callable[[Job], int], *, together: bool) -> list[list[Job]]:
    """Jobs that are read together: padded to the longest, none is padded to more than twice its length.

    :param together: whether rows may be padded; else each job is read alone
    """
    groups: list[list[Job]] = []
    sized = sorted(((len(job.prompt) - matched(job), job) for job in jobs), key=lambda pair: (pair[0], pair[1].arrival))
    shortest = 0
    for size, job in sized:
        if groups and together and size <= 2 * shortest and size * (len(groups[-1]) + 1) <= _READ_TOKENS:
            groups[-1].append(job)
        else:
            groups.append([job])
            shortest = size
    return groups


def _told(job: Job) -> bool:
    """Tell the listener about a new token; whether it has enough."""
    return job.on_token is not None and job.on_token(job.tokens)


def _finish(job: Job, result: Any) -> None:
    if job.future.set_running_or_notify_cancel():
        job.future.set_result(result)


def _fail(job: Job, error: Exception) -> None:
    if job.future.done():
        return
    if not isinstance(error, AtomError):
        wrapped = ModelError(f"the decoder failed: {type(error).__name__}: {error}")
        wrapped.__cause__ = error
        error = wrapped
    if job.future.set_running_or_notify_cancel():
        job.future.set_exception(error)
