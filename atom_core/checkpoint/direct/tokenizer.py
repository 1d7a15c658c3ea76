"""Tokenizers whose tokenizer.json says all about them, without transformers' classes around."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from atom_core.checkpoint.direct.chat import write_chat
from atom_core.imports import TRANSFORMERS, import_apart

NAMED = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
"""The tokens that transformers knows by name."""
_KNOWN = frozenset(
    {
        *NAMED,
        "added_tokens_decoder",
        "add_bos_token",
        "add_eos_token",
        "add_prefix_space",
        "additional_special_tokens",
        "backend",
        "chat_template",
        "clean_up_tokenization_spaces",
        "extra_special_tokens",
        "is_local",
        "legacy",
        "local_files_only",
        "model_input_names",
        "model_max_length",
        "padding_side",
        "processor_class",
        "tokenizer_class",
        "truncation_side",
        "vocab_size",
    }
)
_CLASSES = (None, "TokenizersBackend", "PreTrainedTokenizerFast", "GPT2Tokenizer", "GPT2TokenizerFast")
"""What transformers makes of tokenizer.json and nothing else, for the families that are read directly."""
_OTHERS = ("added_tokens.json", "additional_chat_templates", "vocab.txt")
_MOST_TOKENS = 100_000
"""Larger vocabularies are looked at by transformers, which mends some."""
_PARTS = ("content", "single_word", "lstrip", "rstrip", "normalized", "special")


class PlainTokenizer:
    """Text to token ids and back, with the calls of transformers' tokenizers that are made of it.

    What else is asked of it, transformers' own answers.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any], template: str | None) -> None:
        """
        :param config: what tokenizer_config.json says
        :param template: the chat template
        """
        from tokenizers import Tokenizer

        self._folder = folder
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.chat_template = template
        self.special_tokens_map = {name: _text(config[name]) for name in NAMED if config.get(name)}
        self.bos_token = self.special_tokens_map.get("bos_token")
        self.eos_token = self.special_tokens_map.get("eos_token")
        self.eos_token_id = None if self.eos_token is None else self._tokenizer.token_to_id(self.eos_token)

    def __call__(self, text: str, *, add_special_tokens: bool = True, **more: Any) -> Any:
        """The token ids of a text, ``input_ids``."""
        if more:
            return self._transformers(text, add_special_tokens=add_special_tokens, **more)
        return {"input_ids": self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids}

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """The text of token ids."""
        return str(self._tokenizer.decode(list(map(int, ids)), skip_special_tokens=skip_special_tokens))

    def convert_ids_to_tokens(self, token_id: int) -> str | None:
        """The token of an id."""
        token: str | None = self._tokenizer.id_to_token(token_id)
        return token

    def apply_chat_template(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        chat_template: str | None = None,
        tokenize: bool = False,
        add_generation_prompt: bool = False,
    ) -> str:
        """The text of a conversation."""
        assert not tokenize, "ids are made of the text"
        template = chat_template or self.chat_template
        assert template is not None
        return write_chat(template, messages, ask=add_generation_prompt, tokens=self.special_tokens_map)

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._transformers, name)

    @cached_property
    def _transformers(self) -> Any:
        import_apart(TRANSFORMERS)
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self._folder, local_files_only=True, trust_remote_code=False)


def plain_tokenizer(folder: Path) -> PlainTokenizer | None:
    """The tokenizer of a checkpoint; None where transformers makes it of more than tokenizer.json."""
    try:
        state = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        if not _says_all(folder, state, config):
            return None
        template = config.get("chat_template")
        if (folder / "chat_template.jinja").is_file():
            template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        if template is not None and not isinstance(template, str):
            return None
        return PlainTokenizer(folder, config, template)
    except Exception:  # told by transformers; the library of tokenizers raises plain exceptions
        return None


def _says_all(folder: Path, state: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether tokenizer.json says all that transformers would make of the folder."""
    if any((folder / name).exists() for name in _OTHERS) or config.get("tokenizer_class") not in _CLASSES:
        return False
    if any(name not in _KNOWN and not name.endswith("_token") for name in config):
        return False
    if state["model"]["type"] != "BPE" and config.get("clean_up_tokenization_spaces"):
        return False
    if len(state["model"]["vocab"]) + len(state["added_tokens"]) > _MOST_TOKENS:
        return False
    added = {token["content"]: token for token in state["added_tokens"]}
    for token_id, token in (config.get("added_tokens_decoder") or {}).items():
        same = added.get(token["content"])
        if same is None or same["id"] != int(token_id) or any(same[part] != token[part] for part in _PARTS):
            return False
    extra = [*(config.get("extra_special_tokens") or ()), *(config.get("additional_special_tokens") or ())]
    named = [value for name, value in config.items() if name.endswith("_token") and value and name not in _FLAGS]
    if (folder / "special_tokens_map.json").is_file() and "added_tokens_decoder" not in config:
        return False
    if isinstance(config.get("extra_special_tokens"), dict):
        return False
    return all(_text(token) in added and added[_text(token)]["special"] for token in (*named, *extra))


_FLAGS = ("add_bos_token", "add_eos_token")


def _text(token: Any) -> str:
    return str(token["content"] if isinstance(token, Mapping) else token)
