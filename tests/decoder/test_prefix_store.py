"""What the engine keeps of prompts, without a model: rows are lists of the numbers of their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from atom_core.call_context import Caller, Cancel
from atom_core.decoder import prefix_store as stores
from atom_core.decoder.prefix_cache import KV, RadixPrefixCache
from atom_core.decoder.prefix_store import PrefixStore, RadixPrefixStore, StatePrefixStore, prefix_store
from atom_core.decoder.request import DecodeRequest
from atom_core.decoder.state_cache import Snapshot, StateCache
from atom_core.families.prompt import PrefillChunk, PrefixKey, Prompt, Visual
from atom_core.testing.fakes import fake_clips, fake_features, fake_video

CLIPS = [fake_features(clip, str(clip.index), num_tokens=4) for clip in fake_clips(fake_video(), 2)]
END = 5
"""The place after the clip: a word, then four visual tokens."""
TOKEN_BYTES = 16
"""Of a token's states: keys and values of two layers."""


def asked(words: int = 4, *, clip: int | None = 0, new: int = 8, answer_from: int | None = None) -> DecodeRequest:
    """A request of some words, after a clip if there is one."""
    visuals = () if clip is None else (Visual(start=1, features=CLIPS[clip], row=0, num_tokens=4),)
    prompt = Prompt(ids=tuple(range((END if visuals else 0) + words)), visuals=visuals)
    caller = Caller(task="t", interactive=False, cancelled=Cancel())
    return DecodeRequest(prompt=prompt, max_new_tokens=new, caller=caller, answer_from=answer_from)


def states(tokens: Sequence[int]) -> KV:
    """KV states of two layers whose numbers tell which tokens they stand for."""
    keys = torch.tensor(tokens, dtype=torch.float32)[None, :, None]
    return KV(((keys, -keys), (keys, -keys)), len(tokens))


def told(chain: Sequence[KV]) -> list[int]:
    """The tokens that a chain stands for."""
    return [int(token) for kv in chain for token in kv.layers[0][0].flatten()]


class Rows:
    """The rows of a KV cache: whose tokens they hold, and which share them, with the length that was told."""

    def __init__(self) -> None:
        self.held: dict[int, list[int]] = {}
        self.sharing: dict[int, int] = {}

    def view(self, row: int, start: int, end: int) -> KV:
        return states(self.held[row][start:end])

    def restore(self, row: int, chain: Sequence[KV], *, share: bool = False) -> None:
        self.held[row] = told(chain)
        if share:
            self.sharing[row] = len(self.held[row])

    def share_longest(self, row: int, chain: Sequence[KV], length: int) -> None:
        assert told(chain) == self.held[row][: len(told(chain))]
        self.sharing[row] = length

    def shares(self, row: int) -> bool:
        return row in self.sharing

    def snapshot(self, row: int, end: int) -> Snapshot:
        return Snapshot(states(self.held[row][:end]), ())

    def load(self, row: int, snapshot: Snapshot) -> None:
        self.held[row] = told([snapshot.kv])


class Runner:
    """A model whose state of a token is its place in the prompt."""

    can_share, has_states = True, False

    def __init__(self) -> None:
        self.kv_cache = Rows()

    def prefill(self, row: int, chunks: Sequence[PrefillChunk]) -> None:
        for chunk in chunks:
            held = self.kv_cache.held.setdefault(row, [])
            assert len(held) == chunk.start
            held.extend(range(chunk.start, chunk.end))

    def on_device(self, kv: KV) -> KV:
        return KV(tuple((keys + 100, values) for keys, values in kv.layers), kv.num_tokens)


class Disk:
    """Prefixes on disk, and how often they were asked for."""

    def __init__(self) -> None:
        self.files: dict[tuple[PrefixKey, ...], KV] = {}
        self.num_read, self.num_written, self.closed = 0, 0, False

    def get(self, keys: Sequence[PrefixKey]) -> KV | None:
        self.num_read += 1
        return self.files.get(tuple(keys))

    def put(self, keys: Sequence[PrefixKey], kv: KV) -> None:
        self.files[tuple(keys)] = kv
        self.num_written += 1

    def close(self) -> None:
        self.closed = True


def radix(max_bytes: int = 10**6, disk: Disk | None = None) -> tuple[Any, Rows]:
    """A store of a model with attention only, and its rows."""
    runner: Any = Runner()
    found: Any = disk
    return RadixPrefixStore(RadixPrefixCache(max_bytes), found, runner), runner.kv_cache


def whole(max_bytes: int = 10**6) -> tuple[Any, Runner]:
    """A store of a model with states, and its runner."""
    runner: Any = Runner()
    return StatePrefixStore(StateCache(max_bytes), runner), runner


def prefilled(store: PrefixStore, rows: Rows, row: int, request: DecodeRequest, num_sharing: int = 1) -> int:
    """Serve a request as the engine does; how many of its tokens were known."""
    known = store.restore(row, request, [], num_sharing)
    rows.held[row] = [*rows.held.get(row, [])[:known], *range(known, len(request.prompt))]
    store.keep(row, request, known, num_sharing)
    return known


def test_a_clip_is_missing_until_it_is_kept() -> None:
    """Then whatever is asked about it reuses its tokens; another clip, or no clip, is another matter."""
    store, rows = radix()
    assert store.missing(asked()) == asked().shared_prefix != ()
    assert store.missing(asked(clip=None)) == ()
    assert (store.num_reused(asked()), prefilled(store, rows, 0, asked())) == (0, 0)
    assert (store.missing(asked(2)), store.num_reused(asked(2))) == ((), END)
    assert prefilled(store, rows, 1, asked(2)) == END
    assert rows.held[1] == list(range(END + 2))
    assert store.missing(asked(clip=1)) == asked(clip=1).shared_prefix, "the word before it is known, the clip is not"
    assert store.num_reused(asked(clip=1)) == 1
    chunk = PrefillChunk(asked().prompt, 0, 9)
    assert store.prefill_prefix(0, asked(), chunk) is chunk


def test_without_a_budget_nobody_waits_for_a_prefix() -> None:
    """What can never be kept is not missing, and is not written to disk."""
    disk = Disk()
    store, rows = radix(0, disk)
    assert store.missing(asked()) == ()
    assert prefilled(store, rows, 0, asked()) == 0
    assert disk.files == {}
    assert not store.release()


def test_a_clip_is_kept_on_disk_whole() -> None:
    """Also one that was computed in parts; what is on disk is brought once, onto the model's device."""
    disk = Disk()
    store, rows = radix(disk=disk)
    prefilled(store, rows, 0, asked())
    prefilled(store, rows, 0, asked(clip=1))
    prefilled(store, rows, 0, asked(clip=None))
    assert {keys: told([kv]) for keys, kv in disk.files.items()} == {
        asked(clip=clip).shared_prefix: list(range(END)) for clip in (0, 1)
    }
    store.recall(asked())
    assert disk.num_read == 0, "it is in memory"
    other, other_rows = radix(disk=disk)
    other.recall(asked(clip=None))
    assert disk.num_read == 0, "nothing of it is ever kept"
    other.recall(asked())
    other.recall(asked(2))
    assert disk.num_read == 1
    assert other.restore(0, asked(), [], 1) == END
    assert other_rows.held[0] == [100 + token for token in range(END)]
    other._disk.files.clear()
    other.recall(asked(clip=1))
    assert (disk.num_read, other.num_reused(asked(clip=1))) == (2, 1)
    other.close()
    assert disk.closed
    store, _ = radix()
    store.recall(asked())
    store.close()


def test_what_was_known_is_not_kept_again() -> None:
    """A row that was restored to the end of the clip adds nothing, one that was restored to its middle the rest."""
    disk = Disk()
    store, rows = radix(disk=disk)
    rows.held[0] = list(range(9))
    store.keep(0, asked(), END, 1)
    assert (store.num_reused(asked()), disk.files) == (0, {})
    store.keep(0, asked(), END - 1, 1)
    assert (store.num_reused(asked()), disk.files) == (0, {}), "nothing is kept that does not begin at the beginning"
    prefilled(store, rows, 0, asked(clip=1))
    store.keep(0, asked(), 1, 1)
    assert told([disk.files[asked().shared_prefix]]) == list(range(END))
    assert (prefilled(store, rows, 1, asked(2)), disk.num_written) == (END, 2)


@pytest.mark.parametrize(("num_sharing", "share_bytes"), [(2, 4 * TOKEN_BYTES // 2), (3, 4 * TOKEN_BYTES)])
def test_rows_share_a_prefix_where_that_spares_enough(
    monkeypatch: pytest.MonkeyPatch, num_sharing: int, share_bytes: int
) -> None:
    """Each row but the first spares reading the longest run of a layer, here the clip; a row that came before shares
    from then on."""
    for most, shares in ((share_bytes, True), (share_bytes + 1, False)):
        monkeypatch.setattr(stores, "_SHARE_BYTES", most)
        store, rows = radix()
        first, other = asked(), asked(clip=1)
        prefilled(store, rows, 0, first)
        prefilled(store, rows, 1, other)
        assert rows.sharing == {}, "nobody else wants it"
        first.tokens.extend([7, 7, 7])
        assert store.restore(2, asked(2), [first, other], num_sharing) == END
        assert rows.sharing == ({2: END, 0: len(first.prompt) + 2} if shares else {})
        store.restore(3, asked(3), [first, other, asked(2)], num_sharing)
        assert sorted(rows.sharing) == ([0, 2, 3] if shares else [])
        assert rows.sharing.get(0) == (len(first.prompt) + 2 if shares else None), "once is enough"
        store._runner.can_share = False
        rows.sharing.clear()
        store.restore(4, asked(3), [first], num_sharing)
        assert rows.sharing == {}


def test_who_computes_a_prefix_shares_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once if others wait for it; but not if the row is left at once, or was restored in part."""
    monkeypatch.setattr(stores, "_SHARE_BYTES", 1)
    for request, start, num_sharing, shares in (
        (asked(), 0, 2, True),
        (asked(), 0, 1, False),
        (asked(new=0), 0, 2, False),
        (asked(), 1, 2, False),
    ):
        store, rows = radix()
        prefilled(store, rows, 1, asked(clip=1))
        rows.held[0] = list(range(len(request.prompt)))
        store.keep(0, request, start, num_sharing)
        assert rows.sharing == ({0: len(request.prompt)} if shares else {})
        assert store.num_reused(asked()) == END


def test_only_a_prefix_that_is_still_kept_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A running row keeps its own copy where the tree has let go of the prefix meanwhile."""
    monkeypatch.setattr(stores, "_SHARE_BYTES", 1)
    store, rows = radix()
    prefilled(store, rows, 0, asked(clip=1))
    first = asked()
    rows.held[1] = list(range(len(first.prompt)))
    assert store.restore(2, asked(2), [asked(clip=1), first], 2) == 1, "the word before the clip"
    assert rows.sharing == {2: 1}


def test_prefixes_are_let_go() -> None:
    """All of them; whether there were any tells if it is worth trying again."""
    store, rows = radix()
    prefilled(store, rows, 0, asked())
    assert store.release()
    assert store.num_reused(asked()) == 0
    assert not store.release()


def test_states_are_kept_at_the_end_of_the_clip() -> None:
    """They stand for all tokens before them: the prefix is prefilled on its own, and what follows is left to do."""
    store, runner = whole()
    request = asked()
    assert store.missing(request) == request.shared_prefix != ()
    assert store.missing(asked(clip=None)) == ()
    assert (store.num_reused(request), store.restore(0, request, [], 1)) == (0, 0)
    left = store.prefill_prefix(0, request, PrefillChunk(request.prompt, 0, 9))
    assert (left.prompt, left.start, left.end) == (request.prompt, END, 9)
    assert runner.kv_cache.held == {0: list(range(END))}
    assert (store.missing(asked(2)), store.num_reused(asked(2))) == ((), END)
    assert (store.restore(1, asked(2), [], 2), runner.kv_cache.held[1]) == (END, list(range(END)))
    assert store.num_reused(asked(clip=1)) == 0, "they cannot be cut"
    again = PrefillChunk(request.prompt, 0, 9)
    assert store.prefill_prefix(2, request, again) is again, "once is enough"
    assert not store.release(), "a pass that was cut off cannot be done again"


def test_states_are_not_taken_where_they_are_of_no_use() -> None:
    """Not past the end of the clip, not if the last token's output is wanted with it, not without a budget."""
    store, runner = whole()
    late = PrefillChunk(asked().prompt, END, 9)
    assert store.prefill_prefix(0, asked(), late) is late
    ends = asked(0)
    chunk = PrefillChunk(ends.prompt, 0, END)
    assert store.prefill_prefix(0, ends, chunk) is chunk
    none, _ = whole(0)
    assert none.missing(asked()) == ()
    chunk = PrefillChunk(asked().prompt, 0, 9)
    assert none.prefill_prefix(0, asked(), chunk) is chunk
    assert runner.kv_cache.held == {}
    shortest = asked(1)
    assert store.prefill_prefix(0, shortest, PrefillChunk(shortest.prompt, 0, END + 1)).start == END
    assert store.num_reused(ends) == 0, "the last token is computed"


def test_states_of_two_clips_are_kept_beside_those_of_the_first() -> None:
    """A prefix is missing though a shorter one is kept; the longest that fits is taken."""
    store, runner = whole()
    visuals = (Visual(1, CLIPS[0], 0, 4), Visual(5, CLIPS[1], 0, 4))
    caller = Caller(task="t", interactive=False, cancelled=Cancel())
    both = DecodeRequest(prompt=Prompt(ids=tuple(range(12)), visuals=visuals), max_new_tokens=1, caller=caller)
    store.prefill_prefix(0, asked(), PrefillChunk(asked().prompt, 0, 9))
    assert store.missing(both) == both.shared_prefix
    assert store.restore(1, both, [], 1) == END
    assert store.prefill_prefix(1, both, PrefillChunk(both.prompt, END, 12)).start == 9
    assert (store.missing(both), store.num_reused(both), store.num_reused(asked())) == ((), 9, END)
    assert runner.kv_cache.held[1] == list(range(9))


@pytest.mark.parametrize("budget", [None, 0, 100])
def test_the_form_fits_the_model(budget: int | None) -> None:
    """Models with states keep them whole, under the same budget; without one nothing is kept, on disk neither."""
    cache = None if budget is None else RadixPrefixCache(budget)
    runner: Any = Runner()
    disk: Any = Disk()
    store: Any = prefix_store(cache, disk, runner)
    assert isinstance(store, RadixPrefixStore)
    assert not store.keeps_whole
    assert (store._cache.max_bytes, store._disk) == (budget or 0, None if budget is None else disk)
    runner.has_states = True
    store = prefix_store(cache, disk, runner)
    assert isinstance(store, StatePrefixStore)
    assert store.keeps_whole
    assert store._cache.max_bytes == (budget or 0)


def test_snapshots_keep_to_their_budget() -> None:
    """Keys, values and states count; what was matched least lately goes first, and one that comes again counts once."""

    def snapshot(num_tokens: int) -> Snapshot:
        return Snapshot(states(range(num_tokens)), ({"conv": torch.zeros(4), "ssm": torch.zeros(2, 3)},))

    size = 2 * TOKEN_BYTES + 4 * 4 + 6 * 4
    assert snapshot(2).num_bytes == size
    cache = StateCache(2 * size)
    names: list[tuple[PrefixKey, ...]] = [((letter, 1), (letter, 1)) for letter in "abc"]
    for name in (names[0], names[1], names[0]):
        cache.insert(name, snapshot(2))
    assert cache.num_bytes == 2 * size
    assert cache.match((*names[1], ("q", 1)), 2) is not None
    cache.insert(names[2], snapshot(2))
    assert [cache.match(name, 2) is not None for name in names] == [False, True, True]
    assert cache.match(names[1], 1) is None, "longer than what may be reused"
    assert cache.num_bytes == 2 * size
