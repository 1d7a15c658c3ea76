"""Which of torch's attention kernels compute on a card."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def unplanned_attention() -> AbstractContextManager[None]:
    """Leaves cuDNN's attention out, which plans for tens of milliseconds at each new number of queries or keys, as
    every prompt and every step of a growing row has. A recorded step, whose numbers stay, is fastest with it."""
    if not torch.cuda.is_available():
        return nullcontext()
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH])
