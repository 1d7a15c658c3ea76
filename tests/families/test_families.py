"""Every family on random weights: split equals whole, reuse equals cold, together equals alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from family_table import QUESTION, SECOND, Report, row, try_family
from transformers import AutoConfig, AutoModelForImageTextToText

from atom_core.families import FAMILIES, family_class
from atom_core.kernels import float32
from atom_core.testing.architectures import RECIPES
from atom_core.testing.families import Pair, make_frames
from atom_core.testing.models import REAL_SIZES, make_checkpoint

pytestmark = pytest.mark.usefixtures("arranged")
DOCS = Path(__file__).parents[2] / "docs" / "families.md"


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint of each family."""
    return make_checkpoint(tmp_path_factory.mktemp(request.param) / request.param, request.param)


@pytest.fixture
def arranged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of so small models are arranged for kernels as large ones are."""
    monkeypatch.setattr(float32, "SMALL", 0)


def test_family(checkpoint: Path) -> None:
    """Greedy tokens and log-probabilities are those of `generate` with pixels; neither kept prefixes nor batch
    neighbours nor int8 change that; and the docs' table says so."""
    report = try_family(checkpoint)
    assert report == Report(
        one_frame=True, many_frames=True, two_clips=True, reuse=report.reuse, together=True, int8=True
    )
    assert report.reuse == {"paligemma": "none", "qwen3_5": "whole", "lfm2_vl": "whole"}.get(
        checkpoint.name, "by token"
    )
    assert row(checkpoint.name, report) in DOCS.read_text(encoding="utf-8").splitlines(), (
        f"docs/families.md is stale: run {sys.executable} docs/family_table.py docs/families.md"
    )


def test_a_second_question_reads_fewer_tokens(checkpoint: Path) -> None:
    """The ledger counts what a kept prefix saves, and answers are scored the same from it; where a prompt depends on
    its end, nothing is reused."""
    with Pair(checkpoint) as warm, Pair(checkpoint, reuse=False) as cold:
        scores = []
        for pair in (warm, cold):
            clip = pair.encode(make_frames(3, seed=5))
            pair.split([clip, QUESTION], 4)
            before = pair.ledger.as_dict()["prefill_tokens"]["reused"]
            pair.split([clip, SECOND], 4)
            saved = pair.ledger.as_dict()["prefill_tokens"]["reused"] - before
            end = pair.family.prompt([clip, SECOND]).visual_end
            assert saved >= end if pair is warm and checkpoint.name != "paligemma" else saved == 0
            scores.append(pair.score([clip, SECOND], "three people"))
        assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_pixels_and_questions_matter(checkpoint: Path) -> None:
    """Random weights are large enough for the tokens to depend on what is seen and what is asked."""
    with Pair(checkpoint) as pair:
        clips = [pair.encode(make_frames(4, seed=seed)) for seed in (7, 8)]
        told = {pair.split([clip, question]).tokens for clip in clips for question in (QUESTION, SECOND)}
        assert len(told) >= 3
        assert len({token for tokens in told for token in tokens}) > 4


def test_equal_arguments_make_equal_checkpoints(tmp_path: Path) -> None:
    """A checkpoint follows from its seed and sizes."""
    first = make_checkpoint(tmp_path / "a", "smolvlm")
    for name, more, same in (("b", {}, True), ("c", {"seed": 1}, False), ("d", {"text_layers": 1}, False)):
        other = make_checkpoint(tmp_path / name, "smolvlm", **more)
        assert ((other / "model.safetensors").read_bytes() == (first / "model.safetensors").read_bytes()) is same


@pytest.mark.parametrize(
    ("name", "millions"), [("SmolVLM2-256M", 256), ("SmolVLM2-500M", 507), ("SmolVLM2-2.2B", 2246)]
)
def test_real_sizes(name: str, millions: int) -> None:
    """The dimensions offered for measuring are the published models': as many parameters, to the million."""
    recipe = RECIPES["smolvlm"]
    raw = recipe.config(REAL_SIZES[name], dict.fromkeys(recipe.tokens, 0))
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(AutoConfig.for_model(raw.pop("model_type"), **raw))
    assert sum(parameter.numel() for parameter in model.parameters()) // 10**6 == millions


def test_every_model_type_has_one_family() -> None:
    """The registry and the classes name the same model types."""
    for model_type in FAMILIES:
        assert model_type in family_class(model_type).model_types
        assert family_class(model_type).title
        assert family_class(model_type).notes


def test_registry_imports_no_torch() -> None:
    """The registry can be read without importing torch."""
    code = "import sys, atom_core.testing.architectures; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
