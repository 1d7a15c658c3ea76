"""The exported programs compute what torch does."""

import json
import time

import numpy as np
import pytest
from atom_executorch.exporting.export import EXAMPLE
from atom_executorch.manifest import METHODS, PROGRAMS, read_manifest

import atom_core as atom

CAPTION = "Describe this clip in one sentence."
QUESTIONS = ("What moves?", "What colour is the background?")


def test_greedy_tokens_are_those_of_torch(host, torch_host, clips):
    """Captions and answers are the same, token for token and as sure; a second question goes on after the clip."""
    for clip in clips:
        here, there = (each.encoder.encode(clip) for each in (host, torch_host))
        assert np.allclose(here.array(), there.array(), atol=5e-3)
        for question in (CAPTION, *QUESTIONS):
            mine = host.decoder.generate([here, question], max_new_tokens=48)
            torchs = torch_host.decoder.generate([there, question], max_new_tokens=48)
            assert (mine, mine.num_tokens, mine.finish_reason) == (torchs, torchs.num_tokens, torchs.finish_reason)
            assert mine.logprob == pytest.approx(torchs.logprob, abs=1e-2)


def test_vectors_and_scores_are_those_of_torch(host, torch_host, clips):
    """So are the vectors of clips and texts, and the probabilities of answers."""
    choices = ("a red circle stays still", "a blue square circles")
    for clip in clips[:3]:
        here, there = (each.encoder.encode(clip) for each in (host, torch_host))
        assert np.allclose(host.decoder.embed([here]), torch_host.decoder.embed([there]), atol=1e-3)
        mine, torchs = (
            each.decoder.scores([features, CAPTION], choices) for each, features in ((host, here), (torch_host, there))
        )
        assert mine == pytest.approx(torchs, abs=1e-2)
    assert np.allclose(host.decoder.embed(["a red circle"]), torch_host.decoder.embed(["a red circle"]), atol=1e-3)


def test_a_clip_is_read_once(exported, clips, tmp_path):
    """A second question about a clip starts at the position after it; reuse changes no answer."""
    answers, reused = [], []
    for reuse in (True, False):
        cache = tmp_path / str(reuse)
        with atom.open_host(atom.Settings(model=str(exported), cache=cache, threads=1, reuse=reuse)) as host:
            features = host.encoder.encode(clips[0])
            answers.append([host.decoder.generate([features, question]) for question in QUESTIONS])
            reused.append(host.ledger.as_dict()["prefill_tokens"]["reused"])
    assert answers[0] == answers[1]
    assert reused[0] > len(features.array())
    assert reused[1] == 0


def test_long_prompts_are_read_in_parts(host, torch_host, clips):
    """A prompt of more tokens than one call takes gives what torch gives."""
    many = [each.encoder.encode(clip) for each in (host,) for clip in clips[:2]]
    told = "a red circle moves left " * 110
    mine = host.decoder.generate([*many, told, CAPTION], max_new_tokens=16)
    assert host.decoder.num_tokens([*many, told, CAPTION]) > 512
    theirs = [torch_host.encoder.encode(clip) for clip in clips[:2]]
    assert mine == torch_host.decoder.generate([*theirs, told, CAPTION], max_new_tokens=16)


def test_text_streams_as_it_is_decoded(host, clips):
    """Pieces come one by one, and are the text."""
    features = host.encoder.encode(clips[0])
    pieces = list(host.decoder.stream([features, CAPTION]))
    assert len(pieces) > 2
    assert "".join(pieces).strip() == host.decoder.generate([features, CAPTION])


def test_features_and_library_are_by_content(exported, torch_host, clips, tmp_path):
    """Features are kept as any model's are; the model is known as what it was exported from."""
    settings = atom.Settings(model=str(exported), cache=tmp_path, threads=1)
    for _ in range(2):
        with atom.open_host(settings) as host:
            host.encoder.encode(clips[0])
            counts = host.ledger.as_dict()["encoder_clips"]
            assert host.model.partition("@")[2] == torch_host.model.partition("@")[2]
    assert counts == {"requested": 1, "computed": 0, "reused": 1}


def test_the_folder_says_what_a_phone_needs(exported):
    """Programs by ExecuTorch's names, the template, a written prompt, the sampling rule and checksums."""
    manifest = read_manifest("it", exported)
    assert {PROGRAMS, EXAMPLE, "chat_template.jinja", "tokenizer.json", "config.json"} <= manifest.files.keys()
    assert manifest.sampling.end_tokens
    assert manifest.sizes.context > manifest.sizes.prefill > 1
    example = json.loads((exported / EXAMPLE).read_text(encoding="utf-8"))
    rows = sum(example["rows_of_each_frame"])
    assert example["tokens"].count(example["image_token"]) == rows
    assert set(METHODS) == {"vision_encoder", "token_embedding", "text_decoder"}


def test_cancelling_ends_a_long_answer(host, clips):
    """A task that is cancelled while it decodes ends soon, and the next request is served."""
    features = host.encoder.encode(clips[0])
    pieces = host.decoder.stream([features, CAPTION], max_new_tokens=400)
    next(pieces)
    pieces.close()
    began = time.monotonic()
    assert host.decoder.generate([features, CAPTION], max_new_tokens=2)
    assert time.monotonic() - began < 60
