"""What a checkpoint's generation config asks of greedy decoding."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

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
    def of(cls, generation: Mapping[str, Any]) -> Rules:
        """The rules of a ``generation_config.json``; what is not applied is said in the log."""
        for name, neutral in _NEUTRAL.items():
            if generation.get(name) not in neutral:
                log.warning("the model's generation config sets %s=%r, which Atom ignores", name, generation[name])
        ends = generation.get("eos_token_id")
        return cls(
            repetition_penalty=float(generation.get("repetition_penalty") or 1.0),
            suppress_tokens=tuple(generation.get("suppress_tokens") or ()),
            end_ids=frozenset(() if ends is None else ends if isinstance(ends, list) else [ends]),
        )

    def apply(self, logits_V: torch.Tensor, ids: Sequence[int]) -> torch.Tensor:
        """The logits to choose from.

        :param ids: prompt and answer so far
        """
        if self.repetition_penalty == 1.0 and not self.suppress_tokens:
            return logits_V
        import torch

        logits_V = logits_V.clone()
        if self.repetition_penalty != 1.0:
            seen = torch.tensor(sorted(set(ids)), device=logits_V.device)
            seen = seen[seen < logits_V.shape[0]]
            found = logits_V[seen]
            logits_V[seen] = torch.where(found < 0, found * self.repetition_penalty, found / self.repetition_penalty)
        if self.suppress_tokens:
            logits_V[list(self.suppress_tokens)] = -torch.inf
        return logits_V
