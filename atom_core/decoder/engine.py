"""One decoder for everybody: requests of all tasks and threads are prefilled and decoded together.

The engine's thread asks the `Scheduler` what is next, lets the `ModelRunner` compute it, and chooses the tokens; what
was computed before comes from the `PrefixStore`. Requests enter from any thread.

Shape letters: R rows, Q new tokens, D width, V vocabulary.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from atom_core.decoder.model_runner import ModelRunner
from atom_core.decoder.prefix_cache import RadixPrefixCache
from atom_core.decoder.prefix_disk_cache import PrefixDiskCache
from atom_core.decoder.prefix_store import prefix_store
from atom_core.decoder.request import DecodeRequest
from atom_core.decoder.scheduler import Scheduler
from atom_core.errors import Cancelled, ModelError
from atom_core.families.logits_processor import likeliest
from atom_core.families.prompt import PrefillChunk
from atom_core.kernels.threads import Threads, rest
from atom_core.ledger import Ledger

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.checkpoint.direct.model import DirectModel
    from atom_core.families import Family
    from atom_core.protocols import Language

T = TypeVar("T")


class Engine:
    """The decoder's thread: a loop of prefills and decode steps, and the sampling of tokens."""

    def __init__(
        self,
        model: PreTrainedModel | DirectModel,
        *,
        family: Family,
        max_rows: int,
        prefixes: RadixPrefixCache | None,
        prefix_files: PrefixDiskCache | None = None,
        ledger: Ledger,
        threads: Threads,
        engine: Language | None = None,
    ) -> None:
        """
        :param max_rows: rows of bulk requests, see `scheduler.num_rows`
        :param prefixes: where prefixes are kept; None computes every prompt whole
        :param prefix_files: where they are kept between runs, too
        :param engine: computes the layers and the head in the place of `model`
        :raises ModelError: if the language half has layers that cannot be served faithfully
        """
        self._runner = ModelRunner(model, family, engine=engine)
        self._prefixes = prefix_store(prefixes, prefix_files, self._runner)
        # padding would go into the states of convolution and recurrent layers
        self._scheduler = Scheduler(max_rows, self._prefixes, pads=not self._runner.has_states)
        self._end_ids = family.end_ids
        self._rules = family.rules
        self._max_rows = max_rows
        self._ledger = ledger
        self._threads = threads
        # held where requests enter and where they move between the scheduler's queues, never during a forward pass
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)
        self._thread.start()

    @property
    def keeps_whole(self) -> bool:
        """Whether prefixes are kept whole, because layers keep states that cannot be cut."""
        return self._prefixes.keeps_whole

    @property
    def most_waiting(self) -> int:
        """How many requests of one caller are worth having under way: every row has one, and one that follows it."""
        return 2 * self._max_rows

    def submit(self, request: DecodeRequest) -> Future[Any]:
        """Queue a request; the future's result comes from the engine's thread.

        :raises ModelError: if the engine is closed
        """
        self._prefixes.recall(request)  # here, since a disk that is slow keeps its caller waiting and nobody else
        with self._wake:
            if self._closed:
                raise ModelError("the decoder is closed; open a new host")
            self._scheduler.add(request)
            self._wake.notify()
        return request.future

    def close(self) -> None:
        """End the thread; requests that are not done are cancelled."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()
        self._prefixes.close()

    def _run(self) -> None:
        error: Exception = Cancelled("the host was closed before the decoder was done")
        try:
            with torch.inference_mode():
                while self._schedule():
                    self._work()
        except Exception as raised:
            error = raised
        # also after a fault of the scheduler itself: nobody may wait for ever on a thread that has ended
        with self._wake:
            self._closed = True
            for request in self._scheduler.requests:
                request.fail(error)

    def _schedule(self) -> bool:
        """Wait until there is work, drop what was cancelled and admit what waits; False once the engine is closed."""
        with self._wake:
            while not (self._scheduler.requests or self._closed):
                rest()
                self._wake.wait()
            if self._closed:
                return False
            self._drop_cancelled()
            self._scheduler.admit()
            return True

    def _work(self) -> None:
        """Prefill one group of requests and decode a token of others, as far as each is due."""
        scheduler = self._scheduler
        try:
            if scheduler.prefilling:
                requests = scheduler.next_prefill()
                num_tokens = sum(len(r.prompt) - self._prefixes.num_reused(r) for r in requests)
                # how many threads are fastest depends on the size of the work, roughly: powers of two are enough
                with self._threads.share(("read", num_tokens.bit_length())):
                    self._prefill(requests)
            if scheduler.decodes_now:
                with self._threads.share(("step", len(scheduler.running))):
                    self._decode()
        except Exception as error:
            # a pass that was cut off leaves all rows in doubt, not just the row that it failed for
            for request in scheduler.clear():
                request.fail(error)
            self._runner.kv_cache.clear()

    def _drop_cancelled(self) -> None:
        running = self._scheduler.running
        rows = [row for row, request in enumerate(running) if request.is_cancelled]
        for request in [*self._scheduler.take_cancelled(), *(running[row] for row in rows)]:
            request.fail(Cancelled(f"task {request.caller.task!r} was cancelled"))
        self._leave(rows)

    def _prefill(self, requests: Sequence[DecodeRequest]) -> None:
        """Compute what is not known of the prompts, into the next free rows; serve what is done by that."""
        scheduler, first = self._scheduler, len(self._scheduler.running)
        chunks = []
        for row, request in enumerate(requests, first):
            total = len(request.prompt)
            start = self._prefixes.restore(row, request, scheduler.running, scheduler.num_sharing(request))
            chunks.append(PrefillChunk(request.prompt, start, total))
            self._ledger.count("prefill_tokens", requested=total, computed=total - start, reused=start)
        self._ledger.batch("read", len(requests))
        num_tokens = sum(chunk.num_tokens for chunk in chunks)
        with self._ledger.lane("decode", "read", prompts=len(requests), tokens=num_tokens):
            placed = list(zip(range(first, first + len(requests)), requests, strict=True))
            chunks = [
                self._prefixes.prefill_prefix(row, request, chunk)
                for (row, request), chunk in zip(placed, chunks, strict=True)
            ]
            if any(request.inner for request in requests):
                hidden, inner = self._with_room(lambda: self._runner.prefill_inner(first, chunks))
                hidden = [inner[at] if request.inner else hidden[at] for at, request in enumerate(requests)]
            else:
                hidden = self._with_room(lambda: self._runner.prefill(first, chunks))
            scheduler.start(requests)
            for (row, request), chunk in zip(placed, chunks, strict=True):
                self._prefixes.keep(row, request, chunk.start, scheduler.num_sharing(request))
            self._after_prefill(range(first, len(scheduler.running)), hidden, [chunk.start for chunk in chunks])

    def _with_room(self, forward: Callable[[], T]) -> T:
        """A forward pass; where memory runs out, kept prefixes are let go and it is done again."""
        try:
            return forward()
        except (MemoryError, RuntimeError) as error:
            if not (_is_out_of_memory(error) and self._prefixes.release()):
                raise
        return forward()

    def _after_prefill(self, rows: range, hidden: Sequence[torch.Tensor], starts: Sequence[int]) -> None:
        """Finish requests that embed or score; choose the first token of the others.

        :param hidden: [Q, D] for each row, from its start
        """
        done, decoding = [], []
        for row, hidden_QD, start in zip(rows, hidden, starts, strict=True):
            request = self._scheduler.running[row]
            if request.embed:
                request.finish(hidden_QD[-1].float().clone())  # the pass's whole output would be kept alive
            elif request.answer_from is not None:
                answer = torch.tensor(request.prompt.ids[request.answer_from :])
                # the token before tells each token's probability
                logits = self._runner.logits(hidden_QD[request.answer_from - 1 - start : -1])
                chosen = logits.log_softmax(-1).cpu().gather(1, answer[:, None])
                request.finish(float(chosen.double().sum()))
            else:
                decoding.append(row)
                continue
            done.append(row)
        if decoding:
            last_RD = torch.stack([hidden[row - rows.start][-1] for row in decoding])
            logits_RV = self._runner.logits(last_RD)
            done += self._choose(decoding, logits_RV, likeliest(logits_RV))
        self._leave(done)

    def _decode(self) -> None:
        """One more token of every running request."""
        requests = self._scheduler.running
        tokens = [request.tokens[-1] for request in requests]
        lengths = [request.num_cached_tokens for request in requests]
        positions = [request.position for request in requests]
        self._ledger.batch("decode", len(requests))
        self._ledger.count("decode_steps", requested=len(requests), computed=1, reused=len(requests) - 1)
        with self._ledger.lane("decode", "step", rows=len(requests)):
            logits_RV, likeliest_2R = self._with_room(lambda: self._runner.decode(tokens, lengths, positions))
            self._leave(self._choose(range(len(requests)), logits_RV, likeliest_2R))

    def _choose(self, rows: Sequence[int], logits_RV: torch.Tensor, likeliest_2R: torch.Tensor) -> list[int]:
        """Give each of the rows its next token; which of them are done."""
        self._ledger.count("decode_tokens", requested=len(rows), computed=len(rows))
        requests = [self._scheduler.running[row] for row in rows]
        done = []
        for row, request, logits_V, token, logprob in zip(
            rows, requests, logits_RV, *likeliest_2R.tolist(), strict=True
        ):
            if self._rules.change or request.temperature > 0:
                token = self._sample(request, logits_V)
                logprob = float(logits_V.log_softmax(-1)[token])
            if request.take(int(token), logprob, self._end_ids):
                request.finish(request)
                done.append(row)
        return done

    def _sample(self, request: DecodeRequest, logits_V: torch.Tensor) -> int:
        """A token by the model's rules and the request's temperature."""
        logits_V = self._rules.apply(logits_V, (*request.prompt.ids, *request.tokens))
        if request.temperature > 0:
            return int(torch.multinomial((logits_V / request.temperature).softmax(-1), 1))
        return int(logits_V.argmax())

    def _leave(self, rows: Sequence[int]) -> None:
        """Free the rows of requests that are done. From the last row on, since each time the last row moves."""
        for row in sorted(rows, reverse=True):
            last = len(self._scheduler.running) - 1
            moved = self._scheduler.leave(row)
            self._runner.kv_cache.free_row(row, last, moved.num_cached_tokens)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether torch could not get memory. On processors it raises a plain `RuntimeError` that only its text tells."""
    known = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, known) or "allocate memory" in str(error) or "not enough memory" in str(error)
