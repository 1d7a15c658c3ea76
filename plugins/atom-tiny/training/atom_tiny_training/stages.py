"""The stages of a training, their minutes, and the processes that run them."""

from __future__ import annotations

import multiprocessing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

STAGES = ("vision", "decoder")


@frozen(kw_only=True)
class Plan:
    """Minutes of each stage, and what they share."""

    folder: Path
    seed: int = 1
    device: str = "cpu"
    processes: int = 2
    """Processes of the second part of `decoder`."""
    vision: float = 23.0
    decoder: float = 132.0
    decoder_alone: float = 20.0
    """How many minutes of `decoder` run in one process, while `vision` has the other core."""

    def scaled(self, scale: float) -> Plan:
        """The same plan in `scale` times the minutes."""
        return evolve(
            self,
            vision=self.vision * scale,
            decoder=self.decoder * scale,
            decoder_alone=self.decoder_alone * scale,
        )


def _work(stage: str, plan: Plan, rank: int, size: int) -> None:
    import torch

    from atom_tiny_training import decoder, vision
    from atom_tiny_training.team import Team

    torch.set_num_threads(1)
    common: dict[str, Any] = {"seed": plan.seed, "device": plan.device}
    if stage == "vision":
        vision.run(plan.folder, minutes=plan.vision, **common)
    else:
        until = plan.decoder if size > 1 or plan.processes == 1 else plan.decoder_alone
        decoder.run(plan.folder, minutes=plan.decoder, until=until, team=Team.join(rank, size), **common)


def _start(stage: str, plan: Plan, size: int = 1) -> list[BaseProcess]:
    context = multiprocessing.get_context("spawn")
    processes: list[BaseProcess] = [context.Process(target=_work, args=(stage, plan, r, size)) for r in range(size)]
    for process in processes:
        process.start()
    return processes


def _finish(stage: str, processes: list[BaseProcess]) -> None:
    for process in processes:
        process.join()
        if process.exitcode:
            message = f"stage {stage!r} stopped with exit code {process.exitcode}; run the command again to resume it"
            raise SystemExit(message)


def train(plan: Plan, wanted: list[str]) -> None:
    """Run the wanted stages in their order; each resumes from its own state."""
    sight = _start("vision", plan) if "vision" in wanted else []
    language = _start("decoder", plan) if "decoder" in wanted else []
    _finish("vision", sight)
    _finish("decoder", language)
    if "decoder" in wanted and plan.processes > 1:
        _finish("decoder", _start("decoder", plan, plan.processes))


def conclude(plan: Plan, *, export: bool) -> None:
    """Plot the logs and write the checkpoint."""
    from atom_tiny_training.export import export as write
    from atom_tiny_training.record import plot

    for stage in STAGES:
        if (plan.folder / f"{stage}.jsonl").exists():
            plot(plan.folder, stage)
    if export:
        write(plan.folder, plan.folder / "checkpoint", plan.seed)
        print(f"wrote {plan.folder / 'checkpoint'}")  # noqa: T201
