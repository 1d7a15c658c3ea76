"""Speech: what is said in a video, word by word with times; a recogniser that tasks share, and what they make of it."""

import atom_core as atom


@atom.hookimpl
def atom_register_modules(register: atom.Register) -> None:
    """Share ``transcriber``."""
    register.module("transcriber", "atom_speech.transcriber:Transcriber", summary="Speech to words with times")


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``transcribe``."""
    register.task("transcribe", "atom_speech.task:Transcribe", summary="Write down what is said in a video")


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom transcribe``."""
    summary = "Write down what is said in a video, with times"
    register.command("transcribe", "atom_speech.command:TranscribeCommand", summary=summary, tasks=("transcribe",))
