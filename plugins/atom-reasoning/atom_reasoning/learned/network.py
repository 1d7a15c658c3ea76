"""The network: words into what is asked and what each word is of the question."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from attrs import frozen
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from atom_core.text.letters import grams
from atom_reasoning.learned.words import LOOKS, look


@frozen(kw_only=True)
class Shape:
    """The sizes of a network, and what its numbers stand for."""

    vocabulary: tuple[str, ...]
    """Words that it knows as a whole, in small letters."""
    kinds: tuple[str, ...]
    """What may be asked."""
    tags: tuple[str, ...]
    """What a word may be of a question."""
    buckets: int = 6144
    """Of stretches of letters."""
    width: int = 64
    """Of what a word is known by as a whole, and of what it is known by its letters."""
    state: int = 96
    """Of the recurrent layers, each way."""
    layers: int = 2
    """Recurrent layers."""
    look: int = 8
    """Of whether a word is a colour, a shape, a verb or the like."""


class Network(nn.Module):
    """Two recurrent layers that read both ways (GRU, Cho et al. 2014), over words and their letters (Bojanowski et al.
    2017); a linear layer says of each word what it is, another of all words what is asked."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        """
        :param dropout: while it learns
        """
        super().__init__()
        self.shape = shape
        self._number = {word: at for at, word in enumerate(shape.vocabulary, 1)}
        self.word = nn.Embedding(len(shape.vocabulary) + 1, shape.width)
        self.gram = nn.EmbeddingBag(shape.buckets, shape.width, mode="mean")
        self.look = nn.Embedding(len(LOOKS), shape.look)
        self.recurrent = nn.GRU(
            2 * shape.width + shape.look,
            shape.state,
            shape.layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout,
        )
        self.weigh = nn.Linear(2 * shape.state, 1)
        self.kind = nn.Linear(4 * shape.state, len(shape.kinds))
        self.tag = nn.Linear(2 * shape.state, len(shape.tags))
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows: Sequence[Sequence[str]], word_dropout: float = 0.0) -> tuple[Tensor, Tensor]:
        """What is asked, ``(rows, kinds)``, and what each word is, ``(rows, words, tags)``, as logits.

        :param rows: the words of each question, in small letters
        :param word_dropout: share of the words that are known by their letters alone, while it learns
        """
        lengths = torch.tensor([len(row) for row in rows])
        longest = int(lengths.max())
        number_BL = torch.zeros(len(rows), longest, dtype=torch.long)
        bags: list[int] = []
        starts: list[int] = []
        for at, row in enumerate(rows):
            number_BL[at, : len(row)] = torch.tensor([self._number.get(word, 0) for word in row])
            for word in [*row, *[""] * (longest - len(row))]:
                starts.append(len(bags))
                bags += grams(word, self.shape.buckets)
        if word_dropout:
            number_BL = number_BL * (torch.rand(number_BL.shape) >= word_dropout)
        letters_BLD = self.gram(torch.tensor(bags), torch.tensor(starts)).view(len(rows), longest, -1)
        look_BL = torch.tensor([[*map(look, row), *[0] * (longest - len(row))] for row in rows])
        seen_BLD = self.dropout(torch.cat([self.word(number_BL), letters_BLD, self.look(look_BL)], -1))
        packed = pack_padded_sequence(seen_BLD, lengths, batch_first=True, enforce_sorted=False)
        read_BLH = self.dropout(pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)[0])
        mask_BL = torch.arange(longest)[None] < lengths[:, None]
        weight_BL = self.weigh(read_BLH).squeeze(-1).masked_fill(~mask_BL, -1e9).softmax(-1)
        most_BH = read_BLH.masked_fill(~mask_BL.unsqueeze(-1), -1e9).max(1).values
        whole_BH = torch.cat([(weight_BL.unsqueeze(-1) * read_BLH).sum(1), most_BH], -1)
        return self.kind(self.dropout(whole_BH)), self.tag(read_BLH)
