"""Requests on their way through the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from attrs import define, field

from atom_core.call_context import Caller
from atom_core.errors import AtomError, ModelError
from atom_core.families.prompt import PrefixKey, Prompt

_READ_TOKENS = 2048
_LOOPS, _LOOP_TOKENS = 4, 32
"""Rounds, and tokens, that say the same before it counts as a loop: refrains, lists and rules of tables are shorter."""
_LOOK_TOKENS = 8
"""How often that is looked at."""


@define(eq=False, kw_only=True)
class Job:
    """A request to the decoder."""

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
    units: tuple[PrefixKey, ...] = ()
    """Of the prompt."""
    head: tuple[PrefixKey, ...] = ()
    """The units up to the end of the last clip, if that does not depend on what follows."""
    tokens: list[int] = field(factory=list)
    """Decoded so far."""
    logprob: float = 0.0
    """Of `tokens`."""
    finish: str = "length"
    """Why decoding ended."""

    def __attrs_post_init__(self) -> None:
        self.units = self.prompt.units()
        if self.prompt.can_cut(self.prompt.visual_end):
            self.head = _head(self.units, self.prompt.visual_end)

    @property
    def limit(self) -> int:
        """The most tokens that need not be read: the hidden state of what follows is wanted."""
        return len(self.prompt) - 1 if self.answer_from is None else self.answer_from - 1

    @property
    def num_answer_tokens(self) -> int:
        """How many tokens of the prompt are the answer that is scored."""
        return 0 if self.answer_from is None else len(self.prompt) - self.answer_from

    @property
    def position(self) -> int:
        """The position of the last decoded token."""
        known = self.prompt.position_ids
        after = len(self.prompt) if known is None else int(known.max()) + 1
        return after + len(self.tokens) - 1

    def cut(self, known: int) -> int:
        """How many of the first `known` tokens need not be read: whole units that do not depend on what follows."""
        at = place = 0
        for _, num_tokens in self.units:
            place += num_tokens
            if place > min(known, self.limit):
                break
            at = place if self.prompt.can_cut(place) else at
        return at

    def tell(self) -> bool:
        """Tell the listener about a new token; whether it has enough."""
        return self.on_token is not None and self.on_token(self.tokens)

    @property
    def loops(self) -> bool:
        """Whether what is decoded says the same over and over; looked at now and then."""
        return len(self.tokens) % _LOOK_TOKENS == 0 and looping(self.tokens)

    def end(self, result: Any) -> None:
        """Hand over the result."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(result)

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the result any more: the task was cancelled, or who asked has given it up."""
        return self.caller.cancelled.is_set() or self.future.cancelled()

    def fail(self, error: Exception) -> None:
        """Hand over what went wrong, unless the job is done."""
        if self.future.done():
            return
        if not isinstance(error, AtomError):
            wrapped = ModelError(f"the decoder failed: {type(error).__name__}: {error}")
            wrapped.__cause__ = error
            error = wrapped
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


def looping(tokens: Sequence[int]) -> bool:
    """Whether `tokens` end with one sequence again and again, `_LOOPS` times or more, and `_LOOP_TOKENS` long."""
    for period in range(1, len(tokens) // _LOOPS + 1):
        start = len(tokens) - max(_LOOP_TOKENS, _LOOPS * period)
        if start < 0:
            return False
        if tokens[-1] == tokens[-1 - period] and tokens[start + period :] == tokens[start:-period]:
            return True
    return False


def groups(jobs: Sequence[Job], matched: Callable[[Job], int], *, together: bool) -> list[list[Job]]:
    """Jobs that are read together: padded to the longest, none is padded to more than twice its length.

    :param matched: how many of a job's tokens need not be read
    :param together: whether rows may be padded; else each job is read alone
    """
    found: list[list[Job]] = []
    sized = sorted(((len(job.prompt) - matched(job), job) for job in jobs), key=lambda pair: (pair[0], pair[1].arrival))
    shortest = 0
    for size, job in sized:
        if found and together and size <= 2 * shortest and size * (len(found[-1]) + 1) <= _READ_TOKENS:
            found[-1].append(job)
        else:
            found.append([job])
            shortest = size
    return found


def _head(units: Sequence[PrefixKey], end: int) -> tuple[PrefixKey, ...]:
    """The units that stand for the first `end` tokens."""
    at = 0
    for place, (_, num_tokens) in enumerate(units):
        at += num_tokens
        if at == end:
            return tuple(units[: place + 1])
    return ()
