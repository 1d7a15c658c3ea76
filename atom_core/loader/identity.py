"""Which model it is, whatever its precision, and the device that it goes to; neither needs its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atom_core.errors import ModelError

if TYPE_CHECKING:
    from atom_core.checkpoint.quantized_format import QuantizedFormat


def identity(quantized: QuantizedFormat | None, name: str, content: str) -> str:
    """Name and content of a model; a checkpoint that Atom has quantised is known by what it was made from.

    :param quantized: what such a checkpoint says about itself
    :param name: the model as the user called it
    :param content: content hash of the checkpoint
    """
    if quantized is not None:
        name, content = quantized.source or name, quantized.source_hash or content
    return f"{short_name(name)}@{content[:12]}"


def short_name(source: str) -> str:
    """The last part of a folder or hub id."""
    return source.rstrip("/").rpartition("/")[2]


def choose_device(wanted: str) -> str:
    """The device to use for ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    :raises ModelError: if it is not there
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise ModelError(f"there is no device {wanted!r}; use auto, cpu or cuda") from None
    if device.type not in {"cpu", "cuda"}:
        raise ModelError(f"Atom does not run on {device.type!r}; use auto, cpu or cuda")
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        raise ModelError(f"device {wanted!r} is not on this machine; use --device auto or cpu")
    return wanted
