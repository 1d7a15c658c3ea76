"""Checkpoints: find one by folder or hub id, tell whether it can serve, load it, and know it by its content."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import field, frozen

from atom_core.errors import ModelError
from atom_core.files import write_whole
from atom_core.modules.sizes import check_sizes
from atom_core.modules.tensors import Weights, read_weights
from atom_core.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger("atom")

_T = TypeVar("_T")
_WANTED = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt")
_TOKENIZER = ("tokenizer.json", "*.model", "vocab.*", "*.tiktoken")
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
_CONNECT_S = 5.0
_ATTENTION = (None, "eager", "sdpa")
_WORTH_REMEMBERING_BYTES = 2**20
_YOUNG_NS = 2_000_000_000
"""A file may change within one tick of a coarse clock unseen: a younger change proves nothing."""
_LOCAL = {"local_files_only": True, "trust_remote_code": False}


@frozen(kw_only=True)
class Checkpoint:
    """An opened checkpoint: config and tokenizer are read, weights and image processor can be."""

    source: str
    """As the user named it."""
    folder: Path
    """Where its files are."""
    config: Any = field(repr=False)
    """The transformers config."""
    tokenizer: PreTrainedTokenizerBase = field(repr=False)
    """The tokenizer, chat template included."""
    weights: Weights = field(repr=False)
    """Where its tensors are."""
    processing: Mapping[str, Any] = field(factory=dict, repr=False)
    """What the folder says of preparation: ``image``, ``video``, ``processor``, ``generation``, ``chat_template``."""

    @property
    def saved_recipe(self) -> str | None:
        """The recipe of a checkpoint that Atom has quantised."""
        return self.weights.metadata.get("atom_recipe")

    def load_image_processor(self) -> Any:
        """transformers' PIL image processor, for families that do not prepare frames themselves.

        :raises ModelError: if the folder describes none, or one that cannot be loaded
        """
        from transformers import AutoImageProcessor

        if not self.processing["image"]:
            raise ModelError(
                f"model {self.source} has no image processor (preprocessor_config.json); fetch or export it again"
            )
        return guarded(
            self.source,
            "image processor",
            lambda: AutoImageProcessor.from_pretrained(self.folder, backend="pil", **_LOCAL),
        )


def find(source: str, *, revision: str | None = None, offline: bool = False) -> Path:
    """The folder of a checkpoint; a hub model is fetched when it is not cached, else the network is not touched.

    :param source: folder or hub id
    :raises ModelError: if it is neither a folder with a config, nor cached, nor reachable
    """
    folder = Path(source).expanduser()
    if source and folder.is_dir():
        _check_kind(source, folder)
        if not (folder / "config.json").is_file():
            raise ModelError(f"model folder {source} has no config.json; name a folder in Hugging Face format")
        return folder
    if folder.exists() or not _HUB_ID.fullmatch(source) or ".." in source or "--" in source:
        raise ModelError(
            f"model {source!r} is neither an installed name, a folder, nor a hub id such as owner/name;"
            " `atom models` lists the names, --model FOLDER opens a folder"
        )
    folder = _cached(source, revision) or _fetch(source, revision, offline)
    _check_kind(source, folder)
    return folder


def open_checkpoint(source: str, *, revision: str | None = None, offline: bool = False) -> Checkpoint:
    """Find a checkpoint and open its config and tokenizer; `find` says what the arguments are.

    :raises ModelError: if any of them is missing or does not fit, or if it is not a vision-language model
    """
    folder = find(source, revision=revision, offline=offline)
    _check_weights(source, folder)
    weights = read_weights(source, folder)
    quiet()
    from transformers import AutoConfig, AutoTokenizer
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    raw = _json(source, folder / "config.json")
    kind = raw.get("model_type")
    if "auto_map" in raw and kind not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise ModelError(
            f"model {source} runs code of its own, which Atom never does; use a model that transformers ships"
        )
    if kind is None:
        raise ModelError(f"model {source}: config.json names no model_type; fetch or export it again")
    if kind not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise ModelError(
            f"model {source} is of type {kind!r}, which is not a vision-language model of transformers;"
            " Atom needs both an encoder and a decoder, choose such a model"
        )
    quantized = raw.get("quantization_config")
    if quantized and weights.metadata.get("atom_recipe") is None:
        method = quantized.get("quant_method") if isinstance(quantized, dict) else quantized
        raise ModelError(
            f"model {source} is quantised by {method!r}, which Atom does not read; name the model it was made from,"
            " and quantise that with `atom quantize`"
        )
    check_sizes(source, raw, weights)
    config = guarded(source, "config", lambda: AutoConfig.from_pretrained(folder, **_LOCAL))
    if config._attn_implementation not in _ATTENTION:
        config._attn_implementation = None  # a wish for another machine's kernels
    if not any(any(folder.glob(name)) for name in _TOKENIZER):
        raise ModelError(f"model {source} has no tokenizer (tokenizer.json); fetch or export it again")
    what = "tokenizer" if (folder / "tokenizer.json").is_file() else "tokenizer, which has no tokenizer.json,"
    tokenizer = guarded(source, what, lambda: AutoTokenizer.from_pretrained(folder, **_LOCAL))
    return Checkpoint(
        source=source,
        folder=folder,
        config=config,
        tokenizer=tokenizer,
        weights=weights,
        processing=_processing(source, folder),
    )


def _processing(source: str, folder: Path) -> dict[str, Any]:
    """Preparation as the folder's files describe it, whichever of the hub's layouts they have."""

    def read(name: str) -> dict[str, Any]:
        return _json(source, folder / name) if (folder / name).is_file() else {}

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


def content_hash(folder: Path, memory: Path) -> str:
    """Hash of the files that decide what a model computes.

    Hub files are named by their hash already. Other weights are read once; their hash is remembered by path, size and
    times, of which nobody can set that of the last change. One so young that it may change within a tick of the clock
    is not.

    :param memory: file to remember hashes of large files in
    """
    digest = hashlib.sha256()
    known = _remembered(memory)
    before = dict(known)
    for path in sorted(folder.iterdir()):
        if path.suffix in {".json", ".safetensors", ".jinja", ".model", ".txt"} and path.is_file():
            digest.update(f"{path.name}\0{_file_hash(path, known)}\0".encode())
    if known == before:
        return digest.hexdigest()
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_whole(memory, json.dumps(known))
    except OSError as error:
        log.info("hashes of weights cannot be remembered in %s: %s", memory, error)
    return digest.hexdigest()


def _file_hash(path: Path, known: dict[str, str]) -> str:
    target = path.resolve()
    if target.parent.name == "blobs" and len(target.name) == 64:
        return target.name
    stat, now_ns = target.stat(), time.time_ns()
    name = f"{target}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ctime_ns}|{stat.st_ino}"
    if name not in known:
        with target.open("rb") as file:
            value = hashlib.file_digest(file, "sha256").hexdigest()
        if stat.st_size < _WORTH_REMEMBERING_BYTES or stat.st_ctime_ns > now_ns - _YOUNG_NS:
            return value
        known[name] = value
    return known[name]


def _remembered(memory: Path) -> dict[str, str]:
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        return known if isinstance(known, dict) else {}
    except (OSError, ValueError):
        return {}


def _cached(source: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(source, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError):
        return None
    has_weights = any(folder.glob("*.safetensors")) or any(folder.glob("*.bin"))
    return folder if has_weights and (folder / "config.json").is_file() else None


def _fetch(source: str, revision: str | None, offline: bool) -> Path:
    ways = "connect once to fetch it, open a folder with --model FOLDER, or use the embedded model with --model tiny"
    if offline:
        raise ModelError(f"model {source} is not cached and --offline forbids the network; {ways}")
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        HfApi().model_info(source, revision=revision, timeout=_CONNECT_S)
        return Path(snapshot_download(source, revision=revision, allow_patterns=list(_WANTED)))
    except GatedRepoError:
        raise ModelError(
            f"model {source} is gated; accept its terms on the hub and log in with `hf auth login`"
        ) from None
    except RevisionNotFoundError:
        raise ModelError(f"model {source} has no revision {revision!r}; drop --revision or name another") from None
    except RepositoryNotFoundError:
        raise ModelError(f"model {source} does not exist on the hub; check the name, or see `atom models`") from None
    except Exception as error:  # the client lets the errors of its transport through
        log.debug("hub: %s", error)
        raise ModelError(f"model {source} is neither cached nor reachable; {ways}") from None


def _check_kind(source: str, folder: Path) -> None:
    """Refuse folders that look like checkpoints and hold something else."""
    adapter = folder / "adapter_config.json"
    if adapter.is_file():
        base = _json(source, adapter).get("base_model_name_or_path") or "its model"
        raise ModelError(
            f"model {source} holds a PEFT adapter of {base}, which Atom does not apply; merge it into its model"
            " (merge_and_unload, save_pretrained), and name that folder"
        )
    if any(folder.glob("*.gguf")) and not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"model {source} has GGUF weights, which Atom does not read; name the model that they were made from,"
            " and quantise that with `atom quantize`"
        )


def _check_weights(source: str, folder: Path) -> None:
    if any(folder.glob("*.safetensors")):
        return
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt*")):
        raise ModelError(
            f"model {source} has only pickled weights, which can run code; Atom reads safetensors,"
            " convert it with transformers' save_pretrained"
        )
    raise ModelError(f"model folder {folder} has no weights (*.safetensors); copy them there or name another folder")


def _json(source: str, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it is no JSON object")
        return found
    except (OSError, ValueError) as error:
        raise ModelError(f"model {source}: {path.name} cannot be read: {error}; fetch or export it again") from None


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
        raise ModelError(f"model {source}: a weights file is damaged ({error}); fetch it again") from None
    except Exception as error:  # the hub's client has errors of its own for configs
        lines = [line.strip() for line in str(error).split("\n")] if str(error).strip() else [type(error).__name__]
        reason = " ".join(line.strip() for line in lines[: 2 if lines[0].endswith(":") else 1]).rstrip(".")
        raise ModelError(f"model {source}: its {what} cannot be loaded: {reason}; fetch or export it again") from error
