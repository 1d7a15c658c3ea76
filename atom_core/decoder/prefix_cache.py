"""Prefixes kept in memory: a radix tree over prompts, each edge with the KV states it adds.

Shape letters: H heads, N tokens, D head width.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from atom_core.families.prompt import PrefixKey

if TYPE_CHECKING:
    import torch


@frozen(eq=False)
class KV:
    """KV states of a run of tokens, one pair of tensors [H, N, D] for each layer."""

    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    """Keys and values, by layer."""
    num_tokens: int
    """N."""

    @property
    def num_bytes(self) -> int:
        """Memory held, bytes."""
        return sum(t.numel() * t.element_size() for pair in self.layers for t in pair)

    def first(self, num_tokens: int) -> KV:
        """The first `num_tokens` tokens, not copied; where that is all, this very object: by it rows share."""
        if num_tokens >= self.num_tokens:
            return self
        return KV(tuple((k[:, :num_tokens], v[:, :num_tokens]) for k, v in self.layers), num_tokens)

    def cut(self, start: int, end: int) -> KV:
        """A copy of tokens `start` to `end`."""
        layers = tuple((k[:, start:end].clone(), v[:, start:end].clone()) for k, v in self.layers)
        return KV(layers, end - start)


def joined(chain: Sequence[KV]) -> KV:
    """The states of runs that follow each other as those of one."""
    import torch

    pairs = zip(*(kv.layers for kv in chain), strict=True)
    layers = tuple((torch.cat([k for k, _ in run], dim=1), torch.cat([v for _, v in run], dim=1)) for run in pairs)
    return KV(layers, sum(kv.num_tokens for kv in chain))


def first_tokens(chain: Sequence[KV], num_tokens: int) -> list[KV]:
    """The first `num_tokens` tokens of runs that follow each other, not copied."""
    starts = itertools.accumulate((kv.num_tokens for kv in chain), initial=0)
    return [kv.first(num_tokens - start) for kv, start in zip(chain, starts, strict=False) if start < num_tokens]


@define(eq=False)
class _Node:
    keys: tuple[PrefixKey, ...]
    kv: KV | None
    parent: _Node | None
    children: dict[PrefixKey, _Node] = field(factory=dict)
    used: int = 0

    def chain(self) -> list[KV]:
        """The KV of every edge from the root to here."""
        found, node = [], self
        while node.parent is not None:
            assert node.kv is not None
            found.append(node.kv)
            node = node.parent
        return found[::-1]


class RadixPrefixCache:
    """Longest-prefix lookup of KV states under a byte budget; the least recently used leaves go first."""

    def __init__(self, max_bytes: int) -> None:
        """
        :param max_bytes: most memory held; 0 keeps nothing
        """
        self.max_bytes = max_bytes
        self.num_bytes = 0
        self._root = _Node((), None, None)
        self._clock = itertools.count()
        self._lock = threading.Lock()

    def match(self, keys: Sequence[PrefixKey]) -> tuple[int, list[KV]]:
        """The longest kept prefix of `keys`.

        :return: how many tokens it covers, and its KV in order; the tensors are borrowed, copy before changing
        """
        with self._lock:
            node, at, extra = self._walk(keys)
            now = next(self._clock)
            chain = node.chain()
            if extra:
                child = node.children[keys[at]]
                assert child.kv is not None
                child.used = now
                chain.append(child.kv.first(sum(n for _, n in child.keys[:extra])))
            walk: _Node | None = node
            while walk is not None:
                walk.used, walk = now, walk.parent
            return sum(kv.num_tokens for kv in chain), chain

    def missing_from(self, keys: Sequence[PrefixKey]) -> int:
        """The number of tokens that are kept of a prompt of `keys`: from that token on it is unknown."""
        with self._lock:
            _, at, extra = self._walk(keys)
            return sum(n for _, n in keys[: at + extra])

    def insert(self, keys: Sequence[PrefixKey], kv: KV, start: int) -> None:
        """Keep a prefix.

        :param keys: the whole prefix
        :param kv: its states from token `start` on; copied where kept
        :param start: at most what `missing_from` says
        """
        if not self.max_bytes:
            return
        with self._lock:
            _, at, extra = self._walk(keys)
            known = sum(n for _, n in keys[: at + extra])
            if at + extra == len(keys) or known < start:
                return
            whole = kv.num_bytes * (start + kv.num_tokens) // kv.num_tokens
            if whole > self.max_bytes:
                return
            size = whole * (start + kv.num_tokens - known) // (start + kv.num_tokens)  # what the tree does not have yet
            self._evict(self.max_bytes - size)  # first, so that no more is ever held
            node, at, extra = self._walk(keys)
            if sum(n for _, n in keys[: at + extra]) < known:
                return  # room was made by dropping what it was to follow
            if extra:
                node, at = self._split(node.children[keys[at]], extra), at + extra
            new = _Node(tuple(keys[at:]), kv.cut(known - start, kv.num_tokens), node, used=next(self._clock))
            node.children[keys[at]] = new
            assert new.kv is not None
            self.num_bytes += new.kv.num_bytes

    def shrink(self, max_bytes: int) -> None:
        """Let go of prefixes until at most `max_bytes` are held."""
        with self._lock:
            self._evict(max_bytes)

    def limit(self, max_bytes: int) -> None:
        """Hold at most `max_bytes` from now on."""
        with self._lock:
            self.max_bytes = max_bytes
            self._evict(max_bytes)

    def _walk(self, keys: Sequence[PrefixKey]) -> tuple[_Node, int, int]:
        """The deepest node wholly on the path, the keys it covers, and how many more lie on one of its edges."""
        node, at = self._root, 0
        while at < len(keys) and (child := node.children.get(keys[at])) is not None:
            pairs = zip(child.keys, keys[at:], strict=False)
            shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            if shared < len(child.keys):
                return node, at, shared
            node, at = child, at + shared
        return node, at, 0

    def _split(self, node: _Node, at: int) -> _Node:
        assert node.kv is not None
        assert node.parent is not None
        num_tokens = sum(n for _, n in node.keys[:at])
        # copies, not views: a view would keep the other part's memory alive after that is dropped
        upper = _Node(node.keys[:at], node.kv.cut(0, num_tokens), node.parent, used=node.used)
        node.parent.children[node.keys[0]] = upper
        node.kv = node.kv.cut(num_tokens, node.kv.num_tokens)
        node.keys, node.parent = node.keys[at:], upper
        upper.children[node.keys[0]] = node
        return upper

    def _evict(self, max_bytes: int) -> None:
        while self.num_bytes > max_bytes:
            # a leaf, since an inner node's states come before those of all nodes below it
            leaf = min(self._leaves(self._root), key=lambda node: node.used)
            assert leaf.parent is not None
            assert leaf.kv is not None
            del leaf.parent.children[leaf.keys[0]]
            self.num_bytes -= leaf.kv.num_bytes

    def _leaves(self, node: _Node) -> Iterator[_Node]:
        if not node.children:
            yield node
        for child in node.children.values():
            yield from self._leaves(child)
