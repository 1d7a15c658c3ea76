"""The one place where a model is put together: what is kept on disk goes on being found by the same names."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace
from typing import Any

import pytest

from atom_core.checkpoint.recipes import RECIPES
from atom_core.split_model import SplitModel
from atom_core.stores.versions import versions_of


def made(**parts: Any) -> SplitModel:
    """A model without weights."""
    family: Any = SimpleNamespace(fingerprint="tiny 3")
    return SplitModel(checkpoint=Any, model=Any, visual=Any, family=family, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(("device", "kind", "dtype"), [("cpu", "cpu", "float32"), ("cuda:1", "cuda", "bfloat16")])
def test_kept_prefixes_are_found_by_the_same_name(device: str, kind: str, dtype: str) -> None:
    """The form of the name is part of the format on disk: whoever changes it loses all that is kept."""
    recipe = RECIPES["none"]
    said = (
        '{"name": "none", "summary": "as stored: float32 on a processor, bfloat16 on CUDA", "encoder": "none",'
        ' "decoder": "none", "embeddings": "none", "head": "none", "devices": ["cpu", "cuda"], "is_saved": true,'
        ' "measured": true}'
    )
    versions = versions_of("torch", "transformers", "pillow", "av")
    parts = ["ab" * 32, said, kind, f"torch.{dtype}", "tiny 3", versions]
    wanted = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    assert made(recipe=recipe, device=device).prefix_fingerprint("ab" * 32) == wanted


def test_features_depend_on_the_encoder_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features stay where only the decoder's precision changes; prefixes do not."""
    monkeypatch.setattr("atom_core.split_model.ResidentEncoder", lambda *_, fingerprint, **__: fingerprint)
    ask: Any = {"frames": None, "cache": None, "ledger": None, "threads": None}
    models = {name: made(recipe=RECIPES[name], device="cpu") for name in ("none", "int8-decoder", "int8")}
    features = {name: model.encoder("ab", **ask) for name, model in models.items()}
    assert features["none"] == features["int8-decoder"] != features["int8"]
    assert len({model.prefix_fingerprint("ab") for model in models.values()}) == 3
