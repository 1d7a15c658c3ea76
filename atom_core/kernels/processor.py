"""What this processor computes well."""

from __future__ import annotations

import functools


@functools.cache
def has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 numbers, and may: variables can take its instructions away."""
    from atom_core.imports import TORCH, import_apart

    import_apart(TORCH)
    import torch

    has = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return bool(has and wide and torch.ops.mkldnn._is_mkldnn_bf16_supported())
