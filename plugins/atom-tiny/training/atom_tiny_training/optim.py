"""Muon in float32 for matrices, AdamW for the rest.

Muon: Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/; torch's own works in bfloat16, slow on CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(gradient: Tensor, steps: int = 4) -> Tensor:
    """The nearest semi-orthogonal matrix, roughly, by Newton-Schulz iteration."""
    tall = gradient.size(0) > gradient.size(1)
    x = gradient.T if tall else gradient
    x = x / (x.norm() + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised; the update's size follows AdamW's, so both take the same learning rates."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, _closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                buffer = self.state[p].setdefault("momentum", torch.zeros_like(p))
                buffer.lerp_(p.grad, 1 - group["momentum"])
                update = orthogonalise(p.grad.lerp(buffer, group["momentum"]))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * max(1.0, p.size(0) / p.size(1)) ** 0.5)


class Pair:
    """Muon and AdamW stepped together under one schedule."""

    def __init__(
        self,
        model_parts: Iterable[tuple[str, nn.Parameter]],
        *,
        muon_lr: float,
        adam_lr: float,
        plain: tuple[str, ...] = ("embed", "head", "position", "modality_projection"),
    ) -> None:
        matrices: list[nn.Parameter] = []
        rest: list[nn.Parameter] = []
        for name, p in model_parts:
            (matrices if p.ndim == 2 and not any(word in name for word in plain) else rest).append(p)
        self.optimizers: list[torch.optim.Optimizer] = [
            Muon(matrices, muon_lr),
            torch.optim.AdamW(rest, adam_lr, betas=(0.9, 0.98), weight_decay=0.01),
        ]
        self.base = (muon_lr, adam_lr)

    def step(self, share: float) -> None:
        """One update at `share` of the base rates; clears the gradients."""
        for optimizer, base in zip(self.optimizers, self.base, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = base * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict[str, object]]:
        """States of both."""
        return [o.state_dict() for o in self.optimizers]

    def load_state_dict(self, states: list[dict[str, object]]) -> None:
        """Restore what `state_dict` gave."""
        for optimizer, state in zip(self.optimizers, states, strict=True):
            optimizer.load_state_dict(state)


def schedule(progress: float, *, warm: float = 0.01, decay_from: float = 0.4, floor: float = 0.03) -> float:
    """Warm up, hold, then fall linearly to `floor`; `progress` in [0, 1]."""
    if progress < warm:
        return max(progress / warm, 0.02)
    if progress < decay_from:
        return 1.0
    return 1.0 - (1.0 - floor) * min(1.0, (progress - decay_from) / (1 - decay_from))
