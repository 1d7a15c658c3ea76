"""Where the videos of a pipeline are worked on: on this machine, or on others that a plugin reaches."""

from atom_core.executors.job import Executor, Job, chosen
from atom_core.pipeline.run import StepResult

__all__ = ["Executor", "Job", "StepResult", "chosen"]
