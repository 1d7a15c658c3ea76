"""One training in several processes of one thread each: gradients are averaged, the first process keeps the clock.

On a CPU this beats one process with several threads as soon as anything else runs on the machine.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from attrs import frozen
from torch import nn


@frozen
class Team:
    """The processes of one training; alone by default."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, rank: int, size: int, port: int = 29_517) -> Team:
        """Meet the other processes on this machine."""
        if size > 1:
            address = f"tcp://127.0.0.1:{port}"
            torch.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=size)
        return cls(rank, size)

    @property
    def first(self) -> bool:
        """Whether this process logs and saves."""
        return self.rank == 0

    def average(self, params: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over the team."""
        if self.size == 1:
            return
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in params]
        flat = torch.cat([g.flatten() for g in grads])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        at = 0
        for p, g in zip(params, grads, strict=True):
            p.grad = flat[at : at + g.numel()].view_as(g).clone()
            at += g.numel()

    def clock(self, train_s: float) -> float:
        """The first process's time, so that all follow one schedule and stop together."""
        if self.size == 1:
            return train_s
        shared = torch.tensor([train_s], dtype=torch.float64)
        torch.distributed.broadcast(shared, 0)
        return float(shared)


ALONE = Team()
