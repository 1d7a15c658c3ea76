"""What is read without transformers is what transformers reads."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, AutoTokenizer
from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE

from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.checkpoint.direct.chat import write_chat
from atom_core.checkpoint.direct.config import LLAMA, SMOLVLM, VISION, PlainConfig, plain_config
from atom_core.checkpoint.direct.load import direct_model
from atom_core.checkpoint.direct.tokenizer import PlainTokenizer, plain_tokenizer
from atom_core.families.smolvlm import TEMPLATE
from atom_core.testing.architectures import RECIPES
from atom_core.testing.models import make_checkpoint, make_tokenizer

TEXTS = (
    "User: What happens?",
    "  two  spaces,\nlines — and ümläuts 漢字 🙂",
    "<image><image> a <end_of_utterance>",
    "",
    "Frame from 00:07: don't stop. He said , no ?",
)
CHATS = [
    [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What <b>happens</b>?"}]}],
    [
        {"role": "user", "content": [{"type": "video"}, {"type": "text", "text": "What?"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "A dog."}]},
    ],
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy SmolVLM2."""
    return make_checkpoint(tmp_path_factory.mktemp("direct") / "model", "smolvlm")


def changed(folder: Path, **values: Any) -> PlainConfig | None:
    """What is read of a config with other values; those of parts as ``part__name``."""
    raw = json.loads((folder / "config.json").read_text())
    for name, value in values.items():
        part, _, last = name.rpartition("__")
        (raw[part] if part else raw)[last] = value
    return plain_config("m", folder, raw)


def test_configs_are_those_of_transformers(folder: Path) -> None:
    """Every value of a plain config is the one that transformers' classes give it."""
    plain, theirs = changed(folder), AutoConfig.from_pretrained(folder)
    assert plain is not None
    pairs = [
        (plain.get_text_config(), theirs.get_text_config(), {*LLAMA, "rope_parameters"}),
        (plain.vision_config, theirs.vision_config, set(VISION)),
        (plain, theirs, {*SMOLVLM, "model_type"}),
    ]
    for ours, other, names in pairs:
        assert {name: getattr(ours, name) for name in names} == {name: getattr(other, name) for name in names}


@pytest.mark.parametrize(
    "values",
    [
        {"model_type": "idefics3"},
        {"scale_factor": "2"},
        {"text_config__model_type": "qwen2"},
        {"text_config__hidden_act": "gelu"},
        {"text_config__rope_parameters": {"rope_type": "llama3", "rope_theta": 1e5, "factor": 8.0}},
        {"text_config__rope_scaling": {"type": "linear", "factor": 2.0}},
        {"text_config__sliding_window": 8},
        {"text_config__num_attention_heads": 0},
        {"text_config__attention_bias": True},
        {"text_config__tie_word_embeddings": True},
        {"vision_config__hidden_size": 96.5},
        {"vision_config__num_attention_heads": 5},
        {"vision_config": None},
    ],
    ids=str,
)
def test_configs_of_which_not_all_is_known_are_left_to_transformers(folder: Path, values: dict[str, Any]) -> None:
    """Another family, layer or position embedding, and what is of the wrong type."""
    assert changed(folder, **values) is None


def test_weights_that_are_not_those_of_the_config_are_left_to_transformers(folder: Path) -> None:
    """A config that promises more layers than there are, or wider ones, is not read directly."""
    checkpoint = open_checkpoint(str(folder))
    assert direct_model(checkpoint, "cpu") is not None
    assert direct_model(checkpoint, "cuda") is None
    checkpoint.config.vision_config.num_hidden_layers += 1
    assert direct_model(checkpoint, "cpu") is None
    checkpoint.config.vision_config.num_hidden_layers -= 1
    checkpoint.config.text_config.intermediate_size += 1
    assert direct_model(checkpoint, "cpu") is None


@pytest.mark.parametrize("family", RECIPES)
def test_tokenizers_and_templates_are_those_of_transformers(family: str, tmp_path: Path) -> None:
    """The same ids, texts and prompts as `AutoTokenizer`, for every family's tokens and template."""
    recipe = RECIPES[family]
    make_tokenizer(recipe, 0).save_pretrained(tmp_path)
    if recipe.template is not None:
        (tmp_path / "chat_template.jinja").write_text(recipe.template, encoding="utf-8")
    plain, theirs = plain_tokenizer(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    assert plain is not None
    same(plain, theirs)


def same(plain: PlainTokenizer, theirs: Any) -> None:
    """Check that two tokenizers do the same."""
    for text in (*TEXTS, *(str(token) for token in theirs.all_special_tokens)):
        for special in (True, False):
            ids = plain(text, add_special_tokens=special)["input_ids"]
            assert ids == theirs(text, add_special_tokens=special)["input_ids"]
            for skip in (True, False):
                assert plain.decode(ids, skip_special_tokens=skip) == theirs.decode(ids, skip_special_tokens=skip)
    assert plain.special_tokens_map == theirs.special_tokens_map
    assert (plain.bos_token, plain.eos_token_id) == (theirs.bos_token, theirs.eos_token_id)
    assert plain.chat_template == theirs.chat_template
    assert plain.convert_ids_to_tokens(3) == theirs.convert_ids_to_tokens(3)
    for chat in CHATS:
        for ask in (True, False):
            if plain.chat_template is None:
                continue
            wanted = theirs.apply_chat_template(chat, tokenize=False, add_generation_prompt=ask)
            assert plain.apply_chat_template(chat, add_generation_prompt=ask) == wanted


@pytest.mark.parametrize("named", ["GPT2Tokenizer", "PreTrainedTokenizerFast"])
def test_what_a_smolvlm_calls_its_tokenizer_does_not_matter(folder: Path, named: str) -> None:
    """transformers takes tokenizer.json for this family whatever class the hub's files name, and so is it here."""
    path = folder / "tokenizer_config.json"
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), "tokenizer_class": named}))
    try:
        plain = plain_tokenizer(folder)
        assert plain is not None
        same(plain, AutoTokenizer.from_pretrained(folder))
    finally:
        path.write_text(before)


@pytest.mark.parametrize(
    "values",
    [
        {"tokenizer_class": "LlamaTokenizer"},
        {"bos_token": "<new>"},
        {"split_special_tokens": True},
        {"added_tokens_decoder": {"5000": {"content": "<other>"}}},
    ],
    ids=str,
)
def test_tokenizers_that_are_more_than_their_file_are_left_to_transformers(
    folder: Path, tmp_path: Path, values: dict[str, Any]
) -> None:
    """Tokens that the file lacks, and settings that change what it does."""
    said = json.loads((folder / "tokenizer_config.json").read_text())
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({**said, **values}))
    assert plain_tokenizer(tmp_path) is None


def test_templates_have_what_transformers_gives_them() -> None:
    """Filters, loop controls, marks of what the assistant says, and the refusals of its sandbox."""
    template = (
        "{% for m in messages %}{% if loop.index > 1 %}{% break %}{% endif %}"
        "{% generation %}{{ m | tojson }}{% endgeneration %}{% endfor %}"
        "{% set n = namespace(x=1) %}{% set n.x = 2 %}{{ n.x }}{{ tools is none }}{{ dict(a=1) }}{{ bos_token }}"
    )
    written = write_chat(template, [{"role": "user", "content": "ü<"}], ask=False, tokens={"bos_token": "<s>"})
    assert written == '{"role": "user", "content": "ü<"}2True{\'a\': 1}<s>'
    for bad in ("{{ raise_exception('no') }}", "{% set n = namespace(_x=1) %}", "{{ ''.__class__.__mro__ }}"):
        with pytest.raises(Exception, match=r"no|_x|unsafe"):
            write_chat(bad, [], ask=False, tokens={})


def test_the_template_for_videos_is_that_of_transformers() -> None:
    """Letter for letter."""
    assert TEMPLATE == DEFAULT_CHAT_TEMPLATE


HEAVY = ("transformers", "huggingface_hub", "torch._dynamo", "sympy", "scipy", "sklearn", "pandas", "torchao")
CODE = """
import sys
from atom_core.cli.main import main
code = main(["caption", sys.argv[1], "--model", sys.argv[2], "--quantize", sys.argv[3]])
print(code, [name for name in sys.argv[4:] if name in sys.modules])
"""


@pytest.mark.parametrize("recipe", ["none", "int8"])
def test_a_caption_imports_no_code_of_models(folder: Path, tmp_path: Path, recipe: str) -> None:
    """Where both halves have forward passes of their own, transformers is not imported, nor what it brings: neither
    where features are known, nor where they are made."""
    from atom_core.testing.videos import Shot, write_video

    video = write_video(tmp_path / "video.mp4", shots=[Shot(1, (200, 30, 30))])
    environ = {**os.environ, "ATOM_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", CODE, str(video), str(folder), recipe, *HEAVY]
    said = [
        subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    first, second = (text.splitlines() for text in said)
    assert first[-1] == "0 []"
    assert first == second
