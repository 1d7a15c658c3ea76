"""The resident decoder: the same answers as the whole model, cold or reused, alone or together."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from atom_core.call_context import Caller, Cancel
from atom_core.decoder.request import DecodeRequest, looping
from atom_core.errors import Cancelled, ModelError
from atom_core.host import Host, open_host
from atom_core.media.sample import sample
from atom_core.records import Clip, Features
from atom_core.testing.models import make_checkpoint

QUESTIONS = ["Describe this clip in one sentence.", "What colour is it?", "What happens first?", "Is there a star?"]


def tokens_of_whole(whole: Any, host: Host, clips: list[Clip], question: str, num_tokens: int) -> str:
    """What the unsplit model generates from pixels."""
    family = host.decoder._family  # type: ignore[attr-defined]
    features = [host.encoder.encode(clip) for clip in clips]
    text = family.render([*features, question])
    ids = family.tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    pixels = torch.cat([family.inputs(sample(clip, 8))["pixel_values"] for clip in clips], dim=1)
    out = whole.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        pixel_values=pixels,
        max_new_tokens=num_tokens,
        do_sample=False,
    )
    return str(family.tokenizer.decode(out[0][ids.shape[1] :], skip_special_tokens=True)).strip()


@pytest.mark.parametrize("question", QUESTIONS)
def test_split_equals_whole(host: Host, whole: Any, clips: list[Clip], question: str) -> None:
    """Greedy tokens are those of `generate` with pixels on the unsplit model."""
    for clip in clips[:3]:
        told = host.decoder.generate([host.encoder.encode(clip), question], max_new_tokens=16)
        assert told == tokens_of_whole(whole, host, [clip], question, 16)


def test_split_equals_whole_with_two_clips(host: Host, whole: Any, clips: list[Clip]) -> None:
    """Two videos in one prompt are read in their order."""
    for pair in ([clips[0], clips[1]], [clips[1], clips[0]]):
        parts = [*(host.encoder.encode(clip) for clip in pair), "Which is brighter?"]
        told = host.decoder.generate(parts, max_new_tokens=16)
        assert told == tokens_of_whole(whole, host, pair, "Which is brighter?", 16)


def test_reuse_equals_cold(host: Host, cold_host: Host, clips: list[Clip]) -> None:
    """Answers, scores and vectors from kept prefixes are those of a cold run; the ledger shows the reuse."""
    before = host.ledger.as_dict()["prefill_tokens"]["reused"]
    for clip in clips:
        warm, cold = host.encoder.encode(clip), cold_host.encoder.encode(clip)
        assert torch.equal(warm.values, cold.values)
        for question in QUESTIONS:
            one = host.decoder.generate([warm, question], max_new_tokens=12)
            other = cold_host.decoder.generate([cold, question], max_new_tokens=12)
            assert one == other
            assert one.logprob == pytest.approx(other.logprob, abs=1e-3)
            scores = [h.decoder.score([f, question], "a red circle") for h, f in ((host, warm), (cold_host, cold))]
            assert scores[0] == pytest.approx(scores[1], abs=1e-3)
        np.testing.assert_allclose(host.decoder.embed([warm]), cold_host.decoder.embed([cold]), atol=1e-5)
    assert host.ledger.as_dict()["prefill_tokens"]["reused"] > before
    assert cold_host.ledger.as_dict()["prefill_tokens"]["reused"] == 0


def test_together_equals_alone(host: Host, cold_host: Host, clips: list[Clip]) -> None:
    """Requests of many threads about different clips, decoded in shared batches, get the answers they get alone."""
    work = [(clip, question) for clip in clips for question in QUESTIONS]
    expected = [
        cold_host.decoder.generate([cold_host.encoder.encode(clip), question], max_new_tokens=5 + i % 9)
        for i, (clip, question) in enumerate(work)
    ]

    def ask(i: int) -> str:
        clip, question = work[i]
        return host.decoder.generate([host.encoder.encode(clip), question], max_new_tokens=5 + i % 9)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            assert list(pool.map(ask, range(len(work)))) == expected
    assert max(int(size) for size in host.ledger.as_dict()["batches"]["decode"]) > 1


def test_a_shared_clip_is_read_once(checkpoint: Path, clips: list[Clip], tmp_path: Path) -> None:
    """Several first questions at the same moment read their clip's tokens one time."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path) as fresh:
        features = fresh.encoder.encode(clips[0])
        start = threading.Barrier(4)

        def ask(question: str) -> str:
            start.wait()
            return fresh.decoder.generate([features, question], max_new_tokens=4)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, QUESTIONS))
        family = fresh.decoder._family  # type: ignore[attr-defined]
        heads = [family.prompt([features, question]).visual_end for question in QUESTIONS]
        assert fresh.ledger.as_dict()["prefill_tokens"]["reused"] >= sum(heads[1:])


def test_a_small_prefix_budget_changes_no_answer(
    checkpoint: Path, cold_host: Host, clips: list[Clip], tmp_path: Path
) -> None:
    """Eviction costs time, never an answer."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, prefix_cache_bytes=200_000) as tight:
        for clip in clips * 2:
            told = tight.decoder.generate([tight.encoder.encode(clip), QUESTIONS[0]], max_new_tokens=8)
            assert told == cold_host.decoder.generate([cold_host.encoder.encode(clip), QUESTIONS[0]], max_new_tokens=8)


def test_prefixes_are_kept_between_runs_where_that_is_set(checkpoint: Path, clips: list[Clip], tmp_path: Path) -> None:
    """The next run reads no clip again and says the same; other precision reads anew; by default nothing is kept."""

    def ask(**arguments: Any) -> tuple[list[Any], int]:
        with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, **arguments) as opened:
            told = [
                opened.decoder.generate([opened.encoder.encode(clip), QUESTIONS[0]], max_new_tokens=8) for clip in clips
            ]
            return told, opened.ledger.as_dict()["prefill_tokens"]["computed"]

    cold, all_tokens = ask()
    assert not (tmp_path / "prefixes").exists()
    first, num_first = ask(prefix_disk_bytes=10**9)
    again, num_again = ask(prefix_disk_bytes=10**9)
    assert [(str(t), t.logprob) for t in again] == [(str(t), pytest.approx(t.logprob, abs=1e-3)) for t in first]
    assert [str(told) for told in first] == [str(told) for told in cold]
    assert num_first == all_tokens
    assert num_again <= all_tokens - 8 * len(clips), "no visual token was read"
    assert ask(prefix_disk_bytes=10**9, quantize="int8")[1] == all_tokens


def test_a_stream_is_the_text_in_pieces(host: Host, clips: list[Clip]) -> None:
    """The pieces join to what `generate` returns."""
    parts = [host.encoder.encode(clips[0]), QUESTIONS[0]]
    pieces = list(host.decoder.stream(parts, max_new_tokens=12))
    assert "".join(pieces).strip() == host.decoder.generate(parts, max_new_tokens=12)


def test_an_abandoned_stream_ends_its_decoding(host: Host, clips: list[Clip]) -> None:
    """A listener that goes away frees its row."""
    before = host.ledger.as_dict()["decode_tokens"]["computed"]
    stream = host.decoder.stream([host.encoder.encode(clips[0]), QUESTIONS[0]], max_new_tokens=150)
    next(stream)
    stream.close()
    host.decoder.generate(["red"], max_new_tokens=1)
    assert host.ledger.as_dict()["decode_tokens"]["computed"] - before < 100


def test_decoding_ends_at_a_stop_text(host: Host, clips: list[Clip]) -> None:
    """The text before the stop text is returned, and decoding ends there."""
    parts = [host.encoder.encode(clips[0]), QUESTIONS[0]]
    whole_text = host.decoder.generate(parts, max_new_tokens=12)
    stop = whole_text.split()[-1]
    told = host.decoder.generate(parts, max_new_tokens=12, stop=[stop])
    assert told == whole_text.split(stop)[0].strip()
    assert told.num_tokens <= whole_text.num_tokens


def test_a_loop_ends(tmp_path: Path) -> None:
    """A model that can say one token only is stopped soon, in a stream as well; the text says why."""
    folder = make_checkpoint(tmp_path / "model", "smolvlm")
    generation = json.loads((folder / "generation_config.json").read_text())
    size = json.loads((folder / "config.json").read_text())["text_config"]["vocab_size"]
    generation["suppress_tokens"] = [token for token in range(size) if token != 70]
    (folder / "generation_config.json").write_text(json.dumps(generation))
    with open_host(model=str(folder), load_plugins=(), cache=tmp_path / "cache") as opened:
        told = opened.decoder.generate(["Count."], max_new_tokens=500)
        assert (told.finish_reason, told.cut) == ("loop", True)
        assert 32 <= told.num_tokens < 48
        assert "".join(opened.decoder.stream(["Count."], max_new_tokens=500)) == told
        assert opened.decoder.generate(["Count."], max_new_tokens=31).finish_reason == "length"


@pytest.mark.parametrize(
    ("tokens", "loops"),
    [
        ([7] * 31, False),
        ([7] * 32, True),
        ([*range(50), *[1, 2, 3] * 11], True),
        ([*range(50), *[1, 2, 3] * 10], False),
        ([*range(20), *[*range(100, 120)] * 4], True),
        ([*range(20), *[*range(100, 120)] * 3], False),
        ([*[7] * 40, 8], False),
    ],
)
def test_what_counts_as_a_loop(tokens: list[int], loops: bool) -> None:
    """Four rounds or more that fill 32 tokens or more, at the end; refrains and rows of a table are shorter."""
    assert looping(tokens) is loops


def test_scores_are_log_probabilities(host: Host, whole: Any, clips: list[Clip]) -> None:
    """A score is the sum of the whole model's log-probabilities of the answer's tokens, end token included."""
    family = host.decoder._family  # type: ignore[attr-defined]
    features = host.encoder.encode(clips[0])
    parts: list[str | Features] = [features, QUESTIONS[1]]
    asked = list(family.prompt(parts).ids)
    answer = list(family.answer_ids(parts, "red"))
    assert answer[-1] in family.end_ids
    pixels = family.inputs(sample(clips[0], 8))["pixel_values"]
    with torch.inference_mode():
        logits = whole(input_ids=torch.tensor([asked + answer]), pixel_values=pixels).logits[0].float()
    expected = sum(float(logits[len(asked) - 1 + i].log_softmax(-1)[token]) for i, token in enumerate(answer))
    assert host.decoder.score(parts, "red") == pytest.approx(expected, abs=1e-3)


def test_a_choice_is_the_likeliest(host: Host, clips: list[Clip]) -> None:
    """Of the choices the one with the highest score is returned."""
    parts = [host.encoder.encode(clips[0]), QUESTIONS[1]]
    choices = ["red", "green", "blue", "yellow"]
    scores = {choice: host.decoder.score(parts, choice) for choice in choices}
    assert host.decoder.generate(parts, choices=choices) == max(scores, key=scores.__getitem__)


def test_vectors_are_the_last_hidden_state(host: Host, whole: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vector of a model that was trained to embed is its final hidden state at the prompt's end, unit length."""
    monkeypatch.setattr(host.decoder, "embedding", "")
    family = host.decoder._family  # type: ignore[attr-defined]
    ids = family.prompt(["a red circle\nSummarize the above in one word:"]).ids
    with torch.inference_mode():
        hidden = whole.model(input_ids=torch.tensor([ids])).last_hidden_state[0, -1]
    vector = host.decoder.embed(["a red circle"])
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(vector, (hidden / hidden.norm()).numpy(), atol=1e-5)


def test_a_cancelled_call_ends_and_the_others_go_on(host: Host, clips: list[Clip]) -> None:
    """Cancelling ends one request in the middle of a batch; its neighbours get their answers."""
    decoder: Any = host.decoder
    features = host.encoder.encode(clips[0])
    expected = host.decoder.generate([features, QUESTIONS[0]], max_new_tokens=8)
    stopped = Caller(task="stopped", cancelled=Cancel())
    seen: list[int] = []

    def cancel(tokens: list[int]) -> bool:
        seen.append(len(tokens))
        stopped.cancelled.set()
        return False

    prompt = decoder._family.prompt([features, QUESTIONS[1]])
    request = DecodeRequest(prompt=prompt, max_new_tokens=100, caller=stopped, on_token=cancel)
    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(host.decoder.generate, [features, QUESTIONS[0]], max_new_tokens=8) for _ in range(3)]
        ended = decoder._engine.submit(request)
        assert all(other.result(60) == expected for other in others)
        with pytest.raises(Cancelled, match="task 'stopped' was cancelled"):
            ended.result(60)
    assert seen in ([1], [1, 2]), "no step begins after the token at which it was cancelled"


def test_what_does_not_fit_is_refused_with_the_numbers(host: Host) -> None:
    """A prompt longer than the context is an error that names both lengths; the engine goes on."""
    with pytest.raises(ModelError, match=r"needs \d+ tokens and the model reads at most \d+"):
        host.decoder.generate(["red " * 100_000], max_new_tokens=1)
    with pytest.raises(ModelError, match="at least 1"):
        host.decoder.generate(["red"], max_new_tokens=0)
    with pytest.raises(ModelError, match="encode clips first"):
        host.decoder.generate([3], max_new_tokens=1)  # type: ignore[list-item]
    assert host.decoder.generate(["red"], max_new_tokens=1).num_tokens == 1


def test_text_cannot_pose_as_a_picture(host: Host) -> None:
    """A question that holds the picture placeholder is refused, not answered about nothing."""
    for text in ("<image> what is this?", "<video> what is this?"):
        with pytest.raises(ModelError, match="leave it out"):
            host.decoder.generate([text], max_new_tokens=1)


@pytest.mark.parametrize("pass_", ["prefill", "decode"])
def test_prefixes_go_before_anything_fails(
    host: Host, checkpoint: Path, clips: list[Clip], tmp_path: Path, caplog: pytest.LogCaptureFixture, pass_: str
) -> None:
    """Where memory runs out, kept prefixes are let go and the answer is what it would have been; then it is told."""
    expected = host.decoder.generate([host.encoder.encode(clips[0]), QUESTIONS[0]], max_new_tokens=8)
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path) as tight:
        features = [tight.encoder.encode(clip) for clip in clips[:2]]
        tight.decoder.generate([features[1], QUESTIONS[0]], max_new_tokens=1)
        engine: Any = tight.decoder._engine  # type: ignore[attr-defined]
        forward, left = getattr(engine._runner, pass_), [1]

        def scarce(*arguments: Any) -> Any:
            if left[0]:
                left[0] -= 1
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
            return forward(*arguments)

        setattr(engine._runner, pass_, scarce)
        assert tight.decoder.generate([features[0], QUESTIONS[0]], max_new_tokens=8) == expected
        assert "letting go" in caplog.text
        left[0] = 2
        with pytest.raises(ModelError, match="allocate memory"):
            tight.decoder.generate([features[0], QUESTIONS[0]], max_new_tokens=8)


def test_a_fault_of_the_scheduler_reaches_who_waits(checkpoint: Path, tmp_path: Path) -> None:
    """Nobody waits for ever on a decoder whose thread has ended."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path) as broken:
        engine: Any = broken.decoder._engine  # type: ignore[attr-defined]
        engine._scheduler.admit = lambda: [][0]
        with pytest.raises(ModelError, match="the decoder failed: IndexError"):
            broken.decoder.generate(["red"], max_new_tokens=1)
        with pytest.raises(ModelError, match="closed"):
            broken.decoder.generate(["red"], max_new_tokens=1)


@pytest.mark.parametrize("quantize", ["none", "int8"])
def test_a_host_can_be_used_in_inference_mode(
    host: Host, checkpoint: Path, clips: list[Clip], tmp_path: Path, quantize: str
) -> None:
    """Who loads and asks inside of `torch.inference_mode` gets answers as others do."""
    with (
        torch.inference_mode(),
        open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, quantize=quantize) as inside,
    ):
        told = inside.decoder.generate([inside.encoder.encode(clips[0]), QUESTIONS[0]], max_new_tokens=8)
    if quantize == "none":
        assert told == host.decoder.generate([host.encoder.encode(clips[0]), QUESTIONS[0]], max_new_tokens=8)
    assert told


def test_a_closed_decoder_says_so(checkpoint: Path, tmp_path: Path) -> None:
    """After the host has closed a call fails with a clear error instead of waiting for ever."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path) as short:
        decoder = short.decoder
    with pytest.raises(ModelError, match="closed"):
        decoder.generate(["red"], max_new_tokens=1)
