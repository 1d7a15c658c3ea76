"""Rows that share a prefix: one copy of its states, and the answers of rows that have their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import evolve
from torch.nn.functional import scaled_dot_product_attention

from atom_core.call_context import Cancel, caller
from atom_core.decoder import kv_cache, prefix_store
from atom_core.decoder.cascade_attention import SharedPrefixes, SharingRows, cascade
from atom_core.decoder.prefix_cache import KV
from atom_core.decoder.request import DecodeRequest
from atom_core.host import Host, open_host
from atom_core.records import Clip

Work = list[tuple[list[Clip], str]]
"""The clips and the text of each request."""

QUESTIONS = ["What colour is it?", "Is there a star?", "What happens first?", "Does it move?"]


@pytest.fixture
def sharing_host(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A host that shares prefixes however small they are; nothing is kept yet."""
    monkeypatch.setattr(prefix_store, "_SHARE_BYTES", 1)
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path) as opened:
        yield opened


def prompts(host: Host, work: Work) -> list[Any]:
    """What the decoder reads."""
    family = host.decoder._family  # type: ignore[attr-defined]
    return [family.prompt([*(host.encoder.encode(clip) for clip in about), text]) for about, text in work]


def answers_at_once(host: Host, work: Work) -> list[tuple[int, ...]]:
    """The tokens answered to requests that are all there before the first is read; of different lengths."""
    decoder: Any = host.decoder
    requests = [
        DecodeRequest(prompt=prompt, max_new_tokens=4 + 3 * (number % 4), caller=caller.get())
        for number, prompt in enumerate(prompts(host, work))
    ]
    with decoder._engine._wake:  # the decoder's thread waits until all are submitted
        futures = [decoder._engine.submit(request) for request in requests]
    return [tuple(future.result().tokens) for future in futures]


def answers_alone(host: Host, work: Work) -> list[tuple[int, ...]]:
    """The tokens answered to the same requests one by one."""
    submit = host.decoder._engine.submit  # type: ignore[attr-defined]
    return [
        tuple(submit(DecodeRequest(prompt=p, max_new_tokens=4 + 3 * (n % 4), caller=caller.get())).result().tokens)
        for n, p in enumerate(prompts(host, work))
    ]


@pytest.mark.parametrize(
    ("groups", "others"),
    [([[0, 1, 2, 3]], []), ([[0, 2], [1, 4]], [3, 5]), ([[1, 2, 3]], [0, 4]), ([[4], [0, 1]], [2, 3])],
    ids=["all", "interleaved", "between", "of one"],
)
@pytest.mark.parametrize("new", [1, 3])
def test_cascade_is_attention_over_everything(groups: list[list[int]], others: list[int], new: int) -> None:
    """Attention over own and shared keys is attention over both in one row."""
    torch.manual_seed(0)
    num_rows, heads, width, num_shared = sum(map(len, groups)) + len(others), 2, 8, 11
    own = [20 if row in others else 3 + row for row in range(num_rows)]
    query = torch.randn(num_rows, heads, new, width)
    keys, values = torch.randn(2, num_rows, heads, 24, width)
    mask = torch.full((num_rows, 1, new, 24), float("-inf"))
    for row, length in enumerate(own):
        for token in range(new):
            mask[row, :, token, : length - new + 1 + token] = 0
    shared = [
        KV(((torch.randn(heads, num_shared, width), torch.randn(heads, num_shared, width)),), num_shared)
        for _ in groups
    ]
    rows = [row for group in groups for row in group]
    sharing = SharedPrefixes(
        groups=tuple(SharingRows(torch.tensor(group), kv) for group, kv in zip(groups, shared, strict=True)),
        sharing=slice(min(rows), max(rows) + 1),
        length=max(own[row] for row in rows),
        others=slice(min(others), max(others) + 1) if others else slice(0, 0),
        shares_R111=torch.tensor([row in rows for row in range(num_rows)])[:, None, None, None],
    )
    found = cascade(query, keys, values, mask, sharing, 0, 0.3)
    for row in range(num_rows):
        more = [kv.layers[0] for group, kv in zip(groups, shared, strict=True) if row in group]
        all_keys = torch.cat([*(k for k, _ in more), keys[row]], dim=1)
        all_values = torch.cat([*(v for _, v in more), values[row]], dim=1)
        all_mask = torch.cat([torch.zeros(1, new, num_shared * len(more)), mask[row]], dim=-1)
        expected = scaled_dot_product_attention(query[row], all_keys, all_values, attn_mask=all_mask, scale=0.3)
        torch.testing.assert_close(found[row], expected)


def test_many_questions_hold_their_clips_once(
    sharing_host: Host, cold_host: Host, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of a batch about the same clips hold their own words only; the clips lie in the prefix cache."""
    monkeypatch.setattr(kv_cache, "_ROUND_TOKENS", 1)
    work: Work = [(clips, f"{question} Number {number}.") for question in QUESTIONS for number in (1, 2)]
    decoder: Any = sharing_host.decoder
    expected = answers_alone(cold_host, work)
    for _ in range(2):  # the first computes the clips' states, the second finds them
        assert answers_at_once(sharing_host, work) == expected
        rows = decoder._engine._runner.kv_cache
        assert rows.num_bytes < decoder._engine._prefixes._cache.num_bytes * len(work) / 2
        assert all(layer.keys.shape[2] < prompts(sharing_host, work)[0].visual_end for layer in rows.layers)
        assert not rows._shared, "rows that are done share nothing"


def test_who_came_first_shares_once_others_come(sharing_host: Host, cold_host: Host, clips: list[Clip]) -> None:
    """A row that holds its clip itself lets it go when others about the same clip join; answers stay what they are."""
    work: Work = [([clips[0]], "Tell me everything."), *(([clips[0]], question) for question in QUESTIONS)]
    expected = answers_alone(cold_host, work)
    decoder: Any = sharing_host.decoder
    answers_alone(sharing_host, work[:1])
    engine, asked = decoder._engine, prompts(sharing_host, work)
    futures, sharing_rows = [], []

    def listen(tokens: list[int]) -> bool:
        if len(tokens) == 2:
            assert not engine._runner.kv_cache.shares(0)
            for number, prompt in enumerate(asked[1:], 1):
                request = DecodeRequest(prompt=prompt, max_new_tokens=4 + 3 * (number % 4), caller=caller.get())
                futures.append(engine.submit(request))
        elif len(tokens) == 3:
            sharing_rows.extend(engine._runner.kv_cache.shares(row) for row in range(len(engine._scheduler.running)))
        return False

    first = engine.submit(DecodeRequest(prompt=asked[0], max_new_tokens=4, caller=caller.get(), on_token=listen))
    told = [tuple(first.result().tokens), *(tuple(future.result().tokens) for future in futures)]
    assert sharing_rows == [True] * len(work)
    assert told == expected


def test_rows_about_different_clips_never_mix(sharing_host: Host, cold_host: Host, clips: list[Clip]) -> None:
    """Rows of three clips and of none, joining, leaving and moving while others go on, each get their own answer."""
    work: Work = [(about, question) for question in QUESTIONS for about in ([clips[0]], clips[1:3], [clips[3]], [])]
    expected = answers_alone(cold_host, work)
    assert len(set(expected)) > 3, "the answers tell the clips apart"
    for _ in range(2):
        assert answers_at_once(sharing_host, work) == expected
    assert answers_alone(sharing_host, work) == expected


def test_a_cancelled_row_leaves_the_others_their_clip(sharing_host: Host, cold_host: Host, clips: list[Clip]) -> None:
    """Of rows that share a clip one is cancelled; the others' answers are those of a cold run."""
    work = [([clips[number % 2]], question) for number, question in enumerate(QUESTIONS)]
    expected = answers_alone(cold_host, work)
    decoder: Any = sharing_host.decoder
    cancelled = Cancel()

    def stop(tokens: list[int]) -> bool:
        if len(tokens) == 2:
            cancelled.set()
        return False

    requests = [
        DecodeRequest(prompt=prompt, max_new_tokens=4 + 3 * (number % 4), caller=caller.get())
        for number, prompt in enumerate(prompts(sharing_host, work))
    ]
    doomed = DecodeRequest(
        prompt=prompts(sharing_host, [([clips[0]], "Tell me everything.")])[0],
        max_new_tokens=100,
        caller=evolve(caller.get(), cancelled=cancelled),
        on_token=stop,
    )
    with decoder._engine._wake:
        futures = [decoder._engine.submit(request) for request in (doomed, *requests)]
    assert [tuple(future.result().tokens) for future in futures[1:]] == expected
    assert "cancelled" in str(futures[0].exception())
