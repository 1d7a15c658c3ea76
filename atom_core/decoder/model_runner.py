"""Forward passes of the language half over many sequences at once.

Shape letters: R rows, Q new tokens, L keys, D width, V vocabulary, A position axes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from atom_core.checkpoint.load import pack
from atom_core.decoder.kv_cache import Slots, layer_kinds
from atom_core.decoder.llama import Lean, is_lean
from atom_core.decoder.prefix_cache import KV
from atom_core.decoder.state_cache import Snapshot
from atom_core.families.prompt import Read

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.families import Family


class Runner:
    """The language half and the rows it works on. Used by one thread only."""

    def __init__(self, model: PreTrainedModel, family: Family) -> None:
        """
        :raises ModelError: if the language half has layers that cannot be served faithfully
        """
        self.config = model.config.get_text_config()
        kinds = layer_kinds(self.config)
        self.slots = Slots(kinds)
        self.has_states = "state" in kinds
        """Whether some layers keep states that cannot be cut or padded: rows are read one by one."""
        self._family = family
        self._sliding_window: int | None = getattr(self.config, "sliding_window", None)
        self._softcap: float | None = getattr(self.config, "final_logit_softcapping", None)
        self._scale = float(getattr(self.config, "logit_scale", 1.0)) / float(
            getattr(self.config, "logits_scaling", 1.0)
        )
        self._layer_types: list[str] = sorted(set(getattr(self.config, "layer_types", None) or ()))
        language = model.get_decoder()
        self._language: Any = Lean(language) if is_lean(language) else language
        self.can_share = isinstance(self._language, Lean) and self._sliding_window is None
        """Whether rows can share kept states."""
        self._embed = model.get_input_embeddings()
        self._head = model.get_output_embeddings()
        self._device = model.device
        self._unpacked = [model.get_decoder(), self._head]

    def read(self, first: int, reads: Sequence[Read]) -> list[torch.Tensor]:
        """Read prompts into rows `first` onwards, padded on the right to the longest.

        :return: for each prompt the final hidden states of its new tokens, [Q, D]
        """
        if self._unpacked:
            pack(self._unpacked)
            self._unpacked.clear()
        lengths = [read.num_tokens for read in reads]
        longest = max(lengths)
        embeds = [self._embeds(read) for read in reads]
        embeds_RQD = torch.stack([torch.nn.functional.pad(e, (0, 0, 0, longest - e.shape[0])) for e in embeds])
        positions = _stack_positions([self._positions(read, longest) for read in reads])
        mask = self.slots.open(first, [read.start for read in reads], longest)
        for row, read in enumerate(reads):
            for start, end in read.prompt.blocks:
                if read.start <= start and end <= read.end:
                    mask[row, :, start - read.start : end - read.start, start:end] = True
                    self.slots.window.causal = False
        more = self._family.language_inputs(self._language, [_ids(read, longest) for read in reads], reads)
        hidden_RQD = self._forward(embeds_RQD, mask, positions, more)
        return [hidden[:length] for hidden, length in zip(hidden_RQD, lengths, strict=True)]

    def step(self, tokens: Sequence[int], lengths: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        """Read one more token in each of the first rows.

        :param tokens: a token id for each row
        :param lengths: how many tokens each row holds already
        :param positions: the new tokens' positions
        :return: logits for what comes next, [R, V], float32
        """
        ids_R1 = torch.tensor(tokens, device=self._device)[:, None]
        positions_R1 = torch.tensor(positions, device=self._device)[:, None]
        mask = self.slots.open(0, list(lengths), 1)
        more = self._family.language_inputs(self._language, [[token] for token in tokens], ())
        hidden_RQD = self._forward(self._embed(ids_R1), mask, positions_R1, more)
        return self.logits(hidden_RQD[:, -1])

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits [..., V], float32, of final hidden states [..., D]."""
        logits: torch.Tensor = self._head(hidden)
        if self._scale != 1.0:
            logits = logits * self._scale
        if self._softcap is not None:
            logits = torch.tanh(logits / self._softcap) * self._softcap
        return logits.float()

    def placed(self, kv: KV) -> KV:
        """Kept states on the model's device."""
        return KV(tuple((k.to(self._device), v.to(self._device)) for k, v in kv.layers), kv.num_tokens)

    def restore(self, row: int, chain: Sequence[KV], limit: int, *, share: bool) -> None:
        """Fill `row` from its start with `limit` tokens of kept states.

        :param share: the longest run is not copied, so that rows can share it
        """
        whole, at = [], 0
        for kv in chain:
            whole.append(kv if at + kv.num_tokens <= limit else kv.view(0, limit - at))
            at += kv.num_tokens
            if at >= limit:
                break
        self.slots.restore(row, whole, borrow=share)

    def lend(self, row: int, chain: Sequence[KV], length: int) -> None:
        """Let `row`, which holds `length` tokens, use the longest run of kept states instead of its own."""
        place = max(range(len(chain)), key=lambda at: chain[at].num_tokens)
        self.slots.borrow(row, sum(kv.num_tokens for kv in chain[:place]), chain[place], length)

    def load(self, row: int, snapshot: Snapshot) -> int:
        """Fill `row` with a kept prefix; how many tokens that are."""
        self.slots.load(row, snapshot)
        return snapshot.num_tokens

    def _embeds(self, read: Read) -> torch.Tensor:
        ids = torch.tensor(read.prompt.ids[read.start : read.end], device=self._device)
        embeds_QD: torch.Tensor = self._embed(ids)
        for visual in read.prompt.visuals:
            skip = max(0, read.start - visual.start)
            if skip >= visual.num_tokens or visual.start >= read.end:
                continue
            rows = visual.features.values[visual.row + skip : visual.row + visual.num_tokens]
            at = visual.start + skip - read.start
            embeds_QD[at : at + rows.shape[0]] = rows.to(embeds_QD)
        return embeds_QD

    def _positions(self, read: Read, length: int) -> torch.Tensor:
        known = read.prompt.position_ids
        if known is None:
            return torch.arange(read.start, read.start + length, device=self._device)
        known = torch.nn.functional.pad(known[:, read.start : read.end], (0, length - read.num_tokens))
        return (known[0] if known.shape[0] == 1 else known).to(self._device)

    def _forward(
        self, embeds_RQD: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, more: Mapping[str, Any]
    ) -> torch.Tensor:
        output = self._language(
            inputs_embeds=embeds_RQD,
            attention_mask=self._masks(mask),
            position_ids=positions,
            past_key_values=self.slots,
            use_cache=True,
            **more,
        )
        return output.last_hidden_state  # type: ignore[no-any-return]

    def _masks(self, mask: torch.Tensor) -> torch.Tensor | dict[str, torch.Tensor | None]:
        """The mask, or one for each kind of layer where kinds differ."""
        kinds: dict[str, torch.Tensor | None] = dict.fromkeys(self._layer_types)
        if not self._layer_types or "sliding_attention" in kinds:
            sliding = self._slide(mask)
            if not self._layer_types:
                return sliding
            kinds["sliding_attention"] = sliding
        elif self._layer_types == ["full_attention"]:
            return mask.to(self._device)
        kinds["full_attention"] = mask.to(self._device)
        return kinds

    def _slide(self, mask: torch.Tensor) -> torch.Tensor:
        """What a layer sees that looks back no further than its window."""
        if self._sliding_window is None:
            return mask.to(self._device)
        window = self.slots.window
        window.causal = False
        near = torch.arange(window.length) > window.columns[:, :, None] - self._sliding_window
        return (mask & near[:, None]).to(self._device)


def _ids(read: Read, length: int) -> list[int]:
    """The ids that are read, padded on the right with 0."""
    return [*read.prompt.ids[read.start : read.end], *[0] * (length - read.num_tokens)]


def _stack_positions(positions: Sequence[torch.Tensor]) -> torch.Tensor:
    """[R, Q] of plain positions, [A, R, Q] of positions with several axes."""
    return torch.stack(list(positions), dim=0 if positions[0].ndim == 1 else 1)
