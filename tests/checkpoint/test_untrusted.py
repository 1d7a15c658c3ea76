"""Models that attack with what they bring: templates, tokenizers, heads of weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from atom_core.checkpoint import untrusted
from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.checkpoint.safetensors_file import read_weights
from atom_core.errors import ModelError
from atom_core.families import family_of
from atom_core.host import open_host
from atom_core.hub.hashes import Hashes
from atom_core.testing import templates as usual
from atom_core.testing.models import make_checkpoint


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose family uses the template that it brings."""
    return make_checkpoint(tmp_path_factory.mktemp("untrusted") / "m", "qwen2_vl")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(made, tmp_path / "m"))


DOUBLED = "{% set n = namespace(x='ab') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}"
TOO_MUCH = {
    "doubled 40 times": DOUBLED,
    "multiplied": "{% set x = 'a' * 60000000000 %}{{ x }}",
    "a filter that pads": "{{ 'a' | center(50000000000) }}",
    "a method that pads": "{{ 'a'.ljust(50000000000) }}",
    "lists of lists": "{% set n = namespace(x=[1]) %}{% for i in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "loops in loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "much text": "{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}",
    "a power": "{% set x = 9 ** 999999999 %}{{ x }}",
    "deep": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "a macro of itself": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "where there is a clip": "{% for m in messages %}{% for c in m.content %}{% if c.type == 'video' %}"
    + DOUBLED
    + "{% endif %}{% endfor %}{% endfor %}",
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_templates_that_take_too_much(case: str) -> None:
    """Told in one line, within seconds and little memory."""
    with pytest.raises(ModelError, match="its chat template takes more memory or time") as caught:
        untrusted.check_template("m", TOO_MUCH[case], {}, Hashes())
    assert "\n" not in str(caught.value)


def test_template_is_refused_where_the_model_is_loaded(folder: Path, tmp_path: Path) -> None:
    """Before anything is asked of it."""
    (folder / "chat_template.jinja").write_text(DOUBLED)
    with (
        open_host(model=str(folder), load_plugins=(), cache=tmp_path / "cache") as host,
        pytest.raises(ModelError) as caught,
    ):
        _ = host.decoder
    assert "its chat template takes more" in str(caught.value)


@pytest.mark.parametrize("text", ["{{ nonesuch.x.y }}", "{% for", "{{ raise_exception('no') }}", "{{ messages[9].x }}"])
def test_template_that_fails_is_one_line(folder: Path, tmp_path: Path, text: str) -> None:
    """Whatever it raises."""
    (folder / "chat_template.jinja").write_text(text)
    with pytest.raises(ModelError, match="the model's chat template fails") as caught:
        family_of(open_checkpoint(str(folder))).apply_template([{"role": "user", "content": []}], ask=True)
    assert "\n" not in str(caught.value)


def test_usual_templates_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Path) -> None:
    """Those of the families; each is tried once, and that is remembered."""
    memory = tmp_path / "hashes.json"
    templates = [usual.SMOLVLM, usual.LLAVA, usual.LLAVA_ONEVISION, usual.INTERNVL, usual.QWEN_VL]
    templates.append((made / "chat_template.jinja").read_text())
    for template in templates:
        untrusted.check_template("m", template, {"bos_token": "<s>"}, Hashes(memory))
    monkeypatch.setattr(untrusted.subprocess, "run", None)
    for template in templates:
        untrusted.check_template("m", template, {"bos_token": "<s>"}, Hashes(memory))


def replace(times: int, content: str = "aa", pattern: Any = None) -> dict[str, Any]:
    """A normalizer that makes more of a text, several times over."""
    one = {"type": "Replace", "pattern": pattern or {"String": "a"}, "content": content}
    return {"type": "Sequence", "normalizers": [one] * times}


GREEDY: dict[str, dict[str, Any]] = {
    "doubles 40 times": {"normalizer": replace(40)},
    "doubles any character": {"normalizer": replace(40, pattern={"Regex": "."})},
    "makes much of one": {"normalizer": replace(1, "a" * 100_000)},
    "in a sequence of sequences": {"normalizer": {"type": "Sequence", "normalizers": [replace(5)] * 8}},
    "when it writes": {"decoder": {"type": "Sequence", "decoders": replace(40)["normalizers"]}},
    "adds tokens": {
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}] * 1000,
            "pair": [],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1] * 1000, "tokens": ["a"] * 1000}},
        }
    },
}


@pytest.mark.parametrize("case", GREEDY)
def test_tokenizers_that_make_too_much(folder: Path, case: str) -> None:
    """Before they are opened."""
    file = folder / "tokenizer.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | GREEDY[case]))
    with pytest.raises(ModelError, match="makes far too much of a text"):
        open_checkpoint(str(folder))


@pytest.mark.parametrize(
    "part",
    [
        {"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Prepend", "prepend": "_"}]}},
        {"normalizer": replace(3)},
        {"normalizer": None, "decoder": None, "post_processor": None},
    ],
)
def test_usual_tokenizers_are_opened(folder: Path, part: dict[str, Any]) -> None:
    """What Llama's, Gemma's and others do."""
    file = folder / "tokenizer.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | part))
    assert open_checkpoint(str(folder)).tokenizer


Head = Callable[[dict[str, Any]], Any]
FIRST = "model.language_model.norm.weight"


def entry(**change: Any) -> Head:
    """Changes what the head says of one tensor."""

    def changed(head: dict[str, Any]) -> Any:
        name = next(name for name in head if name != "__metadata__")
        return head | {name: head[name] | change}

    return changed


HEADS: dict[str, Head | bytes] = {
    "nested deeply": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a list": b"[]",
    "a number": b"12",
    "metadata of numbers": lambda head: head | {"__metadata__": {"atom_source": 5}},
    "metadata of lists": lambda head: head | {"__metadata__": {"atom_recipe": ["x"]}},
    "a list of metadata": lambda head: head | {"__metadata__": [1, 2]},
    "text as metadata": lambda head: head | {"__metadata__": "x"},
    "very many tensors": lambda head: head | {f"t{n}": {} for n in range(200_001)},
    "a tensor that is none": lambda head: head | {"x": 5},
    "fractions of places": entry(data_offsets=[0.0, 4.0]),
    "one place": entry(data_offsets=[0]),
    "dimensions below 0": entry(shape=[-1, -1]),
    "dimensions of text": entry(shape=["4"]),
    "a type of numbers that is a list": entry(dtype=["F32"]),
}


@pytest.mark.parametrize("case", HEADS)
def test_heads_of_weights(folder: Path, case: str) -> None:
    """One line that names the file."""
    file = folder / "model.safetensors"
    data = file.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    change = HEADS[case]
    head = change if isinstance(change, bytes) else json.dumps(change(json.loads(data[8:end]))).encode()
    file.write_bytes(len(head).to_bytes(8, "little") + head + data[end:])
    with pytest.raises(ModelError, match=r"weights file model\.safetensors is damaged") as caught:
        read_weights("m", folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("said", ["{", "[1]", '{"nope": "int8"}', '{"nope": 5}', '"x"', "[" * 100_000])
def test_layers_that_are_said_to_be_quantised(folder: Path, said: str) -> None:
    """What the weights say of themselves is compared with what they hold."""
    file = folder / "model.safetensors"
    save_file(load_file(file), file, metadata={"format": "pt", "atom_recipe": "int8", "atom_layers": said})
    with pytest.raises(ModelError, match=r"its weights do not hold .* as they say"):
        open_checkpoint(str(folder))


@pytest.mark.parametrize(
    "name",
    ["config.json", "generation_config.json", "tokenizer.json", "preprocessor_config.json", "tokenizer_config.json"],
)
def test_files_nested_deeply(folder: Path, name: str) -> None:
    """One line."""
    (folder / name).write_text('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(ModelError) as caught:
        family_of(open_checkpoint(str(folder)))
    assert "\n" not in str(caught.value)
