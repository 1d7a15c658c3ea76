"""Replayed steps. A recording here computes its function anew into the same tensors, as a graph of a card does."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from attrs import define

from atom_core.decoder.model_runner import ModelRunner
from atom_core.decoder.on_card.steps import GraphedSteps, Step
from atom_core.families.prompt import PrefillChunk, Prompt
from atom_core.host import Host

CPU = torch.device("cpu")


@define
class Again:
    """A recording."""

    recorder: Recorder
    function: Callable[[], Step]
    step: Step

    def replay(self) -> None:
        """Compute it."""
        self.recorder.is_replaying = True
        for mine, new in zip(self.step, self.function(), strict=True):
            mine.copy_(new)
        self.recorder.is_replaying = False


@define
class Recorder:
    """Counts what is recorded."""

    num_recorded: int = 0
    is_replaying: bool = False

    def __call__(self, function: Callable[[], Step]) -> tuple[Again, Step]:
        """As a graph is recorded: the function is called to warm up, and once more."""
        self.num_recorded += 1
        function()
        step = function()
        return Again(self, function, step), step


@pytest.fixture
def recorder() -> Recorder:
    """A new one."""
    return Recorder()


@pytest.fixture
def runners(whole: Any, host: Host, recorder: Recorder) -> tuple[ModelRunner, ModelRunner]:
    """One that computes its steps, and one that replays them; as transformers computes them, in double precision."""
    family = host.decoder._family  # type: ignore[attr-defined]
    plain, replaying = (ModelRunner(deepcopy(whole).double(), family) for _ in range(2))
    replaying._steps = GraphedSteps(replaying._step, replaying.kv_cache, CPU, recorder)
    return plain, replaying


def decoded(runner: ModelRunner, prompts: list[list[int]], num_tokens: int) -> list[list[float]]:
    """Tokens and their log-probabilities: rows join one by one, and those that came first leave first."""
    found: list[list[float]] = [[] for _ in prompts]
    running: list[int] = []
    waiting = list(range(len(prompts)))
    with torch.inference_mode():
        while running or waiting:
            if waiting:
                number = waiting.pop(0)
                prompt = Prompt(ids=tuple(prompts[number]))
                (hidden,) = runner.prefill(len(running), [PrefillChunk(prompt, 0, len(prompt))])
                found[number].append(float(runner.logits(hidden[-1:]).argmax()))
                running.append(number)
            lengths = [len(prompts[number]) + len(found[number]) // 2 for number in running]
            _, likeliest_2R = runner.decode([int(found[number][-1]) for number in running], lengths, lengths)
            for number, token, logprob in zip(running, *likeliest_2R.tolist(), strict=True):
                found[number] += [logprob, token]
            for row in reversed(range(len(running))):
                if len(found[running[row]]) > 2 * num_tokens:
                    last, held = running[-1], len(prompts[running[-1]]) + len(found[running[-1]]) // 2
                    runner.kv_cache.free_row(row, len(running) - 1, held)
                    running[row] = last
                    running.pop()
    return found


def test_replayed_steps_say_what_computed_ones_say(
    runners: tuple[ModelRunner, ModelRunner], recorder: Recorder
) -> None:
    """While rows of any length join and leave, and the longest outgrows what there was room for."""
    prompts = [list(range(30, 30 + length)) for length in (250, 40, 7, 90, 3)]
    wanted, found = (decoded(runner, prompts, 12) for runner in runners)
    assert runners[1]._steps is not None
    assert runners[1]._steps.is_usable
    assert [one[::2] for one in found] == [one[::2] for one in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert one[1::2] == pytest.approx(other[1::2], abs=1e-6)
    assert recorder.num_recorded < 12  # of 16 steps and more
    held = {id(buffer) for buffer in runners[1].kv_cache.buffers}
    assert {id(buffer) for buffer in runners[1]._steps._buffers} <= held  # what the batch has left is let go


def test_a_recorded_step_is_replayed(runners: tuple[ModelRunner, ModelRunner], recorder: Recorder) -> None:
    """As long as the rows have room: fifty steps are recorded once."""
    wanted, found = (decoded(runner, [[31, 32, 33]], 50) for runner in runners)
    assert found[0][::2] == wanted[0][::2]
    assert recorder.num_recorded == 1


def test_a_model_that_cannot_be_replayed_is_computed(
    runners: tuple[ModelRunner, ModelRunner], recorder: Recorder
) -> None:
    """One that takes a number from Python is found by its second step; its tokens are right."""
    plain, replaying = runners
    real, recorded_at = replaying._step, []

    def baked(ids: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor, *more: Any) -> torch.Tensor:
        recorded_at.append(positions.clone())
        return real(ids, recorded_at[0] if recorder.is_replaying else positions, mask, *more)

    replaying._steps = GraphedSteps(baked, replaying.kv_cache, CPU, recorder)
    wanted, found = (decoded(runner, [[31, 32, 33, 40, 41]], 20) for runner in (plain, replaying))
    assert not replaying._steps.is_usable
    assert found[0][-2:] == pytest.approx(wanted[0][-2:], abs=1e-6)


@pytest.mark.parametrize("fails_at", [1, 2])
def test_what_cannot_be_recorded_is_computed(
    runners: tuple[ModelRunner, ModelRunner], recorder: Recorder, fails_at: int
) -> None:
    """A forward pass that waits for the card breaks the recording off; nothing is lost."""
    plain, replaying = runners
    real, calls = replaying._step, []

    def waiting(*arguments: Any) -> torch.Tensor:
        calls.append(1)
        if len(calls) == fails_at:
            raise RuntimeError("operation not permitted when stream is capturing")
        return real(*arguments)

    replaying._steps = GraphedSteps(waiting, replaying.kv_cache, CPU, recorder)
    wanted, found = (decoded(runner, [[31, 32, 33], [50, 51]], 10) for runner in (plain, replaying))
    assert [one[::2] for one in found] == [one[::2] for one in wanted]
    assert not replaying._steps.is_usable
    assert recorder.num_recorded == 1
