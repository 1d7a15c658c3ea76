"""A checkpoint, opened: its config, tokenizer and weights, and the hash that it is known by."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from attrs import field, frozen

from atom_core.checkpoint.checks import check_config, check_weights
from atom_core.checkpoint.direct.config import plain_config
from atom_core.checkpoint.direct.tokenizer import plain_tokenizer
from atom_core.checkpoint.find import fetch_model, find, find_in_cache, forbidden
from atom_core.checkpoint.quantized_format import QuantizedFormat
from atom_core.checkpoint.reading import Processing, guarded, read_json
from atom_core.checkpoint.safetensors_file import Weights, read_weights
from atom_core.checkpoint.sizes import check_sizes
from atom_core.checkpoint.untrusted import check_tokenizer
from atom_core.errors import ModelError
from atom_core.hub.hashes import Hashes
from atom_core.hub.repo import needed, shards_of
from atom_core.imports import TRANSFORMERS, import_apart
from atom_core.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = [
    "Checkpoint",
    "check_weights",
    "content_hash",
    "fetch_model",
    "find",
    "find_in_cache",
    "forbidden",
    "guarded",
    "open_checkpoint",
    "read_config",
    "read_format",
    "read_json",
]

_TOKENIZER = ("tokenizer.json", "*.model", "vocab.*", "*.tiktoken")
_CONTENT = frozenset({".json", ".safetensors", ".jinja", ".model", ".txt"})
_ATTENTION = (None, "eager", "sdpa")
_LOCAL = {"local_files_only": True, "trust_remote_code": False}


@frozen(kw_only=True)
class Checkpoint:
    """An opened checkpoint: config and tokenizer are read, weights and image processor can be."""

    source: str
    """The model as the user named it."""
    folder: Path
    """Where its files are."""
    config: Any = field(repr=False)
    """The transformers config."""
    tokenizer: PreTrainedTokenizerBase = field(repr=False)
    """The tokenizer, chat template included."""
    weights: Weights = field(repr=False)
    """Where its tensors are."""
    quantized: QuantizedFormat | None = None
    """What a checkpoint that Atom has quantised says about itself; None for any other."""
    processing: Processing = field(factory=Processing, repr=False)
    """What the folder says of preparation."""

    @property
    def saved_recipe(self) -> str | None:
        """The recipe of a checkpoint that Atom has quantised."""
        return None if self.quantized is None else self.quantized.recipe

    def load_image_processor(self) -> object:
        """transformers' PIL image processor, for families that do not prepare frames themselves.

        :raises ModelError: if the folder describes none, or one that cannot be loaded
        """
        import_apart(TRANSFORMERS)
        from transformers import AutoImageProcessor

        if not self.processing.image:
            raise ModelError(
                f"model {self.source} has no image processor (preprocessor_config.json); fetch or export it again",
                source=self.source,
            )
        return guarded(
            self.source,
            "image processor",
            lambda: AutoImageProcessor.from_pretrained(self.folder, backend="pil", **_LOCAL),
        )


def open_checkpoint(
    source: str, *, revision: str | None = None, offline: bool = False, memory: Path | None = None
) -> Checkpoint:
    """Find a checkpoint and open its config and tokenizer; `find` says what the arguments are.

    :raises ModelError: if any of them is missing or does not fit, or if it is not a vision-language model
    """
    folder = find(source, revision=revision, offline=offline, memory=memory)
    check_weights(source, {path.name for path in folder.iterdir()})
    weights = read_weights(source, folder)
    return opened(source, folder, weights, read_format(source, weights))


def opened(source: str, folder: Path, weights: Weights | None, quantized: QuantizedFormat | None = None) -> Checkpoint:
    """A folder's config, tokenizer and what it says of preparation.

    :param weights: where its tensors are; None where an engine has them in a form of its own
    :param quantized: what weights that Atom has quantised say about themselves
    :raises ModelError: if any of them is missing or does not fit, or if it is not a vision-language model
    """
    quiet()
    raw = check_config(source, folder, ours=quantized is not None)
    if weights is not None:
        check_sizes(source, raw, weights)
    plain = plain_config(source, folder, raw)
    config = read_config(source, folder) if plain is None else plain
    if not any(any(folder.glob(name)) for name in _TOKENIZER):
        raise ModelError(f"model {source} has no tokenizer (tokenizer.json); fetch or export it again", source=source)
    check_tokenizer(source, folder)
    tokenizer = None if plain is None else plain_tokenizer(folder)
    return Checkpoint(
        source=source,
        folder=folder,
        config=config,
        # what is asked of it beside a few calls, transformers' own answers
        tokenizer=_read_tokenizer(source, folder) if tokenizer is None else cast("PreTrainedTokenizerBase", tokenizer),
        weights=weights or Weights({}),
        quantized=quantized,
        processing=Processing.read(source, folder),
    )


def read_config(source: str, folder: Path) -> Any:
    """The config as transformers reads it.

    :raises ModelError: if it cannot
    """
    import_apart(TRANSFORMERS)
    from transformers import AutoConfig

    config = guarded(source, "config", lambda: AutoConfig.from_pretrained(folder, **_LOCAL))
    if config._attn_implementation not in _ATTENTION:
        config._attn_implementation = None  # a wish for another machine's kernels
    return config


def _read_tokenizer(source: str, folder: Path) -> PreTrainedTokenizerBase:
    import_apart(TRANSFORMERS)
    from transformers import AutoTokenizer

    what = "tokenizer" if (folder / "tokenizer.json").is_file() else "tokenizer, which has no tokenizer.json,"
    return guarded(source, what, lambda: AutoTokenizer.from_pretrained(folder, **_LOCAL))


def read_format(source: str, weights: Weights) -> QuantizedFormat | None:
    """What weights that Atom has quantised say about themselves; None of any others.

    :param source: how messages call the model
    :raises ModelError: if they do not hold what they say
    """
    try:
        return QuantizedFormat.from_weights(weights)
    except ValueError as wrong:
        raise ModelError(
            f"model {source}: its weights do not hold '{wrong}' as they say; write it again", source=source
        ) from None


def content_hash(folder: Path, memory: Path) -> str:
    """Hash of the files that decide what a model computes; of a snapshot in the hub's cache, those that Atom needs.

    Each file is read; `Hashes` says what is remembered.

    :param memory: file to remember hashes of large files in
    """
    digest, hashes = hashlib.sha256(), Hashes(memory)
    names = {path.name for path in folder.iterdir() if path.suffix in _CONTENT and path.is_file()}
    if folder.parent.name == "snapshots":  # where other programs put more
        names &= set(needed(names, shards_of(folder)))
    for name in sorted(names):
        digest.update(f"{name}\0{hashes.sha256(folder / name)}\0".encode())
    hashes.save()
    return digest.hexdigest()
