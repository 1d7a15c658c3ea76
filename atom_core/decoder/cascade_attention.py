"""Attention of rows that share a prefix: what they share is held once, and read once for all of them.

A query's attention over two runs of keys is the mean of its attentions over each, weighted by the exponentials that
each has summed. So the shared run is read by the queries of all its rows at once, each row's own run as ever, and the
two are merged. Source: Hydragen (2402.05099).

Shape letters: R rows, G key heads, Q queries, L keys, W head width.
"""

from __future__ import annotations

import torch
from attrs import frozen
from torch.nn.functional import scaled_dot_product_attention

from atom_core.decoder.prefix_cache import KV

_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
"""What `scaled_dot_product_attention` calls on processors; it gives the logarithm of the summed exponentials, too."""


@frozen(eq=False)
class Shared:
    """Rows that borrow the same states."""

    rows: torch.Tensor | slice
    """The rows, among those that a forward pass works on: indices, or a slice of neighbours."""
    kv: KV
    """What they borrow: tokens before all that the rows hold themselves, but perhaps a few that come earlier."""


@frozen(eq=False)
class Sharing:
    """Which of the rows that a forward pass works on borrow what."""

    groups: tuple[Shared, ...]
    """The rows that borrow."""
    borrowers: slice
    """A slice with all of them."""
    length: int
    """Own tokens of the longest of them, the new ones included."""
    others: slice
    """A slice with all rows that borrow nothing."""
    borrows: torch.Tensor
    """Which rows borrow, bool [R, 1, 1, 1]."""


def cascade(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    sharing: Sharing,
    layer: int,
    scale: float,
) -> torch.Tensor:
    """Attention [R, G, Q, W] of `query` [R, G, Q, W] over each row's own states and what it borrows.

    :param keys: each row's own, [R, G, L, W], as are the values
    :param mask: added to the scores of own keys, [R, 1, Q, L] or [R, 1, 1, L]
    :param layer: whose borrowed states are read
    """
    rows, end = sharing.borrowers, sharing.length
    own, own_sum = _flash(
        query[rows],
        keys[rows, :, :end],
        values[rows, :, :end],
        0.0,
        False,
        attn_mask=mask[rows, :, :, :end],
        scale=scale,
    )
    mixed, sums = torch.empty_like(query), torch.empty_like(query[..., 0])
    for group in sharing.groups:
        asked = query[group.rows]
        num_rows, heads, new, width = asked.shape
        folded = asked.transpose(0, 1).reshape(1, heads, num_rows * new, width)
        group_keys, group_values = group.kv.layers[layer]
        found, found_sum = _flash(folded, group_keys[None], group_values[None], 0.0, False, scale=scale)
        mixed[group.rows] = found.view(heads, num_rows, new, width).transpose(0, 1)
        sums[group.rows] = found_sum.view(heads, num_rows, new).transpose(0, 1)
    mixed[rows] = torch.lerp(own, mixed[rows], torch.sigmoid(sums[rows] - own_sum)[..., None])
    rows = sharing.others
    if rows.start < rows.stop:
        alone = scaled_dot_product_attention(query[rows], keys[rows], values[rows], attn_mask=mask[rows], scale=scale)
        mixed[rows] = torch.where(sharing.borrows[rows], mixed[rows], alone)
    return mixed
