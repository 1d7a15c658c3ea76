"""Memory is counted before a weight is read, whether a limit is set or not."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

import pytest

from atom_core.checkpoint import load
from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.errors import ModelError
from atom_core.families import family_of
from atom_core.host import open_host
from atom_core.kernels.processor import has_bf16
from atom_core.kernels.threads import Threads
from atom_core.loader import plan
from atom_core.loader.plan import recipe_and_plan
from atom_core.memory import estimate
from atom_core.memory.estimate import DoesNotFit
from atom_core.settings import Settings
from atom_core.testing import models
from atom_core.testing.models import REAL_SIZES, Sizes, make_checkpoint

GIB = 2**30
SEVEN = Sizes(
    text_width=4096,
    text_layers=32,
    text_heads=32,
    text_kv_heads=8,
    text_mlp=14336,
    vision_width=1024,
    vision_layers=24,
    vision_heads=16,
    vision_mlp=4096,
)
"""As many numbers as models of 7B have."""
SEVENTY = Sizes(text_width=8192, text_layers=80, text_heads=64, text_kv_heads=8, text_mlp=28672)
"""As many numbers as models of 70B have."""
TOO_LARGE = [(family, "seven") for family in models.FAMILIES] + [
    (family, "seventy") for family in ("qwen2_5_vl", "qwen3_vl", "internvl", "llava", "smolvlm")
]
"""Twenty models and one."""


def _outline(folder: Path, model: Any, *_: Any) -> None:
    """A weights file that has the size and the header of a model's, and no numbers: a hole."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, tensor in model.state_dict().items():
        size = 2 * math.prod(tensor.shape)
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + at)


@pytest.fixture
def outlined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes checkpoints of any size without weights."""
    monkeypatch.setattr(models, "_write_weights", _outline)
    monkeypatch.setattr(load, "load_model", lambda *_, **__: pytest.fail("weights were read"))

    def make(family: str, sizes: Sizes) -> Path:
        return make_checkpoint(tmp_path / family, family, sizes=sizes)

    return make


def _free(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    monkeypatch.setattr(plan, "free_memory_bytes", lambda **_: int(size))
    monkeypatch.setattr(estimate, "held_bytes", lambda: estimate.PROGRAM_BYTES)


@pytest.mark.parametrize(("family", "size"), TOO_LARGE, ids=str)
def test_what_does_not_fit_is_not_loaded(
    family: str, size: str, outlined: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Refused in one line before a weight is read, with the numbers, the recipe that fits or a model that does."""
    folder = outlined(family, SEVEN if size == "seven" else SEVENTY)
    free = 12 if size == "seven" else 16
    _free(monkeypatch, free * GIB)
    with (
        open_host(model=str(folder), quantize="none", cache=tmp_path / "cache", load_plugins=()) as host,
        pytest.raises(ModelError) as caught,
    ):
        host.encoder  # noqa: B018
    text = str(caught.value)
    assert "\n" not in text
    assert f"{free}.00 GiB are free" in text
    if size == "seven":
        assert "; --quantize int8" in text
        assert caught.value.fitting.name in ("int8", "int8-decoder")  # type: ignore[attr-defined]
    else:
        assert "--model HuggingFaceTB/SmolVLM2-2.2B-Instruct needs" in text


@pytest.mark.parametrize(
    ("free", "setting", "taken"),
    [(64, "fit", "none"), (12, "fit", "int8-decoder"), (7, "fit", "int4"), (12, "int4", "int4"), (64, "none", "none")],
)
def test_the_recipe_that_fits_is_taken_and_told(
    free: float,
    setting: str,
    taken: str,
    outlined: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line with the numbers where it is another than weights as stored; silence where there is room."""
    checkpoint = open_checkpoint(str(outlined("qwen2_5_vl", SEVEN)))
    _free(monkeypatch, free * GIB)
    with caplog.at_level(logging.WARNING, "atom"):
        recipe, plan = recipe_and_plan(checkpoint, family_of(checkpoint), Settings(quantize=setting), "cpu", Threads(1))
    assert recipe.name == taken
    assert plan.row_tokens is None
    told = [record.message for record in caplog.records if "is taken" in record.message]
    assert len(told) == (setting == "fit" and taken != "none")
    if told:
        assert f": {taken} is taken, which needs" in told[0]
        assert f"{free:.2f} GiB are free" in told[0]


@pytest.mark.parametrize("setting", ["none", "int8"])
def test_what_is_set_is_kept_or_refused(setting: str, outlined: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe that was asked for is never replaced."""
    checkpoint = open_checkpoint(str(outlined("qwen2_5_vl", SEVEN)))
    _free(monkeypatch, 7 * GIB)
    with pytest.raises(DoesNotFit, match="--quantize int4 needs"):
        recipe_and_plan(checkpoint, family_of(checkpoint), Settings(quantize=setting), "cpu", Threads(1))


def test_a_limit_that_is_set_goes_before_what_is_free(outlined: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`memory` is kept, and may be larger than what is free."""
    checkpoint = open_checkpoint(str(outlined("qwen2_5_vl", SEVEN)))
    _free(monkeypatch, GIB)
    recipe, plan = recipe_and_plan(checkpoint, family_of(checkpoint), Settings(memory="12GiB"), "cpu", Threads(1))
    assert recipe.name == "int8-decoder"
    assert plan.row_tokens is not None
    with pytest.raises(DoesNotFit, match=r"--memory is 2\.00 GiB"):
        recipe_and_plan(checkpoint, family_of(checkpoint), Settings(memory="2GiB"), "cpu", Threads(1))


def test_fewer_requests_at_once_before_another_recipe(
    outlined: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What changes no answer gives way first, and is told."""
    checkpoint = open_checkpoint(str(outlined("llava", SEVEN)))
    family, settings = family_of(checkpoint), Settings()
    least = _least_bytes(checkpoint, "none")
    _free(monkeypatch, (least + 2**26) / 0.95 - estimate.PROGRAM_BYTES / 0.95)
    with caplog.at_level(logging.WARNING, "atom"):
        recipe, plan = recipe_and_plan(checkpoint, family, settings, "cpu", Threads(1))
    assert (recipe.name, plan.batch) == ("none", 1)
    assert plan.prefix_cache_bytes < 2**27
    assert "1 requests at once, not 8" in caplog.text


def test_known_needs_of_the_embedded_model(checkpoint: Path) -> None:
    """The same for the model that is there already."""
    opened = open_checkpoint(str(checkpoint))
    for recipe, needed in estimate.known_needs("tiny").items():
        assert needed == pytest.approx(_least_bytes(opened, recipe), rel=0.02), recipe


def _least_bytes(checkpoint: Any, recipe: str) -> int:
    return plan.least_needs(checkpoint, family_of(checkpoint), Settings())[recipe]


@pytest.mark.parametrize("name", sorted(REAL_SIZES))
def test_known_needs_are_what_is_counted(name: str, outlined: Any) -> None:
    """What messages and `atom doctor` say of published models, of which no file is here."""
    checkpoint = open_checkpoint(str(outlined("smolvlm", REAL_SIZES[name])))
    known = next(needs for model, needs in estimate.KNOWN_NEEDS.items() if model.rpartition("/")[2].startswith(name))
    assert list(known) == ["none", "bf16", "int8-decoder", "int8", "int4"]
    for recipe, needed in known.items():
        if recipe == "bf16" and not has_bf16():
            continue
        assert needed == pytest.approx(_least_bytes(checkpoint, recipe), rel=0.02), recipe


@pytest.mark.parametrize(
    ("part", "name", "size"),
    [
        ("text_config", "num_hidden_layers", 10**9),
        ("text_config", "num_hidden_layers", 200_000),
        ("text_config", "hidden_size", 10**12),
        ("text_config", "hidden_size", -1),
        ("text_config", "vocab_size", 10**12),
        ("text_config", "num_attention_heads", 0),
        ("vision_config", "num_hidden_layers", 10**9),
        ("vision_config", "image_size", 10**9),
        ("vision_config", "image_size", 600_000),
    ],
)
def test_sizes_that_cannot_be_are_refused_before_anything_is_built(
    part: str, name: str, size: int, tmp_path: Path
) -> None:
    """A config that promises more than its files can hold is refused by its numbers alone."""
    folder = make_checkpoint(tmp_path / "m", "smolvlm")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config[part][name] = size
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match=rf"{part}\.{name} = {size}, and"):
        open_checkpoint(str(folder))
