"""Safetensors files: their headers, and tensors that are mapped into memory one by one.

Not by the library: its `safe_open` maps a file as a whole, so all of it counts as memory of the process until the last
tensor is gone. Here each tensor has a mapping of its own, which goes when the tensor goes: what has been converted or
quantised no longer counts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from atom_core.errors import ModelError

if TYPE_CHECKING:
    import torch

DTYPES = {
    "F64": ("float64", 8),
    "F32": ("float32", 4),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "F8_E4M3": ("float8_e4m3fn", 1),
    "F8_E5M2": ("float8_e5m2", 1),
    "I64": ("int64", 8),
    "I32": ("int32", 4),
    "I16": ("int16", 2),
    "I8": ("int8", 1),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}
"""safetensors' names of types: torch's names, and bytes of one number."""
_INDEX = "model.safetensors.index.json"
_LFS = b"version https://git-lfs"
_MAX_HEADER_BYTES = 100_000_000
_MOST_TENSORS = 200_000


@frozen
class Stored:
    """A tensor in a file; indexing it gives the tensor, mapped and not read yet. Stands in for safetensors' slices."""

    file: Path
    """Where it is."""
    dtype: str
    """The type of its numbers as safetensors names it, for example ``BF16``."""
    shape: tuple[int, ...]
    """Its dimensions."""
    start: int
    """Its first byte in the file."""
    num_bytes: int
    """How many bytes it takes."""

    @property
    def numel(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)

    def get_dtype(self) -> str:
        """The method of safetensors' slices, for which this stands in."""
        return self.dtype

    def get_shape(self) -> list[int]:
        """The method of safetensors' slices, for which this stands in."""
        return list(self.shape)

    def __getitem__(self, index: Any) -> torch.Tensor:
        """The tensor, or a part; owned, backed by the file."""
        import numpy as np
        import torch

        dtype = getattr(torch, DTYPES[self.dtype][0])
        if not self.num_bytes:
            return torch.empty(self.shape, dtype=dtype)[index]
        mapped = np.memmap(self.file, dtype=np.uint8, mode="c", offset=self.start, shape=(self.num_bytes,))
        return torch.from_numpy(mapped).view(dtype).view(self.shape)[index]


@frozen
class Weights:
    """All tensors of a checkpoint."""

    tensors: Mapping[str, Stored] = field(repr=False)
    """The tensors by name; nothing of them is read yet."""
    metadata: Mapping[str, str] = field(factory=dict)
    """What the files say about themselves."""

    @property
    def num_bytes(self) -> int:
        """What they take on disk."""
        return sum(tensor.num_bytes for tensor in self.tensors.values())


def read_weights(source: str, folder: Path) -> Weights:
    """The headers of a checkpoint's files; no tensor is read.

    :param source: how messages call the model
    :raises ModelError: if a file is missing, truncated or not safetensors
    """
    tensors: dict[str, Stored] = {}
    metadata: dict[str, str] = {}
    for file in _files(source, folder):
        try:
            _read_header(file, tensors, metadata)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            reason = str(error) or type(error).__name__
            raise ModelError(
                f"model {source}: weights file {file.name} is damaged or cut short ({reason}); fetch it again",
                source=source,
            ) from None
    return Weights(tensors, metadata)


def _files(source: str, folder: Path) -> list[Path]:
    single, index = folder / "model.safetensors", folder / _INDEX
    if single.is_file() or not index.is_file():
        return [single] if single.is_file() else sorted(folder.glob("*.safetensors"))
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"model {source}: {_INDEX} cannot be read; fetch it again", source=source) from None
    for name in names:
        if Path(str(name)).name != name or not (folder / name).is_file():
            raise ModelError(f"model {source}: weights file {name} is missing; fetch the model again", source=source)
    return [folder / name for name in names]


def _read_header(file: Path, tensors: dict[str, Stored], metadata: dict[str, str]) -> None:
    size = file.stat().st_size
    with file.open("rb") as stream:
        if stream.read(len(_LFS)) == _LFS:
            raise ValueError("a pointer of Git LFS, `git lfs pull` fetches the file")
        stream.seek(0)
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or not 2 <= length <= min(size - 8, _MAX_HEADER_BYTES):
            raise ValueError(f"{size} bytes do not hold its header")
        header = json.loads(stream.read(length))
    if len(header) > _MOST_TENSORS:
        raise ValueError(f"{len(header)} tensors are more than any model has")
    about = header.pop("__metadata__", None) or {}
    if not all(isinstance(value, str) for value in about.values()):
        raise ValueError("its metadata is no text")
    metadata.update(about)
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        shape, dtype = tuple(entry["shape"]), entry["dtype"]
        if not all(type(number) is int and number >= 0 for number in (start, end, *shape)):
            raise ValueError(f"tensor {name} has places or dimensions that are no whole numbers")
        if dtype not in DTYPES:
            raise ValueError(f"tensor {name} has numbers of unknown type {dtype}")
        if not 0 <= start <= end or end - start != math.prod(shape) * DTYPES[dtype][1]:
            raise ValueError(f"tensor {name} has {end - start} bytes, not those of shape {list(shape)}")
        if 8 + length + end > size:
            raise ValueError(f"{size} bytes where tensor {name} needs {8 + length + end}")
        tensors[name] = Stored(file, dtype, shape, 8 + length + start, end - start)
