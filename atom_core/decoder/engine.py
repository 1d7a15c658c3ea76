"""One decoder for everybody: requests of all tasks and threads are read and decoded together.

Continuous batching: a request joins when a row is free and leaves when it is done. Requests are admitted by urgency,
then by how little their task has been served. Of several that share a prefix nobody has read yet, one reads it and the
others wait for it. What somebody waits for is not kept by bulk work: it has a row of its own, is read next, and goes on
being decoded while others are read.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from atom_core.decoder.model_runner import Runner
from atom_core.decoder.prefix_cache import KV, PrefixTree, joined
from atom_core.decoder.prefix_disk_cache import PrefixFiles
from atom_core.decoder.request import Job, groups
from atom_core.decoder.state_cache import SnapshotStore
from atom_core.errors import Cancelled, ModelError
from atom_core.families.prompt import PrefixKey, Read
from atom_core.kernels.threads import Threads, rest
from atom_core.ledger import Ledger

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.families import Family

log = logging.getLogger("atom")

T = TypeVar("T")

_SHARE_BYTES = 2_500_000
"""Rows borrow kept states if that spares each layer reading this much at every step; for less, copies are faster."""


class Engine:
    """The decoder's thread. Results: [D] for embedding, a float for scoring, the finished `Job` for decoding."""

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        family: Family,
        max_rows: int,
        prefixes: PrefixTree | None,
        prefix_files: PrefixFiles | None = None,
        ledger: Ledger,
        threads: Threads,
    ) -> None:
        """
        :param prefixes: where prefixes are kept; None reads every prompt whole
        :param prefix_files: where they are kept between runs, too
        :raises ModelError: if the language half has layers that cannot be served faithfully
        """
        self._runner = Runner(model, family)
        self._end_ids = family.end_ids
        self._rules = family.rules
        self._max_rows = max_rows
        self._prefixes = prefixes if not self._runner.has_states else None
        self._snapshots = SnapshotStore(prefixes.max_bytes) if prefixes and self._runner.has_states else None
        self._files = prefix_files if self._prefixes is not None else None
        self._recalling = threading.Lock()
        self._ledger = ledger
        self._threads = threads
        self._waiting: list[Job] = []
        self._unread: list[Job] = []
        self._active: list[Job] = []
        self._served: Counter[str] = Counter()
        self._present: Counter[tuple[PrefixKey, ...]] = Counter()
        self._arrivals = itertools.count()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)
        self._thread.start()

    @property
    def keeps_whole(self) -> bool:
        """Whether prefixes are kept whole, because layers keep states that cannot be cut."""
        return self._snapshots is not None

    @property
    def most_waiting(self) -> int:
        """How many requests of one caller are worth having under way: every row has one, and one that follows it."""
        return 2 * self._max_rows

    def submit(self, job: Job) -> Future[Any]:
        """Queue a job; the future's result comes from the engine's thread.

        :raises ModelError: if the engine is closed
        """
        self._recall(job)
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
        if self._files is not None:
            self._files.close()

    def _recall(self, job: Job) -> None:
        """Bring a prefix from disk, in the thread of who asks."""
        if self._files is None or self._prefixes is None or not job.head:
            return
        with self._recalling:
            if self._prefixes.missing_from(job.head) < job.prompt.visual_end:
                kv = self._files.get(job.head)
                if kv is not None:
                    self._prefixes.insert(job.head, self._runner.placed(kv), 0)

    def _enter(self, task: str) -> None:
        """A task that comes anew starts level with the others: it owes nothing and is owed nothing."""
        present = {job.caller.task for job in self._jobs()}
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
            for job in self._jobs():
                job.fail(error)

    def _jobs(self) -> tuple[Job, ...]:
        """All that are not done."""
        return (*self._waiting, *self._unread, *self._active)

    def _serve(self) -> None:
        while True:
            with self._wake:
                while not (self._jobs() or self._closed):
                    rest()
                    self._wake.wait()
                if self._closed:
                    return
                self._drop_cancelled()
                self._admit()
            self._work()

    def _work(self) -> None:
        """Read some of what was admitted; decode a token of the others once all is read, or where somebody waits."""
        try:
            if self._unread:
                self._read_some()
            if self._active and (not self._unread or any(job.caller.interactive for job in self._active)):
                with self._threads.share(("step", len(self._active))):
                    self._step()
        except Exception as error:
            for job in {*self._unread, *self._active}:
                job.fail(error)
            self._unread.clear()
            self._active.clear()
            self._runner.slots.clear()

    def _drop_cancelled(self) -> None:
        for queue in (self._waiting, self._unread):
            for job in [job for job in queue if job.is_cancelled]:
                queue.remove(job)
                job.fail(Cancelled(f"task {job.caller.task!r} was cancelled"))
        cancelled = [row for row, job in enumerate(self._active) if job.is_cancelled]
        for row in cancelled:
            self._active[row].fail(Cancelled(f"task {self._active[row].caller.task!r} was cancelled"))
        self._leave(cancelled)

    def _admit(self) -> None:
        """Give rows to those that wait: once those that have one are read, or at once if somebody waits for them."""
        admitted: list[Job] = []
        claimed = {job.head for job in self._unread}
        taken = len(self._active) + len(self._unread)
        order = sorted(
            self._waiting,
            key=lambda job: (not job.caller.interactive, self._served[job.caller.task], job.arrival),
        )
        for job in order:
            urgent = job.caller.interactive
            rows = self._max_rows + (urgent and self._max_rows > 1)
            if taken + len(admitted) >= rows or (self._unread and not urgent):
                break
            head = self._unread_head(job)
            if head and head in claimed:
                continue
            claimed.add(head)
            admitted.append(job)
            self._waiting.remove(job)
            self._served[job.caller.task] += len(job.prompt) + job.max_new_tokens
        if admitted:
            self._unread += admitted
            self._present = Counter(job.head for job in self._jobs())

    def _unread_head(self, job: Job) -> tuple[PrefixKey, ...]:
        """The prompt up to its last clip, if it will be worth keeping and is not kept yet."""
        end, head = job.prompt.visual_end, job.head
        if not head:
            return ()
        if self._snapshots is not None:
            known = self._snapshots.match(head, end)
            return head if known is None or known.num_tokens < end else ()
        return head if self._prefixes is not None and self._prefixes.missing_from(head) < end else ()

    def _matched(self, job: Job) -> int:
        """How many of the prompt's tokens need not be read; the last one always is."""
        if self._snapshots is not None:
            snapshot = self._snapshots.match(job.units, job.limit)
            return snapshot.num_tokens if snapshot is not None else 0
        if self._prefixes is None:
            return 0
        return job.cut(self._prefixes.missing_from(job.units))

    def _read_some(self) -> None:
        """Read those of about one length together, the shortest first; before others what somebody waits for."""
        wanted = {job.head for job in tuple(self._waiting) if job.head and job.caller.interactive}
        urgent = [job for job in self._unread if job.caller.interactive or job.head in wanted]
        group = groups(urgent or self._unread, self._matched, together=not self._runner.has_states)[0]
        num_tokens = sum(len(job.prompt) - self._matched(job) for job in group)
        with self._threads.share(("read", num_tokens.bit_length())):
            self._read(group)
        self._unread = [job for job in self._unread if job not in group]

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
            hidden = self._with_room(lambda: self._runner.read(first, reads))
            self._active += jobs
            for row, (job, read) in enumerate(zip(jobs, reads, strict=True), first):
                self._keep_prefix(row, job, read.start)
            self._after_read(range(first, len(self._active)), hidden, [read.start for read in reads])

    def _restore(self, row: int, job: Job) -> int:
        """Fill `row` with what is known of the prompt; how many tokens that are."""
        if self._snapshots is not None:
            snapshot = self._snapshots.match(job.units, job.limit)
            return self._runner.load(row, snapshot) if snapshot is not None else 0
        if self._prefixes is None:
            return 0
        known, chain = self._prefixes.match(job.units)
        limit = job.cut(known)
        if limit:
            share = self._shares(job, chain)
            self._runner.restore(row, chain, limit, share=share)
            if share:
                self._lend(job.head)
        return limit

    def _lend(self, head: tuple[PrefixKey, ...]) -> None:
        """Let rows that came when they were fewer, and hold the states of `head` themselves, borrow them, too."""
        assert self._prefixes is not None
        for row, job in enumerate(self._active):
            if job.head == head and not self._runner.slots.borrows(row):
                known, chain = self._prefixes.match(head)
                if known == job.prompt.visual_end:
                    self._runner.lend(row, chain, len(job.prompt) + len(job.tokens) - 1)

    def _shares(self, job: Job, chain: Sequence[KV]) -> bool:
        """Whether so many requests have the same head that their rows should borrow its states."""
        longest = max(kv.num_bytes // len(kv.layers) for kv in chain)
        return self._runner.can_share and (self._present[job.head] - 1) * longest >= _SHARE_BYTES

    def _with_room(self, forward: Callable[[], T]) -> T:
        """A forward pass; where memory runs out, kept prefixes are let go and it is done again."""
        try:
            return forward()
        except (MemoryError, RuntimeError) as error:
            prefixes = self._prefixes
            if prefixes is None or not prefixes.num_bytes or not _is_out_of_memory(error):
                raise
            log.warning("memory ran out: letting go of %d MB of kept prefixes", prefixes.num_bytes // 10**6)
            prefixes.shrink(0)
        return forward()

    def _read_head(self, row: int, snapshots: SnapshotStore, job: Job, read: Read) -> Read:
        """Read up to the last clip and keep what the model holds then; what is left to read."""
        end = job.prompt.visual_end
        if not job.head or not read.start < end <= job.limit:
            return read
        self._runner.read(row, [Read(job.prompt, read.start, end)])
        snapshots.insert(job.head, self._runner.slots.snapshot(row, end))
        return Read(job.prompt, end, read.end)

    def _keep_prefix(self, row: int, job: Job, start: int) -> None:
        end = job.prompt.visual_end
        if self._prefixes is not None and job.head and end > start:
            self._prefixes.insert(job.head, self._runner.slots.view(row, start, end), start)
            known, chain = self._prefixes.match(job.head)
            if self._files is not None and known == end:
                self._files.put(job.head, joined(chain))
            if known == end and job.max_new_tokens and not start and self._shares(job, chain):
                self._runner.lend(row, chain, len(job.prompt))

    def _after_read(self, rows: range, hidden: Sequence[torch.Tensor], starts: Sequence[int]) -> None:
        """Serve the rows that were read.

        :param hidden: [Q, D] for each row, from its start
        """
        done, decoding = [], []
        for row, hidden_QD, start in zip(rows, hidden, starts, strict=True):
            job = self._active[row]
            if job.embed:
                job.end(hidden_QD[-1].float().clone())
            elif job.answer_from is not None:
                answer = torch.tensor(job.prompt.ids[job.answer_from :])
                logits = self._runner.logits(hidden_QD[job.answer_from - 1 - start : -1])
                chosen = logits.log_softmax(-1).cpu().gather(1, answer[:, None])
                job.end(float(chosen.double().sum()))
            else:
                decoding.append(row)
                continue
            done.append(row)
        if decoding:
            last_RD = torch.stack([hidden[row - rows.start][-1] for row in decoding])
            done += self._choose(decoding, self._runner.logits(last_RD))
        self._leave(done)

    def _step(self) -> None:
        jobs = self._active
        tokens = [job.tokens[-1] for job in jobs]
        lengths = [len(job.prompt) + len(job.tokens) - 1 for job in jobs]
        positions = [job.position for job in jobs]
        self._ledger.batch("decode", len(jobs))
        self._ledger.count("decode_steps", requested=len(jobs), computed=1, reused=len(jobs) - 1)
        with self._ledger.lane("decode", "step", rows=len(jobs)):
            logits_RV = self._with_room(lambda: self._runner.step(tokens, lengths, positions))
            self._leave(self._choose(range(len(jobs)), logits_RV))

    def _choose(self, rows: Sequence[int], logits_RV: torch.Tensor) -> list[int]:
        """Give each of the rows its next token; which of them are done."""
        self._ledger.count("decode_tokens", requested=len(rows), computed=len(rows))
        logprobs_RV = logits_RV.log_softmax(-1)
        greedy_R, done = logits_RV.argmax(-1).tolist(), []
        for row, logits_V, logprobs_V, token in zip(rows, logits_RV, logprobs_RV, greedy_R, strict=True):
            job = self._active[row]
            if self._rules.change or job.temperature > 0:
                token = self._sample(job, logits_V)
            job.tokens.append(token)
            job.logprob += float(logprobs_V[token])
            if token in self._end_ids or job.tell():
                job.finish = "stop"
            elif job.loops:
                job.finish = "loop"
            elif len(job.tokens) < job.max_new_tokens:
                continue
            job.end(job)
            done.append(row)
        return done

    def _sample(self, job: Job, logits_V: torch.Tensor) -> int:
        """A token by the model's rules and the job's temperature."""
        logits_V = self._rules.apply(logits_V, (*job.prompt.ids, *job.tokens))
        if job.temperature > 0:
            return int(torch.multinomial((logits_V / job.temperature).softmax(-1), 1))
        return int(logits_V.argmax())

    def _leave(self, rows: Sequence[int]) -> None:
        """Take the rows' jobs out; each time, the last row's sequence moves into the free place."""
        for row in sorted(rows, reverse=True):
            last = len(self._active) - 1
            moved = self._active[last]
            self._runner.slots.leave(row, last, len(moved.prompt) + len(moved.tokens))
            self._active[row] = moved
            self._active.pop()


def _is_out_of_memory(error: Exception) -> bool:
    """Whether torch, on a processor or a card, could not get memory."""
    # its allocator for processors raises a plain RuntimeError, which nothing but the text tells from others
    known = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, known) or "allocate memory" in str(error) or "not enough memory" in str(error)
