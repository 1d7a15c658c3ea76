"""From the vectors of a text's tokens to one.

Shapes: B texts, Q tokens of the longest, D the model's width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch


def pool(states_BQD: torch.Tensor, mask_BQ: torch.Tensor, modes: Sequence[str], skipped: int = 0) -> torch.Tensor:
    """One vector for each text, those of several modes side by side; as sentence-transformers does it.

    :param mask_BQ: 1 where there is a token, 0 where a shorter text is filled up, left or right
    :param skipped: how many first tokens of each text do not count
    """
    starts_B = mask_BQ.int().argmax(1)
    places_BQ = torch.arange(mask_BQ.shape[1])[None] - starts_B[:, None]
    counted_BQ = mask_BQ.bool() & (places_BQ >= skipped)
    pooled = [_pool(states_BQD, counted_BQ, places_BQ, mode) for mode in modes]
    return torch.cat(pooled, dim=-1)


def _pool(states_BQD: torch.Tensor, counted_BQ: torch.Tensor, places_BQ: torch.Tensor, mode: str) -> torch.Tensor:
    if mode in ("cls", "lasttoken"):
        last = counted_BQ.shape[1] - 1
        index_B = counted_BQ.int().argmax(1) if mode == "cls" else last - counted_BQ.int().flip(1).argmax(1)
        return states_BQD[torch.arange(len(index_B)), index_B]
    if mode == "max":
        return states_BQD.masked_fill(~counted_BQ[..., None], float("-inf")).amax(1)
    weights_BQ = counted_BQ.to(states_BQD.dtype)
    if mode == "weightedmean":
        weights_BQ = weights_BQ * (places_BQ + 1)
    sums_BD = (states_BQD * weights_BQ[..., None]).sum(1)
    totals_B1 = weights_BQ.sum(1, keepdim=True).clamp(min=1e-9)
    return sums_BD / (totals_B1.sqrt() if mode == "mean_sqrt_len_tokens" else totals_B1)
