"""Audio descriptions, timed into the pauses of the sound."""

from pathlib import Path

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``describe-pauses``."""
    register.task(
        "describe-pauses",
        "atom_descriptions.task:DescribePauses",
        summary="Say what is shown, in the pauses of a video's sound",
        memory_bytes=8 * 2**20,
    )


@atom.hookimpl
def atom_register_pipelines(register: atom.Register) -> None:
    """Declare ``atom run descriptions``."""
    file = Path(__file__).with_name("descriptions.toml")
    register.pipeline(
        "descriptions", file, summary="Caption each shot for people who cannot see it, and speak it in the pauses"
    )


@atom.hookimpl
def atom_register_prompts(register: atom.Register) -> None:
    """Declare ``@blind``."""
    text = "Describe this clip in one sentence to somebody who cannot see it."
    register.prompt("blind", text, summary="Ask for what somebody who cannot see the clip needs")


@atom.hookimpl
def atom_register_formats(register: atom.Register) -> None:
    """Declare ``atom caption --format transcript``."""
    target = "atom_descriptions.transcript:transcript"
    register.format("transcript", target, summary="A page for screen readers", suffix=".html")
