"""A prompt: token ids, the features that stand at some of them, and the keys by which prefixes are matched."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve, field, frozen

from atom_core.records import Features

if TYPE_CHECKING:
    import torch

PrefixKey: TypeAlias = tuple[Hashable, int]
"""What a prompt is matched by: an identity (a token id, or a features key and row) and how many tokens it stands for.
A key is never split."""


@frozen
class Visual:
    """A run of visual tokens in a prompt."""

    start: int
    """Its first token's place in the prompt."""
    features: Features
    """Whose rows stand there."""
    row: int
    """The first of those rows."""
    num_tokens: int
    """How many tokens, and rows."""


@frozen(kw_only=True)
class Prompt:
    """What the decoder reads."""

    ids: tuple[int, ...] = field(repr=False)
    """Token ids; placeholders where visual tokens stand."""
    visuals: tuple[Visual, ...] = ()
    """The runs of visual tokens, in order."""
    position_ids: torch.Tensor | None = field(default=None, eq=False, repr=False)
    """[A, N] positions for families with several position axes; None means 0, 1, 2, ..."""
    blocks: tuple[tuple[int, int], ...] = ()
    """Spans of tokens that look at each other both ways, start and end; a prefix is never cut inside one."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def visual_end(self) -> int:
        """The place after the last visual token; 0 without any."""
        return self.visuals[-1].start + self.visuals[-1].num_tokens if self.visuals else 0

    def can_cut(self, place: int) -> bool:
        """Whether what is before `place` does not depend on what follows."""
        return not any(start < place < end for start, end in self.blocks)

    def prefix_keys(self) -> tuple[PrefixKey, ...]:
        """Identities of the tokens in order: equal keys before a place mean equal KV states before it."""
        keys: list[PrefixKey] = []
        at = 0
        for visual in self.visuals:
            keys += [(token, 1) for token in self.ids[at : visual.start]]
            keys.append(((visual.features.key, visual.row), visual.num_tokens))
            at = visual.start + visual.num_tokens
        return (*keys, *((token, 1) for token in self.ids[at:]))

    def with_answer(self, ids: tuple[int, ...]) -> Prompt:
        """This prompt followed by the tokens of an answer."""
        position_ids = self.position_ids
        if position_ids is not None:
            import torch

            first = int(position_ids.max()) + 1
            more = torch.arange(first, first + len(ids)).expand(position_ids.shape[0], -1)
            position_ids = torch.cat([position_ids, more], dim=1)
        return evolve(self, ids=self.ids + ids, position_ids=position_ids)


@frozen(eq=False)
class PrefillChunk:
    """Tokens of one prompt to be prefilled into a row."""

    prompt: Prompt
    """The prompt."""
    start: int
    """The first token to compute; those before are in the row already."""
    end: int
    """The place after the last token to compute."""

    @property
    def num_tokens(self) -> int:
        """How many tokens are computed."""
        return self.end - self.start
