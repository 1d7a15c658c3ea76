"""The networks: one says which words of a request are things, another what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from attrs import frozen
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from atom_core.text.letters import grams

TAGS = ("O", "N", "P", "C", "W", "I", "V")
"""What a word is: nothing to be seen; the first of a thing that is named, of several, of one that is told by how it
looks, or by what it does alone; a further one of its name, or of what it does.
"""
SIGNS = (
    "end", "all", "longest", "shortest", "!", "&", "|", ".", *(f"*{number}" for number in range(2, 10)),
    "@time", "@growing", "@shrinking", "<=", "each<=", "other",
)  # fmt: skip
"""What a program consists of, besides things, see `programs`; `other` is one that says something else."""
_FAR = -1e9
"""In the place of a logit of what can't be."""


@frozen(kw_only=True)
class Shape:
    """The sizes of a network, and which words it knows."""

    vocabulary: tuple[str, ...]
    """Words that it knows as a whole, in small letters."""
    buckets: int = 4096
    """Of stretches of letters."""
    width: int = 64
    """Of what a word is known by as a whole, and of what it is known by its letters."""
    state: int = 96
    """Of the recurrent layers, each way."""


class Reader(nn.Module):
    """Words into states: two recurrent layers that read both ways (GRU, Cho et al. 2014), over words and their letters
    (Bojanowski et al. 2017).
    """

    def __init__(self, shape: Shape, dropout: float) -> None:
        """
        :param dropout: while it learns
        """
        super().__init__()
        self._number = {word: at for at, word in enumerate(shape.vocabulary, 1)}
        self._buckets = shape.buckets
        self.word = nn.Embedding(len(shape.vocabulary) + 1, shape.width)
        self.gram = nn.EmbeddingBag(shape.buckets, shape.width, mode="mean")
        self.recurrent = nn.GRU(2 * shape.width, shape.state, 2, batch_first=True, bidirectional=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, rows: Sequence[Sequence[str]], more_BLD: Tensor | None = None, word_dropout: float = 0.0
    ) -> Tensor:
        """The state of each word, ``(rows, words, 2 * state)``.

        :param rows: the words of each request, in small letters
        :param more_BLD: what else is known of each word
        :param word_dropout: share of the words that are known by their letters alone, while it learns
        """
        lengths = torch.tensor([len(row) for row in rows])
        longest = int(lengths.max())
        number_BL = torch.tensor(
            [[*(self._number.get(w, 0) for w in row), *[0] * (longest - len(row))] for row in rows]
        )
        if word_dropout:
            number_BL = number_BL * (torch.rand(number_BL.shape) >= word_dropout)
        bags: list[int] = []
        starts: list[int] = []
        for row in rows:
            for word in [*row, *[""] * (longest - len(row))]:
                starts.append(len(bags))
                bags += grams(word, self._buckets)
        device = self.word.weight.device
        letters_ND = self.gram(torch.tensor(bags, device=device), torch.tensor(starts, device=device))
        seen_BLD = torch.cat([self.word(number_BL.to(device)), letters_ND.view(len(rows), longest, -1)], -1)
        seen_BLD = seen_BLD if more_BLD is None else seen_BLD + more_BLD
        packed = pack_padded_sequence(self.dropout(seen_BLD), lengths, batch_first=True, enforce_sorted=False)
        states_BLH, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)
        read: Tensor = self.dropout(states_BLH)
        return read


class Tagger(nn.Module):
    """Which words are things: a linear layer over the state of each."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        """
        :param dropout: while it learns
        """
        super().__init__()
        self.shape = shape
        self.reader = Reader(shape, dropout)
        self.tag = nn.Linear(2 * shape.state, len(TAGS))

    def forward(self, rows: Sequence[Sequence[str]], word_dropout: float = 0.0) -> Tensor:
        """What each word is, ``(rows, words, tags)``, as logits.

        :param rows: the words of each request, in small letters
        :param word_dropout: share of the words that are known by their letters alone, while it learns
        """
        tags: Tensor = self.tag(self.reader(rows, word_dropout=word_dropout))
        return tags


@frozen(kw_only=True, eq=False)
class Read:
    """Masked requests as a planner has read them."""

    states_BLH: Tensor
    """Of each word."""
    mask_BL: Tensor
    """Which are words."""
    words_BTL: Tensor
    """Of each thing, which words it is."""
    things_BTH: Tensor
    """Of each thing, where it is first told of."""
    state_BH: Tensor
    """Of the whole, which the program begins with."""


class Planner(nn.Module):
    """Masked requests into programs, step by step: after a sign or a thing, and after a look at the words (Bahdanau et
    al. 2015), the next sign, or a thing that is pointed at (Vinyals et al. 2015).
    """

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        """
        :param dropout: while it learns
        """
        super().__init__()
        self.shape = shape
        size = 2 * shape.state
        self.reader = Reader(shape, dropout)
        self.again = nn.Embedding(3, 2 * shape.width)
        self.start = nn.Linear(2 * size, size)
        self.sign = nn.Embedding(len(SIGNS) + 1, size)
        self.thing = nn.Linear(size, size)
        self.steps = nn.GRU(size, size, batch_first=True)
        self.look = nn.Linear(size, size, bias=False)
        self.join = nn.Linear(2 * size, size)
        self.out = nn.Linear(size, len(SIGNS))
        self.point = nn.Linear(size, size, bias=False)
        self.count = nn.Embedding(4, size)
        self.dropout = nn.Dropout(dropout)

    def read(self, rows: Sequence[Sequence[str]], numbers: Sequence[Sequence[int]], word_dropout: float = 0.0) -> Read:
        """Requests, read.

        :param rows: the words of each, where a thing is one word
        :param numbers: of each word, the number of the thing that it is, from 1; or 0
        :param word_dropout: share of the words that are known by their letters alone, while it learns
        """
        device = self.sign.weight.device
        longest = max(map(len, rows))
        number_BL = torch.tensor([[*row, *[0] * (longest - len(row))] for row in numbers], device=device)
        again_BL = torch.tensor([_times(row) + [0] * (longest - len(row)) for row in numbers], device=device)
        states_BLH = self.reader(rows, self.again(again_BL), word_dropout)
        mask_BL = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in rows], device=device)
        mean_BH = (states_BLH * mask_BL.unsqueeze(-1)).sum(1) / mask_BL.sum(1, keepdim=True)
        most_BH = states_BLH.masked_fill(~mask_BL.unsqueeze(-1), _FAR).max(1).values
        most = max(1, int(number_BL.max()))
        words_BTL = (number_BL[:, None] == torch.arange(1, most + 1, device=device)[None, :, None]).float()
        first_BTL = words_BTL * (words_BTL.cumsum(-1) == 1)
        return Read(
            states_BLH=states_BLH,
            mask_BL=mask_BL,
            words_BTL=words_BTL,
            things_BTH=self.thing(first_BTL @ states_BLH),
            state_BH=torch.tanh(self.start(torch.cat([mean_BH, most_BH], -1))),
        )

    def told(self, read: Read, last_BS: Tensor, counts_BST: Tensor, state_BH: Tensor) -> tuple[Tensor, Tensor]:
        """What comes next after each step, as logits of signs and then of things; and the state after the last.

        :param last_BS: what came before each step: a sign, or after these a thing; -1 at the start
        :param counts_BST: how often each thing came before each step
        :param state_BH: before the first
        """
        scale = read.states_BLH.shape[-1] ** -0.5
        words_BHL = read.states_BLH.transpose(1, 2)
        things_BS = last_BS - len(SIGNS)
        row_B1 = torch.arange(len(last_BS), device=last_BS.device).unsqueeze(1)
        thing_BSH = read.things_BTH[row_B1, things_BS.clamp(min=0)]
        sign_BSH = self.sign(torch.where(things_BS >= 0, torch.zeros_like(last_BS), last_BS + 1))
        last_BSH = torch.where((things_BS >= 0).unsqueeze(-1), thing_BSH, sign_BSH)
        states_BSH, end_1BH = self.steps(self.dropout(last_BSH), state_BH.unsqueeze(0))
        weight_BSL = (self.look(states_BSH) @ words_BHL).masked_fill(~read.mask_BL[:, None], _FAR).softmax(-1)
        seen_BSH = self.join(torch.cat([states_BSH, weight_BSL @ read.states_BLH], -1))
        made_BSH = self.dropout(torch.tanh(seen_BSH))
        pointed_BSH = self.point(made_BSH)
        near_BSTL = (pointed_BSH @ words_BHL * scale).unsqueeze(2).masked_fill(read.words_BTL[:, None] == 0, _FAR)
        often_BST = (self.count(counts_BST.clamp(max=3)) * pointed_BSH.unsqueeze(2)).sum(-1) * scale
        points_BST = near_BSTL.logsumexp(-1) + often_BST
        points_BST = points_BST.masked_fill((read.words_BTL.sum(-1) == 0)[:, None], _FAR)
        return torch.cat([self.out(made_BSH), points_BST], -1), end_1BH.squeeze(0)


def _times(numbers: Sequence[int]) -> list[int]:
    """Of each word, 1 where it is a thing, 2 where that was told of before, 0 where it is none."""
    found = []
    told: set[int] = set()
    for number in numbers:
        found.append(0 if not number else 2 if number in told else 1)
        told.add(number)
    return found
