"""What a checkpoint's generation config asks of greedy decoding."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from atom_core.errors import ModelError

if TYPE_CHECKING:
    import torch

log = logging.getLogger("atom")

_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "no_repeat_ngram_size": (None, 0),
    "encoder_repetition_penalty": (None, 1.0),
    "bad_words_ids": (None, []),
    "min_length": (None, 0),
    "min_new_tokens": (None, 0),
    "forced_bos_token_id": (None,),
    "forced_eos_token_id": (None,),
    "exponential_decay_length_penalty": (None,),
    "begin_suppress_tokens": (None, []),
    "sequence_bias": (None,),
    "guidance_scale": (None, 1.0),
}
"""Rules that change greedy results and are not applied; values that mean nothing."""


@frozen
class Rules:
    """Changes to logits before the next token is chosen. Scores and confidences are of the logits as they are."""

    repetition_penalty: float = 1.0
    """Logits of tokens that stand in the prompt or the answer are divided by it, negative ones multiplied.
    Source: CTRL (arXiv 1909.05858), as in transformers' `RepetitionPenaltyLogitsProcessor`."""
    suppress_tokens: tuple[int, ...] = ()
    """Ids that are never chosen."""
    end_ids: frozenset[int] = frozenset()
    """Further ids that end an answer."""

    @classmethod
    def of(cls, generation: Mapping[str, object]) -> Rules:
        """The rules of a ``generation_config.json``; what is not applied is said in the log.

        :raises ModelError: if values are not of the types that transformers takes
        """
        for name, neutral in _NEUTRAL.items():
            if generation.get(name) not in neutral:
                log.warning("the model's generation config sets %s=%r, which Atom ignores", name, generation[name])
        penalty = generation.get("repetition_penalty") or 1.0
        if not isinstance(penalty, (int, float)) or penalty <= 0:
            raise _unfit("repetition_penalty", penalty, "a number above 0")
        return cls(
            repetition_penalty=float(penalty),
            suppress_tokens=_ids(generation, "suppress_tokens"),
            end_ids=frozenset(_ids(generation, "eos_token_id")),
        )

    @property
    def change(self) -> bool:
        """Whether there is anything to apply."""
        return self.repetition_penalty != 1.0 or bool(self.suppress_tokens)

    def apply(self, logits_V: torch.Tensor, ids: Sequence[int]) -> torch.Tensor:
        """The logits to choose from.

        :param ids: prompt and answer so far
        """
        if not self.change:
            return logits_V
        import torch

        logits_V = logits_V.clone()
        if self.repetition_penalty != 1.0:
            seen = torch.tensor(sorted(set(ids)), device=logits_V.device)
            seen = seen[seen < logits_V.shape[0]]
            found = logits_V[seen]
            logits_V[seen] = torch.where(found < 0, found * self.repetition_penalty, found / self.repetition_penalty)
        if self.suppress_tokens:
            never = torch.tensor(self.suppress_tokens, device=logits_V.device)
            logits_V[never[never < logits_V.shape[0]]] = -torch.inf
        return logits_V


def _ids(generation: Mapping[str, object], name: str) -> tuple[int, ...]:
    """One token id, or several."""
    value = generation.get(name)
    given = [] if value is None else value if isinstance(value, list) else [value]
    ids = [token for token in given if isinstance(token, int)]
    if len(ids) < len(given):
        raise _unfit(name, value, "token ids")
    return tuple(token for token in ids if token >= 0)


def _unfit(name: str, value: object, wanted: str) -> ModelError:
    return ModelError(
        f"the model's generation_config.json sets {name}={value!r}, not {wanted}; correct it, or fetch the model again"
    )


def likeliest(logits_RV: torch.Tensor) -> torch.Tensor:
    """The likeliest token of each row and its natural log-probability, float64 [2, R]: whoever needs them fetches both
    at once, since each transfer from a card costs as much as a kernel."""
    import torch

    tokens_R1 = logits_RV.argmax(-1, keepdim=True)
    return torch.cat((tokens_R1, logits_RV.log_softmax(-1).gather(1, tokens_R1)), dim=1).double().t()
