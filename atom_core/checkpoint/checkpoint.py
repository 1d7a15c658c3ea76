"""Checkpoints: find one by folder or hub id, tell whether it can serve, load it, and know it by its content."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import field, frozen

from atom_core.checkpoint.direct.config import DIRECT, plain_config
from atom_core.checkpoint.direct.tokenizer import plain_tokenizer
from atom_core.checkpoint.quantized_format import METHOD, QuantizedFormat
from atom_core.checkpoint.safetensors_file import Weights, read_weights
from atom_core.checkpoint.sizes import check_sizes
from atom_core.checkpoint.untrusted import check_tokenizer
from atom_core.errors import ModelError
from atom_core.exhausted import exhausted
from atom_core.hub.hashes import Hashes
from atom_core.hub.repo import EMBEDDER, Repo, is_engine, is_hub_id, local_folder, needed, offline_variable, shards_of
from atom_core.imports import TRANSFORMERS, import_apart
from atom_core.quiet import quiet
from atom_core.settings import DEFAULT_MODEL, FromFolder
from atom_core.text.first_line import first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger("atom")

_T = TypeVar("_T")
_TOKENIZER = ("tokenizer.json", "*.model", "vocab.*", "*.tiktoken")
_CONTENT = frozenset({".json", ".safetensors", ".jinja", ".model", ".txt"})
_WAYS = "open a folder with --model FOLDER, or use the embedded model with --model tiny"
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
    processing: Mapping[str, Any] = field(factory=dict, repr=False)
    """What the folder says of preparation: ``image``, ``video``, ``processor``, ``generation``, ``chat_template``."""

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

        if not self.processing["image"]:
            raise ModelError(
                f"model {self.source} has no image processor (preprocessor_config.json); fetch or export it again",
                source=self.source,
            )
        return guarded(
            self.source,
            "image processor",
            lambda: AutoImageProcessor.from_pretrained(self.folder, backend="pil", **_LOCAL),
        )


def find(source: str, *, revision: str | None = None, offline: bool = False, memory: Path | None = None) -> Path:
    """The folder of a checkpoint; a hub model is fetched, or made complete, where files that Atom needs are not there.
    Where they are, the network is not touched, whatever the hub has by now.

    :param source: folder or hub id
    :param memory: file to remember hashes in; with it, files in the cache are checked against the hub's hashes, once
    :raises ModelError: if it is neither a folder with a config, nor cached, nor reachable
    """
    folder = local_folder(source)
    if folder is not None:
        if is_hub_id(source):
            log.warning("model %s is taken from the folder ./%s; write ./%s to say so", source, source, source)
        _check_kind(source, folder)
        if not (folder / "config.json").is_file():
            raise ModelError(
                f"model folder {source} has no config.json; name a folder in Hugging Face format", source=source
            )
        return folder
    if not is_hub_id(source) or Path(source).is_file():
        raise ModelError(
            f"model {source!r} is neither an installed name, a folder, nor a hub id such as owner/name;"
            " `atom models` lists the names, --model FOLDER opens a folder",
            source=source,
        )
    folder = find_in_cache(source, revision, offline=offline, memory=memory)
    _check_kind(source, folder)
    return folder


def fetch_model(source: str, revision: str | None = None, *, memory: Path | None = None, anew: bool = False) -> Path:
    """The folder of a hub model, fetched or made complete if need be; `forbidden` is asked before.

    :param anew: whether to ask the hub for the revision's present commit, and move on to it
    :raises ModelError: if it cannot be fetched, saying why
    """
    from atom_core.hub.fetch import fetch

    commit = None if anew else Repo(source).commit(revision)
    return fetch(source, revision, commit=commit, hashes=Hashes(memory), check=partial(_check_before_weights, source))


def find_in_cache(
    source: str,
    revision: str | None = None,
    *,
    offline: bool = False,
    memory: Path | None = None,
    ways: str = _WAYS,
) -> Path:
    """The folder of a hub model, fetched or made complete where files that Atom needs are not there, or damaged.

    :param memory: file to remember hashes in; without it, files in the cache are not checked
    :param ways: what else can be done where the network is forbidden
    :raises ModelError: if it is not whole and cannot be fetched
    """
    repo = Repo(source)
    cached = repo.cached(revision)
    lacking = ""
    if cached is not None and not cached.missing:
        damaged = repo.damaged(cached.commit, Hashes(memory)) if memory is not None else []
        if not damaged:
            with suppress(OSError):  # a cache of others is only read
                repo.keep(revision, cached.commit)
            return cached.folder
        lacking = f"its {', '.join(damaged)} {'is' if len(damaged) == 1 else 'are'} damaged"
    elif cached is not None:
        more = f" and {len(cached.missing) - 3} more files" if len(cached.missing) > 3 else ""
        lacking = f"it lacks {', '.join(cached.missing[:3])}{more}"
    reason = forbidden(source, revision, offline, ways)
    if reason:
        state = f"is not whole in the cache ({lacking})" if lacking else "is not cached"
        raise ModelError(f"model {source} {state} and {reason}", source=source)
    return fetch_model(source, revision, memory=memory)


def forbidden(source: str, revision: str | None, offline: bool, ways: str = _WAYS) -> str:
    """What forbids to fetch a model, and the ways on; "" if nothing does."""
    if offline:
        return f"--offline forbids the network; connect once to fetch it, {ways}"
    if variable := offline_variable():
        return f"{variable} forbids the network; unset it and connect once to fetch it, {ways}"
    if (isinstance(source, FromFolder) and source != DEFAULT_MODEL) or isinstance(revision, FromFolder):
        option = f" --revision {revision}" if revision else ""
        return (
            "only atom.toml of this folder names it, on whose word nothing is fetched; if you trust it,"
            f" `atom models --fetch {source}{option}`"
        )
    return ""


def open_checkpoint(
    source: str, *, revision: str | None = None, offline: bool = False, memory: Path | None = None
) -> Checkpoint:
    """Find a checkpoint and open its config and tokenizer; `find` says what the arguments are.

    :raises ModelError: if any of them is missing or does not fit, or if it is not a vision-language model
    """
    folder = find(source, revision=revision, offline=offline, memory=memory)
    check_weights(source, {path.name for path in folder.iterdir()})
    weights = read_weights(source, folder)
    quantized = read_format(source, weights)
    quiet()
    raw = _check_config(source, folder, ours=quantized is not None)
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
        weights=weights,
        quantized=quantized,
        processing=_processing(source, folder),
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


def _processing(source: str, folder: Path) -> dict[str, Any]:
    """Preparation as the folder's files describe it, whichever of the hub's layouts they have."""

    def read(name: str) -> dict[str, Any]:
        return read_json(source, folder / name) if (folder / name).is_file() else {}

    processor = read("processor_config.json")
    template = read("chat_template.json").get("chat_template")
    if (folder / "chat_template.jinja").is_file():
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    return {
        "image": read("preprocessor_config.json") | processor.pop("image_processor", {}),
        "video": read("video_preprocessor_config.json") | processor.pop("video_processor", {}),
        "processor": processor,
        "generation": read("generation_config.json"),
        "chat_template": template,
    }


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


def _check_before_weights(source: str, folder: Path, names: Collection[str]) -> None:
    """Refuse what cannot serve before gigabytes of it are fetched.

    :param names: all files that the hub has of it
    """
    _check_kind(source, folder)
    if is_engine(names):  # which is looked at when it is opened, as embedders are
        return
    check_weights(source, names)
    if EMBEDDER in names:
        return
    _check_config(source, folder, ours=None)


def _check_config(source: str, folder: Path, *, ours: bool | None) -> dict[str, object]:
    """What config.json says.

    :param ours: whether Atom has quantised its weights; None goes by the config
    :raises ModelError: if it is not the config of a vision-language model of transformers that Atom can read
    """
    raw = read_json(source, folder / "config.json")
    kind = raw.get("model_type")
    known = kind == DIRECT or (isinstance(kind, str) and kind in _known_kinds())
    if "auto_map" in raw and not known:
        raise ModelError(
            f"model {source} runs code of its own, which Atom never does; use a model that transformers ships",
            source=source,
        )
    if kind is None:
        raise ModelError(f"model {source}: config.json names no model_type; fetch or export it again", source=source)
    if not known:
        raise ModelError(
            f"model {source} is of type {kind!r}, which is not a vision-language model of transformers;"
            " Atom needs both an encoder and a decoder, choose such a model",
            source=source,
        )
    quantized = raw.get("quantization_config")
    method = quantized.get("quant_method") if isinstance(quantized, dict) else quantized
    if quantized and not (method == METHOD if ours is None else ours):
        raise ModelError(
            f"model {source} is quantised by {method!r}, which Atom does not read; name the model it was made from,"
            " and quantise that with `atom quantize`",
            source=source,
        )
    return raw


def _known_kinds() -> Mapping[str, object]:
    """The vision-language models of transformers, by type."""
    quiet()
    import_apart(TRANSFORMERS)
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    return MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES


def _check_kind(source: str, folder: Path) -> None:
    """Refuse folders that look like checkpoints and hold something else."""
    adapter = folder / "adapter_config.json"
    if adapter.is_file():
        base = read_json(source, adapter).get("base_model_name_or_path") or "its model"
        raise ModelError(
            f"model {source} holds a PEFT adapter of {base}, which Atom does not apply; merge it into its model"
            " (merge_and_unload, save_pretrained), and name that folder",
            source=source,
        )


def check_weights(source: str, names: Collection[str]) -> None:
    """Refuse what has no weights that can be read without running code.

    :param names: all files that it has
    """
    if any(name.endswith(".safetensors") for name in names):
        return
    if any(name.endswith(".gguf") for name in names):
        raise ModelError(
            f"model {source} has GGUF weights, which Atom does not read; name the model that they were made from,"
            " and quantise that with `atom quantize`",
            source=source,
        )
    if any(name.endswith(".bin") or Path(name).suffix.startswith(".pt") for name in names):
        raise ModelError(
            f"model {source} has only pickled weights, which can run code; Atom reads safetensors,"
            " convert it with transformers' save_pretrained",
            source=source,
        )
    raise ModelError(f"model {source} has no weights (*.safetensors); add them, or name another model", source=source)


def read_json(source: str, path: Path) -> dict[str, object]:
    """The JSON object in one of a model's files.

    :raises ModelError: if there is none
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it is no JSON object")
        return content
    except RecursionError:
        raise ModelError(
            f"model {source}: {path.name} is nested too deeply; fetch or export it again", source=source
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(
            f"model {source}: {path.name} cannot be read: {error}; fetch or export it again", source=source
        ) from None


def guarded(source: str, what: str, load: Callable[[], _T]) -> _T:
    """What `load` returns; whatever goes wrong inside becomes one line about the model's `what`.

    :raises ModelError: if it fails
    """
    from safetensors import SafetensorError

    try:
        return load()
    except ModelError:
        raise
    except SafetensorError as error:
        raise ModelError(
            f"model {source}: a weights file is damaged ({error}); fetch it again", source=source
        ) from None
    except Exception as error:  # the hub's client has errors of its own for configs
        if lacking := exhausted(error):
            raise ModelError(f"model {source}: its {what} cannot be loaded: {lacking}", source=source) from error
        reason = first_line(error).rstrip(".")
        raise ModelError(
            f"model {source}: its {what} cannot be loaded: {reason}; fetch or export it again", source=source
        ) from error
