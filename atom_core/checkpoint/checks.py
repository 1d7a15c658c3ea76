"""Refuses checkpoints that cannot serve, saying why, before gigabytes of them are fetched or read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from atom_core.checkpoint.direct.config import DIRECT
from atom_core.checkpoint.quantized_format import METHOD
from atom_core.checkpoint.reading import read_json
from atom_core.errors import ModelError
from atom_core.hub.repo import EMBEDDER, is_engine
from atom_core.imports import TRANSFORMERS, import_apart
from atom_core.quiet import quiet


def check_before_weights(source: str, folder: Path, names: Collection[str]) -> None:
    """Refuse what cannot serve before gigabytes of it are fetched.

    :param names: all files that the hub has of it
    """
    check_kind(source, folder)
    if is_engine(names):  # which is looked at when it is opened, as embedders are
        return
    check_weights(source, names)
    if EMBEDDER in names:
        return
    check_config(source, folder, ours=None)


def check_config(source: str, folder: Path, *, ours: bool | None) -> dict[str, object]:
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


def check_kind(source: str, folder: Path) -> None:
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
