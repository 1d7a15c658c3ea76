"""Prefixes kept in memory."""

import random

import pytest
import torch

from atom_core.decoder.prefix_cache import KV, RadixPrefixCache, first_tokens, joined


def states(values: list[int]) -> KV:
    """KV of one layer whose numbers tell which tokens they stand for."""
    keys = torch.tensor(values, dtype=torch.float32)[None, :, None]
    return KV(((keys, -keys),), len(values))


def told(chain: list[KV]) -> list[int]:
    """The numbers in a chain of KV."""
    return [int(x) for kv in chain for x in kv.layers[0][0].flatten()]


def units(text: str) -> tuple[tuple[str, int], ...]:
    """A unit of one token for each letter."""
    return tuple((letter, 1) for letter in text)


def put(tree: RadixPrefixCache, text: str) -> None:
    """Insert `text` as the engine does: only what is missing."""
    start = tree.missing_from(units(text))
    tree.insert(units(text), states([ord(letter) for letter in text[start:]]), start)


@pytest.mark.parametrize("seed", range(5))
def test_the_longest_kept_prefix_is_found(seed: int) -> None:
    """Whatever was inserted, a match is the longest common prefix, with exactly its states."""
    rng = random.Random(seed)
    tree, kept = RadixPrefixCache(10**9), []
    for _ in range(60):
        text = "".join(rng.choices("ab", k=rng.randint(1, 9)))
        put(tree, text)
        kept.append(text)
        probe = "".join(rng.choices("ab", k=9))
        expected = max((_common(probe, other) for other in kept), default=0)
        num_tokens, chain = tree.match(units(probe))
        assert num_tokens == expected == tree.missing_from(units(probe))
        assert told(chain) == [ord(letter) for letter in probe[:expected]]


def test_a_unit_is_never_split() -> None:
    """A clip's tokens match together or not at all; another clip's never do."""
    tree = RadixPrefixCache(10**9)
    tree.insert((("head", 1), (("clip a", 0), 3)), states([1, 2, 3, 4]), 0)
    assert tree.match((("head", 1), (("clip a", 0), 3), ("q", 1)))[0] == 4
    assert tree.match((("head", 1), (("clip b", 0), 3), ("q", 1)))[0] == 1


def test_kept_states_are_copies() -> None:
    """Changing what was inserted changes nothing that is kept."""
    tree, kv = RadixPrefixCache(10**9), states([1, 2])
    tree.insert(units("ab"), kv, 0)
    kv.layers[0][0].zero_()
    assert told(tree.match(units("ab"))[1]) == [1, 2]


def test_the_budget_holds_and_the_least_recently_used_goes_first() -> None:
    """Memory stays under the budget; what was matched last stays longest."""
    size = states([1]).num_bytes
    tree = RadixPrefixCache(4 * size)
    put(tree, "ab")
    put(tree, "cd")
    tree.match(units("ab"))
    put(tree, "ef")
    assert tree.num_bytes <= 4 * size
    assert tree.match(units("ab"))[0] == 2
    assert tree.match(units("cd"))[0] == 0
    tree.limit(2 * size)
    put(tree, "gh")
    assert tree.num_bytes <= 2 * size
    assert tree.match(units("gh"))[0] == 2
    put(tree, "ijk")
    assert tree.match(units("gh"))[0] == 2, "what is too long for the budget is not kept, and nothing goes for it"
    tree.shrink(0)
    assert tree.num_bytes == 0
    assert tree.match(units("gh"))[0] == 0


def test_there_is_room_before_a_prefix_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """What must go is let go first, so that memory is under the budget at every moment."""
    size, cut, held = states([1]).num_bytes, KV.cut, []
    tree = RadixPrefixCache(4 * size)

    def watched(self: KV, start: int, end: int) -> KV:
        held.append(tree.num_bytes + (end - start) * size)
        return cut(self, start, end)

    monkeypatch.setattr(KV, "cut", watched)
    for text in ("ab", "cde", "fghi", "jk", "lm"):
        put(tree, text)
    assert max(held) == 4 * size


def test_only_what_is_new_needs_room() -> None:
    """However much of what the tree has already comes with it."""
    size = states([1]).num_bytes
    for start in (0, 1, 2):
        tree = RadixPrefixCache(4 * size)
        put(tree, "x")
        put(tree, "ab")
        tree.insert(units("abcd"), states([ord(letter) for letter in "abcd"[start:]]), start)
        assert (tree.num_bytes, tree.match(units("abcd"))[0], tree.match(units("x"))[0]) == (4 * size, 4, 0)
        tree.insert(units("abcdefgh"), states([ord(letter) for letter in "abcdefgh"[start:]]), start)
        assert tree.match(units("abcdefgh"))[0] == 4, "eight never fit, and nothing goes for them"


def test_what_others_follow_goes_last() -> None:
    """Of a prefix and what was used with it at the same moment, the end goes first."""
    tree = RadixPrefixCache(10**9)
    put(tree, "ab")
    put(tree, "abc")
    tree.match(units("abc"))
    tree.shrink(tree.num_bytes - 1)
    assert tree.num_bytes == states([1, 2]).num_bytes
    assert told(tree.match(units("abc"))[1]) == [ord("a"), ord("b")]


def test_the_first_tokens_of_runs() -> None:
    """Whole runs are the same objects, the one that is cut is a view; none is empty."""
    chain = [states([1, 2]), states([3]), states([4, 5, 6])]
    for num_tokens in range(7):
        first = first_tokens(chain, num_tokens)
        assert told(first) == list(range(1, num_tokens + 1))
        assert [kv.num_tokens for kv in first] == [kv.layers[0][0].shape[1] for kv in first]
        assert all(kv.num_tokens for kv in first)
    assert all(one is other for one, other in zip(first, chain, strict=True))
    assert first_tokens(chain, 4)[2].layers[0][0].data_ptr() == chain[2].layers[0][0].data_ptr()


def test_runs_of_different_models_are_not_joined() -> None:
    """States of fewer layers are not those of the whole model."""
    with pytest.raises(ValueError, match="zip"):
        joined([states([1]), KV(states([1]).layers * 2, 1)])


def test_a_budget_of_nothing_keeps_nothing() -> None:
    """With no budget nothing is kept and nothing fails."""
    tree = RadixPrefixCache(0)
    put(tree, "ab")
    assert tree.match(units("ab"))[0] == 0


def _common(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
