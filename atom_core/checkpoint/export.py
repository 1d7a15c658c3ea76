"""Quantised checkpoints on disk: safetensors that open as they are, with everything else of the model beside them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atom_core.checkpoint.checkpoint import read_format
from atom_core.checkpoint.quantized_format import QuantizedFormat, quantized_layers
from atom_core.checkpoint.safetensors_file import DTYPES, read_weights
from atom_core.errors import ModelError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from atom_core.checkpoint.checkpoint import Checkpoint
    from atom_core.checkpoint.recipes import Recipe

_COPIED = ("*.json", "*.jinja", "*.model", "*.txt", "LICENSE*", "NOTICE*")
_LEFT = ("config.json", "model.safetensors.index.json")
_ALIGN_BYTES = 64
_WHAT = "checkpoint written by `atom quantize`"


def save_quantized(
    checkpoint: Checkpoint, folder: Path, *, recipe: Recipe, source_hash: str, overwrite: bool = False
) -> Path:
    """Quantise a checkpoint and write it to `folder`, whole or not at all.

    :param source_hash: content hash of the checkpoint, by which libraries know the model
    :param overwrite: replace a folder that holds a checkpoint written by Atom
    :raises ModelError: if it is quantised already, the folder is in the way, or it cannot be written
    """
    import torch

    from atom_core.checkpoint.load import load_model

    if (saved := checkpoint.saved_recipe) is not None:
        raise ModelError(
            f"model {checkpoint.source} is quantised as {saved!r} already; name the model it was made from",
            source=checkpoint.source,
        )
    if not recipe.kinds:
        raise ModelError(f"recipe {recipe.name!r} quantises nothing; use --to int8")
    if not recipe.is_saved:
        raise ModelError(f"recipe {recipe.name!r} is made as a model is loaded, and never written; use --to int8")
    check_place(folder, overwrite=overwrite, is_ours=_is_ours, what=_WHAT)
    model = load_model(checkpoint, dtype=torch.float32, device="cpu", recipe=recipe)
    said = QuantizedFormat(
        recipe=recipe.name,
        source=Path(checkpoint.source).name if Path(checkpoint.source).exists() else checkpoint.source,
        source_hash=source_hash,
        layers=quantized_layers(model),
    )
    with new_folder(folder, overwrite=overwrite, is_ours=_is_ours, what=_WHAT) as fresh:
        for pattern in _COPIED:
            for file in checkpoint.folder.glob(pattern):
                if file.name not in _LEFT:
                    shutil.copy2(file, fresh / file.name)
        config = json.loads((checkpoint.folder / "config.json").read_text(encoding="utf-8"))
        config["quantization_config"] = said.quantization_config
        (fresh / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        write_tensors(fresh / "model.safetensors", own_tensors(model), said.to_metadata())
    return folder


def own_tensors(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """A model's tensors by name, those that are shared once."""
    tied = set(model.all_tied_weights_keys or {})
    seen: set[int] = set()
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in model.state_dict().items():
        if name in tied or (tensor.numel() and tensor.data_ptr() in seen):
            continue
        seen.add(tensor.data_ptr())
        tensors[name] = tensor
    return tensors


def write_tensors(file: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file, tensor by tensor, without holding a second copy of them all."""
    import torch

    names = {torch_name: name for name, (torch_name, _) in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    at = 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        dtype = names[str(tensor.dtype).removeprefix("torch.")]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % _ALIGN_BYTES)
    with file.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little"))
        stream.write(text)
        for tensor in tensors.values():
            stream.write(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data)


def check_place(folder: Path, *, overwrite: bool, is_ours: Callable[[Path], bool], what: str) -> None:
    """Make sure that a folder may be written; asked before any work is spent, and once more when it is written.

    :param overwrite: whether one that is there may be replaced, if it `is_ours`
    :param what: what ours are called: ``checkpoint written by `atom quantize```
    :raises ModelError: if it is in the way, or has no place
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() and not (overwrite and folder.is_dir() and is_ours(folder)):
        hint = "name another folder" if overwrite else "name another folder, or pass --overwrite"
        raise ModelError(f"{folder} {f'is not a {what}' if overwrite else 'exists'}; {hint}")
    if not folder.absolute().parent.is_dir():
        raise ModelError(f"folder {folder.absolute().parent} does not exist; create it first")


def _is_ours(folder: Path) -> bool:
    try:
        return read_format(str(folder), read_weights(str(folder), folder)) is not None
    except ModelError:
        return False


@contextlib.contextmanager
def new_folder(folder: Path, *, overwrite: bool, is_ours: Callable[[Path], bool], what: str) -> Iterator[Path]:
    """A folder that takes the place of `folder` when all went well; the arguments are `check_place`'s.

    :raises ModelError: if it cannot be written
    """
    target = folder.absolute()
    try:
        fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise ModelError(f"{target.parent} cannot be written: {error.strerror}; name another folder") from None
    try:
        yield fresh
        fresh.chmod(0o755)
        check_place(folder, overwrite=overwrite, is_ours=is_ours, what=what)
        if target.exists():
            old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
            os.replace(target, old)
            os.replace(fresh, target)
            shutil.rmtree(old)
        else:
            os.replace(fresh, target)
    except OSError as error:
        raise ModelError(f"{folder} cannot be written: {error.strerror or error}; name another folder") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
