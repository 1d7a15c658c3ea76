"""What a vision tower is given of a clip, and what it makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from attrs import field, frozen

EncoderInputs: TypeAlias = dict[str, Any]
"""What a vision tower is given, by the names of its arguments: tensors, and numbers of them."""
Layout: TypeAlias = dict[str, Any]
"""How features lie in a prompt, as JSON values; `runs` is how many rows each frame has."""


@frozen(kw_only=True)
class Encoded:
    """What the visual half makes of one clip."""

    values: torch.Tensor
    """[T, D]."""
    layout: Layout = field(factory=dict)
    """JSON values that the prompt needs."""
    extra: Mapping[str, torch.Tensor] = field(factory=dict)
    """Further tensors for the language half."""


def join(parts: Sequence[Encoded]) -> Encoded:
    """What the chunks of one clip's inputs make together: rows and tensors follow each other, lists are joined."""
    if len(parts) == 1:
        return parts[0]
    layout = {
        name: [item for part in parts for item in part.layout[name]] if isinstance(value, list) else value
        for name, value in parts[0].layout.items()
    }
    extra = {name: torch.cat([part.extra[name] for part in parts]) for name in parts[0].extra}
    return Encoded(values=torch.cat([part.values for part in parts]), layout=layout, extra=extra)


def encoded(rows: Iterable[torch.Tensor], **layout: object) -> Encoded:
    """Rows of visual tokens as one tensor; `layout["runs"]` is how many each frame has.

    :param rows: [T, N, D] or T tensors [N, D] of any length
    """
    parts = [part.reshape(-1, part.shape[-1]) for part in rows]
    return Encoded(values=torch.cat(parts), layout={"runs": [len(part) for part in parts], **layout})
