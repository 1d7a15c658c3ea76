"""Vectors of texts by decoders that were not trained to embed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from atom_core.host import Host, open_host
from atom_core.testing.models import make_checkpoint
from atom_core.text.embedding import FORM, SKIPPED_LAYERS

TEXTS = ["a red circle moves", "two stars", "a blue square moves to the left and then stops"]


def test_the_state_before_the_last_layers(host: Host, checkpoint: Path) -> None:
    """Of a text that is read without the chat template; what all texts share is taken off."""
    from transformers import AutoModelForImageTextToText, AutoTokenizer

    assert not host.embeds
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForImageTextToText.from_pretrained(checkpoint).get_decoder()
    ids = tokenizer(FORM.format(text=TEXTS[0]), return_tensors="pt")["input_ids"]
    with torch.no_grad():
        states = model(input_ids=ids, output_hidden_states=True).hidden_states
    decoder = host._resident.modules().decoder
    state = states[len(states) - 1 - SKIPPED_LAYERS][0, -1].numpy()
    expected = state - decoder._centre(len(state))  # type: ignore[attr-defined]
    assert decoder.embed([TEXTS[0]]) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-4)


def test_company_does_not_matter(host: Host) -> None:
    """A text has the same vector alone and beside others, and beside prompts that are decoded."""
    together = host.decoder.embed_many([[text] for text in TEXTS])
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-6)
    for text, vector in zip(TEXTS, together, strict=True):
        assert host.decoder.embed([text]) == pytest.approx(vector, abs=1e-4)


def test_any_family(tmp_path: Path) -> None:
    """Language halves that are run by transformers give the state of the same layer."""
    folder = make_checkpoint(tmp_path / "model", "gemma3")
    with open_host(model=str(folder), load_plugins=(), cache=tmp_path / "cache") as host:
        vectors = host.decoder.embed_many([[text] for text in TEXTS])
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
        assert host.decoder.embed([TEXTS[1]]) == pytest.approx(vectors[1], abs=1e-3)


def test_models_say_that_they_embed(checkpoint: Path, tmp_path: Path) -> None:
    """By name, and by the folder of that name; such a decoder goes on by what it was trained with."""
    for name in ("tiny", str(checkpoint)):
        with open_host(model=name, load_plugins=("tiny",), cache=tmp_path) as host:
            assert host.embeds
            assert host._resident.modules().decoder.embedding == ""  # type: ignore[attr-defined]


def _vector(checkpoint: Path, cache: Path, **settings: bool) -> tuple[np.ndarray, int]:
    """A text's vector by a host of its own, and how many tokens were read for it."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=cache, **settings) as host:
        vector = host.decoder.embed([TEXTS[0]])
        return vector, host.ledger.as_dict()["prefill_tokens"]["computed"]


def test_what_texts_share_is_found_once_for_a_model(checkpoint: Path, tmp_path: Path) -> None:
    """The next start reads the text alone, and gives it the same bits; what is damaged is found anew."""
    first, read_first = _vector(checkpoint, tmp_path)
    again, read_again = _vector(checkpoint, tmp_path)
    assert np.array_equal(first, again)
    assert read_again < read_first / 5
    (path,) = (tmp_path / "decoder").glob("*/*.json")
    kept = json.loads(path.read_text())
    for value in ([0.0], ["x"] * len(kept["value"]), [float("nan")] * len(kept["value"]), {"a": 1}, None):
        path.write_text(json.dumps({**kept, "value": value}))
        damaged, read_damaged = _vector(checkpoint, tmp_path)
        assert np.array_equal(first, damaged)
        assert read_damaged == read_first
    assert json.loads(path.read_text()) == kept


def test_without_reuse_nothing_that_was_found_is_kept(checkpoint: Path, tmp_path: Path) -> None:
    """Who measures each thing anew reads all texts again."""
    first, again = (_vector(checkpoint, tmp_path, reuse=False) for _ in range(2))
    assert first[1] == again[1]
    assert not (tmp_path / "decoder").exists()


def test_models_do_not_share_what_was_found(checkpoint: Path, tmp_path: Path) -> None:
    """Nor do precisions of one."""
    before = _vector(checkpoint, tmp_path)[1]
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, quantize="int8") as host:
        host.decoder.embed([TEXTS[0]])
        assert host.ledger.as_dict()["prefill_tokens"]["computed"] == before
