"""A request to the decoder, from its prompt to its last token."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any

from attrs import define, field

from atom_core.call_context import Caller
from atom_core.errors import AtomError, ModelError
from atom_core.families.prompt import PrefixKey, Prompt

_LOOP_ROUNDS, _LOOP_TOKENS = 4, 32
"""Rounds, and tokens, that say the same before it counts as a loop: refrains, lists and rules of tables are shorter."""
_LOOP_CHECK_TOKENS = 8
"""A loop is looked for once every so many tokens: looking at each would cost more than a loop found a little later."""


@define(eq=False, kw_only=True)
class DecodeRequest:
    """A request to the decoder: to embed, to score an answer, or to decode new tokens."""

    prompt: Prompt
    """What is prefilled; for scoring, the answer included."""
    answer_from: int | None = None
    """For scoring: the first token of the answer, which is the end of the prompt."""
    embed: bool = False
    """Whether the result is the last hidden state."""
    inner: bool = False
    """Whether that is the state before the last layers."""
    max_new_tokens: int = 0
    """Most tokens to decode."""
    temperature: float = 0.0
    """0 is greedy."""
    caller: Caller
    """On whose behalf."""
    on_token: Callable[[list[int]], bool] | None = None
    """Called in the engine's thread with all tokens so far; True ends the decoding."""
    future: Future[Any] = field(factory=Future)
    """Where the result goes: [D] for embedding, a float for scoring, this request for decoding."""
    arrival: int = 0
    """Order of arrival."""
    prefix_keys: tuple[PrefixKey, ...] = field(init=False)
    """Prefix keys of the prompt, in order."""
    shared_prefix: tuple[PrefixKey, ...] = field(init=False)
    """The prefix keys up to the end of the last clip, which other requests about the same clips share; empty if there
    is no clip, or if what the model computes for it depends on what follows."""
    first_position: int = field(init=False)
    """Position of the first decoded token."""
    tokens: list[int] = field(factory=list)
    """Decoded so far."""
    logprob: float = 0.0
    """Sum of the natural log-probabilities of `tokens`."""
    finish_reason: str = "length"
    """Why decoding ended, see `Generated.finish_reason`."""

    def __attrs_post_init__(self) -> None:
        prompt, known = self.prompt, self.prompt.position_ids
        self.prefix_keys = prompt.prefix_keys()
        cuttable = prompt.can_cut(prompt.visual_end)
        self.shared_prefix = _keys_of(self.prefix_keys, prompt.visual_end) if cuttable else ()
        # where positions have several axes a clip takes fewer of them than it has tokens
        self.first_position = len(prompt) if known is None else int(known.max()) + 1

    @property
    def num_answer_tokens(self) -> int:
        """How many tokens of the prompt are the answer that is scored."""
        return 0 if self.answer_from is None else len(self.prompt) - self.answer_from

    @property
    def max_reused_tokens(self) -> int:
        """Upper bound for reuse: the token after it must be computed, its hidden state is needed."""
        return len(self.prompt) - 1 if self.answer_from is None else self.answer_from - 1

    @property
    def num_cached_tokens(self) -> int:
        """How many tokens the KV cache holds of a running request: the last decoded one comes in at the next step."""
        return len(self.prompt) + max(0, len(self.tokens) - 1)

    @property
    def position(self) -> int:
        """The position of the last decoded token."""
        return self.first_position + len(self.tokens) - 1

    def reusable(self, num_known: int) -> int:
        """How many of the first `num_known` tokens need not be computed: whole prefix keys, and none that the model
        computes differently for what follows.
        """
        reused = place = 0
        for _, num_tokens in self.prefix_keys:
            place += num_tokens
            if place > min(num_known, self.max_reused_tokens):
                break
            reused = place if self.prompt.can_cut(place) else reused
        return reused

    def stops(self) -> bool:
        """Show the listener the tokens so far; whether it has enough."""
        return self.on_token is not None and self.on_token(self.tokens)

    @property
    def loops(self) -> bool:
        """Whether what is decoded says the same over and over; looked at now and then."""
        return len(self.tokens) % _LOOP_CHECK_TOKENS == 0 and looping(self.tokens)

    def take(self, token: int, logprob: float, end_ids: Collection[int]) -> bool:
        """Add a decoded token; whether it was the last.

        :param logprob: its natural log-probability
        :param end_ids: tokens that end an answer
        """
        self.tokens.append(token)
        self.logprob += logprob
        if token in end_ids or self.stops():
            self.finish_reason = "stop"
        elif self.loops:
            self.finish_reason = "loop"
        elif len(self.tokens) < self.max_new_tokens:
            return False
        return True

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the result any more: the task was cancelled, or who asked has given it up."""
        return self.caller.cancelled.is_set() or self.future.cancelled()

    def finish(self, result: object) -> None:
        """Hand over the result."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        """Hand over what went wrong, unless the request is done."""
        if self.future.done():
            return
        if not isinstance(error, AtomError):
            wrapped = ModelError(f"the decoder failed: {type(error).__name__}: {error}")
            wrapped.__cause__ = error
            error = wrapped
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


def looping(tokens: Sequence[int]) -> bool:
    """Whether `tokens` end with one sequence repeated `_LOOP_ROUNDS` times or more, over `_LOOP_TOKENS` or more."""
    for period in range(1, len(tokens) // _LOOP_ROUNDS + 1):
        start = len(tokens) - max(_LOOP_TOKENS, _LOOP_ROUNDS * period)
        if start < 0:
            return False
        # a sequence of this period is equal to itself moved by one period
        if tokens[-1] == tokens[-1 - period] and tokens[start + period :] == tokens[start:-period]:
            return True
    return False


def _keys_of(keys: Sequence[PrefixKey], end: int) -> tuple[PrefixKey, ...]:
    """The keys that stand for exactly the first `end` tokens; none if a key goes across that place."""
    num_tokens = 0
    for place, (_, of_key) in enumerate(keys):
        num_tokens += of_key
        if num_tokens == end:
            return tuple(keys[: place + 1])
    return ()
