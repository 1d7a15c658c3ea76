"""Cascade attention, for rows that share a prefix: its states are held once, and read once for all of them.

A query's attention over two runs of keys is the mean of its attentions over each, weighted by the sums of exponentials
that their softmaxes divide by. So the shared run is read by the queries of all its rows at once, each row's own run as
usual, and the two are merged. Source: Hydragen (arXiv 2402.05099); the name is FlashInfer's.

Shape letters: R rows, G key heads, Q queries, L keys, W head width.
"""

from __future__ import annotations

import torch
from attrs import frozen
from torch.nn.functional import scaled_dot_product_attention

from atom_core.decoder.prefix_cache import KV

_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
"""What `scaled_dot_product_attention` calls on processors. Called by itself it also returns the logarithm of the sum of
exponentials, which merging needs and the public function keeps to itself."""


@frozen(eq=False)
class SharingRows:
    """Rows that share the same states."""

    rows: torch.Tensor | slice
    """The rows, among those that a forward pass works on: indices, or a slice of neighbours."""
    kv: KV
    """The shared KV. It precedes the rows' own tokens, except a few leading ones that each row stores itself."""


@frozen(eq=False)
class SharedPrefixes:
    """Which of the rows that a forward pass works on share what."""

    groups: tuple[SharingRows, ...]
    """The rows that share, by what they share."""
    sharing: slice
    """A slice with all of them, perhaps with others between."""
    length: int
    """Own tokens of the longest of them, the new ones included."""
    others: slice
    """A slice with all rows that share nothing, perhaps with sharing ones between."""
    shares_R111: torch.Tensor
    """Which rows share, bool [R, 1, 1, 1]."""


def cascade(
    query_RGQW: torch.Tensor,
    keys_RGLW: torch.Tensor,
    values_RGLW: torch.Tensor,
    mask: torch.Tensor,
    shared: SharedPrefixes,
    layer: int,
    scale: float,
) -> torch.Tensor:
    """Attention [R, G, Q, W] of queries over each row's own states and what it shares.

    Neither run is masked against the other: shared tokens come before all new ones, so every query sees all of them.

    :param keys_RGLW: each row's own, as are the values
    :param mask: added to the scores of own keys, [R, 1, Q, L] or [R, 1, 1, L]
    :param layer: whose shared states are read
    """
    rows, end = shared.sharing, shared.length
    own_RGQW, own_sum_RGQ = _flash(
        query_RGQW[rows],
        keys_RGLW[rows, :, :end],
        values_RGLW[rows, :, :end],
        0.0,
        False,
        attn_mask=mask[rows, :, :, :end],
        scale=scale,
    )
    out_RGQW = torch.empty_like(query_RGQW, dtype=torch.float32)
    sum_RGQ = torch.empty_like(out_RGQW[..., 0])
    for group in shared.groups:
        group_query = query_RGQW[group.rows]
        num_rows, heads, new, width = group_query.shape
        # all rows' queries as those of one row: the shared keys are read from memory once, not once for each row
        folded = group_query.transpose(0, 1).reshape(1, heads, num_rows * new, width)
        group_keys, group_values = group.kv.layers[layer]
        prefix, prefix_sum = _flash(folded, group_keys[None], group_values[None], 0.0, False, scale=scale)
        out_RGQW[group.rows] = prefix.view(heads, num_rows, new, width).transpose(0, 1)
        sum_RGQ[group.rows] = prefix_sum.view(heads, num_rows, new).transpose(0, 1)
    # the sums are logarithms: exp(a) / (exp(a) + exp(b)) is the sigmoid of a - b, which cannot overflow
    out_RGQW[rows] = torch.lerp(own_RGQW.float(), out_RGQW[rows], torch.sigmoid(sum_RGQ[rows] - own_sum_RGQ)[..., None])
    rows = shared.others
    if rows.start < rows.stop:
        alone = scaled_dot_product_attention(
            query_RGQW[rows], keys_RGLW[rows], values_RGLW[rows], attn_mask=mask[rows], scale=scale
        )
        # sharing rows that lie between the others were computed, too, without their prefix: theirs is not taken
        out_RGQW[rows] = torch.where(shared.shares_R111[rows], out_RGQW[rows], alone)
    return out_RGQW.to(query_RGQW.dtype)
