"""Answers: questions about a video, with the times that support them."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``answer``."""
    summary = "Answer a question about a video, with evidence"
    register.task("answer", "atom_reasoning.task:AnswerQuestion", summary=summary, interactive=True)


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom ask``."""
    summary = "Ask questions about a video"
    register.command("ask", "atom_reasoning.command:AskCommand", summary=summary, tasks=("answer",))
