"""Vectors of texts by decoders that were not trained to embed."""

from __future__ import annotations

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
    expected = states[len(states) - 1 - SKIPPED_LAYERS][0, -1].numpy() - decoder._centre()  # type: ignore[attr-defined]
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
