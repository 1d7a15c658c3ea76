"""What a sentence-transformers folder says of itself: which steps turn a text into its vector.

Format: https://sbert.net/docs/sentence_transformer/usage/custom_models.html#structure-of-sentence-transformer-models
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from atom_core.errors import ModelError

MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
"""How the vectors of a text's tokens become one, by sentence-transformers' names."""
_OLD_MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "SiLU", "Sigmoid")
"""torch's functions that may follow a dense step."""
_NO_WORK = ("Normalize", "Dropout")
"""Steps that change no direction; vectors are made unit length at the end in any case."""
_LENGTHS = "sentence_{}_config.json"
_KINDS = ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
_PASSAGES = ("document", "passage", "corpus")
_SERVED = "Transformer, Pooling, Dense and Normalize"


@frozen(kw_only=True)
class Dense:
    """A linear step after pooling."""

    folder: Path
    """With its weights."""
    activation: str
    """Name in ``torch.nn`` of the function that follows."""


@frozen(kw_only=True)
class Layout:
    """The steps of an embedder, and what is put before its texts."""

    transformer: Path
    """Folder of the transformers model."""
    modes: tuple[str, ...] = ("mean",)
    """How the vectors of the tokens become one; those of several modes are put side by side."""
    pools_prompt: bool = True
    """Whether the tokens of a prefix count when vectors are pooled."""
    dense: tuple[Dense, ...] = ()
    """What follows."""
    query_prefix: str = ""
    """Put before what is looked for."""
    passage_prefix: str = ""
    """Put before what is found."""
    max_tokens: int | None = None
    """Tokens that are read of a text; None leaves it to the tokenizer and the config."""
    is_lowered: bool = False
    """Whether texts are put in small letters."""
    files: tuple[Path, ...] = field(default=(), repr=False)
    """All that decides beside the transformer's own files."""


def read_layout(source: str, folder: Path) -> Layout:
    """The layout of an embedder's folder; a transformers model alone is pooled by the mean.

    :param source: how messages call the model
    :raises ModelError: if a file is damaged, or a step is of a kind that is not served
    """
    files: list[Path] = []

    def read(path: Path) -> dict[str, Any]:
        files.append(path)
        found = _json(source, path)
        if not isinstance(found, dict):
            raise ModelError(f"embedder {source}: {path.name} is no JSON object; fetch or export it again")
        return found

    known: dict[str, Any] = {"transformer": folder}
    dense: list[Dense] = []
    for kind, place in _steps(source, folder):
        if kind == "Transformer":
            known["transformer"] = place
        elif kind == "Pooling":
            known |= _pooling(source, read(place / "config.json"))
        elif kind == "Dense":
            dense.append(_dense(source, place, read(place / "config.json")))
        elif kind not in _NO_WORK:
            raise ModelError(f"embedder {source} has a step of kind {kind!r}; Atom serves {_SERVED}, name another")
    if (modules := folder / "modules.json").is_file():
        files.append(modules)
    lengths = (known["transformer"] / _LENGTHS.format(kind) for kind in _KINDS)
    if (path := next(filter(Path.is_file, lengths), None)) is not None:
        said = read(path)
        known |= {"max_tokens": _whole(said.get("max_seq_length")), "is_lowered": said.get("do_lower_case") is True}
    if (path := folder / "config_sentence_transformers.json").is_file():
        known |= _prefixes(read(path))
    return Layout(dense=tuple(dense), files=tuple(sorted(files)), **known)


def _steps(source: str, folder: Path) -> list[tuple[str, Path]]:
    """Kind and folder of each step that modules.json names; none if there is no such file."""
    if not (path := folder / "modules.json").is_file():
        return []
    try:
        steps = [(str(one["type"]).rpartition(".")[2], str(one["path"])) for one in _json(source, path)]
    except (TypeError, KeyError):
        raise ModelError(f"embedder {source}: modules.json is not understood; fetch or export it again") from None
    for _, name in steps:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ModelError(f"embedder {source}: modules.json leads out of its folder ({name!r}); do not trust it")
    if not steps or steps[0][0] != "Transformer" or [kind for kind, _ in steps].count("Pooling") != 1:
        said = ", ".join(kind for kind, _ in steps) or "no step"
        raise ModelError(f"embedder {source} has {said}; Atom serves {_SERVED}, name another")
    return [(kind, folder / name) for kind, name in steps]


def _pooling(source: str, said: Mapping[str, Any]) -> dict[str, Any]:
    given = said.get("pooling_mode") or [mode for name, mode in _OLD_MODES.items() if said.get(name)] or ["mean"]
    modes = tuple(dict.fromkeys([given] if isinstance(given, str) else given))
    for mode in modes:
        if mode not in MODES:
            raise ModelError(f"embedder {source} pools by {mode!r}; Atom knows {', '.join(MODES)}, name another")
    return {"modes": modes, "pools_prompt": said.get("include_prompt") is not False}


def _dense(source: str, place: Path, said: Mapping[str, object]) -> Dense:
    activation = str(said.get("activation_function") or "Identity").rpartition(".")[2]
    if activation not in ACTIVATIONS or said.get("use_residual"):
        raise ModelError(
            f"embedder {source} has a dense step with {activation}; Atom knows {', '.join(ACTIVATIONS)}, name another"
        )
    if not (place / "model.safetensors").is_file():
        raise ModelError(
            f"embedder {source}: {place.name} has no weights (model.safetensors); pickled ones can run code,"
            " convert them with sentence-transformers' save_pretrained"
        )
    return Dense(folder=place, activation=activation)


def _prefixes(said: Mapping[str, object]) -> dict[str, Any]:
    """What is put before queries and passages; a default prompt is for neither, as in sentence-transformers."""
    prompts = said.get("prompts")
    texts = {name: text for name, text in prompts.items() if isinstance(text, str)} if isinstance(prompts, dict) else {}
    passage = next((texts[name] for name in _PASSAGES if texts.get(name)), "")
    return {"query_prefix": texts.get("query", ""), "passage_prefix": passage}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _json(source: str, path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"embedder {source}: {path.name} cannot be read: {error}; fetch or export it again") from None
