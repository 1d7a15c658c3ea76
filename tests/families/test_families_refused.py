"""Models that cannot be split faithfully are refused with the reason."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.decoder.kv_cache import layer_kinds
from atom_core.errors import ModelError
from atom_core.families import REFUSED, family_class, family_of
from atom_core.families.logits_processor import Rules
from atom_core.testing.families import make_frames
from atom_core.testing.models import make_checkpoint


def changed(folder: Path, name: str, **changes: Any) -> Path:
    """The folder, with entries of one of its JSON files changed."""
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def test_unknown_type() -> None:
    """A type that no family serves is refused with those that are."""
    with pytest.raises(ModelError, match=r"'fuyu2'.*smolvlm"):
        family_class("fuyu2")


@pytest.mark.parametrize("model_type", sorted(REFUSED))
def test_refused_type(model_type: str) -> None:
    """A type that cannot be split is refused with the reason."""
    with pytest.raises(ModelError, match="cannot be split faithfully: "):
        family_class(model_type)


def test_text_that_sees_both_ways(tmp_path: Path) -> None:
    """A language half that is no decoder is refused."""
    checkpoint = open_checkpoint(str(make_checkpoint(tmp_path, "gemma3")))
    checkpoint.config.text_config.use_bidirectional_attention = True
    with pytest.raises(ModelError, match="both ways"):
        family_of(checkpoint)


def test_pixtral_tower(tmp_path: Path) -> None:
    """A LLaVA model whose prompts need row breaks is refused."""
    from transformers import PixtralVisionConfig

    checkpoint = open_checkpoint(str(make_checkpoint(tmp_path, "llava")))
    checkpoint.config.vision_config = PixtralVisionConfig()
    with pytest.raises(ModelError, match="Pixtral"):
        family_of(checkpoint)


def test_unknown_layers() -> None:
    """Layers whose memory Atom does not know are refused; those that share another's keep nothing."""
    config = SimpleNamespace(num_hidden_layers=2, layer_types=["full_attention", "chunked_attention"])
    with pytest.raises(ModelError, match="chunked_attention"):
        layer_kinds(config)
    shared = SimpleNamespace(layer_types=["conv", "full_attention", "sliding_attention"], num_kv_shared_layers=1)
    assert layer_kinds(shared) == ("state", "kv")


def test_no_template(tmp_path: Path) -> None:
    """A base model, which has no chat template, is refused when asked."""
    folder = make_checkpoint(tmp_path, "llava")
    (folder / "chat_template.jinja").unlink()
    family = family_of(open_checkpoint(str(folder)))
    with pytest.raises(ModelError, match="no chat template"):
        family.render(["What is it?"])


def test_template_in_json(tmp_path: Path) -> None:
    """The older place of a processor's template is read, and goes before the tokenizer's."""
    folder = make_checkpoint(tmp_path, "llava")
    (folder / "chat_template.jinja").unlink()
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": "Q{{ messages[0].content[0].text }}"}))
    family = family_of(open_checkpoint(str(folder)))
    assert family.render(["What?"]) == "QWhat?"


def test_narrow_frames(tmp_path: Path) -> None:
    """Frames of a shape that the model cannot take are refused with what to do."""
    family = family_of(open_checkpoint(str(make_checkpoint(tmp_path, "qwen2_vl"))))
    with pytest.raises(ModelError, match="crop the video"):
        family.inputs(make_frames(2, height=2, width=450))


def test_unknown_resample(tmp_path: Path) -> None:
    """A filter that Atom does not have is refused, not replaced."""
    folder = changed(make_checkpoint(tmp_path, "internvl"), "video_preprocessor_config.json", resample=5)
    with pytest.raises(ModelError, match="filter 5"):
        family_of(open_checkpoint(str(folder))).inputs(make_frames(1))


def test_ends_of_generation_config(tmp_path: Path) -> None:
    """Every end token of the generation config ends an answer."""
    folder = changed(make_checkpoint(tmp_path, "qwen2_vl"), "generation_config.json", eos_token_id=[3, 5])
    assert {3, 5} <= family_of(open_checkpoint(str(folder))).end_ids


def test_rules() -> None:
    """Seen tokens are made less likely by the penalty, suppressed ones impossible; without rules nothing is done."""
    logits = torch.tensor([2.0, -2.0, 1.0, 0.5])
    assert Rules().apply(logits, (0, 1)) is logits
    told = Rules.of({"repetition_penalty": 2.0, "suppress_tokens": [2]}).apply(logits, (0, 1, 99))
    assert told.tolist() == [1.0, -4.0, float("-inf"), 0.5]
    assert logits.tolist() == [2.0, -2.0, 1.0, 0.5]


def test_ignored_rules_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """A rule that Atom does not apply is said in the log."""
    with caplog.at_level(logging.WARNING, logger="atom"):
        Rules.of({"no_repeat_ngram_size": 3, "min_length": 0})
    assert "no_repeat_ngram_size=3" in caplog.text
    assert "min_length" not in caplog.text
