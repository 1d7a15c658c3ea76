"""Checkpoints as people have them: written by transformers in all its ways, or by somebody's script."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.checkpoint.load import load_model
from atom_core.checkpoint.recipes import RECIPES
from atom_core.errors import ModelError
from atom_core.families import FAMILIES, family_of
from atom_core.host import open_host
from atom_core.records import Clip
from atom_core.testing.models import make_checkpoint

Change = Callable[[Path], object]


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """All that Atom loads."""
    model = load_model(open_checkpoint(str(folder)), dtype=torch.float32, device="cpu", recipe=RECIPES["none"])
    return dict(model.state_dict())


@pytest.mark.parametrize(("dtype", "shard"), [("float32", "150KB"), ("bfloat16", "1GB"), ("float16", "1GB")])
@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_what_transformers_saves_opens(model_type: str, dtype: str, shard: str, tmp_path: Path) -> None:
    """Each family, in many files or one, in each number type: weights are those that were saved."""
    folder = make_checkpoint(tmp_path / "m", model_type)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=getattr(torch, dtype))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size=shard)
    tokenizer.save_pretrained(folder)
    assert (len(list(folder.glob("*.safetensors"))) > 1) == (shard == "150KB")
    found, saved = weights_of(folder), model.state_dict()
    assert found.keys() == saved.keys()
    assert [name for name, tensor in saved.items() if not torch.equal(found[name], tensor.float())] == []
    family_of(open_checkpoint(str(folder)))


def edit(name: str, **values: Any) -> Change:
    """Sets values in one of the folder's JSON files."""

    def change(folder: Path) -> None:
        file = folder / name
        file.write_text(json.dumps({**(json.loads(file.read_text()) if file.exists() else {}), **values}))

    return change


def template(name: str, named: bool = False) -> Change:
    """Moves the chat template into a JSON file, as older checkpoints have it."""

    def change(folder: Path) -> None:
        text = (folder / "chat_template.jinja").read_text()
        (folder / "chat_template.jinja").unlink()
        edit(name, chat_template=[{"name": "default", "template": text}] if named else text)(folder)

    return change


def renamed(name: str) -> Change:
    """Gives the weights another name."""
    return lambda folder: (folder / "model.safetensors").rename(folder / name)


def written(name: str, content: bytes = b"x", *, gone: str = "") -> Change:
    """Writes a file, perhaps in place of another."""

    def change(folder: Path) -> None:
        if gone:
            (folder / gone).unlink()
        (folder / name).write_bytes(content)

    return change


WORK: dict[str, Change] = {
    "the template in tokenizer_config.json": template("tokenizer_config.json"),
    "the template in a file of its own": template("chat_template.json"),
    "templates by name": template("tokenizer_config.json", named=True),
    "no tokenizer_config.json": lambda folder: (folder / "tokenizer_config.json").unlink(),
    "no generation_config.json": lambda folder: (folder / "generation_config.json").unlink(),
    "a variant's name": renamed("model.fp16.safetensors"),
    "another copy of the weights": lambda folder: shutil.copy(
        folder / "model.safetensors", folder / "consolidated.safetensors"
    ),
    "a fast image processor": edit("preprocessor_config.json", image_processor_type="SmolVLMImageProcessorFast"),
    "a wish for kernels that are not here": edit("config.json", _attn_implementation="flash_attention_2"),
    "the same wish by its older name": edit("config.json", attn_implementation="flash_attention_2"),
    "a later version of transformers": edit("config.json", transformers_version="99.0.0"),
    "sampling that greedy decoding does without": edit("generation_config.json", do_sample=True, temperature=0.2),
    "ids beyond the vocabulary": edit("generation_config.json", suppress_tokens=[-1, 10**7], eos_token_id=[2, 10**7]),
}
ADAPTER = json.dumps({"peft_type": "LORA", "base_model_name_or_path": "owner/base"}).encode()
REFUSED: dict[str, tuple[Change, str]] = {
    "an adapter": (
        written("adapter_config.json", ADAPTER, gone="config.json"),
        "holds a PEFT adapter of owner/base, which Atom does not apply; merge it",
    ),
    "an adapter beside its model": (written("adapter_config.json", ADAPTER), "holds a PEFT adapter of owner/base"),
    "GGUF": (written("m.gguf", b"GGUF", gone="model.safetensors"), "has GGUF weights, which Atom does not read; name"),
    "pickles": (written("pytorch_model.bin", gone="model.safetensors"), "only pickled weights"),
    "a slow tokenizer": (written("tokenizer.model", gone="tokenizer.json"), "which has no tokenizer.json, cannot be"),
    "a penalty that is no number": (
        edit("generation_config.json", repetition_penalty="high"),
        "generation_config.json sets repetition_penalty='high', not a number above 0; correct it",
    ),
    "a penalty below 0": (edit("generation_config.json", repetition_penalty=-1), "not a number above 0"),
    "ids that are none": (edit("generation_config.json", suppress_tokens="x"), "sets suppress_tokens='x', not token"),
    "an end that is no id": (
        edit("generation_config.json", eos_token_id="</s>"),
        "eos_token_id='</s>', not token",
    ),
}


def said(folder: Path, cache: Path, clip: Clip) -> str:
    """What the model at `folder` says of a clip."""
    with open_host(model=str(folder), load_plugins=(), cache=cache, frames=2) as host:
        return str(host.decoder.generate([host.encoder.encode(clip), "What is it?"], max_new_tokens=4))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as it should be."""
    return make_checkpoint(tmp_path_factory.mktemp("odd") / "m", "idefics3")


@pytest.mark.parametrize("case", WORK)
def test_odd_checkpoints_that_work(case: str, folder: Path, tmp_path: Path, clips: list[Clip]) -> None:
    """They say what the plain one says."""
    odd = Path(shutil.copytree(folder, tmp_path / "odd"))
    WORK[case](odd)
    assert said(odd, tmp_path / "cache", clips[0]) == said(folder, tmp_path / "cache", clips[0])


@pytest.mark.parametrize("case", REFUSED)
def test_odd_checkpoints_that_are_refused(case: str, folder: Path, tmp_path: Path, clips: list[Clip]) -> None:
    """In one line, with the way on."""
    odd = Path(shutil.copytree(folder, tmp_path / "odd"))
    change, text = REFUSED[case]
    change(odd)
    with pytest.raises(ModelError) as caught:
        said(odd, tmp_path / "cache", clips[0])
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
