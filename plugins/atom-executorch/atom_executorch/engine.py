"""Serves the decoder's requests with the exported programs: one conversation, its keys and values in the programs' own
memory; a prompt that begins as the one before goes on from where they part.

Shapes: N tokens, D width, V vocabulary.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import torch

import atom_core as atom
from atom_core.providers.split import DecodeRequest, Family
from atom_executorch.manifest import ExportedSizes
from atom_executorch.runtime import Program

_PrefixKeys = tuple[Any, ...]


class ProgramEngine:
    """Follows `DecodeEngine`. Requests that somebody waits for go first, then those of the clip that was read last,
    then task by task in turn."""

    most_waiting = 4

    def __init__(
        self, program: Program, family: Family, *, sizes: ExportedSizes, ledger: atom.Ledger, reuse: bool
    ) -> None:
        """
        :param reuse: whether prompts go on from where they part from the one before
        """
        self._program, self._family, self._sizes = program, family, sizes
        self._ledger, self._reuse = ledger, reuse
        self._end_ids = family.end_ids
        self._held: _PrefixKeys = ()
        self._wake = threading.Condition()
        self._waiting: list[DecodeRequest] = []
        self._served: Counter[str] = Counter()
        self._arrivals = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)
        self._thread.start()

    def submit(self, request: DecodeRequest) -> Future[Any]:
        """Queue a request.

        :raises ModelError: if the engine is closed
        """
        with self._wake:
            if self._closed:
                raise atom.ModelError("the decoder is closed; open a new host")
            self._arrivals += 1
            request.arrival = self._arrivals
            self._waiting.append(request)
            self._wake.notify()
        return request.future

    def close(self) -> None:
        """End the thread; requests that are not done are cancelled."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()
        for request in self._waiting:
            request.fail(atom.Cancelled("the host was closed before the decoder was done"))
        self._waiting.clear()

    def _run(self) -> None:
        while (request := self._next()) is not None:
            try:
                with torch.inference_mode():
                    self._serve(request)
            except Exception as error:
                self._held = ()  # a pass that was cut off leaves the cache in doubt
                request.fail(error)

    def _next(self) -> DecodeRequest | None:
        """The request to serve now; None once the engine is closed."""
        with self._wake:
            while True:
                for request in [each for each in self._waiting if each.is_cancelled]:
                    self._waiting.remove(request)
                    request.fail(_cancelled(request))
                if self._closed:
                    return None
                if self._waiting:
                    break
                self._wake.wait()
            request = min(self._waiting, key=self._rank)
            self._waiting.remove(request)
            self._served[request.caller.task] += 1
            return request

    def _rank(self, request: DecodeRequest) -> tuple[bool, bool, int, int]:
        shared = request.shared_prefix
        same = bool(shared) and self._held[: len(shared)] == shared
        return (not request.caller.interactive, not same, self._served[request.caller.task], request.arrival)

    def _serve(self, request: DecodeRequest) -> None:
        """Read the prompt, and do what is asked for."""
        end = len(request.prompt) if request.answer_from is None else request.answer_from
        start = self._reused(request)
        self._ledger.count("prefill_tokens", requested=end, computed=end - start, reused=start)
        self._ledger.batch("read", 1)
        with self._ledger.lane("decode", "read", prompts=1, tokens=end - start):
            logits_V, state_D, inner_D = self._read(request, start, end)
        if request.embed:
            request.finish(inner_D if request.inner else state_D)
        elif request.answer_from is not None:
            request.finish(self._score(request, logits_V))
        else:
            self._decode(request, logits_V)

    def _reused(self, request: DecodeRequest) -> int:
        """How many of the prompt's first tokens are in the programs' cache."""
        if not self._reuse:
            return 0
        num_known = 0
        for mine, held in zip(request.prefix_keys, self._held, strict=False):
            if mine != held:
                break
            num_known += mine[1]
        return request.reusable(num_known)

    def _read(self, request: DecodeRequest, start: int, end: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Read tokens `start` to `end`, a part after the other: logits, final and inner state of the last."""
        keys, at = [], 0
        self._held = ()
        for key in request.prefix_keys:
            at += key[1]
            if at > end:
                break
            keys.append(key)
        results: Sequence[torch.Tensor] = ()
        for first in range(start, end, self._sizes.prefill):
            if request.is_cancelled:
                raise _cancelled(request)
            last = min(first + self._sizes.prefill, end)
            results = self._program.run("text_decoder", self._embeddings(request, first, last), torch.tensor([first]))
        self._held = tuple(keys)
        logits, state, inner = results
        return logits[0, -1], state[0], inner[0]

    def _embeddings(self, request: DecodeRequest, first: int, last: int) -> torch.Tensor:
        """[1, N, D]: the tokens' embeddings; features where clips stand."""
        ids = torch.tensor([request.prompt.ids[first:last]])
        (embeddings,) = self._program.run("token_embedding", ids)
        for visual in request.prompt.visuals:
            begin, stop = max(first, visual.start), min(last, visual.start + visual.num_tokens)
            if begin < stop:
                row = visual.row + begin - visual.start
                rows = visual.features.values[row : row + stop - begin]
                embeddings[0, begin - first : stop - first] = torch.as_tensor(rows).to(embeddings)
        found: torch.Tensor = embeddings
        return found

    def _step(self, token: int, place: int) -> torch.Tensor:
        """Logits [V] of what follows `token`, which stands at `place`."""
        (embedding,) = self._program.run("token_embedding", torch.tensor([[token]]))
        logits, _, _ = self._program.run("text_decoder", embedding, torch.tensor([place]))
        self._held = (*self._held, (token, 1))
        found: torch.Tensor = logits[0, -1]
        return found

    def _score(self, request: DecodeRequest, logits_V: torch.Tensor) -> float:
        """The log-probability of the answer that ends the prompt."""
        assert request.answer_from is not None
        total = 0.0
        for place in range(request.answer_from, len(request.prompt)):
            token = request.prompt.ids[place]
            total += float(logits_V.log_softmax(-1)[token].double())
            if place + 1 < len(request.prompt):
                if request.is_cancelled:
                    raise _cancelled(request)
                logits_V = self._step(token, place)
        return total

    def _decode(self, request: DecodeRequest, logits_V: torch.Tensor) -> None:
        """Decode tokens until the last one."""
        while True:
            token = self._chosen(request, logits_V)
            self._ledger.count("decode_tokens", requested=1, computed=1)
            if request.take(token, float(logits_V.log_softmax(-1)[token]), self._end_ids):
                break
            if request.is_cancelled:
                raise _cancelled(request)
            self._ledger.batch("decode", 1)
            self._ledger.count("decode_steps", requested=1, computed=1)
            with self._ledger.lane("decode", "step", rows=1):
                logits_V = self._step(token, request.num_cached_tokens)
        request.finish(request)

    def _chosen(self, request: DecodeRequest, logits_V: torch.Tensor) -> int:
        """A token by the model's rules and the request's temperature."""
        logits_V = self._family.rules.apply(logits_V, (*request.prompt.ids, *request.tokens))
        if request.temperature > 0:
            return int(torch.multinomial((logits_V / request.temperature).softmax(-1), 1))
        return int(logits_V.argmax())


def _cancelled(request: DecodeRequest) -> atom.Cancelled:
    return atom.Cancelled(f"task {request.caller.task!r} was cancelled")
